//! The text of `.seedfs/stats`: writing what was observed in it, and reading all of it back.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};

use serde::Serialize;

use super::{Observed, Place, SIZE_LIMITS, SizeClass, Step, TopFile, Touched};

/// What the counters of a mount say.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    /// Requests since the start, by kind.
    pub requests: BTreeMap<String, u64>,
    /// Bytes of file contents that the kernel asked for, those of the control directory among them.
    pub read_bytes: u64,
    /// Bytes pushed before they were asked for.
    pub prefetched_bytes: u64,
    /// Lookups of names that do not exist.
    pub lookup_misses: u64,
    /// Requests that ended in a defect of the program.
    pub panics: u64,
    /// Reads that met faults which were asked for, by kind; empty where none were.
    pub faulted_reads: BTreeMap<String, u64>,
    /// What an emulated device has done, where there is one.
    pub device: Option<Device>,
    /// What a mount with `observe` or `trace` tells beyond that.
    pub observed: Option<Observed>,
}

/// What an emulated device has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Device {
    /// Reads.
    pub reads: u64,
    /// Nanoseconds that these waited for it together.
    pub wait_nanoseconds: u64,
}

/// Why a text is no report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// It has none of the counters.
    #[error("holds no counters of a mount")]
    NoReport,
    /// It is that of a sink.
    #[error("is a sink; .seedfs/report.json has its report")]
    Sink,
}

/// A label's value as the format wants it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Milliseconds as seconds.
fn seconds(milliseconds: u64) -> String {
    format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}

/// Families of the text format, one after the other. Writing to a String cannot fail.
#[derive(Default)]
struct Families(String);

impl Families {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn value(&mut self, name: &str, label: &str, text: &str, value: impl Display) {
        let _ = writeln!(self.0, "{name}{{{label}=\"{}\"}} {value}", escaped(text));
    }

    fn single(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.family(name, kind, help);
        let _ = writeln!(self.0, "{name} {value}");
    }
}

impl Observed {
    /// The figures in the text format of Prometheus.
    pub fn prometheus(&self) -> String {
        let mut out = Families::default();
        self.write_touched(&mut out);
        self.write_reads(&mut out);
        out.family("seedfs_top_file_bytes", "gauge", "Bytes read of the files that most was read of.");
        for file in &self.top {
            out.value("seedfs_top_file_bytes", "path", &file.path, file.bytes);
        }
        out.family("seedfs_top_file_bytes_over", "gauge", "By how much that figure may be too large.");
        for file in &self.top {
            out.value("seedfs_top_file_bytes_over", "path", &file.path, file.over);
        }
        let help = "Requests that came too fast to be looked at.";
        out.single("seedfs_observe_dropped_total", "counter", help, self.dropped);
        if let Some(trace) = &self.trace {
            out.single("seedfs_trace_requests_total", "counter", "Requests in the trace.", trace.requests);
            out.single("seedfs_trace_bytes_total", "counter", "Bytes of the trace.", trace.bytes);
            out.single("seedfs_trace_lost_total", "counter", "Requests that the trace lacks.", trace.lost);
            let help = "Whether the trace could not be written to its end.";
            out.single("seedfs_trace_failed", "gauge", help, u8::from(trace.failed));
        }
        out.0
    }

    fn write_touched(&self, out: &mut Families) {
        for (name, kind, help, value) in [
            ("seedfs_touched_files", "gauge", "Files that were opened or read.", (|t| t.files) as fn(Touched) -> u64),
            ("seedfs_touched_bytes", "gauge", "Bytes that were read, each counted once.", |t| t.bytes),
            ("seedfs_file_read_bytes_total", "counter", "Bytes that were read of files.", |t| t.read_bytes),
        ] {
            out.family(name, kind, help);
            for place in Place::ALL {
                out.value(name, "names", place.name(), value(self.touched(place)));
            }
        }
        out.family("seedfs_touched_exact", "gauge", "Whether these numbers are exact; else they are estimates.");
        out.value("seedfs_touched_exact", "what", "files", u8::from(self.files_exact));
        out.value("seedfs_touched_exact", "what", "bytes", u8::from(self.bytes_exact));
        for (name, help, value) in [
            ("seedfs_listed_files", "Files that the dataset lists.", self.listed_files),
            ("seedfs_listed_bytes", "Bytes of these files.", self.listed_bytes),
        ] {
            if let Some(value) = value {
                out.single(name, "gauge", help, value);
            }
        }
        if let Some(amplification) = self.amplification() {
            let help = "How often each byte that was read was read on average.";
            out.single("seedfs_read_amplification", "gauge", help, format_args!("{amplification:.6}"));
        }
        let times = [("first", self.first_access), ("last", self.last_access)];
        out.family("seedfs_access_time_seconds", "gauge", "When a file was opened or read, since 1970.");
        for (which, time) in times {
            if let Some(time) = time {
                out.value("seedfs_access_time_seconds", "which", which, seconds(time));
            }
        }
    }

    fn write_reads(&self, out: &mut Families) {
        let help = "Reads by where they start beside the end of the one before in the same file.";
        out.family("seedfs_reads_total", "counter", help);
        for step in Step::ALL {
            out.value("seedfs_reads_total", "start", step.name(), self.steps.get(step.name()).unwrap_or(&0));
        }
        let help = "Files touched for the first time, behind or before the one before in the listing.";
        out.family("seedfs_new_files_total", "counter", help);
        out.value("seedfs_new_files_total", "direction", "forward", self.files_forward);
        out.value("seedfs_new_files_total", "direction", "backward", self.files_backward);
        out.family("seedfs_read_size_bytes", "histogram", "Bytes that reads ask for.");
        let mut reads = 0;
        for class in &self.sizes {
            reads += class.reads;
            let limit = class.up_to.map_or("+Inf".to_owned(), |limit| limit.to_string());
            out.value("seedfs_read_size_bytes_bucket", "le", &limit, reads);
        }
        let _ =
            writeln!(out.0, "seedfs_read_size_bytes_sum {}\nseedfs_read_size_bytes_count {reads}", self.asked_bytes);
        let help = "Requests but for those about the control directory.";
        out.family("seedfs_observed_requests_total", "counter", help);
        for (op, count) in &self.requests {
            out.value("seedfs_observed_requests_total", "op", op, count);
        }
        out.family("seedfs_failed_requests_total", "counter", "Those of them that were answered with an error.");
        for (op, count) in self.failed.iter().filter(|&(_, &count)| count > 0) {
            out.value("seedfs_failed_requests_total", "op", op, count);
        }
    }
}

/// One line of the text: a name, the value of its label if it has one, and a number.
struct Line<'a> {
    name: &'a str,
    label: String,
    value: &'a str,
}

impl Line<'_> {
    /// A whole number; what is larger than fits, or is none, is taken for the nearest that is.
    fn number(&self) -> u64 {
        self.value.parse().unwrap_or_else(|_| self.value.parse::<f64>().map_or(0, |value| value as u64))
    }

    /// From seconds to a unit of which they have so many.
    fn seconds(&self, units: f64) -> u64 {
        self.value.parse::<f64>().map_or(0, |value| (value * units).round() as u64)
    }

    fn milliseconds(&self) -> u64 {
        self.seconds(1e3)
    }
}

/// Lines that are not understood are left out. No family here has more than one label.
fn parse_line(line: &str) -> Option<Line<'_>> {
    let end = line.find(['{', ' ']).filter(|&end| end > 0 && !line.starts_with('#'))?;
    let (name, rest) = line.split_at(end);
    let Some(rest) = rest.strip_prefix('{') else {
        return Some(Line { name, label: String::new(), value: rest.trim() });
    };
    let (_, quoted) = rest.split_once("=\"")?;
    let mut label = String::new();
    let mut chars = quoted.char_indices();
    loop {
        match chars.next()? {
            (at, '"') => {
                let value = quoted[at + 1..].strip_prefix('}')?.trim();
                return Some(Line { name, label, value });
            }
            (_, '\\') => label.push(match chars.next()?.1 {
                'n' => '\n',
                other => other,
            }),
            (_, other) => label.push(other),
        }
    }
}

impl Report {
    /// Reads the text that a mount writes, whoever wrote it: what is not understood is left out.
    ///
    /// # Errors
    /// It has nothing in it that a mount writes.
    pub fn parse(text: &str) -> Result<Self, ReportError> {
        let mut report = Self::default();
        let mut observed = Observed::default();
        let mut known = false;
        for line in text.lines().filter_map(parse_line) {
            if line.name == "seedfs_sink_paths" {
                return Err(ReportError::Sink);
            }
            known |= report.take(&line) || observed.take(&line);
        }
        if !known || report.requests.is_empty() {
            return Err(ReportError::NoReport);
        }
        if !observed.sizes.is_empty() {
            report.observed = Some(observed);
        }
        Ok(report)
    }

    fn take(&mut self, line: &Line<'_>) -> bool {
        let place = match line.name {
            "seedfs_requests_total" => self.requests.entry(line.label.clone()).or_default(),
            "seedfs_read_bytes_total" => &mut self.read_bytes,
            "seedfs_prefetched_bytes_total" => &mut self.prefetched_bytes,
            "seedfs_lookup_misses_total" => &mut self.lookup_misses,
            "seedfs_panics_total" => &mut self.panics,
            "seedfs_faulted_reads_total" => self.faulted_reads.entry(line.label.clone()).or_default(),
            "seedfs_device_reads_total" => &mut self.device.get_or_insert_default().reads,
            "seedfs_device_wait_seconds_total" => {
                self.device.get_or_insert_default().wait_nanoseconds = line.seconds(1e9);
                return true;
            }
            _ => return false,
        };
        *place = line.number();
        true
    }
}

impl Observed {
    fn take(&mut self, line: &Line<'_>) -> bool {
        let (label, value) = (line.label.as_str(), line.number());
        match line.name {
            "seedfs_touched_files" => self.touched.entry(label.to_owned()).or_default().files = value,
            "seedfs_touched_bytes" => self.touched.entry(label.to_owned()).or_default().bytes = value,
            "seedfs_file_read_bytes_total" => self.touched.entry(label.to_owned()).or_default().read_bytes = value,
            "seedfs_touched_exact" if label == "files" => self.files_exact = value > 0,
            "seedfs_touched_exact" => self.bytes_exact = value > 0,
            "seedfs_listed_files" => self.listed_files = Some(value),
            "seedfs_listed_bytes" => self.listed_bytes = Some(value),
            "seedfs_access_time_seconds" if label == "first" => self.first_access = Some(line.milliseconds()),
            "seedfs_access_time_seconds" => self.last_access = Some(line.milliseconds()),
            "seedfs_reads_total" => _ = self.steps.insert(label.to_owned(), value),
            "seedfs_new_files_total" if label == "forward" => self.files_forward = value,
            "seedfs_new_files_total" => self.files_backward = value,
            "seedfs_read_size_bytes_bucket" => self.take_class(label, value),
            "seedfs_read_size_bytes_sum" => self.asked_bytes = value,
            "seedfs_observed_requests_total" => _ = self.requests.insert(label.to_owned(), value),
            "seedfs_failed_requests_total" => _ = self.failed.insert(label.to_owned(), value),
            "seedfs_top_file_bytes" => self.top.push(TopFile { path: label.to_owned(), bytes: value, over: 0 }),
            "seedfs_top_file_bytes_over" => {
                self.top.iter_mut().filter(|file| file.path == label).for_each(|file| file.over = value);
            }
            "seedfs_observe_dropped_total" => self.dropped = value,
            "seedfs_trace_requests_total" => self.trace.get_or_insert_default().requests = value,
            "seedfs_trace_bytes_total" => self.trace.get_or_insert_default().bytes = value,
            "seedfs_trace_lost_total" => self.trace.get_or_insert_default().lost = value,
            "seedfs_trace_failed" => self.trace.get_or_insert_default().failed = value > 0,
            _ => return false,
        }
        true
    }

    /// A class of the histogram from the number of reads up to its limit.
    fn take_class(&mut self, limit: &str, reads: u64) {
        if self.sizes.len() > SIZE_LIMITS.len() {
            return;
        }
        let before: u64 = self.sizes.iter().map(|class| class.reads).fold(0, u64::saturating_add);
        self.sizes.push(SizeClass { up_to: limit.parse().ok(), reads: reads.saturating_sub(before) });
    }
}
