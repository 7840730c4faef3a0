//! `seedfs manifest`: the digests of a dataset's files, without a mount.

#[cfg(unix)]
use std::fs::TryLockError;
use std::fs::{File, Metadata};
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use clap::ValueEnum;

use super::error::{CliError, FAILURE};
use super::input;
use super::output::Output;
use super::progress::Progress;
use crate::dataset::Dataset;
use crate::manifest::{Algorithm, Manifest, ResumeError};
use crate::shard::Shard;

const EXAMPLES: &str = "\
Examples:
  seedfs manifest demo > ~/SHA256SUMS; cd /mnt/x && sha256sum --quiet -c ~/SHA256SUMS
  seedfs manifest --hash blake3 --output B3SUMS files=1M,size=64KiB   call it again if interrupted
  seedfs manifest --shard 3/64 --output part-3 files=1G               part 3 of 64, in order
  seedfs manifest --format mtree demo > ~/demo.mtree
  cd /mnt/x && bsdtar -cf ~/demo.tar @$HOME/demo.mtree
  seedfs manifest --format jsonl demo | jq -r 'select(.size == 0).path'";

/// Write the digest of every file of a dataset, in the form that sha256sum -c checks.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// demo, or inline text such as files=1M,size=4KiB.
    #[arg(value_name = "DATASET", default_value = "demo")]
    dataset: String,
    /// Hash function; sha256sum, b3sum, md5sum or xxhsum checks the result.
    #[arg(long, value_enum, value_name = "HASH", default_value_t = Hash::Sha256)]
    hash: Hash,
    /// Lines for sha256sum -c and its like, mtree(5) for bsdtar and mtree, or one JSON object a line.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Sums)]
    format: Format,
    /// Part I of N, counted from 1: all parts in order are the whole.
    #[arg(long, value_name = "I/N", default_value = "1/1", value_parser = input::shard)]
    shard: Shard,
    /// Threads that hash, 1 to 1024 [default: the number of processors].
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Write to FILE; if it holds the beginning of this manifest, go on behind its last complete line.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The dataset after so many steps of churn.
    #[arg(long, value_name = "G", default_value_t = 0)]
    generation: u64,
    /// Replace the dataset's seed.
    #[arg(long, value_name = "N", value_parser = input::seed)]
    seed: Option<u64>,
    /// Make text from the words of this file instead of the built-in ones.
    #[arg(long, value_name = "FILE")]
    corpus: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Hash {
    Sha256,
    Blake3,
    Md5,
    Xxh3,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Sums,
    Mtree,
    Jsonl,
}

impl From<Hash> for Algorithm {
    fn from(hash: Hash) -> Self {
        match hash {
            Hash::Sha256 => Self::Sha256,
            Hash::Blake3 => Self::Blake3,
            Hash::Md5 => Self::Md5,
            Hash::Xxh3 => Self::Xxh3,
        }
    }
}

impl From<Format> for crate::manifest::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Sums => Self::Sums,
            Format::Mtree => Self::Mtree,
            Format::Jsonl => Self::Jsonl,
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let (dataset, corpus) = input::dataset_and_corpus(Some(&args.dataset), args.seed, args.corpus.as_deref())?;
    let at = input::generation(&dataset, args.generation)?;
    let manifest = Manifest::new(at, corpus, args.hash.into(), args.format.into(), args.shard)
        .map_err(|e| CliError::usage(format!("--hash: {e}")))?;
    let start = manifest.entries().start;
    let threads = args.threads.and_then(|n| NonZero::new(n.into()));
    let threads = threads.unwrap_or_else(|| available_parallelism().unwrap_or(NonZero::<usize>::MIN));
    let write = |from: u64, output: &mut dyn Write| {
        let (all, done) = (work(&dataset, manifest.entries()), work(&dataset, start..from));
        let progress = Progress::new(all.0, all.1, args.output.is_some());
        progress.skip(done.0, done.1);
        manifest.write(from, threads, output, &|entries, bytes| progress.add(entries, bytes))
    };
    match &args.output {
        None => write(start, &mut Output::stdout()).map_err(|e| CliError::output(&e)),
        Some(path) => {
            let (mut file, from) = resume(path, &manifest)?;
            write(from, &mut file).map_err(|e| CliError::new(FAILURE, format!("{}: {e}", path.display())))
        }
    }
}

/// Entries in a part of the listing, and about how many bytes they have.
fn work(dataset: &Dataset, entries: std::ops::Range<u64>) -> (u64, u64) {
    let part = entries.end - entries.start;
    let all = u128::from(dataset.entries());
    (part, (u128::from(dataset.total_bytes()) * u128::from(part) / all) as u64)
}

/// Opens the file, or makes it; `None` if another run has it open.
#[cfg(unix)]
fn open_alone(path: &Path) -> io::Result<Option<File>> {
    let file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Ok(None),
        // File systems without locks do without.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(Some(file)),
    }
}

/// Opens the file, or makes it; `None` if another run has it open. A lock of Windows would keep readers out as well.
#[cfg(windows)]
fn open_alone(path: &Path) -> io::Result<Option<File>> {
    use std::os::windows::fs::OpenOptionsExt;
    use windows_sys::Win32::Foundation::ERROR_SHARING_VIOLATION;
    use windows_sys::Win32::Storage::FileSystem::FILE_SHARE_READ;
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false).share_mode(FILE_SHARE_READ);
    match options.open(path) {
        Err(error) if error.raw_os_error() == Some(ERROR_SHARING_VIOLATION.cast_signed()) => Ok(None),
        opened => opened.map(Some),
    }
}

/// The file, cut off behind its last complete line, where writing goes on; and the first entry that is missing.
fn resume(path: &Path, manifest: &Manifest<'_>) -> Result<(File, u64), CliError> {
    let failed = |e: io::Error| CliError::new(FAILURE, format!("{}: {e}", path.display()));
    let refused = |why: &dyn std::fmt::Display| CliError::usage(format!("{}: {why}", path.display()));
    let Some(mut file) = open_alone(path).map_err(failed)? else {
        return Err(refused(&"another run is writing to it; wait for its end"));
    };
    // A device of Windows has nothing to tell.
    let Some(there) = file.metadata().ok().filter(Metadata::is_file) else {
        return Err(refused(&"is no regular file; leave out --output and redirect standard output"));
    };
    let point = manifest.resume(BufReader::with_capacity(1 << 20, &file)).map_err(|error| match error {
        ResumeError::Io(error) => failed(error),
        other => refused(&format!("{other}; remove it or name another file")),
    })?;
    // What is complete keeps its time, as make and rsync like it.
    if there.len() > point.bytes {
        file.set_len(point.bytes).map_err(failed)?;
    }
    file.seek(SeekFrom::Start(point.bytes)).map_err(failed)?;
    Ok((file, point.entry))
}
