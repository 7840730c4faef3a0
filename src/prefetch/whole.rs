//! Readers of whole directories, in any order: by name, by inode number, in several threads.
//!
//! A directory is pushed whole once a few of its files were read, but for one file, the probe. A request for the probe
//! says that all of the directory is being read, and earns the next directories a push as soon as they are listed. A
//! probe that is not asked for, while files of other directories are, says the opposite: then more has to be read of a
//! directory before it is pushed.

use std::num::NonZeroUsize;

use lru::LruCache;

use super::walk::{SMALL, VAIN};
use super::{Chunk, Source};
use crate::dataset::draw::mix;
use crate::vfs::{Ino, Siblings};

/// Files of a directory that is pushed whole: fewer are read before there is anything to gain, more are for
/// [`super::walk`].
pub(super) const FILES: std::ops::RangeInclusive<u64> = 4..=1024;

/// Files of one directory that are read before it is pushed.
pub(super) const READS: u64 = 3;

/// Files read in directories that were not pushed before a probe counts as not asked for.
pub(super) const PATIENCE: u64 = 128;

/// As many until a failure is forgotten.
pub(super) const FORGIVENESS: u64 = 1 << 14;

/// Directories of which reads are counted; few, or random reads of many directories would look like the reading of each.
const COUNTED: NonZeroUsize = NonZeroUsize::new(8).unwrap();

/// Directories that are pushed or were lately.
const PUSHED: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// The directories, by the first of their files.
#[derive(Debug)]
pub(super) struct Directories {
    /// Most bytes that are pushed and not known to be wanted.
    budget: u64,
    /// Bytes that are pushed and not known to be wanted.
    unproven: u64,
    /// Whether directories are pushed when they are listed.
    on_listing: bool,
    /// Files of one directory to be read before it is pushed.
    needed: u64,
    /// Files asked for in directories that were not pushed.
    clock: u64,
    /// When the last push failed, or a failure was forgotten.
    failed: u64,
    counted: LruCache<Ino, Asked>,
    /// In the order of their pushes.
    pushed: LruCache<Ino, Push>,
}

/// A directory that is pushed.
#[derive(Debug)]
struct Push {
    siblings: Siblings,
    /// What was asked for before.
    asked: Asked,
    /// The position that is not pushed.
    probe: u64,
    /// The next position to push.
    at: u64,
    /// Bytes pushed; 0 once it is known whether they are wanted.
    unproven: u64,
    /// Whether that is known.
    settled: bool,
    /// Files asked for although they were pushed.
    vain: u32,
    on_listing: bool,
    /// What the clock showed at the start.
    since: u64,
}

impl Directories {
    pub(super) fn new(budget: u64) -> Self {
        Self {
            budget,
            unproven: 0,
            on_listing: false,
            needed: READS,
            clock: 0,
            failed: 0,
            counted: LruCache::new(COUNTED),
            pushed: LruCache::new(PUSHED),
        }
    }

    /// A directory was listed to its end, so that the kernel knows its files. Returns whether there is something new
    /// to push.
    pub(super) fn on_listed(&mut self, siblings: Siblings) -> bool {
        let wanted = self.on_listing && self.unproven < self.budget;
        if wanted {
            self.start(siblings, Asked::default(), true);
        }
        wanted
    }

    /// The beginning of a file was asked for. Returns whether there is something new to push.
    pub(super) fn on_read(&mut self, ino: Ino, siblings: Siblings) -> bool {
        let position = siblings.position(ino);
        if let Some(push) = self.pushed.peek_mut(&siblings.first) {
            let probe = position == push.probe;
            push.vain += u32::from(!probe && position < push.at && !push.asked.contains(position));
            push.asked.insert(position);
            if !push.settled && (probe || push.vain > VAIN) {
                push.settled = true;
                self.unproven -= std::mem::take(&mut push.unproven);
                let on_listing = push.on_listing;
                if probe {
                    self.on_listing = true;
                    self.needed = READS;
                } else {
                    push.at = push.siblings.count;
                    self.fail(on_listing);
                }
            }
            return false;
        }
        self.clock += 1;
        self.expire();
        if self.clock - self.failed > FORGIVENESS {
            self.needed = (self.needed / 2).max(READS);
            self.failed = self.clock;
        }
        let counted = self.counted.get_or_insert_mut(siblings.first, Asked::default);
        counted.insert(position);
        let (asked, count) = (*counted, counted.count());
        // What is left must be more than the probe.
        let start = count >= self.needed && count + 1 < siblings.count;
        if start {
            self.counted.pop(&siblings.first);
            self.start(siblings, asked, false);
        }
        start
    }

    fn start(&mut self, siblings: Siblings, asked: Asked, on_listing: bool) {
        let first = mix(siblings.first.0) % siblings.count;
        let probe = (first..siblings.count).chain(0..first).find(|&p| !asked.contains(p)).unwrap_or(first);
        let since = self.clock;
        let push = Push { siblings, asked, probe, at: 0, unproven: 0, settled: false, vain: 0, on_listing, since };
        if let Some((_, old)) = self.pushed.push(siblings.first, push) {
            self.unproven -= old.unproven;
        }
    }

    fn fail(&mut self, on_listing: bool) {
        self.on_listing = false;
        self.failed = self.clock;
        if !on_listing {
            // Whoever lists directories without reading them says nothing about those who read.
            self.needed = (self.needed * 2).min(*FILES.end());
        }
    }

    /// Judges what was pushed so long ago that somebody would have come for it.
    fn expire(&mut self) {
        while let Some((_, push)) = self.pushed.peek_lru()
            && self.clock - push.since > PATIENCE
            && let Some((_, push)) = self.pushed.pop_lru()
        {
            self.unproven -= push.unproven;
            if !push.settled {
                self.fail(push.on_listing);
            }
        }
    }

    /// The next file to push of a directory.
    pub(super) fn take(&mut self, first: Ino) -> Option<Chunk> {
        let push = self.pushed.peek_mut(&first)?;
        if self.unproven >= self.budget {
            return None;
        }
        let position = (push.at..push.siblings.count).find(|&p| p != push.probe && !push.asked.contains(p))?;
        push.at = position + 1;
        Some(Chunk { ino: push.siblings.ino(position), offset: 0, len: SMALL, source: Source::Directory(first) })
    }

    /// So much of a file was pushed.
    pub(super) fn add(&mut self, first: Ino, bytes: u64) {
        if let Some(push) = self.pushed.peek_mut(&first).filter(|push| !push.settled) {
            push.unproven += bytes;
            self.unproven += bytes;
        }
    }

    /// The kernel does not know these files.
    pub(super) fn stop(&mut self, first: Ino) {
        if let Some(push) = self.pushed.peek_mut(&first) {
            push.at = push.siblings.count;
        }
    }
}

/// Positions of files in a directory, from 0; those behind the largest directory are left out.
#[derive(Debug, Clone, Copy, Default)]
struct Asked([u64; (*FILES.end() / 64) as usize]);

impl Asked {
    fn insert(&mut self, position: u64) {
        if let Some(word) = self.0.get_mut((position / 64) as usize) {
            *word |= 1 << (position % 64);
        }
    }

    fn contains(&self, position: u64) -> bool {
        self.0.get((position / 64) as usize).is_some_and(|word| word >> (position % 64) & 1 == 1)
    }

    fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }
}
