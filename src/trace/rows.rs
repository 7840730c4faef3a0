//! Where a byte lies in a picture of all files that were touched, one above the other.

use crate::observe::Sample;

/// How high a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// All are alike.
    Files,
    /// Each by its bytes up to the last one that was read.
    Bytes,
}

/// Files up to which each has a place of its own; a fair sample of them has beyond that, and the others lie at the
/// places of their neighbours.
const MAX_FILES: usize = 1 << 16;

/// Collects the files of a trace.
#[derive(Debug)]
pub(super) struct Files(Sample<(u64, u64)>);

impl Default for Files {
    fn default() -> Self {
        Self(Sample::new(MAX_FILES))
    }
}

impl Files {
    /// A file is touched up to a byte.
    pub(super) fn touch(&mut self, ino: u64, end: u64) {
        self.0.put_number(ino, (ino, end), |known, new| known.1 = known.1.max(new.1));
    }

    /// One of them, where there is only one.
    pub(super) fn only(&self) -> Option<u64> {
        let mut all = self.0.values();
        all.next().filter(|_| all.next().is_none()).map(|&(ino, _)| ino)
    }

    /// How many have places.
    pub(super) fn len(&self) -> usize {
        self.0.values().count()
    }
}

/// The places of files, each from 0 to 1.
#[derive(Debug)]
pub struct Rows {
    scale: Scale,
    /// Inode, bytes and the sum of the heights before it, in the order of inodes.
    files: Vec<(u64, u64, u128)>,
    total: u128,
}

impl Rows {
    /// Places for the files of a trace, in the order of the keys of their inodes.
    pub(super) fn new<K: Ord>(files: &Files, scale: Scale, key: impl Fn(u64) -> K) -> Self {
        let mut files: Vec<(u64, u64, u128)> = files.0.values().map(|&(ino, end)| (ino, end, 0)).collect();
        files.sort_by_cached_key(|&(ino, ..)| (key(ino), ino));
        let mut total = 0;
        for (_, end, before) in &mut files {
            *before = total;
            total += height(scale, *end);
        }
        files.sort_unstable();
        Self { scale, files, total }
    }

    /// The place of one file alone, of which so many bytes are shown.
    pub fn alone(ino: u64, bytes: u64) -> Self {
        Self { scale: Scale::Bytes, files: vec![(ino, bytes, 0)], total: height(Scale::Bytes, bytes) }
    }

    /// How high files are.
    pub fn scale(&self) -> Scale {
        self.scale
    }

    /// Files with places.
    pub fn files(&self) -> usize {
        self.files.len()
    }

    /// Sum of the bytes of all files up to the last that was read of each.
    pub fn bytes(&self) -> u128 {
        self.files.iter().map(|&(_, end, _)| u128::from(end)).sum()
    }

    /// Where a part of a file begins and ends, that of its neighbour if it has no place of its own; `None` without any
    /// files.
    pub fn place(&self, ino: u64, from: u64, to: u64) -> Option<(f64, f64)> {
        let at = self.files.partition_point(|&(other, ..)| other <= ino).saturating_sub(1);
        let &(_, end, before) = self.files.get(at)?;
        let height = height(self.scale, end) as f64;
        let within = |offset: u64| (offset.min(end) as f64 / end.max(1) as f64).clamp(0.0, 1.0);
        let place = |offset| (before as f64 + height * within(offset)) / self.total.max(1) as f64;
        Some((place(from), place(to.max(from))))
    }
}

/// Even an empty file has some.
fn height(scale: Scale, bytes: u64) -> u128 {
    match scale {
        Scale::Files => 1,
        Scale::Bytes => bytes.max(1).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Files {
        let mut files = Files::default();
        for (ino, end) in [(6, 100), (2, 300), (6, 50), (4, 0)] {
            files.touch(ino, end);
        }
        files
    }

    #[test]
    fn files_lie_one_behind_the_other() {
        let rows = Rows::new(&files(), Scale::Bytes, |_| 0);
        assert_eq!((rows.files(), rows.bytes()), (3, 400));
        assert_eq!(rows.place(2, 0, 300), Some((0.0, 300.0 / 401.0)));
        assert_eq!(rows.place(6, 50, 100), Some((351.0 / 401.0, 1.0)));
        let rows = Rows::new(&files(), Scale::Files, |_| 0);
        assert_eq!(rows.place(6, 0, 100), Some((2.0 / 3.0, 1.0)));
        assert_eq!(rows.place(2, 150, 300), Some((0.5 / 3.0, 1.0 / 3.0)));
        let rows = Rows::new(&files(), Scale::Files, std::cmp::Reverse);
        assert_eq!(rows.place(6, 0, 100), Some((0.0, 1.0 / 3.0)), "a key may say otherwise");
    }

    #[test]
    fn what_was_not_counted_lies_at_a_neighbour() {
        let rows = Rows::new(&files(), Scale::Files, |_| 0);
        assert_eq!(rows.place(5, 0, 0), rows.place(4, 0, 0));
        assert_eq!(rows.place(1, 0, 0), rows.place(2, 0, 0));
        assert_eq!(rows.place(6, u64::MAX, 0), Some((1.0, 1.0)));
        assert_eq!(Rows::new(&Files::default(), Scale::Bytes, |_| 0).place(1, 0, 1), None);
        assert_eq!(files().only(), None);
    }
}
