//! Every line of SEMANTICS in seedfs(1) has a test behind it: tests/semantics.txt names it.

use std::collections::BTreeSet;
use std::path::Path;

const PAGE: &str = include_str!("../man/seedfs.1");
const TABLE: &str = include_str!("semantics.txt");

fn tags() -> Vec<&'static str> {
    let section = PAGE.lines().skip_while(|line| *line != ".Sh SEMANTICS").skip(1);
    section.take_while(|line| !line.starts_with(".Sh")).filter_map(|line| line.strip_prefix(".It Sy ")).collect()
}

/// Tag, file and function of each row.
fn rows() -> Vec<(&'static str, &'static str, &'static str)> {
    let rows = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    rows.map(|line| {
        let (tag, test) = line.split_once(char::is_whitespace).unwrap_or_else(|| panic!("{line}: no test"));
        let (file, function) = test.trim().split_once("::").unwrap_or_else(|| panic!("{line}: no ::"));
        (tag, file, function)
    })
    .collect()
}

#[test]
fn page_and_table_have_the_same_tags() {
    let (page, table) = (tags(), rows());
    assert!(page.len() > 30, "{page:?}");
    let unique: BTreeSet<&str> = page.iter().copied().collect();
    assert_eq!(unique.len(), page.len(), "a tag stands twice in the page");
    assert_eq!(unique, table.iter().map(|row| row.0).collect());
}

#[test]
fn each_line_names_a_test_that_exists() {
    let mut missing = Vec::new();
    for (tag, file, function) in rows() {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap_or_default();
        if !is_test(&text, function) {
            missing.push(format!("{tag}: {file}::{function}"));
        }
    }
    assert!(missing.is_empty(), "no such tests:\n{}", missing.join("\n"));
}

/// Whether a file defines this function as a test, directly or within a proptest.
fn is_test(text: &str, function: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    let Some(at) = lines.iter().position(|line| line.starts_with(&format!("fn {function}("))) else { return false };
    lines[..at].iter().rev().take_while(|line| line.starts_with("#[")).any(|line| line.starts_with("#[test]"))
}

#[test]
fn only_tests_count_as_tests() {
    let text = "    #[test]\n    fn one() {}\nfn two() {}\n#[test]\n#[ignore]\nfn three() {}\n";
    assert!(is_test(text, "one") && is_test(text, "three"));
    assert!(!is_test(text, "two") && !is_test(text, "on") && !is_test(text, "four"));
}
