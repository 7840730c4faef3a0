//! What is known of a file's bytes without keeping them.
//!
//! Each byte that was written lies in an extent, which says how it is known: as the byte that some recipe has there, as
//! a byte that is still in memory, by a digest of its neighbourhood, or not at all. Bytes in no extent were never
//! written: zeros. So a file can be judged by any recipe at any time, also by one that becomes known with a new name.

mod extent;
mod judge;
mod read;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

pub(super) use extent::Budget;
use extent::{Extent, Other, Proof, State};
pub(super) use judge::Judgement;

use crate::content::Corpus;
use crate::recipe::Recipe;
use crate::units::MAX_SIZE;
use crate::verdict::{self, Cause, Difference};

/// Most extents of a file. Neighbours that are right become one, so that only writes in random order need many.
pub(super) const MAX_EXTENTS: usize = 16_384;

/// Differences of a file that are explained; further ones are only recorded.
const EXPLAINED: u32 = 4;

/// Bytes of a file that are not as its basis has them, and come one after the other, that one digest stands for: a
/// 256th of what stands before them, so that a terabyte has some thousand, and at least this.
const LEAST_RUN: u64 = 1 << 20;

/// What files have in common.
pub(super) struct Context<'a> {
    pub(super) corpus: &'a Corpus,
    pub(super) budget: &'a Arc<Budget>,
    /// Recipes that the file may have been confused with.
    pub(super) others: &'a dyn Fn() -> Vec<Recipe>,
}

/// The bytes of one file.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// What the bytes are compared with while they are at hand: what the name demands, or seems to.
    basis: Option<Recipe>,
    size: u64,
    extents: BTreeMap<u64, Extent>,
    /// Whether extents were left out: then bytes in none are not known to be zeros.
    overflow: bool,
    /// The digest that is being made, of the extent that starts here.
    running: Option<(u64, Box<blake3::Hasher>)>,
    explained: u32,
    /// Where the last write ended, if its end is not known to be the basis': the next one may go on from there. Other
    /// neighbours are not put together, for what is rewritten would spoil what is not.
    tail: Option<u64>,
}

impl Evidence {
    /// A file that is known to hold what a recipe says.
    pub(super) fn of(recipe: Recipe) -> Self {
        let size = recipe.bytes();
        let whole = Extent { end: size, state: State::Same };
        let extents = if size > 0 { BTreeMap::from([(0, whole)]) } else { BTreeMap::new() };
        Self { basis: Some(recipe), size, extents, ..Self::default() }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn basis(&self) -> Option<Recipe> {
        self.basis
    }

    /// Takes note of a write that ends at or below the largest size. Returns whether the bytes are those of the basis;
    /// without one they are not.
    pub(super) fn write(&mut self, context: &Context<'_>, offset: u64, data: &[u8]) -> bool {
        if data.is_empty() {
            return true;
        }
        let end = offset.saturating_add(data.len() as u64).min(MAX_SIZE);
        self.size = self.size.max(end);
        self.note(context, offset, data)
    }

    fn note(&mut self, context: &Context<'_>, offset: u64, data: &[u8]) -> bool {
        self.clear(context, offset..offset + data.len() as u64);
        let Some(basis) = self.basis else {
            self.put_other(context, offset, data, None);
            return false;
        };
        let Some(wrong) = verdict::compare(&basis, context.corpus, offset, data) else {
            self.put(offset, Extent { end: offset + data.len() as u64, state: State::Same });
            return true;
        };
        let at = |place: usize| offset + place as u64;
        let cause = self.explain(context, &basis, offset, data, wrong.clone());
        let difference = Difference { offset: at(wrong.start), len: wrong.len() as u64, cause };
        for right in [0..wrong.start, wrong.end..data.len()] {
            if !right.is_empty() {
                self.put(at(right.start), Extent { end: at(right.end), state: State::Same });
            }
        }
        self.put_other(context, at(wrong.start), &data[wrong], Some(difference));
        false
    }

    fn explain(
        &mut self,
        context: &Context<'_>,
        basis: &Recipe,
        offset: u64,
        block: &[u8],
        wrong: Range<usize>,
    ) -> Cause {
        if self.explained >= EXPLAINED {
            return Cause::Unexplained;
        }
        self.explained += 1;
        verdict::explain(basis, context.corpus, offset, block, wrong, (context.others)())
    }

    /// Sets the size; what is new are zeros.
    pub(super) fn truncate(&mut self, context: &Context<'_>, size: u64) {
        self.clear(context, size..u64::MAX);
        self.size = size;
        if size == 0 {
            (self.overflow, self.explained) = (false, 0);
        }
    }

    /// Makes a range zeros, as far as the file reaches.
    pub(super) fn punch(&mut self, context: &Context<'_>, range: Range<u64>) {
        self.clear(context, range.start..range.end.min(self.size).max(range.start));
    }

    /// Forgets what is known of a range.
    fn clear(&mut self, context: &Context<'_>, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        let first = self.extents.range(..range.start).next_back().map(|(&start, _)| start);
        let touched = self.extents.range(first.unwrap_or(range.start)..range.end);
        let touched: Vec<u64> = touched.filter(|(_, e)| e.end > range.start).map(|(&start, _)| start).collect();
        for start in touched {
            let Some(extent) = self.extents.remove(&start) else { continue };
            if self.running.as_ref().is_some_and(|(at, _)| *at == start) {
                self.running = None;
            }
            let left = start..range.start.max(start);
            let right = range.end.min(extent.end)..extent.end;
            let (before, behind) = extent.state.cut(start..extent.end, left.end, right.start);
            for (part, state) in [(left, before), (right, behind)] {
                if !part.is_empty() {
                    self.put_back(context, part, state);
                }
            }
        }
    }

    /// Puts back a part of an extent. If it was wrong as a whole, this part may be right.
    fn put_back(&mut self, context: &Context<'_>, range: Range<u64>, state: State) {
        let state = match (state, self.basis) {
            (State::Other(other), Some(basis)) => match other.proof {
                Proof::Raw(raw) => {
                    let tail = self.tail.take();
                    self.note(context, range.start, raw.bytes());
                    self.tail = tail;
                    return;
                }
                proof @ Proof::Of(_) => judge::state(proof, &basis, context.corpus, range.clone()),
                proof => State::Other(Box::new(Other { proof, difference: other.difference })),
            },
            (state, _) => state,
        };
        self.put(range.start, Extent { end: range.end, state });
    }

    /// Puts an extent where there is none.
    fn put(&mut self, start: u64, extent: Extent) {
        let (mut start, mut extent) = (start, extent);
        if matches!(extent.state, State::Same) {
            if let Some((&before, left)) = self.extents.range(..start).next_back()
                && left.end == start
                && matches!(left.state, State::Same)
            {
                self.extents.remove(&before);
                start = before;
            }
            if let Some(right) = self.extents.get(&extent.end)
                && matches!(right.state, State::Same)
            {
                let behind = right.end;
                self.extents.remove(&extent.end);
                extent.end = behind;
            }
        }
        self.insert(start, extent);
    }

    fn insert(&mut self, start: u64, extent: Extent) {
        if self.extents.len() < MAX_EXTENTS {
            self.extents.insert(start, extent);
        } else {
            self.overflow = true;
        }
    }

    /// Takes note of bytes that are not those of the basis, where there is no extent.
    fn put_other(&mut self, context: &Context<'_>, offset: u64, data: &[u8], difference: Option<Difference>) {
        let mut rest = data;
        let mut at = offset;
        while !rest.is_empty() {
            let taken = match self.append(context, at, rest, difference) {
                0 => self.start_run(context, at, rest, difference),
                taken => taken,
            };
            rest = &rest[taken..];
            at += taken as u64;
            self.tail = Some(at);
        }
    }

    /// Appends to the extent that ends here, if that is possible. Returns the bytes that were taken.
    fn append(&mut self, context: &Context<'_>, at: u64, data: &[u8], difference: Option<Difference>) -> usize {
        let Some((&start, extent)) = self.extents.range_mut(..at).next_back() else { return 0 };
        let State::Other(other) = &mut extent.state else { return 0 };
        if extent.end != at || self.tail != Some(at) {
            return 0;
        }
        let room = LEAST_RUN.max(start / 256).saturating_sub(at - start);
        let taken = usize::try_from(room).map_or(data.len(), |room| room.min(data.len()));
        if taken == 0 {
            return 0;
        }
        match (&mut other.proof, &mut self.running) {
            (Proof::Raw(raw), _) => {
                if !raw.extend(context.budget, &data[..taken]) {
                    let mut hasher = Box::new(blake3::Hasher::new());
                    hasher.update(raw.bytes()).update(&data[..taken]);
                    let digest = hasher.finalize();
                    other.proof = Proof::Digest(digest.into());
                    self.running = Some((start, hasher));
                }
            }
            (Proof::Digest(digest), Some((running, hasher))) if *running == start => {
                // Asked for at each write, which costs little beside hashing it; so it is always ready.
                hasher.update(&data[..taken]);
                *digest = hasher.finalize().into();
            }
            _ => return 0,
        }
        extent.end += taken as u64;
        match (&mut other.difference, difference) {
            (Some(known), Some(new)) => known.len = known.len.max((new.offset + new.len).saturating_sub(known.offset)),
            (none @ None, new) => *none = new,
            (Some(_), None) => {}
        }
        taken
    }

    /// Starts an extent, and returns the bytes that it took.
    fn start_run(&mut self, context: &Context<'_>, at: u64, data: &[u8], difference: Option<Difference>) -> usize {
        let room = LEAST_RUN.max(at / 256);
        let taken = usize::try_from(room).map_or(data.len(), |room| room.min(data.len()));
        let data = &data[..taken];
        let proof = match extent::Raw::new(context.budget, data) {
            Some(raw) => Proof::Raw(raw),
            None => {
                let mut hasher = Box::new(blake3::Hasher::new());
                let digest = hasher.update(data).finalize();
                self.running = Some((at, hasher));
                Proof::Digest(digest.into())
            }
        };
        let state = State::Other(Box::new(Other { proof, difference }));
        self.put(at, Extent { end: at + taken as u64, state });
        taken
    }

    /// Frees what is only needed while more may be appended.
    pub(super) fn rest(&mut self) {
        self.running = None;
    }

    /// Compares with another recipe from now on, and with it again what is known already.
    pub(super) fn rebase(&mut self, context: &Context<'_>, new: Recipe) {
        let old = self.basis.replace(new);
        if old == Some(new) {
            return;
        }
        self.explained = 0;
        self.running = None;
        self.tail = None;
        for (start, extent) in std::mem::take(&mut self.extents) {
            let end = extent.end;
            let proof = match (extent.state, old) {
                (State::Same, Some(old)) => Proof::Of(old),
                (State::Same, None) => Proof::Lost,
                (State::Other(other), _) => other.proof,
            };
            if let Proof::Raw(raw) = proof {
                self.tail = None;
                self.note(context, start, raw.bytes());
                continue;
            }
            let state = judge::state(proof, &new, context.corpus, start..end);
            self.put(start, Extent { end, state });
        }
    }
}
