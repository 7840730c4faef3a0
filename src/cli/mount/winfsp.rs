//! What `seedfs mount` takes where WinFsp serves it, besides what every platform has.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use crate::mount::{self, MountError, MountOptions, OptionError, Source};
use crate::stats::Counters;
use crate::tree::Tree;

/// What is said where no mount point is named.
pub(super) const NO_PLACE: &str = "no mount point; name a drive, as in seedfs mount demo X:";

pub(super) const AFTER_HELP: &str = "\
Arguments:
  DATASET     preset, or text such as files=1M,size=4KiB; demo if absent
  MOUNTPOINT  drive such as X:, * for the next one that is free, or a directory that does not exist yet

Options behind -o, separated by commas; of contradicting ones the last counts:
  seed=N corpus=FILE listed_only log_file=FILE generation=G snapshots   as the long options
  damage=SPEC                      as --damage; with \\, instead of its commas
  label=TEXT                       label of the volume
  threads=N                        threads that answer requests, 1 to 64

Examples:
  seedfs mount X:
  seedfs mount files=1M,size=4KiB X: --seed 7
  seedfs mount demo C:\\data\\tree -f -v
  certutil -hashfile X:\\s42-1GiB SHA256
  seedfs umount X:

WinFsp 2 must be installed: https://winfsp.dev/rel/

Exit codes: 0 mounted or unmounted, 1 failed, 2 usage, 10 bad mount point, 11 no WinFsp or mount refused.";

/// Options of this platform.
#[derive(Debug, clap::Args)]
pub(super) struct Extra {
    /// Be the process in the background that the command started, and report to it
    #[arg(long, hide = true)]
    reporting: bool,
}

impl Extra {
    /// Applies the text of one `-o`.
    pub(super) fn apply_text(&self, text: &str, options: &mut MountOptions) -> Result<(), OptionError> {
        options.apply(text)
    }

    /// Adds these options.
    pub(super) fn apply(&self, options: &mut MountOptions) {
        options.reporting = self.reporting;
    }

    /// Mounts, or has another process do so.
    pub(super) fn run(
        &self,
        tree: Tree,
        counters: Arc<Counters>,
        dataset: &str,
        place: &Path,
        options: &MountOptions,
    ) -> Result<(), MountError> {
        if !options.foreground && !options.reporting {
            return mount::in_background(&reporting_arguments());
        }
        let spec = tree.dataset().spec();
        let (identity, seed) = (spec.identity(), spec.seed);
        mount::run(tree, counters, Source { dataset, identity: Some(&identity), seed }, place, options)
    }
}

/// The arguments of this process with the word that makes another one of it report.
fn reporting_arguments() -> Vec<OsString> {
    let mut arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    // Behind the subcommand, and before any `--`.
    arguments.insert(arguments.len().min(1), "--reporting".into());
    arguments
}
