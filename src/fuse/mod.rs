//! The neutral file system in the terms of FUSE. Translation only.
//!
//! A defect (panic) in the file system behind it answers one request with EIO; the mount lives on.

mod advance;
mod attr;
mod buffer;
mod delay;
mod filesystem;
mod init;
mod observe;
mod push;
mod read;
mod sink;

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use fuser::{Errno, FileAttr, Generation, INodeNo, ReplyDirectory};
use fuser::{ReplyDirectoryPlus, ReplyEntry, ReplyIoctl, ReplyXattr};
use log::{debug, error};

use advance::Order;
pub use advance::{ADVANCE, Advancer, NEXT};
pub use attr::Ownership;
pub use delay::{Delays, Workers};
pub use push::Pusher;
use push::Watch;
pub use sink::{SinkAdapter, Verdict};

use crate::observe::Observer;
use crate::stats::{Counters, Op};
use crate::storage;
use crate::vfs::{Attr, Cookie, Entry, FsError, Ino, Result, Seek, Vfs, panic_text};

/// Whether listings carry the attributes of the entries along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReadDirPlus {
    /// The dearer listing, always: best for programs that look at every entry.
    Always,
    /// The kernel decides: with attributes at the start of each directory, and further on if the entries before were
    /// looked at.
    ///
    /// The default, because it is the best or next to it for all but one kind of reader. Measured beside the others
    /// on 200,000 files, time of the first pass: in folders of 100 files, which fit into one reply, it is the same as
    /// "always": `find -size`, `du` and `rsync -n` take a third of what "never" takes, where each entry costs a round
    /// trip; a plain `find` takes 3.5 times as long, since the kernel makes an inode of each entry. In one directory
    /// of all files a plain `find` is as fast as with "never", and "always" takes 3.5 times as long; but programs that
    /// read all names before they look at the first (`find -size`, `du`) do not get the attributes along and take 2.7
    /// times as long as with "always": the one case for asking for that. Second passes are alike.
    #[default]
    Auto,
    /// Names only.
    Never,
}

/// What a mount is told from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Owner and permissions.
    pub ownership: Ownership,
    /// Whether reads bypass the page cache.
    pub direct_io: bool,
    /// Whether extended attributes are served; without, the kernel stops asking after the first time.
    pub xattr: bool,
    /// Whether listings carry attributes.
    pub readdirplus: ReadDirPlus,
    /// Whether opening a directory sends a message although it need not. fusermount3, watching over a mount with
    /// auto_unmount, takes it for alive as long as its directory can be opened.
    pub opendir_message: bool,
    /// Bytes pushed into the page cache ahead of each sequential reader; 0 for none.
    pub prefetch: u64,
    /// Whether every path through the root sends a message. Of users whom only this program keeps out (allow_root), the
    /// kernel knows nothing: what is in its caches it would show to everybody.
    pub ask_at_root: bool,
    /// The device that reads of files seem to come from; they are answered at once when absent.
    pub storage: Option<Storage>,
    /// Whether reads may fail, be late or end early, as [`Vfs::deliver`] says.
    pub faults: bool,
}

/// A device that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Storage {
    /// What it can do.
    pub spec: storage::Spec,
    /// What decides about everything that is left to chance.
    pub seed: u64,
}

impl Settings {
    /// Whether there are reads that are not answered at once.
    fn has_delays(&self) -> bool {
        self.storage.is_some() || self.faults
    }
}

/// A [`Vfs`] behind the FUSE protocol.
///
/// References: a lookup is answered with one call of [`Vfs::lookup`], and the kernel's forgets are passed on with their
/// counts. The kernel also counts a reference for each entry of a *plus* listing and for a lookup of `.` or `..` (file
/// handles of NFS), which [`Vfs::lookup`] has not seen: both concern listed inodes only, for which [`Vfs::forget`] has
/// nothing to do.
#[derive(Debug)]
pub struct FuseAdapter<V> {
    vfs: Arc<V>,
    counters: Arc<Counters>,
    settings: Settings,
    /// Whether the kernel takes ENOSYS for "opening files needs no message"; known after the first request.
    zero_message_open: bool,
    /// The same for directories.
    zero_message_opendir: bool,
    /// Hears of reads through the page cache, unless nothing is to be pushed into it.
    watch: Option<Arc<Watch>>,
    /// Hears of all requests, if somebody wants to know.
    observer: Option<Arc<Observer>>,
    /// Where orders for another generation go, once somebody takes them.
    orders: Option<Sender<Order>>,
    /// Where reads wait that are not answered at once, if there are any.
    delays: Option<Arc<Delays<V>>>,
}

/// The means of a [`Pusher`], taken from an adapter before it goes into its session.
#[derive(Debug)]
pub struct Prefetch<V> {
    vfs: Arc<V>,
    counters: Arc<Counters>,
    watch: Arc<Watch>,
}

impl<V: Vfs> Prefetch<V> {
    /// Starts pushing to this kernel connection, until what is returned is dropped.
    ///
    /// # Errors
    /// No thread could be started.
    pub fn start(self, kernel: fuser::Notifier) -> std::io::Result<Pusher> {
        Pusher::start(self.vfs, self.watch, self.counters, kernel)
    }
}

impl<V: Vfs> FuseAdapter<V> {
    /// Serves `vfs`, counting requests in `counters`.
    pub fn new(vfs: V, counters: Arc<Counters>, settings: Settings) -> Self {
        let vfs = Arc::new(vfs);
        // What is pushed before it is asked for would come from no device.
        let has_prefetch = settings.prefetch > 0 && !settings.direct_io && !settings.has_delays();
        let watch = has_prefetch.then(|| Arc::new(Watch::new(settings.prefetch)));
        Self {
            vfs,
            counters,
            settings,
            zero_message_open: false,
            zero_message_opendir: false,
            watch,
            observer: None,
            orders: None,
            delays: None,
        }
    }

    /// The file system behind it.
    pub fn vfs(&self) -> &Arc<V> {
        &self.vfs
    }

    /// What answers reads that have to wait, if the settings ask for any. Without it all are answered at once.
    pub fn delays(&mut self) -> Option<Arc<Delays<V>>> {
        let (vfs, counters, observer) = (self.vfs.clone(), self.counters.clone(), self.observer.clone());
        let storage = self.settings.storage;
        self.delays = self.settings.has_delays().then(|| Arc::new(Delays::new(vfs, counters, observer, storage)));
        self.delays.clone()
    }

    /// What pushes contents ahead of sequential readers, if the settings ask for it.
    pub fn prefetch(&self) -> Option<Prefetch<V>> {
        let watch = self.watch.clone()?;
        Some(Prefetch { vfs: self.vfs.clone(), counters: self.counters.clone(), watch })
    }

    /// What carries out orders for another generation. Without it they are refused.
    pub fn advancer(&mut self) -> Advancer<V> {
        let (advancer, orders) = Advancer::new(self.vfs.clone(), self.watch.clone());
        self.orders = Some(orders);
        advancer
    }

    /// Only who has mounted it, and root, may change what all others see.
    fn order(&self, user: u32, ino: INodeNo, command: u32, data: &[u8], reply: ReplyIoctl) {
        self.counters.count(Op::Other);
        let generation = match Order::parse(command, data) {
            Ok(_) if user != 0 && user != self.settings.ownership.mounter.0 => return reply.error(Errno::EPERM),
            Ok(generation) => generation,
            Err(errno) => return reply.error(errno),
        };
        let Some(orders) = &self.orders else { return reply.error(Errno::ENOTTY) };
        if let Err(refused) = orders.send(Order { ino: Ino(ino.0), generation, reply }) {
            refused.0.reply.error(Errno::EIO);
        }
    }

    /// Runs one request, see [`attempt`].
    fn attempt<T>(&self, op: Op, ino: INodeNo, call: impl FnOnce() -> Result<T>) -> std::result::Result<T, Errno> {
        attempt(&self.counters, op, ino, call)
    }

    fn fuse_attr(&self, attr: &Attr) -> FileAttr {
        self.settings.ownership.attr(attr)
    }

    fn lifetime(&self, attr: &Attr) -> Duration {
        if self.settings.ask_at_root && attr.ino == Ino::ROOT { Duration::ZERO } else { attr::lifetime(attr) }
    }

    fn reply_lookup(&self, dir: INodeNo, name: &[u8], reply: ReplyEntry) {
        let arrival = self.arrival();
        let found = self.attempt(Op::Lookup, dir, || self.find(Ino(dir.0), name));
        self.tell(arrival, Op::Lookup, dir, matches!(found, Ok(Some(_))));
        match found {
            Ok(Some(attr)) => {
                reply.entry_with_ttls(&self.lifetime(&attr), &attr::FOREVER, &self.fuse_attr(&attr), Generation(0))
            }
            Ok(None) => reply.entry(&attr::FOREVER, &attr::negative(), Generation(0)),
            Err(errno) => reply.error(errno),
        }
    }

    /// A missing name is no error: the kernel keeps it and does not ask again.
    fn find(&self, dir: Ino, name: &[u8]) -> Result<Option<Attr>> {
        let found = match name {
            b"." => self.vfs.getattr(dir),
            b".." => self.vfs.parent(dir).and_then(|parent| self.vfs.getattr(parent)),
            name => self.vfs.lookup(dir, name),
        };
        match found {
            Err(FsError::NotFound) => {
                self.counters.count_miss();
                debug!("lookup of {:?} in inode {}: none", String::from_utf8_lossy(name), dir.0);
                Ok(None)
            }
            found => found.map(Some),
        }
    }

    fn reply_readdir(&self, dir: INodeNo, from: u64, mut reply: ReplyDirectory) {
        let mut empty = true;
        let mut emit = |entry: Entry<'_>| {
            empty = false;
            let full = reply.add(
                INodeNo(entry.attr.ino.0),
                entry.next.0,
                attr::fuse_type(entry.attr.file_type),
                os_name(&entry),
            );
            if full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        match self.serve(Op::ReadDir, dir, || self.vfs.readdir(Ino(dir.0), Cookie(from), &mut emit)) {
            Ok(()) => {
                self.on_listed(dir, empty);
                reply.ok();
            }
            Err(errno) => reply.error(errno),
        }
    }

    /// An empty reply ends a listing: the kernel has taken in what it was told before.
    fn on_listed(&self, dir: INodeNo, empty: bool) {
        if let Some(watch) = self.watch.as_ref().filter(|_| empty) {
            self.shield(dir, || watch.on_listed(&*self.vfs, Ino(dir.0)));
        }
    }

    /// Runs what belongs to no reply; its panic is no matter for the request.
    fn shield(&self, ino: INodeNo, call: impl FnOnce()) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(call)) {
            self.counters.count_panic();
            error!("prefetching, at inode {ino}: defect: {}", panic_text(payload.as_ref()));
        }
    }

    fn reply_readdirplus(&self, dir: INodeNo, from: u64, mut reply: ReplyDirectoryPlus) {
        let mut empty = true;
        let mut emit = |entry: Entry<'_>| {
            empty = false;
            let attr = self.fuse_attr(&entry.attr);
            let lifetime = self.lifetime(&entry.attr);
            let full = reply.add(attr.ino, entry.next.0, os_name(&entry), &lifetime, &attr, Generation(0));
            if full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        match self.serve(Op::ReadDirPlus, dir, || self.vfs.readdir(Ino(dir.0), Cookie(from), &mut emit)) {
            Ok(()) => {
                self.on_listed(dir, empty);
                reply.ok();
            }
            Err(errno) => reply.error(errno),
        }
    }

    fn seek(&self, ino: INodeNo, offset: i64, whence: i32) -> std::result::Result<i64, Errno> {
        self.serve(Op::Seek, ino, || {
            let what = match whence {
                libc::SEEK_DATA => Seek::Data,
                libc::SEEK_HOLE => Seek::Hole,
                _ => return Err(FsError::Invalid),
            };
            let offset = u64::try_from(offset).map_err(|_| FsError::NoMoreData)?;
            let found = self.vfs.seek(Ino(ino.0), offset, what)?;
            i64::try_from(found).map_err(|_| FsError::NoMoreData)
        })
    }

    /// The two-step protocol of extended attributes: size 0 asks for the length, too small a size is ERANGE.
    fn reply_xattr(&self, op: Op, ino: INodeNo, size: u32, reply: ReplyXattr, value: impl FnOnce() -> Result<Vec<u8>>) {
        if !self.settings.xattr {
            self.counters.count(op);
            return reply.error(Errno::ENOSYS);
        }
        match self.serve(op, ino, value) {
            Ok(value) if size == 0 => reply.size(u32::try_from(value.len()).unwrap_or(u32::MAX)),
            Ok(value) if value.len() > size as usize => reply.error(Errno::ERANGE),
            Ok(value) => reply.data(&value),
            Err(errno) => reply.error(errno),
        }
    }

    /// Names of the extended attributes, each ended by a NUL as listxattr(2) wants them.
    fn xattr_names(&self, ino: INodeNo) -> Result<Vec<u8>> {
        let names = self.vfs.listxattr(Ino(ino.0))?;
        Ok(names.iter().flat_map(|name| name.bytes().chain([0])).collect())
    }

    /// Passes references back; there is no reply that could carry an error.
    fn give_back(&self, ino: INodeNo, count: u64) {
        if ino != INodeNo::ROOT {
            let _ = self.serve(Op::Forget, ino, || {
                if let Some(observer) = &self.observer {
                    observer.forgetting(Ino(ino.0));
                }
                self.vfs.forget(Ino(ino.0), count);
                Ok(())
            });
        }
    }
}

/// Runs one request: counts it, turns its error into a code, and a panic into EIO.
fn attempt<T>(
    counters: &Counters,
    op: Op,
    ino: INodeNo,
    call: impl FnOnce() -> Result<T>,
) -> std::result::Result<T, Errno> {
    counters.count(op);
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => {
            debug!("{} of inode {ino}: {error}", op.name());
            Err(errno(error))
        }
        Err(payload) => {
            counters.count_panic();
            error!("{} of inode {ino}: defect, answered with EIO: {}", op.name(), panic_text(payload.as_ref()));
            Err(Errno::EIO)
        }
    }
}

/// The one place where errors of the file system become codes.
fn errno(error: FsError) -> Errno {
    match error {
        FsError::NotFound => Errno::ENOENT,
        FsError::Stale => Errno::ESTALE,
        FsError::NotDirectory => Errno::ENOTDIR,
        FsError::IsDirectory => Errno::EISDIR,
        FsError::Invalid => Errno::EINVAL,
        FsError::NoMoreData => Errno::ENXIO,
        // ENODATA on Linux, ENOATTR elsewhere.
        FsError::NoAttribute => Errno::NO_XATTR,
        FsError::Unsupported => Errno::EOPNOTSUPP,
        FsError::NoCommand => Errno::ENOTTY,
        FsError::NameTooLong => Errno::ENAMETOOLONG,
        FsError::Io => Errno::EIO,
    }
}

fn os_name<'a>(entry: &Entry<'a>) -> &'a std::ffi::OsStr {
    std::os::unix::ffi::OsStrExt::from_bytes(entry.name)
}
