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
    write_parts(out, stem, recipe, needs_kind(recipe.kind, ext), ext);
}

/// Whether a name with this extension has to give the kind.
pub(crate) fn needs_kind(kind: Kind, ext: Option<&[u8]>) -> bool {
    kind != kind_of_extension(ext.unwrap_or_default())
}

/// [`write_canonical`] for callers that know [`needs_kind`]: asking for each name of a listing took half of its time.
pub(crate) fn write_parts(
    out: &mut Vec<u8>,
    stem: Option<&[u8]>,
    recipe: &Recipe,
    with_kind: bool,
    ext: Option<&[u8]>,
) {
    if let Some(stem) = stem {
        out.extend_from_slice(stem);
        out.push(b'_');
    }
    out.push(b's');
    push_decimal(out, recipe.seed);
    out.push(b'-');
    push_decimal(out, recipe.size);
    if with_kind {
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

/// Appends a number in decimal: listings spend most of their time here, so it bypasses the formatting machinery.
pub(crate) fn push_decimal(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
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

/// The kind that an extension stands for: the part behind its last dot decides, in either case.
pub fn kind_of_extension(ext: &[u8]) -> Kind {
    let last = ext.rsplit(|&b| b == b'.').next().unwrap_or_default();
    let mut lower = [0u8; 16];
    let Some(lower) = lower.get_mut(..last.len()) else { return Kind::Random };
    lower.copy_from_slice(last);
    lower.make_ascii_lowercase();
    match TEXT_EXTENSIONS.binary_search_by(|probe| probe.as_bytes().cmp(lower)) {
        Ok(_) => Kind::Text,
        Err(_) => Kind::Random,
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
    fn decimals_are_what_formatting_writes() {
        let powers = (0..20).map(|n| 10u64.pow(n)).flat_map(|power| [power - 1, power, power + 1]);
        for value in powers.chain([u64::MAX, 12_345_678_901_234_567_890]) {
            let mut out = Vec::new();
            push_decimal(&mut out, value);
            assert_eq!(out, value.to_string().into_bytes());
        }
    }

    #[test]
    fn the_extension_table_is_sorted_for_the_search() {
        assert!(TEXT_EXTENSIONS.is_sorted());
        assert!(TEXT_EXTENSIONS.iter().all(|e| kind_of_extension(e.as_bytes()) == Kind::Text && e.len() <= 16));
    }
}
