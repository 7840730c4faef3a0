//! What the files are, and how well they compress.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use super::cells::CellView;
use crate::dataset::layout::Section;
use crate::recipe::{Kind, Mixed};

/// Files of one extension and kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TypeSummary {
    /// Extension without the dot, or none.
    pub ext: Option<String>,
    /// Kind of the contents, as names spell it.
    pub kind: String,
    /// Files, several names of one counted once.
    pub files: u64,
    /// Their bytes.
    pub bytes: u128,
    /// What zstd -3 is expected to leave of these: see [`kept`].
    pub compressed: u128,
}

/// Adds up files by type.
#[derive(Default)]
pub(super) struct TypeCounter<'a> {
    rows: BTreeMap<(Option<&'a str>, Kind), Row>,
}

#[derive(Default)]
struct Row {
    files: u64,
    bytes: u128,
    compressed: f64,
}

impl<'a> TypeCounter<'a> {
    pub(super) fn add(&mut self, view: &CellView<'a>) {
        let stratum = view.stratum;
        let ext = stratum.ext.as_deref();
        match view.cell.section {
            Section::Symlink(_) => {}
            // A hole, and zeros written out.
            Section::Sparse => {
                self.add_files(ext, Kind::Zero, view, 1, 0);
                self.add_files(ext, Kind::Mixed(Mixed::ZEROS), view, 1, 0);
            }
            _ => self.add_files(ext, stratum.kind, view, view.files, view.longer),
        }
    }

    /// `files` of each group, `longer` of them with one byte more.
    fn add_files(&mut self, ext: Option<&'a str>, kind: Kind, view: &CellView<'a>, files: u64, longer: u64) {
        let row = self.rows.entry((ext, kind)).or_default();
        for point in &view.points {
            let count = files * point.groups;
            let bytes = u128::from(point.size) * u128::from(count) + u128::from(longer * point.groups);
            row.files += count;
            row.bytes += bytes;
            row.compressed += bytes as f64 * kept(kind, point.size);
        }
    }

    /// All types, those with the most bytes first.
    pub(super) fn finish(self) -> Vec<TypeSummary> {
        let row = |((ext, kind), row): ((Option<&str>, Kind), Row)| TypeSummary {
            ext: ext.map(str::to_owned),
            kind: kind.to_string(),
            files: row.files,
            bytes: row.bytes,
            compressed: row.compressed as u128,
        };
        let mut types: Vec<TypeSummary> = self.rows.into_iter().map(row).collect();
        types.sort_by_key(|row| Reverse((row.bytes, row.files)));
        types
    }
}

/// Sizes for which the tables below were measured.
const MEASURED: [u64; 5] = [256, 1024, 4096, 16_384, 131_072];

/// The part of a file's bytes, 0 to 1, that zstd -3 leaves when it gets them in blocks of 128 KiB, as backup programs
/// and file systems do.
///
/// `random` leaves all, `c<N>` what is not zero and 0.4 %, and holes nothing; `text`, `stamp`, `classic` and `chunks`
/// were measured with zstd 1.5 on 16 seeds at five sizes, in between it is interpolated. What does not shrink is taken
/// to be stored as it is. The repeated units of `d<N>` are too far apart for a compressor of such blocks.
pub fn kept(kind: Kind, size: u64) -> f64 {
    match kind {
        Kind::Random => 1.0,
        Kind::Zero => 0.0,
        Kind::Text => measured([0.650, 0.485, 0.354, 0.300, 0.253], size),
        Kind::Stamp => measured([0.608, 0.369, 0.283, 0.244, 0.160], size),
        Kind::Classic => measured([0.616, 0.349, 0.096, 0.035, 0.014], size),
        Kind::Chunks => measured([0.644, 0.416, 0.183, 0.120, 0.084], size),
        Kind::Mixed(mixed) if mixed.compress() == 100 => 0.0,
        Kind::Mixed(mixed) => {
            let zeros = f64::from(mixed.compress()) / 100.0;
            // The first cell begins with what is kept.
            let share = if size < 512 { (1.0 - zeros) * 512.0 / size.max(1) as f64 } else { 1.0 - zeros };
            let overhead = 0.004 + 20.0 / size.max(1) as f64;
            (share + if mixed.compress() == 0 { 0.0 } else { overhead }).min(1.0)
        }
    }
}

/// Between the measured sizes along the logarithm of the size.
fn measured(kept: [f64; 5], size: u64) -> f64 {
    let at = MEASURED.partition_point(|&measured| measured <= size);
    match at {
        0 => kept[0] + (1.0 - kept[0]) * (1.0 - size as f64 / MEASURED[0] as f64),
        5 => kept[4],
        _ => {
            let (low, high) = (MEASURED[at - 1] as f64, MEASURED[at] as f64);
            let part = (size as f64 / low).ln() / (high / low).ln();
            kept[at - 1] + (kept[at] - kept[at - 1]) * part
        }
    }
}
