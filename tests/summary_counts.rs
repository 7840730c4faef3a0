//! A summary is arithmetic; here it is compared with what listing every file finds.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use proptest::prelude::*;
use seedfs::content::Corpus;
use seedfs::dataset::layout::{LinkKind, Section};
use seedfs::dataset::{Dataset, Entry, Listed, Spec};
use seedfs::summary::{FolderBin, Summary};

fn dataset(text: &str) -> Dataset {
    Dataset::new(Spec::parse(text).unwrap()).unwrap()
}

/// What a walk through all entries counts.
#[derive(Default)]
struct Walked {
    sizes: Vec<u64>,
    hard_links: u64,
    links: [u64; 4],
    /// Folders and other entries by depth.
    depth: BTreeMap<u64, (u64, u64)>,
    entries_of_folder: HashMap<Vec<u8>, u64>,
    types: BTreeMap<(Option<String>, String), (u64, u128)>,
}

fn walk(dataset: &Dataset) -> Walked {
    let mut walked = Walked::default();
    walked.depth.insert(0, (1, 0));
    walked.entries_of_folder.insert(Vec::new(), 0);
    let slashes = |path: &[u8]| path.iter().filter(|&&b| b == b'/').count() as u64;
    let Ok(()) = dataset.walk(0..dataset.shape().entries(), |entry, path| {
        match entry {
            Entry::Folder(_) => {
                walked.depth.entry(slashes(path) + 1).or_default().0 += 1;
                walked.entries_of_folder.entry(path.to_vec()).or_default();
            }
            Entry::Listed(index, listed) => {
                walked.depth.entry(slashes(path)).or_default().1 += 1;
                let folder = path.iter().rposition(|&b| b == b'/').map_or(&[][..], |slash| &path[..slash]);
                *walked.entries_of_folder.entry(folder.to_vec()).or_default() += 1;
                walked.add(dataset, index, &listed);
            }
            Entry::Case(_) => panic!("cases follow the entries"),
        }
        Ok::<(), std::convert::Infallible>(())
    });
    walked
}

impl Walked {
    fn add(&mut self, dataset: &Dataset, index: u64, listed: &Listed<'_>) {
        match listed {
            Listed::Symlink(link) => {
                let kinds = [LinkKind::Relative, LinkKind::Absolute, LinkKind::Dangling, LinkKind::Loop];
                self.links[kinds.iter().position(|kind| *kind == link.kind).unwrap()] += 1;
            }
            Listed::File(file) if file.inode != index => self.hard_links += 1,
            Listed::File(file) => {
                self.sizes.push(file.size);
                let ext = dataset.strata()[dataset.place(index).cell.stratum].ext.clone();
                let row = self.types.entry((ext, file.recipe.kind.to_string())).or_default();
                *row = (row.0 + 1, row.1 + u128::from(file.size));
            }
        }
    }
}

/// Groups, copies and their bytes among the files, several names of one counted once.
fn duplicates(dataset: &Dataset, corpus: &Arc<Corpus>) -> (u64, u64, u128) {
    let mut seen: HashMap<_, (u64, u64)> = HashMap::new();
    for index in 0..dataset.shape().files() {
        if let Listed::File(file) = dataset.entry(index)
            && file.inode == index
        {
            seen.entry(dataset.content(index, corpus)).or_insert((file.size, 0)).1 += 1;
        }
    }
    let groups = seen.values().filter(|(_, files)| *files > 1);
    groups.fold((0, 0, 0), |(groups, copies, bytes), &(size, files)| {
        (groups + 1, copies + files - 1, bytes + u128::from(size) * u128::from(files - 1))
    })
}

#[track_caller]
fn assert_counts(text: &str) {
    let dataset = dataset(text);
    let summary = Summary::of(&dataset);
    let mut walked = walk(&dataset);
    walked.sizes.sort_unstable();
    let files = walked.sizes.len();
    let bytes: u128 = walked.sizes.iter().copied().map(u128::from).sum();

    let counts = &summary.counts;
    assert_eq!((counts.files, counts.hard_links), (files as u64, walked.hard_links), "{text}");
    let links = &counts.symlinks;
    assert_eq!([links.relative, links.absolute, links.dangling, links.loops], walked.links, "{text}");
    assert_eq!(counts.empty, walked.sizes.iter().filter(|&&size| size == 0).count() as u64, "{text}");
    assert_eq!(counts.entries, counts.files + counts.hard_links + links.sum(), "{text}");
    assert_eq!(counts.inodes, counts.files + links.sum() + counts.folders + 1, "{text}");

    let sizes = &summary.sizes;
    assert!(sizes.bytes_exact, "{text}");
    assert_eq!(sizes.bytes, bytes, "{text}");
    assert_eq!(sizes.largest, walked.sizes.last().copied().unwrap_or(0), "{text}");
    assert_eq!(sizes.median, walked.sizes.get(files.div_ceil(2).max(1) - 1).copied().unwrap_or(0), "{text}");
    for bin in &sizes.histogram {
        let inside: Vec<u64> =
            walked.sizes.iter().copied().filter(|size| (bin.from..bin.below).contains(size)).collect();
        assert_eq!((bin.files, bin.bytes), (inside.len() as u64, inside.into_iter().map(u128::from).sum()), "{text}");
    }
    assert_eq!(sizes.histogram.iter().map(|bin| bin.files).sum::<u64>(), files as u64, "{text}");

    let depth: Vec<_> = summary.depth.iter().map(|level| (level.depth, (level.folders, level.files))).collect();
    assert_eq!(depth, walked.depth.into_iter().collect::<Vec<_>>(), "{text}");
    let in_bin = |bin: &FolderBin| {
        walked.entries_of_folder.values().filter(|n| (bin.from..bin.below).contains(n)).count() as u64
    };
    assert!(summary.folders.exact, "{text}");
    assert!(summary.folders.histogram.iter().all(|bin| bin.folders == in_bin(bin)), "{text}");
    assert_eq!(summary.folders.histogram.iter().map(|bin| bin.folders).sum::<u64>(), counts.folders + 1, "{text}");
    assert_eq!(summary.folders.largest, walked.entries_of_folder.values().copied().max().unwrap(), "{text}");

    let types: BTreeMap<_, _> =
        summary.types.iter().map(|row| ((row.ext.clone(), row.kind.clone()), (row.files, row.bytes))).collect();
    assert_eq!(types, walked.types, "{text}");

    let found = &summary.duplicates;
    let (groups, copies, copied) = duplicates(&dataset, &Corpus::builtin());
    if found.exact {
        assert_eq!((found.groups, found.copies, found.bytes), (groups, copies, copied), "{text}");
    } else {
        assert!(found.copies <= copies && found.bytes <= copied, "{text}");
    }
    let near = dataset.layout().cells().iter().filter(|cell| cell.section == Section::Near);
    let near: u64 = near.map(|cell| cell.groups * (cell.members - 1)).sum();
    assert_eq!(found.near.iter().map(|row| row.files).sum::<u64>(), near, "{text}");
    assert_eq!(summary.expected.whole_file.saved, found.bytes, "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn every_count_is_that_of_a_listing(
        seed: u64, files in 0u64..600, dirs in 0u64..1500, fanout in 1u64..7, varied: bool, duplicates in 0u64..20,
        hardlinks in 0u64..10, near in 0u64..20, empty in 0u64..10, sparse in 0u64..3, symlinks in 0u64..10,
        kind in 0usize..8, size in 0usize..6,
    ) {
        let kind = ["random", "text", "c60", "stamp", "zero", "d50u512", "c100", "mixed"][kind];
        let size = ["lognormal:7,2", "0", "3", "uniform:0-40", "90*lognormal:6,1+10*pareto:1KiB,2", "64KiB"][size];
        let spread = if varied { "varied" } else { "even" };
        assert_counts(&format!(
            "seed={seed},files={files},dirs={dirs},fanout={fanout},spread={spread},duplicates={duplicates},\
             hardlinks={hardlinks},near={near},empty={empty},sparse={sparse},symlinks={symlinks},kind={kind},size={size}"
        ));
    }
}

#[test]
fn groups_of_several_sizes_and_scaled_sizes_are_counted() {
    assert_counts("demo");
    assert_counts("torture,cases=none");
    assert_counts("files=1000,size=lognormal:9,2,bytes=3MB,kind=text,duplicates=11");
}

#[test]
fn large_trees_have_exact_counts_and_nearly_exact_bytes() {
    let text = "files=300k,size=80*lognormal:9,2.5+20*pareto:64KiB,1.3,kind=c50,duplicates=10,near=1";
    let dataset = dataset(text);
    let summary = Summary::of(&dataset);
    let mut sizes: Vec<u64> = Vec::new();
    for index in 0..dataset.shape().files() {
        if let Listed::File(file) = dataset.entry(index) {
            sizes.push(file.size);
        }
    }
    sizes.sort_unstable();
    for bin in &summary.sizes.histogram {
        let inside: Vec<u64> = sizes.iter().copied().filter(|size| (bin.from..bin.below).contains(size)).collect();
        assert_eq!(bin.files, inside.len() as u64, "{}", bin.from);
        let bytes: u128 = inside.into_iter().map(u128::from).sum();
        assert!(bin.bytes.abs_diff(bytes) * 200 <= bytes, "{}: {} {bytes}", bin.from, bin.bytes);
    }
    let bytes: u128 = sizes.iter().copied().map(u128::from).sum();
    assert!(summary.sizes.bytes.abs_diff(bytes) * 1000 <= bytes, "{} {bytes}", summary.sizes.bytes);
    assert_eq!(summary.sizes.median, sizes[sizes.len().div_ceil(2) - 1]);
    assert!(!summary.sizes.bytes_exact);
}

/// Would not end if anything were listed.
#[test]
fn a_trillion_files_are_described_without_listing_them() {
    for text in [
        "files=1T,size=lognormal:9,3,kind=mixed,duplicates=10,hardlinks=1,near=1,empty=1,sparse=1,symlinks=1,spread=varied",
        "files=1T,size=0,dirs=0",
        "files=1T,size=uniform:0-9EB,kind=zero",
        "home,files=1T",
    ] {
        let summary = Summary::of(&dataset(text));
        assert_eq!(summary.counts.entries, 1_000_000_000_000, "{text}");
        let binned: u64 = summary.sizes.histogram.iter().map(|bin| bin.files).sum();
        assert_eq!(binned, summary.counts.files, "{text}");
        assert_eq!(summary.depth.iter().map(|level| level.files).sum::<u64>(), summary.counts.entries, "{text}");
        assert_eq!(summary.depth.iter().map(|level| level.folders).sum::<u64>(), summary.counts.folders + 1, "{text}");
    }
}
