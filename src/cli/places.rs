//! Lists of places in the files of a dataset: what commands that tell of damage and of faults share.

use std::io::{self, Write};
use std::ops::Range;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::error::CliError;
use super::input;
use super::output::Output;
use super::parallel::in_order;
use super::progress::Progress;
use crate::dataset::Dataset;
use crate::shard::Shard;

/// Entries that a thread looks at at a time.
const PART: u64 = 1024;

/// What is listed, and how.
#[derive(Debug, clap::Args)]
pub(super) struct Listing {
    /// A preset, a .toml file, or inline text such as files=1M,size=4KiB.
    #[arg(value_name = "DATASET", default_value = "demo")]
    pub(super) dataset: String,
    /// The dataset after so many steps of churn.
    #[arg(long, value_name = "G", default_value_t = 0)]
    pub(super) generation: u64,
    /// A line for each place, or one JSON object for each.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Plain)]
    format: Format,
    /// Part I of N, counted from 1: all parts in order are the whole.
    #[arg(long, value_name = "I/N", default_value = "1/1", value_parser = input::shard)]
    shard: Shard,
    /// Replace the dataset's seed.
    #[arg(long, value_name = "N", value_parser = input::seed)]
    pub(super) seed: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Plain,
    Jsonl,
}

/// A place in a file.
pub(super) struct Place<'a> {
    /// What its name is among the members of an object.
    pub(super) key: &'static str,
    /// What there is.
    pub(super) kind: &'static str,
    /// First byte.
    pub(super) offset: u64,
    /// Bytes.
    pub(super) len: u64,
    /// Path of the file.
    pub(super) path: &'a [u8],
    /// A further member of an object.
    pub(super) detail: Option<(&'static str, Value)>,
}

impl Listing {
    /// Writes all places of the dataset to standard output; `each` tells of those of a part of its entries.
    pub(super) fn list(
        &self,
        dataset: &Dataset,
        each: impl Fn(Range<u64>, &mut dyn FnMut(Place<'_>) -> io::Result<()>) -> io::Result<()> + Sync,
    ) -> Result<(), CliError> {
        let entries = self.shard.range(dataset.entries());
        let count = entries.end - entries.start;
        let progress = Progress::new(count, 0, false);
        let make = |part, text: &mut Vec<u8>| {
            let start = entries.start + part * PART;
            let part = start..entries.end.min(start + PART);
            progress.add(part.end - part.start, 0);
            each(part, &mut |place| write(self.format, place, text))
        };
        in_order(count.div_ceil(PART), make, &mut Output::stdout()).map_err(|e| CliError::output(&e))
    }
}

fn write(format: Format, place: Place<'_>, text: &mut Vec<u8>) -> io::Result<()> {
    let Place { key, kind, offset, len, path, detail } = place;
    match format {
        Format::Plain => {
            write!(text, "{kind}\t{offset}\t{len}\t")?;
            text.extend_from_slice(path);
            text.push(b'\n');
            Ok(())
        }
        Format::Jsonl => {
            let path = String::from_utf8_lossy(path);
            let mut object = json!({"path": path, key: kind, "offset": offset, "length": len});
            if let Some((name, value)) = detail {
                object[name] = value;
            }
            writeln!(text, "{object}")
        }
    }
}
