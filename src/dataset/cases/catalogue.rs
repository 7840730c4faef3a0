//! The numbers of the cases, and the way between numbers, names and paths.
//!
//! All cases there are have fixed numbers, directory by directory: first the directory, then its other entries. What is
//! selected is some ranges of them, so that a case keeps its number, its inode and its bytes whatever else is selected.

use std::ops::Range;
use std::sync::OnceLock;

use super::build::{Builder, Directory, Item, Name, Place, Run, RunOf, What};
use super::present::{Absent, bytes_of};
use super::{Case, DIRECTORY, Node, Platform, Tag, Tags};
use crate::fold::fold;
use crate::name;
use crate::recipe::{Kind, Recipe};
use crate::units::MAX_SIZE;

/// The cases of a dataset. Without any it takes no memory and no time.
#[derive(Debug, Default)]
pub struct Catalogue {
    directories: Vec<Directory>,
    /// Numbers of the selected cases, in order.
    selected: Vec<Range<u64>>,
    /// What the seeds are counted down from.
    seed: u64,
    bytes: u64,
    /// What the platforms that forbid anything leave out, found out when first asked for.
    pub(super) absent: [OnceLock<Absent>; Platform::STRICT.len()],
}

/// What a number stands for, and the directory that it belongs to.
enum Entry<'a> {
    Directory(&'a Directory),
    Item(&'a Directory, &'a Item),
    /// Entry so and so of a run.
    Run(&'a Directory, &'a Run, u64),
}

impl Catalogue {
    /// The cases of these tags. The files of a dataset have seeds from `first_seed` on; those of the cases come before.
    pub fn new(tags: Tags, first_seed: u64) -> Self {
        if tags.is_empty() {
            return Self::default();
        }
        let mut builder = Builder::new(DIRECTORY);
        for tag in Tag::ALL {
            match tag {
                Tag::Names => super::names::add(&mut builder),
                Tag::Paths => super::paths::add(&mut builder),
                Tag::Links => super::links::add(&mut builder),
                Tag::Sizes => super::sizes::add(&mut builder),
                Tag::Huge => super::sizes::add_huge(&mut builder),
                Tag::Holes => super::holes::add(&mut builder),
                Tag::Times => super::times::add(&mut builder),
                Tag::Modes => super::modes::add(&mut builder),
                Tag::Special => super::special::add(&mut builder),
                Tag::Directories => super::directories::add(&mut builder),
            }
        }
        let mut directories = builder.finish();
        let is_selected = |directory: &Directory| directory.tag.is_none_or(|tag| tags.contains(tag));
        let mut selected: Vec<Range<u64>> = Vec::new();
        for directory in directories.iter().filter(|directory| is_selected(directory)) {
            let end = directory.first + 1 + directory.entries();
            match selected.last_mut() {
                Some(range) if range.end == directory.first => range.end = end,
                _ => selected.push(directory.first..end),
            }
        }
        let tops = std::mem::take(&mut directories[0].directories);
        directories[0].directories = tops.into_iter().filter(|&top| is_selected(&directories[top])).collect();
        let seed = first_seed.wrapping_sub(1);
        let mut catalogue = Self { directories, selected, seed, ..Self::default() };
        catalogue.bytes = catalogue.count_bytes();
        catalogue
    }

    /// Whether there are no cases.
    pub fn is_empty(&self) -> bool {
        self.directories.is_empty()
    }

    /// Cases, all their directories and the one above them included.
    pub fn len(&self) -> u64 {
        self.selected.iter().map(|range| range.end - range.start).sum()
    }

    /// Bytes of all files, names of one file counted once; at most 2^63 − 1.
    pub fn total_bytes(&self) -> u64 {
        self.bytes
    }

    fn count_bytes(&self) -> u64 {
        let of_run = |run: &Run| run.size * if run.of == RunOf::Names { 1 } else { run.count };
        let selected = self.directories.iter().filter(|directory| self.contains(directory.first));
        let sizes = selected.flat_map(|d| d.items.iter().map(bytes_of).chain(d.run.as_ref().map(of_run)));
        sizes.fold(0u64, u64::saturating_add).min(MAX_SIZE)
    }

    /// Whether a number is that of a selected case.
    pub fn contains(&self, number: u64) -> bool {
        self.selected.iter().any(|range| range.contains(&number))
    }

    /// The number of the case at a place from 0 among the selected ones.
    pub fn number_at(&self, place: u64) -> Option<u64> {
        let mut left = place;
        for range in &self.selected {
            let len = range.end - range.start;
            if left < len {
                return Some(range.start + left);
            }
            left -= len;
        }
        None
    }

    /// The directory that a number belongs to: its own where it is a directory.
    fn directory_of(&self, number: u64) -> usize {
        self.directories.partition_point(|directory| directory.first <= number).saturating_sub(1)
    }

    fn entry(&self, number: u64) -> Option<Entry<'_>> {
        if !self.contains(number) {
            return None;
        }
        let directory = &self.directories[self.directory_of(number)];
        let place = number - directory.first;
        if place == 0 {
            return Some(Entry::Directory(directory));
        }
        let place = place - 1;
        match directory.items.get(usize::try_from(place).ok()?) {
            Some(item) => Some(Entry::Item(directory, item)),
            None => Some(Entry::Run(directory, directory.run.as_ref()?, place - directory.items.len() as u64)),
        }
    }

    fn number_of(&self, place: Place) -> u64 {
        self.directories[place.directory].first + 1 + place.item as u64
    }

    fn recipe(&self, number: u64, kind: Kind, size: u64) -> Recipe {
        Recipe { kind, seed: self.seed.wrapping_sub(number), size, edition: 0 }
    }

    /// The case of a number, if it is selected.
    pub fn case(&self, number: u64) -> Option<Case<'_>> {
        Some(match self.entry(number)? {
            Entry::Directory(directory) => Case {
                number,
                inode: number,
                tag: directory.tag,
                expect: directory.expect,
                node: Node::Directory,
                mode: directory.mode,
                owner: None,
                mtime: directory.mtime,
                links: 2 + directory.directories.len() as u64,
            },
            Entry::Item(directory, item) => self.of_item(number, directory, item),
            Entry::Run(directory, run, at) => {
                let inode = if run.of == RunOf::Names { number - at } else { number };
                Case {
                    number,
                    inode,
                    tag: directory.tag,
                    expect: run.expect,
                    node: Node::File(self.recipe(inode, Kind::Random, run.size)),
                    mode: if run.of == RunOf::Modes { (at & 0o7777) as u16 } else { 0o644 },
                    owner: None,
                    mtime: super::build::PLAIN_TIME,
                    links: if run.of == RunOf::Names { run.count } else { 1 },
                }
            }
        })
    }

    fn of_item<'a>(&'a self, number: u64, directory: &Directory, item: &'a Item) -> Case<'a> {
        let node = match &item.what {
            What::NameOf(place) => {
                let (inode, expect) = (self.number_of(*place), item.expect);
                let first = &self.directories[place.directory].items[place.item];
                return Case { number, expect, ..self.of_item(inode, directory, first) };
            }
            &What::File(kind, size) => Node::File(self.recipe(number, kind, size)),
            What::Symlink(target) => Node::Symlink(target),
            What::Fifo => Node::Fifo,
            What::Socket => Node::Socket,
            &What::CharDevice(device) => Node::CharDevice(device),
            &What::BlockDevice(device) => Node::BlockDevice(device),
        };
        let &Item { mode, owner, mtime, expect, links, .. } = item;
        Case { number, inode: number, tag: directory.tag, expect, node, mode, owner, mtime, links }
    }

    /// Appends the name of a case.
    pub fn write_name(&self, number: u64, out: &mut Vec<u8>) {
        match self.entry(number) {
            None => {}
            Some(Entry::Directory(directory)) => out.extend_from_slice(&directory.name),
            Some(Entry::Item(_, item)) => match (&item.name, &item.what) {
                (Name::Recipe(stem, ext), &What::File(kind, size)) => {
                    let recipe = self.recipe(number, kind, size);
                    name::write_canonical(out, Some(stem), &recipe, Some(ext.as_bytes()));
                }
                (Name::Recipe(bytes, _) | Name::Plain(bytes), _) => out.extend_from_slice(bytes),
            },
            Some(Entry::Run(_, run, at)) => {
                out.extend_from_slice(run.stem.as_bytes());
                out.push(b'-');
                if run.of == RunOf::Modes {
                    out.extend_from_slice(format!("{at:04o}").as_bytes());
                } else {
                    name::push_decimal(out, at);
                }
                let inode = if run.of == RunOf::Names { number - at } else { number };
                let recipe = self.recipe(inode, Kind::Random, run.size);
                out.push(b'_');
                name::write_canonical(out, None, &recipe, Some(b"bin"));
            }
        }
    }

    /// The directory that a case lies in; `None` for the topmost, which lies in the root.
    pub fn parent(&self, number: u64) -> Option<u64> {
        let own = self.directory_of(number);
        let directory = self.directories.get(own)?;
        match number == directory.first {
            true if own == 0 => None,
            true => Some(self.directories[directory.parent].first),
            false => Some(directory.first),
        }
    }

    /// Appends the path of a case from the root.
    pub fn write_path(&self, number: u64, out: &mut Vec<u8>) {
        let chain: Vec<u64> = std::iter::successors(Some(number), |&number| self.parent(number)).collect();
        for (at, &part) in chain.iter().rev().enumerate() {
            if at > 0 {
                out.push(b'/');
            }
            self.write_name(part, out);
        }
    }

    pub(super) fn directory(&self, number: u64) -> Option<&Directory> {
        self.directories.get(self.directory_of(number)).filter(|directory| directory.first == number)
    }

    /// How many directories a directory of cases holds.
    pub fn directories(&self, number: u64) -> u64 {
        self.directory(number).map_or(0, |directory| directory.directories.len() as u64)
    }

    /// The number of one of the directories that a directory of cases holds, by its place from 0.
    pub fn directory_at(&self, number: u64, place: u64) -> Option<u64> {
        let at = *self.directory(number)?.directories.get(usize::try_from(place).ok()?)?;
        Some(self.directories[at].first)
    }

    /// The numbers of what else a directory of cases holds.
    pub fn entries(&self, number: u64) -> Range<u64> {
        self.directory(number).map_or(0..0, |d| d.first + 1..d.first + 1 + d.entries())
    }

    /// The entry of this name in a directory of cases.
    pub fn find(&self, number: u64, name: &[u8]) -> Option<u64> {
        let directory = self.directory(number)?;
        if let Some(&at) = directory.directories.iter().find(|&&at| *self.directories[at].name == *name) {
            return Some(self.directories[at].first);
        }
        let mut own = Vec::with_capacity(name::MAX_NAME);
        let mut is_named = |number: &u64| {
            own.clear();
            self.write_name(*number, &mut own);
            own == name
        };
        let items = directory.first + 1..directory.first + 1 + directory.items.len() as u64;
        items.clone().find(&mut is_named).or_else(|| {
            let at = place_in_run(directory.run.as_ref()?, name)?;
            Some(items.end + at).filter(is_named)
        })
    }

    /// The first entry of a directory of cases that a platform has under this name, written in any case. Names that
    /// follow from their number are found by it.
    pub fn find_in_any_case(&self, platform: Platform, number: u64, name: &[u8]) -> Option<u64> {
        let directory = self.directory(number)?;
        let name = fold(name);
        let mut own = Vec::with_capacity(name::MAX_NAME);
        let mut is_named = |number: &u64| {
            own.clear();
            self.write_name(*number, &mut own);
            fold(&own) == name && self.left_out(platform, *number).is_none()
        };
        let directories = directory.directories.iter().map(|&at| self.directories[at].first);
        let items = directory.first + 1..directory.first + 1 + directory.items.len() as u64;
        directories.chain(items.clone()).find(&mut is_named).or_else(|| {
            let at = place_in_run(directory.run.as_ref()?, &name)?;
            Some(items.end + at).filter(is_named)
        })
    }

    /// The case at a path from the root.
    pub fn number_at_path(&self, path: &[u8]) -> Option<u64> {
        let mut parts = path.split(|&byte| byte == b'/');
        if self.is_empty() || parts.next() != Some(DIRECTORY) {
            return None;
        }
        parts.try_fold(0, |number, part| self.find(number, part))
    }

    /// The files listed beside a file of a large directory: those that follow from their number.
    pub fn run_around(&self, number: u64) -> Option<Range<u64>> {
        match self.entry(number)? {
            Entry::Run(_, run, at) if run.of == RunOf::Files => Some(number - at..number - at + run.count),
            _ => None,
        }
    }

    /// The files of a large directory: those that follow from their number.
    pub fn run_of(&self, directory: u64) -> Option<Range<u64>> {
        self.run_around(self.entries(directory).end.checked_sub(1)?)
    }

    /// Numbers of the regular files whose bytes may equal those of others: all but the runs of different files.
    pub fn doubtful(&self) -> impl Iterator<Item = u64> {
        let directories = self.directories.iter().filter(|directory| self.contains(directory.first));
        directories.flat_map(|directory| {
            let items = directory.items.len() as u64;
            let names = directory.run.as_ref().filter(|run| run.of == RunOf::Names).map_or(0, |run| run.count);
            directory.first + 1..directory.first + 1 + items + names
        })
    }
}

/// Which entry of a run a name may be.
fn place_in_run(run: &Run, name: &[u8]) -> Option<u64> {
    let stem = name::parse(name).ok()?.stem?;
    let number = str::from_utf8(stem.strip_prefix(run.stem.as_bytes())?.strip_prefix(b"-")?).ok()?;
    let radix = if run.of == RunOf::Modes { 8 } else { 10 };
    u64::from_str_radix(number, radix).ok().filter(|&at| at < run.count)
}
