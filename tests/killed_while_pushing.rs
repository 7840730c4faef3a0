//! A daemon that is to end while it pushes pages of which one is locked by a request that nobody answers any more: it
//! ends, and so do those who wait for an answer.
#![cfg(target_os = "linux")]

mod common;

use std::ffi::CString;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use common::mount::{Foreground, unmount, wait_until};

/// Bytes read in order until the program pushes, and how far behind them the pages that it pushes first may be.
const START: u64 = 1 << 20;
const REACH: u64 = 4 << 20;

/// A thread of another process, standing still.
struct Stopped(libc::pid_t);

impl Stopped {
    fn new(thread: libc::pid_t) -> Self {
        // SAFETY: with these requests no pointer is followed.
        unsafe {
            assert_eq!(common::code(libc::ptrace(libc::PTRACE_SEIZE, thread, 0, 0)), 0);
            assert_eq!(common::code(libc::ptrace(libc::PTRACE_INTERRUPT, thread, 0, 0)), 0);
        }
        let stopped = Self(thread);
        stopped.wait();
        stopped
    }

    /// For its next stop, or its end.
    fn wait(&self) {
        let mut status = 0;
        // SAFETY: the pointer is to an initialised value of this frame.
        unsafe { libc::waitpid(self.0, &raw mut status, libc::__WALL) };
    }

    /// Lets it go on.
    fn release(self) {
        // SAFETY: as above.
        unsafe { libc::ptrace(libc::PTRACE_DETACH, self.0, 0, 0) };
    }
}

/// The threads of a process with their names.
fn threads(process: libc::pid_t) -> Vec<(libc::pid_t, String)> {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten();
    let thread = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.ok()?;
        let name = std::fs::read_to_string(entry.path().join("comm")).ok()?;
        Some((entry.file_name().to_str()?.parse().ok()?, name.trim().to_owned()))
    };
    tasks.filter_map(thread).collect()
}

/// Whether a thread waits for something that no signal interrupts.
fn is_stuck(thread: libc::pid_t) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{thread}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('D'))
}

/// A mount whose pushing thread waits for a page that a request has locked, which no thread will answer.
struct Deadlocked {
    mount: Foreground,
    stopped: Vec<Stopped>,
    readers: Vec<JoinHandle<std::io::Result<()>>>,
    /// Not to be closed before: that is a request as well.
    _file: File,
    /// Ends the connection, in case that the program does not.
    switch: std::path::PathBuf,
}

impl Deadlocked {
    /// `all` stops also the thread that waits for signals.
    fn new(all: bool) -> Self {
        let mount = Foreground::new(&["-o", "threads=2"]);
        let entry = seedfs::mount::table::topmost(&mount.path().canonicalize().unwrap()).unwrap().unwrap();
        let switch = Path::new("/sys/fs/fuse/connections").join(&entry.device[2..]).join("abort");
        let find =
            |name: &str| threads(mount.pid()).into_iter().find(|(_, found)| found == name).map(|(thread, _)| thread);
        assert!(wait_until(Duration::from_secs(5), || find("prefetch").is_some()), "nothing pushes");
        let pusher = find("prefetch").unwrap();

        let file = File::open(mount.path().join("s1-1GiB")).unwrap();
        let held = Stopped::new(pusher);
        let mut bytes = vec![0; START as usize];
        file.read_exact_at(&mut bytes, 0).unwrap();
        let others = threads(mount.pid())
            .into_iter()
            .filter(|(thread, name)| *thread != pusher && (all || name != "seedfs-signals"));
        let stopped = others.map(|(thread, _)| Stopped::new(thread)).collect();
        // One reader for each page that is not there yet, as a request for it would be under way.
        let readers = (0..REACH / START * 4).map(|quarter| {
            let file = file.try_clone().unwrap();
            std::thread::spawn(move || file.read_exact_at(&mut [0; 4096], START + quarter * (START / 4)))
        });
        let readers = readers.collect();
        std::thread::sleep(Duration::from_millis(200));
        held.release();
        let deadlocked = Self { mount, stopped, readers, _file: file, switch };
        assert!(wait_until(Duration::from_secs(10), || is_stuck(pusher)), "the pushing thread waits for nothing");
        deadlocked
    }

    /// Whether the program is at its end, threads and all.
    fn ends(&mut self) -> bool {
        let pid = self.mount.pid();
        // Who traces a thread is told of its end, and has to take note; of the first one's, its parent is told.
        self.stopped.drain(..).filter(|thread| thread.0 != pid).for_each(|thread| thread.wait());
        wait_until(Duration::from_secs(10), || {
            let left = threads(pid);
            // The first thread stays, dead, until its parent asks for its exit code.
            left.iter().all(|(thread, _)| *thread == pid && is_dead(pid))
        })
    }
}

fn is_dead(process: libc::pid_t) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('Z'))
}

impl Drop for Deadlocked {
    fn drop(&mut self) {
        let _ = std::fs::write(&self.switch, "1");
        self.mount.signal(libc::SIGKILL);
        self.stopped.drain(..).for_each(Stopped::release);
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
    }
}

/// One test at a time: a program that another one starts would begin with closing this one's files, and wait.
static ALONE: Mutex<()> = Mutex::new(());

/// Where connections cannot be ended from outside, nothing can be done.
fn no_fusectl() -> Option<&'static str> {
    let control = "/sys/fs/fuse/connections";
    let _ = Command::new("mount").args(["-t", "fusectl", "fusectl", control]).output();
    let there = std::fs::read_to_string("/proc/self/mounts").is_ok_and(|table| table.contains(" fusectl "));
    (!there).then_some("no fusectl")
}

macro_rules! need_fusectl {
    () => {
        if let Some(reason) = common::no_fuse().or_else(|| no_fusectl().map(Into::into)) {
            skip!("{reason}");
        }
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    };
}

#[test]
fn killed_it_ends_and_readers_get_an_error() {
    need_fusectl!();
    let mut deadlocked = Deadlocked::new(true);
    deadlocked.mount.signal(libc::SIGKILL);
    assert!(deadlocked.ends(), "a killed daemon is left: {:?}", threads(deadlocked.mount.pid()));
    // All have ended: with an error, but where the page was there.
    let failed = deadlocked.readers.drain(..).filter_map(|reader| reader.join().unwrap().err()).count();
    assert!(failed > 0);
    let error = std::fs::metadata(deadlocked.mount.path().join("s5-5")).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ENOTCONN));
}

#[test]
fn told_to_end_it_ends_and_readers_get_an_error() {
    need_fusectl!();
    let mut deadlocked = Deadlocked::new(false);
    // It needs no guard for that.
    for guard in guards(deadlocked.mount.pid()) {
        // SAFETY: a child of this test's program; nothing is followed.
        unsafe { libc::kill(guard, libc::SIGKILL) };
    }
    deadlocked.mount.signal(libc::SIGTERM);
    assert!(deadlocked.ends(), "a daemon is left: {:?}", threads(deadlocked.mount.pid()));
    // All have ended: with an error, but where the page was there.
    let failed = deadlocked.readers.drain(..).filter_map(|reader| reader.join().unwrap().err()).count();
    assert!(failed > 0);
}

/// What the manual says to do where no guard is, or it was killed as well.
#[test]
fn killed_with_its_guard_it_ends_when_unmounted_by_force() {
    need_fusectl!();
    if !common::is_root() {
        skip!("not root");
    }
    let mut deadlocked = Deadlocked::new(true);
    for process in guards(deadlocked.mount.pid()).into_iter().chain([deadlocked.mount.pid()]) {
        // SAFETY: the program of this test and its child; nothing is followed.
        unsafe { libc::kill(process, libc::SIGKILL) };
    }
    // It is busy, and refuses to be unmounted, but not before the connection was ended.
    // No program is called for that: what is made to run one closes this test's files first, which is a request as well.
    let point = CString::new(deadlocked.mount.path().as_os_str().as_encoded_bytes()).unwrap();
    // SAFETY: the path ends in NUL.
    unsafe { libc::umount2(point.as_ptr(), libc::MNT_FORCE) };
    assert!(deadlocked.ends(), "a killed daemon is left: {:?}", threads(deadlocked.mount.pid()));
    deadlocked.readers.drain(..).for_each(|reader| drop(reader.join().unwrap()));
}

/// The process that stands by for that case.
fn guards(daemon: libc::pid_t) -> Vec<libc::pid_t> {
    let children = std::fs::read_to_string(format!("/proc/{daemon}/task/{daemon}/children")).unwrap_or_default();
    children.split_whitespace().map(|child| child.parse().unwrap()).collect()
}

#[test]
fn the_guard_holds_nothing_and_ends_with_the_mount() {
    need_fusectl!();
    let mut mount = Foreground::new(&[]);
    assert!(wait_until(Duration::from_secs(5), || guards(mount.pid()).len() == 1));
    let guard = guards(mount.pid())[0];
    let proc = Path::new("/proc").join(guard.to_string());
    let is_ready = || std::fs::read_to_string(proc.join("comm")).is_ok_and(|name| name == "fuse-guard\n");
    let has_one = || std::fs::read_dir(proc.join("fd")).unwrap().count() == 1;
    assert!(wait_until(Duration::from_secs(5), || is_ready() && has_one()));
    assert_eq!(std::fs::read_link(proc.join("cwd")).unwrap(), Path::new("/"));
    // SAFETY: a process that this test's mount has made; nothing is followed.
    unsafe { libc::kill(guard, libc::SIGTERM) };
    std::fs::read(mount.path().join("s1-1MiB")).unwrap();
    assert_eq!(guards(mount.pid()), [guard], "what ends other programs is nothing to it");
    assert!(unmount(mount.path()));
    mount.expect_clean_end();
    assert!(!proc.exists());
}

#[test]
fn without_pushing_there_is_no_guard() {
    need_fusectl!();
    let mount = Foreground::new(&["-o", "prefetch=0"]);
    std::fs::read(mount.path().join("s1-1MiB")).unwrap();
    assert!(guards(mount.pid()).is_empty());
}
