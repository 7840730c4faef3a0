//! Trees that were restored on the platform where this runs: what it can keep must be right, and what it has not is no
//! difference.

mod common;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use common::verify::{restored, verify};
use tempfile::TempDir;

const TREE: &str = "files=60,dirs=8,size=uniform:1-9000,kind=mixed,hardlinks=10%,seed=8";

const EQUAL: (Option<i32>, Vec<String>) = (Some(0), Vec::new());

/// Owners and the bits that the umask takes are not the matter here, and Windows has neither.
const FLAGS: &[&str] = if cfg!(unix) { &["--dataset", TREE, "--ignore", "mode,owner"] } else { &["--dataset", TREE] };

fn tree() -> (TempDir, Vec<String>) {
    let root = tempfile::tempdir().unwrap();
    let files = restored(TREE, root.path());
    (root, files)
}

fn findings(root: &Path) -> Vec<String> {
    verify(FLAGS, root).1
}

/// Paths of the two names of a file that has two.
fn linked(root: &Path, files: &[String]) -> (String, String) {
    let bytes: Vec<Vec<u8>> = files.iter().map(|file| fs::read(root.join(file)).unwrap()).collect();
    let twins = |n: usize| (0..n).find(|&first| bytes[first] == bytes[n] && bytes[n].len() > 100);
    let (second, first) = (0..files.len()).find_map(|n| Some((n, twins(n)?))).expect("there are hard links");
    (files[first].clone(), files[second].clone())
}

#[test]
fn a_good_copy_is_equal() {
    let (root, _) = tree();
    assert_eq!(verify(FLAGS, root.path()), EQUAL);
    assert_eq!(verify(FLAGS, &root.path().join(".").join("..").join(root.path().file_name().unwrap())), EQUAL);
}

#[test]
fn times_count_also_those_before_1970() {
    let (root, files) = tree();
    let file = File::options().write(true).open(root.path().join(&files[5])).unwrap();
    let demanded = file.metadata().unwrap().modified().unwrap().duration_since(UNIX_EPOCH).unwrap().as_secs();
    // Half a second later is the second before.
    file.set_modified(UNIX_EPOCH - Duration::from_millis(500)).unwrap();
    drop(file);
    let lines = findings(root.path());
    assert_eq!(lines, [format!("{}: mtime -1, should be {demanded}", files[5])]);
}

#[test]
fn names_of_one_file_must_stay_so() {
    let (root, files) = tree();
    let (first, second) = linked(root.path(), &files);
    let path = root.path().join(&second);
    let (bytes, time) = (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap());
    fs::remove_file(&path).unwrap();
    fs::write(&path, bytes).unwrap();
    File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    let lines = findings(root.path());
    assert!(lines.len() == 1 && lines[0].contains(&second) && lines[0].contains(&first), "{lines:?}");

    let (root, files) = tree();
    fs::hard_link(root.path().join(&files[0]), root.path().join("one_more")).unwrap();
    assert_eq!(findings(root.path()).len(), 2, "a name too much, of a file and in its directory");
}

/// Below a root whose own path is longer than the 260 characters that Windows takes of a plain one.
#[test]
fn long_paths_are_reached() {
    let root = tempfile::tempdir().unwrap();
    let start =
        if cfg!(windows) { PathBuf::from(format!(r"\\?\{}", root.path().display())) } else { root.path().into() };
    let long: PathBuf = (0..4).map(|n| format!("{n}{}", "long".repeat(25))).collect();
    fs::create_dir_all(start.join(&long)).unwrap();
    let files = restored(TREE, &start.join(&long));
    let plain = root.path().join(&long);
    assert_eq!(verify(FLAGS, &plain), EQUAL);
    fs::remove_file(start.join(&long).join(files[7].replace('/', std::path::MAIN_SEPARATOR_STR))).unwrap();
    assert_eq!(findings(&plain), [format!("{}: missing", files[7])]);
    let by_names = verify(&[], &plain);
    assert_eq!(by_names, EQUAL, "the names alone");
}

#[test]
fn files_that_nobody_may_write_are_read() {
    let (root, files) = tree();
    let path = root.path().join(&files[3]);
    let set = |read_only: bool| {
        let mut permissions = fs::metadata(&path).unwrap().permissions();
        permissions.set_readonly(read_only);
        fs::set_permissions(&path, permissions).unwrap();
    };
    set(true);
    let lines = findings(root.path());
    set(false);
    assert_eq!(lines, EQUAL.1);
}

#[cfg(windows)]
mod windows {
    use std::ffi::OsString;
    use std::os::windows::ffi::OsStringExt;

    use super::common::verify::shown;
    use super::*;

    fn verbatim(root: &Path) -> PathBuf {
        PathBuf::from(format!(r"\\?\{}", root.display()))
    }

    /// A name in another case leads to the file, whose contents are right; but it is another name.
    #[test]
    fn names_in_another_case_are_told_once() {
        let (root, files) = tree();
        let (folder, inside) = files.iter().find_map(|file| file.split_once('/')).unwrap();
        // Some systems take a change of case alone for none.
        let rename = |from: &str, to: &str| fs::rename(root.path().join(from), root.path().join(to)).unwrap();
        let change_case = |name: &str| (rename(name, "between"), rename("between", &name.to_uppercase()));
        change_case(folder);
        let file = files.iter().find(|file| !file.contains('/')).unwrap();
        change_case(file);
        let mut lines = findings(root.path());
        lines.sort();
        let mut expected = [folder, file].map(|name| format!("{}: renamed, should be {name}", name.to_uppercase()));
        expected.sort();
        assert_eq!(lines, expected, "{inside}");
    }

    /// Names that only programs of other systems make: the shell would take each for another.
    #[test]
    fn names_that_the_shell_does_not_know_are_told() {
        let (root, _) = tree();
        let root_path = verbatim(root.path());
        fs::create_dir(root_path.join("dot.")).unwrap();
        fs::write(root_path.join("dot.").join("nul"), b"in it").unwrap();
        // Wine keeps names as Unicode.
        let odd = fs::write(root_path.join(OsString::from_wide(&[0x61, 0xD800])), b"no Unicode").is_ok();
        let lines = findings(root.path());
        fs::remove_dir_all(root_path.join("dot.")).unwrap();
        assert_eq!(lines.len(), 2 + usize::from(odd), "{lines:?}");
        for name in ["dot.: extra", "dot./nul: extra"] {
            assert!(lines.contains(&name.to_owned()), "{lines:?}");
        }
    }

    #[test]
    fn paths_may_have_backslashes_and_drives_and_are_shown_with_slashes() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("in")).unwrap();
        fs::write(root.path().join("in").join("s1-3.bin"), b"bad").unwrap();
        let path = root.path().join("in");
        let expected = format!("{}/s1-3.bin: ", shown(&path));
        for given in [path.clone(), path.join("s1-3.bin"), path.join(r"..\in")] {
            let (code, lines) = verify(&[], &given);
            let expected =
                if given.ends_with(r"..\in") { format!("{}/s1-3.bin: ", shown(&given)) } else { expected.clone() };
            assert!(code == Some(1) && lines.len() == 1 && lines[0].starts_with(&expected), "{lines:?}");
        }
    }

    /// Only who may make symbolic links can try; Wine has none.
    #[test]
    fn targets_are_compared_whatever_separates_their_parts() {
        const LINKS: &str = "files=40,dirs=9,size=100,symlinks=30%,seed=3";
        let root = tempfile::tempdir().unwrap();
        // Wine says that it made one.
        let tried = root.path().join("try");
        if std::os::windows::fs::symlink_file("nowhere", &tried).is_err() || fs::remove_file(tried).is_err() {
            println!("left out: no symbolic link can be made");
            return;
        }
        restored(LINKS, root.path());
        let dataset = seedfs::dataset::Dataset::new(seedfs::dataset::Spec::parse(LINKS).unwrap()).unwrap();
        let at = dataset.at_start();
        let mut links = 0;
        at.walk(0..dataset.entries(), |entry, path| {
            let row = seedfs::listing::Row::new(&at, entry, path);
            let path = root.path().join(std::str::from_utf8(path).unwrap());
            match row.target.as_deref() {
                Some(target) => {
                    links += 1;
                    let target = std::str::from_utf8(target).unwrap().replace('/', r"\");
                    std::os::windows::fs::symlink_file(target, path)
                }
                None => Ok(()),
            }
        })
        .unwrap();
        assert!(links > 5);
        assert_eq!(verify(&["--dataset", LINKS, "--ignore", "times"], root.path()), EQUAL);
    }
}
