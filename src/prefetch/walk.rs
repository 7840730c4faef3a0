//! Readers of the many small files of a large directory in the order of their listing.

use super::{Chunk, Source};
use crate::vfs::{Ino, Siblings};

/// Longest request for a file's beginning that counts as reading a small file, in bytes; as much of each is pushed.
pub(super) const SMALL: u64 = 64 << 10;

/// Files opened in order before somebody counts as walking. Names in alphabetical order ascend in leaps through the
/// listing; six small ones in a row are none of them.
pub(super) const STEPS: u32 = 6;

/// Files that may be asked for although they were pushed, because they were under way or the kernel dropped them. More
/// say that it does not take them: it may not know the files, as long as only their names were listed.
pub(super) const VAIN: u32 = 16;

/// Most steps that are asked for after pushes that were not taken.
const MOST_STEPS: u32 = 1 << 12;

/// Files that may be left out between two steps: others than regular or small ones.
const SKIP: u64 = 4;

/// Most files pushed at a time.
pub(super) const WINDOW: u64 = 512;

/// Fewest files pushed at a time.
const LEAST: u64 = 8;

/// A directory whose files are being read. Positions count its regular files from 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk {
    siblings: Siblings,
    /// Files pushed at a time.
    window: u64,
    last: u64,
    steps: u32,
    /// Steps after which something is pushed.
    needed: u32,
    /// Files of the window that were asked for although they were pushed.
    vain: u32,
    /// Next position to push, and the end of the window.
    at: u64,
    until: u64,
    /// The position in the middle of the window that is not pushed.
    gap: u64,
}

impl Walk {
    /// Pushes up to `batch` bytes at a time.
    pub(super) fn new(siblings: Siblings, batch: u64) -> Self {
        let window = (batch / SMALL).clamp(LEAST, WINDOW);
        Self { siblings, window, last: u64::MAX, steps: 0, needed: STEPS, vain: 0, at: 0, until: 0, gap: 0 }
    }

    /// The beginning of a file was asked for. Returns whether there is something new to push.
    pub(super) fn on_read(&mut self, ino: Ino) -> bool {
        let position = self.siblings.position(ino);
        if position + self.window >= self.gap && position < self.until {
            self.vain += u32::from(position < self.at && position != self.gap);
            if self.vain <= VAIN {
                return self.follow(position);
            }
            self.vain = 0;
            self.steps = 0;
            self.needed = (self.needed * 2).min(MOST_STEPS);
        }
        let step = position.wrapping_sub(self.last);
        self.steps = if (1..=SKIP).contains(&step) { self.steps + 1 } else { 1 };
        self.last = position;
        self.until = 0;
        if self.steps < self.needed {
            return false;
        }
        self.plan(position + 1);
        self.at < self.until
    }

    /// Whether a request for this file says that somebody follows.
    pub(super) fn expects(&self, ino: Ino) -> bool {
        self.siblings.range().contains(&ino)
            && (self.gap..self.gap + SKIP).contains(&self.siblings.position(ino))
            && self.until > 0
    }

    fn follow(&mut self, position: u64) -> bool {
        let before = self.until;
        self.last = position;
        if (self.gap..self.gap + SKIP).contains(&position) {
            self.vain = 0;
            self.gap = self.until + self.window / 2;
            self.until = (self.until + self.window).min(self.siblings.count);
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
        self.vain = 0;
        self.at = from;
        self.gap = from + self.window / 2;
        self.until = (from + self.window).min(self.siblings.count);
    }

    /// The next file to push, if the window is not complete.
    pub(super) fn take(&mut self) -> Option<Chunk> {
        if self.at == self.gap {
            self.at += 1;
        }
        if self.at >= self.until {
            return None;
        }
        let ino = self.siblings.ino(self.at);
        self.at += 1;
        Some(Chunk { ino, offset: 0, len: SMALL, source: Source::Walk(self.siblings.first) })
    }

    /// The kernel does not know these files.
    pub(super) fn stop(&mut self) {
        self.at = self.until;
    }
}
