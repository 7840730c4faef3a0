//! When a read would be done.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::num::NonZeroU64;

use super::{Curve, Seek, Spec};
use crate::dataset::draw::{Draws, Purpose};

/// Nanoseconds of a second.
const SECOND: u64 = 1_000_000_000;

/// A reader that comes back within this time has been held up by the way to it and not by work of its own: a rate goes on
/// as if it had come at once. So a rate is reached in full by one reader as well, while a device that idles longer saves
/// nothing up.
const GRACE: u64 = 10_000_000;

/// Most times its mean that the jitter of one read takes.
const LONGEST_JITTER: u64 = 100;

/// Draws that belong to one read.
const DRAWS: u64 = 2;

/// What a read wants of the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// First byte on the device.
    pub start: u64,
    /// Bytes.
    pub len: u64,
    /// Bytes of the device, which the longest seek passes over; at least 1.
    pub span: u64,
}

/// A device at work. Moments are nanoseconds since any start.
///
/// Everything follows from the seed and from the reads with the moments at which they come.
///
/// ```
/// use seedfs::storage::{Access, Model, Spec};
/// let mut model = Model::new(Spec { latency: 8_000_000, ..Spec::default() }, 7);
/// assert_eq!(model.arrive(1_000, Access { start: 0, len: 4096, span: 1 << 30 }), 8_001_000);
/// ```
#[derive(Debug)]
pub struct Model {
    spec: Spec,
    draws: Draws,
    /// Reads so far.
    reads: u64,
    /// The latest arrival.
    now: u64,
    /// When all reads so far are done.
    done: u64,
    admission: Option<Pace>,
    link: Option<Pace>,
    /// When each of the reads that are worked on is done, where there can only be so many.
    busy: BinaryHeap<Reverse<u64>>,
    head: Head,
}

impl Model {
    /// An idle device; `seed` decides what is left to chance.
    pub fn new(spec: Spec, seed: u64) -> Self {
        Self {
            // A stream that no dataset uses, even if the seeds are equal: there is no file of that number.
            draws: Draws::new(seed, Purpose::Life).child(u64::MAX - 2),
            reads: 0,
            now: 0,
            done: 0,
            admission: spec.iops.map(Pace::new),
            link: spec.bandwidth.map(Pace::new),
            busy: BinaryHeap::new(),
            head: Head::default(),
            spec,
        }
    }

    /// When a read that comes at `now` is done: never before the latency has passed. One that comes before another that
    /// was already told of counts as coming with it.
    pub fn arrive(&mut self, now: u64, access: Access) -> u64 {
        let now = now.max(self.now);
        self.now = now;
        let draw = self.reads.wrapping_mul(DRAWS);
        self.reads = self.reads.wrapping_add(1);
        let admitted = self.admitted(now);
        let begin = self.free_slot(admitted);
        // A short pause at the end of all work is none.
        let pause = begin.saturating_sub(self.done);
        let resumed = if pause <= GRACE { begin.min(self.done) } else { begin };
        let reached = self.reach(begin, resumed, access, self.draws.at(draw));
        let transferred = self.transfer(resumed, access.len);
        let alone = self.spec.stream.map_or(begin, |rate| begin.saturating_add(time_of(access.len, rate)));
        let latency = self.spec.latency.saturating_add(self.jitter(draw + 1));
        let done = begin.max(reached).max(transferred).max(alone).saturating_add(latency);
        self.done = self.done.max(done);
        if self.spec.parallel.is_some() {
            self.busy.push(Reverse(done));
        }
        done
    }

    /// When the number of reads a second lets one begin.
    fn admitted(&mut self, now: u64) -> u64 {
        self.admission.as_mut().map_or(now, |pace| pace.take(now.saturating_sub(GRACE), 1).0.max(now))
    }

    /// When there is room for one more read.
    fn free_slot(&mut self, wanted: u64) -> u64 {
        while self.busy.peek().is_some_and(|&Reverse(done)| done <= wanted) {
            self.busy.pop();
        }
        let slots = self.spec.parallel.map_or(u64::MAX, NonZeroU64::get);
        if (self.busy.len() as u64) < slots {
            return wanted;
        }
        self.busy.pop().map_or(wanted, |Reverse(free)| free)
    }

    /// When the bytes have passed under the head.
    fn reach(&mut self, begin: u64, resumed: u64, access: Access, draw: u64) -> u64 {
        let Some(seek) = &self.spec.seek else { return begin };
        let way = self.head.travel(access, seek.buffer);
        let time = |bytes| self.spec.bandwidth.map_or(0, |rate| time_of(bytes, rate));
        match way {
            Way::None => begin,
            Way::Onwards(bytes) => resumed.saturating_add(time(bytes)),
            Way::Over(distance) => begin
                .saturating_add(seek.time(distance, access.span))
                .saturating_add(((u128::from(draw) * u128::from(seek.revolution)) >> 64) as u64)
                .saturating_add(time(access.len)),
        }
    }

    /// When the bytes have come over the line that all reads share.
    fn transfer(&mut self, from: u64, bytes: u64) -> u64 {
        // What passes under a head is timed there, and comes out of a buffer here.
        let from = if self.spec.seek.is_some() { from.saturating_sub(GRACE) } else { from };
        self.link.as_mut().map_or(0, |pace| pace.take(from, bytes).1)
    }

    /// Distributed as Lomax has it, with shape 3: half of the draws are below 0.52 of the mean, one in a hundred above
    /// 7.3 times the mean.
    fn jitter(&self, draw: u64) -> u64 {
        let mean = self.spec.jitter;
        if mean == 0 {
            return 0;
        }
        let times = 2.0 * (1.0 / libm::cbrt(1.0 - self.draws.unit(draw)) - 1.0);
        ((mean as f64 * times) as u64).min(mean.saturating_mul(LONGEST_JITTER))
    }
}

impl Seek {
    /// Time of the way over a distance, on a device of `span` bytes.
    fn time(&self, distance: u64, span: u64) -> u64 {
        let span = span.max(1);
        // Parts of 2^32, the whole included.
        let part = (u128::from(distance.min(span)) << 32) / u128::from(span);
        let part = match self.curve {
            Curve::Linear => part,
            Curve::Root => (part << 32).isqrt(),
        };
        let more = (u128::from(self.longest.saturating_sub(self.shortest)) * part) >> 32;
        self.shortest.saturating_add(more as u64)
    }
}

/// What turns up at a rate, exactly: what does not make a whole nanosecond is carried on.
#[derive(Debug)]
struct Pace {
    a_second: NonZeroU64,
    /// When the next one may begin.
    next: u64,
    /// Parts of a nanosecond on top of that, of which `a_second` make one.
    rest: u64,
}

impl Pace {
    fn new(a_second: NonZeroU64) -> Self {
        Self { a_second, next: 0, rest: 0 }
    }

    /// When so many begin that may not do so before `from`, and when they are through.
    fn take(&mut self, from: u64, amount: u64) -> (u64, u64) {
        if from > self.next {
            (self.next, self.rest) = (from, 0);
        }
        let begin = self.next;
        let rate = u128::from(self.a_second.get());
        let time = u128::from(amount) * u128::from(SECOND) + u128::from(self.rest);
        self.next = begin.saturating_add(u64::try_from(time / rate).unwrap_or(u64::MAX));
        self.rest = (time % rate) as u64;
        (begin, self.next)
    }
}

/// Nanoseconds that so many take, rounded down.
fn time_of(amount: u64, a_second: NonZeroU64) -> u64 {
    u64::try_from(u128::from(amount) * u128::from(SECOND) / u128::from(a_second.get())).unwrap_or(u64::MAX)
}

/// Where a head is, and what it has passed since its last long way.
#[derive(Debug, Default)]
struct Head {
    kept: u64,
    at: u64,
}

/// How a head gets to a read.
#[derive(Debug, PartialEq, Eq)]
enum Way {
    /// The bytes have passed already.
    None,
    /// So many bytes pass, those of the read at their end.
    Onwards(u64),
    /// Over so many bytes to the first one.
    Over(u64),
}

impl Head {
    fn travel(&mut self, access: Access, buffer: u64) -> Way {
        let end = access.start.saturating_add(access.len);
        if access.start >= self.kept && access.start <= self.at.saturating_add(buffer) {
            let passed = end.saturating_sub(self.at);
            self.at = self.at.max(end);
            self.kept = self.kept.max(self.at.saturating_sub(buffer));
            return if passed == 0 { Way::None } else { Way::Onwards(passed) };
        }
        let distance = access.start.abs_diff(self.at);
        (self.kept, self.at) = (access.start, end);
        Way::Over(distance)
    }
}
