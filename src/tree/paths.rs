//! From inodes back to paths, and what is observed, in terms of them.

use super::node::{CONTROL, Node, Shown};
use super::{Tree, control, names};
use crate::vfs::{Ino, Vfs};

impl Tree {
    /// The path of an inode from the root, without a slash at either end.
    pub(super) fn path_of(&self, ino: Ino) -> Option<Vec<u8>> {
        let mut path = Vec::new();
        match self.node(ino).ok()? {
            Node::Snapshots => {}
            Node::Folder(at, folder) => {
                self.push_generation(at.generation(), &mut path);
                self.dataset.write_folder_path(folder, &mut path);
            }
            Node::Listed(at, index) => {
                self.push_generation(at.generation(), &mut path);
                at.write_path(index, &mut path);
            }
            Node::CaseDirectory(number) | Node::Case(number) => self.dataset.cases().write_path(number, &mut path),
            Node::OnDemand(_) => {
                let (dir, name) = self.on_demand.place(ino.0.checked_sub(super::ON_DEMAND)?)?;
                path = self.path_of(dir)?;
                if !path.is_empty() {
                    path.push(b'/');
                }
                path.extend_from_slice(&name);
            }
            Node::ControlDirectory => path.extend_from_slice(control::DIRECTORY),
            Node::Control(file) => {
                path = self.path_of(Ino(CONTROL))?;
                path.push(b'/');
                path.extend_from_slice(file.name().as_bytes());
            }
        }
        if path.last() == Some(&b'/') {
            path.pop();
        }
        Some(path)
    }

    /// What puts inodes into the order in which a program meets them that walks through the tree and goes into each
    /// directory as soon as it is listed; what is not listed comes last.
    pub fn walk_key(&self, ino: Ino) -> Vec<u64> {
        // Subfolders are listed before files, and the directory of cases behind both.
        const FILES: u64 = 1 << 62;
        const CASES: u64 = 1 << 63;
        let mut key = Vec::new();
        let (at, folder, last) = match self.node(ino) {
            Ok(Node::Folder(at, folder)) => (at, folder, None),
            Ok(Node::Listed(at, index)) => {
                (at, at.folder_of(index), Some(FILES + at.place_in(at.folder_of(index), index)))
            }
            Ok(Node::CaseDirectory(number) | Node::Case(number)) => return vec![CASES, number],
            _ => return vec![u64::MAX, ino.0],
        };
        key.extend(last);
        let shape = self.dataset.shape();
        key.extend(
            std::iter::successors(Some(folder), |&folder| shape.parent(folder)).map(|folder| shape.ordinal(folder)),
        );
        // That of the root is the same for all; in its place stands the generation.
        key.pop();
        key.push(at.generation());
        key.reverse();
        key
    }

    fn push_generation(&self, generation: u64, path: &mut Vec<u8>) {
        if let Shown::All { .. } = self.shown {
            path.extend_from_slice(names::snapshot_name(generation).as_bytes());
            path.push(b'/');
        }
    }

    /// How many unlisted names are in use, for the counters.
    pub(super) fn on_demand_gauge(&self) -> String {
        let count = self.on_demand.len();
        format!(
            "# HELP seedfs_on_demand_inodes Unlisted names that the kernel refers to at this moment.\n\
             # TYPE seedfs_on_demand_inodes gauge\nseedfs_on_demand_inodes {count}\n"
        )
    }

    /// What is observed, for the counters; nothing where nothing is.
    pub(super) fn observed(&self) -> String {
        let Some(observer) = &self.observer else { return String::new() };
        let mut observed = observer.observed(|ino| self.path_of(ino));
        let (files, bytes) = self.listed_totals();
        (observed.listed_files, observed.listed_bytes) = (Some(files), Some(bytes));
        observed.prometheus()
    }

    /// Entries that are listed, directories left out, and the bytes of all files; estimates where [`Vfs::statfs`] gives
    /// some.
    pub fn listed_totals(&self) -> (u64, u64) {
        let all = self.statfs();
        let folders = self.dataset.shape().folders().saturating_mul(self.shown.count());
        (all.inodes.saturating_sub(folders), all.bytes)
    }
}
