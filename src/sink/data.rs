//! Opening, writing and reading files.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::evidence::Evidence;
use super::node::{Body, Flight, Subject};
use super::{Result, Sink, SinkError, node_id};
use crate::units::MAX_SIZE;
use crate::verdict;
use crate::vfs::{Ino, Seek};

impl Sink {
    /// Takes note of a handle that may write.
    ///
    /// # Errors
    /// [`SinkError::IsDirectory`], [`SinkError::Invalid`], [`SinkError::Stale`].
    pub fn open(&self, ino: Ino) -> Result<()> {
        let (flight, _) = self.flight(ino, false)?;
        flight.writers.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Gives back such a handle. With the last one a file that is known to be what its name demands becomes a small
    /// record.
    pub fn release(&self, ino: Ino) {
        let Ok((flight, path)) = self.flight(ino, false) else { return };
        let before = flight.writers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| count.checked_sub(1));
        if before == Ok(1) {
            self.settle(ino, &flight, &path);
        }
    }

    /// Judges a file after a change that came without a handle, such as a new name.
    pub(super) fn settle_unopened(&self, ino: Ino) {
        let is_flight = node_id(ino).and_then(|id| self.nodes().flight(id)).is_ok_and(|file| file.is_ok());
        if is_flight
            && let Ok((flight, path)) = self.flight(ino, false)
            && flight.writers.load(Ordering::Relaxed) == 0
        {
            self.settle(ino, &flight, &path);
        }
    }

    /// Makes a small record of a file that nobody writes to, if all of it is right. The comparisons that this may need
    /// happen outside the lock of the tree.
    fn settle(&self, ino: Ino, flight: &Arc<Flight>, path: &[u8]) {
        let (_, firm) = self.with_context(path, |context| {
            flight.with(context, |evidence| {
                evidence.rest();
                evidence.basis().map(|_| evidence.judge(context))
            })
        });
        let mut nodes = self.nodes();
        if firm && let Ok(node) = node_id(ino).and_then(|id| nodes.get_mut(id)) {
            self.with_context(path, |context| node.shrink(context, 1));
        }
    }

    /// The file as one that can be written to, and its path. `changes` tells whether it is about to be.
    fn flight(&self, ino: Ino, changes: bool) -> Result<(Arc<Flight>, Vec<u8>)> {
        let mut nodes = self.nodes();
        let id = node_id(ino)?;
        let flight = match nodes.flight(id)? {
            Ok(flight) => flight,
            Err(recipe) => {
                // It became whole by a name that demanded this recipe; a rename since may demand another.
                let flight = Arc::new(Flight::new(Evidence::of(recipe), Subject::default()));
                nodes.get_mut(id)?.body = Body::Flight(flight.clone());
                if let Some(name) = nodes.name_of(id) {
                    flight.follow(self.subject(&nodes.path(self.expected(), name)));
                }
                flight
            }
        };
        if changes {
            nodes.get_mut(id)?.touch();
        }
        Ok((flight, nodes.name_of(id).map_or_else(Vec::new, |name| nodes.path(self.expected(), name))))
    }

    /// Compares bytes with what is demanded at an offset, and takes note of the result. They count as written even if
    /// they are refused.
    ///
    /// # Errors
    /// [`SinkError::Refused`] for wrong bytes if the rules are strict, [`SinkError::TooLarge`], and those of
    /// [`Sink::open`].
    pub fn write(&self, ino: Ino, offset: u64, data: &[u8]) -> Result<()> {
        let end = offset.checked_add(data.len() as u64).filter(|&end| end <= MAX_SIZE);
        end.ok_or(SinkError::TooLarge)?;
        let (flight, path) = self.flight(ino, true)?;
        let (right, firm) =
            self.with_context(&path, |context| flight.with(context, |evidence| evidence.write(context, offset, data)));
        self.written.fetch_add(data.len() as u64, Ordering::Relaxed);
        if firm && !right {
            self.wrong.fetch_add(1, Ordering::Relaxed);
            if self.rules.strict {
                return Err(SinkError::Refused);
            }
        }
        Ok(())
    }

    /// Sets the size of a file; what is new are zeros.
    ///
    /// # Errors
    /// [`SinkError::TooLarge`], and those of [`Sink::open`].
    pub fn truncate(&self, ino: Ino, size: u64) -> Result<()> {
        if size > MAX_SIZE {
            return Err(SinkError::TooLarge);
        }
        let (flight, path) = self.flight(ino, true)?;
        self.with_context(&path, |context| flight.with(context, |evidence| evidence.truncate(context, size)));
        Ok(())
    }

    /// Makes a range zeros, or as many as there are of it. With `extend` the file grows to hold all of it, and `zero`
    /// tells whether bytes that are there go.
    ///
    /// # Errors
    /// [`SinkError::TooLarge`], and those of [`Sink::open`].
    pub fn allocate(&self, ino: Ino, offset: u64, len: u64, extend: bool, zero: bool) -> Result<()> {
        let end = offset.checked_add(len).filter(|&end| end <= MAX_SIZE).ok_or(SinkError::TooLarge)?;
        let (flight, path) = self.flight(ino, true)?;
        self.with_context(&path, |context| {
            flight.with(context, |evidence| {
                if zero {
                    evidence.punch(context, offset..end);
                }
                if extend && end > evidence.size() {
                    evidence.truncate(context, end);
                }
            })
        });
        Ok(())
    }

    /// Fills `buf` from `offset` on with what is known to have been written, and returns the bytes there are: fewer than
    /// asked only at the end of the file.
    ///
    /// # Errors
    /// [`SinkError::Unknown`] for bytes that were wrong or not proved and are no longer in memory, and those of
    /// [`Sink::open`].
    pub fn read(&self, ino: Ino, offset: u64, buf: &mut [u8]) -> Result<usize> {
        let file = self.nodes().flight(node_id(ino)?)?;
        match file {
            Ok(flight) => {
                let read = |context: &super::Context<'_>| {
                    flight.with(context, |evidence| evidence.read(&self.corpus, offset, buf)).0
                };
                self.with_context(b"", read)
            }
            Err(recipe) => verdict::fill(&recipe, &self.corpus, offset, buf).map_err(|_| SinkError::Unknown),
        }
    }

    /// The next data or hole at or behind an offset; `None` where there is none.
    ///
    /// # Errors
    /// Those of [`Sink::open`].
    pub fn seek(&self, ino: Ino, offset: u64, what: Seek) -> Result<Option<u64>> {
        let file = self.nodes().flight(node_id(ino)?)?;
        let (size, found) = match file {
            Ok(flight) => {
                let seek = |context: &super::Context<'_>| {
                    flight.with(context, |evidence| (evidence.size(), evidence.seek(offset, what == Seek::Data))).0
                };
                self.with_context(b"", seek)
            }
            Err(recipe) => {
                let size = recipe.bytes();
                (size, Some(if what == Seek::Data { offset } else { size }))
            }
        };
        Ok(found.filter(|_| offset < size))
    }
}
