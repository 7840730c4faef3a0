//! Signals at every two milliseconds of the start, one or two of them, in the foreground and in the background: whatever
//! they hit, no process and no mount is left, and the exit code tells what was reached.
//!
//! `SEEDFS_SIGNAL_ROUNDS` repeats all of it so many times.
#![cfg(target_os = "linux")]

mod common;

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use common::draws::operations;
use common::mount::{Foreground, Point, is_mounted, processes, seedfs, unmount, wait_until};
use libc::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

const SIGNALS: [libc::c_int; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

const STEP: Duration = Duration::from_millis(2);

/// How long a start takes here, from the command to the first answer.
fn start_takes() -> Duration {
    let start = Instant::now();
    drop(Foreground::new(&[]));
    start.elapsed()
}

/// Starts, sends the signals after these waits, and returns how the command ended.
fn start_and_signal(point: &Path, mode: &[&str], signals: &[(Duration, libc::c_int)]) -> ExitStatus {
    let mut command = seedfs();
    command.args(["mount", "demo"]).arg(point).args(mode);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    for (after, signal) in signals {
        std::thread::sleep(after.saturating_sub(start.elapsed()));
        if child.try_wait().unwrap().is_none() {
            // SAFETY: the child has not been waited for, so the number is its own.
            unsafe { libc::kill(child.id() as i32, *signal) };
        }
    }
    let mut status = None;
    let ended = wait_until(Duration::from_secs(10), || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    if !ended {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(ended, "does not end after {signals:?}");
    status.unwrap()
}

/// In the foreground a signal is an ordinary end, in the background a start that failed; before the program had a chance
/// to take care of signals, they end it.
fn expect_sane(point: &Path, mode: &[&str], signals: &[(Duration, libc::c_int)]) {
    use std::os::unix::process::ExitStatusExt;
    let (status, foreground) = (start_and_signal(point, mode, signals), mode.contains(&"-f"));
    let what = format!("{mode:?}, {signals:?}: {status}");
    match (status.code(), status.signal()) {
        (Some(0), _) if foreground => {}
        // The mount worked before the signal came.
        (Some(0), _) => assert!(unmount(point), "{what}"),
        (Some(code), _) => assert!(code == 1 && !foreground, "{what}"),
        (None, signal) => assert!(signals.iter().any(|sent| Some(sent.1) == signal), "{what}"),
    }
    assert!(wait_until(Duration::from_secs(10), || processes(point) == 0), "a process is left: {what}");
    assert!(!is_mounted(point), "a mount is left: {what}");
}

fn steps() -> impl Iterator<Item = Duration> {
    let until = start_takes().mul_f32(1.5).clamp(Duration::from_millis(20), Duration::from_millis(200));
    println!("every {STEP:?} up to {until:?}");
    (0..).map(|step| STEP * step).take_while(move |time| *time <= until)
}

#[test]
fn one_signal() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    for _ in 0..operations("SEEDFS_SIGNAL_ROUNDS", 1) {
        for time in steps() {
            for signal in SIGNALS {
                for mode in [&["-f"][..], &[]] {
                    expect_sane(Point::new().path(), mode, &[(time, signal)]);
                }
            }
        }
    }
}

#[test]
fn two_signals() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    for round in 0..operations("SEEDFS_SIGNAL_ROUNDS", 1) {
        for (number, time) in steps().enumerate() {
            let first = SIGNALS[(number + round as usize) % 4];
            for (gap, second) in [(0, first), (2, SIGNALS[(number / 4 + round as usize) % 4]), (7, SIGTERM)] {
                for mode in [&["-f"][..], &[]] {
                    let signals = [(time, first), (time + Duration::from_millis(gap), second)];
                    expect_sane(Point::new().path(), mode, &signals);
                }
            }
        }
    }
}

/// While fusermount3 mounts, and stays behind to unmount.
#[test]
fn one_signal_with_the_helper() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    if !common::is_root() {
        skip!("ordinary users need allow_other for auto_unmount, and consent for that");
    }
    if !common::run::have(&["fusermount3"]) {
        return;
    }
    for _ in 0..operations("SEEDFS_SIGNAL_ROUNDS", 1) {
        for (number, time) in steps().enumerate() {
            for mode in [&["-o", "auto_unmount", "-f"][..], &["-o", "auto_unmount"]] {
                expect_sane(Point::new().path(), mode, &[(time, SIGNALS[number % 4])]);
            }
        }
    }
}

/// While readers are at work: they get errors or the end, and are not left hanging.
#[test]
fn under_load() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    for signals in [&[SIGHUP][..], &[SIGINT], &[SIGQUIT], &[SIGTERM], &[SIGTERM, SIGTERM], &[SIGINT, SIGQUIT]] {
        let mut mount = Foreground::new(&[]);
        let root = mount.path().to_owned();
        std::thread::scope(|scope| {
            for reader in 0..4u64 {
                let root = root.clone();
                scope.spawn(move || {
                    for seed in 0.. {
                        let path = root.join(format!("s{seed}-{}", 100_000 + reader));
                        let listed = std::fs::read_dir(&root).map(Iterator::count);
                        if std::fs::read(path).is_err() || !listed.is_ok_and(|count| count > 0) {
                            break;
                        }
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(50));
            for signal in signals {
                mount.signal(*signal);
                std::thread::sleep(Duration::from_millis(3));
            }
            mount.expect_clean_end();
        });
    }
}

/// The process in the background is killed before it could say that the mount works, as the kernel does where memory is
/// short: the command that waits for it says so, and removes what it left.
#[test]
fn the_background_process_is_killed() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    let mut killed = 0;
    for time in (0..40).map(|step| Duration::from_micros(500) * step) {
        let point = Point::new();
        let mut command = seedfs();
        command.args(["mount", "demo"]).arg(point.path()).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        std::thread::sleep(time);
        let list = format!("/proc/{0}/task/{0}/children", child.id());
        let daemon = std::fs::read_to_string(list).unwrap_or_default().trim().parse::<libc::pid_t>();
        if let Ok(daemon) = daemon {
            // SAFETY: its parent has not waited for it, or has ended and left it to serve; it was started here.
            unsafe { libc::kill(daemon, libc::SIGKILL) };
        }
        let output = child.wait_with_output().unwrap();
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(said.contains("the background process ended while starting: killed by signal 9"), "{said}");
            assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
            assert!(!is_mounted(point.path()), "a dead mount is left after {time:?}");
            killed += 1;
        }
        // Killed later, it leaves what every kill leaves.
        unmount(point.path());
    }
    println!("{killed} of 40 killed while starting");
}
