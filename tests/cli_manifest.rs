//! `seedfs manifest`: what it writes, that threads and shards change nothing in it, and what it refuses.

mod common;

use std::io::Read;
use std::process::{Command, Stdio};
#[cfg(unix)]
use std::time::Duration;

use common::run::{SEEDFS, seedfs, text};
#[cfg(unix)]
use common::run::{have, succeed, wait_until};
use md5::Md5;
use seedfs::dataset::{Dataset, Entry, Listed, Spec};
use seedfs::{Recipe, SyntheticFile};
use sha2::{Digest, Sha256};

/// Files on both sides of all the sizes that matter: empty ones, several to a job, several pieces of BLAKE3 to a file.
const VARIED: &str = "files=400,dirs=30,fanout=3,spread=varied,size=lognormal:9,3,empty=5,kind=mixed,seed=3";
/// Mostly larger than a piece.
const LARGE: &str = "files=9,dirs=3,size=uniform:1M-20M,seed=8";

const FORMATS: [&str; 3] = ["sums", "mtree", "jsonl"];

#[track_caller]
fn manifest(arguments: &[&str]) -> Vec<u8> {
    let output = seedfs(&[&["manifest"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "no progress where nobody looks");
    output.stdout
}

fn content(recipe: Recipe) -> Vec<u8> {
    let mut bytes = Vec::new();
    SyntheticFile::with_builtin(recipe).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

/// Paths and recipes of the files, in the order of the listing.
fn files(text: &str) -> Vec<(String, Recipe)> {
    let dataset = Dataset::new(Spec::parse(text).unwrap()).unwrap();
    let mut files = Vec::new();
    let entries = 0..dataset.shape().entries();
    let Ok(()) = dataset.walk(entries, |entry, path| {
        if let Entry::Listed(_, Listed::File(file)) = entry {
            files.push((String::from_utf8(path.to_vec()).unwrap(), file.recipe));
        }
        Ok::<(), std::convert::Infallible>(())
    });
    files
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The line that a program of coreutils would write.
fn line(hash: &str, path: &str, bytes: &[u8]) -> String {
    match hash {
        "sha256" => format!("{}  {path}\n", hex(&Sha256::digest(bytes))),
        "md5" => format!("{}  {path}\n", hex(&Md5::digest(bytes))),
        "blake3" => format!("{}  {path}\n", blake3::hash(bytes)),
        _ => format!("XXH3 ({path}) = {:016x}\n", xxhash_rust::xxh3::xxh3_64(bytes)),
    }
}

/// The comment that tells which dataset it is.
fn identity(dataset: &str) -> String {
    format!("# seedfs dataset {}\n", Spec::parse(dataset).unwrap().identity())
}

#[test]
fn digests_are_those_of_the_contents() {
    for dataset in [VARIED, LARGE] {
        let contents: Vec<_> = files(dataset).into_iter().map(|(path, recipe)| (path, content(recipe))).collect();
        for hash in ["sha256", "blake3", "md5", "xxh3"] {
            let comment = if matches!(hash, "sha256" | "md5") { identity(dataset) } else { String::new() };
            let lines = contents.iter().map(|(path, bytes)| line(hash, path, bytes));
            let expected: String = [comment].into_iter().chain(lines).collect();
            assert!(manifest(&["--hash", hash, dataset]) == expected.as_bytes(), "{hash} of {dataset}");
        }
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    for dataset in [VARIED, LARGE] {
        for (hash, format) in [("sha256", "sums"), ("blake3", "sums"), ("md5", "mtree"), ("blake3", "jsonl")] {
            let with = |threads| manifest(&["--threads", threads, "--hash", hash, "--format", format, dataset]);
            let one = with("1");
            assert!(with("4") == one && with("23") == one, "{hash} as {format} of {dataset}");
        }
    }
}

#[test]
fn shards_in_order_are_the_whole() {
    for dataset in ["files=0,dirs=0", "files=3,dirs=2", VARIED] {
        for format in FORMATS {
            let whole = manifest(&["--format", format, dataset]);
            // More shards than entries among them: the first still has the header.
            for count in [2, 3, 11] {
                let shard = |index| manifest(&["--format", format, "--shard", &format!("{index}/{count}"), dataset]);
                let shards: Vec<u8> = (1..=count).flat_map(shard).collect();
                assert!(shards == whole, "{count} shards as {format} of {dataset}");
            }
        }
    }
}

#[test]
fn shards_of_a_listing_in_order_are_the_whole() {
    for dataset in ["files=0,dirs=0", "files=3,dirs=2", "files=20000,dirs=900,spread=varied,kind=mixed"] {
        for format in ["plain", "jsonl", "csv", "mtree"] {
            let ls = |shard: &str| seedfs(&["ls", "--format", format, "--shard", shard, dataset]).stdout;
            for count in [2, 7] {
                let shards: Vec<u8> = (1..=count).flat_map(|index| ls(&format!("{index}/{count}"))).collect();
                assert!(shards == ls("1/1"), "{count} shards as {format} of {dataset}");
            }
        }
    }
}

#[test]
fn a_shard_in_the_middle_of_a_huge_tree_comes_at_once() {
    let shard = ["--shard", "2500000000/4294967296", "files=1T,dirs=1G,size=0"];
    let listed = text(&seedfs(&[&["ls"], &shard[..]].concat()));
    assert!((233..=234).contains(&listed.lines().count()), "{}", listed.lines().count());
    let summed = String::from_utf8(manifest(&shard)).unwrap();
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let mut listed = listed.lines();
    for line in summed.lines() {
        let path = line.strip_prefix(empty).and_then(|rest| rest.strip_prefix("  ")).unwrap();
        assert!(listed.any(|listed| listed == path), "{path}");
    }
}

#[test]
fn jsonl_tells_what_ls_tells_and_the_digest() {
    let listed = text(&seedfs(&["ls", "--format", "jsonl", VARIED]));
    let rows = String::from_utf8(manifest(&["--format", "jsonl", "--hash", "md5", VARIED])).unwrap();
    assert_eq!(rows.lines().count(), 430);
    for (row, listed) in rows.lines().zip(listed.lines()) {
        let mut row: serde_json::Value = serde_json::from_str(row).unwrap();
        let digest = row.as_object_mut().unwrap().remove("md5").unwrap();
        assert_eq!(row, serde_json::from_str::<serde_json::Value>(listed).unwrap());
        assert_eq!(digest.is_string(), row["type"] == "file");
    }
}

#[test]
fn mtree_rows_are_those_of_ls_and_the_digest() {
    let listed = text(&seedfs(&["ls", "--format", "mtree", VARIED]));
    let rows = String::from_utf8(manifest(&["--format", "mtree", VARIED])).unwrap();
    assert!(rows.starts_with(&format!("#mtree\n{}. type=dir", identity(VARIED))), "{rows:.200}");
    let rows = rows.replace(&identity(VARIED), "");
    assert_eq!(rows.lines().count(), 432);
    for (row, listed) in rows.lines().zip(listed.lines()) {
        let (row, digest) = row.split_once(" sha256digest=").unwrap_or((row, ""));
        assert_eq!(row, listed);
        assert_eq!(digest.len(), if row.contains(" type=file ") { 64 } else { 0 });
    }
}

#[test]
fn another_corpus_and_another_seed_count() {
    let dir = tempfile::tempdir().unwrap();
    let corpus = dir.path().join("words");
    std::fs::write(&corpus, (0..3000).map(|i| format!("word{i} ")).collect::<String>()).unwrap();
    let corpus = corpus.to_str().unwrap();
    let text = ["files=3,kind=text"];
    assert_ne!(manifest(&text), manifest(&["--corpus", corpus, text[0]]));
    assert_eq!(manifest(&["files=3,seed=5"]), manifest(&["--seed", "5", "files=3"]));
    // Another dataset all the same, as its identity tells.
    let (with, without) = (manifest(&["--corpus", corpus, "files=3"]), manifest(&["files=3"]));
    let rows = |manifest: &[u8]| manifest.iter().position(|&byte| byte == b'\n').map(|at| manifest[at..].to_vec());
    assert!(with != without && rows(&with) == rows(&without));
}

#[test]
fn a_reader_that_leaves_ends_it_quietly() {
    use std::io::{BufRead, BufReader};
    let mut child = Command::new(SEEDFS)
        .args(["manifest", "--hash", "blake3", "files=1000G,dirs=0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.ends_with(".bin\n"), "{line}");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(141));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Also while another thread is in the middle of a file that would take it years.
#[cfg(unix)]
#[test]
fn a_full_disk_ends_it_with_a_reason() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = Command::new(SEEDFS)
        .args(["manifest", "--threads", "2", "files=600,dirs=0,size=lognormal:4,10,seed=1,kind=zero"])
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("seedfs: standard output: No space left"));
}

/// Rows that nobody reads are not piled up, whatever the number of files.
#[cfg(unix)]
#[test]
fn a_reader_that_waits_costs_no_memory() {
    let mut child = Command::new(SEEDFS)
        .args(["manifest", "--format", "jsonl", "files=1000G,dirs=1000,size=0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 100_000];
    child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    let proc = |file: &str| std::fs::read_to_string(format!("/proc/{}/{file}", child.id())).unwrap();
    let busy = || proc("stat").rsplit(')').next().unwrap().split(' ').skip(12).take(2).collect::<Vec<_>>().join(" ");
    let idle = wait_until(Duration::from_secs(60), || {
        let before = busy();
        std::thread::sleep(Duration::from_millis(200));
        busy() == before
    });
    let status = proc("status");
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let most: u64 = most.split_whitespace().next().unwrap().parse().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(idle, "it goes on although nobody reads");
    assert!(most < 96 << 10, "{most} KiB");
}

/// Runs a shell command on a terminal of its own and returns what that shows.
#[cfg(unix)]
fn on_a_terminal(command: &str) -> String {
    let command = command.replace("seedfs manifest", &format!("{SEEDFS} manifest"));
    succeed(Command::new("script").args(["-qec", &command, "/dev/null"]).env("TERM", "xterm"))
}

#[cfg(unix)]
#[test]
fn progress_is_shown_on_a_terminal_and_not_among_results() {
    if !have(&["script"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let output = dir.path().join("manifest");
    let output = output.to_str().unwrap();
    let dataset = "files=3000,size=64KiB";
    let shown = on_a_terminal(&format!("seedfs manifest --output {output} {dataset}"));
    assert!(shown.contains("% ") && shown.contains(" files and directories ") && shown.contains("MiB"), "{shown:?}");
    let shown = on_a_terminal(&format!("seedfs manifest {dataset} > {output}"));
    assert!(shown.contains(" files and directories "), "{shown:?}");
    let results = std::fs::read_to_string(output).unwrap().replace('\n', "\r\n");
    assert_eq!(on_a_terminal(&format!("seedfs manifest {dataset}")), results);
    assert_eq!(on_a_terminal(&format!("seedfs manifest {dataset} | cat")), results);
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (arguments, says) in [
        (&["--threads", "0"][..], "--threads"),
        (&["--threads", "2000"], "--threads"),
        (&["--threads", "-1"], "-1"),
        (&["--shard", "0/3"], "counted from 1"),
        (&["--shard", "4/3"], "counted from 1"),
        (&["--shard", "1/0"], "2^32"),
        (&["--shard", "1/4294967297"], "2^32"),
        (&["--shard", "1"], "I/N"),
        (&["--hash", "sha1"], "sha1"),
        (&["--format", "csv"], "csv"),
        (&["--format", "mtree", "--hash", "blake3"], "mtree knows no digest of blake3; use sha256 or md5"),
        (&["--format", "mtree", "--hash", "xxh3"], "mtree knows no digest of xxh3"),
        (&["--output", if cfg!(windows) { "NUL" } else { "/dev/null" }], "no regular file"),
        (&["nowhere"], "neither a command nor a dataset"),
    ] {
        let output = seedfs(&[&["manifest"], arguments].concat());
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(message.starts_with("seedfs: ") && message.lines().count() == 1, "{arguments:?}: {message}");
        assert!(message.contains(says), "{arguments:?}: {message}");
    }
    for shard in ["0/3", "4/3", "1/0"] {
        assert_eq!(seedfs(&["ls", "--shard", shard]).status.code(), Some(2), "{shard}");
    }
}
