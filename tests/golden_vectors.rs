//! The bytes of format version 1 never change: `vectors/format_v1.txt` fixes ranges of every kind.
//!
//! The vectors were made by a reference in another language, not by this engine. They also check the paths that the
//! cipher takes on other CPUs: `RUSTFLAGS='--cfg aes_backend="soft"' cargo test --test golden_vectors` runs them
//! without AES instructions, and must give the same bytes.

mod common;

use common::content::{self, hex, kind, sha256};
use seedfs::content::{Corpus, Stream};
use seedfs::edition::{self, Profile};
use seedfs::name;

struct Vector<'a> {
    line: &'a str,
    kind: &'a str,
    seed: u64,
    corpus: &'a str,
    offset: u64,
    len: usize,
    start: &'a str,
    digest: &'a str,
}

fn vectors(table: &str) -> Vec<Vector<'_>> {
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(vector).collect()
}

fn vector(line: &str) -> Vector<'_> {
    let columns: Vec<&str> = line.split_whitespace().collect();
    let [kind, seed, corpus, offset, len, start, digest] = columns[..] else { panic!("seven columns: {line}") };
    let number = |text: &str| text.parse::<u64>().unwrap();
    Vector { line, kind, seed: number(seed), corpus, offset: number(offset), len: number(len) as usize, start, digest }
}

#[test]
fn every_kind_gives_the_bytes_of_the_format() {
    let table = include_str!("vectors/format_v1.txt");
    let (builtin, small) = (Corpus::builtin(), content::small_corpus());
    for vector in vectors(table) {
        let corpus = match vector.corpus {
            "builtin" => &builtin,
            "small" => &small,
            other => panic!("unknown corpus {other}"),
        };
        let mut bytes = vec![0; vector.len];
        Stream::new(kind(vector.kind), vector.seed, corpus).fill(vector.offset, &mut bytes);
        assert_eq!(hex(&bytes[..vector.start.len() / 2]), vector.start, "{}", vector.line);
        assert_eq!(sha256(&bytes), vector.digest, "{}", vector.line);
    }
}

#[test]
fn the_vectors_cover_every_kind_seeds_at_both_ends_and_the_last_offsets() {
    let vectors = vectors(include_str!("vectors/format_v1.txt"));
    for kind in content::KINDS {
        let of_kind: Vec<_> = vectors.iter().filter(|v| v.kind == kind).collect();
        assert!(of_kind.iter().any(|v| v.offset == 0), "{kind} from the start");
        assert!(of_kind.iter().any(|v| v.offset + v.len as u64 == i64::MAX as u64), "{kind} up to 2^63 - 1");
        for seed in [0, u64::MAX] {
            assert!(of_kind.iter().any(|v| v.seed == seed), "{kind} of seed {seed}");
        }
    }
    for kind in ["text", "stamp", "classic", "chunks"] {
        assert!(vectors.iter().any(|v| v.kind == kind && v.corpus == "small"), "{kind} of a second corpus");
    }
}

#[test]
fn drawn_editions_are_those_of_the_format() {
    let lines = include_str!("vectors/editions_v1.txt").lines().filter(|line| !line.starts_with('#'));
    let mut profiles = Vec::new();
    for line in lines {
        let columns: Vec<&str> = line.split(' ').collect();
        let [recipe, kind, offset, len, size, digest] = columns[..] else { panic!("six columns: {line}") };
        let recipe = name::parse(recipe.as_bytes()).unwrap().recipe;
        let edit = edition::last_edit(&recipe).unwrap().unwrap();
        assert_eq!([edit.kind.name(), &edit.offset.to_string(), &edit.len.to_string()], [kind, offset, len], "{line}");
        assert_eq!(recipe.file_size().unwrap().to_string(), size, "{line}");
        profiles.push(Profile::of_edition(recipe.edition).unwrap().0);
        if digest != "-" {
            let mut bytes = vec![0; recipe.file_size().unwrap() as usize];
            recipe.fill(&Corpus::builtin(), 0, &mut bytes).unwrap();
            assert_eq!(sha256(&bytes), digest, "{line}");
        }
    }
    assert!(Profile::ALL.iter().all(|profile| profiles.contains(profile)));
}

/// The built-in corpus is part of the format.
#[test]
fn the_built_in_corpus_is_frozen() {
    let line = include_str!("vectors/format_v1.txt").lines().find(|line| line.starts_with("# corpus builtin sha256 "));
    let digest = line.and_then(|line| line.split(' ').next_back()).unwrap();
    assert_eq!(sha256(Corpus::builtin().bytes()), digest);
}
