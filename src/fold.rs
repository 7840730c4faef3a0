//! Names that differ in case only, where a platform takes them for one name.
//!
//! Windows compares names unit by unit of UTF-16, by a table of single characters that the system carries. [`fold`] does
//! the same by the simple case pairs of the Basic Multilingual Plane: a capital and a small letter that lead to each
//! other, and beside them ς with σ and the Greek capitals with iota. No letter outside of ASCII pairs with one in it (ı
//! is no i, the Kelvin sign no k), and ß and other letters whose capitals are several letters pair with none. What the
//! standard library's newer Unicode knows and an older Windows does not (small Cherokee, capital Georgian) is one name
//! here and two there.

use crate::name;

/// The one spelling, in small letters, that stands for all spellings of a name. Never longer than the name, as many
/// units of UTF-16, and equal for two names exactly where they differ in case only. Bytes that are no UTF-8 stay.
///
/// ```
/// use seedfs::fold::fold;
///
/// assert_eq!(fold("Größe ΟΔΟΣ.TXT".as_bytes()), "größe οδοσ.txt".as_bytes());
/// ```
pub fn fold(name: &[u8]) -> Vec<u8> {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    let mut out = Vec::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        for c in chunk.valid().chars() {
            out.extend_from_slice(folded(c).encode_utf8(&mut [0; 4]).as_bytes());
        }
        out.extend_from_slice(chunk.invalid());
    }
    out
}

/// Whether two names differ in case only, or not at all.
pub fn same(one: &[u8], other: &[u8]) -> bool {
    one == other || fold(one) == fold(other)
}

/// The one spelling of a name that is not listed, whatever case it was asked for in: the folded one, which asks for the
/// same recipe, as case carries no meaning within a recipe.
///
/// Only a capital can keep what stands in an extension from being a recipe of its own, as in `s1-1k.x_S2-2k`. Such a name
/// is that of another file than `s1-1k.x_s2-2k`: it keeps its recipe, and every `_S` in its extension.
///
/// ```
/// use seedfs::fold::unlisted;
///
/// assert_eq!(unlisted(b"Holiday_S0XFF-3MIB-C60D25.JPG"), b"holiday_s0xff-3mib-c60d25.jpg");
/// assert_eq!(unlisted(b"S1-1k.X_S2-2K"), b"s1-1k.x_s2-2k");
/// assert_eq!(unlisted(b"s1-1k.X_S2-2K"), b"s1-1k.x_S2-2k");
/// ```
pub fn unlisted(name: &[u8]) -> Vec<u8> {
    let folded = fold(name);
    let Ok(own) = name::parse(name) else { return folded };
    if name::parse(&folded).is_ok_and(|parsed| parsed.recipe == own.recipe) {
        return folded;
    }
    let ext = own.ext.unwrap_or_default();
    let mut out = fold(&name[..name.len() - ext.len()]);
    let mut before = 0;
    for byte in fold(ext) {
        out.push(if before == b'_' && byte == b's' { b'S' } else { byte });
        before = byte;
    }
    out
}

/// The small letter of a pair, or the capital where that takes fewer bytes.
fn folded(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let small = if c == 'ς' { 'σ' } else { single(c.to_lowercase()).filter(|&small| is_pair(c, small)).unwrap_or(c) };
    match single(small.to_uppercase()) {
        Some(capital) if capital.len_utf8() < small.len_utf8() && is_pair(capital, small) => capital,
        _ => small,
    }
}

/// Whether these are the two cases of one letter, in one unit of UTF-16 each.
fn is_pair(capital: char, small: char) -> bool {
    let is_wide = |c: char| !c.is_ascii() && c.len_utf16() == 1;
    let has_iota = ('\u{1f80}'..='\u{1fff}').contains(&capital);
    is_wide(capital)
        && is_wide(small)
        && single(capital.to_lowercase()) == Some(small)
        && (has_iota || single(small.to_uppercase()) == Some(capital))
}

/// The only character there is.
fn single(mut letters: impl Iterator<Item = char>) -> Option<char> {
    letters.next().filter(|_| letters.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_folds_to_one_that_stays_and_takes_no_more_room() {
        for c in '\0'..=char::MAX {
            let to = folded(c);
            assert_eq!(folded(to), to, "{c:?}");
            assert!(to.len_utf8() <= c.len_utf8() && to.len_utf16() == c.len_utf16(), "{c:?} to {to:?}");
            assert_eq!(to.is_ascii(), c.is_ascii(), "{c:?} to {to:?}");
        }
    }

    #[test]
    fn pairs_are_those_of_windows() {
        let pairs =
            ["aA", "éÉ", "ÿŸ", "σΣ", "ςΣ", "яЯ", "ѐЀ", "աԱ", "ǆǄ", "ƴƳ", "ᾳᾼ", "ᾀᾈ", "ⅷⅧ", "ⓐⒶ", "ａＡ", "ⱥȺ", "ⱦȾ"];
        for pair in pairs {
            let letters: Vec<char> = pair.chars().collect();
            assert_eq!(folded(letters[0]), folded(letters[1]), "{pair}");
        }
        let strangers = [
            "ıI",
            "İi",
            "ſS",
            "\u{212a}k",
            "\u{212b}å",
            "\u{2126}ω",
            "\u{b5}\u{39c}",
            "\u{3d0}\u{392}",
            "ẞß",
            "\u{1c5}\u{1c6}",
            "𐐀𐐨",
            "\u{3f4}θ",
            "\u{345}ι",
        ];
        for pair in strangers {
            let letters: Vec<char> = pair.chars().collect();
            assert_ne!(folded(letters[0]), folded(letters[1]), "{pair}");
        }
    }
}
