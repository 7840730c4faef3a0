//! What `seedfs diff` says happened is what rsync, restic and borg find.
// Mounts through FUSE.
#![cfg(unix)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use common::mount::{Mounted, seedfs};
use common::run::{have, succeed};
use serde_json::Value;

/// Everything that can happen, to files of their own; names of one file are told by each of their names, in which the
/// programs differ.
const TREE: &str = "files=1500,dirs=60,kind=mixed,size=lognormal:8,2,empty=1,churn.created=5,churn.deleted=4,\
     churn.renamed=4,churn.moved=4,churn.modified=9,churn.replaced=20,churn.touched=4,churn.chmod=4,\
     churn.edits=2*mixed+append+overwrite+revise";

/// Paths by what a program that compares paths sees.
#[derive(Debug, Default, PartialEq)]
struct Changes {
    added: BTreeSet<String>,
    removed: BTreeSet<String>,
    /// Other bytes under the same path.
    content: BTreeSet<String>,
    /// The same bytes, but another time or other permissions.
    metadata: BTreeSet<String>,
}

/// What `seedfs diff` prints, as such a program would see it.
fn predicted(from: u64, to: u64) -> Changes {
    let (from, to) = (from.to_string(), to.to_string());
    let text = succeed(seedfs().args(["diff", TREE, "--from", &from, "--to", &to, "--format", "jsonl"]));
    let mut changes = Changes::default();
    for line in text.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let path = row["path"].as_str().unwrap().to_owned();
        let what: Vec<&str> = row["what"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
        let content = ["appended", "overwritten", "inserted", "shortened", "edited", "replaced"];
        if let Some(old) = row["old_path"].as_str() {
            changes.removed.insert(old.to_owned());
            changes.added.insert(path);
        } else if what == ["created"] {
            changes.added.insert(path);
        } else if what == ["deleted"] {
            changes.removed.insert(path);
        } else if what.iter().any(|w| content.contains(w)) {
            changes.content.insert(path);
        } else {
            changes.metadata.insert(path);
        }
    }
    assert!([&changes.added, &changes.removed, &changes.content, &changes.metadata].iter().all(|set| set.len() > 9));
    changes
}

fn advance(point: &Path) {
    succeed(seedfs().arg("advance").arg(point));
}

#[test]
fn rsync_itemises_what_diff_lists() {
    if !have(&["rsync"]) {
        return;
    }
    let Some(mount) = Mounted::start(&[TREE, "--listed-only"]) else { return };
    let copy = tempfile::tempdir().unwrap();
    let rsync = |flags: &[&str]| {
        let mut command = Command::new("rsync");
        command.args(["-a", "--itemize-changes", "--delete", "--out-format=%i %n"]).args(flags);
        succeed(command.arg(format!("{}/", mount.path().display())).arg(copy.path()))
    };
    rsync(&[]);
    for generation in 1..4 {
        advance(mount.path());
        let mut found = Changes::default();
        for line in rsync(&[]).lines() {
            let (what, path) = line.split_once(' ').unwrap();
            let path = path.trim().to_owned();
            match what.as_bytes() {
                [b'*', ..] => found.removed.insert(path),
                [b'>', b'f', b'+', ..] => found.added.insert(path),
                // A time that is newer is reason enough to compare; touched files come here as well.
                [b'>', b'f', ..] => found.content.insert(path),
                [b'.', b'f', ..] => found.metadata.insert(path),
                [_, b'd', ..] => continue,
                _ => panic!("{line}"),
            };
        }
        let mut expected = predicted(generation - 1, generation);
        let touched = touched(generation);
        expected.metadata.retain(|path| !touched.contains(path));
        expected.content.extend(touched);
        assert_eq!(found, expected);
        // And a second run finds nothing.
        assert_eq!(rsync(&["--checksum"]), "");
    }
    mount.unmount();
}

/// Files under the same path whose times are newer and whose bytes are not.
fn touched(generation: u64) -> BTreeSet<String> {
    let (from, to) = ((generation - 1).to_string(), generation.to_string());
    let text = succeed(seedfs().args(["diff", TREE, "--from", &from, "--to", &to]));
    let rows = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    rows.filter(|row| row.len() == 3 && row[0].contains("touched")).map(|row| row[2].to_owned()).collect()
}

#[test]
fn restic_finds_what_diff_lists() {
    if !have(&["restic"]) {
        return;
    }
    let Some(mount) = Mounted::start(&[TREE, "--listed-only"]) else { return };
    let state = tempfile::tempdir().unwrap();
    let restic = |args: &[&str]| {
        let mut command = Command::new("restic");
        command.args(args).env("RESTIC_PASSWORD", "correct horse").env("RESTIC_REPOSITORY", state.path().join("repo"));
        succeed(command.env("RESTIC_CACHE_DIR", state.path().join("cache")).current_dir(mount.path()))
    };
    let snapshot = || {
        let summary = restic(&["backup", "--json", "."]);
        let last: Value = serde_json::from_str(summary.lines().last().unwrap()).unwrap();
        (last["snapshot_id"].as_str().unwrap().to_owned(), last)
    };
    restic(&["init"]);
    let (mut before, _) = snapshot();
    for generation in 1..3 {
        advance(mount.path());
        let (after, summary) = snapshot();
        let expected = predicted(generation - 1, generation);
        let mut found = Changes::default();
        for line in restic(&["diff", "--metadata", &before, &after]).lines() {
            let mut parts = line.splitn(2, "    ");
            let (Some(what), Some(path)) = (parts.next(), parts.next()) else { continue };
            let path = path.trim_start_matches('/').to_owned();
            if path.ends_with('/') || path.is_empty() {
                continue;
            }
            match what.trim() {
                "+" => found.added.insert(path),
                "-" => found.removed.insert(path),
                what if what.starts_with('M') => found.content.insert(path),
                "U" => found.metadata.insert(path),
                _ => continue,
            };
        }
        assert_eq!(found, expected);
        // It read again what diff says has changed, and a new name is a new file to it.
        assert_eq!(summary["files_new"], expected.added.len());
        before = after;
    }
    mount.unmount();
}

#[test]
fn borg_finds_what_diff_lists() {
    if !have(&["borg"]) {
        return;
    }
    let Some(mount) = Mounted::start(&[TREE, "--listed-only"]) else { return };
    let state = tempfile::tempdir().unwrap();
    let borg = |args: &[&str]| {
        let mut command = Command::new("borg");
        command.args(args).env("BORG_REPO", state.path().join("repo")).env("BORG_BASE_DIR", state.path());
        succeed(command.env("BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK", "yes").current_dir(mount.path()))
    };
    borg(&["init", "--encryption", "none"]);
    borg(&["create", "::0", "."]);
    advance(mount.path());
    borg(&["create", "::1", "."]);
    let mut found = Changes::default();
    let mut by_kind: BTreeMap<String, usize> = BTreeMap::new();
    for line in borg(&["diff", "--json-lines", "::0", "1"]).lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let path = row["path"].as_str().unwrap().to_owned();
        for change in row["changes"].as_array().unwrap() {
            let kind = change["type"].as_str().unwrap();
            *by_kind.entry(kind.to_owned()).or_default() += 1;
            let bytes = |key: &str| change[key].as_u64().unwrap_or(0);
            match kind {
                // Also said of files with another time, whose chunks are the same.
                "modified" if bytes("added") + bytes("removed") == 0 => continue,
                "added" => found.added.insert(path.clone()),
                "removed" => found.removed.insert(path.clone()),
                "modified" => found.content.insert(path.clone()),
                "mode" => found.metadata.insert(path.clone()),
                _ => continue,
            };
        }
    }
    let mut expected = predicted(0, 1);
    // Of times borg says nothing, or calls them by another name.
    expected.metadata.retain(|path| !touched(1).contains(path));
    found.metadata.retain(|path| !found.content.contains(path));
    assert_eq!(found, expected, "{by_kind:?}");
    mount.unmount();
}
