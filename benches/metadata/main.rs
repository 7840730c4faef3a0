//! Names, attributes and small files through a mount, beside a null FUSE file system of the same shape made with the
//! same crate, and beside seedfs with other settings or sizes.
//!
//! Each round mounts all of them anew, so that nothing is in the kernel's caches, and only ratios within a round are
//! compared. One client; neither it nor the daemons are bound to a processor. `--quick` looks at fewer entries;
//! `--readdirplus=always|auto|never` mounts both so. `--null DIR FILES FOLDERS` serves the null file system (the program
//! calls itself with it).

mod client;
#[path = "../common/mod.rs"]
mod common;
mod null;

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use client::{Visit, walk};
use common::table::{self, Row};
use common::{Mount, is_quick};

/// How much is measured.
struct Plan {
    rounds: usize,
    /// Files whose names are read.
    names: u64,
    /// Files that are looked at or read one by one.
    visits: u64,
    readdirplus: String,
}

/// A tree: files, and folders with the root among them.
#[derive(Clone, Copy)]
struct Shape {
    files: u64,
    folders: u64,
}

const ONE_DIRECTORY: Shape = Shape { files: 1_000_000, folders: 1 };
const TREE: Shape = Shape { files: 1_000_000, folders: 10_000 };

fn main() -> io::Result<()> {
    // cargo adds --bench; it means nothing here.
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    if let [flag, dir, files, folders, plus] = &args[..]
        && flag == "--null"
    {
        let number = |text: &str| text.parse().map_err(io::Error::other);
        return null::serve(Path::new(dir), number(files)?, number(folders)?, plus);
    }
    if !Path::new("/dev/fuse").exists() {
        eprintln!("skipped: no /dev/fuse");
        return Ok(());
    }
    table::start();
    let plus = args.iter().find_map(|a| a.strip_prefix("--readdirplus=")).unwrap_or("auto");
    let plan = if is_quick() {
        Plan { rounds: 3, names: 100_000, visits: 10_000, readdirplus: plus.into() }
    } else {
        Plan { rounds: 5, names: 1_000_000, visits: 100_000, readdirplus: plus.into() }
    };
    walks(&plan)?;
    beside_memory(&plan)?;
    sizes(&plan)?;
    starts(&plan)
}

/// Walks that are measured one after the other in one mount: what is done to each file, and how the row is called.
type Rows = &'static [(Visit, &'static str)];

const GROUPS: [(Shape, Rows); 4] = [
    (ONE_DIRECTORY, &[(Visit::Name, "ls -f, one directory"), (Visit::Name, "ls -f, again")]),
    (TREE, &[(Visit::Name, "find, 100 files a folder"), (Visit::Name, "find, again")]),
    (TREE, &[(Visit::Stat, "find -size"), (Visit::Stat, "find -size, again")]),
    (TREE, &[(Visit::Read, "open, read 4 KiB, close"), (Visit::Read, "open, read 4 KiB, close, again")]),
];

/// What programs do to a tree.
fn walks(plan: &Plan) -> io::Result<()> {
    for (shape, rows) in GROUPS {
        let start = |which| match which {
            0 => start_null(shape, plan),
            1 => start_seedfs(shape, plan, ""),
            _ => start_seedfs(shape, plan, ",prefetch=0"),
        };
        // Only reading files makes a difference to prefetching.
        let sides = if rows[0].0 == Visit::Read { 3 } else { 2 };
        let mut rates = vec![[const { Vec::new() }; 3]; rows.len()];
        for round in 0..plan.rounds {
            // The one that comes first finds the memory cold: they take turns.
            for which in (0..sides).map(|side| (side + round) % sides) {
                let mount = start(which)?;
                for (&(visit, _), rates) in rows.iter().zip(&mut rates) {
                    rates[which].push(rate(&mount.path(""), visit, plan.limit(visit))?);
                }
            }
        }
        for (&(_, what), [null, seedfs, bare]) in rows.iter().zip(&rates) {
            row(what, "null FUSE file system").print(null, seedfs);
            if !bare.is_empty() {
                row(what, "without prefetch").print(bare, seedfs);
            }
        }
    }
    Ok(())
}

/// Files that are read for the first time, in the order of their listing, beside the same files in memory.
fn beside_memory(plan: &Plan) -> io::Result<()> {
    let Some(tmpfs) = Tmpfs::fill(plan.visits)? else { return Ok(()) };
    let shape = Shape { files: plan.visits, folders: plan.visits / 100 };
    row("open, read 4 KiB, close", "tmpfs").compare(
        plan.rounds,
        || rate(tmpfs.0.path(), Visit::Read, u64::MAX),
        || rate(&start_seedfs(shape, plan, "")?.path(""), Visit::Read, u64::MAX),
    )
}

/// A tree in memory with a hundred files of 4 KiB in each folder.
struct Tmpfs(tempfile::TempDir);

impl Tmpfs {
    /// `None` where there is no tmpfs to be had without asking.
    fn fill(files: u64) -> io::Result<Option<Self>> {
        let Ok(root) = tempfile::tempdir_in("/dev/shm") else { return Ok(None) };
        for folder in 0..files / 100 {
            let dir = root.path().join(format!("folder-{folder:08x}"));
            std::fs::create_dir(&dir)?;
            for file in 0..100 {
                std::fs::write(dir.join(format!("invoice_s000000000000{file:08x}-4096.bin")), [0x5A; 4096])?;
            }
        }
        Ok(Some(Self(root)))
    }
}

fn row<'a>(what: &'a str, beside: &'a str) -> Row<'a> {
    Row { what, unit: "k entries/s", beside }
}

/// Whether names of large trees come as fast as those of small ones.
fn sizes(plan: &Plan) -> io::Result<()> {
    let one = |files| Shape { files, folders: 1 };
    let pairs = [
        ("ls -f, one directory of 10^7", "10^6", one(1_000_000), one(10_000_000)),
        ("find, a tree of 10^9", "10^6", TREE, Shape { files: 1_000_000_000, folders: 10_000_000 }),
    ];
    for (what, beside, small, large) in pairs {
        let rate = |shape: Shape| {
            // As large a part of the large directory as of the small one: its end is no farther than its start.
            let limit = if shape.folders == 1 { plan.names * shape.files / 1_000_000 } else { plan.names };
            rate(&start_seedfs(shape, plan, "")?.path(""), Visit::Name, limit)
        };
        row(what, beside).compare(plan.rounds, || rate(small), || rate(large))?;
    }
    Ok(())
}

/// How soon a mount answers, whatever is in it.
fn starts(plan: &Plan) -> io::Result<()> {
    let start = |files, folders| {
        let begin = Instant::now();
        let mount = start_seedfs(Shape { files, folders }, plan, "")?;
        let took = begin.elapsed();
        drop(mount);
        Ok(1.0 / took.as_secs_f64())
    };
    let row = Row { what: "program start to first stat, 10^9 files", unit: "a second", beside: "10^3 files" };
    row.compare(plan.rounds + 2, || start(1000, 10), || start(1_000_000_000, 10_000_000))
}

impl Plan {
    fn limit(&self, visit: Visit) -> u64 {
        if visit == Visit::Name { self.names } else { self.visits }
    }
}

/// Thousands of entries a second.
fn rate(root: &Path, visit: Visit, limit: u64) -> io::Result<f64> {
    let begin = Instant::now();
    let entries = walk(root, visit, limit)?;
    Ok(entries as f64 / begin.elapsed().as_secs_f64() / 1e3)
}

/// `options` begin with a comma.
fn start_seedfs(shape: Shape, plan: &Plan, options: &str) -> io::Result<Mount> {
    let dataset = format!("files={},dirs={},size=4KiB", shape.files, shape.folders - 1);
    let option = format!("readdirplus={}{options}", plan.readdirplus);
    let mut command = Command::new(env!("CARGO_BIN_EXE_seedfs"));
    command.args(["mount", "-f", "-o", &option, &dataset]).stdout(Stdio::null());
    // Only seedfs has this directory: nothing is there before the mount is.
    Mount::start(|dir| command.arg(dir).spawn(), ".seedfs")
}

fn start_null(shape: Shape, plan: &Plan) -> io::Result<Mount> {
    let mut command = Command::new(std::env::current_exe()?);
    let numbers = [shape.files.to_string(), shape.folders.to_string(), plan.readdirplus.clone()];
    // Its first file.
    Mount::start(|dir| command.arg("--null").arg(dir).args(numbers).spawn(), "invoice_s00000000000000000000-4096.bin")
}
