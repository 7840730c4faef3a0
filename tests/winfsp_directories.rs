//! Listings: resumed by the name of the last entry, exact names without a scan, and only what Windows can show.
#![cfg(windows)]

mod winfsp;

use std::sync::Arc;

use seedfs::dataset::cases::Platform;
use seedfs::stats::Op;
use seedfs::vfs::Ino;
use winfsp::requests::{How, code, open_as};
use winfsp::testfs::TestFs;
use winfsp::{listed, mounted, tree};

/// All of them in one folder.
const MILLION: &str = "files=1000001,dirs=0,size=100";

/// What one piece holds at least: the driver asks for 64 KiB, an entry takes 104 bytes and its name.
const PIECE: usize = 65_536;

#[test]
fn a_million_entries_by_marker() {
    let core = Arc::new(tree(MILLION));
    let Some(mounted) = mounted(core.clone()) else { return };
    let expected = listed(&*core, Ino::ROOT);
    assert!(expected.len() > 1_000_000);
    let root = open_as("\\", How::DIRECTORY).unwrap();
    let names = root.names(PIECE);
    assert_eq!(names.len(), expected.len());
    assert!(names.iter().eq(expected.iter().map(|(name, _)| name)));
    // With at most 255 units a name, a piece has at least 106 entries, and of these short names several hundred.
    let pieces = mounted.counters.requests(Op::ReadDirPlus);
    assert!(pieces <= names.len() as u64 / 300, "{pieces}");
    root.close();
}

#[test]
fn an_exact_name_is_found_without_a_scan() {
    let core = Arc::new(tree(MILLION));
    let Some(mounted) = mounted(core.clone()) else { return };
    let (name, attr) = listed(&*core, Ino::ROOT).pop().unwrap();
    let root = open_as("\\", How::DIRECTORY).unwrap();
    for asked in [name.clone(), name.to_uppercase()] {
        let entry = root.find(&asked).unwrap().unwrap();
        assert_eq!((entry.name, entry.info.size, entry.info.ino), (name.clone(), attr.size, attr.ino.0));
    }
    assert_eq!(root.find("nope").unwrap(), None);
    assert_eq!(root.find("a*b").unwrap(), None);
    // A name that is not listed, and yet there.
    assert_eq!(root.find("s1-77").unwrap().map(|entry| entry.info.size), Some(77));
    root.close();
    assert_eq!(mounted.counters.requests(Op::ReadDirPlus), 0);
    assert_eq!(core.on_demand_inodes(), 0);
}

#[test]
fn any_entry_is_a_marker_in_any_case() {
    let core = Arc::new(tree("files=200,dirs=3,seed=4"));
    let Some(_mounted) = mounted(core.clone()) else { return };
    let expected: Vec<String> = listed(&*core, Ino::ROOT).into_iter().map(|(name, _)| name).collect();
    let root = open_as("\\", How::DIRECTORY).unwrap();
    for pair in expected.windows(2) {
        for marker in [pair[0].clone(), pair[0].to_uppercase()] {
            assert_eq!(root.list(Some(&marker), PIECE).unwrap().0[0].name, pair[1], "behind {marker}");
        }
    }
    let (behind, complete) = root.list(expected.last().map(String::as_str), PIECE).unwrap();
    assert!(behind.is_empty() && complete);
    assert_eq!(root.list(Some("nope"), PIECE).unwrap_err(), code::OBJECT_NAME_NOT_FOUND);
    root.close();
}

#[test]
fn pieces_of_any_size_give_the_same() {
    let core = Arc::new(tree("files=50,dirs=3"));
    let Some(_mounted) = mounted(core.clone()) else { return };
    let root = open_as("\\", How::DIRECTORY).unwrap();
    let all = root.names(PIECE);
    for room in [200, 256, 1000, 5000] {
        assert_eq!(root.names(room), all, "{room}");
    }
    root.close();
}

#[test]
fn all_but_the_root_show_themselves_and_what_is_above() {
    let core = Arc::new(tree("files=300,dirs=5"));
    let Some(_mounted) = mounted(core.clone()) else { return };
    let (folder, attr) = listed(&*core, Ino::ROOT).swap_remove(0);
    let dir = open_as(&format!("\\{folder}"), How::DIRECTORY).unwrap();
    let (entries, _) = dir.list(None, PIECE).unwrap();
    let inos: Vec<_> = entries.iter().take(2).map(|entry| (entry.name.as_str(), entry.info.ino)).collect();
    assert_eq!(inos, [(".", attr.ino.0), ("..", Ino::ROOT.0)]);
    let third = entries[2].name.clone();
    assert_eq!(dir.list(Some("."), PIECE).unwrap().0[0].name, "..");
    assert_eq!(dir.list(Some(".."), PIECE).unwrap().0[0].name, third);
    assert_eq!(dir.find(".").unwrap().unwrap().info.ino, attr.ino.0);
    assert_eq!(dir.find("..").unwrap().unwrap().info.ino, Ino::ROOT.0);
    dir.close();
}

#[test]
fn what_windows_cannot_express_is_neither_listed_nor_found() {
    // A tree for Windows leaves out most by itself; here the adapter has to.
    let core = Arc::new(tree("files=5,cases=names+links+special").on_platform(Platform::Unix));
    let Some(_mounted) = mounted(core.clone()) else { return };
    let mut folders = vec![("\\".to_owned(), Ino::ROOT)];
    let (mut shown, mut left_out) = (0, 0);
    while let Some((path, ino)) = folders.pop() {
        let dir = open_as(&path, How::DIRECTORY).unwrap();
        let names = dir.names(PIECE);
        for (name, attr) in listed(&*core, ino) {
            // No UTF-8, or a name that holds this very character.
            if name.contains('\u{fffd}') {
                continue;
            }
            let forbidden = name.contains(|c: char| c < ' ' || "<>:\"/\\|?*".contains(c));
            use seedfs::vfs::FileType::*;
            if forbidden || !matches!(attr.file_type, Regular | Directory | Symlink) {
                assert!(!names.contains(&name), "{path} {name:?}");
                left_out += 1;
            } else if attr.file_type != Symlink {
                assert!(names.contains(&name), "{path} {name:?}");
                shown += 1;
                if attr.file_type == Directory && attr.nlink > 0 && name.is_ascii() && path.len() < 100 {
                    let below = if path == "\\" { format!("\\{name}") } else { format!("{path}\\{name}") };
                    // Those that differ in case alone are one to this tree.
                    if below == below.to_lowercase() {
                        folders.push((below, attr.ino));
                    }
                }
            }
        }
        dir.close();
    }
    assert!(shown > 20 && left_out > 2, "{shown} {left_out}");
}

#[test]
fn a_file_has_no_listing() {
    let Some(_mounted) = mounted(TestFs::default()) else { return };
    let file = winfsp::requests::open("\\a.txt").unwrap();
    assert_eq!(file.list(None, PIECE).unwrap_err(), code::NOT_A_DIRECTORY);
    file.close();
}
