//! What waits for its moment.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Things that are due at a moment each, handed to whoever has time then. Moments are nanoseconds since the queue was
/// made; the last one, `u64::MAX`, never comes.
///
/// Of the threads that wait one at a time watches the clock. It takes what is due itself, instead of waking another one
/// for it, and the next one takes its place: nobody waits for a thread that is busy with something else.
///
/// Who waits for an answer is to have it when the thing is due, so it is handed out earlier, by what the machine takes to
/// wake three threads: the one that had to take the question, the one here that slept until then, and the one that gets
/// the answer. The queue learns from its own threads how long that is.
#[derive(Debug)]
pub struct Queue<T> {
    state: Mutex<State<T>>,
    /// Wakes the thread that watches the clock.
    watch: Condvar,
    /// Wakes another one.
    others: Condvar,
    start: Instant,
}

/// Most nanoseconds that one wake is taken for: what takes longer is held up by other work, which may be over the next
/// time.
const LONGEST_WAKE: u64 = 100_000;

/// Nanoseconds by which the queue changes its mind at a time.
const STEP: u64 = 1_000;

/// What it takes to wake a thread, in nanoseconds. Each figure moves by a step towards what is seen, up as often as down
/// in the end: half of all wakes take longer.
#[derive(Debug, Default)]
struct Wakes {
    /// By the clock.
    clock: u64,
    /// By another thread.
    thread: u64,
}

impl Wakes {
    /// By how much a thing is handed out before it is due: for the one that takes the question and the one that gets the
    /// answer. Theirs may be as deep a sleep as that of a thread that is woken by the clock.
    fn head_start(&self) -> u64 {
        2 * self.thread.max(self.clock)
    }

    /// How long before something is due its sleeper is to wake.
    fn ahead(&self) -> u64 {
        self.head_start() + self.clock
    }

    /// The sleeper is awake.
    fn learn_clock(&mut self, due: u64, now: u64) {
        let is_late = now.saturating_add(self.head_start()) > due;
        Self::learn(&mut self.clock, is_late);
    }

    /// A thread that did nothing was woken, and was awake after that time.
    fn learn_thread(&mut self, took: u64) {
        let is_longer = took > self.thread;
        Self::learn(&mut self.thread, is_longer);
    }

    fn learn(figure: &mut u64, longer: bool) {
        *figure = if longer { (*figure + STEP).min(LONGEST_WAKE) } else { figure.saturating_sub(STEP) };
    }
}

#[derive(Debug)]
struct State<T> {
    wakes: Wakes,
    /// When the thread that watches the clock was woken although it had nothing to wait for.
    woken: Option<u64>,
    waiting: BinaryHeap<Waiting<T>>,
    is_watched: bool,
    ended: bool,
    count: u64,
}

#[derive(Debug)]
struct Waiting<T> {
    due: u64,
    /// Those that are due together leave in the order they came.
    number: u64,
    what: T,
}

impl<T> Queue<T> {
    /// An empty one.
    pub fn new() -> Self {
        let state = State {
            wakes: Wakes::default(),
            woken: None,
            waiting: BinaryHeap::new(),
            is_watched: false,
            ended: false,
            count: 0,
        };
        Self { state: Mutex::new(state), watch: Condvar::new(), others: Condvar::new(), start: Instant::now() }
    }

    /// This moment.
    pub fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Lets something wait until it is due; gives back what is due already, if nothing is due before it.
    pub fn push(&self, due: u64, what: T) -> Option<T> {
        let mut state = self.lock();
        let is_first = state.waiting.peek().is_none_or(|first| due < first.due);
        let now = self.now();
        if is_first && due.saturating_sub(state.wakes.ahead()) <= now {
            return Some(what);
        }
        let number = state.count;
        state.count += 1;
        state.waiting.push(Waiting { due, number, what });
        match state.is_watched {
            true if is_first => {
                // It slept without an end if this is all that there is.
                state.woken = (state.waiting.len() == 1).then_some(now);
                self.watch.notify_one();
            }
            true => {}
            false => self.others.notify_one(),
        }
        None
    }

    /// Waits for what is due next; `None` once the queue has ended.
    pub fn next(&self) -> Option<T> {
        let mut state = self.lock();
        // What this thread slept for, if it did.
        let mut expected = None;
        loop {
            if state.ended {
                return None;
            }
            let now = self.now();
            let ahead = state.wakes.ahead();
            let due = state.waiting.peek().map(|first| first.due).filter(|&due| due != u64::MAX);
            if let Some(due) = due.filter(|due| due.saturating_sub(ahead) <= now) {
                if expected == Some(due) {
                    state.wakes.learn_clock(due, now);
                }
                let first = state.waiting.pop();
                if !state.waiting.is_empty() && !state.is_watched {
                    self.others.notify_one();
                }
                return first.map(|first| first.what);
            }
            if state.is_watched {
                state = self.others.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.is_watched = true;
            state = match due {
                Some(due) => {
                    expected = Some(due);
                    let left = Duration::from_nanos(due - ahead - now);
                    self.watch.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
                None => {
                    let mut state = self.watch.wait(state).unwrap_or_else(PoisonError::into_inner);
                    if let Some(woken) = state.woken.take() {
                        state.wakes.learn_thread(self.now().saturating_sub(woken));
                    }
                    state
                }
            };
            state.is_watched = false;
        }
    }

    /// Nothing is handed out any more; returns what still waits.
    pub fn end(&self) -> Vec<T> {
        let mut state = self.lock();
        state.ended = true;
        self.watch.notify_all();
        self.others.notify_all();
        std::mem::take(&mut state.waiting).into_vec().into_iter().map(|waiting| waiting.what).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Waiting<T> {
    fn place(&self) -> (u64, u64) {
        (self.due, self.number)
    }
}

impl<T> Ord for Waiting<T> {
    /// The earliest is the greatest, as the heap hands out the greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        other.place().cmp(&self.place())
    }
}

impl<T> PartialOrd for Waiting<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Waiting<T> {
    fn eq(&self, other: &Self) -> bool {
        self.place() == other.place()
    }
}

impl<T> Eq for Waiting<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    /// How far from due answers are there on a machine whose wakes take so long, once the queue has seen some.
    fn there(wakes: &mut Wakes, clock: u64, thread: u64) -> Vec<i64> {
        let wake = |second: u64| {
            let due = second * 1_000_000_000;
            wakes.learn_thread(thread);
            let now = due - wakes.ahead() + clock;
            wakes.learn_clock(due, now);
            // One thread has to wake before the question is there, one when the answer is.
            (now + 2 * thread.max(clock)).cast_signed() - due.cast_signed()
        };
        (1..=500).map(wake).skip(490).collect()
    }

    #[test]
    fn answers_are_there_in_time_however_long_wakes_take() {
        let mut wakes = Wakes::default();
        for (clock, thread) in [(40_000, 5_000), (3_000, 60_000), (90_000, 30_000), (0, 0)] {
            let there = there(&mut wakes, clock, thread);
            assert!(there.iter().all(|by| by.unsigned_abs() <= 4 * STEP), "{clock} {thread}: {there:?}");
        }
        // What is held up by other work is not made up for.
        let late = there(&mut wakes, 5_000_000, 7_000_000);
        assert_eq!(late.last(), Some(&(5_000_000 + 2 * 7_000_000 - 3 * LONGEST_WAKE.cast_signed())));
    }

    #[test]
    fn what_is_due_at_once_comes_back_unless_something_is_due_before() {
        let queue = Queue::new();
        assert_eq!(queue.push(0, 'a'), Some('a'));
        assert_eq!(queue.push(u64::MAX - 1, 'b'), None);
        assert_eq!(queue.push(0, 'c'), Some('c'));
        assert_eq!(queue.end(), ['b']);
    }

    #[test]
    fn what_is_due_first_leaves_first() {
        let queue = Queue::new();
        let soon = queue.now() + 50_000_000;
        for (due, what) in [(soon + 3, 'c'), (soon + 1, 'a'), (u64::MAX, 'z'), (soon + 2, 'b'), (soon + 3, 'd')] {
            assert_eq!(queue.push(due, what), None);
        }
        let left: Vec<char> = (0..4).map_while(|_| queue.next()).collect();
        assert_eq!(left, ['a', 'b', 'c', 'd']);
        assert_eq!(queue.end(), ['z']);
        assert_eq!(queue.next(), None);
    }

    #[test]
    fn nothing_leaves_long_before_its_moment_whoever_waits() {
        const THINGS: u64 = 400;
        let queue = Queue::new();
        let seen = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while let Some(due) = queue.next() {
                        assert!(queue.now() + 3 * LONGEST_WAKE >= due);
                        seen.lock().unwrap().push(due);
                    }
                });
            }
            let start = queue.now();
            for i in 0..THINGS {
                // Later ones among earlier ones, two at a time.
                let due = start + (i * 7919 % THINGS / 2) * 100_000;
                seen.lock().unwrap().extend(queue.push(due, due));
            }
            while seen.lock().unwrap().len() < THINGS as usize {
                std::thread::sleep(Duration::from_millis(1));
            }
            assert!(queue.end().is_empty());
        });
    }
}
