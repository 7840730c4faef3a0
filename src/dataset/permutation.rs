//! A permutation of the whole numbers below any bound, invertible both ways, in a few nanoseconds and without a table.
//!
//! A Feistel network (Luby, Rackoff 1988) over the bits that the bound needs, in two halves that differ by one bit at
//! most, with cycle walking (Black, Rogaway 2002): what falls outside the bound is permuted again, twice on average at
//! worst. The round function is the multiply-add-shift hash (Dietzfelbinger 1996) of the other half.

use super::draw::Draws;

/// Rounds, half of them on each half.
const ROUNDS: usize = 6;

/// A permutation of 0 … `len` − 1.
#[derive(Debug, Clone)]
pub struct Permutation {
    len: u64,
    /// Bits of the low half, and the masks of both.
    low_bits: u32,
    low_mask: u64,
    high_mask: u64,
    /// Multiplier and summand of each round.
    keys: [(u64, u64); ROUNDS],
}

impl Permutation {
    /// Of the numbers below `len`, at most 2^62, keyed by the draws.
    pub fn new(len: u64, draws: Draws) -> Self {
        let bits = u64::BITS - len.saturating_sub(1).leading_zeros();
        let low_bits = bits.div_ceil(2);
        let keys = std::array::from_fn(|i| (draws.at(2 * i as u64) | 1, draws.at(2 * i as u64 + 1)));
        let mask = |bits: u32| (1u64 << bits) - 1;
        Self { len, low_bits, low_mask: mask(low_bits), high_mask: mask(bits - low_bits), keys }
    }

    /// Where `index`, below the length, goes.
    #[inline]
    pub fn forward(&self, index: u64) -> u64 {
        self.walk(index, |low, high| {
            for (round, &key) in self.keys.iter().enumerate() {
                self.turn(round, key, low, high);
            }
        })
    }

    /// What goes to `position`, below the length.
    #[inline]
    pub fn backward(&self, position: u64) -> u64 {
        self.walk(position, |low, high| {
            for (round, &key) in self.keys.iter().enumerate().rev() {
                self.turn(round, key, low, high);
            }
        })
    }

    /// One round: one half is changed by a hash of the other, which undoes itself.
    #[inline]
    fn turn(&self, round: usize, (factor, summand): (u64, u64), low: &mut u64, high: &mut u64) {
        // The highest bits of a product depend on all bits of its factor.
        let hash = |half: u64| half.wrapping_mul(factor).wrapping_add(summand) >> 32;
        if round.is_multiple_of(2) {
            *low ^= hash(*high) & self.low_mask;
        } else {
            *high ^= hash(*low) & self.high_mask;
        }
    }

    #[inline]
    fn walk(&self, start: u64, network: impl Fn(&mut u64, &mut u64)) -> u64 {
        let mut value = start;
        loop {
            let (mut low, mut high) = (value & self.low_mask, value >> self.low_bits);
            network(&mut low, &mut high);
            value = high << self.low_bits | low;
            if value < self.len || start >= self.len {
                return value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::draw::Purpose;
    use super::*;

    fn permutation(len: u64, seed: u64) -> Permutation {
        Permutation::new(len, Draws::new(seed, Purpose::Position))
    }

    proptest! {
        #[test]
        fn every_number_goes_somewhere_and_comes_back(len in 1u64..5000, seed: u64) {
            let permutation = permutation(len, seed);
            let mut hit = vec![false; len as usize];
            for index in 0..len {
                let position = permutation.forward(index);
                prop_assert!(position < len && !hit[position as usize]);
                hit[position as usize] = true;
                prop_assert_eq!(permutation.backward(position), index);
            }
        }

        #[test]
        fn the_largest_ranges_are_inverted(len in 1u64..=1 << 62, pick: u64, seed: u64) {
            let permutation = permutation(len, seed);
            let position = permutation.forward(pick % len);
            prop_assert!(position < len);
            prop_assert_eq!(permutation.backward(position), pick % len);
        }
    }

    /// Chi-square of a table of counts against equal shares, in standard deviations from its mean.
    fn deviation(counts: &[u64]) -> f64 {
        let total: u64 = counts.iter().sum();
        let expected = total as f64 / counts.len() as f64;
        let chi: f64 = counts.iter().map(|&n| (n as f64 - expected).powi(2) / expected).sum();
        let freedom = (counts.len() - 1) as f64;
        (chi - freedom) / (2.0 * freedom).sqrt()
    }

    #[test]
    fn neighbours_are_torn_apart() {
        // Joint distribution of the images of n and n + distance over 16 × 16 fields.
        for (seed, len) in [(0, 1_000_000u64), (1, 1 << 20), (2, 777_777), (3, 1 << 40)] {
            let permutation = permutation(len, seed);
            for distance in [1, 2, 64, 1000] {
                let mut fields = [0u64; 256];
                for index in 0..200_000 {
                    let field = |i: u64| (u128::from(permutation.forward(i)) * 16 / u128::from(len)) as usize;
                    fields[16 * field(index) + field(index + distance)] += 1;
                }
                assert!(deviation(&fields).abs() < 6.0, "{len} {distance}: {}", deviation(&fields));
            }
        }
    }

    #[test]
    fn frozen_positions() {
        let small: Vec<u64> = (0..10).map(|i| permutation(10, 0).forward(i)).collect();
        assert_eq!(small, [1, 6, 0, 9, 2, 5, 7, 8, 3, 4]);
        assert_eq!(permutation(1 << 40, 42).forward(123_456_789), 364_992_146_625);
    }
}
