//! `seedfs diff`: what happens to a dataset from one generation to another.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use clap::ValueEnum;
use serde::Serialize;

use super::error::CliError;
use super::input;
use super::output::Output;
use super::parallel::in_order;
use super::progress::Progress;
use crate::dataset::At;
use crate::diff::{Diff, Difference, Side, Totals, What};

const EXAMPLES: &str = "\
Examples:
  seedfs diff home --to 1                       what the first week brings
  seedfs diff home --from 3 --to 4 | grep -v ^created
  seedfs diff home --to 52 --format totals      a year, in numbers
  seedfs diff logs --to 2 --format jsonl | jq -s 'map(.new_bytes) | add'";

/// List what happens to a dataset from one generation to another.
///
/// Each line has what happened, the bytes that are new to the file, its path and, if that is another, the one it had
/// before, with tabs between them. Directories are neither created nor deleted.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// A preset, a .toml file, or inline text such as files=1M,churn.modified=5%.
    #[arg(value_name = "DATASET", default_value = "demo")]
    dataset: String,
    /// The generation to start from.
    #[arg(long, value_name = "G", default_value_t = 0)]
    from: u64,
    /// The generation to end with.
    #[arg(long, value_name = "H")]
    to: u64,
    /// A line for each file, one JSON object for each, or only their sums.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Plain)]
    format: Format,
    /// Replace the dataset's seed.
    #[arg(long, value_name = "N", value_parser = input::seed)]
    seed: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Plain,
    Jsonl,
    Totals,
}

/// Files that a thread looks at together.
const PART: u64 = 4096;

pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let dataset = input::dataset(Some(&args.dataset), args.seed)?;
    let at = |generation| input::generation(&dataset, generation);
    let diff = Diff { before: at(args.from)?, after: at(args.to)? };
    let progress = Progress::new(diff.indices(), 0, false);
    let totals = Mutex::new(Totals::default());
    let make = |part: u64, text: &mut Vec<u8>| {
        let start = part * PART;
        let mut sum = Totals::default();
        diff.each(start..start + PART, |difference| {
            sum.add(&difference);
            match args.format {
                Format::Plain => write_plain(text, &diff, &difference),
                Format::Jsonl => write_json(text, &diff, &difference),
                Format::Totals => Ok(()),
            }
        })?;
        // Sums are whole between any two steps, so a panic of another thread does not spoil them.
        totals.lock().unwrap_or_else(PoisonError::into_inner).merge(&sum);
        progress.add(PART.min(diff.indices() - start), 0);
        Ok(())
    };
    let mut output = Output::stdout();
    let written = in_order(diff.indices().div_ceil(PART), make, &mut output);
    drop(progress);
    let totals = totals.into_inner().unwrap_or_else(PoisonError::into_inner);
    let written = written.and_then(|()| match args.format {
        Format::Totals => write_totals(&mut output, &diff, &totals).and_then(|()| output.flush()),
        _ => Ok(()),
    });
    written.map_err(|e| CliError::output(&e))
}

fn path(at: &At<'_>, side: Option<&Side<'_>>, index: u64) -> Option<Vec<u8>> {
    side.map(|_| {
        let mut path = Vec::new();
        at.write_path(index, &mut path);
        path
    })
}

/// The path now, or the last one; and the one before where that is another.
fn paths(diff: &Diff<'_>, difference: &Difference<'_>) -> (Vec<u8>, Option<Vec<u8>>) {
    let before = path(&diff.before, difference.before.as_ref(), difference.index);
    match (path(&diff.after, difference.after.as_ref(), difference.index), before) {
        (Some(after), before) => {
            let other = before.filter(|before| *before != after);
            (after, other)
        }
        (None, before) => (before.unwrap_or_default(), None),
    }
}

fn write_plain(text: &mut Vec<u8>, diff: &Diff<'_>, difference: &Difference<'_>) -> io::Result<()> {
    let (path, before) = paths(diff, difference);
    let words: Vec<&str> = difference.what.iter().map(|what| what.name()).collect();
    write!(text, "{}\t{}\t", words.join(","), difference.new_bytes)?;
    text.extend_from_slice(&path);
    if let Some(before) = before {
        text.push(b'\t');
        text.extend_from_slice(&before);
    }
    text.push(b'\n');
    Ok(())
}

/// A difference, as programs read it.
#[derive(Debug, Serialize)]
struct Row<'a> {
    path: std::borrow::Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_path: Option<std::borrow::Cow<'a, str>>,
    what: &'a [What],
    ino: u64,
    new_bytes: u64,
    before: Option<State>,
    after: Option<State>,
}

/// A file in one generation.
#[derive(Debug, Serialize)]
struct State {
    size: u64,
    mode: String,
    mtime: i64,
    kind: String,
    seed: u64,
    edition: u32,
}

impl State {
    fn new(side: &Side<'_>) -> Self {
        let file = &side.file;
        Self {
            size: file.size,
            mode: format!("{:o}", file.mode),
            mtime: file.mtime,
            kind: file.recipe.kind.to_string(),
            seed: file.recipe.seed,
            edition: file.recipe.edition,
        }
    }
}

fn write_json(text: &mut Vec<u8>, diff: &Diff<'_>, difference: &Difference<'_>) -> io::Result<()> {
    let (path, before) = paths(diff, difference);
    let inode = difference.after.as_ref().or(difference.before.as_ref()).map_or(0, |side| side.file.inode);
    let row = Row {
        path: String::from_utf8_lossy(&path),
        old_path: before.as_deref().map(String::from_utf8_lossy),
        what: &difference.what,
        ino: crate::tree::file_ino(inode).0,
        new_bytes: difference.new_bytes,
        before: difference.before.as_ref().map(State::new),
        after: difference.after.as_ref().map(State::new),
    };
    serde_json::to_writer(&mut *text, &row)?;
    text.push(b'\n');
    Ok(())
}

fn write_totals(output: &mut impl Write, diff: &Diff<'_>, totals: &Totals) -> io::Result<()> {
    writeln!(output, "generations {} to {}", diff.before.generation(), diff.after.generation())?;
    writeln!(output, "files that differ\t{}", totals.files)?;
    for (what, count) in What::ALL.iter().zip(totals.happened) {
        writeln!(output, "{}\t{count}", what.name())?;
    }
    writeln!(output, "new bytes\t{}", totals.new_bytes)?;
    writeln!(output, "of these in created files\t{}", totals.created_bytes)?;
    writeln!(output, "bytes of deleted files\t{}", totals.deleted_bytes)
}
