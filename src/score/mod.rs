//! What a duplicate scanner reported, compared with the truth.
//!
//! # Groups
//! A *true group* is all files with the same bytes, two at least. A *reported group* is **right** when all its files
//! have the same bytes, and **wrong** when it mixes contents. A true group is **found** when one reported group holds
//! all of its files, **partly found** when some reported group holds two of them, and otherwise **missed**.
//!
//! # Pairs
//! A group of *n* files is *n*(*n*−1)/2 pairs. Pairs of equal files that share a reported group are true positives,
//! pairs of different files that do are false positives, and pairs of equal files that never do are missed. A true
//! positive counts once, however often it is reported: two files that both stood in groups before do not make a new one.
//! Precision is true positives over all positives, recall is true positives over all pairs of equal files, and F1 is
//! the harmonic mean of both.
//!
//! # What counts
//! - Names of one file (hard links) count once, so that a group of names of a single file is no group. With
//!   [`Options::hard_links`] every name counts.
//! - Empty files, most scanners' default being to skip them, only with [`Options::empty`]. Without it a group of empty
//!   files is left out on both sides; one that mixes them with others is still wrong.
//! - Symbolic links never.
//! - A path that the tree does not have is unknown: it is shown, and the rest of its group is judged without it. A path
//!   that was reported before is shown as well.
//!
//! Time is that of reading the report and of going through the groups of the truth, not through its files.

mod fclones;
mod fdupes;
mod group;
mod jdupes;
mod json;
mod lines;
mod rdfind;
mod report;
mod rmlint;
mod root;
mod tally;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

pub use group::{Class, Reason};
use group::{Member, classes};
pub use lines::Lines;
pub use report::{Paths, Report, ReportError, Tool};
pub use root::Root;
pub use tally::{Fraction, Summary, pairs};

use crate::truth::{Group, Truth};

/// What counts, and how much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Names of one file count as files of their own.
    pub hard_links: bool,
    /// Empty files count.
    pub empty: bool,
    /// Most paths shown of each set of equal files.
    pub shown: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { hard_links: false, empty: false, shown: 10 }
    }
}

/// Something in which report and truth differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding<'a> {
    /// A path of the report that the tree does not have, as the scanner wrote it.
    Unknown {
        /// Number of the group in the report, from 1.
        group: u64,
        /// The path.
        path: &'a [u8],
    },
    /// A path of the tree that was reported before.
    Repeated {
        /// Number of the group in the report, from 1, where it stands again.
        group: u64,
        /// The path, relative to the root.
        path: &'a [u8],
    },
    /// A reported group that mixes contents.
    Wrong {
        /// Number of the group in the report, from 1.
        group: u64,
        /// Its files by their content, the most frequent first.
        classes: &'a [Class],
    },
    /// A true group that no reported group holds as a whole.
    Missed {
        /// The group.
        truth: Group,
        /// Its files that count.
        files: u64,
        /// Most of them that one reported group holds: 0, or 2 and more where the group is partly found.
        found: u64,
        /// Some of its paths: of a missed group any, of a partly found one those that were never reported.
        paths: Vec<Vec<u8>>,
    },
}

/// What was reported of one content.
#[derive(Debug, Default)]
struct Found {
    /// Most files in one reported group.
    most: u64,
    /// Pairs of equal files.
    pairs: u128,
}

struct Scorer<'p, 't, 'v, T: ?Sized, E> {
    truth: &'t T,
    options: Options,
    visit: &'v mut dyn FnMut(Finding<'_>) -> Result<(), E>,
    /// Paths relative to the root that were reported, and the last group in which they were.
    paths: HashMap<Cow<'p, [u8]>, u64>,
    /// Files that were reported.
    inodes: HashSet<u64>,
    found: HashMap<u64, Found>,
    summary: Summary,
}

/// Compares a report with the truth: every difference goes to `visit`, first those in the report's order, then those in
/// the truth's. `root` is where the paths of the report start.
///
/// # Errors
/// The first one of `visit`, which ends the comparison.
pub fn score<T: Truth + ?Sized, E>(
    truth: &T,
    report: Report<'_>,
    root: &Root,
    options: Options,
    visit: &mut dyn FnMut(Finding<'_>) -> Result<(), E>,
) -> Result<Summary, E> {
    let groups = report.groups(&|path| root.relative(path).is_some_and(|path| truth.fact(&path).is_some()));
    let mut scorer = Scorer {
        truth,
        options,
        visit,
        paths: HashMap::new(),
        inodes: HashSet::new(),
        found: HashMap::new(),
        summary: Summary::default(),
    };
    for (number, group) in (1..).zip(&groups) {
        scorer.reported(number, group, root)?;
    }
    scorer.missed()?;
    Ok(scorer.summary)
}

/// Where the paths of a report start: the directory below which the truth knows the most of them.
pub fn find_root<T: Truth + ?Sized>(truth: &T, report: &Report<'_>) -> Option<Root> {
    Root::find(report.beginnings(), &|path| truth.fact(path).is_some())
}

impl<'p, T: Truth + ?Sized, E> Scorer<'p, '_, '_, T, E> {
    fn reported(&mut self, number: u64, paths: &'p Paths<'_>, root: &Root) -> Result<(), E> {
        self.summary.reported_groups += 1;
        self.summary.reported_paths += paths.len() as u64;
        let mut members = self.members(number, paths, root)?;
        let classes = classes(&mut members, self.options);
        let counts = |class: &Class| class.size > 0 || self.options.empty;
        let files: u64 = classes.iter().map(|class| class.files).sum();
        for class in classes.iter().filter(|class| counts(class)) {
            let found = self.found.entry(class.content).or_default();
            found.most = found.most.max(class.files);
            found.pairs += pairs(class.files) - pairs(class.files - class.new);
        }
        if classes.len() > 1 {
            let inside: u128 = classes.iter().map(|class| pairs(class.files)).sum();
            self.summary.wrong_groups += 1;
            self.summary.false_pairs = self.summary.false_pairs.saturating_add(pairs(files) - inside);
            (self.visit)(Finding::Wrong { group: number, classes: &classes })?;
        } else if files >= 2 && classes.iter().all(counts) {
            self.summary.right_groups += 1;
        } else {
            self.summary.ignored_groups += 1;
        }
        Ok(())
    }

    /// The files of a reported group that the truth knows; a path that stands in it twice, once.
    fn members(&mut self, number: u64, paths: &'p Paths<'_>, root: &Root) -> Result<Vec<Member<'p>>, E> {
        let mut members = Vec::new();
        for (at, reported) in paths.iter().enumerate() {
            let known = root.relative(reported).and_then(|path| Some((self.truth.fact(&path)?, path)));
            let Some((fact, path)) = known else {
                self.summary.unknown_paths += 1;
                (self.visit)(Finding::Unknown { group: number, path: reported })?;
                continue;
            };
            if fact.symlink {
                self.summary.symlinks += 1;
                continue;
            }
            let before = self.paths.insert(path.clone(), number);
            if before.is_some() {
                self.summary.repeated_paths += 1;
                (self.visit)(Finding::Repeated { group: number, path: &path })?;
            }
            let is_new_file = self.inodes.insert(fact.ino);
            if before != Some(number) {
                let is_new = if self.options.hard_links { before.is_none() } else { is_new_file };
                members.push(Member { fact, at, path, is_new });
            }
        }
        Ok(members)
    }

    /// Goes through the true groups for those that were not found.
    fn missed(&mut self) -> Result<(), E> {
        let mut result = Ok(());
        let truth = self.truth;
        truth.groups(&mut |group| match self.true_group(group) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                result = Err(error);
                ControlFlow::Break(())
            }
        });
        result
    }

    fn true_group(&mut self, group: Group) -> Result<(), E> {
        let files = if self.options.hard_links { group.names } else { group.inodes };
        if files < 2 || (group.size == 0 && !self.options.empty) {
            return Ok(());
        }
        let (most, true_pairs) = self.found.get(&group.content).map_or((0, 0), |found| (found.most, found.pairs));
        let summary = &mut self.summary;
        summary.true_groups += 1;
        summary.true_pairs = summary.true_pairs.saturating_add(true_pairs);
        summary.missed_pairs = summary.missed_pairs.saturating_add(pairs(files).saturating_sub(true_pairs));
        if most >= files {
            summary.found_groups += 1;
            return Ok(());
        }
        let found = if most >= 2 { most } else { 0 };
        let count = if found > 0 { &mut summary.partly_found_groups } else { &mut summary.missed_groups };
        *count += 1;
        let paths = self.unreported(group.content, found > 0);
        (self.visit)(Finding::Missed { truth: group, files, found, paths })
    }

    /// Some paths of a true group, one a file where names of one file count once; with `only_new` those that were never
    /// reported.
    fn unreported(&self, content: u64, only_new: bool) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        let mut inodes = HashSet::new();
        self.truth.members(content, &mut |path, fact| {
            let links = self.options.hard_links;
            let is_reported = if links { self.paths.contains_key(path) } else { self.inodes.contains(&fact.ino) };
            if !(only_new && is_reported) && (links || inodes.insert(fact.ino)) {
                out.push(path.to_vec());
            }
            if out.len() < self.options.shown { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        out
    }
}

/// A path as it can be shown on one line: control characters, backslashes and bytes that are no UTF-8 as `\n`, `\x1b`.
pub fn shown(path: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = str::from_utf8(path)
        && !text.chars().any(|c| c.is_control() || c == '\\')
    {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    for chunk in path.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() || c == '\\' { out.extend(c.escape_default()) } else { out.push(c) }
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    Cow::Owned(out)
}
