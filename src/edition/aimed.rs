//! Aimed edits: near-duplicates, one change each, at the places where programs that look for duplicates take their
//! samples.

use std::ops::Range;

use super::EditionError;
use super::drawn::{Change, EditKind};
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

    /// The same where the file has these bytes.
    pub(super) fn checked(self, size: u64) -> Result<Range<u64>, EditionError> {
        let (edition, changed) = (self.edition(), self.changed(size));
        if changed.end > size || changed.is_empty() {
            return Err(EditionError::TooSmall { edition, byte: changed.start, size });
        }
        if self == Edit::Insert && size >= MAX_SIZE {
            return Err(EditionError::TooLong(edition));
        }
        Ok(changed)
    }

    /// What it does to a file of `size` bytes.
    pub(super) fn change(self, size: u64) -> Result<Change, EditionError> {
        let kind = if self == Edit::Insert { EditKind::Insert } else { EditKind::Overwrite };
        self.checked(size).map(|changed| Change { kind, offset: changed.start, len: changed.end - changed.start })
    }
}
