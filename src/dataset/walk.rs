//! The listing of a dataset as numbered entries: folder by folder in the order of their numbers, each followed by its
//! files. Any part of it is reached by arithmetic, so that several threads can each write a part.

use std::ops::Range;
use std::sync::Arc;

use super::cases::{Case, Catalogue};
use super::shape::{PAGE, Page, Shape};
use super::{Dataset, Listed};
use crate::name;

/// What a line of the listing stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry<'a> {
    /// A folder, by its number.
    Folder(u64),
    /// A file or symbolic link, by its index.
    Listed(u64, Listed<'a>),
    /// A hand-made case.
    Case(Case<'a>),
}

impl Shape {
    /// Entries of the whole listing: folders, the root among them, and files. At most 2^42.
    pub fn entries(&self) -> u64 {
        self.folders() + self.files()
    }

    /// The folder that entry `entry` belongs to, and its place there: 0 for the folder itself, `n` for its file `n - 1`.
    /// The entry must be below [`Shape::entries`].
    pub(super) fn locate(&self, entry: u64) -> (u64, u64) {
        let near = (u128::from(entry) * u128::from(self.folders()) / u128::from(self.entries())) as u64;
        let mut number = near / PAGE;
        let before = |page: u64| page.saturating_mul(PAGE).min(self.folders()) + self.files_before(page);
        while before(number) > entry {
            number -= 1;
        }
        while before(number + 1) <= entry {
            number += 1;
        }
        let page = self.page(number);
        let folders = number * PAGE..(number * PAGE + PAGE).min(self.folders());
        let own_entry = |folder: u64| folder + page.files_of(folder).start;
        let folder = folders.rev().find(|&folder| own_entry(folder) <= entry).unwrap_or(number * PAGE);
        (folder, entry - own_entry(folder))
    }
}

impl Dataset {
    /// Entries of the whole listing: folders, the root among them, files, and behind them the cases. At most 2^42.
    pub fn entries(&self) -> u64 {
        self.shape.entries() + self.cases.len()
    }

    /// Calls `visit` with each entry of a part of the listing and its path from the root, in order. The root itself is
    /// entry 0 and left out. Entries behind the last one, [`Dataset::entries`], do not count.
    ///
    /// # Errors
    /// The first one of `visit`, which ends the walk.
    pub fn walk<'a, E>(
        &'a self,
        entries: Range<u64>,
        mut visit: impl FnMut(Entry<'a>, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let shape = self.shape.entries();
        if entries.start < shape {
            self.walk_shape(entries.start..entries.end.min(shape), &mut visit)?;
        }
        self.cases.walk(entries.start.saturating_sub(shape)..entries.end.saturating_sub(shape), &mut visit)
    }

    /// The part of a walk that is not empty and before the cases.
    fn walk_shape<'a, E>(
        &'a self,
        entries: Range<u64>,
        visit: &mut impl FnMut(Entry<'a>, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let end = entries.end;
        if entries.is_empty() {
            return Ok(());
        }
        let mut left = end - entries.start;
        let (mut folder, mut place) = self.shape.locate(entries.start);
        let mut page: Arc<Page> = self.shape.page(folder / PAGE);
        let mut path = FolderPath::default();
        loop {
            let files = page.files_of(folder);
            path.turn_to(self, folder);
            if place == 0 {
                if let Some((_slash, name)) = path.bytes.split_last() {
                    visit(Entry::Folder(folder), name)?;
                }
                left -= 1;
            }
            let first = files.start + place.saturating_sub(1);
            let behind = files.end.min(first + left);
            let folder_len = path.bytes.len();
            for index in first..behind {
                let entry = self.entry(index);
                entry.write_name(&mut path.bytes);
                visit(Entry::Listed(index, entry), &path.bytes)?;
                path.bytes.truncate(folder_len);
            }
            left -= behind - first;
            if left == 0 {
                return Ok(());
            }
            (folder, place) = (folder + 1, 0);
            if folder % PAGE == 0 {
                page = self.shape.page(folder / PAGE);
            }
        }
    }
}

impl Catalogue {
    /// Calls `visit` with the cases at these places and their paths from the root.
    fn walk<'a, E>(
        &'a self,
        places: Range<u64>,
        visit: &mut impl FnMut(Entry<'a>, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut directory = None;
        let (mut path, mut directory_len) = (Vec::new(), 0);
        for place in places.start..places.end.min(self.len()) {
            let Some(case) = self.number_at(place).and_then(|number| self.case(number)) else { break };
            let above = self.parent(case.number);
            if let Some(above) = above.filter(|_| directory != above || place == places.start) {
                path.clear();
                self.write_path(above, &mut path);
                path.push(b'/');
                directory_len = path.len();
            }
            directory = above;
            path.truncate(directory_len);
            self.write_name(case.number, &mut path);
            visit(Entry::Case(case), &path)?;
        }
        Ok(())
    }
}

/// The path of one folder after the other. Neighbours mostly share their parent, whose path is then kept: walking up
/// to the root for each folder would take most of the time of a deep tree.
#[derive(Debug, Default)]
pub(super) struct FolderPath {
    /// Each part with a slash behind it.
    pub(super) bytes: Vec<u8>,
    parent: Option<u64>,
    /// Bytes of the parent's path.
    parent_len: usize,
}

impl FolderPath {
    pub(super) fn turn_to(&mut self, dataset: &Dataset, folder: u64) {
        let Some(parent) = dataset.shape.parent(folder) else { return self.bytes.clear() };
        if self.parent == Some(parent) {
            self.bytes.truncate(self.parent_len);
        } else {
            self.bytes.clear();
            dataset.write_folder_path(parent, &mut self.bytes);
            (self.parent, self.parent_len) = (Some(parent), self.bytes.len());
        }
        self.bytes.reserve(name::MAX_NAME);
        dataset.write_folder_name(folder, &mut self.bytes);
        self.bytes.push(b'/');
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::super::Spec;
    use super::*;

    /// The listing as it is defined: every path put together on its own.
    fn listing(dataset: &Dataset) -> Vec<(Entry<'_>, Vec<u8>)> {
        let mut rows = Vec::new();
        for folder in 0..dataset.shape().folders() {
            let mut path = Vec::new();
            dataset.write_folder_path(folder, &mut path);
            if folder > 0 {
                rows.push((Entry::Folder(folder), path[..path.len() - 1].to_vec()));
            }
            for index in dataset.shape().files_of(folder) {
                let entry = dataset.entry(index);
                let mut path = path.clone();
                entry.write_name(&mut path);
                rows.push((Entry::Listed(index, entry), path));
            }
        }
        rows
    }

    fn walked(dataset: &Dataset, entries: Range<u64>) -> Vec<(Entry<'_>, Vec<u8>)> {
        let mut rows = Vec::new();
        let Ok(()) = dataset.walk(entries, |entry, path| {
            rows.push((entry, path.to_vec()));
            Ok::<(), Infallible>(())
        });
        rows
    }

    proptest! {
        #[test]
        fn parts_put_together_are_the_whole(
            files in 0u64..6000, dirs in 0u64..3000, fanout in 2u64..40, varied: bool, part in 1u64..4000,
        ) {
            let spread = if varied { "varied" } else { "even" };
            let text = format!("files={files},dirs={dirs},fanout={fanout},spread={spread},kind=mixed");
            let dataset = Dataset::new(Spec::parse(&text).unwrap()).unwrap();
            let parts = (0..dataset.shape().entries().div_ceil(part)).map(|n| walked(&dataset, n * part..(n + 1) * part));
            prop_assert!(parts.flatten().eq(listing(&dataset)));
        }

        #[test]
        fn the_middle_of_the_largest_tree_is_found(start in 0u64..(1 << 41), varied: bool) {
            let spread = if varied { "varied" } else { "even" };
            let text = format!("files=1099511627776,dirs=1099511627776,spread={spread}");
            let dataset = Dataset::new(Spec::parse(&text).unwrap()).unwrap();
            let mut place = None;
            for (entry, _) in walked(&dataset, start..start + 20) {
                let (folder, file) = match entry {
                    Entry::Folder(folder) => (folder, dataset.shape().files_of(folder).start),
                    Entry::Case(_) => unreachable!("none was asked for"),
                    Entry::Listed(index, _) => (dataset.shape().folder_of(index), index + 1),
                };
                // Folders and files before an entry count the entries before it.
                prop_assert!(place.is_none_or(|before| before + 1 == folder + file));
                place = Some(folder + file);
            }
            prop_assert!(place.is_some_and(|last| start + 19 == last));
        }
    }
}
