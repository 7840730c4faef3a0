//! Mounts in user namespaces, as in containers without root: made inside, seen from inside and from outside, and gone
//! with the namespace.
#![cfg(target_os = "linux")]

mod common;

use std::process::Output;
use std::time::Duration;

use common::mount::wait_until;
use common::run::{skipped, text};
use common::users::{OPEN_DEVICE, as_nobody, in_a_world_of_its_own};

/// Whether ordinary users may make user namespaces here.
fn permitted() -> bool {
    match as_nobody("unshare -Urm true") {
        Some(output) => output.status.success() || skipped("no user namespaces for ordinary users"),
        None => false,
    }
}

#[track_caller]
fn lines(output: &Output) -> Vec<String> {
    let printed = text(output);
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    printed.lines().map(str::to_owned).collect()
}

#[test]
fn mounts_directly_inside_without_a_helper() {
    if !permitted() {
        return;
    }
    // No program of fuse3 can be found: the mount is made by the system call.
    let script = r#"set -e
        "$DIR/seedfs" cat --length 100000 s42-1GiB | sha256sum
        unshare -Urm sh -ec '
            mount -t tmpfs none "$DIR/mnt"; mkdir "$DIR/mnt/bin" "$DIR/mnt/m"; PATH=/usr/bin:/bin
            mount --bind /dev/null /usr/bin/fusermount3
            "$DIR/seedfs" mount files=3,size=1KiB,dirs=0 "$DIR/mnt/m"
            head -c 100000 "$DIR/mnt/m/s42-1GiB" | sha256sum
            grep -o " fuse.seedfs ro,nosuid,nodev,noatime," /proc/self/mounts
            stat -c "%u %g %a" "$DIR/mnt/m/s42-1GiB"
            ls "$DIR/mnt/m" | wc -l
            "$DIR/seedfs" umount "$DIR/mnt/m"
            grep -c fuse.seedfs /proc/self/mounts || true
        '"#;
    let Some(output) = as_nobody(script) else { return };
    let lines = lines(&output);
    assert_eq!(lines[0], lines[1]);
    assert_eq!(lines[2..], [" fuse.seedfs ro,nosuid,nodev,noatime,", "0 0 644", "3", "0"]);
}

/// Owners that the namespace has no numbers for are shown as the overflow user, and nothing is lost by it.
#[test]
fn owners_from_outside_the_namespace() {
    if !permitted() {
        return;
    }
    let script = r#"
        unshare -Urm sh -ec '
            "$DIR/seedfs" mount files=20,size=1KiB,dirs=0 -o uid=1234,gid=77,allow_other "$DIR/mnt"
            stat -c "%u %g" "$DIR/mnt/s1-5"
            cat "$DIR/mnt"/* | wc -c
            "$DIR/seedfs" umount "$DIR/mnt"
        '"#;
    let Some(output) = as_nobody(script) else { return };
    assert_eq!(lines(&output), ["65534 65534", "20480"]);
}

/// The first process of a process namespace takes all others with it: the daemon, and so the mount.
#[test]
fn nothing_outlives_the_namespace() {
    if !permitted() {
        return;
    }
    let script = r#"
        unshare -Urmpf --mount-proc --kill-child sh -ec '
            "$DIR/seedfs" mount demo "$DIR/mnt"
            ls "$DIR/mnt" | wc -l
        '
        echo "$DIR""#;
    let Some(output) = as_nobody(script) else { return };
    let lines = lines(&output);
    assert!(lines[0].parse::<u32>().unwrap() > 5);
    let point = format!("{}/mnt", lines[1]);
    let gone = wait_until(Duration::from_secs(5), || {
        std::fs::read_dir("/proc").unwrap().flatten().all(|entry| {
            let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            !command.split(|&byte| byte == 0).any(|word| word == point.as_bytes())
        })
    });
    assert!(gone, "a daemon is left");
}

/// Of a mount that was made outside, a namespace sees what its user may see outside.
#[test]
fn seen_from_inside() {
    if !permitted() {
        return;
    }
    let look = r#"setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Urm sh -c '
        cat "$DIR/mnt/s1-5" 2>/dev/null | wc -c; stat -c %u "$DIR/mnt/s1-5" 2>/dev/null || echo none'"#;
    for (option, expected) in [("ro", ["0", "none"]), ("allow_other", ["5", "65534"])] {
        let script = format!(
            "set -e; {OPEN_DEVICE}; \"$DIR/seedfs\" mount -o {option} demo \"$DIR/mnt\"; {look}; \"$DIR/seedfs\" umount \"$DIR/mnt\""
        );
        let Some(output) = in_a_world_of_its_own(&script) else { return };
        assert_eq!(lines(&output), expected, "{option}");
    }
}

/// Root outside is kept out of what a namespace has mounted, as of all mounts of ordinary users.
#[test]
fn seen_from_outside() {
    if !permitted() {
        return;
    }
    let inside = r#""$DIR/seedfs" mount demo "$DIR/mnt"; cat "$DIR/mnt/s1-5" | wc -c > "$DIR/work/ready"; read line < "$DIR/work/end"; "$DIR/seedfs" umount "$DIR/mnt""#;
    let script = format!(
        r#"set -e; {OPEN_DEVICE}
        mkdir "$DIR/work"; chmod 777 "$DIR/work"; mkfifo "$DIR/work/ready" "$DIR/work/end"; chmod 666 "$DIR/work"/*
        setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Urm sh -c '{inside}' &
        pid=$!
        read size < "$DIR/work/ready"; echo "$size"
        cat "/proc/$pid/root$DIR/mnt/s1-5" > /dev/null 2>"$DIR/said" || grep -o "Permission denied" "$DIR/said"
        echo > "$DIR/work/end"
        wait $pid"#
    );
    let Some(output) = in_a_world_of_its_own(&script) else { return };
    assert_eq!(lines(&output), ["5", "Permission denied"]);
}
