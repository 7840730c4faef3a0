//! `seedfs manifest --output FILE` goes on behind the last complete line of an interrupted run, and refuses a file that
//! is anything else.

mod common;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use common::run::{SEEDFS, seedfs, wait_until};

const DATASET: &str = "files=300,dirs=40,spread=varied,size=uniform:0-9000,seed=6";

struct File {
    _dir: tempfile::TempDir,
    path: PathBuf,
}

impl File {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { path: dir.path().join("manifest"), _dir: dir }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        seedfs(&[&["manifest", "--output", self.path.to_str().unwrap()], arguments].concat())
    }

    #[track_caller]
    fn succeeds(&self, arguments: &[&str]) {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout.is_empty());
    }

    /// Refused with exit code 2 and a line that says this, and nothing is changed.
    #[track_caller]
    fn refuses(&self, arguments: &[&str], says: &str) {
        let before = self.read();
        let output = self.run(arguments);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains(says) && message.lines().count() == 1, "{message}");
        assert!(self.read() == before, "it was changed");
    }

    fn read(&self) -> Vec<u8> {
        std::fs::read(&self.path).unwrap()
    }

    fn write(&self, bytes: &[u8]) {
        std::fs::write(&self.path, bytes).unwrap();
    }
}

fn whole(arguments: &[&str]) -> Vec<u8> {
    seedfs(&[&["manifest"], arguments].concat()).stdout
}

#[test]
fn what_is_missing_is_added() {
    for arguments in [
        &[DATASET][..],
        &["--hash", "xxh3", DATASET],
        &["--format", "mtree", DATASET],
        &["--format", "jsonl", "--hash", "blake3", DATASET],
        &["--shard", "3/4", DATASET],
        &["--format", "mtree", "--shard", "1/4", DATASET],
        &["--hash", "blake3", "files=3,dirs=1,size=9M"],
    ] {
        let whole = whole(arguments);
        let file = File::new();
        file.succeeds(arguments);
        assert!(file.read() == whole, "{arguments:?}");
        let last_line = whole[..whole.len() - 1].iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        for kept in [0, 1, 7, whole.len() / 3, whole.len() / 2, last_line - 1, last_line, whole.len() - 1, whole.len()]
        {
            file.write(&whole[..kept]);
            file.succeeds(arguments);
            assert!(file.read() == whole, "{arguments:?} from {kept}");
        }
    }
}

/// A file at whose end nothing is left to do is not written to.
#[test]
fn what_is_complete_stays_as_it_is() {
    let file = File::new();
    file.succeeds(&[DATASET]);
    let time = || std::fs::metadata(&file.path).unwrap().modified().unwrap();
    let long_ago = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    std::fs::File::options().write(true).open(&file.path).unwrap().set_modified(long_ago).unwrap();
    file.succeeds(&[DATASET]);
    assert_eq!(time(), long_ago);
}

#[test]
fn an_empty_manifest_is_complete() {
    for arguments in [&["--hash", "blake3", "files=0,dirs=7"][..], &["--shard", "2/2", "files=0,dirs=0"]] {
        let file = File::new();
        file.succeeds(arguments);
        file.succeeds(arguments);
        assert!(file.read().is_empty());
        file.write(b"x");
        file.refuses(arguments, "has more than the 0 lines");
    }
}

#[test]
fn what_is_another_manifest_is_refused() {
    let file = File::new();
    let whole = whole(&[DATASET]);
    let half = &whole[..whole.len() / 2];
    file.write(half);
    file.refuses(&["--seed", "7", DATASET], "line 1 is not what this manifest has there; remove it or name another");
    file.refuses(&["--shard", "2/2", DATASET], "line 1 is not");
    file.refuses(&["--format", "jsonl", DATASET], "line 1 is not");
    file.refuses(&["--hash", "md5", DATASET], "line 2 is not");
    // MD5 and SHA-256 have the identity in line 1.
    file.refuses(&["--hash", "blake3", DATASET], "line 1 is not");
    // Parts but the first have no such line, and BLAKE3 is as long as SHA-256, so that only the digest itself shows it.
    let part = ["--shard", "2/2", DATASET];
    file.write(&self::whole(&part));
    file.refuses(&[&["--hash", "blake3"], &part[..]].concat(), "has another digest");
    file.write(&[&whole[..], b"\n"].concat());
    file.refuses(&[DATASET], "has more than the 301 lines");
    file.write(b"export PATH=/usr/bin\n");
    file.refuses(&[DATASET], "line 1 is not");
}

#[test]
fn damage_in_the_middle_is_found() {
    let whole = whole(&["--format", "jsonl", DATASET]);
    let file = File::new();
    let row = whole.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    let mut damaged = whole[..whole.len() / 2].to_vec();
    damaged[row + 12] ^= 1;
    file.write(&damaged);
    file.refuses(&["--format", "jsonl", DATASET], "line 2 is not");
    damaged[row..].fill(0);
    file.write(&damaged);
    file.refuses(&["--format", "jsonl", DATASET], "line 2 is not");
}

/// A run that is killed at any moment, again and again, comes to the same end.
#[test]
fn killed_runs_add_up_to_the_whole() {
    let arguments = ["--threads", "2", "files=3000,dirs=30,size=60000,seed=2"];
    let file = File::new();
    let size = || std::fs::metadata(&file.path).map_or(0, |metadata| metadata.len());
    for _ in 0..4 {
        let before = size();
        let mut child = Command::new(SEEDFS)
            .args(["manifest", "--output", file.path.to_str().unwrap()])
            .args(arguments)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        assert!(wait_until(Duration::from_secs(60), || size() > before || !matches!(child.try_wait(), Ok(None))));
        let _ = child.kill();
        child.wait().unwrap();
    }
    file.succeeds(&arguments);
    assert!(file.read() == whole(&arguments));
}

#[test]
fn two_runs_do_not_write_to_one_file() {
    let file = File::new();
    file.write(b"");
    let mut options = std::fs::File::options();
    #[cfg(windows)]
    std::os::windows::fs::OpenOptionsExt::share_mode(&mut options, 1);
    let held = options.read(true).write(true).open(&file.path).unwrap();
    #[cfg(unix)]
    held.lock().unwrap();
    file.refuses(&[DATASET], "another run is writing to it");
    drop(held);
    file.succeeds(&[DATASET]);
}

#[test]
fn what_cannot_be_opened_is_a_failure() {
    let file = File::new();
    std::fs::create_dir(&file.path).unwrap();
    let output = file.run(&[DATASET]);
    assert_eq!(output.status.code(), Some(1));
    let why = if cfg!(windows) { "(os error 5)" } else { "Is a directory" };
    assert!(String::from_utf8_lossy(&output.stderr).contains(why));
}
