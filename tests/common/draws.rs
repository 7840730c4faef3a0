//! Random numbers that can be drawn a second time, and how many of them to draw.

/// A sequence of random numbers (SplitMix64), the same for the same seed.
#[derive(Debug, Clone)]
pub struct Draws(u64);

impl Draws {
    /// From the seed in `SEEDFS_SEED`, or from this one where that is not set; prints it.
    pub fn seeded(seed: u64) -> Self {
        let seed = variable("SEEDFS_SEED").unwrap_or(seed);
        println!("SEEDFS_SEED={seed}");
        Self(seed)
    }

    /// A sequence of its own for one of several threads.
    pub fn of_thread(&self, thread: u64) -> Self {
        let mut draws = Self(self.0 ^ (thread + 1).wrapping_mul(0xD6E8_FEB8_6659_FD93));
        draws.next();
        draws
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    pub fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.index(from.len())]
    }
}

/// How many operations a test makes: what the environment variable says, or a number that is small enough for every run.
pub fn operations(name: &str, default: u64) -> u64 {
    let operations = variable(name).unwrap_or(default);
    println!("{name}={operations}");
    operations
}

fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text}: not a number")))
}
