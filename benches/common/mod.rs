//! What the benchmarks of mounts share: mounts that always end, and figures of several rounds.
#![allow(dead_code)] // each benchmark uses a part of it

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// A file system served by a child process; dropped, it is unmounted and the child waited for.
pub(crate) struct Mount {
    dir: tempfile::TempDir,
    child: Child,
}

impl Mount {
    /// Starts a child that mounts on the directory it is given and stays in the foreground, and waits until `file` can
    /// be seen in the mount.
    ///
    /// # Errors
    /// The child cannot be started, ends early, or has mounted nothing after 5 s.
    pub(crate) fn start(spawn: impl FnOnce(&Path) -> io::Result<Child>, file: &str) -> io::Result<Self> {
        let dir = tempfile::tempdir()?;
        let child = spawn(dir.path())?;
        let mut mount = Self { dir, child };
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(5) {
            if mount.path(file).exists() {
                return Ok(mount);
            }
            if let Some(status) = mount.child.try_wait()? {
                return Err(io::Error::other(format!("the file system ended with {status}")));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Err(io::Error::other("the mount did not appear within 5 s"))
    }

    /// Where `file` is; the root of the mount for an empty name.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.dir.path().join(file)
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Whoever may mount may unmount: as root directly, otherwise through the helper.
        let by = if is_root() { ["umount", "-l"] } else { ["fusermount3", "-uz"] };
        let _ = Command::new(by[0]).arg(by[1]).arg(self.dir.path()).status();
        let _ = self.child.wait();
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0)
}

/// The middle one; the upper of two.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Figures of several rounds as `median (lowest-highest)`.
pub(crate) fn spread(figures: &[f64]) -> String {
    let lowest = figures.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = figures.iter().copied().fold(0.0, f64::max);
    format!("{:.2} ({lowest:.2}-{highest:.2})", median(figures.to_vec()))
}
