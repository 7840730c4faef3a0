//! Editions: a file after a change, as a piece table over its first edition.
//!
//! A piece table (Crowley 1998, as in text editors) lists where each part of the new contents comes from, so reading at
//! any offset costs no more than before, and what two editions share is known exactly.
//!
//! Editions from [`AIMED`] on are *near-duplicates*: one change each, aimed at the places where programs that look for
//! duplicates take their samples.

use std::ops::Range;

use smallvec::{SmallVec, smallvec};

use crate::content::{Corpus, Stream};
use crate::recipe::Recipe;
use crate::units::MAX_SIZE;

/// The number that those of the aimed edits are counted from.
pub const AIMED: u32 = 4_000_000_000;

/// One aimed change of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum Edit {
    /// The first byte is another.
    First = 1,
    /// The last byte is another.
    Last = 2,
    /// The byte in the middle (at half the size, rounded down) is another.
    Middle = 3,
    /// Byte 4,095, the last of the first 4 KiB, is another.
    Byte4095 = 4,
    /// Byte 4,096, the first behind them, is another.
    Byte4096 = 5,
    /// Byte 16,383, the last of the first 16 KiB, is another.
    Byte16383 = 6,
    /// Byte 16,384, the first behind them, is another.
    Byte16384 = 7,
    /// One byte more, in the middle.
    Insert = 8,
    /// The same up to the middle, all bytes others from there on.
    Prefix = 9,
    /// All bytes others up to the middle, the same from there on.
    Suffix = 10,
}

/// Why a recipe's edition stands for no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EditionError {
    /// No such number.
    #[error("asks for edition {0}; there are 0 and {first} to {last}", first = AIMED + 1, last = AIMED + 10)]
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

impl Edit {
    /// All of them, by their numbers.
    pub const ALL: [Edit; 10] = [
        Edit::First,
        Edit::Last,
        Edit::Middle,
        Edit::Byte4095,
        Edit::Byte4096,
        Edit::Byte16383,
        Edit::Byte16384,
        Edit::Insert,
        Edit::Prefix,
        Edit::Suffix,
    ];

    /// The edition that it makes of a file.
    pub fn edition(self) -> u32 {
        AIMED + self as u32
    }

    /// The aimed edit behind an edition's number.
    pub fn of_edition(edition: u32) -> Option<Self> {
        let number = edition.checked_sub(AIMED)?.checked_sub(1)?;
        Self::ALL.get(usize::try_from(number).ok()?).copied()
    }

    /// One word for it, as datasets spell it.
    pub fn name(self) -> &'static str {
        match self {
            Edit::First => "first",
            Edit::Last => "last",
            Edit::Middle => "middle",
            Edit::Byte4095 => "4095",
            Edit::Byte4096 => "4096",
            Edit::Byte16383 => "16383",
            Edit::Byte16384 => "16384",
            Edit::Insert => "insert",
            Edit::Prefix => "prefix",
            Edit::Suffix => "suffix",
        }
    }

    /// What the edition has in common with the file it was made from, in words.
    pub fn describe(self) -> &'static str {
        match self {
            Edit::First => "equal except for the first byte",
            Edit::Last => "equal except for the last byte",
            Edit::Middle => "equal except for the byte in the middle",
            Edit::Byte4095 => "equal except for byte 4095",
            Edit::Byte4096 => "equal except for byte 4096",
            Edit::Byte16383 => "equal except for byte 16383",
            Edit::Byte16384 => "equal except for byte 16384",
            Edit::Insert => "equal except for one byte more in the middle",
            Edit::Prefix => "equal in the first half only",
            Edit::Suffix => "equal in the second half only",
        }
    }

    /// The bytes of edition 0 that become others in a file of `size` bytes; for [`Edit::Insert`] those that are
    /// doubled, as others, in front of themselves.
    fn changed(self, size: u64) -> Range<u64> {
        let one = |byte: u64| byte..byte + 1;
        match self {
            Edit::First => one(0),
            Edit::Last => one(size.saturating_sub(1)),
            Edit::Middle | Edit::Insert => one(size / 2),
            Edit::Byte4095 => one(4095),
            Edit::Byte4096 => one(4096),
            Edit::Byte16383 => one(16383),
            Edit::Byte16384 => one(16384),
            Edit::Prefix => size / 2..size,
            Edit::Suffix => 0..size - size / 2,
        }
    }
}

/// Where the bytes of a piece come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The stream of the file.
    Stream,
    /// The same with all bits turned: certainly another byte.
    Complement,
}

/// A run of bytes of an edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    source: Source,
    /// First byte in the stream.
    offset: u64,
    len: u64,
}

/// An edition: its pieces, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PieceTable {
    pieces: SmallVec<[Piece; 4]>,
}

impl PieceTable {
    /// The edition that a recipe asks for.
    ///
    /// # Errors
    /// [`EditionError`] for a number that stands for none, and for an edit that the size does not allow.
    pub fn new(recipe: &Recipe) -> Result<Self, EditionError> {
        let &Recipe { size, edition, .. } = recipe;
        if edition == 0 {
            return Ok(Self { pieces: smallvec![Piece { source: Source::Stream, offset: 0, len: size }] });
        }
        let edit = Edit::of_edition(edition).ok_or(EditionError::Unknown(edition))?;
        let changed = edit.changed(size);
        if changed.end > size || changed.is_empty() {
            return Err(EditionError::TooSmall { edition, byte: changed.start, size });
        }
        if edit == Edit::Insert && size >= MAX_SIZE {
            return Err(EditionError::TooLong(edition));
        }
        let behind = if edit == Edit::Insert { changed.start } else { changed.end };
        let piece = |source, range: Range<u64>| Piece { source, offset: range.start, len: range.end - range.start };
        let mut pieces: SmallVec<[Piece; 4]> = smallvec![
            piece(Source::Stream, 0..changed.start),
            piece(Source::Complement, changed),
            piece(Source::Stream, behind..size),
        ];
        pieces.retain(|piece| piece.len > 0);
        Ok(Self { pieces })
    }

    /// Bytes of the edition.
    pub fn size(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.len).sum()
    }

    /// Fills `buf` from `offset` on; `stream` fills a buffer with the bytes of edition 0 from an offset on. What lies
    /// behind the end of the edition is left as it was.
    pub fn fill(&self, stream: impl Fn(u64, &mut [u8]), offset: u64, buf: &mut [u8]) {
        let mut start = 0;
        for piece in &self.pieces {
            let end = start + piece.len;
            let wanted = offset.max(start)..end.min(offset.saturating_add(buf.len() as u64));
            if !wanted.is_empty() {
                // Both ends lie within the buffer.
                let part = &mut buf[(wanted.start - offset) as usize..(wanted.end - offset) as usize];
                stream(piece.offset + (wanted.start - start), part);
                if piece.source == Source::Complement {
                    part.iter_mut().for_each(|byte| *byte = !*byte);
                }
            }
            start = end;
        }
    }
}

impl Recipe {
    /// Bytes of the file: its size, which is that of edition 0, as its edition changed it.
    ///
    /// # Errors
    /// [`EditionError`] for an edition that stands for no file.
    pub fn file_size(&self) -> Result<u64, EditionError> {
        match self.edition {
            0 => Ok(self.size),
            _ => PieceTable::new(self).map(|table| table.size()),
        }
    }

    /// Bytes of the file as [`Recipe::file_size`] has them; its size for an edition that stands for no file.
    pub fn bytes(&self) -> u64 {
        self.file_size().unwrap_or(self.size)
    }

    /// Fills `buf` with the bytes of the file from `offset` on, and returns how many there are: fewer than asked only
    /// at its end.
    ///
    /// # Errors
    /// [`EditionError`] for an edition that stands for no file.
    pub fn fill(&self, corpus: &Corpus, offset: u64, buf: &mut [u8]) -> Result<usize, EditionError> {
        let stream = Stream::new(self.kind, self.seed, corpus);
        let table = if self.edition == 0 { None } else { Some(PieceTable::new(self)?) };
        let size = table.as_ref().map_or(self.size, PieceTable::size);
        let rest = usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let len = rest.min(buf.len());
        let buf = &mut buf[..len];
        match table {
            None => stream.fill(offset, buf),
            Some(table) => table.fill(|offset, buf| stream.fill(offset, buf), offset, buf),
        }
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::recipe::Kind;

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
        for edition in [1, AIMED - 1, AIMED, AIMED + 11, u32::MAX] {
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
