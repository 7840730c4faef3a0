//! A truth that is held in memory, path by path.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hasher};
use std::ops::ControlFlow;

use super::{Fact, Group, Truth};
use crate::content::SyntheticFile;
use crate::dataset::{Dataset, Entry};
use crate::recipe::{Kind, Recipe};
use crate::tree::file_ino;

/// A truth made of single facts; its memory grows with the number of paths.
#[derive(Debug, Default)]
pub struct Table {
    facts: HashMap<Vec<u8>, Fact>,
    /// Paths by their content, in the order in which they came.
    members: HashMap<u64, Vec<Vec<u8>>>,
    /// Contents in the order in which they came.
    contents: Vec<u64>,
}

/// What decides the bytes of a file.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Key {
    /// Size and a hash of 128 bits: short files of different recipes may be equal, by chance or by their kind.
    Hash(u64, [u64; 2]),
    /// The recipe, where bytes of different recipes are not equal; zeros have only a size.
    Recipe(Recipe),
}

/// Files up to this many bytes are compared by their bytes: sixteen units of what the dial `d` takes from a pool of 256,
/// and more than a turn of the rotating kinds.
const SHORT: u64 = 64 << 10;

impl Key {
    fn of(recipe: &Recipe) -> Self {
        let is_zero = match recipe.kind {
            Kind::Zero => true,
            Kind::Mixed(mixed) => mixed.compress() == 100,
            _ => false,
        };
        if is_zero || recipe.size == 0 {
            return Key::Recipe(Recipe { kind: Kind::Zero, seed: 0, size: recipe.size, edition: 0 });
        }
        match SyntheticFile::with_builtin(*recipe) {
            Ok(file) if recipe.size <= SHORT => {
                let mut bytes = vec![0; recipe.size as usize];
                file.read_at(0, &mut bytes);
                Key::Hash(recipe.size, [0, 1].map(|half: u8| hash_of(half, &bytes)))
            }
            _ => Key::Recipe(*recipe),
        }
    }
}

fn hash_of(half: u8, bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write_u8(half);
    hasher.write(bytes);
    hasher.finish()
}

impl Table {
    /// Every listed file of a dataset. Takes time and memory for each of them.
    pub fn of(dataset: &Dataset) -> Self {
        let mut table = Self::default();
        let mut contents = HashMap::new();
        let walked = dataset.walk::<std::convert::Infallible>(0..dataset.shape().entries(), |entry, path| {
            if let Entry::File(index, file) = entry {
                let next = contents.len() as u64;
                let content = *contents.entry(Key::of(&file.recipe)).or_insert(next);
                let (ino, size) = (file_ino(index).0, file.recipe.size);
                table.insert(path, Fact { content, base: content, trap: None, ino, size, symlink: false });
            }
            Ok(())
        });
        let Ok(()) = walked;
        table
    }

    /// Adds a path; where it is there already, its first fact stays.
    pub fn insert(&mut self, path: &[u8], fact: Fact) {
        if self.facts.contains_key(path) {
            return;
        }
        self.facts.insert(path.to_vec(), fact);
        if !fact.symlink {
            let members = self.members.entry(fact.content).or_default();
            if members.is_empty() {
                self.contents.push(fact.content);
            }
            members.push(path.to_vec());
        }
    }
}

impl Truth for Table {
    fn fact(&self, path: &[u8]) -> Option<Fact> {
        self.facts.get(path).copied()
    }

    fn groups(&self, visit: &mut dyn FnMut(Group) -> ControlFlow<()>) {
        for &content in &self.contents {
            let members = &self.members[&content];
            if members.len() < 2 {
                continue;
            }
            let inodes: HashSet<u64> = members.iter().map(|path| self.facts[path].ino).collect();
            let size = self.facts[&members[0]].size;
            let group = Group { content, size, names: members.len() as u64, inodes: inodes.len() as u64 };
            if visit(group).is_break() {
                return;
            }
        }
    }

    fn members(&self, content: u64, visit: &mut dyn FnMut(&[u8], &Fact) -> ControlFlow<()>) {
        for path in self.members.get(&content).into_iter().flatten() {
            if visit(path, &self.facts[path]).is_break() {
                return;
            }
        }
    }
}
