//! What the content tests share.
#![allow(dead_code, reason = "each test uses its part")]

use std::sync::Arc;

use seedfs::Kind;
use seedfs::content::{Corpus, Stream, SyntheticFile};
use seedfs::recipe::Recipe;

/// One of each kind, and of the mixed kinds those whose units are smaller than a cycle of cells, as large, and larger.
pub(crate) const KINDS: [&str; 17] = [
    "random",
    "text",
    "stamp",
    "zero",
    "classic",
    "chunks",
    "c0",
    "c60",
    "c100",
    "d25",
    "d100",
    "d25u512",
    "d25u1m",
    "c60d0u512",
    "c60d25",
    "c13d50u1k",
    "c60d25u1m",
];

/// Path of a file in the project.
pub(crate) fn project_file(path: &str) -> String {
    format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))
}

/// The second corpus of the tests: several scripts, long words, all white spaces, bytes that are no text.
pub(crate) const SMALL_CORPUS: &str = "tests/vectors/corpus.txt";

pub(crate) fn small_corpus() -> Arc<Corpus> {
    let text = std::fs::read(project_file(SMALL_CORPUS)).unwrap();
    Arc::new(Corpus::parse(text).unwrap())
}

pub(crate) fn kind(text: &str) -> Kind {
    text.parse().unwrap()
}

/// Bytes of a stream with the built-in corpus.
pub(crate) fn bytes(kind_name: &str, seed: u64, offset: u64, len: usize) -> Vec<u8> {
    let mut out = vec![0xEE; len];
    Stream::new(kind(kind_name), seed, &Corpus::builtin()).fill(offset, &mut out);
    out
}

pub(crate) fn file(kind_name: &str, seed: u64, size: u64) -> SyntheticFile {
    SyntheticFile::with_builtin(Recipe { kind: kind(kind_name), seed, size, edition: 0 }).unwrap()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    hex(&sha2::Sha256::digest(bytes))
}
