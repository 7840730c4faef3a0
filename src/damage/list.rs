//! The list of all damages of a dataset.

use std::ops::Range;

use super::{BLOCK, Damage, Fault, FileDamage, Plan};
use crate::content::Corpus;
use crate::dataset::{At, Entry, Listed};
use crate::edition::Tables;
use crate::recipe::Recipe;

/// A damage and the file that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damaged<'a> {
    /// Path of the file from the root: that of its first name, if it has several.
    pub path: &'a [u8],
    /// What is wrong with it. Zeros and swapped blocks reach from the first byte that is another than it should be to
    /// the last one.
    pub damage: Damage,
}

/// Calls `visit` with each damage of a part of a dataset's listing, in the order of the listing. Damage that changes no
/// byte, as zeros instead of zeros, is left out. Hand-made cases have none.
///
/// # Errors
/// The first one of `visit`, which ends it.
pub fn each<E>(
    plan: &Plan,
    at: &At<'_>,
    corpus: &Corpus,
    entries: Range<u64>,
    mut visit: impl FnMut(Damaged<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let tables = Tables::default();
    at.walk(entries, |entry, path| {
        let Entry::Listed(index, Listed::File(file)) = entry else { return Ok(()) };
        if file.inode != index {
            return Ok(());
        }
        let own = plan.of(index, &file.recipe);
        for damage in own.within(0..own.size()) {
            if let Some(damage) = visible(damage, &own, &file.recipe, corpus, &tables) {
                visit(Damaged { path, damage })?;
            }
        }
        own.truncation().map_or(Ok(()), |damage| visit(Damaged { path, damage }))
    })
}

/// The part of a damage that can be seen.
fn visible(damage: Damage, own: &FileDamage<'_>, recipe: &Recipe, corpus: &Corpus, tables: &Tables) -> Option<Damage> {
    if !matches!(damage.fault, Fault::Zero | Fault::Swap) {
        return Some(damage);
    }
    // Recipes of a listing are files, and can be read everywhere.
    let fill = |offset, buf: &mut [u8]| Ok(tables.fill(recipe, corpus, offset, buf).unwrap_or(0));
    let (mut good, mut bad) = ([0; 2 * BLOCK as usize], [0; 2 * BLOCK as usize]);
    let (good, bad) = (&mut good[..damage.len as usize], &mut bad[..damage.len as usize]);
    fill(damage.offset, good).ok()?;
    own.read(damage.offset, bad, fill).ok()?;
    let differs = |(a, b): (&u8, &u8)| a != b;
    let first = good.iter().zip(&*bad).position(differs)? as u64;
    let last = good.iter().zip(&*bad).rposition(differs)? as u64;
    Some(Damage { offset: damage.offset + first, len: last - first + 1, ..damage })
}
