//! A tiny tree for the tests of the adapter.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use seedfs::vfs::{Attr, Cookie, Entry, FileType, FsError, Ino, Result, Seek, Siblings, StatFs, Time, Vfs};

pub const HUGE: u64 = i64::MAX as u64;

/// First number of the inodes that exist only while they are referenced.
pub const ON_DEMAND: u64 = 1 << 40;

/// Inode, directory, name, type, size; the root is inode 1.
const TREE: [(u64, u64, &str, FileType, u64); 8] = [
    (2, 1, "a.txt", FileType::Regular, 6),
    (3, 1, "panics", FileType::Regular, 4096),
    (4, 1, "huge", FileType::Regular, HUGE),
    (5, 1, "holes", FileType::Regular, 12288),
    (6, 1, "dir", FileType::Directory, 0),
    (7, 6, "inner.txt", FileType::Regular, 6),
    (8, 1, "link", FileType::Symlink, 5),
    (9, 1, "program", FileType::Regular, 6),
];

/// `volatile` counts the reads; names `od0` … exist while they are looked up; reading `panics` panics.
#[derive(Debug, Default)]
pub struct TestFs {
    pub references: Mutex<HashMap<u64, i64>>,
    pub reads: AtomicU64,
}

impl TestFs {
    fn volatile_text(&self) -> String {
        format!("{:020}\n", self.reads.load(Ordering::Relaxed))
    }
}

fn attr(ino: u64, file_type: FileType, size: u64) -> Attr {
    let perm = if file_type == FileType::Directory || ino == 9 { 0o755 } else { 0o644 };
    let blocks = if ino == 5 { 16 } else { size.div_ceil(512) };
    Attr {
        ino: Ino(ino),
        file_type,
        size,
        blocks,
        perm,
        device: None,
        nlink: 1,
        mtime: Time { seconds: 1_000_000_000, nanoseconds: 0 },
        ctime: Time { seconds: 1_000_000_000, nanoseconds: 0 },
        owner: None,
        volatile: false,
    }
}

/// A file of inode `ino` holds this at an offset.
pub fn byte_at(ino: u64, offset: u64) -> u8 {
    match ino {
        5 if (4096..8192).contains(&offset) => 0,
        4 | 5 => (offset % 251) as u8 + 1,
        _ => b"hello\n"[offset as usize % 6],
    }
}

const VOLATILE: u64 = 10;

fn volatile_attr() -> Attr {
    let now = UNIX_EPOCH.elapsed().unwrap();
    let mtime = Time { seconds: now.as_secs() as i64, nanoseconds: now.subsec_nanos() };
    Attr { volatile: true, mtime, ..attr(VOLATILE, FileType::Regular, 21) }
}

impl Vfs for TestFs {
    fn statfs(&self) -> StatFs {
        StatFs { bytes: 10_000, inodes: 9 }
    }

    fn getattr(&self, ino: Ino) -> Result<Attr> {
        match ino.0 {
            1 => Ok(attr(1, FileType::Directory, 0)),
            VOLATILE => Ok(volatile_attr()),
            n if n >= ON_DEMAND => {
                let known = self.references.lock().unwrap().contains_key(&n);
                known.then(|| attr(n, FileType::Regular, 6)).ok_or(FsError::Stale)
            }
            n => TREE.iter().find(|e| e.0 == n).map(|e| attr(e.0, e.3, e.4)).ok_or(FsError::Stale),
        }
    }

    fn lookup(&self, dir: Ino, name: &[u8]) -> Result<Attr> {
        if self.getattr(dir)?.file_type != FileType::Directory {
            return Err(FsError::NotDirectory);
        }
        let name = std::str::from_utf8(name).map_err(|_| FsError::NotFound)?;
        if name == "volatile" {
            return self.getattr(Ino(VOLATILE));
        }
        if let Some(number) = name.strip_prefix("od").and_then(|n| n.parse::<u32>().ok()) {
            let ino = ON_DEMAND + u64::from(number);
            *self.references.lock().unwrap().entry(ino).or_default() += 1;
            return Ok(attr(ino, FileType::Regular, 6));
        }
        let entry = TREE.iter().find(|e| e.1 == dir.0 && e.2 == name).ok_or(FsError::NotFound)?;
        self.getattr(Ino(entry.0))
    }

    fn forget(&self, ino: Ino, count: u64) {
        if ino.0 >= ON_DEMAND {
            let mut references = self.references.lock().unwrap();
            let left = references.entry(ino.0).or_default();
            *left -= count as i64;
            if *left == 0 {
                references.remove(&ino.0);
            }
        }
    }

    fn parent(&self, dir: Ino) -> Result<Ino> {
        match dir.0 {
            1 => Ok(Ino(1)),
            n => TREE
                .iter()
                .find(|e| e.0 == n && e.3 == FileType::Directory)
                .map(|e| Ino(e.1))
                .ok_or(FsError::NotDirectory),
        }
    }

    fn read(&self, ino: Ino, offset: u64, buf: &mut [u8]) -> Result<usize> {
        let attr = self.getattr(ino)?;
        assert_ne!(ino.0, 3, "asked to panic");
        let count = attr.size.saturating_sub(offset).min(buf.len() as u64) as usize;
        if ino.0 == VOLATILE {
            self.reads.fetch_add(1, Ordering::Relaxed);
            let text = self.volatile_text();
            buf[..count].copy_from_slice(&text.as_bytes()[offset as usize..][..count]);
        } else {
            for (i, byte) in buf[..count].iter_mut().enumerate() {
                *byte = byte_at(ino.0, offset + i as u64);
            }
        }
        Ok(count)
    }

    fn seek(&self, ino: Ino, offset: u64, what: Seek) -> Result<u64> {
        let size = self.getattr(ino)?.size;
        if offset >= size {
            return Err(FsError::NoMoreData);
        }
        let in_hole = ino.0 == 5 && (4096..8192).contains(&offset);
        Ok(match what {
            Seek::Data if in_hole => 8192,
            Seek::Hole if in_hole => offset,
            Seek::Data => offset,
            Seek::Hole if ino.0 == 5 && offset < 4096 => 4096,
            Seek::Hole => size,
        })
    }

    fn readdir(&self, dir: Ino, from: Cookie, emit: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        let parent = self.parent(dir)?;
        let children = TREE.iter().filter(|e| e.1 == dir.0).map(|e| (e.2, e.0));
        let all = [(".", dir.0), ("..", parent.0)].into_iter().chain(children);
        for (i, (name, ino)) in all.enumerate().skip(from.0 as usize) {
            let entry = Entry { name: name.as_bytes(), attr: self.getattr(Ino(ino))?, next: Cookie(i as u64 + 1) };
            if emit(entry).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn position(&self, _: Ino, _: &[u8]) -> Result<Cookie> {
        Err(FsError::NotFound)
    }

    fn siblings(&self, _: Ino) -> Option<Siblings> {
        None
    }

    fn files(&self, _: Ino) -> Option<Siblings> {
        None
    }

    fn readlink(&self, ino: Ino) -> Result<Vec<u8>> {
        if ino.0 == 8 { Ok(b"a.txt".to_vec()) } else { Err(FsError::Invalid) }
    }

    fn listxattr(&self, ino: Ino) -> Result<&'static [&'static str]> {
        self.getattr(ino)?;
        Ok(&["user.test.a", "user.test.b"])
    }

    fn getxattr(&self, ino: Ino, name: &[u8]) -> Result<Vec<u8>> {
        self.getattr(ino)?;
        if name == b"user.test.a" { Ok(b"value".to_vec()) } else { Err(FsError::NoAttribute) }
    }
}
