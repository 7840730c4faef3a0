//! Reads: answered at once, or when a device that is not there would have done them.

use std::cell::RefCell;

use fuser::{Errno, INodeNo, OpenFlags, ReplyData};

use super::buffer::Buffer;
use super::{FuseAdapter, attempt};
use crate::observe::{Event, Observer};
use crate::stats::{Counters, Op};
use crate::vfs::{Ino, Vfs};

/// A read that came in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Read {
    /// When, for an observer.
    pub(super) arrival: u64,
    /// The kernel's number of the request.
    pub(super) seq: u64,
    pub(super) ino: INodeNo,
    pub(super) offset: u64,
    pub(super) size: u32,
}

thread_local! {
    /// Reply buffer of this worker, as large as the largest read so far: no allocation a request.
    static BUFFER: RefCell<Buffer> = const { RefCell::new(Buffer::new()) };
}

/// What is behind the answer to a read.
#[derive(Debug)]
pub(super) struct Reads<'a, V> {
    pub(super) vfs: &'a V,
    pub(super) counters: &'a Counters,
    pub(super) observer: Option<&'a Observer>,
}

impl<V: Vfs> Reads<'_, V> {
    /// Answers with the first `len` of the bytes that it asks for, from the buffer of this thread.
    pub(super) fn answer(&self, read: Read, len: u32, reply: ReplyData) {
        BUFFER.with_borrow_mut(|buffer| {
            let buffer = buffer.get(len as usize);
            let room = buffer.len();
            let fill = || self.vfs.read(Ino(read.ino.0), read.offset, buffer);
            match attempt(self.counters, Op::Read, read.ino, fill) {
                Ok(count) => {
                    let data = &buffer[..count.min(room)];
                    self.counters.add_read_bytes(data.len() as u64);
                    self.tell(read, Some(data.len() as u32));
                    reply.data(data);
                }
                Err(errno) => self.fail(read, errno, reply),
            }
        });
    }

    /// Answers with an error.
    pub(super) fn fail(&self, read: Read, errno: Errno, reply: ReplyData) {
        self.tell(read, None);
        reply.error(errno);
    }

    /// Tells of a read and of the bytes that it gets, if it does not fail.
    fn tell(&self, read: Read, count: Option<u32>) {
        if let Some(observer) = self.observer {
            let Read { arrival, seq, ino, offset, size } = read;
            let plain = Event::plain(arrival, Op::Read, Ino(ino.0), count.is_some());
            observer.tell(Event { seq, offset, len: size, count: count.unwrap_or(0), ..plain });
        }
    }
}

impl<V: Vfs> FuseAdapter<V> {
    pub(super) fn reply_read(
        &self,
        seq: u64,
        ino: INodeNo,
        offset: u64,
        size: u32,
        flags: OpenFlags,
        reply: ReplyData,
    ) {
        let read = Read { arrival: self.arrival(), seq, ino, offset, size };
        let reply = match &self.delays {
            None => reply,
            Some(delays) => match delays.delay(read, reply) {
                Some(reply) => reply,
                None => return,
            },
        };
        let reads = Reads { vfs: &*self.vfs, counters: &self.counters, observer: self.observer.as_deref() };
        reads.answer(read, size, reply);
        // O_DIRECT reads pass by the page cache, where nothing that is pushed would be found.
        let watch = self.watch.as_ref().filter(|_| flags.0 & libc::O_DIRECT == 0);
        // Behind the reply: the reader need not wait for plans.
        if let Some(watch) = watch {
            self.shield(ino, || watch.on_read(&*self.vfs, Ino(ino.0), offset, u64::from(size)));
        }
    }
}
