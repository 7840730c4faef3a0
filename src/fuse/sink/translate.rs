//! Values of requests and replies in the sink's terms.

use std::time::{SystemTime, UNIX_EPOCH};

use fuser::{Errno, RenameFlags, ReplyEmpty, ReplyXattr};

use crate::sink::{NodeType, Special, Target};
use crate::vfs::Time;

/// The node that a mode and a device number of mknod(2) ask for.
pub(super) fn node_type(mode: libc::mode_t, rdev: u32) -> Option<NodeType> {
    Some(match mode & libc::S_IFMT {
        libc::S_IFREG | 0 => NodeType::Regular,
        libc::S_IFIFO => NodeType::Special(Special::Fifo),
        libc::S_IFSOCK => NodeType::Special(Special::Socket),
        libc::S_IFCHR => NodeType::Special(Special::Char(rdev)),
        libc::S_IFBLK => NodeType::Special(Special::Block(rdev)),
        _ => return None,
    })
}

/// A moment of the platform's; one that it cannot express becomes the nearest that it can.
pub(super) fn neutral_time(time: SystemTime) -> Time {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => {
            Time { seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX), nanoseconds: since.subsec_nanos() }
        }
        Err(before) => {
            let before = before.duration();
            let seconds = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
            match before.subsec_nanos() {
                0 => Time { seconds: -seconds, nanoseconds: 0 },
                nanoseconds => Time { seconds: -seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds },
            }
        }
    }
}

pub(super) fn done(result: Result<(), Errno>, reply: ReplyEmpty) {
    match result {
        Ok(()) => reply.ok(),
        Err(errno) => reply.error(errno),
    }
}

/// The two-step protocol of extended attributes: size 0 asks for the length, too small a size is ERANGE.
pub(super) fn sized(value: Result<Vec<u8>, Errno>, size: u32, reply: ReplyXattr) {
    match value {
        Ok(value) if size == 0 => reply.size(u32::try_from(value.len()).unwrap_or(u32::MAX)),
        Ok(value) if value.len() > size as usize => reply.error(Errno::ERANGE),
        Ok(value) => reply.data(&value),
        Err(errno) => reply.error(errno),
    }
}

/// What fallocate(2) asks for: whether the file may grow, and whether what is there becomes zeros.
#[cfg(target_os = "linux")]
pub(super) fn allocation(mode: i32) -> Option<(bool, bool)> {
    let extend = mode & libc::FALLOC_FL_KEEP_SIZE == 0;
    match mode & !libc::FALLOC_FL_KEEP_SIZE {
        0 => Some((extend, false)),
        libc::FALLOC_FL_PUNCH_HOLE => Some((false, true)),
        libc::FALLOC_FL_ZERO_RANGE => Some((extend, true)),
        _ => None,
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn allocation(mode: i32) -> Option<(bool, bool)> {
    (mode == 0).then_some((true, false))
}

#[cfg(target_os = "linux")]
pub(super) fn rename_target(flags: RenameFlags) -> Option<Target> {
    if flags.is_empty() {
        Some(Target::Replace)
    } else if flags == RenameFlags::RENAME_NOREPLACE {
        Some(Target::Keep)
    } else {
        (flags == RenameFlags::RENAME_EXCHANGE).then_some(Target::Exchange)
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn rename_target(flags: RenameFlags) -> Option<Target> {
    flags.is_empty().then_some(Target::Replace)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fuser::FileType as FuseType;

    use super::super::fuse_type;
    use super::*;
    use crate::fuse::attr;

    #[test]
    fn times_before_1970_keep_their_second() {
        let time = UNIX_EPOCH - Duration::new(5, 250_000_000);
        assert_eq!(neutral_time(time), Time { seconds: -6, nanoseconds: 750_000_000 });
        assert_eq!(attr::time(neutral_time(time)), time);
    }

    #[test]
    fn types_go_there_and_back() {
        for (mode, expected) in [
            (libc::S_IFREG, FuseType::RegularFile),
            (libc::S_IFIFO, FuseType::NamedPipe),
            (libc::S_IFSOCK, FuseType::Socket),
            (libc::S_IFCHR, FuseType::CharDevice),
            (libc::S_IFBLK, FuseType::BlockDevice),
        ] {
            assert_eq!(node_type(mode | 0o644, 7).map(fuse_type), Some(expected));
        }
        assert_eq!(node_type(libc::S_IFDIR, 0), None);
    }
}
