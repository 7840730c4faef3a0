//! Reading directories while seeking in them: from each offset that a listing shows, by several descriptors at once, by
//! several threads with one descriptor, while the kernel forgets what it knew, and in directories of many entries.
#![cfg(target_os = "linux")]

mod common;

use std::collections::{BTreeMap, HashMap};
use std::ffi::CStr;
use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use common::dents::{Entry, getdents, listing, seek};
use common::draws::{Draws, operations};
use common::mount::Mounted;
use seedfs::content::Corpus;
use seedfs::dataset::{Dataset, Spec};
use seedfs::tree::Tree;
use seedfs::vfs::{Cookie, FileType, Ino, Vfs};

/// More than one reply of the daemon, and more than one page of the kernel's cache of directories.
const MANY: &str = "files=20000,dirs=0,symlinks.share=5%,seed=4";

/// Room for one entry of any name.
const ONE: usize = 280;

fn drop_caches() {
    if common::is_root() {
        std::fs::write("/proc/sys/vm/drop_caches", "2").unwrap();
    }
}

/// Name, inode and place of each entry of the root, from the library.
fn expected(dataset: &str) -> Vec<Entry> {
    let dataset = Dataset::new(Spec::parse(dataset).unwrap()).unwrap();
    let tree = Tree::new(dataset, Corpus::builtin(), false, Box::new(String::new));
    let mut entries = Vec::new();
    let mut emit = |entry: seedfs::vfs::Entry<'_>| {
        let d_type = match entry.attr.file_type {
            FileType::Directory => libc::DT_DIR,
            FileType::Symlink => libc::DT_LNK,
            _ => libc::DT_REG,
        };
        let (name, ino) = (entry.name.to_vec(), entry.attr.ino.0);
        // Above the root is another file system, which the kernel knows.
        let ino = if name == b".." { 0 } else { ino };
        entries.push(Entry { name, ino, d_type, cookie: entry.next.0 as i64 });
        ControlFlow::Continue(())
    };
    tree.readdir(Ino::ROOT, Cookie::START, &mut emit).unwrap();
    entries
}

/// The root's listing through the mount, in a form to compare with that of the library.
fn found(root: &Path, room: usize) -> Vec<Entry> {
    let mut entries = listing(root, room);
    entries.iter_mut().filter(|entry| entry.name == b"..").for_each(|entry| entry.ino = 0);
    entries
}

#[test]
fn a_listing_is_that_of_the_library_with_any_buffer() {
    let whole = expected(MANY);
    assert!(whole.len() == 20_002);
    for plus in ["always", "auto", "never"] {
        let Some(mount) = Mounted::start(&[MANY, "-o", &format!("readdirplus={plus}")]) else { return };
        for room in [ONE, 1000, 4096, 1 << 15, 1 << 20] {
            // The second listing of each comes from the kernel's cache.
            for pass in 0..2 {
                assert!(found(mount.path(), room) == whole, "{plus}, {room} bytes, pass {pass}");
            }
            drop_caches();
        }
        mount.unmount();
    }
}

#[test]
fn from_the_offset_of_each_entry_the_next_one_follows() {
    let Some(mount) = Mounted::start(&[MANY]) else { return };
    let whole = listing(mount.path(), 1 << 16);
    let dir = File::open(mount.path()).unwrap();
    let forwards: Vec<usize> = (0..whole.len()).collect();
    let backwards: Vec<usize> = forwards.iter().rev().copied().collect();
    let mut shuffled = forwards.clone();
    let mut draws = Draws::seeded(1);
    (1..shuffled.len()).for_each(|i| shuffled.swap(i, draws.index(i + 1)));
    for (way, order) in [("forwards", forwards), ("backwards", backwards), ("in any order", shuffled)] {
        for at in order {
            seek(&dir, if at == 0 { 0 } else { whole[at - 1].cookie });
            assert_eq!(getdents(&dir, ONE).first(), Some(&whole[at]), "{way}: entry {at}");
        }
        seek(&dir, whole[whole.len() - 1].cookie);
        assert_eq!(getdents(&dir, ONE), [], "{way}: behind the last entry");
        drop_caches();
    }
    for offset in [whole.len() as i64 + 1000, 1 << 31, 1 << 40, 1 << 62, i64::MAX] {
        seek(&dir, offset);
        assert_eq!(getdents(&dir, 4096), [], "from {offset}");
    }
    drop(dir);
    mount.unmount();
}

/// Descriptors in the middle of the same directory, at random places, read on while the others do, and while the kernel
/// is made to forget.
#[test]
fn many_descriptors_of_one_directory_do_not_disturb_each_other() {
    let Some(mount) = Mounted::start(&[MANY]) else { return };
    let whole = listing(mount.path(), 1 << 16);
    let (mut draws, steps) = (Draws::seeded(2), operations("SEEDFS_DIRECTORY_OPERATIONS", 5_000));
    let dirs: Vec<File> = (0..16).map(|_| File::open(mount.path()).unwrap()).collect();
    let mut places = vec![0usize; dirs.len()];
    for step in 0..steps {
        let one = draws.index(dirs.len());
        match draws.below(20) {
            0 => {
                places[one] = draws.index(whole.len() + 1);
                seek(&dirs[one], places[one].checked_sub(1).map_or(0, |before| whole[before].cookie));
            }
            1 => {
                places[one] = 0;
                seek(&dirs[one], 0);
            }
            _ => {
                let entries = getdents(&dirs[one], ONE + draws.index(8000) / 8 * 8);
                let rest = &whole[places[one]..];
                assert!(entries.is_empty() == rest.is_empty(), "step {step}");
                assert!(entries[..] == rest[..entries.len()], "step {step}: from place {}", places[one]);
                places[one] += entries.len();
            }
        }
        if step % 2_000 == 1_999 {
            drop_caches();
        }
    }
    drop(dirs);
    mount.unmount();
}

#[test]
fn threads_that_share_a_descriptor_share_a_listing() {
    let Some(mount) = Mounted::start(&[MANY]) else { return };
    let whole = listing(mount.path(), 1 << 16);
    for room in [ONE, 4096, 1 << 16] {
        let dir = File::open(mount.path()).unwrap();
        let parts: Vec<Vec<Entry>> = std::thread::scope(|scope| {
            let read = || {
                let parts = std::iter::from_fn(|| Some(getdents(&dir, room)).filter(|entries| !entries.is_empty()));
                parts.flatten().collect()
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(read)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let mut all: Vec<Entry> = parts.into_iter().flatten().collect();
        all.sort_by_key(|entry| entry.cookie);
        assert!(all == whole, "{room} bytes: {} of {} entries", all.len(), whole.len());
    }
    mount.unmount();
}

/// One thread lists while another seeks with the same descriptor: whatever comes, each entry is one of the directory,
/// whole, and followed by the one behind it.
#[test]
fn listing_while_another_thread_seeks() {
    let Some(mount) = Mounted::start(&[MANY]) else { return };
    let whole = listing(mount.path(), 1 << 16);
    let places: HashMap<&[u8], usize> = whole.iter().enumerate().map(|(i, entry)| (&entry.name[..], i)).collect();
    let (draws, calls) = (Draws::seeded(3), operations("SEEDFS_DIRECTORY_OPERATIONS", 5_000));
    let (dir, done) = (File::open(mount.path()).unwrap(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut draws = draws.of_thread(1);
            while !done.load(Ordering::Relaxed) {
                seek(&dir, whole[draws.index(whole.len())].cookie);
                std::thread::sleep(std::time::Duration::from_micros(draws.below(50)));
            }
        });
        let mut draws = draws.of_thread(2);
        for _ in 0..calls {
            let entries = getdents(&dir, ONE + draws.index(4000) / 8 * 8);
            let Some(first) = entries.first() else { continue };
            let place = places[&first.name[..]];
            assert!(entries[..] == whole[place..][..entries.len()], "from place {place}");
        }
        done.store(true, Ordering::Relaxed);
    });
    drop(dir);
    mount.unmount();
}

/// The stream of the C library: its own buffer, places told before and after, and a start over in the middle.
#[test]
fn a_stream_goes_back_to_any_place_it_told() {
    let Some(mount) = Mounted::start(&["files=3000,dirs=0"]) else { return };
    let path = common::c_path(mount.path());
    let mut draws = Draws::seeded(4);
    // SAFETY: the stream is opened here, used by this thread only, and closed at the end; each entry is copied before
    // the next call.
    unsafe {
        let dir = libc::opendir(path.as_ptr());
        assert!(!dir.is_null());
        let next = || {
            let entry = libc::readdir(dir);
            (!entry.is_null()).then(|| CStr::from_ptr((*entry).d_name.as_ptr()).to_owned())
        };
        let mut told = BTreeMap::new();
        loop {
            let place = libc::telldir(dir);
            let Some(name) = next() else { break };
            told.insert(place, name);
        }
        assert_eq!(told.len(), 3002);
        let (end, places): (_, Vec<_>) = (libc::telldir(dir), told.keys().copied().collect());
        for (place, name) in told.iter().rev() {
            libc::seekdir(dir, *place);
            assert_eq!(next().as_ref(), Some(name));
        }
        libc::rewinddir(dir);
        assert_eq!(next().as_ref(), told.values().next());
        for _ in 0..3000 {
            let place = *draws.pick(&places);
            libc::seekdir(dir, place);
            for (told_at, name) in told.range(place..).take(draws.index(5) + 1) {
                assert_eq!(libc::telldir(dir), *told_at);
                assert_eq!(next().as_ref(), Some(name));
            }
            if draws.below(10) == 0 {
                libc::rewinddir(dir);
                assert_eq!(next().as_ref(), told.values().next());
            }
        }
        libc::seekdir(dir, end);
        assert_eq!(next(), None);
        libc::closedir(dir);
    }
    mount.unmount();
}
