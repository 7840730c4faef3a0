//! A trace in the making: from requests to bytes that wait to be written.

use std::num::NonZeroUsize;

use lru::LruCache;
use serde::Serialize;

use super::{Header, Writer};
use crate::observe::{Event, Place};
use crate::vfs::Ino;

/// Bytes that may wait for a slow disk; further requests are lost, and counted.
const MAX_WAITING: usize = 16 << 20;

/// Unlisted files whose names are known to stand in the trace already; a name that stands there twice does no harm.
const NAMED: NonZeroUsize = NonZeroUsize::new(1 << 14).unwrap();

/// How far a trace has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Totals {
    /// Requests in it.
    pub requests: u64,
    /// Bytes of it.
    pub bytes: u64,
    /// Requests that are missing in it.
    pub lost: u64,
    /// Whether it could not be written to its end.
    pub failed: bool,
}

/// Turns requests into the bytes of a trace.
#[derive(Debug)]
pub struct Recorder {
    writer: Writer,
    waiting: Vec<u8>,
    named: LruCache<u64, ()>,
    totals: Totals,
    /// Requests lost since the last record.
    lost: u64,
}

impl Recorder {
    /// A trace with this header.
    pub fn new(header: &Header) -> Self {
        let mut recorder = Self {
            writer: Writer::default(),
            waiting: Vec::new(),
            named: LruCache::new(NAMED),
            totals: Totals::default(),
            lost: 0,
        };
        recorder.writer.header(header, &mut recorder.waiting);
        recorder.totals.bytes = recorder.waiting.len() as u64;
        recorder
    }

    /// Adds a request; `name` finds the path of a file that is not listed.
    pub fn record(&mut self, event: &Event, name: impl FnOnce(Ino) -> Option<Vec<u8>>) {
        if self.totals.failed || self.waiting.len() > MAX_WAITING {
            self.lose_one();
            return;
        }
        let before = self.waiting.len();
        if self.lost > 0 {
            self.writer.lost(event.at, std::mem::take(&mut self.lost), &mut self.waiting);
        }
        if Place::of(event.ino) == Some(Place::Unlisted)
            && self.named.put(event.ino.0, ()).is_none()
            && let Some(path) = name(event.ino)
        {
            self.writer.name(event.ino.0, &path, &mut self.waiting);
        }
        self.writer.request(event, &mut self.waiting);
        self.totals.requests += 1;
        self.totals.bytes += (self.waiting.len() - before) as u64;
    }

    /// Whether the path of a file that is not listed was written lately.
    pub fn has_named(&self, ino: Ino) -> bool {
        self.named.contains(&ino.0)
    }

    fn lose_one(&mut self) {
        self.lost += 1;
        self.totals.lost += 1;
    }

    /// Adds that requests before this moment are missing.
    pub fn lose(&mut self, at: u64, count: u64) {
        self.totals.lost += count;
        if self.totals.failed {
            return;
        }
        let before = self.waiting.len();
        self.writer.lost(at, count + std::mem::take(&mut self.lost), &mut self.waiting);
        self.totals.bytes += (self.waiting.len() - before) as u64;
    }

    /// Adds the end.
    pub fn end(&mut self, at: u64) {
        if self.lost > 0 {
            self.lose(at, 0);
        }
        let before = self.waiting.len();
        self.writer.end(at, &mut self.waiting);
        self.totals.bytes += (self.waiting.len() - before) as u64;
    }

    /// The bytes that wait to be written.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.waiting)
    }

    /// Nothing more can be written.
    pub fn fail(&mut self) {
        self.totals.failed = true;
        self.waiting = Vec::new();
    }

    /// How far it has come.
    pub fn totals(&self) -> Totals {
        self.totals
    }
}
