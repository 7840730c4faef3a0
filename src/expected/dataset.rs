//! Demands of a dataset: every folder, file and link of a generation, and nothing else.

use std::ops::ControlFlow;
use std::sync::OnceLock;

use super::{Demand, Expected, Links, What};
use crate::dataset::cases::{Case, Node, Platform};
use crate::dataset::{At, Dataset, Entry, FIRST_CASE, GenerationError, Listed};
use crate::name;
use crate::recipe::Recipe;
use crate::vfs::FileType;

/// Neighbours that are named.
const NEIGHBOURS: usize = 4096;

/// A dataset as it must be restored.
#[derive(Debug)]
pub struct ByDataset {
    dataset: Dataset,
    generation: u64,
    /// Counted when first asked for.
    total: OnceLock<u64>,
}

/// Folder `i` has number `2i`, file or link `j` number `2j + 1`, cases behind the files as everywhere.
fn folder_number(folder: u64) -> u64 {
    folder * 2
}

fn file_number(index: u64) -> u64 {
    index * 2 + 1
}

/// What a number stands for.
enum Numbered<'a> {
    Folder(u64),
    Listed(Listed<'a>, u64),
    Case(u64),
}

impl ByDataset {
    /// Demands what the dataset lists in a generation.
    ///
    /// # Errors
    /// There is no such generation.
    pub fn new(dataset: Dataset, generation: u64) -> Result<Self, GenerationError> {
        dataset.at(generation)?;
        Ok(Self { dataset, generation, total: OnceLock::new() })
    }

    /// The dataset.
    pub fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    fn at(&self) -> At<'_> {
        // It was found to exist.
        self.dataset.at(self.generation).unwrap_or_else(|_| self.dataset.at_start())
    }

    fn folder(&self, folder: u64) -> Demand {
        Demand {
            number: Some(folder_number(folder)),
            what: What::Directory,
            perm: Some(self.dataset.folder_mode()),
            mtime: Some(self.at().folder_time(folder)),
            owner: None,
        }
    }

    fn listed(&self, index: u64, listed: &Listed<'_>) -> Demand {
        let number = Some(file_number(index));
        match listed {
            Listed::File(file) => Demand {
                number,
                what: What::File {
                    recipe: file.recipe,
                    links: Some(Links { first: file_number(file.inode), count: file.links }),
                },
                perm: Some(file.mode),
                mtime: Some(file.mtime),
                owner: file.owner,
            },
            Listed::Symlink(link) => Demand {
                number,
                what: What::Symlink(self.dataset.link_target(link)),
                perm: None,
                mtime: Some(link.mtime),
                owner: None,
            },
        }
    }

    fn case(&self, case: &Case<'_>) -> Demand {
        let first = file_number(FIRST_CASE + case.inode);
        let what = match case.node {
            Node::File(recipe) => What::File { recipe, links: Some(Links { first, count: case.links }) },
            Node::Directory => What::Directory,
            Node::Symlink(target) => What::Symlink(target.to_vec()),
            Node::Fifo => What::Special(FileType::Fifo),
            Node::Socket => What::Special(FileType::Socket),
            Node::CharDevice(_) => What::Special(FileType::CharDevice),
            Node::BlockDevice(_) => What::Special(FileType::BlockDevice),
        };
        let perm = (!matches!(what, What::Symlink(_))).then_some(case.mode);
        let number = Some(file_number(FIRST_CASE + case.number));
        Demand { number, what, perm, mtime: Some(case.mtime.seconds), owner: case.owner }
    }

    /// Whether this platform can have a case.
    fn has_case(&self, number: u64) -> bool {
        self.dataset.cases().left_out(Platform::HERE, number).is_none()
    }

    /// What stands behind a number, if anything does.
    fn numbered(&self, number: u64) -> Option<Numbered<'_>> {
        let half = number / 2;
        if number.is_multiple_of(2) {
            return (half < self.dataset.shape().folders()).then_some(Numbered::Folder(half));
        }
        match half.checked_sub(FIRST_CASE) {
            Some(case) => self.dataset.cases().case(case).map(|_| Numbered::Case(case)),
            None => self.at().entry(half).map(|listed| Numbered::Listed(listed, half)),
        }
    }
}

impl Expected for ByDataset {
    fn demand(&self, path: &[u8]) -> Option<Demand> {
        if let Some(number) = self.dataset.cases().number_at_path(path) {
            let case = self.dataset.cases().case(number).filter(|_| self.has_case(number))?;
            return Some(self.case(&case));
        }
        let (parent, name) = match path.iter().rposition(|&b| b == b'/') {
            Some(slash) => (&path[..slash], &path[slash + 1..]),
            None => (&path[..0], path),
        };
        let parent = self.dataset.folder_at_path(parent)?;
        // No folder's name is a recipe.
        if name::parse(name).is_err()
            && let Some(folder) = self.dataset.folder_named(parent, name)
        {
            return Some(self.folder(folder));
        }
        let at = self.at();
        let index = at.index_in(parent, name)?;
        Some(self.listed(index, &at.entry(index)?))
    }

    fn total(&self) -> Option<u64> {
        if self.generation == 0 {
            // Without the root, and what this platform cannot have.
            let cases = self.dataset.cases();
            let left_out = cases.len() - cases.len_on(Platform::HERE);
            return Some(self.dataset.entries().saturating_sub(1 + left_out));
        }
        Some(*self.total.get_or_init(|| {
            let mut count = 0;
            self.visit(&mut |_| {
                count += 1;
                ControlFlow::Continue(())
            });
            count
        }))
    }

    fn visit(&self, visit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) {
        struct Stop;
        // Stopping early is no failure.
        let _ = self.at().walk(0..self.dataset.entries(), |entry: Entry<'_>, path| {
            if matches!(&entry, Entry::Case(case) if !self.has_case(case.number)) {
                return Ok(());
            }
            match visit(path) {
                ControlFlow::Continue(()) => Ok(()),
                ControlFlow::Break(()) => Err(Stop),
            }
        });
    }

    fn write_name(&self, number: u64, out: &mut Vec<u8>) {
        match self.numbered(number) {
            Some(Numbered::Folder(folder)) => self.dataset.write_folder_name(folder, out),
            Some(Numbered::Listed(listed, _)) => listed.write_name(out),
            Some(Numbered::Case(number)) => self.dataset.cases().write_name(number, out),
            None => {}
        }
    }

    fn write_path(&self, number: u64, out: &mut Vec<u8>) {
        match self.numbered(number) {
            Some(Numbered::Folder(folder)) => {
                self.dataset.write_folder_path(folder, out);
                out.pop();
            }
            Some(Numbered::Listed(_, index)) => self.at().write_path(index, out),
            Some(Numbered::Case(number)) => self.dataset.cases().write_path(number, out),
            None => {}
        }
    }

    /// The files of the same folder, then those of the folders around it.
    fn neighbours(&self, path: &[u8]) -> Vec<Recipe> {
        let shape = self.dataset.shape();
        let parent = path.iter().rposition(|&b| b == b'/').map_or(&path[..0], |slash| &path[..slash]);
        let files = shape.files_of(self.dataset.folder_at_path(parent).unwrap_or(0));
        let margin = (NEIGHBOURS as u64).saturating_sub(files.end - files.start) / 2;
        let around = files.start.saturating_sub(margin)..files.end.saturating_add(margin).min(shape.files());
        let indices = files.clone().chain(around.filter(|index| !files.contains(index))).take(NEIGHBOURS);
        let at = self.at();
        let recipe = |index| match at.entry(index) {
            Some(Listed::File(file)) => Some(file.recipe),
            _ => None,
        };
        indices.filter_map(recipe).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Spec;

    #[test]
    fn every_path_of_the_listing_is_demanded_and_found_by_its_number() {
        for generation in [0, 20] {
            let text = "files=400,dirs=50,spread=varied,kind=mixed,symlinks=5%,hardlinks=5%,cases=names+special+links";
            let dataset = Dataset::new(Spec::parse(text).unwrap()).unwrap();
            every_path_is_found(&ByDataset::new(dataset, generation).unwrap());
        }
    }

    fn every_path_is_found(expected: &ByDataset) {
        let mut paths = Vec::new();
        expected.visit(&mut |path| {
            paths.push(path.to_vec());
            ControlFlow::Continue(())
        });
        assert_eq!(expected.total(), Some(paths.len() as u64));
        for path in paths {
            let demand = expected.demand(&path).unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&path)));
            let number = demand.number.unwrap();
            let (mut again, mut name) = (Vec::new(), Vec::new());
            expected.write_path(number, &mut again);
            expected.write_name(number, &mut name);
            assert_eq!((again, name.as_slice()), (path.clone(), path.rsplit(|&b| b == b'/').next().unwrap()));
            assert_eq!(expected.demand(&[&path[..], b"x"].concat()), None);
            assert_eq!(expected.demand(&[b"x/", &path[..]].concat()), None);
        }
    }

    #[test]
    fn numbers_that_stand_for_nothing_write_nothing() {
        let expected = ByDataset::new(Dataset::new(Spec::parse("files=3").unwrap()).unwrap(), 0).unwrap();
        let mut out = Vec::new();
        for number in [u64::MAX, u64::MAX - 1, 7, 1000] {
            expected.write_name(number, &mut out);
            expected.write_path(number, &mut out);
        }
        assert!(out.is_empty());
    }
}
