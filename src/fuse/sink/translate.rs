//! Values of requests and replies in the sink's terms.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

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

/// The moment that a request sets; one that cannot be expressed becomes the nearest that can.
///
/// Nanoseconds are counted from the second on, before 1970 as well; fuser takes those before 1970 away once more, so
/// that -6 seconds and 0.25 come as 6.25 seconds before 1970.
pub(super) fn neutral_time(time: SystemTime) -> Time {
    let seconds = |since: Duration| i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => Time { seconds: seconds(since), nanoseconds: since.subsec_nanos() },
        Err(before) => {
            let before = before.duration();
            Time { seconds: -seconds(before), nanoseconds: before.subsec_nanos() }
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
    use fuser::FileType as FuseType;

    use super::super::fuse_type;
    use super::*;
    use crate::fuse::attr;

    #[test]
    fn times_before_1970_keep_their_second() {
        let time = neutral_time(UNIX_EPOCH - Duration::new(6, 250_000_000));
        assert_eq!(time, Time { seconds: -6, nanoseconds: 250_000_000 });
        assert_eq!(attr::time(time), UNIX_EPOCH - Duration::new(5, 750_000_000), "what is told is right");
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
