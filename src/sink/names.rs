//! The names of a sink: which stands in which directory, and for which node.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::node::{NameId, NodeId};
use crate::expected::Expected;

/// A name in a directory.
#[derive(Debug)]
pub(super) struct Name {
    text: Text,
    pub(super) directory: NodeId,
    pub(super) node: NodeId,
    hash: u32,
    /// Set when its path was found to be demanded and its node to be right, unset when the path changes.
    pub(super) is_judged: bool,
}

/// Names that a dataset can make again are not kept.
#[derive(Debug)]
enum Text {
    Demanded(u64),
    Own(Box<[u8]>),
}

/// All names, found by their number, or by directory and text.
#[derive(Debug, Default)]
pub(super) struct Names {
    slots: Vec<Option<Name>>,
    free: Vec<NameId>,
    found: HashTable<NameId>,
    hasher: DefaultHashBuilder,
}

impl Names {
    pub(super) fn find(&self, expected: &dyn Expected, directory: NodeId, text: &[u8]) -> Option<NameId> {
        let hash = self.hash(directory, text);
        let is_it = |&id: &NameId| {
            let Some(name) = self.get(id) else { return false };
            name.hash == hash && name.directory == directory && name.is(expected, text)
        };
        self.found.find(spread(hash), is_it).copied()
    }

    pub(super) fn get(&self, id: NameId) -> Option<&Name> {
        self.slots.get(id as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, id: NameId) -> Option<&mut Name> {
        self.slots.get_mut(id as usize)?.as_mut()
    }

    /// Adds a name that is not there. `number` is that of the demand at its path, if there is one.
    ///
    /// Returns `None` when there are no more numbers.
    pub(super) fn add(
        &mut self,
        expected: &dyn Expected,
        directory: NodeId,
        text: &[u8],
        node: NodeId,
        number: Option<u64>,
    ) -> Option<NameId> {
        let hash = self.hash(directory, text);
        let demanded = number.map(Text::Demanded).filter(|demanded| demanded.is(expected, text));
        let name =
            Name { text: demanded.unwrap_or_else(|| Text::Own(text.into())), directory, node, hash, is_judged: false };
        let id = match self.free.pop() {
            Some(id) => id,
            None => {
                let id = NameId::try_from(self.slots.len()).ok()?;
                self.slots.push(None);
                id
            }
        };
        self.slots[id as usize] = Some(name);
        let slots = &self.slots;
        let rehash = |&id: &NameId| spread(slots[id as usize].as_ref().map_or(0, |name| name.hash));
        self.found.insert_unique(spread(hash), id, rehash);
        Some(id)
    }

    pub(super) fn remove(&mut self, id: NameId) -> Option<Name> {
        let name = self.slots.get_mut(id as usize)?.take()?;
        if let Ok(entry) = self.found.find_entry(spread(name.hash), |&other| other == id) {
            entry.remove();
        }
        self.free.push(id);
        Some(name)
    }

    /// All numbers that names have or had.
    pub(super) fn ids(&self) -> std::ops::Range<NameId> {
        0..self.slots.len() as NameId
    }

    fn hash(&self, directory: NodeId, text: &[u8]) -> u32 {
        self.hasher.hash_one((directory, text)) as u32
    }
}

/// The table looks at bits at both ends.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl Text {
    fn is(&self, expected: &dyn Expected, text: &[u8]) -> bool {
        match self {
            Text::Own(own) => **own == *text,
            Text::Demanded(number) => {
                let mut made = Vec::with_capacity(crate::name::MAX_NAME);
                expected.write_name(*number, &mut made);
                made == text
            }
        }
    }
}

impl Name {
    fn is(&self, expected: &dyn Expected, text: &[u8]) -> bool {
        self.text.is(expected, text)
    }

    /// Appends its text.
    pub(super) fn write(&self, expected: &dyn Expected, out: &mut Vec<u8>) {
        match &self.text {
            Text::Own(own) => out.extend_from_slice(own),
            Text::Demanded(number) => expected.write_name(*number, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expected::ByName;

    #[test]
    fn names_come_and_go() {
        let mut names = Names::default();
        let ids: Vec<_> =
            (0..1000u32).map(|n| names.add(&ByName, n % 7, format!("name {n}").as_bytes(), n, None).unwrap()).collect();
        for n in (0..1000).step_by(2) {
            assert_eq!(names.remove(ids[n]).unwrap().node, n as u32);
            assert!(names.remove(ids[n]).is_none());
        }
        for n in 0..1000u32 {
            let found = names.find(&ByName, n % 7, format!("name {n}").as_bytes());
            assert_eq!(found, (n % 2 == 1).then_some(ids[n as usize]));
            assert_eq!(names.find(&ByName, n % 7 + 1, format!("name {n}").as_bytes()), None);
        }
        assert!(size_of::<Option<Name>>() <= 40, "{}", size_of::<Option<Name>>());
    }
}
