//! Telling an observer of requests: before they are answered, so that whoever has an answer finds it counted.

use std::sync::Arc;

use fuser::{Errno, INodeNo};

use super::FuseAdapter;
use crate::observe::{Event, Observer};
use crate::stats::Op;
use crate::vfs::{Ino, Result, Vfs};

/// A read that came in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Read {
    pub(super) arrival: u64,
    /// The kernel's number of the request.
    pub(super) seq: u64,
    pub(super) ino: INodeNo,
    pub(super) offset: u64,
    pub(super) size: u32,
}

impl<V: Vfs> FuseAdapter<V> {
    /// Tells an observer of all requests. Opening a file then is one.
    pub fn observed_by(mut self, observer: Option<Arc<Observer>>) -> Self {
        self.observer = observer;
        self
    }

    /// Runs one request and tells of it.
    pub(super) fn serve<T>(
        &self,
        op: Op,
        ino: INodeNo,
        call: impl FnOnce() -> Result<T>,
    ) -> std::result::Result<T, Errno> {
        let arrival = self.arrival();
        let result = self.attempt(op, ino, call);
        self.tell(arrival, op, ino, result.is_ok());
        result
    }

    /// When a request came in.
    pub(super) fn arrival(&self) -> u64 {
        self.observer.as_ref().map_or(0, |observer| observer.now())
    }

    pub(super) fn tell(&self, arrival: u64, op: Op, ino: INodeNo, ok: bool) {
        if let Some(observer) = &self.observer {
            observer.tell(Event::plain(arrival, op, Ino(ino.0), ok));
        }
    }

    /// Tells of a read and of the bytes that it gets, if it does not fail.
    pub(super) fn tell_read(&self, read: Read, count: Option<u32>) {
        if let Some(observer) = &self.observer {
            let Read { arrival, seq, ino, offset, size } = read;
            let plain = Event::plain(arrival, Op::Read, Ino(ino.0), count.is_some());
            observer.tell(Event { seq, offset, len: size, count: count.unwrap_or(0), ..plain });
        }
    }
}
