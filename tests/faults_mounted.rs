//! Reads of a mount with faults fail, hang and end early in the places that are listed, and nowhere else.
#![cfg(target_os = "linux")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::mount::{EARLY, Foreground, Mounted, outcome};
use common::run::{seedfs, text};
use common::verify::{TREE, verify};
use seedfs::mount::table::topmost;
use serde_json::Value;

const BLOCK: u64 = 4096;

/// Kind, first byte, bytes and path.
type Fault = (String, u64, u64, String);

fn listed(arguments: &[&str]) -> Vec<Fault> {
    let output = seedfs(&[&["faults", "--format", "jsonl"], arguments].concat());
    assert!(output.status.success(), "{output:?}");
    let row = |line: &str| {
        let object: Value = serde_json::from_str(line).unwrap();
        let (number, word) =
            (|key: &str| object[key].as_u64().unwrap(), |key: &str| object[key].as_str().unwrap().into());
        (word("fault"), number("offset"), number("length"), word("path"))
    };
    text(&output).lines().map(row).collect()
}

/// Every file of a mount, by inode, each with one of its paths.
fn files(directory: &Path) -> BTreeMap<u64, PathBuf> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![directory.to_path_buf()];
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let attributes = std::fs::symlink_metadata(&path).unwrap();
            match attributes.is_dir() {
                true => waiting.push(path),
                false if attributes.is_file() => _ = found.insert(attributes.ino(), path),
                false => {}
            }
        }
    }
    found
}

/// What a read of each block of the mount met, and the bytes of the list that it stands for.
fn met(mounted: &Mounted) -> BTreeSet<(String, u64, u64)> {
    let mut faults = BTreeSet::new();
    for (ino, path) in files(mounted.path()) {
        let file = File::open(&path).unwrap();
        let size = file.metadata().unwrap().len();
        for offset in (0..size).step_by(BLOCK as usize) {
            let len = BLOCK.min(size - offset);
            let mut bytes = vec![0; len as usize];
            let mut read = || file.read_at(&mut bytes, offset).map_err(|error| error.raw_os_error().unwrap());
            let fault = match read() {
                Ok(n) if (n as u64) < len => ("short", offset + n as u64, len - n as u64),
                Ok(_) => continue,
                Err(libc::EIO) if read() == Ok(len as usize) => ("eio-once", offset, len),
                Err(error) => {
                    assert_eq!((error, read()), (libc::EIO, Err(libc::EIO)));
                    ("eio", offset, len)
                }
            };
            faults.insert((fault.0.to_owned(), ino, fault.1 * BLOCK + fault.2));
        }
    }
    faults
}

/// A list as [`met`] has it.
fn by_inode(list: Vec<Fault>, mounted: &Mounted) -> BTreeSet<(String, u64, u64)> {
    let count = list.len();
    let row = |(kind, offset, len, path): Fault| {
        (kind, std::fs::metadata(mounted.path().join(path)).unwrap().ino(), offset * BLOCK + len)
    };
    let set: BTreeSet<_> = list.into_iter().map(row).collect();
    assert_eq!(set.len(), count, "something stands there twice");
    set
}

#[test]
fn reads_meet_what_is_listed_and_nothing_else() {
    for (spec, generation) in [
        ("eio:0.1,seed=1", "0"),
        ("eio-once:0.1,seed=2", "0"),
        ("short:0.1,seed=3", "0"),
        ("eio:0.1,eio-once:0.1,short:0.1,seed=4", "0"),
        ("eio:0.3,eio-once:0.3,short:0.4,seed=5", "4"),
    ] {
        let arguments = [TREE, "--fault", spec, "--generation", generation, "-o", "direct_io"];
        let Some(mounted) = Mounted::start(&arguments) else { return };
        let list = by_inode(listed(&["--fault", spec, "--generation", generation, TREE]), &mounted);
        let kinds: BTreeSet<&str> = list.iter().map(|fault| fault.0.as_str()).collect();
        assert_eq!(kinds.len(), spec.matches(':').count(), "{kinds:?}");
        assert!(list.len() > 20, "{}", list.len());
        let met = met(&mounted);
        let (more, less): (Vec<_>, Vec<_>) = (met.difference(&list).collect(), list.difference(&met).collect());
        assert!(more.is_empty() && less.is_empty(), "{spec}: not listed {more:?}, not met {less:?}");
        mounted.unmount();
    }
}

#[test]
fn a_read_hangs_where_that_is_listed() {
    const SPEC: &str = "hang:0.02:150ms,seed=6";
    let Some(mounted) = Mounted::start(&[TREE, "--fault", SPEC, "-o", "direct_io"]) else { return };
    let list = listed(&["--fault", SPEC, TREE]);
    assert!(list.len() > 5, "{}", list.len());
    for (kind, offset, len, path) in list {
        assert_eq!(kind, "hang");
        let file = File::open(mounted.path().join(path)).unwrap();
        let start = Instant::now();
        assert_eq!(file.read_at(&mut vec![0; len as usize], offset).unwrap() as u64, len);
        assert!(start.elapsed() + EARLY >= Duration::from_millis(150), "{:?}", start.elapsed());
    }
    mounted.unmount();
}

#[test]
fn a_read_that_hangs_for_ever_holds_up_nobody_else_and_ends_with_the_mount() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    const SPEC: &str = "hang:0.05:forever,seed=7";
    let list = listed(&["--fault", SPEC, TREE]);
    let hanging: BTreeSet<&str> = list.iter().map(|fault| fault.3.as_str()).collect();
    let control = Path::new("/sys/fs/fuse/connections");
    let _ = Command::new("mount").args(["-t", "fusectl", "fusectl"]).arg(control).output();
    for by_abort in [false, true] {
        let mut mount = Foreground::with_dataset(TREE, &["--fault", SPEC, "-o", "direct_io"]);
        let abort = {
            let device = topmost(mount.path()).unwrap().unwrap().device;
            control.join(device.split(':').next_back().unwrap()).join("abort")
        };
        if by_abort && !abort.exists() {
            skip!("no fusectl");
        }
        let cat = |path: &&str| {
            let path = mount.path().join(path);
            Command::new("cat").arg(path).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        };
        let mut readers: Vec<_> = hanging.iter().take(8).map(cat).collect();
        let inodes: BTreeSet<u64> =
            hanging.iter().map(|path| std::fs::metadata(mount.path().join(path)).unwrap().ino()).collect();
        let mut count = 0;
        for (_, path) in files(mount.path()).iter().filter(|(ino, _)| !inodes.contains(ino)) {
            std::fs::read(path).unwrap();
            count += 1;
        }
        assert!(count > 50, "{count}");
        assert!(readers.iter_mut().all(|reader| reader.try_wait().unwrap().is_none()));
        match by_abort {
            true => std::fs::write(abort, "1").unwrap(),
            false => mount.signal(libc::SIGTERM),
        }
        mount.expect_clean_end();
        for reader in &mut readers {
            assert!(!reader.wait().unwrap().success());
        }
    }
}

#[test]
fn through_the_page_cache_files_with_bad_blocks_fail_and_others_do_not() {
    const SPEC: &str = "eio:0.03,seed=8";
    let Some(mounted) = Mounted::start(&[TREE, "--fault", SPEC]) else { return };
    let bad: BTreeSet<u64> = by_inode(listed(&["--fault", SPEC, TREE]), &mounted).iter().map(|fault| fault.1).collect();
    assert!(bad.len() > 10, "{bad:?}");
    for (ino, path) in files(mounted.path()) {
        let error = std::fs::read(&path).err().map(|error| error.raw_os_error().unwrap());
        assert_eq!(error, bad.contains(&ino).then_some(libc::EIO), "{}", path.display());
    }
    mounted.unmount();
}

#[test]
fn short_reads_lose_nothing_for_who_reads_on() {
    let Some(mounted) = Mounted::start(&[TREE, "--fault", "short:0.5,seed=9"]) else { return };
    // Reads that end early bypass the page cache without being asked to: it would take them for the end of the file.
    let sizes = || files(mounted.path()).values().map(|path| path.metadata().unwrap().len()).collect::<Vec<_>>();
    let before = sizes();
    assert_eq!(verify(&["--dataset", TREE], mounted.path()).0, Some(0));
    assert_eq!(sizes(), before);
    mounted.unmount();
}

#[test]
fn names_that_are_not_listed_have_no_faults() {
    let Some(mounted) = Mounted::start(&[TREE, "-o", "direct_io,fault=eio:0.5\\,hang:0.5:forever"]) else { return };
    assert_eq!(verify(&[], &mounted.path().join("s42-1MiB.bin")), (Some(0), vec![]));
    mounted.unmount();
}

#[test]
fn faults_and_a_slow_device_go_together() {
    const SPEC: &str = "eio:0.1,short:0.1,seed=4";
    let Some(mounted) = Mounted::start(&[TREE, "--fault", SPEC, "--disk", "ssd"]) else { return };
    let list = by_inode(listed(&["--fault", SPEC, TREE]), &mounted);
    assert_eq!(met(&mounted), list);
    mounted.unmount();
}

#[test]
fn faults_come_back_and_another_seed_brings_others() {
    let list = |seed: &str| listed(&["--fault", &format!("eio:0.1,short:0.1,seed={seed}"), TREE]);
    assert_eq!(list("1"), list("1"));
    assert_ne!(list("1"), list("2"));
    let parts =
        (1..=3).flat_map(|n| listed(&["--fault", "eio:0.1,short:0.1,seed=1", "--shard", &format!("{n}/3"), TREE]));
    assert_eq!(parts.collect::<Vec<_>>(), list("1"));
    let plain = text(&seedfs(&["faults", "--fault", "eio:0.1,short:0.1,seed=1", TREE]));
    let (kind, offset, len, path) = &list("1")[0];
    assert_eq!(plain.lines().next().unwrap(), format!("{kind}\t{offset}\t{len}\t{path}"));
}

#[test]
fn each_kind_comes_at_its_rate() {
    let list = listed(&["--fault", "eio:0.01,eio-once:0.02,hang:0.03:1s,short:0.04", "files=100,size=4MiB"]);
    for (kind, rate) in [("eio", 0.01), ("eio-once", 0.02), ("hang", 0.03), ("short", 0.04)] {
        // Some blocks have none for those beside them.
        let share = list.iter().filter(|fault| fault.0 == kind).count() as f64 / (100.0 * 1024.0) / rate;
        assert!((0.8..1.05).contains(&share), "{kind}: {share}");
    }
}

#[test]
fn what_asks_for_no_fault_is_refused() {
    for spec in ["", "melt:1", "eio:2", "hang:0.1", "hang:0.1:0s", "eio:0.6,short:0.6", "seed=1"] {
        let output = seedfs(&["faults", "--fault", spec, TREE]);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{spec}");
        let escaped = format!("fault={}", spec.replace(',', "\\,"));
        for arguments in [["--fault", spec], ["-o", &escaped]] {
            let output = seedfs(&[&["mount", "--fake"], &arguments[..], &["demo", "."]].concat());
            let (code, message) = outcome(&output);
            assert_eq!((code, message.lines().count()), (Some(2), 1), "{spec}: {message}");
        }
    }
}
