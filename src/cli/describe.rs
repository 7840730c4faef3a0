//! `seedfs describe`: a dataset in numbers and pictures, without listing it.

use std::path::{Path, PathBuf};

use super::draw::Canvas;
use super::error::{CliError, FAILURE};
use super::input;
use super::output::print;
use super::svg;
use crate::dataset::spec::presets;
use crate::summary::{Blocks, Summary};

const EXAMPLES: &str = "\
Examples:
  seedfs describe home
  seedfs describe --svg home.svg home
  seedfs describe --json files=1T,size=lognormal:9,2 | jq .sizes.median
  seedfs describe --toml home > mine.toml; edit mine.toml; seedfs mount mine.toml /mnt/x
  seedfs describe --block 128KiB --average 1MiB vm      the savings that other block sizes bring";

/// Show what a dataset is: totals, histograms, types, duplicates, what deduplication is expected to save.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// A preset, a TOML document, or inline text such as files=1M,size=4KiB.
    #[arg(value_name = "DATASET", default_value = "demo")]
    dataset: String,
    /// Write everything as one JSON object.
    #[arg(long, conflicts_with_all = ["svg", "toml"])]
    json: bool,
    /// Draw a picture into FILE, or to standard output where that is a dash.
    #[arg(long, value_name = "FILE", conflicts_with = "toml")]
    svg: Option<PathBuf>,
    /// Write the dataset as a TOML document to start from: of a preset its own, of others every key.
    #[arg(long)]
    toml: bool,
    /// Bytes of a fixed block whose savings are expected: a power of two from 512 to 1 GiB.
    #[arg(long, value_name = "SIZE", default_value = "4KiB", value_parser = block)]
    block: u64,
    /// Average bytes of a content-defined chunk whose savings are expected: a power of two from 256 to 4 MiB.
    #[arg(long, value_name = "SIZE", default_value = "16KiB", value_parser = average)]
    average: u64,
    /// Replace the dataset's seed.
    #[arg(long, value_name = "N", value_parser = input::seed)]
    seed: Option<u64>,
}

fn block(text: &str) -> Result<u64, String> {
    let size = input::size(text)?;
    if Blocks::is_fixed(size) { Ok(size) } else { Err("blocks are a power of two from 512 to 1 GiB".into()) }
}

fn average(text: &str) -> Result<u64, String> {
    let size = input::size(text)?;
    if Blocks::is_average(size) { Ok(size) } else { Err("averages are a power of two from 256 to 4 MiB".into()) }
}

pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    // The digest of a corpus is a part of the identity.
    let (dataset, _) = input::dataset_and_corpus(Some(&args.dataset), args.seed, None)?;
    if args.toml {
        let own = presets::text(&args.dataset).filter(|_| args.seed.is_none());
        return print(&own.map_or_else(|| dataset.spec().to_toml(), str::to_owned));
    }
    let blocks = Blocks { fixed: args.block, average: args.average };
    let summary = Summary::with_blocks(&dataset, blocks);
    match &args.svg {
        Some(path) if path == Path::new("-") => print(&svg::draw(&args.dataset, &summary)),
        Some(path) => std::fs::write(path, svg::draw(&args.dataset, &summary))
            .map_err(|e| CliError::new(FAILURE, format!("{}: {e}", path.display()))),
        None if args.json => {
            let json = serde_json::to_string_pretty(&summary).map_err(|e| CliError::new(FAILURE, e.to_string()))?;
            print(&format!("{json}\n"))
        }
        None => print(&Canvas::of_environment().draw(&args.dataset, &summary)),
    }
}
