//! How the bytes of a range are known.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::recipe::Recipe;
use crate::verdict::Difference;

/// Bytes that were written, from where the map of extents says to here.
#[derive(Debug)]
pub(super) struct Extent {
    pub(super) end: u64,
    pub(super) state: State,
}

/// How they stand to the basis.
#[derive(Debug)]
pub(super) enum State {
    /// They are the basis' own.
    Same,
    /// They are not, or there is none.
    Other(Box<Other>),
}

/// Bytes that are not the basis'.
#[derive(Debug)]
pub(super) struct Other {
    pub(super) proof: Proof,
    /// Where they differ from the basis, if there is one.
    pub(super) difference: Option<Difference>,
}

/// What is known of them.
#[derive(Debug)]
pub(super) enum Proof {
    /// They are in memory.
    Raw(Raw),
    /// Their BLAKE3 digest.
    Digest([u8; 32]),
    /// They are those of another recipe at the same offset.
    Of(Recipe),
    /// Nothing.
    Lost,
}

impl State {
    /// What is left of the state of a range in front of `before` and from `behind` on. Of a digest nothing is: what
    /// remains of its run is written, but unknown.
    pub(super) fn cut(self, range: Range<u64>, before: u64, behind: u64) -> (Self, Self) {
        let other = match self {
            State::Same => return (State::Same, State::Same),
            State::Other(other) => *other,
        };
        let (left, right) = (range.start..before, behind..range.end);
        let difference = |part: &Range<u64>| other.difference.and_then(|difference| clip(difference, part));
        let (proof_left, proof_right) = match other.proof {
            Proof::Raw(raw) => {
                let (left, right) = raw.cut(left.end - left.start, right.end - right.start);
                (Proof::Raw(left), Proof::Raw(right))
            }
            Proof::Of(recipe) => (Proof::Of(recipe), Proof::Of(recipe)),
            Proof::Digest(_) | Proof::Lost => (Proof::Lost, Proof::Lost),
        };
        let state = |proof, difference| State::Other(Box::new(Other { proof, difference }));
        (state(proof_left, difference(&left)), state(proof_right, difference(&right)))
    }
}

/// The part of a difference that lies in a range.
fn clip(difference: Difference, range: &Range<u64>) -> Option<Difference> {
    let start = difference.offset.max(range.start);
    let end = (difference.offset + difference.len).min(range.end);
    (start < end).then(|| Difference { offset: start, len: end - start, ..difference })
}

/// Bytes that all files of a sink may keep in memory together.
#[derive(Debug)]
pub(in crate::sink) struct Budget {
    left: AtomicU64,
}

impl Budget {
    /// As many bytes as this.
    pub(in crate::sink) fn new(bytes: u64) -> Arc<Self> {
        Arc::new(Self { left: AtomicU64::new(bytes) })
    }

    fn take(&self, bytes: usize) -> bool {
        let less = |left: u64| left.checked_sub(bytes as u64);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    fn give(&self, bytes: usize) {
        self.left.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// Most bytes of an extent that are kept.
const MOST: usize = 64 << 10;

/// Bytes in memory, given back to the budget in the end.
#[derive(Debug)]
pub(super) struct Raw {
    bytes: Vec<u8>,
    budget: Arc<Budget>,
}

impl Raw {
    /// `None` for too many bytes, and where the budget has no room.
    pub(super) fn new(budget: &Arc<Budget>, bytes: &[u8]) -> Option<Self> {
        let fits = bytes.len() <= MOST && budget.take(bytes.len());
        fits.then(|| Self { bytes: bytes.to_vec(), budget: budget.clone() })
    }

    /// Appends, or returns false where that is too much.
    pub(super) fn extend(&mut self, budget: &Budget, bytes: &[u8]) -> bool {
        let fits = self.bytes.len() + bytes.len() <= MOST && budget.take(bytes.len());
        if fits {
            self.bytes.extend_from_slice(bytes);
        }
        fits
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The first `before` bytes, and the last `behind` ones.
    fn cut(mut self, before: u64, behind: u64) -> (Self, Self) {
        let len = self.bytes.len();
        let count = |bytes: u64| usize::try_from(bytes).unwrap_or(len).min(len);
        let tail = self.bytes[len - count(behind)..].to_vec();
        let dropped = len.saturating_sub(count(before) + tail.len());
        self.bytes.truncate(count(before));
        self.bytes.shrink_to_fit();
        self.budget.give(dropped);
        let budget = self.budget.clone();
        (self, Self { bytes: tail, budget })
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.budget.give(self.bytes.len());
    }
}
