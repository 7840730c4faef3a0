//! `seedfs advance`: moves a live mount on to another generation.

use std::path::PathBuf;

use super::error::CliError;
use super::output::print;
use crate::mount::advance;

const AFTER_HELP: &str = "\
Examples:
  seedfs mount home /mnt/home
  restic backup /mnt/home
  seedfs advance /mnt/home          a week later
  restic backup /mnt/home
  seedfs advance /mnt/home 52       a year after the start

Exit codes: 0 moved on, 1 failed, 2 usage or no such generation, 10 not a seedfs mount.";

/// Move a mount on to another generation of its dataset
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Directory that a dataset is mounted on
    mountpoint: PathBuf,

    /// Generation to show, an earlier one if it must be; the next one if absent
    #[arg(value_name = "G")]
    generation: Option<u64>,
}

/// Returns when everybody sees the new generation.
///
/// # Errors
/// Exit code 10 for what is no seedfs mount, 2 for a generation that there is not, 1 where it is refused.
pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let generation = advance::advance(&args.mountpoint, args.generation)
        .map_err(|error| CliError::new(error.exit_code(), format!("{}: {error}", args.mountpoint.display())))?;
    print(&format!("generation {generation}\n"))
}
