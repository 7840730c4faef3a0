//! seedfs(1) against the program's own help: the same commands, the same options, both ways.
// The pages describe the program of Unix, which has all commands and options; Windows lacks some.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::process::{Command, Output};

const PAGE: &str = include_str!("../man/seedfs.1");

fn seedfs(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_seedfs")).args(arguments).output().unwrap()
}

fn help(arguments: &[&str]) -> String {
    let output = seedfs(&[arguments, &["--help"]].concat());
    assert!(output.status.success(), "{arguments:?} --help");
    String::from_utf8(output.stdout).unwrap()
}

/// The indented lines behind a heading of a help text.
fn help_block<'a>(help: &'a str, heading: &str) -> Vec<&'a str> {
    let lines = help.lines().skip_while(|line| !line.starts_with(heading)).skip(1);
    // Longer helps have empty lines between options.
    lines.take_while(|line| line.is_empty() || line.starts_with(' ')).collect()
}

/// Names at two columns; longer indents continue a description.
fn commands() -> BTreeSet<String> {
    let text = help(&[]);
    let rows = help_block(&text, "Commands:");
    let names = rows.into_iter().filter(|row| !row.starts_with("   ")).filter_map(|row| row.split_whitespace().next());
    names.map(str::to_owned).collect()
}

/// `-f` and `--foreground` of each line that starts with an option.
fn options(command: &str) -> BTreeSet<String> {
    let text = help(&[command]);
    let rows = help_block(&text, "Options:")
        .into_iter()
        .map(str::trim_start)
        .filter(|row| row.starts_with('-') && !row.starts_with("- "));
    let words = rows.flat_map(|row| row.split_whitespace().take_while(|word| word.starts_with('-')));
    words.map(|word| word.trim_end_matches([',', '.']).to_owned()).collect()
}

/// The lines of a section or subsection of the page, its heading left out.
fn section(heading: &str) -> Vec<&'static str> {
    let end = |line: &&str| !line.starts_with(".Sh") && (heading.starts_with(".Sh") || !line.starts_with(".Ss"));
    let lines: Vec<_> = PAGE.lines().skip_while(|line| *line != heading).skip(1).take_while(end).collect();
    assert!(!lines.is_empty(), "the page has no {heading:?}");
    lines
}

/// The options that the items of a list start with.
fn documented_options(lines: &[&str]) -> BTreeSet<String> {
    let words = lines.iter().filter(|line| line.starts_with(".It ")).flat_map(|line| line.split(' '));
    let words: Vec<&str> = words.collect();
    words.windows(2).filter(|pair| pair[0] == "Fl").map(|pair| format!("-{}", pair[1])).collect()
}

#[test]
fn commands_are_those_of_the_help() {
    let documented: BTreeSet<String> =
        PAGE.lines().filter_map(|line| line.strip_prefix(".Ss seedfs ")).map(str::to_owned).collect();
    let mut shown = commands();
    assert!(shown.remove("help"), "{shown:?}");
    assert_eq!(documented, shown);
}

#[test]
fn every_command_is_in_the_synopsis() {
    let synopsis = section(".Sh SYNOPSIS");
    let named = synopsis.windows(2).filter(|lines| lines[0] == ".Nm").filter_map(|lines| lines[1].strip_prefix(".Cm "));
    let mut shown = commands();
    shown.remove("help");
    assert_eq!(named.map(str::to_owned).collect::<BTreeSet<_>>(), shown);
}

#[test]
fn options_are_those_of_the_help() {
    for command in commands().iter().filter(|command| *command != "help") {
        let mut shown = options(command);
        // Said once for all commands.
        assert!(shown.remove("-h") && shown.remove("--help"), "{command}: {shown:?}");
        assert_eq!(documented_options(&section(&format!(".Ss seedfs {command}"))), shown, "{command}");
    }
    for option in [".Fl h , Fl -help .", ".Fl V , Fl -version ,"] {
        assert!(section(".Sh COMMANDS").contains(&option), "{option}");
    }
}

/// One that is broken in two cannot be pasted into a shell.
#[test]
fn examples_of_the_help_are_whole_lines() {
    let programs = ["seedfs", "sha256sum", "restic", "rsync", "cat", "cd", "fdupes", "jdupes", "rmlint"];
    for command in commands().iter().filter(|command| *command != "help") {
        let text = help(&[command]);
        for row in help_block(&text, "Examples:").into_iter().take_while(|row| !row.is_empty()) {
            let program = row.split_whitespace().next();
            assert!(program.is_some_and(|word| programs.contains(&word)), "{command}: {row}");
        }
    }
}

/// The names in the list of `-o` options behind the help of `mount`.
fn shown_mount_options() -> BTreeSet<String> {
    let text = help(&["mount"]);
    let rows = help_block(&text, "Options behind -o").into_iter().map(str::trim_start);
    let mut names = BTreeSet::new();
    for row in rows {
        // The description stands behind two spaces, and may name further options after "also".
        let (list, description) = row.split_once("  ").unwrap_or((row, ""));
        let further = description.split_once("(also ").map_or("", |(_, rest)| rest.trim_end_matches(')'));
        for word in list.split_whitespace().chain(further.split(", ")).filter(|word| !word.is_empty()) {
            let name = word.split('=').next().unwrap_or(word);
            match name.strip_prefix("[no]") {
                Some(plain) => names.extend([plain.to_owned(), format!("no{plain}")]),
                None => _ = names.insert(name.to_owned()),
            }
        }
    }
    names
}

fn documented_mount_options() -> BTreeSet<String> {
    let items = section(".Sh MOUNT OPTIONS").into_iter().filter_map(|line| line.strip_prefix(".It Cm "));
    items.map(|item| item.split(' ').next().unwrap_or(item).to_owned()).collect()
}

#[test]
fn mount_options_are_those_of_the_help() {
    let shown = shown_mount_options();
    assert!(shown.len() > 10, "{shown:?}");
    assert_eq!(documented_mount_options(), shown);
}

/// Whether the program knows an option, asked without mounting anything.
fn is_known(option: &str) -> bool {
    let output = seedfs(&["mount", "--fake", "-o", option, "demo", "."]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() || text.starts_with(&format!("seedfs: -o {option}: ")), "{option}: {text}");
    !text.contains("unknown option")
}

#[test]
fn mount_options_are_known_to_the_program() {
    assert!(!is_known("no_such_option"));
    for option in documented_mount_options() {
        assert!(is_known(&option), "{option}");
    }
}

#[test]
fn options_of_fstab_are_accepted() {
    let page = include_str!("../man/mount.seedfs.8");
    let lines = page.lines().skip_while(|line| *line != ".Bd -ragged -offset indent").take_while(|line| *line != ".Ed");
    let lines = lines.filter_map(|line| line.strip_prefix(".Cm "));
    let mut count = 0;
    for option in lines.flat_map(|line| line.split(' ')).filter(|word| word.len() > 1) {
        let option = if option.ends_with('-') { format!("{option}systemd.automount") } else { option.to_owned() };
        let output = seedfs(&["mount", "--fake", "-o", &option, "demo", "."]);
        assert!(output.status.success(), "{option}: {}", String::from_utf8_lossy(&output.stderr));
        count += 1;
    }
    assert!(count > 20, "{count}");
    let remount = seedfs(&["mount", "--fake", "-o", "remount", "demo", "."]);
    assert_eq!(remount.status.code(), Some(2));
}
