//! `seedfs duplicates`: the groups it lists are those of the bytes, in the format of fdupes and as JSON.

mod common;

use std::collections::BTreeSet;
use std::process::Command;

use common::run::{SEEDFS, succeed};

const TREE: &str = "torture,files=400,near=20,size=uniform:20KiB-40KiB,cases=links+holes+times+modes";

fn groups(arguments: &[&str]) -> BTreeSet<BTreeSet<String>> {
    let text = succeed(Command::new(SEEDFS).arg("duplicates").args(arguments).arg(TREE));
    text.split("\n\n").map(|group| group.lines().map(str::to_owned).collect()).collect()
}

#[cfg(unix)]
#[test]
fn a_mount_holds_exactly_the_groups_that_are_listed() {
    use sha2::{Digest, Sha256};
    let Some(mounted) = common::mount::Mounted::start(&[TREE]) else { return };
    let mut by_digest: std::collections::BTreeMap<Vec<u8>, BTreeSet<String>> = Default::default();
    let mut folders = vec![mounted.path().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                let digest = Sha256::digest(std::fs::read(entry.path()).unwrap()).to_vec();
                by_digest.entry(digest).or_default().insert(entry.path().to_str().unwrap().to_owned());
            }
        }
    }
    let of_bytes: BTreeSet<BTreeSet<String>> = by_digest.into_values().filter(|paths| paths.len() > 1).collect();
    assert_eq!(groups(&["--prefix", mounted.path().to_str().unwrap()]), of_bytes);
}

#[test]
fn json_tells_the_same_with_sizes_and_inodes() {
    let text = succeed(Command::new(SEEDFS).args(["duplicates", "--format", "json", TREE]));
    let mut paths = BTreeSet::new();
    let mut hard_links = 0;
    for line in text.lines() {
        let group: serde_json::Value = serde_json::from_str(line).unwrap();
        let files: BTreeSet<String> =
            group["files"].as_array().unwrap().iter().map(|path| path.as_str().unwrap().to_owned()).collect();
        hard_links += usize::from(group["inodes"].as_u64().unwrap() == 1);
        assert!(group["size"].is_u64());
        paths.insert(files);
    }
    assert_eq!(paths, groups(&[]));
    assert!(hard_links > 0);
    let left = groups(&["--no-hard-links", "--no-empty"]);
    assert_eq!(left.len(), paths.len() - hard_links - 1);
}

#[test]
fn an_equal_dataset_without_duplicates_lists_nothing() {
    assert_eq!(succeed(Command::new(SEEDFS).args(["duplicates", "files=1000,size=4KiB"])), "");
}
