//! `seedfs ls`: the listing of a dataset, in three formats, without a mount.

mod common;

use common::run::{seedfs, text};
use seedfs::dataset::{Dataset, Listed, Spec};
use seedfs::name;

fn lines(args: &[&str]) -> Vec<String> {
    let output = seedfs(&[&["ls"], args].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    text(&output).lines().map(String::from).collect()
}

#[test]
fn the_demo_is_what_is_listed_without_a_name() {
    assert_eq!(lines(&[]), lines(&["demo"]));
    assert_eq!(lines(&["demo"]).len(), 1000 + 120);
}

#[test]
fn paths_are_unique_and_parents_come_before_children() {
    let mut seen = std::collections::HashSet::new();
    for path in lines(&["files=3000,dirs=400,fanout=3,kind=mixed,seed=9"]) {
        if let Some((parent, _)) = path.rsplit_once('/') {
            assert!(seen.contains(parent), "{path}");
        }
        assert!(path.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-/".contains(&b)), "{path}");
        assert!(seen.insert(path));
    }
    assert_eq!(seen.len(), 3400);
}

#[test]
fn jsonl_tells_everything_that_the_name_tells() {
    let mut files = 0;
    for line in lines(&["--format", "jsonl", "demo"]) {
        let row: serde_json::Value = serde_json::from_str(&line).unwrap();
        let base = row["path"].as_str().unwrap().rsplit('/').next().unwrap();
        if row["type"] == "file" {
            let recipe = name::parse(base.as_bytes()).unwrap().recipe;
            assert_eq!((row["seed"].as_u64(), row["size"].as_u64()), (Some(recipe.seed), Some(recipe.size)));
            assert_eq!(row["kind"], recipe.kind.to_string());
            files += 1;
        } else {
            assert!(row["size"].is_null() && row["type"] == "directory");
        }
    }
    assert_eq!(files, 1000);
}

#[test]
fn csv_has_a_header_and_the_same_rows() {
    let csv = seedfs(&["ls", "--format", "csv", "demo"]).stdout;
    let mut reader = csv::Reader::from_reader(&csv[..]);
    let header: Vec<String> = reader.headers().unwrap().iter().map(String::from).collect();
    let expected = "path,type,ino,mode,nlink,uid,gid,mtime,size,kind,seed,edition,target";
    assert_eq!(header.join(","), expected);
    let paths: Vec<String> = reader.records().map(|r| r.unwrap()[0].to_string()).collect();
    assert_eq!(paths, lines(&["demo"]));
    assert_eq!(lines(&["--format", "csv", "files=0"]), [header.join(",")]);
}

#[test]
fn the_seed_on_the_command_line_replaces_the_one_in_the_text() {
    assert_eq!(lines(&["files=50,seed=3"]), lines(&["--seed", "3", "files=50,seed=8"]));
    assert_ne!(lines(&["files=50,seed=3"]), lines(&["files=50,seed=4"]));
}

#[test]
fn the_first_files_of_a_huge_tree_come_at_once() {
    use std::io::{BufRead, BufReader};
    let mut child = std::process::Command::new(common::run::SEEDFS)
        .args(["ls", "files=1000G,dirs=1G,size=1GiB"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let first: Vec<String> = BufReader::new(child.stdout.take().unwrap()).lines().take(3).map(|l| l.unwrap()).collect();
    child.wait().unwrap();
    assert!(first.iter().all(|path| path.ends_with("-1073741824.bin")), "{first:?}");
}

#[test]
fn long_listings_are_whole_and_in_order() {
    let text = "files=30000,dirs=900,fanout=7,spread=varied,kind=mixed,seed=5";
    let dataset = Dataset::new(Spec::parse(text).unwrap()).unwrap();
    let mut expected = Vec::new();
    for folder in 0..=900 {
        let mut path = Vec::new();
        dataset.write_folder_path(folder, &mut path);
        let path = String::from_utf8(path).unwrap();
        expected.extend(path.strip_suffix('/').map(String::from));
        for index in dataset.shape().files_of(folder) {
            let mut name = Vec::new();
            dataset.entry(index).write_name(&mut name);
            expected.push(format!("{path}{}", String::from_utf8(name).unwrap()));
        }
    }
    assert!(lines(&[text]) == expected);
    let csv = lines(&["--format", "csv", text]);
    assert!(csv[0].starts_with("path,") && csv.len() == 1 + expected.len());
    assert!(csv[1..].iter().zip(&expected).all(|(row, path)| row.split(',').next() == Some(path)));
}

#[test]
fn a_reader_that_leaves_ends_it_quietly() {
    use std::io::{BufRead, BufReader};
    let mut child = std::process::Command::new(common::run::SEEDFS)
        .args(["ls", "files=1000G,dirs=0"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(141));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_demo_is_some_64_mib_of_all_kinds_in_several_levels() {
    let dataset = Dataset::new(Spec::parse("demo").unwrap()).unwrap();
    let files: Vec<_> = (0..1000)
        .filter_map(|i| match dataset.entry(i) {
            Listed::File(file) => Some(file),
            Listed::Symlink(_) => None,
        })
        .collect();
    let bytes: u64 = files.iter().map(|f| f.recipe.size).sum();
    assert!((56 << 20..72 << 20).contains(&bytes), "{bytes}");
    assert_eq!(dataset.total_bytes(), bytes);
    assert!(files.iter().filter(|f| f.recipe.size == 0).count() >= 10);
    let kinds: std::collections::HashSet<String> = files.iter().map(|f| f.recipe.kind.to_string()).collect();
    for kind in ["random", "text", "stamp", "zero", "classic", "chunks", "c60", "c60d25"] {
        assert!(kinds.contains(kind), "{kind}");
    }
    let depths = lines(&[]).iter().map(|path| path.matches('/').count()).max();
    assert!(depths >= Some(3));
}
