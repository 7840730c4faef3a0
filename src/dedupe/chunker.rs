//! Where chunks end: the ways in which backup programs cut files.

use std::fmt;
use std::str::FromStr;

use fastcdc::v2020::FastCDC;
use rustic_cdc::{Rabin64, RollingHash64};

use crate::units::parse_size;

/// How files are cut into chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunker {
    /// Each file is one chunk: equal files are stored once.
    File,
    /// Blocks of this many bytes from the start of the file, the last one shorter: 64 bytes to 64 MiB.
    Fixed(usize),
    /// FastCDC as of 2020 (Xia and others, "The Design of Fast Content-Defined Chunking for Data Deduplication Based
    /// Storage Systems"), normalised at level 1.
    FastCdc {
        /// Bytes of a chunk at least, but for the last one: even, 64 to 1 MiB.
        min: usize,
        /// Bytes of a chunk on average: even, 256 to 4 MiB.
        average: usize,
        /// Bytes of a chunk at most: even, 1 KiB to 16 MiB.
        max: usize,
    },
    /// As restic cuts: a Rabin fingerprint (Rabin 1981) of 64 bytes, chunks of 512 KiB to 8 MiB, on average 1 MiB more
    /// than the least. Restic draws the polynomial of each repository at random, so its chunks are others, but as many.
    Restic,
}

/// Why a chunker was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ChunkerError(&'static str);

const UNKNOWN: ChunkerError =
    ChunkerError("it is no chunker; write file, fixed:4K, fastcdc:16K, fastcdc:4K,16K,64K or restic");
const FIXED: ChunkerError = ChunkerError("blocks have 64 bytes to 64 MiB, as in fixed:4K");
const FASTCDC: ChunkerError = ChunkerError(
    "FastCDC takes an even average from 256 bytes to 4 MiB, as in fastcdc:16K, or the least (64 bytes to 1 MiB), average \
     and most (1 KiB to 16 MiB), in this order",
);

impl FromStr for Chunker {
    type Err = ChunkerError;

    fn from_str(text: &str) -> Result<Self, ChunkerError> {
        let size = |text: &str| parse_size(text.as_bytes()).ok().and_then(|size| usize::try_from(size).ok());
        match text.split_once(':') {
            None if text == "file" => Ok(Chunker::File),
            None if text == "restic" => Ok(Chunker::Restic),
            Some(("fixed", block)) => {
                size(block).filter(|block| (64..=64 << 20).contains(block)).map(Chunker::Fixed).ok_or(FIXED)
            }
            Some(("fastcdc", sizes)) => {
                let sizes: Option<Vec<usize>> = sizes.split(',').map(size).collect();
                match sizes.as_deref() {
                    // The ranges of the least and the most cover those that follow from an average.
                    Some(&[average]) => fastcdc((average / 4).max(64), average, average.saturating_mul(4)),
                    Some(&[min, average, max]) => fastcdc(min, average, max),
                    _ => Err(FASTCDC),
                }
            }
            _ => Err(UNKNOWN),
        }
    }
}

fn fastcdc(min: usize, average: usize, max: usize) -> Result<Chunker, ChunkerError> {
    // Boundaries are looked for at every second byte.
    let min = min & !1;
    let fits = (64..=1 << 20).contains(&min)
        && (256..=4 << 20).contains(&average)
        && (1024..=16 << 20).contains(&max)
        && average.is_multiple_of(2)
        && max.is_multiple_of(2)
        && min <= average
        && average <= max;
    if fits { Ok(Chunker::FastCdc { min, average, max }) } else { Err(FASTCDC) }
}

impl fmt::Display for Chunker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Chunker::File => f.write_str("file"),
            Chunker::Fixed(block) => write!(f, "fixed:{block}"),
            Chunker::FastCdc { min, average, max } => write!(f, "fastcdc:{min},{average},{max}"),
            Chunker::Restic => f.write_str("restic"),
        }
    }
}

/// Restic's least and most bytes of a chunk, and the bits of the fingerprint that are 0 at its end.
const RESTIC_MIN: usize = 512 << 10;
const RESTIC_MAX: usize = 8 << 20;
const RESTIC_MASK: u64 = (1 << 20) - 1;
/// Bytes that the fingerprint covers.
const RESTIC_WINDOW: usize = 64;

/// Bytes in which equal files are recognised.
const FILE_BLOCK: usize = 1 << 20;

/// A chunker at work: one for each thread.
pub(super) enum Cutter {
    Fixed(usize),
    FastCdc { min: usize, average: usize, max: usize },
    Rabin(Box<Rabin64>),
}

impl Cutter {
    pub(super) fn new(chunker: Chunker) -> Self {
        match chunker {
            Chunker::File => Cutter::Fixed(FILE_BLOCK),
            Chunker::Fixed(block) => Cutter::Fixed(block),
            Chunker::FastCdc { min, average, max } => Cutter::FastCdc { min, average, max },
            Chunker::Restic => Cutter::Rabin(Box::new(Rabin64::new(RESTIC_WINDOW.ilog2()))),
        }
    }

    /// Bytes of the longest chunk.
    pub(super) fn max(&self) -> usize {
        match *self {
            Cutter::Fixed(block) => block,
            Cutter::FastCdc { max, .. } => max,
            Cutter::Rabin(_) => RESTIC_MAX,
        }
    }

    /// Length of the first chunk of `bytes`, which are the rest of the file or at least [`Cutter::max`] of it; not 0
    /// unless there are none.
    pub(super) fn cut(&mut self, bytes: &[u8]) -> usize {
        match self {
            Cutter::Fixed(block) => bytes.len().min(*block),
            Cutter::FastCdc { min, average, max } => {
                let bytes = &bytes[..bytes.len().min(*max)];
                FastCDC::new(bytes, *min, *average, *max).cut(0, bytes.len()).1
            }
            Cutter::Rabin(rabin) => rabin_cut(rabin, &bytes[..bytes.len().min(RESTIC_MAX)]),
        }
    }
}

fn rabin_cut(rabin: &mut Rabin64, bytes: &[u8]) -> usize {
    if bytes.len() <= RESTIC_MIN {
        return bytes.len();
    }
    rabin.reset();
    let from = RESTIC_MIN - RESTIC_WINDOW;
    for (at, &byte) in bytes.iter().enumerate().skip(from) {
        rabin.slide(byte);
        if at + 1 >= RESTIC_MIN && rabin.get_hash() & RESTIC_MASK == 0 {
            return at + 1;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunkers_are_read_as_they_are_written() {
        for (text, canonical) in [
            ("file", "file"),
            ("restic", "restic"),
            ("fixed:4K", "fixed:4096"),
            ("fixed:1000", "fixed:1000"),
            ("fastcdc:16K", "fastcdc:4096,16384,65536"),
            ("fastcdc:4MiB", "fastcdc:1048576,4194304,16777216"),
            ("fastcdc:256", "fastcdc:64,256,1024"),
            ("fastcdc:2K,8K,64K", "fastcdc:2048,8192,65536"),
        ] {
            let chunker: Chunker = text.parse().unwrap();
            assert_eq!(chunker.to_string(), canonical);
            assert_eq!(canonical.parse(), Ok(chunker));
        }
    }

    #[test]
    fn what_is_no_chunker_is_refused() {
        for text in ["", "fixed", "rabin", "fixed:", "fixed:0", "fixed:63", "fixed:65MiB", "fixed:99999999999999999999"]
        {
            assert!(text.parse::<Chunker>().is_err(), "{text}");
        }
        for text in
            ["fastcdc", "fastcdc:", "fastcdc:255", "fastcdc:8M", "fastcdc:1,2", "fastcdc:64K,16K,4K", "fastcdc:257"]
        {
            assert!(text.parse::<Chunker>().is_err(), "{text}");
        }
    }

    #[test]
    fn chunks_keep_to_their_limits_and_to_their_average() {
        let mut bytes = vec![0; 64 << 20];
        crate::content::Stream::new(crate::Kind::Random, 1, &crate::content::Corpus::builtin()).fill(0, &mut bytes);
        for (text, min, average, max) in
            [("fastcdc:16K", 4 << 10, 16 << 10, 64 << 10), ("restic", RESTIC_MIN, 3 << 19, RESTIC_MAX)]
        {
            let mut cutter = Cutter::new(text.parse().unwrap());
            let (mut at, mut chunks) = (0, 0);
            while bytes.len() - at > max {
                let len = cutter.cut(&bytes[at..]);
                assert!((min..=max).contains(&len), "{text}: {len}");
                (at, chunks) = (at + len, chunks + 1);
            }
            let mean = at / chunks;
            assert!((average * 2 / 3..average * 4 / 3).contains(&mean), "{text}: {mean}");
        }
    }
}
