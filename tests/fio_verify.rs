//! fio as a judge from outside: with `--readonly` it reads, and compares by its own means what it reads with a pattern
//! that it was given.
//!
//! fio's patterns are bytes that it was told, and where it is asked for an offset it writes 64 bits of it. No kind of
//! contents has those; but the kind `stamp` names its offset in text, sector by sector, so each sector that is looked at
//! is a job of its own with its own line as pattern. A hole is verified whole.
#![cfg(target_os = "linux")]

mod common;

use std::fmt::Write;
use std::process::Command;

use common::draws::{Draws, operations};
use common::mount::Mounted;
use common::run::{have, succeed};

/// Ways of reading that fio has, each with the lines of a job file.
const ENGINES: [(&str, &str); 6] = [
    ("pread", "ioengine=psync"),
    ("preadv", "ioengine=vsync"),
    ("mmap", "ioengine=mmap"),
    ("several at once", "ioengine=libaio\niodepth=8"),
    ("O_DIRECT", "ioengine=psync\ndirect=1"),
    ("several O_DIRECT at once", "ioengine=libaio\niodepth=8\ndirect=1"),
];

/// Runs fio with a job file. What it reports by itself, as without the right to lock memory, is no failure.
fn fio(mount: &Mounted, global: &str, jobs: &str) -> serde_json::Value {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("job");
    std::fs::write(&file, format!("[global]\ndirectory={}\n{global}\n{jobs}", mount.path().display())).unwrap();
    let report = dir.path().join("report");
    let mut command = Command::new("fio");
    command.args(["--readonly", "--output-format=json", "--output"]).arg(&report).arg(&file).current_dir(dir.path());
    succeed(&mut command);
    let report = std::fs::read_to_string(report).unwrap();
    let from = report.find('{').unwrap_or_else(|| panic!("{report}"));
    serde_json::from_str(&report[from..]).unwrap()
}

/// The sum of a number over all jobs.
fn sum(report: &serde_json::Value, what: impl Fn(&serde_json::Value) -> &serde_json::Value) -> u64 {
    report["jobs"].as_array().unwrap().iter().map(|job| what(job).as_u64().unwrap()).sum()
}

/// The 64 bytes that a sector of the kind `stamp` starts with, by their definition in seedfs-format(7).
fn stamp(seed: u64, offset: u64) -> String {
    format!("seedfs v1 seed={seed:020} offset={offset:020}\\n")
}

/// A pattern in hexadecimal digits, as fio takes it.
fn pattern(text: &str) -> String {
    let bytes = text.strip_suffix("\\n").unwrap().bytes().chain([b'\n']);
    bytes.fold(String::from("0x"), |mut digits, byte| {
        write!(digits, "{byte:02x}").unwrap();
        digits
    })
}

/// Jobs that verify the lines of so many sectors of one file.
fn sectors(name: &str, seed: u64, size: u64, count: u64, draws: &mut Draws) -> String {
    let mut jobs = String::new();
    for number in 0..count {
        let sector = match number {
            0 => 0,
            1 => size / 512 - 1,
            _ => draws.below(size / 512),
        };
        let offset = sector * 512;
        writeln!(
            jobs,
            "[sector-{number}]\nfilename={name}\noffset={offset}\nsize=64\nbs=64\nverify_pattern={}",
            pattern(&stamp(seed, offset))
        )
        .unwrap();
    }
    jobs
}

#[test]
fn sectors_all_over_a_stamped_file_name_their_offset() {
    if !have(&["fio"]) {
        return;
    }
    let Some(mount) = Mounted::start(&["files=1"]) else { return };
    let (mut draws, count) = (Draws::seeded(31), operations("SEEDFS_FIO_SECTORS", 40));
    for (name, seed, size) in [("s42-1GiB-stamp", 42, 1 << 30), ("s18446744073709551615-1PiB-stamp", u64::MAX, 1 << 50)]
    {
        let jobs = sectors(name, seed, size, count, &mut draws);
        let report = fio(&mount, "rw=read\nverify=pattern\nverify_fatal=1\nioengine=psync\nthread", &jobs);
        assert_eq!(sum(&report, |job| &job["error"]), 0, "{name}");
        assert_eq!(sum(&report, |job| &job["read"]["total_ios"]), count, "{name}");
    }
    mount.unmount();
}

/// The same job with a pattern that is wrong in one byte fails: fio does look.
#[test]
fn a_wrong_line_is_found() {
    if !have(&["fio"]) {
        return;
    }
    let Some(mount) = Mounted::start(&["files=1"]) else { return };
    let dir = tempfile::tempdir().unwrap();
    for (offset, right) in [(512, true), (1024, false)] {
        let job = format!(
            "[sector]\ndirectory={}\nfilename=s42-1GiB-stamp\nrw=read\nverify=pattern\nverify_fatal=1\nioengine=psync\n\
             thread\noffset=512\nsize=64\nbs=64\nverify_pattern={}\n",
            mount.path().display(),
            pattern(&stamp(42, offset))
        );
        std::fs::write(dir.path().join("job"), job).unwrap();
        let output = Command::new("fio").args(["--readonly", "job"]).current_dir(dir.path()).output().unwrap();
        assert_eq!(output.status.success(), right, "{output:?}");
    }
    mount.unmount();
}

#[test]
fn a_hole_is_verified_whole_by_every_engine() {
    if !have(&["fio"]) {
        return;
    }
    let Some(mount) = Mounted::start(&["files=1"]) else { return };
    for (engine, lines) in ENGINES {
        for order in ["read", "randread"] {
            let global = format!(
                "rw={order}\nverify=pattern\nverify_pattern=0x00\nverify_fatal=1\nthread\nbs=64k\nrandseed=7\n{lines}"
            );
            let report = fio(&mount, &global, "[hole]\nfilename=s1-64MiB-zero\nsize=64m\n");
            assert_eq!(sum(&report, |job| &job["error"]), 0, "{engine}, {order}");
            assert_eq!(sum(&report, |job| &job["read"]["io_bytes"]), 64 << 20, "{engine}, {order}");
        }
    }
    mount.unmount();
}

/// Bytes that fio has no pattern for are only read: everything there is, in any order, by several readers, without errors.
#[test]
fn every_engine_reads_everything() {
    if !have(&["fio"]) {
        return;
    }
    let Some(mount) = Mounted::start(&["files=1"]) else { return };
    for (engine, lines) in ENGINES {
        let global = format!("rw=randread\nthread\nnumjobs=3\nbsrange=4k-128k\nbs_unaligned=0\nrandseed=7\n{lines}");
        let report = fio(&mount, &global, "[random]\nfilename=s2-16MiB\nsize=16m\n");
        assert_eq!(sum(&report, |job| &job["error"]), 0, "{engine}");
        assert!(sum(&report, |job| &job["read"]["io_bytes"]) >= 3 * (15 << 20), "{engine}");
    }
    mount.unmount();
}
