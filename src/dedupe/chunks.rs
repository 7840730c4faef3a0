//! Which chunks have been seen.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, PoisonError};

/// Parts that are locked one by one, so that threads seldom meet and the table grows in small steps.
const PARTS: usize = 256;

/// The first half of a chunk's BLAKE3.
pub(super) type Digest = u128;

/// A set of digests: 20 to 40 bytes for each.
pub(super) struct Seen {
    parts: Vec<Mutex<HashSet<Digest, BuildHasherDefault<FromDigest>>>>,
}

impl Seen {
    pub(super) fn new() -> Self {
        Self { parts: (0..PARTS).map(|_| Mutex::default()).collect() }
    }

    /// Whether this is the first time that the digest is added.
    pub(super) fn add(&self, digest: Digest) -> bool {
        let part = &self.parts[(digest >> 120) as usize % PARTS];
        // A set is whole between any two steps, so a panic of another thread does not spoil it.
        part.lock().unwrap_or_else(PoisonError::into_inner).insert(digest)
    }
}

/// Digests need no further hashing.
#[derive(Default)]
struct FromDigest(u64);

impl Hasher for FromDigest {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, &byte| hash.rotate_left(8) ^ u64::from(byte));
    }

    fn write_u128(&mut self, digest: u128) {
        self.0 = digest as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The digest of a chunk.
pub(super) fn digest(bytes: &[u8]) -> Digest {
    half(&blake3::hash(bytes))
}

/// Chunks of a file in a row that makes its own digest: equal for files of equal chunks.
#[derive(Default)]
pub(super) struct FileDigest {
    hasher: blake3::Hasher,
    run: Option<(Digest, u64)>,
}

impl FileDigest {
    /// Adds the same chunk so many times.
    pub(super) fn add(&mut self, chunk: Digest, times: u64) {
        match &mut self.run {
            Some((last, count)) if *last == chunk => *count += times,
            _ => {
                self.end_run();
                self.run = Some((chunk, times));
            }
        }
    }

    fn end_run(&mut self) {
        if let Some((chunk, count)) = self.run.take() {
            self.hasher.update(&chunk.to_le_bytes()).update(&count.to_le_bytes());
        }
    }

    pub(super) fn finish(mut self) -> Digest {
        self.end_run();
        half(&self.hasher.finalize())
    }
}

fn half(hash: &blake3::Hash) -> Digest {
    hash.as_bytes()[..16].iter().fold(0, |number, &byte| number << 8 | u128::from(byte))
}
