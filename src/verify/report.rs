//! Puts the findings together: those of one path, those that wait for others, and their number.

use std::io;

use serde::Serialize;

use super::bytes::{Unreadable, Wrong};
use super::finding::{Finding, What};
use super::judge::Verdict;
use super::renames::Renames;
use super::{Options, Visit};

/// How much was compared, and what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Summary {
    /// Files, directories and whatever else was demanded; where names alone decide, the files whose names say something.
    pub entries: u64,
    /// Bytes that were demanded of them.
    pub bytes: u64,
    /// Paths with differences, those that are missing, too much or renamed among them.
    pub different: u64,
    /// Paths that are missing.
    pub missing: u64,
    /// Paths that are too much.
    pub extra: u64,
    /// Files that have another name than they should.
    pub renamed: u64,
    /// Paths that could not be read, or not wholly.
    pub unreadable: u64,
    /// Paths that nothing is known of.
    pub not_judged: u64,
    /// Whether so much was missing or too much that renamed files were not looked for among all of it.
    pub renames_given_up: bool,
}

impl Summary {
    /// Whether there is no difference, as far as everything could be read.
    pub fn is_equal(&self) -> bool {
        self.different == 0
    }
}

/// What a thread found in a piece of work.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) entries: u64,
    pub(super) bytes: u64,
    /// Paths with something wrong, in their order.
    pub(super) paths: Vec<(Vec<u8>, Verdict)>,
}

/// Takes what threads found, in order.
pub(super) struct Report<'v> {
    summary: Summary,
    most: usize,
    visit: Visit<'v>,
    /// The path that may go on in the next piece of work.
    current: Option<(Vec<u8>, Verdict)>,
    renames: Option<Renames>,
}

impl<'v> Report<'v> {
    pub(super) fn new(options: &Options, renames: bool, visit: Visit<'v>) -> Self {
        let renames = renames.then(Renames::default);
        Self { summary: Summary::default(), most: options.lines, visit, current: None, renames }
    }

    pub(super) fn take(&mut self, outcome: Outcome) -> io::Result<()> {
        self.summary.entries += outcome.entries;
        self.summary.bytes += outcome.bytes;
        for (path, verdict) in outcome.paths {
            match &mut self.current {
                Some((current, before)) if *current == path => before.append(verdict, self.most),
                _ => {
                    self.flush()?;
                    self.current = Some((path, verdict));
                }
            }
        }
        Ok(())
    }

    /// Tells what waited for all others; `resolve` finds the renamed files among what is missing and too much.
    pub(super) fn finish(mut self, resolve: impl FnOnce(&mut Renames) -> Vec<Finding>) -> io::Result<Summary> {
        self.flush()?;
        if let Some(mut renames) = self.renames.take() {
            self.summary.renames_given_up = renames.is_full();
            let renamed = resolve(&mut renames);
            for finding in renamed.into_iter().chain(renames.into_rest()) {
                self.tell(finding)?;
                self.summary.different += 1;
            }
        }
        Ok(self.summary)
    }

    /// Tells of the path that is complete now.
    fn flush(&mut self) -> io::Result<()> {
        let Some((path, verdict)) = self.current.take() else { return Ok(()) };
        let (mut is_different, mut is_unreadable, mut is_late) = (false, false, false);
        for what in verdict.into_whats() {
            is_unreadable |= what.is_unreadable();
            is_different |= !what.is_unreadable() && what != What::NotJudged;
            let finding = Finding { path: path.clone(), what };
            if self.renames.as_mut().is_some_and(|renames| renames.keep(&finding)) {
                is_late = true;
            } else {
                self.tell(finding)?;
            }
        }
        self.summary.different += u64::from(is_different && !is_late);
        self.summary.unreadable += u64::from(is_unreadable);
        Ok(())
    }

    fn tell(&mut self, finding: Finding) -> io::Result<()> {
        match finding.what {
            What::Missing => self.summary.missing += 1,
            What::Extra => self.summary.extra += 1,
            What::Renamed { .. } => self.summary.renamed += 1,
            What::NotJudged => self.summary.not_judged += 1,
            _ => {}
        }
        (self.visit)(&finding)
    }
}

impl Verdict {
    /// Adds what was found in the part behind this one.
    fn append(&mut self, next: Self, most: usize) {
        self.whats.extend(next.whats);
        self.wrong.append(next.wrong, most);
    }

    fn into_whats(self) -> impl Iterator<Item = What> {
        let Wrong { runs, unreadable } = self.wrong;
        let more = (runs.more > 0).then_some(What::More { runs: runs.more });
        let unreadable = unreadable.into_iter().map(|Unreadable { range, error }| What::UnreadableBytes {
            offset: range.start,
            len: range.end - range.start,
            error,
        });
        self.whats.into_iter().chain(runs.list.into_iter().map(What::Bytes)).chain(more).chain(unreadable)
    }

    pub(super) fn is_clean(&self) -> bool {
        self.whats.is_empty() && self.wrong.runs.is_empty() && self.wrong.unreadable.is_empty()
    }
}

impl Wrong {
    fn append(&mut self, next: Self, most: usize) {
        self.runs.append(next.runs, most);
        for unreadable in next.unreadable {
            match self.unreadable.last_mut() {
                Some(last) if last.range.end == unreadable.range.start && last.error == unreadable.error => {
                    last.range.end = unreadable.range.end;
                }
                _ => self.unreadable.push(unreadable),
            }
        }
    }
}
