//! Targets of symbolic links.

use super::layout::LinkKind;
use super::{Dataset, Symlink};
use crate::name;

/// Longest target in bytes: what Linux allows.
const MAX_TARGET: usize = 4095;

impl Dataset {
    /// Target of a symbolic link, at most 4,095 bytes. A link whose target would be longer, or that
    /// has no file to point to, is left dangling.
    pub fn link_target(&self, link: &Symlink<'_>) -> Vec<u8> {
        let mut target = Vec::new();
        match link.kind {
            LinkKind::Relative => {
                if let Some(path) = self.linked_path(link.index) {
                    self.write_relative(self.shape.folder_of(link.index), &path, &mut target);
                }
            }
            LinkKind::Absolute => {
                if let Some(path) = self.linked_path(link.index) {
                    target.extend_from_slice(self.spec.symlinks.root.as_bytes());
                    target.push(b'/');
                    target.extend_from_slice(&path);
                }
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

    /// The path from the root of the regular file that a link points to; `None` where there are only links. Neither to
    /// links nor to folders: circles would come about by chance.
    fn linked_path(&self, link: u64) -> Option<Vec<u8>> {
        let files = self.layout.regular();
        if files == 0 {
            return None;
        }
        let index = self.positions.backward(self.draws.link_target.below(link, files));
        let mut path = Vec::new();
        self.write_folder_path(self.shape.folder_of(index), &mut path);
        self.entry(index).write_name(&mut path);
        Some(path)
    }

    /// Appends the way from a folder to the path of a file from the root.
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
    }
}
