//! The control directory `.seedfs` of a sink: never listed in the root, found by name.

use std::collections::HashMap;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use fuser::{FileAttr, FileType as FuseType, INodeNo};
use log::warn;

use crate::FORMAT_VERSION;
use crate::fuse::attr::BLOCK_SIZE;
use crate::sink::{Report, Sink};

/// Name of the directory in the root.
pub(super) const DIRECTORY: &[u8] = b".seedfs";

/// Its inode; those of its files follow. Behind all that a sink can have.
const FIRST: u64 = 1 << 51;

/// Most programs that may wait for the verdict.
const MAX_WAITING: usize = 64;

/// How long one that does not read may hold up the others.
const PATIENCE: Duration = Duration::from_secs(5);

/// One of its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ControlFile {
    /// The complete dataset.
    Dataset,
    /// Takes the address of a socket that wants the verdict in the end.
    Notify,
    /// The report so far.
    Report,
    /// Counts, in Prometheus' text format.
    Stats,
    /// Program and format version.
    Version,
}

impl ControlFile {
    const ALL: [ControlFile; 5] =
        [ControlFile::Dataset, ControlFile::Notify, ControlFile::Report, ControlFile::Stats, ControlFile::Version];

    fn name(self) -> &'static str {
        match self {
            ControlFile::Dataset => "dataset.toml",
            ControlFile::Notify => "notify",
            ControlFile::Report => "report.json",
            ControlFile::Stats => "stats",
            ControlFile::Version => "version",
        }
    }
}

/// What an inode number stands for, if it is one of the control directory's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The directory.
    Directory,
    /// One of its files.
    File(ControlFile),
}

/// The control directory.
#[derive(Debug)]
pub(super) struct Control {
    sink: Arc<Sink>,
    owner: (u32, u32),
    listed: usize,
    dataset: Option<String>,
    /// What each open handle reads: a report does not change while it is read.
    open: Mutex<HashMap<u64, Arc<str>>>,
    handles: AtomicU64,
    waiting: Mutex<Vec<UnixStream>>,
}

impl Control {
    pub(super) fn new(sink: Arc<Sink>, owner: (u32, u32), listed: usize, dataset: Option<String>) -> Self {
        Self {
            sink,
            owner,
            listed,
            dataset,
            open: Mutex::default(),
            handles: AtomicU64::new(1),
            waiting: Mutex::default(),
        }
    }

    pub(super) fn listed(&self) -> usize {
        self.listed
    }

    pub(super) fn place(ino: INodeNo) -> Option<Place> {
        let number = ino.0.checked_sub(FIRST)?;
        match number.checked_sub(1) {
            None => Some(Place::Directory),
            Some(file) => ControlFile::ALL.get(usize::try_from(file).ok()?).map(|&file| Place::File(file)),
        }
    }

    fn files(&self) -> impl Iterator<Item = ControlFile> {
        let has_dataset = self.dataset.is_some();
        ControlFile::ALL.into_iter().filter(move |&file| file != ControlFile::Dataset || has_dataset)
    }

    pub(super) fn directory(&self) -> FileAttr {
        self.attr(Place::Directory)
    }

    pub(super) fn find(&self, name: &[u8]) -> Option<FileAttr> {
        self.files().find(|file| file.name().as_bytes() == name).map(|file| self.attr(Place::File(file)))
    }

    pub(super) fn entries(&self) -> Vec<(&'static str, FileAttr)> {
        self.files().map(|file| (file.name(), self.attr(Place::File(file)))).collect()
    }

    /// Sizes are not known before the files are opened, as in /proc.
    pub(super) fn attr(&self, place: Place) -> FileAttr {
        let (number, kind, perm) = match place {
            Place::Directory => (0, FuseType::Directory, 0o555),
            Place::File(file) => {
                let number = ControlFile::ALL.iter().position(|&other| other == file).unwrap_or(0) as u64 + 1;
                (number, FuseType::RegularFile, if file == ControlFile::Notify { 0o200 } else { 0o444 })
            }
        };
        FileAttr {
            ino: INodeNo(FIRST + number),
            size: 0,
            blocks: 0,
            atime: UNIX_EPOCH,
            mtime: UNIX_EPOCH,
            ctime: UNIX_EPOCH,
            crtime: UNIX_EPOCH,
            kind,
            perm,
            nlink: if kind == FuseType::Directory { 2 } else { 1 },
            uid: self.owner.0,
            gid: self.owner.1,
            rdev: 0,
            blksize: BLOCK_SIZE,
            flags: 0,
        }
    }

    /// Makes the contents of a file for one handle, whose number is returned.
    pub(super) fn open(&self, file: ControlFile) -> u64 {
        let text = match file {
            ControlFile::Dataset => self.dataset.clone().unwrap_or_default(),
            ControlFile::Notify => String::new(),
            ControlFile::Report => self.sink.report(self.listed, false).to_json(),
            ControlFile::Stats => self.sink.report(0, false).to_prometheus(),
            ControlFile::Version => format!("seedfs {}\nformat {FORMAT_VERSION}\n", env!("CARGO_PKG_VERSION")),
        };
        let handle = self.handles.fetch_add(1, Ordering::Relaxed);
        lock(&self.open).insert(handle, text.into());
        handle
    }

    pub(super) fn read(&self, handle: u64, offset: u64, size: u32) -> Vec<u8> {
        let text = lock(&self.open).get(&handle).cloned();
        let bytes = text.as_deref().unwrap_or_default().as_bytes();
        let rest = bytes.get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or_default();
        rest[..rest.len().min(size as usize)].to_vec()
    }

    pub(super) fn close(&self, handle: u64) {
        lock(&self.open).remove(&handle);
    }

    /// Connects to a socket that is to hear the verdict. Returns whether that worked.
    pub(super) fn call_back(&self, address: &[u8]) -> bool {
        let mut waiting = lock(&self.waiting);
        // Those that have gone away make room.
        waiting.retain(|stream| !is_closed(stream));
        if waiting.len() >= MAX_WAITING {
            return false;
        }
        match connect(address) {
            Ok(stream) => {
                waiting.push(stream);
                true
            }
            Err(error) => {
                warn!("cannot reach the program that wants the verdict: {error}");
                false
            }
        }
    }

    /// Tells the verdict to all who asked.
    pub(super) fn announce(&self, report: &Report) {
        let text = report.to_json();
        for mut stream in lock(&self.waiting).drain(..) {
            // Who has gone away does not want to know.
            let _ = stream.set_write_timeout(Some(PATIENCE));
            let _ = stream.write_all(text.as_bytes());
        }
    }
}

/// Connects to an abstract address.
#[cfg(target_os = "linux")]
fn connect(address: &[u8]) -> std::io::Result<UnixStream> {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;
    UnixStream::connect_addr(&SocketAddr::from_abstract_name(address)?)
}

/// Connects to a path.
#[cfg(not(target_os = "linux"))]
fn connect(address: &[u8]) -> std::io::Result<UnixStream> {
    use std::os::unix::ffi::OsStrExt;
    UnixStream::connect(std::ffi::OsStr::from_bytes(address))
}

/// Whether the other side has closed; it never sends anything.
fn is_closed(stream: &UnixStream) -> bool {
    use std::io::Read;
    let _ = stream.set_nonblocking(true);
    let mut stream_ref = stream;
    let closed = matches!(stream_ref.read(&mut [0]), Ok(0));
    let _ = stream.set_nonblocking(false);
    closed
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
