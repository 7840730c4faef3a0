//! Mounting by those who mount for others: mount(8) with a helper of its own, `mount -a` with a line of fstab, and systemd
//! with a unit.
//!
//! Helpers are looked for where programs are installed: in a mount namespace of their own these tests put the program
//! there.
#![cfg(target_os = "linux")]

mod common;

use std::path::Path;
use std::process::{Command, Output};

use common::mount::{Point, is_mounted, outcome};
use common::run::{SEEDFS, have, skipped, succeed};

/// Runs a script as root where /sbin has the program as `seedfs` and as `mount.seedfs`; `$1` is a directory of its own,
/// `$2` a mount point.
fn with_helper(point: &Path, script: &str) -> Option<Output> {
    if let Some(reason) = common::no_fuse() {
        skipped(reason);
        return None;
    }
    if !common::is_root() {
        skipped("not root");
        return None;
    }
    let dir = tempfile::tempdir().unwrap();
    // The upper layer lies in memory: not every file system can be one.
    let install = r#"set -e
        mount -t tmpfs none "$1"
        mkdir "$1/upper" "$1/work"
        sbin=$(realpath /sbin)
        mount -t overlay none -o "lowerdir=$sbin,upperdir=$1/upper,workdir=$1/work" "$sbin" || exit 77
        ln -s "$3" "$sbin/mount.seedfs"
        ln -s "$3" "$sbin/seedfs"
        PATH=/usr/sbin:/sbin:/usr/bin:/bin
    "#;
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", &format!("{install}{script}"), "sh"]);
    let output = command.arg(dir.path()).arg(point).arg(SEEDFS).output().unwrap();
    if output.status.code() == Some(77) {
        skipped("no overlayfs to lay the helper over /sbin");
        return None;
    }
    Some(output)
}

#[track_caller]
fn expect(script: &str) {
    let point = Point::new();
    let Some(output) = with_helper(point.path(), script) else { return };
    assert_eq!(outcome(&output), (Some(0), String::new()));
    assert!(!is_mounted(point.path()));
}

#[test]
fn mount_finds_the_helper_by_its_type() {
    expect(
        r#"
        mount -t seedfs -o noexec,allow_other demo "$2"
        grep " $2 fuse.seedfs ro,nosuid,nodev,noexec,noatime" /proc/self/mounts | grep -q "^demo .*allow_other"
        test "$(cat "$2/s1-1000" | wc -c)" = 1000
        umount "$2"
        # -f of mount(8) makes everything but the mount.
        mount -f -t seedfs demo "$2"
        ! grep -q " $2 " /proc/self/mounts
        # An unknown option is refused, and passed over with -s.
        ! mount -t seedfs -o foo demo "$2" 2> "$1/said"
        grep -q "foo: unknown option" "$1/said"
        mount -s -t seedfs -o foo demo "$2"
        umount "$2"
        "#,
    );
}

#[test]
fn mount_a_mounts_each_line_once() {
    expect(
        r#"
        mkdir "$2/one" "$2/two" "$2/three" 2>/dev/null
        {
            printf 'files=1M,size=4KiB\t%s/one\tfuse.seedfs\tro,nofail,_netdev,x-systemd.automount\t0 0\n' "$2"
            printf '# a comment\n\n'
            printf 'demo %s/two seedfs defaults,user,noauto,seed=5 0 0\n' "$2"
            printf 'files=3,size=1KiB,dirs=0 %s/three fuse.seedfs umask=077 0 0\n' "$2"
        } > "$1/fstab"
        mount -T "$1/fstab" -a
        mount -T "$1/fstab" -a
        test "$(grep -c " $2/[a-z]* fuse.seedfs " /proc/self/mounts)" = 2
        test "$(ls "$2/three" | wc -l)" = 3
        test "$(stat -c %a "$2/three")" = 700
        # noauto waits until it is asked for, by its directory alone.
        mount -T "$1/fstab" "$2/two"
        grep -q "^demo $2/two fuse.seedfs ro,nosuid,nodev,noexec" /proc/self/mounts
        umount "$2/one" "$2/two" "$2/three"
        rmdir "$2/one" "$2/two" "$2/three"
        "#,
    );
}

#[test]
fn remounting_is_refused_and_changes_nothing() {
    expect(
        r#"
        for type in seedfs fuse.seedfs; do
            mount -t $type demo "$2"
            before=$(grep " $2 " /proc/self/mounts)
            for options in remount remount,rw remount,noexec; do
                ! mount -o $options "$2" 2> "$1/said"
                grep -q "a mount cannot be changed; unmount it and mount it again" "$1/said"
            done
            test "$before" = "$(grep " $2 " /proc/self/mounts)"
            ls "$2" > /dev/null
            umount "$2"
        done
        "#,
    );
}

/// The unit of the manual, and the one that systemd makes of a line of fstab.
#[test]
fn systemd_takes_the_units() {
    const GENERATOR: &str = "/usr/lib/systemd/system-generators/systemd-fstab-generator";
    if !have(&["systemd-analyze"]) {
        return;
    }
    if !Path::new(GENERATOR).exists() {
        skip!("no systemd-fstab-generator");
    }
    let dir = tempfile::tempdir().unwrap();
    let unit = dir.path().join("mnt-demo.mount");
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("man/mount.seedfs.8")).unwrap();
    let text = page.split_once("[Unit]").expect("the page shows a unit").1.split_once("\n.Ed").unwrap().0;
    std::fs::write(&unit, format!("[Unit]{text}\n")).unwrap();
    succeed(Command::new("systemd-analyze").arg("verify").arg(&unit));

    let fstab = dir.path().join("fstab");
    let made = dir.path().join("made");
    std::fs::create_dir(&made).unwrap();
    std::fs::write(&fstab, "demo /mnt/demo fuse.seedfs ro,nofail,allow_other,x-systemd.automount 0 0\n").unwrap();
    succeed(
        Command::new(GENERATOR)
            .args([&made, &made, &made])
            .env("SYSTEMD_FSTAB", &fstab)
            .env("SYSTEMD_LOG_LEVEL", "err"),
    );
    let text = std::fs::read_to_string(made.join("mnt-demo.mount")).unwrap();
    for line in ["What=demo", "Where=/mnt/demo", "Type=fuse.seedfs"] {
        assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
    }
    succeed(Command::new("systemd-analyze").arg("verify").arg(made.join("mnt-demo.mount")));
}
