//! The counters of a mount tell of faults as they are listed in advance, and of the device that is not there.
#![cfg(target_os = "linux")]

mod common;

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::mount::{Foreground, Mounted, wait_until};
use common::run::{seedfs, text};
use serde_json::{Value, json};

/// No two names of one file, so that a list by paths has each file once.
const TREE: &str = "files=60,dirs=4,size=lognormal:10,1.5,seed=11";

/// Kind, first byte, bytes and path.
fn listed(spec: &str) -> Vec<(String, u64, u64, String)> {
    let output = seedfs(&["faults", "--format", "jsonl", "--fault", spec, TREE]);
    assert!(output.status.success(), "{output:?}");
    let row = |line: &str| {
        let object: Value = serde_json::from_str(line).unwrap();
        let word = |key: &str| object[key].as_str().unwrap().to_owned();
        (word("fault"), object["offset"].as_u64().unwrap(), object["length"].as_u64().unwrap(), word("path"))
    };
    text(&output).lines().map(row).collect()
}

fn stats(point: &Path) -> String {
    std::fs::read_to_string(point.join(".seedfs/stats")).unwrap()
}

fn json_of(point: &Path) -> Value {
    let output = seedfs(&["stats", "--json", point.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Reads every block of every file, each once, whatever comes of it; returns how many reads those were.
fn read_all(directory: &Path) -> u64 {
    let mut reads = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            reads += read_all(&path);
            continue;
        }
        let file = File::open(&path).unwrap();
        for offset in (0..file.metadata().unwrap().len()).step_by(4096) {
            let _ = file.read_at(&mut [0; 4096], offset);
            reads += 1;
        }
    }
    reads
}

#[test]
fn reads_that_meet_faults_are_counted_as_the_list_has_them() {
    const SPEC: &str = "eio:0.05,eio-once:0.06,hang:0.07:1ms,short:0.08,seed=5";
    let Some(mount) = Mounted::start(&[TREE, "--fault", SPEC, "-o", "direct_io"]) else { return };
    let mut expected = BTreeMap::from(["eio", "eio-once", "hang", "short"].map(|kind| (kind.to_owned(), 0)));
    assert_eq!(json_of(mount.path())["faulted_reads"], json!(expected));
    for (kind, ..) in listed(SPEC) {
        *expected.get_mut(&kind).unwrap() += 1;
    }
    assert!(expected.values().all(|&count| count > 3), "{expected:?}");
    read_all(mount.path());
    assert_eq!(json_of(mount.path())["faulted_reads"], json!(expected));
    // What failed once does not fail again.
    let once = expected["eio-once"];
    expected.values_mut().for_each(|count| *count *= 2);
    expected.insert("eio-once".into(), once);
    read_all(mount.path());
    let raw = stats(mount.path());
    for (kind, count) in &expected {
        assert!(raw.contains(&format!("\nseedfs_faulted_reads_total{{fault=\"{kind}\"}} {count}\n")), "{kind}: {raw}");
    }
    assert!(!raw.contains("device"), "{raw}");
    let shown = text(&seedfs(&["stats", mount.path().to_str().unwrap()]));
    let row = format!("eio-once     {:>12} met this fault\n", format!("{once} reads"));
    assert!(shown.contains(&row), "{shown}");
    mount.unmount();
}

#[test]
fn a_read_that_never_ends_is_counted_as_it_comes() {
    const SPEC: &str = "hang:0.2:forever,seed=2";
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    let mut mount = Foreground::with_dataset(TREE, &["--fault", SPEC, "-o", "direct_io"]);
    let (_, _, _, path) = listed(SPEC).remove(0);
    let mut reader =
        Command::new("cat").arg(mount.path().join(path)).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let row = "\nseedfs_faulted_reads_total{fault=\"hang\"} 1\n";
    let is_counted = wait_until(Duration::from_secs(10), || stats(mount.path()).contains(row));
    mount.signal(libc::SIGTERM);
    mount.expect_clean_end();
    assert!(!reader.wait().unwrap().success());
    assert!(is_counted);
}

#[test]
fn reads_of_a_device_and_their_waits_are_counted() {
    const LATENCY: u64 = 2_000_000;
    let Some(mount) = Mounted::start(&[TREE, "--latency", "2ms", "-o", "direct_io"]) else { return };
    assert_eq!(json_of(mount.path())["device"], json!({ "reads": 0, "wait_nanoseconds": 0 }));
    let reads = read_all(mount.path());
    assert!(reads > 100, "{reads}");
    let found = json_of(mount.path());
    // With nothing but a latency, a read waits for that and for nobody else.
    assert_eq!(found["device"], json!({ "reads": reads, "wait_nanoseconds": reads * LATENCY }));
    assert_eq!(found["faulted_reads"], json!({}));
    let raw = stats(mount.path());
    let seconds = format!("{}.{:09}", reads * LATENCY / 1_000_000_000, reads * LATENCY % 1_000_000_000);
    for line in [format!("seedfs_device_reads_total {reads}"), format!("seedfs_device_wait_seconds_total {seconds}")] {
        let name = line.split(' ').next().unwrap();
        assert!(raw.contains(&format!("\n# TYPE {name} counter\n{line}\n")), "{line}: {raw}");
    }
    assert!(!raw.contains("fault"), "{raw}");
    let shown = text(&seedfs(&["stats", mount.path().to_str().unwrap()]));
    assert!(shown.contains(&format!("device       {:>12} waited ", format!("{reads} reads"))), "{shown}");
    mount.unmount();
}

#[test]
fn what_a_fault_holds_up_is_no_wait_for_the_device() {
    const SPEC: &str = "eio:0.1,hang:0.1:20ms,seed=3";
    let Some(mount) = Mounted::start(&[TREE, "--fault", SPEC, "--latency", "1ms", "-o", "direct_io"]) else { return };
    let reads = read_all(mount.path());
    let device = json!({ "reads": reads, "wait_nanoseconds": reads * 1_000_000 });
    assert_eq!(json_of(mount.path())["device"], device, "reads that fail wait as well");
    mount.unmount();
}

#[test]
fn a_mount_without_either_has_no_such_series() {
    let Some(mount) = Mounted::start(&[TREE]) else { return };
    read_all(mount.path());
    let raw = stats(mount.path());
    assert!(!raw.contains("device") && !raw.contains("fault"), "{raw}");
    let found = json_of(mount.path());
    assert_eq!((&found["device"], &found["faulted_reads"]), (&Value::Null, &json!({})));
    mount.unmount();
}

#[test]
fn every_series_has_help_and_type_and_stands_in_the_page() {
    let page = include_str!("../man/seedfs.1");
    let Some(mount) = Mounted::start(&[TREE, "--fault", "eio:0.1", "--disk", "ssd"]) else { return };
    let raw = stats(mount.path());
    for name in ["seedfs_faulted_reads_total", "seedfs_device_reads_total", "seedfs_device_wait_seconds_total"] {
        assert_eq!(raw.matches(&format!("# HELP {name} ")).count(), 1, "{name}: {raw}");
        assert_eq!(raw.matches(&format!("\n# TYPE {name} counter\n{name}")).count(), 1, "{name}: {raw}");
        assert!(page.contains(name), "the page does not name {name}");
    }
    mount.unmount();
}
