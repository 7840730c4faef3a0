//! What a sink keeps of files that are finished: a small record each, not their names where a dataset has them.
// Memory in use stands in /proc.
#![cfg(unix)]

mod common;

use std::ops::ControlFlow;
use std::sync::Arc;

use seedfs::content::Corpus;
use seedfs::dataset::{Dataset, Spec};
use seedfs::expected::{ByDataset, ByName, Expected, What};
use seedfs::sink::{NodeType, Rules, Sink, Target};
use seedfs::vfs::Ino;

const FILES: u64 = 1_000_000;

/// Most KiB that a million finished files may take.
const MOST: u64 = 200 << 10;

fn resident_kib() -> u64 {
    // What an earlier sink has freed must not pass for room that this one did not need.
    #[cfg(target_env = "gnu")]
    // SAFETY: gives free memory back; no preconditions.
    unsafe {
        libc::malloc_trim(0)
    };
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

fn dataset() -> ByDataset {
    let spec = Spec::parse(&format!("files={FILES},dirs=1000,size=64")).unwrap();
    ByDataset::new(Dataset::new(spec).unwrap(), 0).unwrap()
}

/// Restores every path of the dataset as rsync does, and says how much memory that took.
fn restored(expected: Box<dyn Expected>) -> (Sink, u64) {
    let list = dataset();
    let corpus: Arc<Corpus> = Corpus::builtin();
    let before = resident_kib();
    let sink = Sink::new(expected, corpus.clone(), Rules::default(), (0, 0));
    let (mut dir, mut dir_path) = (Ino::ROOT, Vec::new());
    list.visit(&mut |path| {
        let slash = path.iter().rposition(|&b| b == b'/').map_or(0, |slash| slash + 1);
        let (parent, name) = path.split_at(slash);
        if parent != dir_path {
            dir_path = parent.to_vec();
            let parts = parent.split(|&b| b == b'/').filter(|part| !part.is_empty());
            dir = parts.fold(Ino::ROOT, |dir, part| {
                let found = sink.lookup(dir, part).unwrap().ino;
                sink.forget(found, 1);
                found
            });
        }
        match list.demand(path).unwrap().what {
            What::Directory => _ = sink.mkdir(dir, name, 0o755, (0, 0)).unwrap(),
            What::File { recipe, .. } => {
                let mut bytes = [0; 64];
                recipe.fill(&corpus, 0, &mut bytes).unwrap();
                let temporary = [b".", name, b".Xy7Za9"].concat();
                let ino = sink.mknod(dir, &temporary, NodeType::Regular, 0o600, (0, 0)).unwrap().ino;
                sink.open(ino).unwrap();
                sink.write(ino, 0, &bytes).unwrap();
                sink.release(ino);
                sink.rename((dir, &temporary), (dir, name), Target::Replace).unwrap();
                sink.forget(ino, 1);
            }
            What::Symlink(_) | What::Special(_) => unreachable!("the dataset has none"),
        }
        ControlFlow::Continue(())
    });
    let taken = resident_kib().saturating_sub(before);
    (sink, taken)
}

#[test]
fn a_million_finished_files_fit_into_200_mib() {
    let (sink, taken) = restored(Box::new(dataset()));
    let report = sink.report(10, true);
    assert!(report.perfect, "{}", report.to_text());
    println!("by dataset: {taken} KiB for a million files");
    assert!(taken < MOST, "{taken} KiB");
    drop(sink);
    let (sink, taken) = restored(Box::new(ByName));
    let report = sink.report(10, true);
    assert_eq!(report.counts.complete, FILES, "{}", report.to_text());
    println!("by names: {taken} KiB for a million files");
    assert!(taken < MOST, "{taken} KiB");
}
