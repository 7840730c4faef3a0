//! The program in the hands of an ordinary user, who mounts through fusermount3.
//!
//! Run by root, who can become such a user. Some machines keep /dev/fuse to root; the tests lay an open one over it, in a
//! mount namespace that ends with them.

mod common;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use common::run::{SEEDFS, have, skipped, text};

/// Runs a script as user 65534 in a world of its own: `$DIR` is the user's directory, `$DIR/seedfs` the program.
fn as_nobody(script: &str) -> Option<Output> {
    if !common::is_root() {
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
    std::fs::copy(SEEDFS, dir.path().join("seedfs")).unwrap();
    std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::create_dir(dir.path().join("mnt")).unwrap();
    std::os::unix::fs::chown(dir.path().join("mnt"), Some(65534), Some(65534)).unwrap();
    let outer = "set -e; mknod -m 666 \"$DIR/fuse\" c 10 229; mount --bind \"$DIR/fuse\" /dev/fuse; \
                 exec setpriv --reuid 65534 --regid 65534 --clear-groups sh -c \"$SCRIPT\"";
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-c", outer])
        .env("DIR", dir.path())
        .env("SCRIPT", script)
        .current_dir("/")
        .output()
        .unwrap();
    Some(output)
}

#[test]
fn mounts_reads_and_unmounts() {
    let script = "set -e
        \"$DIR/seedfs\" mount files=3,size=1KiB,dirs=0 \"$DIR/mnt\"
        grep \" $DIR/mnt \" /proc/self/mounts
        ls \"$DIR/mnt\" | wc -l
        stat -c '%u %a' \"$DIR/mnt\"/s42-1GiB
        head -c 100000 \"$DIR/mnt\"/s42-1GiB | sha256sum
        \"$DIR/seedfs\" cat --length 100000 s42-1GiB | sha256sum
        \"$DIR/seedfs\" umount \"$DIR/mnt\"
        grep -c \" $DIR/mnt \" /proc/self/mounts || true";
    let Some(output) = as_nobody(script) else { return };
    let printed = text(&output);
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[0].starts_with("files=3,size=1KiB,dirs=0 "), "{}", lines[0]);
    assert!(lines[0].contains(" fuse.seedfs ro,nosuid,nodev,noatime,"), "{}", lines[0]);
    assert_eq!((lines[1].trim(), lines[2]), ("3", "65534 644"));
    assert_eq!(lines[3], lines[4]);
    assert_eq!(lines[5], "0");
}

#[test]
fn allow_other_needs_the_administrators_consent() {
    if std::fs::read_to_string("/etc/fuse.conf").is_ok_and(|conf| conf.lines().any(|l| l.trim() == "user_allow_other"))
    {
        skipped("this administrator consents");
        return;
    }
    let script = "\"$DIR/seedfs\" mount -o allow_other demo \"$DIR/mnt\"; echo $?";
    let Some(output) = as_nobody(script) else { return };
    assert_eq!(text(&output).trim(), "11");
    assert!(String::from_utf8_lossy(&output.stderr).contains("/etc/fuse.conf"));
}
