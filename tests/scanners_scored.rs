//! Real duplicate scanners on mounts, scored. They compare bytes or strong hashes, so that what they report must be what
//! the truth says; where one errs, its test says how.
// Mounts through FUSE.
#![cfg(unix)]

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::mount::Mounted;
use common::run::{SEEDFS, have};
use serde_json::Value;
use tempfile::TempDir;

/// A scanner, asked for all files: some leave hidden ones out.
struct Scanner {
    /// What it is called here.
    name: &'static str,
    tool: &'static str,
    /// The command line; `REPORT` stands for a file to write, without it the report is standard output.
    command: &'static [&'static str],
}

const fn scanner(name: &'static str, tool: &'static str, command: &'static [&'static str]) -> Scanner {
    Scanner { name, tool, command }
}

const EXACT: [Scanner; 6] = [
    scanner("fdupes", "fdupes", &["fdupes", "-rq", "."]),
    scanner("jdupes", "jdupes", &["jdupes", "-rq", "."]),
    scanner("jdupes, JSON", "jdupes", &["timeout", "300", "jdupes", "-rqj", "."]),
    scanner("rmlint", "rmlint", &["rmlint", "--hidden", "-T", "df,ef", "-o", "json:REPORT", "."]),
    scanner("rdfind", "rdfind", &["rdfind", "-outputname", "REPORT", "."]),
    scanner("fclones", "fclones", &["fclones", "group", "--hidden", "--no-ignore", "-f", "json", "-o", "REPORT", "."]),
];

/// Looks at nothing but the first block of each file.
const FIRST_BLOCK: Scanner = scanner("jdupes -TT", "jdupes", &["jdupes", "-rqTT", "."]);

impl Scanner {
    /// Runs it on a directory and returns its report, which the returned directory holds.
    fn scan(&self, dir: &Path) -> (TempDir, PathBuf) {
        let home = tempfile::tempdir().unwrap();
        let report = home.path().join("report");
        let own = |argument: &&str| argument.replace("REPORT", report.to_str().unwrap());
        let arguments: Vec<String> = self.command[1..].iter().map(own).collect();
        let mut command = Command::new(self.command[0]);
        // Scanners keep caches below the home directory.
        command.args(&arguments).current_dir(dir).env("HOME", home.path()).stdin(Stdio::null());
        let output = command.output().unwrap_or_else(|e| panic!("{}: {e}", self.name));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {}\n{errors}", self.name, output.status);
        if !report.exists() {
            std::fs::write(&report, output.stdout).unwrap();
        }
        (home, report)
    }

    /// Scores it on a mount of a dataset: the parsed answer.
    fn score(&self, mount: &Mounted, dataset: &str, arguments: &[&str]) -> Value {
        let (_home, report) = self.scan(mount.path());
        let mut command = Command::new(SEEDFS);
        command.args(["score", dataset, "--json", "--tool", self.tool]).args(arguments).arg(&report);
        let output = command.stdin(Stdio::null()).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{}: {}\n{errors}", self.name, output.status);
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        let is_exact = value["findings"].as_array().unwrap().is_empty();
        assert_eq!(output.status.success(), is_exact, "{}: {errors}", self.name);
        value
    }

    fn is_installed(&self) -> bool {
        have(&[self.tool])
    }
}

/// What a scanner's answer differs in, as its kinds of findings with their counts.
fn kinds(value: &Value) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for finding in value["findings"].as_array().unwrap() {
        *kinds.entry(finding["type"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    kinds
}

/// Every installed scanner must find exactly what is there.
fn all_are_exact(dataset: &str) {
    let Some(mount) = Mounted::start(&[dataset]) else { return };
    for scanner in EXACT.iter().filter(|scanner| scanner.is_installed()) {
        let value = scanner.score(&mount, dataset, &[]);
        let summary = &value["summary"];
        println!("{} on {dataset}: {summary}", scanner.name);
        assert_eq!(kinds(&value), BTreeMap::new(), "{} on {dataset}: {:#}", scanner.name, value["findings"]);
        assert_eq!((&summary["precision"]["share"], &summary["recall"]["share"]), (&1.0.into(), &1.0.into()));
        assert!(summary["true"]["groups"].as_u64().unwrap() > 0, "{dataset} has no equal files");
    }
    mount.unmount();
}

/// All but a million files of one size, which take each scanner half a minute, and two that only rmlint does not get
/// over: it reads files of exbibytes, and reports FIFOs, sockets and device nodes as empty files.
const TORTURE: &str = "torture,cases=all-huge-special-directories";

/// Holes of the same size are equal, and files of a few bytes by chance.
const SMALL: &str = "files=5000,dirs=60,size=uniform:1-64,kind=mixed,seed=4";

#[test]
fn scanners_are_exact_on_small_files() {
    all_are_exact(SMALL);
}

#[test]
fn scanners_are_exact_on_a_home_directory() {
    all_are_exact("home,files=10000");
}

#[test]
fn scanners_are_exact_on_near_duplicates_and_links() {
    all_are_exact(TORTURE);
}

/// Scanners that are told to look at a part of each file are caught, and the trap that caught them is named.
#[test]
fn looking_at_the_first_block_is_not_enough() {
    let Some(mount) = Mounted::start(&[TORTURE]) else { return };
    if !have(&["jdupes"]) {
        return;
    }
    let value = FIRST_BLOCK.score(&mount, TORTURE, &[]);
    let findings = value["findings"].as_array().unwrap();
    let wrong: Vec<&Value> = findings.iter().filter(|finding| finding["type"] == "wrong").collect();
    let reasons =
        wrong.iter().flat_map(|group| group["classes"].as_array().unwrap()).filter_map(|c| c["reason"].as_str());
    assert!(reasons.clone().any(|reason| reason.starts_with("equal but for byte ")), "{:#}", value["findings"]);
    assert!(value["summary"]["precision"]["share"].as_f64().unwrap() < 1.0);
    assert_eq!(value["summary"]["recall"]["share"], 1.0, "what is equal has an equal first block");
    mount.unmount();
}

/// A finding: jdupes 1.21.3 does not end where it has to write a byte that begins no character of UTF-8 in JSON. Its
/// plain report is right.
#[test]
fn jdupes_does_not_end_on_names_that_are_no_utf_8() {
    use std::os::unix::ffi::OsStrExt;
    if !have(&["jdupes", "timeout"]) {
        return;
    }
    let version = Command::new("jdupes").arg("-v").output().unwrap();
    if !common::run::text(&version).starts_with("jdupes 1.21.3 ") {
        println!("another jdupes than the one that this was seen with");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    for name in [&b"one"[..], b"other\xff"] {
        std::fs::write(dir.path().join(std::ffi::OsStr::from_bytes(name)), "equal").unwrap();
    }
    let run = |options: &str| {
        Command::new("timeout").args(["2", "jdupes", options, "."]).current_dir(dir.path()).output().unwrap()
    };
    assert_eq!(run("-rqj").status.code(), Some(124), "it ends: the finding is out of date");
    assert_eq!(run("-rq").stdout.trim_ascii_end(), b"./one\n./other\xff");
}

/// A finding: rmlint 2.9.0 reports FIFOs, sockets and device nodes as empty files, which it offers to remove.
#[test]
fn rmlint_takes_special_files_for_empty_ones() {
    const CASES: &str = "files=50,dirs=0,duplicates=20,cases=special";
    if !have(&["rmlint"]) {
        return;
    }
    let version = Command::new("rmlint").arg("--version").output().unwrap();
    if !String::from_utf8_lossy(&[version.stdout, version.stderr].concat()).contains("version 2.9.0 ") {
        println!("another rmlint than the one that this was seen with");
        return;
    }
    let Some(mount) = Mounted::start(&[CASES]) else { return };
    let scanner = EXACT.iter().find(|scanner| scanner.name == "rmlint").unwrap();
    let value = scanner.score(&mount, CASES, &[]);
    assert_eq!(kinds(&value), BTreeMap::from([("unknown".to_owned(), 9)]), "{:#}", value["findings"]);
    mount.unmount();
}
