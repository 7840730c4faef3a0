//! Directories of 0, 1, 65,536 and 1,000,000 entries: every entry once, however small the pieces they are read in.

#[cfg(unix)]
mod common;

use std::collections::HashSet;
use std::ops::ControlFlow;

use seedfs::content::Corpus;
use seedfs::dataset::{Dataset, Spec};
use seedfs::tree::Tree;
use seedfs::vfs::{Cookie, Ino, Vfs};

const CASES: &str = "files=10,dirs=2,cases=directories";

fn tree() -> Tree {
    let dataset = Dataset::new(Spec::parse(CASES).unwrap()).unwrap();
    Tree::new(dataset, Corpus::builtin(), false, Box::new(String::new))
}

fn directory(tree: &Tree, count: usize) -> Ino {
    let path = ["cases", "directories", &format!("entries-{count}")].map(str::to_owned);
    path.iter().fold(Ino::ROOT, |dir, name| tree.lookup(dir, name.as_bytes()).unwrap().ino)
}

#[test]
fn few_entries_at_a_time_add_up_to_all() {
    let tree = tree();
    for (count, at_a_time) in [(0, 1), (1, 1), (65_536, 1), (1_000_000, 7)] {
        let dir = directory(&tree, count);
        let (mut from, mut names, mut inodes) = (Cookie::START, HashSet::new(), HashSet::new());
        loop {
            let mut left = at_a_time;
            let before = from;
            tree.readdir(dir, from, &mut |entry| {
                if left == 0 {
                    return ControlFlow::Break(());
                }
                left -= 1;
                from = entry.next;
                assert!(names.insert(entry.name.to_vec()));
                inodes.insert(entry.attr.ino);
                ControlFlow::Continue(())
            })
            .unwrap();
            if from == before {
                break;
            }
        }
        assert_eq!((names.len(), inodes.len()), (count + 2, count + 2));
    }
}

/// The way from a name to its place in the listing does not look at the others.
#[test]
fn names_are_found_and_placed_by_arithmetic() {
    let tree = tree();
    let dir = directory(&tree, 1_000_000);
    for at in [0u64, 1, 499_999, 999_999] {
        // Behind `.` and `..`.
        let mut name = Vec::new();
        tree.readdir(dir, Cookie(2 + at), &mut |entry| {
            name = entry.name.to_vec();
            ControlFlow::Break(())
        })
        .unwrap();
        assert_eq!(tree.position(dir, &name), Ok(Cookie(3 + at)));
        let found = tree.lookup(dir, &name).unwrap();
        assert_eq!((tree.getattr(found.ino), found.size), (Ok(found), 16));
        let siblings = tree.siblings(found.ino).unwrap();
        assert_eq!((siblings.count, siblings.position(found.ino), siblings.ino(at)), (1_000_000, at, found.ino));
        assert_eq!(tree.files(dir), Some(siblings));
    }
    assert_eq!(tree.files(directory(&tree, 0)), None);
}

#[cfg(unix)]
#[test]
fn the_kernel_lists_every_entry_once_with_small_buffers() {
    use std::os::fd::AsRawFd;
    let Some(mount) = common::mount::Mounted::start(&[CASES]) else { return };
    for count in [0, 1, 65_536, 1_000_000] {
        let dir = std::fs::File::open(mount.path().join(format!("cases/directories/entries-{count}"))).unwrap();
        let mut buffer = [0u64; 128];
        let (mut names, mut calls) = (HashSet::new(), 0);
        loop {
            let bytes = size_of_val(&buffer);
            // SAFETY: a directory that is open, and a buffer of the length that is told.
            let len = unsafe { libc::syscall(libc::SYS_getdents64, dir.as_raw_fd(), buffer.as_mut_ptr(), bytes) };
            assert!(len >= 0, "{}", std::io::Error::last_os_error());
            if len == 0 {
                break;
            }
            calls += 1;
            let bytes: Vec<u8> = buffer.iter().flat_map(|word| word.to_ne_bytes()).collect();
            let mut rest = &bytes[..len as usize];
            while !rest.is_empty() {
                let entry = usize::from(u16::from_ne_bytes([rest[16], rest[17]]));
                let name = rest[19..entry].split(|&byte| byte == 0).next().unwrap();
                assert!(names.insert(name.to_vec()), "{} twice", String::from_utf8_lossy(name));
                rest = &rest[entry..];
            }
        }
        assert_eq!(names.len(), count + 2);
        assert!(calls >= count / 40, "{calls} calls are no small pieces");
    }
    mount.unmount();
}
