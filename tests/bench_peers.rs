//! The script that measures seedfs beside its peers can be called; nothing is measured here.
// The script is for a Unix shell.
#![cfg(unix)]

mod common;

use std::process::Command;

use common::run::{have, succeed};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/bench-peers");

#[test]
fn it_is_valid_python() {
    if !have(&["python3"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let compile = "import py_compile, sys; py_compile.compile(sys.argv[1], cfile=sys.argv[2], doraise=True)";
    succeed(Command::new("python3").args(["-c", compile, SCRIPT]).arg(dir.path().join("compiled")));
}

#[test]
fn it_tells_its_options_and_its_peers() {
    if !have(&["python3"]) {
        return;
    }
    let help = succeed(Command::new(SCRIPT).arg("--help"));
    for option in ["--quick", "--rounds", "--output", "--program", "--list"] {
        assert!(help.contains(option), "{option}");
    }
    let list = succeed(Command::new(SCRIPT).arg("--list"));
    for peer in ["/dev/urandom", "openssl rand", "openssl enc", "fio", "dgen-py", "tmpfs", "rclone test makefiles"] {
        assert!(list.contains(peer), "{peer}");
    }
}

#[test]
fn it_refuses_what_it_does_not_know() {
    if !have(&["python3"]) {
        return;
    }
    for wrong in [&["--fast"][..], &["--rounds", "0"], &["--rounds", "many"]] {
        let output = Command::new(SCRIPT).args(wrong).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
}
