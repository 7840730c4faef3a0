//! Which names a platform forbids: a pure function, the same on all of them.

use proptest::prelude::*;
use seedfs::dataset::cases::Platform;
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
fn the_listing_notes_where_a_name_is_left_out() {
    let dataset = Dataset::new(Spec::parse("files=0,dirs=0,cases=names").unwrap()).unwrap();
    let (mut on_windows, mut on_macos) = (0, 0);
    let Ok(()) = dataset.walk(0..u64::MAX, |entry, path| {
        let Entry::Case(case) = entry else { panic!("no file was asked for") };
        let name = path.rsplit(|&byte| byte == b'/').next().unwrap();
        let text = case.expectation(name);
        assert_eq!(text.contains("left out on Windows"), Platform::Windows.forbids(name).is_some(), "{text}");
        assert_eq!(text.contains("left out on macOS"), Platform::MacOs.forbids(name).is_some(), "{text}");
        assert_eq!(Platform::Unix.forbids(name), None);
        on_windows += u32::from(text.contains("on Windows"));
        on_macos += u32::from(text.contains("on macOS"));
        Ok::<(), std::convert::Infallible>(())
    });
    assert!(on_windows > 80 && on_macos > 8, "{on_windows} {on_macos}");
}
