//! FIFOs, sockets and device nodes: there, and no way to anything real.
// Mounts through FUSE.
#![cfg(unix)]

mod common;

use std::fs::OpenOptions;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;

use common::is_root;
use common::mount::{Foreground, Mounted};

const CASES: &str = "files=0,dirs=0,cases=special";

fn open(path: &Path, write: bool) -> Option<i32> {
    let opened = OpenOptions::new().read(!write).write(write).custom_flags(libc::O_NONBLOCK).open(path);
    opened.err().and_then(|error| error.raw_os_error())
}

/// Paths of the device nodes, at least six.
fn devices(mount: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(mount.join("cases/special")).unwrap().map(Result::unwrap);
    let is_device = |kind: std::fs::FileType| kind.is_block_device() || kind.is_char_device();
    let devices: Vec<_> = entries.filter(|e| is_device(e.file_type().unwrap())).map(|e| e.path()).collect();
    assert_eq!(devices.len(), 6);
    devices
}

#[test]
fn device_nodes_cannot_be_opened() {
    let Some(mount) = Mounted::start(&[CASES]) else { return };
    for device in devices(mount.path()) {
        for write in [false, true] {
            assert_eq!(open(&device, write), Some(libc::EACCES), "{}", device.display());
        }
    }
    mount.unmount();
}

/// Even where whoever mounts allows devices, there is no driver for these numbers.
#[test]
fn device_nodes_reach_nothing_on_a_mount_that_allows_them() {
    if !is_root() {
        skip!("only root may mount with devices");
    }
    if let Some(why) = common::no_fuse() {
        skip!("{why}");
    }
    let mount = Foreground::with_dataset(CASES, &["-o", "dev"]);
    for device in devices(mount.path()) {
        let numbers = std::fs::symlink_metadata(&device).unwrap().rdev();
        let (major, minor) = (libc::major(numbers), libc::minor(numbers));
        assert!(major > 511 || (major == 0 && minor > 0), "{major}:{minor} may be somebody's, or a whiteout");
        assert_eq!(open(&device, false), Some(libc::ENXIO), "{}", device.display());
    }
}

#[test]
fn fifos_work_as_on_a_disk_and_nobody_listens_on_sockets() {
    let Some(mount) = Mounted::start(&[CASES]) else { return };
    let special = mount.path().join("cases/special");
    let fifo = special.join("fifo");
    assert_eq!(open(&fifo, true), Some(libc::ENXIO), "nobody reads");
    assert_eq!(open(&fifo, false), None, "a reader that does not wait");
    assert_eq!(open(&special.join("link-to-fifo"), false), None);
    assert_eq!(open(&special.join("socket"), false), Some(libc::ENXIO));
    let refused = UnixStream::connect(special.join("socket")).unwrap_err();
    assert_eq!(refused.raw_os_error(), Some(libc::ECONNREFUSED));
    mount.unmount();
}
