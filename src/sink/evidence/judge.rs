//! Whether the bytes of a file are those that are demanded.

use std::fmt;
use std::ops::Range;

use super::extent::{Extent, Other, Proof, State};
use super::{Context, Evidence};
use crate::content::Corpus;
use crate::recipe::Recipe;
use crate::verdict::{self, Cause, Difference};

/// Demanded bytes that are generated at most to learn whether ranges that were never written should be zeros. A judgement
/// that needs more is taken up where it ended.
const MOST_SCANNED: u64 = 64 << 30;

/// What can be said of a file's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sink) enum Judgement {
    /// They are all there, and right.
    Complete,
    /// Some are not there, or not proved.
    Incomplete(Lack),
    /// Some are wrong.
    Wrong(Difference),
}

/// What a file lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sink) enum Lack {
    /// It ends early.
    Short {
        /// Bytes that it has.
        size: u64,
        /// Bytes that it must have.
        of: u64,
    },
    /// A range that is no hole was never written.
    Unwritten {
        /// First byte that should not be zero.
        offset: u64,
    },
    /// Bytes were written that nothing is known of any more.
    Unproved {
        /// The first of them, where that is known.
        offset: Option<u64>,
    },
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lack::Short { size, of } => write!(f, "ends after {size} of {of} bytes"),
            Lack::Unwritten { offset } => write!(f, "never written at offset {offset}"),
            Lack::Unproved { offset: Some(offset) } => write!(f, "not proved from offset {offset}: rewritten in parts"),
            Lack::Unproved { offset: None } => f.write_str("not proved: written in too many pieces"),
        }
    }
}

/// Where bytes with a proof differ from a recipe: `None` where they are equal, otherwise what is known of it, which is
/// nothing for bytes that are lost.
fn differs(proof: &Proof, recipe: &Recipe, corpus: &Corpus, range: Range<u64>) -> Option<Option<Difference>> {
    let whole = |cause| Some(Difference { offset: range.start, len: range.end - range.start, cause });
    match proof {
        Proof::Raw(raw) => {
            let wrong = verdict::compare(recipe, corpus, range.start, raw.bytes())?;
            let offset = range.start + wrong.start as u64;
            Some(Some(Difference { offset, len: wrong.len() as u64, cause: Cause::Unexplained }))
        }
        Proof::Digest(digest) => {
            let mut hasher = blake3::Hasher::new();
            let mut hashed = 0;
            verdict::blocks(recipe, corpus, range.clone(), |_, bytes| {
                hasher.update(bytes);
                hashed += bytes.len() as u64;
                None::<()>
            });
            let equal = hashed == range.end - range.start && hasher.finalize() == blake3::Hash::from(*digest);
            (!equal).then(|| whole(Cause::Unexplained))
        }
        Proof::Of(other) => {
            let offset = first_difference(recipe, other, corpus, range.clone())?;
            let cause = if (recipe.kind, recipe.seed) == (other.kind, other.seed) {
                if offset >= recipe.bytes() { Cause::Behind } else { Cause::Edition(other.edition) }
            } else {
                Cause::File(*other)
            };
            Some(Some(Difference { offset, len: range.end - offset, cause }))
        }
        Proof::Lost => Some(None),
    }
}

/// How bytes with a proof stand to a recipe.
pub(super) fn state(proof: Proof, recipe: &Recipe, corpus: &Corpus, range: Range<u64>) -> State {
    match differs(&proof, recipe, corpus, range) {
        None => State::Same,
        Some(difference) => State::Other(Box::new(Other { proof, difference })),
    }
}

/// The first byte of a range, which lies within `known`'s file, that two recipes have different.
fn first_difference(recipe: &Recipe, known: &Recipe, corpus: &Corpus, range: Range<u64>) -> Option<u64> {
    let end = range.end.min(recipe.bytes()).max(range.start);
    let behind = (end < range.end).then_some(end);
    if verdict::same_bytes(recipe, known) {
        return behind;
    }
    let mut bytes = vec![0; verdict::BLOCK];
    let found = verdict::blocks(recipe, corpus, range.start..end, |at, demanded| {
        let bytes = &mut bytes[..demanded.len()];
        let len = verdict::fill(known, corpus, at, bytes).unwrap_or(0);
        let equal = demanded.iter().zip(&bytes[..len]).position(|(a, b)| a != b);
        equal.or((len < demanded.len()).then_some(len)).map(|place| at + place as u64)
    });
    found.or(behind)
}

impl Evidence {
    /// Judges the bytes by the basis, which must be what is demanded.
    pub(in crate::sink) fn judge(&mut self, context: &Context<'_>) -> Judgement {
        let Some(basis) = self.basis else {
            return Judgement::Incomplete(Lack::Unproved { offset: None });
        };
        let demanded = basis.bytes();
        let mut unproved = None;
        for (&start, extent) in &self.extents {
            if let State::Other(other) = &extent.state {
                match other.difference {
                    Some(difference) => return Judgement::Wrong(difference),
                    None => _ = unproved.get_or_insert(start),
                }
            }
        }
        if let Some(offset) = unproved {
            return Judgement::Incomplete(Lack::Unproved { offset: Some(offset) });
        }
        if self.size > demanded {
            let len = self.size - demanded;
            return Judgement::Wrong(Difference { offset: demanded, len, cause: Cause::Behind });
        }
        if self.size < demanded {
            return Judgement::Incomplete(Lack::Short { size: self.size, of: demanded });
        }
        match self.check_holes(context, &basis) {
            None => Judgement::Complete,
            Some(lack) => Judgement::Incomplete(lack),
        }
    }

    /// Looks whether what was never written should be zeros; what should becomes as good as written.
    fn check_holes(&mut self, context: &Context<'_>, basis: &Recipe) -> Option<Lack> {
        let mut left = MOST_SCANNED;
        for hole in self.holes() {
            if self.overflow {
                return Some(Lack::Unproved { offset: None });
            }
            let mut end = hole.end;
            if !verdict::is_zeros(basis) {
                end = end.min(hole.start.saturating_add(left));
                left -= end - hole.start;
                let data = verdict::blocks(basis, context.corpus, hole.start..end, |at, bytes| {
                    bytes.iter().position(|&byte| byte != 0).map(|place| at + place as u64)
                });
                if let Some(offset) = data {
                    return Some(Lack::Unwritten { offset });
                }
            }
            if end > hole.start {
                self.put(hole.start, Extent { end, state: State::Same });
            }
            if end < hole.end {
                return Some(Lack::Unproved { offset: Some(end) });
            }
        }
        None
    }

    /// The ranges of the file that were never written.
    pub(super) fn holes(&self) -> Vec<Range<u64>> {
        let mut holes = Vec::new();
        let mut at = 0;
        for (&start, extent) in &self.extents {
            if at < start {
                holes.push(at..start);
            }
            at = extent.end;
        }
        if at < self.size {
            holes.push(at..self.size);
        }
        holes
    }

    /// The basis, if all bytes are known to be its own; the file needs no more than that to be remembered.
    pub(in crate::sink) fn is_whole(&self) -> Option<Recipe> {
        let basis = self.basis.filter(|basis| basis.bytes() == self.size)?;
        let whole = match self.extents.iter().next() {
            None => self.size == 0,
            Some((&start, extent)) => start == 0 && extent.end == self.size && matches!(extent.state, State::Same),
        };
        whole.then_some(basis)
    }
}
