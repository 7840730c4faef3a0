//! The truth about duplicates: which files have equal bytes, told from the layout without reading one.
//!
//! Groups follow each other in the layout, so listing them takes time proportional to their files, whatever the size of
//! the tree. It is exact where files of different seeds are certain to differ. Datasets for which they are not (sizes of
//! a few bytes asked for, `zero`, the kinds of 2009) have all their files looked at, and those in doubt generated and
//! hashed.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::layout::{Cell, Place, Section};
use super::{Dataset, Listed};
use crate::content::Corpus;
use crate::edition::Edit;
use crate::recipe::{Kind, Recipe};

/// What a file's bytes are: equal for files of one dataset exactly where the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Content {
    /// No bytes.
    Empty,
    /// Zeros.
    Zeros {
        /// How many.
        size: u64,
    },
    /// The bytes of a group, by the index of its first file, as one of its edits left them.
    Own {
        /// Index of the first file of the group.
        origin: u64,
        /// Edition, 0 for the plain file.
        edition: u32,
    },
    /// Bytes that had to be looked at: the first half of their SHA-256.
    Digest(u128),
}

/// Files with equal bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What they have in common.
    pub content: Content,
    /// Bytes of each.
    pub size: u64,
    /// Their indices, at least two, in no particular order.
    pub files: Vec<u64>,
}

impl Dataset {
    /// What a file's bytes are; `None` for a symbolic link. A few nanoseconds, but where the bytes have to be looked at.
    pub fn content(&self, index: u64, corpus: &Corpus) -> Option<Content> {
        let Listed::File(file) = self.entry(index) else { return None };
        if file.size == 0 {
            return Some(Content::Empty);
        }
        let place = self.place(index);
        if self.needs_look(place.cell) {
            return Some(self.looked_at(&file.recipe, file.size, corpus));
        }
        if place.cell.section == Section::Sparse {
            return Some(Content::Zeros { size: file.size });
        }
        let origin = if place.member == 0 { index } else { self.index_at(&place, 0) };
        Some(Content::Own { origin, edition: file.recipe.edition })
    }

    /// The edit that made a file from the first of its group, if it is a near-duplicate of that.
    pub fn near_edit(&self, index: u64) -> Option<Edit> {
        match self.entry(index) {
            Listed::File(file) => Edit::of_edition(file.recipe.edition),
            Listed::Symlink(_) => None,
        }
    }

    /// Whether all files have to be looked at to know the groups.
    pub fn has_doubtful_files(&self) -> bool {
        self.layout.cells().iter().any(|cell| self.needs_look(cell))
    }

    /// Whether files of a cell may by chance have the bytes of another cell's or group's.
    fn needs_look(&self, cell: &Cell) -> bool {
        let stratum = &self.strata[cell.stratum];
        match cell.section {
            Section::Single | Section::Duplicates | Section::HardLinks => !stratum.is_distinct(self.scale),
            // Made large enough; kinds whose seeds do not matter are equal all the same.
            Section::Near => stratum.kind.distinct_size().is_none(),
            Section::Sparse | Section::Empty | Section::Symlink(_) => false,
        }
    }

    /// The content of a file that may equal others by chance.
    fn looked_at(&self, recipe: &Recipe, size: u64, corpus: &Corpus) -> Content {
        let is_zero = matches!(recipe.kind, Kind::Zero) || matches!(recipe.kind, Kind::Mixed(m) if m.compress() == 100);
        if is_zero && recipe.edition == 0 {
            return Content::Zeros { size };
        }
        let mut hash = Sha256::new();
        let mut block = vec![0; 64 << 10];
        let mut offset = 0;
        // Listed recipes are files, so filling ends with the file.
        while let Ok(n @ 1..) = recipe.fill(corpus, offset, &mut block) {
            hash.update(&block[..n]);
            offset += n as u64;
        }
        let digest: [u8; 32] = hash.finalize().into();
        let (half, _) = digest.split_at(16);
        Content::Digest(half.iter().fold(0, |number, &byte| number << 8 | u128::from(byte)))
    }

    /// Calls `visit` with each group of two or more names of equal bytes, names of one file among them, until it fails.
    /// `corpus` is what the contents are made of.
    ///
    /// # Errors
    /// The first one of `visit`.
    pub fn duplicate_groups<E>(&self, corpus: &Corpus, mut visit: impl FnMut(Group) -> Result<(), E>) -> Result<(), E> {
        if self.has_doubtful_files() {
            return self.groups_by_looking(corpus, visit);
        }
        let mut empty = Vec::new();
        for cell in self.layout.cells() {
            match cell.section {
                Section::Empty => {
                    empty.extend((0..cell.groups).map(|group| self.index_at(&Place { cell, group, member: 0 }, 0)))
                }
                Section::Duplicates | Section::HardLinks | Section::Sparse => {
                    for group in 0..cell.groups {
                        visit(self.group(cell, group))?;
                    }
                }
                Section::Single | Section::Near | Section::Symlink(_) => {}
            }
        }
        if empty.len() > 1 {
            visit(Group { content: Content::Empty, size: 0, files: empty })?;
        }
        Ok(())
    }

    /// A group of a cell whose groups have equal bytes.
    fn group(&self, cell: &Cell, group: u64) -> Group {
        let place = Place { cell, group, member: 0 };
        let files: Vec<u64> = (0..cell.members).map(|member| self.index_at(&place, member)).collect();
        let size = self.group_size(cell, group);
        let content = match cell.section {
            Section::Sparse => Content::Zeros { size },
            _ => Content::Own { origin: files[0], edition: 0 },
        };
        Group { content, size, files }
    }

    fn groups_by_looking<E>(&self, corpus: &Corpus, visit: impl FnMut(Group) -> Result<(), E>) -> Result<(), E> {
        let mut groups: HashMap<Content, Group> = HashMap::new();
        for index in 0..self.shape.files() {
            let Listed::File(file) = self.entry(index) else { continue };
            let Some(content) = self.content(index, corpus) else { continue };
            let group = groups.entry(content).or_insert_with(|| Group { content, size: file.size, files: Vec::new() });
            group.files.push(index);
        }
        let mut groups: Vec<Group> = groups.into_values().filter(|group| group.files.len() > 1).collect();
        // In an order that does not depend on the hasher.
        groups.sort_by_key(|group| group.files[0]);
        groups.into_iter().try_for_each(visit)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::super::Spec;
    use super::*;

    fn dataset(text: &str) -> Dataset {
        Dataset::new(Spec::parse(text).unwrap()).unwrap()
    }

    /// Groups of two or more names, each sorted, by generating and comparing all bytes.
    fn groups_by_bytes(dataset: &Dataset) -> Vec<Vec<u64>> {
        let mut by_bytes: HashMap<Vec<u8>, Vec<u64>> = HashMap::new();
        for index in 0..dataset.shape().files() {
            let Listed::File(file) = dataset.entry(index) else { continue };
            let mut bytes = vec![0; file.size as usize];
            assert_eq!(file.recipe.fill(&Corpus::builtin(), 0, &mut bytes).unwrap() as u64, file.size);
            by_bytes.entry(bytes).or_default().push(index);
        }
        sorted(by_bytes.into_values().filter(|files| files.len() > 1).collect())
    }

    fn sorted(mut groups: Vec<Vec<u64>>) -> Vec<Vec<u64>> {
        groups.iter_mut().for_each(|files| files.sort_unstable());
        groups.sort();
        groups
    }

    fn listed_groups(dataset: &Dataset) -> Vec<Vec<u64>> {
        let mut groups = Vec::new();
        let Ok(()) = dataset.duplicate_groups(&Corpus::builtin(), |group| {
            groups.push(group.files);
            Ok::<(), Infallible>(())
        });
        sorted(groups)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
        #[test]
        fn groups_are_those_of_the_bytes(
            seed: u64, files in 1u64..250, duplicates in 0u64..20, hardlinks in 0u64..10, near in 0u64..20,
            empty in 0u64..10, sparse in 0u64..8, symlinks in 0u64..10, kind in 0usize..8, size in 0usize..4,
        ) {
            let kind = ["random", "text", "c60", "stamp", "zero", "d50u512", "c97", "mixed"][kind];
            let size = ["lognormal:7,2", "3", "uniform:1-40", "90*lognormal:6,1+10*pareto:1KiB,2"][size];
            let text = format!(
                "seed={seed},files={files},duplicates={duplicates},hardlinks={hardlinks},near={near},empty={empty},\
                 sparse={sparse},symlinks={symlinks},kind={kind},size={size}"
            );
            let dataset = dataset(&text);
            prop_assert_eq!(listed_groups(&dataset), groups_by_bytes(&dataset));
            for group in listed_groups(&dataset) {
                let contents: Vec<_> = group.iter().map(|&i| dataset.content(i, &Corpus::builtin())).collect();
                prop_assert!(contents.iter().all(|c| *c == contents[0]));
            }
        }
    }

    #[test]
    fn the_share_of_duplicates_is_exact() {
        for (files, share, copies) in [(10_000u64, "12.8", 1280u64), (777, "33.3333", 259), (3, "33.4", 1)] {
            let text = format!("files={files},duplicates={share},size=64KiB");
            let groups = listed_groups(&dataset(&text));
            assert_eq!(groups.iter().map(|files| files.len() as u64 - 1).sum::<u64>(), copies, "{text}");
        }
    }

    #[test]
    fn the_share_of_near_duplicates_is_exact() {
        for (files, share, edited) in [(1000u64, "0.5", 5), (1000, "1.7", 17), (777, "20", 155), (5000, "30", 1500)] {
            let dataset = dataset(&format!("files={files},near={share},kind=mixed,size=lognormal:43,10"));
            assert_eq!((0..files).filter(|&i| dataset.near_edit(i).is_some()).count(), edited, "{files} {share}");
            // The longest files have no room for one byte more.
            for index in 0..files {
                let Listed::File(file) = dataset.entry(index) else { panic!("{index}") };
                assert_eq!(file.recipe.file_size(), Ok(file.size));
            }
        }
    }

    #[test]
    fn all_pairs_of_holes_and_zeros_are_different() {
        let dataset = dataset("files=5000,sparse=5,kind=mixed");
        let mut sizes = Vec::new();
        let Ok(()) = dataset.duplicate_groups(&Corpus::builtin(), |group| {
            sizes.extend(matches!(group.content, Content::Zeros { .. }).then_some((group.size, group.files.len())));
            Ok::<(), Infallible>(())
        });
        sizes.retain(|&(size, _)| size % 65_536 == 0);
        sizes.sort_unstable();
        assert_eq!(sizes, (1..=250).map(|n| (n * 65_536, 2)).collect::<Vec<_>>());
    }

    #[test]
    fn groups_of_a_tree_of_a_trillion_files_come_at_once() {
        let dataset = dataset("files=1T,size=lognormal:9,3,kind=random,duplicates=10,near=1");
        let mut seen = 0;
        let result = dataset.duplicate_groups(&Corpus::builtin(), |group| {
            seen += 1;
            let contents = group.files.iter().map(|&i| dataset.content(i, &Corpus::builtin()));
            assert!(contents.into_iter().all(|c| c == Some(group.content)));
            if seen < 1000 { Ok(()) } else { Err("enough") }
        });
        assert_eq!(result, Err("enough"));
    }
}
