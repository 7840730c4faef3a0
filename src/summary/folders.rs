//! How deep the tree is, and how many files a folder holds: by the arithmetic of a complete tree.

use serde::Serialize;

use super::cells::{bin_of, bin_range};
use crate::dataset::Dataset;
use crate::dataset::shape::{PAGE, Shape, Spread};

/// One level of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Level {
    /// Folders between these and the root: 0 for the root itself.
    pub depth: u64,
    /// Folders at this depth.
    pub folders: u64,
    /// Entries in these folders other than folders.
    pub files: u64,
}

/// Entries of a folder other than folders, the root counted as a folder.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FolderSummary {
    /// Whether the counts are exact; else they are extrapolated from a part of the folders.
    pub exact: bool,
    /// On average.
    pub mean: f64,
    /// In the fullest folder that was looked at.
    pub largest: u64,
    /// Folders without any.
    pub empty: u64,
    /// Folders by their entries.
    pub histogram: Vec<FolderBin>,
}

/// Folders with 0 entries, or from a power of two to just below the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FolderBin {
    /// Entries of a folder, at least.
    pub from: u64,
    /// Entries that a folder stays below.
    pub below: u64,
    /// How many folders there are.
    pub folders: u64,
}

/// The levels from the root down: at most 41, but for a chain, where each folder has a level of its own.
pub(super) fn levels(shape: &Shape) -> Vec<Level> {
    let files_before =
        |folder: u64| if folder < shape.folders() { shape.files_of(folder).start } else { shape.files() };
    let mut levels = Vec::new();
    let mut first = 0;
    while first < shape.folders() {
        let end = shape.children(first).start;
        let files = files_before(end) - files_before(first);
        levels.push(Level { depth: levels.len() as u64, folders: end - first, files });
        first = end;
    }
    levels
}

/// Pages that are looked at where folders differ.
const PAGES: u64 = 64;

/// Folders by their number of entries.
#[derive(Default)]
struct Counts {
    bins: Vec<u64>,
    largest: u64,
}

impl Counts {
    fn add(&mut self, entries: u64, folders: u64) {
        if folders == 0 {
            return;
        }
        let bin = bin_of(entries) as usize;
        self.bins.resize(self.bins.len().max(bin + 1), 0);
        self.bins[bin] += folders;
        self.largest = self.largest.max(entries);
    }

    /// A page with so many folders, over which so many files are spread evenly.
    fn add_even(&mut self, files: u64, folders: u64, pages: u64) {
        self.add(files / folders + 1, files % folders * pages);
        self.add(files / folders, (folders - files % folders) * pages);
    }
}

pub(super) fn folders(dataset: &Dataset) -> FolderSummary {
    let shape = dataset.shape();
    let (counts, exact) = match dataset.spec().spread {
        Spread::Even => (even(shape), true),
        Spread::Varied => varied(shape),
    };
    let histogram = counts.bins.iter().enumerate().map(|(bin, &folders)| {
        let (from, below) = bin_range(bin as u32);
        FolderBin { from, below, folders }
    });
    FolderSummary {
        exact,
        mean: shape.files() as f64 / shape.folders() as f64,
        largest: counts.largest,
        empty: counts.bins.first().copied().unwrap_or(0),
        histogram: histogram.collect(),
    }
}

/// Full pages have the same number of files, give or take one; the last may be shorter.
fn even(shape: &Shape) -> Counts {
    let mut counts = Counts::default();
    let (pages, rest) = (shape.folders() / PAGE, shape.folders() % PAGE);
    let before_rest = if rest > 0 { shape.files_of(pages * PAGE).start } else { shape.files() };
    if let Some(files) = before_rest.checked_div(pages) {
        let fuller = before_rest % pages;
        counts.add_even(files + 1, PAGE, fuller);
        counts.add_even(files, PAGE, pages - fuller);
    }
    if rest > 0 {
        counts.add_even(shape.files() - before_rest, rest, 1);
    }
    counts
}

/// Every folder of small trees; of larger ones those of pages at equal distances, and whether that was all.
fn varied(shape: &Shape) -> (Counts, bool) {
    let mut counts = Counts::default();
    let pages = shape.folders().div_ceil(PAGE);
    let looked = pages.min(PAGES);
    let mut seen = 0u64;
    for i in 0..looked {
        let page = (u128::from(pages) * u128::from(i) / u128::from(looked)) as u64;
        for folder in page * PAGE..(page * PAGE + PAGE).min(shape.folders()) {
            let files = shape.files_of(folder);
            counts.add(files.end - files.start, 1);
            seen += 1;
        }
    }
    let scale = |n: &mut u64| *n = (u128::from(*n) * u128::from(shape.folders()) / u128::from(seen)) as u64;
    counts.bins.iter_mut().for_each(scale);
    (counts, looked == pages)
}
