//! Content: what each byte of a file is.
//!
//! A [`Stream`] is the endless byte sequence of one kind and seed; a file is its beginning. Bytes are computed from
//! their offset alone, so reading anywhere costs the same, in any order and from any number of threads.

mod corpus;
mod file;
mod keystream;
mod mixed;
mod rotating;
mod stamp;
mod text;

pub use corpus::{Corpus, CorpusError};
pub use file::{ContentError, SyntheticFile};

use crate::recipe::Kind;
use keystream::{Keystream, StreamId};
use mixed::MixedStream;
use rotating::Rotation;
use stamp::Stamp;

/// The endless bytes of one kind and seed.
///
/// ```
/// use seedfs::content::{Corpus, Stream};
///
/// let corpus = Corpus::builtin();
/// let stream = Stream::new(seedfs::Kind::Random, 42, &corpus);
/// let mut bytes = [0; 4];
/// stream.fill(0, &mut bytes);
/// // openssl enc -aes-128-ctr -K $(printf %032x 42) -iv 0 -in /dev/zero | head -c 4 | xxd
/// assert_eq!(bytes, [0x5e, 0xb4, 0x68, 0x9e]);
/// ```
#[derive(Clone)]
pub struct Stream<'c> {
    generator: Generator,
    corpus: &'c Corpus,
}

impl<'c> Stream<'c> {
    /// Costs no more than the key schedule of the cipher, some 50 ns: there is no need to keep streams.
    pub fn new(kind: Kind, seed: u64, corpus: &'c Corpus) -> Self {
        Self { generator: Generator::new(kind, seed), corpus }
    }

    /// Fills `buf` with the bytes from `offset` on. Never fails and never allocates.
    ///
    /// The format defines offsets below 2^63; the read must end at or before 2^64.
    pub fn fill(&self, offset: u64, buf: &mut [u8]) {
        self.generator.fill(self.corpus, offset, buf);
    }
}

/// A stream without its corpus, for owners that share one.
#[derive(Clone)]
enum Generator {
    Random(Keystream),
    Text(Keystream),
    Stamp(Stamp),
    Zero,
    Classic(Rotation),
    Chunks(Rotation),
    Mixed(MixedStream),
}

impl Generator {
    fn new(kind: Kind, seed: u64) -> Self {
        match kind {
            Kind::Random => Self::Random(Keystream::new(seed)),
            Kind::Text => Self::Text(Keystream::new(seed)),
            Kind::Stamp => Self::Stamp(Stamp::new(seed)),
            Kind::Zero => Self::Zero,
            Kind::Classic => Self::Classic(Rotation::new(seed)),
            Kind::Chunks => Self::Chunks(Rotation::new(seed)),
            Kind::Mixed(dials) => Self::Mixed(MixedStream::new(dials, seed)),
        }
    }

    fn fill(&self, corpus: &Corpus, offset: u64, buf: &mut [u8]) {
        match self {
            Self::Random(keystream) => keystream.fill(StreamId::Random, offset, buf),
            Self::Text(keystream) => corpus.phrases().fill(keystream, offset, buf),
            Self::Stamp(stamp) => stamp.fill(corpus.pieces(), offset, buf),
            Self::Zero => buf.fill(0),
            Self::Classic(rotation) => rotation.fill(corpus.words(), offset, buf),
            Self::Chunks(rotation) => rotation.fill(corpus.pieces(), offset, buf),
            Self::Mixed(mixed) => mixed.fill(offset, buf),
        }
    }
}
