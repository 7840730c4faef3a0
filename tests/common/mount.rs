//! Mounts that are always unmounted: in this process through the library, or by the real program.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use seedfs::fuse::{FuseAdapter, Ownership, ReadDirPlus, Settings};
use seedfs::stats::Counters;
use seedfs::vfs::Vfs;
use tempfile::TempDir;

pub use super::run::wait_until;

const LIMIT: Duration = Duration::from_secs(10);

/// By how much a read that is held up may come too early, where three threads wake faster than they did before.
pub const EARLY: std::time::Duration = std::time::Duration::from_micros(300);

/// Whether the mount table has something at this place.
pub fn is_mounted(point: &Path) -> bool {
    seedfs::mount::table::topmost(point).unwrap().is_some()
}

/// Processes with this mount point among their arguments.
pub fn processes(point: &Path) -> usize {
    names_of_processes(point).len()
}

/// Those of them that serve, without the guards beside them.
pub fn daemons(point: &Path) -> usize {
    names_of_processes(point).iter().filter(|name| name.as_str() != "fuse-guard\n").count()
}

fn names_of_processes(point: &Path) -> Vec<String> {
    use std::os::unix::ffi::OsStrExt;
    let holds = |pid: &str| {
        std::fs::read(format!("/proc/{pid}/cmdline"))
            .is_ok_and(|line| line.split(|&b| b == 0).any(|argument| argument == point.as_os_str().as_bytes()))
    };
    let all = std::fs::read_dir("/proc").unwrap();
    let pids = all.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).filter(|pid| holds(pid));
    pids.filter_map(|pid| std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()).collect()
}

/// Unmounts with patience, then by force; says whether patience was enough.
pub fn unmount(point: &Path) -> bool {
    let polite = wait_until(Duration::from_secs(3), || {
        !is_mounted(point) || {
            umount_command(point, &[]);
            !is_mounted(point)
        }
    });
    if !polite {
        umount_command(point, &["-l"]);
    }
    polite
}

fn umount_command(point: &Path, flags: &[&str]) {
    if super::is_root() {
        let _ = Command::new("umount").args(flags).arg(point).output();
    } else {
        let lazy = if flags.is_empty() { "-u" } else { "-uz" };
        let _ = Command::new("fusermount3").arg(lazy).arg(point).output();
    }
}

/// A file system mounted by this process.
pub struct InProcess {
    dir: TempDir,
    pub counters: Arc<Counters>,
    session: Option<fuser::BackgroundSession>,
}

pub fn settings() -> Settings {
    Settings {
        ownership: Ownership { uid: None, gid: None, mounter: (0, 0), file_mask: 0, dir_mask: 0 },
        direct_io: false,
        xattr: true,
        readdirplus: ReadDirPlus::Auto,
        prefetch: 0,
        ask_at_root: false,
        opendir_message: false,
        storage: None,
        faults: false,
    }
}

impl InProcess {
    pub fn new(vfs: impl Vfs, settings: Settings) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let counters = Arc::new(Counters::default());
        let adapter = FuseAdapter::new(vfs, counters.clone(), settings);
        let mut config = fuser::Config::default();
        config.mount_options = vec![fuser::MountOption::RO, fuser::MountOption::DefaultPermissions];
        config.n_threads = Some(2);
        let session = fuser::spawn_mount(adapter, dir.path(), &config).unwrap();
        Self { dir, counters, session: Some(session) }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        let polite = unmount(&self.dir.path().canonicalize().unwrap_or_else(|_| self.dir.path().to_owned()));
        if let Some(session) = self.session.take() {
            let ended = session.join();
            if !std::thread::panicking() {
                assert!(polite, "the mount was still busy");
                ended.unwrap();
            }
        }
    }
}

/// The real program, under test.
pub fn seedfs() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seedfs"));
    command.stdin(Stdio::null()).env_remove("RUST_LOG");
    // Signals that are ignored where the tests run (nohup, a job in the background) would be ignored here as well.
    // SAFETY: signal(2) may be called between fork and exec, and touches nothing of this process.
    unsafe {
        command.pre_exec(|| {
            for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM] {
                libc::signal(signal, libc::SIG_DFL);
            }
            Ok(())
        })
    };
    command
}

/// A directory to mount on, unmounted and removed at the end whatever is there.
pub struct Point(TempDir);

impl Point {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Point {
    fn drop(&mut self) {
        unmount(self.0.path());
    }
}

/// The real program in the foreground, with a mount.
pub struct Foreground {
    pub point: Point,
    child: Child,
    log: TempDir,
}

impl Foreground {
    /// Starts `seedfs mount -f ARGS demo DIR` and waits until the mount is there.
    pub fn new(arguments: &[&str]) -> Self {
        Self::with_dataset("demo", arguments)
    }

    /// The same with another dataset.
    pub fn with_dataset(dataset: &str, arguments: &[&str]) -> Self {
        let point = Point::new();
        let log = tempfile::tempdir().unwrap();
        let file = std::fs::File::create(log.path().join("log")).unwrap();
        let child = seedfs()
            .args(["mount", "-f"])
            .args(arguments)
            .arg(dataset)
            .arg(point.path())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        let mut mount = Self { point, child, log };
        let there = wait_until(LIMIT, || {
            assert!(mount.child.try_wait().unwrap().is_none(), "ended early: {}", mount.log());
            is_mounted(mount.point.path())
        });
        assert!(there, "no mount: {}", mount.log());
        // The table shows it before the kernel and the program have agreed; an answer comes after that.
        std::fs::metadata(mount.path()).unwrap_or_else(|error| panic!("{error}: {}", mount.log()));
        mount
    }

    pub fn path(&self) -> &Path {
        self.point.path()
    }

    pub fn pid(&self) -> libc::pid_t {
        self.child.id() as libc::pid_t
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log.path().join("log")).unwrap_or_default()
    }

    pub fn signal(&self, signal: libc::c_int) {
        // SAFETY: the child has not been waited for, so the number is its own.
        unsafe { libc::kill(self.pid(), signal) };
    }

    /// Waits for the end of the program, however it was caused.
    pub fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        let ended = wait_until(LIMIT, || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        assert!(ended, "does not end: {}", self.log());
        status.unwrap()
    }

    /// Waits for the end, which must be clean: exit code 0 and nothing left in the mount table.
    pub fn expect_clean_end(&mut self) {
        let status = self.wait();
        assert_eq!(status.code(), Some(0), "{}", self.log());
        assert!(!is_mounted(self.path()), "left a mount: {}", self.log());
    }
}

impl Drop for Foreground {
    fn drop(&mut self) {
        unmount(self.point.path());
        if !wait_until(Duration::from_secs(2), || !matches!(self.child.try_wait(), Ok(None))) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if std::thread::panicking() {
            eprintln!("log of the program:\n{}", self.log());
        }
    }
}

/// Exit code and standard error.
pub fn outcome(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A dataset mounted by the real program, for tests of what is in it.
pub struct Mounted(Foreground);

impl Mounted {
    /// Mounts a dataset, the first argument, with the options behind it. `None`, after saying so, where nothing can be
    /// mounted.
    pub fn start(arguments: &[&str]) -> Option<Self> {
        if let Some(reason) = super::no_fuse() {
            super::run::skipped(reason);
            return None;
        }
        Some(Self(Foreground::with_dataset(arguments[0], &arguments[1..])))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn pid(&self) -> libc::pid_t {
        self.0.pid()
    }

    /// Value of a counter in `.seedfs/stats`.
    pub fn counter(&self, name: &str) -> u64 {
        let stats = std::fs::read_to_string(self.path().join(".seedfs/stats")).unwrap();
        let value = stats.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("no {name} in {stats}")).parse().unwrap()
    }

    /// A number that the kernel has about the program: in KiB `VmRSS`, what is resident now, and `VmHWM`, the most that
    /// ever was; `Threads`.
    pub fn memory_kib(&self, what: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':')).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Unmounts; the program must end cleanly.
    pub fn unmount(mut self) {
        assert!(unmount(self.0.path()), "still busy: {}", self.0.log());
        self.0.expect_clean_end();
    }
}
