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
#[derive(Debug)]
pub struct Queue<T> {
    state: Mutex<State<T>>,
    /// Wakes the thread that watches the clock.
    watch: Condvar,
    /// Wakes another one.
    others: Condvar,
    start: Instant,
}

#[derive(Debug)]
struct State<T> {
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
        let state = State { waiting: BinaryHeap::new(), is_watched: false, ended: false, count: 0 };
        Self { state: Mutex::new(state), watch: Condvar::new(), others: Condvar::new(), start: Instant::now() }
    }

    /// This moment.
    pub fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Lets something wait until it is due.
    pub fn push(&self, due: u64, what: T) {
        let mut state = self.lock();
        let is_first = state.waiting.peek().is_none_or(|first| due < first.due);
        let number = state.count;
        state.count += 1;
        state.waiting.push(Waiting { due, number, what });
        match state.is_watched {
            true if is_first => self.watch.notify_one(),
            true => {}
            false => self.others.notify_one(),
        }
    }

    /// Waits for what is due next; `None` once the queue has ended.
    pub fn next(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            if state.ended {
                return None;
            }
            let now = self.now();
            let due = state.waiting.peek().map(|first| first.due).filter(|&due| due != u64::MAX);
            if due.is_some_and(|due| due <= now) {
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
                    let left = Duration::from_nanos(due - now);
                    self.watch.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.watch.wait(state).unwrap_or_else(PoisonError::into_inner),
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

    #[test]
    fn what_is_due_first_leaves_first() {
        let queue = Queue::new();
        for (due, what) in [(3, 'c'), (1, 'a'), (u64::MAX, 'z'), (2, 'b'), (3, 'd')] {
            queue.push(due, what);
        }
        let left: Vec<char> = (0..4).map_while(|_| queue.next()).collect();
        assert_eq!(left, ['a', 'b', 'c', 'd']);
        assert_eq!(queue.end(), ['z']);
        assert_eq!(queue.next(), None);
    }

    #[test]
    fn nothing_leaves_before_its_moment_whoever_waits() {
        const THINGS: u64 = 400;
        let queue = Queue::new();
        let seen = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while let Some(due) = queue.next() {
                        assert!(queue.now() >= due);
                        seen.lock().unwrap().push(due);
                    }
                });
            }
            let start = queue.now();
            for i in 0..THINGS {
                // Later ones among earlier ones, two at a time.
                queue.push(start + (i * 7919 % THINGS / 2) * 100_000, start + (i * 7919 % THINGS / 2) * 100_000);
            }
            while seen.lock().unwrap().len() < THINGS as usize {
                std::thread::sleep(Duration::from_millis(1));
            }
            assert!(queue.end().is_empty());
        });
    }
}
