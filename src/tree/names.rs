//! Names in directories: finding one, listing all, and where in the listing one is.

use std::ops::ControlFlow;

use super::attr::on_demand_attr;
use super::control::{self, ControlFile};
use super::node::{CONTROL, Node, ON_DEMAND, Shown, folder_ino};
use super::{Emit, Tree, cases};
use crate::dataset::At;
use crate::dataset::cases::{DIRECTORY as CASES_DIRECTORY, Platform};
use crate::name;
use crate::recipe::Recipe;
use crate::vfs::{Attr, Cookie, Entry, FsError, Ino, Result};

/// `.` and `..`.
pub(super) const ENTRIES_BEFORE: u64 = 2;

/// Place of the directory of all cases in the root: behind all others.
const CASES_PLACE: u64 = 1 << 52;

/// The cookie behind entry `index` of a directory, `.` and `..` not counted.
pub(super) fn cookie_behind(index: u64) -> Cookie {
    Cookie(ENTRIES_BEFORE + index + 1)
}

pub(super) fn control_ino(file: ControlFile) -> Ino {
    Ino(CONTROL + 1 + file as u64)
}

/// Name of the directory that shows a generation.
pub(super) fn snapshot_name(generation: u64) -> String {
    format!("gen-{generation:06}")
}

impl Tree {
    pub(super) fn lookup_name(&self, dir: Ino, name: &[u8]) -> Result<Attr> {
        let node = self.directory(dir)?;
        if name.len() > name::MAX_NAME {
            return Err(FsError::NameTooLong);
        }
        if self.platform != Platform::Unix && self.platform.forbids(name).is_some() {
            return Err(FsError::NotFound);
        }
        if dir == Ino::ROOT && name == control::DIRECTORY {
            return Ok(self.control_directory_attr(Ino(CONTROL)));
        }
        match node {
            Node::Folder(at, folder) => self.lookup_in_folder(dir, &at, folder, name),
            Node::CaseDirectory(number) => match self.cases().find(number, name) {
                Some(case) => Ok(cases::attr(&case)),
                None => self.lookup_on_demand(dir, name, name::parse(name).map_err(|_| FsError::NotFound)?.recipe),
            },
            Node::Snapshots => {
                let at = self.at(self.snapshot_named(name).ok_or(FsError::NotFound)?);
                Ok(self.folder_attr(self.ino(&at, Ino::ROOT), &at, 0))
            }
            _ => {
                let file = control_file(name).ok_or(FsError::NotFound)?;
                Ok(self.control_attr(control_ino(file), file))
            }
        }
    }

    fn lookup_in_folder(&self, dir: Ino, at: &At<'_>, folder: u64, name: &[u8]) -> Result<Attr> {
        if folder == 0
            && self.shows_cases()
            && name == CASES_DIRECTORY
            && let Some(top) = self.cases().case(0)
        {
            return Ok(cases::attr(&top));
        }
        // No folder's or link's name is a recipe.
        let parsed = name::parse(name);
        if parsed.is_err()
            && let Some(child) = self.dataset.folder_named(folder, name)
        {
            return Ok(self.folder_attr(self.ino(at, folder_ino(child)), at, child));
        }
        if let Some(entry) = at.index_in(folder, name).and_then(|index| at.entry(index)) {
            return Ok(self.listed_attr(at, &entry));
        }
        self.lookup_on_demand(dir, name, parsed.map_err(|_| FsError::NotFound)?.recipe)
    }

    fn lookup_on_demand(&self, dir: Ino, name: &[u8], recipe: Recipe) -> Result<Attr> {
        if self.listed_only || recipe.file_size().is_err() {
            return Err(FsError::NotFound);
        }
        let number = self.on_demand.acquire(dir, name, recipe);
        Ok(on_demand_attr(Ino(ON_DEMAND + number), &recipe))
    }

    /// The generation that the directory of this name shows.
    pub(super) fn snapshot_named(&self, name: &[u8]) -> Option<u64> {
        let Shown::All { count, .. } = self.shown else { return None };
        let digits = str::from_utf8(name.strip_prefix(b"gen-")?).ok()?;
        let generation = digits.parse().ok().filter(|&generation| generation < count)?;
        (snapshot_name(generation).as_bytes() == name).then_some(generation)
    }

    /// Lists a directory's entries but `.` and `..`, those before `index` left out.
    pub(super) fn list(&self, node: Node<'_>, index: u64, emit: &mut Emit<'_>) -> ControlFlow<()> {
        match node {
            Node::Folder(at, folder) => self.list_folder(&at, folder, index, emit),
            Node::CaseDirectory(number) => self.cases().list(number, index, emit),
            Node::Snapshots => self.list_snapshots(index, emit),
            _ => self.list_control(index, emit),
        }
    }

    /// Subfolders first, then files.
    fn list_folder(&self, at: &At<'_>, folder: u64, index: u64, emit: &mut Emit<'_>) -> ControlFlow<()> {
        let folders = self.dataset.shape().children(folder);
        let count = folders.end - folders.start;
        let mut name = Vec::with_capacity(name::MAX_NAME);
        for child in folders.start.saturating_add(index)..folders.end {
            name.clear();
            self.dataset.write_folder_name(child, &mut name);
            let attr = self.folder_attr(self.ino(at, folder_ino(child)), at, child);
            emit(Entry { name: &name, attr, next: cookie_behind(child - folders.start) })?;
        }
        at.list(folder, index.saturating_sub(count), &mut |place, _, entry| {
            name.clear();
            entry.write_name(&mut name);
            emit(Entry { name: &name, attr: self.listed_attr(at, &entry), next: cookie_behind(count + place) })
        })?;
        if folder == 0 && self.shows_cases() && index <= CASES_PLACE {
            self.cases().list_top(CASES_PLACE, emit)?;
        }
        ControlFlow::Continue(())
    }

    fn list_snapshots(&self, index: u64, emit: &mut Emit<'_>) -> ControlFlow<()> {
        for generation in index..=self.newest().generation() {
            let at = self.at(generation);
            let attr = self.folder_attr(self.ino(&at, Ino::ROOT), &at, 0);
            emit(Entry { name: snapshot_name(generation).as_bytes(), attr, next: cookie_behind(generation) })?;
        }
        ControlFlow::Continue(())
    }

    fn list_control(&self, index: u64, emit: &mut Emit<'_>) -> ControlFlow<()> {
        for (i, file) in (0..).zip(ControlFile::ALL).skip_while(|&(i, _)| i < index) {
            let attr = self.control_attr(control_ino(file), file);
            emit(Entry { name: file.name().as_bytes(), attr, next: cookie_behind(i) })?;
        }
        ControlFlow::Continue(())
    }

    /// Place of a listed name among a directory's entries, `.` and `..` not counted.
    pub(super) fn index_in(&self, node: Node<'_>, name: &[u8]) -> Option<u64> {
        match node {
            Node::Folder(at, folder) => self.index_in_folder(&at, folder, name),
            Node::CaseDirectory(number) => self.cases().index(number, name),
            Node::Snapshots => self.snapshot_named(name),
            _ => control_file(name).map(|file| file as u64),
        }
    }

    fn index_in_folder(&self, at: &At<'_>, folder: u64, name: &[u8]) -> Option<u64> {
        if folder == 0 && self.shows_cases() && name == CASES_DIRECTORY {
            return Some(CASES_PLACE);
        }
        let folders = self.dataset.shape().children(folder);
        if name::parse(name).is_err()
            && let Some(child) = self.dataset.folder_named(folder, name)
        {
            return Some(child - folders.start);
        }
        let index = at.index_in(folder, name)?;
        Some(folders.end - folders.start + at.place_in(folder, index))
    }
}

fn control_file(name: &[u8]) -> Option<ControlFile> {
    ControlFile::ALL.into_iter().find(|file| file.name().as_bytes() == name)
}
