//! GB/s of each kind at the sizes that readers use, beside what memory itself allows.
//!
//! Machines differ and so do their neighbours: compare with the `memset`, `memcpy` and `aes_ceiling` rows of the same
//! run.

use aes::cipher::common::BlockSizeUser;
use aes::cipher::consts::U16;
use aes::cipher::{Array, BlockCipherEncBackend, BlockCipherEncClosure, BlockCipherEncrypt, KeyInit};
use aes::{Aes128Enc, Block};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use seedfs::Kind;
use seedfs::content::{Corpus, Stream};

const SIZES: [usize; 3] = [4 << 10, 128 << 10, 1 << 20];
const KINDS: [&str; 13] = [
    "random", "text", "stamp", "zero", "classic", "chunks", "c60", "c100", "d25", "d100", "d25u512", "d25u1m", "c60d25",
];
/// Readers pass over this much before they start again, so that no offset stays special.
const SPAN: u64 = 1 << 40;

fn main() {
    divan::main();
}

#[divan::bench(args = SIZES)]
fn memset(bencher: Bencher<'_, '_>, size: usize) {
    let mut buf = vec![0u8; size];
    bencher.counter(BytesCount::new(size)).bench_local(|| black_box(&mut buf[..]).fill(black_box(7)));
}

#[divan::bench(args = SIZES)]
fn memcpy(bencher: Bencher<'_, '_>, size: usize) {
    let from = vec![7u8; size];
    let mut buf = vec![0u8; size];
    bencher.counter(BytesCount::new(size)).bench_local(|| black_box(&mut buf[..]).copy_from_slice(black_box(&from)));
}

/// The ceiling of `random`: the `aes` crate encrypting the buffer in place from inside its backend, and nothing else.
#[divan::bench(args = SIZES)]
fn aes_ceiling(bencher: Bencher<'_, '_>, size: usize) {
    let cipher = Aes128Enc::new(&Array::from([42; 16]));
    let mut buf = vec![Block::default(); size / 16];
    bencher.counter(BytesCount::new(size)).bench_local(|| cipher.encrypt_with_backend(Rounds(black_box(&mut buf[..]))));
}

/// Nothing but the cipher.
struct Rounds<'a>(&'a mut [Block]);

impl BlockSizeUser for Rounds<'_> {
    type BlockSize = U16;
}

impl BlockCipherEncClosure for Rounds<'_> {
    #[inline(always)]
    fn call<B: BlockCipherEncBackend<BlockSize = U16>>(self, backend: &B) {
        let (batches, rest) = Array::<Block, B::ParBlocksSize>::slice_as_chunks_mut(self.0);
        for batch in batches {
            backend.encrypt_par_blocks_inplace(batch);
        }
        backend.encrypt_tail_blocks_inplace(rest);
    }
}

/// Sequential reads of one stream, set up anew for each read as a server without state does.
#[divan::bench(args = KINDS, consts = SIZES)]
fn stream<const SIZE: usize>(bencher: Bencher<'_, '_>, kind: &str) {
    let kind: Kind = kind.parse().expect("a kind of the list above");
    let corpus = Corpus::builtin();
    let mut buf = vec![0u8; SIZE];
    let mut offset = 0;
    bencher.counter(BytesCount::new(SIZE)).bench_local(|| {
        Stream::new(kind, black_box(42), &corpus).fill(offset, black_box(&mut buf));
        offset = (offset + SIZE as u64) % SPAN;
    });
}

/// The same reads of a stream that is kept: what a cache of streams could save at most.
#[divan::bench(args = ["random", "text", "stamp", "classic", "d25"], consts = [4096])]
fn kept_stream<const SIZE: usize>(bencher: Bencher<'_, '_>, kind: &str) {
    let corpus = Corpus::builtin();
    let stream = Stream::new(kind.parse().expect("a kind"), black_box(42), &corpus);
    let mut buf = vec![0u8; SIZE];
    let mut offset = 0;
    bencher.counter(BytesCount::new(SIZE)).bench_local(|| {
        black_box(&stream).fill(offset, black_box(&mut buf));
        offset = (offset + SIZE as u64) % SPAN;
    });
}

/// Reads of 100 bytes, one after the other, through the buffer of a file.
#[divan::bench(args = ["random", "text", "classic"])]
fn file_of_short_reads(bencher: Bencher<'_, '_>, kind: &str) {
    use std::io::Read;
    let mut file = seedfs::content::SyntheticFile::open(&format!("s42-1e-{kind}")).expect("a valid name");
    let mut buf = [0; 100];
    bencher.counter(BytesCount::new(buf.len())).bench_local(|| file.read(black_box(&mut buf)).expect("never fails"));
}
