//! Compares a part of a file with what its recipe demands.

use std::fs::File;
use std::io;
use std::ops::Range;

use super::disk;
use super::explain::{BLOCK, Explainer, Others, Runs};
use crate::content::Corpus;
use crate::edition::Tables;
use crate::recipe::Recipe;
use crate::verdict::{fill, is_zeros};

/// Bytes that are read at a time.
const READ: usize = 1 << 20;

/// Bytes that are generated and compared at a time: they stay in a core's own cache.
const COMPARE: usize = 64 << 10;

/// Blocks in a row that cannot be read after which the rest of the part is given up.
const PATIENCE: u32 = 1024;

/// What a thread needs to compare.
#[derive(Debug)]
pub(super) struct Buffers {
    observed: Vec<u8>,
    demanded: Vec<u8>,
}

impl Buffers {
    pub(super) fn new() -> Self {
        Self { observed: vec![0; READ], demanded: vec![0; COMPARE] }
    }
}

/// Bytes that could not be read, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub(super) range: Range<u64>,
    pub(super) error: String,
}

/// What is wrong with a part of a file.
#[derive(Debug, Default, Clone)]
pub(super) struct Wrong {
    pub(super) runs: Runs,
    pub(super) unreadable: Vec<Unreadable>,
}

/// Content that a file should have, and what it may have instead.
pub(super) struct Demand<'a> {
    pub(super) recipe: Recipe,
    pub(super) corpus: &'a Corpus,
    pub(super) tables: &'a Tables,
    pub(super) others: Others<'a>,
    /// Most runs of wrong bytes that are kept.
    pub(super) most: usize,
}

/// Compares a range of a file, none of which lies behind its end or that of the recipe.
pub(super) fn compare(file: &File, demand: &Demand<'_>, range: Range<u64>, buffers: &mut Buffers) -> Wrong {
    let mut explainer = Explainer::new(&demand.recipe, demand.corpus, demand.others, demand.most);
    let mut unreadable = Vec::new();
    let may_skip = is_zeros(&demand.recipe);
    let mut at = range.start;
    // Up to here blocks are read one by one: somewhere before it, reading failed.
    let mut careful_until = at;
    let mut failures = 0;
    while at < range.end {
        if may_skip {
            // A hole holds the zeros that are demanded.
            at = disk::next_data(file, at).unwrap_or(range.end);
            if at >= range.end {
                break;
            }
        }
        let left = range.end - at;
        let most = if at < careful_until { BLOCK - at % BLOCK } else { READ as u64 };
        let want = left.min(most) as usize;
        match disk::read_at(file, &mut buffers.observed[..want], at) {
            Ok(0) => {
                let error = "the file became shorter".to_owned();
                unreadable.push(Unreadable { range: at..range.end, error });
                break;
            }
            Ok(len) => {
                failures = 0;
                check(&mut explainer, demand, at, &buffers.observed[..len], &mut buffers.demanded);
                at += len as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) if want as u64 > BLOCK => careful_until = at + want as u64,
            Err(error) => {
                failures += 1;
                let end = if failures < PATIENCE { at + want as u64 } else { range.end };
                push_unreadable(&mut unreadable, at..end, &error);
                at = end;
            }
        }
    }
    Wrong { runs: explainer.runs, unreadable }
}

fn push_unreadable(list: &mut Vec<Unreadable>, range: Range<u64>, error: &io::Error) {
    let error = error.to_string();
    match list.last_mut() {
        Some(last) if last.range.end == range.start && last.error == error => last.range.end = range.end,
        _ => list.push(Unreadable { range, error }),
    }
}

fn check(explainer: &mut Explainer<'_>, demand: &Demand<'_>, offset: u64, observed: &[u8], buffer: &mut [u8]) {
    for (number, observed) in observed.chunks(COMPARE).enumerate() {
        let offset = offset + (number * COMPARE) as u64;
        let demanded = &mut buffer[..observed.len()];
        // Recipes that stand for no file do not come here.
        let filled = demand.tables.fill(&demand.recipe, demand.corpus, offset, demanded);
        debug_assert_eq!(filled, Ok(observed.len()));
        if observed != demanded {
            explainer.take(offset, observed, demanded);
        }
    }
}

/// Whether a file holds the bytes of a recipe from its start to its end. False where it cannot be read.
pub(super) fn holds(file: &File, recipe: &Recipe, corpus: &Corpus, buffers: &mut Buffers) -> bool {
    let size = recipe.bytes();
    let mut at = 0;
    while at < size {
        // Most are others from the start.
        let want = if at == 0 { BLOCK } else { COMPARE as u64 }.min(size - at) as usize;
        let Ok(len) = disk::read_at(file, &mut buffers.observed[..want], at) else { return false };
        let demanded = &mut buffers.demanded[..len];
        let is_equal = len > 0 && fill(recipe, corpus, at, demanded) == Ok(len) && demanded == &buffers.observed[..len];
        if !is_equal {
            return false;
        }
        at += len as u64;
    }
    true
}
