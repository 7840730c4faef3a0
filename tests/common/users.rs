//! Scripts that run as other users.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use super::run::{SEEDFS, have, skipped};

/// Runs a script as root in a mount namespace of its own: `$DIR` is a directory with the program, and `$DIR/mnt` belongs
/// to user 65534.
pub fn in_a_world_of_its_own(script: &str) -> Option<Output> {
    if !super::is_root() {
        skipped("only root can become another user");
        return None;
    }
    if !Path::new("/dev/fuse").exists() {
        skipped("no /dev/fuse");
        return None;
    }
    if !have(&["unshare", "setpriv", "fusermount3", "mknod"]) {
        return None;
    }
    let dir = tempfile::tempdir().unwrap();
    copy_program(dir.path());
    std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::create_dir(dir.path().join("mnt")).unwrap();
    std::os::unix::fs::chown(dir.path().join("mnt"), Some(65534), Some(65534)).unwrap();
    let mut unshare = Command::new("unshare");
    unshare.args(["--mount", "sh", "-c", script]).env("DIR", dir.path()).current_dir("/");
    Some(unshare.output().unwrap())
}

/// Copies the program into a directory. By another process: this one may be starting programs for other tests, which would
/// hold the file open for writing for a moment, and such a file cannot be run.
pub fn copy_program(to: &Path) {
    assert!(Command::new("cp").arg(SEEDFS).arg(to.join("seedfs")).status().unwrap().success());
}

/// Lays an open /dev/fuse over that of the machine.
pub const OPEN_DEVICE: &str = "mknod -m 666 \"$DIR/fuse\" c 10 229; mount --bind \"$DIR/fuse\" /dev/fuse";

/// Runs a script as user 65534, who finds an open /dev/fuse.
pub fn as_nobody(script: &str) -> Option<Output> {
    let script = script.replace('\'', "'\\''");
    let become_nobody = format!("exec setpriv --reuid 65534 --regid 65534 --clear-groups sh -c '{script}'");
    in_a_world_of_its_own(&format!("set -e; {OPEN_DEVICE}; {become_nobody}"))
}
