//! Reads through the adapter: whole, at the far end, of holes, of what changes by itself, cached and direct.
#![cfg(target_os = "linux")]

mod common;

use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt};

use common::mount::{InProcess, settings};
use common::testfs::{HUGE, TestFs, byte_at};
use seedfs::fuse::Settings;
use seedfs::stats::Op;

#[test]
fn the_far_end_of_the_largest_file() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    for direct_io in [false, true] {
        let mount = InProcess::new(TestFs::default(), Settings { direct_io, ..settings() });
        let file = File::open(mount.join("huge")).unwrap();
        for offset in [0, (1 << 31) - 5, (1 << 32) - 5, (1 << 53) - 5, HUGE - 10] {
            let mut buf = [0; 10];
            file.read_exact_at(&mut buf, offset).unwrap();
            let expected: Vec<u8> = (0..10).map(|i| byte_at(4, offset + i)).collect();
            assert_eq!(buf[..], expected, "{offset}");
        }
        let mut buf = vec![0; 3 << 20];
        file.read_exact_at(&mut buf, 12345).unwrap();
        assert!(buf.iter().enumerate().all(|(i, &b)| b == byte_at(4, 12345 + i as u64)));
        assert_eq!(file.metadata().unwrap().size(), HUGE);
    }
}

#[test]
fn what_changes_by_itself_is_never_stale() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    for direct_io in [false, true] {
        let mount = InProcess::new(TestFs::default(), Settings { direct_io, ..settings() });
        let mut last = 0;
        for _ in 0..20 {
            let text = std::fs::read_to_string(mount.join("volatile")).unwrap();
            let now: u64 = text.trim().parse().unwrap();
            assert!(now > last, "{now} after {last}");
            last = now;
        }
    }
}

#[test]
fn what_never_changes_is_asked_for_once() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    let mount = InProcess::new(TestFs::default(), settings());
    for _ in 0..50 {
        assert_eq!(std::fs::read(mount.join("a.txt")).unwrap(), b"hello\n");
        assert!(std::fs::metadata(mount.join("missing")).is_err());
    }
    let count = |op| mount.counters.requests(op);
    assert_eq!((count(Op::Read), count(Op::Lookup), mount.counters.misses()), (1, 2, 1));
    assert!(count(Op::Open) <= 1 && count(Op::Other) <= 1, "opening and closing need no messages");
}

#[test]
fn data_and_holes() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    let mount = InProcess::new(TestFs::default(), settings());
    let file = File::open(mount.join("holes")).unwrap();
    let seek = |offset: i64, whence| {
        // SAFETY: the descriptor is open.
        let found = unsafe { libc::lseek(file.as_raw_fd(), offset, whence) };
        if found < 0 { Err(common::code(found)) } else { Ok(found) }
    };
    for (offset, data, hole) in [
        (0, Ok(0), Ok(4096)),
        (4095, Ok(4095), Ok(4096)),
        (4096, Ok(8192), Ok(4096)),
        (5000, Ok(8192), Ok(5000)),
        (8192, Ok(8192), Ok(12288)),
        (12287, Ok(12287), Ok(12288)),
        (12288, Err(libc::ENXIO), Err(libc::ENXIO)),
        (99999, Err(libc::ENXIO), Err(libc::ENXIO)),
    ] {
        assert_eq!(seek(offset, libc::SEEK_DATA), data, "data from {offset}");
        assert_eq!(seek(offset, libc::SEEK_HOLE), hole, "hole from {offset}");
    }
    assert_eq!(seek(0, libc::SEEK_END), Ok(12288));
    assert_eq!(file.metadata().unwrap().blocks(), 16);
}

#[test]
fn totals_attributes_and_links() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    let mut with_masks = settings();
    with_masks.ownership.uid = Some(12);
    with_masks.ownership.gid = Some(34);
    with_masks.ownership.file_mask = 0o200;
    with_masks.ownership.dir_mask = 0o202;
    let mount = InProcess::new(TestFs::default(), with_masks);
    let file = std::fs::metadata(mount.join("a.txt")).unwrap();
    assert_eq!((file.uid(), file.gid(), file.mode(), file.blksize()), (12, 34, 0o100_444, 4096));
    let dir = std::fs::metadata(mount.join("dir")).unwrap();
    assert_eq!((dir.mode(), dir.blksize()), (0o040_555, 1 << 20));
    assert_eq!(std::fs::read_link(mount.join("link")).unwrap().to_str(), Some("a.txt"));
    assert_eq!(std::fs::read(mount.join("link")).unwrap(), b"hello\n");
    // SAFETY: all-zero is plain data.
    let mut totals: libc::statvfs = unsafe { std::mem::zeroed() };
    let path = common::c_path(mount.path());
    // SAFETY: the path ends in NUL, the buffer is of the right type.
    assert_eq!(common::code(unsafe { libc::statvfs(path.as_ptr(), &mut totals) }), 0);
    assert_eq!((totals.f_bsize, totals.f_frsize, totals.f_blocks), (4096, 4096, 3));
    assert_eq!((totals.f_bfree, totals.f_bavail, totals.f_files, totals.f_ffree, totals.f_namemax), (0, 0, 9, 0, 255));
}

#[test]
fn listings_with_and_without_attributes() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    use seedfs::fuse::ReadDirPlus::{Always, Auto, Never};
    for readdirplus in [Always, Auto, Never] {
        let mount = InProcess::new(TestFs::default(), Settings { readdirplus, ..settings() });
        let mut names: Vec<(String, u64)> = std::fs::read_dir(mount.path())
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name().into_string().unwrap(), std::os::unix::fs::DirEntryExt::ino(&entry)))
            .collect();
        for (name, ino) in &names {
            assert_eq!(std::fs::symlink_metadata(mount.join(name)).unwrap().ino(), *ino, "{name}");
        }
        names.sort();
        let names: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a.txt", "dir", "holes", "huge", "link", "panics", "program"]);
        assert_eq!(mount.counters.requests(Op::ReadDirPlus) > 0, readdirplus != Never);
    }
}
