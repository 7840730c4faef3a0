//! Editions: a file after changes, as a piece table over its first edition.
//!
//! A piece table (Crowley 1998, as in text editors) lists where each part of the new contents comes from, so reading at
//! any offset costs little more than before, and what two editions share is known exactly.
//!
//! There are two families. *Drawn* editions age: edition k of a [`Profile`] is edition k − 1 of it after one edit drawn
//! from the seed, k and the profile. *Aimed* editions, from [`AIMED`] on, are near-duplicates: one change each, at the
//! places where programs that look for duplicates take their samples.
//!
//! | edition | what |
//! |---|---|
//! | 0 | the plain stream |
//! | 1 to 4096 | after so many edits of [`Profile::Mixed`] |
//! | 1,000,000,000 + the same | … of [`Profile::Append`] |
//! | 2,000,000,000 + the same | … of [`Profile::Overwrite`] |
//! | 3,000,000,000 + the same | … of [`Profile::Revise`] |
//! | 4,000,000,001 to 4,000,000,010 | after one aimed [`Edit`] |

mod aimed;
mod cache;
mod drawn;
mod shared;
mod table;

pub use aimed::{AIMED, Edit};
pub use cache::Tables;
pub use drawn::{Change, EditKind, MAX_EDITS, Profile};
pub use shared::{Shared, new_ranges, shared};
pub use table::{Piece, PieceTable, Source};

use crate::content::{Corpus, Stream};
use crate::recipe::Recipe;
use drawn::Edits;

/// Why a recipe's edition stands for no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EditionError {
    /// No such number.
    #[error(
        "asks for edition {0}; there are 0 to {MAX_EDITS}, 1 to {MAX_EDITS} behind each of 1000000000, 2000000000 and \
         3000000000, and {first} to {last}",
        first = AIMED + 1,
        last = AIMED + 10
    )]
    Unknown(u32),
    /// The file has not the byte that would change.
    #[error("asks for edition {edition}, which changes byte {byte} of a file of {size} bytes")]
    TooSmall {
        /// The edition.
        edition: u32,
        /// Offset of the byte.
        byte: u64,
        /// Size of the file.
        size: u64,
    },
    /// One byte more than a file can have.
    #[error("asks for edition {0}, one byte longer than files can be")]
    TooLong(u32),
}

/// What an edition's number stands for.
#[derive(Debug, Clone, Copy)]
enum Place {
    Plain,
    Drawn(Profile, u32),
    Aimed(Edit),
}

impl Place {
    fn of(edition: u32) -> Result<Self, EditionError> {
        if edition == 0 {
            return Ok(Self::Plain);
        }
        let drawn = Profile::of_edition(edition).map(|(profile, edits)| Self::Drawn(profile, edits));
        drawn.or_else(|| Edit::of_edition(edition).map(Self::Aimed)).ok_or(EditionError::Unknown(edition))
    }
}

/// What the last edit of an edition did; `None` for edition 0.
///
/// # Errors
/// [`EditionError`] for an edition that stands for no file.
pub fn last_edit(recipe: &Recipe) -> Result<Option<Change>, EditionError> {
    match Place::of(recipe.edition)? {
        Place::Plain => Ok(None),
        Place::Aimed(edit) => edit.change(recipe.size).map(Some),
        Place::Drawn(profile, number) => {
            let edits = Edits::new(recipe.seed, profile);
            Ok(Some(edits.edit(number, edits.size_after(number - 1, recipe.size))))
        }
    }
}

impl Recipe {
    /// Bytes of the file: its size, which is that of edition 0, as its edition changed it. Takes some nanoseconds for
    /// each edit.
    ///
    /// # Errors
    /// [`EditionError`] for an edition that stands for no file.
    pub fn file_size(&self) -> Result<u64, EditionError> {
        match Place::of(self.edition)? {
            Place::Plain => Ok(self.size),
            Place::Aimed(edit) => edit.change(self.size).map(|change| change.size_after(self.size)),
            Place::Drawn(profile, edits) => Ok(Edits::new(self.seed, profile).size_after(edits, self.size)),
        }
    }

    /// Bytes of the file as [`Recipe::file_size`] has them; its size for an edition that stands for no file.
    pub fn bytes(&self) -> u64 {
        self.file_size().unwrap_or(self.size)
    }

    /// Fills `buf` with the bytes of the file from `offset` on, and returns how many there are: fewer than asked only
    /// at its end. Makes the pieces of an edition anew each time: [`Tables`] keeps them.
    ///
    /// # Errors
    /// [`EditionError`] for an edition that stands for no file.
    pub fn fill(&self, corpus: &Corpus, offset: u64, buf: &mut [u8]) -> Result<usize, EditionError> {
        if self.edition != 0 {
            return Ok(self.fill_pieces(&PieceTable::new(self)?, corpus, offset, buf));
        }
        let buf = up_to_end(self.size, offset, buf);
        Stream::new(self.kind, self.seed, corpus).fill(offset, buf);
        Ok(buf.len())
    }

    /// The same with the pieces of the edition at hand.
    fn fill_pieces(&self, table: &PieceTable, corpus: &Corpus, offset: u64, buf: &mut [u8]) -> usize {
        let buf = up_to_end(table.size(), offset, buf);
        let stream = Stream::new(self.kind, self.seed, corpus);
        table.fill(corpus, |offset, buf| stream.fill(offset, buf), offset, buf);
        buf.len()
    }
}

/// The part of a buffer that a file of `size` bytes fills from `offset` on.
fn up_to_end(size: u64, offset: u64, buf: &mut [u8]) -> &mut [u8] {
    let rest = usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX);
    let len = rest.min(buf.len());
    &mut buf[..len]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::recipe::Kind;
    use crate::units::MAX_SIZE;

    fn recipe(size: u64, edition: u32) -> Recipe {
        Recipe { kind: Kind::Text, seed: 7, size, edition }
    }

    fn bytes(recipe: &Recipe) -> Vec<u8> {
        let mut bytes = vec![0; recipe.file_size().unwrap() as usize + 10];
        let len = recipe.fill(&Corpus::builtin(), 0, &mut bytes).unwrap();
        bytes.truncate(len);
        bytes
    }

    /// The edition as it is defined, from the bytes of the plain file.
    fn edited(plain: &[u8], edit: Edit) -> Vec<u8> {
        let mut new = plain.to_vec();
        let half = plain.len() / 2;
        match edit {
            Edit::First => new[0] ^= 0xff,
            Edit::Last => *new.last_mut().unwrap() ^= 0xff,
            Edit::Middle => new[half] ^= 0xff,
            Edit::Byte4095 => new[4095] ^= 0xff,
            Edit::Byte4096 => new[4096] ^= 0xff,
            Edit::Byte16383 => new[16383] ^= 0xff,
            Edit::Byte16384 => new[16384] ^= 0xff,
            Edit::Insert => new.insert(half, !plain[half]),
            Edit::Prefix => new[half..].iter_mut().for_each(|b| *b = !*b),
            Edit::Suffix => new[..plain.len() - half].iter_mut().for_each(|b| *b = !*b),
        }
        new
    }

    #[test]
    fn each_edit_changes_what_its_name_says() {
        for size in [16_385, 20_000, 65_537] {
            let plain = bytes(&recipe(size, 0));
            for edit in Edit::ALL {
                assert!(bytes(&recipe(size, edit.edition())) == edited(&plain, edit), "{} {size}", edit.name());
            }
        }
    }

    #[test]
    fn small_files_have_the_edits_that_fit() {
        for size in [1, 2, 3, 4095, 4096, 4097] {
            let plain = bytes(&recipe(size, 0));
            for edit in [Edit::First, Edit::Last, Edit::Middle, Edit::Insert, Edit::Prefix, Edit::Suffix] {
                assert_eq!(bytes(&recipe(size, edit.edition())), edited(&plain, edit), "{} {size}", edit.name());
            }
        }
        let error = recipe(4095, Edit::Byte4095.edition()).file_size().unwrap_err();
        assert_eq!(error.to_string(), "asks for edition 4000000004, which changes byte 4095 of a file of 4095 bytes");
        assert!(Edit::ALL.iter().all(|edit| recipe(0, edit.edition()).file_size().is_err()), "nothing to change");
    }

    #[test]
    fn other_numbers_are_no_editions() {
        for edition in
            [4097, 999_999_999, 1_000_000_000, 1_000_004_097, 3_000_000_000, AIMED - 1, AIMED, AIMED + 11, u32::MAX]
        {
            assert_eq!(recipe(20_000, edition).file_size(), Err(EditionError::Unknown(edition)));
        }
        assert_eq!(recipe(MAX_SIZE, AIMED + 8).file_size(), Err(EditionError::TooLong(AIMED + 8)));
        assert_eq!(recipe(MAX_SIZE, AIMED + 10).file_size(), Ok(MAX_SIZE));
    }

    proptest! {
        #[test]
        fn any_part_is_the_part_of_the_whole(
            size in 1u64..40_000, edit in 0..10usize, offset in 0u64..41_000, len in 0usize..41_000,
        ) {
            let recipe = recipe(size, Edit::ALL[edit].edition());
            prop_assume!(recipe.file_size().is_ok());
            let whole = bytes(&recipe);
            let mut part = vec![0; len];
            let n = recipe.fill(&Corpus::builtin(), offset, &mut part).unwrap();
            let from = whole.len().min(offset as usize);
            prop_assert_eq!(&part[..n], &whole[from..whole.len().min(from + len)]);
        }
    }
}
