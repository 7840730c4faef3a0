//! The neutral file system: what an adapter for one platform's kernel needs to know, and nothing of that platform.

mod shared;

use std::ops::{ControlFlow, Range};

/// Inode number. 0 is never used, 1 is the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ino(pub u64);

impl Ino {
    /// The root directory.
    pub const ROOT: Ino = Ino(1);
}

/// A place in a directory: reading on from an entry's cookie yields the entry after it.
///
/// Cookies are unique within their directory, below 2^63 and stable; [`Cookie::START`] is before the first entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cookie(pub u64);

impl Cookie {
    /// Before the first entry.
    pub const START: Cookie = Cookie(0);
}

/// What an inode is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileType {
    /// A directory.
    Directory,
    /// A regular file.
    Regular,
    /// A symbolic link.
    Symlink,
    /// A FIFO.
    Fifo,
    /// A socket.
    Socket,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
}

/// The numbers of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// Which driver: at most 4,095.
    pub major: u32,
    /// Which of its devices: at most 2^20 − 1.
    pub minor: u32,
}

/// A moment, counted from the start of 1970 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time {
    /// Whole seconds, negative before 1970.
    pub seconds: i64,
    /// Nanoseconds on top of them, 0 to 999,999,999.
    pub nanoseconds: u32,
}

impl Time {
    /// A whole second.
    pub fn of(seconds: i64) -> Self {
        Self { seconds, nanoseconds: 0 }
    }
}

/// Attributes of an inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attr {
    /// Its number.
    pub ino: Ino,
    /// What it is.
    pub file_type: FileType,
    /// Bytes, at most 2^63 − 1.
    pub size: u64,
    /// Units of 512 bytes reported as allocated; 0 for holes.
    pub blocks: u64,
    /// Permission bits, at most 0o7777.
    pub perm: u16,
    /// Numbers of its user and group, where the tree has some of its own; else the adapter decides.
    pub owner: Option<(u32, u32)>,
    /// Numbers of a character or block device.
    pub device: Option<Device>,
    /// Names of this inode; for a directory 2 and the number of its subdirectories.
    pub nlink: u32,
    /// Last change of the contents.
    pub mtime: Time,
    /// Last change of contents, name or attributes.
    pub ctime: Time,
    /// Whether the contents change by themselves, so that nothing of it may be cached.
    pub volatile: bool,
}

/// One entry of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its name: no slash, no NUL, at most 255 bytes.
    pub name: &'a [u8],
    /// Its attributes, those of [`Vfs::getattr`].
    pub attr: Attr,
    /// Where the listing goes on behind it.
    pub next: Cookie,
}

/// The regular files of one directory in the order of their listing, by arithmetic: their inode numbers are `first`,
/// `first + step` and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Siblings {
    /// The first of them.
    pub first: Ino,
    /// From one number to the next, at least 1.
    pub step: u64,
    /// How many there are, at least 1.
    pub count: u64,
}

impl Siblings {
    /// Which of them a file is, from 0; it must be one of them.
    pub fn position(&self, ino: Ino) -> u64 {
        ino.0.saturating_sub(self.first.0) / self.step.max(1)
    }

    /// Their numbers, those between them included.
    pub fn range(&self) -> std::ops::RangeInclusive<Ino> {
        self.first..=self.ino(self.count.saturating_sub(1))
    }

    /// The file at a position below their number.
    pub fn ino(&self, position: u64) -> Ino {
        Ino(self.first.0 + position * self.step)
    }
}

/// Where the bytes of a file lie on the device that would hold the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Place of its first byte.
    pub start: u64,
    /// Bytes that it has.
    pub size: u64,
    /// Bytes of the device, at least 1.
    pub span: u64,
}

/// What becomes of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// Where it ends: behind the last byte that arrives.
    pub end: u64,
    /// Nanoseconds by which it is late; `u64::MAX` if it is never answered.
    pub hold: u64,
    /// Whether it fails.
    pub fails: bool,
}

impl Delivery {
    /// All these bytes arrive at once.
    pub fn of(bytes: &Range<u64>) -> Self {
        Self { end: bytes.end, hold: 0, fails: false }
    }
}

/// Totals of the file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatFs {
    /// Bytes of all listed files; an estimate for large trees.
    pub bytes: u64,
    /// Listed files and directories.
    pub inodes: u64,
}

/// What [`Vfs::seek`] looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seek {
    /// The next byte that is data.
    Data,
    /// The next byte that lies in a hole; the end of a file counts as one.
    Hole,
}

/// Something that a kernel may have kept and that is no longer so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stale<'a> {
    /// Attributes, bytes or the listing of an inode.
    Inode(Ino),
    /// What a name in a directory stands for, or that it stands for nothing.
    Name(Ino, &'a [u8]),
}

/// What can go wrong. Each adapter maps this to its platform's codes in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FsError {
    /// No such name.
    #[error("no such file or directory")]
    NotFound,
    /// The inode number is not, or no longer, in use.
    #[error("stale inode")]
    Stale,
    /// A directory was needed.
    #[error("not a directory")]
    NotDirectory,
    /// A directory cannot be read as a file.
    #[error("is a directory")]
    IsDirectory,
    /// The wrong type for this call.
    #[error("invalid argument")]
    Invalid,
    /// Nothing more to seek to.
    #[error("no data at or behind this offset")]
    NoMoreData,
    /// No extended attribute of that name.
    #[error("no such attribute")]
    NoAttribute,
    /// Not of this tree.
    #[error("not supported")]
    Unsupported,
    /// No such command for this inode.
    #[error("no such command")]
    NoCommand,
    /// Bytes that cannot be read: damage that was asked for.
    #[error("input/output error")]
    Io,
    /// The name is longer than any file system allows.
    #[error("file name too long")]
    NameTooLong,
}

/// Result of the file system's calls.
pub type Result<T> = std::result::Result<T, FsError>;

/// What a defect (panic) in a file system said, for the adapters, which let none of them through.
pub(crate) fn panic_text(payload: &(dyn std::any::Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// A read-only tree of files. All calls may come from several threads at once; none of them blocks.
pub trait Vfs: Send + Sync + 'static {
    /// Totals for `df`.
    fn statfs(&self) -> StatFs;

    /// Attributes of an inode.
    ///
    /// # Errors
    /// [`FsError::Stale`] for a number that is not in use.
    fn getattr(&self, ino: Ino) -> Result<Attr>;

    /// Finds a name in a directory. Each success counts as one reference, given back by [`Vfs::forget`].
    ///
    /// # Errors
    /// [`FsError::NotFound`], [`FsError::NotDirectory`], [`FsError::NameTooLong`].
    fn lookup(&self, dir: Ino, name: &[u8]) -> Result<Attr>;

    /// The spelling under which a directory holds a name that was written in any case, for platforms where case makes no
    /// difference; a spelling that stands for nothing comes back unfound or as it is. Takes no reference, never scans.
    ///
    /// # Errors
    /// [`FsError::NotFound`], [`FsError::NotDirectory`], [`FsError::NameTooLong`].
    fn spelling(&self, dir: Ino, name: &[u8]) -> Result<Vec<u8>> {
        let _ = dir;
        Ok(name.to_vec())
    }

    /// Gives back `count` references that [`Vfs::lookup`] took.
    fn forget(&self, ino: Ino, count: u64);

    /// The directory above; the root is its own.
    ///
    /// # Errors
    /// [`FsError::NotDirectory`] for files.
    fn parent(&self, dir: Ino) -> Result<Ino>;

    /// Fills `buf` from `offset` and returns the bytes written: fewer than asked only at the end of the file.
    ///
    /// # Errors
    /// [`FsError::IsDirectory`], [`FsError::Stale`].
    fn read(&self, ino: Ino, offset: u64, buf: &mut [u8]) -> Result<usize>;

    /// Where a file lies on the device that would hold the tree; `None` for what needs none: directories, holes, what is
    /// made at each look.
    fn extent(&self, ino: Ino) -> Option<Extent> {
        let _ = ino;
        None
    }

    /// What becomes of a read of these bytes, which are not beyond the end of the file: it may end early, be late or
    /// fail on purpose. The read takes place by this call.
    fn deliver(&self, ino: Ino, bytes: Range<u64>) -> Delivery {
        let _ = ino;
        Delivery::of(&bytes)
    }

    /// The next data or hole at or behind `offset`.
    ///
    /// # Errors
    /// [`FsError::NoMoreData`] at and behind the end of the file, and for data where only a hole follows.
    fn seek(&self, ino: Ino, offset: u64, what: Seek) -> Result<u64>;

    /// Calls `emit` with the entries behind `from`, `.` and `..` first, until there are no more or it breaks.
    ///
    /// An entry that `emit` broke on counts as not taken.
    ///
    /// # Errors
    /// [`FsError::NotDirectory`], [`FsError::Stale`].
    fn readdir(&self, dir: Ino, from: Cookie, emit: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()>;

    /// The cookie of the entry `name`: a listing from there yields the entries behind it. Never scans.
    ///
    /// # Errors
    /// [`FsError::NotFound`] for a name that is not listed.
    fn position(&self, dir: Ino, name: &[u8]) -> Result<Cookie>;

    /// The path of an inode from the root, without a slash at either end; `None` where there is none, or where it is
    /// not known at once.
    fn path(&self, ino: Ino) -> Option<Vec<u8>> {
        let _ = ino;
        None
    }

    /// The files listed beside a file, itself among them; `None` where that is not known at once.
    fn siblings(&self, ino: Ino) -> Option<Siblings>;

    /// The files that a directory lists; `None` where there are none, or where that is not known at once.
    fn files(&self, dir: Ino) -> Option<Siblings>;

    /// Target of a symbolic link.
    ///
    /// # Errors
    /// [`FsError::Invalid`] for what is none.
    fn readlink(&self, ino: Ino) -> Result<Vec<u8>>;

    /// Names of the extended attributes of an inode.
    ///
    /// # Errors
    /// [`FsError::Stale`].
    fn listxattr(&self, ino: Ino) -> Result<&'static [&'static str]>;

    /// Value of an extended attribute.
    ///
    /// # Errors
    /// [`FsError::NoAttribute`] for one that the inode does not have.
    fn getxattr(&self, ino: Ino, name: &[u8]) -> Result<Vec<u8>>;

    /// Shows another generation of the tree from now on, or the next one, tells `stale` of everything that was
    /// otherwise before, and returns the generation. Asked for through an inode that is there for it. This call may take
    /// long; the others are not held up.
    ///
    /// # Errors
    /// [`FsError::NoCommand`] through any other inode, [`FsError::Unsupported`] where the tree does not change,
    /// [`FsError::Invalid`] if there is no such generation.
    fn advance(&self, ino: Ino, generation: Option<u64>, stale: &mut dyn FnMut(Stale<'_>)) -> Result<u64> {
        let _ = (ino, generation, stale);
        Err(FsError::NoCommand)
    }
}
