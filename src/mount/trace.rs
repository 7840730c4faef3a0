//! The file that a trace goes to.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use super::MountError;
use crate::trace::MAGIC;

/// Opens the file and empties it. To be done before the process goes to the background, where the path may mean another
/// file, and nobody sees a message.
///
/// # Errors
/// The file cannot be written, or holds something that is no trace: a slip of the keyboard must not cost a file.
pub(super) fn open(path: &Path) -> Result<File, MountError> {
    let failed = |error: io::Error| MountError::Failed(format!("{}: cannot trace there: {error}", path.display()));
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Ok(file);
    }
    if metadata.len() > 0 {
        let mut start = [0; MAGIC.len()];
        let read = file.read_exact(&mut start);
        if read.is_err() || start != MAGIC {
            let reason = "exists and is no trace; name another file, or remove this one";
            return Err(MountError::Failed(format!("{}: {reason}", path.display())));
        }
    }
    // A new description: the old one stands behind what was read.
    OpenOptions::new().write(true).truncate(true).open(path).map_err(failed)
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
}
