//! What is known of a tree without reading a byte of it: which paths hold equal bytes, which only look as if they did,
//! and why.

mod known;
mod table;

use std::fmt;
use std::ops::ControlFlow;

pub use known::Known;
pub use table::Table;

/// What makes a file a near-duplicate of the content that it was derived from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trap {
    /// Equal but for the byte at this offset.
    Byte(u64),
    /// Equal but for one byte more, before this offset.
    Inserted(u64),
    /// Only the first so many bytes are equal.
    Start(u64),
    /// Only the last so many bytes are equal.
    End(u64),
}

/// As a clause about two files, such as "equal but for byte 4095".
impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trap::Byte(offset) => write!(f, "equal but for byte {offset}"),
            Trap::Inserted(offset) => write!(f, "equal but for one byte more, before byte {offset}"),
            Trap::Start(bytes) => write!(f, "equal only in the first {bytes} bytes"),
            Trap::End(bytes) => write!(f, "equal only in the last {bytes} bytes"),
        }
    }
}

/// What is known of one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact {
    /// Equal for two files exactly where their bytes are equal.
    pub content: u64,
    /// Content that this one was derived from; its own where it is no near-duplicate.
    pub base: u64,
    /// What makes it a near-duplicate of `base`.
    pub trap: Option<Trap>,
    /// Equal for two paths exactly where they are names of one file (hard links).
    pub ino: u64,
    /// Size in bytes.
    pub size: u64,
    /// Whether the path is a symbolic link. The other fields are then of no use.
    pub symlink: bool,
}

/// All paths with the same bytes, where there are at least two of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// Their [`Fact::content`].
    pub content: u64,
    /// Size of each in bytes.
    pub size: u64,
    /// Number of paths, at least 2.
    pub names: u64,
    /// Number of files that these paths name: less than `names` where some are hard links, perhaps 1.
    pub inodes: u64,
}

/// Exact knowledge of a tree. Paths are relative to its root, separated by single slashes, without `.` and `..`.
pub trait Truth {
    /// What is known of a listed file or symbolic link. `None` for everything else: directories, names that resolve
    /// without being listed, paths that do not exist.
    fn fact(&self, path: &[u8]) -> Option<Fact>;

    /// Calls `visit` with every group, each once, until it breaks.
    fn groups(&self, visit: &mut dyn FnMut(Group) -> ControlFlow<()>);

    /// Calls `visit` with the paths of the group of this content and what is known of each, until it breaks.
    fn members(&self, content: u64, visit: &mut dyn FnMut(&[u8], &Fact) -> ControlFlow<()>);
}
