//! What the scanners write: reports that they made of a small tree are read back, name by name, and so are reports of
//! any names; whatever else is called a report is refused in one line, or is all unknown paths, and never a panic.

mod common;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use common::content::project_file;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use seedfs::dataset::cases::Platform;
use seedfs::score::{Paths, Root, Tool};

type Group = BTreeSet<Vec<u8>>;

/// The names of `odd/` in the tree of the reports; the last two are no UTF-8.
const ODD: [&[u8]; 17] = [
    b"new\nline",
    b"blank\n\nlines",
    b"end\n",
    b"quote\".txt",
    b"back\\slash",
    b"back\\n",
    "uni ü→😀".as_bytes(),
    b"tab\there",
    b"  spaces ",
    b"it's, a comma",
    b"-dash",
    b"\x01\x1b[31mred\x7f",
    b"cr\r",
    b"# hash",
    b"5 bytes each:",
    b"latin\xe9",
    b"\xff\xfe",
];

const PLAIN: [&str; 3] = ["plain/a.txt", "plain/b.txt", "sub/deep/c.txt"];
const LINKS: [&str; 4] = ["links/orig", "links/hard1", "links/hard2", "links/copy"];
const ONLY: [&str; 2] = ["links/only", "links/only2"];
const EMPTY: [&str; 3] = ["empty/x", "empty/y", "empty/z"];

fn group(paths: &[&str]) -> Group {
    paths.iter().map(|path| path.as_bytes().to_vec()).collect()
}

fn odd(names: &[&[u8]]) -> Group {
    names.iter().map(|name| [b"odd/", *name].concat()).collect()
}

/// What stands in a report of the tree, relative to its root.
fn recorded(tool: Tool, file: &str) -> BTreeSet<Group> {
    let bytes = std::fs::read(project_file(&format!("tests/vectors/reports/{file}"))).unwrap();
    let start = if matches!(tool, Tool::Rmlint | Tool::Fclones) { "/mnt/tree" } else { "." };
    let known: BTreeSet<Vec<u8>> =
        [group(&PLAIN), group(&LINKS), group(&ONLY), group(&EMPTY), odd(&ODD)].into_iter().flatten().collect();
    read(tool, &bytes, start, &|path| known.contains(path)).into_iter().collect()
}

fn read(tool: Tool, report: &[u8], start: &str, is_known: &dyn Fn(&[u8]) -> bool) -> Vec<Group> {
    // These reports were made on Unix, wherever this runs.
    let root = Root::on(Platform::Unix, start.as_bytes());
    let relative = |path: &[u8]| root.relative(path).map(|path| path.into_owned());
    let report = tool.read_from(Platform::Unix, report).unwrap_or_else(|error| panic!("{}: {error}", tool.name()));
    let groups = report.groups(&|path| relative(path).is_some_and(|path| is_known(&path)));
    let paths = |group: Paths<'_>| group.iter().map(|path| relative(path).unwrap()).collect();
    groups.into_iter().map(paths).collect()
}

#[test]
fn reports_in_lines_name_every_file() {
    let one_link = group(&["links/orig", "links/copy"]);
    let expected = BTreeSet::from([group(&PLAIN), odd(&ODD), one_link, group(&EMPTY)]);
    assert_eq!(recorded(Tool::Fdupes, "fdupes.txt"), expected);
    assert_eq!(recorded(Tool::Fdupes, "fdupes-sizes.txt"), expected);
    let all = BTreeSet::from([group(&PLAIN), odd(&ODD), group(&LINKS), group(&ONLY), group(&EMPTY)]);
    assert_eq!(recorded(Tool::Fdupes, "fdupes-hardlinks.txt"), all);
    assert_eq!(recorded(Tool::Jdupes, "jdupes-all-sizes.txt"), all);
    assert_eq!(recorded(Tool::Jdupes, "jdupes.txt"), BTreeSet::from([group(&PLAIN), odd(&ODD), group(&LINKS)]));
    assert_eq!(recorded(Tool::Jdupes, "jdupes-nul.txt"), recorded(Tool::Jdupes, "jdupes.txt"));
}

#[test]
fn reports_of_rdfind_name_every_file() {
    let one_link = group(&["links/orig", "links/copy"]);
    let found = recorded(Tool::Rdfind, "rdfind.txt");
    let links = found.iter().find(|group| group.contains(&b"links/copy"[..])).unwrap();
    assert_eq!(links.len(), one_link.len(), "one name of the linked file");
    assert_eq!(found.difference(&BTreeSet::from([links.clone()])).cloned().collect::<BTreeSet<_>>(), {
        BTreeSet::from([group(&PLAIN), odd(&ODD)])
    });
    let all = BTreeSet::from([group(&PLAIN), odd(&ODD), group(&LINKS), group(&ONLY), group(&EMPTY)]);
    assert_eq!(recorded(Tool::Rdfind, "rdfind-all.txt"), all);
}

#[test]
fn reports_in_json_name_every_file() {
    let all = BTreeSet::from([group(&PLAIN), odd(&ODD), group(&LINKS), group(&ONLY), group(&EMPTY)]);
    assert_eq!(recorded(Tool::Rmlint, "rmlint.json"), all);
    let two_originals = BTreeSet::from([group(&PLAIN), group(&LINKS), group(&ONLY)]);
    assert_eq!(recorded(Tool::Rmlint, "rmlint-originals.json"), two_originals);

    assert_eq!(recorded(Tool::Fclones, "fclones.json"), BTreeSet::from([group(&PLAIN), odd(&ODD), group(&LINKS)]));
    assert_eq!(recorded(Tool::Fclones, "fclones-all.json"), all);

    let utf8 = odd(&ODD[..15]);
    assert_eq!(recorded(Tool::Jdupes, "jdupes.json"), BTreeSet::from([group(&PLAIN), utf8.clone(), group(&LINKS)]));
    let all = BTreeSet::from([group(&PLAIN), utf8, group(&LINKS), group(&ONLY), group(&EMPTY)]);
    assert_eq!(recorded(Tool::Jdupes, "jdupes-all.json"), all);
}

#[test]
fn reports_of_no_duplicates_are_read() {
    let jdupes = br#"{ "jdupesVersion": "1.21.3", "matchSets": [ ] }"#;
    let rdfind = b"# Automatically generated\n# duptype id depth size device inode priority name\n# end of file\n";
    let rmlint = br#"[{ "description": "rmlint json-dump of lint files" }, { "aborted": false }]"#;
    let fclones = br#"{ "header": { "version": "0.35.0" }, "groups": [] }"#;
    let reports: [(Tool, &[u8]); 6] = [
        (Tool::Fdupes, b""),
        (Tool::Jdupes, b""),
        (Tool::Jdupes, jdupes),
        (Tool::Rdfind, rdfind),
        (Tool::Rmlint, rmlint),
        (Tool::Fclones, fclones),
    ];
    for (tool, report) in reports {
        assert_eq!(read(tool, report, ".", &|_| true), Vec::<Group>::new(), "{}", tool.name());
    }
}

#[test]
fn what_is_no_report_is_refused_with_its_place() {
    let rdfind = "# Automatically generated\n# duptype id depth size device inode priority name\n";
    let file = "DUPTYPE_FIRST_OCCURRENCE 1 1 5 1 1 3 ./a\n";
    let second = "DUPTYPE_WITHIN_SAME_TREE -1 1 5 1 1 3 ./a\n";
    let cases = [
        (Tool::Fclones, "{\n  \"groups\": [ {\n".to_owned(), "line 3: column 0: EOF while parsing an object"),
        (Tool::Fclones, "{}".to_owned(), "line 1: column 2: missing field `groups`"),
        (Tool::Fclones, r#"{"groups": [{"files": 7}]}"#.to_owned(), "line 1: column 23: invalid type"),
        (Tool::Jdupes, "{ \"matchSets\": 1e999999 }".to_owned(), "line 1: column 23: number out of range"),
        (Tool::Rmlint, String::new(), "line 1: column 0: EOF"),
        (Tool::Rmlint, "[]".to_owned(), "line 1: no header of rmlint"),
        (Tool::Rmlint, "[".repeat(1_000_000), "line 1: column "),
        (Tool::Rdfind, "./a\n./b\n".to_owned(), "line 1: no header of rdfind"),
        (Tool::Rdfind, format!("{rdfind}{file}"), "line 4: cut off"),
        (Tool::Rdfind, format!("{rdfind}./a\n# end of file\n"), "line 3: no line of rdfind"),
        (Tool::Rdfind, format!("{rdfind}{second}# end of file\n"), "line 3: a group without its first file"),
    ];
    for (tool, report, start) in cases {
        let error = tool.read(report.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with(start) && !error.contains('\n'), "{}: {error}", tool.name());
    }
}

/// Writes groups as a tool does. Lines cannot say where a name with line ends stops; the truth tells.
fn write_report(tool: Tool, groups: &[Vec<String>], variant: bool) -> String {
    match tool {
        Tool::Fdupes | Tool::Jdupes if !variant => groups
            .iter()
            .map(|group| group.iter().map(|path| format!("./{path}\n")).collect::<String>() + "\n")
            .collect(),
        Tool::Fdupes => {
            let lines = |group: &Vec<String>| group.iter().map(|path| format!("./{path}\n")).collect::<String>();
            groups.iter().map(|group| format!("123 bytes each:\n{}\n", lines(group))).collect()
        }
        Tool::Jdupes => {
            let path = |path: &String| serde_json::json!({"filePath": format!("./{path}")});
            let set = |group: &Vec<String>| serde_json::json!({"fileList": group.iter().map(path).collect::<Vec<_>>()});
            serde_json::to_string_pretty(&serde_json::json!({"matchSets": groups.iter().map(set).collect::<Vec<_>>()}))
                .unwrap()
        }
        Tool::Fclones => {
            let path = |path: &String| format!("./{path}").replace('\\', "\\\\").replace('\n', "\\n");
            let group = |group: &Vec<String>| serde_json::json!({"files": group.iter().map(path).collect::<Vec<_>>()});
            serde_json::json!({"header": {}, "groups": groups.iter().map(group).collect::<Vec<_>>()}).to_string()
        }
        Tool::Rmlint => {
            let mut entries = vec![serde_json::json!({"description": "rmlint json-dump of lint files"})];
            for (number, group) in groups.iter().enumerate() {
                // The same checksum for all groups: sizes, originals and the number of twins tell them apart.
                let entry = |(at, path): (usize, &String)| {
                    serde_json::json!({"type": "duplicate_file", "checksum": "0", "size": number / 2, "twins": group.len(),
                        "path": format!("./{path}"), "is_original": at == 0 || (variant && at == 1)})
                };
                entries.extend(group.iter().enumerate().map(entry));
            }
            entries.push(serde_json::json!({"aborted": false}));
            serde_json::to_string(&entries).unwrap()
        }
        Tool::Rdfind => {
            let mut text = "# Automatically generated\n# duptype id depth size device inode priority name\n".to_owned();
            for (number, group) in (1..).zip(groups) {
                for (at, path) in group.iter().enumerate() {
                    let (kind, id) = if at == 0 { ("FIRST_OCCURRENCE", number) } else { ("OUTSIDE_TREE", -number) };
                    writeln!(text, "DUPTYPE_{kind} {id} 1 5 65024 77 3 ./{path}").unwrap();
                }
            }
            text + "# end of file\n"
        }
    }
}

const TOOLS: [Tool; 5] = [Tool::Fclones, Tool::Jdupes, Tool::Fdupes, Tool::Rmlint, Tool::Rdfind];

/// Groups of two and more distinct paths, with line ends, backslashes and the like in them.
fn groups() -> impl Strategy<Value = Vec<Vec<String>>> {
    let name = "[a-z\\\\ \n\"é]{0,6}[a-z\n]";
    let sizes = prop::collection::vec(2usize..5, 0..6);
    (sizes, name).prop_flat_map(move |(sizes, stem)| {
        let count: usize = sizes.iter().sum();
        prop::collection::vec(name, count).prop_map(move |names| {
            // Numbers behind a slash keep the paths distinct and none the beginning of another.
            let mut paths = names.iter().enumerate().map(|(n, name)| format!("{n}/{stem}/{name}/{n}"));
            sizes.iter().map(|&size| paths.by_ref().take(size).collect()).collect()
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_groups_read_back(groups in groups(), variant: bool) {
        let known: BTreeSet<Vec<u8>> = groups.iter().flatten().map(|path| path.clone().into_bytes()).collect();
        let expected: Vec<Group> =
            groups.iter().map(|group| group.iter().map(|path| path.clone().into_bytes()).collect()).collect();
        for tool in TOOLS {
            let report = write_report(tool, &groups, variant);
            let found = read(tool, report.as_bytes(), ".", &|path| known.contains(path));
            prop_assert_eq!(&found, &expected, "{}: {}", tool.name(), report);
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for tool in TOOLS {
            if let Ok(report) = tool.read(&bytes) {
                let root = Root::find(report.beginnings(), &|path| path.len() % 3 == 0);
                let paths: usize = report.groups(&|path| path.len() % 3 == 0).iter().map(Vec::len).sum();
                prop_assert!(paths <= bytes.len() + 1 && root.is_none_or(|root| root.relative(b"x").is_none_or(|p| p.len() < 2)));
            }
        }
    }

    #[test]
    fn damaged_reports_never_panic(groups in groups(), at: prop::sample::Index, bytes in prop::collection::vec(any::<u8>(), 0..5)) {
        for tool in TOOLS {
            let mut report = write_report(tool, &groups, true).into_bytes();
            let at = if report.is_empty() { 0 } else { at.index(report.len()) };
            let end = (at + bytes.len()).min(report.len());
            report.splice(at..end, bytes.iter().copied());
            if let Ok(read) = tool.read(&report) {
                prop_assert!(read.groups(&|_| false).iter().map(Vec::len).sum::<usize>() <= report.len());
            }
        }
    }
}
