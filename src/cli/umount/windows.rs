//! `seedfs umount` on Windows: ends a mount of this program, and no other.

use std::path::PathBuf;

use crate::cli::error::{CliError, FAILURE};
use crate::mount::{EndError, end};

const AFTER_HELP: &str = "\
Examples:
  seedfs umount X:
  seedfs umount C:\\data\\tree

Exit codes: 0 unmounted, 1 failed, 2 usage, 10 not a seedfs mount.";

/// Exit code for what is no mount of this program.
const NO_MOUNT: u8 = 10;

/// Unmount a drive or directory that shows a dataset
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Drive or directory that a dataset is mounted on
    mountpoint: PathBuf,
}

/// Unmounts, and returns when the mount is gone.
///
/// # Errors
/// Exit code 10 for what is no seedfs mount, 1 for one that cannot be removed.
pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    end(&args.mountpoint).map_err(|error| {
        let code = if matches!(error, EndError::NoMount | EndError::Place(_)) { NO_MOUNT } else { FAILURE };
        CliError::new(code, format!("{}: {error}", args.mountpoint.display()))
    })
}
