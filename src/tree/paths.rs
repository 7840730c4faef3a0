//! From inodes back to paths, and what is observed, in terms of them.

use super::node::{CONTROL, Node, Shown};
use super::{Tree, control, names};
use crate::faults::Effect;
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

    /// How many reads met faults, for the counters; nothing where none are asked for.
    pub(super) fn faulted_reads(&self) -> String {
        let Some(faults) = &self.faults else { return String::new() };
        let rows = Effect::ALL.map(|effect| {
            format!("seedfs_faulted_reads_total{{fault=\"{}\"}} {}\n", effect.name(), faults.met(effect))
        });
        "# HELP seedfs_faulted_reads_total Reads that met a fault which was asked for.\n\
         # TYPE seedfs_faulted_reads_total counter\n"
            .to_owned()
            + &rows.concat()
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

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::content::Corpus;
    use crate::dataset::{Dataset, Spec};
    use crate::vfs::{Cookie, FileType};

    fn tree(spec: &str) -> Tree {
        let dataset = Dataset::new(Spec::parse(spec).unwrap()).unwrap();
        Tree::new(dataset, Corpus::builtin(), false, Box::new(String::new))
    }

    /// Every inode below a directory with its path, each directory gone into as soon as it is listed.
    fn walk(tree: &Tree, dir: Ino, path: &[u8], found: &mut Vec<(Ino, Vec<u8>)>) {
        let mut entries = Vec::new();
        tree.readdir(dir, Cookie(2), &mut |entry| {
            entries.push((entry.name.to_vec(), entry.attr));
            ControlFlow::Continue(())
        })
        .unwrap();
        for (name, attr) in entries {
            let path = if path.is_empty() { name } else { [path, b"/", &name].concat() };
            found.push((attr.ino, path.clone()));
            if attr.file_type == FileType::Directory {
                walk(tree, attr.ino, &path, found);
            }
        }
    }

    #[test]
    fn paths_and_the_order_of_a_walk_are_those_of_the_listing() {
        let churned = "files=400,dirs=60,fanout=3,churn.created=5%,churn.deleted=3%,churn.moved=4%";
        for tree in [
            tree("files=300,dirs=40,fanout=3,symlinks=5%"),
            tree("files=30,dirs=3,cases=names"),
            tree(churned).at_generation(4).unwrap(),
            tree(churned).with_snapshots(2).unwrap(),
        ] {
            let mut found = Vec::new();
            walk(&tree, Ino::ROOT, b"", &mut found);
            assert!(found.len() > 30);
            for (ino, path) in &found {
                assert_eq!(tree.path(*ino).as_ref(), Some(path), "{}", String::from_utf8_lossy(path));
            }
            let is_case = |ino: Ino| matches!(tree.node(ino), Ok(Node::Case(_) | Node::CaseDirectory(_)));
            let keys: Vec<Vec<u64>> =
                found.iter().filter(|(ino, _)| !is_case(*ino)).map(|(ino, _)| tree.walk_key(*ino)).collect();
            assert!(keys.is_sorted());
        }
    }

    #[test]
    fn what_is_not_listed_has_a_path_while_it_is_in_use() {
        let tree = tree("files=30,dirs=3");
        let dir = tree.lookup(Ino::ROOT, &tree.path(Ino(3)).unwrap()).unwrap().ino;
        let file = tree.lookup(dir, b"s42-1k").unwrap().ino;
        assert_eq!(tree.path(file), Some([&tree.path(dir).unwrap()[..], b"/s42-1k"].concat()));
        let root_file = tree.lookup(Ino::ROOT, b"s42-1k").unwrap().ino;
        assert_eq!(tree.path(root_file), Some(b"s42-1k".to_vec()));
        tree.forget(root_file, 1);
        assert_eq!(tree.path(root_file), None);
        let control = tree.lookup(Ino::ROOT, b".seedfs").unwrap().ino;
        let stats = tree.lookup(control, b"stats").unwrap().ino;
        assert_eq!(tree.path(stats), Some(b".seedfs/stats".to_vec()));
        assert_eq!(tree.path(Ino::ROOT), Some(Vec::new()));
    }
}
