//! How large the files are.

use serde::Serialize;

use super::cells::{CellView, bin_of, bin_range};
use crate::dataset::Dataset;

/// Sizes of the regular files, several names of one counted once.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SizeSummary {
    /// Bytes of all files.
    pub bytes: u128,
    /// Whether that, and the bytes of each bin, is exact; else it is a sum of samples, to much better than 1 %. All
    /// counts are exact in any case.
    pub bytes_exact: bool,
    /// Bytes of a file on average, 0 where there is none.
    pub mean: f64,
    /// Half of the files, rounded up, have at most so many bytes.
    pub median: u64,
    /// Bytes of the largest file.
    pub largest: u64,
    /// Files by their size, from the smallest to the largest that there is.
    pub histogram: Vec<SizeBin>,
}

/// Files of 0 bytes, or from a power of two to just below the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SizeBin {
    /// Bytes of a file, at least.
    pub from: u64,
    /// Bytes that a file stays below.
    pub below: u64,
    /// How many files there are.
    pub files: u64,
    /// Bytes of these files.
    pub bytes: u128,
}

/// Adds up the sizes of cells.
pub(super) struct SizeCounter {
    bins: Vec<(u64, u128)>,
    exact: bool,
    largest: u64,
}

impl SizeCounter {
    pub(super) fn new() -> Self {
        Self { bins: vec![(0, 0); 65], exact: true, largest: 0 }
    }

    pub(super) fn add(&mut self, view: &CellView<'_>) {
        self.exact &= view.exact || view.files == 0;
        for point in &view.points {
            for (files, size) in [(view.files - view.longer, point.size), (view.longer, point.size + 1)] {
                if files > 0 {
                    let (count, bytes) = &mut self.bins[bin_of(size) as usize];
                    *count += files * point.groups;
                    *bytes += u128::from(size) * u128::from(files * point.groups);
                }
            }
        }
        if view.files > 0 && view.cell.groups > 0 {
            self.largest = self.largest.max(view.size(view.cell.groups - 1) + view.longer.min(1));
        }
    }

    pub(super) fn files(&self) -> u64 {
        self.bins.iter().map(|&(files, _)| files).sum()
    }

    pub(super) fn empty(&self) -> u64 {
        self.bins[0].0
    }

    pub(super) fn bytes(&self) -> u128 {
        self.bins.iter().map(|&(_, bytes)| bytes).sum()
    }

    pub(super) fn finish(self, dataset: &Dataset) -> SizeSummary {
        let (files, bytes) = (self.files(), self.bytes());
        let used: Vec<usize> = (0..self.bins.len()).filter(|&bin| self.bins[bin].0 > 0).collect();
        let used = used.first().zip(used.last()).map_or(0..0, |(&first, &last)| first..last + 1);
        let histogram = used.map(|bin| {
            let (from, below) = bin_range(bin as u32);
            SizeBin { from, below, files: self.bins[bin].0, bytes: self.bins[bin].1 }
        });
        SizeSummary {
            bytes,
            bytes_exact: self.exact,
            mean: if files == 0 { 0.0 } else { bytes as f64 / files as f64 },
            median: self.median(dataset, files.div_ceil(2)),
            largest: self.largest,
            histogram: histogram.collect(),
        }
    }

    /// The smallest size that `wanted` files do not exceed.
    fn median(&self, dataset: &Dataset, wanted: u64) -> u64 {
        let mut before = 0;
        let bin = self.bins.iter().position(|&(files, _)| {
            before += files;
            before >= wanted
        });
        let (mut low, mut high) = bin_range(bin.unwrap_or(0) as u32);
        let cells = dataset.layout().cells();
        let views: Vec<CellView<'_>> = cells.iter().map(|cell| CellView::without_points(dataset, cell)).collect();
        let files_to = |size: u64| -> u64 { views.iter().map(|view| view.files_below(size.saturating_add(1))).sum() };
        high -= 1;
        while low < high {
            let middle = low + (high - low) / 2;
            if files_to(middle) >= wanted {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }
}
