//! Listing directories of a mount: positions in any order, tiny buffers, unique and stable inode numbers.
// Mounts through FUSE.
#![cfg(unix)]

mod common;

use std::collections::HashSet;
use std::fs::File;
use std::os::unix::fs::{DirEntryExt, MetadataExt};
use std::path::Path;

use common::dents::{getdents, listing, seek};
use common::mount::Mounted;

#[test]
fn buffers_of_any_size_give_the_same_listing() {
    for plus in ["always", "auto", "never"] {
        let Some(mount) = Mounted::start(&["files=300,dirs=20,fanout=20", "-o", &format!("readdirplus={plus}")]) else {
            return;
        };
        let whole = listing(mount.path(), 1 << 16);
        assert_eq!(whole.len(), 2 + 20 + 300 / 21 + 1 - 1, "root: dots, folders and its share of the files");
        for size in [280, 296, 512, 4096] {
            assert_eq!(listing(mount.path(), size), whole, "{plus} {size}");
        }
        mount.unmount();
    }
}

#[test]
fn any_cookie_can_be_seeked_to_in_any_order() {
    let Some(mount) = Mounted::start(&["files=500,dirs=0"]) else { return };
    let whole = listing(mount.path(), 1 << 16);
    let cookies: HashSet<i64> = whole.iter().map(|e| e.cookie).collect();
    assert_eq!(cookies.len(), whole.len(), "cookies are unique");
    assert!(whole.iter().all(|e| e.cookie > 0));

    let (one, other) = (File::open(mount.path()).unwrap(), File::open(mount.path()).unwrap());
    let seed = 11u64;
    println!("seed {seed}");
    let mut state = seed;
    for _ in 0..2000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = (state >> 33) as usize % (whole.len() - 1);
        let dir = if state >> 63 == 0 { &one } else { &other };
        seek(dir, whole[at].cookie);
        assert_eq!(getdents(dir, 280)[0], whole[at + 1]);
    }
    seek(&one, 0);
    assert_eq!(getdents(&one, 280)[0], whole[0]);
    seek(&one, whole.last().unwrap().cookie);
    assert!(getdents(&one, 280).is_empty());
    drop((one, other));
    mount.unmount();
}

#[test]
fn entries_agree_with_stat() {
    let Some(mount) = Mounted::start(&["demo"]) else { return };
    let root = std::fs::metadata(mount.path()).unwrap();
    assert_eq!(root.ino(), 1);
    let mut directories = vec![mount.path().to_path_buf()];
    while let Some(path) = directories.pop() {
        let here = std::fs::metadata(&path).unwrap();
        let entries = listing(&path, 1 << 16);
        assert_eq!((&entries[0].name[..], entries[0].ino), (&b"."[..], here.ino()));
        let mut subdirectories = 0;
        for entry in &entries {
            assert_ne!(entry.ino, 0);
            let child = path.join(String::from_utf8(entry.name.clone()).unwrap());
            let metadata = std::fs::symlink_metadata(&child).unwrap();
            if entry.name != b".." || path != mount.path() {
                assert_eq!(entry.ino, metadata.ino(), "{child:?}");
            }
            assert_eq!(entry.d_type == libc::DT_DIR, metadata.is_dir());
            if metadata.is_dir() && !entry.name.starts_with(b".") {
                subdirectories += 1;
                directories.push(child);
            }
        }
        assert_eq!(here.nlink(), 2 + subdirectories, "{path:?}");
    }
    mount.unmount();
}

/// Names and inode numbers of the files of a tree, in the order of the listing.
fn walk(path: &Path, found: &mut Vec<(String, u64)>) {
    for entry in std::fs::read_dir(path).unwrap() {
        let entry = entry.unwrap();
        found.push((entry.file_name().into_string().unwrap(), entry.ino()));
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path(), found);
        }
    }
}

#[test]
fn a_million_inodes_are_unique_and_the_same_after_a_remount() {
    let walk_once = || {
        let mount = Mounted::start(&["files=1M,dirs=2000,spread=varied,size=lognormal:9.3,3.2,kind=mixed"])?;
        let mut found = Vec::with_capacity(1_002_000);
        walk(mount.path(), &mut found);
        mount.unmount();
        Some(found)
    };
    let Some(found) = walk_once() else { return };
    assert_eq!(found.len(), 1_002_000);
    let unique: HashSet<u64> = found.iter().map(|&(_, ino)| ino).collect();
    assert_eq!(unique.len(), found.len());
    assert!(!unique.contains(&0) && !unique.contains(&1));
    assert!(walk_once().unwrap() == found, "inodes, names and order after a remount");
}

#[test]
fn a_billion_files_mount_at_once_and_take_little_memory() {
    let Some(mount) = Mounted::start(&["files=1G,dirs=10M,size=1MiB"]) else { return };
    let mut found = 0;
    let mut path = mount.path().to_path_buf();
    loop {
        let entries: Vec<_> = std::fs::read_dir(&path).unwrap().map(|e| e.unwrap()).collect();
        found += entries.len();
        for entry in entries.iter().filter(|e| e.file_type().unwrap().is_file()) {
            std::fs::metadata(entry.path()).unwrap();
        }
        match entries.iter().find(|e| e.file_type().unwrap().is_dir()) {
            Some(dir) => path = dir.path(),
            None => break,
        }
    }
    assert!(found > 600);
    let rss = mount.memory_kib("VmRSS");
    assert!(rss < 32 << 10, "{rss} KiB resident");
    mount.unmount();
}
