//! Names: any case finds them, their own spelling comes back, and each reference is given back.
#![cfg(windows)]

mod winfsp;

use std::sync::Arc;

use seedfs::vfs::{FileType, Ino};
use winfsp::requests::{FILE_DIRECTORY_FILE, FILE_NON_DIRECTORY_FILE, How, code, open, open_as};
use winfsp::testfs::TestFs;
use winfsp::{listed, mounted, tree};

#[test]
fn any_case_finds_a_file_and_its_own_comes_back() {
    let core = Arc::new(tree("files=300,seed=2"));
    let Some(_mounted) = mounted(core.clone()) else { return };
    let (folder, dir) =
        listed(&*core, Ino::ROOT).into_iter().find(|(_, attr)| attr.file_type == FileType::Directory).unwrap();
    let (file, attr) =
        listed(&*core, dir.ino).into_iter().find(|(_, attr)| attr.file_type == FileType::Regular).unwrap();
    let own = format!("\\{folder}\\{file}");
    for path in [own.clone(), own.to_uppercase(), own.replace('s', "S")] {
        let open = open(&path).unwrap();
        assert_eq!((&open.name, open.info.ino), (&own, attr.ino.0), "{path}");
        open.close();
    }
    let root = open_as("\\", How::DIRECTORY).unwrap();
    assert_eq!((root.name.as_str(), root.info.attributes), ("\\", 0x10));
    root.close();
}

#[test]
fn a_name_that_cannot_go_back_in_its_own_spelling_still_opens() {
    // Longer than the driver takes back: 1,024 units.
    let long = format!("\\{}_s1-5", "x".repeat(200));
    let Some(_mounted) = mounted(tree("files=5")) else { return };
    let file = open(&long).unwrap();
    assert_eq!(file.name, long);
    file.close();
}

#[test]
fn what_is_missing_is_told_as_windows_does() {
    let Some(_mounted) = mounted(TestFs::default()) else { return };
    for (path, expected) in [
        ("\\nope", code::OBJECT_NAME_NOT_FOUND),
        ("\\nope\\x", code::OBJECT_PATH_NOT_FOUND),
        ("\\a.txt\\x", code::OBJECT_PATH_NOT_FOUND),
        ("\\dir\\nope", code::OBJECT_NAME_NOT_FOUND),
        ("\\dir\\nope\\x\\y", code::OBJECT_PATH_NOT_FOUND),
        ("\\a/b_s1-5", code::OBJECT_NAME_INVALID),
        ("\\a*", code::OBJECT_NAME_INVALID),
    ] {
        assert_eq!(open(path).unwrap_err(), expected, "{path}");
    }
    for user in [true, false] {
        let how = |options| How { options, user, ..How::READ };
        assert_eq!(open_as("\\dir", how(FILE_NON_DIRECTORY_FILE)).unwrap_err(), code::FILE_IS_A_DIRECTORY);
        assert_eq!(open_as("\\a.txt", how(FILE_DIRECTORY_FILE)).unwrap_err(), code::NOT_A_DIRECTORY);
    }
}

#[test]
fn a_directory_has_no_contents() {
    let Some(_mounted) = mounted(tree("files=5")) else { return };
    let dir = open_as("\\", How::DIRECTORY).unwrap();
    assert_eq!(dir.read(0, 10).unwrap_err(), code::FILE_IS_A_DIRECTORY);
    dir.close();
}

#[test]
fn references_are_given_back() {
    let fs = Arc::new(TestFs::default());
    let Some(_mounted) = mounted(fs.clone()) else { return };
    let held = || fs.references.lock().unwrap().len();
    let first = open("\\od1").unwrap();
    let second = open("\\od1").unwrap();
    let other = open("\\dir\\od2").unwrap();
    assert_eq!(held(), 2);
    assert_eq!(fs.references.lock().unwrap()[&first.info.ino], 2, "one for each handle");
    first.close();
    assert_eq!(second.info().unwrap().size, 6, "still there");
    second.close();
    other.close();
    // Failures hold nothing either.
    open("\\od3\\x").unwrap_err();
    open_as("\\od4", How { options: FILE_DIRECTORY_FILE, ..How::READ }).unwrap_err();
    let root = open_as("\\", How::DIRECTORY).unwrap();
    assert!(root.find("od5").unwrap().is_some());
    root.close();
    assert_eq!(held(), 0);
}

#[test]
fn attributes() {
    let Some(_mounted) = mounted(TestFs::default()) else { return };
    let file = open("\\a.txt").unwrap();
    assert_eq!((file.info.attributes, file.info.size, file.info.allocation), (0x80, 6, 4096));
    assert_eq!(file.info.written, (1_000_000_000 + 11_644_473_600) * 10_000_000);
    assert_eq!(file.info().unwrap(), file.info);
    file.close();
    // Holes count in full.
    let holes = open("\\holes").unwrap();
    assert_eq!((holes.info.size, holes.info.allocation), (12_288, 12_288));
    holes.close();
}
