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

/// Files of one directory that are read near each other before it is pushed.
pub(super) const READS: u64 = 2;

/// The last files that were read: whether another is near one of them decides whether its directory matters.
const RECENT: usize = 16;

/// Greatest difference of the inode numbers of files that are near each other.
const NEAR: u64 = 256;

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
    /// Inode numbers of the last files read, round and round.
    recent: [u64; RECENT],
    next_recent: usize,
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
            recent: [u64::MAX; RECENT],
            next_recent: 0,
            clock: 0,
            failed: 0,
            counted: LruCache::new(COUNTED),
            pushed: LruCache::new(PUSHED),
        }
    }

    /// Whether a small file that was asked for lies near the last ones, or where something was pushed. Cheap, so that
    /// random access does not notice.
    pub(super) fn is_near(&mut self, ino: Ino) -> bool {
        let near = self.recent.iter().any(|&other| ino.0.abs_diff(other) <= NEAR)
            || self.pushed.iter().any(|(_, push)| push.siblings.range().contains(&ino));
        self.recent[self.next_recent] = ino.0;
        self.next_recent = (self.next_recent + 1) % RECENT;
        if !near {
            self.tick();
        }
        near
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
        self.tick();
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

    fn start(&mut self, siblings: Siblings, mut asked: Asked, on_listing: bool) {
        // The first file read of a directory was near nothing, and not counted.
        for ino in self.recent.into_iter().map(Ino).filter(|ino| siblings.range().contains(ino)) {
            asked.insert(siblings.position(ino));
        }
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

    /// A file was asked for where nothing was pushed. Judges what was pushed so long ago that somebody would have come
    /// for it.
    fn tick(&mut self) {
        self.clock += 1;
        if self.clock - self.failed > FORGIVENESS {
            self.needed = (self.needed / 2).max(READS);
            self.failed = self.clock;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: u64 = 1 << 20;
    const COUNT: u64 = 100;
    const SIZE: u64 = 4096;

    /// The files of directory `number`; the next one's follow theirs.
    fn files(number: u64) -> Siblings {
        Siblings { first: Ino(2 + number * COUNT * 2), step: 2, count: COUNT }
    }

    /// Reads a file of a directory; whether that led to a push.
    fn read(directories: &mut Directories, number: u64, position: u64) -> bool {
        let ino = files(number).ino(position);
        directories.is_near(ino) && directories.on_read(ino, files(number))
    }

    /// Pushes what is planned for a directory; the positions.
    fn push(directories: &mut Directories, number: u64) -> Vec<u64> {
        let first = files(number).first;
        let mut positions = Vec::new();
        while let Some(chunk) = directories.take(first) {
            directories.add(first, SIZE);
            positions.push(files(number).position(chunk.ino));
        }
        positions
    }

    /// The one position that is missing beside those that were read.
    fn probe(pushed: &[u64], read: &[u64]) -> u64 {
        let missing: Vec<u64> = (0..COUNT).filter(|p| !pushed.contains(p) && !read.contains(p)).collect();
        assert_eq!(missing.len(), 1, "{missing:?}");
        missing[0]
    }

    /// After one directory was read whole.
    fn trusting() -> Directories {
        let mut directories = Directories::new(BUDGET);
        let pushed = read_until_pushed(&mut directories, 0);
        read(&mut directories, 0, probe(&pushed, &[70, 3, 40]));
        assert!(directories.on_listing);
        directories
    }

    fn read_until_pushed(directories: &mut Directories, number: u64) -> Vec<u64> {
        let led: Vec<bool> = [70, 3, 40].map(|position| read(directories, number, position)).into();
        assert_eq!(led, [false, false, true]);
        push(directories, number)
    }

    #[test]
    fn all_files_but_those_read_and_a_probe_are_pushed() {
        let mut directories = Directories::new(BUDGET);
        let pushed = read_until_pushed(&mut directories, 0);
        probe(&pushed, &[70, 3, 40]);
        assert!(!directories.on_listed(files(1)), "not before the probe was read");
    }

    #[test]
    fn who_reads_the_probe_gets_the_next_directories_when_they_are_listed() {
        let mut directories = trusting();
        for number in 1..100 {
            assert!(directories.on_listed(files(number)));
            let pushed = push(&mut directories, number);
            read(&mut directories, number, probe(&pushed, &[]));
        }
    }

    #[test]
    fn who_lists_without_reading_gets_no_more_than_the_budget() {
        let mut directories = trusting();
        let pushed: usize =
            (1..1000).map(|n| if directories.on_listed(files(n)) { push(&mut directories, n).len() } else { 0 }).sum();
        assert_eq!(pushed as u64 * SIZE, BUDGET);
    }

    #[test]
    fn a_probe_that_is_not_read_ends_the_trust_and_makes_the_next_push_dearer() {
        let mut directories = Directories::new(BUDGET);
        read_until_pushed(&mut directories, 0);
        assert!(directories.unproven > 0);
        // One file of each of many directories.
        for number in 1..PATIENCE + 3 {
            assert!(!read(&mut directories, number, 0));
        }
        assert_eq!((directories.needed, directories.on_listing, directories.unproven), (2 * READS, false, 0));
        for _ in 0..=FORGIVENESS {
            read(&mut directories, 1, 0);
        }
        assert_eq!(directories.needed, READS, "and is forgiven");
    }

    #[test]
    fn what_is_asked_for_although_it_was_pushed_ends_the_trust() {
        let mut directories = trusting();
        assert!(directories.on_listed(files(1)));
        let pushed = push(&mut directories, 1);
        for &position in pushed.iter().take(VAIN as usize + 1) {
            read(&mut directories, 1, position);
        }
        assert!(!directories.on_listed(files(2)));
    }

    #[test]
    fn random_reads_of_many_directories_push_nothing() {
        let mut directories = Directories::new(BUDGET);
        for i in 0..100_000 {
            let file = mix(i) % (1000 * COUNT);
            if read(&mut directories, file / COUNT, file % COUNT) {
                push(&mut directories, file / COUNT);
            }
        }
        let pushes = directories.pushed.len();
        assert!(pushes <= 8, "{pushes}");
    }

    #[test]
    fn nothing_is_pushed_where_only_the_probe_is_left() {
        let mut directories = Directories::new(BUDGET);
        let siblings = Siblings { first: Ino(2), step: 2, count: 3 };
        let led = [2, 4, 6].map(|ino| directories.is_near(Ino(ino)) && directories.on_read(Ino(ino), siblings));
        assert_eq!(led, [false; 3]);
    }
}
