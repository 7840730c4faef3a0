//! Piece tables that are kept between reads.

use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;

use super::table::PieceTable;
use super::{EditionError, Place};
use crate::content::Corpus;
use crate::recipe::Recipe;

/// Pieces kept when nothing else is said: some 6 MiB of memory.
const DEFAULT_PIECES: usize = 1 << 18;

/// What a table takes besides its pieces, in pieces.
const OVERHEAD: usize = 8;

/// The piece tables of the editions read last, for readers of many files. The most recently used ones stay, as long as
/// their pieces are not more than a limit.
///
/// Any number of threads may use one at once. Edition 0 and aimed editions neither wait nor take room.
#[derive(Debug)]
pub struct Tables {
    limit: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    tables: LruCache<Recipe, Arc<PieceTable>>,
    /// Sum of the tables' costs.
    pieces: usize,
}

impl Default for Tables {
    fn default() -> Self {
        Self::with_limit(DEFAULT_PIECES)
    }
}

impl Tables {
    /// Keeps at most `pieces` pieces of some 24 bytes, each table counted with eight more than it has.
    pub fn with_limit(pieces: usize) -> Self {
        Self { limit: pieces, kept: Mutex::new(Kept { tables: LruCache::unbounded(), pieces: 0 }) }
    }

    /// The piece table of a recipe: the one that is kept, or a new one.
    ///
    /// # Errors
    /// [`EditionError`] for an edition that stands for no file.
    pub fn get(&self, recipe: &Recipe) -> Result<Arc<PieceTable>, EditionError> {
        if let Some(table) = self.kept().tables.get(recipe) {
            return Ok(table.clone());
        }
        // Made without the lock: nobody waits for it, and two threads at once make equal tables.
        let table = Arc::new(PieceTable::new(recipe)?);
        if matches!(Place::of(recipe.edition), Ok(Place::Drawn(..))) {
            self.kept().keep(*recipe, table.clone(), self.limit);
        }
        Ok(table)
    }

    /// [`Recipe::fill`] with a kept piece table.
    ///
    /// # Errors
    /// [`EditionError`] for an edition that stands for no file.
    pub fn fill(&self, recipe: &Recipe, corpus: &Corpus, offset: u64, buf: &mut [u8]) -> Result<usize, EditionError> {
        match Place::of(recipe.edition)? {
            Place::Plain | Place::Aimed(_) => recipe.fill(corpus, offset, buf),
            Place::Drawn(..) => Ok(recipe.fill_pieces(&*self.get(recipe)?, corpus, offset, buf)),
        }
    }

    /// Pieces kept at this moment, counted as the limit counts them.
    pub fn pieces(&self) -> usize {
        self.kept().pieces
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn keep(&mut self, recipe: Recipe, table: Arc<PieceTable>, limit: usize) {
        let cost = cost(&table);
        if cost > limit || self.tables.contains(&recipe) {
            return;
        }
        self.pieces += cost;
        self.tables.push(recipe, table);
        while self.pieces > limit
            && let Some((_, oldest)) = self.tables.pop_lru()
        {
            self.pieces -= self::cost(&oldest);
        }
    }
}

fn cost(table: &PieceTable) -> usize {
    table.pieces().len() + OVERHEAD
}
