//! Access traces: every request to a mount, in a few bytes each. seedfs-trace(5) is the definition.
//!
//! Numbers are LEB128: seven bits a byte, the lowest first, the high bit set on all but the last byte. Most of what is
//! written is a difference to the request before, so that a request of a reader in order takes two or three bytes.

mod grid;
mod read;
mod record;
mod rows;
mod summary;
mod write;

pub use grid::{Cell, Grid};
pub use read::{Reader, TraceError};
pub use record::{Recorder, Totals};
pub use rows::{Rows, Scale};
pub use summary::{Names, Summary, revisit};
pub use write::Writer;

use crate::observe::Event;
use crate::stats::Op;

/// What a trace starts with.
pub const MAGIC: [u8; 8] = *b"SEEDFSTR";

/// Version of the format.
pub const VERSION: u64 = 1;

/// Most bytes of a dataset's text.
const MAX_DATASET: u64 = 16 << 20;

/// Most bytes of a dataset's identity.
const MAX_IDENTITY: u64 = 1 << 10;

/// Most bytes of a path.
const MAX_PATH: u64 = 1 << 16;

/// Most bytes that a read asks for: beyond what any kernel does.
const MAX_READ: u32 = 64 << 20;

/// In the first byte of a record: the same inode as in the one before.
const SAME: u8 = 1 << 5;
/// For reads: starts where the one before ended.
const FOLLOWS: u8 = 1 << 6;
/// For reads: asked for as much as the one before, and got it all; for others: failed.
const SPECIAL: u8 = 1 << 7;
/// Bits of the code.
const CODE: u8 = SAME - 1;

/// Codes of records that are no requests.
const NAME: u8 = 31;
const LOST: u8 = 30;
const END: u8 = 29;

/// Requests by their codes; more may follow.
const OPS: [Op; 15] = [
    Op::Lookup,
    Op::Forget,
    Op::GetAttr,
    Op::ReadLink,
    Op::Open,
    Op::Read,
    Op::ReadDir,
    Op::ReadDirPlus,
    Op::StatFs,
    Op::GetXattr,
    Op::ListXattr,
    Op::Seek,
    Op::Access,
    Op::Change,
    Op::Other,
];

/// Code of a request; what has none is "other".
fn code(op: Op) -> u8 {
    OPS.iter().position(|&known| known == op).unwrap_or(OPS.len() - 1) as u8
}

/// What a trace is of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Header {
    /// Nanoseconds from 1970 to its start, in UTC.
    pub start: u64,
    /// Generation that was shown at the start.
    pub generation: u64,
    /// Whether all up to that one were shown side by side.
    pub snapshots: bool,
    /// The dataset's identity, at most 1 KiB.
    pub identity: String,
    /// The complete dataset as a TOML document, at most 16 MiB.
    pub dataset: String,
}

/// What follows the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A request.
    Request(Event),
    /// The path from the root of a file that the dataset does not list, before the first request about it.
    Name {
        /// Its inode.
        ino: u64,
        /// The path, at most 64 KiB.
        path: Vec<u8>,
    },
    /// So many requests are missing here: they came faster than they could be written.
    Lost {
        /// Microseconds since the start.
        at: u64,
        /// How many.
        count: u64,
    },
    /// The mount was unmounted.
    End {
        /// Microseconds since the start.
        at: u64,
    },
}

/// What the next record is told as a difference to.
#[derive(Debug, Clone, Copy, Default)]
struct Last {
    at: u64,
    ino: u64,
    /// Where the last read ended, and how many bytes it asked for.
    end: u64,
    len: u32,
}

/// Small numbers for small differences of either sign.
fn zigzag(difference: u64) -> u64 {
    (difference << 1) ^ ((difference as i64) >> 63) as u64
}

fn unzigzag(number: u64) -> u64 {
    (number >> 1) ^ (number & 1).wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_has_a_code_of_its_own() {
        for op in Op::ALL {
            assert_eq!(OPS[code(op) as usize], op);
        }
        assert!(OPS.len() < END.into());
    }

    #[test]
    fn differences_of_either_sign_are_small() {
        for (difference, number) in [(0, 0), (-1, 1), (1, 2), (-2, 3), (i64::MAX, u64::MAX - 1), (i64::MIN, u64::MAX)] {
            assert_eq!(zigzag(difference as u64), number);
            assert_eq!(unzigzag(number), difference as u64);
        }
    }
}
