//! `seedfs describe`: text, JSON, a picture and a document of a dataset.

mod common;

use std::process::Command;

use common::run::{SEEDFS, have, seedfs, succeed, text};
use seedfs::dataset::Spec;
use seedfs::dataset::spec::presets;

fn describe(args: &[&str]) -> String {
    let output = seedfs(&[&["describe"], args].concat());
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    text(&output)
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let parts: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|part| str::from_utf8(part).unwrap()).collect();
    parts.join(",")
}

#[test]
fn text_and_json_tell_the_same() {
    for name in presets::NAMES {
        let json: serde_json::Value = serde_json::from_str(&describe(&["--json", name])).unwrap();
        let text = describe(&[name]);
        let number =
            |path: &str| json.pointer(path).and_then(serde_json::Value::as_u64).unwrap_or_else(|| panic!("{path}"));
        let row =
            |what: &str| text.lines().find(|line| line.starts_with(what)).unwrap_or_else(|| panic!("{what}: {text}"));
        for (what, path) in [
            ("files", "/counts/files"),
            ("hard links", "/counts/hard_links"),
            ("folders", "/counts/folders"),
            ("inodes", "/counts/inodes"),
        ] {
            let figure = row(what)[14..].split_whitespace().next().unwrap().to_owned();
            assert_eq!(figure, grouped(number(path)), "{name}: {what}");
        }
        assert!(row("bytes").contains(&seedfs::units::human_size(number("/sizes/bytes"))), "{name}");
        assert!(row("files").contains(&format!("{} of them empty", grouped(number("/counts/empty")))), "{name}");
        assert!(row("Duplicates").contains(&grouped(number("/duplicates/copies"))), "{name}");
        let identity = Spec::parse(name).unwrap().identity();
        assert_eq!(json["identity"], identity);
        assert_eq!(row("identity").split_whitespace().nth(1), Some(identity.as_str()));
    }
}

#[test]
fn the_document_of_a_preset_is_its_own_and_reads_back() {
    for name in presets::NAMES {
        let document = describe(&["--toml", name]);
        assert_eq!(Some(document.as_str()), presets::text(name));
    }
    let dir = tempfile::tempdir().unwrap();
    for name in ["home", "home,seed=9,files=500", "files=10,size=3"] {
        let path = dir.path().join("mine.toml");
        std::fs::write(&path, describe(&["--toml", name])).unwrap();
        let mine = Spec::parse(path.to_str().unwrap()).unwrap();
        assert_eq!(mine.identity(), Spec::parse(name).unwrap().identity(), "{name}");
    }
    assert!(describe(&["--toml", "--seed", "77", "home"]).contains("seed = \"77\""));
}

#[test]
fn pictures_are_well_formed_and_show_every_size() {
    if !have(&["python3"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let strange = "files=100,size=0,kind=mixed";
    for name in presets::NAMES.into_iter().chain([strange, "files=0", "files=1T,size=uniform:0-9EB"]) {
        let path = dir.path().join("picture.svg");
        assert_eq!(describe(&["--svg", path.to_str().unwrap(), name]), "");
        let script = "import sys, xml.etree.ElementTree as e; r = e.parse(sys.argv[1]).getroot(); \
                      print(r.tag, sum(x.tag.endswith('}rect') for x in r.iter()))";
        let told = succeed(Command::new("python3").args(["-c", script]).arg(&path));
        let (tag, rectangles) = told.trim().split_once(' ').unwrap();
        assert_eq!(tag, "{http://www.w3.org/2000/svg}svg", "{name}");
        assert!(rectangles.parse::<usize>().unwrap() >= 5, "{name}: {told}");
    }
    assert!(describe(&["--svg", "-", "demo"]).starts_with("<?xml "));
}

#[test]
fn it_adapts_to_the_width_and_the_locale() {
    let run = |columns: &str, locale: &str| {
        succeed(Command::new(SEEDFS).args(["describe", "home"]).env("COLUMNS", columns).env("LC_ALL", locale))
    };
    let longest = |text: &str| text.lines().map(|line| line.chars().count()).max().unwrap();
    let (narrow, wide, plain) = (run("80", "C.UTF-8"), run("140", "C.UTF-8"), run("80", "C"));
    let (narrowest, widest) = (longest(&narrow), longest(&wide));
    assert!(narrowest <= 80 && (100..=140).contains(&widest), "{narrowest} {widest}");
    assert!(narrow.contains('█') && plain.is_ascii() && plain.contains("##"));
    assert!(!narrow.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn other_blocks_have_other_savings() {
    let share = |block: &str| {
        let json: serde_json::Value =
            serde_json::from_str(&describe(&["--json", "--block", block, "files=1000,size=1MiB,kind=d50"])).unwrap();
        json["expected"]["fixed"]["share"].as_f64().unwrap()
    };
    assert!(share("4KiB") > 0.49 && share("64KiB") < 0.01);
}

#[test]
fn wrong_arguments_are_refused() {
    for args in [
        &["--block", "1000"][..],
        &["--average", "8MiB"],
        &["--json", "--toml"],
        &["--svg", "x", "--json"],
        &["nothing-of-this-name"],
    ] {
        let output = seedfs(&[&["describe"], args].concat());
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {message}");
        assert!(message.starts_with("seedfs: ") && message.lines().count() == 1, "{message}");
    }
    let output = seedfs(&["describe", "--svg", "/no/such/directory/x.svg", "demo"]);
    assert_eq!(output.status.code(), Some(1));
}
