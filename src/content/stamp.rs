//! Sectors that name their own seed and offset.

use super::rotating::Ring;

/// Bytes of a sector.
const SECTOR: usize = 512;
/// Bytes of its first line, `seedfs v1 seed=… offset=…`, both numbers with 20 decimal digits.
const HEAD: usize = 64;
/// Bytes of corpus behind it.
const BODY: usize = SECTOR - HEAD;
const TEMPLATE: &[u8; HEAD] = b"seedfs v1 seed=00000000000000000000 offset=00000000000000000000\n";
/// Columns right behind the last digit of each number.
const SEED_END: usize = 35;
const OFFSET_END: usize = 63;

/// The stamp of one seed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp {
    /// The line with the seed filled in and the offset still zero.
    line: [u8; HEAD],
}

impl Stamp {
    pub(crate) fn new(seed: u64) -> Self {
        let mut line = *TEMPLATE;
        write_number(&mut line, SEED_END, seed);
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
        let mut from = body_start(corpus, at);
        for sector in sectors {
            self.sector(corpus, at, from, sector);
            at += size;
            from += BODY;
            while from >= corpus.len() {
                from -= corpus.len();
            }
        }
        if !tail.is_empty() {
            tail.copy_from_slice(&self.lone_sector(corpus, at)[..tail.len()]);
        }
    }

    fn lone_sector(&self, corpus: &Ring, at: u64) -> [u8; SECTOR] {
        let mut sector = [0; SECTOR];
        self.sector(corpus, at, body_start(corpus, at), &mut sector);
        sector
    }

    /// The sector at the offset `at`, its body copied from the place `from` of the ring.
    #[inline]
    fn sector(&self, corpus: &Ring, at: u64, from: usize, out: &mut [u8; SECTOR]) {
        let mut line = self.line;
        write_number(&mut line, OFFSET_END, at);
        out[..HEAD].copy_from_slice(&line);
        // The ring repeats its first 1,000 bytes, so a body never has to be put together.
        out[HEAD..].copy_from_slice(&corpus.bytes()[from..from + BODY]);
    }
}

/// Where in the corpus the body of the sector at the offset `at` starts: each one continues the one before.
fn body_start(corpus: &Ring, at: u64) -> usize {
    (at / SECTOR as u64 * BODY as u64 % corpus.len() as u64) as usize
}

/// Writes the digits of a number so that they end before the column `end`; zeros are already there.
#[inline]
fn write_number(line: &mut [u8; HEAD], end: usize, mut value: u64) {
    let mut at = end;
    while value > 0 {
        at -= 1;
        line[at] = b'0' + (value % 10) as u8;
        value /= 10;
    }
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
}
