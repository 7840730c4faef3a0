//! Sectors that name their own seed and offset.

use std::ops::Range;

use super::rotating::Ring;

/// Bytes of a sector.
const SECTOR: usize = 512;
/// Bytes of its first line, `seedfs v1 seed=… offset=…`, both numbers with 20 decimal digits.
const HEAD: usize = 64;
/// Bytes of corpus behind it.
const BODY: usize = SECTOR - HEAD;
const TEMPLATE: &[u8; HEAD] = b"seedfs v1 seed=00000000000000000000 offset=00000000000000000000\n";
/// Columns of the digits of each number.
const SEED: Range<usize> = 15..35;
const OFFSET: Range<usize> = 43..63;
/// Column of the eight last digits of the offset, and what eight digits can count: only these are written for each
/// sector, since the twelve before them change once in 100 MB.
const LOW: usize = OFFSET.end - 8;
const LOW_RANGE: u64 = 100_000_000;

/// The stamp of one seed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp {
    /// The line with the seed filled in and the offset still zero.
    line: [u8; HEAD],
}

impl Stamp {
    pub(crate) fn new(seed: u64) -> Self {
        let mut line = *TEMPLATE;
        write_number(&mut line[SEED], seed);
        Self { line }
    }

    pub(crate) fn fill(&self, corpus: &Ring, offset: u64, out: &mut [u8]) {
        let size = SECTOR as u64;
        let skip = (offset % size) as usize;
        let head = if skip == 0 { 0 } else { (SECTOR - skip).min(out.len()) };
        let (head, rest) = out.split_at_mut(head);
        let mut at = offset - offset % size;
        if !head.is_empty() {
            head.copy_from_slice(&self.lone_sector(corpus, at)[skip..][..head.len()]);
            at += size;
        }
        let (sectors, tail) = rest.as_chunks_mut();
        self.sectors(corpus, at, sectors);
        at += (sectors.len() * SECTOR) as u64;
        if !tail.is_empty() {
            tail.copy_from_slice(&self.lone_sector(corpus, at)[..tail.len()]);
        }
    }

    fn lone_sector(&self, corpus: &Ring, at: u64) -> [u8; SECTOR] {
        let mut sector = [[0; SECTOR]];
        self.sectors(corpus, at, &mut sector);
        sector[0]
    }

    /// Neighbouring sectors from the offset `at` on, a multiple of their size.
    fn sectors(&self, corpus: &Ring, at: u64, out: &mut [[u8; SECTOR]]) {
        let mut from = body_start(corpus, at);
        let (mut high, mut low) = (at / LOW_RANGE, at % LOW_RANGE);
        let mut line = self.line;
        write_number(&mut line[OFFSET.start..LOW], high);
        for sector in out {
            sector[..HEAD].copy_from_slice(&line);
            // Over the copy, not into the line: reading a line that was just written in part would stall each copy.
            sector[LOW..OFFSET.end].copy_from_slice(&eight_digits(low));
            // The ring repeats its first 1,000 bytes, so a body never has to be put together.
            let body = corpus.bytes()[from..from + BODY].as_chunks::<HEAD>().0;
            // In steps of one line: where `out` is not aligned, the library's long vectors would cross cache lines.
            for (to, from) in sector.as_chunks_mut::<HEAD>().0[1..].iter_mut().zip(body) {
                *to = *from;
            }
            from += BODY;
            while from >= corpus.len() {
                from -= corpus.len();
            }
            low += SECTOR as u64;
            if low >= LOW_RANGE {
                low -= LOW_RANGE;
                high += 1;
                write_number(&mut line[OFFSET.start..LOW], high);
            }
        }
    }
}

/// Where in the corpus the body of the sector at the offset `at` starts: each one continues the one before.
fn body_start(corpus: &Ring, at: u64) -> usize {
    (at / SECTOR as u64 * BODY as u64 % corpus.len() as u64) as usize
}

/// Writes a number in decimal, with zeros before it, into columns that are wide enough.
fn write_number(columns: &mut [u8], mut value: u64) {
    for digit in columns.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// The eight digits of a number below 10^8, computed beside each other in the bytes of one word: the word is split into
/// halves of four digits, each half into two, each of these into one, a division being a multiplication and a shift.
#[inline]
fn eight_digits(value: u64) -> [u8; 8] {
    let fours = (value / 10_000) | ((value % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007F_0000_007F;
    let twos = hundreds | ((fours - hundreds * 100) << 16);
    let tens = ((twos * 103) >> 10) & 0x000F_000F_000F_000F;
    let ones = tens | ((twos - tens * 10) << 8);
    (ones | 0x3030_3030_3030_3030).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sector_names_seed_and_offset_in_its_first_line() {
        let ring = Ring::of_pieces(vec![b'x'; 1000], 100);
        let mut out = [0; SECTOR];
        Stamp::new(u64::MAX).fill(&ring, (1 << 63) - 512, &mut out);
        let line = &out[..out.iter().position(|&b| b == b'\n').unwrap()];
        assert_eq!(line, b"seedfs v1 seed=18446744073709551615 offset=09223372036854775296");
        assert_eq!(line.len() + 1, HEAD);
    }

    #[test]
    fn eight_digits_are_what_formatting_writes() {
        let all_halves = (0..10_000).flat_map(|half| [half, half * 10_000, half * 10_000 + 9_999]);
        for value in all_halves {
            assert_eq!(eight_digits(value), format!("{value:08}").as_bytes(), "{value}");
        }
    }

    #[test]
    fn a_long_fill_counts_on_where_the_low_digits_end() {
        let ring = Ring::of_pieces((0..1234u32).map(|n| n as u8).collect(), 100);
        // The last sector before 10^8 and before 10^16; the second is where the whole low half and more turn over.
        for turn in [LOW_RANGE, LOW_RANGE * LOW_RANGE] {
            let start = turn - turn % SECTOR as u64 - SECTOR as u64;
            let mut out = [0; 4 * SECTOR];
            Stamp::new(7).fill(&ring, start, &mut out);
            for (i, sector) in out.as_chunks::<SECTOR>().0.iter().enumerate() {
                let offset = start + (i * SECTOR) as u64;
                assert_eq!(&sector[OFFSET], format!("{offset:020}").as_bytes());
                let mut lone = [0; SECTOR];
                Stamp::new(7).fill(&ring, offset, &mut lone);
                assert!(lone == *sector, "{offset}");
            }
        }
    }
}
