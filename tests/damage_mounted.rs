//! A mount with damage is wrong in the places that are listed, and nowhere else.
#![cfg(target_os = "linux")]

mod common;

use std::collections::BTreeSet;

use common::mount::Mounted;
use common::run::{seedfs, text, tool};
use common::sink::SinkMount;
use common::verify::{TREE, verify, verify_json};
use serde_json::Value;

/// Kind, first byte, bytes and path.
type Damage = (String, u64, u64, String);

fn listed(arguments: &[&str]) -> Vec<Damage> {
    let output = seedfs(&[&["damage", "--format", "jsonl"], arguments].concat());
    assert!(output.status.success(), "{output:?}");
    let object = |line: &str| -> Value { serde_json::from_str(line).unwrap() };
    let row = |o: Value| {
        let number = |key: &str| o[key].as_u64().unwrap();
        (
            o["damage"].as_str().unwrap().to_owned(),
            number("offset"),
            number("length"),
            o["path"].as_str().unwrap().to_owned(),
        )
    };
    text(&output).lines().map(object).map(row).collect()
}

/// What verify says, in the words of a list of damage. Two blocks beside each other, each with bytes of the other, are
/// one damage.
fn found(arguments: &[&str], mounted: &Mounted) -> Vec<Damage> {
    let (code, mut objects) = verify_json(&[arguments, &["--lines", "10000"]].concat(), mounted.path());
    let sums = objects.pop().unwrap();
    let has_unreadable = sums["summary"]["unreadable"] != 0;
    assert_eq!(code, Some(if has_unreadable { 3 } else { i32::from(!objects.is_empty()) }));
    let mut damages: Vec<Damage> = Vec::new();
    for o in objects {
        let number = |key: &str| o[key].as_u64().unwrap();
        let path = o["path"].as_str().unwrap().to_owned();
        let (kind, offset, len) = match o["class"].as_str().unwrap() {
            "truncated" => ("truncate", number("found"), number("demanded") - number("found")),
            "unreadable" => ("eio", number("offset"), number("length")),
            "bytes" => match o["cause"].as_str().unwrap() {
                "flipped" => ("flip", number("offset"), number("length")),
                "zeros" => ("zero", number("offset"), number("length")),
                "moved" => ("swap", number("offset"), number("length")),
                other => panic!("{other}: {o}"),
            },
            other => panic!("{other}: {o}"),
        };
        match damages.last_mut() {
            Some(last)
                if (last.0.as_str(), kind) == ("swap", "swap")
                    && last.3 == path
                    && last.1 / 4096 + 1 == offset / 4096 =>
            {
                last.2 = offset + len - last.1;
            }
            _ => damages.push((kind.to_owned(), offset, len, path)),
        }
    }
    damages
}

fn sorted(damages: Vec<Damage>) -> BTreeSet<Damage> {
    let count = damages.len();
    let set: BTreeSet<Damage> = damages.into_iter().collect();
    assert_eq!(set.len(), count, "something stands there twice");
    set
}

#[test]
fn verify_finds_what_is_listed_and_nothing_else() {
    for (spec, generation) in [
        ("flip:0.1,seed=1", "0"),
        ("zero:0.1,seed=2", "0"),
        ("swap:0.2,seed=3", "0"),
        ("eio:0.1,seed=4", "0"),
        ("truncate:0.3,seed=5", "0"),
        ("flip:0.05,zero:0.05,swap:0.05,eio:0.03,truncate:0.1,seed=6", "0"),
        ("flip:0.05,zero:0.05,swap:0.05,eio:0.03,truncate:0.1,seed=7", "5"),
        ("flip:0.2,zero:0.3,swap:0.3,eio:0.2,truncate:1,seed=8", "1"),
    ] {
        let Some(mounted) = Mounted::start(&[TREE, "--damage", spec, "--generation", generation]) else { return };
        let list = sorted(listed(&["--damage", spec, "--generation", generation, TREE]));
        let kinds: BTreeSet<&str> = list.iter().map(|damage| damage.0.as_str()).collect();
        assert_eq!(kinds.len(), spec.matches(':').count(), "{kinds:?}");
        assert!(list.len() > 20, "{}", list.len());
        let found = sorted(found(&["--dataset", TREE, "--generation", generation], &mounted));
        let (more, less): (Vec<_>, Vec<_>) = (found.difference(&list).collect(), list.difference(&found).collect());
        assert!(more.is_empty() && less.is_empty(), "{spec}: not listed {more:?}, not found {less:?}");
        mounted.unmount();
    }
}

#[test]
fn damage_comes_back_and_another_seed_brings_another() {
    let list = |seed: &str| listed(&["--damage", &format!("flip:0.1,zero:0.1,seed={seed}"), TREE]);
    assert_eq!(list("1"), list("1"));
    assert_ne!(list("1"), list("2"));
    let parts =
        (1..=3).flat_map(|n| listed(&["--damage", "flip:0.1,zero:0.1,seed=1", "--shard", &format!("{n}/3"), TREE]));
    assert_eq!(parts.collect::<Vec<_>>(), list("1"));
}

#[test]
fn an_option_of_fstab_says_the_same() {
    let Some(mounted) = Mounted::start(&[TREE, "-o", "damage=flip:0.1\\,zero:0.1\\,seed=9"]) else { return };
    let list = sorted(listed(&["--damage", "flip:0.1,zero:0.1,seed=9", TREE]));
    assert_eq!(sorted(found(&["--dataset", TREE], &mounted)), list);
    mounted.unmount();
}

#[test]
fn names_that_are_not_listed_stay_whole() {
    let Some(mounted) = Mounted::start(&[TREE, "--damage", "flip:1,truncate:1"]) else { return };
    let path = mounted.path().join("s42-1MiB.bin");
    assert_eq!(verify(&[], &path), (Some(0), vec![]));
    mounted.unmount();
}

#[test]
fn a_sink_names_the_files_that_are_damaged_and_no_others() {
    const PLAIN: &str = "files=150,dirs=8,size=lognormal:9.5,1.5,kind=mixed,seed=12";
    for spec in ["flip:0.02,zero:0.02,swap:0.02,truncate:0.05,seed=1", "flip:0.1,truncate:0.2,seed=2"] {
        let Some(mounted) = Mounted::start(&[PLAIN, "--damage", spec]) else { return };
        let Some(sink) = SinkMount::start(&["--dataset", PLAIN]) else { return };
        tool(mounted.path(), "cp", &["-a", "./.", sink.path().to_str().unwrap()]);
        let list = listed(&["--damage", spec, PLAIN]);
        let damaged: BTreeSet<&str> = list.iter().map(|damage| damage.3.as_str()).collect();
        assert!(damaged.len() > 10, "{damaged:?}");
        let report = sink.report();
        let items = report["list"].as_array().unwrap();
        let named: BTreeSet<&str> = items.iter().map(|item| item["path"].as_str().unwrap()).collect();
        assert_eq!(named, damaged);
        sink.unmount(&[]);
        mounted.unmount();
    }
}

#[test]
fn what_asks_for_no_damage_is_refused() {
    for spec in ["", "melt:1", "flip:2", "flip:0.6,zero:0.6"] {
        let output = seedfs(&["damage", "--damage", spec, TREE]);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{spec}");
        let output = seedfs(&["mount", "--fake", "--damage", spec, "demo", "."]);
        assert_eq!(output.status.code(), Some(2), "{spec}");
    }
}
