//! tar, cp and rsync carry the cases to a disk: what comes out is what was there, but for what they say they drop.
// Mounts through FUSE.
#![cfg(unix)]

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::cases::{Stat, assert_equal, found};
use common::is_root;
use common::mount::Mounted;
use common::run::{have, tool};

/// All that a disk can hold and a program can name: no sizes of exbibytes, no paths beyond PATH_MAX.
const CASES: &str = "files=20,dirs=3,cases=names+links+holes+times+modes+special";

/// Times that ext4 can store with their nanoseconds: others become the nearest whole second.
const STORED: std::ops::RangeInclusive<i64> = -2_147_483_648..=15_032_385_534;

/// A tree without what is different in every copy: inode numbers become the first path of each.
fn comparable(mut tree: BTreeMap<Vec<u8>, Stat>, is_left_out: impl Fn(&Stat) -> bool) -> BTreeMap<Vec<u8>, Stat> {
    let mut numbers = BTreeMap::new();
    tree.retain(|_, stat| !is_left_out(stat));
    for (number, stat) in tree.values_mut().enumerate() {
        stat.ino = *numbers.entry(stat.ino).or_insert(number as u64);
    }
    tree
}

fn is_socket(stat: &Stat) -> bool {
    stat.mode & common::cases::S_IFMT == common::cases::S_IFSOCK
}

/// Compares a copy with the mount, with times as far as the disk has them.
fn compare(mount: &Path, copy: &Path, is_left_out: impl Fn(&Stat) -> bool) {
    let (mut one, mut other) = (comparable(found(mount), &is_left_out), comparable(found(copy), &is_left_out));
    for (path, stat) in &mut one {
        if let Some(copied) = other.get_mut(path).filter(|_| !STORED.contains(&stat.mtime.0)) {
            (stat.mtime, copied.mtime) = ((0, 0), (0, 0));
        }
    }
    assert_equal(&one, &other);
    assert!(one.len() > 8000);
    for tag in ["names", "holes", "times", "links/near", "links/hard-1025"] {
        let path = format!("cases/{tag}");
        let arguments = ["-r", "--no-dereference", &path, copy.join(&path).to_str().unwrap()].map(str::to_owned);
        tool(mount, "diff", &arguments);
    }
}

fn mounted() -> Option<Mounted> {
    if !is_root() {
        common::run::skipped("only root may make device nodes, and read what nobody may");
        return None;
    }
    Mounted::start(&[CASES])
}

#[test]
fn cp_copies_everything() {
    let Some(mount) = mounted() else { return };
    let copy = tempfile::tempdir().unwrap();
    tool(mount.path(), "cp", &["-a", "cases", copy.path().to_str().unwrap()]);
    compare(mount.path(), copy.path(), |_| false);
    mount.unmount();
}

#[test]
fn rsync_copies_everything() {
    let Some(mount) = mounted() else { return };
    if !have(&["rsync"]) {
        return;
    }
    let copy = tempfile::tempdir().unwrap();
    tool(mount.path(), "rsync", &["-aHS", "./cases", copy.path().to_str().unwrap()]);
    compare(mount.path(), copy.path(), |_| false);
    mount.unmount();
}

/// GNU tar leaves sockets out, and says so.
#[test]
fn tar_copies_everything_but_sockets() {
    let Some(mount) = mounted() else { return };
    if !have(&["tar"]) {
        return;
    }
    let copy = tempfile::tempdir().unwrap();
    let archive = copy.path().join("archive.tar");
    let archive = archive.to_str().unwrap();
    tool(mount.path(), "tar", &["--format=posix", "-cSf", archive, "cases"]);
    tool(copy.path(), "tar", &["-xpSf", archive, "--same-owner"]);
    compare(mount.path(), copy.path(), is_socket);
    mount.unmount();
}
