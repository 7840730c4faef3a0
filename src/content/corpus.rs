//! The corpus: the words that readable kinds are made of.

use std::sync::{Arc, LazyLock};

use super::rotating::{CHUNK, Ring};
use super::text::{PhraseTable, is_space};

/// Bytes of a piece of the `chunks` kind.
const PIECE: usize = 100;

/// The text that the kinds `text`, `stamp`, `classic` and `chunks` draw from, parsed once into what they need.
#[derive(Debug)]
pub struct Corpus {
    len: usize,
    phrases: PhraseTable,
    words: Ring,
    pieces: Ring,
}

/// Why a corpus was refused. The caller names the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CorpusError {
    /// No bytes, or nothing but white space.
    #[error("holds no words")]
    Empty,
    /// Shorter than one chunk of the 2009 scheme.
    #[error("is too short: its words joined by single spaces make {joined} bytes, kind classic needs {CHUNK}")]
    TooShort {
        /// Bytes of the words joined by single spaces.
        joined: usize,
    },
    /// Too few different phrases, so that text would repeat.
    #[error("has too little variety: {bits} bits of choice per 4 KiB page of text, {} are needed", Corpus::MIN_BITS)]
    TooPoor {
        /// Whole bits of choice in a page.
        bits: u32,
    },
    /// More than is sensible to hold in memory.
    #[error("has {bytes} bytes, the limit is {}", Corpus::MAX_BYTES)]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
}

impl Corpus {
    /// Largest corpus in bytes. Callers that read a file can refuse it before loading.
    pub const MAX_BYTES: usize = 256 << 20;
    /// Least choice in one page of text, in bits: two pages are never equal by chance.
    pub const MIN_BITS: u32 = 256;

    /// The corpus that comes with seedfs, part of the format. Parsed when first asked for.
    pub fn builtin() -> Arc<Corpus> {
        static BUILTIN: LazyLock<Arc<Corpus>> = LazyLock::new(|| {
            let text = include_bytes!("corpus.txt").to_vec();
            Arc::new(Corpus::parse(text).expect("the built-in corpus is checked by the tests"))
        });
        BUILTIN.clone()
    }

    /// Parses a corpus: any bytes, words being separated by ASCII white space.
    ///
    /// # Errors
    /// [`CorpusError`] tells why it is unfit. A corpus is refused when it is unfit for any kind, so that an accepted
    /// one never fails later.
    pub fn parse(text: Vec<u8>) -> Result<Corpus, CorpusError> {
        let len = text.len();
        if len > Self::MAX_BYTES {
            return Err(CorpusError::TooLarge { bytes: len });
        }
        let joined = words(&text).map(|word| word.len() + 1).sum::<usize>();
        if joined == 0 {
            return Err(CorpusError::Empty);
        }
        // The space behind the last word only joins it to the first one.
        let joined = joined - 1;
        if joined < CHUNK {
            return Err(CorpusError::TooShort { joined });
        }
        let phrases = PhraseTable::new(&text);
        let bits = phrases.bits_per_page();
        if bits < f64::from(Self::MIN_BITS) {
            return Err(CorpusError::TooPoor { bits: bits as u32 });
        }
        let words = Ring::of_words(words(&text), joined);
        Ok(Corpus { len, phrases, words, pieces: Ring::of_pieces(text, PIECE) })
    }

    /// The corpus as it was given to [`Corpus::parse`].
    pub fn bytes(&self) -> &[u8] {
        &self.pieces.bytes()[..self.len]
    }

    pub(crate) fn phrases(&self) -> &PhraseTable {
        &self.phrases
    }

    /// Words joined by single spaces, going round.
    pub(crate) fn words(&self) -> &Ring {
        &self.words
    }

    /// The corpus itself in pieces of 100 bytes, going round.
    pub(crate) fn pieces(&self) -> &Ring {
        &self.pieces
    }
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&b| is_space(b)).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_built_in_corpus_is_rich_and_plain() {
        let corpus = Corpus::builtin();
        let text = corpus.bytes();
        assert_eq!(text, include_bytes!("corpus.txt"));
        let distinct: HashSet<Vec<u8>> = words(text)
            .map(|w| w.iter().filter(|b| b.is_ascii_alphabetic()).map(u8::to_ascii_lowercase).collect())
            .collect();
        assert!(words(text).count() >= 4368, "{} words", words(text).count());
        assert!(distinct.len() >= 2000, "{} distinct words", distinct.len());
        assert!(text.iter().all(|&b| b == b'\n' || (b' '..=b'~').contains(&b)), "printable ASCII and line feeds only");
        assert!(text.ends_with(b"\n") && text.split(|&b| b == b'\n').all(|line| line.len() <= 72));
    }

    #[test]
    fn words_are_split_at_the_six_white_spaces_and_at_nothing_else() {
        let text = "a\tb\nc\x0bd\x0ce\rf  g\u{a0}h\0i".as_bytes();
        let split: Vec<&[u8]> = words(text).collect();
        let expected: [&[u8]; 7] = [b"a", b"b", b"c", b"d", b"e", b"f", "g\u{a0}h\0i".as_bytes()];
        assert_eq!(split, expected);
    }
}
