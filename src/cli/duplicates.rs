//! `seedfs duplicates`: which files of a dataset have equal bytes, without reading one.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use clap::ValueEnum;
use serde::Serialize;

use crate::dataset::Dataset;
use crate::dataset::truth::{Content, Group};

use super::error::CliError;
use super::input;
use super::output::Output;

const EXAMPLES: &str = "\
Examples:
  seedfs duplicates home | head
  seedfs duplicates --format json home | jq '.files | length' | sort -n | uniq -c
  seedfs duplicates --prefix /mnt/x home > truth.txt    what a perfect scanner prints of /mnt/x";

/// List the groups of files with equal bytes, as the dataset was made: nothing is read.
///
/// Names of one file (hard links) are one group; so are all empty files. Symbolic links are left out.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// A preset, a .toml file, or inline text such as files=1M,duplicates=10%.
    #[arg(value_name = "DATASET", default_value = "demo")]
    dataset: String,
    /// Paths with an empty line between groups, or one JSON object a line.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Fdupes)]
    format: Format,
    /// Put this directory in front of all paths.
    #[arg(long, value_name = "DIR")]
    prefix: Option<PathBuf>,
    /// Leave out empty files.
    #[arg(long)]
    no_empty: bool,
    /// Leave out groups that are names of one file only.
    #[arg(long)]
    no_hard_links: bool,
    /// Replace the dataset's seed.
    #[arg(long, value_name = "N", value_parser = input::seed)]
    seed: Option<u64>,
    /// Make text from the words of this file instead of the built-in ones.
    #[arg(long, value_name = "FILE")]
    corpus: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Fdupes,
    Json,
}

/// A group, as programs read it.
#[derive(Debug, Serialize)]
struct Row<'a> {
    size: u64,
    /// How many of the files are not further names of another.
    inodes: usize,
    files: Vec<std::borrow::Cow<'a, str>>,
}

pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let (dataset, corpus) = input::dataset_and_corpus(Some(&args.dataset), args.seed, args.corpus.as_deref())?;
    let prefix = prefix(args);
    let mut output = BufWriter::with_capacity(1 << 16, Output::stdout());
    let mut first = true;
    let written = dataset.duplicate_groups(&corpus, |group| {
        if args.no_empty && group.content == Content::Empty {
            return Ok(());
        }
        let inodes = inodes(&dataset, &group);
        if args.no_hard_links && inodes == 1 {
            return Ok(());
        }
        let paths: Vec<Vec<u8>> = group.files.iter().map(|&index| path(&dataset, &prefix, index)).collect();
        match args.format {
            Format::Fdupes => write_fdupes(&mut output, &paths, std::mem::take(&mut first)),
            Format::Json => write_json(&mut output, group.size, inodes, &paths),
        }
    });
    written.and_then(|()| output.flush()).map_err(|e| CliError::output(&e))
}

/// The prefix with a slash behind it, if there is one.
fn prefix(args: &Args) -> Vec<u8> {
    let Some(prefix) = &args.prefix else { return Vec::new() };
    let mut bytes = prefix.as_os_str().as_encoded_bytes().to_vec();
    if !bytes.last().is_some_and(|&byte| std::path::is_separator(byte.into())) {
        bytes.push(b'/');
    }
    bytes
}

fn path(dataset: &Dataset, prefix: &[u8], index: u64) -> Vec<u8> {
    let mut path = prefix.to_vec();
    dataset.write_path(index, &mut path);
    path
}

fn inodes(dataset: &Dataset, group: &Group) -> usize {
    let mut inodes: Vec<u64> = group.files.iter().filter_map(|&index| dataset.file_index(index)).collect();
    inodes.sort_unstable();
    inodes.dedup();
    inodes.len()
}

fn write_fdupes(output: &mut impl Write, paths: &[Vec<u8>], first: bool) -> io::Result<()> {
    if !first {
        output.write_all(b"\n")?;
    }
    for path in paths {
        output.write_all(path)?;
        output.write_all(b"\n")?;
    }
    Ok(())
}

fn write_json(output: &mut impl Write, size: u64, inodes: usize, paths: &[Vec<u8>]) -> io::Result<()> {
    let files = paths.iter().map(|path| String::from_utf8_lossy(path)).collect();
    serde_json::to_writer(&mut *output, &Row { size, inodes, files })?;
    output.write_all(b"\n")
}
