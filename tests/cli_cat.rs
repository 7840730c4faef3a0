//! `seedfs cat`: bytes by name, without a mount.

mod common;

use std::io::Read;
use std::process::{Command, Stdio};

use common::run::{SEEDFS, have, seedfs, succeed, text};
use seedfs::content::SyntheticFile;
use sha2::{Digest, Sha256};

fn content(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    SyntheticFile::open(name).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_name_gives_the_bytes_of_the_library() {
    for name in
        ["s42-100000", "a_s7-5001.txt", "s1-70000-c60d25", "s3-0", "s9-1300000-stamp.img", "letter_s3-20480-e2.txt"]
    {
        assert!(seedfs(&["cat", name]).stdout == content(name), "{name}");
    }
}

#[test]
fn several_names_follow_each_other_and_paths_count_by_their_last_part() {
    let both = [content("s1-1000"), content("s2-3000.txt")].concat();
    assert!(seedfs(&["cat", "s1-1000", "some/where/s2-3000.txt"]).stdout == both);
    if cfg!(windows) {
        assert!(seedfs(&["cat", r"C:s1-1000", r"X:\some\where\s2-3000.txt"]).stdout == both);
    }
}

#[test]
fn offset_and_length_cut_each_file() {
    let whole = content("s5-10000.txt");
    let cut =
        |offset: &str, length: &str| seedfs(&["cat", "--offset", offset, "--length", length, "s5-10000.txt"]).stdout;
    assert!(cut("4k", "100") == whole[4096..4196]);
    assert!(cut("9990", "1k") == whole[9990..]);
    assert!(cut("10000", "1").is_empty() && cut("8e", "1").is_empty());
    assert!(cut("0", "0").is_empty());
    let end = seedfs(&["cat", "--offset", "9223372036854775800", "s1-9223372036854775807"]);
    assert_eq!((end.stdout.len(), end.status.code()), (7, Some(0)));
}

#[test]
fn random_files_equal_openssl() {
    if !have(&["openssl", "sh"]) {
        return;
    }
    let openssl =
        "openssl enc -aes-128-ctr -K $(printf %032x 42) -iv 0 -in /dev/zero 2>/dev/null | head -c 33554432 | sha256sum";
    let sum = Sha256::digest(seedfs(&["cat", "s42-32MiB"]).stdout);
    let hex: String = sum.iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(succeed(Command::new("sh").args(["-c", openssl])).split(' ').next(), Some(&hex[..]));
}

#[test]
fn another_corpus_gives_other_words() {
    let dir = tempfile::tempdir().unwrap();
    let words: String = (0..3000).map(|i| format!("word{i} ")).collect();
    let file = dir.path().join("words.txt");
    std::fs::write(&file, words).unwrap();
    let output = seedfs(&["cat", "--corpus", file.to_str().unwrap(), "s1-4096.txt"]);
    assert!(text(&output).contains("word1"), "{}", text(&output));
    assert_eq!(output.stdout.len(), 4096);
}

#[test]
fn a_reader_that_leaves_ends_it_quietly() {
    let mut child =
        Command::new(SEEDFS).args(["cat", "s1-1EiB"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 5];
    child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(141));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_a_failure_with_a_reason() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = Command::new(SEEDFS).args(["cat", "s1-1k"]).stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("seedfs: standard output: No space left"));
}
