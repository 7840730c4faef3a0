//! File names and the recipes they carry.
//!
//! ```text
//! name = [ stem "_" ] "s" seed "-" size [ "-" kind ] [ "-e" edition ] [ "." ext ]
//! ```
//!
//! The last `_s` that begins a valid recipe counts, so a stem may hold anything. Without a kind the extension decides.

use std::io::Write;

use crate::recipe::{Kind, KindError, Recipe};
use crate::units::{NumberError, parse_decimal, parse_seed, parse_size};

/// Longest name in bytes, on every platform.
pub const MAX_NAME: usize = 255;

/// A file name taken apart. The parts borrow from the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name<'a> {
    /// What stands before the recipe, without the `_`.
    pub stem: Option<&'a [u8]>,
    /// What the name asks for.
    pub recipe: Recipe,
    /// What stands behind the recipe, without the dot: never empty.
    pub ext: Option<&'a [u8]>,
}

/// Why a name carries no recipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There is no `s<seed>-<size>` at its start or behind a `_`.
    #[error("is no recipe; names look like s42-1GiB, photo_s7-3M.jpg or vm_s9-40G-c60d25.img")]
    NoRecipe,
    /// Longer than [`MAX_NAME`] bytes.
    #[error("is longer than 255 bytes")]
    TooLong,
    /// Holds a slash or a NUL byte.
    #[error("holds a slash or a NUL byte")]
    BadByte,
    /// A seed above 2^64 − 1.
    #[error("has a seed above 18446744073709551615 (2^64-1)")]
    Seed,
    /// A size above 2^63 − 1.
    #[error("has a size above 9223372036854775807 bytes (2^63-1)")]
    Size,
    /// An edition above 2^32 − 1.
    #[error("has an edition above 4294967295 (2^32-1)")]
    Edition,
    /// An unknown kind, or one out of its range.
    #[error("names a kind that {0}")]
    Kind(KindError),
}

/// Takes a name apart. Never allocates; the work is bounded by [`MAX_NAME`].
///
/// # Errors
/// The first problem of the spelling that came closest to a recipe.
///
/// ```
/// let name = seedfs::name::parse(b"holiday_s7-3M.jpg").unwrap();
/// assert_eq!((name.recipe.seed, name.recipe.size), (7, 3 << 20));
/// assert_eq!(name.stem, Some(&b"holiday"[..]));
/// ```
pub fn parse(name: &[u8]) -> Result<Name<'_>, NameError> {
    if name.len() > MAX_NAME {
        return Err(NameError::TooLong);
    }
    if name.iter().any(|&b| b == b'/' || b == 0) {
        return Err(NameError::BadByte);
    }
    let mut closest = NameError::NoRecipe;
    for at in (0..name.len()).rev() {
        let stem = match at.checked_sub(1) {
            None => None,
            Some(before) if name[before] == b'_' => Some(&name[..before]),
            Some(_) => continue,
        };
        match parse_recipe(&name[at..]) {
            Ok((recipe, ext)) => return Ok(Name { stem, recipe, ext }),
            Err(error) if closest == NameError::NoRecipe => closest = error,
            Err(_) => {}
        }
    }
    Err(closest)
}

/// `s<seed>-<size>[-<kind>][-e<edition>][.<ext>]`, to the end of `text`.
fn parse_recipe(text: &[u8]) -> Result<(Recipe, Option<&[u8]>), NameError> {
    let (body, ext) = match text.iter().position(|&b| b == b'.') {
        Some(dot) if dot + 1 == text.len() => return Err(NameError::NoRecipe),
        Some(dot) => (&text[..dot], Some(&text[dot + 1..])),
        None => (text, None),
    };
    let body = body.strip_prefix(b"s").ok_or(NameError::NoRecipe)?;
    let mut parts = body.split(|&b| b == b'-');
    let seed = parse_seed(parts.next().unwrap_or_default()).map_err(|e| too_large_or_none(e, NameError::Seed))?;
    let size = parts.next().ok_or(NameError::NoRecipe)?;
    let size = parse_size(size).map_err(|e| too_large_or_none(e, NameError::Size))?;
    let mut kind = None;
    let mut edition = None;
    for part in parts {
        match part.strip_prefix(b"e") {
            Some(number) if edition.is_none() => edition = Some(parse_edition(number)?),
            None if kind.is_none() && edition.is_none() => kind = Some(Kind::parse(part).map_err(NameError::Kind)?),
            _ => return Err(NameError::NoRecipe),
        }
    }
    let kind = kind.unwrap_or_else(|| kind_of_extension(ext.unwrap_or_default()));
    Ok((Recipe { kind, seed, size, edition: edition.unwrap_or(0) }, ext))
}

fn parse_edition(text: &[u8]) -> Result<u32, NameError> {
    let number = parse_decimal(text).map_err(|e| too_large_or_none(e, NameError::Edition))?;
    u32::try_from(number).map_err(|_| NameError::Edition)
}

/// A number that is merely too large gets its own message; anything else was not meant as a recipe.
fn too_large_or_none(error: NumberError, too_large: NameError) -> NameError {
    match error {
        NumberError::TooLarge => too_large,
        NumberError::Malformed => NameError::NoRecipe,
    }
}

/// Writes the canonical name of a recipe to the end of `out`: the kind appears only where the extension means another.
///
/// The caller keeps stem and extension within the canonical letters `[a-z0-9._-]`.
pub fn write_canonical(out: &mut Vec<u8>, stem: Option<&[u8]>, recipe: &Recipe, ext: Option<&[u8]>) {
    if let Some(stem) = stem {
        out.extend_from_slice(stem);
        out.push(b'_');
    }
    out.push(b's');
    push_decimal(out, recipe.seed);
    out.push(b'-');
    push_decimal(out, recipe.size);
    if recipe.kind != kind_of_extension(ext.unwrap_or_default()) {
        // Writing to a Vec cannot fail.
        let _ = write!(out, "-{}", recipe.kind);
    }
    if recipe.edition != 0 {
        out.extend_from_slice(b"-e");
        push_decimal(out, recipe.edition.into());
    }
    if let Some(ext) = ext {
        out.push(b'.');
        out.extend_from_slice(ext);
    }
}

impl std::fmt::Display for Recipe {
    /// The recipe in full, kind included: `s42-1048576-random`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "s{}-{}-{}", self.seed, self.size, self.kind)?;
        if self.edition != 0 { write!(f, "-e{}", self.edition) } else { Ok(()) }
    }
}

/// 00 to 99.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut i = 0;
    while i < 100 {
        pairs[i] = [b'0' + (i / 10) as u8, b'0' + (i % 10) as u8];
        i += 1;
    }
    pairs
};

/// Appends a number in decimal: listings spend most of their time here, so it bypasses the formatting machinery.
pub(crate) fn push_decimal(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    // Divisions wait for one another, so there are few of them: four digits each.
    while value >= 10_000 {
        let group = (value % 10_000) as usize;
        value /= 10_000;
        at -= 4;
        digits[at..at + 2].copy_from_slice(&PAIRS[group / 100]);
        digits[at + 2..at + 4].copy_from_slice(&PAIRS[group % 100]);
    }
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Extensions whose files are text when the name gives no kind: part of the format, sorted for the search.
const TEXT_EXTENSIONS: [&str; 118] = [
    "adoc",
    "asm",
    "awk",
    "bash",
    "bat",
    "bib",
    "c",
    "cc",
    "cfg",
    "clj",
    "cmake",
    "cmd",
    "conf",
    "cpp",
    "cs",
    "css",
    "csv",
    "cxx",
    "d",
    "dart",
    "diff",
    "el",
    "eml",
    "env",
    "erl",
    "ex",
    "exs",
    "f",
    "f90",
    "fish",
    "fs",
    "go",
    "gradle",
    "graphql",
    "groovy",
    "h",
    "hh",
    "hpp",
    "hs",
    "htm",
    "html",
    "hxx",
    "ics",
    "ini",
    "ipynb",
    "java",
    "jl",
    "js",
    "json",
    "jsonl",
    "jsx",
    "kt",
    "kts",
    "less",
    "lisp",
    "log",
    "lua",
    "m",
    "markdown",
    "mbox",
    "md",
    "mjs",
    "mk",
    "ml",
    "mli",
    "mm",
    "nim",
    "nix",
    "org",
    "pas",
    "patch",
    "php",
    "pl",
    "pm",
    "po",
    "properties",
    "proto",
    "ps1",
    "py",
    "pyi",
    "r",
    "rb",
    "rs",
    "rst",
    "s",
    "sass",
    "scala",
    "scm",
    "scss",
    "sed",
    "sh",
    "sql",
    "srt",
    "svelte",
    "svg",
    "swift",
    "tcl",
    "tex",
    "text",
    "tf",
    "toml",
    "ts",
    "tsv",
    "tsx",
    "txt",
    "v",
    "vala",
    "vb",
    "vcf",
    "vhd",
    "vim",
    "vtt",
    "vue",
    "xhtml",
    "xml",
    "yaml",
    "yml",
    "zig",
];

/// The table as numbers in the same order: a listing asks for each name, and most of its time would go into comparing
/// strings.
static TEXT_KEYS: [u128; TEXT_EXTENSIONS.len()] = {
    let mut keys = [0; TEXT_EXTENSIONS.len()];
    let mut i = 0;
    while i < keys.len() {
        keys[i] = extension_key(TEXT_EXTENSIONS[i].as_bytes()).expect("15 bytes at most");
        i += 1;
    }
    keys
};

/// An extension of at most 15 bytes in lower case, and its length, as one number that sorts as it does.
const fn extension_key(ext: &[u8]) -> Option<u128> {
    let mut key = [0; 16];
    if ext.len() >= key.len() {
        return None;
    }
    let mut i = 0;
    while i < ext.len() {
        key[i] = ext[i].to_ascii_lowercase();
        i += 1;
    }
    key[15] = ext.len() as u8;
    Some(u128::from_be_bytes(key))
}

/// The kind that an extension stands for: the part behind its last dot decides, in either case.
pub fn kind_of_extension(ext: &[u8]) -> Kind {
    let last = ext.rsplit(|&b| b == b'.').next().unwrap_or_default();
    match extension_key(last) {
        Some(key) if TEXT_KEYS.binary_search(&key).is_ok() => Kind::Text,
        _ => Kind::Random,
    }
}

/// The extensions of text files, sorted, for documentation and tests.
pub fn text_extensions() -> &'static [&'static str] {
    &TEXT_EXTENSIONS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_table_is_sorted_for_the_search() {
        assert!(TEXT_EXTENSIONS.is_sorted());
        assert!(TEXT_KEYS.is_sorted());
        assert!(TEXT_EXTENSIONS.iter().all(|e| kind_of_extension(e.as_bytes()) == Kind::Text));
    }

    #[test]
    fn only_whole_extensions_are_text() {
        for (ext, kind) in [
            (&b"tar.MarkDown"[..], Kind::Text),
            (b"c", Kind::Text),
            (b"c\0", Kind::Random),
            (b"\0c", Kind::Random),
            (b"txt.gz", Kind::Random),
            (b"", Kind::Random),
            (b"propertie", Kind::Random),
            (b"propertiess", Kind::Random),
            (b"properties012345", Kind::Random),
        ] {
            assert_eq!(kind_of_extension(ext), kind, "{ext:?}");
        }
    }

    #[test]
    fn decimals_are_those_of_the_standard_library() {
        let powers = (0..20).map(|p| 10u64.pow(p));
        let edges = powers.flat_map(|p| [p - 1, p, p + 1, p.saturating_mul(9), p.wrapping_mul(123_456_789)]);
        for value in edges.chain([0, u64::MAX, 10_203_040_506_070_809]) {
            let mut out = b"x".to_vec();
            push_decimal(&mut out, value);
            assert_eq!(out, format!("x{value}").into_bytes());
        }
    }
}
