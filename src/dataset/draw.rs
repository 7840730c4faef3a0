//! Draws: reproducible pseudo-random numbers, each reached by its index in a few nanoseconds.
//!
//! Draw `i` of stream `s` of a dataset is output `i` of SplitMix64 (Steele, Lea, Flood 2014) started from a key that
//! mixes the dataset's seed with `s`. Streams 0 to 4 belong to the keystream of the content, so these start at 5.

/// 2^64 divided by the golden ratio, made odd: the step of SplitMix64.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// What a draw decides. The numbers are part of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// Place of a file in the layout: keys of the permutation.
    Position = 5,
    /// Permission bits of a file.
    Mode = 6,
    /// Owner of a file.
    Owner = 7,
    /// First word of a file's name.
    FileWord = 8,
    /// Time of a file's last change.
    FileTime = 9,
    /// A folder's share of the files.
    FolderWeight = 10,
    /// Word of a folder's name.
    FolderWord = 11,
    /// Time of a folder's last change.
    FolderTime = 12,
    /// Time of the last change of a file that is not listed, by its seed.
    OnDemandTime = 13,
    /// What a symbolic link points to.
    LinkTarget = 14,
    /// Edits of a file, by its own seed.
    Edit = 15,
    /// What happens to a file from generation to generation.
    Life = 16,
    /// Folder of a file that is created later: keys of a permutation.
    CreatedFolder = 17,
    /// Type and size of a file that is created later.
    CreatedType = 18,
    /// Which files are moved: keys of a permutation.
    MovedFile = 19,
    /// Where files are moved to: keys of a permutation.
    MovedFolder = 20,
    /// Times of creations and moves.
    FlowTime = 21,
    /// Profile of a file's edits.
    Profile = 22,
}

/// One stream of draws.
#[derive(Debug, Clone, Copy)]
pub struct Draws {
    key: u64,
}

impl Draws {
    /// The stream for one purpose of a dataset.
    pub fn new(seed: u64, purpose: Purpose) -> Self {
        Self { key: mix(mix(seed.wrapping_add(STEP)).wrapping_add((purpose as u64).wrapping_mul(STEP))) }
    }

    /// A stream of its own for each index: what several draws are needed for.
    #[inline]
    pub fn child(self, index: u64) -> Self {
        Self { key: self.at(index) }
    }

    /// Draw `index`: 64 uniform bits.
    #[inline]
    pub fn at(self, index: u64) -> u64 {
        mix(self.key.wrapping_add(index.wrapping_mul(STEP)))
    }

    /// Draw `index` as a whole number below `bound`; 0 when `bound` is 0.
    #[inline]
    pub fn below(self, index: u64, bound: u64) -> u64 {
        ((u128::from(self.at(index)) * u128::from(bound)) >> 64) as u64
    }

    /// Draw `index` as a number strictly between 0 and 1, a multiple of 2^-54.
    #[inline]
    pub fn unit(self, index: u64) -> f64 {
        unit(self.at(index))
    }
}

/// 64 uniform bits as a number strictly between 0 and 1, a multiple of 2^-54.
#[inline]
pub fn unit(draw: u64) -> f64 {
    ((draw >> 11) as f64 + 0.5) * (1.0 / (1u64 << 53) as f64)
}

/// The finaliser of SplitMix64 (variant 13 of Stafford 2011): a permutation of the 64-bit numbers that maps 0 to 0.
#[inline]
pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mixer_is_splitmix64() {
        // The first outputs of SplitMix64 from state 0, as published with the generator.
        let outputs: Vec<u64> = (1..4u64).map(|i| mix(i.wrapping_mul(STEP))).collect();
        assert_eq!(outputs, [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F]);
        assert_eq!(mix(0), 0);
    }

    #[test]
    fn frozen_draws() {
        assert_eq!(Draws::new(0, Purpose::Position).at(0), 0xE74B_0EDB_2DC0_3F05);
        assert_eq!(Draws::new(42, Purpose::OnDemandTime).at(1 << 40), 0xBFD4_36C7_8FD2_C5E4);
    }

    #[test]
    fn units_stay_inside_and_bounds_hold() {
        let draws = Draws::new(7, Purpose::Position);
        for i in 0..10_000 {
            assert!((0.0..1.0).contains(&draws.unit(i)) && draws.unit(i) > 0.0);
            assert!(draws.below(i, 10) < 10);
        }
        assert_eq!(draws.below(3, 0), 0);
    }
}
