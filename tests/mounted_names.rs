//! Names in a mount: every valid one resolves anywhere, every other is absent.
// Mounts through FUSE.
#![cfg(unix)]

mod common;

use std::io::{ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use common::mount::Mounted;
use seedfs::content::SyntheticFile;

#[test]
fn any_valid_name_resolves_in_any_directory() {
    let Some(mount) = Mounted::start(&["demo"]) else { return };
    let below = first_directory(mount.path());
    for dir in [mount.path(), below.as_path()] {
        for (name, size) in
            [("s42-1GiB", 1 << 30), ("holiday_s7-3M.jpg", 3 << 20), ("vm_s9-40G-c60d25.img", 40 << 30), ("s0x2a-0", 0)]
        {
            let metadata = std::fs::metadata(dir.join(name)).unwrap();
            assert_eq!((metadata.len(), metadata.is_file()), (size, true), "{name}");
        }
    }
    mount.unmount();
}

#[test]
fn an_edition_is_read_as_the_library_makes_it() {
    let Some(mount) = Mounted::start(&["demo"]) else { return };
    for name in ["letter_s3-20480-e2.txt", "disk_s5-300000-c60-e2000000077.img"] {
        let mut made = Vec::new();
        SyntheticFile::open(name).unwrap().read_to_end(&mut made).unwrap();
        assert!(std::fs::read(mount.path().join(name)).unwrap() == made, "{name}");
    }
    mount.unmount();
}

fn first_directory(root: &Path) -> std::path::PathBuf {
    let mut entries = std::fs::read_dir(root).unwrap().map(|e| e.unwrap());
    entries.find(|e| e.file_type().unwrap().is_dir()).unwrap().path()
}

#[test]
fn malformed_names_are_absent_never_an_error() {
    let Some(mount) = Mounted::start(&["demo"]) else { return };
    let names: [&[u8]; 12] = [
        b"nothing",
        b"s1",
        b"s1-",
        b"s1-9EiB",
        b"s1-9223372036854775808",
        b"s18446744073709551616-1",
        b"s1-1k-c101",
        b"s1-1k-d5u3k",
        b"s1-1k-e4097",
        b"\xFF\xFEs1-1k",
        b"s1-1k\n",
        b"S1-1k",
    ];
    for name in names {
        let path = mount.path().join(std::ffi::OsStr::from_bytes(name));
        for _ in 0..2 {
            let error = std::fs::metadata(&path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{path:?}: {error}");
        }
    }
    let long = mount.path().join("x".repeat(256));
    assert_eq!(std::fs::metadata(long).unwrap_err().raw_os_error(), Some(libc::ENAMETOOLONG));
    let through_a_file = mount.path().join("s1-1k/s2-1k");
    assert_eq!(std::fs::metadata(through_a_file).unwrap_err().raw_os_error(), Some(libc::ENOTDIR));
    mount.unmount();
}

#[test]
fn two_names_never_share_an_inode() {
    let Some(mount) = Mounted::start(&["demo"]) else { return };
    let below = first_directory(mount.path()).file_name().unwrap().to_str().unwrap().to_string();
    let paths = ["s1-1k", "a_s1-1k", "s1-1024", "s2-1k", &format!("{below}/s1-1k")].map(|name| mount.path().join(name));
    // Open files stay in use, whatever happens to the kernel's caches.
    let files = paths.each_ref().map(|path| std::fs::File::open(path).unwrap());
    let inos = files.each_ref().map(|file| file.metadata().unwrap().ino());
    for (i, ino) in inos.iter().enumerate() {
        assert!(!inos[..i].contains(ino), "{paths:?} {inos:?}");
        assert_eq!(
            *ino,
            std::fs::metadata(&paths[i]).unwrap().ino(),
            "the same name keeps its number while it is in use"
        );
    }
    drop(files);
    mount.unmount();
}

#[test]
fn listed_only_leaves_other_names_absent() {
    let Some(mount) = Mounted::start(&["demo", "--listed-only"]) else { return };
    assert_eq!(std::fs::metadata(mount.path().join("s42-1GiB")).unwrap_err().kind(), ErrorKind::NotFound);
    assert!(std::fs::read_dir(mount.path()).unwrap().all(|entry| entry.unwrap().metadata().is_ok()));
    mount.unmount();
}

#[test]
fn the_control_directory_resolves_and_is_not_listed() {
    let Some(mount) = Mounted::start(&["files=10,size=1k", "--seed", "5"]) else { return };
    let read = |name: &str| std::fs::read_to_string(mount.path().join(".seedfs").join(name)).unwrap();
    assert!(std::fs::read_dir(mount.path()).unwrap().all(|entry| entry.unwrap().file_name() != ".seedfs"));
    assert!(read("version").contains("format 1"));
    let dataset = read("dataset.toml");
    assert!(dataset.contains("seed = \"5\"") && dataset.contains("files = 10"), "{dataset}");

    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("copy.toml");
    std::fs::write(&copy, &dataset).unwrap();
    let Some(again) = Mounted::start(&[copy.to_str().unwrap()]) else { return };
    let names = |dir: &Path| -> Vec<_> { std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name()).collect() };
    assert_eq!(names(mount.path()), names(again.path()));
    again.unmount();
    mount.unmount();
}

#[test]
fn the_counters_are_fresh_at_each_look() {
    let Some(mount) = Mounted::start(&["files=10,size=1MiB"]) else { return };
    let bytes_read = || mount.counter("seedfs_read_bytes_total");
    let before = bytes_read();
    for seed in 0..5 {
        std::fs::read(mount.path().join(format!("s{seed}-100000"))).unwrap();
        assert!(bytes_read() >= before + (seed + 1) * 100_000);
    }
    mount.unmount();
}

#[test]
fn the_recipe_is_an_extended_attribute() {
    let Some(mount) = Mounted::start(&["demo"]) else { return };
    if !common::run::have(&["getfattr"]) {
        return;
    }
    let output = common::run::tool(mount.path(), "getfattr", &["-d", "vm_s9-40G-c60d25.img"]);
    assert!(output.contains("user.seedfs.recipe=\"s9-42949672960-c60d25\""), "{output}");
    mount.unmount();
}
