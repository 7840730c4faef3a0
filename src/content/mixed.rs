//! Dialled compressibility and duplication: `c60`, `d25`, `c60d25u1m`.

use std::sync::LazyLock;

use super::keystream::{BLOCK, Keystream, StreamId};
use crate::recipe::Mixed;

/// Bytes of a cell; `c<N>` makes N percent of each zero.
const CELL: usize = 512;
/// Cells whose kept bytes are rounded together, so that their mean is exact to an eighth of a byte.
const CYCLE: usize = 8;
/// Units of the pool that shared units are drawn from.
const POOL: u32 = 256;
/// Their bytes: the same for every seed, so their key is expanded once.
static POOL_KEYSTREAM: LazyLock<Keystream> = LazyLock::new(|| Keystream::new(0));
/// Largest unit whose pool is kept: its 512 KiB fit the second-level cache. A longer unit is made as fast as copied.
const KEPT_UNIT: usize = 2048;
/// The start of the pool's keystream: the whole pool of every unit up to [`KEPT_UNIT`]. Made when first needed.
static POOL_BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut bytes = vec![0; POOL as usize * KEPT_UNIT];
    POOL_KEYSTREAM.fill(StreamId::Pool, 0, &mut bytes);
    bytes
});
/// Draws made at once, on the stack.
const DRAWS: usize = 64;

/// A mixed kind of one seed.
#[derive(Clone)]
pub(crate) struct MixedStream {
    own: Keystream,
    unit: u64,
    /// A unit is shared when its 32-bit draw, times 100, is below this.
    shared_below: u64,
    /// Bytes kept at the start of each cell of a cycle.
    kept: [u16; CYCLE],
}

/// Where the bytes of a unit come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Own,
    Pool(u64),
}

impl MixedStream {
    pub(crate) fn new(dials: Mixed, seed: u64) -> Self {
        Self {
            own: Keystream::new(seed),
            unit: dials.unit(),
            shared_below: u64::from(dials.dedupe()) << 32,
            kept: kept_per_cell(dials.compress()),
        }
    }

    pub(crate) fn fill(&self, offset: u64, out: &mut [u8]) {
        if self.kept == [0; CYCLE] {
            return out.fill(0);
        }
        if self.shared_below == 0 {
            self.own.fill(StreamId::Mixed, offset, out);
        } else if self.unit <= KEPT_UNIT as u64 {
            self.fill_short_units(offset, out);
        } else {
            self.fill_units(offset, out);
        }
        if self.kept != [CELL as u16; CYCLE] {
            // Units of 512, 1,024 and 2,048 bytes are shorter than a cycle, which starts anew with each of them.
            let cycle = self.unit.min((CELL * CYCLE) as u64);
            self.clear_cells((offset % cycle) as usize, cycle as usize, out);
        }
    }

    /// The bytes before zeros are put in: neighbouring units that are not shared are made in one go.
    fn fill_units(&self, offset: u64, mut out: &mut [u8]) {
        let mut at = offset;
        let mut draws = Draws::new(&self.own);
        while !out.is_empty() {
            let source = self.source(draws.get(at / self.unit));
            let mut len = self.left_in_unit(at).min(out.len() as u64);
            while source == Source::Own && len < out.len() as u64 {
                let next = at + len;
                if self.source(draws.get(next / self.unit)) != Source::Own {
                    break;
                }
                len += self.unit.min(out.len() as u64 - len);
            }
            let (now, later) = out.split_at_mut(len as usize);
            match source {
                Source::Own => self.own.fill(StreamId::Mixed, at, now),
                Source::Pool(start) => POOL_KEYSTREAM.fill(StreamId::Pool, start + at % self.unit, now),
            }
            out = later;
            at += len;
        }
    }

    /// The same for units so short that starting the cipher for each would show: all own bytes are made in one go, and
    /// shared units are then copied over them.
    fn fill_short_units(&self, offset: u64, out: &mut [u8]) {
        if self.shared_below < 100 << 32 {
            self.own.fill(StreamId::Mixed, offset, out);
        }
        let mut draws = Draws::new(&self.own);
        let (mut at, mut out) = (offset, out);
        while !out.is_empty() {
            let take = self.left_in_unit(at).min(out.len() as u64) as usize;
            let (now, later) = out.split_at_mut(take);
            if let Source::Pool(start) = self.source(draws.get(at / self.unit)) {
                let from = (start + at % self.unit) as usize;
                now.copy_from_slice(&POOL_BYTES[from..from + take]);
            }
            (at, out) = (at + take as u64, later);
        }
    }

    fn left_in_unit(&self, at: u64) -> u64 {
        self.unit - at % self.unit
    }

    fn source(&self, draw: [u8; 8]) -> Source {
        let [low, high] = [&draw[..4], &draw[4..]].map(|half| half.iter().rev().fold(0, |n, &b| n << 8 | u32::from(b)));
        if u64::from(low) * 100 < self.shared_below {
            Source::Pool(u64::from(high % POOL) * self.unit)
        } else {
            Source::Own
        }
    }

    /// Puts the zeros in. `inside` is where `out` starts within a cycle of `cycle` bytes.
    fn clear_cells(&self, inside: usize, cycle: usize, mut out: &mut [u8]) {
        let mut inside = inside;
        while !out.is_empty() {
            let in_cell = inside % CELL;
            let take = (CELL - in_cell).min(out.len());
            let (cell, later) = out.split_at_mut(take);
            let kept = usize::from(self.kept[inside / CELL]);
            cell[kept.saturating_sub(in_cell).min(take)..].fill(0);
            out = later;
            inside = (inside + take) % cycle;
        }
    }
}

/// Bytes kept in each cell of a cycle when `compress` percent are zeros.
fn kept_per_cell(compress: u8) -> [u16; CYCLE] {
    let mean = CELL as u64 * 65536 * u64::from(100 - compress) / 100;
    std::array::from_fn(|cell| {
        let until = |cells: u64| (cells * mean) >> 16;
        (until(cell as u64 + 1) - until(cell as u64)) as u16
    })
}

/// The draws that decide each unit: the first half of a cipher block of their own stream. Made in batches, because
/// units may be as small as cells.
struct Draws<'a> {
    keystream: &'a Keystream,
    first: u64,
    made: usize,
    blocks: [u8; DRAWS * BLOCK],
}

impl<'a> Draws<'a> {
    fn new(keystream: &'a Keystream) -> Self {
        Self { keystream, first: 0, made: 0, blocks: [0; DRAWS * BLOCK] }
    }

    /// The draw of a unit; asked for in rising order.
    fn get(&mut self, unit: u64) -> [u8; 8] {
        if unit.wrapping_sub(self.first) >= self.made as u64 {
            // One at first: a short read of a large unit needs no more.
            self.made = if self.made == 0 { 1 } else { DRAWS };
            self.first = unit;
            let wanted = &mut self.blocks[..self.made * BLOCK];
            self.keystream.fill(StreamId::Units, unit * BLOCK as u64, wanted);
        }
        let at = (unit - self.first) as usize * BLOCK;
        std::array::from_fn(|i| self.blocks[at + i])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_bytes_of_a_cycle_add_up_to_the_percentage() {
        for compress in 0..=100u8 {
            let kept = kept_per_cell(compress);
            let exact = 4096 * (100 - usize::from(compress)) / 100;
            let sum: usize = kept.iter().map(|&n| usize::from(n)).sum();
            assert!(sum.abs_diff(exact) <= 1, "{compress}: {sum}");
            assert!(kept.iter().max().unwrap() - kept.iter().min().unwrap() <= 1, "{compress}: {kept:?}");
        }
    }

    #[test]
    fn short_units_are_what_units_of_any_length_are() {
        for (dedupe, unit) in [(25, 512), (100, 512), (60, 1024), (25, 2048)] {
            let stream = MixedStream::new(Mixed::new(0, dedupe, unit).unwrap(), 7);
            for (offset, len) in [(0, 70_000), (511, 2), (1000, 5001), ((1 << 62) - 300, 100_000)] {
                let (mut one, mut other) = (vec![0; len], vec![0; len]);
                stream.fill_short_units(offset, &mut one);
                stream.fill_units(offset, &mut other);
                assert!(one == other, "d{dedupe}u{unit}: {len} bytes at {offset}");
            }
        }
    }
}
