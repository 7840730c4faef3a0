//! What damage is asked for: `flip:1e-6,zero:1e-6,seed=7`.

use std::fmt;
use std::str::FromStr;

use crate::scatter::{self, PartError, parse_rate};

/// How much of each kind of damage there is, and the seed that decides where.
///
/// ```
/// let spec: seedfs::damage::Spec = "flip:1e-6,truncate:0.01,seed=7".parse().unwrap();
/// assert_eq!((spec.flip, spec.truncate, spec.zero, spec.seed), (1e-6, 0.01, 0.0, 7));
/// assert_eq!(spec.to_string(), "flip:0.000001,truncate:0.01,seed=7");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Spec {
    /// Chance of a block of 4 KiB that one of its bits is flipped.
    pub flip: f64,
    /// Chance of a block that it reads as zeros.
    pub zero: f64,
    /// Chance of a block that it and the next one have changed places.
    pub swap: f64,
    /// Chance of a block that it cannot be read.
    pub eio: f64,
    /// Chance of a file that it ends early, at a block's start.
    pub truncate: f64,
    /// What decides where.
    pub seed: u64,
}

/// Why a text asks for no damage: the end of a sentence about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// A part that is no kind with a rate.
    #[error("has {0:?}, which is none of flip:RATE, zero:RATE, swap:RATE, eio:RATE, truncate:RATE and seed=N")]
    Part(String),
    /// A rate that is no number from 0 to 1.
    #[error("has the rate {0:?}; write a number from 0 to 1, such as 1e-6")]
    Rate(String),
    /// A seed that is none.
    #[error("has the seed {0:?}; a seed is a whole number from 0 to 2^64-1")]
    Seed(String),
    /// More than one damage a block.
    #[error("damages more than every block: the rates of flip, zero, swap and eio must add up to 1 at most")]
    TooMuch,
    /// Nothing at all.
    #[error("asks for no damage; write for example flip:1e-6,zero:1e-6,seed=7")]
    Nothing,
}

impl From<PartError> for SpecError {
    fn from(error: PartError) -> Self {
        match error {
            PartError::Unknown(part) => Self::Part(part),
            PartError::Rate(rate) => Self::Rate(rate),
            PartError::Seed(seed) => Self::Seed(seed),
        }
    }
}

impl Spec {
    /// Chance of a block that something happens to it, 0 to 1.
    pub(super) fn per_block(&self) -> f64 {
        self.flip + self.zero + self.swap + self.eio
    }
}

impl FromStr for Spec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        let mut spec = Self::default();
        spec.seed = scatter::parse(text, |kind, rate| {
            let place = match kind {
                "flip" => &mut spec.flip,
                "zero" => &mut spec.zero,
                "swap" => &mut spec.swap,
                "eio" => &mut spec.eio,
                "truncate" => &mut spec.truncate,
                _ => return None,
            };
            Some(parse_rate(rate).map(|rate| *place = rate).map_err(SpecError::from))
        })?;
        match () {
            () if spec.per_block() > 1.0 => Err(SpecError::TooMuch),
            () if spec.per_block() + spec.truncate == 0.0 => Err(SpecError::Nothing),
            () => Ok(spec),
        }
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { flip, zero, swap, eio, truncate, seed } = *self;
        for (kind, rate) in [("flip", flip), ("zero", zero), ("swap", swap), ("eio", eio), ("truncate", truncate)] {
            if rate > 0.0 {
                write!(f, "{kind}:{rate},")?;
            }
        }
        write!(f, "seed={seed}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asks_for_nothing_or_too_much_is_refused() {
        let refused = |text: &str| text.parse::<Spec>().unwrap_err();
        for text in ["", "flip", "flip=1", "melt:0.1", "flip:0.1,", "flip :0.1"] {
            assert!(matches!(refused(text), SpecError::Part(_)), "{text}");
        }
        for text in ["flip:", "flip:-1", "flip:1.1", "flip:NaN", "flip:inf", "truncate:2"] {
            assert!(matches!(refused(text), SpecError::Rate(_)), "{text}");
        }
        assert_eq!(refused("flip:0.5,zero:0.6"), SpecError::TooMuch);
        assert_eq!(refused("flip:0.1,seed=x"), SpecError::Seed("x".into()));
        assert_eq!(refused("seed=7"), SpecError::Nothing);
        assert_eq!(refused("flip:0"), SpecError::Nothing);
    }

    #[test]
    fn it_is_read_as_it_is_written() {
        for text in ["flip:0.5,zero:0.5,seed=0", "swap:0.25,eio:0.000001,truncate:1,seed=18446744073709551615"] {
            assert_eq!(text.parse::<Spec>().unwrap().to_string(), text);
        }
    }
}
