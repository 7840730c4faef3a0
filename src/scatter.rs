//! Which blocks of a file something happens to, in closed form: what deliberate damage and faults of a device share;
//! and how it is asked for how often.
//!
//! The blocks of a file (4 KiB each) are taken in stretches of a length that follows from the rate alone, so that a
//! stretch has a few hits; within one, the gaps between hits are geometric, and drawn as wholes. A look at a range costs
//! the stretch or two that it touches, whatever the size of the file, and a list of all hits takes little more time than
//! there are hits.
//!
//! Two hits never touch: a block between them is left alone, and so is the last one of a stretch.

use std::ops::Range;

use crate::dataset::draw::Draws;
use crate::units::parse_seed;

/// Bytes of a block.
pub(crate) const BLOCK: u64 = 4096;

/// Hits that a stretch has on the average, if it is long enough for them.
const PER_STRETCH: f64 = 16.0;

/// Blocks of the longest stretch, as a power of two: as many as the longest file has.
const LONGEST_STRETCH: u32 = 51;

/// Draws that belong to one hit.
const DRAWS: u64 = 4;

/// Draws of a file before those of its stretches, for whoever decides about the file as a whole.
const FILE_DRAWS: u64 = 2;

/// Which part of a text is none of `kind:rate` and `seed=N`.
#[derive(Debug)]
pub(crate) enum PartError {
    /// No kind with a rate: the part.
    Unknown(String),
    /// What stands where a number from 0 to 1 should.
    Rate(String),
    /// What stands where a seed should.
    Seed(String),
}

/// Reads `kind:rate,…,seed=N`, and returns the seed, 0 where there is none. `take` takes each kind with what stands
/// behind its colon, or `None` if there is no such kind or that is no value of it.
///
/// # Errors
/// The first part that is wrong, and what `take` says.
pub(crate) fn parse<E: From<PartError>>(
    text: &str,
    mut take: impl FnMut(&str, &str) -> Option<Result<(), E>>,
) -> Result<u64, E> {
    let mut seed = 0;
    for part in text.split(',') {
        match part.strip_prefix("seed=") {
            Some(text) => seed = parse_seed(text.as_bytes()).map_err(|_| PartError::Seed(text.into()))?,
            None => {
                let taken = part.split_once(':').and_then(|(kind, value)| take(kind, value));
                taken.ok_or_else(|| PartError::Unknown(part.into()))??;
            }
        }
    }
    Ok(seed)
}

/// The rate, 0 to 1, that a text says.
pub(crate) fn parse_rate(text: &str) -> Result<f64, PartError> {
    let number = text.parse().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| PartError::Rate(text.into()))
}

/// How often something happens to a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scatter {
    rate: f64,
    /// Blocks of a stretch.
    stretch: u64,
    /// Natural logarithm of the chance that nothing happens to a block.
    ln_nothing: f64,
}

/// A block to which something happens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hit {
    /// Its number.
    pub(crate) block: u64,
    /// What happens: a number from 0 to the rate.
    pub(crate) what: f64,
    /// Whether the block behind it belongs to the stretch as well.
    pub(crate) has_next: bool,
    /// Number of the first of two draws that decide the details.
    pub(crate) detail: u64,
}

impl Scatter {
    /// Something happens to a block with this chance, 0 to 1.
    pub(crate) fn new(rate: f64) -> Self {
        let bits = if rate > 0.0 { libm::ceil(libm::log2(PER_STRETCH / rate)) } else { f64::INFINITY };
        // A float beyond the range saturates.
        let stretch = 1 << (bits as u32).min(LONGEST_STRETCH);
        Self { rate, stretch, ln_nothing: libm::log1p(-rate.min(1.0)) }
    }

    /// The stretches that a range of bytes touches, of a file of so many bytes, by the draws of that file.
    pub(crate) fn stretches(&self, draws: Draws, bytes: Range<u64>, size: u64) -> impl Iterator<Item = Stretch> {
        let stretch = self.stretch * BLOCK;
        let end = if self.rate == 0.0 { 0 } else { bytes.end.min(size) };
        let numbers = bytes.start / stretch..end.div_ceil(stretch);
        let scatter = *self;
        numbers.map(move |number| scatter.stretch(draws, number, size))
    }

    /// A stretch of a file of so many bytes.
    pub(crate) fn stretch(&self, draws: Draws, number: u64, size: u64) -> Stretch {
        let block = number * self.stretch;
        // The last block of a stretch is left alone.
        let end = (block + self.stretch - 1).min(size.div_ceil(BLOCK));
        Stretch { scatter: *self, draws: draws.child(FILE_DRAWS + number), drawn: 0, block, end }
    }
}

/// The hits of a stretch, one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretch {
    scatter: Scatter,
    draws: Draws,
    /// Draws so far.
    drawn: u64,
    /// The first block to which something may happen.
    block: u64,
    end: u64,
}

impl Stretch {
    /// What decides the details of its hits.
    pub(crate) fn draws(&self) -> Draws {
        self.draws
    }

    /// The last hit takes the block behind it as well.
    pub(crate) fn take_next(&mut self) {
        self.block += 1;
    }
}

impl Iterator for Stretch {
    type Item = Hit;

    fn next(&mut self) -> Option<Hit> {
        if self.block >= self.end {
            return None;
        }
        // The chance of a gap of at least k blocks is that of nothing in k. A float beyond the range saturates.
        let gap = (libm::log(self.draws.unit(self.drawn)) / self.scatter.ln_nothing) as u64;
        let what = self.draws.unit(self.drawn + 1) * self.scatter.rate;
        let detail = self.drawn + 2;
        self.drawn += DRAWS;
        let block = self.block.saturating_add(gap);
        if block >= self.end {
            return None;
        }
        self.block = block + 2;
        Some(Hit { block, what, has_next: block + 1 < self.end, detail })
    }
}
