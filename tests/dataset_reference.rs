//! `seedfs ls` against a second implementation of datasets, written in Python from seedfs-format(7).

mod common;

use std::process::Command;

use common::run::{SEEDFS, have, succeed};

fn compare(dataset: &str, values: &str) {
    if !have(&["python3"]) {
        return;
    }
    let python = succeed(
        Command::new("python3")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/dataset_v1.py"))
            .args(values.split(' ').filter(|pair| !pair.is_empty())),
    );
    let ours = succeed(Command::new(SEEDFS).args(["ls", "--format", "csv", dataset]));
    for (ours, python) in ours.lines().zip(python.lines()) {
        assert_eq!(ours, python, "{dataset}");
    }
    assert_eq!(ours.lines().count(), python.lines().count(), "{dataset}");
}

#[test]
fn the_demo() {
    compare("demo", "dirs=120 fanout=5 spread=varied size=lognormal:9.2,2 empty=20000 kind=mixed");
}

#[test]
fn the_defaults() {
    compare("files=2500", "files=2500 dirs=25");
}

#[test]
fn no_files_or_no_folders() {
    compare("files=0,dirs=30", "files=0 dirs=30");
    compare("files=3,dirs=0", "files=3 dirs=0");
}

#[test]
fn uniform_sizes() {
    compare(
        "seed=0xffffffffffffffff,files=3000,dirs=40,fanout=3,size=uniform:0-9223372036854775807",
        "seed=18446744073709551615 files=3000 dirs=40 fanout=3 size=uniform:0-9223372036854775807",
    );
}

#[test]
fn several_pages_of_folders_and_the_tails_of_the_sizes() {
    compare(
        "seed=99,files=30000,dirs=5000,fanout=7,spread=varied,size=lognormal:40,10,empty=1.5,kind=text",
        "seed=99 files=30000 dirs=5000 fanout=7 spread=varied size=lognormal:40,10 empty=15000 kind=text",
    );
}
