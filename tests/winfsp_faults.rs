//! A defect in one request is an error for one program; the mount lives on.
#![cfg(windows)]

mod winfsp;

use winfsp::mounted;
use winfsp::requests::{code, open};
use winfsp::testfs::TestFs;

#[test]
fn a_panic_becomes_an_error_and_the_mount_lives() {
    let Some(mounted) = mounted(TestFs::default()) else { return };
    for round in 1..=5 {
        let file = open("\\panics").unwrap();
        assert_eq!(file.read(0, 100).unwrap_err(), code::INTERNAL_ERROR);
        file.close();
        let file = open("\\a.txt").unwrap();
        assert_eq!(file.read(0, 100).unwrap(), b"hello\n");
        file.close();
        assert_eq!(mounted.counters.panics(), round);
    }
}
