//! The 2009 scheme in closed form: pieces of the corpus, rotated by the digits of the seed, cut into chunks.
//!
//! Turning the list of pieces and joining it again is the same as starting elsewhere in a ring of the joined pieces,
//! so each chunk is one copy out of that ring.

/// Bytes of a chunk.
pub(crate) const CHUNK: usize = 1000;

/// Pieces joined end to end, with the first [`CHUNK`] bytes repeated behind the last: a chunk from any piece on is one
/// slice.
#[derive(Debug)]
pub(crate) struct Ring {
    bytes: Vec<u8>,
    /// Bytes before the repetition, at least [`CHUNK`].
    len: usize,
    starts: Starts,
}

/// Where the pieces start.
#[derive(Debug)]
enum Starts {
    Listed(Vec<u32>),
    Every(usize),
}

impl Ring {
    /// Words joined by single spaces; they are `joined` bytes long, at least [`CHUNK`].
    pub(crate) fn of_words<'a>(words: impl Iterator<Item = &'a [u8]>, joined: usize) -> Self {
        let mut bytes = Vec::with_capacity(joined + 1 + CHUNK);
        let mut starts = Vec::new();
        for word in words {
            // The size limit of a corpus is far below 2^32.
            starts.push(bytes.len() as u32);
            bytes.extend_from_slice(word);
            bytes.push(b' ');
        }
        Self::close(bytes, Starts::Listed(starts))
    }

    /// A text in pieces of `piece` bytes, the last one possibly shorter; it is at least [`CHUNK`] bytes long.
    pub(crate) fn of_pieces(mut text: Vec<u8>, piece: usize) -> Self {
        text.reserve_exact(CHUNK);
        Self::close(text, Starts::Every(piece))
    }

    fn close(mut bytes: Vec<u8>, starts: Starts) -> Self {
        let len = bytes.len();
        bytes.extend_from_within(..CHUNK);
        Self { bytes, len, starts }
    }

    /// Joined pieces and repetition.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes of one turn.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    fn pieces(&self) -> usize {
        match &self.starts {
            Starts::Listed(starts) => starts.len(),
            Starts::Every(piece) => self.len.div_ceil(*piece),
        }
    }

    /// The chunk that starts with a piece.
    fn chunk(&self, piece: usize) -> &[u8] {
        let start = match &self.starts {
            Starts::Listed(starts) => starts[piece] as usize,
            Starts::Every(size) => piece * size,
        };
        &self.bytes[start..start + CHUNK]
    }
}

/// How one seed turns the pieces: by the seed itself, then before each further chunk by the next of its decimal digits,
/// which are taken as first, last, last but one, … second, first again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rotation {
    seed: u64,
    /// In the order in which they turn.
    digits: [u8; 20],
    count: u8,
}

impl Rotation {
    pub(crate) fn new(seed: u64) -> Self {
        let mut digits = [0; 20];
        let mut count = 0;
        let mut rest = seed;
        // From the last digit on, leaving the place of the first.
        while rest >= 10 {
            count += 1;
            digits[count] = (rest % 10) as u8;
            rest /= 10;
        }
        digits[0] = rest as u8;
        Self { seed, digits, count: count as u8 + 1 }
    }

    fn digits(&self) -> &[u8] {
        &self.digits[..self.count.into()]
    }

    /// Fills `out` from `offset` on with what this rotation makes of a ring.
    pub(crate) fn fill(&self, ring: &Ring, offset: u64, out: &mut [u8]) {
        let pieces = ring.pieces();
        let first = offset / CHUNK as u64;
        let mut skip = (offset % CHUNK as u64) as usize;
        let mut piece = self.piece_of(first, pieces);
        let mut digit = (first % u64::from(self.count)) as usize;
        let mut out = out;
        while !out.is_empty() {
            let take = (CHUNK - skip).min(out.len());
            let (now, later) = out.split_at_mut(take);
            now.copy_from_slice(&ring.chunk(piece)[skip..skip + take]);
            out = later;
            skip = 0;
            piece = step_back(piece, self.digits[digit].into(), pieces);
            digit = if digit + 1 == usize::from(self.count) { 0 } else { digit + 1 };
        }
    }

    /// The piece that a chunk starts with.
    fn piece_of(&self, chunk: u64, pieces: usize) -> usize {
        let count = u64::from(self.count);
        let sum = |digits: &[u8]| digits.iter().map(|&d| u128::from(d)).sum::<u128>();
        let whole = u128::from(chunk / count) * sum(self.digits());
        let rest = sum(&self.digits()[..(chunk % count) as usize]);
        let turn = (u128::from(self.seed) + whole + rest) % pieces as u128;
        step_back(0, turn as usize, pieces)
    }
}

/// `piece - steps` in a ring of `pieces`; `piece` is below it.
fn step_back(piece: usize, steps: usize, pieces: usize) -> usize {
    // Steps beyond a whole ring only happen in rings of fewer than ten pieces.
    let steps = if steps < pieces { steps } else { steps % pieces };
    if piece >= steps { piece - steps } else { piece + pieces - steps }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_turn_from_the_first_to_the_last_and_then_backwards() {
        assert_eq!(Rotation::new(1234).digits(), [1, 4, 3, 2]);
        assert_eq!(Rotation::new(0).digits(), [0]);
        assert_eq!(Rotation::new(u64::MAX).digits().len(), 20);
    }

    /// The scheme as it was written in 2009: a list that is really turned.
    #[test]
    fn a_chunk_is_what_turning_the_list_and_joining_it_gives() {
        let text: Vec<String> = (0..400).map(|n| format!("w{n}")).collect();
        let words: Vec<&[u8]> = text.iter().map(|w| w.as_bytes()).collect();
        let joined = words.join(&b' ');
        let ring = Ring::of_words(words.iter().copied(), joined.len());
        let seed = 90_817;
        let mut list = words.clone();
        list.rotate_right(seed as usize % words.len());
        let mut expected = Vec::new();
        for turn in [9, 7, 1, 8, 0, 9, 7, 1, 8, 0, 9, 7] {
            expected.extend_from_slice(&list.join(&b' ')[..CHUNK]);
            list.rotate_right(turn);
        }
        let mut whole = vec![0; expected.len()];
        Rotation::new(seed).fill(&ring, 0, &mut whole);
        assert!(whole == expected);
        let mut part = vec![0; 4321];
        Rotation::new(seed).fill(&ring, 6789, &mut part);
        assert!(part == expected[6789..][..4321]);
    }
}
