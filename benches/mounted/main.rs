//! Reading one big file through a mount, beside a null FUSE file system made with the same crate, and /dev/zero.
//!
//! All three are read in turn, round after round, and only ratios within a round are compared: the machine's speed
//! drifts by more than what is measured. `--quick` reads less; `--null DIR` serves the null file system (the program
//! calls itself with it).

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

use common::{Mount, median, spread};

/// Rounds behind each median, after one that only warms up the memory.
const ROUNDS: usize = 5;

fn main() -> io::Result<()> {
    // cargo adds --bench; it means nothing here.
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Some(at) = args.iter().position(|a| a == "--null") {
        return null::serve(Path::new(&args[at + 1]), args.iter().any(|a| a == "--direct"));
    }
    if !Path::new("/dev/fuse").exists() {
        println!("skipped: no /dev/fuse");
        return Ok(());
    }
    let bytes = if args.iter().any(|a| a == "--quick") { 1 << 30 } else { 8 << 30 };
    let program = env!("CARGO_BIN_EXE_seedfs");
    let this = std::env::current_exe()?;
    let name = format!("s42-{}-random.bin", 8u64 << 30);

    println!(
        "One file of 8 GiB, {} MiB read a round, median GB/s of {ROUNDS} rounds; ratio: median (lowest-highest) within a round",
        bytes >> 20
    );
    println!("{:<34} {:>9} {:>9} {:>9}  seedfs/null", "", "/dev/zero", "null", "seedfs");
    let cached = Mounts::start(program, &this, &name, false)?;
    for (label, block) in
        [("page cache, blocks of 4 KiB", 4 << 10), ("page cache, 128 KiB", 128 << 10), ("page cache, 1 MiB", 1 << 20)]
    {
        compare(label, &cached, bytes, block, false)?;
    }
    drop(cached);
    let direct = Mounts::start(program, &this, &name, true)?;
    for (label, block) in [("direct, 128 KiB", 128 << 10), ("direct, 1 MiB", 1 << 20)] {
        compare(label, &direct, bytes, block, true)?;
    }
    Ok(())
}

/// The two file systems under comparison, mounted side by side.
struct Mounts {
    null: Mount,
    seedfs: Mount,
    name: String,
}

impl Mounts {
    fn start(program: &str, this: &Path, name: &str, direct: bool) -> io::Result<Self> {
        let direct: &[&str] = if direct { &["--direct"] } else { &[] };
        let null = Mount::start(|dir| Command::new(this).arg("--null").arg(dir).args(direct).spawn(), "big")?;
        let options = if direct.is_empty() { "ro" } else { "ro,direct_io" };
        let seedfs = Mount::start(
            |dir| Command::new(program).args(["mount", "-f", "-o", options, "files=1"]).arg(dir).spawn(),
            name,
        )?;
        Ok(Self { null, seedfs, name: name.to_string() })
    }
}

fn compare(label: &str, mounts: &Mounts, bytes: u64, block: usize, direct: bool) -> io::Result<()> {
    let paths = [PathBuf::from("/dev/zero"), mounts.null.path("big"), mounts.seedfs.path(&mounts.name)];
    let mut rates = [const { Vec::new() }; 3];
    let mut ratios = Vec::new();
    for round in 0..=ROUNDS {
        let mut row = [0.0; 3];
        for (path, rate) in paths.iter().zip(&mut row) {
            *rate = read_rate(path, bytes, block, direct)?;
        }
        if round > 0 {
            rates.iter_mut().zip(row).for_each(|(all, rate)| all.push(rate));
            ratios.push(row[2] / row[1]);
        }
    }
    let [zero, null, seedfs] = rates.map(median);
    println!("{label:<34} {zero:>9.2} {null:>9.2} {seedfs:>9.2}  {}", spread(&ratios));
    Ok(())
}

/// GB/s of reading the first `bytes` of a file in order, nothing of it in the page cache beforehand.
fn read_rate(path: &Path, bytes: u64, block: usize, direct: bool) -> io::Result<f64> {
    let flags = if direct && path.parent() != Some(Path::new("/dev")) { libc::O_DIRECT } else { 0 };
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    // SAFETY: a plain system call on a descriptor that is open.
    unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
    let mut buffer = vec![0u8; block + 4096];
    let start = buffer.as_ptr().align_offset(4096);
    let buffer = &mut buffer[start..start + block];
    let begin = Instant::now();
    let mut at = 0;
    while at < bytes {
        let n = file.read_at(buffer, at)?;
        assert!(n > 0, "{} ended early", path.display());
        at += n as u64;
    }
    Ok(bytes as f64 / begin.elapsed().as_secs_f64() / 1e9)
}
