//! Which bytes of which files were read, exactly.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included};

/// Runs of bytes that neither overlap nor touch each other, by file and first byte.
#[derive(Debug, Clone, Default)]
pub(super) struct Extents {
    runs: BTreeMap<(u64, u64), u64>,
}

impl Extents {
    /// How many runs there are.
    pub(super) fn len(&self) -> usize {
        self.runs.len()
    }

    /// Adds the bytes of a file from one offset to another, and returns how many of them are new.
    pub(super) fn insert(&mut self, file: u64, from: u64, to: u64) -> u64 {
        if from >= to {
            return 0;
        }
        let (mut start, mut end, mut known) = (from, to, 0);
        if let Some((&(before, first), &last)) = self.runs.range(..=(file, from)).next_back()
            && before == file
            && last >= from
        {
            if last >= to {
                return 0;
            }
            known = last - from;
            start = first;
        }
        let behind = (Excluded((file, from)), Included((file, to)));
        while let Some((&key, &last)) = self.runs.range(behind).next() {
            known += last.min(to) - key.1;
            end = end.max(last);
            self.runs.remove(&key);
        }
        self.runs.insert((file, start), end);
        to - from - known
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn counts_what_a_set_of_bytes_counts(
            reads in proptest::collection::vec((0u64..3, 0u64..60, 0u64..20), 0..80),
        ) {
            let (mut extents, mut bytes) = (Extents::default(), BTreeSet::new());
            for (file, from, length) in reads {
                let before = bytes.len();
                bytes.extend((from..from + length).map(|byte| (file, byte)));
                prop_assert_eq!(extents.insert(file, from, from + length), (bytes.len() - before) as u64);
                let runs = bytes.iter().filter(|&&(file, byte)| byte == 0 || !bytes.contains(&(file, byte - 1)));
                prop_assert_eq!(extents.len(), runs.count());
            }
        }
    }

    #[test]
    fn the_last_byte_of_the_largest_file() {
        let mut extents = Extents::default();
        assert_eq!(extents.insert(u64::MAX, u64::MAX - 1, u64::MAX), 1);
        assert_eq!(extents.insert(u64::MAX, 0, u64::MAX), u64::MAX - 1);
        assert_eq!(extents.len(), 1);
    }
}
