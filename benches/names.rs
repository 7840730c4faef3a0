//! Entries a second of a listing, core only: no kernel, no mount, one thread. Beside it: formatting one name with the
//! standard library, the numbers and words being there already.

#[path = "common/table.rs"]
mod table;

use std::convert::Infallible;
use std::hint::black_box;
use std::io::Write;

use seedfs::dataset::{Dataset, Spec};
use table::Row;

/// Small seeds and fixed sizes, then what a copy of a home directory looks like: large seeds, all kinds, drawn sizes.
const DATASETS: [(&str, &str); 2] =
    [("one size", "files=1M"), ("varied", "files=1M,seed=7,kind=mixed,size=lognormal:9.3,3,spread=varied,empty=2")];
/// Entries of one measured call.
const BATCH: u64 = 1000;
const ROUNDS: usize = 11;

fn main() {
    table::start();
    for (label, text) in DATASETS {
        let dataset = Dataset::new(Spec::parse(text).expect("a valid spec")).expect("a valid dataset");
        let (mut next, mut name) = (0, Vec::new());
        compare(&format!("recipe of a file, {label}"), || {
            for index in next..next + BATCH {
                black_box(dataset.entry(index));
            }
            next = (next + BATCH) % 1_000_000;
        });
        let file = dataset.entry(4711);
        compare(&format!("name of a known file, {label}"), || {
            for _ in 0..BATCH {
                name.clear();
                black_box(&file).write_name(&mut name);
                black_box(&mut name);
            }
        });
        compare(&format!("paths as seedfs ls walks them, {label}"), || {
            let Ok(()) = dataset.walk(next..next + BATCH, |entry, path| {
                black_box((entry, path));
                Ok::<(), Infallible>(())
            });
            next = (next + BATCH) % 1_000_000;
        });
    }
}

fn compare(what: &str, ours: impl FnMut()) {
    let mut name = Vec::new();
    let theirs = || {
        for index in 0..BATCH {
            name.clear();
            let (word, seed, size, extension) = black_box(("invoice", index << 40, 4096u64, "bin"));
            write!(name, "{word}_s{seed}-{size}.{extension}").expect("memory takes it");
            black_box(&mut name);
        }
    };
    Row { what, unit: "M entries/s", beside: "write! of a name" }.compare_work(
        ROUNDS,
        BATCH as f64 / 1e6,
        theirs,
        ours,
    );
}
