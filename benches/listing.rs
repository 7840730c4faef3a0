//! Nanoseconds per entry of a listing, core only: no kernel, no mount, one thread.

use std::convert::Infallible;
use std::ops::ControlFlow;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use seedfs::content::Corpus;
use seedfs::dataset::{Dataset, Spec};
use seedfs::tree::Tree;
use seedfs::vfs::{Cookie, Ino, Vfs};

/// Small seeds and fixed sizes, then what a copy of a home directory looks like: large seeds, all kinds, drawn sizes.
const DATASETS: [&str; 2] = ["files=1M", "files=1M,seed=7,kind=mixed,size=lognormal:9.3,3,spread=varied,empty=2"];
/// Entries of one measured call.
const BATCH: u64 = 1000;

fn main() {
    divan::main();
}

fn dataset(text: &str) -> Dataset {
    Dataset::new(Spec::parse(text).expect("a dataset of the list above"))
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
        black_box(dataset.file(index));
    });
}

/// The name of a file that is known.
#[divan::bench(args = DATASETS)]
fn write_name(bencher: Bencher<'_, '_>, text: &str) {
    let dataset = dataset(text);
    let file = dataset.file(4711);
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

/// Name, inode, size and attributes of each entry of one directory, as a mount answers a readdirplus.
#[divan::bench(args = DATASETS)]
fn entry_with_attributes(bencher: Bencher<'_, '_>, text: &str) {
    let dataset = dataset(&format!("{text},dirs=0"));
    let tree = Tree::new(dataset, Corpus::builtin(), false, Box::new(String::new));
    let mut next = Cookie(0);
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        let mut left = BATCH;
        let read = tree.readdir(Ino::ROOT, next, &mut |entry| {
            next = black_box(entry).next;
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        read.expect("the root is a directory");
        if left > 0 {
            next = Cookie(0);
        }
    });
}
