//! `seedfs mount`: shows a dataset as a directory.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::CliError;
use super::input;
use crate::damage::{Plan, Spec as Damage};
use crate::mount::{self, MountError, MountOptions, Source};
use crate::stats::Counters;
use crate::tree::Tree;

/// Dataset that is mounted when none is named.
const DEFAULT_DATASET: &str = "demo";

/// What is said where no mount point is named.
#[cfg(unix)]
const NO_PLACE: &str = "no mount point; name an existing directory, as in seedfs mount demo DIR";
#[cfg(windows)]
const NO_PLACE: &str = "no mount point; name a drive, as in seedfs mount demo X:";

#[cfg(unix)]
const AFTER_HELP: &str = "\
Arguments:
  DATASET     preset, or text such as files=1M,size=4KiB; demo if absent
  MOUNTPOINT  existing directory

Options behind -o, separated by commas; of contradicting ones the last counts:
  seed=N corpus=FILE listed_only log_file=FILE generation=G snapshots   as the long options
  damage=SPEC                      as --damage; with \\, instead of its commas
  uid=N gid=N                      owner and group of all files
  umask=M fmask=M dmask=M          permissions taken from all, files, directories (octal)
  allow_other allow_root           who may use the mount besides its owner
  direct_io                        reads bypass the page cache
  prefetch=SIZE                    bytes generated ahead of each sequential reader; 0 for none
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

#[cfg(windows)]
const AFTER_HELP: &str = "\
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

/// Show a dataset as a directory, in the background
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP, override_usage = "seedfs mount [OPTIONS] [DATASET] MOUNTPOINT")]
pub(crate) struct Args {
    /// Dataset and mount point, or the mount point alone.
    // The first of two may be missing, which clap cannot express where `--` stands before them: to the parser they are
    // one argument, and AFTER_HELP describes them.
    #[arg(hide = true, num_args = 1..=2, value_name = "MOUNTPOINT")]
    places: Vec<OsString>,

    /// Stay in the foreground; messages go to standard error
    #[arg(short, long)]
    foreground: bool,

    /// Show every request; implies -f
    #[arg(short, long)]
    debug: bool,

    /// Answer requests one at a time
    #[cfg(unix)]
    #[arg(short, long)]
    single_thread: bool,

    /// Mount options, see below; may be repeated
    #[arg(short, value_name = "OPTION,…")]
    options: Vec<String>,

    /// Seed instead of the dataset's
    #[arg(long, value_name = "N", value_parser = input::seed)]
    seed: Option<u64>,

    /// File with the words that text is made of
    #[arg(long, value_name = "FILE")]
    corpus: Option<PathBuf>,

    /// Resolve only the names that listings show
    #[arg(long)]
    listed_only: bool,

    /// Generation to show: the dataset after so many steps of churn
    #[arg(long, value_name = "G")]
    generation: Option<u64>,

    /// Show all generations up to that one side by side, as directories gen-000000, gen-000001, …
    #[arg(long)]
    snapshots: bool,

    /// Let listed files be wrong, in the places that seedfs damage lists
    #[arg(long, value_name = "SPEC", value_parser = input::damage)]
    damage: Option<Damage>,

    /// Append messages to a file instead of the system log
    #[arg(long, value_name = "FILE")]
    log_file: Option<PathBuf>,

    /// Say more; -vv tells of every failed request, -vvv of all
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,

    /// Pass over unknown options, as mount -s asks for
    #[cfg(unix)]
    #[arg(long, hide = true)]
    sloppy: bool,

    /// Check everything, mount nothing, as mount -f asks for
    #[cfg(unix)]
    #[arg(long, hide = true)]
    fake: bool,

    /// Be the process in the background that the command started, and report to it
    #[cfg(windows)]
    #[arg(long, hide = true)]
    reporting: bool,
}

impl Args {
    /// What to show, as text.
    ///
    /// # Errors
    /// Usage: the name is not UTF-8.
    fn dataset(&self) -> Result<&str, CliError> {
        match self.places.as_slice() {
            [dataset, _, ..] => dataset
                .to_str()
                .ok_or_else(|| CliError::usage(format!("{}: not UTF-8; rename the file", dataset.display()))),
            _ => Ok(DEFAULT_DATASET),
        }
    }

    /// Where to show it.
    fn mountpoint(&self) -> &Path {
        self.places.last().map_or(Path::new(""), Path::new)
    }

    /// The options behind `-o` and those of their own, which win.
    ///
    /// # Errors
    /// Usage: the first option that is unknown or has an unusable value.
    fn mount_options(&self) -> Result<MountOptions, CliError> {
        let mut options = MountOptions::default();
        for text in &self.options {
            #[cfg(unix)]
            let applied = options.apply(text, self.sloppy);
            #[cfg(windows)]
            let applied = options.apply(text);
            applied.map_err(|error| CliError::usage(error.to_string()))?;
        }
        options.seed = self.seed.or(options.seed);
        options.listed_only |= self.listed_only;
        options.generation = self.generation.unwrap_or(options.generation);
        options.snapshots |= self.snapshots;
        options.damage = self.damage.or(options.damage);
        options.corpus = self.corpus.clone().or(options.corpus);
        options.log_file = self.log_file.clone().or(options.log_file);
        options.foreground = self.foreground || self.debug;
        options.verbosity = if self.debug { 3 } else { self.verbose };
        #[cfg(unix)]
        if self.single_thread {
            options.threads = Some(1);
        }
        #[cfg(windows)]
        {
            options.reporting = self.reporting;
        }
        Ok(options)
    }
}

/// Returns when the mount works, or with `-f` when it is gone.
pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let options = args.mount_options()?;
    if args.places.is_empty() {
        return Err(CliError::usage(NO_PLACE));
    }
    let dataset = args.dataset()?;
    let (tree, counters) = build(dataset, &options)?;
    let identity = tree.dataset().spec().identity();
    #[cfg(unix)]
    if args.fake {
        return Ok(());
    }
    #[cfg(windows)]
    if !options.foreground && !options.reporting {
        return mount::in_background(&reporting_arguments()).map_err(CliError::from);
    }
    let source = Source { dataset, identity: Some(&identity) };
    mount::run(tree, counters, source, args.mountpoint(), &options).map_err(CliError::from)
}

/// The arguments of this process with the word that makes another one of it report.
#[cfg(windows)]
fn reporting_arguments() -> Vec<OsString> {
    let mut arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    // Behind the subcommand, and before any `--`.
    arguments.insert(arguments.len().min(1), "--reporting".into());
    arguments
}

/// The tree that the options ask for, and the counters that it shows.
fn build(dataset: &str, options: &MountOptions) -> Result<(Tree, Arc<Counters>), CliError> {
    let (dataset, corpus) = input::dataset_and_corpus(Some(dataset), options.seed, options.corpus.as_deref())?;
    let counters = Arc::new(Counters::default());
    let shown = counters.clone();
    let tree = Tree::new(dataset, corpus, options.listed_only, Box::new(move || shown.prometheus()));
    let tree = match options.snapshots {
        false => tree.at_generation(options.generation),
        true => tree.with_snapshots(options.generation),
    };
    let tree = tree.map_err(|e| CliError::usage(e.to_string()))?;
    Ok((tree.with_damage(options.damage.map(Plan::new)), counters))
}

impl From<MountError> for CliError {
    fn from(error: MountError) -> Self {
        Self::new(error.exit_code(), error.to_string())
    }
}
