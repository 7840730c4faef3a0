//! seedfs-dataset(5) names the keys of the program, its presets and edits, and its examples are datasets.

use std::collections::BTreeSet;

use seedfs::dataset::spec::{key_names, presets};
use seedfs::dataset::{Dataset, Spec};
use seedfs::edition::{Edit, Profile};

const PAGE: &str = include_str!("../man/seedfs-dataset.5");

/// The lines of a section, its heading left out.
fn section(heading: &str) -> Vec<&'static str> {
    let lines: Vec<_> = PAGE.lines().skip_while(|line| *line != heading).skip(1).collect();
    assert!(!lines.is_empty(), "the page has no {heading:?}");
    lines.into_iter().take_while(|line| !line.starts_with(".Sh")).collect()
}

/// The literal displays of a section.
fn displays(heading: &str) -> Vec<String> {
    let text = section(heading).join("\n");
    let displays = text.split(".Bd -literal -offset indent\n").skip(1);
    displays.map(|display| display.split("\n.Ed").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn keys_are_those_of_the_program() {
    let documented: Vec<&str> = section(".Sh KEYS").iter().filter_map(|line| line.strip_prefix(".It Va ")).collect();
    let keys: BTreeSet<String> = key_names().collect();
    assert_eq!(documented.iter().map(|&key| key.to_owned()).collect::<BTreeSet<_>>(), keys);
    assert_eq!(documented.len(), keys.len(), "each once");
}

#[test]
fn presets_are_those_of_the_program() {
    let documented = section(".Sh PRESETS").into_iter().filter_map(|line| line.strip_prefix(".It Cm "));
    assert_eq!(documented.collect::<Vec<_>>(), presets::NAMES);
}

#[test]
fn every_edit_is_named() {
    let text = section(".Sh KEYS").join("\n");
    for edit in Edit::ALL {
        assert!(text.contains(&format!("\n.Cm {}", edit.name())), "{}", edit.name());
    }
}

#[test]
fn every_profile_is_named() {
    let text = section(".Sh KEYS").join("\n");
    for profile in Profile::ALL {
        assert!(text.contains(&format!("\n.Cm {}", profile.name())), "{}", profile.name());
    }
}

/// The default that the page gives for a key of [churn].
#[test]
fn defaults_of_churn_are_those_of_the_program() {
    let text = section(".Sh KEYS").join("\n");
    let document = Spec::default().to_toml();
    let rows = document.split("\n\n").find_map(|part| part.strip_prefix("[churn]\n")).unwrap();
    for row in rows.lines() {
        let (key, value) = row.split_once(" = ").unwrap();
        let value = value.trim_matches('"').trim_end_matches('%').trim_start_matches("1*");
        let item = text.split("\n.It Va ").find_map(|item| item.strip_prefix(&format!("churn.{key}\n"))).unwrap();
        let said = [
            format!("The default is {value}."),
            format!("The default is\n.Cm {value} ."),
            format!(".Cm {value} ,\nthe default"),
        ];
        assert!(said.iter().any(|said| item.contains(said)), "{key}: {value}");
    }
}

#[test]
fn examples_are_datasets() {
    let displays = displays(".Sh EXAMPLES");
    let [inline, document] = &displays[..] else { panic!("{} displays", displays.len()) };
    for text in inline.lines() {
        Spec::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("example.toml");
    std::fs::write(&path, document).unwrap();
    let spec = Spec::parse(path.to_str().unwrap()).unwrap();
    assert_eq!((spec.types.len(), spec.bytes), (3, None), "the files follow from the bytes");
    let bytes = Dataset::new(spec).unwrap().total_bytes();
    assert!(bytes.abs_diff(3_000_000_000_000) < 60_000_000_000, "{bytes}");
}

/// The messages that the page shows.
#[test]
fn messages_are_those_of_the_program() {
    let displays = displays(".Sh DIAGNOSTICS");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("my.toml");
    std::fs::write(&path, "# too many\n\nfiles = \"2T\"\n").unwrap();
    let of_document = Spec::parse(path.to_str().unwrap()).unwrap_err().to_string();
    let of_document = of_document.replace(&format!("{}{}", dir.path().display(), std::path::MAIN_SEPARATOR), "");
    let spec = Spec::parse("files=1,bytes=1,near.edits=all,size=lognormal:9,2,kind=text").unwrap();
    let of_inline = Dataset::new(spec).unwrap_err().to_string();
    let shown = displays.concat().replace("\\e\n    ", "");
    assert_eq!(shown, format!("seedfs: {of_document}\nseedfs: {of_inline}"));
}
