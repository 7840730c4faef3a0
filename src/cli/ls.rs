//! `seedfs ls`: what a dataset lists, without a mount.

use std::io;
use std::ops::Range;

use clap::ValueEnum;

use super::error::CliError;
use super::input;
use super::output::Output;
use super::parallel::in_order;
use crate::dataset::{At, Dataset};
use crate::listing::{Row, push_mtree_header};
use crate::shard::Shard;

const EXAMPLES: &str = "\
Examples:
  seedfs ls demo
  seedfs ls --format jsonl files=1000,size=64KiB | jq -s 'map(.size // 0) | add'
  seedfs ls --format csv demo > demo.csv
  seedfs ls --shard 2/4 files=1G,dirs=10M > part-2      the second quarter";

/// List the files and directories of a dataset.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// demo, or inline text such as files=1M,size=4KiB.
    #[arg(value_name = "DATASET", default_value = "demo")]
    dataset: String,
    /// One path a line, one JSON object a line, comma-separated values with a header, or mtree(5).
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Plain)]
    format: Format,
    /// Part I of N, counted from 1: all parts in order are the whole.
    #[arg(long, value_name = "I/N", default_value = "1/1", value_parser = input::shard)]
    shard: Shard,
    /// The dataset after so many steps of churn.
    #[arg(long, value_name = "G", default_value_t = 0)]
    generation: u64,
    /// Replace the dataset's seed.
    #[arg(long, value_name = "N", value_parser = input::seed)]
    seed: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Plain,
    Jsonl,
    Csv,
    Mtree,
}

/// The header of comma-separated values, written even where no row follows.
const COLUMNS: [&str; 13] =
    ["path", "type", "ino", "mode", "nlink", "uid", "gid", "mtime", "size", "kind", "seed", "edition", "target"];

/// What follows in a dataset with cases.
const CASE_COLUMNS: [&str; 4] = ["mtime_ns", "device", "case", "expect"];

/// Writes rows in one of the formats to the end of a buffer.
enum Rows<'a> {
    Plain(&'a mut Vec<u8>),
    Jsonl(&'a mut Vec<u8>),
    /// With the columns of cases, or without.
    Csv(Box<csv::Writer<&'a mut Vec<u8>>>, bool),
    Mtree(&'a mut Vec<u8>),
}

impl<'a> Rows<'a> {
    fn new(dataset: &Dataset, format: Format, output: &'a mut Vec<u8>) -> Self {
        match format {
            Format::Plain => Rows::Plain(output),
            Format::Jsonl => Rows::Jsonl(output),
            Format::Csv => {
                let writer = csv::WriterBuilder::new().has_headers(false).from_writer(output);
                Rows::Csv(Box::new(writer), !dataset.cases().is_empty())
            }
            Format::Mtree => Rows::Mtree(output),
        }
    }

    /// What precedes all rows.
    fn start(&mut self, at: &At<'_>) -> io::Result<()> {
        match self {
            Rows::Plain(_) | Rows::Jsonl(_) => {}
            Rows::Csv(output, cases) => {
                let more = if *cases { &CASE_COLUMNS[..] } else { &[] };
                output.write_record(COLUMNS.iter().chain(more)).map_err(io::Error::other)?;
            }
            Rows::Mtree(output) => push_mtree_header(at, "", output),
        }
        Ok(())
    }

    fn write(&mut self, row: &Row<'_>) -> io::Result<()> {
        match self {
            Rows::Plain(output) => {
                output.extend_from_slice(row.path);
                output.push(b'\n');
            }
            Rows::Jsonl(output) => {
                row.push_json(output);
                output.push(b'\n');
            }
            Rows::Csv(output, cases) => write_csv(output, row, *cases).map_err(io::Error::other)?,
            Rows::Mtree(output) => {
                row.push_mtree(output);
                output.push(b'\n');
            }
        }
        Ok(())
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Rows::Plain(_) | Rows::Jsonl(_) | Rows::Mtree(_) => Ok(()),
            Rows::Csv(mut output, _) => output.flush(),
        }
    }
}

/// Fields that its type has not are empty; so are those of an owner where the tree names none. Paths and targets are
/// written as the bytes they are.
fn write_csv<W: io::Write>(output: &mut csv::Writer<W>, row: &Row<'_>, cases: bool) -> csv::Result<()> {
    let number = |number: Option<u64>| number.map(|n| n.to_string()).unwrap_or_default();
    output.write_field(row.path)?;
    for field in [
        row.file_type.to_owned(),
        row.ino.to_string(),
        format!("{:o}", row.mode),
        row.nlink.to_string(),
        number(row.owner.map(|(uid, _)| uid.into())),
        number(row.owner.map(|(_, gid)| gid.into())),
        row.mtime.seconds.to_string(),
        number(row.size),
        row.recipe.map(|r| r.kind.to_string()).unwrap_or_default(),
        number(row.recipe.map(|r| r.seed)),
        number(row.recipe.map(|r| r.edition.into())),
    ] {
        output.write_field(field)?;
    }
    output.write_field(row.target.as_deref().unwrap_or_default())?;
    if cases {
        write_case(output, row)?;
    }
    output.write_record(None::<&[u8]>)
}

fn write_case<W: io::Write>(output: &mut csv::Writer<W>, row: &Row<'_>) -> csv::Result<()> {
    let nanoseconds = Some(row.mtime.nanoseconds).filter(|&nanoseconds| nanoseconds > 0);
    output.write_field(nanoseconds.map(|n| n.to_string()).unwrap_or_default())?;
    output.write_field(row.device.map(|d| format!("{}:{}", d.major, d.minor)).unwrap_or_default())?;
    let (tag, expect) = row.case.as_ref().map_or(("", ""), |(tag, expect)| (tag, expect));
    output.write_field(tag)?;
    output.write_field(expect)
}

/// Entries that a thread formats at a time: enough to hide the hand-over, few enough to stay in the cache and to come
/// at once.
const PART: u64 = 4096;

pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let dataset = input::dataset(Some(&args.dataset), args.seed)?;
    let at = input::generation(&dataset, args.generation)?;
    let entries = args.shard.range(dataset.entries());
    let parts = (entries.end - entries.start).div_ceil(PART);
    let format = |part, text: &mut Vec<u8>| {
        let start = entries.start + part * PART;
        format_part(&at, args.format, start..entries.end.min(start + PART), text)
    };
    in_order(parts, format, &mut Output::stdout()).map_err(|e| CliError::output(&e))
}

/// Appends the rows of a part of the listing to `text`, before entry 0 what precedes all rows.
fn format_part(at: &At<'_>, format: Format, entries: Range<u64>, text: &mut Vec<u8>) -> io::Result<()> {
    let mut rows = Rows::new(at.dataset(), format, text);
    if entries.start == 0 {
        rows.start(at)?;
    }
    at.walk(entries, |entry, path| rows.write(&Row::new(at, entry, path)))?;
    rows.finish()
}
