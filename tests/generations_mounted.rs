//! Generations through a mount: one of them, a live mount that moves on, and all side by side.
// Mounts through FUSE.
#![cfg(unix)]

mod common;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use common::mount::{Foreground, Mounted, seedfs};
use common::run::{have, skipped};
use common::sink::SinkMount;
use common::users::copy_program;
use seedfs::content::Corpus;
use seedfs::dataset::{At, Dataset, Entry, Listed, Spec};
use seedfs::tree::{file_ino, folder_ino};

const LIVELY: &str = "files=400,dirs=20,kind=mixed,size=lognormal:8,2,hardlinks=4,churn.created=9,churn.deleted=5,\
     churn.renamed=6,churn.moved=7,churn.modified=12,churn.replaced=20,churn.touched=5,churn.chmod=5,\
     churn.edits=2*mixed+append+overwrite+revise";

/// What a program sees of a file.
#[derive(Debug, PartialEq)]
struct Seen {
    ino: u64,
    size: u64,
    mode: u32,
    mtime: i64,
    ctime: i64,
    bytes: Vec<u8>,
}

/// All regular files below a directory, by their paths from there.
fn files_below(root: &Path) -> BTreeMap<PathBuf, Seen> {
    let mut found = BTreeMap::new();
    let mut left = vec![root.to_path_buf()];
    while let Some(directory) = left.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            if metadata.is_dir() {
                left.push(path);
            } else if metadata.is_file() {
                found.insert(path.strip_prefix(root).unwrap().to_path_buf(), seen(&path, &metadata));
            }
        }
    }
    found
}

fn seen(path: &Path, metadata: &std::fs::Metadata) -> Seen {
    Seen {
        ino: metadata.ino(),
        size: metadata.len(),
        mode: metadata.mode() & 0o7777,
        mtime: metadata.mtime(),
        ctime: metadata.ctime(),
        bytes: std::fs::read(path).unwrap(),
    }
}

/// Compares the times of all directories with those that the library has.
fn assert_folder_times(root: &Path, at: &At<'_>) {
    let mut left = vec![root.to_path_buf()];
    let mut count = 0;
    while let Some(directory) = left.pop() {
        let metadata = directory.metadata().unwrap();
        let folder = (metadata.ino() - 1) / 2;
        assert_eq!(folder_ino(folder).0, metadata.ino());
        assert_eq!(metadata.mtime(), at.folder_time(folder), "{directory:?} of generation {}", at.generation());
        let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
        left.extend(entries.filter(|entry| entry.file_type().unwrap().is_dir()).map(|entry| entry.path()));
        count += 1;
    }
    assert_eq!(count, at.dataset().shape().folders());
}

/// The same, as the library has it.
fn files_expected(at: &At<'_>) -> BTreeMap<PathBuf, Seen> {
    let mut expected = BTreeMap::new();
    at.walk(0..u64::MAX, |entry, path| {
        if let Entry::Listed(_, Listed::File(file)) = entry {
            let mut bytes = vec![0; file.size as usize];
            file.recipe.fill(&Corpus::builtin(), 0, &mut bytes).unwrap();
            let path = PathBuf::from(String::from_utf8(path.to_vec()).unwrap());
            let seen = Seen {
                ino: file_ino(file.inode).0,
                size: file.size,
                mode: file.mode.into(),
                mtime: file.mtime,
                ctime: file.ctime,
                bytes,
            };
            expected.insert(path, seen);
        }
        Ok::<(), std::convert::Infallible>(())
    })
    .unwrap();
    expected
}

/// Files are many: the first difference says enough.
fn assert_same(found: &BTreeMap<PathBuf, Seen>, expected: &BTreeMap<PathBuf, Seen>) {
    let difference = found.iter().zip(expected).find(|(a, b)| a != b);
    assert!(difference.is_none(), "{difference:?}");
    assert_eq!(found.len(), expected.len());
}

fn advance(point: &Path, to: Option<u64>) -> (Option<i32>, String, String) {
    let number = to.map(|to| to.to_string());
    let output = seedfs().arg("advance").arg(point).args(number).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_generation_is_mounted_as_the_library_has_it() {
    let dataset = Dataset::new(Spec::parse(LIVELY).unwrap()).unwrap();
    for generation in [1, 25] {
        let Some(mount) = Mounted::start(&[LIVELY, "--generation", &generation.to_string()]) else { return };
        assert_same(&files_below(mount.path()), &files_expected(&dataset.at(generation).unwrap()));
        let shown = std::fs::read_to_string(mount.path().join(".seedfs/generation")).unwrap();
        assert_eq!(shown, format!("{generation}\n"));
        mount.unmount();
    }
}

#[test]
fn a_live_mount_moves_on_and_back_and_nobody_sees_anything_old() {
    let dataset = Dataset::new(Spec::parse(LIVELY).unwrap()).unwrap();
    let Some(mount) = Mounted::start(&[LIVELY, "--listed-only"]) else { return };
    // The kernel has seen everything before, and keeps it for a year.
    assert_same(&files_below(mount.path()), &files_expected(&dataset.at_start()));
    for (to, shown) in [(None, 1), (None, 2), (Some(40), 40), (Some(3), 3), (Some(3), 3), (Some(0), 0)] {
        // Names to come are known to be absent.
        let coming = files_expected(&dataset.at(shown).unwrap());
        coming.keys().for_each(|path| drop(mount.path().join(path).metadata()));
        assert_eq!(advance(mount.path(), to), (Some(0), format!("generation {shown}\n"), String::new()));
        assert_same(&files_below(mount.path()), &coming);
    }
    mount.unmount();
}

/// Also of those in which nothing but their time has changed: files came and went in between, or moved nowhere.
#[test]
fn no_directory_keeps_an_old_time() {
    let crowded = "files=60,dirs=8,churn.created=40,churn.deleted=30,churn.moved=40,churn.renamed=10";
    let sparse = "files=60,dirs=500,fanout=30,churn.created=40,churn.deleted=30,churn.moved=40,churn.renamed=10";
    for text in [crowded, sparse, "demo"] {
        let dataset = Dataset::new(Spec::parse(text).unwrap()).unwrap();
        let Some(mount) = Mounted::start(&[text, "--listed-only"]) else { return };
        assert_folder_times(mount.path(), &dataset.at_start());
        for to in [1, 2, 5, 30, 31, 4, 0, 12] {
            assert_eq!(advance(mount.path(), Some(to)).0, Some(0));
            assert_folder_times(mount.path(), &dataset.at(to).unwrap());
        }
        mount.unmount();
    }
}

#[test]
fn open_files_follow_and_deleted_ones_are_read_to_the_end() {
    let dataset = Dataset::new(Spec::parse(LIVELY).unwrap()).unwrap();
    let Some(mount) = Mounted::start(&[LIVELY, "--listed-only"]) else { return };
    let (before, after) = (files_expected(&dataset.at_start()), files_expected(&dataset.at(1).unwrap()));
    let by_ino: BTreeMap<u64, &Seen> = after.values().map(|seen| (seen.ino, seen)).collect();
    let open: Vec<(File, &Seen)> =
        before.iter().map(|(path, seen)| (File::open(mount.path().join(path)).unwrap(), seen)).collect();
    for (mut file, _) in open.iter().map(|(file, seen)| (file, seen)) {
        file.read_to_end(&mut Vec::new()).unwrap();
    }
    assert_eq!(advance(mount.path(), None).0, Some(0));
    let mut kinds = [0, 0, 0];
    for (file, was) in &open {
        let is = by_ino.get(&was.ino).copied().unwrap_or(was);
        let mut bytes = vec![0; is.size as usize + 10];
        let n = file.read_at(&mut bytes, 0).unwrap();
        assert!(bytes[..n] == is.bytes);
        kinds[if !by_ino.contains_key(&was.ino) { 0 } else { usize::from(is.bytes != was.bytes) + 1 }] += 1;
    }
    assert!(kinds.iter().all(|&n| n > 0), "deleted, unchanged and changed files are among them: {kinds:?}");
    drop(open);
    mount.unmount();
}

#[test]
fn readers_are_not_held_up_while_the_mount_moves_on() {
    let Some(mount) = Mounted::start(&[LIVELY, "--listed-only"]) else { return };
    let point = mount.path().to_path_buf();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let passes = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut passes = 0;
                    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                        for entry in walk(&point) {
                            match std::fs::read(entry) {
                                Ok(_) => {}
                                Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound, "it may be gone by then"),
                            }
                        }
                        passes += 1;
                    }
                    passes
                })
            })
            .collect();
        for to in 1..30 {
            assert_eq!(advance(&point, Some(to)).0, Some(0));
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        readers.into_iter().map(|reader| reader.join().unwrap()).collect::<Vec<i32>>()
    });
    assert!(passes.iter().all(|&n| n > 0), "{passes:?}");
    // In the end all is as it should be.
    let dataset = Dataset::new(Spec::parse(LIVELY).unwrap()).unwrap();
    assert_same(&files_below(mount.path()), &files_expected(&dataset.at(29).unwrap()));
    mount.unmount();
}

/// Paths of the files below a directory; directories neither come nor go.
fn walk(root: &Path) -> Vec<PathBuf> {
    let (mut files, mut left) = (Vec::new(), vec![root.to_path_buf()]);
    while let Some(directory) = left.pop() {
        for entry in std::fs::read_dir(directory).unwrap().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => left.push(entry.path()),
                _ => files.push(entry.path()),
            }
        }
    }
    files
}

#[test]
fn generations_stand_side_by_side() {
    let dataset = Dataset::new(Spec::parse(LIVELY).unwrap()).unwrap();
    let Some(mount) = Mounted::start(&[LIVELY, "--generation", "3", "--snapshots"]) else { return };
    let mut names: Vec<String> =
        std::fs::read_dir(mount.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["gen-000000", "gen-000001", "gen-000002", "gen-000003"]);
    let mut inodes = std::collections::HashSet::new();
    for (generation, name) in names.iter().enumerate() {
        let found = files_below(&mount.path().join(name));
        let expected = files_expected(&dataset.at(generation as u64).unwrap());
        // Numbers are others, and each is that of one file only.
        let by_path = found.iter().zip(&expected);
        assert_eq!(found.len(), expected.len());
        for ((path, a), (expected_path, b)) in by_path {
            assert_eq!((path, a.size, a.mode, a.mtime, a.ctime), (expected_path, b.size, b.mode, b.mtime, b.ctime));
            assert!(a.bytes == b.bytes);
        }
        let own: std::collections::HashSet<u64> = found.values().map(|seen| seen.ino).collect();
        assert!(own.iter().all(|ino| inodes.insert(*ino)));
    }
    let parent = mount.path().join("gen-000002/..").metadata().unwrap().ino();
    assert_eq!(parent, mount.path().metadata().unwrap().ino());
    assert!(mount.path().join("gen-000004").metadata().is_err());
    let (code, _, said) = advance(mount.path(), None);
    assert_eq!(code, Some(1));
    assert!(said.contains("side by side"), "{said}");
    mount.unmount();
}

#[test]
fn what_cannot_be_moved_on_is_refused_with_a_reason() {
    let Some(mount) = Mounted::start(&["demo"]) else { return };
    let (code, _, said) = advance(mount.path(), Some(1_000_000));
    assert_eq!((code, said.contains("has no such generation")), (Some(2), true), "{said}");
    // Nothing has happened.
    assert_eq!(std::fs::read_to_string(mount.path().join(".seedfs/generation")).unwrap(), "0\n");
    mount.unmount();
    let empty = tempfile::tempdir().unwrap();
    for (arguments, reason) in [
        (&["files=10", "--generation", "1000000"][..], "generation 1000000: there are 0 to 999999"),
        (&["files=1T", "--generation", "9"], "generation 9: more than 2^40 files"),
        (&["files=1G", "--generation", "999999", "--snapshots"], "generation 999999: more than"),
        (&["files=10", "-o", "generation=x"], "not a generation"),
    ] {
        let output = seedfs().arg("mount").args(arguments).arg(empty.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), said.contains(reason)), (Some(2), true), "{said}");
    }
}

/// What is said of a place that shows no generations, behind its name; it is one line.
#[track_caller]
fn not_moved(point: &Path) -> String {
    let (code, _, said) = advance(point, None);
    assert_eq!((code, said.lines().count()), (Some(10), 1), "{said}");
    let said = said.strip_prefix(&format!("seedfs: {}: ", point.display())).unwrap_or_else(|| panic!("{said}"));
    said.trim_end().to_owned()
}

#[test]
fn what_is_no_mount_of_a_dataset_is_called_what_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert_eq!(not_moved(&dir.path().join("none")), "does not exist; name a directory that a dataset is mounted on");
    for other in [dir.path(), &file] {
        assert_eq!(not_moved(other), "is no seedfs mount; name the directory that a dataset is mounted on");
    }
    let Some(sink) = SinkMount::start(&[]) else { return };
    let expected = "is a sink, which has no generations; name a directory that a dataset is mounted on";
    assert_eq!(not_moved(sink.path()), expected);
    let mut mount = Foreground::new(&[]);
    mount.signal(libc::SIGKILL);
    mount.wait();
    let remove = format!("seedfs umount --lazy {}", mount.path().display());
    assert_eq!(not_moved(mount.path()), format!("is a dead mount; remove it with: {remove}; then mount it again"));
}

#[test]
fn only_the_owner_and_root_move_a_mount_on() {
    if !common::is_root() {
        skipped("only root can become another user");
        return;
    }
    if !have(&["setpriv"]) {
        return;
    }
    // Where everybody reaches it.
    let place = tempfile::tempdir().unwrap();
    std::fs::set_permissions(place.path(), PermissionsExt::from_mode(0o755)).unwrap();
    copy_program(place.path());
    for (access, reason) in [
        ("allow_other", "is another user's mount; only that user and root may move it on"),
        ("ro", "is another user's mount, which that user alone may look at; run seedfs advance as that user"),
    ] {
        let Some(mount) = Mounted::start(&["demo", "-o", access]) else { return };
        let mut other = Command::new("setpriv");
        other.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(place.path().join("seedfs"));
        let output = other.arg("advance").arg(mount.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), said.contains(reason)), (Some(1), true), "{said}");
        mount.unmount();
    }
}
