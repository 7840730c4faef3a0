//! Attributes of inodes.

use super::file_ino;
use crate::dataset::File;
use crate::recipe::{Kind, Recipe};
use crate::vfs::{Attr, FileType, Ino, Time};

/// Size reported for directories, in bytes.
pub(super) const DIRECTORY_SIZE: u64 = 4096;

pub(super) fn directory_attr(ino: Ino, subdirectories: u64, mode: u16, mtime: i64) -> Attr {
    Attr {
        size: DIRECTORY_SIZE,
        blocks: DIRECTORY_SIZE / 512,
        perm: mode,
        nlink: u32::try_from(subdirectories.saturating_add(2)).unwrap_or(u32::MAX),
        mtime: Time::of(mtime),
        ..plain(ino, FileType::Directory)
    }
}

#[inline]
pub(super) fn listed_file_attr(file: &File<'_>) -> Attr {
    let attr = regular(file_ino(file.inode), &file.recipe, file.size, file.mtime);
    Attr { perm: file.mode, owner: file.owner, nlink: u32::try_from(file.links).unwrap_or(u32::MAX), ..attr }
}

#[inline]
pub(super) fn regular(ino: Ino, recipe: &Recipe, size: u64, mtime: i64) -> Attr {
    // A hole takes no room; everything else must seem to, or tar and cp take it for a hole.
    let blocks = if is_hole(recipe) { 0 } else { size.div_ceil(512) };
    Attr { size, blocks, mtime: Time::of(mtime), ..plain(ino, FileType::Regular) }
}

/// Whether a file is one hole. Its editions have bytes in it, and count as written.
pub(super) fn is_hole(recipe: &Recipe) -> bool {
    recipe.kind == Kind::Zero && recipe.edition == 0
}

/// What is the same for most inodes of a type.
#[inline]
pub(super) fn plain(ino: Ino, file_type: FileType) -> Attr {
    Attr {
        ino,
        file_type,
        size: 0,
        blocks: 0,
        perm: 0o644,
        owner: None,
        device: None,
        nlink: 1,
        mtime: Time::of(0),
        volatile: false,
    }
}
