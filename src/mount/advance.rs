//! Asks the daemon behind a mount to show another generation.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;

use crate::fuse::{ADVANCE, NEXT};

/// Why a mount shows what it showed.
#[derive(Debug, thiserror::Error)]
pub enum AdvanceError {
    /// No mount of this program.
    #[error("is no seedfs mount of a dataset: {0}; mount one there with seedfs mount")]
    NoMount(io::Error),
    /// There is no such generation.
    #[error("has no such generation; the first is 0, the last 999999 or less")]
    NoGeneration,
    /// Generations side by side do not move.
    #[error("cannot be moved on: it shows all generations side by side; mount it without --snapshots")]
    SideBySide,
    /// Somebody else's mount.
    #[error("is another user's mount; only that user and root may move it on")]
    NotYours,
    /// Something else.
    #[error("cannot be moved on: {0}; the log of the mount says more")]
    Failed(io::Error),
}

impl AdvanceError {
    /// Exit code of the command.
    pub fn exit_code(&self) -> u8 {
        match self {
            AdvanceError::NoMount(_) => 10,
            AdvanceError::NoGeneration => 2,
            AdvanceError::SideBySide | AdvanceError::NotYours | AdvanceError::Failed(_) => 1,
        }
    }
}

/// Moves the mount on a directory to a generation, or to the next one, and returns the one that it shows.
///
/// # Errors
/// See [`AdvanceError`].
pub fn advance(point: &Path, generation: Option<u64>) -> Result<u64, AdvanceError> {
    let control = File::open(point.join(".seedfs/generation")).map_err(AdvanceError::NoMount)?;
    let mut number = generation.unwrap_or(NEXT);
    // SAFETY: the descriptor is open, and the kernel reads and writes the eight bytes that the number of the request
    // promises, which are those of `number`.
    let result = unsafe { libc::ioctl(control.as_raw_fd(), ADVANCE as _, &raw mut number) };
    if result == 0 {
        return Ok(number);
    }
    let error = io::Error::last_os_error();
    Err(match error.raw_os_error() {
        Some(libc::EINVAL) => AdvanceError::NoGeneration,
        Some(libc::EOPNOTSUPP) => AdvanceError::SideBySide,
        Some(libc::EPERM) => AdvanceError::NotYours,
        Some(libc::ENOTTY) => AdvanceError::NoMount(error),
        _ => AdvanceError::Failed(error),
    })
}
