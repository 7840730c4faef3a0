//! Reports of `fdupes -r`: one path a line, as it is, and an empty line behind each group.

use super::lines::Lines;

/// Reads a report: any bytes are one.
pub(super) fn read(report: &[u8]) -> Lines<'_> {
    Lines::new(report)
}
