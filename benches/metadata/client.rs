//! What programs do to a tree: list it, walk it, look at every file, read every file. System calls only, so that the
//! client's own work does not hide the file system's.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What is done to each file of a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visit {
    /// Nothing, as `ls -f` and `find` do: types come with the names.
    Name,
    /// Its attributes, as `find -size` and `ls -l` ask for.
    Stat,
    /// Open, read 4 KiB, close.
    Read,
}

/// The C library's largest buffer, which it uses for directories with blocks of 1 MiB.
const BUFFER: usize = 1 << 20;

/// Walks a tree from the top, each directory listed to its end before its files are visited and its subdirectories
/// entered, and stops after `limit` files. Returns the entries seen, `.` and `..` left out.
pub(crate) fn walk(root: &Path, visit: Visit, limit: u64) -> io::Result<u64> {
    let mut walker = Walker { visit, limit, entries: 0, files: 0, buffer: vec![0; BUFFER] };
    let root = CString::new(root.as_os_str().as_bytes())?;
    walker.directory(libc::AT_FDCWD, &root)?;
    Ok(walker.entries)
}

struct Walker {
    visit: Visit,
    limit: u64,
    entries: u64,
    files: u64,
    buffer: Vec<u8>,
}

/// Names of one directory, each ended by NUL.
#[derive(Default)]
struct Names {
    folders: Vec<u8>,
    files: Vec<u8>,
}

impl Walker {
    fn directory(&mut self, at: libc::c_int, name: &CStr) -> io::Result<()> {
        let dir = open_at(at, name, libc::O_DIRECTORY)?;
        let names = self.list(&dir)?;
        if self.visit != Visit::Name {
            each(&names.files, |file| self.file(&dir, file))?;
        }
        each(
            &names.folders,
            |folder| {
                if self.files < self.limit { self.directory(dir.as_raw_fd(), folder) } else { Ok(()) }
            },
        )
    }

    /// Reads a directory to its end, or until the limit is reached.
    fn list(&mut self, dir: &OwnedFd) -> io::Result<Names> {
        let mut names = Names::default();
        while self.files < self.limit {
            // SAFETY: the buffer is as long as said, and the descriptor open.
            let n = unsafe {
                libc::syscall(libc::SYS_getdents64, dir.as_raw_fd(), self.buffer.as_mut_ptr(), self.buffer.len())
            };
            let n = usize::try_from(n).map_err(|_| io::Error::last_os_error())?;
            if n == 0 {
                break;
            }
            let mut at = 0;
            while at < n {
                at += self.record(at, &mut names);
            }
        }
        Ok(names)
    }

    /// Takes one record of a listing in and returns its length: 8 bytes each of inode and offset, 2 of length, 1 of
    /// type, the name.
    fn record(&mut self, at: usize, names: &mut Names) -> usize {
        let record = &self.buffer[at..];
        let length = usize::from(u16::from_ne_bytes([record[16], record[17]]));
        let name = &record[19..length];
        let end = name.iter().position(|&b| b == 0).unwrap_or(name.len() - 1);
        let name = &name[..=end];
        if name == b".\0" || name == b"..\0" {
            return length;
        }
        self.entries += 1;
        if record[18] == libc::DT_DIR {
            names.folders.extend_from_slice(name);
        } else {
            self.files += 1;
            if self.visit != Visit::Name {
                names.files.extend_from_slice(name);
            }
        }
        length
    }

    fn file(&self, dir: &OwnedFd, name: &CStr) -> io::Result<()> {
        if self.visit == Visit::Stat {
            // SAFETY: all zeros is a valid value of it.
            let mut stat: libc::stat = unsafe { std::mem::zeroed() };
            // SAFETY: descriptor, name and target are valid.
            let result =
                unsafe { libc::fstatat(dir.as_raw_fd(), name.as_ptr(), &raw mut stat, libc::AT_SYMLINK_NOFOLLOW) };
            return if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) };
        }
        let file = open_at(dir.as_raw_fd(), name, 0)?;
        let mut data = [0u8; 4096];
        // SAFETY: the buffer is as long as said, and the descriptor open.
        let n = unsafe { libc::read(file.as_raw_fd(), data.as_mut_ptr().cast(), data.len()) };
        if n == 4096 { Ok(()) } else { Err(io::Error::other(format!("read {n} of {name:?}"))) }
    }
}

fn open_at(at: libc::c_int, name: &CStr, flags: libc::c_int) -> io::Result<OwnedFd> {
    // SAFETY: the name is a string of C; a descriptor that is not open is refused.
    let fd = unsafe { libc::openat(at, name.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC | flags) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: just opened, and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn each(names: &[u8], mut call: impl FnMut(&CStr) -> io::Result<()>) -> io::Result<()> {
    let mut rest = names;
    while let Ok(name) = CStr::from_bytes_until_nul(rest) {
        call(name)?;
        rest = &rest[name.count_bytes() + 1..];
    }
    Ok(())
}
