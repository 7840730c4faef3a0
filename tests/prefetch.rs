//! Prefetching: sequential readers find their bytes in the page cache, all others notice nothing.
// Mounts through FUSE.
#![cfg(unix)]

mod common;

use std::fs::File;
use std::os::unix::fs::{FileExt, OpenOptionsExt};

use common::mount::Mounted;
use seedfs::content::SyntheticFile;

const SIZE: u64 = 200 << 20;
const NAME: &str = "s31-209715200";

/// Reads from start to end in blocks of `block` bytes and compares each with the core.
fn read_all(file: &File, block: usize) {
    let core = SyntheticFile::open(NAME).unwrap();
    let (mut here, mut there) = (vec![0; block], vec![0; block]);
    for offset in (0..SIZE).step_by(block) {
        let n = file.read_at(&mut here, offset).unwrap();
        assert_eq!(n, core.read_at(offset, &mut there));
        assert!(here == there, "at {offset}");
    }
}

fn prefetched(mount: &Mounted) -> u64 {
    mount.counter("seedfs_prefetched_bytes_total")
}

#[test]
fn a_sequential_reader_is_served_ahead_and_correctly() {
    for ahead in ["prefetch=1MiB", "prefetch=32MiB"] {
        let Some(mount) = Mounted::start(&["files=0", "-o", ahead]) else { return };
        for block in [4096, 1 << 20] {
            // Beginning anew: nothing is left in the cache.
            let file = File::open(mount.path().join(NAME)).unwrap();
            read_all(&file, block);
        }
        assert!(prefetched(&mount) > 0, "{ahead}");
        mount.unmount();
    }
}

#[test]
fn who_does_not_follow_gets_one_batch_at_most() {
    let Some(mount) = Mounted::start(&["files=0", "-o", "prefetch=4MiB"]) else { return };
    let file = File::open(mount.path().join("s32-1TiB")).unwrap();
    let mut bytes = vec![0; 3 << 20];
    file.read_exact_at(&mut bytes, 0).unwrap();
    drop(file);
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert!(prefetched(&mount) <= 8 << 20, "{}", prefetched(&mount));
    mount.unmount();
}

#[test]
fn random_direct_and_declined_reads_push_nothing() {
    let Some(mount) = Mounted::start(&["files=0"]) else { return };
    let file = File::open(mount.path().join("s33-1TiB")).unwrap();
    let mut bytes = [0; 4096];
    let mut offset = 7u64;
    for _ in 0..3000 {
        offset = offset.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        file.read_exact_at(&mut bytes, (offset >> 26) << 2).unwrap();
    }
    let direct = File::options().read(true).custom_flags(libc::O_DIRECT).open(mount.path().join(NAME)).unwrap();
    read_all(&direct, 1 << 20);
    assert_eq!(prefetched(&mount), 0);
    drop((file, direct));
    mount.unmount();

    for option in ["prefetch=0", "direct_io"] {
        let Some(mount) = Mounted::start(&["files=0", "-o", option]) else { return };
        read_all(&File::open(mount.path().join(NAME)).unwrap(), 1 << 20);
        assert_eq!(prefetched(&mount), 0, "{option}");
        mount.unmount();
    }
}

#[test]
fn many_sequential_readers_at_once_get_their_own_bytes() {
    let Some(mount) = Mounted::start(&["files=0", "-o", "prefetch=2MiB"]) else { return };
    std::thread::scope(|scope| {
        for seed in 0..8 {
            let mount = &mount;
            scope.spawn(move || {
                let name = format!("s{seed}-20000000-text");
                let (mut here, mut there) = (Vec::new(), vec![0; 20_000_000]);
                std::io::Read::read_to_end(&mut File::open(mount.path().join(&name)).unwrap(), &mut here).unwrap();
                SyntheticFile::open(&name).unwrap().read_at(0, &mut there);
                assert!(here == there, "{name}");
            });
        }
    });
    mount.unmount();
}

#[test]
fn unmounting_while_pushing_is_clean() {
    for _ in 0..10 {
        let Some(mount) = Mounted::start(&["files=0", "-o", "prefetch=1GiB"]) else { return };
        let file = File::open(mount.path().join("s34-1TiB")).unwrap();
        file.read_exact_at(&mut vec![0; 2 << 20], 0).unwrap();
        drop(file);
        mount.unmount();
    }
}

/// Paths of all files of a mount in the order of the listing.
fn listed(mount: &Mounted) -> Vec<std::path::PathBuf> {
    std::fs::read_dir(mount.path()).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn small_files_opened_in_the_order_of_the_listing_are_pushed_and_right() {
    let Some(mount) = Mounted::start(&["files=3000,dirs=0,size=uniform:0-9000,kind=mixed", "-o", "readdirplus=always"])
    else {
        return;
    };
    for path in listed(&mount) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let mut core = vec![0; 9001];
        let n = SyntheticFile::open(name).unwrap().read_at(0, &mut core);
        assert!(std::fs::read(&path).unwrap() == core[..n], "{name}");
    }
    assert!(prefetched(&mount) > 1 << 20, "{}", prefetched(&mount));
    mount.unmount();
}

/// Reads all files of a directory in the order of their names and compares each with the core.
fn read_by_name(dir: &std::path::Path) {
    let mut names: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap()).collect();
    names.retain(|entry| entry.file_type().unwrap().is_file());
    names.sort_by_key(std::fs::DirEntry::file_name);
    for entry in names {
        let name = entry.file_name().into_string().unwrap();
        let mut core = vec![0; 9001];
        let n = SyntheticFile::open(&name).unwrap().read_at(0, &mut core);
        assert!(std::fs::read(entry.path()).unwrap() == core[..n], "{name}");
    }
}

/// The subdirectories of a mount, all on one level.
fn folders(mount: &Mounted) -> Vec<std::path::PathBuf> {
    listed(mount).into_iter().filter(|path| path.is_dir()).collect()
}

#[test]
fn directories_read_whole_in_any_order_are_pushed_and_right() {
    let Some(mount) = Mounted::start(&["files=3000,dirs=30,fanout=30,size=uniform:0-9000,kind=mixed"]) else { return };
    folders(&mount).iter().for_each(|dir| read_by_name(dir));
    assert!(prefetched(&mount) > 4 << 20, "{}", prefetched(&mount));
    mount.unmount();
}

#[test]
fn reading_one_file_of_each_directory_pushes_nothing() {
    let Some(mount) = Mounted::start(&["files=3000,dirs=100,fanout=100,size=4KiB"]) else { return };
    for dir in folders(&mount) {
        let file = std::fs::read_dir(dir).unwrap().next().unwrap().unwrap();
        assert_eq!(std::fs::read(file.path()).unwrap().len(), 4096);
    }
    assert_eq!(prefetched(&mount), 0);
    mount.unmount();
}

#[test]
fn listing_without_reading_is_pushed_within_bounds() {
    let Some(mount) = Mounted::start(&["files=10100,dirs=100,fanout=100,size=4KiB", "-o", "prefetch=1MiB"]) else {
        return;
    };
    let folders = folders(&mount);
    let (read, only_listed) = folders.split_at(5);
    read.iter().for_each(|dir| read_by_name(dir));
    for dir in only_listed {
        assert_eq!(std::fs::read_dir(dir).unwrap().count(), 100);
    }
    std::thread::sleep(std::time::Duration::from_millis(200));
    // Five directories of 400 KiB, the bound, and a file that was under way.
    let most = 5 * (400 << 10) + (1 << 20) + 4096;
    assert!(prefetched(&mount) <= most, "{} of {most}", prefetched(&mount));
    mount.unmount();
}

#[test]
fn small_files_of_a_large_directory_in_another_order_are_read_once_each_and_nothing_is_pushed() {
    let Some(mount) = Mounted::start(&["files=3000,dirs=0,size=4KiB", "-o", "readdirplus=always"]) else { return };
    for path in listed(&mount).iter().rev() {
        assert_eq!(std::fs::read(path).unwrap().len(), 4096);
    }
    assert_eq!(prefetched(&mount), 0);
    // The looks at the counters are reads themselves.
    assert!((3000..3010).contains(&mount.counter("seedfs_requests_total{op=\"read\"}")));
    mount.unmount();
}
