//! Nanoseconds per entry of the file system's own part of metadata: name, size, inode number and attributes, without
//! a kernel, a mount or a reply.
//!
//! Every figure is for [`ENTRIES`] entries: divide by it, or read the rate in the line below.

use std::ops::ControlFlow;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use seedfs::content::Corpus;
use seedfs::dataset::{Dataset, Spec};
use seedfs::tree::{Tree, file_ino, folder_ino};
use seedfs::vfs::{Cookie, Entry, Ino, Vfs};

/// Entries of one sample.
const ENTRIES: u64 = 1000;

/// Trees whose listings cost different things: fixed and drawn sizes, one type and many, large and small folders, and
/// as many files as nobody can list.
const TREES: [&str; 5] = [
    "files=1k,dirs=0,size=4KiB",
    "files=10M,dirs=0,size=4KiB",
    "files=10M,dirs=0,size=lognormal:9.314,3.187,kind=mixed",
    "files=1G,dirs=100M,size=4KiB",
    "files=1G,dirs=100M,size=lognormal:9.314,3.187,kind=mixed,spread=varied",
];

fn main() {
    divan::main();
}

fn tree(spec: &str) -> Tree {
    let spec = Spec::parse(spec).expect("a valid spec of the list above");
    Tree::new(Dataset::new(spec).expect("a valid dataset"), Corpus::builtin(), false, Box::new(String::new))
}

/// Lists `count` entries from `folder` on, folder after folder, a listing going on where the one before stopped.
struct Walk {
    tree: Tree,
    folder: u64,
    from: Cookie,
}

impl Walk {
    fn new(spec: &str) -> Self {
        Self { tree: tree(spec), folder: 0, from: Cookie::START }
    }

    fn entries(&mut self, count: u64) {
        let mut left = count;
        while left > 0 {
            let mut next = self.from;
            let mut emit = |entry: Entry<'_>| {
                if left == 0 {
                    return ControlFlow::Break(());
                }
                next = black_box(entry).next;
                left -= 1;
                ControlFlow::Continue(())
            };
            self.tree.readdir(folder_ino(self.folder), self.from, &mut emit).expect("a folder");
            self.from = next;
            if left > 0 {
                self.folder = (self.folder + 1) % self.tree.dataset().shape().folders();
                self.from = Cookie::START;
            }
        }
    }
}

/// A walk in the order of the folders.
#[divan::bench(args = TREES)]
fn readdir(bencher: Bencher<'_, '_>, spec: &str) {
    let mut walk = Walk::new(spec);
    bencher.counter(ItemsCount::new(ENTRIES)).bench_local(|| walk.entries(ENTRIES));
}

/// Attributes of files far apart, by one thread and by two at once: what they share must not slow them down.
#[divan::bench(args = TREES, threads = [1, 2])]
fn getattr(bencher: Bencher<'_, '_>, spec: &str) {
    let tree = tree(spec);
    let files = tree.dataset().shape().files();
    bencher.counter(ItemsCount::new(ENTRIES)).bench(|| {
        for i in 0..ENTRIES {
            let _ = black_box(tree.getattr(black_box(file_ino(i * 7919 % files))));
        }
    });
}

/// Names looked up in the folders that list them.
#[divan::bench(args = TREES, threads = [1, 2])]
fn lookup(bencher: Bencher<'_, '_>, spec: &str) {
    let tree = tree(spec);
    let shape = tree.dataset().shape();
    let names: Vec<(Ino, Vec<u8>)> = (0..ENTRIES)
        .map(|i| {
            let file = i * 7919 % shape.files();
            let mut name = Vec::new();
            tree.dataset().file(file).write_name(&mut name);
            (folder_ino(shape.folder_of(file)), name)
        })
        .collect();
    bencher.counter(ItemsCount::new(ENTRIES)).bench(|| {
        for (dir, name) in &names {
            let _ = black_box(tree.lookup(*dir, black_box(name)));
        }
    });
}
