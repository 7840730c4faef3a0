//! Nothing can be changed: each mutating call with its error, on the mount as it is and on one that was remounted rw
//! behind the daemon's back, so that the calls really arrive.
#![cfg(target_os = "linux")]

mod common;

use std::ffi::CString;
use std::path::Path;

use common::mount::{InProcess, settings};
use common::testfs::TestFs;
use common::{c_path, code, is_root};
use libc::{EEXIST, EROFS, EXDEV, O_CREAT, O_RDWR, O_TRUNC, O_WRONLY};
use seedfs::stats::Op;

type Call = Box<dyn Fn(&dyn Fn(&str) -> CString) -> i32>;

/// Opens and closes; the error code of opening.
fn open(path: &CString, flags: i32) -> i32 {
    // SAFETY: the path ends in NUL.
    let descriptor = unsafe { libc::open(path.as_ptr(), flags, 0o644) };
    let code = code(descriptor);
    if descriptor >= 0 {
        // SAFETY: just opened.
        unsafe { libc::close(descriptor) };
    }
    code
}

/// Name, call, and the code on a read-only mount; paths are made by the argument.
#[rustfmt::skip]
fn calls(outside: &Path) -> Vec<(&'static str, Call, i32)> {
    let elsewhere = c_path(outside.join("x"));
    let elsewhere2 = elsewhere.clone();
    std::fs::write(outside.join("x"), "x").unwrap();
    let times = [libc::timespec { tv_sec: 1, tv_nsec: 0 }; 2];
    // SAFETY (all calls below): every path ends in NUL and outlives the call; buffers have the lengths stated.
    unsafe fn call(result: i32) -> i32 { code(result) }
    macro_rules! table { ($($name:literal $code:ident: $($p:ident = $path:literal),* => $call:expr;)*) => { vec![$(
        ($name, Box::new(move |at: &dyn Fn(&str) -> CString| {
            $(let $p = at($path);)*
            // SAFETY: see above.
            unsafe { call($call) }
        }) as Call, $code),
    )*] } }
    let mut calls: Vec<(&'static str, Call, i32)> = table! {
        "chmod" EROFS: p = "a.txt" => libc::chmod(p.as_ptr(), 0o600);
        "chown" EROFS: p = "a.txt" => libc::chown(p.as_ptr(), 1, 1);
        "truncate" EROFS: p = "a.txt" => libc::truncate(p.as_ptr(), 3);
        "utimens" EROFS: p = "a.txt" => libc::utimensat(libc::AT_FDCWD, p.as_ptr(), times.as_ptr(), 0);
        "unlink" EROFS: p = "a.txt" => libc::unlink(p.as_ptr());
        "rmdir" EROFS: p = "dir" => libc::rmdir(p.as_ptr());
        "mkdir" EROFS: p = "new" => libc::mkdir(p.as_ptr(), 0o755);
        "mkdir over a directory" EEXIST: p = "dir" => libc::mkdir(p.as_ptr(), 0o755);
        "mknod" EROFS: p = "new" => libc::mknod(p.as_ptr(), libc::S_IFREG | 0o644, 0);
        "mkfifo" EROFS: p = "new" => libc::mkfifo(p.as_ptr(), 0o644);
        "symlink" EROFS: p = "new" => libc::symlink(c"target".as_ptr(), p.as_ptr());
        "link" EROFS: p = "a.txt", q = "new" => libc::link(p.as_ptr(), q.as_ptr());
        "rename" EROFS: p = "a.txt", q = "new" => libc::rename(p.as_ptr(), q.as_ptr());
        "rename over a file" EROFS: p = "a.txt", q = "holes" => libc::rename(p.as_ptr(), q.as_ptr());
        "rename out" EXDEV: p = "a.txt" => libc::rename(p.as_ptr(), elsewhere.as_ptr());
        "rename in" EXDEV: p = "new" => libc::rename(elsewhere2.as_ptr(), p.as_ptr());
        "setxattr" EROFS: p = "a.txt" => libc::setxattr(p.as_ptr(), c"user.x".as_ptr(), c"v".as_ptr().cast(), 1, 0);
        "removexattr" EROFS: p = "a.txt" => libc::removexattr(p.as_ptr(), c"user.test.a".as_ptr());
        "access for writing" EROFS: p = "a.txt" => libc::access(p.as_ptr(), libc::W_OK);
    };
    let mut add = |name, path: &'static str, flags| {
        calls.push((name, Box::new(move |at: &dyn Fn(&str) -> CString| open(&at(path), flags)), EROFS));
    };
    add("open for writing", "a.txt", O_WRONLY);
    add("open for both", "a.txt", O_RDWR);
    add("open and truncate", "a.txt", O_WRONLY | O_TRUNC);
    add("create", "new", O_WRONLY | O_CREAT);
    calls
}

#[test]
fn each_call_has_its_error() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    let outside = tempfile::tempdir().unwrap();
    let mount = InProcess::new(TestFs::default(), settings());
    let at = |name: &str| c_path(mount.join(name));
    for (name, call, expected) in calls(outside.path()) {
        assert_eq!(call(&at), expected, "{name}");
    }
    assert_eq!(mount.counters.requests(Op::Change), 0, "the kernel answers by itself");
}

/// What the daemon itself answers: opening for writing sends no message, so writing does; access(2) asks the mount.
#[test]
fn each_call_has_its_error_from_the_daemon() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    if !is_root() {
        skip!("only root may remount");
    }
    let outside = tempfile::tempdir().unwrap();
    let mount = InProcess::new(TestFs::default(), settings());
    assert_eq!(std::fs::read(mount.join("a.txt")).unwrap(), b"hello\n");
    remount_rw(mount.path());
    let at = |name: &str| c_path(mount.join(name));
    for (name, call, expected) in calls(outside.path()) {
        let without_message = matches!(name, "open for writing" | "open for both" | "access for writing");
        let expected = if without_message { 0 } else { expected };
        assert_eq!(call(&at), expected, "{name}");
    }
    let file = std::fs::OpenOptions::new().read(true).write(true).open(mount.join("a.txt")).unwrap();
    let descriptor = std::os::fd::AsRawFd::as_raw_fd(&file);
    // SAFETY: the descriptor is open, the buffer has the length stated.
    assert_eq!(code(unsafe { libc::pwrite(descriptor, c"x".as_ptr().cast(), 1, 0) } as i64), EROFS);
    // SAFETY: the descriptor is open.
    assert_eq!(code(unsafe { libc::fallocate(descriptor, 0, 0, 4096) }), EROFS);
    // SAFETY: the descriptor is open.
    assert_eq!(code(unsafe { libc::ftruncate(descriptor, 1) }), EROFS);
    let (mut from, mut to) = (0, 3);
    // SAFETY: both descriptors are open, the offsets are of this frame.
    let copied = unsafe { libc::copy_file_range(descriptor, &mut from, descriptor, &mut to, 3, 0) };
    assert_eq!(code(copied as i64), EROFS);
    // SAFETY: the descriptor is open.
    assert_eq!(code(unsafe { libc::fsync(descriptor) }), 0);
    // A request that is no terminal's: what overlayfs asks for inode flags.
    let mut flags = 0i64;
    // SAFETY: the descriptor is open; the request writes at most a long.
    assert_eq!(code(unsafe { libc::ioctl(descriptor, 0x8008_6601, &mut flags) }), libc::ENOTTY);
    drop(file);
    assert!(mount.counters.requests(Op::Change) > 15);
    assert_eq!(std::fs::read(mount.join("a.txt")).unwrap(), b"hello\n");
    assert!(!mount.join("new").exists());
}

/// mount -o remount,rw, as the system call: mount(8) would run a helper.
fn remount_rw(point: &Path) {
    let point = c_path(point);
    // SAFETY: all pointers are to strings ended by NUL, or null where the call ignores them.
    let result =
        unsafe { libc::mount(std::ptr::null(), point.as_ptr(), std::ptr::null(), libc::MS_REMOUNT, std::ptr::null()) };
    assert_eq!(code(result), 0);
}
