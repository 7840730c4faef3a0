//! What repeats and what does not: deduplicating programs must find exactly what the kind promises.

mod common;

use std::collections::HashSet;

use common::content::bytes;

const SEEDS: u64 = 64;
const MIB: usize = 1 << 20;

#[test]
fn random_and_text_repeat_no_block_within_or_across_seeds() {
    for kind in ["random", "text"] {
        let streams: Vec<Vec<u8>> = (0..SEEDS).map(|seed| bytes(kind, seed, 0, MIB)).collect();
        let mut seen = HashSet::new();
        for (seed, stream) in streams.iter().enumerate() {
            for (number, block) in stream.chunks(512).enumerate() {
                assert!(seen.insert(block), "{kind}: block {number} of seed {seed} has been seen before");
            }
        }
        assert_eq!(seen.len(), SEEDS as usize * MIB / 512);
    }
}

#[test]
fn kinds_of_one_seed_share_no_block() {
    let streams = ["random", "text", "c0", "c10", "d100", "stamp", "classic"].map(|kind| bytes(kind, 7, 0, MIB));
    let mut seen = HashSet::new();
    for stream in &streams[..2] {
        assert!(stream.chunks(512).all(|block| seen.insert(block)));
    }
    assert!(streams[2..].iter().flat_map(|stream| stream.chunks(512)).all(|block| !seen.contains(block)));
}

#[test]
fn zero_and_c100_are_zeros_whatever_the_seed() {
    for kind in ["zero", "c100", "c100d50"] {
        assert!(bytes(kind, 99, 12_345, MIB).iter().all(|&b| b == 0), "{kind}");
    }
}

#[test]
fn every_cell_of_c60_ends_in_sixty_percent_zeros() {
    let stream = bytes("c60", 5, 0, MIB);
    let kept: Vec<usize> = stream.chunks(512).map(|cell| 512 - trailing_zeros(cell)).collect();
    // 40 % of 512 is 204.8: cells keep 204 or 205 bytes, of which the last may be zero by chance.
    assert!(kept.iter().all(|&n| (200..=205).contains(&n)), "{:?}", kept.iter().min());
    let mean = kept.iter().sum::<usize>() as f64 / kept.len() as f64;
    // Eight cells together keep whole bytes, rounded down.
    assert!(mean <= 204.8 && mean > 204.8 - 0.125 - 0.02, "{mean}");
    let raw = bytes("c0", 5, 0, MIB);
    assert!(stream.chunks(512).zip(raw.chunks(512)).all(|(cell, raw)| cell[..204] == raw[..204]));
}

fn trailing_zeros(cell: &[u8]) -> usize {
    cell.iter().rev().take_while(|&&b| b == 0).count()
}

#[test]
fn a_quarter_of_the_units_of_d25_comes_from_a_pool_that_all_seeds_share() {
    for (kind, unit) in [("d25", 4096), ("d25u512", 512), ("c60d25", 4096), ("c60d25u1k", 1024)] {
        let pool = units_of("d100", kind, unit);
        let streams: Vec<Vec<u8>> = (0..SEEDS).map(|seed| bytes(kind, seed, 0, MIB)).collect();
        let (shared, own): (Vec<&[u8]>, Vec<&[u8]>) =
            streams.iter().flat_map(|stream| stream.chunks(unit)).partition(|unit| pool.contains(*unit));
        let share = shared.len() as f64 / (shared.len() + own.len()) as f64;
        // Six standard deviations of 16,384 draws.
        assert!((share - 0.25).abs() < 0.0204, "{kind}: {share}");
        let distinct: HashSet<&[u8]> = shared.iter().copied().collect();
        assert!(distinct.len() <= 256 && distinct.len() > 250, "{kind}: {} units of the pool", distinct.len());
        let unique: HashSet<&[u8]> = own.iter().copied().collect();
        assert_eq!(unique.len(), own.len(), "{kind}: units outside the pool never repeat");
    }
}

/// The pool as a file shows it that takes all its units from there, with the dials of `kind` otherwise.
fn units_of(all_shared: &str, kind: &str, unit: usize) -> HashSet<Vec<u8>> {
    let kind = kind.replace("d25", all_shared);
    let stream = bytes(&kind, 1 << 40, 0, 4096 * unit);
    let pool: HashSet<Vec<u8>> = stream.chunks(unit).map(<[u8]>::to_vec).collect();
    assert_eq!(pool.len(), 256, "{kind}");
    pool
}
