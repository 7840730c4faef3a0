//! A summary as a picture.

use super::figures::{self, Row, bytes, count, part, percent, short};
use super::picture::{MARGIN, Picture, WIDTH, clipped};
use crate::summary::Summary;

/// Width of one of two columns.
const COLUMN: f64 = (WIDTH - 3.0 * MARGIN) / 2.0;
/// Where the right column starts.
const RIGHT: f64 = 2.0 * MARGIN + COLUMN;
/// Height of a row of a list.
const ROW: f64 = 22.0;
/// Height of the bars of a chart with columns.
const CHART: f64 = 110.0;

/// The picture of a dataset that was called `name`.
pub(crate) fn draw(name: &str, summary: &Summary) -> String {
    let mut picture = Picture::default();
    let top = picture.header(name, summary);
    let rows = figures::sizes(summary, 36);
    let files = picture.columns(MARGIN, top, ["Files by size", "one"], &rows, |row| row.first, &count);
    let weight = picture.columns(RIGHT, top, ["Bytes by size", "two"], &rows, |row| row.second, &bytes);
    let top = files.max(weight);
    let types = picture.types(MARGIN, top, summary);
    let depth = picture.depth(RIGHT, top, summary);
    let savings = picture.savings(RIGHT, depth, summary);
    picture.finish(name, types.max(savings), summary)
}

impl Picture {
    /// Title and totals; returns where it ends.
    fn header(&mut self, name: &str, summary: &Summary) -> f64 {
        self.text(MARGIN, 44.0, "title", clipped(name, 60));
        self.text(MARGIN, 64.0, "soft", format_args!("identity {}", summary.identity));
        let (counts, duplicates) = (&summary.counts, &summary.duplicates);
        let figures = [
            (short(counts.files), format!("files, {} empty", short(counts.empty))),
            (bytes(summary.sizes.bytes), format!("median {}", bytes(summary.sizes.median.into()))),
            (short(counts.folders), format!("folders, {} deep", summary.depth.len() - 1)),
            (short(duplicates.copies), format!("duplicates, {}", bytes(duplicates.bytes))),
            (short(counts.hard_links + counts.symlinks.sum()), "hard and symbolic links".into()),
        ];
        let step = (WIDTH - 2.0 * MARGIN) / figures.len() as f64;
        for (i, (figure, what)) in figures.iter().enumerate() {
            let x = MARGIN + step * i as f64;
            self.text(x, 104.0, "big", figure);
            self.text(x, 122.0, "soft", what);
        }
        160.0
    }

    /// A chart of upright bars over a common axis of sizes; returns where it ends.
    fn columns(
        &mut self,
        x: f64,
        top: f64,
        [title, class]: [&str; 2],
        rows: &[Row],
        value: impl Fn(&Row) -> u128,
        write: &dyn Fn(u128) -> String,
    ) -> f64 {
        let most = rows.iter().map(&value).max().unwrap_or(0);
        self.text(x, top, "head", title);
        self.text(x + COLUMN, top, "soft end", format_args!("most: {}", write(most)));
        let bottom = top + 16.0 + CHART;
        self.line([x, bottom, x + COLUMN, bottom], "axis");
        let step = COLUMN / rows.len().max(1) as f64;
        // About seven labels fit.
        let every = rows.len().div_ceil(7).max(1);
        for (i, row) in rows.iter().enumerate() {
            let left = x + step * i as f64;
            let height = part(value(row), most) * CHART;
            let hint = format!("from {}: {}", row.label, write(value(row)));
            if value(row) > 0 {
                let height = height.max(1.0);
                self.bar([left + step * 0.08, bottom - height, step * 0.84, height], class, &hint);
            }
            // The last label keeps within the chart.
            if i + 1 == rows.len() && i % every == 0 && i > 0 {
                self.text(x + COLUMN, bottom + 16.0, "soft end", &row.label);
            } else if i % every == 0 {
                self.text(left + step / 2.0, bottom + 16.0, "soft mid", &row.label);
            }
        }
        bottom + 56.0
    }

    /// Entries and folders by depth; returns where it ends.
    fn depth(&mut self, x: f64, top: f64, summary: &Summary) -> f64 {
        let rows = figures::depths(summary, 8);
        self.text(x, top, "head", "Depth");
        self.legend(x + COLUMN, top, [("two", "folders"), ("one", "files")]);
        let most = |value: fn(&Row) -> u128| rows.iter().map(value).max().unwrap_or(0);
        let (files, folders) = (most(|row| row.first), most(|row| row.second));
        let wide = COLUMN - 190.0;
        let mut y = top + 12.0;
        for row in &rows {
            self.text(x + 40.0, y + 14.0, "end", &row.label);
            let hint = format!("{} files, {} folders", count(row.first), count(row.second));
            for (class, share, down) in [("one", part(row.first, files), 3.0), ("two", part(row.second, folders), 10.0)]
            {
                if share > 0.0 {
                    self.bar([x + 50.0, y + down, (share * wide).max(1.0), 6.0], class, &hint);
                }
            }
            self.text(x + COLUMN, y + 14.0, "soft end", format_args!("{} / {}", short(row.first), short(row.second)));
            y += ROW;
        }
        y + 40.0
    }

    /// Types by their bytes, what a compressor leaves of them in front; returns where it ends.
    fn types(&mut self, x: f64, top: f64, summary: &Summary) -> f64 {
        let rows = figures::types(summary, 14);
        self.text(x, top, "head", "Types");
        self.legend(x + COLUMN, top, [("one", "after zstd -3"), ("track", "bytes")]);
        let most = rows.iter().map(|row| row.bytes).max().unwrap_or(0);
        let wide = COLUMN - 190.0;
        let mut y = top + 12.0;
        for row in &rows {
            self.text(x, y + 14.0, "", clipped(&row.label, 18));
            let hint =
                format!("{} files, {}, {} after zstd -3", count(row.files), bytes(row.bytes), bytes(row.compressed));
            let width = part(row.bytes, most) * wide;
            if row.bytes > 0 {
                self.bar([x + 110.0, y + 4.0, width.max(1.0), 13.0], "track", &hint);
                self.bar([x + 110.0, y + 4.0, width * part(row.compressed, row.bytes), 13.0], "one", &hint);
            }
            self.text(x + COLUMN, y + 14.0, "soft end", bytes(row.bytes));
            y += ROW;
        }
        y + 40.0
    }

    /// What may be saved, by method; returns where it ends.
    fn savings(&mut self, x: f64, top: f64, summary: &Summary) -> f64 {
        self.text(x, top, "head", "Expected to be saved");
        let wide = COLUMN - 250.0;
        let mut y = top + 12.0;
        for (label, left, share) in figures::savings(summary) {
            self.text(x, y + 14.0, "", &label);
            let hint = format!("{} are left", bytes(left));
            self.bar([x + 190.0, y + 4.0, wide, 13.0], "track", &hint);
            if share > 0.0 {
                self.bar([x + 190.0, y + 4.0, (wide * share).max(1.0), 13.0], "three", &hint);
            }
            self.text(x + COLUMN, y + 14.0, "soft end", percent(share));
            y += ROW;
        }
        y + 40.0
    }

    /// The whole document: what is exact stands at the bottom, which is at `height` without it.
    fn finish(mut self, name: &str, height: f64, summary: &Summary) -> String {
        let mut y = height;
        for (how, what) in figures::exactness(summary) {
            self.text(MARGIN, y, "soft", format_args!("{how}: {what}"));
            y += 17.0;
        }
        self.document(&format!("seedfs dataset {name}"), y + 12.0, "")
    }
}
