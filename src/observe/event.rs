//! What is told of a request.

use crate::stats::Op;
use crate::tree::{is_control, is_unlisted};
use crate::vfs::Ino;

/// Whether a file is in the listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// It is.
    Listed,
    /// It was asked for by its name.
    Unlisted,
}

impl Place {
    /// Both, in the order of reports.
    pub const ALL: [Place; 2] = [Place::Listed, Place::Unlisted];

    /// That of a file of a [`crate::tree::Tree`]; `None` for the control directory, which nobody observes.
    pub fn of(ino: Ino) -> Option<Self> {
        match ino {
            _ if is_control(ino) => None,
            _ if is_unlisted(ino) => Some(Place::Unlisted),
            _ => Some(Place::Listed),
        }
    }

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Place::Listed => "listed",
            Place::Unlisted => "unlisted",
        }
    }
}

/// One request, and how it was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Microseconds from the start to its arrival.
    pub at: u64,
    /// For reads: its place in the order in which the kernel sent them, where that is known, else 0.
    pub seq: u64,
    /// What it asks for.
    pub op: Op,
    /// What it is about: for lookups the directory.
    pub ino: Ino,
    /// Whether it was answered without an error; a name that is not there counts as one.
    pub ok: bool,
    /// For reads: the first byte.
    pub offset: u64,
    /// For reads: bytes asked for.
    pub len: u32,
    /// For reads: bytes handed out, at most those asked for.
    pub count: u32,
}

impl Event {
    /// A request other than a read.
    pub fn plain(at: u64, op: Op, ino: Ino, ok: bool) -> Self {
        Self { at, seq: 0, op, ino, ok, offset: 0, len: 0, count: 0 }
    }
}
