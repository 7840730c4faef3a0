//! Inodes of names that are not listed: a table counted down by forget.
//!
//! A number is never used twice in the life of a table, so that a handle kept by an NFS client can become stale but
//! never mean another file.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::recipe::Recipe;
use crate::vfs::Ino;

/// The names in use, by inode and by place. Each inode belongs to one name in one directory.
#[derive(Debug, Default)]
pub(super) struct OnDemand {
    table: RwLock<Table>,
}

#[derive(Debug, Default)]
struct Table {
    by_number: HashMap<u64, Held>,
    by_place: HashMap<Place, u64>,
    used: u64,
}

type Place = (Ino, Arc<[u8]>);

#[derive(Debug)]
struct Held {
    place: Place,
    recipe: Recipe,
    references: u64,
}

impl OnDemand {
    /// The number, counted from 0, of `name` in `dir`: one reference more.
    pub(super) fn acquire(&self, dir: Ino, name: &[u8], recipe: Recipe) -> u64 {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let place: Place = (dir, name.into());
        if let Some(&number) = table.by_place.get(&place)
            && let Some(held) = table.by_number.get_mut(&number)
        {
            held.references += 1;
            return number;
        }
        let number = table.used;
        table.used += 1;
        table.by_place.insert(place.clone(), number);
        table.by_number.insert(number, Held { place, recipe, references: 1 });
        number
    }

    /// Gives back `count` references; the last one frees the entry.
    pub(super) fn release(&self, number: u64, count: u64) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let Some(held) = table.by_number.get_mut(&number) else { return };
        held.references = held.references.saturating_sub(count);
        if held.references > 0 {
            return;
        }
        if let Some(held) = table.by_number.remove(&number) {
            table.by_place.remove(&held.place);
        }
        // A map never shrinks by itself: after a flood of names the memory would stay taken.
        let len = table.by_number.len();
        if table.by_number.capacity() > 1024 && len < table.by_number.capacity() / 8 {
            table.by_number.shrink_to(len * 2);
            table.by_place.shrink_to(len * 2);
        }
    }

    /// The recipe of a number in use.
    pub(super) fn recipe(&self, number: u64) -> Option<Recipe> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        table.by_number.get(&number).map(|held| held.recipe)
    }

    /// Numbers in use.
    pub(super) fn len(&self) -> usize {
        self.table.read().unwrap_or_else(PoisonError::into_inner).by_number.len()
    }
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
    fn the_table_shrinks_after_a_flood() {
        let table = OnDemand::default();
        let numbers: Vec<u64> =
            (0..100_000u64).map(|i| table.acquire(Ino(1), i.to_string().as_bytes(), recipe(i))).collect();
        numbers.into_iter().for_each(|n| table.release(n, 1));
        let table = table.table.read().unwrap();
        assert!(table.by_number.capacity() < 2048 && table.by_place.capacity() < 2048);
    }
}
