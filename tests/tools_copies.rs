//! Copies made by tar, bsdtar, cp and rsync are equal to the mount, sparse or not.
// Mounts through FUSE.
#![cfg(unix)]

mod common;

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use common::mount::Mounted;
use common::run::{have, tool};

fn equal(a: &Path, b: &Path) {
    tool(a, "diff", &["-r", ".", b.to_str().unwrap()]);
}

/// Names of different kinds and sizes, holes among them, that stand in no listing.
const UNLISTED: [&str; 7] =
    ["s1-3000000", "s2-3000000-zero", "s3-1000000-c90", "s4-700000.txt", "s5-0", "s6-4097-stamp", "s7-100-zero"];

#[test]
fn tar_round_trips_with_and_without_holes() {
    let Some(mount) = Mounted::start(&["demo"]) else { return };
    if !have(&["tar", "bsdtar", "diff"]) {
        return;
    }
    for (program, create) in [("tar", "-cf"), ("tar", "-cSf"), ("bsdtar", "-cf"), ("bsdtar", "--read-sparse")] {
        let dir = tempfile::tempdir().unwrap();
        let archive = dir.path().join("archive.tar");
        let archive = archive.to_str().unwrap();
        let create: &[&str] = if create.starts_with("--") { &[create, "-cf"] } else { &[create] };
        tool(mount.path(), program, &[create, &[archive, "."], &UNLISTED].concat());
        let out = dir.path().join("out");
        std::fs::create_dir(&out).unwrap();
        tool(&out, program, &["-xf", archive]);
        for name in UNLISTED {
            tool(mount.path(), "cmp", &[name, out.join(name).to_str().unwrap()]);
            let (source, copy) =
                (std::fs::metadata(mount.path().join(name)).unwrap(), std::fs::metadata(out.join(name)).unwrap());
            assert_eq!((source.mode(), source.mtime()), (copy.mode(), copy.mtime()), "{program} {name}");
            std::fs::remove_file(out.join(name)).unwrap();
        }
        equal(mount.path(), &out);
    }
    mount.unmount();
}

#[test]
fn cp_keeps_data_and_makes_holes_only_of_zeros() {
    let Some(mount) = Mounted::start(&["demo"]) else { return };
    for sparse in ["auto", "always", "never"] {
        let dir = tempfile::tempdir().unwrap();
        tool(
            mount.path(),
            "cp",
            &[&[&*format!("--sparse={sparse}")], &UNLISTED[..], &[dir.path().to_str().unwrap()]].concat(),
        );
        for name in UNLISTED {
            tool(mount.path(), "cmp", &[name, dir.path().join(name).to_str().unwrap()]);
        }
        let blocks = |name: &str| std::fs::metadata(dir.path().join(name)).unwrap().blocks();
        assert!(blocks("s1-3000000") * 512 >= 3_000_000, "{sparse}");
        if sparse == "auto" {
            assert_eq!(blocks("s2-3000000-zero"), 0, "a hole is copied as a hole");
        }
    }
    mount.unmount();
}

#[test]
fn a_second_rsync_transfers_nothing() {
    let Some(mount) = Mounted::start(&["demo"]) else { return };
    if !have(&["rsync", "diff"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let target = format!("{}/", dir.path().to_str().unwrap());
    let sync = |options: &[&str]| {
        tool(
            mount.path(),
            "rsync",
            &[&["-a", "--stats", "--no-owner", "--no-group"], options, &["./", &target]].concat(),
        )
    };
    let transferred = |output: &str| -> u64 {
        let line = output.lines().find(|l| l.starts_with("Number of regular files transferred")).unwrap();
        line.rsplit(' ').next().unwrap().replace(',', "").parse().unwrap()
    };
    assert_eq!(transferred(&sync(&[])), 1000);
    assert_eq!(transferred(&sync(&[])), 0);
    assert_eq!(sync(&["-i"]).lines().filter(|l| l.starts_with(['>', '.', 'c', '*'])).count(), 0, "nothing is itemised");
    assert_eq!(transferred(&sync(&["--checksum"])), 0);
    equal(mount.path(), dir.path());
    std::fs::write(dir.path().join("extra"), "x").unwrap();
    assert!(sync(&["--delete", "-i"]).contains("*deleting   extra"));
    mount.unmount();
}

#[test]
fn rsync_sparse_equals_the_source() {
    let Some(mount) = Mounted::start(&["files=40,dirs=3,size=100KiB,kind=c90"]) else { return };
    if !have(&["rsync", "diff"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    tool(mount.path(), "rsync", &["-aS", "./", &format!("{}/", dir.path().to_str().unwrap())]);
    equal(mount.path(), dir.path());
    mount.unmount();
}
