//! Names and options may hold anything. A message about them is one line all the same, and sends nothing to a terminal.

mod common;

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use common::run::SEEDFS;

/// A line break, an empty line, a tab, a colour, the end of a title, and what a terminal takes for an escape.
const HOSTILE: &str = "x\ny\n\nz\t\u{1b}[31m\u{7}\u{9b}w";

/// The same as a message has it.
const SHOWN: &str = "x\\ny\\n\\nz\\t\\u{1b}[31m\\u{7}\\u{9b}w";

/// What the program says of arguments that it does not take.
#[track_caller]
fn said<S: AsRef<OsStr>>(arguments: &[S]) -> String {
    let arguments: Vec<&OsStr> = arguments.iter().map(AsRef::as_ref).collect();
    let output = Command::new(SEEDFS).args(&arguments).stdin(Stdio::null()).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
    assert!(output.status.code().is_some_and(|code| code > 0), "{arguments:?}: {}", output.status);
    assert!(output.stdout.is_empty(), "{arguments:?}");
    let line = message.strip_prefix("seedfs: ").and_then(|rest| rest.strip_suffix('\n'));
    let line = line.unwrap_or_else(|| panic!("{arguments:?}: {message:?}"));
    assert!(!line.contains(char::is_control), "{arguments:?}: {line:?}");
    line.to_owned()
}

/// Commands with `{}` where a name, a value or an option of the user's stands.
const COMMANDS: [&[&str]; 24] = [
    &["{}"],
    &["--{}"],
    &["cat", "{}"],
    &["cat", "{}_s1-9EiB"],
    &["cat", "--{}", "s1-1"],
    &["cat", "--offset", "{}", "s1-1"],
    &["cat", "--corpus", "{}", "s1-1.txt"],
    &["ls", "{}"],
    &["ls", "files={}"],
    &["ls", "{}=1"],
    &["ls", "size=list:1,{}"],
    &["ls", "--format", "{}"],
    &["ls", "--shard", "{}"],
    &["describe", "demo", "{}"],
    &["manifest", "--hash", "{}", "files=1"],
    &["manifest", "--output", "{}/{}", "files=1"],
    &["duplicates", "extends={}"],
    &["diff", "--from", "{}", "--to", "1", "demo"],
    &["score", "--tool", "fclones", "demo", "{}"],
    &["verify", "--dataset", "{}", "."],
    &["damage", "--damage", "flip:{}", "demo"],
    &["faults", "--fault", "seed={}", "demo"],
    &["trace", "{}"],
    &["stats", "{}"],
];

#[test]
fn whatever_a_name_or_an_option_holds_the_message_is_one_line() {
    for command in COMMANDS {
        let arguments: Vec<String> = command.iter().map(|word| word.replace("{}", HOSTILE)).collect();
        let line = said(&arguments);
        assert!(line.contains(SHOWN), "{command:?}: {line}");
    }
}

#[cfg(unix)]
#[test]
fn so_are_those_about_mounts() {
    for command in [
        &["mount", "demo", "{}"][..],
        &["mount", "{}", "."],
        &["mount", "-o", "{}", "demo", "."],
        &["mount", "-o", "uid={}", "demo", "."],
        &["mount", "--disk", "{}", "demo", "."],
        &["demo", ".", "-o", "threads={}"],
        &["umount", "{}"],
        &["advance", "{}"],
        &["sink", "{}"],
        &["sink", "--dataset", "{}", "."],
    ] {
        let arguments: Vec<String> = command.iter().map(|word| word.replace("{}", HOSTILE)).collect();
        let line = said(&arguments);
        assert!(line.contains(SHOWN), "{command:?}: {line}");
    }
}

#[test]
fn so_are_those_about_what_a_document_holds() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("dataset.toml");
    let toml = "\"x\\ny\\n\\nz\\t\\u001b[31m\\u0007\\u009bw\"";
    for document in [
        format!("{toml} = 1\n"),
        format!("extends = {toml}\n"),
        format!("[churn]\n{toml} = 1\n"),
        format!("size = {toml}\n"),
        format!("seed = 1\n\ncases = [{toml}]\n"),
    ] {
        std::fs::write(&path, &document).unwrap();
        let line = said(&["ls".as_ref(), path.as_os_str()]);
        assert!(line.contains(SHOWN), "{document}: {line}");
    }
}

/// Where a file can have such a name.
#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_text_are_shown_as_far_as_they_are() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStrExt;
    let name = OsStr::from_bytes(b"a\xff\n\x1b[2Jb.toml");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    for command in [&["cat", "--corpus"][..], &["trace"], &["stats"], &["umount"], &["mount", "demo"], &["sink"]] {
        let mut arguments: Vec<OsString> = command.iter().map(OsString::from).collect();
        arguments.push(path.clone().into_os_string());
        if command[0] == "cat" {
            arguments.push("s1-1.txt".into());
        }
        let line = said(&arguments);
        assert!(line.contains("a\u{fffd}\\n\\u{1b}[2Jb.toml"), "{command:?}: {line}");
    }
    // Where text is asked for, it is said that this is none.
    for command in [&["ls"][..], &["describe"], &["manifest"], &["faults", "--fault"], &["cat", "--offset"]] {
        let mut arguments: Vec<OsString> = command.iter().map(OsString::from).collect();
        arguments.push(path.clone().into_os_string());
        assert!(said(&arguments).contains("UTF-8"), "{command:?}");
    }
}

/// A log has one line for each message as well.
#[cfg(target_os = "linux")]
#[test]
fn a_log_that_names_a_mount_point_sends_nothing_to_a_terminal() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    let dir = tempfile::tempdir().unwrap();
    let (point, log) = (dir.path().join("x\ny\t\u{1b}[31mz"), dir.path().join("log"));
    std::fs::create_dir(&point).unwrap();
    let started =
        Command::new(SEEDFS).args(["mount", "-v", "--log-file"]).args([&log]).arg("demo").arg(&point).status();
    let ended = Command::new(SEEDFS).arg("umount").arg(&point).status();
    assert!(started.unwrap().success() && ended.unwrap().success());
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("x y\\t\\u{1b}[31mz"), "{log}");
    assert!(log.lines().all(|line| !line.contains(char::is_control)), "{log}");
}
