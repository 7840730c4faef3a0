//! Memory maps of a mount's files: what lies behind the end, who may write, what outlives what, faults by many threads,
//! and maps as the buffer of other calls.
#![cfg(target_os = "linux")]

mod common;

use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::ptr::null_mut;

use common::draws::{Draws, operations};
use common::mount::{Foreground, Mounted};
use common::run::succeed;
use seedfs::content::SyntheticFile;

const PAGE: usize = 4096;

/// Mounts with the page cache and without.
const OPTIONS: [&str; 2] = ["ro", "direct_io"];

fn core(name: &str, offset: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let n = SyntheticFile::open(name).unwrap().read_at(offset, &mut bytes);
    bytes.truncate(n);
    bytes
}

/// A map that is undone when it is not needed any more.
struct Map {
    address: *mut u8,
    length: usize,
}

// SAFETY: readers of one map do not change anything.
unsafe impl Sync for Map {}

impl Map {
    fn new(file: &File, offset: u64, length: usize, protection: i32, flags: i32) -> Self {
        // SAFETY: a fresh map at a place of the kernel's choice.
        let address = unsafe { libc::mmap(null_mut(), length, protection, flags, file.as_raw_fd(), offset as i64) };
        assert_ne!(address, libc::MAP_FAILED, "{}", std::io::Error::last_os_error());
        Self { address: address.cast(), length }
    }

    fn shared(file: &File, offset: u64, length: usize) -> Self {
        Self::new(file, offset, length, libc::PROT_READ, libc::MAP_SHARED)
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: the map lasts as long as self; callers look only at pages that the file has.
        unsafe { std::slice::from_raw_parts(self.address, self.length) }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, for maps that are private and writable.
        unsafe { std::slice::from_raw_parts_mut(self.address, self.length) }
    }

    fn advise(&self, advice: i32) {
        // SAFETY: the range is that of the map, whose contents come back from the file.
        let result = unsafe { libc::madvise(self.address.cast(), self.length, advice) };
        assert_eq!(result, 0, "{advice}: {}", std::io::Error::last_os_error());
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        // SAFETY: the map made above, which nobody looks at any more.
        unsafe { libc::munmap(self.address.cast(), self.length) };
    }
}

#[test]
fn behind_the_end_the_last_page_is_zero() {
    for option in OPTIONS {
        let Some(mount) = Mounted::start(&["demo", "-o", option]) else { return };
        for size in [1usize, 2, 511, 4095, 4097, 5000, 131_071, 131_073, 1_048_577] {
            let name = format!("s5-{size}-text");
            let file = File::open(mount.path().join(&name)).unwrap();
            let whole = size.div_ceil(PAGE) * PAGE;
            let map = Map::shared(&file, 0, whole);
            assert!(map.bytes()[..size] == core(&name, 0, size), "{option} {name}");
            assert!(map.bytes()[size..].iter().all(|&byte| byte == 0), "{option} {name}: what lies behind the end");
        }
        mount.unmount();
    }
}

/// The signal that ends a process which touches this byte.
fn killed_by(map: &Map, at: usize) -> i32 {
    // SAFETY: the child only sets its limit, reads a byte and ends, none of which needs anything that another thread
    // may hold.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            libc::setrlimit(libc::RLIMIT_CORE, &libc::rlimit { rlim_cur: 0, rlim_max: 0 });
            libc::signal(libc::SIGBUS, libc::SIG_DFL);
            std::ptr::read_volatile(map.address.add(at));
            libc::_exit(0);
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
        if libc::WIFSIGNALED(status) { libc::WTERMSIG(status) } else { 0 }
    }
}

#[test]
fn pages_behind_the_last_one_are_a_bus_error() {
    for option in OPTIONS {
        let Some(mount) = Mounted::start(&["demo", "-o", option]) else { return };
        let file = File::open(mount.path().join("s5-5000")).unwrap();
        let map = Map::shared(&file, 0, 4 * PAGE);
        for (at, signal) in
            [(0, 0), (4999, 0), (2 * PAGE - 1, 0), (2 * PAGE, libc::SIGBUS), (4 * PAGE - 1, libc::SIGBUS)]
        {
            assert_eq!(killed_by(&map, at), signal, "{option}: byte {at}");
        }
        let empty = File::open(mount.path().join("s5-0")).unwrap();
        assert_eq!(killed_by(&Map::shared(&empty, 0, PAGE), 0), libc::SIGBUS, "{option}: an empty file");
        drop((map, file, empty));
        mount.unmount();
    }
}

#[test]
fn what_a_private_map_is_given_nobody_else_sees() {
    for option in OPTIONS {
        let Some(mount) = Mounted::start(&["demo", "-o", option]) else { return };
        let expected = core("s6-100000", 0, 100_000);
        let file = File::open(mount.path().join("s6-100000")).unwrap();
        let (protection, shared) = (libc::PROT_READ | libc::PROT_WRITE, Map::shared(&file, 0, 100_000));
        let mut private = Map::new(&file, 0, 100_000, protection, libc::MAP_PRIVATE);
        private.bytes_mut()[5000..50_000].fill(0xEE);
        assert!(private.bytes()[5000..50_000].iter().all(|&byte| byte == 0xEE));
        assert!(private.bytes()[..5000] == expected[..5000] && private.bytes()[50_000..] == expected[50_000..]);
        assert!(shared.bytes() == expected && std::fs::read(mount.path().join("s6-100000")).unwrap() == expected);
        // Given up, it is the file again.
        private.advise(libc::MADV_DONTNEED);
        assert!(private.bytes() == expected, "{option}");
        // SAFETY: the range is that of the map; only its protection is asked for.
        let refused = unsafe { libc::mprotect(shared.address.cast(), shared.length, protection) };
        assert_eq!(common::code(refused), libc::EACCES, "{option}");
        drop((private, shared, file));
        mount.unmount();
    }
}

#[test]
fn at_the_far_end_of_the_largest_files() {
    for option in OPTIONS {
        let Some(mount) = Mounted::start(&["demo", "-o", option]) else { return };
        for offset in
            [(1u64 << 31) - 4096, (1 << 32) - 4096, 1 << 40, (1 << 53) - 4096, (1 << 62) + 4096, (1 << 63) - (1 << 20)]
        {
            let name = "s7-9223372036854775807-stamp";
            let file = File::open(mount.path().join(name)).unwrap();
            let map = Map::shared(&file, offset, 16 * PAGE);
            assert!(map.bytes() == core(name, offset, 16 * PAGE), "{option}: at {offset}");
        }
        mount.unmount();
    }
}

#[test]
fn a_map_outlives_its_descriptor_the_cache_and_the_mount() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    for option in OPTIONS {
        let mut mount = Foreground::new(&["-o", option]);
        let name = "s8-3000000.txt";
        let expected = core(name, 0, 3_000_000);
        let map = Map::shared(&File::open(mount.path().join(name)).unwrap(), 0, expected.len());
        for advice in [libc::MADV_WILLNEED, libc::MADV_RANDOM, libc::MADV_DONTNEED, libc::MADV_SEQUENTIAL] {
            map.advise(advice);
            assert!(map.bytes() == expected, "{option}: advice {advice}");
        }
        if common::is_root() {
            map.advise(libc::MADV_DONTNEED);
            std::fs::write("/proc/sys/vm/drop_caches", "3").unwrap();
            assert!(map.bytes() == expected, "{option}: without the cache");
        }
        map.advise(libc::MADV_DONTNEED);
        succeed(common::mount::seedfs().args(["umount", "--lazy"]).arg(mount.path()));
        assert!(map.bytes() == expected, "{option}: without a mount");
        drop(map);
        mount.expect_clean_end();
    }
}

/// Where the bytes of a call come from or go to a page that is not there yet, and that needs the same file system.
#[test]
fn maps_as_buffers_of_reads_and_writes() {
    for option in OPTIONS {
        let Some(mount) = Mounted::start(&["demo", "-o", option]) else { return };
        let (name, length) = ("s9-2000000", 2_000_000);
        let expected = core(name, 0, length);
        let path = mount.path().join(name);
        let (file, direct) =
            (File::open(&path).unwrap(), File::options().read(true).custom_flags(libc::O_DIRECT).open(&path));
        // Out of a map into a file elsewhere.
        let other = tempfile::tempfile().unwrap();
        let map = Map::shared(&file, 0, length);
        other.write_all_at(map.bytes(), 0).unwrap();
        let mut copy = vec![0; length];
        other.read_exact_at(&mut copy, 0).unwrap();
        assert!(copy == expected, "{option}: written from a map");
        // Into a private map of the very file that is read, with every page of it still missing.
        for from in [&file, &direct.unwrap()] {
            for (to, back) in [(0, 4096), (8192, 0), (100, 3), (0, 0)] {
                let mut map = Map::new(&file, 0, length, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE);
                let n = length - to.max(back);
                from.read_exact_at(&mut map.bytes_mut()[to..to + n], back as u64).unwrap();
                assert!(map.bytes()[to..to + n] == expected[back..back + n], "{option}: read into a map, {to} {back}");
                assert!(map.bytes()[..to] == expected[..to] && map.bytes()[to + n..] == expected[to + n..]);
            }
        }
        drop((map, file));
        mount.unmount();
    }
}

#[test]
fn a_child_sees_the_maps_of_its_parent() {
    let Some(mount) = Mounted::start(&["demo"]) else { return };
    let file = File::open(mount.path().join("s10-1000000")).unwrap();
    let expected = core("s10-1000000", 0, 1_000_000);
    let map = Map::shared(&file, 0, 1_000_000);
    // SAFETY: the child only compares memory and ends.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            libc::_exit(i32::from(map.bytes() != expected));
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
        assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "{status}");
    }
    drop((map, file));
    mount.unmount();
}

/// Compares random pages of the maps until the number is reached.
fn touch(maps: &[(Map, Vec<u8>)], mut draws: Draws, count: u64) {
    for _ in 0..count {
        let (map, expected) = draws.pick(maps);
        let at = draws.index(expected.len());
        let end = (at + draws.index(3 * PAGE)).min(expected.len());
        assert!(map.bytes()[at..end] == expected[at..end], "at {at}");
        if draws.below(300) == 0 {
            map.advise(*draws.pick(&[libc::MADV_DONTNEED, libc::MADV_WILLNEED, libc::MADV_RANDOM, libc::MADV_NORMAL]));
        }
    }
}

/// Faults, direct reads of the same range, and dropped caches, all at once.
#[test]
fn many_threads_fault_while_others_read_past_the_cache() {
    let (draws, count) = (Draws::seeded(12), operations("SEEDFS_FAULTS", 20_000));
    for option in OPTIONS {
        let Some(mount) = Mounted::start(&["demo", "-o", option]) else { return };
        let names = ["s1-8MiB", "s2-8MiB-text", "s3-8388607-c60", "s4-8MiB-d25"];
        let length = |name: &str| SyntheticFile::open(name).unwrap().len() as usize;
        let open = |name: &&str| File::open(mount.path().join(name)).unwrap();
        let maps: Vec<(Map, Vec<u8>)> =
            names.iter().map(|name| (Map::shared(&open(name), 0, length(name)), core(name, 0, length(name)))).collect();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (maps, draws) = (&maps, draws.of_thread(thread));
                scope.spawn(move || touch(maps, draws, count / 4));
            }
            scope.spawn(|| read_past(mount.path(), &names, &maps, draws.of_thread(9), count / 40));
        });
        drop(maps);
        mount.unmount();
    }
}

/// Reads of the same files with O_DIRECT, and now and then a dropped cache.
fn read_past(root: &Path, names: &[&str], maps: &[(Map, Vec<u8>)], mut draws: Draws, count: u64) {
    let open = |name: &&str| File::options().read(true).custom_flags(libc::O_DIRECT).open(root.join(name)).unwrap();
    let files: Vec<File> = names.iter().map(open).collect();
    let mut bytes = vec![0; 100_000];
    for _ in 0..count {
        let one = draws.index(files.len());
        let expected = &maps[one].1;
        let at = draws.index(expected.len());
        let n = files[one].read_at(&mut bytes, at as u64).unwrap();
        assert!(bytes[..n] == expected[at..][..n] && n == bytes.len().min(expected.len() - at), "at {at}");
        if draws.below(100) == 0 && common::is_root() {
            std::fs::write("/proc/sys/vm/drop_caches", "1").unwrap();
        }
    }
}
