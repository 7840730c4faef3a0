//! Paths beyond PATH_MAX: no call takes them whole, but every step is there.
// Mounts through FUSE.
#![cfg(unix)]

mod common;

use std::fs;
use std::os::unix::ffi::OsStrExt;

use common::cases::{Step, dataset, each};
use common::mount::Mounted;

const CASES: &str = "files=10,dirs=2,cases=paths";

#[test]
fn a_path_beyond_the_limit_is_reached_by_relative_steps() {
    let Some(mount) = Mounted::start(&[CASES]) else { return };
    let mut step = Step::from(&mount.path().join("cases/paths/long"));
    let mut path = mount.path().join("cases/paths/long");
    let mut levels = 0;
    while let Some(name) = step.names().into_iter().find(|name| name.len() == 255) {
        step = step.down(&name);
        path.push(std::ffi::OsStr::from_bytes(&name));
        let file = step.names().into_iter().find(|name| name.starts_with(b"file_s")).unwrap();
        assert_eq!(fs::read(step.path(&file)).unwrap().len(), 100);
        let whole = fs::metadata(path.join(std::ffi::OsStr::from_bytes(&file)));
        let is_too_long = path.as_os_str().len() + 1 + file.len() >= 4096;
        assert_eq!(whole.err().and_then(|e| e.raw_os_error()), is_too_long.then_some(libc::ENAMETOOLONG));
        levels += 1;
    }
    assert_eq!(levels, 20);
    assert!(path.as_os_str().len() > 4096 + 1000);
    drop(step);
    mount.unmount();
}

#[test]
fn six_hundred_levels_have_a_bottom_and_a_way_back() {
    let Some(mount) = Mounted::start(&[CASES]) else { return };
    let bottom = mount.path().join("cases/paths/levels").join("d/".repeat(600));
    assert!(bottom.as_os_str().len() > 1000);
    let names: Vec<_> = fs::read_dir(&bottom).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.len() == 1 && names[0].as_bytes().starts_with(b"bottom_s"), "{names:?}");
    let up = bottom.join("../".repeat(600));
    use std::os::unix::fs::MetadataExt;
    let inode = |path: &std::path::Path| fs::metadata(path).unwrap().ino();
    assert_eq!(inode(&up), inode(&mount.path().join("cases/paths/levels")));
    mount.unmount();
}

#[test]
fn the_longest_path_is_listed_whole() {
    let mut longest = 0;
    each(&dataset(CASES), |_, path| longest = longest.max(path.len()));
    assert!(longest > 20 * 256, "{longest}");
}
