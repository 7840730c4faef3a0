//! The sizes of a cell's files without looking at each: points that stand for runs of groups.

use crate::dataset::layout::{Cell, Section};
use crate::dataset::{Dataset, Stratum};
use crate::edition::Edit;

/// A cell of so many groups, at most, is looked at group by group.
const EXACT: u64 = 4096;

/// Points for each doubling of the size in larger cells.
const SAMPLES: u64 = 64;

/// Consecutive groups that are taken to have one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    /// Bytes of each file.
    pub(super) size: u64,
    /// How many groups.
    pub(super) groups: u64,
}

/// A cell, and its groups as points.
pub(super) struct CellView<'a> {
    dataset: &'a Dataset,
    pub(super) cell: &'a Cell,
    pub(super) stratum: &'a Stratum,
    /// By size. None of them crosses a power of two, so counts between powers of two are exact.
    pub(super) points: Vec<Point>,
    /// Whether each point's size is that of all its groups.
    pub(super) exact: bool,
    /// Files of a group: several names of one count once, and a symbolic link is none.
    pub(super) files: u64,
    /// How many of these are one byte longer than the others.
    pub(super) longer: u64,
}

impl<'a> CellView<'a> {
    pub(super) fn new(dataset: &'a Dataset, cell: &'a Cell) -> Self {
        let mut view = Self::without_points(dataset, cell);
        view.take_points();
        view
    }

    /// The cell alone, for counts by bisection.
    pub(super) fn without_points(dataset: &'a Dataset, cell: &'a Cell) -> Self {
        let files = match cell.section {
            Section::Symlink(_) => 0,
            Section::HardLinks => 1,
            _ => cell.members,
        };
        let longer = edits(dataset, cell).iter().filter(|&&edit| edit == Edit::Insert).count() as u64;
        let stratum = &dataset.strata()[cell.stratum];
        Self { dataset, cell, stratum, points: Vec::new(), exact: true, files, longer }
    }

    /// Size in bytes of the first file of a group.
    pub(super) fn size(&self, group: u64) -> u64 {
        self.dataset.group_size(self.cell, group)
    }

    /// Groups whose first file has less than this many bytes: by bisection, as sizes never fall.
    pub(super) fn groups_below(&self, size: u64) -> u64 {
        let (mut low, mut high) = (0, self.cell.groups);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.size(middle) < size {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Files with less than this many bytes.
    pub(super) fn files_below(&self, size: u64) -> u64 {
        let longer = if self.longer > 0 { self.groups_below(size.saturating_sub(1)) * self.longer } else { 0 };
        self.groups_below(size) * (self.files - self.longer) + longer
    }

    /// The sum of a function of the size over all groups.
    pub(super) fn sum(&self, of_size: impl Fn(u64) -> u128) -> u128 {
        self.points.iter().map(|point| of_size(point.size) * u128::from(point.groups)).sum()
    }

    fn take_points(&mut self) {
        let mut group = 0;
        if self.cell.groups <= EXACT {
            while group < self.cell.groups {
                self.push(self.size(group), 1);
                group += 1;
            }
            return;
        }
        while group < self.cell.groups {
            let below = 1u64.checked_shl(bin_of(self.size(group))).unwrap_or(u64::MAX);
            let end = self.groups_below(below).max(group + 1);
            self.take_samples(group, end);
            group = end;
        }
    }

    /// Points of the groups from `start` to `end`, whose sizes lie between two powers of two.
    fn take_samples(&mut self, start: u64, end: u64) {
        let (first, last) = (self.size(start), self.size(end - 1));
        if first == last {
            return self.push(first, end - start);
        }
        let samples = (end - start).min(SAMPLES);
        self.exact &= samples == end - start;
        let bound = |i: u64| start + (u128::from(end - start) * u128::from(i) / u128::from(samples)) as u64;
        for i in 0..samples {
            let (from, to) = (bound(i), bound(i + 1));
            self.push(self.size(from + (to - from) / 2), to - from);
        }
    }

    fn push(&mut self, size: u64, groups: u64) {
        match self.points.last_mut() {
            Some(last) if last.size == size => last.groups += groups,
            _ => self.points.push(Point { size, groups }),
        }
    }
}

/// What was done to the files of each group of a cell of near-duplicates, but for the first: the last group of a dataset
/// may have fewer edits than the others, and then has a cell of its own. Nothing for other cells.
pub(super) fn edits<'a>(dataset: &'a Dataset, cell: &Cell) -> &'a [Edit] {
    if cell.section != Section::Near {
        return &[];
    }
    let all = &dataset.spec().near.edits[..];
    &all[..all.len().min(cell.members as usize - 1)]
}

/// Which histogram bin a number falls into: 0 for 0, and `n` for 2^(n−1) to 2^n − 1; at most 64.
pub(super) fn bin_of(number: u64) -> u32 {
    u64::BITS - number.leading_zeros()
}

/// The first number of a bin, and the first behind it; the last bin's end does not fit and becomes the largest number.
pub(super) fn bin_range(bin: u32) -> (u64, u64) {
    let from = if bin == 0 { 0 } else { 1 << (bin - 1) };
    (from, 1u64.checked_shl(bin).unwrap_or(u64::MAX))
}
