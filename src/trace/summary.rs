//! What a trace tells as a whole.

use std::io::Read;

use hashbrown::HashMap;

use super::rows::Files;
use super::{Header, Reader, Record, Rows, Scale, TraceError};
use crate::observe::{Event, Observed, Picture};
use crate::stats::Op;
use crate::vfs::Ino;

/// Bytes of paths that are remembered; files beyond that have none.
const MAX_PATHS: usize = 16 << 20;

/// The paths of files that the dataset does not list. A name that was forgotten and asked for again has another inode
/// then; it counts as one file.
#[derive(Debug, Default)]
pub struct Names {
    paths: HashMap<u64, Vec<u8>>,
    first: HashMap<Vec<u8>, u64>,
    aliases: HashMap<u64, u64>,
    bytes: usize,
}

impl Names {
    fn add(&mut self, ino: u64, path: Vec<u8>) {
        if self.bytes + path.len() > MAX_PATHS {
            return;
        }
        // So much do the tables take for an entry, about.
        self.bytes += path.len() + 64;
        match self.first.get(&path) {
            Some(&first) if first != ino => _ = self.aliases.insert(ino, first),
            Some(_) => {}
            None => {
                self.first.insert(path.clone(), ino);
                self.paths.insert(ino, path);
            }
        }
    }

    /// The number that stands for a file.
    pub fn canonical(&self, ino: u64) -> u64 {
        self.aliases.get(&ino).copied().unwrap_or(ino)
    }

    /// The path of a file from the root.
    pub fn path(&self, ino: u64) -> Option<&[u8]> {
        self.paths.get(&self.canonical(ino)).map(Vec::as_slice)
    }

    /// The file at a path from the root.
    pub fn ino(&self, path: &[u8]) -> Option<u64> {
        self.first.get(path).copied()
    }
}

/// A trace, read to its end once.
#[derive(Debug)]
pub struct Summary {
    /// What the trace is of.
    pub header: Header,
    /// What was done.
    pub picture: Picture,
    /// Microseconds from the start to the last record.
    pub duration: u64,
    /// Requests in the trace.
    pub requests: u64,
    /// Requests that are missing in it.
    pub lost: u64,
    /// Whether it reaches to the end of the mount.
    pub complete: bool,
    /// Where it could not be read further, and why.
    pub damage: Option<String>,
    /// Paths of files that are not listed.
    pub names: Names,
    files: Files,
}

impl Summary {
    /// Reads all records, in memory that does not grow with them.
    ///
    /// # Errors
    /// The file cannot be read; what is damaged or cut is told in the summary.
    pub fn read<R: Read>(mut reader: Reader<R>) -> Result<Self, TraceError> {
        let mut summary = Self {
            header: reader.header().clone(),
            picture: Picture::default(),
            duration: 0,
            requests: 0,
            lost: 0,
            complete: false,
            damage: None,
            names: Names::default(),
            files: Files::default(),
        };
        loop {
            match reader.next_record() {
                Ok(Some(record)) => summary.take(record),
                Ok(None) => break,
                Err(error @ TraceError::Damaged { .. }) => {
                    summary.damage = Some(error.to_string());
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        summary.complete = reader.is_complete();
        Ok(summary)
    }

    fn take(&mut self, record: Record) {
        match record {
            Record::Request(event) => {
                let event = named(event, &self.names);
                self.duration = event.at;
                self.requests += 1;
                self.picture.add(&event);
                if event.ok && matches!(event.op, Op::Read | Op::Open) {
                    self.files.touch(event.ino.0, event.offset.saturating_add(event.count.into()));
                }
            }
            Record::Name { ino, path } => self.names.add(ino, path),
            Record::Lost { at, count } => {
                self.duration = at;
                self.lost = self.lost.saturating_add(count);
            }
            Record::End { at } => self.duration = at,
        }
    }

    /// The figures; `paths` names listed files.
    pub fn observed(&self, paths: impl Fn(Ino) -> Option<Vec<u8>>) -> Observed {
        let name = |ino: Ino| self.names.path(ino.0).map(<[u8]>::to_vec).or_else(|| paths(ino));
        Observed { dropped: self.lost, ..Observed::of(&self.picture, self.header.start / 1_000_000, name) }
    }

    /// The places of all files that were touched, in the order of the keys of their inodes.
    pub fn rows<K: Ord>(&self, scale: Scale, key: impl Fn(u64) -> K) -> Rows {
        Rows::new(&self.files, scale, key)
    }

    /// Files with places of their own.
    pub fn files(&self) -> usize {
        self.files.len()
    }

    /// The file that was touched, where there was only one.
    pub fn only_file(&self) -> Option<u64> {
        self.files.only()
    }
}

fn named(event: Event, names: &Names) -> Event {
    Event { ino: Ino(names.canonical(event.ino.0)), ..event }
}

/// Calls `visit` with the requests of a trace that was read once already, up to where that came.
///
/// # Errors
/// The file cannot be read.
pub fn revisit<R: Read>(mut reader: Reader<R>, names: &Names, mut visit: impl FnMut(&Event)) -> Result<(), TraceError> {
    loop {
        match reader.next_record() {
            Ok(Some(Record::Request(event))) => visit(&named(event, names)),
            Ok(Some(_)) => {}
            Ok(None) | Err(TraceError::Damaged { .. }) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}
