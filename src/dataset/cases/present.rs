//! Which cases a platform can have: those with a name that it allows and that no other one takes, of a type that it
//! knows, on a path that it can be asked for.

use std::collections::HashSet;
use std::fmt;

use super::build::{Item, RunOf, What};
use super::{Case, Catalogue, Platform};
use crate::fold::fold;
use crate::units::MAX_SIZE;

/// Why a platform leaves a case out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// Its name is forbidden, as this clause says.
    Name(&'static str),
    /// An earlier entry of its directory has its name, but for case.
    Twin,
    /// There are no files of this type, as this clause says.
    Type(&'static str),
    /// Its path is too long.
    Path,
    /// It lies in a directory that is left out.
    Above,
}

/// As a clause, such as "the name ends in a dot or a space".
impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(why) => write!(f, "the name {why}"),
            Self::Twin => f.write_str("an entry before it has the name in another case"),
            Self::Type(why) => f.write_str(why),
            Self::Path => f.write_str("the path is too long"),
            Self::Above => f.write_str("the directory is"),
        }
    }
}

/// The cases of a catalogue that a platform leaves out.
#[derive(Debug, Default)]
pub(super) struct Absent {
    /// Their numbers, in order.
    numbers: Vec<(u64, LeftOut)>,
    /// Bytes of the others, names of one file counted once; at most 2^63 − 1.
    bytes: u64,
}

impl Absent {
    pub(super) fn new(catalogue: &Catalogue, platform: Platform) -> Self {
        let mut search = Search { catalogue, platform, numbers: Vec::new(), bytes: 0 };
        if !catalogue.is_empty() {
            search.directory();
        }
        search.numbers.sort_unstable_by_key(|&(number, _)| number);
        Self { numbers: search.numbers, bytes: search.bytes.min(MAX_SIZE) }
    }

    fn why(&self, number: u64) -> Option<LeftOut> {
        let at = self.numbers.binary_search_by_key(&number, |&(number, _)| number).ok()?;
        Some(self.numbers[at].1)
    }
}

struct Search<'a> {
    catalogue: &'a Catalogue,
    platform: Platform,
    numbers: Vec<(u64, LeftOut)>,
    bytes: u64,
}

impl Search<'_> {
    /// Goes through all directories, each with the units of its path and whether it is left out.
    fn directory(&mut self) {
        let units = self.units(0);
        let mut waiting = vec![(0, units, false)];
        while let Some((number, units, is_out)) = waiting.pop() {
            let mut taken = HashSet::new();
            let directories = self.catalogue.directories(number);
            for child in (0..directories).filter_map(|place| self.catalogue.directory_at(number, place)) {
                let units = units + self.units(child);
                let is_out = self.leaves_out(child, units, is_out, &mut taken);
                waiting.push((child, units, is_out));
            }
            let Some(directory) = self.catalogue.directory(number) else { continue };
            for (child, item) in (number + 1..).zip(&directory.items) {
                let units = units + self.units(child);
                if !self.leaves_out(child, units, is_out, &mut taken) {
                    self.bytes = self.bytes.saturating_add(bytes_of(item));
                }
            }
            // What follows from its number has a plain name in a directory that every platform can have.
            if let Some(run) = &directory.run {
                let files = if run.of == RunOf::Names { 1 } else { run.count };
                self.bytes = self.bytes.saturating_add(run.size * files);
            }
        }
    }

    /// Units that a name adds to a path, its separator among them.
    fn units(&self, number: u64) -> usize {
        let mut name = Vec::new();
        self.catalogue.write_name(number, &mut name);
        1 + String::from_utf8_lossy(&name).encode_utf16().count()
    }

    /// Whether an entry is left out, which is then kept; else its name is taken.
    fn leaves_out(&mut self, number: u64, units: usize, above: bool, taken: &mut HashSet<Vec<u8>>) -> bool {
        let mut name = Vec::new();
        self.catalogue.write_name(number, &mut name);
        let case = self.catalogue.case(number);
        let why = if above {
            Some(LeftOut::Above)
        } else if let Some(why) = self.platform.forbids(&name) {
            Some(LeftOut::Name(why))
        } else if let Some(why) = case.and_then(|case| self.platform.lacks(&case)) {
            Some(LeftOut::Type(why))
        } else if self.platform.longest_path().is_some_and(|most| units > most) {
            Some(LeftOut::Path)
        } else {
            (self.platform.folds_case() && !taken.insert(fold(&name))).then_some(LeftOut::Twin)
        };
        self.numbers.extend(why.map(|why| (number, why)));
        why.is_some()
    }
}

/// Bytes that an entry adds: none where it is a further name.
pub(super) fn bytes_of(item: &Item) -> u64 {
    if let What::File(_, size) = item.what { size } else { 0 }
}

impl Platform {
    /// Why there are no such files, as a clause.
    fn lacks(self, case: &Case<'_>) -> Option<&'static str> {
        match (self, case.node) {
            (Self::Unix | Self::MacOs, _) => None,
            (Self::Windows, super::Node::Fifo) => Some("it has no FIFOs in file systems"),
            (Self::Windows, super::Node::Socket) => Some("it has no such sockets"),
            (Self::Windows, super::Node::CharDevice(_) | super::Node::BlockDevice(_)) => {
                Some("it has no device nodes in file systems")
            }
            (Self::Windows, super::Node::Symlink(target)) => {
                str::from_utf8(target).is_err().then_some("the target is not UTF-8")
            }
            (Self::Windows, super::Node::Directory | super::Node::File(_)) => None,
        }
    }
}

impl Catalogue {
    fn absent(&self, platform: Platform) -> Option<&Absent> {
        let at = Platform::STRICT.iter().position(|&strict| strict == platform)?;
        Some(self.absent[at].get_or_init(|| Absent::new(self, platform)))
    }

    /// Why a platform leaves a selected case out; `None` where it has it. The first look at a platform takes some
    /// milliseconds.
    pub fn left_out(&self, platform: Platform, number: u64) -> Option<LeftOut> {
        self.absent(platform)?.why(number)
    }

    /// Cases that a platform has: [`Catalogue::len`] without those that it leaves out.
    pub fn len_on(&self, platform: Platform) -> u64 {
        self.len() - self.absent(platform).map_or(0, |absent| absent.numbers.len() as u64)
    }

    /// Bytes of the files that a platform has, names of one file counted once; at most 2^63 − 1.
    pub fn total_bytes_on(&self, platform: Platform) -> u64 {
        self.absent(platform).map_or(self.total_bytes(), |absent| absent.bytes)
    }

    /// How many directories a directory of cases holds on a platform.
    pub fn directories_on(&self, platform: Platform, number: u64) -> u64 {
        let children = (0..self.directories(number)).filter_map(|place| self.directory_at(number, place));
        children.filter(|&child| self.left_out(platform, child).is_none()).count() as u64
    }

    /// What is expected of a program that meets a case, with a note for each platform that leaves it out.
    pub fn expectation(&self, case: &Case<'_>) -> String {
        let mut text = case.expect.to_owned();
        for platform in Platform::STRICT {
            if let Some(why) = self.left_out(platform, case.number) {
                text.push_str(&format!("; left out on {}, as {why}", platform.name()));
            }
        }
        text
    }
}
