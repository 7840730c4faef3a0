//! The list of all faults of a dataset.

use std::ops::Range;

use super::{Fault, Plan};
use crate::dataset::{At, Entry, Listed};

/// A fault and the file that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Faulty<'a> {
    /// Path of the file from the root: that of its first name, if it has several.
    pub path: &'a [u8],
    /// What happens, and where.
    pub fault: Fault,
}

/// Calls `visit` with each fault of a part of a dataset's listing, in the order of the listing. Hand-made cases have
/// none.
///
/// # Errors
/// The first one of `visit`, which ends it.
pub fn each<E>(
    plan: &Plan,
    at: &At<'_>,
    entries: Range<u64>,
    mut visit: impl FnMut(Faulty<'_>) -> Result<(), E>,
) -> Result<(), E> {
    at.walk(entries, |entry, path| match entry {
        Entry::Listed(index, Listed::File(file)) if file.inode == index => {
            plan.within(index, &file.recipe, 0..file.size).try_for_each(|fault| visit(Faulty { path, fault }))
        }
        _ => Ok(()),
    })
}
