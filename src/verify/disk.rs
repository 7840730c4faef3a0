//! What is on disk. Nothing else of the module touches it.

use std::ffi::OsStr;
use std::fs::{File, FileType, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use crate::vfs::Device;

/// What is known of a path without reading it; symbolic links are not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    /// As [`crate::listing::Row`] names them.
    pub(super) file_type: &'static str,
    pub(super) size: u64,
    /// Seconds since 1970.
    pub(super) mtime: i64,
    pub(super) mode: u16,
    pub(super) owner: (u32, u32),
    pub(super) device: Option<Device>,
    /// What tells whether two names are those of one file.
    pub(super) id: (u64, u64),
    pub(super) names: u64,
}

/// A tree on disk.
#[derive(Debug)]
pub(super) struct Disk {
    root: PathBuf,
}

/// Longest path that is handed to the system as a whole; what is behind is reached step by step.
#[cfg(target_os = "linux")]
const LONG: usize = 3500;

/// A path that the system takes, and what must stay open for it.
struct Short {
    path: PathBuf,
    _above: Option<File>,
}

impl Disk {
    /// The tree below a directory. Paths are relative to it, or absolute.
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(super) fn look(&self, path: &[u8]) -> io::Result<Facts> {
        Ok(facts(&std::fs::symlink_metadata(&self.short(path)?.path)?))
    }

    pub(super) fn open(&self, path: &[u8]) -> io::Result<File> {
        File::open(&self.short(path)?.path)
    }

    pub(super) fn target(&self, path: &[u8]) -> io::Result<Vec<u8>> {
        Ok(std::fs::read_link(&self.short(path)?.path)?.into_os_string().into_encoded_bytes())
    }

    /// Calls `visit` with the name and the type of everything in a directory.
    ///
    /// # Errors
    /// Those of reading it; what comes before is visited.
    pub(super) fn list(&self, path: &[u8], mut visit: impl FnMut(&[u8], &'static str)) -> io::Result<()> {
        let short = self.short(path)?;
        for entry in std::fs::read_dir(&short.path)? {
            let entry = entry?;
            let file_type = entry.file_type().map_or("file", type_name);
            visit(entry.file_name().as_encoded_bytes(), file_type);
        }
        Ok(())
    }

    /// Paths that are too long for one call go through the directories on their way.
    #[cfg(target_os = "linux")]
    fn short(&self, path: &[u8]) -> io::Result<Short> {
        use std::os::fd::AsRawFd;
        use std::os::unix::fs::OpenOptionsExt;
        let (mut base, mut rest, mut above) = (self.root.clone(), path, None);
        while base.as_os_str().len() + rest.len() > LONG {
            let Some(room) = LONG.checked_sub(base.as_os_str().len()).filter(|&room| room < rest.len()) else { break };
            let Some(slash) = rest[..room].iter().rposition(|&byte| byte == b'/') else { break };
            let part = base.join(os(&rest[..slash]));
            let directory = File::options()
                .read(true)
                .custom_flags(libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC)
                .open(part)?;
            base = format!("/proc/self/fd/{}", directory.as_raw_fd()).into();
            (rest, above) = (&rest[slash + 1..], Some(directory));
        }
        Ok(Short { path: joined(&base, rest), _above: above })
    }

    #[cfg(not(target_os = "linux"))]
    fn short(&self, path: &[u8]) -> io::Result<Short> {
        Ok(Short { path: joined(&self.root, path), _above: None })
    }
}

/// The root itself for no path: a slash behind it would be no harm, but no name either.
fn joined(base: &Path, path: &[u8]) -> PathBuf {
    if path.is_empty() { base.to_owned() } else { base.join(os(path)) }
}

#[cfg(unix)]
fn os(path: &[u8]) -> &OsStr {
    std::os::unix::ffi::OsStrExt::from_bytes(path)
}

/// Paths of listings are ASCII where names cannot be any bytes.
#[cfg(not(unix))]
fn os(path: &[u8]) -> &OsStr {
    OsStr::new(str::from_utf8(path).unwrap_or_default())
}

#[cfg(unix)]
fn type_name(file_type: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match () {
        () if file_type.is_dir() => "directory",
        () if file_type.is_symlink() => "symlink",
        () if file_type.is_fifo() => "fifo",
        () if file_type.is_socket() => "socket",
        () if file_type.is_char_device() => "char",
        () if file_type.is_block_device() => "block",
        () => "file",
    }
}

#[cfg(not(unix))]
fn type_name(file_type: FileType) -> &'static str {
    match () {
        () if file_type.is_dir() => "directory",
        () if file_type.is_symlink() => "symlink",
        () => "file",
    }
}

#[cfg(unix)]
fn facts(metadata: &Metadata) -> Facts {
    use std::os::unix::fs::MetadataExt;
    let file_type = type_name(metadata.file_type());
    let rdev = metadata.rdev();
    let device = matches!(file_type, "char" | "block").then(|| device(rdev));
    Facts {
        file_type,
        size: metadata.len(),
        mtime: metadata.mtime(),
        mode: (metadata.mode() & 0o7777) as u16,
        owner: (metadata.uid(), metadata.gid()),
        device,
        id: (metadata.dev(), metadata.ino()),
        names: metadata.nlink(),
    }
}

#[cfg(unix)]
fn device(number: u64) -> Device {
    #[allow(clippy::unnecessary_cast, reason = "the types differ between systems")]
    let (major, minor) = (libc::major(number as libc::dev_t) as u32, libc::minor(number as libc::dev_t) as u32);
    Device { major, minor }
}

#[cfg(not(unix))]
fn facts(metadata: &Metadata) -> Facts {
    let since = |time: std::time::SystemTime| time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Facts {
        file_type: type_name(metadata.file_type()),
        size: metadata.len(),
        mtime: metadata.modified().map_or(0, |time| since(time).as_secs() as i64),
        mode: 0o644,
        owner: (0, 0),
        device: None,
        id: (0, 0),
        names: 1,
    }
}

/// Reads at an offset, without moving anybody's place in the file.
pub(super) fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_at(file, buf, offset);
    #[cfg(windows)]
    return std::os::windows::fs::FileExt::seek_read(file, buf, offset);
}

/// The first byte at or behind an offset that lies in no hole; `None` if there is none. Where the system does not know,
/// everything is data.
#[cfg(unix)]
pub(super) fn next_data(file: &File, offset: u64) -> Option<u64> {
    use std::os::fd::AsRawFd;
    let Ok(offset) = libc::off_t::try_from(offset) else { return None };
    // SAFETY: the descriptor is open, and the call touches no memory.
    let found = unsafe { libc::lseek(file.as_raw_fd(), offset, libc::SEEK_DATA) };
    match u64::try_from(found) {
        Ok(found) => Some(found),
        Err(_) if io::Error::last_os_error().raw_os_error() == Some(libc::ENXIO) => None,
        Err(_) => Some(offset as u64),
    }
}

#[cfg(not(unix))]
pub(super) fn next_data(_: &File, offset: u64) -> Option<u64> {
    Some(offset)
}
