//! What a sink's calls take and give.

use super::NodeType;
use crate::vfs::{Ino, Time};

/// What can go wrong. The adapter maps this to its platform's codes in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SinkError {
    /// No such name.
    #[error("no such file or directory")]
    NotFound,
    /// The name is taken.
    #[error("already exists")]
    Exists,
    /// A directory was needed.
    #[error("not a directory")]
    NotDirectory,
    /// A directory is no file.
    #[error("is a directory")]
    IsDirectory,
    /// There is something in the directory.
    #[error("directory not empty")]
    NotEmpty,
    /// The inode number is not, or no longer, in use.
    #[error("stale inode")]
    Stale,
    /// The wrong type or value for this call.
    #[error("invalid argument")]
    Invalid,
    /// No more numbers, or no room for extended attributes.
    #[error("no space left")]
    Full,
    /// A name, or the target of a link, is longer than any file system allows.
    #[error("file name too long")]
    NameTooLong,
    /// Behind the largest offset.
    #[error("file too large")]
    TooLarge,
    /// The bytes are not known: they were wrong or not proved, and are not kept.
    #[error("bytes that were not proved")]
    Unknown,
    /// The bytes are not those that are demanded.
    #[error("wrong bytes, refused")]
    Refused,
    /// Attributes of this kind would change what the node is: lists of access rights.
    #[error("not supported")]
    Unsupported,
    /// No extended attribute of that name.
    #[error("no such attribute")]
    NoAttribute,
}

/// Result of a sink's calls.
pub type Result<T> = std::result::Result<T, SinkError>;

/// Attributes of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attr {
    /// Its number.
    pub ino: Ino,
    /// What it is.
    pub node_type: NodeType,
    /// Bytes, at most 2^63 − 1.
    pub size: u64,
    /// Permission bits, at most 0o7777.
    pub perm: u16,
    /// User and group.
    pub owner: (u32, u32),
    /// Names; for a directory 2 and the number of its subdirectories.
    pub nlink: u32,
    /// Last change; times of access are not kept.
    pub mtime: Time,
}

/// What is to change of a node; what is absent stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Change {
    /// Permission bits.
    pub perm: Option<u16>,
    /// User.
    pub uid: Option<u32>,
    /// Group.
    pub gid: Option<u32>,
    /// Size of a regular file.
    pub size: Option<u64>,
    /// Time of last change.
    pub mtime: Option<Time>,
}

/// How a sink behaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rules {
    /// Whether wrong bytes are refused when they are written.
    pub strict: bool,
    /// Whether names that are not demanded are no fault.
    pub ignore_extra: bool,
    /// Whether permissions, owners and times are part of a perfect restore.
    pub metadata: bool,
}
