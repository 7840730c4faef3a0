//! The commands, one file each.

#[cfg(unix)]
pub mod argv;
#[cfg(unix)]
pub mod mount;
#[cfg(unix)]
pub mod umount;

/// Why a command failed: what to print behind `seedfs: `, and the exit code.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CliError {
    /// Exit code: 1 failed, 2 usage, and what the command documents.
    pub code: u8,
    /// One line with name, reason and what to do.
    pub message: String,
}

impl CliError {
    /// A mistake in the command line.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { code: 2, message: message.into() }
    }
}
