//! Standard output that takes nothing: on a full disk every command fails with one line, and where the reader has gone
//! away it ends quietly.
#![cfg(target_os = "linux")]

mod common;

use std::fs::File;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use common::mount::{Mounted, Point, is_mounted, outcome, unmount, wait_until};
use common::run::{SEEDFS, succeed};
use common::sink::SinkMount;

/// Every command that prints and needs no mount; SUMS, REPORT and TRACE stand for files.
const COMMANDS: [&[&str]; 27] = [
    &["cat", "s1-1k"],
    &["ls", "demo"],
    &["ls", "--format", "jsonl", "demo"],
    &["ls", "--format", "csv", "demo"],
    &["ls", "--format", "mtree", "demo"],
    &["describe", "demo"],
    &["describe", "--json", "demo"],
    &["describe", "--toml", "demo"],
    &["describe", "--svg", "-", "demo"],
    &["dedupe", "files=3"],
    &["dedupe", "--json", "files=3"],
    &["duplicates", "demo"],
    &["duplicates", "--format", "json", "demo"],
    &["manifest", "files=3"],
    &["diff", "--to", "1", "demo"],
    &["diff", "--to", "1", "--format", "totals", "demo"],
    &["score", "--tool", "fdupes", "demo", "REPORT"],
    &["score", "--json", "--tool", "fdupes", "demo", "REPORT"],
    &["verify", "--dataset", "demo", "EMPTY"],
    &["verify", "--json", "--dataset", "demo", "EMPTY"],
    &["damage", "--damage", "flip:0.01", "demo"],
    &["faults", "--fault", "eio:0.01", "demo"],
    &["faults", "--fault", "eio:0.01", "--format", "jsonl", "demo"],
    &["trace", "TRACE"],
    &["trace", "--json", "TRACE"],
    &["trace", "--svg", "-", "TRACE"],
    &["completions", "bash"],
];

/// Help goes the same way.
const HELP: [&[&str]; 3] = [&["--help"], &["--version"], &["mount", "--help"]];

fn full_disk() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

/// The end of a pipe that nobody reads.
fn closed_pipe() -> std::io::PipeWriter {
    std::io::pipe().unwrap().1
}

fn run(arguments: &[&str], stdout: impl Into<Stdio>) -> Output {
    Command::new(SEEDFS).args(arguments).stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped()).output().unwrap()
}

#[track_caller]
fn expect_full(arguments: &[&str], code: i32) {
    let (found, message) = outcome(&run(arguments, full_disk()));
    assert_eq!(found, Some(code), "{arguments:?}: {message}");
    assert_eq!(message.lines().count(), 1, "{arguments:?}: {message}");
    assert!(message.starts_with("seedfs: standard output: No space left"), "{arguments:?}: {message}");
}

#[track_caller]
fn expect_quiet(arguments: &[&str]) {
    assert_eq!(outcome(&run(arguments, closed_pipe())), (Some(141), String::new()), "{arguments:?}");
}

/// Runs a check with every command, the words for files replaced.
fn each(check: impl Fn(&[&str])) {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (report, trace, empty) = (path("report"), path("trace"), path("empty"));
    std::fs::write(&report, succeed(Command::new(SEEDFS).args(["duplicates", "demo"]))).unwrap();
    let header = seedfs::trace::Header { dataset: "files = 9\n".into(), ..Default::default() };
    let mut bytes = Vec::new();
    seedfs::trace::Writer::default().header(&header, &mut bytes);
    std::fs::write(&trace, bytes).unwrap();
    std::fs::create_dir(&empty).unwrap();
    for command in COMMANDS {
        let words = command.iter().map(|word| match *word {
            "REPORT" => &report,
            "TRACE" => &trace,
            "EMPTY" => &empty,
            word => word,
        });
        check(&words.collect::<Vec<&str>>());
    }
}

#[test]
fn a_full_disk_is_one_line() {
    each(|command| expect_full(command, 1));
    for command in HELP {
        expect_full(command, 1);
    }
}

#[test]
fn a_reader_that_has_gone_away_is_none() {
    each(expect_quiet);
    for command in HELP {
        assert_eq!(outcome(&run(command, closed_pipe())), (Some(0), String::new()), "{command:?}");
    }
}

#[test]
fn messages_that_nobody_can_read_leave_the_exit_code() {
    for stderr in [Stdio::from(full_disk()), Stdio::from(closed_pipe())] {
        let status = Command::new(SEEDFS).args(["cat", "nonsense"]).stderr(stderr).status().unwrap();
        assert_eq!(status.code(), Some(2));
    }
}

#[test]
fn commands_about_a_mount_keep_to_this() {
    let Some(mount) = Mounted::start(&["demo", "--observe"]) else { return };
    let point = mount.path().to_str().unwrap();
    for command in [&["stats", point][..], &["stats", "--json", point], &["advance", point]] {
        expect_full(command, 1);
        expect_quiet(command);
    }
    // What could not be told has happened all the same.
    assert_eq!(std::fs::read_to_string(mount.path().join(".seedfs/generation")).unwrap().trim(), "2");
    mount.unmount();
}

#[test]
fn a_verdict_that_cannot_be_told_is_none() {
    for json in [false, true] {
        let Some(sink) = SinkMount::start(&[]) else { return };
        std::fs::write(sink.join("s1-6"), "wrong!").unwrap();
        let point = sink.path().to_str().unwrap();
        let command: &[&str] = if json { &["umount", "--json", point] } else { &["umount", point] };
        expect_full(command, 3);
    }
    // In the foreground it is the sink itself that tells.
    let point = Point::new();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut sink = Command::new(SEEDFS);
    let sink = sink.args(["sink", "-f"]).arg(point.path()).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    assert!(wait_until(Duration::from_secs(10), || is_mounted(point.path())));
    assert!(unmount(point.path()));
    let (code, said) = outcome(&sink.wait_with_output().unwrap());
    assert!(code == Some(3) && said.contains("No space left on device"), "{code:?}: {said}");

    let Some(sink) = SinkMount::start(&[]) else { return };
    expect_quiet(&["umount", sink.path().to_str().unwrap()]);
}
