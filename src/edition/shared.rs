//! What two editions have in common.
//!
//! Bytes count as shared when they are cut from the same place of the same stream. That is exact about where they come
//! from, whatever the size of the files; that bytes of different places have the same value by chance does not matter.

use std::ops::Range;

use super::EditionError;
use super::table::{PieceTable, Source};
use crate::recipe::{Kind, Recipe};

/// The bytes of a file, seen from another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shared {
    /// Those that are cut from a place which the other file is cut from as well.
    pub shared_bytes: u64,
    /// All others.
    pub new_bytes: u64,
}

/// How many bytes of `new` are in `old` as well. The two may be editions of one file or have nothing to do with each
/// other; a byte that `new` holds twice counts twice.
///
/// # Errors
/// [`EditionError`] where one of them stands for no file.
pub fn shared(old: &Recipe, new: &Recipe) -> Result<Shared, EditionError> {
    let new_bytes = new_ranges(old, new)?.iter().map(|range| range.end - range.start).sum();
    Ok(Shared { shared_bytes: new.file_size()? - new_bytes, new_bytes })
}

/// The bytes of `new` that are not in `old`, as ranges of offsets in rising order that neither touch nor overlap.
///
/// # Errors
/// [`EditionError`] where one of them stands for no file.
pub fn new_ranges(old: &Recipe, new: &Recipe) -> Result<Vec<Range<u64>>, EditionError> {
    let known = intervals(&PieceTable::new(old)?);
    let mut ranges = Vec::new();
    let mut start = 0;
    for piece in PieceTable::new(new)?.pieces() {
        let source = canonical(piece.source);
        let end = piece.offset + piece.len;
        // From an offset of the stream to one of the file.
        let place = |offset: u64| start + (offset - piece.offset);
        let mut at = piece.offset;
        let from = known.partition_point(|(of, known)| (*of, known.end) <= (source, at));
        for (_, known) in known[from..].iter().take_while(|(of, known)| *of == source && known.start < end) {
            push(&mut ranges, place(at)..place(known.start.max(at)));
            at = known.end.min(end);
        }
        push(&mut ranges, place(at)..place(end));
        start += piece.len;
    }
    Ok(ranges)
}

/// The parts of streams that an edition is cut from, in order, without overlaps.
fn intervals(table: &PieceTable) -> Vec<(Source, Range<u64>)> {
    let mut all: Vec<_> =
        table.pieces().map(|piece| (canonical(piece.source), piece.offset..piece.offset + piece.len)).collect();
    all.sort_unstable_by_key(|(source, range)| (*source, range.start));
    let mut joined: Vec<(Source, Range<u64>)> = Vec::with_capacity(all.len());
    for (source, range) in all {
        match joined.last_mut() {
            Some((of, last)) if *of == source && range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push((source, range)),
        }
    }
    joined
}

/// Streams whose bytes do not depend on the seed are one.
fn canonical(source: Source) -> Source {
    match source.kind {
        Kind::Zero => Source { seed: 0, ..source },
        Kind::Mixed(mixed) if mixed.compress() == 100 => Source { kind: Kind::Zero, seed: 0, ..source },
        _ => source,
    }
}

fn push(ranges: &mut Vec<Range<u64>>, range: Range<u64>) {
    match ranges.last_mut() {
        _ if range.is_empty() => {}
        Some(last) if last.end == range.start => last.end = range.end,
        _ => ranges.push(range),
    }
}
