//! Numbers for people, and the rows that the text and the picture of a summary have in common.

use crate::summary::{Level, SizeBin, Summary, TypeSummary};
use crate::units::{civil_day, human_size};

/// Digits in groups of three.
pub(crate) fn count(number: impl Into<u128>) -> String {
    let digits = number.into().to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count in a narrow place: from ten millions on in M, G and T, the powers of 1,000.
pub(crate) fn short(number: impl Into<u128>) -> String {
    let number = number.into();
    match number {
        0..10_000_000 => count(number),
        _ => {
            let steps = [(1_000_000_000_000u128, "T"), (1_000_000_000, "G"), (1_000_000, "M")];
            let (unit, letter) = steps.into_iter().find(|&(unit, _)| number >= unit).unwrap_or(steps[2]);
            format!("{}.{} {letter}", count(number / unit), number % unit * 10 / unit)
        }
    }
}

/// A number of bytes in the largest binary unit; exbibytes are the last.
pub(crate) fn bytes(bytes: u128) -> String {
    match u64::try_from(bytes) {
        Ok(bytes) => human_size(bytes),
        Err(_) => format!("{} EiB", count(bytes >> 60)),
    }
}

/// A part of a whole: one decimal, and never 0.0 for what is more than nothing.
pub(crate) fn percent(share: f64) -> String {
    if share > 0.0 && share < 0.0005 { "<0.1 %".into() } else { format!("{:.1} %", share * 100.0) }
}

/// A mean: one decimal, none where it would say nothing.
pub(crate) fn mean(number: f64) -> String {
    if number < 999.95 { format!("{number:.1}") } else { count(number.round() as u128) }
}

/// A count and its noun, which takes an s but for one.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A moment in milliseconds from 1970, as `2024-12-31 23:59:59 UTC`; behind the year 9999 its last second.
pub(crate) fn moment(milliseconds: u64) -> String {
    let seconds = (milliseconds / 1000).min(253_402_300_799);
    let (day, second) = ((seconds / 86_400) as i64, seconds % 86_400);
    let [hour, minute, second] = [second / 3600, second / 60 % 60, second % 60];
    format!("{} {hour:02}:{minute:02}:{second:02} UTC", civil_day(day))
}

/// A time of so many microseconds: three digits that count, in its largest unit up to minutes.
pub(crate) fn span(microseconds: u64) -> String {
    let (number, unit) = match microseconds {
        0..1_000 => return format!("{microseconds} µs"),
        1_000..1_000_000 => (microseconds as f64 / 1e3, "ms"),
        1_000_000..600_000_000 => (microseconds as f64 / 1e6, "s"),
        _ => (microseconds as f64 / 6e7, "min"),
    };
    let decimals = if number < 9.995 {
        2
    } else if number < 99.95 {
        1
    } else {
        0
    };
    format!("{number:.decimals$} {unit}")
}

/// Which figures are exact, and which are not: what they are, and a list of them.
pub(crate) fn exactness(summary: &Summary) -> Vec<(&'static str, String)> {
    let parts = [
        (summary.sizes.bytes_exact, "bytes", "bytes, to better than 1 %"),
        (summary.folders.exact, "files in each folder", "files in each folder"),
    ];
    let sure = parts.iter().filter(|(exact, ..)| *exact).map(|&(_, figure, _)| figure);
    let sure: Vec<&str> = ["counts"].into_iter().chain(sure).collect();
    let sampled: Vec<&str> = parts.iter().filter(|(exact, ..)| !exact).map(|&(.., figure)| figure).collect();
    let duplicates = summary.duplicates.exact;
    let mut rows = vec![("exact", sure.join(", ") + if duplicates { ", duplicates" } else { "" })];
    if !sampled.is_empty() {
        rows.push(("sampled", sampled.join(", ")));
    }
    if !duplicates {
        rows.push(("at least", "duplicates, and what whole files save".into()));
    }
    rows.push(("estimated", "what compression, blocks and chunks save".into()));
    rows
}

/// Part of a whole, 0 where there is none.
pub(crate) fn part(of: u128, whole: u128) -> f64 {
    if whole == 0 { 0.0 } else { of as f64 / whole as f64 }
}

/// One row of a histogram with two bars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) label: String,
    pub(crate) first: u128,
    pub(crate) second: u128,
}

/// Files and bytes by size: neighbouring bins together where there are more than `most`, the empty files by themselves.
pub(crate) fn sizes(summary: &Summary, most: usize) -> Vec<Row> {
    let bins = &summary.sizes.histogram;
    let step = bins.len().div_ceil(most.max(1)).max(1);
    let (empty, others): (&[SizeBin], &[SizeBin]) = match bins.split_first() {
        Some((first, others)) if first.from == 0 && step > 1 => (std::slice::from_ref(first), others),
        _ => (&[], bins),
    };
    let row = |bins: &[SizeBin]| Row {
        // Bins start at powers of two.
        label: bins.first().map_or(String::new(), |bin| human_size(bin.from).replace(".0", "")),
        first: bins.iter().map(|bin| u128::from(bin.files)).sum(),
        second: bins.iter().map(|bin| bin.bytes).sum(),
    };
    // Between the empty files and the smallest of the others nothing is to be seen.
    let smallest = others.chunks(step).skip_while(|bins| !empty.is_empty() && bins.iter().all(|bin| bin.files == 0));
    empty.chunks(1).chain(smallest).map(row).collect()
}

/// Files and folders by depth, neighbouring levels together where there are more than `most`.
pub(crate) fn depths(summary: &Summary, most: usize) -> Vec<Row> {
    let step = summary.depth.len().div_ceil(most.max(1)).max(1);
    let row = |levels: &[Level]| Row {
        label: match levels {
            [first, .., last] => format!("{}-{}", first.depth, last.depth),
            _ => levels.iter().map(|level| level.depth.to_string()).collect(),
        },
        first: levels.iter().map(|level| u128::from(level.files)).sum(),
        second: levels.iter().map(|level| u128::from(level.folders)).sum(),
    };
    summary.depth.chunks(step).map(row).collect()
}

/// A type of files with its counts: extension and kind, the smaller ones together as the last row.
pub(crate) struct TypeRow {
    pub(crate) label: String,
    pub(crate) files: u64,
    pub(crate) bytes: u128,
    pub(crate) compressed: u128,
}

pub(crate) fn types(summary: &Summary, most: usize) -> Vec<TypeRow> {
    let ext = |row: &TypeSummary| row.ext.as_ref().map_or("(none)".into(), |ext| format!(".{ext}"));
    let wide = summary.types.iter().take(most + 1).map(|row| ext(row).len()).max().unwrap_or(0);
    let row = |row: &TypeSummary| TypeRow {
        label: format!("{:<wide$}  {}", ext(row), row.kind),
        files: row.files,
        bytes: row.bytes,
        compressed: row.compressed,
    };
    // A single further row is shown itself.
    if summary.types.len() <= most + 1 {
        return summary.types.iter().map(row).collect();
    }
    let (shown, others) = summary.types.split_at(most);
    let others = TypeRow {
        label: format!("{} more", others.len()),
        files: others.iter().map(|row| row.files).sum(),
        bytes: others.iter().map(|row| row.bytes).sum(),
        compressed: others.iter().map(|row| row.compressed).sum(),
    };
    shown.iter().map(row).chain([others]).collect()
}

/// The expected savings: what by, what is left, and the share that is saved.
pub(crate) fn savings(summary: &Summary) -> [(String, u128, f64); 4] {
    let expected = &summary.expected;
    let size = |size| human_size(size).replace(".0", "");
    [
        ("whole files".into(), expected.whole_file),
        (format!("blocks of {}", size(expected.fixed_block)), expected.fixed),
        (format!("chunks of about {}", size(expected.chunk_average)), expected.content_defined),
        ("compression alone".into(), expected.compression),
    ]
    .map(|(label, saving)| (label, saving.left, saving.share))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Dataset, Spec};

    #[test]
    fn numbers_have_groups_and_units() {
        for (number, text) in [(0u64, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
        for (number, text) in [(9_999_999u64, "9,999,999"), (10_000_000, "10.0 M"), (1_950_000_000_000, "1.9 T")] {
            assert_eq!(short(number), text);
        }
        for (share, text) in [(0.0, "0.0 %"), (1e-9, "<0.1 %"), (0.0006, "0.1 %"), (1.0, "100.0 %")] {
            assert_eq!(percent(share), text);
        }
        assert_eq!((mean(8.26), mean(12_345.6)), ("8.3".into(), "12,346".into()));
        assert_eq!((counted(1, "group"), counted(2, "group")), ("1 group".into(), "2 groups".into()));
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(5000 << 60), "5,000 EiB");
    }

    #[test]
    fn times_have_units() {
        assert_eq!(moment(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(moment(1_735_689_599_999), "2024-12-31 23:59:59 UTC");
        assert_eq!(moment(u64::MAX), "9999-12-31 23:59:59 UTC");
        for (time, text) in [(7, "7 µs"), (1_500, "1.50 ms"), (12_345_678, "12.3 s"), (999_600_000, "16.7 min")] {
            assert_eq!(span(time), text);
        }
    }

    #[test]
    fn rows_together_are_the_whole() {
        let spec = "files=3000,dirs=900,fanout=1,size=lognormal:10,4,empty=3,kind=mixed";
        let summary = Summary::of(&Dataset::new(Spec::parse(spec).unwrap()).unwrap());
        for most in [1, 3, 10, 10_000] {
            let rows = sizes(&summary, most);
            assert!(rows.len() <= most + 1);
            assert_eq!(rows.iter().map(|row| row.first).sum::<u128>(), summary.counts.files.into());
            assert_eq!(rows.iter().map(|row| row.second).sum::<u128>(), summary.sizes.bytes);
            assert_eq!(depths(&summary, most).iter().map(|row| row.second).sum::<u128>(), 901);
            let types = types(&summary, most);
            assert_eq!(types.iter().map(|row| row.bytes).sum::<u128>(), summary.sizes.bytes);
        }
    }
}
