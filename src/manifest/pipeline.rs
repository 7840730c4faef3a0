//! Jobs of very different lengths, done by several threads, their results taken in order.
//!
//! A thread takes the next job as soon as it is free, so that a long job holds nobody up. What was done ahead of a long
//! job has to wait for it, and takes memory: jobs have weights, and no more are begun while those begun and not yet
//! taken weigh more than a limit.

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Begins no more jobs while those begun and not yet taken weigh this much.
pub(super) const MOST_AHEAD: u64 = 1 << 16;

/// Does `jobs`, each with its weight, by `make` on `threads` threads, and hands the results in order to `take`, as many
/// at a time as are there. `state` makes what each thread keeps between its jobs.
///
/// # Errors
/// The first one of `take`: no more jobs are begun then. Those begun are waited for.
pub(super) fn in_order<J, T: Send, S, E>(
    threads: NonZero<usize>,
    jobs: impl Iterator<Item = (u64, J)> + Send,
    state: impl Fn() -> S + Sync,
    make: impl Fn(&mut S, J) -> T + Sync,
    mut take: impl FnMut(Vec<T>) -> Result<(), E>,
) -> Result<(), E> {
    let shared = Shared {
        queue: Mutex::new(Queue { jobs, begun: VecDeque::new(), first: 0, weight: 0, ended: false, broken: false }),
        room: Condvar::new(),
        ready: Condvar::new(),
    };
    thread::scope(|scope| {
        let _end = EndOnDrop(&shared);
        for _ in 0..threads.get() {
            scope.spawn(|| {
                let _broken = BreakOnPanic(&shared);
                shared.work(&state, &make);
            });
        }
        while let Some(results) = shared.results() {
            take(results)?;
        }
        Ok(())
    })
}

struct Shared<I, T> {
    queue: Mutex<Queue<I, T>>,
    /// There is room for more jobs, or no more are to be begun.
    room: Condvar,
    /// The first result is there, or none will come.
    ready: Condvar,
}

struct Queue<I, T> {
    jobs: I,
    /// Weights, and results as far as they are there, of the jobs that were begun and not yet taken.
    begun: VecDeque<(u64, Option<T>)>,
    /// Number of the first of them.
    first: u64,
    /// Weight of all of them.
    weight: u64,
    /// No more jobs are to be begun.
    ended: bool,
    /// A thread has panicked, and its result will never come.
    broken: bool,
}

impl<I: Iterator<Item = (u64, J)>, J, T> Shared<I, T> {
    fn work<S>(&self, state: impl Fn() -> S, make: impl Fn(&mut S, J) -> T) {
        let mut state = state();
        while let Some((number, job)) = self.next_job() {
            let result = make(&mut state, job);
            let mut queue = self.lock();
            let place = (number - queue.first) as usize;
            if let Some((_, empty)) = queue.begun.get_mut(place) {
                *empty = Some(result);
            }
            if place == 0 {
                self.ready.notify_one();
            }
        }
    }

    /// The next job and its number, as soon as there is room for it.
    fn next_job(&self) -> Option<(u64, J)> {
        let full = |queue: &mut Queue<I, T>| !queue.ended && queue.weight >= MOST_AHEAD;
        let mut queue = self.room.wait_while(self.lock(), full).unwrap_or_else(PoisonError::into_inner);
        if queue.ended {
            return None;
        }
        let Some((weight, job)) = queue.jobs.next() else {
            drop(queue);
            self.end();
            return None;
        };
        let number = queue.first + queue.begun.len() as u64;
        queue.begun.push_back((weight, None));
        queue.weight += weight;
        Some((number, job))
    }
}

impl<I, T> Shared<I, T> {
    fn lock(&self) -> MutexGuard<'_, Queue<I, T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The results that are there, once the next one is; `None` after the last.
    fn results(&self) -> Option<Vec<T>> {
        let waits = |queue: &mut Queue<I, T>| match queue.begun.front() {
            Some((_, result)) => result.is_none() && !queue.broken,
            None => !queue.ended,
        };
        let mut queue = self.ready.wait_while(self.lock(), waits).unwrap_or_else(PoisonError::into_inner);
        let mut results = Vec::new();
        while let Some(result) = queue.begun.front_mut().and_then(|(_, result)| result.take()) {
            results.push(result);
            queue.weight -= queue.begun.pop_front().map_or(0, |(weight, _)| weight);
            queue.first += 1;
        }
        self.room.notify_all();
        (!results.is_empty()).then_some(results)
    }

    fn end(&self) {
        self.lock().ended = true;
        self.room.notify_all();
        self.ready.notify_all();
    }
}

/// Lets the threads end when nobody takes results any more.
struct EndOnDrop<'a, I, T>(&'a Shared<I, T>);

impl<I, T> Drop for EndOnDrop<'_, I, T> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Lets nobody wait for a thread that has panicked.
struct BreakOnPanic<'a, I, T>(&'a Shared<I, T>);

impl<I, T> Drop for BreakOnPanic<'_, I, T> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.lock().broken = true;
            self.0.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use super::*;

    fn threads(n: usize) -> NonZero<usize> {
        NonZero::new(n).unwrap()
    }

    #[test]
    fn results_come_in_order_whatever_takes_long() {
        for (n, jobs) in [(1, 0), (1, 100), (3, 1), (4, 2000)] {
            let mut taken = Vec::new();
            let make = |done: &mut u64, job: u64| {
                if job % 97 == 5 {
                    thread::sleep(Duration::from_millis(2));
                }
                *done += 1;
                (job, *done)
            };
            let take = |results: Vec<(u64, u64)>| {
                taken.extend(results.into_iter().map(|(job, _)| job));
                Ok::<(), ()>(())
            };
            in_order(threads(n), (0..jobs).map(|job| (1, job)), || 0, make, take).unwrap();
            assert!(taken.into_iter().eq(0..jobs));
        }
    }

    #[test]
    fn a_failure_ends_endless_jobs() {
        let take = |results: Vec<u64>| if results.contains(&1000) { Err("enough") } else { Ok(()) };
        assert_eq!(in_order(threads(3), (0..).map(|job| (1, job)), || (), |(), job| job, take), Err("enough"));
    }

    #[test]
    fn jobs_are_not_begun_far_ahead() {
        let (begun, taken) = (AtomicU64::new(0), AtomicU64::new(0));
        let make = |(): &mut (), _job: u64| begun.fetch_add(1, Ordering::SeqCst);
        let mut most = 0;
        let take = |results: Vec<u64>| {
            thread::sleep(Duration::from_micros(200));
            most = most.max(begun.load(Ordering::SeqCst) - taken.load(Ordering::SeqCst));
            taken.fetch_add(results.len() as u64, Ordering::SeqCst);
            Ok::<(), ()>(())
        };
        in_order(threads(4), (0..2000).map(|job| (MOST_AHEAD / 8, job)), || (), make, take).unwrap();
        // Eight fill it, and as many may lie with the one who takes.
        assert!((1..=16).contains(&most), "{most}");
    }

    #[test]
    fn a_panic_is_passed_on() {
        let ended = std::panic::catch_unwind(|| {
            let make = |(): &mut (), job: u64| assert_ne!(job, 50);
            in_order(threads(2), (0..).map(|job| (1, job)), || (), make, |_| Ok::<(), ()>(()))
        });
        assert!(ended.is_err());
    }
}
