//! A sink in the terms of FUSE. Translation only.
//!
//! A defect (panic) behind it answers one request with EIO; the mount lives on, and its verdict is "not perfect".

mod control;
mod filesystem;
mod listing;
mod translate;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use fuser::{Errno, FileAttr, FileType as FuseType, Generation, INodeNo, ReplyEntry};
use log::{debug, error};

use super::attr::{self, BLOCK_SIZE};
use crate::sink::{Attr, NodeType, Report, Sink, SinkError, Special};
use crate::vfs::Ino;
use control::Control;

/// Everything that changes goes through the kernel, which therefore may keep what it knows.
const LIFETIME: Duration = Duration::from_secs(3600);

/// Most bytes of a write.
const MAX_WRITE: u32 = 1 << 20;

/// A [`Sink`] behind the FUSE protocol, with a control directory of its own.
#[derive(Debug)]
pub struct SinkAdapter {
    sink: Arc<Sink>,
    control: Arc<Control>,
    ask_at_root: bool,
}

/// What remains of an adapter when its session is over.
#[derive(Debug)]
pub struct Verdict {
    sink: Arc<Sink>,
    control: Arc<Control>,
}

impl Verdict {
    /// The final report, which is also told to whoever asked for it. To be called when nothing can be written any more.
    pub fn give(&self) -> Report {
        let report = self.sink.report(self.control.listed(), true);
        self.control.announce(&report);
        report
    }
}

impl SinkAdapter {
    /// Serves `sink`. Reports list `listed` paths at most. The control directory belongs to `owner`, and shows `dataset`
    /// as the text of what is demanded, if there is some.
    pub fn new(sink: Arc<Sink>, owner: (u32, u32), listed: usize, dataset: Option<String>) -> Self {
        let control = Arc::new(Control::new(sink.clone(), owner, listed, dataset));
        Self { sink, control, ask_at_root: false }
    }

    /// The same, where every path through the root sends a message if `ask` says so; see
    /// [`Settings::ask_at_root`](super::Settings::ask_at_root).
    pub fn ask_at_root(mut self, ask: bool) -> Self {
        self.ask_at_root = ask;
        self
    }

    fn lifetime(&self, attr: &Attr) -> Duration {
        if self.ask_at_root && attr.ino == Ino::ROOT { Duration::ZERO } else { LIFETIME }
    }

    /// Gives the final report after the session, which takes the adapter.
    pub fn verdict(&self) -> Verdict {
        Verdict { sink: self.sink.clone(), control: self.control.clone() }
    }

    /// Runs one request: turns its error into a code, and a panic into EIO.
    fn serve<T>(&self, call: &str, ino: INodeNo, work: impl FnOnce() -> crate::sink::Result<T>) -> Result<T, Errno> {
        match catch_unwind(AssertUnwindSafe(work)) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => {
                debug!("{call} of inode {ino}: {error}");
                Err(errno(error))
            }
            Err(payload) => {
                self.sink.distrust();
                error!("{call} of inode {ino}: defect, answered with EIO: {}", super::panic_text(payload.as_ref()));
                Err(Errno::EIO)
            }
        }
    }

    fn reply_entry(&self, found: Result<Attr, Errno>, reply: ReplyEntry) {
        match found {
            Ok(found) => reply.entry(&LIFETIME, &fuse_attr(&found), Generation(0)),
            Err(errno) => reply.error(errno),
        }
    }
}

/// The one place where errors of a sink become codes.
fn errno(error: SinkError) -> Errno {
    match error {
        SinkError::NotFound => Errno::ENOENT,
        SinkError::Exists => Errno::EEXIST,
        SinkError::NotDirectory => Errno::ENOTDIR,
        SinkError::IsDirectory => Errno::EISDIR,
        SinkError::NotEmpty => Errno::ENOTEMPTY,
        SinkError::Stale => Errno::ESTALE,
        SinkError::Invalid => Errno::EINVAL,
        SinkError::Full => Errno::ENOSPC,
        SinkError::NameTooLong => Errno::ENAMETOOLONG,
        SinkError::TooLarge => Errno::EFBIG,
        SinkError::Unknown | SinkError::Refused => Errno::EIO,
        SinkError::Unsupported => Errno::EOPNOTSUPP,
        SinkError::NoAttribute => Errno::NO_XATTR,
    }
}

fn fuse_type(node_type: NodeType) -> FuseType {
    match node_type {
        NodeType::Directory => FuseType::Directory,
        NodeType::Regular => FuseType::RegularFile,
        NodeType::Symlink => FuseType::Symlink,
        NodeType::Special(Special::Fifo) => FuseType::NamedPipe,
        NodeType::Special(Special::Socket) => FuseType::Socket,
        NodeType::Special(Special::Char(_)) => FuseType::CharDevice,
        NodeType::Special(Special::Block(_)) => FuseType::BlockDevice,
    }
}

fn fuse_attr(found: &Attr) -> FileAttr {
    let time = attr::time(found.mtime);
    let rdev = match found.node_type {
        NodeType::Special(Special::Char(number) | Special::Block(number)) => number,
        _ => 0,
    };
    FileAttr {
        ino: INodeNo(found.ino.0),
        size: found.size,
        blocks: found.size.div_ceil(512),
        atime: time,
        mtime: time,
        ctime: time,
        crtime: time,
        kind: fuse_type(found.node_type),
        perm: found.perm,
        nlink: found.nlink,
        uid: found.owner.0,
        gid: found.owner.1,
        rdev,
        blksize: BLOCK_SIZE,
        flags: 0,
    }
}

fn ino(number: INodeNo) -> Ino {
    Ino(number.0)
}
