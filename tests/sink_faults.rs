//! What went wrong in a restore is said, file by file, and nothing else is; exit code 1 tells that there was something.
// Mounts through FUSE.
#![cfg(unix)]

mod common;

use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use common::mount::Mounted;
use common::run::tool;
use common::sink::SinkMount;

const TREE: &str = "files=60,dirs=5,size=20000,seed=3,hardlinks.share=10%,symlinks.share=10%";

/// A sink with a right restore of [`TREE`], and the regular files that have one name, from the root.
fn restored(flags: &[&str]) -> Option<(Mounted, SinkMount, Vec<String>)> {
    let source = Mounted::start(&[TREE])?;
    let sink = SinkMount::start(&[&["--dataset", TREE], flags].concat())?;
    tool(source.path(), "cp", &["-a", "./.", sink.path().to_str().unwrap()]);
    let found = tool(source.path(), "find", &[".", "-type", "f", "-links", "1", "-printf", "%P\\n"]);
    Some((source, sink, found.lines().map(str::to_owned).collect()))
}

fn write_at(path: &Path, offset: u64, bytes: &[u8]) {
    OpenOptions::new().write(true).open(path).unwrap().write_all_at(bytes, offset).unwrap();
}

fn links(root: &Path, what: &[&str]) -> Vec<PathBuf> {
    let found = tool(root, "find", &[&["."], what, &["-printf", "%P\\n"]].concat());
    found.lines().map(PathBuf::from).collect()
}

#[test]
fn each_harm_is_named_and_nothing_else() {
    let Some((source, sink, files)) = restored(&[]) else { return };
    let [flipped, short, gone, lost, longer, moved] = &files[..6] else { panic!("few files") };
    let byte = fs::read(source.path().join(flipped)).unwrap()[12_345];
    write_at(&sink.join(flipped), 12_345, &[byte ^ 8]);
    OpenOptions::new().write(true).open(sink.join(short)).unwrap().set_len(19_999).unwrap();
    fs::remove_file(sink.join(gone)).unwrap();
    write_at(&sink.join(lost), 4096, &[0; 4096]);
    write_at(&sink.join(longer), 20_000, b"more");
    let block = fs::read(source.path().join(moved)).unwrap()[8192..12_288].to_vec();
    write_at(&sink.join(moved), 4096, &block);
    fs::write(sink.join("extra"), "x").unwrap();
    fs::create_dir(sink.join("more")).unwrap();
    let link = &links(source.path(), &["-type", "l"])[0];
    fs::remove_file(sink.join(link)).unwrap();
    symlink("elsewhere", sink.join(link)).unwrap();
    sink.expect_faults(&[
        &format!("mismatched: {flipped}: 1 byte from offset 12345: one bit flipped"),
        &format!("incomplete: {short}: ends after 19999 of 20000 bytes"),
        &format!("missing: {gone}: not there"),
        &format!("mismatched: {lost}: zeros"),
        &format!("mismatched: {longer}: 4 bytes behind its end"),
        &format!("mismatched: {moved}: bytes of the same file from offset 8192"),
        "extra: extra: a file, not in the dataset",
        "extra: more: a directory, not in the dataset",
        &format!("mismatched: {}: points to elsewhere", link.display()),
    ]);
    source.unmount();
}

#[test]
fn contents_that_were_swapped_are_recognised_written_or_renamed() {
    let Some((source, sink, files)) = restored(&[]) else { return };
    let [a, b, c, d] = &files[..4] else { panic!("few files") };
    let contents = |name: &str| fs::read(source.path().join(name)).unwrap();
    fs::write(sink.join(a), contents(b)).unwrap();
    fs::write(sink.join(b), contents(a)).unwrap();
    fs::rename(sink.join(c), sink.join("aside")).unwrap();
    fs::rename(sink.join(d), sink.join(c)).unwrap();
    fs::rename(sink.join("aside"), sink.join(d)).unwrap();
    let faults: Vec<String> =
        [a, b, c, d].map(|name| format!("mismatched: {name}: bytes of another file, s")).into_iter().collect();
    sink.expect_faults(&faults.iter().map(String::as_str).collect::<Vec<_>>());
    source.unmount();
}

#[test]
fn what_is_put_right_is_right() {
    let Some((source, sink, files)) = restored(&[]) else { return };
    let contents = fs::read(source.path().join(&files[0])).unwrap();
    let mut file = OpenOptions::new().write(true).open(sink.join(&files[0])).unwrap();
    file.write_all(&[b'x'; 20_000]).unwrap();
    assert_eq!(sink.report()["mismatched"], 1);
    file.seek(SeekFrom::Start(0)).unwrap();
    file.write_all(&contents).unwrap();
    drop(file);
    assert_eq!(sink.report()["wrong_writes"], 1);
    fs::rename(sink.join(&files[1]), sink.join("aside")).unwrap();
    assert_eq!((&sink.report()["missing"], &sink.report()["extra"]), (&1.into(), &1.into()));
    fs::rename(sink.join("aside"), sink.join(&files[1])).unwrap();
    sink.expect_perfect();
    source.unmount();
}

#[test]
fn links_that_are_broken_or_made_are_seen() {
    let Some((source, sink, files)) = restored(&[]) else { return };
    let linked = links(source.path(), &["-type", "f", "-links", "+1"]);
    let broken = &linked[0];
    let contents = fs::read(sink.join(broken)).unwrap();
    fs::remove_file(sink.join(broken)).unwrap();
    fs::write(sink.join(broken), contents).unwrap();
    fs::hard_link(sink.join(&files[0]), sink.join("second")).unwrap();
    let output = sink.unmount(&["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["final"], true);
    let reasons = report["list"].to_string();
    assert!(reasons.contains("is not linked to") && reasons.contains("is linked to 2 names, not to 1"), "{reasons}");
    source.unmount();
}

#[test]
fn metadata_is_counted_and_a_fault_only_when_asked() {
    for strict in [false, true] {
        let Some((source, sink, files)) = restored(if strict { &["--metadata"] } else { &[] }) else { return };
        fs::set_permissions(sink.join(&files[0]), fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(sink.report()["metadata"], 1);
        if strict {
            sink.expect_faults(&[&format!("metadata: {}: permissions 0600, not 0644", files[0])]);
        } else {
            sink.expect_perfect();
        }
        source.unmount();
    }
}

#[test]
fn extra_paths_are_no_fault_when_asked() {
    let Some((source, sink, _)) = restored(&["--ignore-extra"]) else { return };
    fs::write(sink.join("extra"), "x").unwrap();
    assert_eq!(sink.report()["extra"], 1);
    assert_eq!(sink.unmount(&[]).status.code(), Some(0));
    source.unmount();
}

#[test]
fn a_range_that_was_never_written_is_no_hole() {
    let Some(sink) = SinkMount::start(&[]) else { return };
    let file = fs::File::create(sink.join("s1-100000")).unwrap();
    file.set_len(100_000).unwrap();
    fs::File::create(sink.join("s2-100000-zero")).unwrap().set_len(100_000).unwrap();
    drop(file);
    sink.expect_faults(&["incomplete: s1-100000: never written at offset 0"]);
}

#[test]
fn bytes_under_a_name_that_says_nothing_are_not_proved() {
    let Some(sink) = SinkMount::start(&[]) else { return };
    fs::write(sink.join("readme"), "x").unwrap();
    assert_eq!(fs::read(sink.join("readme")).unwrap(), b"x", "few bytes are in memory");
    sink.expect_faults(&["extra: readme: a file whose name does not say what it holds"]);
    let Some(empty) = SinkMount::start(&[]) else { return };
    assert_eq!(empty.unmount(&[]).status.code(), Some(1), "nothing proves nothing");
}

#[test]
fn strict_refuses_wrong_bytes_when_they_are_written() {
    let Some(sink) = SinkMount::start(&["--strict"]) else { return };
    let file = fs::File::create(sink.join("s1-100000")).unwrap();
    let error = file.write_all_at(b"wrong", 50_000).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EIO));
    let right = seedfs::SyntheticFile::open("s1-100000").unwrap();
    let mut bytes = vec![0; 100_000];
    right.read_at(0, &mut bytes);
    file.write_all_at(&bytes[..60_000], 0).unwrap();
    let mut wrong = bytes[60_000..].to_vec();
    wrong[1000] ^= 1;
    assert_eq!(file.write_all_at(&wrong, 60_000).unwrap_err().raw_os_error(), Some(libc::EIO));
    drop(file);
    sink.expect_faults(&["mismatched: s1-100000: 1 byte from offset 61000: one bit flipped"]);
}

#[test]
fn reports_list_no_more_than_asked() {
    let Some(sink) = SinkMount::start(&["--dataset", "files=500,dirs=4", "--list", "3"]) else { return };
    fs::write(sink.join("extra"), "x").unwrap();
    let report = sink.report();
    assert_eq!((&report["missing"], &report["unlisted"]), (&504.into(), &502.into()));
    assert_eq!(report["list"].as_array().unwrap().len(), 3);
    let metrics = fs::read_to_string(sink.join(".seedfs/stats")).unwrap();
    assert!(metrics.contains("seedfs_sink_paths{state=\"missing\"} 504\n"), "{metrics}");
    assert!(metrics.contains("seedfs_sink_perfect 0\n"), "{metrics}");
}
