//! The script that measures programs with prefetching and without can be called; nothing is measured here.
// The script is for a Unix shell.
#![cfg(unix)]

mod common;

use std::process::Command;

use common::run::{have, succeed};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/bench-tools");

#[test]
fn it_tells_its_options_its_trees_and_its_programs() {
    if !have(&["python3"]) {
        return;
    }
    let help = succeed(Command::new(SCRIPT).arg("--help"));
    for option in ["--quick", "--rounds", "--tree", "--only", "--program", "--list"] {
        assert!(help.contains(option), "{option}");
    }
    let list = succeed(Command::new(SCRIPT).arg("--list"));
    for name in ["files of 4 KiB", "one file of 1 TiB", "tar", "rsync", "restic", "fclones", "jdupes", "random order"] {
        assert!(list.contains(name), "{name}");
    }
}

#[test]
fn it_refuses_what_it_does_not_know() {
    if !have(&["python3"]) {
        return;
    }
    for wrong in [&["--fast"][..], &["--rounds", "0"], &["--tree", "oak"], &["--only", "cpio"]] {
        let output = Command::new(SCRIPT).args(wrong).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
}
