//! Where an interrupted run has to be continued: behind the last complete row of what it has written.
//!
//! Every row that is there is compared with the one that belongs in its place, all but its digest, and the digest of
//! the last file is computed again. So what was written for another dataset, shard, format or hash function is not
//! continued but refused.

use std::io::{self, BufRead, Read};
use std::sync::atomic::AtomicBool;

use super::jobs::Maker;
use super::{Digest, Manifest};
use crate::Recipe;
use crate::listing::Row;

/// Where to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResumePoint {
    /// The first entry whose row is missing.
    pub entry: u64,
    /// Bytes of the complete rows; what lies behind them is a part of a row.
    pub bytes: u64,
}

/// Why what is there cannot be continued.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// This line, counted from 1, is another one.
    #[error("line {0} is not what this manifest has there")]
    Line(u64),
    /// Complete, and something behind it.
    #[error("has more than the {0} lines of this manifest")]
    Longer(u64),
    /// The digest of the last file, in this line, is another one.
    #[error("line {0} has another digest; it may be of another hash function or corpus")]
    Digest(u64),
    /// It cannot be read, or the last file cannot be made.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What ends the comparison: the rows have, or they are wrong.
enum End {
    Found,
    Wrong(ResumeError),
}

impl<E: Into<ResumeError>> From<E> for End {
    fn from(error: E) -> Self {
        Self::Wrong(error.into())
    }
}

impl Manifest<'_> {
    /// Where to go on with what an interrupted run has written, which is read from its start to its end.
    ///
    /// Takes some 0.5 µs for each row, and as long as the last file there takes to be hashed by one thread.
    ///
    /// # Errors
    /// [`ResumeError`] where it is not the beginning of this manifest.
    pub fn resume(&self, existing: impl BufRead) -> Result<ResumePoint, ResumeError> {
        let mut rows = Rows { existing, line: 0, bytes: 0, last_file: None, expected: [vec![], vec![]], found: vec![] };
        let mut point = ResumePoint { entry: self.entries.start, bytes: 0 };
        match self.compare(&mut rows, &mut point) {
            Ok(()) => {
                if !rows.existing.fill_buf()?.is_empty() {
                    return Err(ResumeError::Longer(rows.line));
                }
                point = ResumePoint { entry: self.entries.end, bytes: rows.bytes };
            }
            Err(End::Found) => {}
            Err(End::Wrong(error)) => return Err(error),
        }
        if let Some((line, recipe, digest)) = rows.last_file {
            let stop = AtomicBool::new(false);
            if Maker::new(self, &stop, &|_, _| ()).digest(&recipe)?.to_string().as_bytes() != digest {
                return Err(ResumeError::Digest(line));
            }
        }
        Ok(point)
    }

    /// Compares row after row; `point` is where the first one is missing, once that is found. Entries of one number are
    /// written together.
    fn compare<R: BufRead>(&self, rows: &mut Rows<R>, point: &mut ResumePoint) -> Result<(), End> {
        if point.entry == 0 {
            if !self.entries.is_empty() {
                rows.next(|text, _| self.push_header(text), None)?;
            }
            // The root is not visited.
            *point = ResumePoint { entry: 1, bytes: rows.bytes };
        }
        self.at.walk_numbered(self.entries(), |entry, visited, path| {
            if entry > point.entry {
                *point = ResumePoint { entry, bytes: rows.bytes };
            }
            let row = Row::new(&self.at, visited, path);
            let filled = |byte| row.recipe.map(|_| Digest::filled(self.algorithm, byte));
            rows.next(|text, byte| self.push_row(&row, filled(byte), text), row.recipe)?;
            Ok(())
        })
    }
}

/// The rows that are there, on their way through a comparison.
struct Rows<R> {
    existing: R,
    /// Lines of the rows that were complete and right.
    line: u64,
    /// Their bytes.
    bytes: u64,
    /// Line, recipe and digest of the last of them that has a digest.
    last_file: Option<(u64, Recipe, Vec<u8>)>,
    expected: [Vec<u8>; 2],
    found: Vec<u8>,
}

impl<R: BufRead> Rows<R> {
    /// Compares the next row with what `push` appends, which is given a byte that fills its digest.
    fn next(&mut self, push: impl Fn(&mut Vec<u8>, u8), recipe: Option<Recipe>) -> Result<(), End> {
        // With two digests that differ everywhere, what is the same in both is not the digest.
        for (text, byte) in self.expected.iter_mut().zip([0x00, 0xff]) {
            text.clear();
            push(text, byte);
        }
        let [low, high] = &self.expected;
        self.found.clear();
        self.existing.by_ref().take(low.len() as u64).read_to_end(&mut self.found).map_err(ResumeError::Io)?;
        let mut digest = Vec::new();
        for ((&found, low), high) in self.found.iter().zip(low).zip(high) {
            if low != high && matches!(found, b'0'..=b'9' | b'a'..=b'f') {
                digest.push(found);
            } else if low != high || found != *low {
                return Err(End::Wrong(ResumeError::Line(self.line + 1)));
            }
        }
        if self.found.len() < low.len() {
            return Err(End::Found);
        }
        if !low.is_empty() {
            self.line += low.iter().filter(|&&byte| byte == b'\n').count() as u64;
            self.bytes += low.len() as u64;
            self.last_file = recipe.map(|recipe| (self.line, recipe, digest)).or(self.last_file.take());
        }
        Ok(())
    }
}
