//! Runs of wrong bytes: found block by block, explained, and put together where one goes on in the next.

use std::fmt;
use std::iter::once_with;
use std::ops::{Deref, Range};

use crate::content::Corpus;
use crate::recipe::Recipe;
use crate::verdict::{Cause, Difference, compare, explain};

/// Bytes that are explained at a time, counted from the start of the file: what disks and caches lose or swap.
pub(super) const BLOCK: u64 = 4096;

/// The same for blocks with more than one thing wrong.
const SECTOR: u64 = 512;

/// Blocks in a row without an explanation after which only the simple ones are tried: a whole file of noise must not
/// take hours.
const PATIENCE: u32 = 16;

/// A run of wrong bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Where it is, and what the bytes are instead.
    pub difference: Difference,
    /// Bytes in it that differ; the others are right.
    pub count: u64,
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.difference.fmt(f)?;
        if self.count < self.difference.len { write!(f, " ({} differ)", self.count) } else { Ok(()) }
    }
}

impl Run {
    fn end(&self) -> u64 {
        self.difference.offset + self.difference.len
    }

    /// Whether another run goes on where this one ends, for the same reason.
    fn continues_in(&self, next: &Run) -> bool {
        let (here, there) = (&self.difference, &next.difference);
        let in_next = |unit: u64| there.offset / unit <= (self.end() - 1) / unit + 1;
        let shift = |from: u64, at: &Difference| from.wrapping_sub(at.offset);
        let same = match (here.cause, there.cause) {
            (Cause::Zeros, Cause::Zeros) | (Cause::Unknown, Cause::Unknown) => true,
            (Cause::Moved { from: a }, Cause::Moved { from: b }) => shift(a, here) == shift(b, there),
            (Cause::Stamped { seed: a, offset: from }, Cause::Stamped { seed: b, offset: to }) => {
                // The stamps found may be any of the block: their distance is whole sectors.
                a == b && shift(from, here) / BLOCK == shift(to, there) / BLOCK
            }
            (Cause::File(a), Cause::File(b)) => a == b,
            (Cause::Edition(a), Cause::Edition(b)) => a == b,
            _ => false,
        };
        // Within a block the sectors tell; whole blocks may begin and end with bytes that are right by chance.
        let same_block = here.offset / BLOCK == there.offset / BLOCK && (self.end() - 1) / BLOCK == here.offset / BLOCK;
        same && in_next(if same_block { SECTOR } else { BLOCK })
    }

    fn join(&mut self, next: &Run) {
        self.difference.len = next.end() - self.difference.offset;
        self.count += next.count;
    }
}

/// The runs of wrong bytes of a file or a part of it: the first ones, the last one, and how many are between.
#[derive(Debug, Default, Clone)]
pub(super) struct Runs {
    pub(super) list: Vec<Run>,
    /// Runs behind those of the list.
    pub(super) more: u64,
    /// The last of them.
    last: Option<Run>,
}

impl Runs {
    /// Adds a run behind all others; at most `most` are kept.
    pub(super) fn push(&mut self, run: Run, most: usize) {
        if let Some(last) = self.last_mut().filter(|last| last.continues_in(&run)) {
            last.join(&run);
        } else if self.list.len() < most {
            self.list.push(run);
        } else {
            self.more += 1;
            self.last = Some(run);
        }
    }

    fn last_mut(&mut self) -> Option<&mut Run> {
        self.last.as_mut().or(self.list.last_mut())
    }

    /// Adds the runs of the part behind this one.
    pub(super) fn append(&mut self, next: Self, most: usize) {
        next.list.into_iter().for_each(|run| self.push(run, most));
        self.more += next.more;
        self.last = next.last.or(self.last);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

/// Recipes that are looked up when they are needed, and not again.
pub(super) type Recipes<'a> = &'a (dyn Deref<Target = Vec<Recipe>> + 'a);

/// Contents that may be there instead of what is demanded.
#[derive(Clone, Copy)]
pub(super) struct Others<'a> {
    /// What the file was before.
    pub(super) older: Recipes<'a>,
    /// What files near by are.
    pub(super) around: Recipes<'a>,
}

impl<'a> Others<'a> {
    /// The likelier ones first.
    fn all(self) -> impl Iterator<Item = Recipe> {
        let list = |recipes: Recipes<'a>| once_with(move || recipes.iter().copied()).flatten();
        list(self.older).chain(list(self.around))
    }
}

/// Explains the wrong blocks of a part of a file, in their order.
pub(super) struct Explainer<'a> {
    recipe: &'a Recipe,
    corpus: &'a Corpus,
    others: Others<'a>,
    /// Most runs that are kept.
    most: usize,
    pub(super) runs: Runs,
    failures: u32,
}

impl<'a> Explainer<'a> {
    pub(super) fn new(recipe: &'a Recipe, corpus: &'a Corpus, others: Others<'a>, most: usize) -> Self {
        Self { recipe, corpus, others, most, runs: Runs::default(), failures: 0 }
    }

    /// Takes bytes as they are and as they should be; some differ.
    pub(super) fn take(&mut self, offset: u64, observed: &[u8], demanded: &[u8]) {
        for range in units(offset, observed.len(), BLOCK) {
            let at = offset + range.start as u64;
            self.block(at, &observed[range.clone()], &demanded[range]);
        }
    }

    fn block(&mut self, offset: u64, observed: &[u8], demanded: &[u8]) {
        let Some(part) = differing(observed, demanded) else { return };
        let cause = self.explain(offset, observed, part.clone());
        if cause != Cause::Unknown || part.len() as u64 <= SECTOR {
            return self.push(offset, part, cause, observed, demanded);
        }
        for sector in units(offset, observed.len(), SECTOR) {
            let at = offset + sector.start as u64;
            let (observed, demanded) = (&observed[sector.clone()], &demanded[sector]);
            let Some(part) = differing(observed, demanded) else { continue };
            let cause = self.explain(at, observed, part.clone());
            self.push(at, part, cause, observed, demanded);
        }
    }

    fn push(&mut self, offset: u64, part: Range<usize>, cause: Cause, observed: &[u8], demanded: &[u8]) {
        let count = observed.iter().zip(demanded).filter(|(a, b)| a != b).count() as u64;
        let difference = Difference { offset: offset + part.start as u64, len: part.len() as u64, cause };
        self.runs.push(Run { difference, count }, self.most);
    }

    fn explain(&mut self, offset: u64, observed: &[u8], part: Range<usize>) -> Cause {
        if let Some(cause) = self.as_before(offset, observed, part.start) {
            return cause;
        }
        let is_patient = self.failures < PATIENCE;
        if !is_patient && observed[part.clone()].iter().any(|&byte| byte != 0) {
            return Cause::Unknown;
        }
        let others = is_patient.then(|| self.others.all()).into_iter().flatten();
        let cause = explain(self.recipe, self.corpus, offset, observed, part, others);
        let cause = match cause {
            // The same file as it was: the seed tells.
            Cause::File(other) if (other.seed, other.kind) == (self.recipe.seed, self.recipe.kind) => {
                Cause::Edition(other.edition)
            }
            other => other,
        };
        self.failures = if cause == Cause::Unknown { self.failures + 1 } else { 0 };
        cause
    }

    /// What was wrong with the block before, if that goes on here.
    fn as_before(&mut self, offset: u64, observed: &[u8], first: usize) -> Option<Cause> {
        let recipe = *self.recipe;
        let last = self.runs.last_mut()?.difference;
        let (other, at, cause) = match last.cause {
            Cause::File(other) => (other, offset, last.cause),
            Cause::Edition(edition) => (Recipe { edition, ..recipe }, offset, last.cause),
            Cause::Moved { from } => {
                let shifted = |at: u64| at.wrapping_add(from.wrapping_sub(last.offset));
                (recipe, shifted(offset), Cause::Moved { from: shifted(offset + first as u64) })
            }
            _ => return None,
        };
        compare(&other, self.corpus, at, observed).is_none().then_some(cause)
    }
}

/// Ranges of a buffer that starts at an offset: units counted from the start of the file, the first and the last perhaps
/// cut off.
fn units(offset: u64, len: usize, unit: u64) -> impl Iterator<Item = Range<usize>> {
    let first = (unit - offset % unit) as usize;
    let starts = std::iter::once(0).chain((first..len).step_by(unit as usize));
    starts.filter(move |_| len > 0).map(move |start| {
        let end = if start == 0 { first } else { start + unit as usize };
        start..end.min(len)
    })
}

/// From the first to behind the last byte that differs.
fn differing(observed: &[u8], demanded: &[u8]) -> Option<Range<usize>> {
    let differs = |(a, b): (&u8, &u8)| a != b;
    let first = observed.iter().zip(demanded).position(differs)?;
    let last = observed.iter().zip(demanded).rposition(differs)?;
    Some(first..last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::Kind;

    const SIZE: usize = 1 << 20;

    fn recipe(seed: u64) -> Recipe {
        Recipe { kind: Kind::Random, seed, size: SIZE as u64, edition: 0 }
    }

    fn bytes(recipe: &Recipe) -> Vec<u8> {
        let mut bytes = vec![0; SIZE];
        recipe.fill(&Corpus::builtin(), 0, &mut bytes).unwrap();
        bytes
    }

    /// What is said of a file that was changed, taken in parts of any size.
    fn said(change: impl FnOnce(&mut [u8])) -> Vec<String> {
        let (recipe, corpus) = (recipe(1), Corpus::builtin());
        let demanded = bytes(&recipe);
        let mut observed = demanded.clone();
        change(&mut observed);
        let others = Others { older: &Box::new(Vec::new()), around: &Box::new(vec![self::recipe(2), self::recipe(3)]) };
        let mut runs = Runs::default();
        let mut at = 0;
        for part in [4096, 65_536, 12_288, SIZE] {
            let end = SIZE.min(at + part);
            let mut explainer = Explainer::new(&recipe, &corpus, others, 3);
            explainer.take(at as u64, &observed[at..end], &demanded[at..end]);
            runs.append(explainer.runs, 3);
            at = end;
        }
        let more = (runs.more > 0).then(|| format!("{} more", runs.more));
        runs.list.iter().map(|run| run.difference.to_string()).chain(more).collect()
    }

    #[test]
    fn neighbours_with_one_reason_are_one_run() {
        assert_eq!(said(|b| b[4096..204_800].fill(0)), ["200704 bytes from offset 4096: zeros"]);
        assert_eq!(
            said(|b| b.copy_within(8192..40_960, 65_536)),
            ["32768 bytes from offset 65536: bytes of the same file from offset 8192"]
        );
        let other = bytes(&recipe(3));
        assert_eq!(
            said(|b| b[..81_920].copy_from_slice(&other[..81_920])),
            ["81920 bytes from offset 0: bytes of another file, s3-1048576-random"]
        );
    }

    #[test]
    fn a_block_with_two_reasons_is_told_by_sectors() {
        let lines = said(|b| {
            b[4608..5120].fill(0);
            b[6144..6656].iter_mut().for_each(|byte| *byte ^= 0x55);
            b[8000] ^= 4;
        });
        assert_eq!(
            lines,
            [
                "512 bytes from offset 4608: zeros",
                "512 bytes from offset 6144: other bytes",
                "1 byte from offset 8000: one bit flipped"
            ]
        );
    }

    #[test]
    fn no_more_runs_are_told_than_asked_for() {
        let lines = said(|b| (0..20).for_each(|n| b[n * 9000] ^= 1));
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[3], "17 more");
    }

    #[test]
    fn noise_is_one_run() {
        assert_eq!(
            said(|b| b.iter_mut().for_each(|byte| *byte ^= 0x55)),
            [format!("{SIZE} bytes from offset 0: other bytes")]
        );
    }
}
