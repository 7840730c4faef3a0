//! The inputs that fuzzing keeps, and those that it once found something with, through the same functions.
#![cfg(unix)]

#[path = "../fuzz/src/lib.rs"]
#[allow(unreachable_pub)]
mod fuzz;

use std::path::Path;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

static PANICS: AtomicU32 = AtomicU32::new(0);

/// Counts panics that an adapter answers with an error, too.
fn count_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            PANICS.fetch_add(1, Ordering::Relaxed);
            before(info);
        }));
    });
}

fn replay(target: &str, run: fn(&[u8])) {
    count_panics();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut inputs: Vec<_> = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    inputs.sort();
    assert!(!inputs.is_empty(), "no corpus in {}", directory.display());
    for input in inputs {
        // Shown where the test fails.
        println!("{}", input.display());
        run(&std::fs::read(&input).unwrap());
    }
    assert_eq!(PANICS.load(Ordering::Relaxed), 0);
}

#[test]
fn contents() {
    replay("contents", fuzz::contents::run);
}

#[test]
fn datasets() {
    replay("datasets", fuzz::datasets::run);
}

#[test]
fn kernel() {
    replay("kernel", fuzz::kernel::run);
}

#[test]
fn manifests() {
    replay("manifests", fuzz::manifests::run);
}

#[test]
fn names() {
    replay("names", fuzz::names::run);
}

#[test]
fn options() {
    replay("options", fuzz::options::run);
}

#[test]
fn reports() {
    replay("reports", fuzz::reports::run);
}

#[test]
fn requests() {
    replay("requests", fuzz::requests::run);
}

#[test]
fn restores() {
    replay("restores", fuzz::restores::run);
}
