//! Reports of scanners that ran on Windows: backslashes, drives, carriage returns, UTF-16.

use std::convert::Infallible;

use proptest::prelude::*;
use seedfs::content::Corpus;
use seedfs::dataset::cases::Platform;
use seedfs::dataset::{Dataset, Spec};
use seedfs::score::{Options, Report, Root, Tool, find_root, score};
use seedfs::truth::{Known, Truth};

const WINDOWS: Platform = Platform::Windows;

fn groups(tool: Tool, report: &[u8]) -> Vec<Vec<String>> {
    let text = |path: &[u8]| String::from_utf8(path.to_vec()).unwrap();
    match tool.read_from(WINDOWS, report).unwrap() {
        Report::Groups(groups) => groups.iter().map(|group| group.iter().map(|path| text(path)).collect()).collect(),
        Report::Lines(_) => panic!("lines are told apart on Windows"),
    }
}

#[test]
fn every_form_gets_slashes() {
    let expected = [vec!["C:/mnt/a b.txt", "C:/mnt/sub/n.txt"], vec!["C:/mnt/x", "C:/mnt/y", "C:/mnt/z"]];
    let lines = "C:\\mnt\\a b.txt\nC:\\mnt\\sub\\n.txt\n\nC:\\mnt\\x\nC:\\mnt\\y\nC:\\mnt\\z\n\n";
    let returns = lines.replace('\n', "\r\n");
    let sizes = format!("20 bytes each:\r\n{returns}");
    let utf16: Vec<u8> = [0xfeff].into_iter().chain(returns.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let marked = [b"\xef\xbb\xbf", returns.as_bytes()].concat();
    for tool in [Tool::Fdupes, Tool::Jdupes] {
        for report in [lines.as_bytes(), returns.as_bytes(), sizes.as_bytes(), &utf16, &marked] {
            assert_eq!(groups(tool, report), expected, "{}", tool.name());
        }
    }
    let jdupes = r#"{ "matchSets": [
        { "fileList": [{ "filePath": "C:\\mnt\\a b.txt" }, { "filePath": "C:/mnt\\sub\\n.txt" }] },
        { "fileList": [{ "filePath": "C:\\mnt\\x" }, { "filePath": "C:\\mnt\\y" }, { "filePath": "C:\\mnt\\z" }] } ] }"#;
    assert_eq!(groups(Tool::Jdupes, jdupes.replace('\n', "\r\n").as_bytes()), expected);
    // fclones writes backslashes once more, and starts with what leads to long paths.
    let fclones = r#"{ "header": {}, "groups": [
        { "files": ["\\\\\\\\?\\\\C:\\\\mnt\\\\a b.txt", "C:\\\\mnt\\\\sub\\\\n.txt"] },
        { "files": ["C:\\\\mnt\\\\x", "C:\\\\mnt\\\\y", "C:\\\\mnt\\\\z"] } ] }"#;
    assert_eq!(groups(Tool::Fclones, fclones.as_bytes()), expected);
}

#[test]
fn roots_are_found_below_drives_and_shares_in_any_case() {
    for (root, path, relative) in [
        ("X:\\", "X:\\a\\b.txt", Some("a/b.txt")),
        ("x:", "X:\\a\\b.txt", Some("a/b.txt")),
        ("C:\\Mnt\\x\\", "c:\\mnt\\X\\.\\a\\\\b.txt", Some("a/b.txt")),
        ("C:/mnt", "\\\\?\\C:\\mnt\\a", Some("a")),
        ("\\\\server\\share", "\\\\?\\UNC\\server\\share\\a", Some("a")),
        (".", ".\\a\\b", Some("a/b")),
        ("", "a\\b", Some("a/b")),
        ("C:\\mnt", "C:\\mntx\\a", None),
        ("X:\\", "Y:\\a", None),
        ("C:\\mnt", "C:\\m", None),
    ] {
        let found = Root::on(WINDOWS, root.as_bytes());
        let path = WINDOWS.with_slashes(path.as_bytes());
        let below = found.relative(&path).map(|path| String::from_utf8(path.into_owned()).unwrap());
        assert_eq!(below.as_deref(), relative, "{root} {}", String::from_utf8_lossy(&path));
    }
}

#[test]
fn a_report_of_windows_is_scored_as_that_of_linux() {
    let dataset = Dataset::new(Spec::parse("files=300,dirs=20,duplicates=30,empty=5,hardlinks=5").unwrap()).unwrap();
    let corpus = Corpus::builtin();
    let truth = Known::of(&dataset, &corpus);
    let mut lines = [String::new(), String::new()];
    truth.groups(&mut |group| {
        truth.members(group.content, &mut |path, _| {
            let path = str::from_utf8(path).unwrap();
            lines[0].push_str(&format!("/mnt/x/{path}\n"));
            lines[1].push_str(&format!("D:\\Mount Point\\{}\r\n", path.replace('/', "\\")));
            std::ops::ControlFlow::Continue(())
        });
        lines[0].push('\n');
        lines[1].push_str("\r\n");
        std::ops::ControlFlow::Continue(())
    });
    let options = Options { empty: true, hard_links: true, ..Options::default() };
    let [linux, windows] = [(Platform::Unix, &lines[0]), (WINDOWS, &lines[1])].map(|(platform, text)| {
        let report = Tool::Fdupes.read_from(platform, text.as_bytes()).unwrap();
        let root = find_root(&truth, &report).unwrap();
        score(&truth, report, &root, options, &mut |_| Ok::<(), Infallible>(())).unwrap()
    });
    assert!(windows.is_exact() && windows.right_groups > 5, "{windows:?}");
    assert_eq!(windows, linux);
}

#[test]
fn elsewhere_a_backslash_is_a_character() {
    let report = Tool::Fdupes.read_from(Platform::Unix, b"a\\b\nc\r\n\n").unwrap();
    assert_eq!(report.groups(&|_| true), [[&b"a\\b"[..], b"c\r"]]);
    assert_eq!(Root::on(Platform::Unix, b"/MNT").relative(b"/mnt/a"), None);
    assert_eq!(Root::on(Platform::Unix, b"C:\\").relative(b"C:\\/a").as_deref(), Some(&b"a"[..]));
}

proptest! {
    /// Slashes are all that a path of Windows has, and nothing is changed twice.
    #[test]
    fn slashes_stay(path in prop::collection::vec(any::<u8>(), 0..60)) {
        let once = WINDOWS.with_slashes(&path).into_owned();
        prop_assert!(!once.contains(&b'\\'));
        prop_assert_eq!(WINDOWS.with_slashes(&once).into_owned(), once);
        prop_assert_eq!(&*Platform::Unix.with_slashes(&path), &path[..]);
    }

    #[test]
    fn anything_is_read_without_a_panic(report in prop::collection::vec(any::<u8>(), 0..200), utf16: bool) {
        let report = if utf16 { [&[0xff, 0xfe], &report[..]].concat() } else { report };
        for tool in [Tool::Fclones, Tool::Jdupes, Tool::Fdupes, Tool::Rmlint, Tool::Rdfind] {
            let _ = tool.read_from(WINDOWS, &report);
        }
    }
}
