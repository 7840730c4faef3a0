//! Names, attributes and small files through a mount, beside a null FUSE file system of the same shape made with the
//! same crate, and tmpfs.
//!
//! Each round mounts both anew, so that nothing is in the kernel's caches, and only ratios within a round are compared.
//! One client; neither it nor the daemons are bound to a processor. `--quick` looks at fewer entries;
//! `--prefetching` prints the first table only; `--readdirplus=always|auto|never` mounts all so. `--null DIR FILES
//! FOLDERS` serves the null file system (the program calls itself with it).

mod client;
#[path = "../common/mod.rs"]
mod common;
mod null;

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use client::{Visit, walk};
use common::{Mount, median, spread};

/// How much is measured.
struct Plan {
    rounds: usize,
    /// Files whose names are read.
    names: u64,
    /// Files that are looked at or read one by one.
    visits: u64,
    /// Files of the comparison with tmpfs, which holds them all.
    tmpfs: u64,
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
        println!("skipped: no /dev/fuse");
        return Ok(());
    }
    let plus = args.iter().find_map(|a| a.strip_prefix("--readdirplus=")).unwrap_or("auto");
    let plan = if args.iter().any(|a| a == "--quick") {
        Plan { rounds: 3, names: 300_000, visits: 20_000, tmpfs: 10_000, readdirplus: plus.into() }
    } else {
        Plan { rounds: 5, names: 1_000_000, visits: 1_000_000, tmpfs: 100_000, readdirplus: plus.into() }
    };
    prefetching(&plan)?;
    if args.iter().any(|a| a == "--prefetching") {
        return Ok(());
    }
    println!();
    rates(&plan)?;
    println!();
    sizes(&plan)?;
    println!();
    starts(&plan)
}

/// Walks that are measured one after the other in one mount: what is done to each file, and how the row is called.
type Rows = &'static [(Visit, &'static str)];

const GROUPS: [(Shape, Rows); 4] = [
    (ONE_DIRECTORY, &[(Visit::Name, "ls -f, one directory"), (Visit::Name, "  again")]),
    (TREE, &[(Visit::Name, "find, 100 files a folder"), (Visit::Name, "  again")]),
    (TREE, &[(Visit::Stat, "find -size"), (Visit::Stat, "  again")]),
    (TREE, &[(Visit::Read, "open, read 4 KiB, close"), (Visit::Read, "  again")]),
];

/// The table of ratios to the null file system.
fn rates(plan: &Plan) -> io::Result<()> {
    println!(
        "Up to {} names, {} visits a round, readdirplus {}; median k entries/s of {} rounds; ratio: median \
         (lowest-highest) within a round",
        plan.names, plan.visits, plan.readdirplus, plan.rounds
    );
    println!("{:<34} {:>9} {:>9} {:>9}  seedfs/null", "", "tmpfs", "null", "seedfs");
    let tmpfs = Tmpfs::fill(plan.tmpfs)?;
    for (shape, rows) in GROUPS {
        let mut measured = vec![[const { Vec::new() }; 2]; rows.len()];
        for round in 0..plan.rounds {
            // The one that comes second finds the memory warm: they take turns.
            for which in [round % 2, 1 - round % 2] {
                let mount = if which == 0 { start_null(shape, plan)? } else { start_seedfs(shape, plan)? };
                for (&(visit, _), rates) in rows.iter().zip(&mut measured) {
                    rates[which].push(rate(&mount.path(""), visit, plan.limit(visit))?);
                }
            }
        }
        for (&(visit, label), [null, seedfs]) in rows.iter().zip(measured) {
            let ratios: Vec<f64> = null.iter().zip(&seedfs).map(|(null, seedfs)| seedfs / null).collect();
            let yardstick = tmpfs.as_ref().map_or(Ok(f64::NAN), |t| rate(t.0.path(), visit, u64::MAX))?;
            println!("{label:<34} {yardstick:>9.0} {:>9.0} {:>9.0}  {}", median(null), median(seedfs), spread(&ratios));
        }
    }
    Ok(())
}

/// Files read for the first time, with prefetching and without, beside tmpfs.
fn prefetching(plan: &Plan) -> io::Result<()> {
    println!(
        "List, then open, read 4 KiB, close, all for the first time, readdirplus {}: k files/s; ratios: median \
         (lowest-highest)",
        plan.readdirplus
    );
    let labels = ["", "tmpfs", "prefetch=0", "default", "default/prefetch=0", "default/tmpfs"];
    let row = |[a, b, c, d, e, f]: [&str; 6]| println!("{a:<26} {b:>9} {c:>10} {d:>9}  {e:<20} {f}");
    row(labels);
    let tmpfs = Tmpfs::fill(plan.tmpfs)?;
    let rows = [
        ("100 files a folder", TREE, false),
        ("  listed before", TREE, true),
        ("one directory", ONE_DIRECTORY, false),
        ("  listed before", ONE_DIRECTORY, true),
    ];
    for (label, Shape { folders, .. }, listed) in rows {
        let shape = Shape { files: plan.tmpfs, folders: folders.min(plan.tmpfs / 100) };
        let mut measured = [const { Vec::new() }; 3];
        for round in 0..plan.rounds {
            measured[0].push(tmpfs.as_ref().map_or(Ok(f64::NAN), |t| rate(t.0.path(), Visit::Read, u64::MAX))?);
            for which in [round % 2, 1 - round % 2] {
                let options = [&["-o", "prefetch=0"][..], &[]][which];
                let mount = start_seedfs_with(shape, plan, options)?;
                if listed {
                    walk(&mount.path(""), Visit::Name, u64::MAX)?;
                }
                measured[1 + which].push(rate(&mount.path(""), Visit::Read, u64::MAX)?);
            }
        }
        let ratio = |to: &[f64]| spread(&measured[2].iter().zip(to).map(|(a, b)| a / b).collect::<Vec<_>>());
        let (without, memory) = (ratio(&measured[1]), ratio(&measured[0]));
        let [tmpfs, off, on] = measured.map(|rates| format!("{:.0}", median(rates)));
        row([label, &tmpfs, &off, &on, &without, &memory]);
    }
    Ok(())
}

/// Whether large trees are as fast as small ones.
fn sizes(plan: &Plan) -> io::Result<()> {
    println!("Names only, k entries/s of seedfs: a small tree, a large one, and the ratio of the two");
    let one = |files| Shape { files, folders: 1 };
    let pairs = [
        ("one directory of 10^6 and 10^7", one(1_000_000), one(10_000_000)),
        ("a tree of 10^6 and 10^9", TREE, Shape { files: 1_000_000_000, folders: 10_000_000 }),
    ];
    for (label, small, large) in pairs {
        let mut rates = [const { Vec::new() }; 2];
        for _ in 0..plan.rounds {
            for (rates, shape) in rates.iter_mut().zip([small, large]) {
                // As large a part of the large directory as of the small one: its end is no farther than its start.
                let limit = if shape.folders == 1 { plan.names * shape.files / 1_000_000 } else { plan.names };
                rates.push(rate(&start_seedfs(shape, plan)?.path(""), Visit::Name, limit)?);
            }
        }
        let ratios: Vec<f64> = rates[0].iter().zip(&rates[1]).map(|(small, large)| large / small).collect();
        let [small, large] = rates.map(median);
        println!("{label:<34} {small:>9.0} {large:>9.0}  {}", spread(&ratios));
    }
    Ok(())
}

/// How long it takes from the start of the program until the first answer of its mount.
fn starts(plan: &Plan) -> io::Result<()> {
    println!("Milliseconds from the start of the program to the first stat in its mount: median (lowest-highest)");
    for (label, files, folders) in [("10^3 files", 1000, 10), ("10^9 files", 1_000_000_000, 10_000_000)] {
        let mut times = Vec::new();
        for _ in 0..plan.rounds + 2 {
            let begin = Instant::now();
            let mount = start_seedfs(Shape { files, folders }, plan)?;
            times.push(begin.elapsed().as_secs_f64() * 1e3);
            drop(mount);
        }
        println!("{label:<34} {}", spread(&times));
    }
    Ok(())
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

fn start_seedfs(shape: Shape, plan: &Plan) -> io::Result<Mount> {
    start_seedfs_with(shape, plan, &[])
}

fn start_seedfs_with(shape: Shape, plan: &Plan, options: &[&str]) -> io::Result<Mount> {
    let dataset = format!("files={},dirs={},size=4KiB", shape.files, shape.folders - 1);
    let option = format!("readdirplus={}", plan.readdirplus);
    let mut command = Command::new(env!("CARGO_BIN_EXE_seedfs"));
    command.args(["mount", "-f", "-o", &option]).args(options).arg(&dataset).stdout(Stdio::null());
    // Only seedfs has this directory: nothing is there before the mount is.
    Mount::start(|dir| command.arg(dir).spawn(), ".seedfs")
}

fn start_null(shape: Shape, plan: &Plan) -> io::Result<Mount> {
    let mut command = Command::new(std::env::current_exe()?);
    let numbers = [shape.files.to_string(), shape.folders.to_string(), plan.readdirplus.clone()];
    // Its first file.
    Mount::start(|dir| command.arg("--null").arg(dir).args(numbers).spawn(), "invoice_s00000000000000000000-4096.bin")
}

/// Files of 4 KiB in memory, 100 a folder.
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
