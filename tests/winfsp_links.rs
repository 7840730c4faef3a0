//! Symbolic links are reparse points: resolved by the library, read as they are, marked where they lead to directories.
#![cfg(windows)]

mod winfsp;

use std::sync::Arc;

use seedfs::vfs::{FileType, Ino, Vfs};
use winfsp::requests::{How, SYMLINK, code, create, open, open_as, symlink, target};
use winfsp::testfs::TestFs;
use winfsp::{listed, mounted, tree};

#[test]
fn a_link_opens_what_it_leads_to() {
    let Some(_mounted) = mounted(TestFs::default()) else { return };
    assert_eq!(target(&create("\\link", How::READ)), "\\a.txt");
    let file = open("\\link").unwrap();
    assert_eq!((file.info.ino, file.name.as_str()), (2, "\\a.txt"));
    assert_eq!(file.read(0, 10).unwrap(), b"hello\n");
    file.close();
}

#[test]
fn a_link_itself_can_be_looked_at() {
    let Some(_mounted) = mounted(TestFs::default()) else { return };
    let link = open_as("\\link", How::LINK).unwrap();
    assert_eq!((link.info.ino, link.info.attributes, link.info.tag, link.info.size), (8, 0x400, SYMLINK, 0));
    assert_eq!(link.info().unwrap(), link.info);
    assert_eq!(symlink(&link.reparse_data().unwrap()), "a.txt");
    link.close();
    let file = open("\\a.txt").unwrap();
    assert_eq!(file.reparse_data().unwrap_err(), code::NOT_A_REPARSE_POINT);
    file.close();
    let root = open_as("\\", How::DIRECTORY).unwrap();
    let entry = root.find("link").unwrap().unwrap();
    assert_eq!((entry.info.attributes, entry.info.tag), (0x400, SYMLINK));
    root.close();
}

#[test]
fn a_link_to_a_file_has_nothing_below() {
    let Some(_mounted) = mounted(TestFs::default()) else { return };
    assert_eq!(open("\\link\\x").unwrap_err(), code::OBJECT_PATH_NOT_FOUND);
}

#[test]
fn the_links_of_a_dataset_lead_to_its_files() {
    let core = Arc::new(tree("files=400,symlinks.share=10,dirs=20,seed=3"));
    let Some(_mounted) = mounted(core.clone()) else { return };
    let mut links = 0;
    let mut folders = vec![(String::new(), Ino::ROOT)];
    while let Some((path, dir)) = folders.pop() {
        for (name, attr) in listed(&*core, dir) {
            let path = format!("{path}\\{name}");
            match attr.file_type {
                FileType::Directory => folders.push((path, attr.ino)),
                FileType::Symlink => {
                    let link = open_as(&path, How::LINK).unwrap();
                    let text = core.readlink(attr.ino).unwrap();
                    let text = String::from_utf8(text).unwrap().replace('/', "\\");
                    assert_eq!(symlink(&link.reparse_data().unwrap()), text, "{path}");
                    link.close();
                    let file = open(&path).unwrap();
                    assert_eq!(file.info.attributes, 0x80, "{path}");
                    file.close();
                    links += 1;
                }
                _ => {}
            }
        }
    }
    assert!(links > 10, "{links}");
}

#[test]
fn links_to_directories_are_marked_and_lead_on() {
    let core = Arc::new(tree("files=5,cases=links"));
    let Some(_mounted) = mounted(core.clone()) else { return };
    let mut folders = vec![(String::new(), Ino::ROOT)];
    let (mut marked, mut plain) = (0, 0);
    while let Some((path, dir)) = folders.pop() {
        for (name, attr) in listed(&*core, dir) {
            let below = format!("{path}\\{name}");
            if below != below.to_lowercase() || name.contains(|c: char| c < ' ' || "<>:\"/\\|?*\u{fffd}".contains(c)) {
                continue;
            }
            match attr.file_type {
                FileType::Directory if below.len() < 100 => folders.push((below, attr.ino)),
                FileType::Symlink => {
                    let Ok(link) = open_as(&below, How::LINK) else { continue };
                    if link.info.attributes == 0x410 {
                        let there = open_as(&below, How::DIRECTORY).unwrap();
                        assert_eq!(there.info.attributes, 0x10, "{below}");
                        there.close();
                        marked += 1;
                    } else {
                        assert_eq!(link.info.attributes, 0x400, "{below}");
                        plain += 1;
                    }
                    link.close();
                }
                _ => {}
            }
        }
    }
    assert!(marked > 0 && plain > 0, "{marked} {plain}");
}
