//! `seedfs cat`: bytes of names, without a mount.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::PathBuf;

use crate::content::SyntheticFile;
use crate::name;

use super::error::CliError;
use super::input;
use super::output::Output;

const EXAMPLES: &str = "\
Examples:
  seedfs cat s42-1GiB.bin | sha256sum
  seedfs cat --offset 1TiB --length 64 s42-1PiB | xxd
  seedfs cat letter_s3-20480.txt page_s4-4k.html";

/// Write the contents of files to standard output, by their names alone.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Names such as s42-1GiB.bin; of a path only the last part counts.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<OsString>,
    /// Start at this byte of each file.
    #[arg(long, value_name = "N", default_value = "0", value_parser = input::size)]
    offset: u64,
    /// Write at most this many bytes of each file.
    #[arg(long, value_name = "N", value_parser = input::size)]
    length: Option<u64>,
    /// Make text from the words of this file instead of the built-in ones.
    #[arg(long, value_name = "FILE")]
    corpus: Option<PathBuf>,
}

/// Bytes made and written at a time: still in the second-level cache when the kernel copies them.
///
/// Lending the pages to the pipe instead (vmsplice) is faster, but not safe: a reader may splice them on into another
/// pipe or a socket, and nothing tells when they may be written again. Fresh pages for each block cost more than
/// the copy.
const BLOCK: usize = 256 << 10;

/// All names are checked before the first byte is written.
pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let corpus = input::corpus(args.corpus.as_deref())?;
    let mut files = Vec::with_capacity(args.names.len());
    for given in &args.names {
        let wrong = |why: &dyn std::fmt::Display| CliError::usage(format!("{}: {why}", given.to_string_lossy()));
        let recipe = name::parse(last_part(given)).map_err(|e| wrong(&e))?.recipe;
        files.push(SyntheticFile::new(recipe, corpus.clone()).map_err(|e| wrong(&e))?);
    }
    let mut output = Output::stdout();
    let mut block = vec![0; BLOCK];
    for file in &files {
        copy(file, args.offset, args.length.unwrap_or(u64::MAX), &mut block, &mut output)
            .map_err(|e| CliError::output(&e))?;
    }
    output.flush().map_err(|e| CliError::output(&e))
}

/// What of a path is the name: no name of Windows has the colon that stands behind the letter of a drive.
fn last_part(path: &OsStr) -> &[u8] {
    let is_before = |&byte: &u8| std::path::is_separator(byte.into()) || (cfg!(windows) && byte == b':');
    path.as_encoded_bytes().rsplit(is_before).next().unwrap_or_default()
}

fn copy(file: &SyntheticFile, offset: u64, length: u64, block: &mut [u8], output: &mut impl Write) -> io::Result<()> {
    let end = offset.saturating_add(length).min(file.len());
    let mut at = offset;
    while at < end {
        let n = block.len().min(usize::try_from(end - at).unwrap_or(usize::MAX));
        file.read_at(at, &mut block[..n]);
        output.write_all(&block[..n])?;
        at += n as u64;
    }
    Ok(())
}
