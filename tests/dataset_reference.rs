//! `seedfs ls` against a second implementation of datasets, written in Python from seedfs-format(7). It reads the
//! canonical form of a dataset, as a mount shows it.

mod common;

use std::process::Command;

use common::content::project_file;
use common::run::{SEEDFS, have, succeed};
use proptest::prelude::*;
use seedfs::dataset::spec::presets;
use seedfs::dataset::{Dataset, File, Listed, Spec};

/// What the reference prints for a document in a generation, with further arguments.
fn reference(document: &str, arguments: &[&str]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("dataset.toml");
    std::fs::write(&path, document).unwrap();
    let script = project_file("tests/reference/dataset_v1.py");
    // So that no compiled module is left beside the script.
    succeed(Command::new("python3").env("PYTHONDONTWRITEBYTECODE", "1").arg(script).arg(&path).args(arguments))
}

fn assert_same_lines(ours: &str, reference: &str, what: &str) {
    for (ours, reference) in ours.lines().zip(reference.lines()) {
        assert_eq!(ours, reference, "{what}");
    }
    assert_eq!(ours.lines().count(), reference.lines().count(), "{what}");
}

/// Compares the listing of a dataset in a generation with that of the reference, which reads `document`.
fn compare_with(dataset: &str, document: &str, generation: u64) {
    let generation = generation.to_string();
    let reference = reference(document, &[&generation]);
    let ours = succeed(Command::new(SEEDFS).args(["ls", "--format", "csv", "--generation", &generation, dataset]));
    assert_same_lines(&ours, &reference, &format!("{dataset} in generation {generation}"));
}

fn compare(dataset: &str) {
    compare_in(dataset, 0);
}

fn compare_in(dataset: &str, generation: u64) {
    if have(&["python3"]) {
        compare_with(dataset, &Spec::parse(dataset).unwrap().to_toml(), generation);
    }
}

#[test]
fn the_defaults() {
    compare("files=2500");
}

#[test]
fn the_presets() {
    for preset in presets::NAMES {
        compare(&format!("{preset},files=1500,cases=none"));
    }
}

#[test]
fn no_files_or_no_folders() {
    compare("files=0,dirs=30");
    compare("files=1,dirs=0");
    compare("files=3,dirs=0,symlinks=100,symlinks.absolute=1");
    compare("files=9,dirs=9,fanout=1,spread=varied");
}

#[test]
fn every_distribution_of_sizes() {
    for size in [
        "0",
        "7",
        "uniform:0-9223372036854775807",
        "uniform:10-13",
        "lognormal:9.314,3.187",
        "lognormal:43,10",
        "lognormal:0,0",
        "pareto:512MiB,0.91",
        "pareto:7EiB,0.1",
        "90*lognormal:9,2+9.5*uniform:0-100+0.5*pareto:1MiB,1.1",
    ] {
        compare(&format!("seed=0xffffffffffffffff,files=700,dirs=3,size={size},duplicates=30,near=10"));
    }
}

#[test]
fn every_kind() {
    for kind in ["text", "stamp", "zero", "classic", "chunks", "c60", "c97", "c100", "d25u512", "c13d50u2m"] {
        compare(&format!("files=300,kind={kind},size=lognormal:5,3,near=20,sparse=2,empty=5"));
    }
}

#[test]
fn every_feature_alone() {
    for feature in [
        "duplicates=20",
        "duplicates=33.3333,duplicates.groups=7*3+2*30+100",
        "duplicates=0.3,duplicates.groups=5",
        "hardlinks=20,hardlinks.groups=2+3+4",
        "near=30",
        "near=7,near.edits=insert,first,16384",
        "sparse=5",
        "empty=50",
        "symlinks=30,symlinks.relative=3,symlinks.absolute=2,symlinks.dangling=1,symlinks.loops=2",
        "symlinks=40,symlinks.absolute=1,symlinks.root=/,fanout=2,dirs=100",
        "permissions.files=70*644+10*4755+1*0,permissions.dirs=2750,permissions.owners=3*0:0+1000:4294967295",
        "times.from=1970-01-01,times.to=2400-12-31",
        "times.from=2024-02-29,times.to=2024-03-01,times.recent=true",
        "names.files=a,b.c,_s1-2_,names.dirs=d",
        "names.dirs=\"quoted\",ümlaut, spaced ",
    ] {
        compare(&format!("files=900,kind=mixed,{feature}"));
    }
}

/// Everything at once, with types of their own.
fn everything(dir: &std::path::Path) -> String {
    let path = dir.join("everything.toml");
    let text = r#"
        extends = "torture"
        cases = "none"
        seed = "18446744073709551615"
        files = 4000
        files_per_dir = 12.5
        fanout = 3
        size = "80*lognormal:8,2.5+20*uniform:1-70000"
        near = { share = "12.3456%", edits = ["suffix", "4095", "insert", "last"] }
        permissions = { files = "3*640+1*7777", dirs = "1777", owners = "0:0+1000:1000" }
        times = { recent = true }
        names = { files = ["x", "y_z"], dirs = ["été"] }
        [[types]]
        weight = 7
        [[types]]
        ext = "rs"
        kind = "c60d25u1m"
        weight = 1000000
        [[types]]
        ext = "txt"
        kind = "text"
        size = "pareto:100,0.8"
    "#;
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn everything_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let everything = everything(dir.path());
    compare(&everything);
    compare_in(&everything, 3);
}

#[test]
fn several_pages_of_folders() {
    compare("seed=99,files=9000,dirs=5000,fanout=7,spread=varied,kind=text,symlinks=5,duplicates=10");
    compare("seed=5,files=700,dirs=3000,fanout=40");
}

#[test]
fn sizes_that_add_up_to_what_was_asked_for() {
    for bytes in ["20MB", "3GiB", "700TB"] {
        compare(&format!("files=2500,kind=mixed,size=lognormal:9,2,hardlinks=5,duplicates=5,near=5,bytes={bytes}"));
    }
    compare("files=4000,size=90*100+10*pareto:4KiB,1.2,bytes=50MB");
}

#[test]
fn files_that_add_up_to_what_was_asked_for() {
    if !have(&["python3"]) {
        return;
    }
    for (dataset, bytes) in [
        ("bytes=2MB", 2_000_000),
        ("bytes=20MB,size=lognormal:9,2.5,kind=mixed,empty=3", 20_000_000),
        ("torture,bytes=30MB,cases=none", 30_000_000),
        ("mail,bytes=100MB", 100_000_000),
    ] {
        let spec = Spec::parse(dataset).unwrap();
        let files = format!("files = {}\n", spec.files);
        let document = spec.to_toml();
        assert_eq!(document.matches(&files).count(), 1, "{document}");
        // The reference works the number out for itself.
        compare_with(dataset, &document.replace(&files, &format!("bytes = {bytes}\n")), 0);
    }
}

/// Much of every kind of change.
const LIVELY: &str = "churn.created=9,churn.deleted=5,churn.renamed=6,churn.moved=7,churn.modified=12,churn.again=40,\
     churn.replaced=20,churn.touched=5,churn.chmod=5,churn.edits=2*mixed+append+overwrite+revise";

#[test]
fn generations_of_the_presets() {
    for preset in presets::NAMES {
        compare_in(&format!("{preset},files=700,cases=none"), 1);
        compare_in(&format!("{preset},files=300,cases=none"), 60);
    }
}

#[test]
fn generations_of_few_files_or_folders() {
    for (text, generation) in [
        ("files=0,dirs=30", 5),
        ("files=1,dirs=0", 40),
        ("files=1,dirs=3", 200),
        ("files=7,dirs=0,symlinks=50", 30),
        ("files=3,dirs=7,fanout=2,churn.moved=100", 50),
        ("files=9,dirs=2,churn.moved=100,churn.created=100,churn.deleted=30", 20),
    ] {
        compare_in(text, generation);
        if !text.contains("churn") {
            compare_in(&format!("{LIVELY},{text}"), generation);
        }
    }
}

#[test]
fn each_kind_of_change_alone() {
    for (change, generation) in [
        ("churn.created=7", 30),
        ("churn.deleted=3", 30),
        ("churn.renamed=10", 30),
        ("churn.moved=20", 30),
        ("churn.modified=10", 30),
        ("churn.modified=10,churn.again=99.99,churn.replaced=0", 40),
        ("churn.modified=100,churn.replaced=100", 9),
        ("churn.touched=10", 30),
        ("churn.chmod=25", 30),
        ("churn.modified=0.0001", 100_000),
    ] {
        let none = ["created", "deleted", "renamed", "moved", "modified", "touched", "chmod"];
        let none = none.iter().filter(|key| !change.starts_with(&format!("churn.{key}=")));
        let others: Vec<String> = none.map(|key| format!("churn.{key}=0")).collect();
        let text = format!("files=300,dirs=25,kind=mixed,duplicates=10,hardlinks=5,{},{change}", others.join(","));
        compare_in(&text, generation);
    }
}

#[test]
fn more_edits_than_there_are_editions() {
    let text = "files=2,churn.created=0,churn.deleted=0,churn.renamed=0,churn.moved=0,churn.modified=100,\
         churn.replaced=0,churn.touched=0,churn.chmod=0,churn.edits=overwrite";
    for generation in [4096, 4097] {
        compare_in(text, generation);
    }
}

#[test]
fn rotated_logs() {
    compare_in(&format!("files=300,dirs=5,kind=text,churn.rotate=true,{LIVELY}"), 25);
}

#[test]
fn shares_of_ten_thousandths_and_other_steps() {
    let text = "files=9000,dirs=2500,spread=varied,size=90*lognormal:8,2+10*pareto:4KiB,1.2,bytes=50MB,\
         churn.every=3660,churn.created=0.3333,churn.moved=0.7777,churn.modified=0.0999";
    compare_in(text, 3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_generation_of_any_dataset(
        seed: u64, files in 0u64..300, dirs in 0u64..60, fanout in 2u64..9, varied: bool, features: bool, rotate: bool,
        every in 1u64..400, generation in 0u64..40,
    ) {
        if !have(&["python3"]) {
            return Ok(());
        }
        let spread = if varied { "varied" } else { "even" };
        let mut text = format!(
            "seed={seed},files={files},dirs={dirs},fanout={fanout},spread={spread},churn.rotate={rotate},\
             churn.every={every},{LIVELY}"
        );
        if features {
            text += ",kind=mixed,size=lognormal:7,2,duplicates=10,hardlinks=5,near=4,empty=3,sparse=2,symlinks=3,\
                 symlinks.absolute=1,permissions.files=3*640+755,permissions.owners=0:0+1000:100";
        }
        let spec = Spec::parse(&text).unwrap();
        let document = spec.to_toml();
        compare_with(&text, &document, generation);
        let lives = reference(&document, &[&generation.to_string(), "lives"]);
        assert_same_lines(&our_lives(spec, generation), &lives, &text);
    }
}

/// A line for each file that is there, as the reference writes it.
fn our_lives(spec: Spec, generation: u64) -> String {
    let dataset = Dataset::new(spec).unwrap();
    let at = dataset.at(generation).unwrap();
    let mut lines = String::new();
    for index in 0..at.indices() {
        if let Some(Listed::File(file)) = at.entry(index) {
            let (folder, recipe) = (at.folder_of(index), file.recipe);
            let File { renames, size, mode, mtime, ctime, .. } = file;
            lines += &format!("{index} {folder} {renames} {} {size} {} ", recipe.seed, recipe.edition);
            lines += &format!("{mode:o} {mtime} {ctime}\n");
        }
    }
    lines
}
