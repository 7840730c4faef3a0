//! find, ls, du, df, stat, perl, Python and fd on a mount: they agree with each other and with the dataset.
// Mounts through FUSE.
#![cfg(unix)]

mod common;

use common::mount::Mounted;
use common::run::{have, seedfs, succeed, text, tool};
use std::process::Command;

fn sorted(lines: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn walkers_see_exactly_the_listed_paths() {
    let Some(mount) = Mounted::start(&["demo"]) else { return };
    if !have(&["find", "perl", "python3", "fdfind"]) {
        return;
    }
    let listed = text(&seedfs(&["ls", "demo"]));
    let find = tool(mount.path(), "find", &[".", "-mindepth", "1", "-printf", "%P\n"]);
    assert_eq!(sorted(&find), sorted(&listed));
    let perl = "use File::Find; $File::Find::dont_use_nlink = 0; find(sub { print substr($File::Find::name, 2), qq(\\n) if $File::Find::name ne '.' }, '.')";
    assert_eq!(sorted(&tool(mount.path(), "perl", &["-e", perl])), sorted(&listed));
    let python = "import os\nfor d, ds, fs in os.walk('.'):\n  for n in ds + fs: print(os.path.join(d, n)[2:])";
    assert_eq!(sorted(&tool(mount.path(), "python3", &["-c", python])), sorted(&listed));
    let fd = tool(mount.path(), "fdfind", &["--unrestricted", "--strip-cwd-prefix", "."]).replace("/\n", "\n");
    assert_eq!(sorted(&fd), sorted(&listed));
    // -noleaf is off: find trusts the link counts of directories to know how many subdirectories there are.
    assert_eq!(tool(mount.path(), "find", &[".", "-mindepth", "1", "-type", "d"]).lines().count(), 120);
    mount.unmount();
}

#[test]
fn ls_recursive_lists_sizes_owners_and_times() {
    let Some(mount) = Mounted::start(&["demo", "-o", "uid=1234,gid=2345,umask=027"]) else { return };
    let listing = succeed(Command::new("ls").args(["-lR", "--time-style=+%s", "-n"]).current_dir(mount.path()));
    let files: Vec<Vec<&str>> =
        listing.lines().filter(|l| l.starts_with('-')).map(|l| l.split_whitespace().collect()).collect();
    assert_eq!(files.len(), 1000);
    for row in &files {
        assert_eq!((row[0], row[1], row[2], row[3]), ("-rw-r-----", "1", "1234", "2345"), "{row:?}");
    }
    let csv = text(&seedfs(&["ls", "--format", "csv", "demo"]));
    let mut expected: Vec<(String, String)> = Vec::new();
    for row in csv.lines().skip(1).map(|l| l.split(',').collect::<Vec<_>>()).filter(|row| row[1] == "file") {
        expected.push((row[0].rsplit('/').next().unwrap().into(), row[7].into()));
    }
    let mut found: Vec<(String, String)> = files.iter().map(|row| (row[6].into(), row[5].into())).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected, "names and times of last change");
    mount.unmount();
}

#[test]
fn du_df_and_stat_report_plausible_totals() {
    let Some(mount) = Mounted::start(&["demo"]) else { return };
    let csv = text(&seedfs(&["ls", "--format", "csv", "demo"]));
    let rows: Vec<Vec<&str>> = csv.lines().skip(1).map(|l| l.split(',').collect()).collect();
    let size = |row: &Vec<&str>| row[8].parse::<u64>().unwrap();
    let files = || rows.iter().filter(|row| row[1] == "file");
    let bytes: u64 = files().map(size).sum();
    let blocks: u64 = files().filter(|row| row[9] != "zero").map(|row| size(row).div_ceil(512)).sum();
    let directories = 121 * 4096;
    let first = |output: String| output.split_whitespace().next().unwrap().parse::<u64>().unwrap();
    assert_eq!(first(tool(mount.path(), "du", &["-s", "--block-size=512"])), blocks + directories / 512);
    assert_eq!(first(tool(mount.path(), "du", &["-s", "--apparent-size", "--block-size=1"])), bytes + directories);

    let df = tool(mount.path(), "df", &["--output=size,used,avail,itotal,fstype,source", "--block-size=4096", "."]);
    let fields: Vec<&str> = df.lines().nth(1).unwrap().split_whitespace().collect();
    let total = bytes.div_ceil(4096).to_string();
    assert_eq!(fields, [&total, &total, "0", "1121", "fuse.seedfs", "demo"]);

    let stat = tool(mount.path(), "stat", &["-f", "-c", "%l %s %c", "."]);
    assert_eq!(stat.trim(), "255 4096 1121");
    let stat = tool(mount.path(), "stat", &["-c", "%s %b %B %F %h %a", "s1-10000"]);
    assert_eq!(stat.trim(), "10000 20 512 regular file 1 644");
    mount.unmount();
}

#[test]
fn listing_with_attributes_asks_little() {
    let Some(mount) = Mounted::start(&["files=2000,dirs=0", "-o", "noxattr,readdirplus=always"]) else { return };
    let count = |op: &str| mount.counter(&format!("seedfs_requests_total{{op=\"{op}\"}}"));
    let before = (count("lookup"), count("getattr"), count("getxattr"));
    assert_eq!(tool(mount.path(), "ls", &["-l"]).lines().count(), 2001);
    let after = (count("lookup"), count("getattr"), count("getxattr"));
    // What is counted here are also the looks at the counters themselves.
    assert!(after.0 - before.0 < 10 && after.1 - before.1 < 20, "{before:?} {after:?}");
    assert!(after.2 <= 1, "extended attributes are asked for once: {after:?}");
    mount.unmount();
}
