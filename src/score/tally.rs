//! The figures of a comparison.

use std::fmt;

/// Counts of a comparison; the module [`score`](super) says what is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Groups in the report.
    pub reported_groups: u64,
    /// Paths in the report.
    pub reported_paths: u64,
    /// Reported groups of equal files.
    pub right_groups: u64,
    /// Reported groups that mix contents.
    pub wrong_groups: u64,
    /// Reported groups in which not two files count.
    pub ignored_groups: u64,
    /// Groups of the truth in which two files count.
    pub true_groups: u64,
    /// True groups that one reported group holds as a whole.
    pub found_groups: u64,
    /// True groups of which one reported group holds two files, but none holds all.
    pub partly_found_groups: u64,
    /// True groups of which no two files share a reported group.
    pub missed_groups: u64,
    /// Reported pairs of equal files.
    pub true_pairs: u128,
    /// Reported pairs of different files.
    pub false_pairs: u128,
    /// Pairs of equal files that were not reported.
    pub missed_pairs: u128,
    /// Paths of the report that the tree does not have.
    pub unknown_paths: u64,
    /// Paths of the report that stood in it before.
    pub repeated_paths: u64,
    /// Symbolic links in the report, which are left out.
    pub symlinks: u64,
}

/// An exact share, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fraction {
    /// At most `of`.
    pub part: u128,
    /// Never 0.
    pub of: u128,
}

/// Pairs among so many files.
pub fn pairs(files: u64) -> u128 {
    let files = u128::from(files);
    files * files.saturating_sub(1) / 2
}

impl Fraction {
    fn new(part: u128, of: u128) -> Option<Self> {
        (of > 0).then_some(Self { part, of })
    }

    /// In hundredths of a percent, rounded down, so that only what is complete is 10,000.
    pub fn basis_points(self) -> u16 {
        // Beyond 2^112 the last bits do not show; what is not whole must not become so.
        let shift = 128u32.saturating_sub(self.of.leading_zeros()).saturating_sub(112);
        let points = (self.part >> shift) * 10_000 / (self.of >> shift);
        if self.part < self.of { points.min(9_999) as u16 } else { 10_000 }
    }

    /// From 0 to 1, as near as a floating-point number comes.
    pub fn to_f64(self) -> f64 {
        self.part as f64 / self.of as f64
    }
}

/// As `3/4 = 75.00 %`.
impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let points = self.basis_points();
        write!(f, "{}/{} = {}.{:02} %", self.part, self.of, points / 100, points % 100)
    }
}

impl Summary {
    /// Share of the reported pairs that is right; `None` where none is reported.
    pub fn precision(&self) -> Option<Fraction> {
        Fraction::new(self.true_pairs, self.true_pairs.saturating_add(self.false_pairs))
    }

    /// Share of the pairs of equal files that is reported; `None` where there are none.
    pub fn recall(&self) -> Option<Fraction> {
        Fraction::new(self.true_pairs, self.true_pairs.saturating_add(self.missed_pairs))
    }

    /// Harmonic mean of precision and recall; `None` where nothing is reported and nothing is there.
    pub fn f1(&self) -> Option<Fraction> {
        let twice = self.true_pairs.saturating_mul(2);
        Fraction::new(twice, twice.saturating_add(self.false_pairs).saturating_add(self.missed_pairs))
    }

    /// Whether the report says what the truth says.
    pub fn is_exact(&self) -> bool {
        let same_groups = self.wrong_groups == 0 && self.found_groups == self.true_groups;
        same_groups && self.unknown_paths == 0 && self.repeated_paths == 0
    }
}
