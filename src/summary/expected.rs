//! What deduplication may be expected to save, from the kinds and sizes alone.
//!
//! Files beyond the first of a group of equal ones are saved by any method. Of the others, blocks are saved where
//! they come from the pool of `d<N>`, where near-duplicates are as the file that they were made of, and in files of
//! zeros. Files of the kinds `classic` and `chunks`, and chance matches of a few bytes, count as unlike any other.

use std::collections::BTreeMap;

use serde::Serialize;

use super::cells::{CellView, edits};
use super::duplicates::{Zeros, is_zeros};
use crate::dataset::Dataset;
use crate::dataset::layout::Section;
use crate::edition::Edit;
use crate::recipe::{Kind, Mixed};

/// Units in the pool of `d<N>`.
const POOL: f64 = 256.0;

/// What is left of all bytes, and what is saved.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Saving {
    /// Bytes that remain.
    pub left: u128,
    /// Bytes that are saved.
    pub saved: u128,
    /// Part of all bytes that is saved, 0 to 1.
    pub share: f64,
}

impl Saving {
    pub(super) fn new(bytes: u128, left: u128) -> Self {
        let saved = bytes.saturating_sub(left);
        Self { left: bytes - saved, saved, share: if bytes == 0 { 0.0 } else { saved as f64 / bytes as f64 } }
    }
}

/// Sizes of the blocks for which savings are expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocks {
    /// Bytes of a fixed block: a power of two from 512 to 1 GiB.
    pub fixed: u64,
    /// Bytes of a content-defined chunk on average: from 256 to 4 MiB, with a quarter and four times as much for the
    /// least and the most.
    pub average: u64,
}

impl Default for Blocks {
    fn default() -> Self {
        Self { fixed: 4096, average: 16_384 }
    }
}

impl Blocks {
    /// Fixed blocks that [`Blocks::fixed`] may ask for.
    pub fn is_fixed(size: u64) -> bool {
        size.is_power_of_two() && (512..=1 << 30).contains(&size)
    }

    /// Averages that [`Blocks::average`] may ask for.
    pub fn is_average(size: u64) -> bool {
        size.is_power_of_two() && (256..=4 << 20).contains(&size)
    }
}

/// Expected savings. A block is unlike all others unless something of the above makes it equal to one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Expected {
    /// zstd -3 on blocks of 128 KiB, nothing deduplicated: see [`kept`](super::kept).
    pub compression: Saving,
    /// Equal files are stored once. As exact as the duplicates are.
    pub whole_file: Saving,
    /// Bytes of a fixed block.
    pub fixed_block: u64,
    /// Equal blocks at multiples of that size are stored once: the expectation of the draws from the pool.
    pub fixed: Saving,
    /// Bytes of a content-defined chunk on average.
    pub chunk_average: u64,
    /// Equal content-defined chunks are stored once. An estimate: each change, and each end of a run of shared bytes,
    /// is taken to cost one and a half chunks.
    pub content_defined: Saving,
}

/// Draws from a pool.
#[derive(Default, Clone, Copy)]
struct Draws {
    count: f64,
    /// Pieces to draw from.
    pool: f64,
    /// Bytes of a piece that are the same each time.
    bytes: f64,
}

impl Draws {
    /// Bytes of the different pieces that are expected to be drawn.
    fn distinct(&self) -> f64 {
        if self.pool <= 0.0 {
            return 0.0;
        }
        // pool · (1 − (1 − 1/pool)^count), also for pools that 1/pool is lost beside 1.
        -f64::exp_m1(self.count * f64::ln_1p(-1.0 / self.pool)) * self.pool * self.bytes
    }
}

/// Adds up what remains, for fixed blocks and for content-defined chunks.
pub(super) struct Remains {
    blocks: Blocks,
    fixed: f64,
    chunks: f64,
    fixed_draws: BTreeMap<(u8, u64), Draws>,
    chunk_draws: BTreeMap<(u8, u64), Draws>,
}

impl Remains {
    pub(super) fn new(blocks: Blocks) -> Self {
        let none = BTreeMap::new;
        Self { blocks, fixed: 0.0, chunks: 0.0, fixed_draws: none(), chunk_draws: none() }
    }

    pub(super) fn add(&mut self, dataset: &Dataset, view: &CellView<'_>) {
        let kind = view.stratum.kind;
        let is_zero_cell = view.cell.section == Section::Sparse || is_zeros(kind);
        match view.cell.section {
            Section::Symlink(_) | Section::Empty => return,
            // One changed block for each place, whatever the number of files.
            Section::Near if is_zero_cell => {
                let edits = edits(dataset, view.cell).len() as f64;
                self.fixed += 2.0 * edits * self.blocks.fixed as f64;
                self.chunks += 2.0 * edits * self.blocks.average as f64;
            }
            Section::Near => edits(dataset, view.cell).iter().for_each(|&edit| self.add_edit(edit, view)),
            _ => {}
        }
        match kind {
            _ if is_zero_cell => {}
            Kind::Mixed(mixed) if mixed.dedupe() > 0 => self.add_shared(mixed, view),
            _ => {
                let bytes = view.sum(u128::from) as f64;
                self.fixed += bytes;
                self.chunks += bytes;
            }
        }
    }

    /// The first files of groups whose units partly come from the pool.
    fn add_shared(&mut self, mixed: Mixed, view: &CellView<'_>) {
        let (share, unit, block) = (f64::from(mixed.dedupe()) / 100.0, mixed.unit(), self.blocks.fixed);
        let bytes = view.sum(u128::from) as f64;
        // A block of several units is shared where all of them are, and then equals one with the same units.
        let units = (block / unit).max(1);
        let whole = view.sum(|size| u128::from(size - size % block)) as f64;
        let draws = self.fixed_draws.entry((mixed.compress(), unit)).or_default();
        let exponent = units.min(1 << 10) as i32;
        *draws = Draws {
            count: draws.count + whole * share.powi(exponent) / unit.max(block) as f64,
            pool: POOL.powi(exponent),
            bytes: unit.max(block) as f64,
        };
        self.fixed += bytes - whole * share.powi(exponent);

        // Where a shared unit begins and ends, chunks lie across its borders.
        let inside = unit.saturating_sub(self.blocks.average * 3 / 2);
        let count = view.sum(|size| u128::from(size / unit)) as f64 * share;
        let draws = self.chunk_draws.entry((mixed.compress(), unit)).or_default();
        *draws = Draws { count: draws.count + count, pool: POOL, bytes: inside as f64 };
        self.chunks += bytes - count * inside as f64;
    }

    /// What one near-duplicate of each group has that the first of the group has not.
    fn add_edit(&mut self, edit: Edit, view: &CellView<'_>) {
        let Blocks { fixed, average } = self.blocks;
        self.fixed += view.sum(|size| u128::from(fixed_change(edit, size, fixed))) as f64;
        let change = average + average / 2;
        self.chunks += view.sum(|size| match edit {
            Edit::Prefix | Edit::Suffix => u128::from((size / 2 + average / 2).min(size)),
            _ => u128::from(change.min(size)),
        }) as f64;
    }

    /// What is left by fixed blocks and by content-defined chunks.
    pub(super) fn finish(&self, zeros: &Zeros) -> (u128, u128) {
        let distinct = |draws: &BTreeMap<_, Draws>| draws.values().map(Draws::distinct).sum::<f64>();
        let fixed = self.fixed + distinct(&self.fixed_draws) + zero_blocks(zeros, self.blocks.fixed);
        // Zeros have no place to cut, so their chunks are the longest.
        let chunks = self.chunks + distinct(&self.chunk_draws) + zero_blocks(zeros, 4 * self.blocks.average);
        (fixed as u128, chunks as u128)
    }
}

/// Bytes of the different blocks that files of zeros are cut into.
fn zero_blocks(zeros: &Zeros, block: u64) -> f64 {
    let mut lengths: Vec<u64> = zeros.sizes().flat_map(|size| [size.min(block), size % block]).collect();
    lengths.sort_unstable();
    lengths.dedup();
    // A short file is its own last block; a whole number of blocks leaves none.
    lengths.into_iter().map(|length| length as f64).sum()
}

/// Bytes of the blocks that differ from those of the unchanged file.
fn fixed_change(edit: Edit, size: u64, block: u64) -> u64 {
    let around = |byte: u64| {
        let start = byte - byte % block;
        (start + block).min(size).saturating_sub(start)
    };
    match edit {
        Edit::First => around(0),
        Edit::Last => around(size.saturating_sub(1)),
        Edit::Middle => around(size / 2),
        Edit::Byte4095 => around(4095),
        Edit::Byte4096 => around(4096),
        Edit::Byte16383 => around(16383),
        Edit::Byte16384 => around(16384),
        Edit::Insert => size + 1 - (size / 2 - size / 2 % block),
        Edit::Prefix => size - (size / 2 - size / 2 % block),
        Edit::Suffix => (size - size / 2).next_multiple_of(block).min(size),
    }
}
