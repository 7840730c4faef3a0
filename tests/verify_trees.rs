//! Restored trees against their dataset: a good copy has no difference, and every harm is told, and nothing else.
#![cfg(unix)]

mod common;

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::Path;

use common::mount::Mounted;
use common::run::{have, seedfs, tool};
use common::verify::{TREE, copied, verify, verify_json};

const EQUAL: (Option<i32>, Vec<String>) = (Some(0), Vec::new());

/// Regular files with one name and at least so many bytes, sorted.
fn files(root: &Path, least: u64) -> Vec<String> {
    let size = format!("+{least}c");
    let found = tool(root, "find", &[".", "-type", "f", "-links", "1", "-size", &size, "-printf", "%P\\n"]);
    let sorted: BTreeSet<String> = found.lines().map(str::to_owned).collect();
    sorted.into_iter().collect()
}

/// Changes bytes of a file, and leaves its time as it was.
fn write_at(path: &Path, offset: u64, bytes: &[u8]) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    let time = file.metadata().unwrap().modified().unwrap();
    file.write_all_at(bytes, offset).unwrap();
    file.set_modified(time).unwrap();
}

fn set_len(path: &Path, len: u64) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    let time = file.metadata().unwrap().modified().unwrap();
    file.set_len(len).unwrap();
    file.set_modified(time).unwrap();
}

fn byte_at(path: &Path, offset: usize) -> u8 {
    fs::read(path).unwrap()[offset]
}

#[test]
fn mounts_and_copies_are_equal_in_every_generation() {
    for generation in ["0", "1", "5"] {
        let Some(mounted) = Mounted::start(&[TREE, "--generation", generation]) else { return };
        let flags = ["--dataset", TREE, "--generation", generation];
        assert_eq!(verify(&flags, mounted.path()), EQUAL, "{generation}");
        let copy = tempfile::tempdir().unwrap();
        tool(mounted.path(), "cp", &["-a", "./.", copy.path().to_str().unwrap()]);
        assert_eq!(verify(&[&flags[..], &["--dir-times"]].concat(), copy.path()), EQUAL, "{generation}");
        if generation != "5" {
            let (code, lines) = verify(&["--dataset", TREE, "--generation", "5"], copy.path());
            assert!(code == Some(1) && !lines.is_empty(), "{generation} is not 5");
        }
        mounted.unmount();
    }
}

#[test]
fn a_copy_by_rsync_is_equal_and_one_without_links_and_times_is_not() {
    if !have(&["rsync"]) {
        return;
    }
    let Some(mounted) = Mounted::start(&[TREE]) else { return };
    let (whole, bare) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    tool(mounted.path(), "rsync", &["-aH", "./", whole.path().to_str().unwrap()]);
    tool(mounted.path(), "rsync", &["-rlp", "./", bare.path().to_str().unwrap()]);
    assert_eq!(verify(&["--dataset", TREE], whole.path()), EQUAL);
    let (code, lines) = verify(&["--dataset", TREE], bare.path());
    assert_eq!(code, Some(1));
    assert!(lines.iter().any(|line| line.contains(": no hard link to ")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains(": mtime ")), "{lines:?}");
    assert_eq!(verify(&["--dataset", TREE, "--ignore", "times,links"], bare.path()), EQUAL);
    mounted.unmount();
}

#[test]
fn every_harm_is_told_and_nothing_else() {
    let Some(copy) = copied(&[TREE]) else { return };
    let root = copy.path();
    let at = |path: &str| root.join(path);
    let large = files(root, 20_000);
    let [flipped, zeroed, short, long, moved, gone, mode, time, a_link, a_directory] = &large[..10] else {
        panic!("few files: {large:?}")
    };
    let mut expected = BTreeSet::new();
    write_at(&at(flipped), 12_345, &[byte_at(&at(flipped), 12_345) ^ 8]);
    expected.insert(format!("{flipped}: 1 byte from offset 12345: one bit flipped"));
    let before = fs::read(at(zeroed)).unwrap();
    write_at(&at(zeroed), 4096, &[0; 8192]);
    let first = 4096 + before[4096..].iter().position(|&byte| byte != 0).unwrap();
    let last = before[..12_288].iter().rposition(|&byte| byte != 0).unwrap();
    let count = before[first..=last].iter().filter(|&&byte| byte != 0).count();
    let differ = if count == last - first + 1 { String::new() } else { format!(" ({count} differ)") };
    expected.insert(format!("{zeroed}: {} bytes from offset {first}: zeros{differ}", last - first + 1));
    let len = fs::metadata(at(short)).unwrap().len();
    set_len(&at(short), len - 7);
    expected.insert(format!("{short}: truncated: {} of {len} bytes", len - 7));
    let len = fs::metadata(at(long)).unwrap().len();
    set_len(&at(long), len + 1);
    expected.insert(format!("{long}: too long: {} bytes instead of {len}", len + 1));
    fs::rename(at(moved), at("somewhere else")).unwrap();
    expected.insert(format!("somewhere else: renamed, should be {moved}"));
    fs::remove_file(at(gone)).unwrap();
    expected.insert(format!("{gone}: missing"));
    let bits = fs::metadata(at(mode)).unwrap().permissions().mode() & 0o7777;
    fs::set_permissions(at(mode), fs::Permissions::from_mode(bits ^ 0o111)).unwrap();
    expected.insert(format!("{mode}: mode {:04o}, should be {bits:04o}", bits ^ 0o111));
    let file = fs::File::open(at(time)).unwrap();
    let seconds = file.metadata().unwrap().modified().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds + 1)).unwrap();
    expected.insert(format!("{time}: mtime {}, should be {seconds}", seconds + 1));
    for (path, what) in [(a_link, "symlink"), (a_directory, "directory")] {
        fs::remove_file(at(path)).unwrap();
        if what == "symlink" {
            symlink("nowhere", at(path)).unwrap()
        } else {
            fs::create_dir(at(path)).unwrap()
        }
        expected.insert(format!("{path}: is a {what}, should be a file"));
    }
    fs::create_dir(at("new")).unwrap();
    fs::write(at("new/one"), b"hello").unwrap();
    expected.extend(["new: extra".to_owned(), "new/one: extra".to_owned()]);
    let links = tool(root, "find", &[".", "-type", "l", "-printf", "%P %l\\n"]);
    let (link, target) = links
        .lines()
        .find(|line| line.starts_with(|c: char| c.is_alphabetic()) && line.contains("-link-"))
        .unwrap()
        .split_once(' ')
        .unwrap();
    fs::remove_file(at(link)).unwrap();
    symlink("elsewhere", at(link)).unwrap();
    let (code, lines) = verify(&["--dataset", TREE], root);
    assert_eq!(code, Some(1));
    // A new link has a new time as well.
    let (times, lines): (Vec<_>, Vec<_>) =
        lines.into_iter().partition(|line| line.starts_with(&format!("{link}: mtime ")));
    assert_eq!(times.len(), 1);
    expected.insert(format!("{link}: leads to elsewhere, should lead to {target}"));
    assert_eq!(lines.into_iter().collect::<BTreeSet<_>>(), expected);
}

#[test]
fn a_file_of_an_earlier_generation_is_told_as_a_whole() {
    let tree = "files=60,dirs=3,size=30000,churn.modified=60%,churn.deleted=0,churn.renamed=0,churn.touched=0,churn.chmod=0,churn.created=0,churn.moved=0";
    let Some(old) = copied(&[tree, "--generation", "1"]) else { return };
    let (code, lines) = verify(&["--dataset", tree, "--generation", "2", "--ignore", "times"], old.path());
    assert_eq!(code, Some(1));
    assert!(lines.len() > 20 && lines.iter().all(|line| line.contains(": older: ")), "{lines:?}");
}

#[test]
fn shards_together_find_what_the_whole_finds() {
    let Some(copy) = copied(&[TREE]) else { return };
    let root = copy.path();
    for (number, path) in files(root, 1).iter().enumerate().filter(|(number, _)| number % 3 == 0) {
        match number % 4 {
            0 => fs::remove_file(root.join(path)).unwrap(),
            1 => fs::rename(root.join(path), root.join(format!("{path}.new"))).unwrap(),
            _ => write_at(&root.join(path), 0, &[!byte_at(&root.join(path), 0)]),
        }
    }
    let (code, whole) = verify(&["--dataset", TREE, "--no-renames"], root);
    assert!(code == Some(1) && whole.len() > 30, "{whole:?}");
    let parts = (1..=7).flat_map(|n| verify(&["--dataset", TREE, "--shard", &format!("{n}/7")], root).1);
    assert_eq!(parts.collect::<Vec<_>>(), whole);
}

#[test]
fn hand_made_cases_are_compared_like_the_rest() {
    const CASES: &str = "files=5,cases=names+paths+sizes+holes+links+times+modes";
    let Some(mounted) = Mounted::start(&[CASES]) else { return };
    assert_eq!(verify(&["--dataset", CASES], mounted.path()), EQUAL);
    mounted.unmount();
}

#[test]
fn filled_holes_are_told_where_they_count() {
    const HOLES: &str = "files=4,kind=zero,size=100000";
    let Some(copy) = copied(&[HOLES]) else { return };
    let path = &files(copy.path(), 1)[0];
    write_at(&copy.path().join(path), 0, &[0; 100_000]);
    assert_eq!(verify(&["--dataset", HOLES], copy.path()), EQUAL);
    let (code, lines) = verify(&["--dataset", HOLES, "--holes"], copy.path());
    assert_eq!((code, lines), (Some(1), vec![format!("{path}: bytes from offset 0 where a hole should be")]));
}

#[test]
fn programs_read_findings_and_sums() {
    let Some(copy) = copied(&[TREE]) else { return };
    let large = files(copy.path(), 20_000);
    write_at(&copy.path().join(&large[0]), 5000, &[byte_at(&copy.path().join(&large[0]), 5000) ^ 1]);
    fs::remove_file(copy.path().join(&large[1])).unwrap();
    let (code, objects) = verify_json(&["--dataset", TREE], copy.path());
    assert_eq!((code, objects.len()), (Some(1), 3));
    let flip = serde_json::json!({"path": large[0], "class": "bytes", "cause": "flipped", "bits": 1,
        "offset": 5000, "length": 1, "count": 1});
    assert_eq!(objects[0], flip);
    assert_eq!(objects[1], serde_json::json!({"path": large[1], "class": "missing"}));
    assert_eq!(objects[2]["dataset"].as_str().map(str::len), Some(64), "the identity");
    assert_eq!((&objects[2]["summary"]["different"], &objects[2]["summary"]["missing"]), (&2.into(), &1.into()));
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let code = |arguments: &[&str]| seedfs(&[&["verify"], arguments].concat()).status.code();
    assert_eq!(code(&["--dataset", "demo", "/nonexistent"]), Some(3));
    assert_eq!(code(&["/nonexistent"]), Some(3));
    assert_eq!(code(&[]), Some(2));
    assert_eq!(code(&["--dataset", "demo", "/tmp", "/tmp"]), Some(2));
    assert_eq!(code(&["--dataset", "no_such=1", "/tmp"]), Some(2));
    assert_eq!(code(&["--generation", "1", "/tmp"]), Some(2));
    let empty = tempfile::tempdir().unwrap();
    fs::write(empty.path().join("notes"), b"nothing").unwrap();
    assert_eq!(code(&[empty.path().to_str().unwrap()]), Some(1), "nothing proves nothing");
}
