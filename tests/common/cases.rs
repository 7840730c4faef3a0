//! Cases as a listing describes them, and as a file system shows them.

use std::collections::BTreeMap;

use seedfs::dataset::cases::{Case, Node};
use seedfs::dataset::{Dataset, Entry, Spec};
use seedfs::tree::case_ino;

/// Types of files in the bits of a mode, the same numbers on every Unix; Windows has none of its own.
pub const S_IFMT: u32 = 0o170_000;
pub const S_IFSOCK: u32 = 0o140_000;
pub const S_IFLNK: u32 = 0o120_000;
pub const S_IFREG: u32 = 0o100_000;
pub const S_IFBLK: u32 = 0o060_000;
pub const S_IFDIR: u32 = 0o040_000;
pub const S_IFCHR: u32 = 0o020_000;
pub const S_IFIFO: u32 = 0o010_000;

/// What `stat` tells of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// Type and permission bits.
    pub mode: u32,
    pub ino: u64,
    pub nlink: u64,
    /// Of files and links; 0 for all else.
    pub size: u64,
    pub mtime: (i64, i64),
    /// Major and minor of a device.
    pub device: (u32, u32),
    pub target: Vec<u8>,
}

#[cfg(unix)]
pub use on_disk::{Step, found};

pub fn dataset(text: &str) -> Dataset {
    Dataset::new(Spec::parse(text).unwrap()).unwrap()
}

/// Calls `visit` with each case and its path from the root.
pub fn each<'a>(dataset: &'a Dataset, mut visit: impl FnMut(Case<'a>, &[u8])) {
    let Ok(()) = dataset.walk(0..u64::MAX, |entry, path| {
        if let Entry::Case(case) = entry {
            visit(case, path);
        }
        Ok::<(), std::convert::Infallible>(())
    });
}

/// What the catalogue promises, by path.
pub fn promised(dataset: &Dataset) -> BTreeMap<Vec<u8>, Stat> {
    let mut stats = BTreeMap::new();
    each(dataset, |case, path| {
        let (format, size, device, target) = match case.node {
            Node::Directory => (S_IFDIR, 0, None, &b""[..]),
            Node::File(recipe) => (S_IFREG, recipe.bytes(), None, &b""[..]),
            Node::Symlink(target) => (S_IFLNK, target.len() as u64, None, target),
            Node::Fifo => (S_IFIFO, 0, None, &b""[..]),
            Node::Socket => (S_IFSOCK, 0, None, &b""[..]),
            Node::CharDevice(device) => (S_IFCHR, 0, Some(device), &b""[..]),
            Node::BlockDevice(device) => (S_IFBLK, 0, Some(device), &b""[..]),
        };
        let stat = Stat {
            mode: format | u32::from(case.mode),
            ino: case_ino(case.inode).0,
            nlink: case.links,
            size,
            mtime: (case.mtime.seconds, case.mtime.nanoseconds.into()),
            device: device.map_or((0, 0), |device| (device.major, device.minor)),
            target: target.to_vec(),
        };
        assert_eq!(stats.insert(path.to_vec(), stat), None, "{:?} twice", String::from_utf8_lossy(path));
    });
    stats
}

/// Fails with the first paths at which two trees differ.
pub fn assert_equal(one: &BTreeMap<Vec<u8>, Stat>, other: &BTreeMap<Vec<u8>, Stat>) {
    for (path, stat) in one {
        assert_eq!(Some(stat), other.get(path), "{:?}", String::from_utf8_lossy(path));
    }
    let more = other.keys().find(|path| !one.contains_key(*path));
    assert_eq!(more.map(|path| String::from_utf8_lossy(path)), None);
}

#[cfg(unix)]
mod on_disk {
    use std::collections::BTreeMap;
    use std::ffi::OsStr;
    use std::fs::{self, File};
    use std::os::fd::AsRawFd;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::MetadataExt;
    use std::path::{Path, PathBuf};

    use super::{S_IFDIR, S_IFMT, Stat};

    /// A directory that is reached from one above, however long its path has become.
    pub struct Step(File);

    impl Step {
        pub fn from(path: &Path) -> Self {
            Self(File::open(path).unwrap())
        }

        /// A short path to an entry.
        pub fn path(&self, name: &[u8]) -> PathBuf {
            Path::new("/proc/self/fd").join(self.0.as_raw_fd().to_string()).join(OsStr::from_bytes(name))
        }

        pub fn down(&self, name: &[u8]) -> Self {
            Self::from(&self.path(name))
        }

        pub fn names(&self) -> Vec<Vec<u8>> {
            let entries = fs::read_dir(self.path(b"")).unwrap();
            entries.map(|entry| entry.unwrap().file_name().as_bytes().to_vec()).collect()
        }

        pub fn stat(&self, name: &[u8]) -> Stat {
            let path = self.path(name);
            let found =
                fs::symlink_metadata(&path).unwrap_or_else(|e| panic!("{}: {e}", String::from_utf8_lossy(name)));
            let is_link = found.file_type().is_symlink();
            Stat {
                mode: found.mode(),
                ino: found.ino(),
                nlink: found.nlink(),
                size: if found.is_file() || is_link { found.len() } else { 0 },
                mtime: (found.mtime(), found.mtime_nsec()),
                device: (libc::major(found.rdev()), libc::minor(found.rdev())),
                target: if is_link { fs::read_link(&path).unwrap().as_os_str().as_bytes().to_vec() } else { vec![] },
            }
        }
    }

    /// All that lies below `cases` in a directory, by its path from there, read step by step.
    pub fn found(root: &Path) -> BTreeMap<Vec<u8>, Stat> {
        let mut stats = BTreeMap::new();
        let root = Step::from(root);
        stats.insert(b"cases".to_vec(), root.stat(b"cases"));
        walk(&root.down(b"cases"), b"cases", &mut stats);
        stats
    }

    fn walk(directory: &Step, path: &[u8], stats: &mut BTreeMap<Vec<u8>, Stat>) {
        for name in directory.names() {
            let stat = directory.stat(&name);
            let path = [path, b"/", &name].concat();
            if stat.mode & S_IFMT == S_IFDIR {
                walk(&directory.down(&name), &path, stats);
            }
            assert_eq!(stats.insert(path, stat), None, "{:?} twice", String::from_utf8_lossy(&name));
        }
    }
}
