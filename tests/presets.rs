//! The presets as trees of names: legal and different on every system, links that point where they should, and ready at
//! once at any number of files.

use std::collections::HashSet;
use std::convert::Infallible;

use seedfs::dataset::layout::LinkKind;
use seedfs::dataset::spec::presets::NAMES;
use seedfs::dataset::{Dataset, Entry, Listed, Spec};
use seedfs::edition::Edit;

fn dataset(text: &str) -> Dataset {
    Dataset::new(Spec::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))).unwrap()
}

/// The preset with no more files than a test can look at one by one.
fn small(preset: &str) -> Dataset {
    let whole = dataset(preset);
    if whole.spec().files <= 30_000 { whole } else { dataset(&format!("{preset},files=30000")) }
}

/// Calls `visit` with each entry and its path.
fn walk<'a>(dataset: &'a Dataset, mut visit: impl FnMut(Entry<'a>, &str)) {
    let Ok(()) = dataset.walk(0..u64::MAX, |entry, path| {
        visit(entry, std::str::from_utf8(path).expect("a name in UTF-8"));
        Ok::<(), Infallible>(())
    });
}

/// Why a file of this name cannot be made on Windows, if so.
fn illegal_on_windows(name: &str) -> Option<&'static str> {
    const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];
    let base = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let is_port = |text: &str| {
        let number = text.strip_prefix("com").or(text.strip_prefix("lpt"));
        number.is_some_and(|n| n.chars().count() == 1 && n.chars().all(|c| "0123456789¹²³".contains(c)))
    };
    if name.is_empty() || name.encode_utf16().count() > 255 {
        Some("is empty or longer than 255 units")
    } else if name.chars().any(|c| c < ' ' || "<>:\"/\\|?*".contains(c)) {
        Some("has a forbidden character")
    } else if name.ends_with(['.', ' ']) {
        Some("ends in a dot or space")
    } else if DEVICES.contains(&base.as_str()) || is_port(&base) {
        Some("is the name of a device")
    } else {
        None
    }
}

#[test]
fn the_rules_of_windows_know_bad_names() {
    for name in ["", "a:b", "a\\b", "a.", "a ", "con", "AUX.txt", "Lpt1.tar.gz", "COM¹", "a\u{1}", &"x".repeat(256)] {
        assert!(illegal_on_windows(name).is_some(), "{name:?}");
    }
    for name in ["console", "com10", "a.con", ".profile", "auxiliary.c", &"x".repeat(255)] {
        assert_eq!(illegal_on_windows(name), None, "{name:?}");
    }
}

#[test]
fn names_are_legal_and_different_everywhere() {
    for preset in NAMES {
        let dataset = small(preset);
        let mut seen = HashSet::new();
        walk(&dataset, |_, path| {
            let name = path.rsplit('/').next().unwrap_or_default();
            assert_eq!(illegal_on_windows(name), None, "{preset}: {path}");
            // Room for a mount point below the 260 characters of older programs.
            assert!(path.len() < 240, "{preset}: {path}");
            assert!(seen.insert(path.to_lowercase()), "{preset}: {path} twice, but for its case");
        });
        assert_eq!(seen.len() as u64, dataset.shape().entries() - 1, "{preset}");
    }
}

/// The path that a relative target leads to from the folder of a link; `None` where it leaves the tree.
fn followed(link: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = link.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[test]
fn links_point_to_listed_files_or_to_nothing_and_loops_are_torture() {
    for preset in NAMES {
        let dataset = small(preset);
        let (mut files, mut folders, mut links) = (HashSet::new(), HashSet::from([String::new()]), Vec::new());
        walk(&dataset, |entry, path| match entry {
            Entry::Folder(_) => assert!(folders.insert(path.to_owned())),
            Entry::Listed(_, Listed::File(_)) => assert!(files.insert(path.to_owned())),
            Entry::Listed(_, Listed::Symlink(link)) => links.push((link, path.to_owned())),
        });
        let mut loops = 0;
        for (link, path) in &links {
            let target = String::from_utf8(dataset.link_target(link)).unwrap();
            let text = format!("{preset}: {path} -> {target}");
            match link.kind {
                LinkKind::Relative => assert!(files.contains(&followed(path, &target).unwrap()), "{text}"),
                LinkKind::Absolute => {
                    let below = target.strip_prefix(&dataset.spec().symlinks.root).and_then(|t| t.strip_prefix('/'));
                    assert!(below.is_some_and(|below| files.contains(below)), "{text}");
                }
                LinkKind::Dangling => {
                    let to = followed(path, &target).unwrap();
                    assert!(!files.contains(&to) && !folders.contains(&to), "{text}");
                    assert!(links.iter().all(|(_, other)| *other != to), "{text}");
                }
                LinkKind::Loop => {
                    let to = followed(path, &target).unwrap();
                    let own_folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                    assert!(to == *path || to == own_folder, "{text}");
                    loops += 1;
                }
            }
        }
        assert_eq!(loops > 0, preset == "torture", "{preset}: {loops} loops");
    }
}

#[test]
fn links_dangle_where_there_is_no_file() {
    let dataset = dataset("files=50,symlinks=100");
    walk(&dataset, |entry, path| match entry {
        Entry::Listed(_, Listed::Symlink(link)) => {
            assert!(dataset.link_target(&link).starts_with(b"no-such-file-"), "{path}");
        }
        Entry::Listed(..) => panic!("{path} is a file"),
        Entry::Folder(_) => {}
    });
}

#[test]
fn files_belong_to_whoever_mounts() {
    for preset in NAMES {
        walk(&small(preset), |entry, path| {
            if let Entry::Listed(_, Listed::File(file)) = entry {
                assert_eq!(file.owner, None, "{preset}: {path}");
                assert!(file.mode & 0o400 != 0, "{preset}: {path} cannot be read by its owner");
            }
        });
    }
}

#[test]
fn torture_has_every_trap_in_a_small_tree() {
    let dataset = dataset("torture");
    assert!(dataset.total_bytes() < 300_000_000);
    let (mut edits, mut links, mut empty, mut sizes) = (HashSet::new(), HashSet::new(), 0, HashSet::new());
    let (mut hard_links, mut same_size) = (0, 0);
    walk(&dataset, |entry, _| match entry {
        Entry::Listed(_, Listed::Symlink(link)) => {
            links.insert(link.kind);
        }
        Entry::Listed(index, Listed::File(file)) => {
            edits.extend(Edit::of_edition(file.recipe.edition));
            empty += u64::from(file.size == 0);
            hard_links += u64::from(file.inode != index);
            // Of their own, and yet no larger or smaller than others.
            same_size += u64::from(file.size > 0 && file.number.is_none() && !sizes.insert(file.size));
        }
        Entry::Folder(_) => {}
    });
    assert_eq!(edits.len(), Edit::ALL.len());
    assert_eq!(links.len(), 4);
    assert!(empty > 10 && hard_links > 10 && same_size > 10, "{empty} {hard_links} {same_size}");
}

#[test]
fn any_number_of_files_makes_a_tree() {
    for preset in NAMES {
        for files in (0..60).chain([97, 101, 1023]) {
            let dataset = dataset(&format!("{preset},files={files}"));
            let mut names = 0;
            walk(&dataset, |entry, _| names += u64::from(matches!(entry, Entry::Listed(..))));
            assert_eq!(names, files, "{preset}");
        }
    }
}

#[test]
fn a_trillion_files_are_ready_at_once() {
    // Whatever looked at each file, or kept something for it, would not end here.
    for preset in NAMES {
        let dataset = dataset(&format!("{preset},files=1T"));
        for index in [0, 1, 123_456_789_012, dataset.shape().files() - 1] {
            let mut name = Vec::new();
            dataset.entry(index).write_name(&mut name);
            assert_eq!(dataset.index_named(&name), Some(index), "{preset}: {}", String::from_utf8_lossy(&name));
        }
    }
}
