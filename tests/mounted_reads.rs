//! Reading through a mount, in every way that Linux offers: always the bytes of the core.
// Mounts through FUSE.
#![cfg(unix)]

mod common;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::process::Command;

use common::mount::Mounted;
use common::run::{SEEDFS, have, succeed};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use seedfs::content::SyntheticFile;

/// Bytes of a name, straight from the core.
fn core(name: &str, offset: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let n = SyntheticFile::open(name).unwrap().read_at(offset, &mut bytes);
    bytes.truncate(n);
    bytes
}

fn pread(file: &File, offset: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let n = file.read_at(&mut bytes, offset).unwrap();
    bytes.truncate(n);
    bytes
}

const KINDS: [&str; 9] = ["random", "text", "stamp", "zero", "classic", "chunks", "c60", "d25", "c60d25u1m"];

#[test]
fn a_hash_through_the_mount_equals_cat_and_openssl() {
    let Some(mount) = Mounted::start(&["demo"]) else { return };
    if !have(&["sha256sum", "openssl", "sh"]) {
        return;
    }
    let sum = |command: &str| {
        let output = succeed(Command::new("sh").current_dir(mount.path()).env("SEEDFS", SEEDFS).args(["-c", command]));
        output.split(' ').next().unwrap().to_string()
    };
    let through = sum("sha256sum s42-64MiB.bin");
    assert_eq!(through, sum("\"$SEEDFS\" cat s42-64MiB.bin | sha256sum"));
    assert_eq!(
        through,
        sum("openssl enc -aes-128-ctr -K $(printf %032x 42) -iv 0 -in /dev/zero 2>/dev/null | head -c 64M | sha256sum")
    );
    for kind in KINDS {
        let name = format!("any_s5-3000001-{kind}.x");
        assert_eq!(sum(&format!("sha256sum {name}")), sum(&format!("\"$SEEDFS\" cat {name} | sha256sum")), "{kind}");
    }
    mount.unmount();
}

#[test]
fn random_reads_of_every_kind_cached_and_direct() {
    for option in ["ro", "direct_io"] {
        let Some(mount) = Mounted::start(&["demo", "-o", option]) else { return };
        let files: Vec<(String, File)> = KINDS
            .map(|kind| format!("s77-5000000-{kind}"))
            .into_iter()
            .map(|name| (name.clone(), File::open(mount.path().join(&name)).unwrap()))
            .collect();
        let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
        let case = (0..files.len(), 0..5_100_000u64, 0..300_000usize);
        runner
            .run(&case, |(file, offset, length)| {
                let (name, file) = &files[file];
                prop_assert!(
                    pread(file, offset, length) == core(name, offset, length),
                    "{option} {name} {offset} {length}"
                );
                Ok(())
            })
            .unwrap();
        drop(files);
        mount.unmount();
    }
}

#[test]
fn reads_at_the_edges_of_size() {
    let Some(mount) = Mounted::start(&["demo"]) else { return };
    for size in [1u64, 4095, 4096, 4097, 1 << 20, (1 << 31) - 1, 1 << 31, (1 << 32) + 1, (1 << 53) + 1, i64::MAX as u64]
    {
        for kind in ["random", "text", "c60"] {
            let name = format!("s6-{size}-{kind}");
            let file = File::open(mount.path().join(&name)).unwrap();
            assert_eq!(file.metadata().unwrap().len(), size);
            for offset in [size.saturating_sub(5000), size - 1] {
                let length = usize::try_from((size - offset).min(4096)).unwrap();
                assert!(pread(&file, offset, length) == core(&name, offset, length), "{name} at {offset}");
            }
            if size < i64::MAX as u64 {
                assert!(
                    pread(&file, size, 10).is_empty() && pread(&file, size + 1, 10).is_empty(),
                    "{name} behind its end"
                );
            }
        }
    }
    for offset in [(1u64 << 31) - 10, (1 << 32) - 10, (1 << 53) - 10] {
        let file = File::open(mount.path().join("s6-1EiB")).unwrap();
        assert!(pread(&file, offset, 8192) == core("s6-1EiB", offset, 8192), "around {offset}");
    }
    mount.unmount();
}

#[test]
fn mmap_private_and_shared() {
    for option in ["ro", "direct_io"] {
        let Some(mount) = Mounted::start(&["demo", "-o", option]) else { return };
        let file = File::open(mount.path().join("s8-3000000.txt")).unwrap();
        let expected = core("s8-3000000.txt", 0, 3_000_000);
        for flags in [libc::MAP_PRIVATE, libc::MAP_SHARED] {
            // SAFETY: a fresh read-only mapping of a file whose length is known and does not change; unmapped below.
            let mapped = unsafe {
                let address =
                    libc::mmap(std::ptr::null_mut(), expected.len(), libc::PROT_READ, flags, file.as_raw_fd(), 0);
                assert_ne!(address, libc::MAP_FAILED, "{option}: {}", std::io::Error::last_os_error());
                std::slice::from_raw_parts(address.cast::<u8>(), expected.len())
            };
            assert!(mapped == expected, "{option} flags {flags}");
            // SAFETY: the mapping made above, not used any more.
            unsafe { libc::munmap(mapped.as_ptr().cast_mut().cast(), expected.len()) };
        }
        drop(file);
        mount.unmount();
    }
}

#[test]
fn o_direct_with_and_without_alignment() {
    let Some(mount) = Mounted::start(&["demo"]) else { return };
    let name = "s9-1000001";
    let file = File::options().read(true).custom_flags(libc::O_DIRECT).open(mount.path().join(name)).unwrap();
    for (offset, length) in [(0, 4096), (4096, 1 << 16), (7, 100), (999_000, 4096), (1_000_001, 512)] {
        assert!(pread(&file, offset, length) == core(name, offset, length), "{offset} {length}");
    }
    drop(file);
    mount.unmount();
}

/// Copies a whole file between two descriptors with the system call that `step` makes.
fn copied(source: &Path, target: &Path, step: impl Fn(i32, i32) -> isize) -> std::io::Result<Vec<u8>> {
    let input = File::open(source).unwrap();
    let mut output = File::options().read(true).write(true).create(true).truncate(true).open(target).unwrap();
    loop {
        let n = step(input.as_raw_fd(), output.as_raw_fd());
        match n {
            0 => break,
            1.. => {}
            _ => return Err(std::io::Error::last_os_error()),
        }
    }
    let mut bytes = Vec::new();
    output.seek(SeekFrom::Start(0))?;
    output.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[test]
fn sendfile_and_copy_file_range() {
    let Some(mount) = Mounted::start(&["demo"]) else { return };
    let dir = tempfile::tempdir().unwrap();
    let (source, target) = (mount.path().join("s10-2000003"), dir.path().join("copy"));
    let expected = core("s10-2000003", 0, 2_000_003);
    let null = std::ptr::null_mut();
    // SAFETY: both descriptors are open for the call; null offsets mean the descriptors' own positions.
    let sent = copied(&source, &target, |from, to| unsafe { libc::sendfile(to, from, null, 1 << 20) });
    assert!(sent.unwrap() == expected);
    // SAFETY: as above.
    let ranged = copied(&source, &target, |from, to| unsafe {
        libc::copy_file_range(from, null.cast(), to, null.cast(), 1 << 20, 0)
    });
    // Kernels from 5.19 on leave copies between file systems of different types to the program, as cp does them.
    match ranged {
        Ok(bytes) => assert!(bytes == expected),
        Err(error) => assert_eq!(error.raw_os_error(), Some(libc::EXDEV)),
    }
    mount.unmount();
}

#[test]
fn splice_into_a_pipe() {
    let Some(mount) = Mounted::start(&["demo"]) else { return };
    let file = File::open(mount.path().join("s11-500000")).unwrap();
    let (mut reader, writer) = std::io::pipe().unwrap();
    let spliced = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map(|_| bytes)
    });
    loop {
        let null = std::ptr::null_mut();
        // SAFETY: both descriptors are open for the call; null offsets mean the descriptors' own positions.
        let n = unsafe { libc::splice(file.as_raw_fd(), null, writer.as_raw_fd(), null, 1 << 16, 0) };
        assert!(n >= 0, "{}", std::io::Error::last_os_error());
        if n == 0 {
            break;
        }
    }
    drop(writer);
    assert!(spliced.join().unwrap().unwrap() == core("s11-500000", 0, 500_000));
    drop(file);
    mount.unmount();
}

#[test]
fn sixty_four_readers_at_random_offsets() {
    let Some(mount) = Mounted::start(&["files=64,size=8MiB,dirs=0,kind=mixed"]) else { return };
    let names: Vec<String> = std::fs::read_dir(mount.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), 64);
    let seed: u64 = 0x5EED;
    println!("seed {seed:#x}");
    std::thread::scope(|scope| {
        for (reader, name) in names.iter().enumerate() {
            let path = mount.path().join(name);
            scope.spawn(move || {
                let file = File::open(path).unwrap();
                let mut state = seed + reader as u64;
                for _ in 0..60 {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    let (offset, length) = ((state >> 40) % (8 << 20), 1 + (state >> 20) as usize % 70_000);
                    assert!(pread(&file, offset, length) == core(name, offset, length), "{name} {offset} {length}");
                }
            });
        }
    });
    mount.unmount();
}

#[test]
fn holes_are_seen_only_where_they_are() {
    let Some(mount) = Mounted::start(&["demo"]) else { return };
    let seek = |name: &str, offset: i64, whence: i32| {
        let file = File::open(mount.path().join(name)).unwrap();
        // SAFETY: a plain system call on a descriptor that is open.
        let found = unsafe { libc::lseek(file.as_raw_fd(), offset, whence) };
        if found < 0 { Err(std::io::Error::last_os_error().raw_os_error().unwrap()) } else { Ok(found) }
    };
    let (data, hole) = (libc::SEEK_DATA, libc::SEEK_HOLE);
    for offset in [0, 5000, 9999] {
        assert_eq!(seek("s1-10000", offset, data), Ok(offset));
        assert_eq!(seek("s1-10000", offset, hole), Ok(10000));
        assert_eq!(seek("s1-10000-zero", offset, hole), Ok(offset));
        assert_eq!(seek("s1-10000-zero", offset, data), Err(libc::ENXIO));
    }
    for (name, offset) in [("s1-10000", 10000), ("s1-10000", 10001), ("s1-10000-zero", 10000), ("s1-0", 0)] {
        assert_eq!(seek(name, offset, data), Err(libc::ENXIO), "{name} {offset}");
        assert_eq!(seek(name, offset, hole), Err(libc::ENXIO), "{name} {offset}");
    }
    mount.unmount();
}

#[test]
fn a_corpus_of_ones_own_shows_in_the_mount() {
    let dir = tempfile::tempdir().unwrap();
    let corpus = dir.path().join("words");
    std::fs::write(&corpus, (0..3000).map(|i| format!("word{i} ")).collect::<String>()).unwrap();
    let Some(mount) = Mounted::start(&["demo", "--corpus", corpus.to_str().unwrap()]) else { return };
    assert!(std::fs::read_to_string(mount.path().join("s1-4096.txt")).unwrap().contains("word1"));
    mount.unmount();
}
