//! The recipe of a file: the four values that decide every byte of it.

use std::fmt;
use std::str::FromStr;

use crate::units::{NumberError, parse_decimal};

/// Version of the content format: names, bytes and inode numbers of one version never change.
pub const FORMAT_VERSION: u32 = 1;

/// Everything that decides a file's bytes. Two files with equal recipes are byte-identical.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Recipe {
    /// What the bytes look like.
    pub kind: Kind,
    /// Selects the stream among those of its kind.
    pub seed: u64,
    /// Bytes, at most [`MAX_SIZE`](crate::units::MAX_SIZE).
    pub size: u64,
    /// How many deterministic edits were applied; 0 is the plain stream.
    pub edition: u32,
}

/// Kind of content; `seedfs-format(7)` defines the bytes of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The keystream itself: incompressible, never repeating.
    Random,
    /// Readable lines drawn from the corpus.
    Text,
    /// Sectors that name their own seed and offset.
    Stamp,
    /// A hole.
    Zero,
    /// The 2009 scheme: rotated words of the corpus in chunks of 1,000 bytes.
    Classic,
    /// The 2009 scheme with pieces of 100 bytes as words.
    Chunks,
    /// Dialled compressibility and block duplication: `c60`, `d25`, `c60d25u1m`.
    Mixed(Mixed),
}

/// The dials of [`Kind::Mixed`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mixed {
    compress: u8,
    dedupe: u8,
    unit_log2: u8,
}

/// Why a kind was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KindError {
    /// Neither a named kind nor `c<N>`, `d<N>[u<unit>]`.
    #[error("is no kind of content; kinds are random, text, stamp, zero, classic, chunks, c<0-100>, d<0-100>[u<unit>]")]
    Unknown,
    /// A percentage above 100.
    #[error("asks for more than 100 percent")]
    Percent,
    /// A unit that is no power of two from 512 bytes to 2^54.
    #[error("has a unit that is no power of two from 512 bytes on")]
    Unit,
}

impl Mixed {
    /// `c100`: zeros, written out.
    pub const ZEROS: Self = Self { compress: 100, dedupe: 0, unit_log2: Self::DEFAULT_UNIT.ilog2() as u8 };

    /// Bytes of a unit when the name gives none.
    pub const DEFAULT_UNIT: u64 = 4096;
    const UNIT_LOG2: std::ops::RangeInclusive<u32> = 9..=54;

    /// `compress` percent of every 512-byte cell are zeros, `dedupe` percent of the units of `unit` bytes come from
    /// the shared pool.
    ///
    /// # Errors
    /// Percentages above 100, and units that are no power of two from 512 to 2^54, are refused.
    pub fn new(compress: u64, dedupe: u64, unit: u64) -> Result<Self, KindError> {
        if compress > 100 || dedupe > 100 {
            return Err(KindError::Percent);
        }
        if !unit.is_power_of_two() || !Self::UNIT_LOG2.contains(&unit.ilog2()) {
            return Err(KindError::Unit);
        }
        Ok(Self { compress: compress as u8, dedupe: dedupe as u8, unit_log2: unit.ilog2() as u8 })
    }

    /// Percent of every cell that is zero, 0 to 100.
    pub fn compress(self) -> u8 {
        self.compress
    }

    /// Percent of the units that are shared, 0 to 100.
    pub fn dedupe(self) -> u8 {
        self.dedupe
    }

    /// Bytes of a unit, a power of two.
    pub fn unit(self) -> u64 {
        1 << self.unit_log2
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Random => "random",
            Kind::Text => "text",
            Kind::Stamp => "stamp",
            Kind::Zero => "zero",
            Kind::Classic => "classic",
            Kind::Chunks => "chunks",
            Kind::Mixed(mixed) => return mixed.fmt(f),
        })
    }
}

impl fmt::Display for Mixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain_unit = self.unit() == Self::DEFAULT_UNIT;
        let dedupe = self.dedupe > 0 || !plain_unit;
        if self.compress > 0 || !dedupe {
            write!(f, "c{}", self.compress)?;
        }
        if dedupe {
            write!(f, "d{}", self.dedupe)?;
        }
        match self.unit() {
            _ if plain_unit => Ok(()),
            unit if unit.is_multiple_of(1 << 20) => write!(f, "u{}m", unit >> 20),
            unit if unit.is_multiple_of(1 << 10) => write!(f, "u{}k", unit >> 10),
            unit => write!(f, "u{unit}"),
        }
    }
}

impl Kind {
    /// The bytes from which on files of different seeds are different for certain (a chance below 2^-40 in a tree of
    /// 2^40 files); `None` where they never are.
    pub fn distinct_size(self) -> Option<u64> {
        match self {
            Kind::Random => Some(16),
            // At least twelve bits of choice in each 16 bytes.
            Kind::Text => Some(256),
            // The line that names the seed.
            Kind::Stamp => Some(64),
            Kind::Zero | Kind::Classic | Kind::Chunks => None,
            Kind::Mixed(mixed) if mixed.compress == 100 => None,
            // 16 bytes that are not zero.
            Kind::Mixed(mixed) if mixed.dedupe == 0 => {
                Some(16u64.div_ceil(512 - 512 * u64::from(mixed.compress) / 100) * 512)
            }
            // 256 different units, or their own, sixteen times.
            Kind::Mixed(mixed) => mixed.unit().checked_mul(16),
        }
    }
}

impl FromStr for Kind {
    type Err = KindError;

    fn from_str(text: &str) -> Result<Self, KindError> {
        Self::parse(text.as_bytes())
    }
}

impl Kind {
    /// Reads a kind as names spell it: lower case, letters and digits only.
    ///
    /// # Errors
    /// [`KindError`] says which part is wrong.
    pub fn parse(text: &[u8]) -> Result<Self, KindError> {
        Ok(match text {
            b"random" => Kind::Random,
            b"text" => Kind::Text,
            b"stamp" => Kind::Stamp,
            b"zero" => Kind::Zero,
            b"classic" => Kind::Classic,
            b"chunks" => Kind::Chunks,
            _ => Kind::Mixed(parse_mixed(text)?),
        })
    }
}

fn parse_mixed(text: &[u8]) -> Result<Mixed, KindError> {
    let (compress, rest) = dial(text, b'c')?;
    let (dedupe, rest) = dial(rest, b'd')?;
    if compress.is_none() && dedupe.is_none() {
        return Err(KindError::Unknown);
    }
    let (unit, rest) = if dedupe.is_some() { dial(rest, b'u')? } else { (None, rest) };
    let unit = match (unit, rest) {
        (None, b"") => Mixed::DEFAULT_UNIT,
        (Some(n), b"") => n,
        (Some(n), b"k" | b"K") => n.checked_mul(1 << 10).ok_or(KindError::Unit)?,
        (Some(n), b"m" | b"M") => n.checked_mul(1 << 20).ok_or(KindError::Unit)?,
        _ => return Err(KindError::Unknown),
    };
    Mixed::new(compress.unwrap_or(0), dedupe.unwrap_or(0), unit)
}

/// The number behind `letter` at the start of `text`, if it stands there, and what follows.
fn dial(text: &[u8], letter: u8) -> Result<(Option<u64>, &[u8]), KindError> {
    let Some(rest) = text.strip_prefix(&[letter]) else { return Ok((None, text)) };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    match parse_decimal(&rest[..digits]) {
        Ok(value) => Ok((Some(value), &rest[digits..])),
        Err(NumberError::TooLarge) => Err(if letter == b'u' { KindError::Unit } else { KindError::Percent }),
        Err(NumberError::Malformed) => Err(KindError::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mixed(compress: u64, dedupe: u64, unit: u64) -> Result<Kind, KindError> {
        Mixed::new(compress, dedupe, unit).map(Kind::Mixed)
    }

    #[test]
    fn kinds_are_read_as_they_are_written() {
        for text in [
            "random",
            "text",
            "stamp",
            "zero",
            "classic",
            "chunks",
            "c0",
            "c100",
            "d25",
            "d25u512",
            "c60d25u1m",
            "d0u512",
        ] {
            assert_eq!(text.parse::<Kind>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_spellings_become_the_canonical_one() {
        for (text, canonical) in [
            ("c060", "c60"),
            ("c0d25", "d25"),
            ("c60d0", "c60"),
            ("d25u4k", "d25"),
            ("d25u1024k", "d25u1m"),
            ("d5u1M", "d5u1m"),
        ] {
            assert_eq!(text.parse::<Kind>().unwrap().to_string(), canonical);
        }
    }

    #[test]
    fn what_is_no_kind_is_refused_with_the_reason() {
        for text in ["", "c", "d", "u4k", "c60u4k", "d25c60", "c60x", "Random", "d25u", "d25u4g", "rand", "c-1"] {
            assert_eq!(text.parse::<Kind>(), Err(KindError::Unknown), "{text}");
        }
        for text in ["c101", "d101", "c99999999999999999999999"] {
            assert_eq!(text.parse::<Kind>(), Err(KindError::Percent), "{text}");
        }
        for text in ["d25u0", "d25u256", "d25u3k", "d25u99999999999999999999", "d25u18446744073709551615m"] {
            assert_eq!(text.parse::<Kind>(), Err(KindError::Unit), "{text}");
        }
    }

    #[test]
    fn dials_keep_their_values() {
        assert_eq!("c60d25u1m".parse(), mixed(60, 25, 1 << 20));
        assert_eq!("d7".parse(), mixed(0, 7, 4096));
    }
}
