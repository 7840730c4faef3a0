//! Generations: what has become of a dataset after so many steps of churn, in closed form.
//!
//! Generation 0 is the dataset itself. Each step creates, deletes, renames, moves, touches and edits files; what it does
//! to a file follows from the dataset's seed, the file's index and the step, so any generation is there at once and no
//! state is kept:
//!
//! - each file has a *life*, the few generations in which something happens to it, drawn by the gaps between them;
//! - files that are created later have the indices behind those of generation 0, and lie in folders by a permutation;
//! - moves are numbered, and two permutations tell which file a move takes and where it leads, and back.

mod flow;
mod life;
mod listing;
mod rates;
mod state;
mod view;

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;

use super::draw::{Draws, Purpose};
use super::spec::{MAX_COUNT, Spec};
use flow::{Created, Moves};
use life::Chances;
pub use rates::Churn;
pub use view::At;

/// The last generation that there can be.
pub const MAX_GENERATION: u64 = 999_999;

/// Bits of the seeds that tell files apart; how often a file was replaced is counted above them.
const SEED_BITS: u32 = 42;

/// Most files that may ever have been created, those of generation 0 among them.
const MAX_FILES: u64 = MAX_COUNT;

/// Most moves.
const MAX_MOVES: u64 = 1 << 48;

/// Times of folders that are kept.
const CACHED_TIMES: NonZeroUsize = NonZeroUsize::new(1 << 15).unwrap();

/// Why there is no such generation of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GenerationError {
    /// The number is too large.
    #[error("generation {0}: there are 0 to {MAX_GENERATION}")]
    TooLate(u64),
    /// Too many files would have been created, or moved too often.
    #[error("generation {0}: more than 2^40 files or 2^48 moves by then; ask for an earlier one, or for less churn")]
    TooMany(u64),
}

/// What all generations of a dataset have in common.
#[derive(Debug)]
pub(super) struct Generations {
    chances: Chances,
    created: Created,
    moves: Moves,
    life: Draws,
    created_type: Draws,
    flow_time: Draws,
    profile: Draws,
    folder_times: Mutex<LruCache<(u64, u64), i64>>,
}

impl Generations {
    pub(super) fn new(spec: &Spec, folders: u64) -> Self {
        let draws = |purpose| Draws::new(spec.seed, purpose);
        let churn = &spec.churn;
        Self {
            chances: Chances::new(churn),
            created: Created::new(spec.files, folders, churn.created, spec.seed),
            moves: Moves::new(spec.files, folders, churn.moved, spec.seed),
            life: draws(Purpose::Life),
            created_type: draws(Purpose::CreatedType),
            flow_time: draws(Purpose::FlowTime),
            profile: draws(Purpose::Profile),
            folder_times: Mutex::new(LruCache::new(CACHED_TIMES)),
        }
    }

    /// Whether there is such a generation of `files` files.
    pub(super) fn check(&self, files: u64, generation: u64) -> Result<(), GenerationError> {
        if generation > MAX_GENERATION {
            return Err(GenerationError::TooLate(generation));
        }
        let ever = files.saturating_add(self.created.flow.until(generation));
        if ever > MAX_FILES || self.moves.flow.until(generation) > MAX_MOVES {
            return Err(GenerationError::TooMany(generation));
        }
        Ok(())
    }

    /// A folder's time in a generation, worked out by `look` unless it is known.
    fn folder_time(&self, folder: u64, generation: u64, look: impl FnOnce() -> i64) -> i64 {
        // The cache holds only what can be worked out again, so a panic of another thread does not spoil it.
        let lock = || self.folder_times.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&time) = lock().get(&(folder, generation)) {
            return time;
        }
        let time = look();
        lock().put((folder, generation), time);
        time
    }
}
