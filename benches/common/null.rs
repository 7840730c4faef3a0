//! What the null file systems have in common: attributes that never change, and the settings that seedfs has as well.

use std::io;
use std::time::{Duration, UNIX_EPOCH};

use fuser::{Config, FileAttr, FileType, INodeNo, MountOption};

/// How long the kernel may keep what it is told.
pub(crate) const FOREVER: Duration = Duration::from_secs(86_400);

/// Threads and mount options.
///
/// # Errors
/// The number of processors is unknown.
pub(crate) fn config() -> io::Result<Config> {
    let mut config = Config::default();
    config.mount_options = vec![
        MountOption::RO,
        MountOption::NoAtime,
        MountOption::DefaultPermissions,
        MountOption::FSName("null".into()),
    ];
    config.n_threads = Some(std::thread::available_parallelism()?.get().min(8));
    Ok(config)
}

/// A file of `size` bytes that everybody may read.
pub(crate) fn file(ino: u64, size: u64) -> FileAttr {
    attr(ino, FileType::RegularFile, 0o444, size, 4096)
}

/// A directory that everybody may list, in blocks as large as seedfs gives them.
pub(crate) fn directory(ino: u64) -> FileAttr {
    attr(ino, FileType::Directory, 0o555, 4096, 1 << 20)
}

fn attr(ino: u64, kind: FileType, perm: u16, size: u64, blksize: u32) -> FileAttr {
    let time = UNIX_EPOCH;
    FileAttr {
        ino: INodeNo(ino),
        size,
        blocks: size / 512,
        atime: time,
        mtime: time,
        ctime: time,
        crtime: time,
        kind,
        perm,
        nlink: 1,
        uid: 0,
        gid: 0,
        rdev: 0,
        blksize,
        flags: 0,
    }
}
