//! Start, end and failure of mounts, with the real program.
#![cfg(target_os = "linux")]

mod common;

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::is_root;
use common::mount::{Foreground, Point, daemons, is_mounted, outcome, processes, seedfs, unmount, wait_until};

/// Returns from the test, saying so, where nothing can be mounted, or only root can do what follows.
macro_rules! need {
    (fuse) => {
        if let Some(reason) = common::no_fuse() {
            skip!("{reason}");
        }
    };
    (root) => {
        need!(fuse);
        if !is_root() {
            skip!("not root");
        }
    };
}

/// Starts in the background and returns what the command said.
fn start(point: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    outcome(&seedfs().arg("mount").args(arguments).arg("demo").arg(point).output().unwrap())
}

fn expect_gone(point: &Path) {
    assert!(wait_until(Duration::from_secs(5), || processes(point) == 0), "a process is left");
    assert!(!is_mounted(point), "a mount is left");
}

fn first_file(point: &Path) -> std::path::PathBuf {
    let entries = std::fs::read_dir(point).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> = entries.filter(|entry| entry.file_type().unwrap().is_file()).map(|e| e.path()).collect();
    files.sort();
    files.swap_remove(0)
}

#[test]
fn the_command_returns_when_the_mount_works() {
    need!(fuse);
    for _ in 0..10 {
        let point = Point::new();
        assert_eq!(start(point.path(), &[]), (Some(0), String::new()));
        assert!(std::fs::read_dir(point.path()).unwrap().count() > 0);
        let output = seedfs().arg("umount").arg(point.path()).output().unwrap();
        assert_eq!(outcome(&output), (Some(0), String::new()));
        expect_gone(point.path());
    }
}

#[test]
fn a_daemon_that_ends_leaves_the_mount_that_followed_it_alone() {
    need!(root);
    for round in 0..40 {
        let point = Point::new();
        assert_eq!(start(point.path(), &["--seed", "1"]), (Some(0), String::new()));
        let path = std::ffi::CString::new(point.path().as_os_str().as_encoded_bytes()).unwrap();
        // SAFETY: the path ends with NUL.
        assert_eq!(unsafe { libc::umount2(path.as_ptr(), 0) }, 0);
        // The kernel gives the new mount the number that the old one had in its table.
        assert_eq!(start(point.path(), &["--seed", "2"]), (Some(0), String::new()));
        assert!(wait_until(Duration::from_secs(5), || daemons(point.path()) == 1), "the first daemon is left");
        std::thread::sleep(Duration::from_millis(5));
        assert!(is_mounted(point.path()), "round {round}: the second mount is gone");
        assert!(unmount(point.path()));
        expect_gone(point.path());
    }
}

#[test]
fn the_mount_table_tells_type_source_and_flags() {
    need!(fuse);
    let point = Point::new();
    assert_eq!(start(point.path(), &["-o", "noexec,fsname=a\\,b c"]).0, Some(0));
    let entry = seedfs::mount::table::topmost(point.path()).unwrap().unwrap();
    assert_eq!((entry.fs_type.as_str(), entry.source.to_str()), ("fuse.seedfs", Some("a,b c")));
    let table = std::fs::read_to_string("/proc/self/mounts").unwrap();
    let line = table.lines().find(|line| line.contains(point.path().to_str().unwrap())).unwrap();
    assert!(line.contains(" ro,nosuid,nodev,noexec,noatime,"), "{line}");
    assert!(line.contains("default_permissions"), "{line}");
}

#[test]
fn the_background_process_keeps_nothing_of_its_starter() {
    need!(fuse);
    let point = Point::new();
    // Output is piped: this returns only when nobody holds the other end any more.
    assert_eq!(start(point.path(), &[]).0, Some(0));
    let file = File::open(first_file(point.path())).unwrap();
    let directory = point.path().canonicalize().unwrap();
    let daemon = std::fs::read_dir("/proc").unwrap().filter_map(|entry| Some(entry.ok()?.path())).find(|process| {
        let line = std::fs::read(process.join("cmdline")).unwrap_or_default();
        line.windows(directory.as_os_str().len()).any(|part| part == directory.as_os_str().as_encoded_bytes())
            && std::fs::read_link(process.join("exe")).is_ok_and(|exe| exe.ends_with("seedfs"))
    });
    let daemon = daemon.unwrap();
    assert_eq!(std::fs::read_link(daemon.join("cwd")).unwrap(), Path::new("/"));
    for stream in ["0", "1", "2"] {
        assert_eq!(std::fs::read_link(daemon.join("fd").join(stream)).unwrap(), Path::new("/dev/null"));
    }
    drop(file);
}

#[test]
fn closed_standard_streams_do_no_harm() {
    need!(fuse);
    let point = Point::new();
    let line = format!("'{}' mount demo '{}' <&- >&- 2>&-", env!("CARGO_BIN_EXE_seedfs"), point.path().display());
    assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success());
    assert!(std::fs::read(first_file(point.path())).is_ok());
    assert!(unmount(point.path()));
    expect_gone(point.path());
}

#[test]
fn every_way_to_unmount_ends_the_program_with_success() {
    need!(fuse);
    let by_seedfs = |point: &Path| seedfs().arg("umount").arg(point).status().unwrap();
    let by_helper = |point: &Path| Command::new("fusermount3").arg("-u").arg(point).status().unwrap();
    let by_umount = |point: &Path| Command::new("umount").arg(point).status().unwrap();
    for unmount in
        [&by_seedfs as &dyn Fn(&Path) -> _, &by_helper, &by_umount].iter().take(if is_root() { 3 } else { 2 })
    {
        let mut mount = Foreground::new(&[]);
        assert!(unmount(mount.path()).success());
        mount.expect_clean_end();
    }
}

#[test]
fn each_signal_ends_it_with_success() {
    need!(fuse);
    for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM] {
        let mut mount = Foreground::new(&[]);
        mount.signal(libc::SIGPIPE);
        std::fs::read_dir(mount.path()).unwrap().count();
        mount.signal(signal);
        mount.expect_clean_end();
    }
}

#[test]
fn a_signal_while_busy_detaches_and_ends_within_a_second_or_so() {
    need!(fuse);
    let mut mount = Foreground::new(&[]);
    let file = File::open(first_file(mount.path())).unwrap();
    let start = Instant::now();
    mount.signal(libc::SIGTERM);
    mount.expect_clean_end();
    assert!(start.elapsed() < Duration::from_secs(3));
    drop(file);
}

#[test]
fn a_second_signal_ends_at_once() {
    need!(fuse);
    let mut mount = Foreground::new(&[]);
    let file = File::open(first_file(mount.path())).unwrap();
    mount.signal(libc::SIGINT);
    assert!(wait_until(Duration::from_secs(5), || !is_mounted(mount.path())));
    let start = Instant::now();
    mount.signal(libc::SIGINT);
    mount.expect_clean_end();
    assert!(start.elapsed() < Duration::from_millis(700));
    drop(file);
}

#[test]
fn a_lazy_unmount_serves_until_the_last_file_is_closed() {
    need!(fuse);
    let mut mount = Foreground::new(&[]);
    let path = first_file(mount.path());
    let file = File::open(&path).unwrap();
    let output = seedfs().arg("umount").arg(mount.path()).output().unwrap();
    let (code, message) = outcome(&output);
    assert_eq!(code, Some(1));
    assert!(message.contains("is busy") && message.contains("--lazy"), "{message}");
    assert!(seedfs().args(["umount", "--lazy"]).arg(mount.path()).status().unwrap().success());
    assert!(!is_mounted(mount.path()));
    assert!(file.metadata().is_ok());
    drop(file);
    mount.expect_clean_end();
}

#[test]
fn an_abort_leaves_no_dead_mount() {
    need!(root);
    let control = Path::new("/sys/fs/fuse/connections");
    let _ = Command::new("mount").args(["-t", "fusectl", "fusectl"]).arg(control).output();
    let mut mount = Foreground::new(&[]);
    let entry = seedfs::mount::table::topmost(mount.path()).unwrap().unwrap();
    let minor = entry.device.split(':').next_back().unwrap().to_owned();
    let abort = control.join(minor).join("abort");
    if !abort.exists() {
        skip!("no fusectl");
    }
    std::fs::write(abort, "1").unwrap();
    mount.expect_clean_end();
}

#[test]
fn a_newer_mount_at_the_same_place_is_left_alone() {
    need!(root);
    let mut mount = Foreground::new(&[]);
    let file = File::open(first_file(mount.path())).unwrap();
    assert!(Command::new("mount").args(["-t", "tmpfs", "newer"]).arg(mount.path()).status().unwrap().success());
    mount.signal(libc::SIGTERM);
    assert_eq!(mount.wait().code(), Some(0));
    let entry = seedfs::mount::table::topmost(mount.path()).unwrap().unwrap();
    assert_eq!(entry.fs_type, "tmpfs");
    drop(file);
    assert!(Command::new("umount").arg(mount.path()).status().unwrap().success());
}

#[test]
fn a_parent_that_dies_takes_the_mount_with_it() {
    need!(fuse);
    for step in 0..8 {
        let point = Point::new();
        let mut child = seedfs().args(["mount", "demo"]).arg(point.path()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(step));
        child.kill().unwrap();
        let status = child.wait().unwrap();
        // Either it was done already, and the mount stays, or nothing stays.
        let settled = wait_until(Duration::from_secs(5), || {
            let mounted = is_mounted(point.path());
            if mounted { daemons(point.path()) == 1 } else { processes(point.path()) == 0 }
        });
        assert!(settled, "{status}");
        assert!(unmount(point.path()));
        expect_gone(point.path());
    }
}

#[test]
fn after_kill_9_the_next_mount_says_what_to_do() {
    need!(fuse);
    let mut mount = Foreground::new(&[]);
    mount.signal(libc::SIGKILL);
    assert_eq!(mount.wait().code(), None);
    let (code, message) = start(mount.path(), &[]);
    assert_eq!(code, Some(10));
    let expected = format!("seedfs umount --lazy {}", mount.path().display());
    assert!(message.starts_with("seedfs: ") && message.contains(&expected), "{message}");
    run_in_shell(&expected);
    assert_eq!(start(mount.path(), &[]).0, Some(0));
}

/// Runs what a message says, which must succeed.
#[track_caller]
fn run_in_shell(command: &str) {
    let own = Path::new(env!("CARGO_BIN_EXE_seedfs")).parent().unwrap();
    let path = format!("{}:{}", own.display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh").args(["-c", command]).env("PATH", path).output().unwrap();
    assert!(output.status.success(), "{command}: {output:?}");
}

#[test]
fn a_dead_mount_is_removed_although_somebody_is_in_it() {
    need!(fuse);
    let mut mount = Foreground::new(&[]);
    let mut inside = Command::new("sleep").arg("60").current_dir(mount.path()).spawn().unwrap();
    mount.signal(libc::SIGKILL);
    mount.wait();
    let (_, message) = start(mount.path(), &[]);
    let busy = seedfs().arg("umount").arg(mount.path()).output().unwrap();
    let command = message.trim().rsplit_once("remove it with: ").unwrap_or_else(|| panic!("{message}")).1;
    run_in_shell(command);
    let gone = !is_mounted(mount.path());
    inside.kill().unwrap();
    inside.wait().unwrap();
    assert!(gone);
    let (code, said) = outcome(&busy);
    assert_eq!((code, said.contains("is busy") && said.contains("seedfs umount --lazy ")), (Some(1), true), "{said}");
}

/// `seedfs umount` removes no mounts of other types.
#[test]
fn a_dead_mount_of_another_type_is_left_to_other_programs() {
    need!(fuse);
    let mut mount = Foreground::new(&["-o", "subtype=other"]);
    mount.signal(libc::SIGKILL);
    mount.wait();
    let (code, message) = start(mount.path(), &[]);
    let command =
        message.trim().rsplit_once("is a dead mount; remove it with: ").unwrap_or_else(|| panic!("{message}")).1;
    assert_eq!((code, command.starts_with("seedfs ")), (Some(10), false), "{message}");
    run_in_shell(command);
    assert!(!is_mounted(mount.path()));
}

#[test]
fn bad_mount_points() {
    need!(fuse);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    for (point, hint) in
        [(dir.path().join("none"), "mkdir -p "), (file.clone(), "existing directory"), (file.join("x"), "directory")]
    {
        let (code, message) = start(&point, &[]);
        assert_eq!(code, Some(10), "{message}");
        assert!(message.contains(hint) && message.lines().count() == 1, "{message}");
    }
    let mount = Foreground::new(&[]);
    let (code, message) = start(mount.path(), &[]);
    assert_eq!(code, Some(10), "{message}");
    assert!(message.contains("seedfs umount "), "{message}");
    let output = seedfs().arg("umount").arg(dir.path()).output().unwrap();
    assert_eq!(outcome(&output).0, Some(10));
    assert!(outcome(&output).1.contains("is not mounted"));
}

#[test]
fn unknown_options_are_named_before_anything_is_mounted() {
    let point = Point::new();
    for option in ["foo", "remount", "uid=joe"] {
        let (code, message) = start(point.path(), &["-o", &format!("ro,{option}")]);
        assert_eq!(code, Some(2));
        assert!(message.starts_with(&format!("seedfs: -o {option}: ")), "{message}");
        assert!(!is_mounted(point.path()));
    }
}

#[test]
fn a_log_file_is_written() {
    need!(fuse);
    let point = Point::new();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("log");
    assert_eq!(start(point.path(), &["-v", "--log-file", file.to_str().unwrap()]), (Some(0), String::new()));
    assert!(unmount(point.path()));
    expect_gone(point.path());
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("is mounted on") && text.contains("is unmounted"), "{text}");
    let identity = seedfs::dataset::Spec::parse("demo").unwrap().identity();
    assert!(text.contains(&format!(", identity {identity}")), "{text}");
    let (code, message) = start(point.path(), &["--log-file", "/nonexistent/log"]);
    assert_eq!(code, Some(1));
    assert!(message.starts_with("seedfs: /nonexistent/log: "), "{message}");
    assert!(!is_mounted(point.path()));
}

/// A directory with the program under another name.
fn program_as(name: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_seedfs"), dir.path().join(name)).unwrap();
    dir
}

#[test]
fn called_as_a_helper_of_mount() {
    need!(fuse);
    let dir = program_as("mount.seedfs");
    let helper = dir.path().join("mount.seedfs");
    let point = Point::new();
    let run = |arguments: &[&str]| {
        outcome(&Command::new(&helper).arg("demo").arg(point.path()).args(arguments).output().unwrap())
    };
    assert_eq!(run(&["-f", "-o", "rw"]), (Some(0), String::new()));
    assert!(!is_mounted(point.path()));
    assert_eq!(run(&["-o", "foo"]).0, Some(2));
    assert_eq!(run(&["-s", "-n", "-o", "foo,rw"]), (Some(0), String::new()));
    assert!(is_mounted(point.path()));
}

#[test]
fn called_without_a_subcommand() {
    need!(fuse);
    for arguments in [&["demo"] as &[&str], &[], &["-o", "rw,dev,suid", "demo"]] {
        let point = Point::new();
        let output = seedfs().args(arguments).arg(point.path()).output().unwrap();
        assert_eq!(outcome(&output), (Some(0), String::new()));
        assert!(is_mounted(point.path()));
    }
}

/// mount(8) and a line of fstab. They look for the program where programs are installed: in a mount namespace of its own
/// this test puts it there.
#[test]
fn through_mount_and_fstab() {
    need!(root);
    if !["/sbin/mount.fuse", "/usr/sbin/mount.fuse"].iter().any(|helper| Path::new(helper).exists()) {
        skip!("no mount.fuse: fuse3 is not installed");
    }
    let dir = program_as("seedfs");
    let point = Point::new();
    let script = r#"
        set -e
        mount --bind "$1" /usr/local/sbin
        mount -t fuse.seedfs -o ro,noexec,allow_other demo "$2"
        grep " $2 fuse.seedfs ro,.*noexec" /proc/self/mounts | grep -q "^demo .*allow_other"
        if mount -o remount,rw "$2" 2> "$1/said"; then exit 3; fi
        grep -q "unmount it and mount it again" "$1/said"
        umount "$2"
        printf 'demo %s fuse.seedfs ro,nofail,allow_other,_netdev,x-y 0 0\n' "$2" > "$1/fstab"
        mount -a -T "$1/fstab"
        mount -a -T "$1/fstab"
        test "$(grep -c " $2 fuse.seedfs " /proc/self/mounts)" = 1
        ls "$2" > /dev/null
        umount "$2"
    "#;
    let output = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-c", script, "sh"])
        .args([dir.path(), point.path()])
        .output()
        .unwrap();
    assert_eq!(outcome(&output), (Some(0), String::new()));
    expect_gone(point.path());
}

#[test]
fn auto_unmount_cleans_up_after_kill_9() {
    need!(root);
    let mut mount = Foreground::new(&["-o", "auto_unmount"]);
    assert!(std::fs::read_dir(mount.path()).unwrap().count() > 0);
    mount.signal(libc::SIGKILL);
    assert_eq!(mount.wait().code(), None);
    assert!(wait_until(Duration::from_secs(5), || !is_mounted(mount.path())));
}

/// Without the device, in a mount namespace that hides it.
#[test]
fn no_fuse_is_exit_code_11_with_the_next_step() {
    need!(root);
    let point = Point::new();
    let script = r#"mount -t tmpfs none /dev; exec "$1" mount demo "$2""#;
    let output = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-c", script, "sh", env!("CARGO_BIN_EXE_seedfs")])
        .arg(point.path())
        .output()
        .unwrap();
    let (code, message) = outcome(&output);
    assert_eq!(code, Some(11), "{message}");
    assert!(message.starts_with("seedfs: cannot mount: /dev/fuse: ") && message.contains("modprobe fuse"), "{message}");
    assert_eq!(message.lines().count(), 1);
}

#[test]
fn read_ahead_is_raised() {
    need!(root);
    let mount = Foreground::new(&[]);
    let entry = seedfs::mount::table::topmost(mount.path()).unwrap().unwrap();
    let knob = format!("/sys/class/bdi/{}/read_ahead_kb", entry.device);
    let raised = wait_until(Duration::from_secs(5), || std::fs::read_to_string(&knob).unwrap().trim() == "1024");
    assert!(raised);
}
