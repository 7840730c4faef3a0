//! What was observed, as text: for the counters of a mount and for traces alike.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use super::draw::Canvas;
use super::figures::{bytes, count, counted, moment, part, percent};
use super::picture::clipped;
use crate::observe::{Observed, Place, SizeClass, Step};
use crate::shown::one_line;

/// Columns of what stands in front of bars.
const LABELS: usize = 42;

/// Text that is put together line by line. Writing to a String cannot fail.
pub(crate) struct Sheet {
    canvas: Canvas,
    out: String,
}

impl Sheet {
    pub(crate) fn new(canvas: Canvas) -> Self {
        Self { canvas, out: String::new() }
    }

    /// All lines, without empty ones at the end.
    pub(crate) fn finish(mut self) -> String {
        self.out.truncate(self.out.trim_end().len());
        self.out + "\n"
    }

    /// A line without what would be invisible at its end.
    pub(crate) fn line(&mut self, line: fmt::Arguments<'_>) {
        let line = line.to_string();
        let _ = writeln!(self.out, "{}", line.trim_end());
    }

    /// Requests by kind, those that never came left out, the most frequent first.
    pub(crate) fn requests(&mut self, requests: &BTreeMap<String, u64>) {
        let mut rows: Vec<(&String, u64)> = requests.iter().map(|(op, &n)| (op, n)).filter(|row| row.1 > 0).collect();
        rows.sort_by_key(|&(_, n)| std::cmp::Reverse(n));
        let most = rows.first().map_or(0, |row| row.1);
        let columns = self.canvas.width() - 28;
        self.line(format_args!("Requests"));
        for (op, n) in rows {
            let bar = self.canvas.bar(part(n.into(), most.into()), columns);
            self.line(format_args!("{:<11} {:>13}  {bar}", clipped(&one_line(op), 11), count(n)));
        }
        self.line(format_args!(""));
    }

    /// All but the requests.
    pub(crate) fn observed(&mut self, observed: &Observed) {
        self.touched(observed);
        self.order(observed);
        self.sizes(observed);
        self.top(observed);
        if observed.dropped > 0 {
            let lost = counted(observed.dropped, "request");
            self.line(format_args!("{lost} came too fast to be looked at, and {} missing above", be(observed.dropped)));
        }
    }

    fn touched(&mut self, observed: &Observed) {
        let listed = observed.touched(Place::Listed);
        let rows = [
            (
                "files",
                observed.files_exact,
                u128::from(listed.files),
                observed.listed_files,
                count as fn(u128) -> String,
            ),
            ("bytes", observed.bytes_exact, u128::from(listed.bytes), observed.listed_bytes, bytes),
        ];
        self.line(format_args!("Touched"));
        for (what, exact, touched, whole, write) in rows {
            let figure = format!("{}{}", if exact { "" } else { "about " }, write(touched));
            let Some(whole) = whole.map(u128::from) else {
                self.line(format_args!("{what:<11} {figure:>13}"));
                continue;
            };
            let share = part(touched, whole);
            let of = format!("of {}", write(whole));
            let bar = self.canvas.bar(share, self.canvas.width() - LABELS - 10);
            self.line(format_args!("{what:<11} {figure:>13} {of:<15} {:>7}  {bar}", percent(share)));
        }
        let unlisted = observed.touched(Place::Unlisted);
        if unlisted.files > 0 {
            let (files, bytes) = (counted(unlisted.files, "file"), bytes(unlisted.bytes.into()));
            self.line(format_args!("unlisted    {bytes:>13} of {files} that the dataset does not list"));
        }
        let all = observed.touched_in_all();
        if let Some(amplification) = observed.amplification() {
            let read = bytes(all.read_bytes.into());
            self.line(format_args!("read        {read:>13} each of these bytes {amplification:.2} times"));
        }
        for (what, time) in [("first", observed.first_access), ("last", observed.last_access)] {
            if let Some(time) = time {
                self.line(format_args!("{what:<5} access  {}", moment(time)));
            }
        }
        self.line(format_args!(""));
    }

    fn order(&mut self, observed: &Observed) {
        let step = |step: Step| count(observed.steps.get(step.name()).copied().unwrap_or(0));
        self.line(format_args!("Order"));
        match observed.sequential() {
            Some(share) => self.line(format_args!(
                "reads       {:>13} go on where the one before in the file ended; {} ahead, {} back, {} first",
                percent(share),
                step(Step::Ahead),
                step(Step::Back),
                step(Step::First)
            )),
            None => self.line(format_args!("reads       {:>13} no file was read twice", "-")),
        }
        if let Some(share) = observed.in_listing_order() {
            self.line(format_args!("files       {:>13} lie behind the one before in the listing", percent(share)));
        }
        self.line(format_args!(""));
    }

    fn sizes(&mut self, observed: &Observed) {
        let used = |class: &SizeClass| class.reads > 0;
        let (Some(first), Some(last)) = (observed.sizes.iter().position(used), observed.sizes.iter().rposition(used))
        else {
            return;
        };
        let most = observed.sizes.iter().map(|class| class.reads).max().unwrap_or(0);
        let columns = self.canvas.width() - 28;
        self.line(format_args!("Reads of up to"));
        for class in &observed.sizes[first..=last] {
            let label = class.up_to.map_or("more".to_owned(), |limit| bytes(limit.into()).replace(".0", ""));
            let bar = self.canvas.bar(part(class.reads.into(), most.into()), columns);
            self.line(format_args!("{label:>11} {:>13}  {bar}", count(class.reads)));
        }
        self.line(format_args!(""));
    }

    fn top(&mut self, observed: &Observed) {
        let Some(most) = observed.top.first().map(|file| file.bytes) else { return };
        let room = self.canvas.width() - 38;
        self.line(format_args!("Most read"));
        for file in &observed.top {
            let bar = self.canvas.bar(part(file.bytes.into(), most.into()), 10);
            let about =
                if file.over > 0 { format!("up to {}", bytes(file.bytes.into())) } else { bytes(file.bytes.into()) };
            self.line(format_args!("{about:>17}  {bar:<10}  {}", tail(&on_one_line(&file.path), room)));
        }
        self.line(format_args!(""));
    }
}

fn be(number: u64) -> &'static str {
    if number == 1 { "is" } else { "are" }
}

/// A path with its control characters, line ends among them, hidden.
pub(crate) fn on_one_line(path: &str) -> String {
    path.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// The end of a path that is too long for its place: there is its name.
fn tail(path: &str, most: usize) -> String {
    let length = path.chars().count();
    if length <= most {
        return path.to_owned();
    }
    "…".chars().chain(path.chars().skip(length - most + 1)).collect()
}
