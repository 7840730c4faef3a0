//! A defect in one request is an I/O error for one reader; the mount lives on.
#![cfg(unix)]

mod common;

use common::mount::{InProcess, settings};
use common::testfs::TestFs;

#[test]
fn a_panic_becomes_eio_and_the_mount_lives() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    let mount = InProcess::new(TestFs::default(), settings());
    for _ in 0..5 {
        let error = std::fs::read(mount.join("panics")).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EIO));
        assert_eq!(std::fs::read(mount.join("a.txt")).unwrap(), b"hello\n");
    }
    assert!(mount.counters.panics() >= 5);
}
