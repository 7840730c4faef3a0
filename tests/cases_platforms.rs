//! Which names a platform forbids, and which cases it leaves out for it: a pure function, the same on all of them.

use proptest::prelude::*;
use seedfs::dataset::cases::{LeftOut, Platform};
use seedfs::dataset::{Dataset, Entry, Spec};

#[test]
fn windows_forbids_what_it_cannot_store_or_would_change() {
    for (name, why) in [
        ("", "is empty"),
        ("..", "means a directory"),
        ("a/b", "slash"),
        ("a\0", "NUL"),
        ("a:b", "one of"),
        ("a\\b", "one of"),
        ("what?", "one of"),
        ("a.", "ends in"),
        ("a ", "ends in"),
        ("...", "ends in"),
        ("a\u{1}", "control"),
        ("new\nline", "control"),
        ("con", "device"),
        ("AUX.txt", "device"),
        ("Lpt1.tar.gz", "device"),
        ("nul .txt", "device"),
        ("COM¹", "device"),
        ("conout$", "device"),
        (&"x".repeat(256), "longer"),
    ] {
        let said = Platform::Windows.forbids(name.as_bytes());
        assert!(said.is_some_and(|said| said.contains(why)), "{name:?}: {said:?}");
    }
    for name in ["console", "com10", "com", "a.con", ".profile", "auxiliary.c", "a\u{7f}", "é", " a", &"é".repeat(255)]
    {
        assert_eq!(Platform::Windows.forbids(name.as_bytes()), None, "{name:?}");
    }
}

#[test]
fn only_bytes_count_on_unix_and_only_utf_8_on_macos() {
    for name in [&b"con"[..], b"a:b", b"a ", b"new\nline", &[b'x'; 255]] {
        assert_eq!((Platform::Unix.forbids(name), Platform::MacOs.forbids(name)), (None, None));
    }
    assert_eq!(Platform::Unix.forbids(b"\xff"), None);
    assert_eq!(Platform::MacOs.forbids(b"\xff"), Some("is not UTF-8"));
    for platform in [Platform::Unix, Platform::MacOs] {
        assert_eq!(platform.forbids(&[b'x'; 256]), Some("is longer than 255 bytes"));
    }
}

proptest! {
    /// What is allowed on Windows keeps its end, has no special character, and is no device with any extension.
    #[test]
    fn allowed_names_are_safe(name in "[a-z .:*\u{1}-\u{1f}0-9$é]{0,12}", tail in "[.][a-z]{1,3}") {
        if Platform::Windows.forbids(name.as_bytes()).is_none() {
            prop_assert!(!name.is_empty() && !name.ends_with(['.', ' ']) && !name.contains([':', '*']));
            prop_assert!(name.chars().all(|c| c >= ' '));
            if !name.contains('.') {
                prop_assert_eq!(Platform::Windows.forbids(format!("{name}{tail}").as_bytes()), None);
            }
        }
        for platform in [Platform::Unix, Platform::MacOs] {
            prop_assert!(name.is_empty() || name == "." || name == ".." || platform.forbids(name.as_bytes()).is_none());
        }
    }

    #[test]
    fn any_bytes_are_answered(name: Vec<u8>) {
        // What one allows, those with fewer rules allow as well.
        if Platform::Windows.forbids(&name).is_none() {
            prop_assert!(name.len() > 255 || Platform::MacOs.forbids(&name).is_none());
        }
        if Platform::MacOs.forbids(&name).is_none() {
            prop_assert_eq!(Platform::Unix.forbids(&name), None);
        }
    }
}

/// The listing tells where a case is left out: the same text on every platform.
#[test]
fn the_listing_notes_where_a_case_is_left_out() {
    let dataset = Dataset::new(Spec::parse("files=0,dirs=0,cases=names+special").unwrap()).unwrap();
    let (mut on_windows, mut on_macos, mut twins) = (0, 0, 0);
    let Ok(()) = dataset.walk(0..u64::MAX, |entry, path| {
        let Entry::Case(case) = entry else { panic!("no file was asked for") };
        let text = dataset.cases().expectation(&case);
        let is_forbidden =
            |platform: Platform| path.split(|&byte| byte == b'/').any(|name| platform.forbids(name).is_some());
        assert_eq!(text.contains("left out on macOS"), is_forbidden(Platform::MacOs), "{text}");
        assert!(text.contains("left out on Windows") || !is_forbidden(Platform::Windows), "{text}");
        assert_eq!(dataset.cases().left_out(Platform::Unix, case.number), None);
        on_windows += u32::from(text.contains("on Windows"));
        on_macos += u32::from(text.contains("on macOS"));
        twins += u32::from(dataset.cases().left_out(Platform::Windows, case.number) == Some(LeftOut::Twin));
        Ok::<(), std::convert::Infallible>(())
    });
    assert!(on_windows > 90 && on_macos > 8 && twins > 4, "{on_windows} {on_macos} {twins}");
    let fifo = dataset.cases().number_at_path(b"cases/special/fifo").unwrap();
    let text = dataset.cases().expectation(&dataset.cases().case(fifo).unwrap());
    assert!(text.ends_with("; left out on Windows, as it has no FIFOs in file systems"), "{text}");
}
