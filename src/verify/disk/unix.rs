//! Files and directories of Unix.

use std::ffi::OsStr;
use std::fs::{File, FileType};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::Facts;
use crate::vfs::Device;

/// Longest path that is handed to the system as a whole; what is behind is reached step by step.
#[cfg(target_os = "linux")]
const LONG: usize = 3500;

/// A path that the system takes, and what must stay open for it.
pub(super) struct Reached {
    path: PathBuf,
    _above: Option<File>,
}

impl Reached {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// A root as it is joined with paths.
pub(super) fn root(path: &Path) -> PathBuf {
    path.to_owned()
}

/// Paths that are too long for one call go through the directories on their way.
#[cfg(target_os = "linux")]
pub(super) fn reach(root: &Path, path: &[u8]) -> io::Result<Reached> {
    use std::os::unix::fs::OpenOptionsExt;
    let (mut base, mut rest, mut above) = (root.to_owned(), path, None);
    while base.as_os_str().len() + rest.len() > LONG {
        let Some(room) = LONG.checked_sub(base.as_os_str().len()).filter(|&room| room < rest.len()) else { break };
        let Some(slash) = rest[..room].iter().rposition(|&byte| byte == b'/') else { break };
        let part = base.join(OsStr::from_bytes(&rest[..slash]));
        let directory =
            File::options().read(true).custom_flags(libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC).open(part)?;
        base = format!("/proc/self/fd/{}", directory.as_raw_fd()).into();
        (rest, above) = (&rest[slash + 1..], Some(directory));
    }
    Ok(Reached { path: joined(&base, rest), _above: above })
}

#[cfg(not(target_os = "linux"))]
pub(super) fn reach(root: &Path, path: &[u8]) -> io::Result<Reached> {
    Ok(Reached { path: joined(root, path), _above: None })
}

/// The root itself for no path: a slash behind it would be no harm, but no name either.
fn joined(base: &Path, path: &[u8]) -> PathBuf {
    if path.is_empty() { base.to_owned() } else { base.join(OsStr::from_bytes(path)) }
}

/// A path as somebody gave it.
pub(in crate::verify) fn given(path: &Path) -> Vec<u8> {
    path.as_os_str().as_bytes().to_vec()
}

/// A path as the system gave it.
pub(super) fn bytes(path: PathBuf) -> Vec<u8> {
    path.into_os_string().into_vec()
}

pub(super) fn type_name(file_type: FileType) -> &'static str {
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

pub(super) fn facts(path: &Path) -> io::Result<Facts> {
    let metadata = std::fs::symlink_metadata(path)?;
    let file_type = type_name(metadata.file_type());
    let rdev = metadata.rdev();
    let device = matches!(file_type, "char" | "block").then(|| device(rdev));
    Ok(Facts {
        file_type,
        size: metadata.len(),
        mtime: metadata.mtime(),
        mode: Some((metadata.mode() & 0o7777) as u16),
        owner: Some((metadata.uid(), metadata.gid())),
        device,
        id: Some((metadata.dev(), metadata.ino().into())),
        names: metadata.nlink(),
    })
}

fn device(number: u64) -> Device {
    #[allow(clippy::unnecessary_cast, reason = "the types differ between systems")]
    let (major, minor) = (libc::major(number as libc::dev_t) as u32, libc::minor(number as libc::dev_t) as u32);
    Device { major, minor }
}

/// Reads at an offset, without moving anybody's place in the file.
pub(in crate::verify) fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    file.read_at(buf, offset)
}

/// The first byte at or behind an offset that lies in no hole; `None` if there is none. Where the system does not know,
/// everything is data.
pub(in crate::verify) fn next_data(file: &File, offset: u64) -> Option<u64> {
    let Ok(offset) = libc::off_t::try_from(offset) else { return None };
    // SAFETY: the descriptor is open, and the call touches no memory.
    let found = unsafe { libc::lseek(file.as_raw_fd(), offset, libc::SEEK_DATA) };
    match u64::try_from(found) {
        Ok(found) => Some(found),
        Err(_) if io::Error::last_os_error().raw_os_error() == Some(libc::ENXIO) => None,
        Err(_) => Some(offset as u64),
    }
}
