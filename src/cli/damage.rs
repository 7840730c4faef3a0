//! `seedfs damage`: where a mount with `--damage` is wrong.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::json;

use super::error::CliError;
use super::input;
use super::output::Output;
use super::parallel::in_order;
use super::progress::Progress;
use crate::damage::{Damaged, Fault, Plan, Spec, each};
use crate::shard::Shard;

const EXAMPLES: &str = "\
Examples:
  seedfs damage --damage flip:1e-4,zero:1e-4,seed=7 office
  seedfs mount --damage flip:1e-4,zero:1e-4,seed=7 office /mnt/x && seedfs verify --dataset office /mnt/x
  seedfs damage --damage eio:0.01 --format jsonl demo | jq -s 'map(.length) | add'";

/// List where a mount of a dataset with the same --damage is wrong.
///
/// Each line has the kind of damage, the first byte, the number of bytes and the path, with tabs between them. What
/// changes no byte, such as zeros instead of zeros, is left out.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// A preset, a .toml file, or inline text such as files=1M,size=4KiB.
    #[arg(value_name = "DATASET", default_value = "demo")]
    dataset: String,
    /// What is damaged and how often, such as flip:1e-6,zero:1e-6,swap:1e-7,eio:1e-7,truncate:1e-4,seed=7.
    #[arg(long, value_name = "SPEC", value_parser = input::damage)]
    damage: Spec,
    /// The dataset after so many steps of churn.
    #[arg(long, value_name = "G", default_value_t = 0)]
    generation: u64,
    /// A line for each damage, or one JSON object for each.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Plain)]
    format: Format,
    /// Part I of N, counted from 1: all parts in order are the whole.
    #[arg(long, value_name = "I/N", default_value = "1/1", value_parser = input::shard)]
    shard: Shard,
    /// Replace the dataset's seed.
    #[arg(long, value_name = "N", value_parser = input::seed)]
    seed: Option<u64>,
    /// Make text from the words of this file instead of the built-in ones.
    #[arg(long, value_name = "FILE")]
    corpus: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Plain,
    Jsonl,
}

/// Entries that a thread looks at at a time.
const PART: u64 = 1024;

pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let (dataset, corpus) = input::dataset_and_corpus(Some(&args.dataset), args.seed, args.corpus.as_deref())?;
    let at = input::generation(&dataset, args.generation)?;
    let plan = Plan::new(args.damage);
    let entries = args.shard.range(dataset.entries());
    let count = entries.end - entries.start;
    let progress = Progress::new(count, 0, false);
    let make = |part, text: &mut Vec<u8>| {
        let start = entries.start + part * PART;
        let part = start..entries.end.min(start + PART);
        progress.add(part.end - part.start, 0);
        each(&plan, &at, &corpus, part, |damaged| write(args.format, &damaged, text))
    };
    in_order(count.div_ceil(PART), make, &mut Output::stdout()).map_err(|e| CliError::output(&e))
}

fn write(format: Format, damaged: &Damaged<'_>, text: &mut Vec<u8>) -> io::Result<()> {
    let (path, damage) = (damaged.path, &damaged.damage);
    let (fault, offset, len) = (damage.fault.name(), damage.offset, damage.len);
    match format {
        Format::Plain => {
            write!(text, "{fault}\t{offset}\t{len}\t")?;
            text.extend_from_slice(path);
            text.push(b'\n');
            Ok(())
        }
        Format::Jsonl => {
            let path = String::from_utf8_lossy(path);
            let mut object = json!({"path": path, "damage": fault, "offset": offset, "length": len});
            if let Fault::Flip { bit } = damage.fault {
                object["bit"] = bit.into();
            }
            writeln!(text, "{object}")
        }
    }
}
