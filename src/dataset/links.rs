//! Targets of symbolic links.

use super::layout::LinkKind;
use super::{Dataset, Listed, Symlink};
use crate::name;

/// Longest target in bytes: what Linux allows.
const MAX_TARGET: usize = 4095;

impl Dataset {
    /// Target of a symbolic link, at most 4,095 bytes. A target whose path would be longer is left dangling.
    pub fn link_target(&self, link: &Symlink<'_>) -> Vec<u8> {
        let mut target = Vec::new();
        match link.kind {
            LinkKind::Relative => {
                let path = self.linked_path(link.index);
                self.write_relative(self.shape.folder_of(link.index), &path, &mut target);
            }
            LinkKind::Absolute => {
                target.extend_from_slice(self.spec.symlinks.root.as_bytes());
                target.push(b'/');
                target.extend_from_slice(&self.linked_path(link.index));
            }
            LinkKind::Dangling => {}
            LinkKind::Loop if link.index.is_multiple_of(2) => link.write_name(&mut target),
            LinkKind::Loop => target.push(b'.'),
        }
        if target.is_empty() || target.len() > MAX_TARGET {
            target.clear();
            target.extend_from_slice(b"no-such-file-");
            name::push_decimal(&mut target, link.index);
        }
        target
    }

    /// The path from the root of what a link points to: a file, or where the draw falls on another link, its folder.
    fn linked_path(&self, link: u64) -> Vec<u8> {
        let index = self.draws.link_target.below(link, self.shape.files());
        let mut path = Vec::new();
        self.write_folder_path(self.shape.folder_of(index), &mut path);
        match self.entry(index) {
            Listed::File(file) => file.write_name(&mut path),
            // Not to a link: chains and circles would come about by chance.
            Listed::Symlink(_) => {}
        }
        path
    }

    /// Appends the way from a folder to a path from the root.
    fn write_relative(&self, folder: u64, path: &[u8], out: &mut Vec<u8>) {
        let mut from = Vec::new();
        self.write_folder_path(folder, &mut from);
        let mut shared = 0;
        for (at, (a, b)) in from.iter().zip(path.iter()).enumerate() {
            if a != b {
                break;
            }
            if *a == b'/' {
                shared = at + 1;
            }
        }
        let up = from[shared..].iter().filter(|&&b| b == b'/').count();
        for _ in 0..up {
            out.extend_from_slice(b"../");
        }
        out.extend_from_slice(&path[shared..]);
        if path.len() == shared {
            // The folder above, or this one.
            out.extend_from_slice(b".");
        }
    }
}
