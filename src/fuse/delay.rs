//! Reads that are answered when a device that is not there would have done them.
//!
//! Who takes a request from the kernel only puts it down with the moment at which it is due, unless that is now: what else
//! it asks is never held up. Threads of their own make the bytes when that moment has come, so that what waits takes no memory for them.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use fuser::{Errno, ReplyData};
use log::debug;

use super::Storage;
use super::read::{Read, Reads};
use crate::observe::Observer;
use crate::stats::{Counters, Op};
use crate::storage::{Access, Model, Queue};
use crate::vfs::{Delivery, Extent, Ino, Vfs};

/// Most threads that answer what is due, whatever is asked for.
const MAX_WORKERS: usize = 64;

/// Where reads wait.
#[derive(Debug)]
pub struct Delays<V> {
    vfs: Arc<V>,
    counters: Arc<Counters>,
    observer: Option<Arc<Observer>>,
    /// The device, unless only faults hold reads up.
    model: Option<Mutex<Model>>,
    queue: Queue<Waiting>,
}

/// A read that waits.
#[derive(Debug)]
struct Waiting {
    read: Read,
    /// Bytes that it gets, at most those it asks for.
    len: u32,
    fails: bool,
    /// Nanoseconds that the device takes for it, if there is one.
    wait: Option<u64>,
    reply: ReplyData,
}

impl<V: Vfs> Delays<V> {
    pub(super) fn new(
        vfs: Arc<V>,
        counters: Arc<Counters>,
        observer: Option<Arc<Observer>>,
        storage: Option<Storage>,
    ) -> Self {
        let model = storage.map(|storage| Mutex::new(Model::new(storage.spec, storage.seed)));
        if model.is_some() {
            counters.expect_device();
        }
        Self { vfs, counters, observer, model, queue: Queue::new() }
    }

    /// Lets a read wait until it is due. What is due at once is given back: reads of what needs no device, reads behind
    /// the end of a file, and without a device those that meet no fault.
    pub(super) fn delay(&self, read: Read, reply: ReplyData) -> Option<ReplyData> {
        let Read { ino, offset, size, .. } = read;
        // A panic is met again, and answered, where the bytes are made.
        let look = || {
            let extent = self.vfs.extent(Ino(ino.0))?;
            let bytes = offset..offset.saturating_add(size.into()).min(extent.size);
            (!bytes.is_empty()).then(|| (extent, self.vfs.deliver(Ino(ino.0), bytes)))
        };
        let Some((extent, delivery)) = catch_unwind(AssertUnwindSafe(look)).unwrap_or(None) else {
            return Some(reply);
        };
        let is_whole = delivery == Delivery::of(&(offset..offset.saturating_add(size.into()).min(extent.size)));
        if is_whole && self.model.is_none() {
            return Some(reply);
        }
        // Never longer than asked for.
        let len = delivery.end.saturating_sub(offset) as u32;
        let (now, wait) = self.wait(&extent, offset, len);
        let due = now.saturating_add(wait.unwrap_or(0)).saturating_add(delivery.hold);
        if let Some(waiting) = self.queue.push(due, Waiting { read, len, fails: delivery.fails, wait, reply }) {
            self.answer(waiting);
        }
        None
    }

    /// This moment, and how long the device takes for a read that comes now.
    fn wait(&self, extent: &Extent, offset: u64, len: u32) -> (u64, Option<u64>) {
        let Some(model) = &self.model else { return (self.queue.now(), None) };
        let access = Access { start: extent.start.saturating_add(offset), len: len.into(), span: extent.span };
        let mut model = model.lock().unwrap_or_else(PoisonError::into_inner);
        // Of two that come together the one that the device hears of first comes first.
        let now = self.queue.now();
        (now, Some(model.arrive(now, access).saturating_sub(now)))
    }

    /// Answers what is due, until the queue ends.
    fn work(&self) {
        watch_closely();
        while let Some(waiting) = self.queue.next() {
            self.answer(waiting);
        }
    }

    fn answer(&self, Waiting { read, len, fails, wait, reply }: Waiting) {
        let reads = Reads { vfs: &*self.vfs, counters: &self.counters, observer: self.observer.as_deref() };
        if let Some(wait) = wait {
            self.counters.count_device_read(wait);
        }
        if fails {
            self.counters.count(Op::Read);
            debug!("read of inode {} at {}: fault that was asked for", read.ino, read.offset);
            reads.fail(read, Errno::EIO, reply);
        } else {
            reads.answer(read, len, reply);
        }
    }

    /// Starts threads that answer what is due, until what is returned is dropped.
    ///
    /// # Errors
    /// They could not all be started.
    pub fn start(self: Arc<Self>, threads: usize) -> io::Result<Workers> {
        let ended = self.clone();
        // The connection is gone: an answer would only be refused, with a complaint for each.
        let end = Box::new(move || ended.queue.end().into_iter().for_each(|waiting| std::mem::forget(waiting.reply)));
        let mut workers = Workers { end, threads: Vec::new() };
        for _ in 0..threads.clamp(1, MAX_WORKERS) {
            let delays = self.clone();
            let thread = std::thread::Builder::new().name("storage".into()).spawn(move || delays.work())?;
            workers.threads.push(thread);
        }
        Ok(workers)
    }
}

/// Has the clock looked at as precisely as there is: by itself the kernel wakes a thread up to 50 µs late.
#[cfg(target_os = "linux")]
fn watch_closely() {
    // SAFETY: sets a number of this thread; 1 is a number of nanoseconds that is allowed.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1 as libc::c_ulong) };
}

#[cfg(not(target_os = "linux"))]
fn watch_closely() {}

/// The threads that answer reads which wait; dropped, they end, and what still waits is never answered.
pub struct Workers {
    end: Box<dyn Fn() + Send>,
    threads: Vec<JoinHandle<()>>,
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workers").field("threads", &self.threads).finish_non_exhaustive()
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        (self.end)();
        for thread in self.threads.drain(..) {
            // Panics were answered where they happened.
            let _ = thread.join();
        }
    }
}
