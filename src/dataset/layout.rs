//! The layout: what each file of a dataset is, by its position.
//!
//! A permutation scatters the files over as many positions. The positions are divided into *sections*: files of their
//! own, groups of duplicates by the size of the group, groups of hard links, of near-duplicates, sparse twins, empty
//! files, symbolic links. Each section is divided into *cells*, one for each type of file and part of its distribution
//! of sizes; within a cell the groups follow each other, the smallest files first. So all counts are exact, and what
//! belongs together is found by arithmetic, from either side.

use super::spec::{Groups, Spec, SpecError};
use super::types::Stratum;
use crate::edition::Edit;

/// What the files of a section have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Section {
    /// Files of their own.
    Single,
    /// Groups of files with equal bytes.
    Duplicates,
    /// Groups of names of one file.
    HardLinks,
    /// A file and near-duplicates of it.
    Near,
    /// A file that is a hole, and one of zeros written out.
    Sparse,
    /// Files without bytes.
    Empty,
    /// Symbolic links.
    Symlink(LinkKind),
}

/// Where a symbolic link points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LinkKind {
    /// To another entry, by a relative path.
    Relative,
    /// To another entry, by an absolute path.
    Absolute,
    /// To nothing.
    Dangling,
    /// To itself, or to the directory that it lies in.
    Loop,
}

/// Groups of one section, type and distribution, at consecutive positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// First position.
    pub start: u64,
    /// Groups in it, at least one.
    pub groups: u64,
    /// Groups of the same section and as many files in the cells before it.
    pub before: u64,
    /// Files of a group, at least one.
    pub members: u64,
    /// What they are.
    pub section: Section,
    /// Place in the list of strata.
    pub stratum: usize,
}

impl Cell {
    /// Positions that it takes.
    pub fn names(&self) -> u64 {
        self.groups * self.members
    }
}

/// A position taken apart.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The cell.
    pub cell: &'a Cell,
    /// Group in the cell.
    pub group: u64,
    /// File in the group; 0 is the one that the others are made from.
    pub member: u64,
}

impl Place<'_> {
    /// Position of another file of the same group.
    pub fn position_of(&self, member: u64) -> u64 {
        self.cell.start + self.group * self.cell.members + member
    }

    /// Rank of the group's size within its cell, strictly between 0 and 1.
    #[inline]
    pub fn rank(&self) -> f64 {
        (self.group as f64 + 0.5) / self.cell.groups as f64
    }
}

/// Most pairs of a hole and zeros. Their sizes are all different, so with more of them they would be most of the bytes.
const MAX_SPARSE: u64 = 1024;

/// All cells of a dataset.
#[derive(Debug, Clone)]
pub struct Layout {
    /// By their first position, without gaps.
    cells: Vec<Cell>,
}

impl Layout {
    /// Divides the positions of a spec's files.
    ///
    /// # Errors
    /// The shares of the sections add up to more than all files.
    pub fn new(spec: &Spec, strata: &[Stratum]) -> Result<Self, SpecError> {
        let mut cells = Cells { list: Vec::new(), next: 0, strata };
        let sections = sections(spec);
        let special: u64 = sections.iter().map(|&(_, groups, members)| groups.saturating_mul(members)).sum();
        let Some(single) = spec.files.checked_sub(special) else {
            return Err(SpecError::new(format!(
                "duplicates, hard links, near-duplicates, sparse and empty files and symbolic links make {special} of {} files; \
                 ask for less of them",
                spec.files
            )));
        };
        cells.add(Section::Single, single, 1);
        for (section, groups, members) in sections {
            cells.add(section, groups, members);
        }
        Ok(Self { cells: cells.list })
    }

    /// All of them, by their first position.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Whether all files are alike but for their seeds, so that positions do not matter.
    pub fn is_uniform(&self) -> bool {
        matches!(&self.cells[..], [] | [Cell { section: Section::Single, .. }])
    }

    /// Positions below this one are those of regular files, all others those of symbolic links.
    pub fn regular(&self) -> u64 {
        let links = self.cells.partition_point(|cell| !matches!(cell.section, Section::Symlink(_)));
        self.cells[..links].last().map_or(0, |cell| cell.start + cell.names())
    }

    /// Takes a position apart, which must be below the number of files.
    #[inline]
    pub fn place(&self, position: u64) -> Place<'_> {
        let behind = self.cells.partition_point(|cell| cell.start <= position);
        let cell = &self.cells[behind.saturating_sub(1)];
        let inside = position - cell.start;
        match cell.members {
            1 => Place { cell, group: inside, member: 0 },
            members => Place { cell, group: inside / members, member: inside % members },
        }
    }
}

/// The sections but the first, in the order of their positions: what, groups, files of a group.
fn sections(spec: &Spec) -> Vec<(Section, u64, u64)> {
    let mut sections = Vec::new();
    for (section, groups) in [(Section::Duplicates, &spec.duplicates), (Section::HardLinks, &spec.hardlinks)] {
        sections.extend(deal(groups, spec.files).into_iter().map(|(members, groups)| (section, groups, members)));
    }
    let edits = spec.near.edits.len() as u64;
    let near = spec.near.share.of(spec.files);
    // The last group has but the first edits, so that the share is exact.
    let rest = near.checked_rem(edits).unwrap_or(0);
    sections.push((Section::Near, near.checked_div(edits).unwrap_or(0), edits + 1));
    sections.push((Section::Near, rest.min(1), rest + 1));
    sections.push((Section::Sparse, spec.sparse.of(spec.files).min(MAX_SPARSE), 2));
    sections.push((Section::Empty, spec.empty.of(spec.files), 1));
    let links = &spec.symlinks;
    let total = links.share.of(spec.files);
    let weights = [links.relative, links.absolute, links.dangling, links.loops].map(u64::from);
    let kinds = [LinkKind::Relative, LinkKind::Absolute, LinkKind::Dangling, LinkKind::Loop];
    for (kind, count) in kinds.into_iter().zip(split(total, &weights)) {
        sections.push((Section::Symlink(kind), count, 1));
    }
    sections
}

/// How many groups there are of each size, so that the files beyond the first of each group are exactly as many as
/// asked for: by the weights as far as whole groups go, the rest in the largest groups that fit, at last in one that is
/// smaller than all that were asked for.
fn deal(groups: &Groups, files: u64) -> Vec<(u64, u64)> {
    let copies = groups.share.of(files);
    let mut sizes = groups.sizes.clone();
    sizes.sort_unstable();
    let per_round: u128 = sizes.iter().map(|&(members, weight)| u128::from(members - 1) * u128::from(weight)).sum();
    let mut left = copies;
    let mut dealt: Vec<(u64, u64)> = sizes
        .iter()
        .map(|&(members, weight)| {
            let count = (u128::from(copies) * u128::from(weight)).checked_div(per_round).unwrap_or(0) as u64;
            left -= count * (members - 1);
            (members, count)
        })
        .collect();
    for (members, count) in dealt.iter_mut().rev() {
        *count += left / (*members - 1);
        left %= *members - 1;
    }
    if left > 0 {
        dealt.insert(0, (left + 1, 1));
    }
    dealt
}

/// Splits a number by weights, each part rounded so that the sum is kept; all 0 where the weights are.
pub(super) fn split(total: u64, weights: &[u64]) -> Vec<u64> {
    let sum: u128 = weights.iter().copied().map(u128::from).sum();
    let (mut before, mut weight) = (0, 0);
    weights
        .iter()
        .map(|&w| {
            weight += u128::from(w);
            let until = (2 * u128::from(total) * weight + sum).checked_div(2 * sum).unwrap_or(0) as u64;
            let part = until - before;
            before = until;
            part
        })
        .collect()
}

struct Cells<'a> {
    list: Vec<Cell>,
    next: u64,
    strata: &'a [Stratum],
}

impl Cells<'_> {
    /// Adds a section's cells behind the others, leaving out those without groups.
    fn add(&mut self, section: Section, groups: u64, members: u64) {
        // The type of a link does not matter.
        let weights: Vec<u64> = match section {
            Section::Symlink(_) => vec![1],
            _ => self.strata.iter().map(|stratum| stratum.weight).collect(),
        };
        let mut before = 0;
        for (stratum, groups) in split(groups, &weights).into_iter().enumerate().filter(|&(_, n)| n > 0) {
            let cell = Cell { start: self.next, groups, before, members, section, stratum };
            before += groups;
            self.next += cell.names();
            self.list.push(cell);
        }
    }
}

/// Bytes that a file with near-duplicates has at least, so that each edit finds its byte.
pub(super) const NEAR_MIN: u64 = 20_480;

/// What the file of a group is an edition of: the edit that makes member `member` from the first, if any.
pub(super) fn edit_of(edits: &[Edit], member: u64) -> Option<Edit> {
    let at = usize::try_from(member.checked_sub(1)?).ok()?;
    edits.get(at).copied()
}
