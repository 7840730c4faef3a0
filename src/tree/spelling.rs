//! Names in any case: which one of a directory is meant, for platforms that take them for one.

use super::Tree;
use super::control::{self, ControlFile};
use super::node::Node;
use crate::dataset::At;
use crate::dataset::cases::DIRECTORY as CASES_DIRECTORY;
use crate::fold::{fold, same, unlisted};
use crate::name::{self, MAX_NAME};
use crate::vfs::{FsError, Ino, Result};

/// Most bytes of 255 units of UTF-16: folding may make [`MAX_NAME`] of them.
const MAX_SPELLING: usize = 3 * MAX_NAME;

impl Tree {
    /// The spelling of what a directory lists under a name or finds by it, else of the recipe that the name is.
    pub(super) fn spelled(&self, dir: Ino, name: &[u8]) -> Result<Vec<u8>> {
        let node = self.directory(dir)?;
        if name.len() > MAX_SPELLING {
            return Err(FsError::NameTooLong);
        }
        if matches!(name, b"." | b"..") || self.index_in(node, name).is_some() {
            return Ok(name.to_vec());
        }
        if dir == Ino::ROOT && same(name, control::DIRECTORY) {
            return Ok(control::DIRECTORY.to_vec());
        }
        match node {
            Node::Folder(at, folder) => match self.spelled_in_folder(&at, folder, name) {
                Some(listed) => Ok(listed),
                None => self.spelled_on_demand(name),
            },
            Node::CaseDirectory(number) => match self.cases().spelled(number, name) {
                Some(listed) => Ok(listed),
                None => self.spelled_on_demand(name),
            },
            Node::Snapshots => {
                Some(fold(name)).filter(|name| self.snapshot_named(name).is_some()).ok_or(FsError::NotFound)
            }
            _ => {
                let file = ControlFile::ALL.into_iter().find(|file| same(file.name().as_bytes(), name));
                file.map(|file| file.name().into()).ok_or(FsError::NotFound)
            }
        }
    }

    fn spelled_in_folder(&self, at: &At<'_>, folder: u64, name: &[u8]) -> Option<Vec<u8>> {
        if folder == 0 && self.shows_cases() && same(name, CASES_DIRECTORY) {
            return Some(CASES_DIRECTORY.to_vec());
        }
        let mut own = Vec::with_capacity(MAX_NAME);
        match self.dataset.folder_in_any_case(folder, name) {
            Some(child) => self.dataset.write_folder_name(child, &mut own),
            None => at.entry(at.index_in_any_case(folder, name)?)?.write_name(&mut own),
        }
        Some(own)
    }

    fn spelled_on_demand(&self, name: &[u8]) -> Result<Vec<u8>> {
        let spelled = unlisted(name);
        match name::parse(&spelled) {
            Ok(_) if !self.listed_only => Ok(spelled),
            Err(name::NameError::TooLong) => Err(FsError::NameTooLong),
            _ => Err(FsError::NotFound),
        }
    }
}
