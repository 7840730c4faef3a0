//! Programs that restore, each into a sink: whatever way they write, a right restore is called perfect.
// Mounts through FUSE.
#![cfg(unix)]

mod common;

use std::path::Path;
use std::process::Command;

use common::mount::Mounted;
use common::run::{have, succeed, tool};
use common::sink::{SinkMount, TREE};

/// A dataset with links, holes and near-duplicates beside.
const LINKED: &str =
    "files=300,dirs=20,kind=mixed,size=20KiB,seed=3,hardlinks.share=10%,symlinks.share=10%,near.share=5%";

/// Mounts the dataset and a sink for it, and has it restored.
fn restored(dataset: &str, flags: &[&str], restore: impl FnOnce(&Path, &Path)) {
    let Some(source) = Mounted::start(&[dataset]) else { return };
    let Some(sink) = SinkMount::start(&[&["--dataset", dataset], flags].concat()) else { return };
    restore(source.path(), sink.path());
    sink.expect_perfect();
    source.unmount();
}

fn arg(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn cp_keeps_everything() {
    restored("demo", &["--metadata"], |source, sink| {
        tool(source, "cp", &["-a", "./.", arg(sink)]);
    });
    restored(LINKED, &["--metadata", "--strict"], |source, sink| {
        tool(source, "cp", &["-a", "./.", arg(sink)]);
    });
}

#[test]
fn cp_may_leave_holes_or_fill_them() {
    for sparse in ["always", "never", "auto"] {
        restored(LINKED, &["--strict"], |source, sink| {
            tool(source, "cp", &["-a", &format!("--sparse={sparse}"), "./.", arg(sink)]);
        });
    }
}

#[test]
fn rsync_may_use_temporary_names_or_not() {
    if !have(&["rsync"]) {
        return;
    }
    for options in [&["-aH"][..], &["-aHS"], &["-aH", "--inplace"], &["-aH", "--whole-file", "--fsync"]] {
        restored(LINKED, &["--metadata", "--strict"], |source, sink| {
            tool(source, "rsync", &[options, &["./", &format!("{}/", arg(sink))]].concat());
        });
    }
}

#[test]
fn a_second_rsync_finds_nothing_to_do() {
    if !have(&["rsync"]) {
        return;
    }
    restored(TREE, &["--metadata"], |source, sink| {
        let target = format!("{}/", arg(sink));
        tool(source, "rsync", &["-a", "./", &target]);
        let again = tool(source, "rsync", &["-ai", "--checksum", "./", &target]);
        assert!(again.is_empty(), "what was proved reads back: {again}");
    });
}

#[test]
fn tar_and_bsdtar_extract() {
    if !have(&["tar", "bsdtar"]) {
        return;
    }
    for (program, create, extract) in [("tar", "-cf", "-xpf"), ("tar", "-cSf", "-xpSf"), ("bsdtar", "-cf", "-xpf")] {
        restored(LINKED, &["--metadata", "--strict"], |source, sink| {
            let dir = tempfile::tempdir().unwrap();
            let archive = dir.path().join("archive.tar");
            tool(source, program, &[create, arg(&archive), "."]);
            tool(sink, program, &[extract, arg(&archive)]);
        });
    }
}

#[test]
fn restic_restores() {
    if !have(&["restic"]) {
        return;
    }
    restored(TREE, &["--metadata"], |source, sink| {
        let state = tempfile::tempdir().unwrap();
        let restic = |args: &[&str]| {
            succeed(
                Command::new("restic")
                    .args(args)
                    .env("RESTIC_PASSWORD", "correct horse")
                    .env("RESTIC_REPOSITORY", state.path().join("repo"))
                    .env("RESTIC_CACHE_DIR", state.path().join("cache"))
                    .current_dir(source),
            )
        };
        restic(&["init"]);
        restic(&["backup", "."]);
        restic(&["restore", "latest", "--target", arg(sink)]);
    });
}

#[test]
fn borg_extracts() {
    if !have(&["borg"]) {
        return;
    }
    restored(TREE, &["--metadata"], |source, sink| {
        let state = tempfile::tempdir().unwrap();
        let borg = |cwd: &Path, args: &[&str]| {
            succeed(
                Command::new("borg")
                    .args(args)
                    .env("BORG_REPO", state.path().join("repo"))
                    .env("BORG_BASE_DIR", state.path())
                    .env("BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK", "yes")
                    .current_dir(cwd),
            )
        };
        borg(source, &["init", "--encryption", "none"]);
        borg(source, &["create", "::first", "."]);
        borg(sink, &["extract", "::first"]);
        borg(sink, &["extract", "--sparse", "::first"]);
    });
}

#[test]
fn robocopy_sets_the_size_first_and_the_time_last() {
    restored(TREE, &["--metadata", "--strict"], |source, sink| {
        let script = r#"
import os, sys
source, sink = sys.argv[1:]
for at, dirs, files in os.walk(source):
    to = os.path.join(sink, os.path.relpath(at, source))
    for name in files:
        with open(os.path.join(at, name), "rb") as data, open(os.path.join(to, name), "wb") as copy:
            size = os.fstat(data.fileno()).st_size
            copy.truncate(size)
            for offset in reversed(range(0, size, 65536)):
                copy.seek(offset)
                data.seek(offset)
                copy.write(data.read(65536))
        stat = os.stat(os.path.join(at, name))
        os.chmod(os.path.join(to, name), stat.st_mode)
        os.utime(os.path.join(to, name), ns=(stat.st_atime_ns, stat.st_mtime_ns))
    for name in dirs:
        os.mkdir(os.path.join(to, name))
for at, dirs, files in os.walk(source, topdown=False):
    stat = os.stat(at)
    to = os.path.join(sink, os.path.relpath(at, source))
    os.chmod(to, stat.st_mode)
    os.utime(to, ns=(stat.st_atime_ns, stat.st_mtime_ns))
"#;
        tool(source, "python3", &["-c", script, arg(source), arg(sink)]);
    });
}

#[test]
fn memory_maps_appends_and_exchanges_are_writes_like_others() {
    restored("files=2,size=300000,seed=1", &[], |source, sink| {
        let script = r#"
import mmap, os, sys
source, sink = sys.argv[1:]
first, second = sorted(name for name in os.listdir(source))
def data(name):
    return open(os.path.join(source, name), "rb").read()
# By memory map, the first quarter of a page at a time.
with open(os.path.join(sink, first), "w+b") as file:
    file.truncate(len(data(first)))
    view = mmap.mmap(file.fileno(), 0)
    for start in range(0, len(data(first)), 1024):
        view[start:start + 1024] = data(first)[start:start + 1024]
    view.close()
# Appended in odd pieces, under a name that says nothing, and renamed.
for start in range(0, len(data(second)), 777):
    with open(os.path.join(sink, "what"), "ab") as file:
        file.write(data(second)[start:start + 777])
os.posix_fallocate(os.open(os.path.join(sink, "what"), os.O_RDWR), 0, len(data(second)))
os.rename(os.path.join(sink, "what"), os.path.join(sink, second))
for name in first, second:
    assert open(os.path.join(sink, name), "rb").read() == data(name)
"#;
        tool(source, "python3", &["-c", script, arg(source), arg(sink)]);
    });
}

#[test]
fn without_a_dataset_each_file_must_hold_what_its_name_says() {
    let Some(source) = Mounted::start(&["files=20"]) else { return };
    let Some(sink) = SinkMount::start(&[]) else { return };
    let names = ["s42-1MiB", "photo_s7-300000.jpg", "letter_s3-20480.txt", "s5-100000-zero", "vm_s9-1M-c60d25.img"];
    std::fs::create_dir_all(sink.join("some/where")).unwrap();
    let into = sink.join("some/where");
    tool(source.path(), "cp", &[&names[..], &[arg(&into)]].concat());
    if have(&["rsync"]) {
        std::fs::create_dir(sink.join("else")).unwrap();
        tool(source.path(), "rsync", &[&names[..], &[arg(&sink.join("else"))]].concat());
    }
    std::os::unix::fs::symlink("nowhere", sink.join("link")).unwrap();
    sink.expect_perfect();
    source.unmount();
}
