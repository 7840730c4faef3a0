//! `seedfs mount`: shows a dataset as a directory.

#[cfg_attr(unix, path = "fuse.rs")]
#[cfg_attr(windows, path = "winfsp.rs")]
mod platform;

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::CliError;
use super::input;
use crate::damage::{Plan, Spec as Damage};
use crate::dataset::cases::Platform;
use crate::mount::{MountError, MountOptions};
use crate::stats::Counters;
use crate::tree::Tree;
use platform::{AFTER_HELP, Extra, NO_PLACE};

/// Dataset that is mounted when none is named.
const DEFAULT_DATASET: &str = "demo";

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

    #[command(flatten)]
    extra: Extra,
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
            let applied = self.extra.apply_text(text, &mut options);
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
        self.extra.apply(&mut options);
        Ok(options)
    }
}

/// Returns when the mount works, or with `-f` when it is gone.
pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let options = args.mount_options()?;
    if args.places.is_empty() {
        return Err(CliError::usage(NO_PLACE));
    }
    // With WinFsp a directory to mount on does not exist yet.
    if let [only] = args.places.as_slice()
        && cfg!(unix)
        && std::fs::symlink_metadata(only).is_err_and(|error| error.kind() == ErrorKind::NotFound)
        && input::is_dataset(only)
    {
        return Err(CliError::usage(format!("{}: is a dataset, and there is {NO_PLACE}", only.display())));
    }
    let dataset = args.dataset()?;
    let (tree, counters) = build(dataset, &options)?;
    args.extra.run(tree, counters, dataset, args.mountpoint(), &options).map_err(CliError::from)
}

/// The tree that the options ask for, and the counters that it shows.
fn build(dataset: &str, options: &MountOptions) -> Result<(Tree, Arc<Counters>), CliError> {
    let (dataset, corpus) = input::dataset_and_corpus(Some(dataset), options.seed, options.corpus.as_deref())?;
    dataset.check_words(Platform::HERE).map_err(|error| CliError::usage(error.to_string()))?;
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
