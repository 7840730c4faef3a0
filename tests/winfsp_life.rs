//! The life of `seedfs mount` on Windows: what it says where it cannot mount, and what ends it where it can.
#![cfg(windows)]

mod winfsp;

use std::io::{BufRead, BufReader};
use std::os::windows::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use seedfs::mount::{EndError, MountError, MountOptions, Source, end, run};
use seedfs::winfsp::{LibraryError, NOTICE, version};
use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, GenerateConsoleCtrlEvent};
use windows_sys::Win32::System::Threading::CREATE_NEW_PROCESS_GROUP;
use winfsp::run::{seedfs, text};
use winfsp::testfs::TestFs;
use winfsp::{driver, requests, stand_in};

const SOURCE: Source<'_> = Source { dataset: "demo", identity: None, seed: 0 };

fn foreground() -> MountOptions {
    MountOptions { foreground: true, ..MountOptions::default() }
}

/// Waits until the volume answers.
fn wait_for_volume() -> (u64, u64, String) {
    let start = Instant::now();
    loop {
        if !driver::volume_params().is_empty() {
            return requests::volume().unwrap();
        }
        assert!(start.elapsed() < Duration::from_secs(60), "no volume");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Ends a mount that is perhaps not yet complete.
fn end_soon(place: &str) {
    let start = Instant::now();
    while let Err(error) = end(Path::new(place)) {
        assert!(matches!(error, EndError::NoMount) && start.elapsed() < Duration::from_secs(60), "{error}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn umount_ends_a_mount_however_its_place_is_written() {
    let Some(_guard) = stand_in() else { return };
    for (place, written) in [("X:", "x:\\"), ("y:", "Y:")] {
        driver::forget_volume();
        let life =
            std::thread::spawn(move || run(TestFs::default(), Arc::default(), SOURCE, Path::new(place), &foreground()));
        assert_eq!(wait_for_volume().2, "demo", "the dataset is the label");
        end_soon(written);
        life.join().unwrap().unwrap();
        assert!(matches!(end(Path::new(place)), Err(EndError::NoMount)));
    }
}

#[test]
fn the_end_of_the_volume_ends_the_mount() {
    let Some(_guard) = stand_in() else { return };
    driver::forget_volume();
    let options = MountOptions { label: Some("mine".to_owned()), ..foreground() };
    let life = std::thread::spawn(move || run(TestFs::default(), Arc::default(), SOURCE, Path::new("*"), &options));
    assert_eq!(wait_for_volume().2, "mine");
    driver::end_volume();
    life.join().unwrap().unwrap();
}

/// A mount in the foreground, which says when it works and when it has ended.
#[test]
#[ignore = "the test below runs it in a process of its own"]
fn a_mount_to_be_ended() {
    let Some(_guard) = stand_in() else { return };
    std::thread::spawn(|| {
        wait_for_volume();
        println!("mounted");
    });
    run(TestFs::default(), Arc::default(), SOURCE, Path::new("V:"), &foreground()).unwrap();
    println!("ended in order");
}

/// By Ctrl-Break, as the launcher does, where there is a console; Wine without a terminal has none.
#[test]
fn a_mount_of_another_process_ends_in_order() {
    if stand_in().is_none() {
        return;
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_mount_to_be_ended", "--ignored", "--nocapture"])
        .creation_flags(CREATE_NEW_PROCESS_GROUP)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("mounted")), "it did not mount");
    // SAFETY: no preconditions; the process is a group of its own.
    let has_console = unsafe { GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, child.id()) } != 0;
    if !has_console {
        println!("no Ctrl-Break: {}", std::io::Error::last_os_error());
        end_soon("V:");
    }
    let ended = lines.any(|line| line.contains("ended in order"));
    let status = child.wait().unwrap();
    assert!(ended && status.success(), "{status}");
}

#[test]
fn the_command_line_for_the_launcher_is_one_of_the_program() {
    let registry = include_str!("../scripts/seedfs-winfsp.reg");
    let line = registry.lines().find_map(|line| line.strip_prefix("\"CommandLine\"=\"")).unwrap();
    let line = line.trim_end_matches('"').replace("%1", "demo").replace("%2", "C:");
    let output = seedfs(&line.split(' ').collect::<Vec<_>>());
    assert_eq!(output.status.code(), Some(10), "{line}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("C:: is in use"));
}

#[test]
fn bad_places_are_told_with_the_next_step() {
    let dir = tempfile::tempdir().unwrap();
    for (place, expected) in [
        ("C:", "is in use; name another drive, or * for the next one that is free"),
        (dir.path().to_str().unwrap(), "exists already, but WinFsp makes the directory itself"),
        (dir.path().join("no/such").to_str().unwrap(), "the directory above it does not exist"),
    ] {
        let error = run(TestFs::default(), Arc::default(), SOURCE, Path::new(place), &foreground()).unwrap_err();
        assert!(matches!(error, MountError::Point { .. }) && error.exit_code() == 10, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn without_a_driver_the_program_says_so_from_the_background_too() {
    // A place for the driver's volumes is missing under the stand-in's program: this one is not patched.
    let background = seedfs(&["mount", "demo", "X:"]);
    let foreground = seedfs(&["mount", "demo", "X:", "-f"]);
    if foreground.status.success() || background.status.success() {
        let _ = seedfs(&["umount", "X:"]);
        panic!("mounted: this machine has the driver, and its mounts are tested elsewhere");
    }
    let said = String::from_utf8_lossy(&background.stderr).into_owned();
    assert_eq!(background.status.code(), Some(11), "{said}");
    assert!(said.starts_with("seedfs: cannot mount: ") && said.contains("https://winfsp.dev/rel/"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!((foreground.status.code(), &foreground.stderr), (Some(11), &background.stderr));
    if version() == Err(LibraryError::NotInstalled) {
        assert!(said.contains("WinFsp is not installed; install it from"), "{said}");
    }
}

#[test]
fn the_command_line_is_checked_before_anything_is_started() {
    for (arguments, code, expected) in [
        (vec!["mount"], 2, "no mount point; name a drive"),
        (vec!["mount", "no-such-preset", "X:"], 2, "no-such-preset"),
        (vec!["mount", "demo", "C:"], 10, "C:: is in use"),
        (vec!["mount", "-o", "uid=3", "demo", "X:"], 2, "-o uid=3: not an option on Windows"),
        (vec!["mount", "-o", "seed", "demo", "X:"], 2, "-o seed: needs a value"),
        (vec!["mount", "-o", "label=", "demo", "X:"], 2, "-o label=: must have 1 to 32 characters"),
        (vec!["umount", "Q:"], 10, "Q:: is no seedfs mount"),
    ] {
        let output = seedfs(&arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.starts_with("seedfs: ") && said.contains(expected), "{arguments:?}: {said}");
    }
}

#[test]
fn options_behind_o_mean_what_the_long_ones_do() {
    let mut options = MountOptions::default();
    options.apply("ro,seed=0xff,generation=3,snapshots,listed_only,threads=2").unwrap();
    options.apply("label=My data,damage=flip:1e-6\\,seed=7,log_file=C:\\logs\\a.log,corpus=\\\\srv\\words").unwrap();
    assert_eq!((options.seed, options.generation, options.threads), (Some(255), 3, Some(2)));
    assert!(options.snapshots && options.listed_only && options.damage.is_some());
    assert_eq!(options.label.as_deref(), Some("My data"));
    assert_eq!(options.log_file.as_deref(), Some(Path::new("C:\\logs\\a.log")), "backslashes are those of paths");
    assert_eq!(options.corpus.as_deref(), Some(Path::new("\\\\srv\\words")));
}

#[test]
fn the_version_shows_the_notice_that_the_licence_of_winfsp_asks_for() {
    let version = text(&seedfs(&["--version"]));
    assert!(version.lines().any(|line| line == NOTICE), "{version}");
    assert_eq!(text(&seedfs(&["-V"])).lines().count(), 1);
}
