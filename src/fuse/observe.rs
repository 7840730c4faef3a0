//! Telling an observer of requests: before they are answered, so that whoever has an answer finds it counted.

use std::sync::Arc;

use fuser::{Errno, INodeNo};

use super::FuseAdapter;
use crate::observe::{Event, Observer};
use crate::stats::Op;
use crate::vfs::{Ino, Result, Vfs};

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
}
