//! What to generate before it is asked for: contents are known in advance, so a reader that goes on as it began need
//! not wait. Decisions only, in no platform's terms; an adapter tells of reads and carries the chunks out.
//!
//! What was pushed is read without a request, so a reader that follows would go unseen. Each batch therefore leaves a
//! gap in its middle: a request for the gap says that somebody follows, and earns the next batch. Nobody follows, no
//! request, no more pushing.

use std::collections::VecDeque;
use std::num::NonZeroUsize;

use lru::LruCache;

use crate::vfs::Ino;

/// Bytes read in order before a reader counts as sequential.
const START: u64 = 1 << 20;

/// Bytes between a reader's last request and the first push: its own read-ahead is under way there.
const LEAD: u64 = 1 << 20;

/// Bytes pushed at a time: fits a core's own cache twice.
const CHUNK: u64 = 256 << 10;

/// Bytes left out in the middle of a batch: one request of read-ahead.
const GAP: u64 = 128 << 10;

/// Requests of one reader reach the threads out of order, by no more than a window of read-ahead.
const DISORDER: u64 = 1 << 20;

/// Files watched at a time; the one not read for longest is forgotten.
const WATCHED: NonZeroUsize = NonZeroUsize::new(64).unwrap();

/// A piece of a file to generate and hand over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// The file.
    pub ino: Ino,
    /// First byte.
    pub offset: u64,
    /// Bytes, at most 256 KiB; the file may end within them.
    pub len: u64,
}

/// Watches reads and plans pushes.
#[derive(Debug)]
pub struct Planner {
    batch: u64,
    readers: LruCache<Ino, Reader>,
    /// Files with something left to push, each once.
    ready: VecDeque<Ino>,
}

/// A file that is being read.
#[derive(Debug, Clone, Copy, Default)]
struct Reader {
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
        let first = self.until.saturating_sub(2 * batch);
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
        let chunk = Chunk { ino, offset: self.at, len };
        self.at += len;
        (len > 0).then_some(chunk)
    }
}

impl Planner {
    /// Pushes up to `batch` bytes, and half as much again, ahead of each sequential reader.
    pub fn new(batch: u64) -> Self {
        Self { batch, readers: LruCache::new(WATCHED), ready: VecDeque::new() }
    }

    /// A request for `len` bytes at `offset`. Returns whether there is something new to push.
    pub fn on_read(&mut self, ino: Ino, offset: u64, len: u64) -> bool {
        let end = offset.saturating_add(len);
        let reader = self.readers.get_or_insert_mut(ino, Reader::default);
        if let Some(plan) = &mut reader.plan {
            let before = plan.until;
            if !plan.follow(offset, end, self.batch) {
                *reader = Reader { next: end, run: len, plan: None };
                return false;
            }
            return plan.until != before && self.make_ready(ino);
        }
        let in_order = offset <= reader.next.saturating_add(DISORDER) && end.saturating_add(DISORDER) >= reader.next;
        reader.run = if in_order { reader.run.saturating_add(len) } else { len };
        reader.next = if in_order { reader.next.max(end) } else { end };
        if reader.run < START {
            return false;
        }
        reader.plan = Some(Plan::new(reader.next.saturating_add(LEAD), self.batch));
        self.make_ready(ino)
    }

    fn make_ready(&mut self, ino: Ino) -> bool {
        if !self.ready.contains(&ino) {
            self.ready.push_back(ino);
        }
        true
    }

    /// The next chunk to push; files take turns.
    pub fn next_chunk(&mut self) -> Option<Chunk> {
        while let Some(ino) = self.ready.pop_front() {
            let plan = self.readers.peek_mut(&ino).and_then(|reader| reader.plan.as_mut());
            if let Some(chunk) = plan.and_then(|plan| plan.take(ino)) {
                self.ready.push_back(ino);
                return Some(chunk);
            }
        }
        None
    }

    /// A file takes no more: its end was reached, or whoever it was meant for is gone.
    pub fn stop(&mut self, ino: Ino) {
        self.ready.retain(|&other| other != ino);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: u64 = 128 << 10;
    const BATCH: u64 = 8 << 20;
    const FILE: Ino = Ino(2);

    /// All chunks that are planned now.
    fn chunks(planner: &mut Planner) -> Vec<Chunk> {
        std::iter::from_fn(|| planner.next_chunk()).collect()
    }

    /// Reads in order from one offset to another; whether any request led to a push.
    fn read(planner: &mut Planner, ino: Ino, from: u64, to: u64) -> bool {
        (from..to).step_by(REQUEST as usize).fold(false, |any, offset| planner.on_read(ino, offset, REQUEST) || any)
    }

    /// The one hole in consecutive chunks, and where they end.
    fn gap_and_end(chunks: &[Chunk]) -> (u64, u64) {
        let holes: Vec<u64> = chunks
            .windows(2)
            .filter(|pair| pair[0].offset + pair[0].len != pair[1].offset)
            .map(|pair| pair[0].offset + pair[0].len)
            .collect();
        assert_eq!(holes.len(), 1, "{holes:?}");
        let last = chunks.last().unwrap();
        (holes[0], last.offset + last.len)
    }

    #[test]
    fn a_sequential_reader_gets_one_batch_with_a_gap_in_its_middle() {
        let mut planner = Planner::new(BATCH);
        assert!(read(&mut planner, FILE, 0, START));
        let chunks = chunks(&mut planner);
        assert_eq!(chunks[0].offset, START + LEAD);
        assert_eq!(chunks.iter().map(|c| c.len).sum::<u64>(), BATCH - GAP);
        assert_eq!(gap_and_end(&chunks), (START + LEAD + BATCH / 2, START + LEAD + BATCH));
    }

    #[test]
    fn only_a_reader_that_follows_gets_more() {
        let mut planner = Planner::new(BATCH);
        read(&mut planner, FILE, 0, START);
        let (gap, end) = gap_and_end(&chunks(&mut planner));
        assert_eq!(planner.next_chunk(), None, "nothing without a further request");
        assert!(planner.on_read(FILE, gap, GAP));
        let more = chunks(&mut planner);
        assert_eq!(more[0].offset, end);
        assert_eq!(gap_and_end(&more), (end + BATCH / 2, end + BATCH));
    }

    #[test]
    fn requests_out_of_order_still_count_as_sequential() {
        let mut planner = Planner::new(BATCH);
        let mut pushed = false;
        for pair in 0..START / REQUEST / 2 {
            pushed |= planner.on_read(FILE, (2 * pair + 1) * REQUEST, REQUEST);
            pushed |= planner.on_read(FILE, 2 * pair * REQUEST, REQUEST);
        }
        assert!(pushed);
    }

    #[test]
    fn random_readers_get_nothing() {
        let mut planner = Planner::new(BATCH);
        for i in 0..10_000u64 {
            let offset = crate::dataset::draw::mix(i) % (1 << 40);
            assert!(!planner.on_read(FILE, offset, 4096));
        }
        assert_eq!(planner.next_chunk(), None);
    }

    #[test]
    fn what_a_fast_reader_asks_for_itself_is_not_pushed() {
        let mut planner = Planner::new(BATCH);
        read(&mut planner, FILE, 0, START);
        read(&mut planner, FILE, START, 3 * START);
        let first = planner.next_chunk().unwrap();
        assert_eq!(first.offset, 3 * START + LEAD);
    }

    #[test]
    fn a_jump_ends_the_plan() {
        let mut planner = Planner::new(BATCH);
        read(&mut planner, FILE, 0, START);
        assert!(!planner.on_read(FILE, 1 << 40, REQUEST));
        assert_eq!(planner.next_chunk(), None);
        assert!(read(&mut planner, FILE, 1 << 40, (1 << 40) + START), "and a new run starts a new one");
    }

    #[test]
    fn files_take_turns_and_can_be_stopped() {
        let mut planner = Planner::new(BATCH);
        read(&mut planner, Ino(2), 0, START);
        read(&mut planner, Ino(4), 0, START);
        let order: Vec<u64> = (0..4).map(|_| planner.next_chunk().unwrap().ino.0).collect();
        assert_eq!(order, [2, 4, 2, 4]);
        planner.stop(Ino(2));
        assert!(chunks(&mut planner).iter().all(|chunk| chunk.ino == Ino(4)));
    }

    #[test]
    fn hostile_offsets_do_not_overflow() {
        let mut planner = Planner::new(u64::MAX);
        for offset in [0, u64::MAX, u64::MAX - 5, 1 << 63] {
            for _ in 0..3 {
                planner.on_read(FILE, offset, 2 << 20);
                planner.next_chunk();
            }
        }
    }
}
