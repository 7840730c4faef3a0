//! `seedfs score`: what it prints, and how it ends. The reports are written here; `scanners_scored.rs` has real ones.

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use common::run::{SEEDFS, text};
use seedfs::content::Corpus;
use seedfs::dataset::{Dataset, Spec};
use seedfs::truth::{Known, Truth};
use serde_json::Value;

/// Holes and files of a few bytes: some hundred equal ones.
const TREE: &str = "files=5000,dirs=60,size=uniform:1-64,kind=mixed,seed=4";

/// The groups of a tree by the first path, each path behind a start.
fn truth(start: &str) -> BTreeMap<String, Vec<String>> {
    let (dataset, corpus) = (Dataset::new(Spec::parse(TREE).unwrap()).unwrap(), Corpus::builtin());
    let table = Known::of(&dataset, &corpus);
    let mut groups = BTreeMap::new();
    table.groups(&mut |group| {
        let mut paths = Vec::new();
        table.members(group.content, &mut |path, fact| {
            assert_eq!(fact.content, group.content);
            paths.push(format!("{start}{}", str::from_utf8(path).unwrap()));
            std::ops::ControlFlow::Continue(())
        });
        assert_eq!(paths.len() as u64, group.names);
        groups.insert(paths[0].clone(), paths);
        std::ops::ControlFlow::Continue(())
    });
    groups
}

fn lines(groups: impl IntoIterator<Item = Vec<String>>) -> String {
    groups.into_iter().map(|group| group.join("\n") + "\n\n").collect()
}

struct Outcome {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Scores a report that stands in a file.
fn score(report: &[u8], arguments: &[&str]) -> Outcome {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("report");
    std::fs::write(&file, report).unwrap();
    outcome(Command::new(SEEDFS).args(["score", TREE]).args(arguments).arg(&file))
}

fn outcome(command: &mut Command) -> Outcome {
    let output = command.stdin(Stdio::null()).output().unwrap();
    Outcome { code: output.status.code(), out: text(&output), err: String::from_utf8(output.stderr).unwrap() }
}

#[test]
fn an_exact_report_ends_with_0() {
    let groups = truth("/mnt/x/");
    let files: usize = groups.values().map(Vec::len).sum();
    assert!(groups.len() >= 20 && files > 100, "{} groups of {files} files", groups.len());
    let count = groups.len();
    let scored = score(lines(groups.into_values()).as_bytes(), &["--tool", "fdupes"]);
    assert_eq!((scored.code, &*scored.err), (Some(0), ""), "{}", scored.out);
    for line in [
        format!("reported   {count} groups, {files} paths: {count} right, 0 wrong, 0 left out"),
        format!("true       {count} groups: {count} found, 0 partly found, 0 missed"),
        "paths      0 unknown, 0 repeated, 0 symbolic links".to_owned(),
    ] {
        assert!(scored.out.lines().any(|l| l == line), "{line}:\n{}", scored.out);
    }
    for name in ["precision", "recall", "F1"] {
        assert!(scored.out.lines().any(|l| l.starts_with(name) && l.ends_with(" = 100.00 %")), "{}", scored.out);
    }
}

#[test]
fn differences_are_printed_and_end_with_1() {
    let mut groups: Vec<Vec<String>> = truth("./").into_values().collect();
    groups.sort_by_key(Vec::len);
    let missed = groups.remove(0);
    let stranger = groups.iter().position(|group| group.len() == 2).unwrap();
    let moved = groups.remove(stranger);
    let largest = groups.last_mut().unwrap();
    let dropped = largest.pop().unwrap();
    largest.extend([moved[0].clone(), "./no/such\x1bfile".into()]);
    let report = lines(groups);

    let scored = score(report.as_bytes(), &["--tool", "jdupes"]);
    assert_eq!(scored.code, Some(1));
    assert!(scored.err.starts_with("seedfs: ") && scored.err.ends_with(": differs from the truth\n"), "{}", scored.err);
    assert_eq!(scored.err.lines().count(), 1);
    for part in [
        "unknown path in group ".to_owned(),
        "./no/such\\u{1b}file\n".to_owned(),
        "wrong group ".to_owned(),
        format!("    {}\n", &moved[0][2..]),
        format!("missed group: {} files of ", missed.len()),
        format!("    {}\n", &missed[0][2..]),
        "; never reported:\n".to_owned(),
        format!("    {}\n", &dropped[2..]),
        " partly found, 2 missed\n".to_owned(),
    ] {
        assert!(scored.out.contains(&part), "{part}:\n{}", scored.out);
    }
}

#[test]
fn json_tells_the_same() {
    let mut groups: Vec<Vec<String>> = truth("./").into_values().collect();
    let (count, last) = (groups.len(), groups.pop().unwrap());
    groups[0].push("./nowhere".into());
    let scored = score(lines(groups).as_bytes(), &["--tool", "fdupes", "--json"]);
    assert_eq!(scored.code, Some(1));
    let value: Value = serde_json::from_str(&scored.out).unwrap();
    let findings = value["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 2);
    assert_eq!(findings[0], serde_json::json!({"type": "unknown", "group": 1, "path": "./nowhere"}));
    assert_eq!((&findings[1]["type"], &findings[1]["files"]), (&"missed".into(), &last.len().into()));
    assert_eq!(findings[1]["paths"][0], last[0][2..]);
    let summary = &value["summary"];
    assert_eq!((&summary["true"]["groups"], &summary["true"]["found"]), (&count.into(), &(count - 1).into()));
    assert_eq!(summary["reported"]["unknown_paths"], 1);
    assert_eq!(summary["precision"]["share"], 1.0);
    assert!(summary["recall"]["share"].as_f64().unwrap() < 1.0);
    assert_eq!(summary["recall"]["part"], summary["pairs"]["right"]);

    let scored = score(b"", &["--tool", "fdupes", "--json"]);
    let value: Value = serde_json::from_str(&scored.out).unwrap();
    assert_eq!(value["summary"]["precision"], Value::Null);
    assert_eq!(value["findings"].as_array().unwrap().len(), count);
}

#[test]
fn the_root_may_be_given() {
    let report = lines(truth("/mnt/x/").into_values());
    assert_eq!(score(report.as_bytes(), &["--tool", "fdupes", "--root", "/mnt/x/"]).code, Some(0));
    let scored = score(report.as_bytes(), &["--tool", "fdupes", "--root", "/mnt/y"]);
    assert_eq!(scored.code, Some(1));
    assert!(
        scored.out.contains(" missed\n") && scored.out.contains("unknown path in group 1: /mnt/x/"),
        "{}",
        scored.out
    );
}

#[test]
fn standard_input_is_a_report() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("report");
    std::fs::write(&file, lines(truth("").into_values())).unwrap();
    let input = std::fs::File::open(&file).unwrap();
    #[cfg(unix)]
    common::run::succeed(
        Command::new("sh").args(["-c", "exec \"$0\" score \"$1\" --tool fdupes - < \"$2\"", SEEDFS, TREE]).arg(&file),
    );
    let output = Command::new(SEEDFS).args(["score", TREE, "--tool", "fdupes", "-"]).stdin(input).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn what_cannot_be_read_ends_with_3() {
    let missing = Path::new("/no/such/report");
    let scored = outcome(Command::new(SEEDFS).args(["score", TREE, "--tool", "rmlint"]).arg(missing));
    assert_eq!(scored.code, Some(3));
    assert!(scored.err.starts_with("seedfs: /no/such/report: "), "{}", scored.err);

    for (tool, report, why) in [
        ("fclones", "{\n\"groups\": [", "line 2: column 11: EOF while parsing a list; is it a report of fclones?\n"),
        ("rmlint", "./a\n./b\n", "is it a report of rmlint?\n"),
        ("rdfind", "# end of file\n", "line 1: no header of rdfind"),
        ("fdupes", "/mnt/x/a\n/mnt/x/b\n", "none of its paths is in the dataset; name "),
    ] {
        let scored = score(report.as_bytes(), &["--tool", tool]);
        assert_eq!((scored.code, &*scored.out), (Some(3), ""), "{tool}");
        assert!(scored.err.contains(why) && scored.err.lines().count() == 1, "{tool}: {}", scored.err);
    }
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    for arguments in [
        &["score", TREE][..],
        &["score", TREE, "report"],
        &["score", TREE, "--tool", "czkawka", "report"],
        &["score", "files=x", "--tool", "fdupes", "report"],
    ] {
        let scored = outcome(Command::new(SEEDFS).args(arguments));
        assert_eq!(scored.code, Some(2), "{arguments:?}");
        assert!(scored.err.starts_with("seedfs: ") && scored.err.lines().count() == 1, "{}", scored.err);
    }
}
