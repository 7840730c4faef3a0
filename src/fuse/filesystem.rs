//! The calls of fuser, each handed on in its own terms.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::SystemTime;

use fuser::{
    AccessFlags, BsdFileFlags, CopyFileRangeFlags, Errno, FileHandle, Filesystem, FopenFlags, INodeNo, InitFlags,
    IoctlFlags, KernelConfig, LockOwner, OpenAccMode, OpenFlags, PollEvents, PollFlags, PollNotifier, RenameFlags,
    ReplyAttr, ReplyBmap, ReplyCreate, ReplyData, ReplyDirectory, ReplyDirectoryPlus, ReplyEmpty, ReplyEntry,
    ReplyIoctl, ReplyLock, ReplyLseek, ReplyOpen, ReplyPoll, ReplyStatfs, ReplyWrite, ReplyXattr, Request, TimeOrNow,
    WriteFlags,
};

use super::attr::BLOCK_SIZE;
use super::{FuseAdapter, init};
use crate::stats::Op;
use crate::vfs::{Ino, Vfs};

/// Calls that are always answered with the same code, whatever they ask for.
macro_rules! always {
    ($($op:ident $errno:ident { $($call:ident($($argument:ty),*) $reply:ty;)* })*) => { $($(
        fn $call(&self, _: &Request, $(_: $argument,)* reply: $reply) {
            self.counters.count(Op::$op);
            reply.error(Errno::$errno);
        }
    )*)* };
}

#[allow(clippy::too_many_arguments)] // given by the trait
impl<V: Vfs> Filesystem for FuseAdapter<V> {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
        init::negotiate(config, &self.settings);
        let kernel = config.capabilities();
        let told = self.settings.direct_io || self.observer.is_some();
        self.zero_message_open = !told && kernel.contains(InitFlags::FUSE_NO_OPEN_SUPPORT);
        self.zero_message_opendir =
            !self.settings.opendir_message && kernel.contains(InitFlags::FUSE_NO_OPENDIR_SUPPORT);
        Ok(())
    }

    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        self.reply_lookup(parent, name.as_bytes(), reply);
    }

    fn destroy(&mut self) {
        // After this nobody knows the names of files that are not listed.
        if let Some(observer) = &self.observer {
            observer.look();
        }
    }

    // A batch arrives here as well, one inode at a time.
    fn forget(&self, _: &Request, ino: INodeNo, count: u64) {
        self.give_back(ino, count);
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.serve(Op::GetAttr, ino, || self.vfs.getattr(Ino(ino.0))) {
            Ok(found) => reply.attr(&self.lifetime(&found), &self.fuse_attr(&found)),
            Err(errno) => reply.error(errno),
        }
    }

    fn readlink(&self, _: &Request, ino: INodeNo, reply: ReplyData) {
        match self.serve(Op::ReadLink, ino, || self.vfs.readlink(Ino(ino.0))) {
            Ok(target) => reply.data(&target),
            Err(errno) => reply.error(errno),
        }
    }

    /// ENOSYS is no failure here: it tells the kernel that opening needs no message from now on, and files keep their
    /// pages in the cache.
    fn open(&self, _: &Request, ino: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        let writes = flags.acc_mode() != OpenAccMode::O_RDONLY;
        if writes || self.zero_message_open {
            self.counters.count(Op::Open);
            return reply.error(if writes { Errno::EROFS } else { Errno::ENOSYS });
        }
        let volatile = self.serve(Op::Open, ino, || self.vfs.getattr(Ino(ino.0))).is_ok_and(|attr| attr.volatile);
        let cache = if self.settings.direct_io || volatile {
            FopenFlags::FOPEN_DIRECT_IO
        } else {
            FopenFlags::FOPEN_KEEP_CACHE
        };
        reply.opened(FileHandle(0), cache | FopenFlags::FOPEN_NOFLUSH);
    }

    fn opendir(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        self.counters.count(Op::Open);
        if self.zero_message_opendir {
            return reply.error(Errno::ENOSYS);
        }
        reply.opened(FileHandle(0), FopenFlags::FOPEN_KEEP_CACHE | FopenFlags::FOPEN_CACHE_DIR);
    }

    fn read(
        &self,
        request: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        flags: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        self.reply_read(request.unique().0, ino, offset, size, flags, reply);
    }

    fn readdir(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, reply: ReplyDirectory) {
        self.reply_readdir(ino, offset, reply);
    }

    fn readdirplus(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, reply: ReplyDirectoryPlus) {
        self.reply_readdirplus(ino, offset, reply);
    }

    fn statfs(&self, _: &Request, ino: INodeNo, reply: ReplyStatfs) {
        match self.serve(Op::StatFs, ino, || Ok(self.vfs.statfs())) {
            Ok(totals) => {
                let blocks = totals.bytes.div_ceil(u64::from(BLOCK_SIZE));
                reply.statfs(blocks, 0, 0, totals.inodes, 0, BLOCK_SIZE, 255, BLOCK_SIZE);
            }
            Err(errno) => reply.error(errno),
        }
    }

    fn getxattr(&self, _: &Request, ino: INodeNo, name: &OsStr, size: u32, reply: ReplyXattr) {
        self.reply_xattr(Op::GetXattr, ino, size, reply, || self.vfs.getxattr(Ino(ino.0), name.as_bytes()));
    }

    fn listxattr(&self, _: &Request, ino: INodeNo, size: u32, reply: ReplyXattr) {
        self.reply_xattr(Op::ListXattr, ino, size, reply, || self.xattr_names(ino));
    }

    /// Permission bits are checked by the kernel (default_permissions); what is left is that nothing can be written.
    fn access(&self, _: &Request, _: INodeNo, mask: AccessFlags, reply: ReplyEmpty) {
        self.counters.count(Op::Access);
        if mask.contains(AccessFlags::W_OK) { reply.error(Errno::EROFS) } else { reply.ok() }
    }

    fn lseek(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: i64, whence: i32, reply: ReplyLseek) {
        match self.seek(ino, offset, whence) {
            Ok(found) => reply.offset(found),
            Err(errno) => reply.error(errno),
        }
    }

    /// All but one get ENOTTY, which overlayfs and shells take for "not a terminal, no such command".
    fn ioctl(
        &self,
        request: &Request,
        ino: INodeNo,
        _: FileHandle,
        _: IoctlFlags,
        command: u32,
        data: &[u8],
        _: u32,
        reply: ReplyIoctl,
    ) {
        self.order(request.uid(), ino, command, data, reply);
    }

    always! {
        // A mount is read-only in the kernel as well; these arrive after `mount -o remount,rw` behind our back.
        Change EROFS {
        setattr(INodeNo, Option<u32>, Option<u32>, Option<u32>, Option<u64>, Option<TimeOrNow>, Option<TimeOrNow>,
                Option<SystemTime>, Option<FileHandle>, Option<SystemTime>, Option<SystemTime>, Option<SystemTime>,
                Option<BsdFileFlags>) ReplyAttr;
        mknod(INodeNo, &OsStr, u32, u32, u32) ReplyEntry;
        mkdir(INodeNo, &OsStr, u32, u32) ReplyEntry;
        unlink(INodeNo, &OsStr) ReplyEmpty;
        rmdir(INodeNo, &OsStr) ReplyEmpty;
        symlink(INodeNo, &OsStr, &Path) ReplyEntry;
        rename(INodeNo, &OsStr, INodeNo, &OsStr, RenameFlags) ReplyEmpty;
        link(INodeNo, INodeNo, &OsStr) ReplyEntry;
        write(INodeNo, FileHandle, u64, &[u8], WriteFlags, OpenFlags, Option<LockOwner>) ReplyWrite;
        create(INodeNo, &OsStr, u32, u32, i32) ReplyCreate;
        setxattr(INodeNo, &OsStr, &[u8], i32, u32) ReplyEmpty;
        removexattr(INodeNo, &OsStr) ReplyEmpty;
        fallocate(INodeNo, FileHandle, u64, u64, i32) ReplyEmpty;
        copy_file_range(INodeNo, FileHandle, u64, INodeNo, FileHandle, u64, u64, CopyFileRangeFlags) ReplyWrite;
        }

        // "Do it yourself, and do not ask again": nothing to flush, locks that are local to the machine, files that
        // are always ready.
        Other ENOSYS {
        flush(INodeNo, FileHandle, LockOwner) ReplyEmpty;
        fsync(INodeNo, FileHandle, bool) ReplyEmpty;
        fsyncdir(INodeNo, FileHandle, bool) ReplyEmpty;
        getlk(INodeNo, FileHandle, LockOwner, u64, u64, i32, u32) ReplyLock;
        setlk(INodeNo, FileHandle, LockOwner, u64, u64, i32, u32, bool) ReplyEmpty;
        bmap(INodeNo, u32, u64) ReplyBmap;
        poll(INodeNo, FileHandle, PollNotifier, PollEvents, PollFlags) ReplyPoll;
        }

    }
}
