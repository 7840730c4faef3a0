//! `seedfs ls`: what a dataset lists, without a mount.

use std::io;

use crate::dataset::{Dataset, Entry, File, Listed, Symlink};
use crate::tree::{file_ino, folder_ino};
use clap::ValueEnum;
use serde::Serialize;

use super::error::CliError;
use super::input;
use super::output::Output;
use super::parallel::in_order;

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

/// One entry, as programs read it. Fields that its type has not are empty; so are those of an owner where the tree
/// names none.
#[derive(Debug, Default, Serialize)]
struct Row<'a> {
    path: &'a str,
    r#type: &'static str,
    ino: u64,
    mode: String,
    nlink: Option<u64>,
    uid: Option<u32>,
    gid: Option<u32>,
    mtime: i64,
    size: Option<u64>,
    kind: Option<String>,
    seed: Option<u64>,
    edition: Option<u32>,
    target: Option<String>,
}

/// The header of comma-separated values, written even where no row follows.
const COLUMNS: [&str; 13] =
    ["path", "type", "ino", "mode", "nlink", "uid", "gid", "mtime", "size", "kind", "seed", "edition", "target"];

/// Writes rows in one of the formats to the end of a buffer.
enum Rows<'a> {
    Plain(&'a mut Vec<u8>),
    Jsonl(&'a mut Vec<u8>),
    Csv(Box<csv::Writer<&'a mut Vec<u8>>>),
}

impl<'a> Rows<'a> {
    fn new(format: Format, output: &'a mut Vec<u8>) -> Self {
        match format {
            Format::Plain => Rows::Plain(output),
            Format::Jsonl => Rows::Jsonl(output),
            Format::Csv => Rows::Csv(Box::new(csv::WriterBuilder::new().has_headers(false).from_writer(output))),
        }
    }

    fn start(&mut self) -> io::Result<()> {
        match self {
            Rows::Plain(_) | Rows::Jsonl(_) => Ok(()),
            Rows::Csv(output) => output.write_record(COLUMNS).map_err(io::Error::other),
        }
    }

    /// `row` is built only where more than the path is wanted.
    fn write<'p>(&mut self, path: &'p [u8], row: impl FnOnce(&'p str) -> Row<'p>) -> io::Result<()> {
        let text = || str::from_utf8(path).map_err(io::Error::other);
        match self {
            Rows::Plain(output) => {
                output.extend_from_slice(path);
                output.push(b'\n');
            }
            Rows::Jsonl(output) => {
                serde_json::to_writer(&mut **output, &row(text()?))?;
                output.push(b'\n');
            }
            Rows::Csv(output) => output.serialize(row(text()?)).map_err(io::Error::other)?,
        }
        Ok(())
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Rows::Plain(_) | Rows::Jsonl(_) => Ok(()),
            Rows::Csv(mut output) => output.flush(),
        }
    }
}

/// Entries that a thread formats at a time: enough to hide the hand-over, few enough to stay in the cache and to come
/// at once.
const PART: u64 = 4096;

pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let dataset = input::dataset(Some(&args.dataset), args.seed)?;
    let parts = dataset.shape().entries().div_ceil(PART);
    let format = |part, text: &mut Vec<u8>| format_part(&dataset, args.format, part, text);
    in_order(parts, format, &mut Output::stdout()).map_err(|e| CliError::output(&e))
}

/// Appends the rows of one part of the listing to `text`, before the first part what precedes all rows.
fn format_part(dataset: &Dataset, format: Format, part: u64, text: &mut Vec<u8>) -> io::Result<()> {
    let mut rows = Rows::new(format, text);
    if part == 0 {
        rows.start()?;
    }
    dataset.walk(part * PART..(part + 1) * PART, |entry, path| match entry {
        Entry::Folder(folder) => rows.write(path, |path| folder_row(dataset, folder, path)),
        Entry::Listed(_, Listed::File(file)) => rows.write(path, |path| file_row(&file, path)),
        Entry::Listed(_, Listed::Symlink(link)) => rows.write(path, |path| link_row(dataset, &link, path)),
    })?;
    rows.finish()
}

fn folder_row<'a>(dataset: &Dataset, folder: u64, path: &'a str) -> Row<'a> {
    Row {
        path,
        r#type: "directory",
        ino: folder_ino(folder).0,
        mode: octal(dataset.folder_mode()),
        mtime: dataset.folder_time(folder),
        ..Row::default()
    }
}

fn link_row<'a>(dataset: &Dataset, link: &Symlink<'_>, path: &'a str) -> Row<'a> {
    Row {
        path,
        r#type: "symlink",
        ino: file_ino(link.index).0,
        mode: octal(0o777),
        nlink: Some(1),
        mtime: link.mtime,
        target: Some(String::from_utf8_lossy(&dataset.link_target(link)).into_owned()),
        ..Row::default()
    }
}

fn file_row<'a>(file: &File<'_>, path: &'a str) -> Row<'a> {
    let recipe = &file.recipe;
    Row {
        path,
        r#type: "file",
        ino: file_ino(file.inode).0,
        mode: octal(file.mode),
        nlink: Some(file.links),
        uid: file.owner.map(|(uid, _)| uid),
        gid: file.owner.map(|(_, gid)| gid),
        mtime: file.mtime,
        size: Some(file.size),
        kind: Some(recipe.kind.to_string()),
        seed: Some(recipe.seed),
        edition: Some(recipe.edition),
        target: None,
    }
}

fn octal(mode: u16) -> String {
    format!("{mode:o}")
}
