//! The life of a volume: made with its parameters, served, removed, made again.
#![cfg(windows)]

mod winfsp;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use seedfs::stats::{Counters, Op};
use seedfs::winfsp::{Mount, StartError, Volume, version};
use winfsp::testfs::TestFs;
use winfsp::{driver, mounted, requests, stand_in};

fn volume(label: &str) -> Volume<'_> {
    Volume { label, serial: 1, threads: 2, ended: Box::new(|| {}) }
}

#[test]
fn a_drive_comes_goes_and_comes_again() {
    let Some(guard) = stand_in() else { return };
    for _ in 0..3 {
        let before = driver::drives().len();
        let mount = Mount::start(TestFs::default(), Arc::default(), Some("X:"), volume("a label")).unwrap();
        assert_eq!(mount.place(), "X:");
        assert_eq!(driver::drives()[before].1, "X:");
        assert_eq!(requests::volume().unwrap(), (10_000, 0, "a label".to_owned()));
        drop(mount);
        let drives = driver::drives();
        assert_eq!(drives.len(), before + 2);
        assert_eq!((drives[before + 1].0 & 2, drives[before + 1].1.as_str()), (2, "X:"), "taken away");
    }
    drop(guard);
}

#[test]
fn the_next_free_drive_tells_its_letter() {
    let Some(_guard) = stand_in() else { return };
    let mount = Mount::start(TestFs::default(), Arc::default(), None, volume("")).unwrap();
    let place = mount.place();
    assert!(place.len() == 2 && place.ends_with(':'), "{place}");
    assert_eq!(driver::drives().last().unwrap().1, place);
}

#[test]
fn the_volume_says_what_it_is() {
    let Some(mounted) = mounted(TestFs::default()) else { return };
    let params = driver::volume_params();
    assert_eq!(params.len(), 504);
    let u16_at = |at| u16::from_le_bytes(requests::number(&params, at));
    let u32_at = |at| u32::from_le_bytes(requests::number(&params, at));
    assert_eq!((u16_at(0), u16_at(2), u16_at(4), u16_at(6)), (504, 512, 8, 255));
    assert_eq!(u32_at(16), 7, "serial number");
    assert_eq!(u32_at(32), u32::MAX, "attributes and contents may be kept for ever");
    let flags = u32_at(36);
    assert_eq!(flags & 1, 0, "names are case-insensitive");
    for (bit, what) in [(1, "case is preserved"), (4, "links"), (9, "read-only"), (13, "entries by name")] {
        assert_eq!(flags >> bit & 1, 1, "{what}");
    }
    assert_eq!(requests::utf16(&params[40 + 384..][..12]), "seedfs");
    drop(mounted);
}

#[test]
fn the_label_is_cut_where_windows_does() {
    let Some(_guard) = stand_in() else { return };
    let long = "é".repeat(40);
    let mount = Mount::start(TestFs::default(), Arc::default(), Some("X:"), volume(&long)).unwrap();
    assert_eq!(requests::volume().unwrap().2, "é".repeat(32));
    drop(mount);
}

#[test]
fn the_driver_may_end_the_volume() {
    let Some(_guard) = stand_in() else { return };
    let ended = Arc::new(AtomicBool::new(false));
    let heard = ended.clone();
    let volume = Volume { ended: Box::new(move || heard.store(true, Ordering::Release)), ..volume("") };
    let mount = Mount::start(TestFs::default(), Arc::default(), Some("X:"), volume).unwrap();
    assert!(requests::volume().is_ok() && !ended.load(Ordering::Acquire));
    driver::end_volume();
    let start = Instant::now();
    while !ended.load(Ordering::Acquire) {
        assert!(start.elapsed() < Duration::from_secs(60), "not told");
        std::thread::sleep(Duration::from_millis(1));
    }
    drop(mount);
}

#[test]
fn an_ordinary_end_is_not_told_as_the_drivers() {
    let Some(_guard) = stand_in() else { return };
    let volume = Volume { ended: Box::new(|| panic!("told")), ..volume("") };
    let counters = Arc::new(Counters::default());
    drop(Mount::start(TestFs::default(), counters.clone(), Some("X:"), volume).unwrap());
    assert_eq!(counters.panics(), 0);
}

#[test]
fn requests_are_counted() {
    let Some(mounted) = mounted(TestFs::default()) else { return };
    let file = requests::open("\\a.txt").unwrap();
    assert_eq!(file.read(0, 100).unwrap(), b"hello\n");
    requests::open("\\missing").unwrap_err();
    file.info().unwrap();
    file.close();
    let root = requests::open_as("\\", requests::How::DIRECTORY).unwrap();
    root.names(4096);
    root.close();
    let counters = &mounted.counters;
    let counted = |op| counters.requests(op);
    assert_eq!((counted(Op::Open), counted(Op::Read), counted(Op::GetAttr)), (2, 1, 1));
    assert_eq!((counted(Op::ReadDirPlus), counted(Op::Forget)), (1, 2));
    assert!(counted(Op::Lookup) >= 3 && counters.misses() == 1);
    assert_eq!(counters.read_bytes(), 6);
}

#[test]
fn a_place_that_cannot_be_is_refused() {
    let Some(_guard) = stand_in() else { return };
    let outcome = Mount::start(TestFs::default(), Arc::default(), Some("no\\such\\directory\\x"), volume(""));
    assert!(matches!(outcome.err(), Some(StartError::Place(code)) if code < 0));
    // Nothing of it stays behind.
    let mount = Mount::start(TestFs::default(), Arc::default(), Some("X:"), volume("")).unwrap();
    assert!(requests::volume().is_ok());
    drop(mount);
}

#[test]
fn the_version_is_one_that_works() {
    if stand_in().is_some() {
        assert_eq!(version().unwrap().major, 2);
    }
}
