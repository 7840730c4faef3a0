//! Paths to inodes, a component at a time, with each reference given back.

use super::abi::NtStatus;
use super::translate::{asked_name, code, components, has_type, shown_target, status};
use crate::vfs::{Attr, FileType, FsError, Ino, Vfs};

/// Links followed to see where one leads, as many as the driver follows.
const MAX_LINKS: u32 = 32;

/// A reference that a lookup took, given back when this is dropped.
pub(super) struct Reference<'a, V: Vfs> {
    vfs: &'a V,
    ino: Ino,
}

impl<'a, V: Vfs> Reference<'a, V> {
    /// The root, which nobody looks up and nobody forgets.
    fn root(vfs: &'a V) -> Self {
        Self { vfs, ino: Ino::ROOT }
    }

    /// Keeps the reference for [`Reference::taken_over`].
    pub(super) fn keep(self) -> Ino {
        let ino = self.ino;
        std::mem::forget(self);
        ino
    }

    /// A reference that was kept.
    pub(super) fn taken_over(vfs: &'a V, ino: Ino) -> Self {
        Self { vfs, ino }
    }
}

impl<V: Vfs> Drop for Reference<'_, V> {
    fn drop(&mut self) {
        if self.ino != Ino::ROOT {
            self.vfs.forget(self.ino, 1);
        }
    }
}

/// What a path leads to.
pub(super) struct Found<'a, V: Vfs> {
    /// Keeps it alive.
    pub(super) reference: Reference<'a, V>,
    pub(super) attr: Attr,
    /// Whether it is a symbolic link to a directory.
    pub(super) leads_to_directory: bool,
    /// The path in its own spelling.
    pub(super) path: Vec<u16>,
}

/// What comes of resolving a path.
pub(super) enum Resolved<'a, V: Vfs> {
    Found(Found<'a, V>),
    /// The component at this place, in UTF-16 units, is a symbolic link with more behind it.
    Link(u32),
}

/// Finds what a path leads to; a symbolic link at its end is itself.
///
/// # Errors
/// The code that Windows has for what is wrong: of the name for the last component, of the path for those before.
pub(super) fn resolve<'a, V: Vfs>(vfs: &'a V, path: &[u16]) -> Result<Resolved<'a, V>, NtStatus> {
    let mut reference = Reference::root(vfs);
    let mut attr = vfs.getattr(Ino::ROOT).map_err(code)?;
    let mut spelled = Vec::with_capacity(path.len() + 1);
    let mut leads_to_directory = false;
    for (place, part) in components(path) {
        match attr.file_type {
            FileType::Directory => {}
            // The link is the component before; its place is that of the last one seen.
            FileType::Symlink => return Ok(Resolved::Link(place_before(path, place))),
            _ => return Err(status::OBJECT_PATH_NOT_FOUND),
        }
        let is_last = components(&path[place + part.len()..]).next().is_none();
        let in_place = |error| if is_last { error } else { path_error(error) };
        let name = asked_name(part).map_err(in_place)?;
        let child = child(vfs, attr.ino, &name).map_err(in_place)?;
        spelled.push(u16::from(b'\\'));
        spelled.extend(child.name.encode_utf16());
        (reference, attr, leads_to_directory) = (child.reference, child.attr, child.leads_to_directory);
    }
    if spelled.is_empty() {
        spelled.push(u16::from(b'\\'));
    }
    Ok(Resolved::Found(Found { reference, attr, leads_to_directory, path: spelled }))
}

/// Start of the component before the one at `place`.
fn place_before(path: &[u16], place: usize) -> u32 {
    components(&path[..place]).last().map_or(0, |(before, _)| before as u32)
}

/// Of a path whose middle is missing or no directory, Windows says that the path is not found.
fn path_error(error: NtStatus) -> NtStatus {
    if error == status::OBJECT_NAME_NOT_FOUND || error == status::NOT_A_DIRECTORY {
        status::OBJECT_PATH_NOT_FOUND
    } else {
        error
    }
}

/// A name found in a directory.
pub(super) struct Child<'a, V: Vfs> {
    pub(super) reference: Reference<'a, V>,
    pub(super) attr: Attr,
    pub(super) leads_to_directory: bool,
    /// Its own spelling.
    pub(super) name: String,
}

/// Finds a name, written in any case, in a directory.
///
/// # Errors
/// The code for it; what Windows cannot express is not found.
pub(super) fn child<'a, V: Vfs>(vfs: &'a V, dir: Ino, name: &str) -> Result<Child<'a, V>, NtStatus> {
    let spelling = vfs.spelling(dir, name.as_bytes()).map_err(code)?;
    let attr = vfs.lookup(dir, &spelling).map_err(code)?;
    let reference = Reference { vfs, ino: attr.ino };
    let name = String::from_utf8(spelling).map_err(|_| status::OBJECT_NAME_NOT_FOUND)?;
    let leads_to_directory = shown(vfs, dir, &attr).ok_or(status::OBJECT_NAME_NOT_FOUND)?;
    Ok(Child { reference, attr, leads_to_directory, name })
}

/// `None` for what Windows cannot express; else whether it is a symbolic link to a directory.
pub(super) fn shown<V: Vfs>(vfs: &V, dir: Ino, attr: &Attr) -> Option<bool> {
    if !has_type(attr.file_type) {
        return None;
    }
    if attr.file_type != FileType::Symlink {
        return Some(false);
    }
    let target = vfs.readlink(attr.ino).ok()?;
    let target = shown_target(&target)?;
    let mut links = MAX_LINKS;
    let end = follow(vfs, dir, target, &mut links);
    Some(end.is_ok_and(|(_, attr)| attr.file_type == FileType::Directory))
}

/// What a link's target leads to from a directory, through further links as long as `links` lasts.
fn follow<'a, V: Vfs>(
    vfs: &'a V,
    dir: Ino,
    target: &str,
    links: &mut u32,
) -> Result<(Reference<'a, V>, Attr), FsError> {
    *links = links.checked_sub(1).ok_or(FsError::Invalid)?;
    let start = if target.starts_with('/') { Ino::ROOT } else { dir };
    // The directories on the way are listed ones, whose numbers need no reference.
    let mut at = (Reference::root(vfs), vfs.getattr(start)?);
    for part in target.split('/').filter(|part| !part.is_empty() && *part != ".") {
        let dir = at.1.ino;
        at = if part == ".." {
            (Reference::root(vfs), vfs.getattr(vfs.parent(dir)?)?)
        } else {
            let attr = vfs.lookup(dir, part.as_bytes())?;
            let found = (Reference { vfs, ino: attr.ino }, attr);
            if attr.file_type == FileType::Symlink {
                let target = vfs.readlink(attr.ino)?;
                follow(vfs, dir, shown_target(&target).ok_or(FsError::NotFound)?, links)?
            } else {
                found
            }
        };
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::Corpus;
    use crate::dataset::{Dataset, Spec};
    use crate::tree::Tree;

    fn tree(dataset: &str) -> Tree {
        let dataset = Dataset::new(Spec::parse(dataset).unwrap()).unwrap();
        Tree::new(dataset, Corpus::builtin(), false, Box::new(String::new))
    }

    fn wide(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[track_caller]
    fn found<'a>(tree: &'a Tree, path: &str) -> Found<'a, Tree> {
        match resolve(tree, &wide(path)) {
            Ok(Resolved::Found(found)) => found,
            Ok(Resolved::Link(place)) => panic!("a link at {place}"),
            Err(code) => panic!("{code:#x}"),
        }
    }

    #[test]
    fn the_root_and_what_is_below() {
        let tree = tree("files=5");
        let root = found(&tree, "\\");
        assert_eq!((root.attr.ino, root.path), (Ino::ROOT, wide("\\")));
        let file = found(&tree, "\\.seedfs\\version");
        assert_eq!((file.attr.file_type, file.path), (FileType::Regular, wide("\\.seedfs\\version")));
    }

    #[test]
    fn missing_names_and_missing_paths_differ() {
        let tree = tree("files=5");
        for (path, expected) in [
            ("\\none", status::OBJECT_NAME_NOT_FOUND),
            ("\\none\\x", status::OBJECT_PATH_NOT_FOUND),
            ("\\s1-5\\x", status::OBJECT_PATH_NOT_FOUND),
            ("\\a/b_s1-5", status::OBJECT_NAME_INVALID),
        ] {
            assert_eq!(resolve(&tree, &wide(path)).err(), Some(expected), "{path}");
        }
        assert_eq!(tree.on_demand_inodes(), 0);
    }

    #[test]
    fn a_reference_lasts_until_it_is_dropped() {
        let tree = tree("files=5");
        let first = found(&tree, "\\s1-5");
        assert_eq!(tree.on_demand_inodes(), 1);
        let kept = first.reference.keep();
        assert_eq!(tree.on_demand_inodes(), 1);
        drop(Reference::taken_over(&tree, kept));
        assert_eq!(tree.on_demand_inodes(), 0);
    }

    #[test]
    fn a_link_with_more_behind_it_is_told_by_its_place() {
        let tree = tree("files=5,cases=links");
        let mut links = Vec::new();
        let cases = tree.lookup(Ino::ROOT, b"cases").unwrap().ino;
        let links_dir = tree.lookup(cases, b"links").unwrap().ino;
        let dir = tree.lookup(links_dir, b"symbolic").unwrap().ino;
        tree.readdir(dir, crate::vfs::Cookie::START, &mut |entry| {
            if let (FileType::Symlink, Ok(name)) = (entry.attr.file_type, str::from_utf8(entry.name)) {
                links.extend(shown(&tree, dir, &entry.attr).map(|leads| (name.to_owned(), leads)));
            }
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
        assert!(links.iter().any(|(_, leads)| *leads) && links.iter().any(|(_, leads)| !leads), "{links:?}");
        for (name, leads) in links {
            let path = format!("\\cases\\links\\symbolic\\{name}");
            let link = found(&tree, &path);
            assert_eq!((link.attr.file_type, link.leads_to_directory), (FileType::Symlink, leads), "{path}");
            match resolve(&tree, &wide(&format!("{path}\\x"))) {
                Ok(Resolved::Link(place)) => assert_eq!(place, 22, "{path}"),
                _ => panic!("{path}: no link"),
            };
        }
    }
}
