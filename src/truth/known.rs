//! The truth of a dataset, worked out from its layout path by path and group by group.

use std::collections::HashMap;
use std::convert::Infallible;
use std::ops::ControlFlow;

use super::{Fact, Group, Trap, Truth};
use crate::content::Corpus;
use crate::dataset::cases::Node;
use crate::dataset::truth::Content;
use crate::dataset::{Dataset, FIRST_CASE, Listed};
use crate::edition::{AIMED, Edit};
use crate::recipe::Recipe;
use crate::tree::{case_ino, file_ino};

/// Numbers of contents: those of groups are the index of their first file or case, below 2^41, and the number of their edit
/// above that; the others have one of these bits.
const EDIT_SHIFT: u32 = 41;
const DIGEST: u64 = 1 << 61;
const EMPTY: u64 = 1 << 62;
const ZEROS: u64 = 1 << 63;

/// Exact knowledge of a dataset. Takes no memory but for datasets whose files may be equal by chance: those are looked
/// at once, at the start.
#[derive(Debug)]
pub struct Known<'a> {
    dataset: &'a Dataset,
    corpus: &'a Corpus,
    /// Indices by content, where files had to be looked at.
    looked_at: Option<HashMap<u64, Vec<u64>>>,
}

fn number(content: Content) -> u64 {
    match content {
        Content::Empty => EMPTY,
        Content::Zeros { size } => ZEROS | size,
        Content::Own { origin, edition: 0 } => origin,
        Content::Own { origin, edition } => origin | u64::from(edition - AIMED) << EDIT_SHIFT,
        Content::Digest(digest) => DIGEST | (digest as u64) >> 3,
    }
}

impl<'a> Known<'a> {
    /// What is known of a dataset whose contents are made of `corpus`.
    pub fn of(dataset: &'a Dataset, corpus: &'a Corpus) -> Self {
        let looked_at = dataset.has_doubtful_files().then(|| {
            let mut by_content = HashMap::new();
            let Ok(()) = dataset.duplicate_groups(corpus, |group| {
                by_content.insert(number(group.content), group.files);
                Ok::<(), Infallible>(())
            });
            by_content
        });
        Self { dataset, corpus, looked_at }
    }

    fn fact_of(&self, index: u64) -> Option<Fact> {
        if index >= FIRST_CASE {
            return self.fact_of_case(index);
        }
        let file = match self.dataset.entry(index) {
            Listed::File(file) => file,
            Listed::Symlink(_) => {
                return Some(Fact { content: 0, base: 0, trap: None, ino: file_ino(index).0, size: 0, symlink: true });
            }
        };
        let content = number(self.dataset.content(index, self.corpus)?);
        let edit = Edit::of_edition(file.recipe.edition);
        let base = if edit.is_some() { number(self.content_of_first(index)?) } else { content };
        let trap = edit.map(|edit| trap(edit, &file.recipe));
        Some(Fact { content, base, trap, ino: file_ino(file.inode).0, size: file.size, symlink: false })
    }

    fn fact_of_case(&self, index: u64) -> Option<Fact> {
        let case = self.dataset.case_at(index)?;
        let ino = case_ino(case.inode).0;
        match (case.node, self.dataset.content(index, self.corpus)) {
            (Node::Symlink(_), _) => Some(Fact { content: 0, base: 0, trap: None, ino, size: 0, symlink: true }),
            (Node::File(recipe), Some(content)) => {
                let content = number(content);
                Some(Fact { content, base: content, trap: None, ino, size: recipe.bytes(), symlink: false })
            }
            _ => None,
        }
    }

    /// Content of the first file of the same group.
    fn content_of_first(&self, index: u64) -> Option<Content> {
        self.dataset.content(self.dataset.index_at(&self.dataset.place(index), 0), self.corpus)
    }

    fn inodes(&self, files: &[u64]) -> u64 {
        let mut inodes: Vec<u64> = files.iter().filter_map(|&index| self.dataset.file_index(index)).collect();
        inodes.sort_unstable();
        inodes.dedup();
        inodes.len() as u64
    }

    /// The group that a file of this content is in.
    fn files_of(&self, content: u64) -> Vec<u64> {
        if let Some(looked_at) = &self.looked_at {
            return looked_at.get(&content).cloned().unwrap_or_default();
        }
        let mut found = Vec::new();
        // Groups that are no single place of the layout are few: the empty files, zeros, and those of cases.
        let origin = content & ((1 << EDIT_SHIFT) - 1);
        if content & (EMPTY | ZEROS | DIGEST) == 0 && origin < FIRST_CASE {
            if origin >= self.dataset.shape().files() {
                return found;
            }
            let place = self.dataset.place(origin);
            found.extend((0..place.cell.members).map(|member| self.dataset.index_at(&place, member)));
            found.retain(|&index| self.dataset.content(index, self.corpus).map(number) == Some(content));
            return found;
        }
        let _ = self.dataset.duplicate_groups(self.corpus, |group| {
            if number(group.content) != content {
                return Ok(());
            }
            found = group.files;
            Err(())
        });
        found
    }
}

/// An edit as it shows in a file.
fn trap(edit: Edit, recipe: &Recipe) -> Trap {
    let half = recipe.size / 2;
    match edit {
        Edit::First => Trap::Byte(0),
        Edit::Last => Trap::Byte(recipe.size.saturating_sub(1)),
        Edit::Middle => Trap::Byte(half),
        Edit::Byte4095 => Trap::Byte(4095),
        Edit::Byte4096 => Trap::Byte(4096),
        Edit::Byte16383 => Trap::Byte(16383),
        Edit::Byte16384 => Trap::Byte(16384),
        Edit::Insert => Trap::Inserted(half),
        Edit::Prefix => Trap::Start(half),
        Edit::Suffix => Trap::End(half),
    }
}

impl Truth for Known<'_> {
    fn fact(&self, path: &[u8]) -> Option<Fact> {
        self.fact_of(self.dataset.index_at_path(path)?)
    }

    fn groups(&self, visit: &mut dyn FnMut(Group) -> ControlFlow<()>) {
        let _ = self.dataset.duplicate_groups(self.corpus, |group| {
            let inodes = self.inodes(&group.files);
            let names = group.files.len() as u64;
            match visit(Group { content: number(group.content), size: group.size, names, inodes }) {
                ControlFlow::Continue(()) => Ok(()),
                ControlFlow::Break(()) => Err(()),
            }
        });
    }

    fn members(&self, content: u64, visit: &mut dyn FnMut(&[u8], &Fact) -> ControlFlow<()>) {
        let mut path = Vec::new();
        for index in self.files_of(content) {
            path.clear();
            self.dataset.write_path(index, &mut path);
            if let Some(fact) = self.fact_of(index)
                && visit(&path, &fact).is_break()
            {
                return;
            }
        }
    }
}
