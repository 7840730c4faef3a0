//! restic and borg: a backup of the mount can be restored, and a second one reads nothing.
// Mounts through FUSE.
#![cfg(unix)]

mod common;

use std::path::Path;
use std::process::Command;

use common::mount::Mounted;
use common::run::{have, succeed, tool};

const TREE: &str = "files=400,dirs=30,spread=varied,size=lognormal:9.5,2,empty=2,kind=mixed,seed=1";

/// Forgets the pages of the mount where the user may, so that every read reaches the daemon.
fn drop_caches() {
    let _ = std::fs::write("/proc/sys/vm/drop_caches", "1");
}

fn restic(cwd: &Path, state: &Path, args: &[&str]) -> String {
    succeed(
        Command::new("restic")
            .args(args)
            .env("RESTIC_PASSWORD", "correct horse")
            .env("RESTIC_REPOSITORY", state.join("repo"))
            .env("RESTIC_CACHE_DIR", state.join("cache"))
            .current_dir(cwd),
    )
}

#[test]
fn restic_restores_what_it_read_and_reads_it_once() {
    let Some(mount) = Mounted::start(&[TREE]) else { return };
    if !have(&["restic", "diff"]) {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    restic(mount.path(), state.path(), &["init"]);
    restic(mount.path(), state.path(), &["backup", "."]);
    restic(mount.path(), state.path(), &["check", "--read-data"]);
    let target = state.path().join("restored");
    restic(mount.path(), state.path(), &["restore", "latest", "--target", target.to_str().unwrap()]);
    tool(mount.path(), "diff", &["-r", ".", find_restored(&target, mount.path()).to_str().unwrap()]);

    drop_caches();
    let before = mount.counter("seedfs_read_bytes_total");
    let second = restic(mount.path(), state.path(), &["backup", "."]);
    assert!(second.contains("0 new,     0 changed,   400 unmodified"), "{second}");
    assert!(mount.counter("seedfs_read_bytes_total") - before < 64 << 10, "only the counters themselves are read");
    mount.unmount();
}

/// restic restores below the whole path of the source.
fn find_restored(target: &Path, source: &Path) -> std::path::PathBuf {
    let nested = target.join(source.strip_prefix("/").unwrap());
    if nested.is_dir() { nested } else { target.to_path_buf() }
}

#[test]
fn borg_extracts_what_it_read_and_reads_it_once() {
    let Some(mount) = Mounted::start(&[TREE]) else { return };
    if !have(&["borg", "diff"]) {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let borg = |cwd: &Path, args: &[&str]| {
        succeed(
            Command::new("borg")
                .args(args)
                .env("BORG_REPO", state.path().join("repo"))
                .env("BORG_BASE_DIR", state.path())
                .env("BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK", "yes")
                .current_dir(cwd),
        )
    };
    borg(mount.path(), &["init", "--encryption", "none"]);
    borg(mount.path(), &["create", "::first", "."]);
    let target = state.path().join("restored");
    std::fs::create_dir(&target).unwrap();
    borg(&target, &["extract", "::first"]);
    tool(mount.path(), "diff", &["-r", ".", target.to_str().unwrap()]);

    drop_caches();
    let before = mount.counter("seedfs_read_bytes_total");
    borg(mount.path(), &["create", "::second", "."]);
    assert!(mount.counter("seedfs_read_bytes_total") - before < 64 << 10, "only the counters themselves are read");
    mount.unmount();
}
