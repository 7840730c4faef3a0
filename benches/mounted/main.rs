//! Reading one big file through a mount, beside a null FUSE file system made with the same crate, and beside seedfs
//! with other settings.
//!
//! Only ratios within a round are compared: the machine's speed drifts by more than what is measured. `--quick` reads
//! less; `--null DIR` serves the null file system (the program calls itself with it).

#[path = "../common/mod.rs"]
mod common;
mod null;

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use common::table::{self, Row};
use common::{Mount, is_quick};

/// Bytes of the file in every mount.
const SIZE: u64 = 8 << 30;
const ROUNDS: usize = 5;

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Some(at) = args.iter().position(|a| a == "--null") {
        return null::serve(Path::new(&args[at + 1]), args.iter().any(|a| a == "--direct"));
    }
    if !Path::new("/dev/fuse").exists() {
        eprintln!("skipped: no /dev/fuse");
        return Ok(());
    }
    table::start();
    let bytes = if is_quick() { 512 << 20 } else { 4 << 30 };
    page_cache(bytes)?;
    direct(bytes)
}

/// Reads that fill the page cache.
fn page_cache(bytes: u64) -> io::Result<()> {
    let null = start_null(&[])?;
    let seedfs = start_seedfs("ro")?;
    let reading = |label, block| Reading { label, block, readers: 1, bytes, direct: false };
    for (label, block) in
        [("page cache, 4 KiB", 4 << 10), ("page cache, 128 KiB", 128 << 10), ("page cache, 1 MiB", 1 << 20)]
    {
        reading(label, block).compare("null FUSE file system", &null, &seedfs)?;
    }
    let bare = start_seedfs("ro,prefetch=0")?;
    reading("page cache, 128 KiB, prefetch", 128 << 10).compare("without prefetch", &bare, &seedfs)?;
    let lone = start_seedfs("ro,threads=1")?;
    reading("page cache, 128 KiB, threads=1", 128 << 10).compare("default threads", &seedfs, &lone)
}

/// Reads that go past the page cache.
fn direct(bytes: u64) -> io::Result<()> {
    let null = start_null(&["--direct"])?;
    let seedfs = start_seedfs("ro,direct_io")?;
    let rows = [
        ("direct, 4 KiB", 4 << 10, 1),
        ("direct, 128 KiB", 128 << 10, 1),
        ("direct, 1 MiB", 1 << 20, 1),
        ("direct, 4 MiB", 4 << 20, 1),
        ("direct, 128 KiB, two readers", 128 << 10, 2),
        ("direct, 1 MiB, two readers", 1 << 20, 2),
    ];
    for (label, block, readers) in rows {
        // Small blocks cost a round trip each.
        let bytes = if block < 64 << 10 { bytes / 8 } else { bytes };
        Reading { label, block, readers, bytes, direct: true }.compare("null FUSE file system", &null, &seedfs)?;
    }
    Ok(())
}

/// A file system and its file.
struct Mounted {
    mount: Mount,
    name: String,
}

impl Mounted {
    fn path(&self) -> PathBuf {
        self.mount.path(&self.name)
    }
}

fn start_null(arguments: &[&str]) -> io::Result<Mounted> {
    let mut command = Command::new(std::env::current_exe()?);
    let mount = Mount::start(|dir| command.arg("--null").arg(dir).args(arguments).spawn(), "big")?;
    Ok(Mounted { mount, name: "big".to_string() })
}

fn start_seedfs(options: &str) -> io::Result<Mounted> {
    let name = format!("s42-{SIZE}-random.bin");
    let mut command = Command::new(env!("CARGO_BIN_EXE_seedfs"));
    command.args(["mount", "-f", "-o", options, "files=1"]);
    let mount = Mount::start(|dir| command.arg(dir).spawn(), &name)?;
    Ok(Mounted { mount, name })
}

/// How a file is read.
struct Reading<'a> {
    label: &'a str,
    block: usize,
    /// Threads, each in a part of the file of its own.
    readers: u64,
    /// By all readers together.
    bytes: u64,
    direct: bool,
}

impl Reading<'_> {
    fn compare(&self, beside: &str, theirs: &Mounted, ours: &Mounted) -> io::Result<()> {
        let row = Row { what: self.label, unit: "GB/s", beside };
        row.compare(ROUNDS, || self.rate(&theirs.path()), || self.rate(&ours.path()))
    }

    /// GB/s of all readers together.
    fn rate(&self, path: &Path) -> io::Result<f64> {
        let flags = if self.direct { libc::O_DIRECT } else { 0 };
        let file = File::options().read(true).custom_flags(flags).open(path)?;
        // SAFETY: a plain system call on a descriptor that is open.
        unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
        let begin = Instant::now();
        std::thread::scope(|scope| {
            let readers: Vec<_> = (0..self.readers)
                .map(|reader| {
                    let from = reader * (SIZE / self.readers);
                    let file = &file;
                    scope.spawn(move || self.read(file, from, from + self.bytes / self.readers))
                })
                .collect();
            readers.into_iter().try_for_each(|reader| reader.join().expect("no panic"))
        })?;
        Ok(self.bytes as f64 / begin.elapsed().as_secs_f64() / 1e9)
    }

    /// Reads from one offset to another in order.
    fn read(&self, file: &File, from: u64, until: u64) -> io::Result<()> {
        let mut buffer = vec![0u8; self.block + 4096];
        let start = buffer.as_ptr().align_offset(4096);
        let buffer = &mut buffer[start..start + self.block];
        let mut at = from;
        while at < until {
            let n = file.read_at(buffer, at)?;
            if n == 0 {
                return Err(io::Error::other("the file ended early"));
            }
            at += n as u64;
        }
        Ok(())
    }
}
