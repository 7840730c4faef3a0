//! GB/s of each kind at the sizes that readers use, one thread, beside what the cipher or memory itself allows.
//!
//! Built with `--cfg aes_backend="soft"` it measures the portable path instead, beside the cipher's own.

#[path = "common/table.rs"]
mod table;

use std::hint::black_box;
use std::io::{Cursor, Read};

use aes::cipher::common::BlockSizeUser;
use aes::cipher::consts::U16;
use aes::cipher::{Array, BlockCipherEncBackend, BlockCipherEncClosure, BlockCipherEncrypt, KeyInit};
use aes::{Aes128Enc, Block};
use seedfs::content::{Corpus, Stream, SyntheticFile};
use seedfs::edition::{MAX_EDITS, PieceTable, Tables};
use seedfs::{Kind, Recipe};
use table::Row;

const SIZES: [(usize, &str); 3] = [(4 << 10, "4 KiB"), (128 << 10, "128 KiB"), (1 << 20, "1 MiB")];
/// Readers pass over this much before they start again, so that no offset stays special.
const SPAN: u64 = 1 << 40;
const ROUNDS: usize = 11;
/// Names of rows begin with it.
const PATH: &str = if cfg!(aes_backend = "soft") { "portable " } else { "" };

/// What bounds a kind.
#[derive(Clone, Copy)]
enum Ceiling {
    /// The `aes` crate encrypting the buffer in place from inside its backend, and nothing else.
    Aes,
    Memcpy,
    Memset,
}

/// Kinds that are measured at every size.
const KINDS: [(&str, Ceiling); 5] = [
    ("random", Ceiling::Aes),
    ("text", Ceiling::Aes),
    ("stamp", Ceiling::Memcpy),
    ("classic", Ceiling::Memcpy),
    ("zero", Ceiling::Memset),
];

/// Kinds that differ from those in a part of their work only: one size will do.
const VARIANTS: [(&str, Ceiling); 8] = [
    ("chunks", Ceiling::Memcpy),
    ("c60", Ceiling::Aes),
    ("c100", Ceiling::Memset),
    ("d25", Ceiling::Aes),
    ("d100", Ceiling::Memcpy),
    ("d25u512", Ceiling::Aes),
    ("d25u1m", Ceiling::Aes),
    ("c60d25", Ceiling::Aes),
];

fn main() {
    table::start();
    if cfg!(aes_backend = "soft") {
        for (kind, ceiling) in [KINDS[0], KINDS[1]] {
            stream(kind, ceiling, SIZES[1]);
            stream(kind, Ceiling::Memcpy, SIZES[1]);
        }
        return;
    }
    for (kind, ceiling) in KINDS {
        SIZES.iter().for_each(|&size| stream(kind, ceiling, size));
    }
    VARIANTS.iter().for_each(|&(kind, ceiling)| stream(kind, ceiling, SIZES[1]));
    short_reads();
    for (kind, edits) in [("random", 10), ("random", 4096), ("text", 10), ("text", 4096)] {
        edition(kind, edits);
    }
    build();
}

/// Sequential reads of one stream, set up anew for each read as a server without state does.
fn stream(kind: &str, ceiling: Ceiling, (size, label): (usize, &str)) {
    let corpus = Corpus::builtin();
    let mut buf = vec![0u8; size];
    let mut offset = 0;
    let parsed = kind.parse().expect("a kind of the lists above");
    let ours = || {
        Stream::new(parsed, black_box(42), &corpus).fill(offset, black_box(&mut buf));
        offset = (offset + size as u64) % SPAN;
    };
    let what = format!("{PATH}{kind}, {label}");
    let beside = match ceiling {
        Ceiling::Aes => "AES rounds alone",
        Ceiling::Memcpy => "memcpy",
        Ceiling::Memset => "memset",
    };
    let row = Row { what: &what, unit: "GB/s", beside };
    let (amount, from, mut to) = (size as f64 / 1e9, vec![7u8; size], vec![0u8; size]);
    let cipher = Aes128Enc::new(&Array::from([42; 16]));
    match ceiling {
        Ceiling::Aes => {
            let mut blocks = vec![Block::default(); size / 16];
            let theirs = || cipher.encrypt_with_backend(Rounds(black_box(&mut blocks)));
            row.compare_work(ROUNDS, amount, theirs, ours);
        }
        Ceiling::Memcpy => {
            row.compare_work(ROUNDS, amount, || black_box(&mut to[..]).copy_from_slice(black_box(&from)), ours);
        }
        Ceiling::Memset => row.compare_work(ROUNDS, amount, || black_box(&mut to[..]).fill(black_box(7)), ours),
    }
}

/// Reads of 100 bytes, one after the other, through the buffer of a file.
fn short_reads() {
    let mut memory = Cursor::new(vec![7u8; 1 << 20]);
    let mut file = SyntheticFile::open("s42-1e-random").expect("a valid name");
    let (mut here, mut there) = ([0; 100], [0; 100]);
    let row = Row { what: "random through Read, 100 bytes", unit: "GB/s", beside: "Cursor over memory" };
    row.compare_work(
        ROUNDS,
        100.0 / 1e9,
        || {
            if memory.read(black_box(&mut there)).expect("never fails") < there.len() {
                memory.set_position(0);
            }
        },
        || {
            file.read_exact(black_box(&mut here)).expect("an exabyte does not end here");
        },
    );
}

/// Sequential reads of an aged file, round and round, beside those of the same file before.
fn edition(kind: &str, edits: u32) {
    const SIZE: usize = 128 << 10;
    let (corpus, tables) = (Corpus::builtin(), Tables::default());
    let new =
        Recipe { kind: kind.parse().expect("a kind of the lists above"), seed: 42, size: 16 << 20, edition: edits };
    let old = Recipe { edition: 0, ..new };
    let (mut here, mut there) = (vec![0u8; SIZE], vec![0u8; SIZE]);
    let read = |recipe: &Recipe, offset: &mut u64, buf: &mut [u8]| {
        tables.fill(recipe, &corpus, *offset, black_box(buf)).expect("an edition");
        *offset = (*offset + SIZE as u64) % (15 << 20);
    };
    let what = format!("{kind}, edition {edits}, 128 KiB");
    let row = Row { what: &what, unit: "GB/s", beside: "edition 0" };
    let (mut at, mut beside) = (0, 0);
    let theirs = || read(&old, &mut beside, &mut there);
    row.compare_work(ROUNDS, SIZE as f64 / 1e9, theirs, || read(&new, &mut at, &mut here));
}

/// The piece table of an edition as far from edition 0 as there are, beside a copy of it.
fn build() {
    let recipe = Recipe { kind: Kind::Random, seed: 42, size: 1 << 40, edition: MAX_EDITS };
    let table = PieceTable::new(&recipe).expect("an edition");
    let row = Row { what: "piece table of edition 4096", unit: "tables/s", beside: "copy of the table" };
    let ours = || drop(black_box(PieceTable::new(black_box(&recipe))));
    row.compare_work(ROUNDS, 1.0, || drop(black_box(table.clone())), ours);
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
