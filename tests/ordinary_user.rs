//! The program in the hands of an ordinary user, who mounts through fusermount3.
//!
//! Run by root, who can become such a user. Some machines keep /dev/fuse to root; the tests lay an open one over it, in a
//! mount namespace that ends with them.
// Mounts through FUSE.
#![cfg(unix)]

mod common;

use common::run::{skipped, text};
use common::users::{as_nobody, in_a_world_of_its_own};

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
fn removes_a_dead_mount_as_the_message_says() {
    let script = "set -e
        PATH=\"$DIR:$PATH\"
        seedfs mount -f files=3 \"$DIR/mnt\" & daemon=$!
        until grep -q \" $DIR/mnt \" /proc/self/mounts; do sleep 0.05; done
        ls \"$DIR/mnt\" > /dev/null
        kill -9 $daemon; wait $daemon || true
        said=$(seedfs mount demo \"$DIR/mnt\" 2>&1) || echo $?
        echo \"$said\"
        eval \"${said##*remove it with: }\"
        grep -c \" $DIR/mnt \" /proc/self/mounts || true";
    let Some(output) = as_nobody(script) else { return };
    let printed = text(&output);
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!((lines[0], lines[2]), ("10", "0"), "{printed}");
    assert!(lines[1].contains("is a dead mount; remove it with: seedfs umount --lazy /"), "{printed}");
}

#[test]
fn restores_into_a_sink_and_hears_the_verdict() {
    let script = "set -e
        \"$DIR/seedfs\" sink \"$DIR/mnt\"
        grep -c \" $DIR/mnt fuse.seedfs-sink rw,nosuid,nodev,noatime,\" /proc/self/mounts
        \"$DIR/seedfs\" cat s1-300000 > \"$DIR/mnt/s1-300000\"
        stat -c '%u %a' \"$DIR/mnt\"/s1-300000
        chmod 600 \"$DIR/mnt\"/s1-300000
        \"$DIR/seedfs\" umount \"$DIR/mnt\"; echo $?
        \"$DIR/seedfs\" sink \"$DIR/mnt\"
        echo wrong > \"$DIR/mnt/s1-6\"
        \"$DIR/seedfs\" umount \"$DIR/mnt\" || echo $?";
    let Some(output) = as_nobody(script) else { return };
    let printed = text(&output);
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!((lines[0], lines[1]), ("1", "65534 644"));
    assert!(lines[2].starts_with("perfect: 1 complete"), "{printed}");
    assert!(lines[3] == "0" && lines[4].starts_with("not perfect: "), "{printed}");
    assert!(lines[5].starts_with("mismatched: s1-6: ") && lines[6] == "1", "{printed}");
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

#[test]
fn without_the_device_the_next_step_is_named() {
    // An empty /dev: no FUSE on this machine, as far as the program can see.
    let Some(output) =
        in_a_world_of_its_own("mount -t tmpfs none /dev; \"$DIR/seedfs\" mount demo \"$DIR/mnt\"; echo $?")
    else {
        return;
    };
    assert_eq!(text(&output).trim(), "11");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("/dev/fuse") && message.contains("modprobe fuse"), "{message}");
}

#[test]
fn without_the_helper_the_package_is_named() {
    // A /usr/bin that has what the script needs, and no fusermount3.
    let hide = "set -e
        mkdir \"$DIR/bin\"; cp /usr/bin/setpriv /bin/sh \"$DIR/bin\"; mount --bind \"$DIR/bin\" /usr/bin
        [ /bin -ef /usr/bin ] || mount --bind \"$DIR/bin\" /bin
        PATH=/usr/bin
        exec setpriv --reuid 65534 --regid 65534 --clear-groups sh -c '\"$DIR/seedfs\" mount demo \"$DIR/mnt\"; echo $?'";
    let Some(output) = in_a_world_of_its_own(hide) else { return };
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(text(&output).trim(), "11", "{message}");
    assert!(message.contains("fusermount3 not found") && message.contains("apt-get install fuse3"), "{message}");
}
