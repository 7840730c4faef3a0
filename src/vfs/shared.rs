//! A tree with several owners is a tree.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use super::{Attr, Cookie, Delivery, Entry, Extent, Ino, Result, Seek, Siblings, Stale, StatFs, Vfs};

// What a method would do by itself is not what the tree behind does.
#[deny(clippy::missing_trait_methods)]
impl<V: Vfs> Vfs for Arc<V> {
    fn statfs(&self) -> StatFs {
        V::statfs(self)
    }
    fn getattr(&self, ino: Ino) -> Result<Attr> {
        V::getattr(self, ino)
    }
    fn lookup(&self, dir: Ino, name: &[u8]) -> Result<Attr> {
        V::lookup(self, dir, name)
    }
    fn spelling(&self, dir: Ino, name: &[u8]) -> Result<Vec<u8>> {
        V::spelling(self, dir, name)
    }
    fn forget(&self, ino: Ino, count: u64) {
        V::forget(self, ino, count);
    }
    fn parent(&self, dir: Ino) -> Result<Ino> {
        V::parent(self, dir)
    }
    fn read(&self, ino: Ino, offset: u64, buf: &mut [u8]) -> Result<usize> {
        V::read(self, ino, offset, buf)
    }
    fn extent(&self, ino: Ino) -> Option<Extent> {
        V::extent(self, ino)
    }
    fn deliver(&self, ino: Ino, bytes: Range<u64>) -> Delivery {
        V::deliver(self, ino, bytes)
    }
    fn seek(&self, ino: Ino, offset: u64, what: Seek) -> Result<u64> {
        V::seek(self, ino, offset, what)
    }
    fn readdir(&self, dir: Ino, from: Cookie, emit: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        V::readdir(self, dir, from, emit)
    }
    fn position(&self, dir: Ino, name: &[u8]) -> Result<Cookie> {
        V::position(self, dir, name)
    }
    fn path(&self, ino: Ino) -> Option<Vec<u8>> {
        V::path(self, ino)
    }
    fn siblings(&self, ino: Ino) -> Option<Siblings> {
        V::siblings(self, ino)
    }
    fn files(&self, dir: Ino) -> Option<Siblings> {
        V::files(self, dir)
    }
    fn readlink(&self, ino: Ino) -> Result<Vec<u8>> {
        V::readlink(self, ino)
    }
    fn listxattr(&self, ino: Ino) -> Result<&'static [&'static str]> {
        V::listxattr(self, ino)
    }
    fn getxattr(&self, ino: Ino, name: &[u8]) -> Result<Vec<u8>> {
        V::getxattr(self, ino, name)
    }
    fn advance(&self, ino: Ino, generation: Option<u64>, stale: &mut dyn FnMut(Stale<'_>)) -> Result<u64> {
        V::advance(self, ino, generation, stale)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Mutex;

    use super::*;
    use crate::vfs::{FileType, FsError, Time};

    /// Takes down which of its methods was called, with what, and answers none of them as the trait would by itself.
    #[derive(Default)]
    struct Told(Mutex<BTreeSet<String>>);

    impl Told {
        fn tell(&self, call: String) {
            self.0.lock().unwrap().insert(call);
        }
    }

    const ATTR: Attr = Attr {
        ino: Ino(5),
        file_type: FileType::Regular,
        size: 6,
        blocks: 7,
        perm: 0o600,
        owner: None,
        device: None,
        nlink: 8,
        mtime: Time { seconds: 9, nanoseconds: 0 },
        ctime: Time { seconds: 10, nanoseconds: 0 },
        volatile: false,
    };
    const SIBLINGS: Siblings = Siblings { first: Ino(11), step: 12, count: 13 };

    #[deny(clippy::missing_trait_methods)]
    impl Vfs for Told {
        fn statfs(&self) -> StatFs {
            self.tell("statfs".into());
            StatFs { bytes: 1, inodes: 2 }
        }
        fn getattr(&self, ino: Ino) -> Result<Attr> {
            self.tell(format!("getattr {ino:?}"));
            Ok(ATTR)
        }
        fn lookup(&self, dir: Ino, name: &[u8]) -> Result<Attr> {
            self.tell(format!("lookup {dir:?} {name:?}"));
            Ok(ATTR)
        }
        fn spelling(&self, dir: Ino, name: &[u8]) -> Result<Vec<u8>> {
            self.tell(format!("spelling {dir:?} {name:?}"));
            Ok(b"spelt".to_vec())
        }
        fn forget(&self, ino: Ino, count: u64) {
            self.tell(format!("forget {ino:?} {count}"));
        }
        fn parent(&self, dir: Ino) -> Result<Ino> {
            self.tell(format!("parent {dir:?}"));
            Ok(Ino(14))
        }
        fn read(&self, ino: Ino, offset: u64, buf: &mut [u8]) -> Result<usize> {
            self.tell(format!("read {ino:?} {offset} {}", buf.len()));
            buf.fill(b'x');
            Ok(buf.len())
        }
        fn extent(&self, ino: Ino) -> Option<Extent> {
            self.tell(format!("extent {ino:?}"));
            Some(Extent { start: 15, size: 16, span: 17 })
        }
        fn deliver(&self, ino: Ino, bytes: Range<u64>) -> Delivery {
            self.tell(format!("deliver {ino:?} {bytes:?}"));
            Delivery { end: 18, hold: 19, fails: true }
        }
        fn seek(&self, ino: Ino, offset: u64, what: Seek) -> Result<u64> {
            self.tell(format!("seek {ino:?} {offset} {what:?}"));
            Ok(20)
        }
        fn readdir(&self, dir: Ino, from: Cookie, emit: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
            self.tell(format!("readdir {dir:?} {from:?}"));
            let _ = emit(Entry { name: b"entry", attr: ATTR, next: Cookie(21) });
            Ok(())
        }
        fn position(&self, dir: Ino, name: &[u8]) -> Result<Cookie> {
            self.tell(format!("position {dir:?} {name:?}"));
            Ok(Cookie(22))
        }
        fn path(&self, ino: Ino) -> Option<Vec<u8>> {
            self.tell(format!("path {ino:?}"));
            Some(b"a/path".to_vec())
        }
        fn siblings(&self, ino: Ino) -> Option<Siblings> {
            self.tell(format!("siblings {ino:?}"));
            Some(SIBLINGS)
        }
        fn files(&self, dir: Ino) -> Option<Siblings> {
            self.tell(format!("files {dir:?}"));
            Some(SIBLINGS)
        }
        fn readlink(&self, ino: Ino) -> Result<Vec<u8>> {
            self.tell(format!("readlink {ino:?}"));
            Ok(b"target".to_vec())
        }
        fn listxattr(&self, ino: Ino) -> Result<&'static [&'static str]> {
            self.tell(format!("listxattr {ino:?}"));
            Ok(&["user.one"])
        }
        fn getxattr(&self, ino: Ino, name: &[u8]) -> Result<Vec<u8>> {
            self.tell(format!("getxattr {ino:?} {name:?}"));
            Ok(b"value".to_vec())
        }
        fn advance(&self, ino: Ino, generation: Option<u64>, stale: &mut dyn FnMut(Stale<'_>)) -> Result<u64> {
            self.tell(format!("advance {ino:?} {generation:?}"));
            stale(Stale::Inode(Ino(23)));
            Err(FsError::Io)
        }
    }

    /// Asks everything of a tree, and says what it answered.
    fn ask(vfs: &impl Vfs) -> Vec<String> {
        let (mut buf, mut emitted, mut stale) = ([0; 3], Vec::new(), Vec::new());
        let (one, name) = (Ino(1), b"name");
        vfs.forget(one, 2);
        let mut answers = vec![
            format!("{:?}", vfs.statfs()),
            format!("{:?}", vfs.getattr(one)),
            format!("{:?}", vfs.lookup(one, name)),
            format!("{:?}", vfs.spelling(one, name)),
            format!("{:?}", vfs.parent(one)),
            format!("{:?}", vfs.read(one, 2, &mut buf)),
            format!("{:?}", vfs.extent(one)),
            format!("{:?}", vfs.deliver(one, 2..3)),
            format!("{:?}", vfs.seek(one, 2, Seek::Hole)),
            format!("{:?}", vfs.position(one, name)),
            format!("{:?}", vfs.path(one)),
            format!("{:?}", vfs.siblings(one)),
            format!("{:?}", vfs.files(Ino(2))),
            format!("{:?}", vfs.readlink(one)),
            format!("{:?}", vfs.listxattr(one)),
            format!("{:?}", vfs.getxattr(one, name)),
            format!("{:?}", vfs.advance(one, Some(2), &mut |what| stale.push(format!("{what:?}")))),
        ];
        let mut emit = |entry: Entry<'_>| {
            emitted.push(format!("{entry:?}"));
            ControlFlow::Break(())
        };
        answers.push(format!("{:?}", vfs.readdir(one, Cookie(2), &mut emit)));
        answers.extend([format!("{buf:?}"), format!("{emitted:?}"), format!("{stale:?}")]);
        answers
    }

    /// Names of the methods in a text that declares or defines them, at the depth of a trait or an implementation.
    fn methods(text: &str) -> Vec<&str> {
        text.lines().filter_map(|line| line.strip_prefix("    fn ")?.split('(').next()).collect()
    }

    #[test]
    fn every_question_goes_to_the_tree_behind() {
        let (alone, shared) = (Told::default(), Arc::new(Told::default()));
        assert_eq!(ask(&shared), ask(&alone));
        let calls = alone.0.into_inner().unwrap();
        assert_eq!(*shared.0.lock().unwrap(), calls);
        let called: BTreeSet<&str> = calls.iter().filter_map(|call| call.split(' ').next()).collect();
        let trait_text = include_str!("mod.rs").split("pub trait Vfs").nth(1).unwrap();
        let declared = methods(trait_text.split("\n}\n").next().unwrap());
        assert_eq!(called, declared.into_iter().collect(), "the trait has methods that nothing was asked here");
    }
}
