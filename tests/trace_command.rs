//! `seedfs mount --trace` and `seedfs trace`: what a client did, from its requests to the picture.
#![cfg(target_os = "linux")]

mod common;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::mount::{Foreground, Mounted, Point, is_mounted, outcome, unmount, wait_until};
use common::run::{have, seedfs, text, tool};
use seedfs::observe::Event;
use seedfs::stats::Op;
use seedfs::trace::{Header, Reader, Record, Writer};
use seedfs::vfs::Ino;
use serde_json::Value;

fn records(trace: &Path) -> Vec<Record> {
    let mut reader = Reader::new(File::open(trace).unwrap()).unwrap();
    std::iter::from_fn(|| reader.next_record().unwrap()).collect()
}

fn reads(trace: &Path) -> Vec<(u64, u64, u32, u32)> {
    let read = |record: Record| match record {
        Record::Request(Event { op: Op::Read, ino, offset, len, count, .. }) => Some((ino.0, offset, len, count)),
        _ => None,
    };
    records(trace).into_iter().filter_map(read).collect()
}

fn json(trace: &Path) -> Value {
    let output = seedfs(&["trace", "--json", trace.to_str().unwrap()]);
    assert_eq!(outcome(&output), (Some(0), String::new()));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn listed_file(root: &Path) -> PathBuf {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.retain(|path| path.is_file());
    entries.remove(0)
}

#[test]
fn a_trace_has_every_read_with_its_file_and_place() {
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("x.trace");
    let options = ["files=10,dirs=0,size=64KiB", "--trace", trace.to_str().unwrap(), "-o", "direct_io"];
    let Some(mount) = Mounted::start(&options) else { return };
    let path = listed_file(mount.path());
    let listed = File::open(&path).unwrap();
    let unlisted = File::open(mount.path().join("say_s42-1MiB")).unwrap();
    let mut expected = Vec::new();
    for (file, offset, length, count) in [
        (&listed, 0, 4096, 4096),
        (&unlisted, 500_000, 100, 100),
        (&listed, 4096, 4096, 4096),
        (&listed, 65_000, 1000, 536),
    ] {
        assert_eq!(file.read_at(&mut vec![0; length], offset).unwrap(), count);
        let ino = std::os::unix::fs::MetadataExt::ino(&file.metadata().unwrap());
        expected.push((ino, offset, length as u32, count as u32));
    }
    // Neither looking at the counters nor a file of them is traced.
    std::fs::read(mount.path().join(".seedfs/stats")).unwrap();
    drop((listed, unlisted));
    mount.unmount();

    assert_eq!(reads(&trace), expected);
    let records = records(&trace);
    let path_of = |record: &Record| match record {
        Record::Name { ino, path } => Some((*ino, String::from_utf8(path.clone()).unwrap())),
        _ => None,
    };
    assert_eq!(records.iter().filter_map(path_of).collect::<Vec<_>>(), [(expected[1].0, "say_s42-1MiB".to_owned())]);
    assert!(matches!(records.last(), Some(Record::End { .. })));

    let found = json(&trace);
    assert_eq!(
        (&found["complete"], &found["requests"]["read"], &found["requests"]["open"]),
        (&true.into(), &4.into(), &2.into())
    );
    assert_eq!(found["touched"]["listed"]["bytes"], 4096 + 4096 + 536);
    assert_eq!(found["sequential"], 0.5);
    assert_eq!(found["top"][0]["path"], path.file_name().unwrap().to_str().unwrap());
    assert_eq!(found["top"][1]["path"], "say_s42-1MiB");
    let shown = text(&seedfs(&["trace", trace.to_str().unwrap()]));
    assert!(shown.contains("files                   1 of 10") && shown.contains("say_s42-1MiB"), "{shown}");
    assert!(!shown.contains("end       "), "{shown}");
}

#[test]
fn a_trace_can_be_read_while_it_grows_and_after_a_crash() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("x.trace");
    let option = format!("direct_io,trace={}", trace.display());
    let mut mount = Foreground::with_dataset("files=0", &["-o", &option]);
    let file = File::open(mount.path().join("s42-1MiB")).unwrap();
    file.read_exact_at(&mut [0; 4096], 0).unwrap();
    drop(file);
    assert!(wait_until(Duration::from_secs(10), || std::fs::metadata(&trace).unwrap().len() > 0
        && reads(&trace).len() == 1));
    assert_eq!(json(&trace)["complete"], false);
    mount.signal(libc::SIGKILL);
    mount.wait();
    assert_eq!(reads(&trace).len(), 1);
    let shown = seedfs(&["trace", trace.to_str().unwrap()]);
    assert_eq!(shown.status.code(), Some(0));
    assert!(text(&shown).contains("end       missing"), "{}", text(&shown));
}

/// What `seedfs mount` says that is to trace there.
fn mount_with_trace(trace: &Path, point: &Path, options: &[&str]) -> (Option<i32>, String) {
    let mut command = common::mount::seedfs();
    command.args(["mount", "files=9", "--trace"]).arg(trace).args(options).arg(point);
    outcome(&command.output().unwrap())
}

#[test]
fn two_mounts_do_not_write_one_trace() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("x.trace");
    let (first, second) = (Point::new(), Point::new());
    assert_eq!(mount_with_trace(&trace, first.path(), &[]), (Some(0), String::new()));
    let refused = format!("seedfs: {}: another mount writes its trace there; name another file\n", trace.display());
    assert_eq!(mount_with_trace(&trace, second.path(), &[]), (Some(1), refused));
    assert!(!is_mounted(second.path()));
    // What the first one has written is still there.
    assert_eq!(json(&trace)["complete"], false);
    assert!(unmount(first.path()));
    assert!(wait_until(Duration::from_secs(10), || json(&trace)["complete"] == true));
    // It is complete a moment before the daemon has closed it.
    assert!(wait_until(Duration::from_secs(10), || mount_with_trace(&trace, second.path(), &[]).0 == Some(0)));
}

/// Neither the process that watches over a daemon nor fusermount3, which stays behind with it, keeps the lock.
#[test]
fn the_trace_of_a_killed_mount_is_free_again() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("x.trace");
    let mut options = vec!["-o", "prefetch=1MiB"];
    if common::is_root() && have(&["fusermount3"]) {
        options.extend(["-o", "auto_unmount"]);
    }
    let option = format!("trace={}", trace.display());
    options.extend(["-o", &option]);
    let mut mount = Foreground::with_dataset("files=9", &options);
    std::fs::read(listed_file(mount.path())).unwrap();
    let next = Point::new();
    assert_eq!(mount_with_trace(&trace, next.path(), &[]).0, Some(1));
    mount.signal(libc::SIGKILL);
    mount.wait();
    let mut said = String::new();
    let free = wait_until(Duration::from_secs(10), || {
        let (code, message) = mount_with_trace(&trace, next.path(), &[]);
        said = message;
        code == Some(0)
    });
    assert!(free, "{said}");
}

#[test]
fn a_trace_without_room_is_refused_by_the_command() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    let point = Point::new();
    for options in [&[][..], &["-f"]] {
        let (code, message) = mount_with_trace(Path::new("/dev/full"), point.path(), options);
        let expected = "seedfs: /dev/full: cannot trace there: No space left on device (os error 28)\n";
        assert_eq!((code, message.as_str()), (Some(1), expected));
        assert!(!is_mounted(point.path()));
    }
}

#[test]
fn a_trace_that_runs_out_of_room_is_told_once() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    if !common::is_root() {
        skip!("only root makes a small disk");
    }
    let disk = Point::new();
    let point = disk.path().to_str().unwrap();
    tool(Path::new("/"), "mount", &["-t", "tmpfs", "-o", "size=16k", "small", point]);
    let trace = disk.path().join("x.trace");
    let mut mount = Foreground::with_dataset("files=9", &["--trace", trace.to_str().unwrap()]);
    let ask = |from: u32| {
        for n in from..from + 20_000 {
            assert!(!mount.path().join(format!("no such name {n}")).exists());
        }
    };
    ask(0);
    assert!(wait_until(Duration::from_secs(20), || mount.log().contains("the trace ends here: No space left")));
    ask(20_000);
    let shown = text(&seedfs(&["stats", mount.path().to_str().unwrap()]));
    assert!(shown.contains("and could not be written further; the log says why"), "{shown}");
    assert!(unmount(mount.path()));
    mount.expect_clean_end();
    assert_eq!(mount.log().matches("the trace ends here").count(), 1, "{}", mount.log());
    assert!(records(&trace).len() > 100);
}

/// A trace of so many reads in no order, and one file in order.
fn large(path: &Path, requests: u64) {
    let (mut writer, mut bytes) = (Writer::default(), Vec::new());
    let header = Header { start: 1_700_000_000_000_000_000, dataset: "files = 1000\n".into(), ..Header::default() };
    writer.header(&header, &mut bytes);
    for n in 0..requests {
        let draw = seedfs::dataset::draw::mix(n);
        let (ino, offset) = if n % 2 == 0 { (2, n * 4096) } else { (2 + 2 * (draw % 1000), draw >> 40) };
        let read = Event { offset, len: 4096, count: 4096, ..Event::plain(n * 100, Op::Read, Ino(ino), true) };
        writer.request(&read, &mut bytes);
    }
    writer.end(requests * 100, &mut bytes);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn the_picture_is_bounded_well_formed_and_labelled() {
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("a<b>&.trace");
    let picture = dir.path().join("x.svg");
    let (trace, out) = (trace.to_str().unwrap(), picture.to_str().unwrap());
    // Of too many separate ranges it is not known which were read before.
    for (options, requests, legend) in [
        (&[][..], 300_000, ">read</text>"),
        (&["--rows", "bytes"], 300_000, ">read</text>"),
        (&["--rows", "files"], 30_000, "read for the first time"),
    ] {
        large(Path::new(trace), requests);
        let output = seedfs(&[&["trace", "--svg", out], options, &[trace]].concat());
        assert_eq!(outcome(&output), (Some(0), String::new()));
        let svg = std::fs::read_to_string(&picture).unwrap();
        assert!(svg.len() < 600_000, "{} bytes", svg.len());
        for part in ["<title>seedfs trace", "a&lt;b&gt;&amp;.trace", "order of a walk", " s</text>", legend] {
            assert!(svg.contains(part), "{part}");
        }
        assert!(svg.contains("prefers-color-scheme:dark"));
        if have(&["python3"]) {
            let check = "import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])";
            tool(dir.path(), "python3", &["-c", check, out]);
        }
    }
    let name = json(Path::new(trace))["top"][0]["path"].as_str().unwrap().to_owned();
    let one = text(&seedfs(&["trace", "--svg", "-", "--file", &format!("/{name}"), trace]));
    assert!(one.contains("offset in the file") && one.contains(" MiB</text>"), "{name}");
    let (code, message) = outcome(&seedfs(&["trace", "--svg", "-", "--file", "no/such", trace]));
    assert_eq!((code, message.contains("--file no/such: no such file")), (Some(2), true), "{message}");
}

#[test]
fn an_empty_trace_is_shown_as_well() {
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("x.trace");
    large(&trace, 0);
    let trace = trace.to_str().unwrap();
    assert_eq!(seedfs(&["trace", trace]).status.code(), Some(0));
    assert!(text(&seedfs(&["trace", "--svg", "-", trace])).ends_with("</svg>\n"));
}

#[test]
fn a_damaged_trace_is_shown_up_to_the_damage() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.trace");
    large(&path, 100);
    let mut bytes = std::fs::read(&path).unwrap();
    let end = bytes.len() - 2;
    bytes[end..].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    let found = json(&path);
    assert!(found["damage"].as_str().unwrap().starts_with("is damaged at byte"), "{found}");
    assert!(found["requests"]["read"].as_u64().unwrap() >= 99);
}

#[test]
fn what_is_no_trace_is_told_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("thesis.txt");
    std::fs::write(&path, "chapter one").unwrap();
    let name = path.to_str().unwrap();
    let (code, message) = outcome(&seedfs(&["trace", name]));
    assert_eq!(
        (code, message),
        (Some(2), format!("seedfs: {name}: is no trace; seedfs mount --trace FILE writes one\n"))
    );
    let missing = dir.path().join("missing");
    assert_eq!(seedfs(&["trace", missing.to_str().unwrap()]).status.code(), Some(1));

    let point = dir.path().join("point");
    std::fs::create_dir(&point).unwrap();
    let (code, message) = outcome(&seedfs(&["mount", "--trace", name, "demo", point.to_str().unwrap()]));
    assert_eq!((code, message.contains("exists and is no trace; name another file")), (Some(1), true), "{message}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "chapter one");
}

/// What `seedfs trace --svg` says that does not draw, and the trace as it is then.
#[track_caller]
fn not_drawn(trace: &Path, out: &Path) -> String {
    let before = std::fs::read(trace).ok();
    let output = seedfs(&["trace", "--svg", out.to_str().unwrap(), trace.to_str().unwrap()]);
    let (code, message) = outcome(&output);
    assert_eq!((code, message.lines().count()), (Some(2), 1), "{message}");
    assert_eq!(std::fs::read(trace).ok(), before);
    message
}

#[test]
fn a_picture_does_not_cost_its_trace() {
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("x.trace");
    large(&trace, 100);
    let link = dir.path().join("link");
    std::os::unix::fs::symlink(&trace, &link).unwrap();
    for (trace, out) in [(&trace, &trace), (&trace, &link), (&link, &trace)] {
        assert!(not_drawn(trace, out).contains("is the trace itself; name another file"));
    }
}

#[test]
fn what_can_be_read_once_only_is_not_drawn() {
    let dir = tempfile::tempdir().unwrap();
    let message = not_drawn(Path::new("/dev/null"), &dir.path().join("x.svg"));
    assert!(message.contains("/dev/null: is no regular file, and drawing reads it twice"), "{message}");
    assert!(!dir.path().join("x.svg").exists());
}

#[test]
fn a_file_is_drawn_by_any_name() {
    use std::os::unix::ffi::OsStrExt;
    let name = std::ffi::OsStr::from_bytes(b"odd\n<&>\x01\xff_s1-10k");
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("odd\n.trace");
    let Some(mount) = Mounted::start(&["files=2", "-o", "direct_io", "--trace", trace.to_str().unwrap()]) else {
        return;
    };
    std::fs::read(mount.path().join(name)).unwrap();
    mount.unmount();
    let out = dir.path().join("x.svg");
    let mut command = std::process::Command::new(common::run::SEEDFS);
    common::run::succeed(command.arg("trace").arg("--svg").arg(&out).arg("--file").arg(name).arg(&trace));
    assert!(std::fs::read_to_string(&out).unwrap().contains("&lt;&amp;&gt;"));
    let shown = text(&seedfs(&["trace", trace.to_str().unwrap()]));
    assert!(shown.lines().next().unwrap().ends_with("odd?.trace"), "{shown}");
    assert!(shown.contains("odd?<&>?") && !shown.ends_with("\n\n"), "{shown}");
}

#[test]
fn a_trace_that_ends_within_its_header_is_called_that() {
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("x.trace");
    large(&trace, 0);
    let bytes = std::fs::read(&trace).unwrap();
    for cut in [8, 9, 20] {
        std::fs::write(&trace, &bytes[..cut]).unwrap();
        let (code, message) = outcome(&seedfs(&["trace", trace.to_str().unwrap()]));
        assert_eq!((code, message.contains("it ends within its header")), (Some(2), true), "{message}");
    }
}
