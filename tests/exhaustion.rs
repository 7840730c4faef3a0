//! Too few descriptors and too little memory: a mount is made and works, or one line says what is missing, and nothing is
//! left. A daemon that runs dry later keeps answering, or says so and unmounts.
#![cfg(target_os = "linux")]

mod common;

use std::fs::File;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use common::mount::{Foreground, Point, is_mounted, outcome, processes, seedfs, unmount, wait_until};

/// The program with a limit, in its own words: what `ulimit` sets before it starts.
fn limited(resource: libc::__rlimit_resource_t, limit: u64, arguments: &[&str]) -> Output {
    let mut command = seedfs();
    command.args(arguments).env("RUST_BACKTRACE", "0");
    // SAFETY: setrlimit may be called between fork and exec, and concerns the new process alone.
    unsafe {
        command.pre_exec(move || {
            let limit = libc::rlimit { rlim_cur: limit, rlim_max: limit };
            let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            libc::setrlimit(libc::RLIMIT_CORE, &none);
            if libc::setrlimit(resource, &limit) == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
        })
    };
    command.output().unwrap()
}

/// Lists everything and reads from a file that is large enough for all buffers.
fn works(point: &Path) -> bool {
    let listed = std::fs::read_dir(point).is_ok_and(|entries| entries.count() > 5);
    let mut bytes = vec![0; 4 << 20];
    let read = File::open(point.join("s1-1GiB")).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut bytes));
    listed && read.is_ok()
}

/// Whether a mount came of it: a working one, or a clean refusal. What ends before the program is there to speak, in the
/// loader or the kernel, is neither.
fn mounts_or_says_why(resource: libc::__rlimit_resource_t, limit: u64, options: &[&str]) -> Option<bool> {
    let point = Point::new();
    let arguments = [&["mount"], options, &["demo", point.path().to_str().unwrap()]].concat();
    let output = limited(resource, limit, &arguments);
    let (code, said) = outcome(&output);
    let what = format!("limit {limit}, {options:?}: {:?} {said}", output.status);
    if code == Some(0) {
        assert!(said.is_empty() && works(point.path()), "{what}");
        assert!(unmount(point.path()), "{what}");
    } else {
        assert!(!is_mounted(point.path()), "a mount is left: {what}");
    }
    assert!(wait_until(Duration::from_secs(5), || processes(point.path()) == 0), "a process is left: {what}");
    match code {
        Some(0) => Some(true),
        Some(1 | 11) if said.starts_with("seedfs: ") && said.lines().count() == 1 => Some(false),
        // The loader has its own words, and the kernel none.
        Some(127) => None,
        None if output.status.signal() == Some(libc::SIGSEGV) && said.is_empty() => None,
        _ => panic!("{what}"),
    }
}

/// Tries every limit; small ones must be refused, the largest must do.
fn expect_clean(resource: libc::__rlimit_resource_t, limits: impl Iterator<Item = u64>, options: &[&str]) {
    let outcomes: Vec<Option<bool>> = limits.map(|limit| mounts_or_says_why(resource, limit, options)).collect();
    let count = |outcome| outcomes.iter().filter(|&&found| found == outcome).count();
    println!("{options:?}: {} refusals, {} mounts", count(Some(false)), count(Some(true)));
    assert!(count(Some(false)) > 0, "{outcomes:?}");
    assert_eq!(outcomes.last(), Some(&Some(true)));
}

#[test]
fn a_start_with_few_descriptors() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    expect_clean(libc::RLIMIT_NOFILE, 3..20, &[]);
    if common::is_root() && common::run::in_path("fusermount3") {
        expect_clean(libc::RLIMIT_NOFILE, 3..20, &["-o", "auto_unmount"]);
    }
}

#[test]
fn a_start_with_little_memory() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    for threads in ["threads=1", "threads=3"] {
        expect_clean(libc::RLIMIT_AS, (1..60).map(|step| step * (4 << 20)), &["-o", threads]);
    }
}

#[test]
fn other_commands_with_little_memory() {
    for limit in (1..20).map(|step| step * (2 << 20)) {
        let output = limited(libc::RLIMIT_AS, limit, &["describe", "home"]);
        let (code, said) = outcome(&output);
        match code {
            Some(0 | 127) => {}
            Some(1) => assert!(said.starts_with("seedfs: out of memory: ") && said.lines().count() == 1, "{said}"),
            None => assert!(output.status.signal() == Some(libc::SIGSEGV) && said.is_empty(), "{limit}: {said}"),
            _ => panic!("{limit}: {code:?} {said}"),
        }
    }
}

fn set_limit(mount: &Foreground, resource: libc::__rlimit_resource_t, limit: u64) {
    let mut limits = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the process is a child of this one; the first call only asks, and the second one does not.
    unsafe {
        assert_eq!(common::code(libc::prlimit(mount.pid(), resource, std::ptr::null(), &raw mut limits)), 0);
        limits.rlim_cur = limit;
        assert_eq!(common::code(libc::prlimit(mount.pid(), resource, &raw const limits, std::ptr::null_mut())), 0);
    }
}

#[test]
fn without_another_descriptor_a_daemon_goes_on() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    let mut mount = Foreground::new(&[]);
    set_limit(&mount, libc::RLIMIT_NOFILE, 0);
    for seed in 0..200 {
        let bytes = std::fs::read(mount.path().join(format!("s{seed}-100000"))).unwrap();
        assert_eq!(bytes.len(), 100_000);
    }
    assert!(works(mount.path()));
    assert!(std::fs::read_to_string(mount.path().join(".seedfs/stats")).unwrap().contains("seedfs_"));
    mount.signal(libc::SIGTERM);
    mount.expect_clean_end();
}

/// The kernel keeps the names that are open, and so does the program: until there is no room for another one.
#[test]
fn without_more_memory_a_daemon_says_so_and_unmounts() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    let mut mount = Foreground::new(&["-o", "threads=1"]);
    assert!(works(mount.path()));
    let status = std::fs::read_to_string(format!("/proc/{}/status", mount.pid())).unwrap();
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:")).unwrap();
    let size: u64 = size.trim().trim_end_matches(" kB").parse().unwrap();
    set_limit(&mount, libc::RLIMIT_AS, (size << 10) + (1 << 20));
    let flood = (0..2_000_000).find(|seed| std::fs::metadata(mount.path().join(format!("s{seed}-1"))).is_err());
    assert!(flood.is_some(), "two million names take no memory");
    assert_eq!(mount.wait().code(), Some(1));
    assert!(!is_mounted(mount.path()));
    let log = mount.log();
    assert!(log.starts_with("seedfs: out of memory: ") && log.lines().count() == 1, "{log}");
}

/// A control group of this test's own, removed at its end.
struct Group(PathBuf);

impl Group {
    /// With so many bytes of memory and no swap. `None` where groups cannot be made.
    fn new(limit: u64) -> Option<Self> {
        let name = format!("seedfs-test-{}-{limit}", std::process::id());
        for (top, file, swap) in [
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes"),
            ("/sys/fs/cgroup", "memory.max", "memory.swap.max"),
        ] {
            let group = Path::new(top).join(&name);
            if std::fs::create_dir(&group).is_ok() {
                let group = Self(group);
                if std::fs::write(group.0.join(file), limit.to_string()).is_ok() {
                    let _ =
                        std::fs::write(group.0.join(swap), if swap.contains("memsw") { limit } else { 0 }.to_string());
                    return Some(group);
                }
            }
        }
        None
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        wait_until(Duration::from_secs(5), || std::fs::remove_dir(&self.0).is_ok());
    }
}

/// Where the kernel kills for want of memory, the next mount at that place says what to do, as after any kill.
#[test]
#[ignore = "needs a control group of its own"]
fn a_start_in_a_small_control_group() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    let (mut worked, mut refused) = (0, 0);
    for limit in [1u64 << 20, 2 << 20, 3 << 20, 4 << 20, 6 << 20, 8 << 20, 12 << 20, 16 << 20, 32 << 20, 64 << 20] {
        let Some(group) = Group::new(limit) else { skip!("no control group for memory can be made") };
        let point = Point::new();
        let script = r#"echo $$ > "$1/cgroup.procs" && exec "$2" mount demo "$3""#;
        let mut command = Command::new("timeout");
        command
            .args(["20", "sh", "-c", script, "sh"])
            .arg(&group.0)
            .arg(env!("CARGO_BIN_EXE_seedfs"))
            .arg(point.path());
        let output = command.env("RUST_BACKTRACE", "0").output().unwrap();
        let (code, said) = outcome(&output);
        let what = format!("{} KiB: {:?} {said}", limit >> 10, output.status);
        println!("{what}");
        assert_ne!(code, Some(124), "hangs: {what}");
        if code == Some(0) && works(point.path()) {
            worked += 1;
        } else {
            refused += 1;
            let dead = std::fs::read_dir(point.path()).is_err_and(|e| e.raw_os_error() == Some(libc::ENOTCONN));
            if code == Some(0) && dead {
                let (code, said) = outcome(&seedfs().args(["mount", "demo"]).arg(point.path()).output().unwrap());
                assert!(code == Some(10) && said.contains("seedfs umount --lazy "), "{what}, then {said}");
            }
        }
        unmount(point.path());
        assert!(wait_until(Duration::from_secs(5), || processes(point.path()) == 0), "a process is left: {what}");
    }
    println!("{worked} mounts, {refused} refusals");
    assert!(worked > 0);
}
