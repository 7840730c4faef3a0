//! What people are told of a mount: what it shows, and why there is none.

use std::path::PathBuf;

/// What is mounted, as people are told.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// What the mount table shows as source, unless the options say otherwise.
    pub dataset: &'a str,
    /// The dataset's identity, which the log shows, if there is one.
    pub identity: Option<&'a str>,
    /// What decides about everything that is left to chance, such as a device that is asked for.
    pub seed: u64,
}

/// Why there is no mount. Shown, it is one line with the cause and the next step.
#[derive(Debug, thiserror::Error)]
pub enum MountError {
    /// Something failed that should not.
    #[error("{0}")]
    Failed(String),
    /// The directory cannot be mounted on.
    #[error("{point}: {reason}", point = point.display())]
    Point {
        /// The directory as given.
        point: PathBuf,
        /// What is wrong with it, and the next step.
        reason: String,
    },
    /// There is no FUSE or WinFsp here, or the mount was refused.
    #[error("cannot mount: {0}")]
    Refused(String),
    /// What the background process reported.
    #[error("{text}")]
    Daemon {
        /// Exit code.
        code: u8,
        /// The message.
        text: String,
    },
}

impl MountError {
    /// Exit code of the command: 1 failed, 10 bad mount point, 11 no FUSE or WinFsp, or mount refused.
    pub fn exit_code(&self) -> u8 {
        match self {
            MountError::Failed(_) => 1,
            MountError::Point { .. } => 10,
            MountError::Refused(_) => 11,
            MountError::Daemon { code, .. } => *code,
        }
    }
}
