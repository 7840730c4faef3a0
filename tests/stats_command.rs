//! `seedfs stats` and `.seedfs/stats`: what was read of a mount, exactly.
#![cfg(target_os = "linux")]

mod common;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use common::mount::{Foreground, Mounted, Point, outcome, unmount};
use common::run::{seedfs, text};
use serde_json::Value;

fn stats(point: &Path, arguments: &[&str]) -> Output {
    seedfs(&[&["stats", point.to_str().unwrap()], arguments].concat())
}

fn json(point: &Path) -> Value {
    let output = stats(point, &["--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The files of a mount in the order of the listing.
fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

fn read(file: &File, offset: u64, length: usize) {
    file.read_exact_at(&mut vec![0; length], offset).unwrap();
}

const OBSERVED: [&str; 4] = ["files=10,dirs=2,size=64KiB", "--observe", "-o", "direct_io"];

#[test]
fn every_read_is_counted_exactly() {
    let Some(mount) = Mounted::start(&OBSERVED) else { return };
    let files = files(mount.path());
    let first = File::open(&files[1]).unwrap();
    for block in 0..16 {
        read(&first, block * 4096, 4096);
    }
    let second = File::open(&files[4]).unwrap();
    read(&second, 0, 8192);
    read(&second, 0, 8192);
    read(&second, 20_000, 100);
    let unlisted = File::open(mount.path().join("s42-1GiB")).unwrap();
    read(&unlisted, 1 << 20, 1000);

    let found = json(mount.path());
    let observed = &found["observed"];
    let touched = |place: &str, what: &str| observed["touched"][place][what].as_u64().unwrap();
    let listed = ["files", "bytes", "read_bytes"].map(|what| touched("listed", what));
    assert_eq!(listed, [2, 65_536 + 8192 + 100, 65_536 + 16_384 + 100]);
    assert_eq!(["files", "bytes", "read_bytes"].map(|what| touched("unlisted", what)), [1, 1000, 1000]);
    assert_eq!((&observed["files_exact"], &observed["bytes_exact"]), (&true.into(), &true.into()));
    assert_eq!((&observed["listed_files"], &observed["listed_bytes"]), (&10.into(), &655_360.into()));
    let steps = ["first", "next", "ahead", "back"].map(|step| observed["steps"][step].as_u64().unwrap());
    assert_eq!(steps, [3, 15, 1, 1]);
    assert_eq!((&observed["files_forward"], &observed["files_backward"]), (&1.into(), &0.into()));
    assert_eq!(found["sequential"], 15.0 / 17.0);
    assert_eq!(found["amplification"], (65_536 + 16_384 + 1100) as f64 / (65_536 + 8192 + 1100) as f64);
    assert_eq!((&observed["requests"]["read"], &observed["requests"]["open"]), (&20.into(), &3.into()));
    let top: Vec<(&str, u64)> = observed["top"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["path"].as_str().unwrap(), row["bytes"].as_u64().unwrap()))
        .collect();
    let path = |at: usize| files[at].strip_prefix(mount.path()).unwrap().to_str().unwrap();
    assert_eq!(top, [(path(1), 65_536), (path(4), 16_484), ("s42-1GiB", 1000)]);
    assert!(observed["first_access"].as_u64().unwrap() <= observed["last_access"].as_u64().unwrap());

    assert_eq!(json(mount.path())["observed"], *observed, "looking is not observed");
    drop((first, second, unlisted));
    mount.unmount();
}

#[test]
fn people_get_a_table() {
    let Some(mount) = Mounted::start(&OBSERVED) else { return };
    let path = files(mount.path()).remove(0);
    assert_eq!(std::fs::read(&path).unwrap().len(), 65_536);
    let shown = text(&stats(mount.path(), &[]));
    let name = path.file_name().unwrap().to_str().unwrap();
    for part in ["Requests\n", "files                   1 of 10", "64.0 KiB of 640.0 KiB", " 10.0 %", name] {
        assert!(shown.contains(part), "{part}:\n{shown}");
    }
    assert!(shown.contains("each of these bytes 1.00 times"), "{shown}");
    mount.unmount();
}

#[test]
fn without_observing_it_says_how_to() {
    let Some(mount) = Mounted::start(&["files=10"]) else { return };
    let shown = text(&stats(mount.path(), &[]));
    assert!(shown.contains("seedfs mount --observe DATASET MOUNTPOINT"), "{shown}");
    assert_eq!(json(mount.path())["observed"], Value::Null);
    mount.unmount();
}

#[test]
fn nothing_is_pushed_where_somebody_observes() {
    let Some(mount) = Mounted::start(&["files=0", "--observe"]) else { return };
    assert_eq!(std::fs::read(mount.path().join("s1-32MiB")).unwrap().len(), 32 << 20);
    let found = json(mount.path());
    assert_eq!(found["prefetched_bytes"], 0);
    assert_eq!(found["observed"]["touched"]["unlisted"]["bytes"], 32 << 20);
    assert_eq!(found["sequential"], 1.0, "several threads answer, and the order is that of the kernel");
    mount.unmount();
}

#[test]
fn labels_hold_any_name() {
    let Some(mount) = Mounted::start(&OBSERVED) else { return };
    let name = "say \"a\\b\"\n_s5-4096";
    std::fs::read(mount.path().join(name)).unwrap();
    let raw = std::fs::read_to_string(mount.path().join(".seedfs/stats")).unwrap();
    assert!(raw.contains("seedfs_top_file_bytes{path=\"say \\\"a\\\\b\\\"\\n_s5-4096\"} 4096\n"), "{raw}");
    assert_eq!(json(mount.path())["observed"]["top"][0]["path"], name);
    let shown = text(&stats(mount.path(), &[]));
    assert!(shown.contains("say \"a\\b\"?_s5-4096"), "no control characters on a terminal: {shown}");
    mount.unmount();
}

#[test]
fn every_family_has_help_and_type_once() {
    let page = include_str!("../man/seedfs.1");
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("x.trace");
    let Some(mount) = Mounted::start(&["files=10", "--trace", trace.to_str().unwrap()]) else { return };
    std::fs::read(&files(mount.path())[0]).unwrap();
    let raw = std::fs::read_to_string(mount.path().join(".seedfs/stats")).unwrap();
    let named = |mark: &str| -> Vec<&str> {
        raw.lines().filter_map(|line| line.strip_prefix(mark)?.split(' ').next()).collect()
    };
    let (help, types) = (named("# HELP "), named("# TYPE "));
    assert_eq!(help, types);
    assert!(types.len() > 25);
    for family in &types {
        let is_named = |word: &str| word.split('{').next() == Some(family);
        assert!(page.split_whitespace().any(is_named), "the page does not name {family}");
    }
    for line in raw.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        assert_eq!(types.iter().filter(|&&known| known == family || known == name).count(), 1, "{line}");
    }
    mount.unmount();
}

#[test]
fn what_is_no_mount_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    for (point, why) in [
        (missing.as_path(), "does not exist; name a directory that a dataset is mounted on"),
        (dir.path(), "is no seedfs mount; name the directory that a dataset is mounted on"),
    ] {
        let expected = format!("seedfs: {}: {why}\n", point.display());
        assert_eq!(outcome(&stats(point, &[])), (Some(10), expected));
    }
    std::fs::create_dir(dir.path().join(".seedfs")).unwrap();
    std::fs::write(dir.path().join(".seedfs/stats"), "\u{0}{}{\"\\").unwrap();
    let (code, message) = outcome(&stats(dir.path(), &[]));
    assert_eq!((code, message.contains("holds no counters of a mount")), (Some(10), true), "{message}");
}

#[test]
fn a_dead_mount_and_a_sink_are_told() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    let mut mount = Foreground::new(&[]);
    mount.signal(libc::SIGKILL);
    mount.wait();
    let (code, message) = outcome(&stats(mount.path(), &[]));
    assert_eq!(
        (code, message.contains("is a dead mount; remove it with: seedfs umount --lazy ")),
        (Some(10), true),
        "{message}"
    );
    unmount(mount.path());

    let sink = Point::new();
    let made = seedfs(&["sink", sink.path().to_str().unwrap()]);
    assert_eq!(outcome(&made), (Some(0), String::new()));
    let (code, message) = outcome(&stats(sink.path(), &[]));
    assert_eq!((code, message.contains("is a sink")), (Some(10), true), "{message}");
    unmount(sink.path());
}
