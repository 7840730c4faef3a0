//! What is on disk. Nothing else of the module touches it.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

use crate::vfs::Device;

pub(super) use system::{given, next_data, read_at};

/// What is known of a path without reading it; symbolic links are not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    /// As [`crate::listing::Row`] names them.
    pub(super) file_type: &'static str,
    pub(super) size: u64,
    /// Seconds since 1970.
    pub(super) mtime: i64,
    /// Permission bits, where the system has them.
    pub(super) mode: Option<u16>,
    /// User and group, where the system has them.
    pub(super) owner: Option<(u32, u32)>,
    pub(super) device: Option<Device>,
    /// What tells whether two names are those of one file, where the file system knows.
    pub(super) id: Option<(u64, u128)>,
    pub(super) names: u64,
}

impl Facts {
    /// Whether both are those of one file, if that can be told.
    pub(super) fn is_same_file(&self, other: &Self) -> Option<bool> {
        Some(self.id? == other.id?)
    }
}

/// A tree on disk.
#[derive(Debug)]
pub(super) struct Disk {
    root: PathBuf,
}

impl Disk {
    /// The tree below a directory. Paths are relative to it, or absolute.
    pub(super) fn new(root: &Path) -> Self {
        Self { root: system::root(root) }
    }

    pub(super) fn look(&self, path: &[u8]) -> io::Result<Facts> {
        system::facts(self.reach(path)?.path())
    }

    pub(super) fn open(&self, path: &[u8]) -> io::Result<File> {
        File::open(self.reach(path)?.path())
    }

    /// Where a symbolic link leads, with slashes between the parts.
    pub(super) fn target(&self, path: &[u8]) -> io::Result<Vec<u8>> {
        Ok(system::bytes(std::fs::read_link(self.reach(path)?.path())?))
    }

    /// Calls `visit` with the name and the type of everything in a directory.
    ///
    /// # Errors
    /// Those of reading it; what comes before is visited.
    pub(super) fn list(&self, path: &[u8], mut visit: impl FnMut(&[u8], &'static str)) -> io::Result<()> {
        let reached = self.reach(path)?;
        for entry in std::fs::read_dir(reached.path())? {
            let entry = entry?;
            let file_type = entry.file_type().map_or("file", system::type_name);
            visit(entry.file_name().as_encoded_bytes(), file_type);
        }
        Ok(())
    }

    fn reach(&self, path: &[u8]) -> io::Result<system::Reached> {
        system::reach(&self.root, path)
    }
}
