//! Names in any case: which spelling a directory knows what is meant by, and that there is only one.

use std::ops::ControlFlow;

use proptest::prelude::*;
use seedfs::content::Corpus;
use seedfs::dataset::cases::Platform;
use seedfs::dataset::{Dataset, Spec};
use seedfs::fold::{fold, same, unlisted};
use seedfs::name::{self, MAX_NAME};
use seedfs::tree::Tree;
use seedfs::vfs::{Cookie, FileType, FsError, Ino, Vfs};

fn tree_with(text: &str, listed_only: bool) -> Tree {
    let dataset = Dataset::new(Spec::parse(text).unwrap()).unwrap();
    dataset.check_words(Platform::Windows).unwrap();
    Tree::new(dataset, Corpus::builtin(), listed_only, Box::new(String::new)).on_platform(Platform::Windows)
}

fn tree(text: &str) -> Tree {
    tree_with(text, false)
}

/// A letter in its other case, where that is one character.
fn swapped(c: char) -> Option<char> {
    let letters: Vec<char> = if c.is_lowercase() { c.to_uppercase().collect() } else { c.to_lowercase().collect() };
    Some(letters[0]).filter(|_| letters.len() == 1)
}

/// A name with the case of its letters drawn from bits, where a letter has another case of one character that leads
/// back to it.
fn recased(name: &str, bits: u64) -> String {
    let other = |c: char| {
        let to = swapped(c).unwrap_or(c);
        let is_pair = swapped(to) == Some(c) && to.is_ascii() == c.is_ascii() && to.len_utf16() == 1;
        if is_pair { to } else { c }
    };
    (0..).zip(name.chars()).map(|(at, c)| if bits.rotate_right(at % 64) & 1 == 1 { other(c) } else { c }).collect()
}

/// The names that a directory lists, and the directories among them.
fn list(tree: &Tree, dir: Ino) -> Vec<(String, Option<Ino>)> {
    let mut names = Vec::new();
    tree.readdir(dir, Cookie::START, &mut |entry| {
        if !matches!(entry.name, b"." | b"..") {
            let below = (entry.attr.file_type == FileType::Directory).then_some(entry.attr.ino);
            names.push((String::from_utf8(entry.name.to_vec()).unwrap(), below));
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    names
}

/// Every listed name below a directory is found by any spelling, and its own is what comes back.
fn check(tree: &Tree, top: Ino, bits: u64) -> usize {
    let (mut waiting, mut count) = (vec![top], 0);
    while let Some(dir) = waiting.pop() {
        for (name, below) in list(tree, dir) {
            for written in [name.clone(), recased(&name, u64::MAX), recased(&name, bits)] {
                let spelled = tree.spelling(dir, written.as_bytes()).map(|name| String::from_utf8(name).unwrap());
                assert_eq!(spelled.as_ref(), Ok(&name), "{written:?}");
            }
            count += 1;
            waiting.extend(below);
        }
    }
    count
}

#[test]
fn listed_names_come_back_as_they_are_listed() {
    let text = "files=400,dirs=40,fanout=3,kind=mixed,symlinks=9,hardlinks=9,duplicates=9,empty=9,\
                names.files=Foto,Österreich,abc,names.dirs=Ordner,ΟΔΟΣ,Ȿx,churn.renamed=20,churn.replaced=20";
    for generation in [0, 5] {
        let tree = tree(text).at_generation(generation).unwrap();
        assert!(check(&tree, Ino::ROOT, 0x5a5a_3c3c_f00f_1234) > 400);
    }
}

#[test]
fn cases_come_back_as_they_are_listed() {
    let tree = tree("files=9,dirs=2,cases=names+links+special+modes+times");
    assert!(check(&tree, Ino::ROOT, 0x1357_9bdf_0246_8ace) > 8000);
}

#[test]
fn the_first_of_names_that_differ_in_case_is_the_one_that_there_is() {
    let tree = tree("files=0,dirs=0,cases=names");
    let cases = tree.lookup(Ino::ROOT, b"cases").unwrap().ino;
    let names = tree.lookup(cases, b"names").unwrap().ino;
    let spelled = |name: &str| tree.spelling(names, name.as_bytes()).map(|name| String::from_utf8(name).unwrap());
    for (written, listed) in [
        ("readme", "README"),
        ("ReadMe", "README"),
        ("STRASSE", "strasse"),
        ("straSSe", "strasse"),
        ("STRAßE", "straße"),
        ("I", "i"),
        ("ı", "ı"),
        ("İ", "İ"),
        ("Σ", "σ"),
        ("ς", "σ"),
        ("CAFÉ", "café"),
        ("CAFE\u{301}", "cafe\u{301}"),
        ("\u{212b}NGSTROM", "\u{212b}ngstrom"),
    ] {
        assert_eq!(spelled(written).as_deref(), Ok(listed), "{written}");
    }
    for hidden in ["readme", "ReadMe", "I", "Σ", "CON", "trailing dot."] {
        assert_eq!(tree.lookup(names, hidden.as_bytes()), Err(FsError::NotFound), "{hidden}");
    }
    assert_eq!(spelled("CON"), Err(FsError::NotFound));
}

#[test]
fn generations_and_control_files_come_back_as_they_are() {
    let tree = tree("demo").with_snapshots(3).unwrap();
    assert_eq!(tree.spelling(Ino::ROOT, b"GEN-000002").unwrap(), b"gen-000002");
    assert_eq!(tree.spelling(Ino::ROOT, b"Gen-000004"), Err(FsError::NotFound));
    assert_eq!(tree.spelling(Ino::ROOT, b".SeedFS").unwrap(), b".seedfs");
    let control = tree.lookup(Ino::ROOT, b".seedfs").unwrap().ino;
    assert_eq!(tree.spelling(control, b"DataSet.TOML").unwrap(), b"dataset.toml");
    assert_eq!(tree.spelling(control, b"S42-1k"), Err(FsError::NotFound));
    assert_eq!(tree.spelling(tree.lookup(control, b"stats").unwrap().ino, b"x"), Err(FsError::NotDirectory));
    assert_eq!(tree.spelling(Ino(1 << 49), b"x"), Err(FsError::Stale));
}

#[test]
fn an_unlisted_name_is_one_file_in_any_case() {
    let tree = tree("demo");
    let mut inodes = Vec::new();
    for written in ["S42-1GIB.BIN", "s42-1gib.bin", "s42-1GiB.Bin", "S42-1gIb.BIN"] {
        let spelled = tree.spelling(Ino::ROOT, written.as_bytes()).unwrap();
        assert_eq!(spelled, b"s42-1gib.bin", "{written}");
        inodes.push(tree.lookup(Ino::ROOT, &spelled).unwrap().ino);
    }
    inodes.dedup();
    assert_eq!((inodes.len(), tree.on_demand_inodes()), (1, 1));
    let missing = ["S42", "nothing.txt", "S42-1k-RANDOMLY", "Ordner-1"];
    assert!(missing.iter().all(|name| tree.spelling(Ino::ROOT, name.as_bytes()) == Err(FsError::NotFound)));
    assert_eq!(tree_with("demo", true).spelling(Ino::ROOT, b"s42-1k"), Err(FsError::NotFound));
}

#[test]
fn long_names_are_told_from_missing_ones() {
    let tree = tree("demo");
    let named = |stem: String| format!("{stem}_s1-1").into_bytes();
    // Three bytes each in small letters, two as capitals.
    let folded = tree.spelling(Ino::ROOT, &named("ⱥ".repeat(120))).unwrap();
    assert_eq!(folded, named("Ⱥ".repeat(120)));
    for name in [named("a".repeat(251)), named("€".repeat(90)), vec![b'x'; 100_000]] {
        assert_eq!(tree.spelling(Ino::ROOT, &name), Err(FsError::NameTooLong));
    }
}

/// A million names in a directory: any look at all of them would show.
#[test]
fn large_directories_are_not_searched() {
    let tree = tree("files=1T,dirs=0,names.files=Foto,cases=directories");
    let mut last = Vec::new();
    tree.dataset().entry(999_999_999_999).write_name(&mut last);
    assert_eq!(tree.spelling(Ino::ROOT, &last.to_ascii_uppercase()), Ok(last));
    let mut dir = Ino::ROOT;
    for part in ["CASES", "Directories", "ENTRIES-1000000"] {
        let spelled = tree.spelling(dir, part.as_bytes()).unwrap();
        dir = tree.lookup(dir, &spelled).unwrap().ino;
    }
    let number = tree.dataset().cases().run_around(dir.0 - (1 << 50) + 1).unwrap().end - 1;
    let mut last = Vec::new();
    tree.dataset().cases().write_name(number, &mut last);
    for _ in 0..1000 {
        assert_eq!(tree.spelling(dir, &last.to_ascii_uppercase()), Ok(last.clone()));
    }
}

/// Names with much that could be part of a recipe, in any case.
fn any_name() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => "_?[sS](0x)?[0-9a-fA-F]{1,3}-[0-9]{1,3}([kKmM]|[kK][iI]?[bB])?(-(random|TEXT|c60|d25u1[mM]))?(-[eE][0-9])?",
        1 => "[._-]",
        1 => "[a-zA-Z_.sS0-9-]{0,6}",
        1 => "[éÉßẞıİſσςΣȺⱥǅᾳᾼ𐐀𐐨ΩÅ]{0,4}",
        1 => "[.](txt|TXT|Md|JPG|é)",
    ];
    prop::collection::vec(part, 1..6).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn one_spelling_stands_for_all(name in any_name(), bits: u64) {
        let spelled = unlisted(name.as_bytes());
        prop_assert_eq!(unlisted(&spelled), spelled.clone());
        prop_assert!(same(&spelled, name.as_bytes()) && spelled.len() <= name.len());
        let other = recased(&name, bits);
        prop_assert_eq!(fold(other.as_bytes()), fold(name.as_bytes()), "{}", other);
        match (name::parse(name.as_bytes()), name::parse(&spelled)) {
            // Whatever is a recipe keeps it.
            (Ok(own), found) => prop_assert_eq!(found.map(|found| found.recipe), Ok(own.recipe)),
            // What is none in one case may be one in another, and then all these are the same.
            (Err(_), _) => prop_assert_eq!(&spelled, &fold(name.as_bytes())),
        }
        // All spellings of one recipe are one.
        let recipe = |name: &[u8]| name::parse(name).map(|parsed| parsed.recipe);
        if recipe(name.as_bytes()).is_ok() && recipe(other.as_bytes()) == recipe(name.as_bytes()) {
            prop_assert_eq!(unlisted(other.as_bytes()), spelled);
        }
    }

    #[test]
    fn any_bytes_have_a_spelling(name in prop::collection::vec(any::<u8>(), 0..300)) {
        let spelled = unlisted(&name);
        prop_assert_eq!(unlisted(&spelled), spelled.clone());
        prop_assert!(spelled.len() <= name.len());
        if name.len() <= MAX_NAME && let Ok(own) = name::parse(&name) {
            prop_assert_eq!(name::parse(&spelled).map(|parsed| parsed.recipe), Ok(own.recipe));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// What a tree finds under a name, it finds with the same recipe under the name's spelling, which stays.
    #[test]
    fn a_tree_agrees(name in any_name()) {
        let tree = tree("files=20,dirs=3,fanout=2");
        match tree.spelling(Ino::ROOT, name.as_bytes()) {
            Ok(spelled) => {
                prop_assert_eq!(tree.spelling(Ino::ROOT, &spelled), Ok(spelled.clone()));
                let size = |name: &[u8]| tree.lookup(Ino::ROOT, name).map(|attr| attr.size);
                if let Ok(found) = size(name.as_bytes()) {
                    prop_assert_eq!(size(&spelled), Ok(found));
                }
            }
            Err(error) => prop_assert!(matches!(error, FsError::NotFound | FsError::NameTooLong)),
        }
    }
}
