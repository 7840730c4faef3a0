//! The shape of a tree, by arithmetic: which folder holds what, and where a file lies.
//!
//! Folders are numbered as a complete k-ary tree (0 is the root, the children of `i` are `k·i+1 … k·i+k`), so parent
//! and children need no table. Files are numbered through the folders in that order. They are dealt out in pages of
//! [`PAGE`] folders: how many files lie before a page is one multiplication, and the counts within a page follow the
//! folders' weights and sum exactly. Where all weights are equal that is a multiplication as well; else a page's table
//! is computed when it is first needed and kept in a bounded cache.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;

use super::draw::Draws;

/// Folders per page.
pub const PAGE: u64 = 1024;

/// Pages kept: 8 KiB each.
const CACHED_PAGES: NonZeroUsize = NonZeroUsize::new(128).unwrap();

/// How evenly the files are spread over the folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// The same number in each folder, give or take one.
    Even,
    /// Exponentially distributed numbers: some folders are full, some empty.
    Varied,
}

/// Counts and arithmetic of a tree. Cheap to make, whatever the counts.
#[derive(Debug)]
pub struct Shape {
    folders: u64,
    fanout: u64,
    files: u64,
    spread: Spread,
    weights: Draws,
    pages: Mutex<LruCache<u64, Arc<Page>>>,
}

/// The files of one page of folders.
#[derive(Debug)]
pub(super) struct Page {
    first_folder: u64,
    /// First file of each folder, and behind the last folder the first file of the next page.
    starts: Vec<u64>,
}

impl Page {
    /// The files of one of its folders.
    pub(super) fn files_of(&self, folder: u64) -> Range<u64> {
        let at = (folder - self.first_folder) as usize;
        self.starts[at]..self.starts[at + 1]
    }
}

impl Shape {
    /// `folders` counts the root and is at least 1; `fanout` is at least 2. Both and `files` are at most 2^41.
    pub fn new(folders: u64, fanout: u64, files: u64, spread: Spread, weights: Draws) -> Self {
        Self { folders, fanout, files, spread, weights, pages: Mutex::new(LruCache::new(CACHED_PAGES)) }
    }

    /// Folders, the root among them.
    pub fn folders(&self) -> u64 {
        self.folders
    }

    /// Files in all.
    pub fn files(&self) -> u64 {
        self.files
    }

    /// The folder above; `None` for the root.
    pub fn parent(&self, folder: u64) -> Option<u64> {
        folder.checked_sub(1).map(|i| i / self.fanout)
    }

    /// Which child of its parent a folder is, from 0; 0 for the root.
    pub fn ordinal(&self, folder: u64) -> u64 {
        folder.checked_sub(1).map_or(0, |i| i % self.fanout)
    }

    /// The subfolders of a folder.
    pub fn children(&self, folder: u64) -> Range<u64> {
        let first = folder.saturating_mul(self.fanout).saturating_add(1);
        first.min(self.folders)..first.saturating_add(self.fanout).min(self.folders)
    }

    /// The files of a folder.
    pub fn files_of(&self, folder: u64) -> Range<u64> {
        let (number, at) = (folder / PAGE, folder % PAGE);
        match self.spread {
            Spread::Even => self.even_start(number, at)..self.even_start(number, at + 1),
            Spread::Varied => {
                let at = at as usize;
                self.with_page(number, |page| page.starts[at]..page.starts[at + 1])
            }
        }
    }

    /// The folder of a file, which must be below [`Shape::files`].
    pub fn folder_of(&self, file: u64) -> u64 {
        let near = (u128::from(file) * u128::from(self.folders) / u128::from(self.files.max(1))) as u64;
        let mut number = near / PAGE;
        while self.files_before(number) > file {
            number -= 1;
        }
        while self.files_before(number + 1) <= file {
            number += 1;
        }
        let before = self.with_page(number, |page| page.starts.partition_point(|&start| start <= file));
        number * PAGE + before as u64 - 1
    }

    /// Files in the folders before a page: in proportion to the folders, rounded down.
    pub(super) fn files_before(&self, page: u64) -> u64 {
        let folders = page.saturating_mul(PAGE).min(self.folders);
        (u128::from(self.files) * u128::from(folders) / u128::from(self.folders)) as u64
    }

    /// What [`Shape::deal`] gives for folder `at` of a page, or behind its last folder, when all weights are 1.
    fn even_start(&self, page: u64, at: u64) -> u64 {
        let folders = (self.folders - page * PAGE).min(PAGE);
        let (first, end) = (self.files_before(page), self.files_before(page + 1));
        // Below 2^41 files times 2^10 folders.
        first + (end - first) * at / folders
    }

    /// Looks into a page's table. The lock is held meanwhile, so `look` must be short.
    fn with_page<T>(&self, number: u64, look: impl FnOnce(&Arc<Page>) -> T) -> T {
        // The cache holds only what can be computed again, so a panic of another thread does not spoil it.
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        look(pages.get_or_insert(number, || Arc::new(self.deal(number))))
    }

    /// A page's table, to keep for a while.
    pub(super) fn page(&self, number: u64) -> Arc<Page> {
        self.with_page(number, Arc::clone)
    }

    /// Deals a page's files to its folders, each getting its part of the running sum of weights.
    fn deal(&self, number: u64) -> Page {
        let folders = number * PAGE..(number * PAGE + PAGE).min(self.folders);
        let (first, end) = (self.files_before(number), self.files_before(number + 1));
        let sums: Vec<u64> = folders
            .scan(0, |sum, folder| {
                *sum += self.weight(folder);
                Some(*sum)
            })
            .collect();
        let total = u128::from(*sums.last().unwrap_or(&1));
        let dealt = |sum: u64| first + (u128::from(end - first) * u128::from(sum) / total) as u64;
        Page {
            first_folder: number * PAGE,
            starts: std::iter::once(0).chain(sums.iter().copied()).map(dealt).collect(),
        }
    }

    /// A folder's share of its page's files, from 1 to about 2^22.
    fn weight(&self, folder: u64) -> u64 {
        match self.spread {
            Spread::Even => 1,
            Spread::Varied => 1 + (-libm::log(self.weights.unit(folder)) * 65536.0) as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::draw::Purpose;
    use super::*;

    fn shape(folders: u64, fanout: u64, files: u64, spread: Spread) -> Shape {
        Shape::new(folders, fanout, files, spread, Draws::new(3, Purpose::FolderWeight))
    }

    proptest! {
        #[test]
        fn every_file_lies_in_exactly_one_folder(folders in 1u64..5000, files in 0u64..20_000, varied: bool) {
            let shape = shape(folders, 7, files, if varied { Spread::Varied } else { Spread::Even });
            let mut next = 0;
            for folder in 0..folders {
                let range = shape.files_of(folder);
                prop_assert_eq!(range.start, next);
                next = range.end;
                for file in [range.start, range.end.saturating_sub(1)] {
                    if range.contains(&file) {
                        prop_assert_eq!(shape.folder_of(file), folder);
                    }
                }
            }
            prop_assert_eq!(next, files);
        }

        #[test]
        fn parents_and_children_are_inverse(folders in 1u64..1 << 41, fanout in 2u64..1000, pick: u64) {
            let shape = shape(folders, fanout, 0, Spread::Even);
            let folder = pick % folders;
            for child in shape.children(folder).take(3).chain(shape.children(folder).last()) {
                prop_assert_eq!(shape.parent(child), Some(folder));
                prop_assert_eq!(shape.children(folder).start + shape.ordinal(child), child);
            }
            if let Some(parent) = shape.parent(folder) {
                prop_assert!(shape.children(parent).contains(&folder));
            }
        }

        #[test]
        fn the_largest_trees_stay_exact(file in 0u64..1 << 40, varied: bool) {
            let shape = shape((1 << 40) + 1, 10, 1 << 40, if varied { Spread::Varied } else { Spread::Even });
            let folder = shape.folder_of(file);
            prop_assert!(shape.files_of(folder).contains(&file));
        }
    }

    #[test]
    fn an_even_spread_differs_by_one_at_most() {
        let shape = shape(300, 10, 1000, Spread::Even);
        let counts: Vec<u64> = (0..300).map(|f| shape.files_of(f).count() as u64).collect();
        assert!(counts.iter().all(|n| [3, 4].contains(n)), "{counts:?}");
    }

    #[test]
    fn a_varied_spread_leaves_some_folders_empty() {
        let shape = shape(5000, 10, 50_000, Spread::Varied);
        let empty = (0..5000).filter(|&f| shape.files_of(f).is_empty()).count();
        // Shares are exponential with mean 10, cut at whole files: about 4.8 % come to none.
        assert!((170..310).contains(&empty), "{empty}");
    }
}
