//! Readers of one big file from front to back.

use super::{Chunk, Source};
use crate::vfs::Ino;

/// Bytes read in order before a reader counts as sequential.
pub(super) const START: u64 = 1 << 20;

/// Bytes between a reader's last request and the first push: its own read-ahead is under way there.
pub(super) const LEAD: u64 = 1 << 20;

/// Bytes pushed at a time: fits a core's own cache twice.
const CHUNK: u64 = 256 << 10;

/// Bytes left out in the middle of a batch: one request of read-ahead.
pub(super) const GAP: u64 = 128 << 10;

/// Requests of one reader reach the threads out of order, by no more than a window of read-ahead.
const DISORDER: u64 = 1 << 20;

/// A file that is being read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reader {
    /// Behind the last byte asked for in order.
    next: u64,
    /// Bytes asked for in order.
    run: u64,
    plan: Option<Plan>,
}

/// What is pushed for a sequential reader.
#[derive(Debug, Clone, Copy)]
struct Plan {
    /// Next byte to push.
    at: u64,
    /// End of the batch.
    until: u64,
    /// Start of the gap.
    gap: u64,
}

impl Plan {
    fn new(at: u64, batch: u64) -> Self {
        Self { at, until: at.saturating_add(batch), gap: at.saturating_add(batch / 2) }
    }

    /// A request has arrived; whether this reader is still the one that was planned for.
    fn follow(&mut self, offset: u64, end: u64, batch: u64) -> bool {
        let first = self.until.saturating_sub(batch.saturating_mul(2));
        if offset < first.saturating_sub(LEAD) || offset > self.until.saturating_add(LEAD) {
            return false;
        }
        if offset >= self.gap {
            self.gap = self.until.saturating_add(batch / 2);
            self.until = self.until.saturating_add(batch);
        }
        if end > self.at {
            // The reader is faster: what it asks for by itself need not be pushed.
            self.at = end.saturating_add(LEAD);
            if self.at >= self.until {
                *self = Plan::new(self.at, batch);
            }
        }
        true
    }

    /// The next chunk, if the batch is not complete.
    fn take(&mut self, ino: Ino) -> Option<Chunk> {
        if (self.gap..self.gap.saturating_add(GAP)).contains(&self.at) {
            self.at = self.gap.saturating_add(GAP);
        }
        let end = if self.at < self.gap { self.gap.min(self.until) } else { self.until };
        let len = end.saturating_sub(self.at).min(CHUNK);
        let chunk = Chunk { ino, offset: self.at, len, source: Source::Reader(ino) };
        self.at += len;
        (len > 0).then_some(chunk)
    }
}

impl Reader {
    /// A request has arrived. Returns whether there is something new to push, `batch` bytes at a time.
    pub(super) fn on_read(&mut self, offset: u64, len: u64, batch: u64) -> bool {
        let end = offset.saturating_add(len);
        if let Some(plan) = &mut self.plan {
            let before = plan.until;
            if plan.follow(offset, end, batch) {
                return plan.until != before;
            }
            *self = Self { next: end, run: len, plan: None };
            return false;
        }
        let in_order = offset <= self.next.saturating_add(DISORDER) && end.saturating_add(DISORDER) >= self.next;
        self.run = if in_order { self.run.saturating_add(len) } else { len };
        self.next = if in_order { self.next.max(end) } else { end };
        if self.run >= START {
            self.plan = Some(Plan::new(self.next.saturating_add(LEAD), batch));
        }
        self.plan.is_some()
    }

    /// The next chunk to push, if the batch is not complete.
    pub(super) fn take(&mut self, ino: Ino) -> Option<Chunk> {
        self.plan.as_mut()?.take(ino)
    }

    /// The end of the file is reached, or the kernel wants no more.
    pub(super) fn stop(&mut self) {
        if let Some(plan) = &mut self.plan {
            plan.at = plan.until;
        }
    }
}
