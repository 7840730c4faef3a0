//! Entries a second of the file system's own part of metadata: name, size, inode number and attributes, without a
//! kernel, a mount or a reply. The smallest tree stands beside tables in memory, and larger trees beside the smallest.

#[path = "common/table.rs"]
mod table;

use std::collections::HashMap;
use std::hint::black_box;
use std::ops::ControlFlow;

use seedfs::content::Corpus;
use seedfs::dataset::{Dataset, Spec};
use seedfs::tree::{Tree, file_ino, folder_ino};
use seedfs::vfs::{Attr, Cookie, Entry, Ino, Vfs};
use table::Row;

/// Entries of one measured call.
const ENTRIES: u64 = 1000;
const ROUNDS: usize = 11;

const SMALLEST: &str = "files=1k,dirs=0,size=4KiB";

/// Trees whose listings cost different things: fixed and drawn sizes, one type and many, large and small folders, and
/// as many files as nobody can list.
const TREES: [(&str, &str); 4] = [
    ("10^7 files, one folder", "files=10M,dirs=0,size=4KiB"),
    ("the same, sizes drawn", "files=10M,dirs=0,size=lognormal:9.314,3.187,kind=mixed"),
    ("10^9 files, 10^8 folders", "files=1G,dirs=100M,size=4KiB"),
    ("the same, all drawn", "files=1G,dirs=100M,size=lognormal:9.314,3.187,kind=mixed,spread=varied"),
];

fn main() {
    table::start();
    let smallest = tree(SMALLEST);
    let (numbers, names) = tables(&smallest);
    let all: Vec<(Ino, Vec<u8>)> = lookups(&smallest);
    let by_number = || {
        for i in 0..ENTRIES {
            black_box(numbers.get(&black_box(file_ino(i * 7919 % ENTRIES))));
        }
    };
    let by_name = || {
        for (_, name) in &all {
            black_box(names.get(black_box(name)));
        }
    };
    compare("readdir, 10^3 files", "HashMap, by number", by_number, || Walk::new(&smallest).entries(ENTRIES));
    compare("getattr, 10^3 files", "HashMap, by number", by_number, || getattr(&smallest));
    compare("lookup, 10^3 files", "HashMap, by name", by_name, || lookup(&smallest, &all));
    for (label, spec) in TREES {
        let large = tree(spec);
        let names = lookups(&large);
        let (mut small_walk, mut large_walk) = (Walk::new(&smallest), Walk::new(&large));
        let beside = "the same, 10^3 files";
        let readdir = (|| small_walk.entries(ENTRIES), || large_walk.entries(ENTRIES));
        compare(&format!("readdir, {label}"), beside, readdir.0, readdir.1);
        compare(&format!("getattr, {label}"), beside, || getattr(&smallest), || getattr(&large));
        compare(&format!("lookup, {label}"), beside, || lookup(&smallest, &all), || lookup(&large, &names));
    }
    two_threads(&tree(TREES[3].1));
}

fn compare(what: &str, beside: &str, theirs: impl FnMut(), ours: impl FnMut()) {
    Row { what, unit: "M entries/s", beside }.compare_work(ROUNDS, ENTRIES as f64 / 1e6, theirs, ours);
}

/// What threads share must not slow them down: each does the same work, so that two do twice as much.
fn two_threads(tree: &Tree) {
    let names = lookups(tree);
    let works: [(&str, &(dyn Fn() + Sync)); 2] = [("getattr", &|| getattr(tree)), ("lookup", &|| lookup(tree, &names))];
    for (label, work) in works {
        let rate = |threads: usize| {
            std::thread::scope(|scope| {
                let all: Vec<_> =
                    (0..threads).map(|_| scope.spawn(|| table::rate(ENTRIES as f64 / 1e6, work))).collect();
                Ok(all.into_iter().map(|thread| thread.join().expect("no panic")).sum())
            })
        };
        let row = Row { what: &format!("{label}, two threads"), unit: "M entries/s", beside: "the same, one thread" };
        row.compare(ROUNDS, || rate(1), || rate(2)).expect("work in memory has no errors");
    }
}

fn tree(spec: &str) -> Tree {
    let spec = Spec::parse(spec).expect("a valid spec of the list above");
    Tree::new(Dataset::new(spec).expect("a valid dataset"), Corpus::builtin(), false, Box::new(String::new))
}

/// What a file system in memory would hold.
fn tables(tree: &Tree) -> (HashMap<Ino, Attr>, HashMap<Vec<u8>, Attr>) {
    let attr = |ino| tree.getattr(ino).expect("a file of the tree");
    let numbers = (0..ENTRIES).map(file_ino).map(|ino| (ino, attr(ino))).collect();
    let names = lookups(tree).into_iter().map(|(dir, name)| (tree.lookup(dir, &name), name));
    (numbers, names.map(|(found, name)| (name, found.expect("a listed name"))).collect())
}

/// Attributes of files far apart.
fn getattr(tree: &Tree) {
    let files = tree.dataset().shape().files();
    for i in 0..ENTRIES {
        let _ = black_box(tree.getattr(black_box(file_ino(i * 7919 % files))));
    }
}

/// Names and the folders that list them.
fn lookups(tree: &Tree) -> Vec<(Ino, Vec<u8>)> {
    let shape = tree.dataset().shape();
    let entry = |i| {
        let file = i * 7919 % shape.files();
        let mut name = Vec::new();
        tree.dataset().entry(file).write_name(&mut name);
        (folder_ino(shape.folder_of(file)), name)
    };
    (0..ENTRIES).map(entry).collect()
}

fn lookup(tree: &Tree, names: &[(Ino, Vec<u8>)]) {
    for (dir, name) in names {
        let _ = black_box(tree.lookup(*dir, black_box(name)));
    }
}

/// Lists folder after folder, a listing going on where the one before stopped.
struct Walk<'a> {
    tree: &'a Tree,
    folder: u64,
    from: Cookie,
}

impl<'a> Walk<'a> {
    fn new(tree: &'a Tree) -> Self {
        Self { tree, folder: 0, from: Cookie::START }
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
