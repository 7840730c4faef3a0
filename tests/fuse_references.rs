//! References: the kernel's forgets reach the file system exactly, and file handles survive a dropped cache.
#![cfg(target_os = "linux")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::mount::{InProcess, settings, wait_until};
use common::testfs::TestFs;
use common::{c_path, code, is_root};

fn drop_caches() {
    std::fs::write("/proc/sys/vm/drop_caches", "2").unwrap();
}

#[test]
fn forgets_balance_lookups() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    if !is_root() {
        skip!("only root may drop caches");
    }
    let fs = Arc::new(TestFs::default());
    let mount = InProcess::new(fs.clone(), settings());
    for i in 0..2000 {
        assert_eq!(std::fs::read(mount.join(&format!("od{}", i % 1000))).unwrap(), b"hello\n");
    }
    // Memory pressure, or another test, may have dropped some already.
    assert!((1..=1000).contains(&fs.references.lock().unwrap().len()));
    // Negative counts would stay in the table too.
    let balanced = wait_until(Duration::from_secs(10), || {
        drop_caches();
        fs.references.lock().unwrap().is_empty()
    });
    assert!(balanced, "{:?}", fs.references.lock().unwrap());
    assert_eq!(std::fs::read(mount.join("od5")).unwrap(), b"hello\n");
}

#[repr(C)]
struct Handle {
    bytes: libc::c_uint,
    kind: libc::c_int,
    data: [u8; 128],
}

#[test]
fn handles_open_after_a_dropped_cache() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    if !is_root() {
        skip!("only root may open by handle");
    }
    let mount = InProcess::new(TestFs::default(), settings());
    let top = std::fs::File::open(mount.path()).unwrap();
    for (name, directory) in [("a.txt", false), ("dir/inner.txt", false), ("dir", true)] {
        let mut handle = Handle { bytes: 128, kind: 0, data: [0; 128] };
        let mut id = 0;
        let path = c_path(mount.join(name));
        // SAFETY: the path ends in NUL, the handle says how much room it has.
        let result = unsafe {
            libc::syscall(libc::SYS_name_to_handle_at, libc::AT_FDCWD, path.as_ptr(), &raw mut handle, &raw mut id, 0)
        };
        assert_eq!(code(result), 0, "{name}");
        drop_caches();
        // SAFETY: the handle was filled in by the kernel; the directory is open.
        let descriptor = unsafe {
            use std::os::fd::AsRawFd;
            libc::syscall(libc::SYS_open_by_handle_at, top.as_raw_fd(), &raw mut handle, libc::O_RDONLY)
        };
        assert!(descriptor >= 0, "{name}: error {}", code(descriptor));
        // SAFETY: the kernel has just made this descriptor.
        let file: std::fs::File = unsafe { std::os::fd::FromRawFd::from_raw_fd(descriptor as i32) };
        assert_eq!(file.metadata().unwrap().is_dir(), directory);
        if !directory {
            assert_eq!(std::io::read_to_string(file).unwrap(), "hello\n");
        }
    }
}
