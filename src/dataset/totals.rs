//! How many bytes the files of a dataset have, without looking at each.
//!
//! Within a cell the sizes rise with the rank, so few of them tell the sum: the largest thousand are added up one by
//! one, the others by samples of ranges that double in length towards the smaller ones.

use super::layout::{Cell, Layout, NEAR_MIN, Section};
use super::spec::{MAX_COUNT, Spec, SpecError};
use super::types::{Stratum, strata};
use crate::edition::Edit;
use crate::units::MAX_SIZE;

/// Groups that are added up one by one, from the largest down.
const EXACT: u64 = 1024;

/// Samples of each of the ranges below.
const SAMPLES: u64 = 32;

/// Bytes between the sizes of sparse twins, so that all pairs are different.
pub(super) const SPARSE_STEP: u64 = 65_536;

/// Size of the files of a group, as edition 0 has it.
#[inline]
pub(super) fn group_size(cell: &Cell, stratum: &Stratum, group: u64, scale: Option<f64>) -> u64 {
    let size = || stratum.size((group as f64 + 0.5) / cell.groups as f64, scale);
    match cell.section {
        Section::Single | Section::Duplicates | Section::HardLinks => size(),
        // One byte less than the most, which an edit may insert.
        Section::Near => size().max(NEAR_MIN).max(stratum.kind.distinct_size().unwrap_or(0)).min(MAX_SIZE - 1),
        Section::Sparse => (cell.before + group + 1) * SPARSE_STEP,
        Section::Empty | Section::Symlink(_) => 0,
    }
}

/// Files of a group that count by themselves: names of one file count once.
fn files_of_group(cell: &Cell) -> u64 {
    if cell.section == Section::HardLinks { 1 } else { cell.members }
}

/// Bytes of all files of a cell.
pub(super) fn cell_bytes(cell: &Cell, stratum: &Stratum, scale: Option<f64>) -> f64 {
    let size = |group: u64| group_size(cell, stratum, group, scale) as f64;
    let exact = cell.groups.min(EXACT);
    let mut sum: f64 = (cell.groups - exact..cell.groups).map(size).sum();
    let mut end = cell.groups - exact;
    let mut len = exact;
    while end > 0 {
        len = (2 * len).min(end);
        let start = end - len;
        let samples = len.min(SAMPLES);
        let at = |i: u64| start + ((2 * u128::from(i) + 1) * u128::from(len) / (2 * u128::from(samples))) as u64;
        sum += (0..samples).map(|i| size(at(i))).sum::<f64>() * (len as f64 / samples as f64);
        end = start;
    }
    sum * files_of_group(cell) as f64
}

/// Bytes of all files, to much better than 1 % for any number of files.
pub(super) fn total(layout: &Layout, strata: &[Stratum], scale: Option<f64>) -> f64 {
    layout.cells().iter().map(|cell| cell_bytes(cell, &strata[cell.stratum], scale)).sum()
}

/// Bytes that near-duplicates have beyond those of the files they were made from.
pub(super) fn inserted(layout: &Layout, edits: &[Edit]) -> u64 {
    let Some(at) = edits.iter().position(|&edit| edit == Edit::Insert) else { return 0 };
    // The first file of a group is no edit.
    let inserts = |cell: &&Cell| cell.section == Section::Near && at as u64 + 1 < cell.members;
    layout.cells().iter().filter(inserts).map(|cell| cell.groups).sum()
}

/// What all sizes are multiplied by so that they add up to what was asked for.
///
/// # Errors
/// The files cannot have so few, or so many, bytes.
pub(super) fn scale_to(layout: &Layout, strata: &[Stratum], bytes: u64) -> Result<f64, SpecError> {
    let mut scale = 1.0;
    let mut reached = 0.0;
    for _ in 0..60 {
        reached = total(layout, strata, Some(scale));
        if reached <= 0.0 || (reached / bytes as f64 - 1.0).abs() < 1e-4 {
            break;
        }
        // Sums are nearly proportional to the scale; where rounding holds them back, larger steps do no harm.
        scale = (scale * bytes as f64 / reached).clamp(1e-18, 1e18);
    }
    if (reached / bytes as f64 - 1.0).abs() < 0.01 {
        return Ok(scale);
    }
    Err(SpecError::new(format!(
        "bytes={bytes}: cannot be reached, the nearest is about {reached:.0}; ask for other bytes, or fewer or more files"
    )))
}

/// How many files have so many bytes together, with the sizes as they come: of the numbers looked at the one whose bytes
/// are nearest.
///
/// # Errors
/// All files are empty, or there would be too many.
pub(super) fn files_for(spec: &Spec, bytes: u64) -> Result<u64, SpecError> {
    let mut spec = Spec { bytes: None, files: 1_000_000, ..spec.clone() };
    let strata = strata(&spec);
    let (mut nearest, mut least) = (spec.files, f64::INFINITY);
    // The mean grows with the number of files where the tail is heavy, so it is looked at again.
    for _ in 0..12 {
        let sum = total(&Layout::new(&spec, &strata)?, &strata, None);
        if sum <= 0.0 {
            return Err(SpecError::new(format!("bytes={bytes}: all files are empty; ask for files instead")));
        }
        let off = (sum / bytes as f64 - 1.0).abs();
        if off < least {
            (nearest, least) = (spec.files, off);
        }
        let files = (bytes as f64 / sum * spec.files as f64).ceil();
        if files > MAX_COUNT as f64 {
            return Err(SpecError::new(format!("bytes={bytes}: takes more than 2^40 files; ask for larger ones")));
        }
        let files = (files as u64).max(1);
        if files == spec.files || off < 1e-3 {
            break;
        }
        spec.files = files;
    }
    Ok(nearest)
}
