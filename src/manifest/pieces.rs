//! BLAKE3 of a large file in pieces that are hashed on their own, at any time and on any thread.
//!
//! BLAKE3 is a binary tree over chunks of 1,024 bytes whose left subtrees are as large as a power of two allows. A piece
//! of 2^k bytes at a multiple of 2^k is a whole subtree, and the last one, however short, is one too: their chaining
//! values are all that is needed of them (*BLAKE3: one function, fast everywhere*, section 2.1).

use blake3::Hasher;
use blake3::hazmat::{ChainingValue, HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root};

use super::digest::Digest;

/// Bytes of a piece; files of at most this size are not split. A power of two.
pub(super) const PIECE: u64 = 4 << 20;

/// Pieces of a file of `size` bytes.
pub(super) fn count(size: u64) -> u64 {
    size.div_ceil(PIECE)
}

/// The value of piece `number`, whose bytes `feed` hands to the hasher.
pub(super) fn chaining_value<E>(
    number: u64,
    feed: impl FnOnce(&mut Hasher) -> Result<(), E>,
) -> Result<ChainingValue, E> {
    let mut hasher = Hasher::new();
    hasher.set_input_offset(number * PIECE);
    feed(&mut hasher)?;
    Ok(hasher.finalize_non_root())
}

/// Pieces in order, put together as they come: never more than one value for each bit of their number.
#[derive(Debug, Default)]
pub(super) struct Join {
    /// Values of complete subtrees, the largest first.
    subtrees: Vec<ChainingValue>,
    pieces: u64,
}

impl Join {
    /// The next piece, which is not the last one.
    pub(super) fn push(&mut self, mut value: ChainingValue) {
        // Two subtrees become one when the number of pieces up to here is even, once for each factor of two.
        self.pieces += 1;
        for _ in 0..self.pieces.trailing_zeros() {
            let Some(left) = self.subtrees.pop() else { break };
            value = merge_subtrees_non_root(&left, &value, Mode::Hash);
        }
        self.subtrees.push(value);
    }

    /// The digest, with the last piece; there was at least one before. Ready for the next file.
    pub(super) fn finish(&mut self, last: ChainingValue) -> Digest {
        let subtrees = std::mem::take(self).subtrees;
        let Some((first, others)) = subtrees.split_first() else { return Digest::new(&last) };
        let right = others.iter().rev().fold(last, |right, left| merge_subtrees_non_root(left, &right, Mode::Hash));
        Digest::new(merge_subtrees_root(first, &right, Mode::Hash).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn pieces_give_the_digest_of_the_whole() {
        let bytes: Vec<u8> = (0..9 * PIECE).map(|i| (i % 251) as u8).collect();
        let mut join = Join::default();
        for size in [PIECE + 1, 2 * PIECE, 3 * PIECE - 1025, 4 * PIECE, 7 * PIECE + 1024, 8 * PIECE, 9 * PIECE - 1] {
            let bytes = &bytes[..size as usize];
            let mut values: Vec<_> = (0..count(size))
                .zip(bytes.chunks(PIECE as usize))
                .map(|(number, piece)| {
                    let Ok(value) = chaining_value(number, |hasher| {
                        hasher.update(piece);
                        Ok::<(), Infallible>(())
                    });
                    value
                })
                .collect();
            assert_eq!(values.len() as u64, count(size));
            let last = values.pop().unwrap();
            values.into_iter().for_each(|value| join.push(value));
            assert_eq!(join.finish(last), Digest::new(blake3::hash(bytes).as_bytes()), "{size}");
        }
    }
}
