//! What was observed, as figures.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Place;
use super::picture::{Picture, SIZE_LIMITS, Step};
use crate::stats::Op;
use crate::trace::Totals;
use crate::vfs::Ino;

/// Most files that are named.
const MAX_NAMED: usize = 10;

/// What was touched of the files of one [`Place`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Touched {
    /// Files that were opened or read.
    pub files: u64,
    /// Bytes that were read, each counted once.
    pub bytes: u64,
    /// Bytes that were read, each as often as it was.
    pub read_bytes: u64,
}

/// How many reads asked for how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SizeClass {
    /// Most bytes of the class, more than the class before; `None` for the last one.
    pub up_to: Option<u64>,
    /// Reads in it.
    pub reads: u64,
}

/// One of the files that most bytes were read of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopFile {
    /// Its path from the root, what is not UTF-8 replaced; `inode N` where it has none.
    pub path: String,
    /// Bytes that were read, each as often as it was.
    pub bytes: u64,
    /// By how many that figure may be too large.
    pub over: u64,
}

/// What a client did, in figures.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Observed {
    /// Requests by kind, but for those about the control directory.
    pub requests: BTreeMap<String, u64>,
    /// Those of them that failed.
    pub failed: BTreeMap<String, u64>,
    /// Milliseconds from 1970 to the first time that a file was opened or read.
    pub first_access: Option<u64>,
    /// The same for the last time.
    pub last_access: Option<u64>,
    /// What was touched, by `listed` and `unlisted`.
    pub touched: BTreeMap<String, Touched>,
    /// Whether the numbers of files are exact.
    pub files_exact: bool,
    /// Whether the numbers of bytes are exact.
    pub bytes_exact: bool,
    /// Files that the dataset lists, where that is known.
    pub listed_files: Option<u64>,
    /// Bytes of these files, where that is known.
    pub listed_bytes: Option<u64>,
    /// Reads by where they start, beside where the one before in the same file ended.
    pub steps: BTreeMap<String, u64>,
    /// Listed files that were new, behind the new one before in the order of the listing.
    pub files_forward: u64,
    /// The same, before that one.
    pub files_backward: u64,
    /// Reads by their size.
    pub sizes: Vec<SizeClass>,
    /// Bytes that all these reads asked for.
    pub asked_bytes: u64,
    /// The files that most was read of, the first one first.
    pub top: Vec<TopFile>,
    /// Requests that came too fast to be looked at.
    pub dropped: u64,
    /// The trace that is written, if there is one.
    pub trace: Option<Totals>,
}

impl Observed {
    /// The figures of a picture that began `started` milliseconds after 1970; `paths` names files.
    pub fn of(picture: &Picture, started: u64, paths: impl Fn(Ino) -> Option<Vec<u8>>) -> Self {
        let by_op = |counts: &[u64]| Op::ALL.iter().zip(counts).map(|(op, &n)| (op.name().to_owned(), n)).collect();
        let access = |micros: u64| started.saturating_add(micros / 1000);
        let touched = |place: Place| Touched {
            files: picture.files(place).count,
            bytes: picture.bytes(place).count,
            read_bytes: picture.read_bytes(place),
        };
        let limits = SIZE_LIMITS.iter().copied().map(Some).chain([None]);
        let classes = limits.zip(picture.sizes);
        Self {
            requests: by_op(&picture.requests),
            failed: by_op(&picture.failed),
            first_access: picture.first_and_last.map(|(first, _)| access(first)),
            last_access: picture.first_and_last.map(|(_, last)| access(last)),
            touched: Place::ALL.into_iter().map(|place| (place.name().to_owned(), touched(place))).collect(),
            files_exact: picture.files(Place::Listed).exact,
            bytes_exact: picture.bytes(Place::Listed).exact,
            steps: Step::ALL.into_iter().map(|s| (s.name().to_owned(), picture.steps[s as usize])).collect(),
            files_forward: picture.files_forward,
            files_backward: picture.files_backward,
            sizes: classes.map(|(up_to, reads)| SizeClass { up_to, reads }).collect(),
            asked_bytes: picture.asked_bytes,
            top: top(picture, paths),
            ..Self::default()
        }
    }

    /// What was touched of the files of a place.
    pub fn touched(&self, place: Place) -> Touched {
        self.touched.get(place.name()).copied().unwrap_or_default()
    }

    /// The same of all files.
    pub fn touched_in_all(&self) -> Touched {
        Place::ALL.into_iter().map(|place| self.touched(place)).fold(Touched::default(), |sum, one| Touched {
            files: sum.files.saturating_add(one.files),
            bytes: sum.bytes.saturating_add(one.bytes),
            read_bytes: sum.read_bytes.saturating_add(one.read_bytes),
        })
    }

    /// How often each byte that was read was read on average; `None` where nothing was.
    pub fn amplification(&self) -> Option<f64> {
        let all = self.touched_in_all();
        (all.bytes > 0).then(|| all.read_bytes as f64 / all.bytes as f64)
    }

    /// The part of the reads behind the first of each file that start where the one before ended; `None` where there
    /// were none.
    pub fn sequential(&self) -> Option<f64> {
        let step = |step: Step| self.steps.get(step.name()).copied().unwrap_or(0) as f64;
        let all = step(Step::Next) + step(Step::Ahead) + step(Step::Back);
        (all > 0.0).then(|| step(Step::Next) / all)
    }

    /// The part of the files that lie, in the listing, behind the file that was new before; `None` where there were no
    /// two files.
    pub fn in_listing_order(&self) -> Option<f64> {
        let all = self.files_forward as f64 + self.files_backward as f64;
        (all > 0.0).then(|| self.files_forward as f64 / all)
    }
}

/// Two numbers may have been those of one name at different times; it is named once.
fn top(picture: &Picture, paths: impl Fn(Ino) -> Option<Vec<u8>>) -> Vec<TopFile> {
    let mut files: Vec<TopFile> = Vec::new();
    for (ino, weight) in picture.top(MAX_NAMED) {
        let path = paths(Ino(ino)).map(|path| String::from_utf8_lossy(&path).into_owned());
        let path = path.unwrap_or_else(|| format!("inode {ino}"));
        match files.iter_mut().find(|file| file.path == path) {
            Some(known) => {
                known.bytes = known.bytes.saturating_add(weight.bytes);
                known.over = known.over.saturating_add(weight.over);
            }
            None => files.push(TopFile { path, bytes: weight.bytes, over: weight.over }),
        }
    }
    files.sort_by_key(|file| std::cmp::Reverse(file.bytes));
    files
}
