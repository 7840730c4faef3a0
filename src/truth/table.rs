//! A truth that is held in memory, path by path.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use super::{Fact, Group, Truth};

/// A truth made of single facts; its memory grows with the number of paths.
#[derive(Debug, Default)]
pub struct Table {
    facts: HashMap<Vec<u8>, Fact>,
    /// Paths by their content, in the order in which they came.
    members: HashMap<u64, Vec<Vec<u8>>>,
    /// Contents in the order in which they came.
    contents: Vec<u64>,
}

impl Table {
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
