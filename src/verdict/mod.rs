//! What is wrong with bytes: where they differ from what a recipe demands, and what they seem to be instead.
//!
//! For restored files, whether they are read back or watched while they are written. All work is bounded: an
//! explanation looks at a few megabytes at most, whatever the size of the file.

mod cause;

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;

pub use cause::{Cause, explain};

use crate::content::Corpus;
use crate::edition::{EditionError, Tables};
use crate::recipe::Recipe;

/// Bytes that are generated and compared at a time: they stay in a core's own cache.
pub const BLOCK: usize = 64 << 10;

/// Pieces that each thread keeps of the editions it met last: some 800 KiB, enough for a few after thousands of edits.
const KEPT_PIECES: usize = 1 << 15;

/// A run of bytes that are not what is demanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// Offset of the first byte that differs.
    pub offset: u64,
    /// Bytes from there to the last one that differs; some between them may be right.
    pub len: u64,
    /// What they are instead.
    pub cause: Cause,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.len == 1 { "byte" } else { "bytes" };
        write!(f, "{} {plural} from offset {}: {}", self.len, self.offset, self.cause)
    }
}

thread_local! {
    /// Demanded bytes: no allocation a comparison.
    static DEMANDED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };

    /// Files come a little at a time, and after a thousand edits making the pieces takes a hundred times as long as the
    /// bytes of a block.
    static TABLES: Tables = Tables::with_limit(KEPT_PIECES);
}

/// [`Recipe::fill`] with piece tables that the thread keeps.
///
/// # Errors
/// [`EditionError`] for an edition that stands for no file.
pub(crate) fn fill(recipe: &Recipe, corpus: &Corpus, offset: u64, buf: &mut [u8]) -> Result<usize, EditionError> {
    TABLES.with(|tables| tables.fill(recipe, corpus, offset, buf))
}

/// Calls `visit` with the demanded bytes of a range, block by block with the offset of each, until it returns a value.
/// Where the file ends before the range does, the last block is short and nothing follows. A recipe that stands for no
/// file has no bytes. `visit` must not call this function.
pub fn blocks<T>(
    recipe: &Recipe,
    corpus: &Corpus,
    range: Range<u64>,
    mut visit: impl FnMut(u64, &[u8]) -> Option<T>,
) -> Option<T> {
    DEMANDED.with_borrow_mut(|buffer| {
        buffer.resize(BLOCK, 0);
        let mut at = range.start;
        while at < range.end {
            let want = usize::try_from(range.end - at).unwrap_or(BLOCK).min(BLOCK);
            let len = fill(recipe, corpus, at, &mut buffer[..want]).unwrap_or(0);
            if len == 0 {
                return None;
            }
            if let Some(found) = visit(at, &buffer[..len]) {
                return Some(found);
            }
            at += len as u64;
        }
        None
    })
}

/// Where bytes observed at an offset differ from what the recipe demands there: from the first to behind the last that
/// does. What lies behind the end of the file differs.
pub fn compare(recipe: &Recipe, corpus: &Corpus, offset: u64, observed: &[u8]) -> Option<Range<usize>> {
    let mut differing: Option<Range<usize>> = None;
    let mut compared = 0;
    let end = offset.saturating_add(observed.len() as u64);
    blocks(recipe, corpus, offset..end, |_, demanded| {
        let part = &observed[compared..][..demanded.len()];
        if part != demanded {
            let differs = |(a, b): (&u8, &u8)| a != b;
            let first = part.iter().zip(demanded).position(differs).unwrap_or(0);
            let last = part.iter().zip(demanded).rposition(differs).unwrap_or(first);
            let start = differing.as_ref().map_or(compared + first, |range| range.start);
            differing = Some(start..compared + last + 1);
        }
        compared += demanded.len();
        None::<()>
    });
    if compared < observed.len() {
        let start = differing.map_or(compared, |range| range.start);
        differing = Some(start..observed.len());
    }
    differing
}

/// Whether two recipes are known, without generating anything, to demand the same bytes as far as both files go.
pub fn same_bytes(a: &Recipe, b: &Recipe) -> bool {
    a == b
        || (a.edition == 0 && b.edition == 0 && ((a.kind, a.seed) == (b.kind, b.seed) || (is_zeros(a) && is_zeros(b))))
}

/// Whether a recipe demands nothing but zeros, as far as that is known without generating anything.
pub fn is_zeros(recipe: &Recipe) -> bool {
    use crate::recipe::Kind;
    recipe.edition == 0
        && match recipe.kind {
            Kind::Zero => true,
            Kind::Mixed(mixed) => mixed.compress() == 100,
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::Kind;

    fn recipe(size: u64) -> Recipe {
        Recipe { kind: Kind::Random, seed: 7, size, edition: 0 }
    }

    fn bytes(recipe: &Recipe) -> Vec<u8> {
        let mut bytes = vec![0; recipe.bytes() as usize];
        recipe.fill(&Corpus::builtin(), 0, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn equal_bytes_have_no_difference_at_any_offset() {
        let recipe = recipe(200_000);
        let all = bytes(&recipe);
        for (start, end) in [(0, 200_000), (1, 65_537), (65_535, 65_537), (199_999, 200_000), (5, 5)] {
            assert_eq!(compare(&recipe, &Corpus::builtin(), start as u64, &all[start..end]), None);
        }
    }

    #[test]
    fn a_difference_reaches_from_the_first_to_the_last_byte() {
        let recipe = recipe(200_000);
        let mut all = bytes(&recipe);
        all[70_000] ^= 1;
        assert_eq!(compare(&recipe, &Corpus::builtin(), 0, &all), Some(70_000..70_001));
        all[140_000] ^= 1;
        assert_eq!(compare(&recipe, &Corpus::builtin(), 0, &all), Some(70_000..140_001));
        assert_eq!(compare(&recipe, &Corpus::builtin(), 70_000, &all[70_000..]), Some(0..70_001));
    }

    #[test]
    fn the_pieces_of_an_edition_are_made_once() {
        let recipe = Recipe { edition: 300, ..recipe(200_000) };
        let all = bytes(&recipe);
        let kept = || TABLES.with(Tables::pieces);
        assert_eq!(kept(), 0, "this thread is new");
        assert_eq!(compare(&recipe, &Corpus::builtin(), 0, &all[..4096]), None);
        let once = kept();
        assert!(once > 100, "{once}");
        for (number, block) in all.chunks(4096).enumerate() {
            assert_eq!(compare(&recipe, &Corpus::builtin(), number as u64 * 4096, block), None);
        }
        assert_eq!(kept(), once);
    }

    #[test]
    fn what_lies_behind_the_end_differs() {
        let recipe = recipe(100);
        let mut all = bytes(&recipe);
        all.push(0);
        assert_eq!(compare(&recipe, &Corpus::builtin(), 0, &all), Some(100..101));
        assert_eq!(compare(&recipe, &Corpus::builtin(), 500, &[1, 2]), Some(0..2));
        let none = Recipe { edition: 12_345, ..recipe };
        assert_eq!(compare(&none, &Corpus::builtin(), 0, &[1]), Some(0..1), "no such edition");
    }

    #[test]
    fn files_of_one_stream_are_known_to_agree() {
        assert!(same_bytes(&recipe(5), &recipe(9)));
        assert!(!same_bytes(&recipe(5), &Recipe { seed: 8, ..recipe(5) }));
        let zero = |kind: &str, seed| Recipe { kind: kind.parse().unwrap(), seed, size: 1, edition: 0 };
        assert!(same_bytes(&zero("zero", 1), &zero("c100", 2)));
        assert!(!same_bytes(&zero("zero", 1), &zero("c99", 1)));
    }
}
