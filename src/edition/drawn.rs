//! Drawn edits: what happens to a file as it ages.
//!
//! Each edit is a function of the seed, the profile, its number and the size that it finds, so that the size of any
//! edition is known without its pieces. All arithmetic is on whole numbers.

use crate::dataset::draw::{Draws, Purpose};
use crate::recipe::Kind;
use crate::units::MAX_SIZE;

/// The most edits an edition can be away from edition 0.
pub const MAX_EDITS: u32 = 4096;

/// From the editions of one profile to those of the next.
const PROFILE: u32 = 1_000_000_000;

/// Draws kept apart for each edit.
const DRAWS: u64 = 8;

/// Where the draws of a profile start, as a power of two: above those of all edits of the profile before it.
const PROFILE_DRAWS_LOG2: u32 = 32;

/// Lengths are below 2 to this: 1 MiB.
const MAX_OCTAVES: u32 = 20;

/// The same for the first bytes of an empty file: 4 KiB.
const EMPTY_OCTAVES: u32 = 12;

/// How a file ages: in which proportions its edits are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum Profile {
    /// A bit of everything: the default.
    Mixed = 0,
    /// Appends only, as to logs.
    Append = 1,
    /// Overwrites in place only, as in databases and images of disks.
    Overwrite = 2,
    /// Overwrites, insertions and deletions, as in documents.
    Revise = 3,
}

/// What an edit does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EditKind {
    /// Bytes become others in their place; the size stays.
    Overwrite,
    /// New bytes in front of one that was there.
    Insert,
    /// New bytes behind the last one.
    Append,
    /// Bytes go, and those behind them move up.
    Delete,
    /// The last bytes go.
    Truncate,
}

/// One edit: what it does, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Change {
    /// What it does.
    pub kind: EditKind,
    /// The first byte it concerns: of the new edition for bytes that are new, of the one before for bytes that go.
    pub offset: u64,
    /// Bytes that are new or go, at least 1.
    pub len: u64,
}

/// The edits that a profile draws for files of one seed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edits {
    draws: Draws,
    profile: Profile,
}

impl Profile {
    /// All of them, by their numbers.
    pub const ALL: [Profile; 4] = [Profile::Mixed, Profile::Append, Profile::Overwrite, Profile::Revise];

    /// The edition that `edits` edits of this profile make; 0 for none of them, `None` for more than [`MAX_EDITS`].
    pub fn edition(self, edits: u32) -> Option<u32> {
        match edits {
            0 => Some(0),
            1..=MAX_EDITS => Some(self as u32 * PROFILE + edits),
            _ => None,
        }
    }

    /// The profile of an edition and the number of its edits, at least 1; `None` for edition 0 and for numbers that
    /// are no drawn editions.
    pub fn of_edition(edition: u32) -> Option<(Self, u32)> {
        let profile = *Self::ALL.get((edition / PROFILE) as usize)?;
        let edits = edition % PROFILE;
        (1..=MAX_EDITS).contains(&edits).then_some((profile, edits))
    }

    /// One word for it.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Mixed => "mixed",
            Profile::Append => "append",
            Profile::Overwrite => "overwrite",
            Profile::Revise => "revise",
        }
    }

    /// Per cent of each kind of edit, in the order of [`EditKind::ALL`].
    fn percents(self) -> [u64; 5] {
        match self {
            Profile::Mixed => [35, 20, 25, 15, 5],
            Profile::Append => [0, 0, 100, 0, 0],
            Profile::Overwrite => [100, 0, 0, 0, 0],
            Profile::Revise => [40, 35, 0, 25, 0],
        }
    }
}

impl EditKind {
    /// All of them, in the order in which they are drawn.
    pub const ALL: [EditKind; 5] =
        [EditKind::Overwrite, EditKind::Insert, EditKind::Append, EditKind::Delete, EditKind::Truncate];

    /// One word for it.
    pub fn name(self) -> &'static str {
        match self {
            EditKind::Overwrite => "overwrite",
            EditKind::Insert => "insert",
            EditKind::Append => "append",
            EditKind::Delete => "delete",
            EditKind::Truncate => "truncate",
        }
    }
}

impl Change {
    /// Bytes of a file of `size` bytes after the edit.
    pub(super) fn size_after(self, size: u64) -> u64 {
        match self.kind {
            EditKind::Overwrite => size,
            EditKind::Insert | EditKind::Append => size + self.len,
            EditKind::Delete | EditKind::Truncate => size - self.len,
        }
    }
}

impl Edits {
    pub(super) fn new(seed: u64, profile: Profile) -> Self {
        Self { draws: Draws::new(seed, Purpose::Edit), profile }
    }

    /// The first of the draws of edit `number`.
    fn first_draw(self, number: u32) -> u64 {
        (u64::from(self.profile as u32) << PROFILE_DRAWS_LOG2) + DRAWS * u64::from(number)
    }

    /// Seed of the stream that the new bytes of edit `number` come from.
    pub(super) fn seed(self, number: u32) -> u64 {
        self.draws.at(self.first_draw(number) + 4)
    }

    /// Edit `number`, from 1 on, of a file that has `size` bytes before it.
    pub(super) fn edit(self, number: u32, size: u64) -> Change {
        let first = self.first_draw(number);
        let octaves = octaves(size);
        let octave = self.draws.below(first + 1, u64::from(octaves));
        let len = (1 << octave) + self.draws.below(first + 2, 1 << octave);
        let kind = self.kind(first, size, len);
        let offset = match kind {
            EditKind::Overwrite | EditKind::Delete => self.draws.below(first + 3, size - len + 1),
            EditKind::Insert => self.draws.below(first + 3, size),
            EditKind::Append => size,
            EditKind::Truncate => size - len,
        };
        Change { kind, offset, len }
    }

    /// What is drawn, where the file allows it.
    fn kind(self, first: u64, size: u64, len: u64) -> EditKind {
        let mut draw = self.draws.below(first, 100);
        let drawn = EditKind::ALL.into_iter().zip(self.profile.percents()).find(|(_, percent)| {
            let hit = draw < *percent;
            draw = draw.saturating_sub(*percent);
            hit
        });
        match drawn.map_or(EditKind::Overwrite, |(kind, _)| kind) {
            _ if size == 0 => EditKind::Append,
            EditKind::Insert | EditKind::Append if size > MAX_SIZE - len => EditKind::Overwrite,
            EditKind::Delete | EditKind::Truncate if size == len => EditKind::Overwrite,
            kind => kind,
        }
    }

    /// Bytes of a file of `size` bytes after its first `edits` edits.
    pub(super) fn size_after(self, edits: u32, size: u64) -> u64 {
        (1..=edits).fold(size, |size, number| self.edit(number, size).size_after(size))
    }
}

/// Powers of two that a length is drawn from, at least 1: it stays below the last of them, and so below half of the
/// size where that is more than one byte.
fn octaves(size: u64) -> u32 {
    match size {
        0 => EMPTY_OCTAVES,
        _ => (u64::BITS - size.leading_zeros()).saturating_sub(2).clamp(1, MAX_OCTAVES),
    }
}

/// Kind of the new bytes in a file of some kind: another one where all streams of that kind are equal, so that they
/// can be told from the old ones.
pub(super) fn kind_of_new(kind: Kind) -> Kind {
    match kind {
        Kind::Zero => Kind::Random,
        Kind::Mixed(mixed) if mixed.compress() == 100 => Kind::Random,
        kind => kind,
    }
}
