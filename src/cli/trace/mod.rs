//! `seedfs trace`: what a client did, from the file that `seedfs mount --trace` wrote.

mod listed;
mod svg;
mod text;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::error::{CliError, FAILURE, USAGE};
use super::output::print;
use super::stats::Json;
use crate::observe::Observed;
use crate::trace::{Reader, Scale, Summary, TraceError};
use listed::Listed;

const AFTER_HELP: &str = "\
Only what reaches the program is traced: what the kernel has in its page cache is read without a request, and its
read-ahead makes requests larger than the reads of programs. With seedfs mount -o direct_io every read is seen as it was
made.

Examples:
  seedfs mount --trace jdupes.trace home /mnt/home
  jdupes -rm /mnt/home; seedfs umount /mnt/home
  seedfs trace jdupes.trace
  seedfs trace --svg jdupes.svg jdupes.trace
  seedfs trace --svg - --file s42-1GiB x.trace > x.svg       the offsets of one file
  seedfs trace --json x.trace | jq .sequential

Exit codes: 0 shown, also of a trace without an end, 1 cannot be read, 2 usage, no trace or no such file in it.";

/// Summarise a trace of what a client did, and draw it
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// File that seedfs mount --trace wrote
    trace: PathBuf,

    /// Draw bytes over time and place into FILE, or to standard output where that is a dash
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    svg: Option<PathBuf>,

    /// Draw the offsets of this file alone, by its path from the root of the mount
    #[arg(long, value_name = "PATH", requires = "svg")]
    file: Option<OsString>,

    /// How high files are: all alike, or by their bytes; by default alike where there are more than 100
    #[arg(long, value_name = "HEIGHT", requires = "svg")]
    rows: Option<Height>,

    /// Write the summary as one JSON object
    #[arg(long)]
    json: bool,
}

/// How long to wait for the end of a trace: a mount that has just gone writes it a moment later.
const PATIENCE: Duration = Duration::from_millis(600);

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Height {
    Files,
    Bytes,
}

/// What JSON tells of a trace.
#[derive(Serialize)]
struct Figures<'a> {
    identity: &'a str,
    generation: u64,
    start_ms: u64,
    duration_us: u64,
    requests_traced: u64,
    trace_bytes: u64,
    complete: bool,
    damage: Option<&'a str>,
    #[serde(flatten)]
    observed: &'a Observed,
}

/// A trace that was read once.
struct Traced<'a> {
    path: &'a Path,
    bytes: u64,
    summary: Summary,
    listed: Listed,
    observed: Observed,
}

/// Prints or draws what a trace tells.
///
/// # Errors
/// Exit code 1 for a file that cannot be read or written, 2 for one that is no trace and for a file that is not in it.
pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    if let Some(out) = &args.svg {
        check_places(&args.trace, out)?;
    }
    let traced = Traced::read(&args.trace)?;
    match &args.svg {
        Some(out) => {
            let only = args.file.as_deref().map(|path| traced.find(path)).transpose()?;
            let scale = args.rows.map(|height| match height {
                Height::Files => Scale::Files,
                Height::Bytes => Scale::Bytes,
            });
            let picture = svg::draw(&traced, only, scale)?;
            if out == Path::new("-") {
                return print(&picture);
            }
            std::fs::write(out, picture).map_err(|e| CliError::new(FAILURE, format!("{}: {e}", out.display())))
        }
        None if args.json => print(&Json::new(traced.figures(), Some(&traced.observed)).to_text()?),
        None => print(&text::draw(&traced)),
    }
}

/// Whether a picture can be drawn from here to there: the trace is read twice, and must outlive its picture.
fn check_places(trace: &Path, out: &Path) -> Result<(), CliError> {
    if std::fs::metadata(trace).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        let why = "is no regular file, and drawing reads it twice; copy it to one";
        return Err(CliError::usage(format!("{}: {why}", trace.display())));
    }
    let is_trace = |out: PathBuf| trace.canonicalize().is_ok_and(|trace| trace == out);
    if out.canonicalize().is_ok_and(is_trace) {
        return Err(CliError::usage(format!("--svg {}: is the trace itself; name another file", out.display())));
    }
    Ok(())
}

fn failed(path: &Path, error: &TraceError) -> CliError {
    let code = if matches!(error, TraceError::Io(_)) { FAILURE } else { USAGE };
    CliError::new(code, format!("{}: {error}", path.display()))
}

/// Whether more may be about to come.
fn was_just_written(path: &Path) -> bool {
    let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age < PATIENCE / 2))
}

impl<'a> Traced<'a> {
    fn read(path: &'a Path) -> Result<Self, CliError> {
        let begin = Instant::now();
        while was_just_written(path) && begin.elapsed() < PATIENCE {
            sleep(PATIENCE / 20);
        }
        let summary = Summary::read(Self::open(path)?).map_err(|error| failed(path, &error))?;
        let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let listed = Listed::of(&summary.header);
        let observed = summary.observed(|ino| listed.path(ino));
        let (listed_files, listed_bytes) = listed.totals();
        let observed = Observed { listed_files, listed_bytes, ..observed };
        Ok(Self { path, bytes, summary, listed, observed })
    }

    /// From its start.
    fn open(path: &Path) -> Result<Reader<File>, CliError> {
        File::open(path).map_err(TraceError::from).and_then(Reader::new).map_err(|error| failed(path, &error))
    }

    /// The inode of a path from the root.
    fn find(&self, path: &OsStr) -> Result<u64, CliError> {
        let mut plain = path.as_encoded_bytes();
        while let Some(rest) = plain.strip_prefix(b"/").or(plain.strip_suffix(b"/")) {
            plain = rest;
        }
        let known = self.summary.names.ino(plain).or_else(|| self.listed.ino(plain));
        known.ok_or_else(|| {
            let why = "no such file in the trace; give its path from the root of the mount, as seedfs trace shows it";
            CliError::usage(format!("--file {}: {why}", path.display()))
        })
    }

    fn figures(&self) -> Figures<'_> {
        let summary = &self.summary;
        Figures {
            identity: &summary.header.identity,
            generation: summary.header.generation,
            start_ms: summary.header.start / 1_000_000,
            duration_us: summary.duration,
            requests_traced: summary.requests,
            trace_bytes: self.bytes,
            complete: summary.complete,
            damage: summary.damage.as_deref(),
            observed: &self.observed,
        }
    }
}
