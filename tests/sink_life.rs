//! The life of a sink: many writers, writers and daemons that die, and a verdict that is never falsely "perfect".
// Mounts through FUSE.
#![cfg(unix)]

mod common;

use std::fs;
use std::io::Write;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::process::Stdio;
use std::time::Duration;

use common::mount::{Mounted, is_mounted, seedfs, unmount, wait_until};
use common::run::{text, tool};
use common::sink::{SinkMount, command_in, kill};

const TREE: &str = "files=400,dirs=16,size=lognormal:10,1.5,seed=8";

#[test]
fn eight_writers_at_once_are_judged_as_one() {
    let Some(source) = Mounted::start(&[TREE]) else { return };
    let Some(sink) = SinkMount::start(&["--dataset", TREE, "--strict"]) else { return };
    tool(source.path(), "sh", &["-c", "find . -type d -exec mkdir -p \"$0\"/{} \\;", sink.path().to_str().unwrap()]);
    let found = tool(source.path(), "find", &[".", "-type", "f"]);
    let files: Vec<&str> = found.lines().collect();
    std::thread::scope(|scope| {
        for part in files.chunks(files.len().div_ceil(8)) {
            let (source, sink) = (source.path(), sink.path());
            scope.spawn(move || {
                for file in part {
                    fs::copy(source.join(file), sink.join(file)).unwrap();
                }
            });
        }
        // And somebody who keeps asking.
        for _ in 0..20 {
            assert_eq!(sink.report()["mismatched"], 0);
        }
    });
    sink.expect_perfect();
    source.unmount();
}

#[test]
fn eight_writers_of_one_file_write_it_once() {
    let Some(sink) = SinkMount::start(&["--strict"]) else { return };
    let name = "s1-4000000";
    let right = seedfs::SyntheticFile::open(name).unwrap();
    fs::File::create(sink.join(name)).unwrap();
    std::thread::scope(|scope| {
        for part in 0..8u64 {
            let (sink, right) = (&sink, &right);
            scope.spawn(move || {
                let file = fs::OpenOptions::new().write(true).open(sink.join(name)).unwrap();
                for piece in (part..400).step_by(8) {
                    let mut bytes = [0; 10_000];
                    right.read_at(piece * 10_000, &mut bytes);
                    std::os::unix::fs::FileExt::write_all_at(&file, &bytes, piece * 10_000).unwrap();
                }
            });
        }
    });
    sink.expect_perfect();
}

#[test]
fn a_writer_that_is_killed_leaves_an_incomplete_file() {
    let Some(sink) = SinkMount::start(&[]) else { return };
    let mut writer =
        command_in(sink.path(), "sh", &["-c", "exec cat > s1-1GiB"]).stdin(Stdio::piped()).spawn().unwrap();
    let right = seedfs::SyntheticFile::open("s1-1GiB").unwrap();
    let mut bytes = vec![0; 3 << 20];
    right.read_at(0, &mut bytes);
    writer.stdin.as_mut().unwrap().write_all(&bytes).unwrap();
    let written = || fs::metadata(sink.join("s1-1GiB")).is_ok_and(|metadata| metadata.len() >= 2 << 20);
    assert!(wait_until(Duration::from_secs(10), written));
    kill(writer.id() as libc::pid_t);
    writer.wait().unwrap();
    sink.expect_faults(&["incomplete: s1-1GiB: of 1073741824 bytes"]);
}

#[test]
fn a_daemon_that_is_killed_has_no_verdict() {
    let Some(sink) = SinkMount::start(&[]) else { return };
    fs::File::create(sink.join("s1-0")).unwrap();
    assert_eq!(sink.report()["perfect"], true);
    kill(sink.pid());
    assert!(wait_until(Duration::from_secs(10), || fs::metadata(sink.join(".seedfs")).is_err()));
    let output = sink.unmount(&[]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(text(&output).is_empty() && !is_mounted(sink.path()));
    assert_eq!(sink.unmount(&[]).status.code(), Some(10), "and now there is no sink");
}

#[test]
fn a_busy_sink_stays_and_says_nothing() {
    let Some(sink) = SinkMount::start(&[]) else { return };
    let file = fs::File::create(sink.join("s1-0")).unwrap();
    let output = sink.unmount(&[]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(text(&output).is_empty() && is_mounted(sink.path()));
    fs::File::create(sink.join("s2-0")).unwrap();
    drop(file);
    sink.expect_perfect();
}

#[test]
fn a_sink_unmounted_while_it_is_used_has_no_verdict_yet() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("report.json");
    let Some(sink) = SinkMount::start(&["--report", path.to_str().unwrap()]) else { return };
    let file = fs::File::create(sink.join("s1-5")).unwrap();
    let mut command = seedfs();
    let lazy = command.args(["umount", "--lazy"]).arg(sink.path()).output().unwrap();
    assert_eq!(lazy.status.code(), Some(3), "{lazy:?}");
    assert_eq!(fs::read(&path).unwrap(), b"", "an empty file is no verdict");
    drop(file);
    let done = || fs::read_to_string(&path).is_ok_and(|text| text.ends_with("}\n"));
    assert!(wait_until(Duration::from_secs(10), done));
    assert!(fs::read_to_string(&path).unwrap().contains("\"perfect\": false"));
}

#[test]
fn other_programs_may_unmount_and_the_report_is_in_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let (path, log) = (dir.path().join("report.json"), dir.path().join("log"));
    fs::write(&path, "an old verdict").unwrap();
    let flags = ["--report", path.to_str().unwrap(), "--log-file", log.to_str().unwrap(), "-v"];
    let Some(sink) = SinkMount::start(&flags) else { return };
    assert_eq!(fs::read(&path).unwrap(), b"");
    fs::File::create(sink.join("s1-0")).unwrap();
    assert!(unmount(sink.path()));
    let done = || fs::read_to_string(&path).is_ok_and(|text| text.ends_with("}\n"));
    assert!(wait_until(Duration::from_secs(10), done));
    let report: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!((&report["perfect"], &report["final"], &report["complete"]), (&true.into(), &true.into(), &1.into()));
    assert!(fs::read_to_string(&log).unwrap().contains("perfect: 1 complete"));
}

#[test]
fn in_the_foreground_the_exit_code_is_the_verdict() {
    for (name, signal, code) in [("s1-0", None, 0), ("s1-5", None, 1), ("s1-0", Some(libc::SIGTERM), 0)] {
        if let Some(reason) = common::no_fuse() {
            skip!("{reason}");
        }
        let point = common::mount::Point::new();
        let child = seedfs().args(["sink", "-f"]).arg(point.path()).stdout(Stdio::piped()).spawn().unwrap();
        assert!(wait_until(Duration::from_secs(10), || fs::File::open(point.path().join(".seedfs/version")).is_ok()));
        fs::File::create(point.path().join(name)).unwrap();
        match signal {
            // SAFETY: the child has not been waited for, so the number is its own.
            Some(signal) => drop(unsafe { libc::kill(child.id() as libc::pid_t, signal) }),
            None => assert!(unmount(point.path())),
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{name}: {output:?}");
        assert!(text(&output).contains(" complete, "), "{output:?}");
    }
}

#[test]
fn the_tree_behaves_as_one_on_a_disk() {
    let Some(sink) = SinkMount::start(&["--ignore-extra"]) else { return };
    let script = r#"
set -e
mkdir -p a/b/c; ! rmdir a/b 2>/dev/null
echo x > a/file; ln a/file a/b/second; test "$(stat -c %h a/file)" = 2
mv a/b/second a/b/third; rm a/file; test "$(stat -c %h a/b/third)" = 1; test "$(cat a/b/third)" = x
ln -s b/third a/link; test "$(readlink a/link)" = b/third
mkfifo a/pipe; test -p a/pipe
chmod 751 a/b; test "$(stat -c %a a/b)" = 751
touch -d @1000000000.25 a/b/third; test "$(stat -c %Y a/b/third)" = 1000000000
touch -h -d @-5 a/link; test "$(stat -c %Y a/link)" = -5
mkdir d; ! mv a a/b/inside 2>/dev/null; ! mv -T d a 2>/dev/null; mv -T a/b/c d/c
test "$(ls -A d)" = c; test "$(ls -a | tr '\n' ' ')" = ". .. a d "
echo more >> a/b/third; test "$(cat a/b/third | tr '\n' ' ')" = "x more "
truncate -s 1 a/b/third; test "$(cat a/b/third)" = x
for i in $(seq 500); do : > d/file-$i; done; test "$(ls d | wc -l)" = 501
rm -r d; ! test -e d
"#;
    tool(sink.path(), "bash", &["-c", script]);
    let metadata = fs::metadata(sink.join("a/pipe")).unwrap();
    assert!(metadata.file_type().is_fifo() && metadata.nlink() == 1);
    assert_eq!(fs::metadata(sink.join(".seedfs/notify")).unwrap().permissions().mode() & 0o777, 0o200);
    assert!(fs::create_dir(sink.join(".seedfs")).is_err());
    assert_eq!(sink.unmount(&[]).status.code(), Some(1), "nothing was proved");
}

#[test]
fn attributes_are_kept_and_access_lists_are_not() {
    let Some(sink) = SinkMount::start(&[]) else { return };
    if !common::run::have(&["getfattr"]) {
        return;
    }
    fs::File::create(sink.join("s1-0")).unwrap();
    tool(sink.path(), "setfattr", &["-n", "user.note", "-v", "seven", "s1-0"]);
    assert!(tool(sink.path(), "getfattr", &["-d", "s1-0"]).contains("user.note=\"seven\""));
    tool(sink.path(), "setfattr", &["-x", "user.note", "s1-0"]);
    assert_eq!(tool(sink.path(), "getfattr", &["-d", "s1-0"]), "");
    let refused = command_in(sink.path(), "setfattr", &["-n", "system.posix_acl_access", "-v", "0x02", "s1-0"]);
    assert!(!{ refused }.output().unwrap().status.success());
    sink.expect_perfect();
}

#[test]
fn what_a_sink_cannot_use_is_refused_before_anything_is_mounted() {
    let dir = tempfile::tempdir().unwrap();
    let point = dir.path().to_str().unwrap();
    for (args, part) in [
        (&["-o", "prefetch=1MiB"][..], "means nothing to a sink"),
        (&["-o", "nonsense"], "unknown option"),
        (&["--dataset", "no=such"], "no"),
        (&["--metadata"], "--dataset"),
    ] {
        let output = seedfs().arg("sink").args(args).arg(point).output().unwrap();
        let (code, said) = common::mount::outcome(&output);
        assert_eq!(code, Some(2), "{args:?}: {said}");
        assert!(said.contains(part) && said.trim().lines().count() == 1, "{args:?}: {said}");
    }
    let output = seedfs().args(["sink", "--report", "/no/such/dir/file", point]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(!is_mounted(dir.path()));
}
