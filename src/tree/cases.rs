//! The hand-made cases as inodes. Those whose names this platform forbids are neither found nor listed.

use std::ops::ControlFlow;

use super::attr::{DIRECTORY_SIZE, plain, regular};
use super::{Emit, cookie_behind};
use crate::dataset::cases::{self, Case, Catalogue, Node, Platform};
use crate::name;
use crate::vfs::{Attr, Entry, FileType, Ino, Siblings};

/// Inode of the case with this number.
pub fn case_ino(number: u64) -> Ino {
    Ino(super::CASES + number)
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
    Attr { perm: case.mode, owner: case.owner, mtime: case.mtime, nlink, ..attr }
}

/// The case of this name in a directory of cases.
pub(super) fn find<'a>(catalogue: &'a Catalogue, directory: u64, name: &[u8]) -> Option<Case<'a>> {
    let number = catalogue.find(directory, name).filter(|_| Platform::HERE.forbids(name).is_none())?;
    catalogue.case(number)
}

/// Place of a listed name in a directory of cases, `.` and `..` not counted.
pub(super) fn index(catalogue: &Catalogue, directory: u64, name: &[u8]) -> Option<u64> {
    let number = find(catalogue, directory, name)?.number;
    let directories = catalogue.directories(directory);
    let entries = catalogue.entries(directory);
    match number.checked_sub(entries.start) {
        Some(place) if entries.contains(&number) => Some(directories + place),
        _ => (0..directories).find(|&place| catalogue.directory_at(directory, place) == Some(number)),
    }
}

/// Lists the entries of a directory of cases but `.` and `..`, those before `index` left out: subdirectories first.
pub(super) fn list(catalogue: &Catalogue, directory: u64, index: u64, emit: &mut Emit<'_>) -> ControlFlow<()> {
    let (directories, entries) = (catalogue.directories(directory), catalogue.entries(directory));
    let count = directories + (entries.end - entries.start);
    let mut name = Vec::with_capacity(name::MAX_NAME);
    for place in index..count {
        let number = match place.checked_sub(directories) {
            None => catalogue.directory_at(directory, place),
            Some(place) => Some(entries.start + place),
        };
        let Some(case) = number.and_then(|number| catalogue.case(number)) else { continue };
        name.clear();
        catalogue.write_name(case.number, &mut name);
        if Platform::HERE.forbids(&name).is_none() {
            emit(Entry { name: &name, attr: attr(&case), next: cookie_behind(place) })?;
        }
    }
    ControlFlow::Continue(())
}

/// Lists the directory of all cases in the root, as entry `index` there.
pub(super) fn list_top(catalogue: &Catalogue, index: u64, emit: &mut Emit<'_>) -> ControlFlow<()> {
    match catalogue.case(0) {
        Some(top) => emit(Entry { name: cases::DIRECTORY, attr: attr(&top), next: cookie_behind(index) }),
        None => ControlFlow::Continue(()),
    }
}

/// Files whose numbers follow each other.
pub(super) fn siblings(run: Option<std::ops::Range<u64>>) -> Option<Siblings> {
    run.map(|run| Siblings { first: case_ino(run.start), step: 1, count: run.end - run.start })
}
