//! What the threads do: rows of some entries, or a piece of a large file.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use blake3::hazmat::ChainingValue;

use super::digest::{Algorithm, Digest, Hasher};
use super::pieces::{self, PIECE};
use super::{Manifest, OnProgress};
use crate::Recipe;
use crate::content::SyntheticFile;
use crate::dataset::{At, Entry, Listed};

/// Entries that are looked at together.
const LOOKED_AT: u64 = 4096;
/// Most entries of a job: enough to hide the hand-over.
const MOST_ENTRIES: u64 = 256;
/// A job is full when its files have this many bytes: few enough that threads rarely wait for the last of them.
const FULL: u64 = 1 << 20;
/// Bytes that are made and hashed at a time: they stay in the second-level cache in between.
const BLOCK: usize = 128 << 10;

/// What one thread does at a time.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Job {
    /// The rows of these entries.
    Rows(Range<u64>),
    /// One piece of the file at this entry.
    Piece(u64, Recipe, u64),
}

/// What became of a job.
pub(super) enum Made {
    Rows(Vec<u8>),
    Piece(ChainingValue),
    LastPiece(u64, ChainingValue),
}

/// Entries cut into jobs, in order, each with its weight for the pipeline: its rows.
pub(super) struct Jobs<'a> {
    at: At<'a>,
    left: Range<u64>,
    splits: bool,
    cut: VecDeque<Cut>,
}

enum Cut {
    Rows(Range<u64>),
    /// A file in pieces, from this one on.
    Large(u64, Recipe, u64),
}

impl<'a> Jobs<'a> {
    pub(super) fn new(at: At<'a>, entries: Range<u64>, algorithm: Algorithm) -> Self {
        // In later generations one number may count several entries, and a piece is told by the number alone.
        let splits = algorithm == Algorithm::Blake3 && at.generation() == 0;
        Self { at, left: entries, splits, cut: VecDeque::new() }
    }

    /// Cuts the next entries by their number and their bytes.
    fn cut(&mut self) {
        let (cut, splits) = (&mut self.cut, self.splits);
        let end = self.left.end.min(self.left.start + LOOKED_AT);
        let mut last = self.left.start;
        // The job that is being filled.
        let (mut start, mut bytes) = (self.left.start, 0u64);
        let Ok(()) = self.at.walk_numbered(self.left.start..end, |entry, visited, _path| {
            // Entries of one number stay together.
            if entry > last && (bytes >= FULL || entry - start >= MOST_ENTRIES) {
                cut.push_back(Cut::Rows(start..entry));
                (start, bytes) = (entry, 0);
            }
            last = entry;
            let file = match visited {
                Entry::Listed(_, Listed::File(file)) => Some((file.recipe, file.size)),
                Entry::Case(case) => case.recipe().map(|recipe| (recipe, recipe.bytes())),
                Entry::Folder(_) | Entry::Listed(_, Listed::Symlink(_)) => None,
            };
            match file {
                Some((recipe, size)) if splits && size > PIECE => {
                    cut.extend([Cut::Rows(start..entry), Cut::Large(entry, recipe, 0)]);
                    (start, bytes) = (entry + 1, 0);
                }
                Some((_, size)) => bytes = bytes.saturating_add(size),
                None => {}
            }
            Ok::<(), Infallible>(())
        });
        cut.push_back(Cut::Rows(start..end));
        self.left.start = end;
    }
}

impl Iterator for Jobs<'_> {
    type Item = (u64, Job);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.cut.front_mut() {
                None if self.left.is_empty() => return None,
                None => self.cut(),
                Some(Cut::Large(entry, recipe, number)) => {
                    let job = Job::Piece(*entry, *recipe, *number);
                    *number += 1;
                    if *number == pieces::count(recipe.bytes()) {
                        self.cut.pop_front();
                    }
                    return Some((1, job));
                }
                Some(Cut::Rows(entries)) => {
                    let entries = entries.clone();
                    self.cut.pop_front();
                    if !entries.is_empty() {
                        return Some((entries.end - entries.start, Job::Rows(entries)));
                    }
                }
            }
        }
    }
}

/// What one thread needs to do jobs.
pub(super) struct Maker<'a> {
    manifest: &'a Manifest<'a>,
    stop: &'a AtomicBool,
    progress: OnProgress<'a>,
    block: Vec<u8>,
}

impl<'a> Maker<'a> {
    /// It gives up in the middle of a file once `stop` is set.
    pub(super) fn new(manifest: &'a Manifest<'a>, stop: &'a AtomicBool, progress: OnProgress<'a>) -> Self {
        Self { manifest, stop, progress, block: vec![0; BLOCK] }
    }

    pub(super) fn make(&mut self, job: Job) -> io::Result<Made> {
        match job {
            Job::Rows(entries) => {
                let mut text = Vec::new();
                self.manifest.push_rows(entries.clone(), &mut text, |recipe| self.digest(recipe))?;
                (self.progress)(entries.end - entries.start, 0);
                Ok(Made::Rows(text))
            }
            Job::Piece(entry, recipe, number) => self.piece(entry, &recipe, number),
        }
    }

    /// The digest of a file.
    pub(super) fn digest(&mut self, recipe: &Recipe) -> io::Result<Digest> {
        let mut hasher = Hasher::new(self.manifest.algorithm);
        self.feed(recipe, 0..recipe.bytes(), |bytes| hasher.update(bytes))?;
        Ok(hasher.finish())
    }

    fn piece(&mut self, entry: u64, recipe: &Recipe, number: u64) -> io::Result<Made> {
        let start = number * PIECE;
        let end = recipe.bytes().min(start + PIECE);
        let value = pieces::chaining_value(number, |hasher| {
            self.feed(recipe, start..end, |bytes| {
                hasher.update(bytes);
            })
        })?;
        if end < recipe.bytes() {
            return Ok(Made::Piece(value));
        }
        (self.progress)(1, 0);
        Ok(Made::LastPiece(entry, value))
    }

    /// Makes a part of a file, a block at a time.
    fn feed(&mut self, recipe: &Recipe, part: Range<u64>, mut take: impl FnMut(&[u8])) -> io::Result<()> {
        let file = SyntheticFile::new(*recipe, self.manifest.corpus.clone()).map_err(io::Error::other)?;
        let mut at = part.start;
        while at < part.end {
            if self.stop.load(Ordering::Relaxed) {
                return Err(io::Error::other("given up"));
            }
            let len = usize::try_from(part.end - at).map_or(BLOCK, |left| left.min(BLOCK));
            file.read_at(at, &mut self.block[..len]);
            take(&self.block[..len]);
            at += len as u64;
            (self.progress)(0, len as u64);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dataset::{Dataset, Spec};

    proptest! {
        #[test]
        fn jobs_cover_the_entries_in_order(
            files in 0u64..9000, dirs in 0u64..900, large in 1u64..12, start in 0u64..2000, splits: bool,
        ) {
            let text = format!("files={files},dirs={dirs},size=uniform:0-{}", large * PIECE / 2);
            let dataset = Dataset::new(Spec::parse(&text).unwrap()).unwrap();
            let all = dataset.shape().entries();
            let algorithm = if splits { Algorithm::Blake3 } else { Algorithm::Sha256 };
            let mut place = (start.min(all), 0);
            for (weight, job) in Jobs::new(dataset.at_start(), place.0..all, algorithm) {
                match job {
                    Job::Rows(entries) => {
                        prop_assert_eq!((entries.start, 0), place);
                        prop_assert!((1..=MOST_ENTRIES).contains(&weight) && weight == entries.end - entries.start);
                        place = (entries.end, 0);
                    }
                    Job::Piece(entry, recipe, number) => {
                        prop_assert!(splits && recipe.bytes() > PIECE);
                        prop_assert_eq!((entry, number), place);
                        let is_last = (number + 1) * PIECE >= recipe.bytes();
                        place = if is_last { (entry + 1, 0) } else { (entry, number + 1) };
                    }
                }
            }
            prop_assert_eq!(place, (all, 0));
        }
    }
}
