//! The file that a trace goes to.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek};
use std::path::Path;

use super::MountError;
use crate::observe::Observer;
use crate::trace::MAGIC;

/// Opens the file, empties it, and writes what a trace of this observer starts with. To be done before the process goes
/// to the background, where the path may mean another file, and nobody sees a message.
///
/// The file stays locked until the last process that inherited it is gone: the daemon, as all others close it.
///
/// # Errors
/// The file cannot be written, is that of another mount, or holds something that is no trace: a slip of the keyboard must
/// not cost a file.
pub(super) fn start(path: &Path, observer: Option<&Observer>) -> Result<File, MountError> {
    let mut file = open(path)?;
    observer.map_or(Ok(()), |observer| observer.begin(&mut file)).map_err(|error| failed(path, &error))?;
    Ok(file)
}

fn failed(path: &Path, error: &io::Error) -> MountError {
    MountError::Failed(format!("{}: cannot trace there: {error}", path.display()))
}

fn refused(path: &Path, why: &str) -> MountError {
    MountError::Failed(format!("{}: {why}", path.display()))
}

fn open(path: &Path) -> Result<File, MountError> {
    let failed = |error: io::Error| failed(path, &error);
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
    // Of what keeps nothing, such as /dev/null, there may be many.
    if !file.metadata().map_err(failed)?.is_file() {
        return Ok(file);
    }
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            return Err(refused(path, "another mount writes its trace there; name another file"));
        }
        // Some file systems of networks have no locks; it is no reason to do without a trace.
        Ok(()) | Err(TryLockError::Error(_)) => {}
    }
    // Only now: whoever had the lock before wrote until then.
    if file.metadata().map_err(failed)?.len() > 0 {
        let mut start = [0; MAGIC.len()];
        let read = file.read_exact(&mut start);
        if read.is_err() || start != MAGIC {
            return Err(refused(path, "exists and is no trace; name another file, or remove this one"));
        }
    }
    file.set_len(0).and_then(|()| file.rewind()).map_err(failed)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_traces_are_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.trace");
        open(&path).unwrap();
        std::fs::write(&path, b"SEEDFSTR and more").unwrap();
        open(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"");
        std::fs::write(&path, b"my thesis").unwrap();
        let error = open(&path).unwrap_err().to_string();
        assert!(error.contains("is no trace; name another"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"my thesis");
        assert!(open(&dir.path().join("no/such")).unwrap_err().to_string().contains("cannot trace there"));
    }

    #[test]
    fn a_file_is_that_of_one_trace_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("x.trace"), dir.path().join("link"));
        let first = open(&path).unwrap();
        std::fs::hard_link(&path, &link).unwrap();
        for name in [&path, &link] {
            let error = open(name).unwrap_err().to_string();
            assert!(error.ends_with(": another mount writes its trace there; name another file"), "{error}");
        }
        drop(first);
        open(&link).unwrap();
        let null = Path::new("/dev/null");
        let _both = (open(null).unwrap(), open(null).unwrap());
    }
}
