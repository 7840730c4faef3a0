//! A mount as the lower layer of overlayfs, as container images use it: read through it, changed above it, and itself
//! always the same.
#![cfg(target_os = "linux")]

mod common;

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use common::mount::{Mounted, outcome};
use common::run::{skipped, succeed};
use seedfs::content::SyntheticFile;
use tempfile::TempDir;

const TREE: &str = "files=200,dirs=12,kind=mixed,size=lognormal:9,2,symlinks.share=6%,hardlinks.share=6%,seed=9";

/// An overlay with its upper layer in memory, unmounted whatever happens.
struct Overlay(TempDir);

impl Overlay {
    /// Above a mount. `None`, after saying so, where there is no overlayfs.
    fn above(lower: &Path, options: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        succeed(Command::new("mount").args(["-t", "tmpfs", "none"]).arg(dir.path()));
        let overlay = Self(dir);
        for name in ["upper", "work", "all"] {
            fs::create_dir(overlay.0.path().join(name)).unwrap();
        }
        let top = overlay.0.path().display();
        let layers = format!("lowerdir={},upperdir={top}/upper,workdir={top}/work{options}", lower.display());
        let mut mount = Command::new("mount");
        let (code, said) =
            outcome(&mount.args(["-t", "overlay", "none", "-o", &layers]).arg(overlay.all()).output().unwrap());
        if said.contains("unknown filesystem type") {
            skipped("no overlayfs");
            return None;
        }
        assert_eq!(code, Some(0), "{said}");
        Some(overlay)
    }

    fn all(&self) -> PathBuf {
        self.0.path().join("all")
    }

    fn upper(&self) -> PathBuf {
        self.0.path().join("upper")
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        let unmount = |path: &Path| Command::new("umount").arg(path).status().is_ok_and(|status| status.success());
        let unmounted = unmount(&self.all()) & unmount(self.0.path());
        if !unmounted {
            let _ = Command::new("umount").arg("-l").arg(self.all()).status();
            let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
        }
        assert!(unmounted || std::thread::panicking(), "the overlay was still busy");
    }
}

/// The lower layer. `None`, after saying so, where nothing can be laid above it.
fn lower(arguments: &[&str]) -> Option<Mounted> {
    if !common::is_root() {
        skipped("only root may mount an overlay");
        return None;
    }
    Mounted::start(arguments)
}

fn core(name: &str) -> Vec<u8> {
    let file = SyntheticFile::open(name).unwrap();
    let mut bytes = vec![0; file.len() as usize];
    file.read_at(0, &mut bytes);
    bytes
}

/// Every path below a directory with what programs look at, and the bytes or target.
fn walk(root: &Path, below: &Path, found: &mut Vec<(PathBuf, u32, u64, i64, Vec<u8>)>) {
    for entry in fs::read_dir(root.join(below)).unwrap() {
        let path = below.join(entry.unwrap().file_name());
        let whole = root.join(&path);
        let metadata = fs::symlink_metadata(&whole).unwrap();
        let contents = match metadata.file_type() {
            kind if kind.is_file() => fs::read(&whole).unwrap(),
            kind if kind.is_symlink() => fs::read_link(&whole).unwrap().into_os_string().into_encoded_bytes(),
            _ => vec![],
        };
        found.push((path.clone(), metadata.mode(), metadata.len(), metadata.mtime(), contents));
        if metadata.is_dir() {
            walk(root, &path, found);
        }
    }
}

fn tree(root: &Path) -> Vec<(PathBuf, u32, u64, i64, Vec<u8>)> {
    let mut found = Vec::new();
    walk(root, Path::new(""), &mut found);
    found.sort();
    found
}

#[test]
fn read_through_an_overlay_it_is_the_same() {
    for (mount_options, options) in
        [("ro", ""), ("direct_io", ""), ("ro", ",index=on,nfs_export=on"), ("ro", ",xino=on")]
    {
        let Some(lower) = lower(&[TREE, "-o", mount_options]) else { return };
        let Some(overlay) = Overlay::above(lower.path(), options) else { return };
        let (below, above) = (tree(lower.path()), tree(&overlay.all()));
        assert!(below.len() > 200 && below == above, "{mount_options} {options}");
        for name in ["s42-100000", "s43-1PiB-stamp"] {
            let file = File::open(overlay.all().join(name)).unwrap();
            let mut bytes = [0; 5000];
            file.read_exact_at(&mut bytes, 50_000).unwrap();
            let mut expected = [0; 5000];
            SyntheticFile::open(name).unwrap().read_at(50_000, &mut expected);
            assert!(bytes == expected, "{name}, which is not listed");
        }
        assert!(fs::metadata(overlay.all().join("missing")).is_err());
        drop(overlay);
        lower.unmount();
    }
}

#[test]
fn what_is_changed_is_copied_up_first() {
    let Some(lower) = lower(&[TREE]) else { return };
    let before = tree(lower.path());
    let Some(overlay) = Overlay::above(lower.path(), "") else { return };
    let files: Vec<PathBuf> =
        before.iter().filter(|row| row.1 & libc::S_IFMT == libc::S_IFREG).map(|row| row.0.clone()).collect();
    for (number, path) in files.iter().take(60).enumerate() {
        let (above, upper) = (overlay.all().join(path), overlay.upper().join(path));
        let whole = fs::read(lower.path().join(path)).unwrap();
        match number % 4 {
            0 => {
                fs::OpenOptions::new().append(true).open(&above).unwrap().write_all(b"more").unwrap();
                assert!(fs::read(&upper).unwrap() == [&whole[..], b"more"].concat(), "{path:?}: appended");
            }
            1 => {
                fs::OpenOptions::new().write(true).open(&above).unwrap().write_all_at(b"X", 0).unwrap();
                let rest = whole.get(1..).unwrap_or_default();
                assert!(fs::read(&above).unwrap() == [b"X", rest].concat(), "{path:?}: written to");
            }
            2 => {
                fs::set_permissions(&above, fs::Permissions::from_mode(0o600)).unwrap();
                assert_eq!(fs::metadata(&above).unwrap().mode() & 0o777, 0o600);
                assert!(fs::read(&above).unwrap() == whole, "{path:?}: with other permissions");
            }
            _ => {
                fs::remove_file(&above).unwrap();
                assert!(
                    !above.exists() && fs::symlink_metadata(&upper).unwrap().file_type().is_char_device(),
                    "{path:?}"
                );
            }
        }
    }
    assert!(tree(lower.path()) == before, "the lower layer never changes");
    drop(overlay);
    lower.unmount();
}

#[test]
fn copies_of_all_kinds_are_exact() {
    let Some(lower) = lower(&[TREE]) else { return };
    let Some(overlay) = Overlay::above(lower.path(), "") else { return };
    for name in
        ["s1-3000001", "s2-3000001-text", "s3-3000001-stamp", "s4-3000001-zero", "s5-3000001-c60d25", "s6-0", "s7-1"]
    {
        let above = overlay.all().join(name);
        // Nothing but the time changes: all bytes are copied.
        File::options().write(true).open(&above).unwrap().set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
        assert!(fs::read(overlay.upper().join(name)).unwrap() == core(name), "{name}");
    }
    // A hole of a gibibyte is not written out.
    let above = overlay.all().join("s8-1GiB-zero");
    fs::set_permissions(&above, fs::Permissions::from_mode(0o600)).unwrap();
    let copy = fs::metadata(overlay.upper().join("s8-1GiB-zero")).unwrap();
    assert_eq!((copy.len(), copy.blocks()), (1 << 30, 0));
    drop(overlay);
    lower.unmount();
}

#[test]
fn directories_and_links_above_it() {
    let Some(lower) = lower(&[TREE]) else { return };
    let before = tree(lower.path());
    let Some(overlay) = Overlay::above(lower.path(), "") else { return };
    let of_type = |format: u32| before.iter().find(|row| row.1 & libc::S_IFMT == format).unwrap().0.clone();
    let (dir, link) = (of_type(libc::S_IFDIR), of_type(libc::S_IFLNK));
    fs::create_dir(overlay.all().join(&dir).join("new")).unwrap();
    fs::write(overlay.all().join(&dir).join("new/file"), "new").unwrap();
    let (mut above, mut below) = (Vec::new(), Vec::new());
    walk(&overlay.all(), &dir, &mut above);
    walk(lower.path(), &dir, &mut below);
    assert_eq!(above.len(), below.len() + 2);
    // Copying a link up keeps its target.
    let target = fs::read_link(lower.path().join(&link)).unwrap();
    fs::rename(overlay.all().join(&link), overlay.all().join("link")).unwrap();
    assert_eq!(fs::read_link(overlay.all().join("link")).unwrap(), target);
    fs::remove_dir_all(overlay.all().join(&dir)).unwrap();
    assert!(!overlay.all().join(&dir).exists() && lower.path().join(&dir).is_dir());
    assert!(tree(lower.path()) == before);
    drop(overlay);
    lower.unmount();
}
