//! What README.md shows is what the program prints.

mod common;

use std::io::{BufRead, Read, Seek, SeekFrom};

use seedfs::SyntheticFile;
use seedfs::dataset::{Dataset, Spec};
use sha2::{Digest, Sha256};

const README: &str = include_str!("../README.md");

/// The line of a session behind the one that shows this command, comments left out.
fn printed(command: &str) -> &'static str {
    let prompt = format!("$ {command}");
    let mut lines = README.lines().skip_while(|line| line.split(" #").next().map(str::trim_end) != Some(&prompt));
    lines.nth(1).unwrap_or_else(|| panic!("the README shows no {command:?}"))
}

#[test]
fn the_digest_of_a_gibibyte() {
    let mut file = SyntheticFile::open("s42-1GiB").unwrap();
    let mut hasher = Sha256::new();
    let mut block = vec![0; 1 << 20];
    loop {
        match file.read(&mut block).unwrap() {
            0 => break,
            n => hasher.update(&block[..n]),
        }
    }
    let digest: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(printed("sha256sum s42-1GiB"), format!("{digest}  s42-1GiB"));
}

#[test]
fn lines_of_text_and_of_stamps() {
    let mut line = String::new();
    SyntheticFile::open("letter_s3-20480.txt").unwrap().read_line(&mut line).unwrap();
    assert_eq!(printed("head -n 3 letter_s3-20480.txt"), line.trim_end());
    let mut file = SyntheticFile::open("s9-1PiB-stamp").unwrap();
    file.seek(SeekFrom::End(-512)).unwrap();
    line.clear();
    file.read_line(&mut line).unwrap();
    assert_eq!(printed("tail -c 512 s9-1PiB-stamp | head -n 1"), line.trim_end());
}

#[test]
fn the_first_listed_paths() {
    let dataset = Dataset::new(Spec::parse("demo").unwrap()).unwrap();
    let mut path = b"/tmp/demo/".to_vec();
    dataset.write_folder_path(1, &mut path);
    let shown: Vec<&str> = README.lines().skip_while(|line| *line != "$ find /tmp/demo | head -5").skip(1).collect();
    assert_eq!(shown[0], "/tmp/demo");
    assert_eq!(format!("{}/", shown[1]).as_bytes(), path);
}

#[test]
fn names_in_the_table_of_kinds_are_kinds() {
    let rows = README.lines().skip_while(|line| !line.starts_with("| kind | what it is")).skip(2);
    let mut count = 0;
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cell = row.split('|').nth(1).unwrap();
        for kind in cell.split('`').skip(1).step_by(2) {
            let example = kind.replace("[u<unit>]", "u4k").replace("<N>", "50");
            assert!(example.parse::<seedfs::Kind>().is_ok(), "{kind}");
            count += 1;
        }
    }
    assert_eq!(count, 9, "every kind stands in the table");
}

/// Every line of the picture, in its order; an ellipsis stands for what is left out.
#[test]
fn the_description_of_a_home_directory() {
    let mut command = std::process::Command::new(common::run::SEEDFS);
    let printed =
        common::run::succeed(command.args(["describe", "home"]).env("COLUMNS", "80").env("LC_ALL", "C.UTF-8"));
    let mut printed = printed.lines();
    let shown = README.lines().skip_while(|line| *line != "$ seedfs describe home").skip(1);
    let mut count = 0;
    for line in shown.take_while(|line| *line != "```").filter(|line| *line != "...") {
        assert!(printed.any(|printed| printed == line), "{line}");
        count += 1;
    }
    assert!(count > 25, "{count} lines");
}

#[test]
fn manual_pages_are_free_of_warnings() {
    if !common::run::have(&["mandoc"]) {
        return;
    }
    let man = concat!(env!("CARGO_MANIFEST_DIR"), "/man");
    for page in ["seedfs.1", "seedfs-dataset.5", "seedfs-trace.5", "seedfs-format.7", "mount.seedfs.8"] {
        common::run::tool(man.as_ref(), "mandoc", &["-Tlint", "-Wwarning", page]);
    }
}
