//! What a restored tree must be: for each path what is demanded there, and all of it in order.

mod dataset;
mod names;

use std::fmt::Debug;
use std::ops::ControlFlow;

pub use dataset::ByDataset;
pub use names::ByName;

use crate::recipe::Recipe;
use crate::vfs::FileType;

/// What must stand at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// Its number, from which [`Expected`] makes its name and path again; absent where paths have no numbers.
    pub number: Option<u64>,
    /// Type, contents and links.
    pub what: What,
    /// Permission bits, where some are demanded.
    pub perm: Option<u16>,
    /// Seconds since 1970 of the last change, where a time is demanded.
    pub mtime: Option<i64>,
    /// User and group, where they are demanded.
    pub owner: Option<(u32, u32)>,
}

/// The part of a demand that decides whether a restore is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A directory.
    Directory,
    /// A regular file.
    File {
        /// Its bytes.
        recipe: Recipe,
        /// The further names that it must have, where that is demanded.
        links: Option<Links>,
    },
    /// A symbolic link with this target.
    Symlink(Vec<u8>),
    /// A pipe, socket or device.
    Special(FileType),
}

/// Names of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Links {
    /// Number of the demand of the first of them.
    pub first: u64,
    /// How many there are, at least 1.
    pub count: u64,
}

/// Knows what a tree must be. Paths have no slash at either end; the root, which is always there, is no demand.
pub trait Expected: Debug + Send + Sync + 'static {
    /// What must stand at a path; `None` where nothing may.
    fn demand(&self, path: &[u8]) -> Option<Demand>;

    /// How many paths are demanded; `None` where each path that is there is judged by itself, and none can be missing.
    fn total(&self) -> Option<u64>;

    /// Calls `visit` with each demanded path until it breaks. Visits nothing where there is no total.
    fn visit(&self, visit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>);

    /// Appends the name (the last part of the path) of a numbered demand; nothing for other numbers.
    fn write_name(&self, number: u64, out: &mut Vec<u8>);

    /// Appends the path of a numbered demand; nothing for other numbers.
    fn write_path(&self, number: u64, out: &mut Vec<u8>);

    /// Contents that may have been confused with those at a path: its neighbours', at most some thousand.
    fn neighbours(&self, path: &[u8]) -> Vec<Recipe>;
}
