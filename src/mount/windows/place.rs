//! Where a volume can be: a drive, or a directory that WinFsp makes.

use std::path::{Path, PathBuf};

use windows_sys::Win32::Storage::FileSystem::GetLogicalDrives;

/// Where to mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// The next drive that is free, from Z: downwards.
    NextDrive,
    /// A drive, by its upper-case letter.
    Drive(char),
    /// An absolute path.
    Directory(PathBuf),
}

impl Place {
    /// Reads `X:`, `*` or a path.
    ///
    /// # Errors
    /// What is wrong with it, and the next step.
    pub(super) fn parse(place: &Path) -> Result<Self, String> {
        let text = place.to_string_lossy();
        let mut letters = text.trim_end_matches(['\\', '/']).chars();
        match (letters.next(), letters.next(), letters.next()) {
            (Some('*'), None, None) => return Ok(Place::NextDrive),
            (Some(letter), Some(':'), None) if letter.is_ascii_alphabetic() => {
                return Ok(Place::Drive(letter.to_ascii_uppercase()));
            }
            _ => {}
        }
        // WinFsp takes text alone, and so do the names of what ends a mount.
        if place.to_str().is_none() {
            return Err("is no Unicode; name another directory".to_owned());
        }
        std::path::absolute(place).map(Place::Directory).map_err(|error| format!("cannot be used: {error}"))
    }

    /// Looks whether something is in the way.
    ///
    /// # Errors
    /// What is in the way, and the next step.
    pub(super) fn check(self) -> Result<Self, String> {
        match &self {
            Place::NextDrive => {}
            Place::Drive(letter) => {
                let bit = 1 << (u32::from(*letter) - u32::from('A'));
                // SAFETY: no preconditions.
                if unsafe { GetLogicalDrives() } & bit != 0 {
                    return Err("is in use; name another drive, or * for the next one that is free".to_owned());
                }
            }
            Place::Directory(path) => {
                if path.symlink_metadata().is_ok() {
                    let why = "exists already, but WinFsp makes the directory itself";
                    return Err(format!("{why}; name one that does not exist yet, or a drive such as X:"));
                }
                if !path.parent().is_some_and(Path::is_dir) {
                    return Err("cannot be made: the directory above it does not exist; make that first".to_owned());
                }
            }
        }
        Ok(self)
    }

    /// As WinFsp takes it; nothing for the next drive.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Place::NextDrive => None,
            Place::Drive(letter) => Some(format!("{letter}:")),
            Place::Directory(path) => Some(path.to_string_lossy().into_owned()),
        }
    }

    /// The same for every way to write a place.
    pub(super) fn key(&self) -> String {
        self.text().unwrap_or_default().to_uppercase().replace('/', "\\")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drives_are_read_in_any_form() {
        for text in ["x:", "X:", "X:\\", "x:/"] {
            assert_eq!(Place::parse(Path::new(text)).unwrap(), Place::Drive('X'), "{text}");
        }
        assert_eq!(Place::parse(Path::new("*")).unwrap(), Place::NextDrive);
        assert!(matches!(Place::parse(Path::new("data")).unwrap(), Place::Directory(path) if path.is_absolute()));
    }

    #[test]
    fn a_directory_has_one_key() {
        let key = |text: &str| Place::parse(Path::new(text)).unwrap().key();
        assert_eq!(key("C:\\Data\\Tree"), key("c:/data/tree"));
        assert_ne!(key("C:\\Data\\Tree"), key("C:\\Data\\Trees"));
    }

    #[test]
    fn what_is_in_the_way_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let check = |path: &Path| Place::parse(path).and_then(Place::check);
        assert!(check(dir.path()).unwrap_err().contains("exists already"));
        assert!(check(&dir.path().join("no\\such")).unwrap_err().contains("above it"));
        assert!(check(&dir.path().join("new")).is_ok());
        assert!(check(Path::new("C:")).unwrap_err().contains("in use"));
    }
}
