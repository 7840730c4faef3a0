//! Listings by the name of the last entry that was seen.

use std::ops::ControlFlow;

use super::abi::{DirInfo, NtStatus};
use super::resolve::shown;
use super::translate::{asked_name, code, file_info, fill_entry, shown_name};
use crate::vfs::{Cookie, FsError, Ino, Vfs};

/// Where a listing goes on behind the entry `marker`, or where it starts. Never scans.
///
/// # Errors
/// The code for a name that is not listed.
pub(super) fn behind<V: Vfs>(vfs: &V, dir: Ino, marker: Option<&[u16]>) -> Result<Cookie, NtStatus> {
    let Some(marker) = marker else { return Ok(Cookie::START) };
    let name = asked_name(marker)?;
    match vfs.position(dir, name.as_bytes()) {
        // The driver hands back what it was given, programs may write it otherwise.
        Err(FsError::NotFound) => vfs.spelling(dir, name.as_bytes()).and_then(|name| vfs.position(dir, &name)),
        found => found,
    }
    .map_err(code)
}

/// Hands the entries behind `from` to `add` until there are no more, or until it has no room; whether there are no more.
/// The root shows neither itself nor what is above.
///
/// # Errors
/// The code for what is no directory.
pub(super) fn list<V: Vfs>(
    vfs: &V,
    dir: Ino,
    from: Cookie,
    mut add: impl FnMut(&DirInfo) -> bool,
) -> Result<bool, NtStatus> {
    // SAFETY: all-zero is a valid entry: numbers alone.
    let mut info: DirInfo = unsafe { std::mem::zeroed() };
    let mut complete = true;
    let listed = vfs.readdir(dir, from, &mut |entry| {
        if dir == Ino::ROOT && matches!(entry.name, b"." | b"..") {
            return ControlFlow::Continue(());
        }
        let Some(name) = shown_name(entry.name) else { return ControlFlow::Continue(()) };
        let Some(leads_to_directory) = shown(vfs, dir, &entry.attr) else { return ControlFlow::Continue(()) };
        fill_entry(&mut info, name, file_info(&entry.attr, leads_to_directory));
        complete = add(&info);
        if complete { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    listed.map_err(code)?;
    Ok(complete)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::Corpus;
    use crate::dataset::{Dataset, Spec};
    use crate::tree::Tree;
    use crate::winfsp::translate::status;

    fn tree(dataset: &str) -> Tree {
        let dataset = Dataset::new(Spec::parse(dataset).unwrap()).unwrap();
        Tree::new(dataset, Corpus::builtin(), false, Box::new(String::new))
    }

    /// The names of one piece with this many entries, and whether there are no more.
    fn piece(tree: &Tree, marker: Option<&[u16]>, room: usize) -> (Vec<Vec<u16>>, bool) {
        let mut names = Vec::new();
        let from = behind(tree, Ino::ROOT, marker).unwrap();
        let complete = list(tree, Ino::ROOT, from, |entry| {
            let units = (usize::from(entry.size) - 104) / 2;
            let has_room = names.len() < room;
            names.extend(has_room.then(|| entry.name[..units].to_vec()));
            has_room
        });
        (names, complete.unwrap())
    }

    #[test]
    fn pieces_of_any_size_give_the_whole() {
        let tree = tree("files=60,dirs=4");
        let (all, complete) = piece(&tree, None, usize::MAX);
        assert!(complete && all.len() > 5);
        for room in 1..5 {
            let mut names: Vec<Vec<u16>> = Vec::new();
            loop {
                let (more, complete) = piece(&tree, names.last().map(Vec::as_slice), room);
                names.extend(more);
                if complete {
                    break;
                }
            }
            assert_eq!(names, all, "{room}");
        }
    }

    #[test]
    fn the_root_shows_neither_itself_nor_what_is_above() {
        let (names, _) = piece(&tree("files=5"), None, usize::MAX);
        assert!(names.iter().all(|name| name.first() != Some(&u16::from(b'.'))));
    }

    #[test]
    fn what_is_not_listed_marks_no_place() {
        let tree = tree("files=5");
        for name in ["none", "s1-5", ".seedfs"] {
            let units: Vec<u16> = name.encode_utf16().collect();
            assert_eq!(behind(&tree, Ino::ROOT, Some(&units)), Err(status::OBJECT_NAME_NOT_FOUND), "{name}");
        }
    }
}
