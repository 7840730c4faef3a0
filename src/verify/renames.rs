//! Finds files that are missing among files that are too much: those were renamed.

use std::collections::HashMap;

use super::bytes::{self, Buffers};
use super::disk::{self, Disk};
use super::finding::{Finding, What};
use crate::content::Corpus;
use crate::recipe::Recipe;

/// Most missing paths, and most that are too much, among which renamed files are looked for.
pub const RENAMES: usize = 100_000;

/// First bytes of a file by which candidates are found.
const HEAD: usize = 64;

/// Candidates with equal first bytes that are compared as a whole.
const CANDIDATES: usize = 64;

/// What is missing and what is too much, until all of it is known.
#[derive(Debug, Default)]
pub(super) struct Renames {
    missing: Vec<Option<Vec<u8>>>,
    extra: Vec<Option<Vec<u8>>>,
    is_full: bool,
}

impl Renames {
    /// Keeps what is missing or too much for later; says whether it did.
    pub(super) fn keep(&mut self, finding: &Finding) -> bool {
        let list = match finding.what {
            What::Missing => &mut self.missing,
            What::Extra => &mut self.extra,
            _ => return false,
        };
        if list.len() >= RENAMES {
            self.is_full = true;
            return false;
        }
        list.push(Some(finding.path.clone()));
        true
    }

    /// Whether something was not kept.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Takes out the pairs of one name and another of the same file. Files without bytes are told by their names alone.
    pub(super) fn resolve(
        &mut self,
        disk: &Disk,
        corpus: &Corpus,
        recipe_of: impl Fn(&[u8]) -> Option<Recipe>,
    ) -> Vec<Finding> {
        if self.missing.is_empty() || self.extra.is_empty() {
            return Vec::new();
        }
        let recipes: Vec<_> = self.missing.iter().map(|path| recipe_of(path.as_deref()?)).collect();
        let mut by_head: HashMap<(u64, Vec<u8>), Vec<usize>> = HashMap::new();
        for (number, recipe) in recipes.iter().enumerate() {
            let Some(recipe) = recipe else { continue };
            let mut head = vec![0; HEAD];
            let len = recipe.fill(corpus, 0, &mut head).unwrap_or(0);
            head.truncate(len);
            by_head.entry((recipe.bytes(), head)).or_default().push(number);
        }
        let mut buffers = Buffers::new();
        let mut found = Vec::new();
        for extra in &mut self.extra {
            let Some(path) = extra.as_deref() else { continue };
            let Some(key) = head_of(disk, path) else { continue };
            let Some(candidates) = by_head.get_mut(&key) else { continue };
            let Ok(file) = disk.open(path) else { continue };
            let is_same_name = |number: usize| self.missing[number].as_deref().map(name_of) == Some(name_of(path));
            let mut order: Vec<usize> = candidates.iter().copied().filter(|&number| is_same_name(number)).collect();
            if key.0 > 0 {
                order.extend(candidates.iter().copied().filter(|&number| !is_same_name(number)).take(CANDIDATES));
            }
            let is_it = |&number: &usize| {
                recipes[number].is_some_and(|recipe| bytes::holds(&file, &recipe, corpus, &mut buffers))
            };
            if let Some(number) = order.into_iter().find(is_it) {
                candidates.retain(|&other| other != number);
                if let (Some(from), Some(path)) = (self.missing[number].take(), extra.take()) {
                    found.push(Finding { path, what: What::Renamed { from } });
                }
            }
        }
        found
    }

    /// What is left: missing, or too much.
    pub(super) fn into_rest(self) -> impl Iterator<Item = Finding> {
        let missing = self.missing.into_iter().flatten().map(|path| Finding { path, what: What::Missing });
        let extra = self.extra.into_iter().flatten().map(|path| Finding { path, what: What::Extra });
        missing.chain(extra)
    }
}

/// Size and first bytes of a regular file.
fn head_of(disk: &Disk, path: &[u8]) -> Option<(u64, Vec<u8>)> {
    let facts = disk.look(path).ok().filter(|facts| facts.file_type == "file")?;
    let file = disk.open(path).ok()?;
    let mut head = vec![0; HEAD];
    let mut len = 0;
    while len < HEAD {
        match disk::read_at(&file, &mut head[len..], len as u64).ok()? {
            0 => break,
            more => len += more,
        }
    }
    head.truncate(len);
    Some((facts.size, head))
}

fn name_of(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or_default()
}
