//! `seedfs mount`: shows a dataset as a directory.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::CliError;
use crate::mount::{self, MountError, MountOptions};
use crate::stats::Counters;
use crate::vfs::Vfs;

/// Dataset that is mounted when none is named.
const DEFAULT_DATASET: &str = "demo";

const AFTER_HELP: &str = "\
Arguments:
  DATASET     preset, or text such as files=1M,size=4KiB; demo if absent
  MOUNTPOINT  existing directory

Options behind -o, separated by commas; of contradicting ones the last counts:
  seed=N corpus=FILE listed_only log_file=FILE   as the long options
  uid=N gid=N                      owner and group of all files
  umask=M fmask=M dmask=M          permissions taken from all, files, directories (octal)
  allow_other allow_root           who may use the mount besides its owner
  direct_io                        reads bypass the page cache
  readdirplus=always|auto|never    whether listings carry attributes
  noxattr                          no extended attributes
  threads=N                        threads that answer requests, 1 to 64
  auto_unmount                     unmount if the daemon dies
  fsname=TEXT subtype=NAME         what the mount table shows
  context=LABEL                    SELinux label (also fscontext, defcontext, rootcontext)
  [no]dev [no]suid [no]exec [no]atime

Examples:
  seedfs mount /mnt/demo
  seedfs mount files=1M,size=4KiB /mnt/many --seed 7
  seedfs mount demo ~/demo -f -v -o umask=022,noexec
  sha256sum /mnt/demo/s42-1GiB
  seedfs umount /mnt/demo

In /etc/fstab:
  demo  /mnt/demo  fuse.seedfs  ro,nofail,allow_other  0 0

Exit codes: 0 mounted or unmounted, 1 failed, 2 usage, 10 bad mount point, 11 no FUSE or mount refused.";

/// Show a dataset as a directory, in the background
#[derive(Debug, Clone, Args)]
#[command(after_help = AFTER_HELP, override_usage = "seedfs mount [OPTIONS] [DATASET] MOUNTPOINT")]
pub struct MountArgs {
    /// Dataset and mount point, or the mount point alone.
    // The first of two may be missing, which clap cannot express where `--` stands before them: to the parser they are
    // one argument, and AFTER_HELP describes them.
    #[arg(hide = true, num_args = 1..=2, value_name = "MOUNTPOINT")]
    pub places: Vec<OsString>,

    /// Stay in the foreground; messages go to standard error
    #[arg(short, long)]
    pub foreground: bool,

    /// Show every request; implies -f
    #[arg(short, long)]
    pub debug: bool,

    /// Answer requests one at a time
    #[arg(short, long)]
    pub single_thread: bool,

    /// Mount options, see below; may be repeated
    #[arg(short, value_name = "OPTION,…")]
    pub options: Vec<String>,

    /// Seed instead of the dataset's
    #[arg(long, value_name = "N", value_parser = parse_seed)]
    pub seed: Option<u64>,

    /// File with the words that text is made of
    #[arg(long, value_name = "FILE")]
    pub corpus: Option<PathBuf>,

    /// Resolve only the names that listings show
    #[arg(long)]
    pub listed_only: bool,

    /// Append messages to a file instead of the system log
    #[arg(long, value_name = "FILE")]
    pub log_file: Option<PathBuf>,

    /// Say more; -vv tells of every failed request, -vvv of all
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// Pass over unknown options, as mount -s asks for
    #[arg(long, hide = true)]
    pub sloppy: bool,

    /// Check everything, mount nothing, as mount -f asks for
    #[arg(long, hide = true)]
    pub fake: bool,
}

impl MountArgs {
    /// What to show, as text.
    ///
    /// # Errors
    /// Usage: the name is not UTF-8.
    pub fn dataset(&self) -> Result<&str, CliError> {
        match self.places.as_slice() {
            [dataset, _, ..] => dataset
                .to_str()
                .ok_or_else(|| CliError::usage(format!("{}: not UTF-8; rename the file", dataset.display()))),
            _ => Ok(DEFAULT_DATASET),
        }
    }

    /// Where to show it.
    pub fn mountpoint(&self) -> &Path {
        self.places.last().map_or(Path::new(""), Path::new)
    }

    /// The options behind `-o` and those of their own, which win.
    ///
    /// # Errors
    /// Usage: the first option that is unknown or has an unusable value.
    pub fn mount_options(&self) -> Result<MountOptions, CliError> {
        let mut options = MountOptions::default();
        for text in &self.options {
            options.apply(text, self.sloppy).map_err(|error| CliError::usage(error.to_string()))?;
        }
        options.seed = self.seed.or(options.seed);
        options.listed_only |= self.listed_only;
        options.corpus = self.corpus.clone().or(options.corpus);
        options.log_file = self.log_file.clone().or(options.log_file);
        options.foreground = self.foreground || self.debug;
        options.verbosity = if self.debug { 3 } else { self.verbose };
        if self.single_thread {
            options.threads = Some(1);
        }
        Ok(options)
    }
}

/// Mounts; `build` makes the file system out of the dataset's text and the options (seed, corpus, listed_only), without
/// starting a thread. Returns when the mount works, or with `-f` when it is gone.
///
/// # Errors
/// Those of [`MountArgs::mount_options`], of `build`, and of [`mount::run`] with its exit codes.
pub fn run<V: Vfs>(
    args: &MountArgs,
    build: impl FnOnce(&str, &MountOptions) -> Result<(V, Arc<Counters>), CliError>,
) -> Result<(), CliError> {
    let options = args.mount_options()?;
    if args.places.is_empty() {
        return Err(CliError::usage("no mount point; name an existing directory, as in seedfs mount demo DIR"));
    }
    let dataset = args.dataset()?;
    let (vfs, counters) = build(dataset, &options)?;
    if args.fake {
        return Ok(());
    }
    mount::run(vfs, counters, dataset, args.mountpoint(), &options).map_err(CliError::from)
}

fn parse_seed(text: &str) -> Result<u64, String> {
    mount::parse_seed(text).map_err(str::to_owned)
}

impl From<MountError> for CliError {
    fn from(error: MountError) -> Self {
        Self { code: error.exit_code(), message: error.to_string() }
    }
}
