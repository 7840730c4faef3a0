//! What wrong bytes seem to be.

use std::fmt;
use std::ops::Range;

use super::{blocks, fill};
use crate::content::Corpus;
use crate::edition::Edit;
use crate::recipe::{Kind, Recipe};
use crate::units::MAX_SIZE;

/// What bytes are that are not what is demanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Zeros: never written, or lost.
    Zeros,
    /// Right but for a few bits.
    Flipped {
        /// How many.
        bits: u32,
    },
    /// Bytes of the same file that belong elsewhere.
    Moved {
        /// Where the first of them belongs.
        from: u64,
    },
    /// Bytes of another file, which its stamps name.
    Stamped {
        /// Seed of that file.
        seed: u64,
        /// Offset there of the first stamp that was found.
        offset: u64,
    },
    /// Bytes of another file.
    File(Recipe),
    /// Bytes of another edition of the file.
    Edition(u32),
    /// Anything, behind the end of the file.
    Behind,
    /// None of these, as far as was looked.
    Unknown,
    /// Nobody looked: the bytes were no longer there, or others of the file had been explained.
    Unexplained,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Zeros => f.write_str("zeros"),
            Cause::Flipped { bits: 1 } => f.write_str("one bit flipped"),
            Cause::Flipped { bits } => write!(f, "{bits} bits flipped"),
            Cause::Moved { from } => write!(f, "bytes of the same file from offset {from}"),
            Cause::Stamped { seed, offset } => {
                write!(f, "bytes of seed {seed} from offset {offset}, as their stamp says")
            }
            Cause::File(recipe) => write!(f, "bytes of another file, {recipe}"),
            Cause::Edition(edition) => write!(f, "bytes of edition {edition}"),
            Cause::Behind => f.write_str("behind the end of the file"),
            Cause::Unknown => f.write_str("other bytes"),
            Cause::Unexplained => f.write_str("differ"),
        }
    }
}

/// Most bits that count as flipped and not as other bytes.
const MOST_FLIPPED: u32 = 16;

/// Zeros fewer than this may be flipped bits.
const LEAST_ZEROS: usize = 16;

/// Editions before the demanded one that are tried.
const EDITIONS: u32 = 64;

/// How far bytes of the same file are looked for, in both directions.
const WINDOW: u64 = 1 << 20;

/// Bytes that are looked for. Shorter differences are not: their bytes are everywhere.
const NEEDLE: usize = 16;

/// What disks move at once, in bytes.
const SECTOR: u64 = 512;

/// Other files that are tried.
const OTHERS: usize = 4096;

/// How many of the bytes a guess is tried on.
const SAMPLE: usize = 4096;

/// Explains the bytes in the range `wrong` of a block that was observed at an offset; the first and the last of them
/// differ from what the recipe demands, as [`super::compare`] says. `others` are recipes of files that might have been
/// confused with it; the first 4,096 are tried.
pub fn explain(
    recipe: &Recipe,
    corpus: &Corpus,
    offset: u64,
    block: &[u8],
    wrong: Range<usize>,
    others: impl IntoIterator<Item = Recipe>,
) -> Cause {
    let (start, observed) = (offset + wrong.start as u64, &block[wrong.clone()]);
    let zeros = observed.iter().all(|&byte| byte == 0);
    if zeros && observed.len() >= LEAST_ZEROS {
        return Cause::Zeros;
    }
    let sample = &observed[..observed.len().min(SAMPLE)];
    let is = |recipe: &Recipe, at: u64| holds(recipe, corpus, at, sample);
    // A few bytes are soon those of some edition as well; the right ones around them tell.
    let (from, around) = if block.len() <= SAMPLE { (offset, block) } else { (start, sample) };
    let is_edition = |&edition: &u32| holds(&Recipe { edition, ..*recipe }, corpus, from, around);
    if let Some(edition) = editions(recipe).find(is_edition) {
        return Cause::Edition(edition);
    }
    if let Some(bits) = flipped(recipe, corpus, start, observed) {
        return Cause::Flipped { bits };
    }
    if zeros {
        return Cause::Zeros;
    }
    // A stamp of the very place that it stands at says nothing of the bytes before it.
    let is_ours = |seed| recipe.kind == Kind::Stamp && seed == recipe.seed;
    let stamp = stamp(block, &wrong).filter(|&(at, seed, stamped)| !is_ours(seed) || stamped != offset + at as u64);
    if let Some((column, seed, stamped)) = stamp {
        let ours = is_ours(seed);
        return match (stamped + wrong.start as u64).checked_sub(column as u64) {
            Some(from) if ours => Cause::Moved { from },
            _ => Cause::Stamped { seed, offset: stamped },
        };
    }
    if sample.len() >= NEEDLE {
        if let Some(from) = elsewhere(recipe, corpus, start, sample) {
            return Cause::Moved { from };
        }
        if let Some(other) = others.into_iter().take(OTHERS).find(|other| is(other, start)) {
            return Cause::File(other);
        }
    }
    if start >= recipe.bytes() { Cause::Behind } else { Cause::Unknown }
}

/// Whether a file has these bytes there.
fn holds(recipe: &Recipe, corpus: &Corpus, offset: u64, bytes: &[u8]) -> bool {
    // Most guesses are wrong from the start.
    let mut few = [0; NEEDLE];
    let first = bytes.len().min(NEEDLE);
    fill(recipe, corpus, offset, &mut few[..first]) == Ok(first)
        && few[..first] == bytes[..first]
        && super::compare(recipe, corpus, offset, bytes).is_none()
}

/// Editions that may have been restored instead, the likelier first.
fn editions(recipe: &Recipe) -> impl Iterator<Item = u32> {
    let demanded = recipe.edition;
    let is_aimed = Edit::of_edition(demanded).is_some();
    let before = if is_aimed { 0..1 } else { demanded.saturating_sub(EDITIONS)..demanded };
    let first = (!is_aimed && demanded > EDITIONS).then_some(0);
    let aimed = Edit::ALL.into_iter().map(Edit::edition).filter(move |&edition| edition != demanded);
    before.rev().chain(first).chain((is_aimed || demanded == 0).then_some(aimed).into_iter().flatten())
}

/// The bits that differ, if they are few.
fn flipped(recipe: &Recipe, corpus: &Corpus, offset: u64, observed: &[u8]) -> Option<u32> {
    if offset.saturating_add(observed.len() as u64) > recipe.bytes() {
        return None;
    }
    let mut bits = 0;
    let mut rest = observed;
    let end = offset + observed.len() as u64;
    let too_many = blocks(recipe, corpus, offset..end, |_, demanded| {
        let (part, behind) = rest.split_at(demanded.len());
        rest = behind;
        bits += part.iter().zip(demanded).map(|(a, b)| (a ^ b).count_ones()).sum::<u32>();
        (bits > MOST_FLIPPED).then_some(())
    });
    too_many.is_none().then_some(bits)
}

/// The first whole stamp that reaches into the wrong part of a block or follows soon: where in the block it stands, and
/// the seed and the offset, below 2^63, that it names.
fn stamp(block: &[u8], wrong: &Range<usize>) -> Option<(usize, u64, u64)> {
    const LINE: usize = 64;
    const HEAD: &[u8] = b"seedfs v1 seed=";
    let first = wrong.start.saturating_sub(LINE - 1);
    let near = &block[first..wrong.end.saturating_add(LINE).min(block.len())];
    near.windows(LINE).take(2 * SECTOR as usize).enumerate().find_map(|(column, line)| {
        let text = std::str::from_utf8(line.strip_prefix(HEAD)?).ok()?;
        let (seed, offset) = text.strip_suffix('\n')?.split_once(" offset=")?;
        let offset = offset.parse().ok().filter(|&offset| offset <= MAX_SIZE)?;
        Some((first + column, seed.parse().ok()?, offset))
    })
}

/// Where else in the file these bytes are: near by, at the start, or as far away as numbers that are cut off lead.
fn elsewhere(recipe: &Recipe, corpus: &Corpus, offset: u64, sample: &[u8]) -> Option<u64> {
    let needle = &sample[..NEEDLE];
    if needle.iter().all(|byte| *byte == needle[0]) {
        return None;
    }
    let far = [31, 32].map(|bits| 1u64 << bits);
    let wrapped = far.iter().flat_map(|&distance| [offset.checked_sub(distance), offset.checked_add(distance)]);
    if let Some(from) = wrapped.flatten().find(|&from| holds(recipe, corpus, from, sample)) {
        return Some(from);
    }
    let near = offset.saturating_sub(WINDOW);
    let windows = [(near, offset.saturating_add(WINDOW)), (0, WINDOW.min(near))];
    windows.into_iter().find_map(|(start, end)| {
        let mut window = vec![0; usize::try_from(end - start).ok()?];
        let len = fill(recipe, corpus, start, &mut window).ok()?;
        let places = window[..len].windows(NEEDLE).enumerate().filter(|(_, bytes)| *bytes == needle);
        let places = places.map(|(place, _)| start + place as u64).filter(|&from| from != offset);
        // Whole sectors move more often than anything else; in text, phrases of the needle's length are everywhere.
        let by_sectors = places.clone().filter(|from| from.abs_diff(offset) % SECTOR == 0);
        by_sectors.chain(places.take(16)).find(|&from| holds(recipe, corpus, from, sample))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u64 = 3 << 20;

    fn recipe(kind: Kind, seed: u64) -> Recipe {
        Recipe { kind, seed, size: SIZE, edition: 0 }
    }

    fn bytes(recipe: &Recipe, offset: u64, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        assert_eq!(recipe.fill(&Corpus::builtin(), offset, &mut bytes), Ok(len));
        bytes
    }

    /// What is said of bytes that were written at an offset.
    fn said(recipe: &Recipe, offset: u64, written: &[u8], others: &[Recipe]) -> Cause {
        let corpus = Corpus::builtin();
        let range = super::super::compare(recipe, &corpus, offset, written).expect("different bytes");
        explain(recipe, &corpus, offset, written, range, others.iter().copied())
    }

    #[test]
    fn lost_bytes_are_zeros() {
        let random = recipe(Kind::Random, 1);
        assert_eq!(said(&random, 4096, &[0; 4096], &[]), Cause::Zeros);
        assert_eq!(said(&random, SIZE, &[0; 512], &[]), Cause::Zeros);
        assert_eq!(said(&random, SIZE, &[9; 512], &[]), Cause::Behind);
    }

    #[test]
    fn few_bits_are_flipped_and_many_are_other_bytes() {
        let random = recipe(Kind::Random, 1);
        let mut block = bytes(&random, 8192, 8192);
        block[5000] ^= 0x10;
        assert_eq!(said(&random, 8192, &block, &[]), Cause::Flipped { bits: 1 });
        block[6000] ^= 0x81;
        assert_eq!(said(&random, 8192, &block, &[]), Cause::Flipped { bits: 3 });
        block.iter_mut().for_each(|byte| *byte ^= 0x55);
        assert_eq!(said(&random, 8192, &block, &[]), Cause::Unknown);
    }

    #[test]
    fn bytes_that_moved_are_found_wherever_they_come_from() {
        let random = recipe(Kind::Random, 1);
        for (from, to) in [(8192, 4096), (0, 2 << 20), (1_000_001, 1_000_000), (100_000, 1 << 20)] {
            let moved = bytes(&random, from, 4096);
            assert_eq!(said(&random, to, &moved, &[]), Cause::Moved { from }, "{from} to {to}");
        }
        let long = Recipe { size: 1 << 33, ..random };
        assert_eq!(
            said(&long, 4096, &bytes(&long, (1 << 32) + 4096, 4096), &[]),
            Cause::Moved { from: (1 << 32) + 4096 }
        );
    }

    #[test]
    fn other_files_are_told_by_stamps_or_by_trying() {
        let (stamped, other) = (recipe(Kind::Stamp, 1), recipe(Kind::Stamp, 2));
        assert_eq!(said(&stamped, 512, &bytes(&other, 1024, 512), &[]), Cause::Stamped { seed: 2, offset: 1024 });
        assert_eq!(said(&stamped, 512, &bytes(&stamped, 2 << 20, 512), &[]), Cause::Moved { from: (2 << 20) + 56 });
        let (random, other) = (recipe(Kind::Random, 1), recipe(Kind::Text, 2));
        let wrong = bytes(&other, 4096, 4096);
        assert_eq!(said(&random, 4096, &wrong, &[recipe(Kind::Random, 3), other]), Cause::File(other));
    }

    #[test]
    fn other_editions_of_a_file_are_told() {
        let plain = recipe(Kind::Random, 1);
        let edited = |edit: Edit| Recipe { edition: edit.edition(), ..plain };
        for edit in Edit::ALL {
            let edition = edit.edition();
            let wrong = bytes(&edited(edit), 0, SIZE as usize);
            assert_eq!(said(&plain, 0, &wrong, &[]), Cause::Edition(edition), "{edit:?}");
        }
        let wrong = bytes(&plain, 0, SIZE as usize);
        assert_eq!(said(&edited(Edit::Middle), 0, &wrong, &[]), Cause::Edition(0));
    }

    #[test]
    fn says_it_in_words() {
        let difference = super::super::Difference { offset: 9, len: 1, cause: Cause::Flipped { bits: 1 } };
        assert_eq!(difference.to_string(), "1 byte from offset 9: one bit flipped");
    }
}
