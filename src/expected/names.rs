//! Demands by names alone: a regular file must hold what its name says.

use std::ops::ControlFlow;

use super::{Demand, Expected, What};
use crate::name;
use crate::recipe::Recipe;

/// What names say, in whatever directory they stand.
#[derive(Debug, Clone, Copy, Default)]
pub struct ByName;

/// Endings of names that are given until a file is whole.
const UNFINISHED: [&[u8]; 8] = [b"~", b".tmp", b".temp", b".part", b".partial", b".new", b".filepart", b".crdownload"];

impl Expected for ByName {
    /// Names that begin with a dot, or end as those of unfinished files do, demand nothing, although a recipe may stand
    /// in them: `.photo_s7-3M.jpg.Ax3f0Q` is what rsync calls a file until it is whole.
    fn demand(&self, path: &[u8]) -> Option<Demand> {
        let name = path.rsplit(|&b| b == b'/').next().unwrap_or_default();
        if name.starts_with(b".") || UNFINISHED.iter().any(|ending| name.ends_with(ending)) {
            return None;
        }
        let recipe = name::parse(name).ok()?.recipe;
        recipe.file_size().ok()?;
        Some(Demand { number: None, what: What::File { recipe, links: None }, perm: None, mtime: None, owner: None })
    }

    fn total(&self) -> Option<u64> {
        None
    }

    fn visit(&self, _: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) {}

    fn write_name(&self, _: u64, _: &mut Vec<u8>) {}

    fn write_path(&self, _: u64, _: &mut Vec<u8>) {}

    fn neighbours(&self, _: &[u8]) -> Vec<Recipe> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_unfinished_files_demand_nothing() {
        for path in ["a/b/s42-1GiB", "photo_s7-3M.jpg", "x_s1-5.tar.gz"] {
            assert!(ByName.demand(path.as_bytes()).is_some(), "{path}");
        }
        for path in
            ["a", "s42-1GiB/notes", ".photo_s7-3M.jpg.Ax3f0Q", "a/s1-5.tmp", "s1-5.txt~", "s1-5.part", "s1-5-e7"]
        {
            assert!(ByName.demand(path.as_bytes()).is_none(), "{path}");
        }
    }
}
