//! A mount that answers as a slow device does: its bytes are right and not early, nothing else waits, it ends at once.
#![cfg(target_os = "linux")]

mod common;

use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::mount::{EARLY, Foreground, Mounted, outcome};
use common::run::{seedfs, text};
use seedfs::SyntheticFile;

const TREE: &str = "files=3000,dirs=30,size=64KiB,seed=5";

/// All files below a directory, in the order of their names, with a look at the attributes of each.
fn walk(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![directory.to_path_buf()];
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let attributes = std::fs::metadata(&path).unwrap();
            if attributes.is_dir() {
                waiting.push(path);
            } else {
                assert_eq!(attributes.len(), 64 << 10);
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Programs that read a file each, and can be waited for.
fn readers(files: &[PathBuf]) -> Vec<Child> {
    let cat = |file| Command::new("cat").arg(file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    files.iter().map(cat).collect()
}

/// The bytes that a file must have by its name.
fn expected(path: &Path) -> Vec<u8> {
    let mut file = SyntheticFile::open(path.file_name().unwrap().to_str().unwrap()).unwrap();
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut file, &mut bytes).unwrap();
    bytes
}

#[test]
fn nothing_but_reads_waits() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    // No read is ever done here: all that is done was not held up by one.
    let mut mount = Foreground::with_dataset(TREE, &["--latency", "1h"]);
    let files = walk(mount.path());
    assert_eq!(files.len(), 3000);
    let mut reading = readers(&files[..40]);
    for _ in 0..4 {
        std::thread::sleep(Duration::from_millis(50));
        std::fs::metadata(mount.path().join("s7-1GiB")).unwrap();
        assert_eq!(walk(mount.path()).len(), 3000);
    }
    // Neither what is made at each look nor a hole lies on a device.
    assert!(std::fs::read_to_string(mount.path().join(".seedfs/version")).unwrap().starts_with("seedfs "));
    assert_eq!(std::fs::read(mount.path().join("s1-100000-zero")).unwrap(), vec![0; 100_000]);
    assert_eq!(std::fs::read(mount.path().join("s1-0")).unwrap(), b"");
    assert!(reading.iter_mut().all(|child| child.try_wait().unwrap().is_none()), "a read was done before its time");
    // The readers hold the mount; with the program the reads end.
    mount.signal(libc::SIGTERM);
    mount.expect_clean_end();
    for child in &mut reading {
        assert!(!child.wait().unwrap().success());
    }
}

#[test]
fn a_mount_whose_read_ahead_waits_is_unmounted_at_once() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    let mut mount = Foreground::with_dataset(TREE, &["--latency", "1h"]);
    for name in ["s1-1GiB", "s2-1GiB", "s3-1GiB"] {
        let file = File::open(mount.path().join(name)).unwrap();
        // SAFETY: only numbers are passed; the file is open.
        let advised = unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 8 << 20, libc::POSIX_FADV_WILLNEED) };
        assert_eq!(advised, 0);
    }
    assert!(common::mount::unmount(mount.path()), "{}", mount.log());
    mount.expect_clean_end();
    assert_eq!(mount.log(), "");
}

#[test]
fn bytes_are_right_and_not_early() {
    let Some(mounted) = Mounted::start(&[TREE, "--latency", "40ms", "--jitter", "5ms"]) else { return };
    let files = walk(mounted.path());
    std::thread::scope(|scope| {
        for files in files[..96].chunks(6) {
            scope.spawn(move || {
                for path in files {
                    let start = Instant::now();
                    let bytes = std::fs::read(path).unwrap();
                    assert!(start.elapsed() + EARLY >= Duration::from_millis(40));
                    assert!(bytes == expected(path), "{}", path.display());
                }
            });
        }
    });
    // What is in the page cache comes from no device; a read at the end of a file asks for nothing.
    let file = File::open(&files[0]).unwrap();
    assert_eq!(file.read_at(&mut [0; 10], 64 << 10).unwrap(), 0);
    drop(file);
    mounted.unmount();
}

#[test]
fn every_profile_reads_right() {
    for (disk, way) in [("hdd", ""), ("ssd", ""), ("nvme", ""), ("s3", ",direct_io"), ("tape", ",latency=1ms")] {
        let Some(mounted) = Mounted::start(&[TREE, "-o", &format!("disk={disk}{way}")]) else { return };
        // In the order of the listing, as a tape is best read.
        let all = std::fs::read_dir(mounted.path()).unwrap().map(|entry| entry.unwrap().path());
        for path in all.filter(|path| path.is_file()).take(10) {
            assert!(std::fs::read(&path).unwrap() == expected(&path), "{disk}: {}", path.display());
        }
        mounted.unmount();
    }
}

#[test]
fn rates_are_not_exceeded() {
    let Some(mounted) = Mounted::start(&[TREE, "-o", "bandwidth=8M"]) else { return };
    let start = Instant::now();
    std::fs::read(mounted.path().join("s1-4MiB")).unwrap();
    // Half a second, but for the 10 ms that a reader may be late.
    assert!(start.elapsed() + EARLY >= Duration::from_millis(489), "{:?}", start.elapsed());
    mounted.unmount();

    let Some(mounted) = Mounted::start(&[TREE, "--iops", "100"]) else { return };
    let direct = File::options().read(true).custom_flags(libc::O_DIRECT).open(mounted.path().join("s1-1GiB")).unwrap();
    let start = Instant::now();
    std::thread::scope(|scope| {
        for reader in 0..5 {
            let direct = &direct;
            scope.spawn(move || {
                for i in 0..6 {
                    let mut bytes = [0; 4096];
                    let offset = (reader * 6 + i) << 20;
                    assert_eq!(direct.read_at(&mut bytes, offset).unwrap(), 4096);
                    let mut file = SyntheticFile::open("s1-1GiB").unwrap();
                    let mut right = [0; 4096];
                    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(offset)).unwrap();
                    std::io::Read::read_exact(&mut file, &mut right).unwrap();
                    assert!(bytes == right);
                }
            });
        }
    });
    assert!(start.elapsed() + EARLY >= Duration::from_millis(279), "{:?}", start.elapsed());
    drop(direct);
    mounted.unmount();
}

#[test]
fn a_tree_under_an_option_of_fstab_is_as_slow() {
    let Some(mounted) = Mounted::start(&[TREE, "-o", "latency=60ms,jitter=1us,bandwidth=1G,iops=1000"]) else { return };
    let start = Instant::now();
    std::fs::read(mounted.path().join("s1-1000")).unwrap();
    assert!(start.elapsed() + EARLY >= Duration::from_millis(60));
    mounted.unmount();
}

#[test]
fn unusable_figures_are_refused_in_one_line() {
    for (option, value) in [
        ("latency", "0ms"),
        ("latency", "8"),
        ("latency", "2h"),
        ("jitter", "2h"),
        ("bandwidth", "0"),
        ("bandwidth", "1P"),
        ("iops", "0"),
        ("iops", "20M"),
        ("disk", "floppy"),
        ("disk", ""),
    ] {
        for arguments in [[format!("--{option}"), value.to_owned()], ["-o".to_owned(), format!("{option}={value}")]] {
            let arguments =
                [&["mount", "--fake"], &arguments.each_ref().map(String::as_str)[..], &["demo", "."]].concat();
            let output = seedfs(&arguments);
            let (code, message) = outcome(&output);
            assert_eq!((code, text(&output).as_str()), (Some(2), ""), "{arguments:?}");
            assert!(message.starts_with("seedfs: ") && message.lines().count() == 1, "{message}");
            let says_what_could_be = message.contains("must be") || message.contains("possible values");
            assert!(message.contains(option) && says_what_could_be, "{message}");
        }
    }
}
