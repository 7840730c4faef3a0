//! Which files have equal bytes, counted from the layout.

use std::collections::BTreeMap;

use serde::Serialize;

use super::cells::{CellView, Point, edits};
use crate::dataset::Dataset;
use crate::dataset::layout::Section;
use crate::edition::Edit;
use crate::recipe::Kind;

/// Files of equal bytes. Names of one file are no duplicates of each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DuplicateSummary {
    /// Whether these are all. Else there are files that may be equal by chance, of a few bytes or of the kinds
    /// `classic` and `chunks`, which only a look at their bytes tells.
    pub exact: bool,
    /// Groups of two or more equal files, all empty files being one.
    pub groups: u64,
    /// Files beyond the first of each group.
    pub copies: u64,
    /// Bytes of these.
    pub bytes: u128,
    /// Files with several names.
    pub hard_link_groups: u64,
    /// Files of zeros beside a hole of the same size; they are among the groups.
    pub sparse_pairs: u64,
    /// Files that near-duplicates were made of.
    pub near_groups: u64,
    /// Near-duplicates by the edit that made them.
    pub near: Vec<NearSummary>,
}

/// Near-duplicates by one edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NearSummary {
    /// The edit, as datasets spell it.
    pub edit: &'static str,
    /// What such files have in common with the one they were made of.
    pub description: &'static str,
    /// How many there are.
    pub files: u64,
    /// Bytes of these.
    pub bytes: u128,
}

/// Sizes of files of zeros that are told apart; more are taken to be different from all others.
const ZERO_SIZES: usize = 1 << 16;

/// Files of zeros by their size: equal whatever their seeds. The empty files are among them.
#[derive(Default)]
pub(super) struct Zeros {
    sizes: BTreeMap<u64, u64>,
}

impl Zeros {
    fn add(&mut self, size: u64, files: u64) {
        if files > 0 {
            *self.sizes.entry(size).or_default() += files;
        }
    }

    /// Sizes above 0 that occur.
    pub(super) fn sizes(&self) -> impl Iterator<Item = u64> {
        self.sizes.keys().copied().filter(|&size| size > 0)
    }
}

/// Adds up duplicates cell by cell.
pub(super) struct DuplicateCounter {
    sum: DuplicateSummary,
    pub(super) zeros: Zeros,
}

/// Whether files of a kind are all zeros.
pub(super) fn is_zeros(kind: Kind) -> bool {
    matches!(kind, Kind::Zero) || matches!(kind, Kind::Mixed(mixed) if mixed.compress() == 100)
}

impl DuplicateCounter {
    pub(super) fn new(dataset: &Dataset) -> Self {
        let near = |&edit: &Edit| NearSummary { edit: edit.name(), description: edit.describe(), files: 0, bytes: 0 };
        let sum = DuplicateSummary {
            exact: true,
            groups: 0,
            copies: 0,
            bytes: 0,
            hard_link_groups: 0,
            sparse_pairs: 0,
            near_groups: 0,
            near: dataset.spec().near.edits.iter().map(near).collect(),
        };
        Self { sum, zeros: Zeros::default() }
    }

    pub(super) fn add(&mut self, dataset: &Dataset, view: &CellView<'_>) {
        let groups = view.cell.groups;
        match view.cell.section {
            Section::Symlink(_) => return,
            Section::HardLinks => self.sum.hard_link_groups += groups,
            Section::Sparse => self.sum.sparse_pairs += groups,
            Section::Near => self.add_near(edits(dataset, view.cell), view),
            _ => {}
        }
        let kind = view.stratum.kind;
        match view.cell.section {
            Section::Empty => self.zeros.add(0, groups),
            Section::Sparse => self.add_zeros(view),
            Section::Near if is_zeros(kind) => {
                // Edits of equal zeros may be equal.
                self.sum.exact = false;
                self.add_zeros(view);
            }
            _ if is_zeros(kind) => self.add_zeros(view),
            Section::Near => self.sum.exact &= kind.distinct_size().is_some(),
            _ => self.add_plain(dataset, view),
        }
    }

    fn add_near(&mut self, edits: &[Edit], view: &CellView<'_>) {
        self.sum.near_groups += view.cell.groups;
        let bytes = view.sum(u128::from);
        // In the order of the spec, as the edits are.
        for (near, &edit) in self.sum.near.iter_mut().zip(edits) {
            near.files += view.cell.groups;
            let longer = if edit == Edit::Insert { view.cell.groups } else { 0 };
            near.bytes += bytes + u128::from(longer);
        }
    }

    /// Groups of files whose seeds make them different from all others, if they are long enough.
    fn add_plain(&mut self, dataset: &Dataset, view: &CellView<'_>) {
        let empty = view.groups_below(1);
        self.zeros.add(0, empty * view.files);
        let distinct = view.stratum.kind.distinct_size().unwrap_or(u64::MAX);
        let is_doubtful = !view.stratum.is_distinct(dataset.scale()) && view.groups_below(distinct) > empty;
        self.sum.exact &= !is_doubtful;
        if view.files > 1 {
            self.add_copies(view.cell.groups - empty, view.files, view.sum(u128::from));
        }
    }

    fn add_copies(&mut self, groups: u64, files: u64, bytes: u128) {
        self.sum.groups += groups;
        self.sum.copies += groups * (files - 1);
        self.sum.bytes += bytes * u128::from(files - 1);
    }

    /// Files of zeros, size by size.
    fn add_zeros(&mut self, view: &CellView<'_>) {
        let near = view.cell.section == Section::Near;
        let files = if near { 1 } else { view.files };
        let mut group = 0;
        while group < view.cell.groups {
            let size = view.size(group);
            if self.zeros.sizes.len() >= ZERO_SIZES && !self.zeros.sizes.contains_key(&size) {
                let rest = view.points.iter().filter(|point| point.size >= size);
                let bytes = rest.map(|&Point { size, groups }| u128::from(size) * u128::from(groups)).sum();
                self.sum.exact = false;
                return if files > 1 {
                    self.add_copies(view.cell.groups - group, files, bytes)
                };
            }
            let end = view.groups_below(size + 1);
            self.zeros.add(size, (end - group) * files);
            group = end;
        }
    }

    /// The sums, and the files of zeros that went into them.
    pub(super) fn finish(mut self) -> (DuplicateSummary, Zeros) {
        for (&size, &files) in self.zeros.sizes.iter().filter(|&(_, &files)| files > 1) {
            self.sum.groups += 1;
            self.sum.copies += files - 1;
            self.sum.bytes += u128::from(size) * u128::from(files - 1);
        }
        (self.sum, self.zeros)
    }
}
