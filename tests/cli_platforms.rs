//! Every command prints the same bytes on every platform: what it prints on Linux is known here by its digest.

mod common;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use common::content::sha256;
use common::run::SEEDFS;
use common::verify::restored;

/// Something of everything, in a few kilobytes.
const TREE: &str = "files=300,dirs=30,spread=varied,size=uniform:0-3000,kind=mixed,duplicates=10%,hardlinks=4%,\
                    symlinks=4%,near=4%,churn.modified=5%,churn.created=2%,churn.renamed=2%,seed=5";

/// What the verified directory lacks, and what it has too much.
const HARMED: &str = "files=40,dirs=5,size=uniform:100-3000,kind=mixed,hardlinks=10%,seed=8";

fn run(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(SEEDFS);
    command.args(arguments).current_dir(directory).stdin(Stdio::null());
    command.env("COLUMNS", "80").env("LC_ALL", "C.UTF-8").output().expect("the program starts")
}

/// Commands, their exit codes, and the SHA-256 of their standard output.
const PRINTED: [(&[&str], i32, &str); 24] = [
    (
        &["cat", "s42-1MiB", "a_s7-5001.txt", "s9-300000-c60d25.img", "s3-20480-e2.txt"],
        0,
        "c90b5a98183f8addae86fb5cd1368f0a4dd0ce88d9d77247085366d91ed302b5",
    ),
    (
        &["cat", "--offset", "1TiB", "--length", "64KiB", "s42-1PiB-stamp"],
        0,
        "dabe6546c2179d496e7e1b97cab8592c0183a200d9a433e64584d7623a4ed97f",
    ),
    (&["ls", TREE], 0, "ac605614720ce008358f1b5261a496fb29603d3fbfa3afef0d2042f7ccd92fe9"),
    (
        &["ls", "--format", "jsonl", "--generation", "3", TREE],
        0,
        "fd40669888ca97b548885039ff4cceac28ecf6b20a260a0424fd3a75e51c83f8",
    ),
    (&["ls", "--format", "csv", TREE], 0, "72a4d1e669439c05376ad43251b386fece18e26a1df0a4bfe3673c2a7a59f890"),
    (
        &["ls", "--format", "mtree", "--shard", "2/3", TREE],
        0,
        "cfcc5609866b291b04c9a566b35c0a158cb0488fff06436e7000f4c0888790cb",
    ),
    (&["describe", TREE], 0, "203ad01984012ad2916ea0277f205799184e2175da49973e6286043f4611ccf5"),
    (&["describe", "--json", TREE], 0, "f8114a1ed639d48253fca6eca36e91032bbfbcffadd615da734f9962efd50d60"),
    (&["describe", "--toml", TREE], 0, "b9043c0a832c6acdbfcf358bb70a071738c1cb41565c5e1c2bfde251f92c1887"),
    (&["describe", "--svg", "-", TREE], 0, "15ecf9f12eed87cd2521e14170f7e4923b86d88cb04e23ac46c5f083ba16ae7c"),
    (&["manifest", TREE], 0, "e0b1c4c23213605bb5ab024cdd1a44d315e27b1d646f53e90af879597767d491"),
    (
        &["manifest", "--hash", "blake3", "--generation", "2", TREE],
        0,
        "f15f787ab9231dde0d50eb14ecc1b45e99f4cd83235163312a92913466744e29",
    ),
    (
        &["manifest", "--hash", "xxh3", "--format", "jsonl", TREE],
        0,
        "643c623069c8957cae6dcf503dc0b29126770f9a87af4e5b0328c344526c129f",
    ),
    (
        &["manifest", "--hash", "md5", "--format", "mtree", TREE],
        0,
        "c3c1dfe110b56494cdd6f7f2435becacb42b27422b09fe80777e36f0bf70c8e9",
    ),
    (
        &["duplicates", "--prefix", "/mnt/x", TREE],
        0,
        "7cc5b949d0a52deeaf04049f3bd0d2b982662d4336d8d4551271206802dfeee0",
    ),
    (&["duplicates", "--format", "json", TREE], 0, "51bc88ee34234a82f5a3a87bd551cb3669be52efb880e72e45cdece549937c20"),
    (&["diff", "--to", "3", TREE], 0, "a60d582ddf2253ce1bbd9c188ac092c3aee686607c20d1a306c5c8023ba6eb95"),
    (
        &["diff", "--to", "3", "--format", "jsonl", TREE],
        0,
        "d038866ce9500747a0ccb182e2a22e6ff361d36fa53d85ac2d1101ad9c7c7d75",
    ),
    (
        &["diff", "--from", "1", "--to", "9", "--format", "totals", TREE],
        0,
        "38a8a229868a8d732d0631e5a9f5f91312add53d96dacfdaf9fea02a402e10fb",
    ),
    (
        &["damage", "--damage", "flip:1e-4,zero:0.1,truncate:0.1,seed=7", TREE],
        0,
        "2e7eea47024db07edd5111f6f50dce6c26963d8a3ed6c154cc8044515ba1d7f0",
    ),
    (
        &["damage", "--damage", "swap:0.1,eio:0.1,seed=7", "--format", "jsonl", TREE],
        0,
        "152620e1f76c39902ef074fe5ac5bb1a549c4c19038789ecc1ad1f55eb7b4038",
    ),
    (
        &["dedupe", "--json", "--chunker", "fastcdc:2K,8K,64K", TREE],
        0,
        "13bbfddb2584372f6a291876fbfc7463f4a95c774e32f37ca4426982840c1c9e",
    ),
    (
        &["score", "--tool", "fdupes", TREE, "report"],
        1,
        "9fcf798eb4015657101b8b8f429321492f193ca5d47099c61a69c5e021fc6fef",
    ),
    (
        &["verify", "--dataset", HARMED, "--ignore", "mode,owner", "tree"],
        1,
        "6d00c61d9c0784d21148eb731cb132671ec25dfdcc1770fcf5e55c8bfb7c984f",
    ),
];

/// A report with every third line of the truth, and a restored tree with harm of several kinds.
fn prepare(directory: &Path) {
    let truth = run(directory, &["duplicates", "--no-hard-links", TREE]).stdout;
    let lines = std::str::from_utf8(&truth).unwrap().lines().enumerate();
    let kept: Vec<&str> =
        lines.filter(|(number, line)| number % 3 != 0 || line.is_empty()).map(|(_, line)| line).collect();
    std::fs::write(directory.join("report"), kept.join("\n") + "\n").unwrap();

    let tree = directory.join("tree");
    std::fs::create_dir(&tree).unwrap();
    let files = restored(HARMED, &tree);
    let harm = |number: usize, change: &dyn Fn(&mut Vec<u8>)| {
        let path = tree.join(&files[number]);
        let time = std::fs::metadata(&path).unwrap().modified().unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        change(&mut bytes);
        std::fs::write(&path, bytes).unwrap();
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    };
    harm(3, &|bytes| bytes[50] ^= 1);
    harm(9, &|bytes| bytes.truncate(20));
    harm(15, &|bytes| bytes.extend_from_slice(b"more"));
    std::fs::remove_file(tree.join(&files[20])).unwrap();
    std::fs::rename(tree.join(&files[30]), tree.join("elsewhere")).unwrap();
    std::fs::write(tree.join("extra"), b"extra").unwrap();
}

#[test]
fn every_command_prints_the_same_bytes_everywhere() {
    let directory = tempfile::tempdir().unwrap();
    prepare(directory.path());
    let mut wrong = Vec::new();
    for (arguments, code, expected) in PRINTED {
        let output = run(directory.path(), arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        let digest = sha256(&output.stdout);
        if digest != expected {
            wrong.push(format!("{} of {} bytes: {digest}", arguments[0], output.stdout.len()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
