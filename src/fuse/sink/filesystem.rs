//! The calls of fuser, each handed on in the sink's terms.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use fuser::{
    AccessFlags, BsdFileFlags, CopyFileRangeFlags, Errno, FileHandle, Filesystem, FopenFlags, Generation, INodeNo,
    InitFlags, IoctlFlags, KernelConfig, LockOwner, OpenAccMode, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate,
    ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyIoctl, ReplyLock, ReplyLseek, ReplyOpen, ReplyStatfs,
    ReplyWrite, ReplyXattr, Request, TimeOrNow, WriteFlags,
};
use log::{debug, info};

use super::control::{Control, ControlFile, DIRECTORY, Place};
use super::translate::{allocation, done, neutral_time, node_type, rename_target, sized};
use super::{BLOCK_SIZE, LIFETIME, MAX_WRITE, SinkAdapter, fuse_attr, ino};
use crate::sink::{Change, NodeType, SinkError};
use crate::vfs::Seek;

/// Room that is promised, in blocks: more than any restore takes.
const BLOCKS: u64 = 1 << 44;

/// Files that are promised.
const FILES: u64 = 1 << 32;

/// Calls that nobody needs here: "do it yourself, and do not ask again".
macro_rules! unused {
    ($($call:ident($($argument:ty),*) $reply:ty = $errno:ident;)*) => { $(
        fn $call(&self, _: &Request, $(_: $argument,)* reply: $reply) {
            reply.error(Errno::$errno);
        }
    )* };
}

#[allow(clippy::too_many_arguments)] // given by the trait
impl Filesystem for SinkAdapter {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
        // Without the second each write is preceded by a question for security.capability.
        for flag in [InitFlags::FUSE_PARALLEL_DIROPS, InitFlags::FUSE_HANDLE_KILLPRIV_V2] {
            if config.add_capabilities(flag).is_err() {
                debug!("this kernel has no {flag:?}");
            }
        }
        let _ = config.set_max_write(MAX_WRITE);
        info!("connected, protocol {}", config.kernel_abi());
        Ok(())
    }

    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let name = name.as_bytes();
        let control = match Control::place(parent) {
            Some(_) => Some(self.control.find(name)),
            None if parent == INodeNo::ROOT && name == DIRECTORY => Some(Some(self.control.directory())),
            None => None,
        };
        match control {
            Some(Some(found)) => reply.entry(&Duration::ZERO, &found, Generation(0)),
            Some(None) => reply.error(Errno::ENOENT),
            None => self.reply_entry(self.serve("lookup", parent, || self.sink.lookup(ino(parent), name)), reply),
        }
    }

    fn forget(&self, _: &Request, node: INodeNo, count: u64) {
        let _ = self.serve("forget", node, || {
            self.sink.forget(ino(node), count);
            Ok(())
        });
    }

    fn getattr(&self, _: &Request, node: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        if let Some(place) = Control::place(node) {
            return reply.attr(&Duration::ZERO, &self.control.attr(place));
        }
        match self.serve("getattr", node, || self.sink.getattr(ino(node))) {
            Ok(found) => reply.attr(&self.lifetime(&found), &fuse_attr(&found)),
            Err(errno) => reply.error(errno),
        }
    }

    fn setattr(
        &self,
        _: &Request,
        node: INodeNo,
        mode: Option<u32>,
        uid: Option<u32>,
        gid: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        mtime: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        if let Some(place) = Control::place(node) {
            // A shell's `>` empties what it writes to.
            let is_harmless = mode.is_none() && uid.is_none() && gid.is_none();
            return if is_harmless {
                reply.attr(&Duration::ZERO, &self.control.attr(place))
            } else {
                reply.error(Errno::EPERM)
            };
        }
        let mtime = mtime.map(|time| match time {
            TimeOrNow::SpecificTime(time) => neutral_time(time),
            TimeOrNow::Now => neutral_time(SystemTime::now()),
        });
        let change = Change { perm: mode.map(|mode| (mode & 0o7777) as u16), uid, gid, size, mtime };
        match self.serve("setattr", node, || self.sink.setattr(ino(node), change)) {
            Ok(found) => reply.attr(&self.lifetime(&found), &fuse_attr(&found)),
            Err(errno) => reply.error(errno),
        }
    }

    fn readlink(&self, _: &Request, node: INodeNo, reply: ReplyData) {
        match self.serve("readlink", node, || self.sink.readlink(ino(node))) {
            Ok(target) => reply.data(&target),
            Err(errno) => reply.error(errno),
        }
    }

    fn mknod(&self, req: &Request, parent: INodeNo, name: &OsStr, mode: u32, _: u32, rdev: u32, reply: ReplyEntry) {
        let made = self.serve("mknod", parent, || {
            let what = node_type(mode as libc::mode_t, rdev).ok_or(SinkError::Invalid)?;
            self.sink.mknod(ino(parent), name.as_bytes(), what, mode as u16, (req.uid(), req.gid()))
        });
        self.reply_entry(made, reply);
    }

    fn mkdir(&self, req: &Request, parent: INodeNo, name: &OsStr, mode: u32, _: u32, reply: ReplyEntry) {
        let owner = (req.uid(), req.gid());
        let made = self.serve("mkdir", parent, || self.sink.mkdir(ino(parent), name.as_bytes(), mode as u16, owner));
        self.reply_entry(made, reply);
    }

    fn symlink(&self, req: &Request, parent: INodeNo, name: &OsStr, target: &Path, reply: ReplyEntry) {
        let made = self.serve("symlink", parent, || {
            let target = target.as_os_str().as_bytes();
            self.sink.symlink(ino(parent), name.as_bytes(), target, (req.uid(), req.gid()))
        });
        self.reply_entry(made, reply);
    }

    fn link(&self, _: &Request, node: INodeNo, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let made = self.serve("link", node, || self.sink.link(ino(node), ino(parent), name.as_bytes()));
        self.reply_entry(made, reply);
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        done(self.serve("unlink", parent, || self.sink.unlink(ino(parent), name.as_bytes())), reply);
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        done(self.serve("rmdir", parent, || self.sink.rmdir(ino(parent), name.as_bytes())), reply);
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let Some(target) = rename_target(flags) else { return reply.error(Errno::EINVAL) };
        let (from, to) = ((ino(parent), name.as_bytes()), (ino(new_parent), new_name.as_bytes()));
        if to.1 == DIRECTORY && new_parent == INodeNo::ROOT || Control::place(parent).is_some() {
            return reply.error(Errno::EPERM);
        }
        done(self.serve("rename", parent, || self.sink.rename(from, to, target)), reply);
    }

    fn create(&self, req: &Request, parent: INodeNo, name: &OsStr, mode: u32, _: u32, flags: i32, reply: ReplyCreate) {
        let made = self.serve("create", parent, || {
            let owner = (req.uid(), req.gid());
            let made = self.sink.mknod(ino(parent), name.as_bytes(), NodeType::Regular, mode as u16, owner)?;
            if OpenFlags(flags).acc_mode() != OpenAccMode::O_RDONLY {
                self.sink.open(made.ino)?;
            }
            Ok(made)
        });
        match made {
            Ok(made) => {
                reply.created(&LIFETIME, &fuse_attr(&made), Generation(0), FileHandle(0), FopenFlags::empty());
            }
            Err(errno) => reply.error(errno),
        }
    }

    fn open(&self, _: &Request, node: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        let writes = flags.acc_mode() != OpenAccMode::O_RDONLY;
        if let Some(place) = Control::place(node) {
            return match place {
                Place::File(file) if !writes || file == ControlFile::Notify => {
                    let handle = self.serve("open", node, || Ok(self.control.open(file)));
                    match handle {
                        Ok(handle) => reply.opened(FileHandle(handle), FopenFlags::FOPEN_DIRECT_IO),
                        Err(errno) => reply.error(errno),
                    }
                }
                _ => reply.error(Errno::EACCES),
            };
        }
        match self.serve("open", node, || if writes { self.sink.open(ino(node)) } else { Ok(()) }) {
            Ok(()) => reply.opened(FileHandle(0), FopenFlags::empty()),
            Err(errno) => reply.error(errno),
        }
    }

    fn release(
        &self,
        _: &Request,
        node: INodeNo,
        handle: FileHandle,
        flags: OpenFlags,
        _: Option<LockOwner>,
        _: bool,
        reply: ReplyEmpty,
    ) {
        if Control::place(node).is_some() {
            self.control.close(handle.0);
        } else if flags.acc_mode() != OpenAccMode::O_RDONLY {
            let _ = self.serve("release", node, || {
                self.sink.release(ino(node));
                Ok(())
            });
        }
        reply.ok();
    }

    fn read(
        &self,
        _: &Request,
        node: INodeNo,
        handle: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        if Control::place(node).is_some() {
            return reply.data(&self.control.read(handle.0, offset, size));
        }
        let read = self.serve("read", node, || {
            let mut bytes = vec![0; size as usize];
            let len = self.sink.read(ino(node), offset, &mut bytes)?;
            bytes.truncate(len);
            Ok(bytes)
        });
        match read {
            Ok(bytes) => reply.data(&bytes),
            Err(errno) => reply.error(errno),
        }
    }

    fn write(
        &self,
        _: &Request,
        node: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        flags: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        if let Some(place) = Control::place(node) {
            let is_heard = place == Place::File(ControlFile::Notify) && self.control.call_back(data.trim_ascii());
            return if is_heard { reply.written(data.len() as u32) } else { reply.error(Errno::EIO) };
        }
        let written = self.serve("write", node, || {
            if flags.contains(WriteFlags::FUSE_WRITE_KILL_SUIDGID) {
                self.sink.drop_privileges(ino(node))?;
            }
            self.sink.write(ino(node), offset, data)
        });
        match written {
            Ok(()) => reply.written(data.len() as u32),
            Err(errno) => reply.error(errno),
        }
    }

    fn fallocate(
        &self,
        _: &Request,
        node: INodeNo,
        _: FileHandle,
        offset: u64,
        length: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        let Some((extend, zero)) = allocation(mode) else { return reply.error(Errno::EOPNOTSUPP) };
        done(self.serve("fallocate", node, || self.sink.allocate(ino(node), offset, length, extend, zero)), reply);
    }

    fn lseek(&self, _: &Request, node: INodeNo, _: FileHandle, offset: i64, whence: i32, reply: ReplyLseek) {
        let what = match whence {
            libc::SEEK_DATA => Seek::Data,
            libc::SEEK_HOLE => Seek::Hole,
            _ => return reply.error(Errno::EINVAL),
        };
        let Ok(from) = u64::try_from(offset) else { return reply.error(Errno::ENXIO) };
        match self.serve("lseek", node, || self.sink.seek(ino(node), from, what)) {
            Ok(found) => match found.and_then(|found| i64::try_from(found).ok()) {
                Some(found) => reply.offset(found),
                None => reply.error(Errno::ENXIO),
            },
            Err(errno) => reply.error(errno),
        }
    }

    fn readdir(&self, _: &Request, dir: INodeNo, _: FileHandle, from: u64, mut reply: ReplyDirectory) {
        let listed = self.serve("readdir", dir, || self.list(dir, from, &mut reply));
        match listed {
            Ok(()) => reply.ok(),
            Err(errno) => reply.error(errno),
        }
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        reply.statfs(BLOCKS, BLOCKS, BLOCKS, FILES, FILES, BLOCK_SIZE, 255, BLOCK_SIZE);
    }

    fn setxattr(&self, _: &Request, node: INodeNo, name: &OsStr, value: &[u8], flags: i32, _: u32, reply: ReplyEmpty) {
        let fresh = match flags {
            libc::XATTR_CREATE => Some(true),
            libc::XATTR_REPLACE => Some(false),
            _ => None,
        };
        done(self.serve("setxattr", node, || self.sink.setxattr(ino(node), name.as_bytes(), value, fresh)), reply);
    }

    fn getxattr(&self, _: &Request, node: INodeNo, name: &OsStr, size: u32, reply: ReplyXattr) {
        sized(self.serve("getxattr", node, || self.sink.getxattr(ino(node), name.as_bytes())), size, reply);
    }

    fn listxattr(&self, _: &Request, node: INodeNo, size: u32, reply: ReplyXattr) {
        let names = self.serve("listxattr", node, || {
            let names = self.sink.listxattr(ino(node))?;
            Ok(names.into_iter().flat_map(|name| name.into_iter().chain([0])).collect())
        });
        sized(names, size, reply);
    }

    fn removexattr(&self, _: &Request, node: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        done(self.serve("removexattr", node, || self.sink.removexattr(ino(node), name.as_bytes())), reply);
    }

    /// Permission bits are checked by the kernel (default_permissions).
    fn access(&self, _: &Request, _: INodeNo, _: AccessFlags, reply: ReplyEmpty) {
        reply.ok();
    }

    unused! {
        flush(INodeNo, FileHandle, LockOwner) ReplyEmpty = ENOSYS;
        fsync(INodeNo, FileHandle, bool) ReplyEmpty = ENOSYS;
        fsyncdir(INodeNo, FileHandle, bool) ReplyEmpty = ENOSYS;
        getlk(INodeNo, FileHandle, LockOwner, u64, u64, i32, u32) ReplyLock = ENOSYS;
        setlk(INodeNo, FileHandle, LockOwner, u64, u64, i32, u32, bool) ReplyEmpty = ENOSYS;
        copy_file_range(INodeNo, FileHandle, u64, INodeNo, FileHandle, u64, u64, CopyFileRangeFlags) ReplyWrite = ENOSYS;
        ioctl(INodeNo, FileHandle, IoctlFlags, u32, &[u8], u32) ReplyIoctl = ENOTTY;
    }
}
