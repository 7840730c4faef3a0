//! The hash functions of manifests, behind one face.

use std::fmt;

use md5::Md5;
use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::Xxh3;

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// SHA-256, as sha256sum(1) computes it.
    Sha256,
    /// BLAKE3 with 256 bits, as b3sum(1) computes it. Several threads can share a large file.
    Blake3,
    /// MD5, as md5sum(1) computes it.
    Md5,
    /// XXH3 with 64 bits, as `xxhsum -H3` computes it. Not cryptographic.
    Xxh3,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Sha256, Self::Blake3, Self::Md5, Self::Xxh3];

    /// Its name in lower case, which is the key of a digest in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Blake3 => "blake3",
            Self::Md5 => "md5",
            Self::Xxh3 => "xxh3",
        }
    }

    /// Bytes of a digest, 8 to 32.
    pub fn digest_len(self) -> usize {
        match self {
            Self::Sha256 | Self::Blake3 => 32,
            Self::Md5 => 16,
            Self::Xxh3 => 8,
        }
    }

    /// The digest of these bytes.
    pub fn digest(self, bytes: &[u8]) -> Digest {
        let mut hasher = Hasher::new(self);
        hasher.update(bytes);
        hasher.finish()
    }
}

/// The result of a hash function, displayed in lower-case hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    bytes: [u8; 32],
    len: usize,
}

impl Digest {
    /// `bytes` are at most 32; more are left out.
    pub(super) fn new(bytes: &[u8]) -> Self {
        let len = bytes.len().min(32);
        let mut digest = Self { bytes: [0; 32], len };
        digest.bytes[..len].copy_from_slice(&bytes[..len]);
        digest
    }

    /// A digest that stands for any other of its length.
    pub(super) fn filled(algorithm: Algorithm, byte: u8) -> Self {
        Self { bytes: [byte; 32], len: algorithm.digest_len() }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hex = [0; 64];
        for (pair, byte) in hex.chunks_exact_mut(2).zip(&self.bytes[..self.len]) {
            pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        f.write_str(str::from_utf8(&hex[..2 * self.len]).map_err(|_| fmt::Error)?)
    }
}

/// A hash function that has taken some bytes.
pub(super) enum Hasher {
    Sha256(Sha256),
    Blake3(Box<blake3::Hasher>),
    Md5(Md5),
    Xxh3(Box<Xxh3>),
}

impl Hasher {
    pub(super) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Blake3 => Self::Blake3(Box::default()),
            Algorithm::Md5 => Self::Md5(Md5::new()),
            Algorithm::Xxh3 => Self::Xxh3(Box::default()),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Blake3(hasher) => _ = hasher.update(bytes),
            Self::Md5(hasher) => hasher.update(bytes),
            Self::Xxh3(hasher) => hasher.update(bytes),
        }
    }

    pub(super) fn finish(self) -> Digest {
        match self {
            Self::Sha256(hasher) => Digest::new(&hasher.finalize()),
            Self::Blake3(hasher) => Digest::new(hasher.finalize().as_bytes()),
            Self::Md5(hasher) => Digest::new(&hasher.finalize()),
            // The canonical form is the number with its highest byte first.
            Self::Xxh3(hasher) => Digest::new(&hasher.digest().to_be_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published digests of the empty input.
    #[test]
    fn empty_input() {
        for (algorithm, expected) in [
            (Algorithm::Sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (Algorithm::Blake3, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"),
            (Algorithm::Md5, "d41d8cd98f00b204e9800998ecf8427e"),
            (Algorithm::Xxh3, "2d06800538d394c2"),
        ] {
            let digest = algorithm.digest(b"");
            assert_eq!(digest.to_string(), expected);
            assert_eq!(Digest::filled(algorithm, 0).to_string().len(), expected.len());
        }
    }
}
