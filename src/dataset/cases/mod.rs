//! Hand-made cases that trouble programs: odd names, endless paths, sizes and times at their limits, special files.
//!
//! They lie in a directory `cases` in the root of a dataset that asks for them, a directory for each [`Tag`]. Every case
//! carries a line that says what is expected of a program that meets it. A catalogue of a few hundred entries, most of
//! them built from tables; sets of thousands (a directory of a million entries, the names of one file) follow from their
//! numbers and take no memory.

mod build;
mod catalogue;
mod directories;
mod holes;
mod links;
mod modes;
mod names;
mod paths;
mod platform;
mod present;
mod sizes;
mod special;
mod tags;
mod times;

pub use catalogue::Catalogue;
pub use platform::Platform;
pub use present::LeftOut;
pub use tags::{Tag, Tags};

use crate::recipe::Recipe;
use crate::vfs::{Device, Time};

/// Name of the directory in the root that all cases lie in; no dataset's folder has it, for those end in a number.
pub const DIRECTORY: &[u8] = b"cases";

/// One case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case<'a> {
    /// Its number among all cases of the catalogue, whether they are selected or not.
    pub number: u64,
    /// Number that its inode is made from: that of the first of several names of one file.
    pub inode: u64,
    /// What it is about; `None` for the directory of all.
    pub tag: Option<Tag>,
    /// What a program that meets it must do.
    pub expect: &'static str,
    /// What it is.
    pub node: Node<'a>,
    /// Permission bits, at most 0o7777.
    pub mode: u16,
    /// User and group numbers, if not those of whoever mounts.
    pub owner: Option<(u32, u32)>,
    /// Time of last change.
    pub mtime: Time,
    /// Names of it; for a directory 2 and the number of its subdirectories.
    pub links: u64,
}

/// What a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node<'a> {
    /// A directory.
    Directory,
    /// A regular file, whether its name tells the recipe or not.
    File(Recipe),
    /// A symbolic link and its target.
    Symlink(&'a [u8]),
    /// A FIFO.
    Fifo,
    /// A socket on which nobody listens.
    Socket,
    /// A character device.
    CharDevice(Device),
    /// A block device.
    BlockDevice(Device),
}

impl Case<'_> {
    /// The recipe of a regular file.
    pub fn recipe(&self) -> Option<Recipe> {
        match self.node {
            Node::File(recipe) => Some(recipe),
            _ => None,
        }
    }
}
