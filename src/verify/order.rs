//! Work by several threads whose results come in order, with bounded memory.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZero;
use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Pieces of work that may be begun before the oldest one is done, for each thread.
const AHEAD: u64 = 64;

struct State<T, R> {
    /// Numbered pieces of work that nobody has taken.
    waiting: VecDeque<(u64, T)>,
    done: BTreeMap<u64, R>,
    /// Number of the next piece of work.
    next: u64,
    /// Number of the next result to be given.
    due: u64,
    /// Whether no more work comes.
    is_all: bool,
    /// Whether nobody waits for results any more.
    is_over: bool,
}

struct Shared<T, R> {
    state: Mutex<State<T, R>>,
    changed: Condvar,
    most: u64,
}

impl<T, R> Shared<T, R> {
    fn lock(&self) -> MutexGuard<'_, State<T, R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a value can be taken from the state.
    fn wait<V>(&self, mut take: impl FnMut(&mut State<T, R>) -> Option<V>) -> V {
        let mut state = self.lock();
        loop {
            if let Some(value) = take(&mut state) {
                self.changed.notify_all();
                return value;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn add(&self, work: T) -> ControlFlow<()> {
        let mut work = Some(work);
        self.wait(|state| {
            if state.is_over {
                return Some(ControlFlow::Break(()));
            }
            if state.next - state.due >= self.most {
                return None;
            }
            state.waiting.extend(work.take().map(|work| (state.next, work)));
            state.next += 1;
            Some(ControlFlow::Continue(()))
        })
    }

    fn finish(&self, set: impl FnOnce(&mut State<T, R>)) {
        set(&mut self.lock());
        self.changed.notify_all();
    }
}

/// Ends everything when it goes away while its thread panics: nobody must wait for what does not come.
struct EndOnPanic<'a, T, R>(&'a Shared<T, R>);

impl<T, R> Drop for EndOnPanic<'_, T, R> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.finish(|state| state.is_over = true);
        }
    }
}

/// Calls `work` in `threads` threads with all that `produce` hands out, each thread with a state of its own, and `take`
/// with the results in that order, until it fails.
///
/// # Errors
/// The first one of `take`.
pub(super) fn in_order<T: Send, R: Send, S, E>(
    threads: NonZero<usize>,
    produce: impl FnOnce(&mut dyn FnMut(T) -> ControlFlow<()>) + Send,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, T) -> R + Sync,
    mut take: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    let start =
        State { waiting: VecDeque::new(), done: BTreeMap::new(), next: 0, due: 0, is_all: false, is_over: false };
    let most = AHEAD * threads.get() as u64;
    let shared = &Shared { state: Mutex::new(start), changed: Condvar::new(), most };
    let (state, work) = (&state, &work);
    thread::scope(|scope| {
        let _guard = EndOnPanic(shared);
        scope.spawn(move || {
            let _guard = EndOnPanic(shared);
            produce(&mut |work| shared.add(work));
            shared.finish(|state| state.is_all = true);
        });
        for _ in 0..threads.get() {
            scope.spawn(move || {
                let _guard = EndOnPanic(shared);
                let mut own = state();
                while let Some((number, piece)) = shared.wait(next_piece) {
                    let result = work(&mut own, piece);
                    shared.finish(|state| _ = state.done.insert(number, result));
                }
            });
        }
        let mut outcome = Ok(());
        while let Some(result) = shared.wait(next_result) {
            outcome = take(result);
            if outcome.is_err() {
                break;
            }
        }
        shared.finish(|state| state.is_over = true);
        outcome
    })
}

/// A piece of work; inside, `None` when there will be no more.
#[allow(clippy::option_option, reason = "nothing now, and nothing ever, are two things")]
fn next_piece<T, R>(state: &mut State<T, R>) -> Option<Option<(u64, T)>> {
    if state.is_over {
        return Some(None);
    }
    let piece = state.waiting.pop_front();
    if piece.is_some() || state.is_all { Some(piece) } else { None }
}

/// The result that is due; inside, `None` when there will be no more.
#[allow(clippy::option_option, reason = "nothing now, and nothing ever, are two things")]
fn next_result<T, R>(state: &mut State<T, R>) -> Option<Option<R>> {
    let result = state.done.remove(&state.due);
    let is_end = state.is_over || state.is_all && state.due == state.next;
    state.due += u64::from(result.is_some());
    if result.is_some() || is_end { Some(result) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn threads(count: usize) -> NonZero<usize> {
        NonZero::new(count).unwrap()
    }

    fn count_to(end: u64) -> impl FnOnce(&mut dyn FnMut(u64) -> ControlFlow<()>) + Send {
        move |add| _ = (0..end).try_for_each(add)
    }

    #[test]
    fn results_come_in_order_whatever_the_number_of_threads() {
        for count in [1, 2, 7] {
            let mut results = Vec::new();
            let Ok(()) = in_order(
                threads(count),
                count_to(5000),
                || 0,
                |_, n| n * n,
                |square| {
                    results.push(square);
                    Ok::<(), std::convert::Infallible>(())
                },
            );
            assert!(results.into_iter().eq((0..5000).map(|n| n * n)), "{count}");
        }
    }

    #[test]
    fn the_first_failure_ends_endless_work() {
        let take = |n| if n == 1000 { Err(n) } else { Ok(()) };
        assert_eq!(in_order(threads(3), count_to(u64::MAX), || (), |(), n| n, take), Err(1000));
    }

    #[test]
    fn a_panic_ends_it_as_well() {
        let work = |_: &mut (), n: u64| assert!(n < 100, "as arranged");
        let all =
            std::panic::catch_unwind(|| in_order(threads(2), count_to(u64::MAX), || (), work, |()| Ok::<(), ()>(())));
        assert!(all.is_err());
    }
}
