//! Bytes through the mount are those of the core, at any offset, from any thread.
#![cfg(windows)]

mod winfsp;

use std::sync::Arc;

use seedfs::vfs::{FileType, Ino, Vfs};
use winfsp::requests::{code, open};
use winfsp::testfs::{self, TestFs};
use winfsp::{listed, mounted, tree};

const DATASET: &str = "files=40,size=lognormal:9,2,seed=5";

/// Numbers that are the same every time, by xorshift.
fn numbers(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move |limit| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % limit.max(1)
    }
}

#[test]
fn every_file_from_start_to_end() {
    let core = Arc::new(tree(DATASET));
    let Some(mounted) = mounted(core.clone()) else { return };
    let mut files = 0;
    let mut folders = vec![(String::new(), Ino::ROOT)];
    while let Some((path, dir)) = folders.pop() {
        for (name, attr) in listed(&*core, dir) {
            let path = format!("{path}\\{name}");
            match attr.file_type {
                FileType::Directory => folders.push((path, attr.ino)),
                FileType::Regular => {
                    let file = open(&path).unwrap();
                    assert_eq!((file.info.size, file.info.ino), (attr.size, attr.ino.0), "{path}");
                    let mut expected = vec![0; attr.size as usize];
                    assert_eq!(core.read(attr.ino, 0, &mut expected).unwrap(), expected.len());
                    let mut read = Vec::new();
                    let end = loop {
                        match file.read(read.len() as u64, 40_000) {
                            Ok(bytes) => read.extend(bytes),
                            Err(code) => break code,
                        }
                    };
                    assert_eq!(end, code::END_OF_FILE);
                    assert!(read == expected, "{path}");
                    file.close();
                    files += 1;
                }
                _ => {}
            }
        }
    }
    assert_eq!(files, 40);
    assert_eq!(mounted.counters.panics(), 0);
}

#[test]
fn any_offset_and_length() {
    let core = Arc::new(tree(DATASET));
    let Some(_mounted) = mounted(core.clone()) else { return };
    let path = "\\s42-1GiB.bin";
    let file = open(path).unwrap();
    let ino = core.lookup(Ino::ROOT, b"s42-1GiB.bin").unwrap().ino;
    let mut number = numbers(1);
    for _ in 0..300 {
        let (offset, length) = (number(file.info.size), 1 + number(20_000) as usize);
        let mut expected = vec![0; length];
        let count = core.read(ino, offset, &mut expected).unwrap();
        assert!(file.read(offset, length).unwrap() == expected[..count], "{offset} {length}");
    }
    // Short at the end alone.
    assert_eq!(file.read(file.info.size - 10, 4096).unwrap().len(), 10);
    core.forget(ino, 1);
    file.close();
    assert_eq!(core.on_demand_inodes(), 0);
}

#[test]
fn the_end_of_a_file_is_told() {
    let Some(_mounted) = mounted(TestFs::default()) else { return };
    let file = open("\\a.txt").unwrap();
    assert_eq!(file.read(0, 6).unwrap(), b"hello\n");
    assert_eq!(file.read(4, 100).unwrap(), b"o\n");
    for offset in [6, 7, 1 << 40, i64::MAX as u64] {
        assert_eq!(file.read(offset, 1), Err(code::END_OF_FILE), "{offset}");
    }
    file.close();
}

#[test]
fn the_largest_file_there_can_be() {
    let Some(_mounted) = mounted(TestFs::default()) else { return };
    let file = open("\\huge").unwrap();
    assert_eq!(file.info.size, testfs::HUGE);
    let offset = testfs::HUGE - 5;
    let expected: Vec<u8> = (offset..testfs::HUGE).map(|at| testfs::byte_at(4, at)).collect();
    assert_eq!(file.read(offset, 100).unwrap(), expected);
    assert_eq!(file.read(testfs::HUGE, 100), Err(code::END_OF_FILE));
    file.close();
}

#[test]
fn eight_threads_at_once() {
    let core = Arc::new(tree(DATASET));
    let Some(mounted) = mounted(core.clone()) else { return };
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let core = &core;
            scope.spawn(move || {
                let mut number = numbers(thread);
                for _ in 0..100 {
                    let name = format!("x_s{}-{}", number(4), 5000 + number(3));
                    let file = open(&format!("\\{name}")).unwrap();
                    let mut expected = vec![0; 6000];
                    let attr = core.lookup(Ino::ROOT, name.as_bytes()).unwrap();
                    let offset = number(attr.size);
                    let count = core.read(attr.ino, offset, &mut expected).unwrap();
                    core.forget(attr.ino, 1);
                    assert!(file.read(offset, 6000).unwrap() == expected[..count], "{name} {offset}");
                    file.close();
                }
            });
        }
    });
    assert_eq!((core.on_demand_inodes(), mounted.counters.panics()), (0, 0), "all references are given back");
}

#[test]
fn files_that_change_by_themselves_pass_by_the_cache() {
    let Some(_mounted) = mounted(TestFs::default()) else { return };
    let plain = open("\\a.txt").unwrap();
    assert!(!plain.uncached);
    plain.close();
    let mut texts = Vec::new();
    for _ in 0..2 {
        let file = open("\\volatile").unwrap();
        assert!(file.uncached);
        texts.push(file.read(0, 100).unwrap());
        assert_eq!(texts[0].len() as u64, file.info.size);
        file.close();
    }
    assert_ne!(texts[0], texts[1], "each open sees what is there then");
}
