//! Extended attributes: lengths, buffers that are too small, names that do not exist, and the option that turns them off.
#![cfg(target_os = "linux")]

mod common;

use std::path::Path;

use common::mount::{InProcess, settings};
use common::testfs::TestFs;
use common::{c_path, code};
use seedfs::fuse::Settings;
use seedfs::stats::Op;

fn get(path: &Path, name: &str, size: usize) -> Result<Vec<u8>, i32> {
    let (path, name, mut buf) = (c_path(path), c_path(name), vec![0u8; size]);
    // SAFETY: both names end in NUL, the buffer has the length stated.
    let length = unsafe { libc::getxattr(path.as_ptr(), name.as_ptr(), buf.as_mut_ptr().cast(), size) };
    if length < 0 {
        return Err(code(length as i64));
    }
    buf.resize(length as usize, 0);
    Ok(buf)
}

fn list(path: &Path, size: usize) -> Result<Vec<u8>, i32> {
    let (path, mut buf) = (c_path(path), vec![0u8; size]);
    // SAFETY: the path ends in NUL, the buffer has the length stated.
    let length = unsafe { libc::listxattr(path.as_ptr(), buf.as_mut_ptr().cast(), size) };
    if length < 0 {
        return Err(code(length as i64));
    }
    buf.resize(length as usize, 0);
    Ok(buf)
}

#[test]
fn sizes_and_errors() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    let mount = InProcess::new(TestFs::default(), settings());
    let file = mount.join("a.txt");
    assert_eq!(get(&file, "user.test.a", 0).map(|v| v.len()), Ok(5));
    assert_eq!(get(&file, "user.test.a", 5).unwrap(), b"value");
    assert_eq!(get(&file, "user.test.a", 100).unwrap(), b"value");
    assert_eq!(get(&file, "user.test.a", 4), Err(libc::ERANGE));
    assert_eq!(get(&file, "user.none", 100), Err(libc::ENODATA));
    assert_eq!(list(&file, 0).map(|v| v.len()), Ok(24));
    assert_eq!(list(&file, 24).unwrap(), b"user.test.a\0user.test.b\0");
    assert_eq!(list(&file, 23), Err(libc::ERANGE));
}

#[test]
fn turned_off_the_kernel_asks_once() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    let mount = InProcess::new(TestFs::default(), Settings { xattr: false, ..settings() });
    for _ in 0..10 {
        assert_eq!(get(&mount.join("a.txt"), "user.test.a", 100), Err(libc::EOPNOTSUPP));
        assert!(matches!(list(&mount.join("a.txt"), 100), Err(libc::EOPNOTSUPP) | Ok(_)));
    }
    assert_eq!(mount.counters.requests(Op::GetXattr), 1);
    assert!(mount.counters.requests(Op::ListXattr) <= 1);
}
