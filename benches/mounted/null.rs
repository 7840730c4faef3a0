//! The least a FUSE file system can do: one file of 8 GiB, every read answered from a constant buffer.

use std::ffi::OsStr;
use std::io;
use std::path::Path;

use fuser::{
    Errno, FileAttr, FileHandle, Filesystem, FopenFlags, Generation, INodeNo, InitFlags, KernelConfig, LockOwner,
    OpenFlags, ReplyAttr, ReplyData, ReplyEntry, ReplyOpen, Request,
};

use crate::common::null::{FOREVER, config, directory, file};

const SIZE: u64 = 8 << 30;
const FILE: INodeNo = INodeNo(2);

struct Null {
    buffer: Vec<u8>,
    direct: bool,
}

/// Serves it until it is unmounted, with the settings that seedfs uses.
pub(crate) fn serve(dir: &Path, direct: bool) -> io::Result<()> {
    let session = fuser::Session::new(Null { buffer: vec![0x5A; 16 << 20], direct }, dir, &config()?)?;
    set_read_ahead(dir);
    session.run()
}

/// The read-ahead that seedfs asks for as well, where the user may: 1 MiB.
fn set_read_ahead(dir: &Path) {
    let Ok(table) = std::fs::read_to_string("/proc/self/mountinfo") else { return };
    let line = table.lines().map(|l| l.split(' ').collect::<Vec<_>>()).find(|f| Path::new(f[4]) == dir);
    if let Some(fields) = line {
        let _ = std::fs::write(format!("/sys/class/bdi/{}/read_ahead_kb", fields[2]), "1024");
    }
}

fn attr(ino: INodeNo) -> FileAttr {
    if ino == FILE { file(ino.0, SIZE) } else { directory(ino.0) }
}

impl Filesystem for Null {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
        let _ = config.add_capabilities(InitFlags::FUSE_NO_OPEN_SUPPORT);
        let _ = config.add_capabilities(InitFlags::FUSE_ASYNC_DIO);
        let _ = config.set_max_background(64);
        let _ = config.set_max_write(if self.direct { 1 << 20 } else { 128 << 10 });
        Ok(())
    }

    fn lookup(&self, _: &Request, _: INodeNo, name: &OsStr, reply: ReplyEntry) {
        if name == "big" { reply.entry(&FOREVER, &attr(FILE), Generation(0)) } else { reply.error(Errno::ENOENT) }
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        reply.attr(&FOREVER, &attr(ino));
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        if self.direct { reply.opened(FileHandle(0), FopenFlags::FOPEN_DIRECT_IO) } else { reply.error(Errno::ENOSYS) }
    }

    fn read(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let n = SIZE.saturating_sub(offset).min(u64::from(size)) as usize;
        reply.data(&self.buffer[..n.min(self.buffer.len())]);
    }
}
