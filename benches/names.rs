//! Nanoseconds per entry of a listing, core only: no kernel, no mount, one thread.

use std::convert::Infallible;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use seedfs::dataset::{Dataset, Spec};

/// Small seeds and fixed sizes, then what a copy of a home directory looks like: large seeds, all kinds, drawn sizes.
const DATASETS: [&str; 2] = ["files=1M", "files=1M,seed=7,kind=mixed,size=lognormal:9.3,3,spread=varied,empty=2"];
/// Entries of one measured call.
const BATCH: u64 = 1000;

fn main() {
    divan::main();
}

fn dataset(text: &str) -> Dataset {
    Dataset::new(Spec::parse(text).expect("a valid spec")).expect("a valid dataset")
}

/// Calls `each` with the next indices below a million, [`BATCH`] of them each time.
fn over_files(bencher: Bencher<'_, '_>, mut each: impl FnMut(u64)) {
    let mut next = 0;
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        (next..next + BATCH).for_each(&mut each);
        next = (next + BATCH) % 1_000_000;
    });
}

/// Recipe, word, extension and time.
#[divan::bench(args = DATASETS)]
fn file(bencher: Bencher<'_, '_>, text: &str) {
    let dataset = dataset(text);
    over_files(bencher, |index| {
        black_box(dataset.entry(index));
    });
}

/// The name of a file that is known.
#[divan::bench(args = DATASETS)]
fn write_name(bencher: Bencher<'_, '_>, text: &str) {
    let dataset = dataset(text);
    let file = dataset.entry(4711);
    let mut name = Vec::new();
    over_files(bencher, |_| {
        name.clear();
        black_box(&file).write_name(&mut name);
        black_box(&mut name);
    });
}

/// Paths of folders and files, as `seedfs ls` walks them.
#[divan::bench(args = DATASETS)]
fn walk(bencher: Bencher<'_, '_>, text: &str) {
    let dataset = dataset(text);
    let mut next = 0;
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        let Ok(()) = dataset.walk(next..next + BATCH, |entry, path| {
            black_box((entry, path));
            Ok::<(), Infallible>(())
        });
        next = (next + BATCH) % 1_000_000;
    });
}
