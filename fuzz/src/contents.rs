//! The bytes of files: whatever is asked for, in whatever pieces, they are those of the whole.

use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use arbitrary::{Result, Unstructured};
use seedfs::content::Corpus;
use seedfs::damage::{Plan, Spec};
use seedfs::edition::{self, PieceTable, Tables};
use seedfs::units::MAX_SIZE;
use seedfs::vfs::FsError;
use seedfs::{Recipe, SyntheticFile, verdict};

use super::hostile;

/// Ways to read that a recipe is tried with.
const READS: usize = 8;

/// A recipe, damage for it, and places to read.
pub fn run(data: &[u8]) {
    let _ = check(&mut Unstructured::new(data));
}

fn check(u: &mut Unstructured<'_>) -> Result<()> {
    let corpus = corpus(u)?;
    let recipe = hostile::recipe(u)?;
    let table = PieceTable::new(&recipe);
    let file = SyntheticFile::new(recipe, corpus.clone());
    assert_eq!(recipe.file_size().is_ok(), table.is_ok());
    assert_eq!(recipe.file_size().is_ok(), file.is_ok());
    assert_eq!(recipe.file_size().is_ok(), edition::last_edit(&recipe).is_ok());
    let (Ok(table), Ok(mut file)) = (table, file) else {
        assert!(recipe.fill(&corpus, 0, &mut [0; 8]).is_err());
        return Ok(());
    };
    check_pieces(&recipe, &table);
    check_sharing(&recipe, &Recipe { edition: recipe.edition.saturating_sub(u.int_in_range(0..=2)?), ..recipe });
    let plan = Plan::new(damage(u)?);
    let tables = Tables::with_limit(u.int_in_range(0..=5000)?);
    for _ in 0..READS {
        let offset = hostile::number(u, &[file.len(), 512, 4096, file.len() / 2])?;
        let len = hostile::length(u)?;
        let bytes = check_read(u, &mut file, offset, len)?;
        let mut again = vec![0; len];
        assert_eq!(tables.fill(&recipe, &corpus, offset, &mut again), Ok(bytes.len()));
        assert!(again[..bytes.len()] == bytes, "kept pieces give others at {offset}");
        check_damage(&plan, &file, &corpus, offset, &bytes);
        check_verdict(u, &recipe, &corpus, offset, bytes)?;
        if u.is_empty() {
            break;
        }
    }
    Ok(())
}

/// The built-in corpus, or one of words from the input.
fn corpus(u: &mut Unstructured<'_>) -> Result<Arc<Corpus>> {
    if u.ratio(15, 16)? {
        return Ok(Corpus::builtin());
    }
    let words: Vec<&[u8]> = (0..16).map(|_| u.arbitrary()).collect::<Result<_>>()?;
    let mut text = Vec::new();
    let mut draw = u.arbitrary::<u32>()?;
    for _ in 0..u.int_in_range(0..=600)? {
        draw = draw.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.extend_from_slice(words[(draw >> 28) as usize]);
        text.extend_from_slice(&draw.to_ne_bytes()[2..]);
        text.push(b' ');
    }
    let parsed = Corpus::parse(text.clone());
    Ok(parsed.map_or_else(
        |_| Corpus::builtin(),
        |corpus| {
            assert!(corpus.bytes() == text);
            Arc::new(corpus)
        },
    ))
}

fn check_pieces(recipe: &Recipe, table: &PieceTable) {
    assert_eq!(recipe.file_size(), Ok(table.size()));
    assert!(table.size() <= MAX_SIZE);
    let mut end = 0u64;
    for piece in table.pieces() {
        assert!(piece.len > 0 && piece.offset.checked_add(piece.len).is_some_and(|end| end <= MAX_SIZE));
        end += piece.len;
    }
    assert_eq!(end, table.size());
    if let Ok(Some(change)) = edition::last_edit(recipe) {
        assert!(change.len > 0 && change.offset <= MAX_SIZE);
    }
}

fn check_sharing(new: &Recipe, old: &Recipe) {
    let (Ok(ranges), Ok(shared)) = (edition::new_ranges(old, new), edition::shared(old, new)) else { return };
    assert_eq!(shared.shared_bytes + shared.new_bytes, new.bytes());
    assert!(ranges.iter().all(|range| range.start < range.end && range.end <= new.bytes()));
    assert!(ranges.windows(2).all(|pair| pair[0].end < pair[1].start), "they touch or overlap");
}

/// The bytes at a place, which are the same in one piece and in several.
fn check_read(u: &mut Unstructured<'_>, file: &mut SyntheticFile, offset: u64, len: usize) -> Result<Vec<u8>> {
    const UNTOUCHED: u8 = 0xa5;
    let mut whole = vec![UNTOUCHED; len];
    let count = file.read_at(offset, &mut whole);
    let left = usize::try_from(file.len().saturating_sub(offset)).unwrap_or(usize::MAX);
    assert_eq!(count, len.min(left));
    assert!(whole[count..].iter().all(|&byte| byte == UNTOUCHED), "writes behind the end");
    whole.truncate(count);
    if file.seek(SeekFrom::Start(offset)).is_err() {
        assert!(offset > MAX_SIZE);
        return Ok(whole);
    }
    let piece = u.int_in_range(1..=5000usize)?.max(len / 50);
    let mut pieces = Vec::new();
    while pieces.len() < len {
        let mut part = vec![0; piece.min(len - pieces.len())];
        let count = file.read(&mut part).expect("no reason to fail");
        pieces.extend_from_slice(&part[..count]);
        if count == 0 {
            break;
        }
    }
    assert!(pieces == whole, "pieces of {piece} differ at {offset}");
    for (at, byte) in whole.iter().enumerate().step_by(997) {
        let mut one = [!byte];
        assert_eq!(file.read_at(offset + at as u64, &mut one), 1);
        assert_eq!(one[0], *byte, "one byte differs at {offset} + {at}");
    }
    Ok(whole)
}

fn damage(u: &mut Unstructured<'_>) -> Result<Spec> {
    let rates = [0.0, 1e-9, 0.001, 0.05, 0.25];
    let mut rate = || u.choose(&rates).copied();
    let (flip, zero, swap, eio, truncate) = (rate()?, rate()?, rate()?, rate()?, rate()?);
    Ok(Spec { flip, zero, swap, eio, truncate, seed: u.arbitrary()? })
}

/// A damaged file has the same damage however it is read, and none where none is listed.
fn check_damage(plan: &Plan, file: &SyntheticFile, corpus: &Corpus, offset: u64, right: &[u8]) {
    let damage = plan.of(3, file.recipe());
    assert!(damage.size() <= file.len());
    let read = |offset: u64, buf: &mut [u8]| {
        damage.read(offset, buf, |at, buf| file.recipe().fill(corpus, at, buf).map_err(|_| FsError::Stale))
    };
    let mut buf = vec![0; right.len()];
    let left = usize::try_from(damage.size().saturating_sub(offset)).unwrap_or(usize::MAX);
    let Ok(count) = read(offset, &mut buf) else {
        assert!(plan.spec().eio > 0.0);
        return;
    };
    assert_eq!(count, right.len().min(left));
    if count == 0 {
        return;
    }
    let end = offset + count as u64;
    let listed: Vec<_> = damage.within(offset..end).map(|damage| damage.offset..damage.offset + damage.len).collect();
    let is_listed = |at: u64| listed.iter().any(|range| range.contains(&at));
    for (at, (have, should)) in buf.iter().zip(right).take(count).enumerate() {
        assert!(have == should || is_listed(offset + at as u64), "unlisted damage at {offset} + {at}");
    }
    let middle = count / 2;
    let mut half = vec![0; count - middle];
    assert_eq!(read(offset + middle as u64, &mut half), Ok(half.len()));
    assert!(half == buf[middle..count], "damaged otherwise when read in halves at {offset}");
}

/// Right bytes are called right; a wrong one is found, and explained somehow.
fn check_verdict(
    u: &mut Unstructured<'_>,
    recipe: &Recipe,
    corpus: &Corpus,
    at: u64,
    mut bytes: Vec<u8>,
) -> Result<()> {
    assert_eq!(verdict::compare(recipe, corpus, at, &bytes), None);
    if bytes.is_empty() {
        return Ok(());
    }
    let place = u.choose_index(bytes.len())?;
    match u.int_in_range(0..=2u8)? {
        0 => bytes[place] ^= u.int_in_range(1..=255)?,
        1 => {
            let other = u.arbitrary::<&[u8]>()?;
            let len = other.len().min(bytes.len() - place);
            bytes[place..][..len].copy_from_slice(&other[..len]);
        }
        _ => bytes.rotate_left(place),
    }
    if let Some(wrong) = verdict::compare(recipe, corpus, at, &bytes) {
        assert!(wrong.start < wrong.end && wrong.end <= bytes.len());
        // Looks at megabytes, and at dozens of editions.
        if recipe.edition % 1_000_000_000 < 100 && u.ratio(1, 64)? {
            let cause = verdict::explain(recipe, corpus, at, &bytes, wrong, [*recipe]);
            assert!(!cause.to_string().is_empty());
        }
    }
    Ok(())
}
