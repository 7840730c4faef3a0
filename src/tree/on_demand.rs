//! Inodes of names that are not listed: a table counted down by forget.
//!
//! A number is never used twice in the life of a table, nor by the tables that come after it, so that a handle kept by
//! an NFS client can become stale but never mean another file, even after the daemon was started anew.

use std::hash::BuildHasher;
use std::sync::{PoisonError, RwLock};
use std::time::SystemTime;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use smallvec::SmallVec;

use crate::recipe::Recipe;
use crate::vfs::Ino;

/// The names in use, by inode and by place. Each inode belongs to one name in one directory.
#[derive(Debug)]
pub(super) struct OnDemand {
    table: RwLock<Table>,
}

#[derive(Debug, Default)]
struct Table {
    by_number: HashMap<u64, Held>,
    /// The keys of `by_number`, found by directory and name.
    by_place: HashTable<u64>,
    hasher: DefaultHashBuilder,
    /// What the numbers start from; see [`first_number`].
    first: u64,
    used: u64,
}

/// Bits of the numbers that one millisecond leaves to a table: more than can be looked up in it.
const BITS_A_MILLISECOND: u32 = 11;

/// Bits of all numbers: the range of inodes that they lie in.
const BITS: u32 = 52;

/// Later than all numbers of tables that were made before, by the clock: so many milliseconds come only in 69 years.
fn first_number() -> u64 {
    let now = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_millis() as u64);
    (now << BITS_A_MILLISECOND) % (1 << BITS)
}

#[derive(Debug)]
struct Held {
    dir: Ino,
    /// In the table itself unless it is long: millions of small allocations would leave the memory in pieces.
    name: SmallVec<[u8; 36]>,
    recipe: Recipe,
    references: u64,
}

impl Held {
    fn is_at(&self, dir: Ino, name: &[u8]) -> bool {
        self.dir == dir && self.name[..] == *name
    }
}

impl Default for OnDemand {
    fn default() -> Self {
        Self { table: RwLock::new(Table { first: first_number(), ..Table::default() }) }
    }
}

impl OnDemand {
    /// The number, below 2^52, of `name` in `dir`: one reference more.
    pub(super) fn acquire(&self, dir: Ino, name: &[u8], recipe: Recipe) -> u64 {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        match table.find(dir, name) {
            Some(number) => table.refer(number),
            None => table.insert(dir, name, recipe),
        }
    }

    /// Gives back `count` references; the last one frees the entry.
    pub(super) fn release(&self, number: u64, count: u64) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let Some(held) = table.by_number.get_mut(&number) else { return };
        held.references = held.references.saturating_sub(count);
        if held.references == 0 {
            table.remove(number);
        }
    }

    /// The recipe of a number in use.
    pub(super) fn recipe(&self, number: u64) -> Option<Recipe> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        table.by_number.get(&number).map(|held| held.recipe)
    }

    /// The directory and the name of a number in use.
    pub(super) fn place(&self, number: u64) -> Option<(Ino, Vec<u8>)> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        table.by_number.get(&number).map(|held| (held.dir, held.name.to_vec()))
    }

    /// Numbers in use.
    pub(super) fn len(&self) -> usize {
        self.table.read().unwrap_or_else(PoisonError::into_inner).by_number.len()
    }
}

impl Table {
    fn hash(&self, dir: Ino, name: &[u8]) -> u64 {
        self.hasher.hash_one((dir, name))
    }

    fn find(&self, dir: Ino, name: &[u8]) -> Option<u64> {
        let is_at = |number: &u64| self.by_number.get(number).is_some_and(|held| held.is_at(dir, name));
        self.by_place.find(self.hash(dir, name), is_at).copied()
    }

    fn refer(&mut self, number: u64) -> u64 {
        if let Some(held) = self.by_number.get_mut(&number) {
            held.references += 1;
        }
        number
    }

    fn insert(&mut self, dir: Ino, name: &[u8], recipe: Recipe) -> u64 {
        let number = (self.first + self.used) % (1 << BITS);
        self.used += 1;
        self.by_number.insert(number, Held { dir, name: name.into(), recipe, references: 1 });
        let hash = self.hash(dir, name);
        self.by_place.insert_unique(hash, number, rehash(&self.by_number, &self.hasher));
        number
    }

    fn remove(&mut self, number: u64) {
        let Some(held) = self.by_number.remove(&number) else { return };
        let hash = self.hash(held.dir, &held.name);
        if let Ok(entry) = self.by_place.find_entry(hash, |&other| other == number) {
            entry.remove();
        }
        // A map never shrinks by itself: after a flood of names the memory would stay taken.
        let len = self.by_number.len();
        if self.by_number.capacity() > 1024 && len < self.by_number.capacity() / 8 {
            self.by_number.shrink_to(len * 2);
            self.by_place.shrink_to(len * 2, rehash(&self.by_number, &self.hasher));
        }
    }
}

/// The hash of a number that is in the table, for when it grows or shrinks.
fn rehash<'a>(by_number: &'a HashMap<u64, Held>, hasher: &'a DefaultHashBuilder) -> impl Fn(&u64) -> u64 + 'a {
    |number| by_number.get(number).map_or(0, |held| hasher.hash_one((held.dir, &held.name[..])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(seed: u64) -> Recipe {
        Recipe { kind: crate::Kind::Random, seed, size: 1, edition: 0 }
    }

    #[test]
    fn a_name_keeps_its_number_until_its_last_reference_is_gone() {
        let table = OnDemand::default();
        let first = table.acquire(Ino(1), b"s1-1", recipe(1));
        assert_eq!(table.acquire(Ino(1), b"s1-1", recipe(1)), first);
        assert_ne!(table.acquire(Ino(3), b"s1-1", recipe(1)), first, "another directory is another file");
        table.release(first, 1);
        assert_eq!(table.recipe(first), Some(recipe(1)));
        table.release(first, 1);
        assert_eq!(table.recipe(first), None);
        assert_ne!(table.acquire(Ino(1), b"s1-1", recipe(1)), first, "numbers are never used again");
    }

    #[test]
    fn forgetting_more_than_was_counted_or_unknown_numbers_is_harmless() {
        let table = OnDemand::default();
        let number = table.acquire(Ino(1), b"s1-1", recipe(1));
        table.release(number, u64::MAX);
        table.release(number, 1);
        table.release(77, 1);
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn a_later_table_has_later_numbers() {
        let first = OnDemand::default().acquire(Ino(1), b"s1-1", recipe(1));
        std::thread::sleep(std::time::Duration::from_millis(2));
        let second = OnDemand::default().acquire(Ino(1), b"s1-1", recipe(1));
        assert!(second >= first + (2 << BITS_A_MILLISECOND), "{first} {second}");
        assert!(second < 1 << BITS);
    }

    #[test]
    fn the_table_shrinks_after_a_flood() {
        let table = OnDemand::default();
        let numbers: Vec<u64> =
            (0..100_000u64).map(|i| table.acquire(Ino(1), i.to_string().as_bytes(), recipe(i))).collect();
        numbers.into_iter().for_each(|n| table.release(n, 1));
        let table = table.table.read().unwrap();
        assert!(table.by_number.capacity() < 2048 && table.by_place.capacity() < 2048);
    }
}
