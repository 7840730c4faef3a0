//! The verdict on a whole restore.

use std::fmt::Write;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::Sink;
use super::standing::Standing;

/// What is wrong with a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Wrong bytes, the wrong type, target or links.
    Mismatched,
    /// Bytes that are not there or not proved.
    Incomplete,
    /// A demanded path that is not there.
    Missing,
    /// A path that is not demanded.
    Extra,
    /// Only permissions, owner or time; listed where the rules make it a fault.
    Metadata,
}

/// How many paths there are of each class. The first three and what is missing add up to what is demanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Right in all but perhaps permissions, owner and time.
    pub complete: u64,
    /// See [`Class::Incomplete`].
    pub incomplete: u64,
    /// See [`Class::Mismatched`].
    pub mismatched: u64,
    /// See [`Class::Missing`]; 0 without a dataset.
    pub missing: u64,
    /// See [`Class::Extra`].
    pub extra: u64,
    /// Complete ones whose permissions, owner or time are not as demanded.
    pub metadata: u64,
}

/// A path that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// From the root; bytes that are no UTF-8 are replaced.
    pub path: String,
    /// What is wrong.
    pub class: Class,
    /// In words.
    pub reason: String,
}

/// The verdict on a restore so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Whether everything that is demanded is there and right, and nothing else that counts.
    pub perfect: bool,
    /// Whether nothing can be written any more.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// How many paths there are of each class.
    #[serde(flatten)]
    pub counts: Counts,
    /// Bytes that were written, in whatever order and how often.
    pub written_bytes: u64,
    /// Writes with bytes that were wrong when they came, whether or not they were put right.
    pub wrong_writes: u64,
    /// Paths that are not as they must be, up to the number that was asked for.
    pub list: Vec<Item>,
    /// How many more there are.
    pub unlisted: u64,
}

/// A report under way.
struct Tally {
    counts: Counts,
    list: Vec<Item>,
    most: usize,
    faults: u64,
}

impl Tally {
    fn add(&mut self, path: impl FnOnce() -> Vec<u8>, class: Class, reason: String) {
        self.faults += 1;
        if self.list.len() < self.most {
            self.list.push(Item { path: String::from_utf8_lossy(&path()).into_owned(), class, reason });
        }
    }
}

impl Sink {
    /// Judges every name that is there, and looks for those that are not. Lists at most `most` faults. Files that were
    /// not changed since the last report cost next to nothing. `is_final` is said of the report.
    pub fn report(&self, most: usize, is_final: bool) -> Report {
        let mut nodes = self.nodes();
        let mut tally = Tally { counts: Counts::default(), list: Vec::new(), most, faults: 0 };
        for id in nodes.names.ids() {
            let standing = self.stand(&mut nodes, id);
            let path = || nodes.path(self.expected(), id);
            match standing {
                Standing::Ignored => {}
                Standing::Right(attributes) => {
                    tally.counts.complete += 1;
                    if let Some(reason) = attributes {
                        tally.counts.metadata += 1;
                        // Where they are no faults there may be as many as paths, and would hide those that are.
                        if self.rules.metadata {
                            tally.add(path, Class::Metadata, reason);
                        }
                    }
                }
                Standing::Fault(class, reason) => {
                    match class {
                        Class::Incomplete => tally.counts.incomplete += 1,
                        Class::Extra => tally.counts.extra += 1,
                        _ => tally.counts.mismatched += 1,
                    }
                    tally.add(path, class, reason);
                }
            }
        }
        self.find_missing(&nodes, &mut tally);
        tally.list.sort_by(|a, b| (a.class, &a.path).cmp(&(b.class, &b.path)));
        let (written_bytes, wrong_writes) = self.written();
        Report {
            perfect: self.is_perfect(&tally.counts),
            is_final,
            unlisted: tally.faults - tally.list.len() as u64,
            counts: tally.counts,
            written_bytes,
            wrong_writes,
            list: tally.list,
        }
    }

    /// Counts what is missing by arithmetic, and looks for as much of it as is to be listed.
    fn find_missing(&self, nodes: &super::Nodes, tally: &mut Tally) {
        let present = tally.counts.complete + tally.counts.incomplete + tally.counts.mismatched;
        tally.counts.missing = self.expected.total().unwrap_or(present).saturating_sub(present);
        let mut left = tally.counts.missing.min((tally.most - tally.list.len()) as u64);
        tally.faults += tally.counts.missing - left;
        if left == 0 {
            return;
        }
        self.expected.visit(&mut |path| {
            if nodes.at_path(self.expected(), path).is_none() {
                tally.add(|| path.to_vec(), Class::Missing, "not there".to_owned());
                left -= 1;
            }
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    }

    fn is_perfect(&self, counts: &Counts) -> bool {
        let all_there = match self.expected.total() {
            Some(total) => counts.complete == total,
            // Nothing at all proves nothing.
            None => counts.complete > 0,
        };
        all_there
            && !self.is_distrusted.load(std::sync::atomic::Ordering::Relaxed)
            && counts.incomplete + counts.mismatched + counts.missing == 0
            && (counts.extra == 0 || self.rules.ignore_extra)
            && (counts.metadata == 0 || !self.rules.metadata)
    }
}

impl Report {
    /// One JSON object, ended by a newline.
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists of them: nothing that could fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// One line with the verdict and the counts.
    pub fn summary(&self) -> String {
        let Counts { complete, incomplete, mismatched, missing, extra, metadata } = self.counts;
        let verdict = if self.perfect { "perfect" } else { "not perfect" };
        format!(
            "{verdict}: {complete} complete, {incomplete} incomplete, {mismatched} mismatched, {missing} missing, {extra} extra; \
             {metadata} with other metadata"
        )
    }

    /// The summary, and a line for each path that is listed.
    pub fn to_text(&self) -> String {
        let mut text = self.summary() + "\n";
        for item in &self.list {
            let class = match item.class {
                Class::Mismatched => "mismatched",
                Class::Incomplete => "incomplete",
                Class::Missing => "missing",
                Class::Extra => "extra",
                Class::Metadata => "metadata",
            };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{class}: {}: {}", printable(&item.path), item.reason);
        }
        if self.unlisted > 0 {
            let _ = writeln!(text, "and {} more", self.unlisted);
        }
        text
    }

    /// Counts in Prometheus' text format.
    pub fn to_prometheus(&self) -> String {
        let Counts { complete, incomplete, mismatched, missing, extra, metadata } = self.counts;
        let mut text = String::new();
        let mut metric = |name: &str, help: &str, kind: &str, rows: &[(&str, u64)]| {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for (label, value) in rows {
                let _ = writeln!(text, "{name}{label} {value}");
            }
        };
        let states = [
            ("{state=\"complete\"}", complete),
            ("{state=\"incomplete\"}", incomplete),
            ("{state=\"mismatched\"}", mismatched),
            ("{state=\"missing\"}", missing),
            ("{state=\"extra\"}", extra),
        ];
        metric("seedfs_sink_paths", "Paths by how they stand to what is demanded.", "gauge", &states);
        metric("seedfs_sink_metadata", "Complete paths with other metadata.", "gauge", &[("", metadata)]);
        metric("seedfs_sink_perfect", "Whether the restore is perfect so far.", "gauge", &[("", self.perfect.into())]);
        metric("seedfs_sink_written_bytes_total", "Bytes written.", "counter", &[("", self.written_bytes)]);
        metric("seedfs_sink_wrong_writes_total", "Writes with wrong bytes.", "counter", &[("", self.wrong_writes)]);
        text
    }
}

/// A path on one line.
fn printable(path: &str) -> String {
    path.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}
