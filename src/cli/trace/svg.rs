//! A trace as a picture: time from left to right, places from bottom to top, bytes as brightness.

use std::fmt::Write;
use std::path::Path;

use super::{Traced, failed};
use crate::cli::error::CliError;
use crate::cli::figures::{bytes, count, moment, percent, short, span};
use crate::cli::picture::{MARGIN, Picture, WIDTH, clipped};
use crate::observe::{Event, Picture as Seen, Place};
use crate::stats::Op;
use crate::trace::{Cell, Grid, Rows, Scale, revisit};
use crate::vfs::Ino;

/// Width and height of a cell.
const CELL: f64 = 4.0;
const COLUMNS: usize = 208;
const ROWS: usize = 100;

/// The left edge of the map, behind its labels.
const LEFT: f64 = 92.0;
const TOP: f64 = 176.0;
const BOTTOM: f64 = TOP + CELL * ROWS as f64;

/// Levels of brightness.
const LEVELS: usize = 6;

/// Height of a strip, and from one to the next.
const STRIP: f64 = 9.0;
const STRIP_STEP: f64 = 14.0;

/// What the strips below the map count: names stand for attributes as well.
const STRIPS: [(&str, &[Op]); 4] = [
    ("listings", &[Op::ReadDir, Op::ReadDirPlus]),
    ("names", &[Op::Lookup, Op::GetAttr, Op::ReadLink, Op::GetXattr, Op::ListXattr, Op::StatFs]),
    ("opens", &[Op::Open]),
    ("reads", &[Op::Read]),
];

/// First reads are blue, repeated ones orange, strips green: from faint to strong on white, from dim to bright on black.
const STYLE: &str = "\
path{fill:none;stroke-width:4}.strip{stroke-width:9}.frame{stroke:#b8c2cc;stroke-width:1}.legend{stroke-width:10}\
.one1{stroke:#d3e3f5}.one2{stroke:#a6c8ea}.one3{stroke:#6ba3da}.one4{stroke:#3b7dc4}.one5{stroke:#1d5aa3}\
.one6{stroke:#0b3b78}.two1{stroke:#fbe3c8}.two2{stroke:#f6c48d}.two3{stroke:#ee9c4b}.two4{stroke:#d97a1d}\
.two5{stroke:#b05c0b}.two6{stroke:#7f3d02}.three1{stroke:#d5eee0}.three2{stroke:#a9dcc1}.three3{stroke:#73c39a}\
.three4{stroke:#3fa271}.three5{stroke:#217d50}.three6{stroke:#0c5733}\
@media(prefers-color-scheme:dark){.frame{stroke:#4a5764}\
.one1{stroke:#1c2f45}.one2{stroke:#24486e}.one3{stroke:#2f6aa5}.one4{stroke:#4b91d6}.one5{stroke:#86bbf0}\
.one6{stroke:#d6eaff}.two1{stroke:#3d2a17}.two2{stroke:#664218}.two3{stroke:#99601c}.two4{stroke:#cf842d}\
.two5{stroke:#f0ae66}.two6{stroke:#ffe1be}.three1{stroke:#173226}.three2{stroke:#1d4f38}.three3{stroke:#2b7a55}\
.three4{stroke:#45a878}.three5{stroke:#7ed0a8}.three6{stroke:#d2f5e4}}";

/// Everything that is counted for the picture.
struct Maps {
    grid: Grid,
    strips: [Grid; STRIPS.len()],
    /// Whether it is known of each byte if it was read before.
    knows_again: bool,
}

/// The picture of a trace, or of one file of it; files as high as `scale` says.
///
/// # Errors
/// The trace cannot be read again.
pub(super) fn draw(traced: &Traced<'_>, only: Option<u64>, scale: Option<Scale>) -> Result<String, CliError> {
    let summary = &traced.summary;
    let only = only.or(summary.only_file());
    let by_itself = if summary.files() > ROWS { Scale::Files } else { Scale::Bytes };
    let rows = match only {
        Some(ino) => Rows::alone(ino, end_of(traced, ino)?),
        None => summary.rows(scale.unwrap_or(by_itself), |ino| traced.listed.walk_key(Ino(ino))),
    };
    let maps = count_all(traced, &rows, only)?;
    let mut picture = Picture::default();
    header(&mut picture, traced, only);
    map(&mut picture, &maps.grid);
    upright_axis(&mut picture, &rows, only.is_some());
    time_axis(&mut picture, summary.duration);
    let bottom = strips(&mut picture, &maps.strips);
    let bottom = legend(&mut picture, traced, &rows, &maps, bottom, only.is_some());
    let title = format!("seedfs trace {}", traced.path.display());
    Ok(picture.document(&title, bottom, STYLE))
}

/// Where the reads of a file end.
fn end_of(traced: &Traced<'_>, ino: u64) -> Result<u64, CliError> {
    let mut end = 0;
    let reader = Traced::open(traced.path)?;
    let visit = |event: &Event| {
        if event.ino.0 == ino && event.op == Op::Read {
            end = end.max(event.offset.saturating_add(event.count.into()));
        }
    };
    revisit(reader, &traced.summary.names, visit).map_err(|error| failed(traced.path, &error))?;
    Ok(end)
}

fn count_all(traced: &Traced<'_>, rows: &Rows, only: Option<u64>) -> Result<Maps, CliError> {
    let mut maps = Maps {
        grid: Grid::new(COLUMNS, ROWS),
        strips: std::array::from_fn(|_| Grid::new(COLUMNS, 1)),
        knows_again: true,
    };
    let mut seen = Seen::default();
    let length = traced.summary.duration.max(1) as f64;
    let reader = Traced::open(traced.path)?;
    let visit = |event: &Event| maps.add(event, event.at as f64 / length, seen.add(event), rows, only);
    revisit(reader, &traced.summary.names, visit).map_err(|error| failed(traced.path, &error))?;
    Ok(maps)
}

impl Maps {
    fn add(&mut self, event: &Event, time: f64, fresh: Option<u64>, rows: &Rows, only: Option<u64>) {
        if only.is_some_and(|ino| ino != event.ino.0) && event.op == Op::Read {
            return;
        }
        for (strip, (_, ops)) in self.strips.iter_mut().zip(STRIPS) {
            if ops.contains(&event.op) {
                strip.add(time, (0.0, 1.0), Cell { fresh: 1.0, again: 0.0 });
            }
        }
        if event.op != Op::Read || event.count == 0 {
            return;
        }
        self.knows_again &= fresh.is_some();
        let all = u64::from(event.count);
        let fresh = fresh.unwrap_or(all).min(all);
        let to = event.offset.saturating_add(all);
        if let Some(place) = rows.place(event.ino.0, event.offset, to) {
            self.grid.add(time, place, Cell { fresh: fresh as f64, again: (all - fresh) as f64 });
        }
    }
}

/// The path of a file, or its number.
fn name(traced: &Traced<'_>, ino: u64) -> String {
    let known = traced.summary.names.path(ino).map(<[u8]>::to_vec).or_else(|| traced.listed.path(Ino(ino)));
    known.map_or_else(|| format!("inode {ino}"), |path| String::from_utf8_lossy(&path).into_owned())
}

fn header(picture: &mut Picture, traced: &Traced<'_>, only: Option<u64>) {
    let (summary, observed) = (&traced.summary, &traced.observed);
    let file = Path::file_name(traced.path).unwrap_or_default().display().to_string();
    let title = only.map_or_else(|| file.clone(), |ino| format!("{file}: {}", name(traced, ino)));
    picture.text(MARGIN, 44.0, "title", clipped(&title, 76));
    let start = moment(summary.header.start / 1_000_000);
    let identity = clipped(&summary.header.identity, 17);
    let generation = summary.header.generation;
    picture.text(MARGIN, 64.0, "soft", format_args!("from {start}, dataset {identity}, generation {generation}"));
    let all = observed.touched_in_all();
    let listed = observed.touched(Place::Listed).files;
    let times = observed.amplification().map_or("-".into(), |times| format!("{times:.2}"));
    let of = observed.listed_files.map_or(String::new(), |whole| format!("of {} listed", short(whole)));
    let figures = [
        (span(summary.duration), format!("{} requests", short(summary.requests))),
        (short(all.files), if listed == all.files { format!("files, {of}") } else { "files".into() }),
        (bytes(all.bytes.into()), "different bytes".into()),
        (format!("{times} ×"), format!("read, {} in all", bytes(all.read_bytes.into()))),
        (observed.sequential().map_or("-".into(), percent), "of reads go on in order".into()),
    ];
    let step = (WIDTH - 2.0 * MARGIN) / figures.len() as f64;
    for (i, (figure, what)) in figures.iter().enumerate() {
        let x = MARGIN + step * i as f64;
        picture.text(x, 104.0, "big", figure);
        picture.text(x, 122.0, "soft", what);
    }
}

/// Level of brightness of a number beside the largest one: by its logarithm, so that what is not nothing is seen.
fn level(number: f64, most: f64) -> usize {
    if number <= 0.0 {
        return 0;
    }
    let share = number.ln_1p() / most.ln_1p();
    1 + ((share * LEVELS as f64) as usize).min(LEVELS - 1)
}

/// Lines of cells that are alike, one path for each level of each colour.
struct Strokes {
    paths: [[String; LEVELS]; 3],
}

impl Strokes {
    fn new() -> Self {
        Self { paths: std::array::from_fn(|_| std::array::from_fn(|_| String::new())) }
    }

    /// The cells of a column from one row to another.
    fn column(&mut self, colour: usize, level: usize, column: usize, from: usize, to: usize) {
        let x = LEFT + CELL * (column as f64 + 0.5);
        let y = BOTTOM - CELL * from as f64;
        // Writing to a String cannot fail.
        let _ = write!(self.paths[colour][level - 1], "M{x} {y}v-{}", CELL * (to - from) as f64);
    }

    fn draw(&self, picture: &mut Picture) {
        for (colour, paths) in ["one", "two", "three"].iter().zip(&self.paths) {
            for (level, path) in paths.iter().enumerate().filter(|(_, path)| !path.is_empty()) {
                picture.path(path, &format!("{colour}{}", level + 1));
            }
        }
    }
}

fn map(picture: &mut Picture, grid: &Grid) {
    let most = grid.most();
    let shade = |cell: &Cell| (usize::from(cell.again > cell.fresh), level(cell.fresh + cell.again, most));
    let mut strokes = Strokes::new();
    for column in 0..grid.columns() {
        let shades: Vec<(usize, usize)> = grid.column(column).iter().map(shade).collect();
        let mut from = 0;
        for run in shades.chunk_by(|a, b| a == b) {
            let (colour, level) = run[0];
            if level > 0 {
                strokes.column(colour, level, column, from, from + run.len());
            }
            from += run.len();
        }
    }
    strokes.draw(picture);
    let width = CELL * COLUMNS as f64;
    picture.path(&format!("M{LEFT} {TOP}h{width}V{BOTTOM}H{LEFT}z"), "frame");
}

/// About so many steps of a round length make up the whole.
fn round_step(whole: f64, steps: f64, bases: &[f64], factor: f64) -> f64 {
    let mut unit = 1.0;
    loop {
        for base in bases {
            if whole / (unit * base) <= steps {
                return unit * base;
            }
        }
        unit *= factor;
    }
}

fn upright_axis(picture: &mut Picture, rows: &Rows, single: bool) {
    let by_files = rows.scale() == Scale::Files;
    let whole = if by_files { rows.files() as f64 } else { rows.bytes() as f64 };
    let step = match by_files {
        true => round_step(whole, 6.0, &[1.0, 2.0, 5.0], 10.0),
        false => round_step(whole, 6.0, &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0], 1024.0),
    };
    let what = match (single, by_files) {
        (true, _) => "offset in the file",
        (_, true) => "files in the order of a walk, all alike",
        (_, false) => "offset in all files, in the order of a walk",
    };
    picture.text(MARGIN, TOP - 12.0, "head", what);
    let mut value = 0.0;
    while value <= whole && whole > 0.0 {
        let y = BOTTOM - (BOTTOM - TOP) * value / whole;
        let label = if by_files { count(value as u64) } else { bytes(value as u128).replace(".0", "") };
        picture.text(LEFT - 9.0, y + 4.0, "soft end", label);
        picture.line([LEFT - 5.0, y, LEFT, y], "axis");
        value += step;
    }
}

fn time_axis(picture: &mut Picture, duration: u64) {
    let whole = duration.max(1) as f64;
    let step = round_step(whole, 8.0, &[1.0, 2.0, 5.0], 10.0);
    let mut value = 0.0;
    while value <= whole {
        let x = LEFT + CELL * COLUMNS as f64 * value / whole;
        let label = match value {
            0.0 => "0".to_owned(),
            value if step >= 1e6 => format!("{} s", count((value / 1e6) as u64)),
            value if step >= 1e3 => format!("{} ms", count((value / 1e3) as u64)),
            value => format!("{value} µs"),
        };
        picture.line([x, BOTTOM, x, BOTTOM + 5.0], "axis");
        picture.text(x, BOTTOM + 18.0, "soft mid", label);
        value += step;
    }
}

/// Requests of a kind over time; returns where they end.
fn strips(picture: &mut Picture, strips: &[Grid]) -> f64 {
    let mut y = BOTTOM + 38.0;
    for (grid, (what, _)) in strips.iter().zip(STRIPS) {
        picture.text(LEFT - 9.0, y + 4.0, "soft end", what);
        let most = grid.most();
        let mut paths: [String; LEVELS] = Default::default();
        for column in 0..grid.columns() {
            let level = level(grid.column(column)[0].fresh, most);
            if level > 0 {
                let x = LEFT + CELL * column as f64;
                let _ = write!(paths[level - 1], "M{x} {y}h{CELL}");
            }
        }
        for (level, path) in paths.iter().enumerate().filter(|(_, path)| !path.is_empty()) {
            picture.path(path, &format!("strip three{}", level + 1));
        }
        let width = CELL * COLUMNS as f64;
        let top = y - STRIP / 2.0;
        picture.path(&format!("M{LEFT} {top}h{width}v{STRIP}h-{width}z"), "frame");
        y += STRIP_STEP;
    }
    y
}

/// What the colours mean and what a cell is; returns where the picture ends.
fn legend(picture: &mut Picture, traced: &Traced<'_>, rows: &Rows, maps: &Maps, top: f64, single: bool) -> f64 {
    let y = top + 14.0;
    let colours: &[(&str, &str)] = match maps.knows_again {
        true => &[("one", "read for the first time"), ("two", "mostly read again"), ("three", "requests")],
        false => &[("one", "read"), ("three", "requests")],
    };
    let mut x = LEFT;
    for (colour, what) in colours {
        for level in 0..LEVELS {
            let from = x + 12.0 * level as f64;
            picture.path(&format!("M{from} {}h12", y - 4.0), &format!("legend {colour}{}", level + 1));
        }
        picture.text(x + 12.0 * LEVELS as f64 + 8.0, y, "soft", what);
        x += 250.0;
    }
    let high = match rows.scale() {
        Scale::Files => format!("{:.1} files", rows.files() as f64 / ROWS as f64),
        Scale::Bytes => bytes(rows.bytes() / ROWS as u128),
    };
    let wide = span(traced.summary.duration / COLUMNS as u64);
    let most = bytes(maps.grid.most() as u128);
    picture.text(
        LEFT,
        y + 22.0,
        "soft",
        format_args!("a cell: {wide} × {high}; from faint to strong: by the logarithm of its bytes, {most} at most"),
    );
    let whole = if single { "of this file" } else { "of all files" };
    let unseen = format!("reads {whole} that the page cache answered are not seen");
    let note = match (traced.summary.lost, &traced.summary.damage, traced.summary.complete) {
        (0, None, true) => unseen,
        (0, None, false) => format!("{unseen}; the trace has no end"),
        (0, Some(_), _) => format!("{unseen}; the trace is damaged behind this"),
        (lost, ..) => format!("{unseen}; {} requests are missing", count(lost)),
    };
    picture.text(LEFT, y + 39.0, "soft", note);
    y + 60.0
}
