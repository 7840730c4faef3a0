//! Attributes as FUSE wants them: owner, masks, times, lifetimes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fuser::{FileAttr, FileType as FuseType, INodeNo};

use crate::vfs::{Attr, Device, FileType, Ino, Time};

/// How long the kernel may keep what never changes.
pub(super) const FOREVER: Duration = Duration::from_secs(365 * 86_400);

/// Block size of files and of the file system in bytes.
pub(super) const BLOCK_SIZE: u32 = 4096;

/// Makes the C library read directories with its largest buffer: 64 requests a million entries instead of 1,956.
const DIRECTORY_BLOCK_SIZE: u32 = 1 << 20;

/// Who owns what, and which permission bits are taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ownership {
    /// Owner of all inodes, whatever the tree says.
    pub uid: Option<u32>,
    /// Group of all inodes, whatever the tree says.
    pub gid: Option<u32>,
    /// User and group of those for which the tree names none.
    pub mounter: (u32, u32),
    /// Permission bits that files lose, at most 0o7777.
    pub file_mask: u16,
    /// Permission bits that directories lose, at most 0o7777.
    pub dir_mask: u16,
}

impl Ownership {
    pub(super) fn attr(&self, attr: &Attr) -> FileAttr {
        let (perm, blksize) = match attr.file_type {
            FileType::Directory => (attr.perm & !self.dir_mask, DIRECTORY_BLOCK_SIZE),
            FileType::Symlink => (attr.perm, BLOCK_SIZE),
            _ => (attr.perm & !self.file_mask, BLOCK_SIZE),
        };
        // Of a volatile file the time is always new, which makes the kernel drop its cached pages
        // (FUSE_AUTO_INVAL_DATA).
        let (mtime, ctime) = (time(attr.mtime), time(attr.ctime));
        let (uid, gid) = attr.owner.unwrap_or(self.mounter);
        FileAttr {
            ino: INodeNo(attr.ino.0),
            size: attr.size,
            blocks: attr.blocks,
            atime: mtime,
            mtime,
            ctime,
            crtime: mtime,
            kind: fuse_type(attr.file_type),
            perm,
            nlink: attr.nlink,
            uid: self.uid.unwrap_or(uid),
            gid: self.gid.unwrap_or(gid),
            rdev: attr.device.map_or(0, rdev),
            blksize,
            flags: 0,
        }
    }
}

pub(super) fn fuse_type(file_type: FileType) -> FuseType {
    match file_type {
        FileType::Directory => FuseType::Directory,
        FileType::Regular => FuseType::RegularFile,
        FileType::Symlink => FuseType::Symlink,
        FileType::Fifo => FuseType::NamedPipe,
        FileType::Socket => FuseType::Socket,
        FileType::CharDevice => FuseType::CharDevice,
        FileType::BlockDevice => FuseType::BlockDevice,
    }
}

/// Twelve bits of the major between the lower eight and the upper twelve of the minor.
fn rdev(device: Device) -> u32 {
    device.minor & 0xff | (device.major & 0xfff) << 8 | (device.minor & 0xfff00) << 12
}

/// How long the kernel may keep these attributes.
pub(super) fn lifetime(attr: &Attr) -> Duration {
    if attr.volatile { Duration::ZERO } else { FOREVER }
}

/// What stands for "no such name, and remember it": inode 0.
pub(super) fn negative() -> FileAttr {
    let nothing = Attr {
        ino: Ino(0),
        file_type: FileType::Regular,
        size: 0,
        blocks: 0,
        perm: 0,
        owner: None,
        device: None,
        nlink: 0,
        mtime: Time { seconds: 0, nanoseconds: 0 },
        ctime: Time { seconds: 0, nanoseconds: 0 },
        volatile: false,
    };
    Ownership { uid: None, gid: None, mounter: (0, 0), file_mask: 0, dir_mask: 0 }.attr(&nothing)
}

/// The platform's time; 1970 itself for what it cannot express.
pub(super) fn time(time: Time) -> SystemTime {
    let distance = Duration::from_secs(time.seconds.unsigned_abs());
    let seconds = if time.seconds < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) };
    let time = seconds.and_then(|t| t.checked_add(Duration::from_nanos(time.nanoseconds.into())));
    time.unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Ownership = Ownership { uid: Some(7), gid: None, mounter: (9, 8), file_mask: 0o133, dir_mask: 0o022 };

    fn attr(file_type: FileType) -> Attr {
        Attr {
            ino: Ino(9),
            file_type,
            size: 1,
            blocks: 1,
            perm: 0o777,
            owner: None,
            device: None,
            nlink: 1,
            mtime: Time { seconds: -5, nanoseconds: 0 },
            ctime: Time { seconds: -5, nanoseconds: 0 },
            volatile: false,
        }
    }

    #[test]
    fn masks_depend_on_the_type() {
        assert_eq!(OWNER.attr(&attr(FileType::Regular)).perm, 0o644);
        assert_eq!(OWNER.attr(&attr(FileType::Directory)).perm, 0o755);
        assert_eq!(OWNER.attr(&attr(FileType::Symlink)).perm, 0o777);
        let file = OWNER.attr(&attr(FileType::Regular));
        assert_eq!((file.uid, file.gid, file.ino), (7, 8, INodeNo(9)));
    }

    #[test]
    fn times_before_1970_and_beyond_the_end() {
        assert_eq!(OWNER.attr(&attr(FileType::Regular)).mtime, UNIX_EPOCH - Duration::from_secs(5));
        for seconds in [i64::MIN, i64::MAX] {
            time(Time { seconds, nanoseconds: 999_999_999 });
        }
    }

    #[test]
    fn only_what_changes_by_itself_expires() {
        assert_eq!(lifetime(&attr(FileType::Regular)), FOREVER);
        assert_eq!(lifetime(&Attr { volatile: true, ..attr(FileType::Regular) }), Duration::ZERO);
        assert_eq!(negative().ino, INodeNo(0));
    }
}
