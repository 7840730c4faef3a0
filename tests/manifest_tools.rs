//! The programs for which manifests are made accept them: on a real mount, and for names with any bytes in them.
// Mounts through FUSE.
#![cfg(unix)]

mod common;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use common::mount::Mounted;
use common::run::{have, seedfs, succeed, tool};
use proptest::prelude::*;
use seedfs::listing::Row;
use seedfs::manifest::{Algorithm, push_sum};
use seedfs::{Kind, Recipe};

const DATASET: &str = "files=150,dirs=20,fanout=3,size=lognormal:9,3,empty=5,kind=mixed,seed=4";

/// Hash functions, and the programs that check them.
const PROGRAMS: [(&str, &str); 4] =
    [("sha256", "sha256sum"), ("md5", "md5sum"), ("blake3", "b3sum"), ("xxh3", "xxhsum")];

fn manifest(arguments: &[&str]) -> String {
    let output = seedfs(&[&["manifest"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What a program says of a list, and whether it accepts it.
fn check(dir: &Path, program: &str, list: &[u8]) -> (bool, String) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), list).unwrap();
    let output = Command::new(program).arg("-c").arg(file.path()).current_dir(dir).stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn programs_accept_the_sums_of_a_mount_and_find_what_was_changed() {
    let Some(mount) = Mounted::start(&[DATASET]) else { return };
    for (hash, program) in PROGRAMS {
        if !have(&[program]) {
            continue;
        }
        let sums = manifest(&["--hash", hash, DATASET]);
        let (accepted, said) = check(mount.path(), program, sums.as_bytes());
        assert!(accepted, "{program}: {said}");
        assert_eq!(said.matches(": OK").count(), 150, "{program}: {said}");
        assert!(!said.to_lowercase().contains("warning"), "{program}: {said}");

        // One digit of the last digest.
        let digit = if program == "xxhsum" { sums.len() - 2 } else { sums.rfind("  ").unwrap() - 1 };
        let mut changed = sums.into_bytes();
        changed[digit] = if changed[digit] == b'0' { b'1' } else { b'0' };
        let (accepted, said) = check(mount.path(), program, &changed);
        assert!(!accepted && said.contains("FAILED"), "{program}: {said}");
    }
    mount.unmount();
}

/// Newlines, backslashes, carriage returns and bytes that are no UTF-8, in names that were listed and mounted.
#[test]
fn programs_accept_the_sums_of_the_oddest_names() {
    let cases = "files=10,dirs=2,cases=names+links+holes+times+special";
    let Some(mount) = Mounted::start(&[cases]) else { return };
    // b3sum reads lists of UTF-8 only, and not every xxhsum knows escapes.
    for (hash, program) in &PROGRAMS[..2] {
        if !have(&[program]) {
            continue;
        }
        let sums = seedfs(&["manifest", "--hash", hash, cases]).stdout;
        // All but the comment with the identity.
        let lines = sums.iter().filter(|&&byte| byte == b'\n').count() - 1;
        assert!(lines > 4000 && sums.contains(&0xff), "{lines}");
        let (accepted, said) = check(mount.path(), program, &sums);
        assert!(accepted, "{program}: {said}");
        assert_eq!(said.matches(": OK").count(), lines, "{program}: {said}");
    }
    mount.unmount();
}

#[test]
fn mtree_finds_nothing_to_say_about_a_mount() {
    if !have(&["mtree"]) {
        return;
    }
    let Some(mount) = Mounted::start(&[DATASET]) else { return };
    let specification = tempfile::NamedTempFile::new().unwrap();
    let compare = || {
        let mut command = Command::new("mtree");
        command.arg("-p").arg(mount.path()).arg("-f").arg(specification.path());
        let output = command.output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    for arguments in [&["--hash", "sha256", DATASET][..], &["--hash", "md5", DATASET]] {
        let text = manifest(&[&["--format", "mtree"], arguments].concat());
        std::fs::write(specification.path(), &text).unwrap();
        assert_eq!(compare(), (true, String::new()));

        let keyword = if text.contains("sha256digest=") { "sha256digest=" } else { "md5digest=" };
        let (before, digest) = text.rsplit_once(keyword).unwrap();
        std::fs::write(specification.path(), format!("{before}{keyword}{}", digest.replace(char::is_numeric, "a")))
            .unwrap();
        assert!(!compare().0, "a wrong digest is found");
    }
    let listed = String::from_utf8(seedfs(&["ls", "--format", "mtree", DATASET]).stdout).unwrap();
    std::fs::write(specification.path(), &listed).unwrap();
    assert_eq!(compare(), (true, String::new()));
    mount.unmount();
}

#[test]
fn bsdtar_archives_a_mount_by_its_mtree_and_brings_it_back() {
    if !have(&["bsdtar", "sha256sum"]) {
        return;
    }
    let Some(mount) = Mounted::start(&[DATASET]) else { return };
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(at("mtree"), manifest(&["--format", "mtree", DATASET])).unwrap();
    tool(mount.path(), "bsdtar", &["-cf", &at("tar"), &format!("@{}", at("mtree"))]);
    mount.unmount();

    std::fs::create_dir(at("restored")).unwrap();
    tool(dir.path(), "bsdtar", &["-xpf", &at("tar"), "-C", "restored"]);
    let (accepted, said) = check(&dir.path().join("restored"), "sha256sum", manifest(&[DATASET]).as_bytes());
    assert!(accepted, "{said}");
    // Modes and times as well; the directory that it is extracted to keeps its own.
    let options = ["-cf", "-", "--format=mtree", "--options=!all,type,mode,size,time,sha256", "."];
    let found = tool(&dir.path().join("restored"), "bsdtar", &options);
    assert_eq!(mtree_rows(&found), mtree_rows(&manifest(&["--format", "mtree", DATASET])));
}

/// The rows below the root, each as the set of its words: programs write them in any order.
fn mtree_rows(text: &str) -> BTreeSet<BTreeSet<String>> {
    let words = |row: &str| row.split(' ').filter(|word| !word.starts_with("nlink=")).map(String::from).collect();
    text.lines().filter(|row| row.starts_with("./")).map(|row| words(&row.replace(" mode=0", " mode="))).collect()
}

/// Whether this xxhsum knows escaped names, as later ones do.
fn xxhsum_escapes(dir: &Path) -> bool {
    std::fs::write(dir.join("a\\b"), "").unwrap();
    let line = succeed(Command::new("xxhsum").args(["-H3", "a\\b"]).current_dir(dir));
    std::fs::remove_file(dir.join("a\\b")).unwrap();
    line.starts_with('\\')
}

/// Files with these names, each with its name as its bytes, are listed as the program itself lists them, and accepted.
fn compare_with(program: &str, algorithm: Algorithm, names: &[Vec<u8>]) {
    let dir = tempfile::tempdir().unwrap();
    let escapes = program != "xxhsum" || xxhsum_escapes(dir.path());
    let mut ours = Vec::new();
    for name in names {
        let special = name.iter().any(|byte| b"\\\n\r".contains(byte));
        if (special && !escapes) || (program == "b3sum" && str::from_utf8(name).is_err()) {
            continue;
        }
        std::fs::write(dir.path().join(OsStr::from_bytes(name)), name).unwrap();
        let mut command = Command::new(program);
        command.args((program == "xxhsum").then_some("-H3")).arg("--").arg(OsStr::from_bytes(name));
        let theirs = command.current_dir(dir.path()).output().unwrap();
        assert!(theirs.status.success(), "{command:?}");
        let mut line = Vec::new();
        push_sum(algorithm, name, algorithm.digest(name), &mut line);
        assert!(line == theirs.stdout, "{program}: {:?}", String::from_utf8_lossy(&theirs.stdout));
        ours.extend_from_slice(&line);
    }
    let (accepted, said) = check(dir.path(), program, &ours);
    assert!(accepted || ours.is_empty(), "{program}: {said}");
}

const ODD_NAMES: [&[u8]; 17] = [
    b"plain",
    b" ",
    b" leading and trailing ",
    b"new\nline",
    b"\n",
    b"return\rin the middle",
    b"return at the end\r",
    b"back\\slash",
    b"\\n",
    b"\\",
    b"*star",
    b"#comment",
    b"-dash",
    b"(parentheses) = 0",
    b"gr\xc3\xbc\xc3\x9fe",
    b"not \xff\xfe UTF-8",
    b"SHA256 (x) = 0",
];

#[test]
fn odd_names_are_written_as_the_programs_write_them() {
    let names = ODD_NAMES.map(<[u8]>::to_vec);
    for (program, algorithm) in [
        ("sha256sum", Algorithm::Sha256),
        ("md5sum", Algorithm::Md5),
        ("b3sum", Algorithm::Blake3),
        ("xxhsum", Algorithm::Xxh3),
    ] {
        if have(&[program]) {
            compare_with(program, algorithm, &names);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_name_is_written_as_sha256sum_writes_it(
        name in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\\'), Just(b'\r'), 1u8..=255], 1..40),
    ) {
        let usable = !name.contains(&b'/') && name != b"." && name != b"..";
        if usable && have(&["sha256sum"]) {
            compare_with("sha256sum", Algorithm::Sha256, &[name]);
        }
    }
}

#[test]
fn mtree_and_bsdtar_find_files_of_odd_names() {
    if !have(&["mtree", "bsdtar"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    std::fs::create_dir(&root).unwrap();
    let mut specification = b"#mtree\n. type=dir\n".to_vec();
    for name in ODD_NAMES {
        let file = std::fs::File::create(root.join(OsStr::from_bytes(name))).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000)).unwrap();
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        let recipe = Some(Recipe { kind: Kind::Random, seed: 0, size: 0, edition: 0 });
        let row = Row {
            path: name,
            file_type: "file",
            ino: 2,
            mode: 0o644,
            nlink: 1,
            owner: None,
            size: Some(0),
            target: None,
            mtime: seedfs::vfs::Time::of(1_600_000_000),
            device: None,
            case: None,
            recipe,
        };
        row.push_mtree(&mut specification);
        specification.push(b'\n');
    }
    let file = dir.path().join("specification");
    std::fs::write(&file, specification).unwrap();
    let file = file.to_str().unwrap();
    assert_eq!(tool(&root, "mtree", &["-p", ".", "-f", file]), "");
    let archive = Command::new("bsdtar")
        .args(["-cf", "-", "--format=ustar", &format!("@{file}")])
        .current_dir(&root)
        .output()
        .unwrap();
    assert!(archive.status.success(), "{}", String::from_utf8_lossy(&archive.stderr));
    let archive = archive_names(&archive.stdout);
    assert_eq!(archive, ODD_NAMES.iter().map(|name| [b"./", *name].concat()).collect::<BTreeSet<_>>());
}

/// The names of the files in a ustar archive.
fn archive_names(archive: &[u8]) -> BTreeSet<Vec<u8>> {
    let headers = archive.chunks_exact(512).filter(|header| &header[257..262] == b"ustar" && header[156] == b'0');
    headers.map(|header| header[..100].split(|&byte| byte == 0).next().unwrap_or_default().to_vec()).collect()
}
