//! A summary as text: figures, and histograms drawn with blocks.

use std::fmt::{self, Write};
use std::io::IsTerminal;

use super::figures::{self, Row, bytes, count, counted, mean, part, percent};
use crate::summary::Summary;

/// How text may be drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Canvas {
    /// Columns.
    width: usize,
    /// Whether there are more than ASCII characters.
    unicode: bool,
}

/// Rows of a histogram, at most.
const ROWS: usize = 20;

/// Blocks of an eighth to seven eighths.
const EIGHTHS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];

impl Canvas {
    /// Columns are kept within 60 and 160.
    pub(crate) fn new(width: usize, unicode: bool) -> Self {
        Self { width: width.clamp(60, 160), unicode }
    }

    /// As wide as COLUMNS says, or the terminal is, or 80; in the characters of the locale.
    pub(crate) fn of_environment() -> Self {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        let width = set("COLUMNS").and_then(|columns| columns.parse().ok()).or_else(terminal).unwrap_or(80);
        // In the order in which the C library looks.
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).map(|locale| locale.to_lowercase());
        let unicode = match locale {
            Some(locale) => locale.contains("utf-8") || locale.contains("utf8"),
            // The console of Windows shows every character; what reads a pipe or a file may take it for a code page.
            None => cfg!(windows) && std::io::stdout().is_terminal(),
        };
        Self::new(width, unicode)
    }

    /// Columns.
    pub(crate) fn width(self) -> usize {
        self.width
    }

    /// A bar as long as a part of so many columns; what is not nothing is seen.
    pub(crate) fn bar(self, part: f64, columns: usize) -> String {
        let eighths = (part.clamp(0.0, 1.0) * columns as f64 * 8.0).round() as usize;
        let eighths = if part > 0.0 { eighths.max(1) } else { 0 };
        if !self.unicode {
            return "#".repeat(eighths.div_ceil(8));
        }
        let rest = (eighths % 8).checked_sub(1).map(|at| EIGHTHS[at]);
        std::iter::repeat_n('█', eighths / 8).chain(rest).collect()
    }

    /// The whole summary of a dataset that was called `name`.
    pub(crate) fn draw(self, name: &str, summary: &Summary) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut out, name, summary);
        out
    }

    fn write(self, out: &mut String, name: &str, summary: &Summary) -> fmt::Result {
        writeln!(out, "dataset   {name}\nidentity  {}\nseed      {}\n", summary.identity, summary.seed)?;
        totals(out, summary)?;
        self.histogram(out, "Sizes, from", ["files", "bytes"], &figures::sizes(summary, ROWS), bytes)?;
        self.histogram(out, "Depth", ["files", "folders"], &figures::depths(summary, ROWS), count)?;
        self.types(out, summary)?;
        duplicates(out, summary)?;
        self.savings(out, summary)?;
        writeln!(out)?;
        figures::exactness(summary).iter().try_for_each(|(how, what)| writeln!(out, "{how:<10}  {what}"))
    }

    /// Two bars side by side: counts, and whatever `second` writes.
    fn histogram(
        self,
        out: &mut String,
        title: &str,
        heads: [&str; 2],
        rows: &[Row],
        second: impl Fn(u128) -> String,
    ) -> fmt::Result {
        let firsts: Vec<String> = rows.iter().map(|row| count(row.first)).collect();
        let seconds: Vec<String> = rows.iter().map(|row| second(row.second)).collect();
        let wide = |texts: &[String], head: &str| texts.iter().map(String::len).max().unwrap_or(0).max(head.len());
        let (one, two) = (wide(&firsts, heads[0]), wide(&seconds, heads[1]));
        let columns = self.width.saturating_sub(16 + one + two) / 2;
        writeln!(out, "{title:<12}{:>one$}{:columns$}{:>two$}", heads[0], "", heads[1], columns = columns + 3)?;
        let most = |value: fn(&Row) -> u128| rows.iter().map(value).max().unwrap_or(0);
        let (most_first, most_second) = (most(|row| row.first), most(|row| row.second));
        for ((row, first), second) in rows.iter().zip(&firsts).zip(&seconds) {
            let bar = self.bar(part(row.first, most_first), columns);
            let last = self.bar(part(row.second, most_second), columns);
            let line = format!("{:>11} {first:>one$} {bar:<columns$}  {second:>two$} {last}", row.label);
            writeln!(out, "{}", line.trim_end())?;
        }
        writeln!(out)
    }

    fn types(self, out: &mut String, summary: &Summary) -> fmt::Result {
        let rows = figures::types(summary, 16);
        let wide = rows.iter().map(|row| row.label.len()).max().unwrap_or(0).max(5);
        let files = rows.iter().map(|row| count(row.files).len()).max().unwrap_or(0).max(5);
        let columns = self.width.saturating_sub(wide + files + 28);
        let most = rows.iter().map(|row| row.bytes).max().unwrap_or(0);
        writeln!(out, "{:<wide$}  {:>files$}  {:>10}  {:>8}", "Types", "files", "bytes", "zstd -3")?;
        for row in rows {
            let kept = percent(part(row.compressed, row.bytes));
            let bar = self.bar(part(row.bytes, most), columns);
            let line = format!(
                "{:<wide$}  {:>files$}  {:>10}  {kept:>8}  {bar}",
                row.label,
                count(row.files),
                bytes(row.bytes)
            );
            writeln!(out, "{}", line.trim_end())?;
        }
        writeln!(out)
    }

    fn savings(self, out: &mut String, summary: &Summary) -> fmt::Result {
        let rows = figures::savings(summary);
        let wide = rows.iter().map(|(label, ..)| label.len()).max().unwrap_or(0).max(22);
        let columns = self.width.saturating_sub(wide + 26);
        writeln!(out, "{:<wide$}  {:>8}  {:>10}", "Expected to be saved", "share", "left")?;
        for (label, left, share) in rows {
            let line =
                format!("{label:<wide$}  {:>8}  {:>10}  {}", percent(share), bytes(left), self.bar(share, columns));
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// More about a number, where it is not 0.
fn some(number: u64, more: impl FnOnce() -> String) -> String {
    if number == 0 { String::new() } else { more() }
}

fn totals(out: &mut String, summary: &Summary) -> fmt::Result {
    let (counts, sizes, folders) = (&summary.counts, &summary.sizes, &summary.folders);
    let about = |exact: bool| if exact { "" } else { "about " };
    let links = &counts.symlinks;
    let rows = [
        ("files", count(counts.files), format!("{} of them empty", count(counts.empty))),
        (
            "bytes",
            format!("{}{}", about(sizes.bytes_exact), bytes(sizes.bytes)),
            format!(
                "mean {}, median {}, largest {}",
                bytes(sizes.mean as u128),
                bytes(sizes.median.into()),
                bytes(sizes.largest.into())
            ),
        ),
        (
            "hard links",
            count(counts.hard_links),
            some(counts.hard_links, || {
                format!("further names of {}", counted(summary.duplicates.hard_link_groups, "file"))
            }),
        ),
        (
            "symbolic links",
            count(links.sum()),
            some(links.sum(), || {
                [
                    (links.relative, "relative"),
                    (links.absolute, "absolute"),
                    (links.dangling, "dangling"),
                    (links.loops, "loops"),
                ]
                .map(|(number, what)| format!("{} {what}", count(number)))
                .join(", ")
            }),
        ),
        ("folders", count(counts.folders), format!("{} deep", summary.depth.len() - 1)),
        (
            "files in each",
            mean(folders.mean),
            format!(
                "on average; at most {}{}, {} empty",
                about(folders.exact),
                count(folders.largest),
                count(folders.empty)
            ),
        ),
        ("inodes", count(counts.inodes), "the root among them".into()),
        ("cases", count(counts.cases), "hand-made, beside all these".into()),
    ];
    let rows = rows.into_iter().filter(|(what, ..)| *what != "cases" || counts.cases > 0);
    let rows: Vec<_> = rows.collect();
    let wide = rows.iter().map(|(_, figure, _)| figure.len()).max().unwrap_or(0);
    for (what, figure, more) in rows {
        writeln!(out, "{}", format!("{what:<14}  {figure:>wide$}  {more}").trim_end())?;
    }
    writeln!(out)
}

fn duplicates(out: &mut String, summary: &Summary) -> fmt::Result {
    let found = &summary.duplicates;
    match (found.groups, if found.exact { "" } else { "at least " }) {
        (0, "") => writeln!(out, "Duplicates  0 files")?,
        (groups, least) => writeln!(
            out,
            "Duplicates  {least}{}, {}, beyond the first of each of {}",
            counted(found.copies, "file"),
            bytes(found.bytes),
            counted(groups, "group")
        )?,
    }
    if !found.exact {
        writeln!(out, "            others may be equal by chance; seedfs duplicates looks at them")?;
    }
    if found.sparse_pairs > 0 {
        writeln!(out, "            {} of the groups are a hole and its zeros written out", count(found.sparse_pairs))?;
    }
    if found.near_groups > 0 {
        let (files, size) = found.near.iter().fold((0, 0), |(n, b), near| (n + near.files, b + near.bytes));
        let groups = count(found.near_groups);
        writeln!(out, "Near        {} files, {}, made by small changes of {groups} others", count(files), bytes(size))?;
        for near in &found.near {
            writeln!(out, "            {:>9}  {}", count(near.files), near.description)?;
        }
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Dataset, Spec, spec::presets};

    fn drawn(name: &str, canvas: Canvas) -> String {
        canvas.draw(name, &Summary::of(&Dataset::new(Spec::parse(name).unwrap()).unwrap()))
    }

    #[test]
    fn lines_keep_to_the_width() {
        for name in presets::NAMES {
            for width in [80, 100, 160] {
                let text = drawn(name, Canvas::new(width, true));
                let longest = text.lines().max_by_key(|line| line.chars().count()).unwrap();
                assert!(longest.chars().count() <= width, "{name}: {longest}");
            }
        }
    }

    #[test]
    fn plain_locales_get_plain_characters() {
        assert!(drawn("torture", Canvas::new(80, false)).is_ascii());
        assert!(drawn("torture", Canvas::new(80, true)).contains('█'));
    }

    #[test]
    fn bars_are_as_long_as_their_part() {
        let canvas = Canvas::new(80, true);
        assert_eq!(canvas.bar(1.0, 3), "███");
        assert_eq!(canvas.bar(0.5, 3), "█▌");
        assert_eq!(canvas.bar(1e-9, 3), "▏");
        assert_eq!(canvas.bar(0.0, 3), "");
        assert_eq!(Canvas::new(80, false).bar(0.5, 3), "##");
    }
}
