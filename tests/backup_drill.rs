//! The whole story: back up, let time pass, back up again, compare with the truth, restore into a sink.
//!
//! 5,000 files with 2 GiB each time, of every kind, with hard and symbolic links; nothing of it is stored but what the
//! backup programs keep.
// Mounts through FUSE.
#![cfg(unix)]

mod common;

use std::path::Path;
use std::process::Command;

use common::run::{SEEDFS, have, succeed};

/// Half of the tree changes from one backup to the other.
const TREE: &str = "home,files=5000,bytes=2GiB,hardlinks=2,churn.modified=9,churn.renamed=3,churn.moved=3,churn.touched=3,\
     churn.chmod=3,churn.edits=2*mixed+append+overwrite+revise";

fn drill(tool: &str) {
    if let Some(reason) = common::no_fuse() {
        common::run::skipped(reason);
        return;
    }
    if !have(&[tool, "python3", "awk", "diff", "bash"]) {
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/backup-drill");
    let printed = succeed(Command::new(script).args([tool, TREE]).env("SEEDFS", SEEDFS).env("GENERATIONS", "3"));
    assert!(printed.ends_with(&format!("{tool}: the restore is perfect\n")), "{printed}");
    let changes =
        printed.lines().find_map(|line| line.strip_prefix("changes, all found")?.trim().strip_suffix(" paths"));
    let changes: u64 = changes.unwrap_or_else(|| panic!("{printed}")).parse().unwrap();
    assert!(changes > 1000, "{printed}");
    println!("{printed}");
}

/// A preset by its name, and a program by its path from here.
#[test]
fn a_preset_is_drilled() {
    if let Some(reason) = common::no_fuse() {
        common::run::skipped(reason);
        return;
    }
    if !have(&["tar", "python3", "awk", "diff", "bash"]) {
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/backup-drill");
    let program = Path::new(SEEDFS);
    let beside = Path::new(".").join(program.file_name().unwrap());
    let mut drill = Command::new(script);
    drill.args(["tar", "demo"]).current_dir(program.parent().unwrap()).env("SEEDFS", beside);
    let printed = succeed(&mut drill);
    assert!(printed.ends_with("0 with other metadata\ntar: the restore is perfect\n"), "{printed}");
}

#[test]
fn restic_is_drilled() {
    drill("restic");
}

#[test]
fn borg_is_drilled() {
    drill("borg");
}

#[test]
fn rsync_is_drilled() {
    drill("rsync");
}

#[test]
fn tar_is_drilled() {
    drill("tar");
}

/// Where a backup program stops halfway, its own words are shown, and nothing further is done with half a backup.
#[test]
fn a_drill_that_fails_shows_what_the_program_said() {
    if let Some(reason) = common::no_fuse() {
        common::run::skipped(reason);
        return;
    }
    if !common::is_root() {
        common::run::skipped("only root makes a small disk");
        return;
    }
    if !have(&["tar", "python3", "awk", "diff", "bash"]) {
        return;
    }
    let disk = common::mount::Point::new();
    succeed(Command::new("mount").args(["-t", "tmpfs", "-o", "size=4M", "small"]).arg(disk.path()));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/backup-drill");
    let mut drill = Command::new(script);
    let output =
        drill.args(["tar", "files=8,size=1MiB"]).env("SEEDFS", SEEDFS).env("STORE", disk.path()).output().unwrap();
    let printed = common::run::text(&output);
    assert_eq!(output.status.code(), Some(1), "{printed}");
    let failed = printed.split_once("back up generation 0 ").unwrap_or_else(|| panic!("{printed}")).1.trim_start();
    assert!(failed.starts_with("failed with exit code 2\ntar: "), "{printed}");
    assert!(!printed.contains("back up again"), "{printed}");
}

#[test]
fn a_drill_without_a_program_says_what_it_needs() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/backup-drill");
    let output = Command::new(script).arg("cp").env("SEEDFS", SEEDFS).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("scripts/backup-drill restic|borg|rsync|tar [DATASET]"), "{said}");
}
