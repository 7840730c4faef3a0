//! Whether a directory can be mounted on, and the next step where it cannot.

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::MountError;

/// Makes the path absolute and free of symbolic links, after checking that it is a directory that can be mounted on.
///
/// # Errors
/// [`MountError::Point`] with the next step: missing, no directory, a dead mount, or a seedfs mount already.
pub(super) fn check(point: &Path) -> Result<PathBuf, MountError> {
    let refuse = |reason: String| MountError::Point { point: point.to_owned(), reason };
    let absolute = std::fs::canonicalize(point).map_err(|error| refuse(explain(point, &error)))?;
    let metadata = std::fs::metadata(&absolute).map_err(|error| refuse(explain(point, &error)))?;
    if !metadata.is_dir() {
        return Err(refuse("is not a directory; name an existing directory".to_owned()));
    }
    answers(&absolute).map_err(|error| refuse(explain(point, &error)))?;
    refuse_second(&absolute).map_err(refuse)?;
    Ok(absolute)
}

/// Asks the file system there for its totals: attributes of a dead mount may still be in the kernel's cache, totals
/// never are.
fn answers(path: &Path) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let mut totals = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: the path ends with NUL and outlives the call, which writes to nothing but `totals`.
    if unsafe { libc::statvfs(path.as_ptr(), totals.as_mut_ptr()) } == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Whether what is mounted there has lost its daemon.
pub(super) fn is_dead(path: &Path) -> bool {
    answers(path).is_err_and(|error| means_dead(&error))
}

fn explain(point: &Path, error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(libc::ENOENT) => format!("does not exist; create it with: mkdir -p {}", quoted(point)),
        Some(libc::ENOTDIR) => "is not a directory; name an existing directory".to_owned(),
        _ if means_dead(error) => dead(point),
        Some(libc::EACCES) => CLOSED.to_owned(),
        _ => format!("cannot be used: {error}"),
    }
}

/// What refuses to be looked at.
pub(super) const CLOSED: &str = "permission denied; it may be another user's mount, or lie in a closed directory";

/// Whether this is how the mount of a daemon that was killed answers.
pub(super) fn means_dead(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOTCONN | libc::ECONNABORTED))
}

/// What to do about the mount that a daemon left behind. Lazily, as it may still be somebody's working directory.
pub(crate) fn dead(point: &Path) -> String {
    // SAFETY: no preconditions; cannot fail.
    let is_root = unsafe { libc::geteuid() } == 0;
    let command = match shown(point) {
        Shown::Other if is_root => "umount -l",
        Shown::Other => "fusermount3 -uz",
        // Needs no other program for root.
        Shown::Dataset | Shown::Sink | Shown::Unknown => "seedfs umount --lazy",
    };
    format!("is a dead mount; remove it with: {command} {}", quoted(point))
}

/// What the table of mounts has at a place.
pub(super) enum Shown {
    /// A dataset.
    Dataset,
    /// A sink.
    Sink,
    /// What another program mounted, or this one under another type.
    Other,
    /// Nothing, or there is no table.
    Unknown,
}

/// Looks a place up without touching it.
#[cfg(target_os = "linux")]
pub(super) fn shown(point: &Path) -> Shown {
    match super::table::untouched(point) {
        Ok(Some(entry)) if entry.is_sink() => Shown::Sink,
        Ok(Some(entry)) if entry.is_seedfs() => Shown::Dataset,
        Ok(Some(_)) => Shown::Other,
        Ok(None) | Err(_) => Shown::Unknown,
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn shown(_: &Path) -> Shown {
    Shown::Unknown
}

/// Mounting over an ordinary directory or another file system is allowed, as with mount(8); twice the same is a mistake.
#[cfg(target_os = "linux")]
fn refuse_second(absolute: &Path) -> Result<(), String> {
    match super::table::topmost(absolute) {
        Ok(Some(entry)) if entry.is_seedfs() => Err(format!(
            "is busy: {} is mounted there; unmount it first with: seedfs umount {}",
            entry.source.display(),
            quoted(absolute)
        )),
        _ => Ok(()),
    }
}

#[cfg(not(target_os = "linux"))]
fn refuse_second(_: &Path) -> Result<(), String> {
    Ok(())
}

/// A path as a shell takes it, for commands in messages.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'_' | b'-' | b'+' | b',' | b'=' | b':');
    if !text.is_empty() && text.bytes().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("a b");
        let message = check(&missing).unwrap_err().to_string();
        assert!(message.contains("does not exist") && message.contains("mkdir -p '"), "{message}");
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(check(&file).unwrap_err().to_string().contains("not a directory"));
        assert!(check(&file.join("x")).unwrap_err().to_string().contains("not a directory"));
        assert_eq!(check(dir.path()).unwrap(), dir.path().canonicalize().unwrap());
        let dead = explain(Path::new("/m"), &io::Error::from_raw_os_error(libc::ENOTCONN));
        assert_eq!(dead, "is a dead mount; remove it with: seedfs umount --lazy /m");
    }

    #[test]
    fn quotes_what_shells_would_split() {
        assert_eq!(quoted(Path::new("/a-b/c.d")), "/a-b/c.d");
        assert_eq!(quoted(Path::new("/a'b")), "'/a'\\''b'");
    }
}
