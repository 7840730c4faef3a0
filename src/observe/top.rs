//! Which files were read most, in bounded memory.
//!
//! The stream summary of A. Metwally, D. Agrawal and A. El Abbadi ("Efficient computation of frequent and top-k elements
//! in data streams", ICDT 2005, "space saving"), with bytes as weights. While there are no more files than places the
//! figures are exact. Afterwards a new file takes the place of the smallest one and its figure with it, and remembers
//! that as the most by which its own may be too large: at most all bytes divided by the places, and any file with more
//! than that is among those kept.

use std::collections::BTreeSet;

use hashbrown::HashMap;

/// Bytes of a file, and by how many of them the figure is too large at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Weight {
    pub(super) bytes: u64,
    pub(super) over: u64,
}

/// The files with the most bytes.
#[derive(Debug, Clone)]
pub(super) struct Top {
    most: usize,
    files: HashMap<u64, Weight>,
    by_bytes: BTreeSet<(u64, u64)>,
}

impl Top {
    /// Keeps at most so many files, at least one.
    pub(super) fn new(most: usize) -> Self {
        Self { most: most.max(1), files: HashMap::new(), by_bytes: BTreeSet::new() }
    }

    /// Counts bytes of a file.
    pub(super) fn add(&mut self, file: u64, bytes: u64) {
        let before = match self.files.get(&file) {
            Some(&known) => {
                self.by_bytes.remove(&(known.bytes, file));
                known
            }
            None if self.files.len() < self.most => Weight { bytes: 0, over: 0 },
            None => match self.by_bytes.pop_first() {
                Some((smallest, other)) => {
                    self.files.remove(&other);
                    Weight { bytes: smallest, over: smallest }
                }
                None => Weight { bytes: 0, over: 0 },
            },
        };
        let bytes = before.bytes.saturating_add(bytes);
        self.files.insert(file, Weight { bytes, ..before });
        self.by_bytes.insert((bytes, file));
    }

    /// The first ones, most bytes first, of equals the one with the smaller number.
    pub(super) fn first(&self, count: usize) -> Vec<(u64, Weight)> {
        let mut files: Vec<_> = self.files.iter().map(|(&file, &weight)| (file, weight)).collect();
        files.sort_unstable_by_key(|&(file, weight)| (std::cmp::Reverse(weight.bytes), file));
        files.truncate(count);
        files
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bounds_hold_for_any_reads(
            reads in proptest::collection::vec((0u64..40, 0u64..1000), 0..400), most in 1usize..50,
        ) {
            let (mut top, mut truth) = (Top::new(most), BTreeMap::new());
            for (file, bytes) in reads {
                top.add(file, bytes);
                *truth.entry(file).or_insert(0) += bytes;
            }
            let total: u64 = truth.values().sum();
            let kept = top.first(usize::MAX);
            prop_assert!(kept.len() <= most);
            for &(file, weight) in &kept {
                prop_assert!(weight.bytes >= truth[&file] && weight.bytes - weight.over <= truth[&file]);
                prop_assert!(weight.over <= total / most as u64);
            }
            for (file, &bytes) in &truth {
                let found = kept.iter().any(|(kept, _)| kept == file);
                prop_assert!(found || bytes <= total / most as u64, "{}", file);
            }
            if truth.len() <= most {
                prop_assert!(kept.iter().all(|(file, weight)| weight.over == 0 && weight.bytes == truth[file]));
                prop_assert_eq!(kept.len(), truth.len());
            }
        }
    }
}
