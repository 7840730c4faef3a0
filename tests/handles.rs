//! File handles, as servers of NFS and backup programs keep them: they open the same file after the kernel has dropped
//! its caches, after the daemon was killed and the dataset mounted again, and never another one.
#![cfg(target_os = "linux")]

mod common;

use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::mount::{Foreground, Mounted, is_mounted, unmount, wait_until};
use common::{c_path, code};
use libc::{AT_FDCWD, ESTALE, O_PATH, O_RDONLY};
use seedfs::content::SyntheticFile;

const TREE: &str = "files=400,dirs=30,fanout=3,symlinks.share=5%,hardlinks.share=5%,cases=names+special,seed=6";

/// A handle as the kernel makes them.
#[repr(C)]
#[derive(Clone, Copy)]
struct Handle {
    bytes: u32,
    kind: i32,
    data: [u8; 128],
}

impl Handle {
    fn of(path: &Path) -> Self {
        let (mut handle, mut id) = (Self { bytes: 128, kind: 0, data: [0; 128] }, 0);
        let path = c_path(path);
        // SAFETY: the path ends in NUL, the handle says how much room it has.
        let result = unsafe {
            libc::syscall(libc::SYS_name_to_handle_at, AT_FDCWD, path.as_ptr(), &raw mut handle, &raw mut id, 0)
        };
        assert_eq!(code(result), 0, "{path:?}");
        handle
    }

    /// Opens the file by a descriptor of anything in the same mount.
    fn open(mut self, mount: &File, flags: i32) -> Result<File, i32> {
        // SAFETY: the handle was made by the kernel, the descriptor is open.
        let opened = unsafe { libc::syscall(libc::SYS_open_by_handle_at, mount.as_raw_fd(), &raw mut self, flags) };
        // SAFETY: the kernel has just made this descriptor.
        if opened < 0 { Err(code(opened)) } else { Ok(unsafe { File::from_raw_fd(opened as i32) }) }
    }
}

fn drop_caches() {
    std::fs::write("/proc/sys/vm/drop_caches", "3").unwrap();
}

/// What `stat` tells that may not change.
fn identity(metadata: &std::fs::Metadata) -> (u64, u32, u64, u64, i64) {
    (metadata.ino(), metadata.mode(), metadata.nlink(), metadata.size(), metadata.mtime())
}

/// All paths below a directory, relative to it.
fn walk(root: &Path, below: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(root.join(below)).unwrap() {
        let entry = entry.unwrap();
        let path = below.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            walk(root, &path, found);
        }
        found.push(path);
    }
}

/// Opens each handle and compares what it finds with what the path has.
fn expect_same(root: &Path, handles: &[(PathBuf, Handle)]) {
    let mount = File::open(root).unwrap();
    for (path, handle) in handles {
        let file = handle.open(&mount, O_PATH).unwrap_or_else(|error| panic!("{path:?}: error {error}"));
        let expected = std::fs::symlink_metadata(root.join(path)).unwrap();
        assert_eq!(identity(&file.metadata().unwrap()), identity(&expected), "{path:?}");
        if expected.is_dir() {
            // The way up leads to the root.
            let place = std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).unwrap();
            assert_eq!(place, root.join(path), "where a directory is");
            let names =
                |dir: &Path| -> Vec<_> { std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name()).collect() };
            assert_eq!(names(&place), names(&root.join(path)));
        } else if expected.is_file() {
            let file = handle.open(&mount, O_RDONLY).unwrap();
            let (mut bytes, n) = (vec![0; 10_000], expected.len().min(10_000) as usize);
            file.read_exact_at(&mut bytes[..n], 0).unwrap();
            let mut ordinary = vec![0; n];
            File::open(root.join(path)).unwrap().read_exact_at(&mut ordinary, 0).unwrap();
            assert!(bytes[..n] == ordinary, "{path:?}");
        }
    }
}

/// Whether this machine and user can do all this.
fn able() -> bool {
    match common::no_fuse() {
        Some(reason) => common::run::skipped(reason),
        None => common::is_root() || common::run::skipped("only root may open by handle"),
    }
}

#[test]
fn handles_outlive_dropped_caches_and_a_killed_daemon() {
    if !able() {
        return;
    }
    let mut mount = Foreground::with_dataset(TREE, &[]);
    let mut paths = vec![PathBuf::from(".seedfs/version"), PathBuf::from(".seedfs")];
    walk(mount.path(), Path::new(""), &mut paths);
    assert!(paths.len() > 400);
    let handles: Vec<(PathBuf, Handle)> =
        paths.into_iter().map(|p| (p.clone(), Handle::of(&mount.path().join(p)))).collect();
    expect_same(mount.path(), &handles);
    for _ in 0..3 {
        drop_caches();
        expect_same(mount.path(), &handles);
    }
    // Killed, removed, and mounted once more: nothing is known of the handles but what they say.
    mount.signal(libc::SIGKILL);
    mount.wait();
    assert!(unmount(mount.path()) && !is_mounted(mount.path()));
    let again = Foreground::with_dataset(TREE, &[]);
    expect_same(again.path(), &handles);
    drop_caches();
    expect_same(again.path(), &handles);
}

#[test]
fn handles_of_unlisted_names_open_their_file_or_nothing() {
    if !able() {
        return;
    }
    let names: Vec<String> = (0..200).map(|seed| format!("s{seed}-{}", 1000 + seed)).collect();
    let mut mount = Foreground::with_dataset(TREE, &[]);
    let handles: Vec<Handle> = names.iter().map(|name| Handle::of(&mount.path().join(name))).collect();
    let top = File::open(mount.path()).unwrap();
    // How many of them open; each that does opens its own file.
    let opened = |top: &File| {
        let right = |(seed, name, handle): (u64, &String, &Handle)| match handle.open(top, O_RDONLY) {
            Ok(file) => {
                let (mut bytes, mut expected) = ([0; 10], [0; 10]);
                file.read_exact_at(&mut bytes, 0).unwrap();
                SyntheticFile::open(name).unwrap().read_at(0, &mut expected);
                assert!(bytes == expected && file.metadata().unwrap().len() == 1000 + seed, "{name}");
                true
            }
            Err(error) => {
                assert_eq!(error, ESTALE, "{name}");
                false
            }
        };
        let all = names.iter().zip(&handles).enumerate().map(|(i, (name, handle))| (i as u64, name, handle));
        all.filter(|&one| right(one)).count()
    };
    let held: Vec<File> = names.iter().map(|name| File::open(mount.path().join(name)).unwrap()).collect();
    drop_caches();
    assert_eq!(opened(&top), 200, "while they are open");
    drop(held);
    println!("{} of 200 open when they may be forgotten", opened(&top));
    drop(top);
    mount.signal(libc::SIGKILL);
    mount.wait();
    assert!(unmount(mount.path()));
    // Other names get inodes in the next life of the mount; none of the old handles may mean one of them.
    let again = Foreground::with_dataset(TREE, &[]);
    let others: Vec<File> =
        (0..400).map(|seed| File::open(again.path().join(format!("s{}-77", 1000 + seed))).unwrap()).collect();
    let top = File::open(again.path()).unwrap();
    for (name, handle) in names.iter().zip(&handles) {
        assert_eq!(handle.open(&top, O_RDONLY).err(), Some(ESTALE), "{name}: in the next life of the mount");
    }
    drop((others, top));
}

#[test]
fn handles_of_what_a_smaller_dataset_does_not_have_are_stale() {
    if !able() {
        return;
    }
    let Some(large) = Mounted::start(&["files=1000,dirs=0"]) else { return };
    let names = std::fs::read_dir(large.path()).unwrap().map(|entry| entry.unwrap().path());
    let handles: Vec<(u64, Handle)> =
        names.map(|path| (std::fs::metadata(&path).unwrap().ino(), Handle::of(&path))).collect();
    large.unmount();
    let Some(small) = Mounted::start(&["files=10,dirs=0"]) else { return };
    let top = File::open(small.path()).unwrap();
    let opened: Vec<u64> =
        handles.iter().filter(|(_, handle)| handle.open(&top, O_PATH).is_ok()).map(|h| h.0).collect();
    assert_eq!(opened.len(), 10, "{opened:?}");
    for (ino, handle) in &handles {
        match handle.open(&top, O_PATH) {
            Ok(file) => assert_eq!(file.metadata().unwrap().ino(), *ino),
            Err(error) => assert_eq!(error, ESTALE, "inode {ino}"),
        }
    }
    drop(top);
    small.unmount();
}

/// Nothing of the references that handles take stays behind.
#[test]
fn opening_by_handle_keeps_no_memory() {
    if !able() {
        return;
    }
    let Some(mount) = Mounted::start(&[TREE]) else { return };
    let held = || mount.counter("seedfs_on_demand_inodes");
    let top = File::open(mount.path()).unwrap();
    for seed in 0..300 {
        let handle = Handle::of(&mount.path().join(format!("s{seed}-10")));
        drop_if(seed % 50 == 0);
        match handle.open(&top, O_RDONLY) {
            Ok(file) => assert_eq!(file.metadata().unwrap().len(), 10),
            Err(error) => assert_eq!(error, ESTALE),
        }
    }
    drop(top);
    let forgotten = wait_until(Duration::from_secs(10), || {
        drop_caches();
        held() == 0
    });
    assert!(forgotten, "{} left", held());
    mount.unmount();
}

fn drop_if(yes: bool) {
    if yes {
        drop_caches();
    }
}
