//! Demands of a dataset: every folder, file and link of it, and nothing else.

use std::ops::ControlFlow;

use super::{Demand, Expected, Links, What};
use crate::dataset::{Dataset, Listed};
use crate::name;
use crate::recipe::Recipe;

/// Neighbours that are named.
const NEIGHBOURS: usize = 4096;

/// A dataset as it must be restored.
#[derive(Debug)]
pub struct ByDataset(Dataset);

/// Folder `i` has number `2i`, file or link `j` number `2j + 1`.
fn folder_number(folder: u64) -> u64 {
    folder * 2
}

fn file_number(index: u64) -> u64 {
    index * 2 + 1
}

impl ByDataset {
    /// Demands what the dataset lists.
    pub fn new(dataset: Dataset) -> Self {
        Self(dataset)
    }

    /// The dataset.
    pub fn dataset(&self) -> &Dataset {
        &self.0
    }

    fn folder_at(&self, path: &[u8]) -> Option<u64> {
        let parts = path.split(|&b| b == b'/').filter(|part| !part.is_empty());
        parts.into_iter().try_fold(0, |folder, part| self.0.folder_named(folder, part))
    }

    fn folder(&self, folder: u64) -> Demand {
        Demand {
            number: Some(folder_number(folder)),
            what: What::Directory,
            perm: Some(self.0.folder_mode()),
            mtime: Some(self.0.folder_time(folder)),
            owner: None,
        }
    }

    fn listed(&self, index: u64) -> Demand {
        let number = Some(file_number(index));
        match self.0.entry(index) {
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
                what: What::Symlink(self.0.link_target(&link)),
                perm: None,
                mtime: Some(link.mtime),
                owner: None,
            },
        }
    }

    /// The folder or index behind a number, if there is one.
    fn numbered(&self, number: u64) -> Option<Result<u64, u64>> {
        let half = number / 2;
        if number % 2 == 0 {
            (half < self.0.shape().folders()).then_some(Err(half))
        } else {
            (half < self.0.shape().files()).then_some(Ok(half))
        }
    }
}

impl Expected for ByDataset {
    fn demand(&self, path: &[u8]) -> Option<Demand> {
        let (parent, name) = match path.iter().rposition(|&b| b == b'/') {
            Some(slash) => (&path[..slash], &path[slash + 1..]),
            None => (&path[..0], path),
        };
        let parent = self.folder_at(parent)?;
        // No folder's name is a recipe.
        if name::parse(name).is_err()
            && let Some(folder) = self.0.folder_named(parent, name)
        {
            return Some(self.folder(folder));
        }
        let index = self.0.index_named(name)?;
        self.0.shape().files_of(parent).contains(&index).then(|| self.listed(index))
    }

    fn total(&self) -> Option<u64> {
        // Without the root.
        Some(self.0.shape().entries().saturating_sub(1))
    }

    fn visit(&self, visit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) {
        struct Stop;
        // Stopping early is no failure.
        let _ = self.0.walk(0..self.0.shape().entries(), |_, path| match visit(path) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Stop),
        });
    }

    fn write_name(&self, number: u64, out: &mut Vec<u8>) {
        match self.numbered(number) {
            Some(Err(folder)) => self.0.write_folder_name(folder, out),
            Some(Ok(index)) => self.0.entry(index).write_name(out),
            None => {}
        }
    }

    fn write_path(&self, number: u64, out: &mut Vec<u8>) {
        match self.numbered(number) {
            Some(Err(folder)) => {
                self.0.write_folder_path(folder, out);
                out.pop();
            }
            Some(Ok(index)) => self.0.write_path(index, out),
            None => {}
        }
    }

    /// The files of the same folder, then those of the folders around it.
    fn neighbours(&self, path: &[u8]) -> Vec<Recipe> {
        let shape = self.0.shape();
        let parent = path.iter().rposition(|&b| b == b'/').map_or(&path[..0], |slash| &path[..slash]);
        let files = shape.files_of(self.folder_at(parent).unwrap_or(0));
        let margin = (NEIGHBOURS as u64).saturating_sub(files.end - files.start) / 2;
        let around = files.start.saturating_sub(margin)..files.end.saturating_add(margin).min(shape.files());
        let indices = files.clone().chain(around.filter(|index| !files.contains(index))).take(NEIGHBOURS);
        let recipe = |index| match self.0.entry(index) {
            Listed::File(file) => Some(file.recipe),
            Listed::Symlink(_) => None,
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
        let text = "files=400,dirs=50,spread=varied,kind=mixed,symlinks=5%,hardlinks=5%";
        let dataset = Dataset::new(Spec::parse(text).unwrap()).unwrap();
        let expected = ByDataset::new(dataset);
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
        let expected = ByDataset::new(Dataset::new(Spec::parse("files=3").unwrap()).unwrap());
        let mut out = Vec::new();
        for number in [u64::MAX, u64::MAX - 1, 7, 1000] {
            expected.write_name(number, &mut out);
            expected.write_path(number, &mut out);
        }
        assert!(out.is_empty());
    }
}
