//! Manifests: the digest of every file of a dataset, made by several threads without reading a byte through a mount.
//!
//! A manifest is text, one row after the other in the order of the listing. Each row follows from its entry alone, so
//! that any part can be made anywhere: the shards of several machines are the whole when put together, and what an
//! interrupted run has written is continued behind its last complete row ([`Manifest::resume`]).

mod digest;
mod jobs;
mod pieces;
mod pipeline;
mod resume;
mod rows;

use std::io::{self, Write};
use std::num::NonZero;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::content::Corpus;
use crate::dataset::At;
use crate::shard::Shard;
pub use digest::{Algorithm, Digest};
use jobs::{Jobs, Made, Maker};
pub use resume::{ResumeError, ResumePoint};
pub use rows::{Format, push_sum};

/// Why a manifest was refused: mtree(5) has no keyword for this hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("mtree knows no digest of {}; use sha256 or md5, or another format", .0.name())]
pub struct UnknownToMtree(pub Algorithm);

/// What a manifest is made of.
pub struct Manifest<'a> {
    at: At<'a>,
    corpus: Arc<Corpus>,
    algorithm: Algorithm,
    format: Format,
    entries: Range<u64>,
}

/// What has been done since the last time: entries of the listing, bytes hashed.
pub type OnProgress<'a> = &'a (dyn Fn(u64, u64) + Sync);

impl<'a> Manifest<'a> {
    /// The manifest of one shard of a generation of a dataset whose text is drawn from `corpus`.
    ///
    /// # Errors
    /// [`UnknownToMtree`] for the combinations that mtree has no words for.
    pub fn new(
        at: At<'a>,
        corpus: Arc<Corpus>,
        algorithm: Algorithm,
        format: Format,
        shard: Shard,
    ) -> Result<Self, UnknownToMtree> {
        if format == Format::Mtree && !matches!(algorithm, Algorithm::Sha256 | Algorithm::Md5) {
            return Err(UnknownToMtree(algorithm));
        }
        Ok(Self { at, corpus, algorithm, format, entries: shard.range(at.dataset().entries()) })
    }

    /// The entries of the listing that it covers. Directories have no row where only digests are listed.
    pub fn entries(&self) -> Range<u64> {
        self.entries.clone()
    }

    /// Writes the rows from entry `from` on, by this many threads. Memory stays the same however long it is: rows that
    /// are done ahead of a large file wait for it, 65,536 at most.
    ///
    /// One file is hashed by one thread, except that BLAKE3 lets all threads share a large one.
    ///
    /// # Errors
    /// The first one of `output`, or a file that cannot be made; the rows before it are written.
    pub fn write(
        &self,
        from: u64,
        threads: NonZero<usize>,
        output: &mut (impl Write + ?Sized),
        progress: OnProgress<'_>,
    ) -> io::Result<()> {
        let stop = AtomicBool::new(false);
        let entries = from.max(self.entries.start)..self.entries.end;
        let jobs = Jobs::new(self.at, entries, self.algorithm);
        let mut join = pieces::Join::default();
        let mut text = Vec::new();
        let result = pipeline::in_order(
            threads,
            jobs,
            || Maker::new(self, &stop, progress),
            |maker, job| maker.make(job),
            |results| {
                text.clear();
                let all = results.into_iter().try_for_each(|made| self.append(made?, &mut join, &mut text));
                output.write_all(&text).and(all).inspect_err(|_| stop.store(true, Ordering::Relaxed))
            },
        );
        result.and_then(|()| output.flush())
    }

    /// Appends what one job has made to `text`.
    fn append(&self, made: Made, join: &mut pieces::Join, text: &mut Vec<u8>) -> io::Result<()> {
        match made {
            Made::Rows(rows) => text.extend_from_slice(&rows),
            Made::Piece(value) => join.push(value),
            Made::LastPiece(entry, value) => {
                let digest = join.finish(value);
                self.push_rows(entry..entry + 1, text, |_| Ok::<_, io::Error>(digest))?;
            }
        }
        Ok(())
    }
}
