//! Asks the daemon behind a mount to show another generation.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;

use super::mountpoint::{CLOSED, Shown, dead, means_dead, shown};
use crate::fuse::{ADVANCE, NEXT};

/// Why a mount shows what it showed.
#[derive(Debug, thiserror::Error)]
pub enum AdvanceError {
    /// No mount of this program.
    #[error("is no seedfs mount; name the directory that a dataset is mounted on")]
    NoMount,
    /// There is nothing of this name.
    #[error("does not exist; name a directory that a dataset is mounted on")]
    Missing,
    /// A mount whose daemon was killed, and how to remove it.
    #[error("{0}; then mount it again")]
    Dead(String),
    /// A mount that shows what is written to it.
    #[error("is a sink, which has no generations; name a directory that a dataset is mounted on")]
    Sink,
    /// A mount that does not let anybody but its owner in.
    #[error("is another user's mount, which that user alone may look at; run seedfs advance as that user")]
    Hidden,
    /// Nobody knows what it is.
    #[error("{CLOSED}; run seedfs advance as that user")]
    Closed,
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
            AdvanceError::NoMount
            | AdvanceError::Missing
            | AdvanceError::Dead(_)
            | AdvanceError::Sink
            | AdvanceError::Closed => 10,
            AdvanceError::NoGeneration => 2,
            AdvanceError::SideBySide | AdvanceError::NotYours | AdvanceError::Hidden | AdvanceError::Failed(_) => 1,
        }
    }
}

/// Moves the mount on a directory to a generation, or to the next one, and returns the one that it shows.
///
/// # Errors
/// See [`AdvanceError`].
pub fn advance(point: &Path, generation: Option<u64>) -> Result<u64, AdvanceError> {
    let control = File::open(point.join(".seedfs/generation")).map_err(|error| explain(point, error))?;
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
        _ => explain(point, error),
    })
}

/// What an error means that a mount does not use to refuse.
fn explain(point: &Path, error: io::Error) -> AdvanceError {
    if means_dead(&error) {
        return AdvanceError::Dead(dead(point));
    }
    match (shown(point), error.raw_os_error()) {
        (Shown::Sink, _) => AdvanceError::Sink,
        (Shown::Dataset, Some(libc::EACCES)) => AdvanceError::Hidden,
        (_, Some(libc::EACCES)) => AdvanceError::Closed,
        (_, Some(libc::ENOENT)) if std::fs::symlink_metadata(point).is_err() => AdvanceError::Missing,
        (_, Some(libc::ENOENT | libc::ENOTDIR | libc::ENOTTY)) => AdvanceError::NoMount,
        _ => AdvanceError::Failed(error),
    }
}
