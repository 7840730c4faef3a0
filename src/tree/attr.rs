//! Attributes of what a tree shows.

use super::control::ControlFile;
use super::node::{Node, file_ino};
use super::{Tree, cases};
use crate::dataset::{At, File, Listed, Symlink, on_demand_time};
use crate::recipe::{Kind, Recipe};
use crate::vfs::{Attr, FileType, FsError, Ino, Result, Time};

/// Size reported for directories, in bytes.
pub(super) const DIRECTORY_SIZE: u64 = 4096;

impl Tree {
    /// The attributes of a node.
    ///
    /// # Errors
    /// [`FsError::Stale`] for a file that is not there in the generation that is shown.
    pub(super) fn attr(&self, ino: Ino, node: Node<'_>) -> Result<Attr> {
        Ok(match node {
            Node::Snapshots => self.snapshots_attr(ino),
            Node::Folder(at, folder) => self.folder_attr(ino, &at, folder),
            Node::Listed(at, index) => match at.entry_or_last(index).ok_or(FsError::Stale)? {
                // The further names of a file have its inode; numbers of their own stand for nothing.
                Listed::File(file) if file.inode != index => return Err(FsError::Stale),
                entry => self.listed_attr(&at, &entry),
            },
            Node::CaseDirectory(number) | Node::Case(number) => {
                cases::attr(&self.cases().case(number).ok_or(FsError::Stale)?)
            }
            Node::OnDemand(recipe) => on_demand_attr(ino, &recipe),
            Node::ControlDirectory => self.control_directory_attr(ino),
            Node::Control(file) => self.control_attr(ino, file),
        })
    }

    pub(super) fn snapshots_attr(&self, ino: Ino) -> Attr {
        let newest = self.newest();
        directory_attr(ino, newest.generation() + 1, self.dataset.folder_mode(), newest.folder_time(0))
    }

    pub(super) fn folder_attr(&self, ino: Ino, at: &At<'_>, folder: u64) -> Attr {
        let cases = u64::from(folder == 0 && self.shows_cases());
        let children = self.dataset.shape().children(folder);
        directory_attr(ino, children.end - children.start + cases, self.dataset.folder_mode(), at.folder_time(folder))
    }

    pub(super) fn control_directory_attr(&self, ino: Ino) -> Attr {
        directory_attr(ino, 0, self.dataset.folder_mode(), self.dataset.folder_time(0))
    }

    pub(super) fn control_attr(&self, ino: Ino, file: ControlFile) -> Attr {
        let more = || self.on_demand_gauge() + &self.faulted_reads() + &self.observed();
        let (size, time) = self.control.look(file, more, self.newest().generation());
        let mtime = time.unwrap_or(Time::of(self.dataset.folder_time(0)));
        let blocks = size.div_ceil(512);
        let volatile = time.is_some();
        Attr { size, blocks, perm: 0o444, mtime, ctime: mtime, volatile, ..plain(ino, FileType::Regular) }
    }

    #[inline]
    pub(super) fn listed_attr(&self, at: &At<'_>, entry: &Listed<'_>) -> Attr {
        match entry {
            Listed::File(file) => {
                let size = self.damage_of(file.inode, &file.recipe).map_or(file.size, |damage| damage.size());
                listed_file_attr(self.ino(at, file_ino(file.inode)), file, size)
            }
            Listed::Symlink(link) => self.link_attr(self.ino(at, file_ino(link.index)), link),
        }
    }

    fn link_attr(&self, ino: Ino, link: &Symlink<'_>) -> Attr {
        let size = self.dataset.link_target(link).len() as u64;
        let mtime = Time::of(link.mtime);
        Attr { size, perm: 0o777, mtime, ctime: mtime, ..plain(ino, FileType::Symlink) }
    }
}

/// Attributes of a name that is not listed.
pub(super) fn on_demand_attr(ino: Ino, recipe: &Recipe) -> Attr {
    regular(ino, recipe, recipe.bytes(), on_demand_time(recipe))
}

fn directory_attr(ino: Ino, subdirectories: u64, mode: u16, mtime: i64) -> Attr {
    Attr {
        size: DIRECTORY_SIZE,
        blocks: DIRECTORY_SIZE / 512,
        perm: mode,
        nlink: u32::try_from(subdirectories.saturating_add(2)).unwrap_or(u32::MAX),
        mtime: Time::of(mtime),
        ctime: Time::of(mtime),
        ..plain(ino, FileType::Directory)
    }
}

#[inline]
fn listed_file_attr(ino: Ino, file: &File<'_>, size: u64) -> Attr {
    let attr = regular(ino, &file.recipe, size, file.mtime);
    let nlink = u32::try_from(file.links).unwrap_or(u32::MAX);
    Attr { perm: file.mode, owner: file.owner, nlink, ctime: Time::of(file.ctime), ..attr }
}

#[inline]
pub(super) fn regular(ino: Ino, recipe: &Recipe, size: u64, mtime: i64) -> Attr {
    // A hole takes no room; everything else must seem to, or tar and cp take it for a hole.
    let blocks = if is_hole(recipe) { 0 } else { size.div_ceil(512) };
    Attr { size, blocks, mtime: Time::of(mtime), ctime: Time::of(mtime), ..plain(ino, FileType::Regular) }
}

/// Whether a file is one hole. Its editions have bytes in it, and count as written.
pub(super) fn is_hole(recipe: &Recipe) -> bool {
    recipe.kind == Kind::Zero && recipe.edition == 0
}

/// What is the same for most inodes of a type.
#[inline]
pub(super) fn plain(ino: Ino, file_type: FileType) -> Attr {
    let never = Time::of(0);
    Attr {
        ino,
        file_type,
        size: 0,
        blocks: 0,
        perm: 0o644,
        owner: None,
        device: None,
        nlink: 1,
        mtime: never,
        ctime: never,
        volatile: false,
    }
}
