//! Cases are selected by tag, and are the same whatever else is selected.

mod common;

use std::collections::BTreeMap;

use common::cases::{dataset, each, promised};
use common::run::{seedfs, text};
use seedfs::dataset::Spec;
use seedfs::dataset::cases::{Tag, Tags};

fn listed(dataset: &str) -> BTreeMap<Vec<u8>, common::cases::Stat> {
    promised(&common::cases::dataset(dataset))
}

#[test]
fn nothing_has_cases_unless_it_asks_for_them() {
    for text in ["demo", "files=100", "torture,cases=none"] {
        let dataset = dataset(text);
        assert!(dataset.cases().is_empty(), "{text}");
        assert_eq!(dataset.entries(), dataset.shape().entries());
        assert!(!dataset.spec().to_toml().contains("cases"), "identities stay what they were");
    }
    assert_eq!(dataset("torture").spec().cases, Tags::ALL);
}

#[test]
fn a_tag_selects_its_directory() {
    for tag in Tag::ALL {
        let of_tag = format!("cases/{}", tag.name()).into_bytes();
        let text = format!("files=7,dirs=2,cases={}", tag.name());
        let dataset = dataset(&text);
        let (mut cases, mut below) = (0, 0);
        each(&dataset, |case, path| {
            assert!(path == b"cases" || path.starts_with(&of_tag), "{}", String::from_utf8_lossy(path));
            assert_eq!(case.tag, (path != b"cases").then_some(tag));
            assert!(case.expect.starts_with("a tool ") && case.expect.is_ascii());
            cases += 1;
            below += u64::from(path.len() > of_tag.len());
        });
        assert_eq!(cases, dataset.cases().len());
        assert!(below >= 4, "{text}");
    }
}

/// From a number to its path and back, in every directory, and nowhere else.
#[test]
fn paths_lead_back_to_their_cases() {
    let dataset = dataset("files=7,cases=all");
    each(&dataset, |case, path| {
        // One in a hundred of the million.
        if case.tag != Some(Tag::Directories) || case.number % 100 == 0 {
            assert_eq!(dataset.cases().number_at_path(path), Some(case.number), "{}", String::from_utf8_lossy(path));
            let other = [path, b"x"].concat();
            assert_eq!(dataset.cases().number_at_path(&other), None, "{}", String::from_utf8_lossy(path));
        }
    });
    for path in [&b""[..], b"case", b"cases/", b"cases//names", b"/cases", b"cases/names/con/con"] {
        assert_eq!(dataset.cases().number_at_path(path), None, "{}", String::from_utf8_lossy(path));
    }
    assert_eq!(dataset.cases().case(dataset.cases().len()), None);
    assert_eq!((dataset.cases().case(u64::MAX), dataset.cases().number_at(u64::MAX)), (None, None));
}

/// Inodes, times and bytes do not hang on what else is there.
#[test]
fn a_case_is_the_same_in_every_selection() {
    let mut all = listed("files=7,cases=all-directories");
    let top = all.remove(&b"cases"[..]).unwrap();
    let mut parts = BTreeMap::new();
    for tag in Tag::ALL.into_iter().filter(|&tag| tag != Tag::Directories) {
        let mut part = listed(&format!("files=900,dirs=30,cases={}", tag.name()));
        assert_eq!(part.remove(&b"cases"[..]).map(|stat| (stat.ino, stat.nlink)), Some((top.ino, 3)));
        parts.extend(part);
    }
    assert!(parts == all);
    let (one, other) = (dataset("files=5,cases=names+holes"), dataset("files=5,cases=holes"));
    let number = one.cases().find(0, b"holes").unwrap();
    for number in one.cases().entries(number) {
        assert_eq!(one.cases().case(number), other.cases().case(number));
    }
}

#[test]
fn another_seed_makes_other_bytes() {
    let (one, other) = (dataset("files=5,seed=1,cases=times"), dataset("files=5,seed=2,cases=times"));
    assert_ne!(one.cases().case(one.cases().entries(one.cases().find(0, b"times").unwrap()).start), None);
    let seeds = |dataset: &seedfs::dataset::Dataset| {
        let mut seeds = Vec::new();
        each(dataset, |case, _| seeds.extend(case.recipe().map(|recipe| recipe.seed)));
        seeds
    };
    assert!(seeds(&one).iter().zip(seeds(&other)).all(|(one, other)| *one != other));
    // Nor are they those of the dataset's own files.
    let listed: Vec<u64> = (0..5)
        .map(|index| match one.entry(index) {
            seedfs::dataset::Listed::File(file) => file.recipe.seed,
            seedfs::dataset::Listed::Symlink(_) => panic!("no links were asked for"),
        })
        .collect();
    assert!(seeds(&one).iter().all(|seed| !listed.contains(seed)));
}

#[test]
fn spellings_of_a_selection_are_one() {
    let identity = |text: &str| Spec::parse(text).unwrap().identity();
    let same = identity("files=5,cases=names+links");
    for text in [
        "files=5,cases=links+names",
        "cases=names,links,files=5",
        "files=5,cases=all-paths-sizes-huge-holes-times-modes-special-directories",
    ] {
        assert_eq!(identity(text), same, "{text}");
    }
    assert_ne!(identity("files=5"), same);
    assert_eq!(identity("files=5"), identity("files=5,cases=none"));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cases.toml");
    std::fs::write(&path, "files = 5\ncases = [\"names\", \"links\"]\n").unwrap();
    assert_eq!(identity(path.to_str().unwrap()), same);
    std::fs::write(&path, Spec::parse("files=5,cases=names+links").unwrap().to_toml()).unwrap();
    assert_eq!(identity(path.to_str().unwrap()), same);
}

#[test]
fn an_unknown_tag_is_refused_by_name_and_place() {
    let output = seedfs(&["ls", "torture,cases=names+smells"]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.starts_with("seedfs: cases=names+smells: must be all, none or some of names, paths, "), "{error}");
    assert!(error.trim_end().ends_with("not \"smells\"") && error.lines().count() == 1, "{error}");
    assert_eq!(text(&output), "");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bad.toml");
    std::fs::write(&path, "files = 5\n\n  cases = [\"names\", \"smells\"]\n").unwrap();
    let error = Spec::parse(path.to_str().unwrap()).unwrap_err().to_string();
    assert!(error.contains("line 3, column 11: cases: must be") && error.ends_with("not \"smells\""), "{error}");
}

/// What the catalogue takes does not grow with what it lists.
#[test]
fn totals_are_told_and_do_not_overflow() {
    let bytes = |text: &str| dataset(text).total_bytes();
    assert_eq!(bytes("files=0,cases=directories"), (1 + 65_536 + 1_000_000) * 16);
    assert_eq!(bytes("files=0,cases=modes"), 4096 * 16 + 17 * 100);
    assert_eq!(bytes("files=0,cases=links"), 3 * 100);
    assert_eq!(bytes("files=1000,size=1PB,cases=huge"), i64::MAX as u64);
    let sizes = promised(&dataset("files=0,cases=sizes"));
    assert_eq!(
        bytes("files=0,cases=sizes"),
        sizes
            .values()
            .filter(|s| s.mode & common::cases::S_IFMT == common::cases::S_IFREG)
            .map(|s| s.size)
            .sum::<u64>()
    );
}
