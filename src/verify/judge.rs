//! Judges one path: what is there against what must be there.

use std::io;
use std::ops::Range;

use super::Options;
use super::bytes::{self, Buffers, Demand, Wrong};
use super::disk::{self, Disk, Facts};
use super::explain::Others;
use super::finding::What;
use crate::content::Corpus;
use crate::edition::Tables;
use crate::listing::Row;
use crate::recipe::{Kind, Recipe};

/// Bytes of a large file that a thread compares at a time, so that several can share it.
pub(super) const PIECE: u64 = 64 << 20;

/// What all threads share.
pub(super) struct Judge<'a> {
    pub(super) disk: &'a Disk,
    pub(super) corpus: &'a Corpus,
    pub(super) tables: Tables,
    pub(super) options: &'a Options,
}

/// A part of a path's judgement: all but of large files in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Bytes of the file.
    pub(super) range: Range<u64>,
    /// Whether the part has everything but the bytes as well.
    pub(super) is_first: bool,
}

/// What was found wrong with a part of a path.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) whats: Vec<What>,
    pub(super) wrong: Wrong,
}

impl Verdict {
    fn of(what: What) -> Self {
        Self { whats: vec![what], ..Self::default() }
    }

    pub(super) fn unreadable(error: &io::Error) -> Self {
        Self::of(What::Unreadable { error: error.to_string() })
    }
}

/// The parts that a file is judged in, when the smaller of what is there and what must be has this many bytes.
pub(super) fn parts(bytes: u64, recipe: Option<&Recipe>) -> impl Iterator<Item = Part> {
    // Of zeros, holes are left out, and the rest may be anywhere.
    let piece = if recipe.is_some_and(crate::verdict::is_zeros) { u64::MAX } else { PIECE };
    let count = bytes.div_ceil(piece).max(1);
    (0..count).map(move |n| Part { range: n * piece..(n + 1).saturating_mul(piece).min(bytes), is_first: n == 0 })
}

impl Judge<'_> {
    /// Judges a part of a path against a row of the listing. `first_name` is that of another name of the same file.
    pub(super) fn judge(
        &self,
        row: &Row<'_>,
        first_name: Option<&[u8]>,
        part: &Part,
        others: Others<'_>,
        buffers: &mut Buffers,
    ) -> Verdict {
        let facts = match self.disk.look(row.path) {
            Ok(facts) => facts,
            Err(error) if is_absence(&error) => return Verdict::of(What::Missing),
            Err(error) => return Verdict::unreadable(&error),
        };
        if facts.file_type != row.file_type {
            return Verdict::of(What::Type { found: facts.file_type, demanded: row.file_type });
        }
        let mut verdict = Verdict::default();
        if part.is_first {
            self.judge_metadata(row, &facts, &mut verdict.whats);
            self.judge_links(row, &facts, first_name, &mut verdict.whats);
        }
        let is_known = first_name
            .is_some_and(|first| self.disk.look(first).is_ok_and(|other| other.is_same_file(&facts) == Some(true)));
        match (&row.recipe, &row.target) {
            (Some(recipe), _) if !is_known => {
                self.judge_bytes(row.path, recipe, facts.size, part, others, buffers, &mut verdict);
            }
            (None, Some(target)) => match self.disk.target(row.path) {
                Ok(found) if found == *target => {}
                Ok(found) => verdict.whats.push(What::Target { found, demanded: target.clone() }),
                Err(error) => verdict.whats.push(What::Unreadable { error: error.to_string() }),
            },
            _ => {}
        }
        verdict
    }

    fn judge_metadata(&self, row: &Row<'_>, facts: &Facts, whats: &mut Vec<What>) {
        let is_link = row.file_type == "symlink";
        // What the system does not have is no difference.
        if let Some(found) = facts.mode.filter(|&mode| self.options.mode && !is_link && mode != row.mode) {
            whats.push(What::Mode { found, demanded: row.mode });
        }
        if let (Some(found), Some(demanded)) = (facts.owner, row.owner)
            && self.options.owner
            && found != demanded
        {
            whats.push(What::Owner { found, demanded });
        }
        let time_counts = self.options.times && (self.options.dir_times || row.file_type != "directory");
        if time_counts && facts.mtime != row.mtime.seconds {
            whats.push(What::Time { found: facts.mtime, demanded: row.mtime.seconds });
        }
        if facts.device != row.device {
            whats.push(What::Device { found: facts.device, demanded: row.device });
        }
    }

    fn judge_links(&self, row: &Row<'_>, facts: &Facts, first_name: Option<&[u8]>, whats: &mut Vec<What>) {
        if !self.options.links || row.recipe.is_none() {
            return;
        }
        match first_name {
            // That the first name is missing, or something else, is said there.
            Some(first) if self.disk.look(first).is_ok_and(|f| is_other_file(&f, facts)) => {
                whats.push(What::NotLinked { first: first.to_vec() });
            }
            None if facts.names > row.nlink => whats.push(What::Names { found: facts.names, demanded: row.nlink }),
            _ => {}
        }
    }

    /// Judges a part of a file by its recipe alone.
    pub(super) fn judge_named(
        &self,
        path: &[u8],
        recipe: &Recipe,
        part: &Part,
        others: Others<'_>,
        buffers: &mut Buffers,
    ) -> Verdict {
        let mut verdict = Verdict::default();
        match self.disk.open(path).and_then(|file| file.metadata()) {
            Ok(there) => self.judge_bytes(path, recipe, there.len(), part, others, buffers, &mut verdict),
            Err(_) if !part.is_first => {}
            Err(error) => verdict = Verdict::unreadable(&error),
        }
        verdict
    }

    /// Judges size and bytes of a file.
    #[allow(clippy::too_many_arguments, reason = "what a file is, and what it may be")]
    fn judge_bytes(
        &self,
        path: &[u8],
        recipe: &Recipe,
        found: u64,
        part: &Part,
        others: Others<'_>,
        buffers: &mut Buffers,
        verdict: &mut Verdict,
    ) {
        let file = match self.disk.open(path) {
            Ok(file) => file,
            Err(_) if !part.is_first => return,
            Err(error) => return verdict.whats.push(What::Unreadable { error: error.to_string() }),
        };
        let demanded = recipe.bytes();
        if self.options.holes && part.is_first && recipe.kind == Kind::Zero && recipe.edition == 0 {
            verdict.whats.extend(disk::next_data(&file, 0).map(|offset| What::Filled { offset }));
        }
        let range = part.range.start..part.range.end.min(found);
        let (recipe, most) = (*recipe, self.options.lines);
        let demand = Demand { recipe, corpus: self.corpus, tables: &self.tables, others, most };
        let is_whole = part.is_first && range.end == demanded.min(found);
        let wrong = bytes::compare(&file, &demand, range, buffers);
        if is_whole && wrong.unreadable.is_empty() && (!wrong.runs.is_empty() || found != demanded) {
            let is_this = |other: &&Recipe| other.bytes() == found && bytes::holds(&file, other, self.corpus, buffers);
            if let Some(&found) = others.older.iter().find(is_this) {
                return verdict.whats.push(What::Older { found, demanded: recipe });
            }
        }
        if part.is_first {
            match found.cmp(&demanded) {
                std::cmp::Ordering::Less => verdict.whats.push(What::Truncated { found, demanded }),
                std::cmp::Ordering::Greater => verdict.whats.push(What::Longer { found, demanded }),
                std::cmp::Ordering::Equal => {}
            }
        }
        verdict.wrong = wrong;
    }
}

fn is_other_file(one: &Facts, other: &Facts) -> bool {
    one.file_type == "file" && one.is_same_file(other) == Some(false)
}

/// Whether an error says that there is nothing at a path.
pub(super) fn is_absence(error: &io::Error) -> bool {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => true,
        // Of a name that Windows cannot have, it says that nothing is there.
        io::ErrorKind::InvalidFilename => cfg!(windows),
        _ => false,
    }
}
