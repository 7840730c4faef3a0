//! Generations of a dataset: what a step changes, what it leaves alone, and that every way to look at it agrees.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;
use std::ops::ControlFlow;

use proptest::prelude::*;
use seedfs::dataset::{At, Dataset, Entry, File, Listed, Spec};

const LIVELY: &str = "churn.created=9,churn.deleted=5,churn.renamed=6,churn.moved=7,churn.modified=12,churn.again=40,\
     churn.replaced=20,churn.touched=5,churn.chmod=5,churn.edits=2*mixed+append+overwrite+revise";

fn dataset(text: &str) -> Dataset {
    Dataset::new(Spec::parse(text).unwrap()).unwrap()
}

/// Path, index and what is there, of all entries but folders.
fn walked<'a>(at: &At<'a>) -> BTreeMap<Vec<u8>, (u64, Listed<'a>)> {
    let mut rows = BTreeMap::new();
    let Ok(()) = at.walk(0..u64::MAX, |entry, path| {
        if let Entry::Listed(index, listed) = entry {
            assert!(rows.insert(path.to_vec(), (index, listed)).is_none(), "twice: {}", path.escape_ascii());
        }
        Ok::<(), Infallible>(())
    });
    rows
}

fn files<'a>(at: &At<'a>) -> BTreeMap<Vec<u8>, (u64, File<'a>)> {
    let file = |(path, (index, listed))| match listed {
        Listed::File(file) => Some((path, (index, file))),
        Listed::Symlink(_) => None,
    };
    walked(at).into_iter().filter_map(file).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn every_way_to_a_file_leads_to_the_same(
        seed: u64, count in 0u64..400, dirs in 0u64..60, varied: bool, generation in 0u64..40, part in 1u64..90,
    ) {
        let spread = if varied { "varied" } else { "even" };
        let text = format!(
            "seed={seed},files={count},dirs={dirs},fanout=3,spread={spread},kind=mixed,size=lognormal:7,2,\
             duplicates=10,hardlinks=5,near=4,empty=3,sparse=2,symlinks=3,{LIVELY}"
        );
        let dataset = dataset(&text);
        let at = dataset.at(generation).unwrap();
        let rows = walked(&at);
        // Each index that is there is listed once, and found by its path and name.
        let indices: BTreeSet<u64> = rows.values().map(|&(index, _)| index).collect();
        prop_assert_eq!(indices.len(), rows.len());
        prop_assert!((0..at.indices()).filter(|&index| at.entry(index).is_some()).eq(indices));
        for (path, (index, listed)) in &rows {
            prop_assert_eq!(at.index_at_path(path), Some(*index));
            prop_assert!(at.entry(*index).as_ref() == Some(listed));
            let mut written = Vec::new();
            at.write_path(*index, &mut written);
            prop_assert_eq!(&written, path);
        }
        // Listings of folders resume at any place.
        for folder in 0..dataset.shape().folders() {
            let mut places = Vec::new();
            let _ = at.list(folder, 0, &mut |place, index, _| {
                places.push((place, index));
                ControlFlow::Continue(())
            });
            prop_assert!(places.windows(2).all(|pair| pair[0].0 < pair[1].0));
            for (n, &(place, index)) in places.iter().enumerate() {
                prop_assert_eq!(at.place_in(folder, index), place);
                prop_assert_eq!(at.folder_of(index), folder);
                let mut rest = Vec::new();
                let _ = at.list(folder, place + 1, &mut |place, index, _| {
                    rest.push((place, index));
                    ControlFlow::Continue(())
                });
                prop_assert_eq!(&rest[..], &places[n + 1..]);
            }
        }
        // Parts of the walk are the whole.
        let mut joined = Vec::new();
        for start in (0..dataset.shape().entries()).step_by(part as usize) {
            let Ok(()) = at.walk(start..start + part, |_, path| {
                joined.push(path.to_vec());
                Ok::<(), Infallible>(())
            });
        }
        let mut whole = Vec::new();
        let Ok(()) = at.walk(0..u64::MAX, |_, path| {
            whole.push(path.to_vec());
            Ok::<(), Infallible>(())
        });
        prop_assert_eq!(joined, whole);
    }

    #[test]
    fn what_is_unchanged_stays_and_what_changes_gets_newer_times(seed: u64, generation in 1u64..60) {
        let text = format!("seed={seed},files=300,dirs=25,kind=mixed,size=lognormal:7,2,duplicates=10,hardlinks=6,{LIVELY}");
        let dataset = dataset(&text);
        let (before, after) = (dataset.at(generation - 1).unwrap(), dataset.at(generation).unwrap());
        let by_index = |at| files(at).into_iter().map(|(path, (index, file))| (index, (path, file))).collect();
        let (old, new): (HashMap<u64, (Vec<u8>, File<'_>)>, HashMap<_, _>) = (by_index(&before), by_index(&after));
        let times = &dataset.spec().times;
        let week = i64::from(dataset.spec().churn.every) * 86_400;
        let step = times.to + (generation as i64 - 1) * week..times.to + generation as i64 * week;
        for (index, (path, file)) in &new {
            let Some((old_path, old_file)) = old.get(index) else {
                // Created in this very step.
                prop_assert!(step.contains(&file.mtime) && file.mtime == file.ctime);
                continue;
            };
            prop_assert_eq!(file.inode, old_file.inode);
            prop_assert!(step.start > old_file.ctime);
            let is_same = path == old_path && (file.recipe, file.mode, file.mtime)
                == (old_file.recipe, old_file.mode, old_file.mtime);
            prop_assert_eq!(is_same, file.ctime == old_file.ctime, "{:?} {:?}", old_file, file);
            prop_assert!(is_same || step.contains(&file.ctime));
            if file.recipe != old_file.recipe {
                prop_assert!(step.contains(&file.mtime));
            }
        }
        // The times of folders follow the names in them.
        let names = |at: &At<'_>| {
            let mut folders = HashMap::new();
            for path in files(at).into_keys() {
                let slash = path.iter().rposition(|&b| b == b'/').map_or(0, |slash| slash + 1);
                let folder = dataset.folder_at_path(&path[..slash]).unwrap();
                folders.entry(folder).or_insert_with(BTreeSet::new).insert(path);
            }
            folders
        };
        let (old_names, new_names) = (names(&before), names(&after));
        for folder in 0..dataset.shape().folders() {
            let (old, new) = (before.folder_time(folder), after.folder_time(folder));
            prop_assert!(old < step.start && old <= new && new < step.end);
            if old_names.get(&folder) != new_names.get(&folder) {
                prop_assert!(step.contains(&new), "folder {}", folder);
            }
        }
    }
}

/// Folder, number of renames and the file.
fn located<'a>(at: &At<'a>, index: u64) -> Option<(u64, u32, File<'a>)> {
    match at.entry(index) {
        Some(Listed::File(file)) => Some((at.folder_of(index), file.renames, file)),
        _ => None,
    }
}

#[test]
fn each_kind_of_change_happens_about_as_often_as_asked_for() {
    let text = "files=20000,dirs=500,size=4KiB,churn.created=4,churn.deleted=0.5,churn.renamed=2,churn.moved=3,\
         churn.modified=5,churn.again=0,churn.replaced=50,churn.touched=1,churn.chmod=1.5";
    let dataset = dataset(text);
    let (before, after) = (dataset.at(0).unwrap(), dataset.at(1).unwrap());
    let mut counts: HashMap<&str, u64> = HashMap::new();
    let mut count = |what, is_so: bool| *counts.entry(what).or_default() += u64::from(is_so);
    for index in 0..after.indices() {
        match (located(&before, index), located(&after, index)) {
            (None, Some(_)) => count("created", true),
            (Some(_), None) => count("deleted", true),
            (Some((old_folder, old_renames, old)), Some((folder, renames, new))) => {
                count("moved", folder != old_folder);
                count("renamed", renames != old_renames);
                count("replaced", new.recipe.seed != old.recipe.seed);
                count("edited", new.recipe.edition != old.recipe.edition);
                count("chmod", new.mode != old.mode);
                count("touched", new.mtime != old.mtime && new.recipe == old.recipe);
            }
            (None, None) => panic!("{index} is nowhere"),
        }
    }
    assert_eq!(counts["created"], 800, "exact");
    for (what, expected) in [
        ("deleted", 100),
        ("renamed", 400),
        ("moved", 600),
        ("replaced", 500),
        ("edited", 500),
        ("touched", 200),
        ("chmod", 300),
    ] {
        let deviation = (counts[what] as f64 - f64::from(expected)).abs();
        assert!(deviation < 5.0 * f64::from(expected).sqrt(), "{what}: {} instead of {expected}", counts[what]);
    }
}

#[test]
fn names_of_one_file_change_together() {
    let dataset = dataset(&format!("files=500,hardlinks=30,{LIVELY}"));
    let at = dataset.at(30).unwrap();
    let mut by_inode: HashMap<u64, Vec<File<'_>>> = HashMap::new();
    files(&at).into_values().filter(|(_, file)| file.links > 1).for_each(|(_, file)| {
        by_inode.entry(file.inode).or_default().push(file);
    });
    assert!(by_inode.values().any(|names| names[0].mtime > dataset.spec().times.to), "some have changed");
    for names in by_inode.values() {
        assert_eq!(names.len() as u64, names[0].links);
        assert!(names.iter().all(|f| (f.recipe, f.mode, f.mtime, f.ctime)
            == (names[0].recipe, names[0].mode, names[0].mtime, names[0].ctime)));
    }
}

#[test]
fn rotated_files_stay_as_they_are() {
    let text = "files=300,churn.modified=30,churn.renamed=10,churn.created=5,churn.deleted=3,churn.rotate=true,churn.edits=append";
    let dataset = dataset(text);
    let mut rotated: HashMap<u64, (u32, seedfs::Recipe)> = HashMap::new();
    for generation in 0..40 {
        let at = dataset.at(generation).unwrap();
        for (_, (index, file)) in files(&at) {
            if file.renames > 0 {
                let (_, recipe) = *rotated.entry(index).or_insert((file.renames, file.recipe));
                assert_eq!(recipe, file.recipe);
            }
        }
    }
    assert!(rotated.len() > 100, "{}", rotated.len());
}

#[test]
fn files_move_to_other_folders_in_every_round() {
    // Also where files and folders divide.
    for (files, dirs) in [(999, 9), (1000, 10), (1001, 12), (64, 64)] {
        let dataset = dataset(&format!("files={files},dirs={dirs},churn.moved=100,churn.created=0,churn.deleted=0"));
        for generation in 1..6 {
            let (before, after) = (dataset.at(generation - 1).unwrap(), dataset.at(generation).unwrap());
            let moved = (0..files).filter(|&index| before.folder_of(index) != after.folder_of(index)).count() as u64;
            // The first round does not know where files are, the others do.
            let expected = if generation == 1 { files / 2 } else { files };
            assert!(moved >= expected, "{moved} of {files} in generation {generation}");
        }
    }
}

#[test]
fn files_that_were_equal_are_not_replaced_by_equal_ones() {
    let dataset = dataset(
        "files=300,duplicates=50,duplicates.groups=5,churn.modified=100,churn.replaced=100,churn.deleted=0,\
         churn.renamed=0,churn.touched=0,churn.chmod=0",
    );
    let mut seen = BTreeSet::new();
    for (_, (index, file)) in files(&dataset.at(1).unwrap()) {
        assert!(seen.insert((file.recipe.seed, file.size)), "file {index}");
    }
}

#[test]
fn expected_counts_are_near_the_truth() {
    let dataset = dataset(&format!("files=5000,size=lognormal:8,2,kind=text,{LIVELY}"));
    for generation in [0, 1, 10, 50] {
        let at = dataset.at(generation).unwrap();
        let (count, bytes) = files(&at).values().fold((0u64, 0u64), |(n, bytes), (_, file)| (n + 1, bytes + file.size));
        let near = |expected: u64, real: u64, part: f64| (expected as f64 / real as f64 - 1.0).abs() < part;
        assert!(near(at.expected_files(), count, 0.06), "{generation}: {} for {count}", at.expected_files());
        assert!(near(at.expected_bytes(), bytes, 0.2), "{generation}: {} for {bytes}", at.expected_bytes());
    }
}

#[test]
fn generation_500_of_a_huge_tree_is_there_at_once() {
    let dataset = dataset("files=1G,dirs=10M,size=lognormal:9.3,3,kind=text");
    let at = dataset.at(500).unwrap();
    let mut found = 0;
    for index in (0..at.indices()).step_by(100_000_003) {
        let Some(entry) = at.entry(index) else { continue };
        let mut path = Vec::new();
        at.write_path(index, &mut path);
        assert_eq!(at.index_at_path(&path), Some(index));
        found += u64::from(matches!(entry, Listed::File(_)));
    }
    assert!(found > 10, "{found}");
}

#[test]
fn generations_that_there_are_not_are_refused() {
    let at = |text: &str, generation| dataset(text).at(generation).map(|at| at.generation()).map_err(|e| e.to_string());
    assert_eq!(at("files=10", 999_999), Ok(999_999));
    assert_eq!(at("files=10", 1_000_000).unwrap_err(), "generation 1000000: there are 0 to 999999");
    let error = at("files=1T,churn.created=100", 3).unwrap_err();
    assert!(error.starts_with("generation 3: more than 2^40 files"), "{error}");
    for (text, key) in [
        ("churn.modified=101", "churn.modified"),
        ("churn.modified=60,churn.deleted=60", "churn:"),
        ("churn.every=0", "churn.every"),
        ("churn.edits=sometimes", "churn.edits"),
    ] {
        let error = Spec::parse(&format!("files=10,{text}")).unwrap_err().to_string();
        assert!(error.starts_with(key), "{error}");
    }
}
