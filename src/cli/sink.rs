//! `seedfs sink`: a mount to restore into, which compares what is written and stores nothing.

use std::path::PathBuf;

use super::error::{CliError, FAILURE};
use super::input;
use super::output::print;
use crate::expected::{ByDataset, ByName, Expected};
use crate::mount::{self, MountOptions, SinkOptions, UNDECIDED};
use crate::sink::{Rules, Sink};

const AFTER_HELP: &str = "\
Options behind -o, separated by commas: allow_other, allow_root, auto_unmount, threads=N, fsname=TEXT, context=LABEL,
[no]dev, [no]suid, [no]exec, [no]atime, as for seedfs mount.

Examples:
  seedfs sink --dataset demo /mnt/sink        what demo holds must be restored, all of it
  rsync -a /mnt/restored/ /mnt/sink/          or cp -a, tar, restic restore, borg extract …
  seedfs umount /mnt/sink && echo perfect     prints what is wrong
  seedfs sink /mnt/sink --strict              by the names of files alone; wrong bytes are refused
  cat /mnt/sink/.seedfs/report.json           the report so far

Exit codes: 0 mounted, or with -f a perfect restore, 1 failed, or with -f not perfect, 2 usage, 3 with -f ended by a
signal while busy or nowhere to print, 10 bad mount point, 11 no FUSE or mount refused.";

/// Compare what is restored into a directory, storing nothing
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Existing directory to mount on
    mountpoint: PathBuf,

    /// Dataset that must be restored, and nothing else; without, each file must hold what its name says
    #[arg(short = 'D', long, value_name = "DATASET")]
    dataset: Option<String>,

    /// Generation of the dataset that must be restored
    #[arg(long, value_name = "G", default_value_t = 0, requires = "dataset")]
    generation: u64,

    /// Refuse wrong bytes when they are written
    #[arg(long)]
    strict: bool,

    /// Let paths that are not demanded be no fault
    #[arg(long)]
    ignore_extra: bool,

    /// Let wrong permissions, owners and times be faults
    #[arg(long, requires = "dataset")]
    metadata: bool,

    /// Write the final report, as JSON, to a file
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// List at most this many paths in reports
    #[arg(long, value_name = "N", default_value_t = 1000)]
    list: usize,

    /// Stay in the foreground; the report goes to standard output in the end
    #[arg(short, long)]
    foreground: bool,

    /// Mount options, see below; may be repeated
    #[arg(short, value_name = "OPTION,…")]
    options: Vec<String>,

    /// Seed instead of the dataset's
    #[arg(long, value_name = "N", value_parser = input::seed, requires = "dataset")]
    seed: Option<u64>,

    /// File with the words that text is made of
    #[arg(long, value_name = "FILE")]
    corpus: Option<PathBuf>,

    /// Append messages to a file instead of the system log
    #[arg(long, value_name = "FILE")]
    log_file: Option<PathBuf>,

    /// Say more; -vv tells of every failed request, -vvv of all
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
}

impl Args {
    /// The options behind `-o` and those of their own.
    ///
    /// # Errors
    /// Usage: the first option that is unknown, has an unusable value, or means nothing to a sink.
    fn mount_options(&self) -> Result<MountOptions, CliError> {
        let mut options = MountOptions::default();
        for text in &self.options {
            options.apply(text, false).map_err(|error| CliError::usage(error.to_string()))?;
        }
        let plain = MountOptions::default();
        let meant = MountOptions {
            access: options.access,
            auto_unmount: options.auto_unmount,
            threads: options.threads,
            fsname: options.fsname.clone(),
            contexts: options.contexts.clone(),
            dev: options.dev,
            suid: options.suid,
            exec: options.exec,
            atime: options.atime,
            ..plain
        };
        if meant != options {
            return Err(CliError::usage(format!(
                "-o {}: holds an option that means nothing to a sink; see seedfs sink --help",
                self.options.join(",")
            )));
        }
        Ok(MountOptions {
            log_file: self.log_file.clone(),
            foreground: self.foreground,
            verbosity: self.verbose,
            ..meant
        })
    }
}

/// Returns when the mount works, or with `-f` when it is gone.
///
/// # Errors
/// Those of mounting; with `-f` exit code 1 for a restore that is not perfect.
pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let options = args.mount_options()?;
    let (expected, corpus, text): (Box<dyn Expected>, _, _) = match &args.dataset {
        Some(dataset) => {
            let (dataset, corpus) = input::dataset_and_corpus(Some(dataset), args.seed, args.corpus.as_deref())?;
            let text = dataset.spec().to_toml();
            let expected = ByDataset::new(dataset, args.generation).map_err(|e| CliError::usage(e.to_string()))?;
            (Box::new(expected), corpus, Some(text))
        }
        None => (Box::new(ByName), input::corpus(args.corpus.as_deref())?, None),
    };
    let rules = Rules { strict: args.strict, ignore_extra: args.ignore_extra, metadata: args.metadata };
    // SAFETY: these calls have no preconditions and cannot fail.
    let owner = unsafe { (libc::getuid(), libc::getgid()) };
    let sink = Sink::new(expected, corpus, rules, owner);
    let report = match &args.report {
        Some(path) => Some(std::path::absolute(path).map_err(|error| CliError::usage(format!("--report: {error}")))?),
        None => None,
    };
    let source = args.dataset.clone().unwrap_or_else(|| mount::SINK_SUBTYPE.to_owned());
    let sink_options = SinkOptions { report, listed: args.list, source, dataset: text };
    let report = mount::run_sink(sink, owner, &args.mountpoint, &options, &sink_options)?;
    // In the background nobody reads what is printed now.
    if let Some(report) = report.filter(|_| args.foreground) {
        // Who does not get the verdict must not take another exit code for it.
        print(&report.to_text()).map_err(|error| CliError::new(UNDECIDED, error.to_string()))?;
        if !report.perfect {
            return Err(CliError::new(FAILURE, format!("{}: the restore is not perfect", args.mountpoint.display())));
        }
    }
    Ok(())
}
