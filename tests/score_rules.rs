//! How a report is scored, with a truth made by hand: what is right, wrong, found, missed, and what does not count.

use std::borrow::Cow;
use std::convert::Infallible;
use std::ops::ControlFlow;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use seedfs::score::{Finding, Options, Report, Root, Summary, find_root, pairs, score};
use seedfs::truth::{Fact, Group, Table, Trap, Truth};

/// Path, inode, content, base, trap, size.
type Row = (&'static str, u64, u64, u64, Option<Trap>, u64);

/// Three groups: `a` to `c`, `h1` to `h3` (two of them one file), and the empty files; two near-duplicates of `a`, one
/// longer file; two names of one file; a symbolic link.
const FILES: [Row; 15] = [
    ("a", 1, 10, 10, None, 5000),
    ("d/b", 2, 10, 10, None, 5000),
    ("d/c", 3, 10, 10, None, 5000),
    ("near1", 4, 11, 10, Some(Trap::Byte(4095)), 5000),
    ("near2", 5, 12, 10, Some(Trap::Start(2500)), 5000),
    ("other", 6, 13, 13, None, 5000),
    ("longer", 7, 14, 14, None, 5001),
    ("h1", 8, 20, 20, None, 700),
    ("h2", 8, 20, 20, None, 700),
    ("h3", 9, 20, 20, None, 700),
    ("e1", 10, 30, 30, None, 0),
    ("e2", 11, 30, 30, None, 0),
    ("one", 12, 40, 40, None, 900),
    ("same", 12, 40, 40, None, 900),
    ("tail", 13, 15, 10, Some(Trap::End(100)), 5000),
];

fn truth() -> Table {
    let mut table = Table::default();
    for (path, ino, content, base, trap, size) in FILES {
        table.insert(path.as_bytes(), Fact { content, base, trap, ino, size, symlink: false });
    }
    table.insert(b"link", Fact { content: 99, base: 99, trap: None, ino: 99, size: 1, symlink: true });
    table
}

/// A report of groups, each a line of paths.
fn report(groups: &[&'static str]) -> Report<'static> {
    let paths = |group: &&'static str| group.split(' ').map(|path| Cow::Borrowed(path.as_bytes())).collect();
    Report::Groups(groups.iter().map(paths).collect())
}

/// The figures, and each finding on one line.
fn scored(groups: &[&'static str], options: Options) -> (Summary, Vec<String>) {
    let mut findings = Vec::new();
    let text = |paths: &[Vec<u8>]| paths.iter().map(|p| String::from_utf8_lossy(p)).collect::<Vec<_>>().join(" ");
    let summary = score(&truth(), report(groups), &Root::new(b""), options, &mut |finding| {
        findings.push(match finding {
            Finding::Unknown { group, path } => format!("unknown {group} {}", String::from_utf8_lossy(path)),
            Finding::Repeated { group, path } => format!("repeated {group} {}", String::from_utf8_lossy(path)),
            Finding::Wrong { group, classes } => {
                let class = |class: &seedfs::score::Class| match class.reason {
                    None => text(&class.paths),
                    Some(reason) => format!("{} ({reason})", text(&class.paths)),
                };
                format!("wrong {group} {}", classes.iter().map(class).collect::<Vec<_>>().join(" | "))
            }
            Finding::Missed { files, found, paths, .. } => format!("missed {found} of {files} {}", text(&paths)),
        });
        Ok::<(), Infallible>(())
    });
    let Ok(summary) = summary;
    (summary, findings)
}

fn by_default(groups: &[&'static str]) -> (Summary, Vec<String>) {
    scored(groups, Options::default())
}

/// Right, wrong and missed pairs.
fn pair_counts(summary: &Summary) -> (u128, u128, u128) {
    (summary.true_pairs, summary.false_pairs, summary.missed_pairs)
}

#[test]
fn an_exact_report_has_no_findings() {
    let (summary, findings) = by_default(&["d/c a d/b", "h3 h1"]);
    assert_eq!(findings, Vec::<String>::new());
    assert!(summary.is_exact());
    assert_eq!((summary.right_groups, summary.found_groups, summary.true_groups), (2, 2, 2));
    assert_eq!(pair_counts(&summary), (4, 0, 0));
    assert_eq!(summary.precision().unwrap().to_string(), "4/4 = 100.00 %");
    assert_eq!(summary.recall(), summary.precision());
    assert_eq!(summary.f1().unwrap().to_string(), "8/8 = 100.00 %");
}

#[test]
fn an_empty_report_misses_everything() {
    let (summary, findings) = by_default(&[]);
    assert_eq!(findings, ["missed 0 of 3 a d/b d/c", "missed 0 of 2 h1 h3"]);
    assert_eq!(pair_counts(&summary), (0, 0, 4));
    assert_eq!(summary.precision(), None);
    assert_eq!(summary.recall().unwrap().to_string(), "0/4 = 0.00 %");
    assert!(!summary.is_exact());
}

#[test]
fn a_wrong_group_tells_which_trap_caught_the_scanner() {
    let (summary, findings) = by_default(&["near1 a d/b d/c", "h1 h3"]);
    assert_eq!(findings, ["wrong 1 a d/b d/c | near1 (equal but for byte 4095)"]);
    // The true group is found all the same: it is held as a whole.
    assert_eq!((summary.wrong_groups, summary.found_groups), (1, 2));
    assert_eq!(pair_counts(&summary), (4, 3, 0));
    assert_eq!(summary.precision().unwrap().to_string(), "4/7 = 57.14 %");

    let reason = |group| by_default(&[group]).1.remove(0);
    assert_eq!(reason("a near2"), "wrong 1 a | near2 (equal only in the first 2500 bytes)");
    assert_eq!(reason("tail a"), "wrong 1 tail | a (equal only in the last 100 bytes)");
    assert_eq!(
        reason("near1 near2"),
        "wrong 1 near1 | near2 (both made from a third: one equal but for byte 4095, the other equal only in the first \
         2500 bytes)"
    );
    assert_eq!(reason("a longer"), "wrong 1 a | longer (sizes differ: 5000 and 5001 bytes)");
    assert_eq!(reason("other a"), "wrong 1 other | a (nothing equal but the size)");
    assert_eq!(reason("e1 other"), "wrong 1 e1 | other (sizes differ: 0 and 5000 bytes)");
}

#[test]
fn a_group_in_parts_is_partly_found() {
    let (summary, findings) = by_default(&["a d/b", "h1 h3"]);
    assert_eq!(findings, ["missed 2 of 3 d/c"]);
    assert_eq!((summary.partly_found_groups, summary.missed_groups), (1, 0));
    assert_eq!(pair_counts(&summary), (2, 0, 2));
    assert_eq!(summary.recall().unwrap().to_string(), "2/4 = 50.00 %");
    // Alone with strangers, a file is not found.
    let (summary, _) = by_default(&["a other", "d/b longer", "h1 h3"]);
    assert_eq!((summary.partly_found_groups, summary.missed_groups), (0, 1));
}

#[test]
fn pairs_count_once() {
    let (summary, findings) = by_default(&["a d/b", "d/b d/c", "a d/b d/c", "h1 h3"]);
    assert_eq!(findings, ["repeated 2 d/b", "repeated 3 a", "repeated 3 d/b", "repeated 3 d/c"]);
    assert_eq!(pair_counts(&summary).0, 3);
    assert!(!summary.is_exact(), "a repeated path is a fault of the report");

    let (summary, findings) = by_default(&["a a d/b d/c a", "h1 h3"]);
    assert_eq!(findings, ["repeated 1 a", "repeated 1 a"]);
    assert_eq!(pair_counts(&summary), (4, 0, 0));
}

#[test]
fn hard_links_count_only_when_asked() {
    let (summary, findings) = by_default(&["a d/b d/c", "h1 h2 h3", "one same"]);
    assert_eq!(findings, Vec::<String>::new());
    assert_eq!((summary.right_groups, summary.ignored_groups), (2, 1));

    let links = Options { hard_links: true, ..Options::default() };
    let (summary, findings) = scored(&["a d/b d/c", "h1 h3"], links);
    assert_eq!(findings, ["missed 2 of 3 h2", "missed 0 of 2 one same"]);
    assert_eq!(pair_counts(&summary), (4, 0, 3));
    assert!(scored(&["a d/b d/c", "h1 h2 h3", "one same"], links).0.is_exact());
}

#[test]
fn empty_files_count_only_when_asked() {
    let (summary, findings) = by_default(&["a d/b d/c", "h1 h3", "e1 e2"]);
    assert_eq!(findings, Vec::<String>::new());
    assert_eq!((summary.right_groups, summary.ignored_groups), (2, 1));
    let empty = Options { empty: true, ..Options::default() };
    assert_eq!(scored(&["a d/b d/c", "h1 h3"], empty).1, ["missed 0 of 2 e1 e2"]);
    assert!(scored(&["a d/b d/c", "h1 h3", "e2 e1"], empty).0.is_exact());
    // Mixed with others they are wrong without being asked for, but do not make right pairs.
    let (summary, _) = by_default(&["e1 e2 a", "h1 h3"]);
    assert_eq!(pair_counts(&summary), (1, 2, 3));
}

#[test]
fn symbolic_links_never_count() {
    let (summary, findings) = by_default(&["a d/b d/c link", "h1 h3", "link one"]);
    assert_eq!((summary.symlinks, findings.len()), (2, 0));
    assert!(summary.is_exact());
}

#[test]
fn unknown_paths_are_shown_and_counted() {
    let (summary, findings) = by_default(&["a d/b d/c nowhere", "../h1 h1 h3", "/a x"]);
    assert_eq!(findings, ["unknown 1 nowhere", "unknown 2 ../h1", "unknown 3 /a", "unknown 3 x"]);
    assert_eq!((summary.unknown_paths, summary.right_groups, summary.found_groups), (4, 2, 2));
    assert!(!summary.is_exact());
}

#[test]
fn long_lists_are_cut() {
    let options = Options { shown: 2, ..Options::default() };
    assert_eq!(scored(&[], options).1[0], "missed 0 of 3 a d/b");
    assert_eq!(scored(&["a d/b d/c other"], options).1[0], "wrong 1 a d/b | other (nothing equal but the size)");
}

#[test]
fn the_root_is_found_in_the_paths() {
    let cases: [(&[&str], &str); 8] = [
        (&["a d/b"], ""),
        (&["./a ./d/b"], "."),
        (&["/mnt/x/a /mnt/x/d/b"], "/mnt/x"),
        (&["mnt//x/a mnt/x/./d/b"], "mnt/x/"),
        (&["/a /d/b"], "/"),
        // A path that does not exist comes first, and one that lies elsewhere.
        (&["/mnt/x/gone /elsewhere/y", "/mnt/x/d/b /mnt/x/d/c"], "/mnt/x"),
        (&["/d/d/b /d/d/c"], "/d"),
        (&["/mnt/x/d/c"], "/mnt/x"),
    ];
    for (groups, root) in cases {
        let groups: Vec<&'static str> = groups.to_vec();
        assert_eq!(find_root(&truth(), &report(&groups)), Some(Root::new(root.as_bytes())), "{groups:?}");
    }
    assert_eq!(find_root(&truth(), &report(&["/mnt/x/no /mnt/x/nothing"])), None);
    assert_eq!(find_root(&truth(), &report(&[])), None);
}

#[test]
fn paths_lie_below_their_root_or_are_strangers() {
    let relative = |root: &str, path: &str| {
        let root = Root::new(root.as_bytes());
        root.relative(path.as_bytes()).map(|path| String::from_utf8(path.into_owned()).unwrap())
    };
    assert_eq!(relative("/mnt/x/", "/mnt/x/a/b").as_deref(), Some("a/b"));
    assert_eq!(relative("/mnt/x", "/mnt//x/./a//b").as_deref(), Some("a/b"));
    assert_eq!(relative("./mnt/", "mnt/a").as_deref(), Some("a"));
    assert_eq!(relative("", "./a").as_deref(), Some("a"));
    assert_eq!(relative("/", "/a/b").as_deref(), Some("a/b"));
    for (root, path) in [("/mnt/x", "/mnt/xy/a"), ("/mnt/x", "/mnt/x"), ("", "/a"), ("/mnt/x", "mnt/x/a")] {
        assert_eq!(relative(root, path), None, "{root} {path}");
    }
}

#[test]
fn figures_do_not_overflow() {
    /// One group of as many files as there can be.
    struct Vast;
    impl Truth for Vast {
        fn fact(&self, path: &[u8]) -> Option<Fact> {
            let ino = str::from_utf8(path).ok()?.parse().ok()?;
            Some(Fact { content: 1, base: 1, trap: None, ino, size: 1, symlink: false })
        }
        fn groups(&self, visit: &mut dyn FnMut(Group) -> ControlFlow<()>) {
            for content in 1..=3 {
                let group = Group { content, size: 1, names: u64::MAX, inodes: u64::MAX };
                if visit(group).is_break() {
                    return;
                }
            }
        }
        fn members(&self, _: u64, visit: &mut dyn FnMut(&[u8], &Fact) -> ControlFlow<()>) {
            let mut number = 0u64;
            while visit(number.to_string().as_bytes(), &self.fact(b"7").unwrap()).is_continue() {
                number += 1;
                assert!(number < 100, "members are asked for beyond what is shown");
            }
        }
    }
    let hard_links = Options { hard_links: true, ..Options::default() };
    let summary = score(&Vast, report(&["1 2 3 4"]), &Root::new(b""), hard_links, &mut |_| Ok::<(), Infallible>(()));
    let Ok(summary) = summary;
    assert_eq!((summary.partly_found_groups, summary.missed_groups, summary.true_pairs), (1, 2, 6));
    assert_eq!(summary.missed_pairs, u128::MAX, "a count that stays at its largest value");
    assert_eq!(pairs(u64::MAX), (1 << 127) - 3 * (1 << 63) + 1);
    assert_eq!(summary.recall().unwrap().basis_points(), 0);

    let nearly = Summary { true_pairs: u128::MAX - 1, missed_pairs: 1, ..Summary::default() };
    assert_eq!(nearly.recall().unwrap().basis_points(), 9_999, "only what is whole is 100 %");
    assert_eq!(nearly.precision().unwrap().basis_points(), 10_000);
    assert!(nearly.f1().is_some());
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    /// Against counting pair by pair, for reports in which every path stands once.
    #[test]
    fn pairs_are_those_of_a_count_by_hand(
        contents in prop::collection::vec((1u64..6, 1u64..9), 1..24),
        places in prop::collection::vec(0usize..7, 24),
        hard_links: bool,
    ) {
        let mut table = Table::default();
        // Names of one file have one content.
        let fact = |&(content, ino): &(u64, u64)| Fact { content, base: content, trap: None, ino: content * 100 + ino, size: 5, symlink: false };
        let facts: Vec<Fact> = contents.iter().map(fact).collect();
        let names: Vec<String> = (0..facts.len()).map(|n| format!("f{n}")).collect();
        let mut groups = vec![Vec::new(); 6];
        let mut seen = std::collections::HashSet::new();
        let mut files = Vec::new();
        for ((fact, name), &place) in facts.iter().zip(&names).zip(&places) {
            table.insert(name.as_bytes(), *fact);
            // Of several names of one file only the first is reported, or each counts for itself.
            if hard_links || seen.insert(fact.ino) {
                files.push((*fact, place));
                if place < 6 {
                    groups[place].push(Cow::Borrowed(name.as_bytes()));
                }
            }
        }
        let (mut right, mut wrong, mut missed) = (0, 0, 0);
        for (n, (one, place)) in files.iter().enumerate() {
            for (other, other_place) in &files[..n] {
                let together = place == other_place && *place < 6;
                match (together, one.content == other.content) {
                    (true, true) => right += 1,
                    (true, false) => wrong += 1,
                    (false, true) => missed += 1,
                    (false, false) => {}
                }
            }
        }
        groups.retain(|group| !group.is_empty());
        let options = Options { hard_links, ..Options::default() };
        let summary = score(&table, Report::Groups(groups), &Root::new(b""), options, &mut |_| Ok::<(), Infallible>(()));
        let Ok(summary) = summary;
        prop_assert_eq!(pair_counts(&summary), (right, wrong, missed));
        prop_assert_eq!(summary.found_groups + summary.partly_found_groups + summary.missed_groups, summary.true_groups);
        prop_assert_eq!(summary.right_groups + summary.wrong_groups + summary.ignored_groups, summary.reported_groups);
        prop_assert_eq!(summary.is_exact(), wrong == 0 && missed == 0);
    }
}
