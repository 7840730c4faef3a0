//! The hand-made cases as inodes.

use std::ops::ControlFlow;

use super::Emit;
use super::attr::{DIRECTORY_SIZE, plain, regular};
use super::names::cookie_behind;
use super::node::CASES;
use crate::dataset::cases::{self, Case, Catalogue, Node, Platform};
use crate::name;
use crate::vfs::{Attr, Entry, FileType, Ino, Siblings};

/// Inode of the case with this number.
pub fn case_ino(number: u64) -> Ino {
    Ino(CASES + number)
}

/// The cases of a dataset as a platform has them: what it leaves out is neither found nor listed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cases<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) platform: Platform,
}

impl<'a> Cases<'a> {
    /// The case of a number, directories with the number of those that they hold here.
    pub(super) fn case(self, number: u64) -> Option<Case<'a>> {
        let case = self.catalogue.case(number).filter(|_| self.catalogue.left_out(self.platform, number).is_none())?;
        Some(match case.node {
            Node::Directory => Case { links: 2 + self.catalogue.directories_on(self.platform, number), ..case },
            _ => case,
        })
    }

    /// The case of this name in a directory of cases.
    pub(super) fn find(self, directory: u64, name: &[u8]) -> Option<Case<'a>> {
        self.case(self.catalogue.find(directory, name)?)
    }

    /// Place of a listed name in a directory of cases, `.` and `..` not counted.
    pub(super) fn index(self, directory: u64, name: &[u8]) -> Option<u64> {
        let number = self.find(directory, name)?.number;
        let directories = self.catalogue.directories(directory);
        let entries = self.catalogue.entries(directory);
        match number.checked_sub(entries.start) {
            Some(place) if entries.contains(&number) => Some(directories + place),
            _ => (0..directories).find(|&place| self.catalogue.directory_at(directory, place) == Some(number)),
        }
    }

    /// The spelling of the entry that has this name, but for case.
    pub(super) fn spelled(self, directory: u64, name: &[u8]) -> Option<Vec<u8>> {
        let number = self.catalogue.find_in_any_case(self.platform, directory, name)?;
        let mut own = Vec::with_capacity(name::MAX_NAME);
        self.catalogue.write_name(number, &mut own);
        Some(own)
    }

    /// Lists the entries of a directory of cases but `.` and `..`, those before `index` left out: subdirectories first.
    pub(super) fn list(self, directory: u64, index: u64, emit: &mut Emit<'_>) -> ControlFlow<()> {
        let (directories, entries) = (self.catalogue.directories(directory), self.catalogue.entries(directory));
        let count = directories + (entries.end - entries.start);
        let mut name = Vec::with_capacity(name::MAX_NAME);
        for place in index..count {
            let number = match place.checked_sub(directories) {
                None => self.catalogue.directory_at(directory, place),
                Some(place) => Some(entries.start + place),
            };
            let Some(case) = number.and_then(|number| self.case(number)) else { continue };
            name.clear();
            self.catalogue.write_name(case.number, &mut name);
            emit(Entry { name: &name, attr: attr(&case), next: cookie_behind(place) })?;
        }
        ControlFlow::Continue(())
    }

    /// Lists the directory of all cases in the root, as entry `index` there.
    pub(super) fn list_top(self, index: u64, emit: &mut Emit<'_>) -> ControlFlow<()> {
        match self.case(0) {
            Some(top) => emit(Entry { name: cases::DIRECTORY, attr: attr(&top), next: cookie_behind(index) }),
            None => ControlFlow::Continue(()),
        }
    }
}

/// Attributes of a case.
pub(super) fn attr(case: &Case<'_>) -> Attr {
    let ino = case_ino(case.inode);
    let (file_type, size, device) = match case.node {
        Node::File(recipe) => {
            let attr = regular(ino, &recipe, recipe.bytes(), case.mtime.seconds);
            return with_metadata(attr, case);
        }
        Node::Directory => (FileType::Directory, DIRECTORY_SIZE, None),
        Node::Symlink(target) => (FileType::Symlink, target.len() as u64, None),
        Node::Fifo => (FileType::Fifo, 0, None),
        Node::Socket => (FileType::Socket, 0, None),
        Node::CharDevice(device) => (FileType::CharDevice, 0, Some(device)),
        Node::BlockDevice(device) => (FileType::BlockDevice, 0, Some(device)),
    };
    let blocks = if file_type == FileType::Directory { size / 512 } else { 0 };
    with_metadata(Attr { size, blocks, device, ..plain(ino, file_type) }, case)
}

fn with_metadata(attr: Attr, case: &Case<'_>) -> Attr {
    let nlink = u32::try_from(case.links).unwrap_or(u32::MAX);
    Attr { perm: case.mode, owner: case.owner, mtime: case.mtime, ctime: case.mtime, nlink, ..attr }
}

/// Files whose numbers follow each other.
pub(super) fn siblings(run: Option<std::ops::Range<u64>>) -> Option<Siblings> {
    run.map(|run| Siblings { first: case_ino(run.start), step: 1, count: run.end - run.start })
}
