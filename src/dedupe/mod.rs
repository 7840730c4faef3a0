//! What deduplication really saves: the files of a dataset are generated, cut into chunks, and the chunks counted that
//! are unlike all others.
//!
//! ```
//! use std::num::NonZero;
//!
//! use seedfs::content::Corpus;
//! use seedfs::dataset::{Dataset, Spec};
//! use seedfs::dedupe::Deduper;
//!
//! let dataset = Dataset::new(Spec::parse("files=100,size=64KiB,duplicates=20")?)?;
//! let deduper = Deduper { dataset: &dataset, corpus: &Corpus::builtin(), chunker: "fixed:4K".parse()? };
//! let report = deduper.run(0..100, NonZero::<usize>::MIN, &|_, _| ());
//! assert_eq!((report.bytes, report.unique_bytes), (100 << 16, 80 << 16));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod chunker;
mod chunks;

use std::num::NonZero;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use crate::content::{Corpus, SyntheticFile};
use crate::dataset::layout::Section;
use crate::dataset::{Dataset, Listed};
use crate::recipe::{Kind, Recipe};
use chunker::Cutter;
pub use chunker::{Chunker, ChunkerError};
use chunks::{Digest, FileDigest, Seen, digest};

/// What is looked at, and how it is cut.
pub struct Deduper<'a> {
    /// The files.
    pub dataset: &'a Dataset,
    /// What their contents are made of.
    pub corpus: &'a Arc<Corpus>,
    /// How they are cut.
    pub chunker: Chunker,
}

/// What was found. Several names of one file count once, symbolic links not at all.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// The chunker, with all its sizes.
    pub chunker: String,
    /// Files that were looked at.
    pub files: u64,
    /// Their bytes.
    pub bytes: u128,
    /// Chunks that they were cut into.
    pub chunks: u128,
    /// Files that are unlike all others.
    pub unique_files: u64,
    /// Chunks that are unlike all others.
    pub unique_chunks: u64,
    /// Bytes of these chunks: what a store would keep.
    pub unique_bytes: u128,
    /// Bytes saved because whole files are equal.
    pub saved_by_files: u128,
    /// Bytes saved beyond that because chunks are equal.
    pub saved_by_chunks: u128,
    /// Part of all bytes that is saved, 0 to 1.
    pub share: f64,
    /// All bytes for each byte that is kept; 1 where there are none.
    pub ratio: f64,
}

/// Called with the entries and bytes that have been done since the last call, from any thread.
pub type Progress<'a> = dyn Fn(u64, u64) + Sync + 'a;

/// Bytes that are generated at a time, at least.
const BUFFER: usize = 1 << 20;

/// Holes from this size on are counted without generating them.
const HOLE: u64 = 1 << 20;

impl Deduper<'_> {
    /// Looks at the files with these indices; behind the last there are none. Copies of a file are counted with the
    /// first file of their group, and not generated again, so each file belongs to exactly one of several ranges. What
    /// is unique in a range may occur in another: sums of `unique_bytes` are upper bounds.
    ///
    /// Takes 20 to 40 bytes of memory for each unique chunk and each unique file, and one buffer for each thread. The
    /// report does not depend on the number of threads.
    pub fn run(&self, files: Range<u64>, threads: NonZero<usize>, progress: &Progress<'_>) -> Report {
        let end = files.end.min(self.dataset.shape().files());
        let work = Work { next: AtomicU64::new(files.start), end, chunks: Seen::new(), files: Seen::new(), progress };
        let wanted = end.saturating_sub(files.start).clamp(1, threads.get() as u64);
        let report = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..wanted).map(|_| scope.spawn(|| Worker::new(self, &work).run())).collect();
            let mut sum = Report::default();
            for worker in workers {
                match worker.join() {
                    Ok(part) => sum.add(&part),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            sum
        });
        report.finish(self.chunker)
    }
}

impl Report {
    fn add(&mut self, part: &Report) {
        self.files += part.files;
        self.bytes += part.bytes;
        self.chunks += part.chunks;
        self.unique_files += part.unique_files;
        self.unique_chunks += part.unique_chunks;
        self.unique_bytes += part.unique_bytes;
        self.saved_by_files += part.saved_by_files;
    }

    fn finish(mut self, chunker: Chunker) -> Self {
        let saved = self.bytes - self.unique_bytes;
        self.chunker = chunker.to_string();
        self.saved_by_chunks = saved.saturating_sub(self.saved_by_files);
        self.share = if self.bytes == 0 { 0.0 } else { saved as f64 / self.bytes as f64 };
        self.ratio = if self.unique_bytes == 0 { 1.0 } else { self.bytes as f64 / self.unique_bytes as f64 };
        self
    }
}

/// What the threads share.
struct Work<'a> {
    next: AtomicU64,
    end: u64,
    chunks: Seen,
    files: Seen,
    progress: &'a Progress<'a>,
}

/// One thread.
struct Worker<'a> {
    deduper: &'a Deduper<'a>,
    work: &'a Work<'a>,
    cutter: Cutter,
    buffer: Vec<u8>,
    report: Report,
}

/// A file while it is cut.
#[derive(Default)]
struct Cut {
    digest: FileDigest,
    chunks: u128,
}

impl<'a> Worker<'a> {
    fn new(deduper: &'a Deduper<'a>, work: &'a Work<'a>) -> Self {
        let cutter = Cutter::new(deduper.chunker);
        let buffer = vec![0; BUFFER.max(2 * cutter.max())];
        Self { deduper, work, cutter, buffer, report: Report::default() }
    }

    fn run(mut self) -> Report {
        loop {
            let index = self.work.next.fetch_add(1, Ordering::Relaxed);
            if index >= self.work.end {
                return self.report;
            }
            let copies = self.look_at(index);
            (self.work.progress)(1, copies);
        }
    }

    /// Cuts a file, unless it is counted with the first of its group; returns the bytes that need not be generated.
    fn look_at(&mut self, index: u64) -> u64 {
        let dataset = self.deduper.dataset;
        let place = dataset.place(index);
        let files = match place.cell.section {
            Section::Duplicates => place.cell.members,
            _ => 1,
        };
        let is_equal = matches!(place.cell.section, Section::Duplicates | Section::HardLinks);
        if is_equal && place.member > 0 {
            return 0;
        }
        let Listed::File(file) = dataset.entry(index) else { return 0 };
        self.report.files += files;
        self.report.bytes += u128::from(files) * u128::from(file.size);
        let (cut, skipped) = self.cut(&file.recipe);
        self.report.chunks += cut.chunks * u128::from(files);
        let digest = cut.digest.finish();
        let is_new = self.work.files.add(digest);
        self.report.unique_files += u64::from(is_new);
        self.report.saved_by_files += u128::from(files - u64::from(is_new)) * u128::from(file.size);
        if is_new && self.deduper.chunker == Chunker::File && file.size > 0 {
            self.report.unique_chunks += 1;
            self.report.unique_bytes += u128::from(file.size);
        }
        file.size.saturating_mul(files - 1).saturating_add(skipped)
    }

    /// Cuts one file; tells also how many of its bytes were not generated.
    fn cut(&mut self, recipe: &Recipe) -> (Cut, u64) {
        let mut cut = Cut::default();
        let skipped = if is_hole(recipe) { self.cut_hole(recipe.size, &mut cut) } else { 0 };
        // A recipe of a dataset is always a file.
        let Ok(file) = SyntheticFile::new(*recipe, self.deduper.corpus.clone()) else { return (cut, 0) };
        let mut offset = skipped;
        let (mut start, mut end) = (0, 0);
        loop {
            if end - start < self.cutter.max() && offset < file.len() {
                self.buffer.copy_within(start..end, 0);
                (start, end) = (0, end - start);
                let read = file.read_at(offset, &mut self.buffer[end..]);
                (offset, end) = (offset + read as u64, end + read);
                (self.work.progress)(0, read as u64);
            }
            if start == end {
                break;
            }
            let len = self.cutter.cut(&self.buffer[start..end]);
            let chunk = digest(&self.buffer[start..start + len]);
            self.count(&mut cut, chunk, len, 1);
            start += len;
        }
        if self.deduper.chunker == Chunker::File {
            cut.chunks = u128::from(!file.is_empty());
        }
        (cut, skipped)
    }

    /// Cuts zeros up to where less than the longest chunk is left: all those chunks are equal. Returns their bytes.
    fn cut_hole(&mut self, size: u64, cut: &mut Cut) -> u64 {
        let max = self.cutter.max();
        if size < HOLE.max(max as u64) {
            return 0;
        }
        self.buffer[..max].fill(0);
        let len = self.cutter.cut(&self.buffer[..max]);
        let times = (size - max as u64) / len as u64 + 1;
        let chunk = digest(&self.buffer[..len]);
        self.count(cut, chunk, len, times);
        times * len as u64
    }

    fn count(&mut self, cut: &mut Cut, chunk: Digest, len: usize, times: u64) {
        cut.digest.add(chunk, times);
        cut.chunks += u128::from(times);
        if self.deduper.chunker != Chunker::File && self.work.chunks.add(chunk) {
            self.report.unique_chunks += 1;
            self.report.unique_bytes += len as u128;
        }
    }
}

/// Whether a file reads as zeros from end to end.
fn is_hole(recipe: &Recipe) -> bool {
    let zeros =
        matches!(recipe.kind, Kind::Zero) || matches!(recipe.kind, Kind::Mixed(mixed) if mixed.compress() == 100);
    zeros && recipe.edition == 0
}
