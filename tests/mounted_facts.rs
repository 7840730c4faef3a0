//! Facts about a mount that the manual states and no other test is about.
#![cfg(target_os = "linux")]

mod common;

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use common::mount::{Foreground, Mounted};

#[test]
fn a_name_of_256_bytes_is_too_long() {
    let Some(mount) = Mounted::start(&["demo"]) else { return };
    let longest = format!("{}_s1-1k", "x".repeat(255 - 6));
    assert_eq!(std::fs::metadata(mount.path().join(&longest)).unwrap().len(), 1024);
    let error = std::fs::metadata(mount.path().join(format!("x{longest}"))).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ENAMETOOLONG));
    mount.unmount();
}

/// Every listed path with its metadata, in the order of the listing.
fn walk(dir: &Path, found: &mut Vec<(String, Metadata)>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let metadata = entry.metadata().unwrap();
        let is_dir = metadata.is_dir();
        found.push((entry.file_name().into_string().unwrap(), metadata));
        if is_dir {
            walk(&entry.path(), found);
        }
    }
}

#[test]
fn times_are_whole_seconds_of_ten_years_and_equal_in_a_second_mount() {
    let listings: Vec<Vec<(String, i64)>> = (0..2)
        .map_while(|_| {
            let mount = Mounted::start(&["demo"])?;
            let mut found = Vec::new();
            walk(mount.path(), &mut found);
            for unlisted in ["s1-1k", "x_s99-5M.txt"] {
                found.push((unlisted.to_owned(), std::fs::metadata(mount.path().join(unlisted)).unwrap()));
            }
            found.push((".".to_owned(), std::fs::metadata(mount.path()).unwrap()));
            for (name, m) in &found {
                assert_eq!((m.atime(), m.atime_nsec()), (m.mtime(), 0), "{name}");
                assert_eq!((m.ctime(), m.ctime_nsec()), (m.mtime(), m.mtime_nsec()), "{name}");
                // 2015-01-01 to 2025-01-01, UTC.
                assert!((1_420_070_400..1_735_689_600).contains(&m.mtime()), "{name}");
            }
            mount.unmount();
            Some(found.into_iter().map(|(name, metadata)| (name, metadata.mtime())).collect())
        })
        .collect();
    if let [first, second] = &listings[..] {
        assert!(first.len() > 1000);
        assert_eq!(first, second, "order, names and times");
    }
}

#[test]
fn modes_lose_the_masks() {
    for (options, file, dir, control) in [
        ("ro", 0o644, 0o755, 0o444),
        ("umask=027", 0o640, 0o750, 0o440),
        ("umask=077,fmask=044,dmask=055", 0o600, 0o700, 0o400),
    ] {
        let Some(mount) = Mounted::start(&["files=20,dirs=3", "-o", options]) else { return };
        let mut found = Vec::new();
        walk(mount.path(), &mut found);
        for (name, metadata) in found {
            let expected = if metadata.is_dir() { dir } else { file };
            assert_eq!(metadata.mode() & 0o7777, expected, "{options}: {name}");
        }
        for name in ["dataset.toml", "stats", "version"] {
            let metadata = std::fs::metadata(mount.path().join(".seedfs").join(name)).unwrap();
            assert_eq!(metadata.mode() & 0o7777, control, "{options}: {name}");
        }
        mount.unmount();
    }
}

#[test]
fn nothing_is_written_and_no_file_is_open_for_writing() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    let mut mount = Foreground::new(&[]);
    let mut found = Vec::new();
    walk(mount.path(), &mut found);
    for name in ["s42-8MiB", "s42-8MiB.txt", "s42-8MiB-c60d25", ".seedfs/stats"] {
        assert!(!std::fs::read(mount.path().join(name)).unwrap().is_empty());
    }
    let proc = format!("/proc/{}", mount.pid());
    let io = std::fs::read_to_string(format!("{proc}/io")).unwrap();
    assert!(io.lines().any(|line| line == "write_bytes: 0"), "{io}");
    for entry in std::fs::read_dir(format!("{proc}/fd")).unwrap() {
        let path = entry.unwrap().path();
        let number: u32 = path.file_name().unwrap().to_str().unwrap().parse().unwrap();
        // 1 and 2 are the log of this test. What is below /sys is the kernel's: the switch that ends the connection.
        let link = std::fs::read_link(&path).unwrap();
        let is_known = number == 1 || number == 2 || link.starts_with("/sys/fs/fuse/connections");
        assert!(is_known || !std::fs::metadata(&path).is_ok_and(|m| m.is_file()), "{link:?}");
    }
    assert!(common::mount::unmount(mount.path()));
    mount.expect_clean_end();
    assert_eq!(mount.log(), "");
}
