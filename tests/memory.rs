//! What a mount keeps in memory: nothing per listed file, whatever their number, and nothing of unlisted names that the
//! kernel has forgotten.
// Mounts through FUSE.
#![cfg(unix)]

mod common;

use std::path::{Path, PathBuf};
use std::time::Duration;

use common::mount::{Mounted, wait_until};

/// Most KiB that the program may ever have taken.
const MOST: u64 = 32 << 10;

#[test]
fn a_billion_files_take_no_memory_when_ten_million_are_listed_and_a_thousand_read() {
    let Some(mount) = Mounted::start(&["files=1G,dirs=99999,size=4KiB,spread=varied"]) else { return };
    let mut files = Vec::new();
    let listed = list(mount.path(), 10_000_000, &mut files);
    assert!(listed >= 10_000_000, "only {listed} entries");
    assert_eq!(files.len(), 1000);
    for file in &files {
        assert_eq!(std::fs::read(file).unwrap().len(), 4096);
    }
    let most = mount.memory_kib("VmHWM");
    assert!(most < MOST, "{most} KiB at the worst moment");
    mount.unmount();
}

/// Lists directories below `root` until `least` entries were seen, and keeps the first files, one of each directory and
/// at most 1,000.
fn list(root: &Path, least: u64, files: &mut Vec<PathBuf>) -> u64 {
    let mut listed = 0;
    let mut directories = std::collections::VecDeque::from([root.to_owned()]);
    while listed < least
        && let Some(directory) = directories.pop_front()
    {
        for (place, entry) in std::fs::read_dir(&directory).unwrap().enumerate() {
            let entry = entry.unwrap();
            listed += 1;
            if entry.file_type().unwrap().is_dir() {
                directories.push_back(entry.path());
            } else if files.len() < 1000 && place % 1000 == 999 {
                files.push(entry.path());
            }
        }
    }
    listed
}

#[test]
fn a_flood_of_names_is_forgotten_when_the_kernel_forgets_them() {
    let Some(mount) = Mounted::start(&["files=10"]) else { return };
    if !common::is_root() {
        common::run::skipped("only root may drop the kernel's caches");
        return;
    }
    let held = || mount.counter("seedfs_on_demand_inodes");
    let drop_caches = || {
        std::fs::write("/proc/sys/vm/drop_caches", "2").unwrap();
        assert!(wait_until(Duration::from_secs(10), || held() == 0), "{} left", held());
    };
    let flood = |seeds: std::ops::Range<u64>| {
        for seed in seeds {
            std::fs::metadata(mount.path().join(format!("s{seed}-1"))).unwrap();
        }
    };
    // Once through everything, so that what is loaded and allocated for good is there.
    flood(0..10_000);
    assert!(held() > 1000);
    drop_caches();
    let before = mount.memory_kib("VmRSS");
    std::thread::scope(|scope| {
        scope.spawn(|| flood(10_000..260_000));
        flood(260_000..510_000);
    });
    let flooded = mount.memory_kib("VmRSS");
    drop_caches();
    let after = mount.memory_kib("VmRSS");
    assert!(after < before + (8 << 10), "{before} KiB, {flooded} in the flood, {after} after it");
    mount.unmount();
}
