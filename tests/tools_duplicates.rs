//! jdupes, fdupes and rdfind on trees with repeated recipes find exactly the groups that the recipes declare.
// Mounts through FUSE.
#![cfg(unix)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use common::mount::Mounted;
use common::run::{have, seedfs, text, tool};
use seedfs::{Kind, Recipe, name};

/// Groups of at least two paths, order aside.
type Groups = BTreeSet<BTreeSet<String>>;

/// What decides whether two files have the same bytes: the recipe, but a hole is a hole whatever its seed.
fn identity(recipe: Recipe) -> (String, u64, u64) {
    let seed = if recipe.kind == Kind::Zero { 0 } else { recipe.seed };
    (recipe.kind.to_string(), seed, recipe.size)
}

/// The groups that the names of these paths declare. Empty files are left to each scanner's own taste.
fn declared<'a>(paths: impl IntoIterator<Item = &'a str>) -> Groups {
    let mut groups: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for path in paths {
        let base = path.rsplit('/').next().unwrap();
        if let Ok(parsed) = name::parse(base.as_bytes())
            && parsed.recipe.size > 0
        {
            groups.entry(identity(parsed.recipe)).or_default().insert(path.to_string());
        }
    }
    groups.into_values().filter(|group| group.len() > 1).collect()
}

/// Groups as fdupes and jdupes print them: paths, one a line, an empty line behind each group.
fn printed(output: &str) -> Groups {
    let paths = |group: &str| group.lines().map(|path| path.trim_start_matches("./").to_string()).collect();
    output.split("\n\n").filter(|group| !group.trim().is_empty()).map(paths).collect()
}

/// Groups of rdfind's results.txt: a number, minus that of the original for its duplicates, comes second.
fn rdfind(dir: &Path, arguments: &[&str]) -> Groups {
    let results = tempfile::NamedTempFile::new().unwrap();
    let output = results.path().to_str().unwrap();
    tool(
        dir,
        "rdfind",
        &[&["-makeresultsfile", "true", "-outputname", output, "-removeidentinode", "false"], arguments].concat(),
    );
    let mut groups: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    for line in std::fs::read_to_string(output).unwrap().lines().filter(|l| !l.starts_with('#')) {
        let fields: Vec<&str> = line.splitn(8, ' ').collect();
        let id = fields[1].parse::<i64>().unwrap().unsigned_abs();
        groups.entry(id).or_default().insert(fields[7].trim_start_matches("./").to_string());
    }
    groups.into_values().collect()
}

#[test]
fn scanners_find_the_equal_files_of_a_listed_tree() {
    // Holes of the same size are equal, whatever their seeds: 20 sizes for 45 holes.
    let tree = "files=5000,dirs=60,size=uniform:20-39,kind=mixed,seed=4";
    let Some(mount) = Mounted::start(&[tree]) else { return };
    if !have(&["jdupes", "fdupes", "rdfind"]) {
        return;
    }
    let listed = text(&seedfs(&["ls", tree]));
    let truth = declared(listed.lines());
    assert!(truth.len() >= 3, "{truth:?}");
    // Files of a few bytes may be equal by chance, so that only groups of holes are compared.
    let holes =
        |groups: Groups| -> Groups { groups.into_iter().filter(|g| g.iter().any(|p| p.ends_with(".swap"))).collect() };
    assert_eq!(holes(printed(&tool(mount.path(), "fdupes", &["-rq", "."]))), truth);
    assert_eq!(holes(printed(&tool(mount.path(), "jdupes", &["-rq", "."]))), truth);
    assert_eq!(holes(rdfind(mount.path(), &["."])), truth);
    mount.unmount();
}

/// Eleven names for seven files' bytes, of sizes that scanners' shortcuts could confuse.
const REPEATED: [&str; 11] = [
    "a_s1-100000.bin",
    "b_s1-100000.bin",
    "c_s1-100000.jpg",
    "d_s2-100000.bin",
    "e_s3-100000.txt",
    "f_s3-100000-text.dat",
    "g_s4-100000-c60d25.img",
    "h_s4-100000-c60d25",
    "i_s5-100000-zero",
    "j_s6-100000-zero",
    "k_s1-100001.bin",
];

#[test]
fn scanners_find_repeated_recipes_under_other_names() {
    let Some(mount) = Mounted::start(&["files=0"]) else { return };
    if !have(&["jdupes", "fdupes", "rdfind"]) {
        return;
    }
    let names = REPEATED;
    let truth = declared(names);
    assert_eq!(truth.iter().map(BTreeSet::len).collect::<Vec<_>>(), [3, 2, 2, 2]);
    assert_eq!(rdfind(mount.path(), &names), truth);

    // fdupes and jdupes read directories only, and these names stand in none: they get a copy.
    let copy = tempfile::tempdir().unwrap();
    tool(mount.path(), "cp", &[&names[..], &[copy.path().to_str().unwrap()]].concat());
    for scanner in ["fdupes", "jdupes"] {
        assert_eq!(printed(&tool(copy.path(), scanner, &["-rq", "."])), truth, "{scanner}");
    }
    mount.unmount();
}

#[test]
fn unique_files_are_never_taken_for_equal() {
    let Some(mount) = Mounted::start(&["files=3000,dirs=50,size=8KiB,kind=text"]) else { return };
    if !have(&["jdupes", "fdupes", "rdfind"]) {
        return;
    }
    assert_eq!(printed(&tool(mount.path(), "fdupes", &["-rq", "."])), Groups::new());
    assert_eq!(printed(&tool(mount.path(), "jdupes", &["-rq", "."])), Groups::new());
    assert_eq!(rdfind(mount.path(), &["."]), Groups::new());
    mount.unmount();
}
