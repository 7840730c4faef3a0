//! What reading looks like from the outside: how much of what, in which order, in which steps.

use std::num::NonZeroUsize;

use lru::LruCache;

use super::extents::Extents;
use super::sample::{Sample, hash};
use super::top::{Top, Weight};
use super::{Event, Place};
use crate::stats::Op;

/// Runs of bytes up to which distinct bytes are exact.
pub const MAX_EXTENTS: usize = 1 << 16;

/// Files up to which distinct files are exact; blocks that stand for all others once there are more runs of bytes than
/// [`MAX_EXTENTS`].
pub const MAX_SAMPLE: usize = 1 << 16;

/// Bytes of such a block.
pub const BLOCK: u64 = 4 << 10;

/// Files up to which the most read ones are exact.
pub const MAX_TOP: usize = 1 << 12;

/// Files of which the end of the last read is remembered, the one not read for longest being forgotten.
const RECENT: NonZeroUsize = NonZeroUsize::new(1 << 12).unwrap();

/// Upper limits of the classes of read sizes: 512 bytes to 1 MiB by powers of two; there is one more class behind them.
pub const SIZE_LIMITS: [u64; 12] = {
    let mut limits = [512; 12];
    let mut class = 1;
    while class < limits.len() {
        limits[class] = 2 * limits[class - 1];
        class += 1;
    }
    limits
};

/// Where a read of a file starts, beside where the one before it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There was none before.
    First,
    /// There.
    Next,
    /// Behind that.
    Ahead,
    /// Before that.
    Back,
}

impl Step {
    /// All of them, in the order of reports.
    pub const ALL: [Step; 4] = [Step::First, Step::Next, Step::Ahead, Step::Back];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Step::First => "first",
            Step::Next => "next",
            Step::Ahead => "ahead",
            Step::Back => "back",
        }
    }
}

/// What was read of a block: one range that holds all of it.
#[derive(Debug, Clone, Copy)]
struct Hull {
    place: Place,
    from: u16,
    to: u16,
}

/// Everything that is known of the requests so far, in memory that does not grow with them: 12 MiB at most.
#[derive(Debug)]
pub struct Picture {
    pub(super) requests: [u64; Op::ALL.len()],
    pub(super) failed: [u64; Op::ALL.len()],
    pub(super) read_bytes: [u64; 2],
    pub(super) steps: [u64; Step::ALL.len()],
    pub(super) sizes: [u64; SIZE_LIMITS.len() + 1],
    /// Bytes that all reads asked for.
    pub(super) asked_bytes: u64,
    /// Files that were touched for the first time, those behind and those before the one that was new before them.
    pub(super) files_forward: u64,
    pub(super) files_backward: u64,
    /// Microseconds from the start to the first and the last event that touched a file.
    pub(super) first_and_last: Option<(u64, u64)>,
    last_new_file: Option<u64>,
    ends: LruCache<u64, u64>,
    extents: Option<Extents>,
    extent_limit: usize,
    distinct_bytes: [u64; 2],
    blocks: Sample<Hull>,
    files: Sample<Place>,
    top: Top,
}

/// How many there are, and whether that is exact or an estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Distinct {
    /// The number.
    pub count: u64,
    /// Whether it is exact.
    pub exact: bool,
}

impl Default for Picture {
    fn default() -> Self {
        Self::with_limits(MAX_EXTENTS, MAX_SAMPLE, MAX_TOP)
    }
}

impl Picture {
    /// A picture that becomes an estimate at other limits than the usual ones: runs of bytes, files and blocks, most
    /// read files.
    pub fn with_limits(extents: usize, sample: usize, top: usize) -> Self {
        Self {
            requests: [0; Op::ALL.len()],
            failed: [0; Op::ALL.len()],
            read_bytes: [0; 2],
            steps: [0; Step::ALL.len()],
            sizes: [0; SIZE_LIMITS.len() + 1],
            asked_bytes: 0,
            files_forward: 0,
            files_backward: 0,
            first_and_last: None,
            last_new_file: None,
            ends: LruCache::new(RECENT),
            extents: (extents > 0).then(Extents::default),
            distinct_bytes: [0; 2],
            blocks: Sample::new(sample),
            files: Sample::new(sample),
            top: Top::new(top),
            extent_limit: extents,
        }
    }

    /// Takes in one request. Returns how many of the bytes that were read had not been read before, while that is known
    /// exactly.
    pub fn add(&mut self, event: &Event) -> Option<u64> {
        self.requests[event.op as usize] += 1;
        self.failed[event.op as usize] += u64::from(!event.ok);
        if !matches!(event.op, Op::Read | Op::Open) || !event.ok {
            return Some(0);
        }
        let Some(place) = Place::of(event.ino) else { return Some(0) };
        self.touch(event, place);
        if event.op == Op::Open {
            return Some(0);
        }
        self.read(event, place)
    }

    fn touch(&mut self, event: &Event, place: Place) {
        let (first, _) = self.first_and_last.unwrap_or((event.at, event.at));
        self.first_and_last = Some((first, event.at));
        let is_new = self.files.put_number(event.ino.0, place, |_, _| {}) == Some(true);
        // What is not listed has no place in the order of the listing.
        if is_new && place == Place::Listed {
            match self.last_new_file.replace(event.ino.0) {
                Some(before) if before < event.ino.0 => self.files_forward += 1,
                Some(_) => self.files_backward += 1,
                None => {}
            }
        }
    }

    fn read(&mut self, event: &Event, place: Place) -> Option<u64> {
        let (ino, from) = (event.ino.0, event.offset);
        let to = from.saturating_add(event.count.into());
        self.read_bytes[place as usize] += to - from;
        self.asked_bytes += u64::from(event.len);
        self.sizes[SIZE_LIMITS.partition_point(|&limit| limit < u64::from(event.len))] += 1;
        let step = match self.ends.put(ino, to) {
            None => Step::First,
            Some(end) if end == from => Step::Next,
            Some(end) if end < from => Step::Ahead,
            Some(_) => Step::Back,
        };
        self.steps[step as usize] += 1;
        self.top.add(ino, to - from);
        self.cover_blocks(ino, place, from, to);
        let fresh = self.extents.as_mut()?.insert(ino, from, to);
        self.distinct_bytes[place as usize] += fresh;
        self.extents.take_if(|extents| extents.len() > self.extent_limit);
        Some(fresh)
    }

    fn cover_blocks(&mut self, ino: u64, place: Place, from: u64, to: u64) {
        if from == to {
            return;
        }
        for block in from / BLOCK..=(to - 1) / BLOCK {
            let start = block * BLOCK;
            let hull = Hull { place, from: (from.max(start) - start) as u16, to: (to - start).min(BLOCK) as u16 };
            self.blocks.put(hash(ino, block), hull, |known, new| {
                known.from = known.from.min(new.from);
                known.to = known.to.max(new.to);
            });
        }
    }

    /// Files that were opened or read.
    pub fn files(&self, place: Place) -> Distinct {
        let count = self.files.sum(|kept| u64::from(*kept == place));
        Distinct { count, exact: self.files.is_exact() }
    }

    /// Bytes that were read, each counted once.
    pub fn bytes(&self, place: Place) -> Distinct {
        match self.extents {
            Some(_) => Distinct { count: self.distinct_bytes[place as usize], exact: true },
            None => {
                let bytes = |hull: &Hull| if hull.place == place { u64::from(hull.to - hull.from) } else { 0 };
                // What was exact before is the least that there can be.
                let count = self.blocks.sum(bytes).clamp(self.distinct_bytes[place as usize], self.read_bytes(place));
                Distinct { count, exact: false }
            }
        }
    }

    /// Bytes that were read, each as often as it was.
    pub fn read_bytes(&self, place: Place) -> u64 {
        self.read_bytes[place as usize]
    }

    /// The files that most bytes were read of.
    pub(super) fn top(&self, count: usize) -> Vec<(u64, Weight)> {
        self.top.first(count)
    }
}
