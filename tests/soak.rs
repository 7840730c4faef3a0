//! A day's work in minutes: a mixed load from several threads, in rounds, after each of which the program must have the
//! memory, descriptors and threads that it had after the first ones.
//!
//! `SEEDFS_OPERATIONS` is how many system calls are made, `SEEDFS_SEED` which ones.
#![cfg(target_os = "linux")]

mod common;

use std::ffi::CString;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use common::dents::{Entry, getdents, listing, seek};
use common::draws::{Draws, operations};
use common::mount::{Mounted, wait_until};
use common::{c_path, code};
use seedfs::content::SyntheticFile;

const THREADS: u64 = 4;

/// Rounds after which memory, descriptors and threads are looked at.
const ROUNDS: u64 = 20;

/// The rounds in which what is allocated once is allocated.
const WARM_UP: usize = 4;

/// How much more resident memory than after the warm-up, in KiB, counts as none: pages of a heap that is never quite
/// the same.
const TOLERANCE: u64 = 4 << 10;

const TREE: &str = "files=3000,dirs=40,kind=mixed,size=lognormal:10,2,symlinks.share=5%,hardlinks.share=2%,seed=24";

/// Bytes of each open file that are read again and again, and so come from the page cache.
const HOT: u64 = 256 << 10;

/// What the load works with: known once, used by all threads.
struct Ground {
    files: Vec<(File, SyntheticFile)>,
    /// Reads that pass the page cache.
    direct: Vec<(File, SyntheticFile)>,
    paths: Vec<CString>,
    dirs: Vec<(File, Vec<Entry>)>,
    root: CString,
}

impl Ground {
    fn of(root: &Path) -> Self {
        let mut found = (Vec::new(), vec![root.to_owned()]);
        let mut at = 0;
        while let Some(dir) = found.1.get(at).cloned() {
            at += 1;
            for entry in std::fs::read_dir(dir).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() { &mut found.1 } else { &mut found.0 }.push(entry.path());
            }
        }
        let (paths, dirs) = found;
        let unlisted =
            ["s1-1PiB", "s2-1GiB-text", "s3-9223372036854775807-stamp", "s4-1GiB-c60d25", "s5-3000000-text-e9"];
        let listed = paths.iter().filter(|path| !path.is_symlink()).take(200);
        let names = listed.cloned().chain(unlisted.map(|name| root.join(name)));
        let open = |path: &Path, flags: i32| {
            let name = path.file_name().unwrap().to_str().unwrap();
            let file = File::options().read(true).custom_flags(flags).open(path).unwrap();
            (file, SyntheticFile::open(name).unwrap())
        };
        let direct = unlisted.map(|name| open(&root.join(name), libc::O_DIRECT)).into();
        let dirs = dirs.iter().map(|dir| (File::open(dir).unwrap(), listing(dir, 1 << 16))).collect();
        let paths = paths.iter().map(c_path).collect();
        Self { files: names.map(|path| open(&path, 0)).collect(), direct, paths, dirs, root: c_path(root) }
    }
}

/// One thread's work. SAFETY of its calls: descriptors are open, paths end in NUL, buffers have the lengths stated.
struct Worker<'a> {
    ground: &'a Ground,
    draws: Draws,
    buffer: Vec<u8>,
    /// Directories of its own: places in a listing belong to a descriptor.
    dirs: Vec<File>,
}

impl Worker<'_> {
    fn work(&mut self, count: u64) {
        for _ in 0..count {
            match self.draws.below(100) {
                0..40 => self.read_hot(),
                40..62 => self.look(),
                62..74 => self.list(),
                74..84 => self.attribute(),
                84..91 => self.miss(),
                91..96 => self.unlisted(),
                96..99 => self.read_anywhere(),
                _ => self.read_past_the_cache(),
            }
        }
    }

    fn read(&mut self, file: &(File, SyntheticFile), offset: u64, length: usize) {
        // SAFETY: see above.
        let n = unsafe { libc::pread(file.0.as_raw_fd(), self.buffer.as_mut_ptr().cast(), length, offset as i64) };
        let left = file.1.len().saturating_sub(offset).min(length as u64);
        assert_eq!(n, left as isize, "{:?} at {offset}, {length} bytes", file.1);
        // Some are compared: making the bytes again costs more than the call.
        if self.draws.below(32) == 0 {
            let mut expected = vec![0; left as usize];
            file.1.read_at(offset, &mut expected);
            assert!(self.buffer[..left as usize] == expected, "{:?} at {offset}, {length} bytes", file.1);
        }
    }

    fn read_hot(&mut self) {
        let file = self.draws.pick(&self.ground.files);
        let (offset, length) = (self.draws.below(file.1.len().min(HOT) + 1), self.draws.index(4096));
        self.read(file, offset, length);
    }

    fn read_anywhere(&mut self) {
        let file = self.draws.pick(&self.ground.files);
        let (offset, length) =
            (self.draws.below(file.1.len() + 1).min(i64::MAX as u64 - (1 << 17)), self.draws.index(1 << 16));
        self.read(file, offset, length);
    }

    fn read_past_the_cache(&mut self) {
        let file = self.draws.pick(&self.ground.direct);
        let (offset, length) =
            (self.draws.below(file.1.len()).min(i64::MAX as u64 - (1 << 17)), self.draws.index(1 << 16));
        self.read(file, offset, length);
    }

    fn look(&mut self) {
        let path = self.draws.pick(&self.ground.paths);
        // SAFETY: see above; all-zero is plain data.
        let result = unsafe { libc::lstat(path.as_ptr(), &mut std::mem::zeroed()) };
        assert_eq!(code(result), 0, "{path:?}");
    }

    /// Two calls count as one: a seek that does nothing by itself, and what it is for.
    fn list(&mut self) {
        let one = self.draws.index(self.dirs.len());
        let (dir, entries) = (&self.dirs[one], &self.ground.dirs[one].1);
        let place = self.draws.index(entries.len() + 1);
        seek(dir, place.checked_sub(1).map_or(0, |before| entries[before].cookie));
        let found = getdents(dir, 280 + self.draws.index(1000) / 8 * 8);
        assert!(found.len() <= entries.len() - place && found[..] == entries[place..][..found.len()]);
        assert!(!found.is_empty() || place == entries.len());
    }

    fn attribute(&mut self) {
        let file = self.draws.pick(&self.ground.files).0.as_raw_fd();
        let buffer = self.buffer.as_mut_ptr();
        // SAFETY: see above.
        unsafe {
            match self.draws.below(3) {
                0 => assert!(libc::fgetxattr(file, c"user.seedfs.recipe".as_ptr(), buffer.cast(), 256) > 0),
                1 => assert_eq!(
                    code(libc::fgetxattr(file, c"user.none".as_ptr(), buffer.cast(), 256) as i64),
                    libc::ENODATA
                ),
                _ => assert!(libc::flistxattr(file, buffer.cast(), 256) > 0),
            }
        }
    }

    /// A name that there is not: one of few, so that the kernel may remember it, or a new one.
    fn miss(&mut self) {
        let name = if self.draws.below(10) > 0 { self.draws.below(1000) } else { self.draws.next() };
        let path = self.path(&format!("missing-{name}"));
        // SAFETY: see above; all-zero is plain data.
        assert_eq!(code(unsafe { libc::lstat(path.as_ptr(), &mut std::mem::zeroed()) }), libc::ENOENT);
    }

    /// A name that was never asked for, most likely.
    fn unlisted(&mut self) {
        let size = self.draws.below(1 << 40);
        let seed = self.draws.next();
        let path = self.path(&format!("s{seed}-{size}"));
        // SAFETY: see above; all-zero is plain data.
        let mut found: libc::stat = unsafe { std::mem::zeroed() };
        // SAFETY: as before.
        assert_eq!(code(unsafe { libc::lstat(path.as_ptr(), &raw mut found) }), 0);
        assert_eq!(found.st_size as u64, size);
    }

    fn path(&self, name: &str) -> CString {
        CString::new([self.ground.root.as_bytes(), b"/", name.as_bytes()].concat()).unwrap()
    }
}

/// Memory in KiB, descriptors, threads.
fn sample(mount: &Mounted) -> (u64, usize, u64) {
    let descriptors = std::fs::read_dir(format!("/proc/{}/fd", mount.pid())).unwrap().count();
    (mount.memory_kib("VmRSS"), descriptors, mount.memory_kib("Threads"))
}

/// Lets the kernel forget everything that nobody holds, and waits until the program has heard of it.
fn forget(mount: &Mounted, ground: &Ground) {
    let held = || mount.counter("seedfs_on_demand_inodes");
    let kept = (ground.files.len() + ground.direct.len()) as u64;
    let forgotten = wait_until(Duration::from_secs(60), || {
        std::fs::write("/proc/sys/vm/drop_caches", "2").unwrap();
        held() <= kept
    });
    assert!(forgotten, "{} names are still held", held());
}

#[test]
fn memory_descriptors_and_threads_stay_as_they_are() {
    if !common::is_root() {
        skip!("only root may drop the kernel's caches");
    }
    let (draws, count) = (Draws::seeded(24), operations("SEEDFS_OPERATIONS", 400_000));
    let Some(mount) = Mounted::start(&[TREE]) else { return };
    let ground = Ground::of(mount.path());
    let mut samples = Vec::new();
    for round in 0..ROUNDS {
        let start = Instant::now();
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let draws = draws.of_thread(round * THREADS + thread);
                let ground = &ground;
                scope.spawn(move || {
                    let dirs = ground.dirs.iter().map(|dir| reopen(&dir.0)).collect();
                    let mut worker = Worker { ground, draws, buffer: vec![0; 1 << 16], dirs };
                    worker.work(count / ROUNDS / THREADS);
                });
            }
        });
        let held = mount.counter("seedfs_on_demand_inodes");
        let rate = (count / ROUNDS) as f64 / start.elapsed().as_secs_f64();
        forget(&mount, &ground);
        let (memory, descriptors, threads) = sample(&mount);
        println!(
            "round {round}: {rate:.0} calls a second, {held} names held; then {memory} KiB, {descriptors} descriptors, {threads} threads"
        );
        samples.push((memory, descriptors, threads));
    }
    let (first, last) = (samples[WARM_UP], &samples[WARM_UP..]);
    assert!(last.iter().all(|sample| (sample.1, sample.2) == (first.1, first.2)), "{samples:?}");
    let most = last.iter().map(|sample| sample.0).max().unwrap_or_default();
    assert!(most <= first.0 + TOLERANCE, "{samples:?}");
    drop(ground);
    mount.unmount();
}

/// Another open directory, with a place of its own.
fn reopen(dir: &File) -> File {
    File::open(format!("/proc/self/fd/{}", dir.as_raw_fd())).unwrap()
}
