//! Reports of duplicate scanners, read and compared with the truth.

use std::convert::Infallible;
use std::sync::{Arc, LazyLock};

use seedfs::content::Corpus;
use seedfs::dataset::{Dataset, Entry, Spec};
use seedfs::score::{self, Finding, Options, Root, Tool};
use seedfs::truth::Known;

const TOOLS: [Tool; 5] = [Tool::Fclones, Tool::Jdupes, Tool::Fdupes, Tool::Rmlint, Tool::Rdfind];

/// Some of everything: names with line ends, links, empty files, near-duplicates.
const DATASET: &str = "files=150,dirs=4,duplicates=30%,hardlinks=10%,near=6%,near.edits=first,last,insert,symlinks=5%,empty=5%,cases=names";

static TREE: LazyLock<Dataset> =
    LazyLock::new(|| Dataset::new(Spec::parse(DATASET).expect("a good text")).expect("a good spec"));
static CORPUS: LazyLock<Arc<Corpus>> = LazyLock::new(Corpus::builtin);
static TRUTH: LazyLock<Known<'static>> = LazyLock::new(|| Known::of(&TREE, &CORPUS));
static PATHS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut paths = Vec::new();
    let Ok(()) = TREE.walk(0..TREE.entries(), |entry, path| {
        if !matches!(entry, Entry::Folder(_)) {
            paths.push(path.to_vec());
        }
        Ok::<(), Infallible>(())
    });
    paths
});

/// In front of the number of a path of the tree, which takes its place: inputs need not hold whole paths.
const PATH: u8 = 1;

fn with_paths(data: &[u8]) -> Vec<u8> {
    let mut report = Vec::new();
    let mut bytes = data.iter();
    while let Some(&byte) = bytes.next() {
        match (byte, bytes.as_slice().first()) {
            (PATH, Some(&number)) => {
                report.extend_from_slice(&PATHS[usize::from(number) % PATHS.len()]);
                bytes.next();
            }
            _ => report.push(byte),
        }
    }
    report
}

/// The first byte chooses the tool and what counts. Every group is counted once on each side, every pair is found or
/// missed, and no share is above 1.
pub fn run(data: &[u8]) {
    let Some((&first, rest)) = data.split_first() else { return };
    let text = with_paths(rest);
    let tool = TOOLS[usize::from(first) % TOOLS.len()];
    let options = Options { hard_links: first & 64 != 0, empty: first & 128 != 0, shown: 5 };
    let report = match tool.read(&text) {
        Ok(report) => report,
        Err(error) => return assert!(error.line >= 1 && error.line <= 1 + lines(&text), "{error}"),
    };
    let root = score::find_root(&*TRUTH, &report).unwrap_or_else(|| Root::new(b"/mnt"));
    let mut wrong = 0;
    let mut missed = 0;
    let mut unknown = 0;
    let Ok(summary) = score::score(&*TRUTH, report, &root, options, &mut |finding| {
        match finding {
            Finding::Unknown { path, .. } | Finding::Repeated { path, .. } => {
                unknown += u64::from(matches!(finding, Finding::Unknown { .. }));
                assert!(!score::shown(path).contains(char::is_control));
            }
            Finding::Wrong { classes, .. } => {
                wrong += 1;
                assert!(classes.len() > 1 && classes.iter().all(|class| class.files > 0 && class.new <= class.files));
            }
            Finding::Missed { files, found, paths, .. } => {
                missed += 1;
                assert!(files >= 2 && found < files && paths.len() <= options.shown);
            }
        }
        Ok::<(), Infallible>(())
    });
    assert_eq!((summary.wrong_groups, summary.unknown_paths), (wrong, unknown));
    assert_eq!(summary.reported_groups, summary.right_groups + summary.wrong_groups + summary.ignored_groups);
    assert_eq!(summary.missed_groups + summary.partly_found_groups, missed);
    assert_eq!(summary.true_groups, summary.found_groups + missed);
    let nothing =
        score::score(&*TRUTH, score::Report::Groups(Vec::new()), &root, options, &mut |_| Ok::<(), Infallible>(()));
    let Ok(nothing) = nothing;
    assert_eq!(summary.true_pairs + summary.missed_pairs, nothing.missed_pairs);
    for share in [summary.precision(), summary.recall(), summary.f1()].into_iter().flatten() {
        assert!(share.part <= share.of && share.basis_points() <= 10_000);
    }
}

fn lines(text: &[u8]) -> u64 {
    text.iter().filter(|&&byte| byte == b'\n').count() as u64
}
