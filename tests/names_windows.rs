//! Whatever a listing shows on Windows can be there: legal names, no two of one directory alike but for case. The rules
//! are stated once more here, apart from those of the program.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;

use proptest::prelude::*;
use seedfs::content::Corpus;
use seedfs::dataset::cases::Platform;
use seedfs::dataset::spec::presets::NAMES;
use seedfs::dataset::{Dataset, Spec};
use seedfs::tree::Tree;
use seedfs::vfs::{Attr, Cookie, FileType, FsError, Ino, Vfs};

fn tree(text: &str) -> Tree {
    let dataset = Dataset::new(Spec::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))).unwrap();
    Tree::new(dataset, Corpus::builtin(), false, Box::new(String::new)).on_platform(Platform::Windows)
}

/// Why Windows does not take a name: what its documentation says of naming files.
fn wrong(name: &[u8]) -> Option<&'static str> {
    let Ok(name) = str::from_utf8(name) else { return Some("no UTF-8") };
    let units: Vec<u16> = name.encode_utf16().collect();
    let forbidden: Vec<u16> = r#"<>:"/\|?*"#.encode_utf16().chain(0..32).collect();
    if units.is_empty() || units.len() > 255 {
        return Some("length");
    }
    if units.iter().any(|unit| forbidden.contains(unit)) {
        return Some("character");
    }
    if name.ends_with('.') || name.ends_with(' ') {
        return Some("end");
    }
    let before_dot = name.split_once('.').map_or(name, |(before, _)| before);
    let base = before_dot.trim_end_matches(' ').to_ascii_uppercase();
    let ports =
        ["COM", "LPT"].iter().flat_map(|port| "0123456789¹²³".chars().map(move |digit| format!("{port}{digit}")));
    let devices = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].map(String::from).into_iter().chain(ports);
    devices.into_iter().any(|device| device == base).then_some("device")
}

/// A name as Windows compares it: letters with one capital as that, but for those that lead to a letter of ASCII.
fn as_capitals(name: &str) -> String {
    let capital = |c: char| {
        let mut capitals = c.to_uppercase();
        match (capitals.next(), capitals.next()) {
            (Some(one), None) if one.is_ascii() == c.is_ascii() => one,
            _ => c,
        }
    };
    name.chars().map(capital).collect()
}

/// Entries of a directory, by name.
fn list(tree: &Tree, dir: Ino) -> BTreeMap<Vec<u8>, Attr> {
    let mut entries = BTreeMap::new();
    tree.readdir(dir, Cookie::START, &mut |entry| {
        if !matches!(entry.name, b"." | b"..") {
            assert!(entries.insert(entry.name.to_vec(), entry.attr).is_none(), "listed twice");
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    entries
}

/// Checks every name from a directory on, and returns entries and bytes, those of one inode once.
fn check(tree: &Tree, top: Ino, about: &str) -> (u64, u64) {
    let (mut waiting, mut sizes, mut count) = (vec![top], HashMap::new(), 0);
    while let Some(dir) = waiting.pop() {
        let mut taken = HashSet::new();
        let entries = list(tree, dir);
        count += entries.len() as u64;
        let directories = entries.values().filter(|attr| attr.file_type == FileType::Directory).count();
        assert_eq!(tree.getattr(dir).unwrap().nlink as usize, 2 + directories, "{about}");
        for (name, attr) in entries {
            let shown = String::from_utf8_lossy(&name).into_owned();
            assert_eq!(wrong(&name), None, "{about}: {shown:?}");
            assert!(taken.insert(as_capitals(&shown)), "{about}: {shown:?} twice");
            assert_eq!(tree.lookup(dir, &name).map(|found| found.ino), Ok(attr.ino), "{about}: {shown:?}");
            match attr.file_type {
                FileType::Directory => waiting.push(attr.ino),
                FileType::Regular => drop(sizes.insert(attr.ino, attr.size)),
                FileType::Symlink => {}
                other => panic!("{about}: {shown:?} is a {other:?}"),
            }
        }
    }
    (count, sizes.values().fold(0u64, |sum, size| sum.saturating_add(*size)))
}

#[test]
fn the_rules_are_those_of_windows() {
    for name in ["con", "NUL.txt", "nul .txt", "Com¹.log", "lpt0", "conin$", "a.", "a ", "a:b", "tab\t", "", "."] {
        assert!(wrong(name.as_bytes()).is_some(), "{name:?}");
    }
    for name in ["console", "com10", "com", "nul-1", ".a", " a", "ünï", "a.nul", &"€".repeat(255)] {
        assert_eq!(wrong(name.as_bytes()), None, "{name:?}");
    }
    assert_eq!(wrong("€".repeat(256).as_bytes()), Some("length"));
}

#[test]
fn presets_have_no_other_names_in_any_generation() {
    for preset in NAMES {
        let text = format!("{preset},files=3000,cases=none");
        for generation in [0, 1, 7, 40] {
            let tree = tree(&text).at_generation(generation).unwrap();
            check(&tree, Ino::ROOT, &format!("{text} {generation}"));
        }
    }
}

#[test]
fn directories_of_generations_and_the_control_directory_are_legal() {
    let tree = tree("files=200,dirs=9,symlinks=9,hardlinks=9").with_snapshots(12).unwrap();
    check(&tree, Ino::ROOT, "snapshots");
    assert_eq!(list(&tree, Ino::ROOT).len(), 13);
    let control = tree.lookup(Ino::ROOT, b".seedfs").unwrap().ino;
    for name in [&b".seedfs"[..]].into_iter().chain(list(&tree, control).keys().map(Vec::as_slice)) {
        assert_eq!(wrong(name), None);
    }
}

/// Words that a dataset may bring along, most of them fit for Windows.
fn any_word() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z]{1,9}",
        2 => "[A-Za-zéÉßσςΣ]{1,9}",
        1 => "(con|NUL|com1|aux[.]|lpt¹[.]x|nul [.]a|S4|s|a-LINK|b_S3-1[.]x)[a-z]?",
        1 => "[ -+.0-<>-~é-]{1,9}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Any dataset either has legal names only, or is refused for a word of it.
    #[test]
    fn datasets_are_fit_for_windows_or_refused(
        seed: u64,
        files in 0..200u64,
        dirs in 0..40u64,
        generation in 0..9u64,
        words in prop::collection::vec(any_word(), 1..4),
        folders in prop::collection::vec(any_word(), 1..4),
        mixed: bool,
    ) {
        let kind = if mixed { "mixed" } else { "text" };
        let text = format!(
            "names.files={},names.dirs={},seed={seed},files={files},dirs={dirs},fanout=4,size=uniform:0-8KiB,empty=5,\
             symlinks=9,hardlinks=9,duplicates=9,kind={kind},churn.renamed=20,churn.moved=9",
            words.join(","),
            folders.join(","),
        );
        let Ok(spec) = Spec::parse(&text) else { return Ok(()) };
        let dataset = Dataset::new(spec).unwrap();
        let legal = dataset.check_words(Platform::Windows);
        prop_assert!(dataset.check_words(Platform::Unix).is_ok());
        let tree = Tree::new(dataset, Corpus::builtin(), false, Box::new(String::new)).on_platform(Platform::Windows);
        let tree = tree.at_generation(generation).unwrap();
        match legal {
            Ok(()) => drop(check(&tree, Ino::ROOT, &text)),
            Err(error) => prop_assert!(words.contains(&error.word) || folders.contains(&error.word), "{error}"),
        }
    }
}

#[test]
fn words_that_make_other_names_are_named() {
    for (words, folders, says) in [
        ("a:b", "x", "names.files has \"a:b\""),
        ("nul.a", "x", "the name of a device"),
        ("x", "Aux .b", "names.dirs has \"Aux .b\""),
        ("x", "y-LINK", "something else in another case"),
        ("x", "S42", "something else in another case"),
    ] {
        let dataset = Dataset::new(Spec::parse(&format!("names.files={words},names.dirs={folders}")).unwrap()).unwrap();
        let error = dataset.check_words(Platform::Windows).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    for preset in NAMES {
        let dataset = Dataset::new(Spec::parse(preset).unwrap()).unwrap();
        assert_eq!(dataset.check_words(Platform::Windows), Ok(()), "{preset}");
    }
}

#[test]
fn all_cases_that_are_shown_can_be_there_and_are_counted() {
    for tags in [
        "all-directories",
        "names",
        "special",
        "names+paths+links+special",
        "links+paths",
        "all-huge-directories",
        "modes+times+sizes",
    ] {
        let text = format!("files=50,dirs=5,size=uniform:0-4KiB,cases={tags}");
        let tree = tree(&text);
        let (count, bytes) = check(&tree, Ino::ROOT, &text);
        let totals = tree.statfs();
        // With the root.
        assert_eq!(totals.inodes, count + 1, "{text}");
        assert!(tags == "all-directories" || totals.bytes == bytes, "{text}: {} {bytes}", totals.bytes);
        let cases = tree.dataset().cases();
        let shown = (0..cases.len()).filter_map(|place| cases.number_at(place));
        let shown = shown.filter(|&number| cases.left_out(Platform::Windows, number).is_none()).count();
        assert_eq!((cases.len_on(Platform::Windows), cases.len_on(Platform::Unix)), (shown as u64, cases.len()));
    }
}

/// A path as a driver is asked for it: each name behind a separator, and a NUL.
fn longest_path(tree: &Tree, dir: Ino, units: usize) -> usize {
    let entries = list(tree, dir);
    let below = entries.iter().map(|(name, attr)| {
        let units = units + 1 + str::from_utf8(name).unwrap().encode_utf16().count();
        if attr.file_type == FileType::Directory { longest_path(tree, attr.ino, units) } else { units }
    });
    below.max().unwrap_or(units)
}

#[test]
fn paths_are_as_long_as_a_driver_can_be_asked_for() {
    let tree = tree("files=0,dirs=0,cases=paths");
    let longest = longest_path(&tree, Ino::ROOT, 0);
    assert!(longest < 1024 && longest > 1024 - 256, "{longest}");
}

/// Everything of the full catalogue that is not shown is missing for a reason that can be told without the program.
#[test]
fn nothing_else_is_left_out() {
    let tree = tree("files=0,dirs=0,cases=all-directories");
    let dataset = tree.dataset();
    let (mut shown, mut left_out) = (0, 0);
    let mut taken: HashSet<String> = HashSet::new();
    let Ok(()) = dataset.walk(0..u64::MAX, |entry, path| {
        let seedfs::dataset::Entry::Case(case) = entry else { return Ok::<(), std::convert::Infallible>(()) };
        let mut dir = Some(Ino::ROOT);
        let mut parts: Vec<&[u8]> = path.split(|&byte| byte == b'/').collect();
        let name = parts.pop().unwrap();
        for part in parts {
            dir = dir.and_then(|dir| tree.lookup(dir, part).ok()).map(|attr| attr.ino);
        }
        let found = dir.and_then(|dir| tree.lookup(dir, name).ok());
        let is_special = matches!(&case.node, node if format!("{node:?}").starts_with("Fifo")
            || format!("{node:?}").starts_with("Socket") || format!("{node:?}").contains("Device"));
        let text = String::from_utf8_lossy(path).into_owned();
        let is_long = text.encode_utf16().count() + 1 > 1023;
        let is_bad_target =
            matches!(case.node, seedfs::dataset::cases::Node::Symlink(to) if str::from_utf8(to).is_err());
        let is_possible = dir.is_some() && wrong(name).is_none() && !is_special && !is_long && !is_bad_target;
        let is_first = is_possible && taken.insert(text.split('/').map(as_capitals).collect::<Vec<_>>().join("/"));
        assert_eq!(found.is_some(), is_first, "{text:?}");
        let note = dataset.cases().expectation(&case);
        assert_eq!(note.contains("left out on Windows"), found.is_none(), "{text:?}: {note}");
        if found.is_some() {
            shown += 1
        } else {
            left_out += 1
        }
        Ok(())
    });
    assert!(shown > 8000 && left_out > 150, "{shown} {left_out}");
    // A number that is left out stands for nothing.
    let is_hidden = |&number: &u64| dataset.cases().left_out(Platform::Windows, number).is_some();
    let hidden = (0..dataset.cases().len()).find(is_hidden).unwrap();
    assert_eq!(tree.getattr(seedfs::tree::case_ino(hidden)), Err(FsError::Stale));
}
