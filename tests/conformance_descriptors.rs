//! Calls with an open file or directory of a mount: each with its error, with and without the page cache.
#![cfg(target_os = "linux")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "said once for all rows, above ROWS")]

mod common;

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::ptr::{null, null_mut};

use common::mount::Mounted;
use common::{c_path, code};
use libc::{
    EACCES, EBADF, EFAULT, EINVAL, EISDIR, ENODATA, ENODEV, ENOTDIR, ENOTTY, ENXIO, EOPNOTSUPP, EOVERFLOW, EROFS,
    ESPIPE, ESTALE, MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE, SEEK_CUR, SEEK_DATA, SEEK_END, SEEK_HOLE, SEEK_SET,
};

/// Open descriptors: a file of 5,000 bytes, a directory, a path without rights, and both ends of a pipe.
struct Open {
    file: i32,
    dir: i32,
    path: i32,
    pipe: [i32; 2],
    _held: Vec<File>,
}

type Row = (&'static str, i32, fn(&Open) -> i64);

const SIZE: i64 = 5000;

/// SAFETY of all calls below: the descriptors are open as long as the world is, buffers have the lengths that are stated
/// or are addresses that the kernel refuses, and what is mapped is unmapped.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    // Reading.
    ("read", 0, |o| pread(o.file, 10, 0)),
    ("read nothing", 0, |o| pread(o.file, 0, 0)),
    ("read at the end", 0, |o| pread(o.file, 10, SIZE)),
    ("read at the end of all offsets", 0, |o| pread(o.file, 10, i64::MAX - 10)),
    ("read beyond the end of all offsets", EINVAL, |o| pread(o.file, 11, i64::MAX - 10)),
    ("read before the start", EINVAL, |o| pread(o.file, 10, -1)),
    ("read a directory", EISDIR, |o| pread(o.dir, 10, 0)),
    ("read a path without rights", EBADF, |o| pread(o.path, 10, 0)),
    ("read to an address that is none", EFAULT, |o| into(o.file, 16 as *mut u8, 10)),
    ("read to read-only memory", EFAULT, |o| into(o.file, c"constant".as_ptr() as *mut u8, 8)),
    ("read to no pieces", 0, |o| readv(o.file, &[])),
    ("read to pieces", 0, |o| readv(o.file, &[10, 0, 4096, 1])),
    ("read to too many pieces", EINVAL, |o| readv(o.file, &[1; 1025])),
    ("read with flags that are none", EOPNOTSUPP, |o| preadv2(o.file, 1 << 30)),
    ("read without waiting", 0, |o| { pread(o.file, 10, 0); or_again(preadv2(o.file, libc::RWF_NOWAIT)) }),
    // Seeking.
    ("seek to the end of all offsets", 0, |o| seek(o.file, i64::MAX, SEEK_SET)),
    ("seek before the start", EINVAL, |o| seek(o.file, -1, SEEK_SET)),
    ("seek from the end to before the start", EINVAL, |o| seek(o.file, -SIZE - 1, SEEK_END)),
    ("seek beyond all offsets", EINVAL, |o| { seek(o.file, i64::MAX, SEEK_SET); overflow(seek(o.file, 1, SEEK_CUR)) }),
    ("seek in no way", EINVAL, |o| seek(o.file, 0, 99)),
    ("seek data", 0, |o| seek(o.file, SIZE - 1, SEEK_DATA)),
    ("seek data at the end", ENXIO, |o| seek(o.file, SIZE, SEEK_DATA)),
    ("seek data before the start", ENXIO, |o| seek(o.file, -1, SEEK_DATA)),
    ("seek a hole at the end", ENXIO, |o| seek(o.file, SIZE, SEEK_HOLE)),
    ("seek a hole before the start", ENXIO, |o| seek(o.file, -1, SEEK_HOLE)),
    ("seek in a pipe", ESPIPE, |o| seek(o.pipe[0], 0, SEEK_SET)),
    // Directories.
    ("list", 0, |o| { seek(o.dir, 0, SEEK_SET); getdents(o.dir, 4096) }),
    ("list into too few bytes", EINVAL, |o| { seek(o.dir, 0, SEEK_SET); getdents(o.dir, 8) }),
    ("list a file", ENOTDIR, |o| getdents(o.file, 4096)),
    ("seek a directory to its end", 0, |o| seek(o.dir, i64::MAX, SEEK_SET)),
    ("seek a directory before its start", EINVAL, |o| seek(o.dir, -1, SEEK_SET)),
    ("list from the last offset", 0, |o| { seek(o.dir, i64::MAX, SEEK_SET); getdents(o.dir, 4096) }),
    ("fchdir to a file", ENOTDIR, |o| unsafe { libc::fchdir(o.file).into() }),
    ("look up below a file", ENOTDIR, |o| unsafe { libc::faccessat(o.file, c"x".as_ptr(), 0, 0).into() }),
    ("look up below a directory", libc::ENOENT, |o| unsafe { libc::faccessat(o.dir, c"x".as_ptr(), 0, 0).into() }),
    // Writing.
    ("write", EBADF, |o| unsafe { libc::pwrite(o.file, c"x".as_ptr().cast(), 1, 0) as i64 }),
    ("write to a directory", EBADF, |o| unsafe { libc::write(o.dir, c"x".as_ptr().cast(), 1) as i64 }),
    ("ftruncate", EINVAL, |o| unsafe { libc::ftruncate(o.file, 0).into() }),
    ("fallocate", EBADF, |o| unsafe { libc::fallocate(o.file, 0, 0, 4096).into() }),
    ("fchmod", EROFS, |o| unsafe { libc::fchmod(o.file, 0o600).into() }),
    ("fchown", EROFS, |o| unsafe { libc::fchown(o.file, 1, 1).into() }),
    ("futimens", EROFS, |o| unsafe { libc::futimens(o.file, null()).into() }),
    ("fsetxattr", EROFS, |o| unsafe { libc::fsetxattr(o.file, c"user.x".as_ptr(), null(), 0, 0).into() }),
    ("fremovexattr", EROFS, |o| unsafe { libc::fremovexattr(o.file, c"user.x".as_ptr()).into() }),
    ("fgetxattr of one that is not there", ENODATA, |o| unsafe {
        libc::fgetxattr(o.file, c"user.x".as_ptr(), null_mut(), 0) as i64 }),
    ("copy_file_range into it", EBADF, |o| unsafe {
        libc::copy_file_range(o.file, null_mut(), o.file, null_mut(), 10, 0) as i64 }),
    ("splice into it", EBADF, |o| unsafe { libc::splice(o.pipe[0], null_mut(), o.file, null_mut(), 1, 0) as i64 }),
    ("sendfile into it", EBADF, |o| unsafe { libc::sendfile(o.file, o.file, null_mut(), 1) as i64 }),
    ("sendfile from a directory", EINVAL, |o| unsafe { libc::sendfile(o.pipe[1], o.dir, null_mut(), 1) as i64 }),
    // Maps.
    ("map", 0, |o| map(o.file, 5000, PROT_READ, MAP_SHARED, 0)),
    ("map nothing", EINVAL, |o| map(o.file, 0, PROT_READ, MAP_SHARED, 0)),
    ("map from an odd offset", EINVAL, |o| map(o.file, 100, PROT_READ, MAP_SHARED, 100)),
    ("map beyond the end", 0, |o| map(o.file, 4096, PROT_READ, MAP_SHARED, 1 << 30)),
    ("map beyond all offsets", EOVERFLOW, |o| map(o.file, 1 << 20, PROT_READ, MAP_SHARED, i64::MAX & !0xFFFF)),
    ("map a directory", ENODEV, |o| map(o.dir, 4096, PROT_READ, MAP_SHARED, 0)),
    ("map a path without rights", EBADF, |o| map(o.path, 4096, PROT_READ, MAP_SHARED, 0)),
    ("map for shared writing", EACCES, |o| map(o.file, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 0)),
    ("map for private writing", 0, |o| map(o.file, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0)),
    // What is only a matter of this machine.
    ("fsync", 0, |o| unsafe { libc::fsync(o.file).into() }),
    ("fdatasync of a directory", 0, |o| unsafe { libc::fdatasync(o.dir).into() }),
    ("syncfs", 0, |o| unsafe { libc::syncfs(o.file).into() }),
    ("a shared lock", 0, |o| unsafe { libc::flock(o.file, libc::LOCK_SH | libc::LOCK_NB).into() }),
    ("an exclusive lock", 0, |o| unsafe { libc::flock(o.file, libc::LOCK_EX | libc::LOCK_NB).into() }),
    ("a lock for reading", 0, |o| lock(o.file, libc::F_RDLCK)),
    ("a lock for writing", EBADF, |o| lock(o.file, libc::F_WRLCK)),
    ("advice: will need", 0, |o| advise(o.file, libc::POSIX_FADV_WILLNEED)),
    ("advice: will not need", 0, |o| advise(o.file, libc::POSIX_FADV_DONTNEED)),
    ("readahead", 0, |o| unsafe { libc::readahead(o.file, 0, 4096) as i64 }),
    ("an ioctl that there is not", ENOTTY, |o| unsafe { libc::ioctl(o.file, 0x5401, 16 as *mut u8).into() }),
    ("inode flags", ENOTTY, |o| unsafe { libc::ioctl(o.file, 0x8008_6601, &mut 0i64).into() }),
    ("the map of extents", EOPNOTSUPP, |o| unsafe { libc::ioctl(o.file, 0xC020_660B, &mut [0u64; 64]).into() }),
    ("advancing through an ordinary file", ENOTTY, |o| unsafe { libc::ioctl(o.file, 0xC008_5301, &mut 0u64).into() }),
    ("cloning it", EBADF, |o| unsafe { libc::ioctl(o.file, 0x4004_9409, o.file).into() }),
    ("a handle that is none", ESTALE, |o| handle(o.dir, &[12, 0x81, 77, 0, 0])),
    ("a handle of no known type", ESTALE, |o| handle(o.dir, &[12, 0x55, 1, 0, 0])),
    ("a handle that is too large", EINVAL, |o| handle(o.dir, &[129, 0x81, 1, 0, 0])),
];

/// Linux says EOVERFLOW or EINVAL, by version.
fn overflow(result: i64) -> i64 {
    if code(result) == EOVERFLOW { set_errno(EINVAL) } else { result }
}

/// A read that must not wait may find nothing in the cache, or be more than FUSE can promise.
fn or_again(result: i64) -> i64 {
    if result < 0 && matches!(code(result), libc::EAGAIN | EOPNOTSUPP) { 0 } else { result }
}

/// Leaves an error where [`code`] looks for it.
fn set_errno(error: i32) -> i64 {
    // SAFETY: the place of this thread's errno.
    unsafe { *libc::__errno_location() = error };
    -1
}

fn into(file: i32, to: *mut u8, length: usize) -> i64 {
    // SAFETY: the kernel checks the address.
    unsafe { libc::pread(file, to.cast(), length, 0) as i64 }
}

fn pread(file: i32, length: usize, offset: i64) -> i64 {
    let mut bytes = vec![0u8; length];
    // SAFETY: see ROWS.
    unsafe { libc::pread(file, bytes.as_mut_ptr().cast(), length, offset) as i64 }
}

/// Reads into pieces of these lengths; longer ones than there is room have addresses that are not used.
fn readv(file: i32, lengths: &[usize]) -> i64 {
    let mut bytes = vec![0u8; 8192];
    let start = bytes.as_mut_ptr().cast();
    let pieces: Vec<libc::iovec> = lengths.iter().map(|&iov_len| libc::iovec { iov_base: start, iov_len }).collect();
    // SAFETY: each piece starts at the buffer and fits in, or the kernel refuses the sum of the lengths.
    unsafe { libc::preadv(file, pieces.as_ptr(), pieces.len() as i32, 0) as i64 }
}

fn preadv2(file: i32, flags: i32) -> i64 {
    let mut bytes = [0u8; 10];
    let piece = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: 10 };
    // SAFETY: see ROWS.
    unsafe { libc::preadv2(file, &raw const piece, 1, 0, flags) as i64 }
}

fn seek(file: i32, offset: i64, whence: i32) -> i64 {
    // SAFETY: see ROWS.
    unsafe { libc::lseek(file, offset, whence) }
}

fn getdents(dir: i32, room: usize) -> i64 {
    let mut bytes = vec![0u64; room / 8];
    // SAFETY: see ROWS.
    unsafe { libc::syscall(libc::SYS_getdents64, dir, bytes.as_mut_ptr(), room) }
}

fn map(file: i32, length: usize, protection: i32, flags: i32, offset: i64) -> i64 {
    // SAFETY: a fresh map that nobody looks at.
    unsafe {
        let address = libc::mmap(null_mut(), length, protection, flags, file, offset);
        if address == libc::MAP_FAILED { -1 } else { libc::munmap(address, length).into() }
    }
}

fn lock(file: i32, kind: i32) -> i64 {
    // SAFETY: all-zero is plain data: the whole file.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = kind as i16;
    // SAFETY: see ROWS.
    unsafe { libc::fcntl(file, libc::F_SETLK, &raw mut lock).into() }
}

fn advise(file: i32, advice: i32) -> i64 {
    // SAFETY: see ROWS. This one returns its error.
    let error = unsafe { libc::posix_fadvise(file, 0, 0, advice) };
    if error == 0 { 0 } else { set_errno(error) }
}

/// Opens by a handle; those who may not are told so by everything, and count as refused.
fn handle(dir: i32, words: &[u32; 5]) -> i64 {
    // SAFETY: the handle is as long as it says, or longer than any may be.
    let opened = unsafe { libc::syscall(libc::SYS_open_by_handle_at, dir, words.as_ptr(), libc::O_RDONLY) };
    let expected = if words[0] > 128 { EINVAL } else { ESTALE };
    if opened < 0 && code(opened) == libc::EPERM && !common::is_root() { set_errno(expected) } else { opened }
}

impl Open {
    fn in_root(root: &Path, name: &str) -> Self {
        let open = |path: &Path, flags: i32| {
            // SAFETY: the path ends in NUL.
            let descriptor = unsafe { libc::open(c_path(path).as_ptr(), flags) };
            assert!(descriptor >= 0, "{path:?}");
            // SAFETY: just opened.
            unsafe { std::os::fd::FromRawFd::from_raw_fd(descriptor) }
        };
        let file: File = open(&root.join(name), libc::O_RDONLY);
        let (dir, path) = (open(root, libc::O_RDONLY), open(&root.join(name), libc::O_PATH));
        let (reader, writer) = std::io::pipe().unwrap();
        let [reader, writer] = [std::os::fd::OwnedFd::from(reader).into(), std::os::fd::OwnedFd::from(writer).into()];
        let held = vec![file, dir, path, reader, writer];
        let fds: Vec<i32> = held.iter().map(File::as_raw_fd).collect();
        Self { file: fds[0], dir: fds[1], path: fds[2], pipe: [fds[3], fds[4]], _held: held }
    }
}

#[test]
fn each_call_has_its_error() {
    for option in ["ro", "direct_io"] {
        let Some(mount) = Mounted::start(&["files=20,size=5000,dirs=0", "-o", option]) else { return };
        let listed = std::fs::read_dir(mount.path()).unwrap().next().unwrap().unwrap().file_name();
        for name in [listed.to_str().unwrap(), "s1-5000-text"] {
            let open = Open::in_root(mount.path(), name);
            let wrong = ROWS.iter().filter_map(|(row, expected, call)| {
                let found = code(call(&open));
                (found != *expected).then(|| format!("{row}: {found}, not {expected}"))
            });
            let wrong: Vec<String> = wrong.collect();
            assert!(wrong.is_empty(), "{option}, {name}:\n{}", wrong.join("\n"));
        }
        mount.unmount();
    }
    println!("{} rows", ROWS.len());
}
