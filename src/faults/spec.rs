//! What faults are asked for: `eio:1e-6,hang:1e-6:5s,seed=7`.

use std::fmt;
use std::str::FromStr;

use super::Effect;
use crate::scatter::{self, PartError, parse_rate};
use crate::units::{parse_time, write_time};

/// What stands in the place of a time that never ends.
const FOREVER: &str = "forever";

/// Longest time that a read is held for and answered all the same: a day, in nanoseconds.
const LONGEST_HOLD: u64 = 86_400_000_000_000;

/// How often each fault happens to a block of 4 KiB, and the seed that decides where.
///
/// ```
/// let spec: seedfs::faults::Spec = "eio:1e-6,hang:0.001:5s,seed=7".parse().unwrap();
/// assert_eq!((spec.eio, spec.hang, spec.hold, spec.seed), (1e-6, 0.001, 5_000_000_000, 7));
/// assert_eq!(spec.to_string(), "eio:0.000001,hang:0.001:5s,seed=7");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Spec {
    /// Chance of a block that reads of it fail.
    pub eio: f64,
    /// Chance of a block that the first read of it fails.
    pub eio_once: f64,
    /// Chance of a block that reads of it hang.
    pub hang: f64,
    /// For how long, in nanoseconds: up to a day, or `u64::MAX` for ever.
    pub hold: u64,
    /// Chance of a block that reads end in it.
    pub short: f64,
    /// What decides where.
    pub seed: u64,
}

/// Why a text asks for no faults: the end of a sentence about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// A part that is no kind with a rate.
    #[error("has {0:?}, which is none of eio:RATE, eio-once:RATE, hang:RATE:TIME, short:RATE and seed=N")]
    Part(String),
    /// A rate that is no number from 0 to 1.
    #[error("has the rate {0:?}; write a number from 0 to 1, such as 1e-6")]
    Rate(String),
    /// A time that is none.
    #[error("hangs for {0:?}; write a time from 1ns to 24h such as 5s, or forever")]
    Time(String),
    /// A seed that is none.
    #[error("has the seed {0:?}; a seed is a whole number from 0 to 2^64-1")]
    Seed(String),
    /// More than one fault a block.
    #[error("asks for more faults than blocks: the rates must add up to 1 at most")]
    TooMuch,
    /// Nothing at all.
    #[error("asks for no fault; write for example eio:1e-6,hang:1e-6:5s,seed=7")]
    Nothing,
}

impl Spec {
    /// Chance of a block that something happens to it, 0 to 1.
    pub(super) fn per_block(&self) -> f64 {
        self.eio + self.eio_once + self.hang + self.short
    }

    /// What happens to a block, by a number from 0 to the sum of the rates.
    pub(super) fn effect(&self, at: f64) -> Effect {
        let Self { eio, eio_once, hang, .. } = *self;
        match () {
            () if at < eio => Effect::Eio,
            () if at < eio + eio_once => Effect::EioOnce,
            () if at < eio + eio_once + hang => Effect::Hang,
            () => Effect::Short,
        }
    }

    /// Takes one kind of fault; `None` if there is none of that name, or its value lacks a part.
    fn take(&mut self, kind: &str, value: &str) -> Option<Result<(), SpecError>> {
        let set = |place: &mut f64, text: &str| parse_rate(text).map(|rate| *place = rate).map_err(SpecError::from);
        Some(match kind {
            "eio" => set(&mut self.eio, value),
            "eio-once" => set(&mut self.eio_once, value),
            "short" => set(&mut self.short, value),
            "hang" => {
                let (chance, time) = value.split_once(':')?;
                set(&mut self.hang, chance).and_then(|()| hold(time).map(|hold| self.hold = hold))
            }
            _ => return None,
        })
    }
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

fn hold(text: &str) -> Result<u64, SpecError> {
    if text == FOREVER {
        return Ok(u64::MAX);
    }
    let time = parse_time(text.as_bytes()).filter(|time| (1..=LONGEST_HOLD).contains(time));
    time.ok_or_else(|| SpecError::Time(text.into()))
}

impl FromStr for Spec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        let mut spec = Self::default();
        spec.seed = scatter::parse(text, |kind, value| spec.take(kind, value))?;
        match spec.per_block() {
            sum if sum > 1.0 => Err(SpecError::TooMuch),
            0.0 => Err(SpecError::Nothing),
            _ => Ok(spec),
        }
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { eio, eio_once, hang, hold, short, seed } = *self;
        for (kind, rate) in [("eio", eio), ("eio-once", eio_once), ("short", short)] {
            if rate > 0.0 {
                write!(f, "{kind}:{rate},")?;
            }
        }
        match hold {
            _ if hang == 0.0 => {}
            u64::MAX => write!(f, "hang:{hang}:{FOREVER},")?,
            _ => write!(f, "hang:{hang}:{},", write_time(hold))?,
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
        for text in ["", "eio", "eio=1", "melt:0.1", "eio:0.1,", "hang:0.1", "eio :1"] {
            assert!(matches!(refused(text), SpecError::Part(_)), "{text}");
        }
        for text in ["eio:", "eio:-1", "eio-once:1.1", "short:NaN", "hang:inf:5s", "eio:1:5s"] {
            assert!(matches!(refused(text), SpecError::Rate(_)), "{text}");
        }
        for text in ["hang:1:", "hang:1:0s", "hang:1:5", "hang:1:25h", "hang:1:never", "hang:1:5s:5s"] {
            assert!(matches!(refused(text), SpecError::Time(_)), "{text}");
        }
        assert_eq!(refused("eio:0.5,short:0.6"), SpecError::TooMuch);
        assert_eq!(refused("eio:0.1,seed=x"), SpecError::Seed("x".into()));
        assert_eq!(refused("seed=7"), SpecError::Nothing);
        assert_eq!(refused("hang:0:5s"), SpecError::Nothing);
    }

    #[test]
    fn it_is_read_as_it_is_written() {
        for text in ["eio:0.5,eio-once:0.25,short:0.125,hang:0.125:1500ms,seed=1", "hang:1:forever,seed=0"] {
            assert_eq!(text.parse::<Spec>().unwrap().to_string(), text);
        }
    }
}
