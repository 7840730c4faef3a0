//! The README's table of checks is that of scripts/conformance, and each check has a test and is told what it proves.
#![cfg(target_os = "linux")]

use std::path::Path;

const README: &str = include_str!("../README.md");
const SCRIPT: &str = include_str!("../scripts/conformance");

/// Name and test of each check of the script.
fn checks() -> Vec<(&'static str, &'static str)> {
    let rows = SCRIPT.lines().skip_while(|line| *line != "checks=(").skip(1).take_while(|line| *line != ")");
    rows.map(|row| {
        let (what, proves) = row.trim().trim_matches('"').split_once('|').unwrap_or_else(|| panic!("{row}"));
        assert!(proves.len() > 20, "{row}");
        what.split_once(' ').unwrap_or_else(|| panic!("{row}"))
    })
    .collect()
}

#[test]
fn the_table_has_each_check_once_and_in_order() {
    let rows = README.lines().skip_while(|line| !line.starts_with("| check | what it proves")).skip(2);
    let shown: Vec<&str> = rows.map_while(|row| row.strip_prefix("| ")?.split(" |").next()).collect();
    let names: Vec<&str> = checks().iter().map(|check| check.0).collect();
    assert!(names.len() >= 20);
    assert_eq!(shown, names);
}

#[test]
fn each_check_has_a_test() {
    for (name, test) in checks() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/{test}.rs"));
        assert!(path.is_file(), "{name}: no {}", path.display());
    }
}
