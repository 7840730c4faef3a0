//! `seedfs verify`: restored files against what they must be.

use std::io::{self, BufWriter, Write};
use std::num::NonZero;
use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::json;

use super::error::{CliError, FAILURE};
use super::input;
use super::output::Output;
use super::progress::Progress;
use crate::shard::Shard;
use crate::verify::{Finding, Options, Summary, VerifyError, Watch, What, verify_names, verify_tree};

const EXAMPLES: &str = "\
Examples:
  seedfs verify restored/s42-1GiB.bin photos/         names alone say what the bytes must be
  seedfs verify --dataset office /mnt/restored        the whole tree, names and metadata too
  seedfs verify --dataset home --generation 12 --ignore owner,times /mnt/restored
  seedfs verify --dataset demo --json /mnt/restored | jq -r 'select(.class == \"missing\").path'
  seedfs verify --dataset files=1G --shard 3/64 /mnt/restored

Exit codes: 0 all equal, 1 differences found, 2 usage, 3 something could not be read.";

/// Compare restored files with what they must be, byte by byte.
///
/// Without a dataset the names say what the bytes must be. With one, PATH is the root of the restored tree, and what is
/// missing, too much, renamed, of another type, or has other metadata is found as well.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Files and directories; with --dataset, the root of the tree.
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// What the tree must be: a preset, a .toml file, or inline text such as files=1M,size=4KiB.
    #[arg(long, value_name = "DATASET")]
    dataset: Option<String>,
    /// The dataset after so many steps of churn.
    #[arg(long, value_name = "G", requires = "dataset", default_value_t = 0)]
    generation: u64,
    /// Replace the dataset's seed.
    #[arg(long, value_name = "N", requires = "dataset", value_parser = input::seed)]
    seed: Option<u64>,
    /// Make text from the words of this file instead of the built-in ones.
    #[arg(long, value_name = "FILE")]
    corpus: Option<PathBuf>,
    /// What is no difference; several with commas between them.
    #[arg(long, value_enum, value_name = "WHAT", requires = "dataset", value_delimiter = ',')]
    ignore: Vec<Ignore>,
    /// Compare the times of directories as well.
    #[arg(long, requires = "dataset")]
    dir_times: bool,
    /// Find files with bytes where a hole must be.
    #[arg(long)]
    holes: bool,
    /// Call renamed files missing and extra.
    #[arg(long, requires = "dataset")]
    no_renames: bool,
    /// Part I of N, counted from 1; implies --no-renames.
    #[arg(long, value_name = "I/N", default_value = "1/1", value_parser = input::shard)]
    shard: Shard,
    /// Most lines about the bytes of a file.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    lines: u16,
    /// Threads that compare, 1 to 1024 [default: the number of processors].
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Write one JSON object a line, the last one with the sums.
    #[arg(long)]
    json: bool,
    /// Name the files whose names say nothing.
    #[arg(short, long)]
    verbose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Ignore {
    /// Permission bits.
    Mode,
    /// Times of last change.
    Times,
    /// Users and groups.
    Owner,
    /// Hard links that became files of their own, or the other way round.
    Links,
    /// What the dataset does not list.
    Extra,
}

/// Exit code where something could not be read.
const UNREADABLE: u8 = 3;

impl Args {
    fn options(&self) -> Options {
        let counts = |what: Ignore| !self.ignore.contains(&what);
        let default = Options::default();
        Options {
            threads: self.threads.and_then(|n| NonZero::new(n.into())).unwrap_or(default.threads),
            lines: self.lines.into(),
            mode: counts(Ignore::Mode),
            times: counts(Ignore::Times),
            owner: counts(Ignore::Owner),
            links: counts(Ignore::Links),
            extra: counts(Ignore::Extra),
            dir_times: self.dir_times,
            holes: self.holes,
            renames: !self.no_renames,
            shard: self.shard,
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let mut output = BufWriter::new(Output::stdout());
    let mut identity = None;
    let compared = match (&args.dataset, args.paths.as_slice()) {
        (Some(dataset), [root]) => {
            let (dataset, corpus) = input::dataset_and_corpus(Some(dataset), args.seed, args.corpus.as_deref())?;
            let at = input::generation(&dataset, args.generation)?;
            identity = Some(dataset.spec().identity());
            let part = args.shard.range(dataset.entries());
            let share = (part.end - part.start) as f64 / dataset.entries() as f64;
            let progress = Progress::new(part.end - part.start, (at.expected_bytes() as f64 * share) as u64, true);
            let mut visit = |finding: &Finding| progress.suspended(|| write(args, finding, &mut output));
            verify_tree(&at, &corpus, root, &args.options(), &progress, &mut visit)
        }
        (Some(_), _) => return Err(CliError::usage("--dataset: name one PATH, the root of the restored tree")),
        (None, paths) => {
            let corpus = input::corpus(args.corpus.as_deref())?;
            let progress = Progress::new(0, 0, true);
            let mut visit = |finding: &Finding| progress.suspended(|| write(args, finding, &mut output));
            verify_names(paths, &corpus, &args.options(), &progress, &mut visit)
        }
    };
    let summary = compared.map_err(|error| match error {
        VerifyError::Visit(error) => CliError::output(&error),
        error @ VerifyError::Root { .. } => CliError::new(UNREADABLE, error.to_string()),
    })?;
    let written = if args.json {
        let generation = identity.as_ref().map(|_| args.generation);
        writeln!(output, "{}", json!({ "summary": summary, "dataset": identity, "generation": generation }))
    } else {
        let dataset = identity.map(|identity| (identity, args.generation));
        write_summary(&summary, dataset.as_ref(), &mut output)
    };
    written.and_then(|()| output.flush()).map_err(|error| CliError::output(&error))?;
    verdict(&summary)
}

/// What could not be read makes the answer incomplete, whatever else was found.
fn verdict(summary: &Summary) -> Result<(), CliError> {
    let paths = |count: u64| if count == 1 { "1 path".to_owned() } else { format!("{count} paths") };
    match summary {
        Summary { unreadable: 1.., .. } => {
            Err(CliError::new(UNREADABLE, format!("{} could not be read", paths(summary.unreadable))))
        }
        _ if !summary.is_equal() => Err(CliError::new(FAILURE, format!("{} differ", paths(summary.different)))),
        Summary { entries: 0, not_judged: 1.., .. } => {
            Err(CliError::new(FAILURE, "nothing was compared: no name says what a file must be; name a --dataset"))
        }
        _ => Ok(()),
    }
}

fn write(args: &Args, finding: &Finding, output: &mut impl Write) -> io::Result<()> {
    match finding.what {
        What::NotJudged if !args.verbose => Ok(()),
        _ if args.json => writeln!(output, "{}", finding.to_json()),
        _ => writeln!(output, "{finding}"),
    }
}

/// `dataset` is the identity of the one that was compared with, and its generation.
fn write_summary(summary: &Summary, dataset: Option<&(String, u64)>, output: &mut impl Write) -> io::Result<()> {
    let Summary { entries, bytes, different, missing, extra, renamed, unreadable, not_judged, .. } = *summary;
    if summary.renames_given_up {
        writeln!(output, "too many paths are missing or extra to look for all renamed files among them")?;
    }
    if let Some((identity, generation)) = dataset {
        write!(output, "dataset {identity}, generation {generation}: ")?;
    }
    write!(output, "{entries} compared, {bytes} bytes: {different} different")?;
    if dataset.is_some() {
        write!(output, " ({missing} missing, {extra} extra, {renamed} renamed)")?;
    }
    write!(output, ", {unreadable} unreadable")?;
    if dataset.is_some() { writeln!(output) } else { writeln!(output, ", {not_judged} not judged") }
}

impl Watch for Progress {
    fn found(&self, files: u64, bytes: u64) {
        self.expect(files, bytes);
    }

    fn done(&self, entries: u64, bytes: u64) {
        self.add(entries, bytes);
    }
}
