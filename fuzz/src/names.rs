//! Names, and the small grammars beside them: kinds, sizes, counts, fractions, shards, chunkers.

use std::fmt::Display;
use std::str::FromStr;

use seedfs::dedupe::Chunker;
use seedfs::name::{self, MAX_NAME};
use seedfs::shard::Shard;
use seedfs::units;
use seedfs::{Kind, SyntheticFile};

/// Whatever is accepted is read back from its canonical form as the same.
pub fn run(data: &[u8]) {
    if let Ok(parsed) = name::parse(data) {
        let mut canonical = Vec::new();
        name::write_canonical(&mut canonical, parsed.stem, &parsed.recipe, parsed.ext);
        // A short spelling of a number may have a longer canonical one.
        if canonical.len() <= MAX_NAME {
            assert_eq!(name::parse(&canonical), Ok(parsed), "{:?}", data.escape_ascii().to_string());
        }
        let full = parsed.recipe.to_string();
        assert_eq!(name::parse(full.as_bytes()).map(|name| name.recipe), Ok(parsed.recipe));
        if let Ok(file) = SyntheticFile::with_builtin(parsed.recipe) {
            assert!(file.len() <= units::MAX_SIZE);
        }
    }
    numbers(data);
    if let Ok(text) = str::from_utf8(data) {
        round_trip::<Kind>(text);
        round_trip::<Chunker>(text);
        if let Some(shard) = round_trip::<Shard>(text) {
            let all = shard.range(u64::MAX);
            assert!(all.start <= all.end);
        }
    }
}

fn numbers(data: &[u8]) {
    let _ = units::parse_seed(data);
    if let Ok(bytes) = units::parse_size(data) {
        assert!(bytes <= units::MAX_SIZE);
        assert!(!units::human_size(bytes).is_empty());
    }
    if let Ok(count) = units::parse_count(data) {
        assert_eq!(units::parse_count(count.to_string().as_bytes()), Ok(count));
    }
    for decimals in [0, 1, 4, 6, 12] {
        if let Some(fraction) = units::parse_fraction(data, decimals) {
            let text = units::write_fraction(fraction, decimals);
            assert_eq!(units::parse_fraction(text.as_bytes(), decimals), Some(fraction), "{text}");
        }
    }
}

/// What a text stands for, which its own text must stand for as well.
fn round_trip<T: FromStr + Display + PartialEq + std::fmt::Debug>(text: &str) -> Option<T> {
    let value: T = text.parse().ok()?;
    let again = value.to_string();
    assert_eq!(again.parse::<T>().ok().as_ref(), Some(&value), "{text:?} became {again:?}");
    Some(value)
}
