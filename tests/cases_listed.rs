//! Cases in listings, in parts of them, and among the duplicates.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::process::Command;

use common::cases::{Stat, dataset, each, promised};
use common::run::{SEEDFS, have, seedfs, succeed, text};
use seedfs::SyntheticFile;
use seedfs::content::Corpus;
use sha2::{Digest, Sha256};

const CASES: &str = "files=40,dirs=5,empty=10,sparse=10,cases=all-directories";

fn list(format: &str, shard: &str) -> Vec<u8> {
    let output = seedfs(&["ls", "--format", format, "--shard", shard, CASES]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn shards_put_together_are_the_whole() {
    for format in ["plain", "jsonl", "csv", "mtree"] {
        for parts in [1, 3, 7] {
            let all: Vec<u8> = (1..=parts).flat_map(|part| list(format, &format!("{part}/{parts}"))).collect();
            assert!(all == list(format, "1/1"), "{format} in {parts} parts");
        }
    }
}

#[test]
fn json_tells_what_is_expected_and_all_that_stat_does() {
    let expected = promised(&dataset(CASES));
    let text = String::from_utf8(list("jsonl", "1/1")).unwrap();
    let mut seen = 0;
    for line in text.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let path = row["path"].as_str().unwrap();
        if path != "cases" && !path.starts_with("cases/") {
            assert!(row.get("case").is_none() && row.get("expect").is_none() && row.get("mtime_ns").is_none());
            continue;
        }
        let bytes = row.get("path_percent").map_or(path.as_bytes().to_vec(), |p| unpercent(p.as_str().unwrap()));
        let stat = &expected[&bytes];
        let is_device = matches!(row["type"].as_str(), Some("char" | "block"));
        let number = |key: &str| row[key].as_i64().unwrap_or(0);
        let device =
            row.get("device").map_or((0, 0), |d| (d[0].as_u64().unwrap() as u32, d[1].as_u64().unwrap() as u32));
        let told = Stat {
            mode: kind(row["type"].as_str().unwrap()) | u32::from_str_radix(row["mode"].as_str().unwrap(), 8).unwrap(),
            ino: number("ino") as u64,
            nlink: number("nlink") as u64,
            // Targets are told, and so need no size.
            size: if row["type"] == "symlink" { stat.size } else { number("size") as u64 },
            mtime: (number("mtime"), row.get("mtime_ns").map_or(0, |ns| ns.as_i64().unwrap())),
            device,
            target: row.get("target_percent").or(row.get("target").filter(|t| !t.is_null())).map_or(vec![], |target| {
                let target = target.as_str().unwrap();
                if row.get("target_percent").is_some() { unpercent(target) } else { target.as_bytes().to_vec() }
            }),
        };
        assert_eq!(&told, stat, "{line}");
        assert_eq!(row.get("device").is_some(), is_device);
        let tag = path.split('/').nth(1).unwrap_or("cases");
        assert_eq!(row["case"], tag);
        assert!(row["expect"].as_str().unwrap().starts_with("a tool "), "{line}");
        seen += 1;
    }
    assert_eq!(seen, expected.len());
}

fn kind(name: &str) -> u32 {
    match name {
        "file" => common::cases::S_IFREG,
        "directory" => common::cases::S_IFDIR,
        "symlink" => common::cases::S_IFLNK,
        "fifo" => common::cases::S_IFIFO,
        "socket" => common::cases::S_IFSOCK,
        "char" => common::cases::S_IFCHR,
        "block" => common::cases::S_IFBLK,
        _ => panic!("{name}"),
    }
}

fn unpercent(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let (byte, tail) = match (first, tail) {
            (b'%', [a, b, tail @ ..]) => {
                (u8::from_str_radix(std::str::from_utf8(&[*a, *b]).unwrap(), 16).unwrap(), tail)
            }
            (byte, tail) => (*byte, tail),
        };
        bytes.push(byte);
        rest = tail;
    }
    bytes
}

#[test]
fn csv_has_a_row_for_each_of_them() {
    let csv = list("csv", "1/1");
    let mut reader = csv::Reader::from_reader(&csv[..]);
    let column = |name: &str, headers: &csv::ByteRecord| headers.iter().position(|h| h == name.as_bytes()).unwrap();
    let headers = reader.byte_headers().unwrap().clone();
    let (path, case, expect) = (column("path", &headers), column("case", &headers), column("expect", &headers));
    let mut paths = BTreeSet::new();
    for row in reader.byte_records() {
        let row = row.unwrap();
        assert_eq!(row[case].is_empty(), row[expect].is_empty());
        if !row[case].is_empty() {
            paths.insert(row[path].to_vec());
        }
    }
    assert_eq!(paths, promised(&dataset(CASES)).into_keys().collect());
}

/// bsdtar reads an mtree specification as an archive: it understands each line.
#[test]
fn bsdtar_reads_the_specification() {
    if !have(&["bsdtar"]) {
        return;
    }
    let cases = "files=0,dirs=0,cases=names+links+times+modes+special";
    let mut specification = tempfile::NamedTempFile::new().unwrap();
    let output = seedfs(&["ls", "--format", "mtree", cases]);
    std::io::Write::write_all(&mut specification, &output.stdout).unwrap();
    let output = Command::new("bsdtar").arg("-tvf").arg(specification.path()).env("LC_ALL", "C").output().unwrap();
    let (listed, said) = (text(&output), String::from_utf8_lossy(&output.stderr).into_owned());
    // mtree(5) has sockets, libarchive 3.7 has not: it says so, and goes on.
    let other = |line: &&str| !line.contains("\"socket\"") && !line.contains("Error exit delayed");
    assert_eq!(said.lines().find(other), None);
    let types = |letter: char| listed.lines().filter(|line| line.starts_with(letter)).count();
    assert_eq!((types('p'), types('c'), types('b')), (2, 3, 3), "{listed}");
    assert!(listed.contains("4095,1048575"), "{listed}");
    assert_eq!(types('l'), 58);
}

/// Equal bytes, made and hashed: what is too large to be read is equal to nothing, or a hole.
#[test]
fn duplicates_are_those_of_the_bytes() {
    for text in [
        "files=40,dirs=5,empty=10,sparse=10,cases=names+paths+links+holes+times+modes+special+directories",
        "files=300,dirs=5,size=uniform:0-20,kind=mixed,cases=names+links+holes+times+special",
    ] {
        let dataset = dataset(text);
        let mut by_digest: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>> = BTreeMap::new();
        let mut add = |recipe, path: &[u8]| {
            let mut bytes = Vec::new();
            SyntheticFile::with_builtin(recipe).unwrap().read_to_end(&mut bytes).unwrap();
            by_digest.entry(Sha256::digest(&bytes).to_vec()).or_default().insert(path.to_vec());
        };
        each(&dataset, |case, path| {
            // The entries of the large directories are alike but for their seeds.
            let is_one_of_many = case.tag == Some(seedfs::dataset::cases::Tag::Directories) && case.number % 1000 > 0;
            if let Some(recipe) = case.recipe().filter(|_| !is_one_of_many) {
                add(recipe, path);
            }
        });
        for index in 0..dataset.shape().files() {
            if let seedfs::dataset::Listed::File(file) = dataset.entry(index) {
                let mut path = Vec::new();
                dataset.write_path(index, &mut path);
                add(file.recipe, &path);
            }
        }
        let of_bytes: BTreeSet<_> = by_digest.into_values().filter(|paths| paths.len() > 1).collect();
        let mut told = BTreeSet::new();
        let Ok(()) = dataset.duplicate_groups(&Corpus::builtin(), |group| {
            let path = |&index: &u64| {
                let mut path = Vec::new();
                dataset.write_path(index, &mut path);
                assert_eq!(dataset.index_at_path(&path), Some(index));
                path
            };
            assert!(told.insert(group.files.iter().map(path).collect::<BTreeSet<_>>()));
            Ok::<(), std::convert::Infallible>(())
        });
        assert!(told == of_bytes, "{text}: {} groups told, {} in the bytes", told.len(), of_bytes.len());
        assert!(told.iter().any(|group| group.len() == 2911) && told.iter().any(|group| group.len() == 1025));
    }
}

#[test]
fn names_of_one_file_count_as_one_and_can_be_left_out() {
    let cases = "files=0,dirs=0,cases=links+sizes+huge";
    let rows = |arguments: &[&str]| text(&seedfs(&[&["duplicates", "--format", "json"], arguments, &[cases]].concat()));
    let sizes = |text: &str| {
        let group = |line: &str| {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            (row["files"].as_array().unwrap().len(), row["inodes"].as_u64().unwrap())
        };
        text.lines().map(group).collect::<BTreeSet<_>>()
    };
    assert_eq!(sizes(&rows(&[])), BTreeSet::from([(2, 2), (3, 1), (1025, 1), (2911, 1)]));
    assert_eq!(sizes(&rows(&["--no-hard-links", "--no-empty"])), BTreeSet::new());
    succeed(Command::new(SEEDFS).args(["duplicates", "--no-hard-links", cases]));
}

/// The catalogue belongs to the format: names, types, modes, sizes, times and targets of one version never change.
#[test]
fn the_catalogue_is_that_of_the_format() {
    let output = seedfs(&["ls", "--format", "mtree", "files=0,dirs=0,cases=all"]);
    let digest: String = Sha256::digest(&output.stdout).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, "0f2348f7ccb718da5702be4c50a212a4b3f1d3cde5e8be9a1d6b8fcd10d26fe6");
}
