//! Readers of many small files in the order of their listing.

use super::Chunk;
use crate::vfs::{Ino, Siblings};

/// Longest request for a file's beginning that counts as reading a small file, in bytes; as much of each is pushed.
pub(super) const SMALL: u64 = 64 << 10;

/// Files opened in order before somebody counts as walking.
pub(super) const STEPS: u32 = 3;

/// Files that may be left out between two steps: others than regular or small ones.
const SKIP: u64 = 4;

/// Files pushed at a time.
pub(super) const WINDOW: u64 = 512;

/// A directory whose files are being read. Positions count its regular files from 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk {
    siblings: Siblings,
    last: u64,
    steps: u32,
    /// Next position to push, and the end of the window.
    at: u64,
    until: u64,
    /// The position in the middle of the window that is not pushed.
    gap: u64,
}

impl Walk {
    pub(super) fn new(siblings: Siblings) -> Self {
        Self { siblings, last: u64::MAX, steps: 0, at: 0, until: 0, gap: 0 }
    }

    /// The beginning of a file was asked for. Returns whether there is something new to push.
    pub(super) fn on_read(&mut self, ino: Ino) -> bool {
        let position = (ino.0 - self.siblings.first.0) / self.siblings.step.max(1);
        if self.until > 0 && position + WINDOW >= self.gap && position < self.until + SKIP {
            return self.follow(position);
        }
        let step = position.wrapping_sub(self.last);
        self.steps = if (1..=SKIP).contains(&step) { self.steps + 1 } else { 1 };
        self.last = position;
        self.until = 0;
        if self.steps < STEPS {
            return false;
        }
        self.plan(position + 1);
        self.at < self.until
    }

    fn follow(&mut self, position: u64) -> bool {
        let before = self.until;
        self.last = position;
        if position >= self.gap {
            self.gap = self.until + WINDOW / 2;
            self.until = (self.until + WINDOW).min(self.siblings.count);
        }
        if position >= self.at {
            // The reader is faster: a little ahead of it there is still something to gain.
            self.at = position + 1;
            if self.at >= self.until {
                self.plan(self.at);
            }
        }
        self.until != before && self.at < self.until
    }

    fn plan(&mut self, from: u64) {
        self.at = from;
        self.gap = from + WINDOW / 2;
        self.until = (from + WINDOW).min(self.siblings.count);
    }

    /// The next file to push, if the window is not complete.
    pub(super) fn take(&mut self) -> Option<Chunk> {
        if self.at == self.gap {
            self.at += 1;
        }
        if self.at >= self.until {
            return None;
        }
        let ino = Ino(self.siblings.first.0 + self.at * self.siblings.step);
        self.at += 1;
        Some(Chunk { ino, offset: 0, len: SMALL, of_walk: Some(self.siblings.first) })
    }

    /// The kernel does not know these files.
    pub(super) fn stop(&mut self) {
        self.at = self.until;
    }
}
