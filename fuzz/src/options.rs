//! The text of `-o`, and the damage that one of the options asks for.

use seedfs::damage::{Plan, Spec};
use seedfs::dataset::generation::MAX_GENERATION;
use seedfs::mount::MountOptions;
use seedfs::{Kind, Recipe};

/// What is accepted lies within its ranges, and means the same when it is said twice; unknown options are no error where
/// they are to be passed over.
pub fn run(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    damage(text);
    let mut options = MountOptions::default();
    let strict = options.apply(text, false);
    check(&options);
    if strict.is_ok() {
        let mut twice = options.clone();
        assert_eq!(twice.apply(text, false), Ok(()));
        assert!(twice == options, "said twice");
        let mut sloppy = MountOptions::default();
        assert_eq!(sloppy.apply(text, true), Ok(()));
        assert!(sloppy == options, "passing over unknown options changes known ones");
    }
    let mut sloppy = MountOptions::default();
    if let Err(error) = sloppy.apply(text, true) {
        assert!(!error.reason.contains("unknown"), "{error}");
        assert!(strict.is_err());
    }
    check(&sloppy);
}

fn check(options: &MountOptions) {
    assert!(options.umask <= 0o7777 && options.generation <= MAX_GENERATION);
    assert!([options.fmask, options.dmask].into_iter().flatten().all(|mask| mask <= 0o7777));
    assert!(options.prefetch.is_none_or(|bytes| bytes == 0 || (1 << 20..=1 << 30).contains(&bytes)));
    assert!(options.threads.is_none_or(|threads| (1..=64).contains(&threads)));
    assert!(options.uid != Some(u32::MAX) && options.gid != Some(u32::MAX));
    // These go to the kernel as text.
    assert!(!options.subtype.is_empty() && options.subtype.bytes().all(|b| b.is_ascii_graphic() && b != b','));
    assert!(options.fsname.as_ref().is_none_or(|name| !name.is_empty() && !name.contains(char::is_control)));
    let is_odd = |c: char| c == '"' || c.is_control();
    assert!(options.contexts.iter().all(|(key, label)| key.ends_with("context") && !label.contains(is_odd)));
    assert!(!options.writable, "no option asks for this");
    if let Some(spec) = options.damage {
        assert_eq!(spec.to_string().parse(), Ok(spec));
    }
}

/// Damage is written as it is read, and no file is longer for it.
fn damage(text: &str) {
    let Ok(spec) = text.parse::<Spec>() else { return };
    assert_eq!(spec.to_string().parse(), Ok(spec));
    let plan = Plan::new(spec);
    for size in [0, 1, 4096, 100_000, seedfs::units::MAX_SIZE] {
        let damage = plan.of(3, &Recipe { kind: Kind::Random, seed: 1, size, edition: 0 });
        assert!(damage.size() <= size);
        let mut behind = 0;
        for damage in damage.within(0..size).take(100) {
            assert!(damage.len > 0 && damage.offset >= behind && damage.offset < size, "{damage:?}");
            behind = damage.offset + damage.len;
        }
    }
}
