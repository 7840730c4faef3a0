//! Pushes contents into the kernel's page cache before they are asked for.
//!
//! From a thread of its own: the kernel locks pages while it waits for an answer, and a thread that answers requests
//! would wait for a lock that only its own answer releases.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use fuser::{INodeNo, Notifier};
use log::debug;

use crate::prefetch::{Chunk, Outcome, Planner};
use crate::stats::Counters;
use crate::vfs::{Ino, Vfs};

/// Where reads are reported to. Cheap to tell: one short lock.
#[derive(Debug)]
pub(super) struct Watch {
    bytes_ahead: u64,
    state: Mutex<State>,
    wake: Condvar,
    /// Held while something is made and pushed; who changes what there is takes it alone.
    pushing: Mutex<()>,
}

#[derive(Debug)]
struct State {
    planner: Planner,
    ended: bool,
}

impl Watch {
    pub(super) fn new(bytes_ahead: u64) -> Self {
        Self {
            state: Mutex::new(State { planner: Planner::new(bytes_ahead), ended: false }),
            bytes_ahead,
            wake: Condvar::new(),
            pushing: Mutex::new(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A program asks for these bytes.
    pub(super) fn on_read(&self, vfs: &impl Vfs, ino: Ino, offset: u64, len: u64) {
        if self.lock().planner.on_read(ino, offset, len, || vfs.siblings(ino)) {
            self.wake.notify_one();
        }
    }

    /// A program has listed a directory to its end.
    pub(super) fn on_listed(&self, vfs: &impl Vfs, dir: Ino) {
        if let Some(siblings) = vfs.files(dir)
            && self.lock().planner.on_listed(siblings)
        {
            self.wake.notify_one();
        }
    }

    /// Runs what changes the contents while nothing is pushed, and forgets all plans.
    pub(super) fn pause<T>(&self, change: impl FnOnce() -> T) -> T {
        let _alone = self.pushing.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change();
        self.lock().planner = Planner::new(self.bytes_ahead);
        result
    }

    /// Waits for the next chunk; `None` at the end of the mount.
    fn next_chunk(&self) -> Option<Chunk> {
        let mut state = self.lock();
        loop {
            if state.ended {
                return None;
            }
            if let Some(chunk) = state.planner.next_chunk() {
                return Some(chunk);
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The thread that pushes; dropped, it ends.
#[derive(Debug)]
pub struct Pusher {
    watch: Arc<Watch>,
    thread: Option<JoinHandle<()>>,
}

impl Pusher {
    pub(super) fn start<V: Vfs>(
        vfs: Arc<V>,
        watch: Arc<Watch>,
        counters: Arc<Counters>,
        kernel: Notifier,
    ) -> io::Result<Self> {
        let watched = watch.clone();
        let work = move || push_all(&*vfs, &watched, &counters, &kernel);
        let thread = std::thread::Builder::new().name("prefetch".into()).spawn(work)?;
        Ok(Self { watch, thread: Some(thread) })
    }
}

impl Drop for Pusher {
    fn drop(&mut self) {
        self.watch.lock().ended = true;
        self.watch.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            // Its panic was already logged, and ends only the prefetching.
            let _ = thread.join();
        }
    }
}

fn push_all(vfs: &impl Vfs, watch: &Watch, counters: &Counters, kernel: &Notifier) {
    let mut buffer = Vec::new();
    while let Some(chunk) = watch.next_chunk() {
        buffer.resize(chunk.len as usize, 0);
        let pushing = watch.pushing.lock().unwrap_or_else(PoisonError::into_inner);
        let pushed = vfs.read(chunk.ino, chunk.offset, &mut buffer).map_err(io::Error::other).and_then(|n| {
            if n > 0 {
                kernel.store(INodeNo(chunk.ino.0), chunk.offset, &buffer[..n])?;
            }
            Ok(n)
        });
        drop(pushing);
        match pushed {
            Ok(n) => {
                counters.add_prefetched_bytes(n as u64);
                watch.lock().planner.report(&chunk, Outcome::Pushed(n as u64));
            }
            // The mount is gone, or the kernel has no room. That it does not know the inode is no error to the library;
            // the planner learns of it when the file is asked for all the same.
            Err(error) => {
                debug!("prefetch of inode {}: {error}", chunk.ino.0);
                watch.lock().planner.report(&chunk, Outcome::Refused);
            }
        }
    }
}
