//! Running programs: the one under test, and the tools it is tested with.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The program under test.
pub const SEEDFS: &str = env!("CARGO_BIN_EXE_seedfs");

/// Runs the program under test and returns what it printed and how it ended.
pub fn seedfs(args: &[&str]) -> Output {
    Command::new(SEEDFS).args(args).stdin(Stdio::null()).output().expect("the program starts")
}

/// Waits until a condition holds; says whether it came to that.
pub fn wait_until(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !condition() {
        if start.elapsed() > limit {
            return false;
        }
        sleep(Duration::from_millis(5));
    }
    true
}

/// Standard output as text.
pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs a command that must succeed and returns its standard output as text.
#[track_caller]
pub fn succeed(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(
        output.status.success(),
        "{command:?} ended with {}\n{}\n{}",
        output.status,
        text(&output),
        String::from_utf8_lossy(&output.stderr)
    );
    text(&output)
}

/// Runs a program with arguments in a directory; it must succeed.
#[track_caller]
pub fn tool<S: AsRef<OsStr>>(dir: &Path, program: &str, args: &[S]) -> String {
    succeed(Command::new(program).args(args).current_dir(dir))
}

/// Whether all of these programs are installed; where not, says so, or fails where every check must run. They are those
/// of Unix: what they check, they check there, and no Windows needs them.
pub fn have(programs: &[&str]) -> bool {
    if cfg!(windows) {
        println!("left out: {} are programs of Unix", programs.join(", "));
        return false;
    }
    let missing: Vec<&str> = programs.iter().copied().filter(|p| !in_path(p)).collect();
    missing.is_empty() || skipped(&format!("{} not installed", missing.join(", ")))
}

/// Whether a program is installed.
pub fn in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

/// Prints why a check is left out and returns false; a failure where `SEEDFS_REQUIRE_ALL` is set.
pub fn skipped(why: &str) -> bool {
    assert!(std::env::var_os("SEEDFS_REQUIRE_ALL").is_none_or(|v| v != "1"), "this check must not be skipped: {why}");
    println!("skipped: {why}");
    false
}
