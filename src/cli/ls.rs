//! `seedfs ls`: what a dataset lists, without a mount.

use std::io::{self, BufWriter, Write};

use crate::Recipe;
use crate::dataset::Dataset;
use crate::tree::{file_ino, folder_ino};
use clap::ValueEnum;
use serde::Serialize;

use super::error::CliError;
use super::input;
use super::output::Output;

const EXAMPLES: &str = "\
Examples:
  seedfs ls demo
  seedfs ls --format jsonl files=1000,size=64KiB | jq -s 'map(.size // 0) | add'
  seedfs ls --format csv demo > demo.csv";

/// List the files and directories of a dataset.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// demo, or inline text such as files=1M,size=4KiB.
    #[arg(value_name = "DATASET", default_value = "demo")]
    dataset: String,
    /// One path a line, one JSON object a line, or comma-separated values with a header.
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
    Csv,
}

/// One entry, as programs read it. Fields that only files have are empty for directories.
#[derive(Debug, Serialize)]
struct Row<'a> {
    path: &'a str,
    r#type: &'static str,
    ino: u64,
    mode: &'static str,
    mtime: i64,
    size: Option<u64>,
    kind: Option<String>,
    seed: Option<u64>,
    edition: Option<u32>,
}

/// The header of comma-separated values, written even where no row follows.
const COLUMNS: [&str; 9] = ["path", "type", "ino", "mode", "mtime", "size", "kind", "seed", "edition"];

/// Writes rows in one of the formats.
enum Rows<W: Write> {
    Plain(W),
    Jsonl(W),
    Csv(Box<csv::Writer<W>>),
}

impl<W: Write> Rows<W> {
    fn new(format: Format, output: W) -> Self {
        match format {
            Format::Plain => Rows::Plain(output),
            Format::Jsonl => Rows::Jsonl(output),
            Format::Csv => Rows::Csv(Box::new(csv::WriterBuilder::new().has_headers(false).from_writer(output))),
        }
    }

    fn start(&mut self) -> io::Result<()> {
        match self {
            Rows::Plain(_) | Rows::Jsonl(_) => Ok(()),
            Rows::Csv(output) => output.write_record(COLUMNS).map_err(csv_error),
        }
    }

    /// `row` is built only where more than the path is wanted.
    fn write<'a>(&mut self, path: &'a [u8], row: impl FnOnce(&'a str) -> Row<'a>) -> io::Result<()> {
        let text = || str::from_utf8(path).map_err(io::Error::other);
        match self {
            Rows::Plain(output) => {
                output.write_all(path)?;
                output.write_all(b"\n")
            }
            Rows::Jsonl(output) => {
                serde_json::to_writer(&mut *output, &row(text()?))?;
                output.write_all(b"\n")
            }
            Rows::Csv(output) => output.serialize(row(text()?)).map_err(csv_error),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Rows::Plain(mut output) | Rows::Jsonl(mut output) => output.flush(),
            Rows::Csv(mut output) => output.flush(),
        }
    }
}

/// The error of the pipe underneath, so that one that was closed is recognised.
fn csv_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let dataset = input::dataset(Some(&args.dataset), args.seed)?;
    let output = BufWriter::with_capacity(1 << 20, Output::stdout());
    list(&dataset, Rows::new(args.format, output)).map_err(|e| CliError::output(&e))
}

/// Folder by folder in the order of their numbers: each folder, then its files.
fn list(dataset: &Dataset, mut rows: Rows<impl Write>) -> io::Result<()> {
    rows.start()?;
    let mut path = Vec::new();
    for folder in 0..dataset.shape().folders() {
        path.clear();
        dataset.write_folder_path(folder, &mut path);
        if let Some((_slash, name)) = path.split_last() {
            rows.write(name, |path| folder_row(dataset, folder, path))?;
        }
        let prefix = path.len();
        for index in dataset.shape().files_of(folder) {
            let file = dataset.file(index);
            path.truncate(prefix);
            file.write_name(&mut path);
            rows.write(&path, |path| file_row(&file.recipe, file_ino(index).0, file.mtime, path))?;
        }
    }
    rows.finish()
}

fn folder_row<'a>(dataset: &Dataset, folder: u64, path: &'a str) -> Row<'a> {
    Row {
        path,
        r#type: "directory",
        ino: folder_ino(folder).0,
        mode: "755",
        mtime: dataset.folder_time(folder),
        size: None,
        kind: None,
        seed: None,
        edition: None,
    }
}

fn file_row<'a>(recipe: &Recipe, ino: u64, mtime: i64, path: &'a str) -> Row<'a> {
    Row {
        path,
        r#type: "file",
        ino,
        mode: "644",
        mtime,
        size: Some(recipe.size),
        kind: Some(recipe.kind.to_string()),
        seed: Some(recipe.seed),
        edition: Some(recipe.edition),
    }
}
