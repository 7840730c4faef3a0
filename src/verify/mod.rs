//! Restored trees, compared with what they must be: every byte is made again, and nothing is stored to compare with.
//!
//! | part | what it does |
//! |---|---|
//! | tree, names | say what must be where: by a dataset, or by names alone |
//! | disk | looks at what is there; the only part that touches it |
//! | judge, bytes, explain | compare one with the other |
//! | order | does that with several threads, and gives the findings in the order of the listing |
//! | renames | finds what is missing among what is too much |
//!
//! Memory does not depend on the number of files, but for those that are missing or too much, of which the first
//! [`RENAMES`] are remembered to find renamed files.

mod bytes;
mod disk;
mod explain;
mod finding;
mod judge;
mod names;
mod order;
mod renames;
mod report;
mod tree;

use std::io;
use std::num::NonZero;
use std::path::PathBuf;

pub use explain::Run;
pub use finding::{Finding, What};
pub use names::verify_names;
pub use renames::RENAMES;
pub use report::Summary;
pub use tree::verify_tree;

use crate::shard::Shard;

/// What to compare, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Threads that read and compare.
    pub threads: NonZero<usize>,
    /// Most runs of wrong bytes that are told of a file, at least 1.
    pub lines: usize,
    /// Whether permission bits count.
    pub mode: bool,
    /// Whether times of last change count, in seconds.
    pub times: bool,
    /// Whether owners count, where the dataset names some.
    pub owner: bool,
    /// Whether names of one file must be hard links.
    pub links: bool,
    /// Whether what is too much counts.
    pub extra: bool,
    /// Whether times of directories count as well: few programs restore them.
    pub dir_times: bool,
    /// Whether holes must be holes.
    pub holes: bool,
    /// Whether to look for missing files among those that are too much. Never done for a part of a whole.
    pub renames: bool,
    /// The part to verify.
    pub shard: Shard,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN),
            lines: 10,
            mode: true,
            times: true,
            owner: true,
            links: true,
            extra: true,
            dir_times: false,
            holes: false,
            renames: true,
            shard: Shard::WHOLE,
        }
    }
}

/// Watches a comparison get on, from any thread.
pub trait Watch: Sync {
    /// So many more files with so many more bytes are there to be compared: only where that is not known beforehand.
    fn found(&self, files: u64, bytes: u64);

    /// So many more entries and bytes have been compared.
    fn done(&self, entries: u64, bytes: u64);
}

/// Takes the findings; its first error ends the comparison.
pub type Visit<'a> = &'a mut dyn FnMut(&Finding) -> io::Result<()>;

/// Why a comparison came to no end.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The root of the tree cannot be looked at, or is no directory.
    #[error("{}: {error}", path.display())]
    Root {
        /// The root.
        path: PathBuf,
        /// What is wrong with it.
        error: io::Error,
    },
    /// Who takes the findings failed.
    #[error("{0}")]
    Visit(io::Error),
}
