//! Distinct keys in bounded memory: all of them while they are few, a sample that is fair afterwards.
//!
//! Adaptive sampling (M. Wegman; P. Flajolet, "On adaptive sampling", Computing 43, 1990): a key is kept if the hash of
//! it ends in `level` zero bits, and whenever too many are kept the level rises by one. What is kept stands for
//! 2^level keys each. The relative standard error of the count is about 1.2 / √most, and unlike a HyperLogLog (Flajolet,
//! Fusy, Gandouet, Meunier, 2007) it is exact until the first rise, and each key may carry a value.

use hashbrown::HashMap;

use crate::dataset::draw::mix;

/// Keys with values, each kept or passed over by its hash alone.
#[derive(Debug, Clone)]
pub(crate) struct Sample<V> {
    level: u32,
    most: usize,
    kept: HashMap<u64, V>,
}

/// The hash of two numbers. For equal first or equal second ones different numbers have different hashes; any others
/// share one with a probability of 2^-64.
pub(super) fn hash(first: u64, second: u64) -> u64 {
    mix(mix(first).wrapping_add(second))
}

impl<V> Sample<V> {
    /// Keeps at most so many keys, at least one.
    pub(crate) fn new(most: usize) -> Self {
        Self { level: 0, most: most.max(1), kept: HashMap::new() }
    }

    /// Changes the value of a key by its hash, or makes one; `None` for keys that are passed over, else whether it is
    /// a new one.
    pub(super) fn put(&mut self, hash: u64, value: V, change: impl FnOnce(&mut V, &V)) -> Option<bool> {
        if hash.trailing_zeros() < self.level {
            return None;
        }
        if let Some(known) = self.kept.get_mut(&hash) {
            change(known, &value);
            return Some(false);
        }
        self.kept.insert(hash, value);
        while self.kept.len() > self.most && self.level < u64::BITS {
            self.level += 1;
            let level = self.level;
            self.kept.retain(|hash, _| hash.trailing_zeros() >= level);
        }
        Some(true)
    }

    /// The same with a number as key.
    pub(crate) fn put_number(&mut self, number: u64, value: V, change: impl FnOnce(&mut V, &V)) -> Option<bool> {
        self.put(hash(number, 0), value, change)
    }

    /// The values that are kept, in no order.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.kept.values()
    }

    /// Whether all keys are kept.
    pub(super) fn is_exact(&self) -> bool {
        self.level == 0
    }

    /// A sum over all keys, estimated from the values of those that are kept.
    pub(super) fn sum(&self, value: impl Fn(&V) -> u64) -> u64 {
        let kept: u128 = self.kept.values().map(|kept| u128::from(value(kept))).sum();
        u64::try_from(kept << self.level.min(63)).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(sample: &Sample<()>) -> u64 {
        sample.sum(|()| 1)
    }

    #[test]
    fn few_keys_are_counted_exactly() {
        let mut sample = Sample::new(1000);
        for key in 0..3000u64 {
            let new = sample.put(hash(key % 1000, 0), (), |_, _| {});
            assert_eq!(new, Some(key < 1000));
        }
        assert!(sample.is_exact());
        assert_eq!(count(&sample), 1000);
    }

    #[test]
    fn many_keys_are_estimated_within_the_error() {
        // 1.2 / √4096 is 1.9 %; five times that is as good as never.
        for keys in [5000u64, 100_000, 1_000_000] {
            let mut sample = Sample::new(4096);
            for key in 0..keys {
                sample.put(hash(key, 7), (), |_, _| {});
                sample.put(hash(key / 2, 7), (), |_, _| {});
            }
            let error = count(&sample) as f64 / keys as f64 - 1.0;
            assert!(error.abs() < 0.094, "{keys}: {error}");
            assert!(!sample.is_exact() && sample.kept.len() <= 4096);
        }
    }

    #[test]
    fn values_add_up_like_keys() {
        let mut sample = Sample::new(4096);
        for key in 0..100_000u64 {
            sample.put(hash(1, key), key % 7, |_, _| {});
        }
        let error = sample.sum(|value| *value) as f64 / 300_000.0 - 1.0;
        assert!(error.abs() < 0.12, "{error}");
    }
}
