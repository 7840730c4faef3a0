//! The keystream that most kinds are cut from: AES-128 in counter mode.

use aes::cipher::common::BlockSizeUser;
use aes::cipher::consts::U16;
use aes::cipher::typenum::Unsigned;
use aes::cipher::{Array, BlockCipherEncBackend, BlockCipherEncClosure, BlockCipherEncrypt, KeyInit};
use aes::{Aes128Enc, Block};

/// Bytes of one cipher block.
pub(crate) const BLOCK: usize = 16;

/// Counter blocks written before the rounds start on them: far enough ahead to have left the CPU's store buffer when
/// the rounds load them, near enough to be in its first-level cache.
const AHEAD: usize = 128;

/// Blocks of a batch whose counters are better made in registers, 16 of the 32 that VAES-512 has: a fifth faster than
/// writing them to memory first. With fewer or shorter registers the rounds are kept waiting, and it gains nothing
/// (AES-NI) or costs a tenth (VAES-256).
const REGISTERS: usize = 64;

/// Which of the keystreams of a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum StreamId {
    Random = 0,
    Text = 1,
    Mixed = 2,
    Units = 3,
    Pool = 4,
}

/// The keystreams of one seed. The key is the seed as a 128-bit big-endian number; the counter block is the stream
/// number and the block number, 64 bits each, big-endian.
#[derive(Clone)]
pub(crate) struct Keystream {
    cipher: Aes128Enc,
}

impl Keystream {
    /// Expands the key, some 50 ns of work.
    pub(crate) fn new(seed: u64) -> Self {
        Self { cipher: Aes128Enc::new(&u128::from(seed).to_be_bytes().into()) }
    }

    /// Fills `out` with the bytes of a stream from `offset` on.
    pub(crate) fn fill(&self, stream: StreamId, offset: u64, out: &mut [u8]) {
        let skip = (offset % BLOCK as u64) as usize;
        let mut number = offset / BLOCK as u64;
        let head = if skip == 0 { 0 } else { (BLOCK - skip).min(out.len()) };
        let (head, rest) = out.split_at_mut(head);
        if !head.is_empty() {
            head.copy_from_slice(&self.block(stream, number)[skip..][..head.len()]);
            number += 1;
        }
        let (blocks, tail) = Block::slice_as_chunks_mut(rest);
        let behind = number + blocks.len() as u64;
        if !blocks.is_empty() {
            self.cipher.encrypt_with_backend(Counters { stream, number, blocks });
        }
        if !tail.is_empty() {
            tail.copy_from_slice(&self.block(stream, behind)[..tail.len()]);
        }
    }

    /// One block of a stream, by its number.
    pub(crate) fn block(&self, stream: StreamId, number: u64) -> [u8; BLOCK] {
        let mut block = counter_block(stream, number);
        self.cipher.encrypt_block(&mut block);
        block.0
    }
}

#[inline(always)]
fn counter_block(stream: StreamId, number: u64) -> Block {
    let value = u128::from(stream as u64) << 64 | u128::from(number);
    value.to_be_bytes().into()
}

/// The work of one fill. It runs inside the cipher's backend, hence with that backend's instructions: counters and
/// rounds are compiled together, for every backend that is chosen at run time.
struct Counters<'a> {
    stream: StreamId,
    number: u64,
    blocks: &'a mut [Block],
}

impl BlockSizeUser for Counters<'_> {
    type BlockSize = U16;
}

impl BlockCipherEncClosure for Counters<'_> {
    #[inline(always)]
    fn call<B: BlockCipherEncBackend<BlockSize = U16>>(self, backend: &B) {
        if B::ParBlocksSize::USIZE == REGISTERS {
            self.in_registers(backend);
        } else {
            self.in_memory(backend);
        }
    }
}

impl Counters<'_> {
    /// A batch at a time, its counters never being in memory where they agree in all but their last byte.
    #[inline(always)]
    fn in_registers<B: BlockCipherEncBackend<BlockSize = U16>>(self, backend: &B) {
        let mut number = self.number;
        let (batches, rest) = Array::<Block, B::ParBlocksSize>::slice_as_chunks_mut(self.blocks);
        for batch in batches {
            if number % RUN as u64 + REGISTERS as u64 <= RUN as u64 {
                let mut counters = Array::default();
                write_run(self.stream, number, Block::cast_slice_to_core_mut(&mut counters));
                backend.encrypt_par_blocks((&counters, batch).into());
            } else {
                write_counters(self.stream, number, Block::cast_slice_to_core_mut(batch));
                backend.encrypt_par_blocks_inplace(batch);
            }
            number += REGISTERS as u64;
        }
        if !rest.is_empty() {
            write_counters(self.stream, number, Block::cast_slice_to_core_mut(rest));
            backend.encrypt_tail_blocks_inplace(rest);
        }
    }

    /// Counters are written where the keystream goes, some batches ahead of the rounds.
    #[inline(always)]
    fn in_memory<B: BlockCipherEncBackend<BlockSize = U16>>(self, backend: &B) {
        let whole_batches = AHEAD - AHEAD % B::ParBlocksSize::USIZE;
        let mut number = self.number;
        for blocks in self.blocks.chunks_mut(whole_batches) {
            write_counters(self.stream, number, Block::cast_slice_to_core_mut(blocks));
            number += blocks.len() as u64;
            encrypt(backend, blocks);
        }
    }
}

/// Blocks whose numbers agree in all but their last byte.
const RUN: usize = 256;

/// Aligned as the widest vectors are: none lies across two cache lines.
#[repr(align(64))]
struct Aligned<T>(T);

/// The last bytes of a run, each in the place that it has in a block.
static LAST_BYTES: Aligned<[[u8; BLOCK]; RUN]> = {
    let mut blocks = [[0; BLOCK]; RUN];
    let mut i = 0;
    while i < RUN {
        blocks[i][BLOCK - 1] = i as u8;
        i += 1;
    }
    Aligned(blocks)
};

/// Writes the counter blocks from `number` on. Within a run they differ in one byte, so that a whole vector of them
/// is one OR; counting in 64-bit words and swapping the bytes of each costs a fifth of the speed with VAES-512.
#[inline(always)]
fn write_counters(stream: StreamId, mut number: u64, mut out: &mut [[u8; BLOCK]]) {
    while !out.is_empty() {
        let within = (number % RUN as u64) as usize;
        let take = (RUN - within).min(out.len());
        let (now, later) = out.split_at_mut(take);
        write_run(stream, number, now);
        out = later;
        number += take as u64;
    }
}

/// The same for blocks of one run.
#[inline(always)]
fn write_run(stream: StreamId, number: u64, out: &mut [[u8; BLOCK]]) {
    let within = (number % RUN as u64) as usize;
    let first = counter_block(stream, number - within as u64).0;
    let last_bytes = LAST_BYTES.0[within..within + out.len()].as_flattened();
    or_vectors(&[first; VECTOR / BLOCK], last_bytes, out.as_flattened_mut());
}

/// Widest vectors there are, in bytes.
const VECTOR: usize = 64;

/// `to = from | with`, `with` being repeated: plain loops of a fixed length, which compile to one instruction each.
#[inline(always)]
fn or_vectors(with: &[[u8; BLOCK]; VECTOR / BLOCK], from: &[u8], to: &mut [u8]) {
    let mut vector = [0; VECTOR];
    vector.copy_from_slice(with.as_flattened());
    let (from, from_rest) = from.as_chunks::<VECTOR>();
    let (to, to_rest) = to.as_chunks_mut::<VECTOR>();
    for (to, from) in to.iter_mut().zip(from) {
        for i in 0..VECTOR {
            to[i] = vector[i] | from[i];
        }
    }
    for ((to, from), with) in to_rest.iter_mut().zip(from_rest).zip(vector) {
        *to = with | *from;
    }
}

/// Encrypts blocks in place.
#[inline(always)]
fn encrypt<B: BlockCipherEncBackend<BlockSize = U16>>(backend: &B, blocks: &mut [Block]) {
    let (batches, rest) = Array::<Block, B::ParBlocksSize>::slice_as_chunks_mut(blocks);
    for batch in batches {
        backend.encrypt_par_blocks_inplace(batch);
    }
    if !rest.is_empty() {
        backend.encrypt_tail_blocks_inplace(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_piece_of_a_stream_is_cut_from_its_single_blocks() {
        let keystream = Keystream::new(0x0123_4567_89ab_cdef);
        let blocks = 3 * AHEAD as u64 + 5;
        let whole: Vec<u8> = (0..blocks).flat_map(|n| keystream.block(StreamId::Text, 7 + n)).collect();
        for start in (0..2 * BLOCK).chain([1000, 2047, 2048, 2049]) {
            for len in (0..3 * BLOCK).chain([500, 1023, 1024, 1025, 2048, 4000]) {
                let mut out = vec![0; len];
                keystream.fill(StreamId::Text, 7 * BLOCK as u64 + start as u64, &mut out);
                assert!(out == whole[start..start + len], "{len} bytes at {start}");
            }
        }
    }

    #[test]
    fn the_counter_block_holds_stream_and_number() {
        assert_eq!(counter_block(StreamId::Pool, 0x0102).0, [0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 1, 2]);
    }
}
