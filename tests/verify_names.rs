//! Files against what their names say: no dataset needed.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use common::run::{seedfs, text};
use common::verify::{shown, verify};

/// Makes a file with what its name says.
fn make(directory: &Path, name: &str) {
    let output = seedfs(&["cat", name]);
    assert!(output.status.success());
    fs::write(directory.join(name), output.stdout).unwrap();
}

const NAMES: [&str; 6] =
    ["s1-100000.bin", "a_s2-50000.txt", "s3-300000-c60d25.img", "s4-1", "s5-0.txt", "s6-70000-e3.jpg"];

#[test]
fn right_files_are_right_wherever_they_are() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("a/b")).unwrap();
    for (number, name) in NAMES.iter().enumerate() {
        make(&root.path().join(["", "a", "a/b"][number % 3]), name);
    }
    fs::write(root.path().join("notes"), b"any").unwrap();
    fs::write(root.path().join(".s9-7.txt.part"), b"any").unwrap();
    assert_eq!(verify(&[], root.path()), (Some(0), vec![]));
    let (code, mut lines) = verify(&["-v"], root.path());
    lines.sort();
    let not_judged = |name: &str| format!("{}: not judged", shown(&root.path().join(name)));
    assert_eq!((code, lines), (Some(0), vec![not_judged(".s9-7.txt.part"), not_judged("notes")]));
}

#[test]
fn wrong_bytes_are_explained() {
    let root = tempfile::tempdir().unwrap();
    NAMES.iter().for_each(|name| make(root.path(), name));
    let change = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = fs::read(root.path().join(name)).unwrap();
        change(&mut bytes);
        fs::write(root.path().join(name), bytes).unwrap();
    };
    let other = fs::read(root.path().join("a_s2-50000.txt")).unwrap();
    change("s1-100000.bin", &|bytes| bytes[8192..12_288].copy_from_slice(&other[8192..12_288]));
    let swapped = |bytes: &mut Vec<u8>| {
        let first = bytes[4096..8192].to_vec();
        bytes.copy_within(8192..12_288, 4096);
        bytes[8192..12_288].copy_from_slice(&first);
    };
    change("a_s2-50000.txt", &swapped);
    change("s6-70000-e3.jpg", &|bytes| *bytes = seedfs(&["cat", "s6-70000-e2.jpg"]).stdout);
    let (code, lines) = verify(&[], root.path());
    assert_eq!(code, Some(1));
    let said = |name: &str| -> Vec<&str> {
        let start = format!("{}: ", shown(&root.path().join(name)));
        lines.iter().filter_map(|line| line.strip_prefix(&start)).collect()
    };
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(said("s1-100000.bin")[0].contains("bytes of another file, s2-50000-text"), "{lines:?}");
    assert!(said("a_s2-50000.txt")[0].contains("bytes of the same file from offset"), "{lines:?}");
    assert!(said("a_s2-50000.txt")[1].contains("bytes of the same file from offset"), "{lines:?}");
    assert_eq!(said("s6-70000-e3.jpg"), ["older: edition 2, should be edition 3"]);
}

#[test]
fn large_files_are_shared_among_threads_and_told_as_one() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("s8-200MiB");
    let cat = std::process::Command::new(common::run::SEEDFS)
        .args(["cat", "s8-200MiB"])
        .stdout(fs::File::create(&path).unwrap())
        .status();
    assert!(cat.unwrap().success());
    assert_eq!(verify(&["--threads", "3"], root.path()), (Some(0), vec![]));
    let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    let (start, len) = (63 << 20, 3 << 20);
    file.seek(SeekFrom::Start(start)).unwrap();
    file.write_all(&vec![0; len]).unwrap();
    let (code, lines) = verify(&["--threads", "3"], root.path());
    assert_eq!((code, lines.len()), (Some(1), 1), "{lines:?}");
    assert!(lines[0].contains(": zeros"), "{lines:?}");
}

#[test]
fn parts_together_are_the_whole() {
    let root = tempfile::tempdir().unwrap();
    for seed in 0..40 {
        make(root.path(), &format!("s{seed}-1000.bin"));
        fs::write(root.path().join(format!("x_s{seed}-1000.bin")), [7; 1000]).unwrap();
    }
    let whole: BTreeSet<String> = verify(&[], root.path()).1.into_iter().collect();
    assert!(whole.len() >= 40);
    let mut parts = Vec::new();
    for part in ["1/3", "2/3", "3/3"] {
        let lines = verify(&["--shard", part], root.path()).1;
        assert!(!lines.is_empty() && lines.len() < whole.len());
        parts.extend(lines);
    }
    assert_eq!(parts.len(), whole.len());
    assert_eq!(parts.into_iter().collect::<BTreeSet<_>>(), whole);
}

#[test]
fn lines_about_a_file_are_limited() {
    let root = tempfile::tempdir().unwrap();
    let mut bytes = seedfs(&["cat", "s1-300000"]).stdout;
    (0..30).for_each(|n| bytes[n * 9000] ^= 4);
    fs::write(root.path().join("s1-300000"), bytes).unwrap();
    let lines = |flags: &[&str]| verify(flags, root.path()).1;
    assert_eq!(lines(&[]).len(), 11);
    assert!(lines(&[])[10].ends_with("and 20 more runs of wrong bytes"));
    assert_eq!(lines(&["--lines", "100"]).len(), 30);
    let output = seedfs(&["verify", "--lines", "0", "."]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
}
