//! What happened to a dataset between two generations: the truth that rsync, restic or borg are compared with.

use std::ops::Range;

use serde::Serialize;

use crate::Recipe;
use crate::dataset::{At, File, Listed};
use crate::edition::{self, EditKind, Profile};

/// One thing that happened to a file. The words are part of the output of `seedfs diff`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// There was no such file before.
    Created,
    /// There is no such file any more.
    Deleted,
    /// It lies in another folder.
    Moved,
    /// It has another name.
    Renamed,
    /// Bytes were added at its end, and nothing else.
    Appended,
    /// Bytes became others in their place, and nothing else.
    Overwritten,
    /// Bytes were added in front of others, and nothing else.
    Inserted,
    /// Bytes were taken out or cut off, and nothing else.
    Shortened,
    /// Its bytes were changed in several ways.
    Edited,
    /// All of its bytes are others.
    Replaced,
    /// It has a newer time and the same bytes.
    Touched,
    /// It has other permission bits.
    Mode,
    /// Something happened to it and was undone: all is as it was but the time of the last change of its status.
    Status,
}

impl What {
    /// All of them, in the order in which several of one file are told.
    pub const ALL: [What; 13] = [
        What::Created,
        What::Deleted,
        What::Moved,
        What::Renamed,
        What::Appended,
        What::Overwritten,
        What::Inserted,
        What::Shortened,
        What::Edited,
        What::Replaced,
        What::Touched,
        What::Mode,
        What::Status,
    ];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            What::Created => "created",
            What::Deleted => "deleted",
            What::Moved => "moved",
            What::Renamed => "renamed",
            What::Appended => "appended",
            What::Overwritten => "overwritten",
            What::Inserted => "inserted",
            What::Shortened => "shortened",
            What::Edited => "edited",
            What::Replaced => "replaced",
            What::Touched => "touched",
            What::Mode => "mode",
            What::Status => "status",
        }
    }
}

/// A file in one of the two generations.
#[derive(Debug, Clone, PartialEq)]
pub struct Side<'a> {
    /// The folder that it lies in.
    pub folder: u64,
    /// The file.
    pub file: File<'a>,
}

/// A file that differs between the two generations.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference<'a> {
    /// Its index.
    pub index: u64,
    /// As it was.
    pub before: Option<Side<'a>>,
    /// As it is.
    pub after: Option<Side<'a>>,
    /// What happened to it: at least one thing, in the order of [`What::ALL`].
    pub what: Vec<What>,
    /// Bytes that it has now and did not have before. Of several names of one file only the first counts.
    pub new_bytes: u64,
}

/// Two generations of one dataset.
#[derive(Debug, Clone, Copy)]
pub struct Diff<'a> {
    /// The one that is looked at from; it may be the later one.
    pub before: At<'a>,
    /// The one that is looked at.
    pub after: At<'a>,
}

impl<'a> Diff<'a> {
    /// All indices that may differ lie below this one.
    pub fn indices(&self) -> u64 {
        self.before.indices().max(self.after.indices())
    }

    /// Calls `visit` with each file of some indices that differs, in their order, until it fails. Symbolic links never
    /// change.
    ///
    /// # Errors
    /// The first one of `visit`.
    pub fn each<E>(
        &self,
        indices: Range<u64>,
        mut visit: impl FnMut(Difference<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        for index in indices.start..indices.end.min(self.indices()) {
            if let Some(difference) = self.of(index) {
                visit(difference)?;
            }
        }
        Ok(())
    }

    /// How one file differs, if it does.
    pub fn of(&self, index: u64) -> Option<Difference<'a>> {
        let (before, after) = (side(&self.before, index), side(&self.after, index));
        let (what, new_bytes) = match (&before, &after) {
            (None, None) => return None,
            (None, Some(after)) => (vec![What::Created], after.file.size),
            (Some(_), None) => (vec![What::Deleted], 0),
            (Some(before), Some(after)) => {
                let what = what_happened(before, after);
                if what.is_empty() {
                    return None;
                }
                (what, new_bytes(&before.file.recipe, &after.file.recipe))
            }
        };
        let is_first_name = after.as_ref().is_some_and(|side| side.file.inode == index);
        Some(Difference { index, before, after, what, new_bytes: if is_first_name { new_bytes } else { 0 } })
    }
}

fn side<'a>(at: &At<'a>, index: u64) -> Option<Side<'a>> {
    match at.entry(index) {
        Some(Listed::File(file)) => Some(Side { folder: at.folder_of(index), file }),
        _ => None,
    }
}

fn what_happened(before: &Side<'_>, after: &Side<'_>) -> Vec<What> {
    let (old, new) = (&before.file, &after.file);
    let mut what = Vec::new();
    let mut add = |is_so: bool, thing| what.extend(is_so.then_some(thing));
    add(before.folder != after.folder, What::Moved);
    add(old.renames != new.renames, What::Renamed);
    let content = content_change(&old.recipe, &new.recipe);
    if let Some(content) = content {
        add(true, content);
    }
    add(content.is_none() && old.mtime != new.mtime, What::Touched);
    add(old.mode != new.mode, What::Mode);
    if what.is_empty() && old.ctime != new.ctime {
        what.push(What::Status);
    }
    what
}

/// What happened to the bytes of a file.
fn content_change(old: &Recipe, new: &Recipe) -> Option<What> {
    if old == new {
        return None;
    }
    if old.seed != new.seed {
        return Some(What::Replaced);
    }
    let (Some(from), Some(to)) = (edits(old), edits(new)) else { return Some(What::Edited) };
    let profile = Profile::of_edition(new.edition.max(old.edition)).map(|(profile, _)| profile)?;
    let kind = |number| {
        let edition = profile.edition(number).unwrap_or(0);
        let change = edition::last_edit(&Recipe { edition, ..*new }).ok()?;
        change.map(|change| change.kind)
    };
    let mut kinds = (from + 1..=to).map(kind);
    // Looked at backwards in time, nothing but a change in general can be told.
    let first = kinds.next().flatten();
    let word = first.map_or(What::Edited, word);
    Some(if kinds.all(|kind| kind.map(self::word) == Some(word)) { word } else { What::Edited })
}

/// How many drawn edits a recipe has.
fn edits(recipe: &Recipe) -> Option<u32> {
    if recipe.edition == 0 { Some(0) } else { Profile::of_edition(recipe.edition).map(|(_, edits)| edits) }
}

fn word(kind: EditKind) -> What {
    match kind {
        EditKind::Append => What::Appended,
        EditKind::Overwrite => What::Overwritten,
        EditKind::Insert => What::Inserted,
        EditKind::Delete | EditKind::Truncate => What::Shortened,
    }
}

fn new_bytes(old: &Recipe, new: &Recipe) -> u64 {
    if old == new {
        return 0;
    }
    // Both are files of a dataset, so their editions are such.
    edition::shared(old, new).map_or_else(|_| new.bytes(), |shared| shared.new_bytes)
}

/// Differences added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// How often each thing happened, in the order of [`What::ALL`].
    pub happened: [u64; What::ALL.len()],
    /// Files that differ.
    pub files: u64,
    /// Bytes that were not there before.
    pub new_bytes: u64,
    /// Bytes that came with created files; they are among the new ones.
    pub created_bytes: u64,
    /// Bytes of the deleted files.
    pub deleted_bytes: u64,
}

impl Totals {
    /// Counts one difference.
    pub fn add(&mut self, difference: &Difference<'_>) {
        self.files += 1;
        self.new_bytes = self.new_bytes.saturating_add(difference.new_bytes);
        for &what in &difference.what {
            self.happened[what as usize] += 1;
        }
        match (&difference.before, &difference.after) {
            (None, Some(_)) => self.created_bytes = self.created_bytes.saturating_add(difference.new_bytes),
            (Some(before), None) => self.deleted_bytes = self.deleted_bytes.saturating_add(before.file.size),
            _ => {}
        }
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Totals) {
        self.happened.iter_mut().zip(other.happened).for_each(|(sum, n)| *sum += n);
        self.files += other.files;
        self.new_bytes = self.new_bytes.saturating_add(other.new_bytes);
        self.created_bytes = self.created_bytes.saturating_add(other.created_bytes);
        self.deleted_bytes = self.deleted_bytes.saturating_add(other.deleted_bytes);
    }
}
