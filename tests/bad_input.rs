//! Bad input on the command line: one clear line on standard error, exit code 2, nothing on standard output.

mod common;

use common::run::{seedfs, text};

#[track_caller]
fn refused(args: &[&str], says: &str) {
    let output = seedfs(args);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {message}");
    assert_eq!(text(&output), "", "{args:?}");
    assert_eq!(message.lines().count(), 1, "{args:?}: {message}");
    assert!(message.starts_with("seedfs: ") && message.contains(says), "{args:?}: {message}");
}

#[test]
fn names_that_are_no_recipes() {
    refused(&["cat", "photo.jpg"], "photo.jpg: is no recipe; names look like s42-1GiB");
    refused(&["cat", "s1-9EiB"], "s1-9EiB: has a size above 9223372036854775807");
    refused(&["cat", "s18446744073709551616-1"], "has a seed above 18446744073709551615");
    refused(&["cat", "s1-1-c101"], "names a kind that asks for more than 100 percent");
    refused(&["cat", "s1-1-d5u3k"], "no power of two");
    refused(&["cat", "s1-1k-e4097"], "s1-1k-e4097: asks for edition 4097; there are 0 to 4096");
    refused(&["cat", "s1-1k-e1000000000"], "asks for edition 1000000000");
    refused(&["cat", "s1-1k", "nonsense"], "nonsense: is no recipe");
}

#[test]
fn options_and_commands() {
    refused(&[], "begin with seedfs mount DIRECTORY, or see seedfs --help");
    #[cfg(unix)]
    for words in [&["mount", "home"][..], &["home"], &["files=3"], &["-o", "ro", "files=3"]] {
        refused(words, ": is a dataset, and there is no mount point; name an existing directory, as in seedfs mount");
    }
    refused(&["mont"], "'mont'; did you mean mount? see seedfs --help");
    refused(&["cat"], "see seedfs cat --help");
    refused(&["faults", "--fault", "eio:2", "demo"], "see seedfs faults --help");
    refused(&["cat", "--lenght", "1", "s1-1"], "did you mean --length?");
    refused(&["cat", "--offset", "-1", "s1-1"], "-1");
    refused(&["cat", "--offset", "x", "s1-1"], "--offset");
    refused(&["ls", "--format", "jsol"], "did you mean jsonl?");
    refused(&["ls", "--format", "xml"], "xml");
    refused(&["ls", "--seed", "-5"], "-5");
    refused(&["completions", "tcsh"], "tcsh");
}

#[test]
fn datasets() {
    refused(&["ls", "nowhere"], "nowhere: neither a command nor a dataset; use demo");
    refused(
        &["ls", "files=1,colour=red"],
        "colour=red: no such key; keys are extends, description, format, seed, files",
    );
    refused(&["ls", "files=many"], "files=many: is not a number");
    refused(&["ls", "files=1E"], "files=1E");
    refused(&["ls", "size=uniform:9-1"], "size=uniform:9-1: has its smaller size behind");
    refused(&["ls", "dirs=99999999999999"], "above the limit of 2^40");
}

#[test]
fn corpora() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_string()
    };
    let with = |corpus: &str, says: &str| refused(&["cat", "--corpus", corpus, "s1-1k.txt"], says);
    with(&file("empty", ""), "empty");
    with(&file("short", "a few words"), "1000");
    with(&file("poor", &"same ".repeat(5000)), "256");
    with(dir.path().join("missing").to_str().unwrap(), "(os error 2)");
    if cfg!(unix) {
        with("/dev/zero", "limit");
    }
}

#[test]
fn help_and_version_go_to_standard_output() {
    for args in [
        &["--help"][..],
        &["-h"],
        &["cat", "--help"],
        &["ls", "--help"],
        &["manifest", "--help"],
        &["completions", "--help"],
    ] {
        let output = seedfs(args);
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output).contains("Examples:"), "{args:?}");
    }
    let version = seedfs(&["--version"]);
    let own = format!("seedfs {} (content format 1)", env!("CARGO_PKG_VERSION"));
    let mut lines = text(&version).lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines.remove(0), own);
    // What WinFsp's licence asks for where it is used.
    assert_eq!(lines.iter().filter(|line| line.starts_with("WinFsp - ")).count(), usize::from(cfg!(windows)));
    assert_eq!(lines.len(), usize::from(cfg!(windows)), "{lines:?}");
}

#[test]
fn completions_name_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let script = text(&seedfs(&["completions", shell]));
        assert!(script.contains("completions") && script.contains("offset"), "{shell}");
    }
}

/// What mount(8) passes on is for no one to type.
#[test]
fn completions_leave_hidden_options_out() {
    for shell in ["bash", "zsh", "fish"] {
        let script = text(&seedfs(&["completions", shell]));
        assert!(script.contains("listed-only"), "{shell}");
        for hidden in ["fake", "sloppy"] {
            assert!(!script.contains(hidden), "{shell} offers {hidden}");
        }
    }
}
