//! What a dataset lists: files and symbolic links, with all that `stat` and a name need.

use std::borrow::Cow;

use super::layout::{LinkKind, Section};
use crate::name;
use crate::recipe::Recipe;

/// A listed entry other than a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed<'a> {
    /// A regular file.
    File(File<'a>),
    /// A symbolic link.
    Symlink(Symlink<'a>),
}

/// A file of a dataset: its recipe, its attributes, and the parts of its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File<'a> {
    /// What decides its bytes.
    pub recipe: Recipe,
    /// Bytes: the recipe's size as its edition changed it.
    pub size: u64,
    /// Index that its inode number is made from: that of the first of several names of one file.
    pub inode: u64,
    /// Names of the file, at least 1.
    pub links: u64,
    /// Word before the recipe.
    pub stem: &'a str,
    /// How often it was renamed: told behind the word.
    pub renames: u32,
    /// Which of its group it is, if not the first: told behind that.
    pub number: Option<u64>,
    /// Seconds since 1970 of the last change of its contents.
    pub mtime: i64,
    /// Seconds since 1970 of the last change of its name, attributes or contents.
    pub ctime: i64,
    /// Permission bits.
    pub mode: u16,
    /// User and group numbers, if not those of whoever mounts.
    pub owner: Option<(u32, u32)>,
    /// Seed and size in its name: those that it was made with, and kept when it was changed, as files keep their names.
    pub(super) named: (u64, u64),
    /// What follows the size in its name.
    pub(super) tail: Cow<'a, str>,
    /// What it has in common with other files.
    pub(super) section: Section,
}

/// A symbolic link of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symlink<'a> {
    /// Where it points.
    pub kind: LinkKind,
    /// Its index, which its name ends in.
    pub index: u64,
    /// Word that its name begins with.
    pub stem: &'a str,
    /// Seconds since 1970 of its making.
    pub mtime: i64,
}

impl Listed<'_> {
    /// Appends its name.
    #[inline]
    pub fn write_name(&self, out: &mut Vec<u8>) {
        match self {
            Listed::File(file) => file.write_name(out),
            Listed::Symlink(link) => link.write_name(out),
        }
    }
}

impl File<'_> {
    /// Appends its name: the canonical one of its recipe between stem and extension, from parts made beforehand.
    #[inline]
    pub fn write_name(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.stem.as_bytes());
        if self.renames > 0 {
            out.extend_from_slice(b"-v");
            name::push_decimal(out, u64::from(self.renames) + 1);
        }
        if let Some(number) = self.number {
            out.push(b'-');
            name::push_decimal(out, number);
        }
        out.extend_from_slice(b"_s");
        name::push_decimal(out, self.named.0);
        out.push(b'-');
        name::push_decimal(out, self.named.1);
        out.extend_from_slice(self.tail.as_bytes());
    }
}

impl Symlink<'_> {
    /// Appends its name: no recipe, and no folder's name.
    pub fn write_name(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.stem.as_bytes());
        out.extend_from_slice(b"-link-");
        name::push_decimal(out, self.index);
    }
}
