//! Cases on a mount are what the catalogue says: types, modes, times, numbers, names, sizes, targets and bytes.
// Mounts through FUSE.
#![cfg(unix)]

mod common;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use common::cases::{Step, assert_equal, dataset, each, found, promised};
use common::mount::Mounted;
use common::{c_path, is_root};
use seedfs::SyntheticFile;

/// All but the large directories, which have a test of their own.
const CASES: &str = "files=30,dirs=3,cases=all-directories";

#[test]
fn everything_is_as_the_catalogue_says() {
    let Some(mount) = Mounted::start(&[CASES]) else { return };
    if is_root() {
        assert_equal(&promised(&dataset(CASES)), &found(mount.path()));
    } else {
        skip_as_user();
    }
    mount.unmount();
}

fn skip_as_user() {
    common::run::skipped("only root may look into directories without permissions");
}

/// The first and the last bytes of each file, whatever its size; and what the attribute tells of its recipe.
#[test]
fn bytes_are_those_of_the_recipes() {
    let Some(mount) = Mounted::start(&[CASES]) else { return };
    if !is_root() {
        skip_as_user();
        return mount.unmount();
    }
    let dataset = dataset(CASES);
    let (mut files, mut from_names) = (0, 0);
    let mut bytes = [vec![0; 3000], vec![0; 3000]];
    each(&dataset, |case, path| {
        let Some(recipe) = case.recipe() else { return };
        let name = path.rsplit(|&byte| byte == b'/').next().unwrap();
        if let Ok(parsed) = seedfs::name::parse(name) {
            assert_eq!(parsed.recipe, recipe, "{}", String::from_utf8_lossy(name));
            from_names += 1;
        }
        let mut directories: Vec<&[u8]> = path.split(|&byte| byte == b'/').collect();
        directories.pop();
        let step = directories.iter().fold(Step::from(mount.path()), |step, name| step.down(name));
        let file = File::open(step.path(name)).unwrap();
        let expected = SyntheticFile::with_builtin(recipe).unwrap();
        for start in [0, recipe.size.saturating_sub(3000)] {
            let len = file.read_at(&mut bytes[0], start).unwrap();
            assert_eq!(len, expected.read_at(start, &mut bytes[1]), "{}", String::from_utf8_lossy(name));
            assert_eq!(bytes[0][..len], bytes[1][..len], "{}", String::from_utf8_lossy(name));
            assert_eq!(len as u64, recipe.size.min(3000));
        }
        files += 1;
    });
    assert!(files > 8000 && from_names > 7900, "{files} {from_names}");
    mount.unmount();
}

#[test]
fn the_attribute_tells_the_recipe_of_a_name_that_does_not() {
    let Some(mount) = Mounted::start(&["files=0,dirs=0,cases=names+special"]) else { return };
    let value = |path: &str| {
        let mut value = [0u8; 100];
        let (path, name) = (c_path(mount.path().join(path)), c_path("user.seedfs.recipe"));
        // SAFETY: two strings ended by NUL, and a buffer of the length that is told.
        let len = unsafe { libc::lgetxattr(path.as_ptr(), name.as_ptr(), value.as_mut_ptr().cast(), value.len()) };
        let len = usize::try_from(len).map_err(|_| io::Error::last_os_error().raw_os_error())?;
        Ok(String::from_utf8_lossy(&value[..len]).into_owned())
    };
    let recipe = value("cases/names/trailing newline\n").unwrap();
    assert!(recipe.ends_with("-100-random"), "{recipe}");
    // The kernel has no user attributes on what is neither file nor directory.
    for (path, code) in [("cases/names", libc::ENODATA), ("cases/special/fifo", libc::EPERM)] {
        assert!(value(path) == Err(Some(code)) || value(path) == Err(Some(libc::ENODATA)), "{path}: {:?}", value(path));
    }
    mount.unmount();
}

/// The directory of cases comes behind the root's own entries, and a listing goes on from any of them.
#[test]
fn the_root_lists_the_directory_last() {
    use seedfs::vfs::{Cookie, Ino, Vfs};
    let tree = seedfs::tree::Tree::new(
        dataset("files=30,dirs=3,cases=names"),
        seedfs::content::Corpus::builtin(),
        false,
        Box::new(String::new),
    );
    let listing = |dir: Ino, from: Cookie| {
        let mut entries = Vec::new();
        tree.readdir(dir, from, &mut |entry| {
            entries.push((entry.name.to_vec(), entry.next));
            assert_eq!(tree.getattr(entry.attr.ino), Ok(entry.attr));
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
        entries
    };
    let cases = tree.lookup(Ino::ROOT, b"cases").unwrap().ino;
    assert_eq!(listing(Ino::ROOT, Cookie::START).last().unwrap().0, b"cases");
    assert_eq!(tree.getattr(Ino::ROOT).unwrap().nlink, 2 + 3 + 1);
    assert_eq!(tree.parent(cases), Ok(Ino::ROOT));
    for dir in [Ino::ROOT, cases, tree.lookup(cases, b"names").unwrap().ino] {
        let entries = listing(dir, Cookie::START);
        for (at, (name, next)) in entries.iter().enumerate() {
            assert_eq!(tree.position(dir, name), Ok(*next));
            assert_eq!(listing(dir, *next), entries[at + 1..]);
        }
    }
}

/// Other names resolve there as everywhere, and nothing else does.
#[test]
fn names_on_demand_resolve_among_cases() {
    let Some(mount) = Mounted::start(&["files=5,dirs=0,cases=names"]) else { return };
    let names = mount.path().join("cases/names");
    assert_eq!(std::fs::read(names.join("s42-1000")).unwrap().len(), 1000);
    assert!(!names.join("no such name").exists());
    assert!(!mount.path().join("cases/paths").exists(), "it was not selected");
    assert!(mount.path().join("cases/..").join("cases/names/../names/con").exists());
    mount.unmount();
}

/// As in any file system, holes are holes: to the end of the largest file.
#[test]
fn holes_are_told_and_the_rest_is_data() {
    use std::os::fd::AsRawFd;
    let Some(mount) = Mounted::start(&["files=0,dirs=0,cases=holes+huge"]) else { return };
    let mut seen = 0;
    each(&dataset("files=0,dirs=0,cases=holes+huge"), |case, path| {
        let Some(recipe) = case.recipe() else { return };
        let path = mount.path().join(std::str::from_utf8(path).unwrap());
        let file = File::open(&path).unwrap();
        // SAFETY: a file that is open.
        let data = unsafe { libc::lseek(file.as_raw_fd(), 0, libc::SEEK_DATA) };
        let is_hole = recipe.kind == seedfs::Kind::Zero;
        assert_eq!(data, if is_hole { -1 } else { 0 }, "{}", path.display());
        seen += 1;
    });
    assert!(seen > 100);
    mount.unmount();
}
