//! What the benchmarks share: the table that they print, mounts that always end, and what null file systems have in
//! common.
#![allow(dead_code)] // each benchmark uses a part of it

pub(crate) mod null;
pub(crate) mod table;

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

/// Whether less is to be measured, in seconds instead of minutes.
pub(crate) fn is_quick() -> bool {
    std::env::args().any(|arg| arg == "--quick")
}
