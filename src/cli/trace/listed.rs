//! The dataset that stands in a trace: names for its files.

use crate::content::Corpus;
use crate::dataset::{Dataset, Spec};
use crate::trace::Header;
use crate::tree::Tree;
use crate::vfs::{Ino, Vfs};

/// The tree that was mounted, as far as the trace tells.
pub(super) struct Listed(Option<Tree>);

impl Listed {
    /// A header that tells of no usable dataset gives no names.
    pub(super) fn of(header: &Header) -> Self {
        let spec = Spec::from_document(&header.dataset, "the trace's dataset").ok();
        let dataset = spec.and_then(|spec| Dataset::new(spec).ok());
        // No contents are made: whichever words they are made of will do.
        let tree = dataset.map(|dataset| Tree::new(dataset, Corpus::builtin(), true, Box::new(String::new)));
        let shown = tree.and_then(|tree| match header.snapshots {
            true => tree.with_snapshots(header.generation).ok(),
            false => tree.at_generation(header.generation).ok(),
        });
        Self(shown)
    }

    pub(super) fn path(&self, ino: Ino) -> Option<Vec<u8>> {
        self.0.as_ref()?.path(ino)
    }

    /// By which files are in the order of a walk through the tree.
    pub(super) fn walk_key(&self, ino: Ino) -> Vec<u64> {
        self.0.as_ref().map(|tree| tree.walk_key(ino)).unwrap_or_default()
    }

    /// The inode of a path from the root.
    pub(super) fn ino(&self, path: &[u8]) -> Option<u64> {
        let tree = self.0.as_ref()?;
        let mut ino = Ino::ROOT;
        for name in path.split(|&byte| byte == b'/') {
            ino = tree.lookup(ino, name).ok()?.ino;
        }
        Some(ino.0)
    }

    /// Listed files and their bytes.
    pub(super) fn totals(&self) -> (Option<u64>, Option<u64>) {
        self.0.as_ref().map(Tree::listed_totals).unzip()
    }
}
