//! Sinks of the real program.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::mount::{Point, seedfs};
use super::run::{skipped, text};

/// A dataset with something of everything that restores must get right.
pub const TREE: &str = "files=300,dirs=30,spread=varied,size=lognormal:9.5,2,empty=2%,kind=mixed,seed=5";

/// A sink in the background, unmounted in the end whatever happens.
pub struct SinkMount(Point);

impl SinkMount {
    /// Runs `seedfs sink ARGS DIR`. `None`, after saying so, where nothing can be mounted.
    pub fn start(args: &[&str]) -> Option<Self> {
        if let Some(reason) = super::no_fuse() {
            skipped(reason);
            return None;
        }
        let point = Point::new();
        let output = seedfs().arg("sink").args(args).arg(point.path()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        Some(Self(point))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn join(&self, path: impl AsRef<Path>) -> PathBuf {
        self.path().join(path)
    }

    /// The report so far.
    pub fn report(&self) -> serde_json::Value {
        let text = std::fs::read_to_string(self.join(".seedfs/report.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Number of the process that serves.
    pub fn pid(&self) -> libc::pid_t {
        let wanted = self.path().to_str().unwrap();
        let processes = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
            let entry = entry.ok()?;
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let command = std::fs::read(entry.path().join("cmdline")).ok()?;
            let words: Vec<&[u8]> = command.split(|&b| b == 0).collect();
            (words.contains(&wanted.as_bytes()) && words.contains(&&b"sink"[..])).then_some(pid)
        });
        let found: Vec<libc::pid_t> = processes.collect();
        assert_eq!(found.len(), 1, "{found:?}");
        found[0]
    }

    /// Unmounts by the program and returns what it said.
    pub fn unmount(&self, flags: &[&str]) -> Output {
        seedfs().arg("umount").args(flags).arg(self.path()).output().unwrap()
    }

    /// Unmounts; the verdict must be "perfect".
    #[track_caller]
    pub fn expect_perfect(self) {
        let output = self.unmount(&[]);
        assert_eq!(output.status.code(), Some(0), "{} {}", text(&output), String::from_utf8_lossy(&output.stderr));
        assert!(text(&output).starts_with("perfect: "), "{}", text(&output));
    }

    /// Unmounts; the verdict must be that these paths, and no others, have faults: `class path: part of the reason`.
    #[track_caller]
    pub fn expect_faults(self, expected: &[&str]) {
        let output = self.unmount(&[]);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        let lines: Vec<&str> = said.lines().collect();
        assert!(lines[0].starts_with("not perfect: "), "{said}");
        assert_eq!(lines.len() - 1, expected.len(), "{said}");
        for fault in expected {
            let (path, reason) = fault.rsplit_once(": ").unwrap();
            let found = lines.iter().any(|line| line.starts_with(&format!("{path}: ")) && line.contains(reason));
            assert!(found, "{fault:?} is not in\n{said}");
        }
    }
}

/// Kills a process at once.
pub fn kill(pid: libc::pid_t) {
    // SAFETY: the caller started it.
    unsafe { libc::kill(pid, libc::SIGKILL) };
}

/// A command in a directory.
pub fn command_in(dir: &Path, program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(dir);
    command
}
