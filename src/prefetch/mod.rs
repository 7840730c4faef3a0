//! What to generate before it is asked for: contents are known in advance, so a reader that goes on as it began need
//! not wait. Decisions only, in no platform's terms; an adapter tells of reads and carries the chunks out.
//!
//! | reader of | in | is planned by |
//! |---|---|---|
//! | a big file | order | `stream` |
//! | the files of a directory of up to 1024 | any order | `whole` |
//! | the files of a larger directory | the order of the listing | `walk` |
//!
//! What was pushed is read without a request, so a reader that follows would go unseen. Each push therefore leaves a
//! gap: a request for the gap says that somebody follows, and earns the next push. Nobody follows, no request, no more
//! pushing.
//!
//! What it brings, measured by `scripts/bench-tools` on two cores: first reading of 100,000 files in folders of 100,
//! time without prefetching divided by time with it, median (lowest-highest) of 3 rounds.
//!
//! | program | files of 4 KiB | files of 1-16 KiB |
//! |---|---|---|
//! | open-read-close, order of the listing | 3.7 (3.7-4.1) | 3.8 (3.8-4.0) |
//! | tar | 3.1 (2.9-3.4) | 3.1 (2.8-4.1) |
//! | rsync | 2.5 (1.5-2.9) | 2.0 (1.6-2.5) |
//! | jdupes | 2.5 (2.3-2.6) | 1.2 (1.2-1.3) |
//! | fclones | 1.7 (1.4-1.7) | 1.3 (1.1-1.3) |
//! | restic | 1.1 (1.0-1.1) | |
//! | open-read-close, random order | 1.0 (1.0-1.1) | 1.0 (1.0-1.1) |
//! | one file of each directory | 1.1 (0.9-1.1) | |
//!
//! Where it does not help: programs that compute more than they wait (restic); random order over many directories;
//! directories of more than 1024 files that are read in another order than they list (rsync, by name), or whose names
//! were listed without attributes, so that the kernel knows no inodes to push to: there `-o readdirplus=always` makes
//! reading in the order of the listing 5 to 8 times as fast, and without it pushing brings nothing.

mod stream;
mod walk;
mod whole;

use std::collections::VecDeque;
use std::num::NonZeroUsize;

use lru::LruCache;

use crate::vfs::{Ino, Siblings};
use stream::Reader;
use walk::Walk;
use whole::Directories;

/// Big files and large directories watched at a time; of each, the one not read for longest is forgotten.
const WATCHED: NonZeroUsize = NonZeroUsize::new(64).unwrap();

/// A piece of a file to generate and hand over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// The file.
    pub ino: Ino,
    /// First byte.
    pub offset: u64,
    /// Bytes, at most 256 KiB; the file may end within them.
    pub len: u64,
    source: Source,
}

/// What became of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// So many bytes were handed over: fewer than planned where the file ended.
    Pushed(u64),
    /// It could not be handed over: the mount is gone, say.
    Refused,
}

/// Watches reads and plans pushes.
#[derive(Debug)]
pub struct Planner {
    batch: u64,
    readers: LruCache<Ino, Reader>,
    /// By the first file of the directory.
    walks: LruCache<Ino, Walk>,
    directories: Directories,
    /// What has something left to push, each once.
    ready: VecDeque<Source>,
}

/// Who planned a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The reader of this file.
    Reader(Ino),
    /// Those of the directory with this first file.
    Walk(Ino),
    Directory(Ino),
}

impl Planner {
    /// Pushes up to `batch` bytes, and half as much again, ahead of each sequential reader, and up to `batch` bytes of
    /// directories.
    pub fn new(batch: u64) -> Self {
        Self {
            batch,
            readers: LruCache::new(WATCHED),
            walks: LruCache::new(WATCHED),
            directories: Directories::new(batch),
            ready: VecDeque::new(),
        }
    }

    /// A request for `len` bytes at `offset`; `siblings` finds those of the file, and is called only where they matter.
    /// Returns whether there is something new to push.
    pub fn on_read(&mut self, ino: Ino, offset: u64, len: u64, siblings: impl FnOnce() -> Option<Siblings>) -> bool {
        let small = offset == 0 && len <= walk::SMALL;
        if small && !self.directories.is_near(ino) && !self.walks.iter().any(|(_, walk)| walk.expects(ino)) {
            return false;
        }
        let (source, push) = match small.then(siblings).flatten() {
            None => {
                let reader = self.readers.get_or_insert_mut(ino, Reader::default);
                (Source::Reader(ino), reader.on_read(offset, len, self.batch))
            }
            Some(siblings) if siblings.count > *whole::FILES.end() => {
                let walk = self.walks.get_or_insert_mut(siblings.first, || Walk::new(siblings, self.batch));
                (Source::Walk(siblings.first), walk.on_read(ino))
            }
            Some(siblings) => {
                let push = whole::FILES.contains(&siblings.count) && self.directories.on_read(ino, siblings);
                (Source::Directory(siblings.first), push)
            }
        };
        self.enqueue(source, push)
    }

    /// A directory with these files was listed to its end. Returns whether there is something new to push.
    pub fn on_listed(&mut self, siblings: Siblings) -> bool {
        let push = whole::FILES.contains(&siblings.count) && self.directories.on_listed(siblings);
        self.enqueue(Source::Directory(siblings.first), push)
    }

    fn enqueue(&mut self, source: Source, push: bool) -> bool {
        if push && !self.ready.contains(&source) {
            self.ready.push_back(source);
        }
        push
    }

    /// The next chunk to push; files and directories take turns.
    pub fn next_chunk(&mut self) -> Option<Chunk> {
        while let Some(source) = self.ready.pop_front() {
            let chunk = match source {
                Source::Reader(ino) => self.readers.peek_mut(&ino).and_then(|reader| reader.take(ino)),
                Source::Walk(first) => self.walks.peek_mut(&first).and_then(Walk::take),
                Source::Directory(first) => self.directories.take(first),
            };
            if chunk.is_some() {
                match (source, self.ready.front()) {
                    // One directory after the other: they were asked for in this order.
                    (Source::Directory(_), Some(Source::Directory(_))) => self.ready.push_front(source),
                    _ => self.ready.push_back(source),
                }
                return chunk;
            }
        }
        None
    }

    /// Tells what became of a chunk.
    pub fn report(&mut self, chunk: &Chunk, outcome: Outcome) {
        match (chunk.source, outcome) {
            (Source::Reader(_), Outcome::Pushed(bytes)) if bytes == chunk.len => {}
            (Source::Reader(ino), _) => self.readers.peek_mut(&ino).into_iter().for_each(Reader::stop),
            // Small files end within their chunk.
            (Source::Walk(_), Outcome::Pushed(_)) => {}
            (Source::Walk(first), Outcome::Refused) => self.walks.peek_mut(&first).into_iter().for_each(Walk::stop),
            (Source::Directory(first), Outcome::Pushed(bytes)) => self.directories.add(first, bytes),
            (Source::Directory(first), Outcome::Refused) => self.directories.stop(first),
        }
    }
}

#[cfg(test)]
mod tests;
