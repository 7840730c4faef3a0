//! The tree against a naive reference that keeps everything in lists and maps: random calls, equal answers.

use std::collections::HashMap;
use std::ops::ControlFlow;

use proptest::prelude::*;
use seedfs::content::{Corpus, SyntheticFile};
use seedfs::dataset::{Dataset, Listed, Spec};
use seedfs::tree::Tree;
use seedfs::vfs::{Attr, Cookie, FileType, FsError, Ino, Seek, Vfs};
use seedfs::{Kind, Recipe, name};

fn tree(text: &str, listed_only: bool) -> Tree {
    let dataset = Dataset::new(Spec::parse(text).unwrap()).unwrap();
    Tree::new(dataset, Corpus::builtin(), listed_only, Box::new(|| "stats 1\n".into()))
}

/// A directory as a plain list: `.`, `..`, then what was put into it.
struct Directory {
    parent: Ino,
    entries: Vec<(Vec<u8>, Ino)>,
}

/// Everything in memory, found by searching.
struct Reference {
    directories: HashMap<Ino, Directory>,
    recipes: HashMap<Ino, Recipe>,
    held: HashMap<Ino, (Ino, Vec<u8>, u64)>,
}

impl Reference {
    /// Walks folders and files once, counting instead of calculating.
    fn new(dataset: &Dataset) -> Self {
        let spec = dataset.spec();
        let mut directories: HashMap<Ino, Directory> = HashMap::new();
        let mut recipes = HashMap::new();
        directories.insert(Ino::ROOT, Directory { parent: Ino::ROOT, entries: Vec::new() });
        for folder in 1..=spec.dir_count() {
            let (ino, parent) = (Ino(2 * folder + 1), Ino(2 * ((folder - 1) / spec.fanout) + 1));
            let mut name = Vec::new();
            dataset.write_folder_name(folder, &mut name);
            directories.insert(ino, Directory { parent, entries: Vec::new() });
            directories.get_mut(&parent).unwrap().entries.push((name, ino));
        }
        let mut index = 0;
        for folder in 0..=spec.dir_count() {
            for _ in dataset.shape().files_of(folder) {
                let entry = dataset.entry(index);
                let mut name = Vec::new();
                entry.write_name(&mut name);
                let Listed::File(file) = entry else { panic!("no links were asked for") };
                let ino = Ino(2 * index + 2);
                recipes.insert(ino, file.recipe);
                directories.get_mut(&Ino(2 * folder + 1)).unwrap().entries.push((name, ino));
                index += 1;
            }
        }
        assert_eq!(index, spec.files);
        Self { directories, recipes, held: HashMap::new() }
    }

    fn listing(&self, dir: Ino) -> Vec<(Vec<u8>, Ino)> {
        let directory = &self.directories[&dir];
        let dots = [(b".".to_vec(), dir), (b"..".to_vec(), directory.parent)];
        dots.into_iter().chain(directory.entries.iter().cloned()).collect()
    }

    fn find(&self, dir: Ino, name: &[u8]) -> Option<Ino> {
        self.directories[&dir].entries.iter().find(|(n, _)| n == name).map(|&(_, ino)| ino)
    }

    fn check_attr(&self, attr: &Attr) {
        match self.directories.get(&attr.ino) {
            Some(directory) => {
                let subdirectories = directory.entries.iter().filter(|(_, i)| self.directories.contains_key(i)).count();
                assert_eq!((attr.file_type, attr.nlink), (FileType::Directory, 2 + subdirectories as u32));
            }
            None => {
                let recipe = self.recipes[&attr.ino];
                let blocks = if recipe.kind == Kind::Zero { 0 } else { recipe.size.div_ceil(512) };
                assert_eq!((attr.file_type, attr.size, attr.blocks), (FileType::Regular, recipe.size, blocks));
            }
        }
    }
}

#[derive(Debug, Clone)]
enum Call {
    LookupListed { dir: usize, entry: usize },
    LookupElsewhere { dir: usize, from: usize, entry: usize },
    LookupUnlisted { dir: usize, seed: u64, size: u64 },
    LookupNonsense { dir: usize, name: Vec<u8> },
    Forget { held: usize, count: u64 },
    List { dir: usize, from: usize, take: usize },
    Read { entry: usize, offset: u64, length: usize },
    Position { dir: usize, entry: usize },
}

fn any_call() -> impl Strategy<Value = Call> {
    let n = 0..10_000usize;
    prop_oneof![
        (n.clone(), n.clone()).prop_map(|(dir, entry)| Call::LookupListed { dir, entry }),
        (n.clone(), n.clone(), n.clone()).prop_map(|(dir, from, entry)| Call::LookupElsewhere { dir, from, entry }),
        (n.clone(), 0..40u64, 0..3u64).prop_map(|(dir, seed, size)| Call::LookupUnlisted { dir, seed, size }),
        (n.clone(), prop::collection::vec(any::<u8>(), 1..300))
            .prop_map(|(dir, name)| Call::LookupNonsense { dir, name }),
        (n.clone(), 1..4u64).prop_map(|(held, count)| Call::Forget { held, count }),
        (n.clone(), n.clone(), 1..9usize).prop_map(|(dir, from, take)| Call::List { dir, from, take }),
        (n.clone(), 0..9000u64, 0..5000usize).prop_map(|(entry, offset, length)| Call::Read { entry, offset, length }),
        (n.clone(), n).prop_map(|(dir, entry)| Call::Position { dir, entry }),
    ]
}

/// A tree, its reference, and the choices a call makes by number.
struct Pair {
    tree: Tree,
    reference: Reference,
    directories: Vec<Ino>,
}

impl Pair {
    fn new(text: &str) -> Self {
        let tree = tree(text, false);
        let reference = Reference::new(tree.dataset());
        let mut directories: Vec<Ino> = reference.directories.keys().copied().collect();
        directories.sort();
        Self { tree, reference, directories }
    }

    fn dir(&self, number: usize) -> Ino {
        self.directories[number % self.directories.len()]
    }

    fn entry(&self, dir: Ino, number: usize) -> Option<(Vec<u8>, Ino)> {
        let entries = &self.reference.directories[&dir].entries;
        (!entries.is_empty()).then(|| entries[number % entries.len()].clone())
    }

    fn call(&mut self, call: Call) {
        match call {
            Call::LookupListed { dir, entry } => {
                let dir = self.dir(dir);
                if let Some((name, ino)) = self.entry(dir, entry) {
                    let attr = self.tree.lookup(dir, &name).unwrap();
                    assert_eq!(attr.ino, ino);
                    self.reference.check_attr(&attr);
                }
            }
            Call::LookupElsewhere { dir, from, entry } => {
                let (dir, from) = (self.dir(dir), self.dir(from));
                if let Some((name, _)) = self.entry(from, entry) {
                    self.lookup_any(dir, &name);
                }
            }
            Call::LookupUnlisted { dir, seed, size } => {
                self.lookup_any(self.dir(dir), format!("s{seed}-{size}k").as_bytes())
            }
            Call::LookupNonsense { dir, name } => self.lookup_any(self.dir(dir), &name),
            Call::Forget { held, count } => self.forget(held, count),
            Call::List { dir, from, take } => self.list(self.dir(dir), from, take),
            Call::Read { entry, offset, length } => self.read(entry, offset, length),
            Call::Position { dir, entry } => self.position(self.dir(dir), entry),
        }
    }

    /// What a listed name, a valid name or anything else must give.
    fn lookup_any(&mut self, dir: Ino, name: &[u8]) {
        let answer = self.tree.lookup(dir, name);
        if let Some(ino) = self.reference.find(dir, name) {
            assert_eq!(answer.unwrap().ino, ino);
        } else if name.len() > 255 {
            assert_eq!(answer, Err(FsError::NameTooLong));
        } else if let Ok(parsed) = name::parse(name) {
            let attr = answer.unwrap();
            let known = self.reference.held.iter().find(|(_, (d, n, _))| *d == dir && n == name).map(|(&ino, _)| ino);
            assert_eq!(attr.ino, known.unwrap_or(attr.ino));
            assert!(known.is_some() || !self.reference.held.contains_key(&attr.ino), "an inode for two names");
            assert_eq!(attr.size, parsed.recipe.size);
            self.reference.held.entry(attr.ino).or_insert((dir, name.to_vec(), 0)).2 += 1;
        } else {
            assert_eq!(answer, Err(FsError::NotFound));
        }
    }

    fn forget(&mut self, number: usize, count: u64) {
        let mut inos: Vec<Ino> = self.reference.held.keys().copied().collect();
        inos.sort();
        let Some(&ino) = inos.get(number % inos.len().max(1)) else { return };
        let held = self.reference.held.get_mut(&ino).unwrap();
        let count = count.min(held.2);
        held.2 -= count;
        self.tree.forget(ino, count);
        if held.2 == 0 {
            self.reference.held.remove(&ino);
            assert_eq!(self.tree.getattr(ino), Err(FsError::Stale));
        }
        assert_eq!(self.tree.on_demand_inodes(), self.reference.held.len());
    }

    fn list(&self, dir: Ino, from: usize, take: usize) {
        let expected = self.reference.listing(dir);
        let from = from % (expected.len() + 1);
        let cookie = if from == 0 { Cookie::START } else { self.cookies(dir)[from - 1] };
        let mut taken = Vec::new();
        let emit = &mut |entry: seedfs::vfs::Entry<'_>| {
            if taken.len() == take {
                return ControlFlow::Break(());
            }
            self.reference.check_attr(&entry.attr);
            taken.push((entry.name.to_vec(), entry.attr.ino));
            ControlFlow::Continue(())
        };
        self.tree.readdir(dir, cookie, emit).unwrap();
        assert_eq!(taken, expected[from..(from + take).min(expected.len())]);
    }

    fn cookies(&self, dir: Ino) -> Vec<Cookie> {
        let mut cookies = Vec::new();
        self.tree
            .readdir(dir, Cookie::START, &mut |e| {
                cookies.push(e.next);
                ControlFlow::Continue(())
            })
            .unwrap();
        cookies
    }

    fn read(&self, number: usize, offset: u64, length: usize) {
        let inos: Vec<Ino> = (0..self.reference.recipes.len() as u64).map(|j| Ino(2 * j + 2)).collect();
        let Some(&ino) = inos.get(number % inos.len().max(1)) else { return };
        let recipe = self.reference.recipes[&ino];
        let mut whole = vec![0; recipe.size as usize];
        SyntheticFile::with_builtin(recipe).unwrap().read_at(0, &mut whole);
        let start = (offset as usize).min(whole.len());
        let end = (start + length).min(whole.len());
        let mut buf = vec![0xEE; length];
        let n = self.tree.read(ino, offset, &mut buf).unwrap();
        assert_eq!(&buf[..n], &whole[start..end]);
    }

    fn position(&self, dir: Ino, number: usize) {
        let listing = self.reference.listing(dir);
        let at = number % listing.len();
        assert_eq!(self.tree.position(dir, &listing[at].0), Ok(self.cookies(dir)[at]));
        assert_eq!(self.tree.position(dir, b"s77777777-1"), Err(FsError::NotFound));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn random_calls_get_the_answers_of_the_reference(
        files in 0..120u64,
        dirs in 0..40u64,
        fanout in 2..6u64,
        seed: u64,
        varied: bool,
        calls in prop::collection::vec(any_call(), 1..150),
    ) {
        let spread = if varied { "varied" } else { "even" };
        let text = format!("seed={seed},files={files},dirs={dirs},fanout={fanout},spread={spread},size=uniform:0-8KiB,empty=5,kind=mixed");
        let mut pair = Pair::new(&text);
        calls.into_iter().for_each(|call| pair.call(call));
    }
}

#[test]
fn a_full_walk_of_the_demo_equals_the_reference() {
    let pair = Pair::new("demo");
    for &dir in &pair.directories {
        pair.list(dir, 0, usize::MAX);
        assert_eq!(pair.tree.parent(dir), Ok(pair.reference.directories[&dir].parent));
        let cookies = pair.cookies(dir);
        assert!(cookies.windows(2).all(|w| w[0] < w[1]) && cookies[0] > Cookie::START);
        assert!(cookies.iter().all(|c| c.0 < 1 << 63));
    }
}

#[test]
fn the_control_directory_is_found_but_never_listed() {
    let tree = tree("demo", true);
    let control = tree.lookup(Ino::ROOT, b".seedfs").unwrap();
    assert_eq!(control.file_type, FileType::Directory);
    assert_eq!(tree.position(Ino::ROOT, b".seedfs"), Err(FsError::NotFound));
    for (name, says) in [("dataset.toml", "files = 1000"), ("version", "format 1"), ("stats", "stats 1")] {
        let attr = tree.lookup(control.ino, name.as_bytes()).unwrap();
        let mut text = vec![0; 4096];
        let n = tree.read(attr.ino, 0, &mut text).unwrap();
        assert_eq!(n as u64, attr.size);
        assert!(String::from_utf8_lossy(&text[..n]).contains(says), "{name}");
        assert_eq!(attr.volatile, name == "stats");
        assert_eq!(tree.read(attr.ino, u64::MAX, &mut text), Ok(0));
    }
    assert_eq!(tree.lookup(control.ino, b"s1-1"), Err(FsError::NotFound));
    assert_eq!(tree.parent(control.ino), Ok(Ino::ROOT));
}

#[test]
fn listed_only_hides_every_other_name() {
    let tree = tree("files=3,dirs=0,kind=random", true);
    assert_eq!(tree.lookup(Ino::ROOT, b"s42-1GiB"), Err(FsError::NotFound));
    let mut name = Vec::new();
    tree.dataset().entry(0).write_name(&mut name);
    assert!(tree.lookup(Ino::ROOT, &name).is_ok());
}

#[test]
fn names_with_an_edition_are_files_of_its_size_and_bytes() {
    let tree = tree("demo", false);
    for name in ["letter_s3-20480-e2.txt", "s42-0-e1", "s7-20480-zero-e1000000003", "s1-4096-e2000000400"] {
        let recipe = seedfs::name::parse(name.as_bytes()).unwrap().recipe;
        let attr = tree.lookup(Ino::ROOT, name.as_bytes()).unwrap();
        assert_eq!((attr.size, attr.blocks), (recipe.file_size().unwrap(), attr.size.div_ceil(512)), "{name}");
        assert_eq!(tree.seek(attr.ino, 0, Seek::Hole), Ok(attr.size), "{name} is no hole");
        let (mut read, mut made) = (vec![0; 30_000], vec![0; 30_000]);
        let len = tree.read(attr.ino, 0, &mut read).unwrap();
        assert_eq!(recipe.fill(&Corpus::builtin(), 0, &mut made), Ok(len));
        assert!(read == made, "{name}");
    }
    for name in ["s42-1GiB-e4097", "s42-1GiB-e1000000000", "s42-1GiB-e3000004097", "s42-1GiB-e4294967295"] {
        assert_eq!(tree.lookup(Ino::ROOT, name.as_bytes()), Err(FsError::NotFound), "{name}");
    }
}

#[test]
fn hostile_inodes_cookies_and_offsets_are_refused() {
    let tree = tree("demo", false);
    for ino in [0, 3000, 2 * 121 + 1, 1 << 51 | 5, 1 << 52, 1 << 53, u64::MAX] {
        let ino = Ino(ino);
        assert_eq!(tree.getattr(ino), Err(FsError::Stale), "{ino:?}");
        assert_eq!(tree.read(ino, 0, &mut [0; 8]), Err(FsError::Stale));
        assert_eq!(tree.seek(ino, 0, Seek::Data), Err(FsError::Stale));
        assert_eq!(tree.lookup(ino, b"x"), Err(FsError::Stale));
        tree.forget(ino, u64::MAX);
    }
    for cookie in [1 << 40, u64::MAX / 2, u64::MAX - 1, u64::MAX] {
        let mut entries = 0;
        tree.readdir(Ino::ROOT, Cookie(cookie), &mut |_| {
            entries += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(entries, 0);
    }
    let huge = tree.lookup(Ino::ROOT, b"s1-9223372036854775807").unwrap();
    assert_eq!(tree.read(huge.ino, u64::MAX, &mut [0; 8]), Ok(0));
    assert_eq!(tree.read(huge.ino, u64::MAX / 2 - 5, &mut [0; 8]), Ok(5));
}

#[test]
fn holes_are_found_where_they_are() {
    let tree = tree("demo", false);
    let seek = |name: &str, offset, what| {
        let ino = tree.lookup(Ino::ROOT, name.as_bytes()).unwrap().ino;
        tree.seek(ino, offset, what)
    };
    for (offset, data, hole) in [(0, Ok(0), Ok(4096)), (100, Ok(100), Ok(4096)), (4095, Ok(4095), Ok(4096))] {
        assert_eq!((seek("s1-4k", offset, Seek::Data), seek("s1-4k", offset, Seek::Hole)), (data, hole));
    }
    for offset in [4096, 4097, u64::MAX] {
        assert_eq!(seek("s1-4k", offset, Seek::Data), Err(FsError::NoMoreData));
        assert_eq!(seek("s1-4k-zero", offset, Seek::Hole), Err(FsError::NoMoreData));
    }
    assert_eq!(seek("s1-4k-zero", 7, Seek::Hole), Ok(7));
    assert_eq!(seek("s1-4k-zero", 7, Seek::Data), Err(FsError::NoMoreData));
    assert_eq!(tree.seek(Ino::ROOT, 0, Seek::Data), Err(FsError::IsDirectory));
}

#[test]
fn a_billion_files_list_from_any_cookie_at_once() {
    let tree = tree("files=1G,dirs=1,size=4KiB", false);
    let folder = tree
        .lookup(Ino::ROOT, &{
            let mut name = Vec::new();
            tree.dataset().write_folder_name(1, &mut name);
            name
        })
        .unwrap()
        .ino;
    let mut seen = Vec::new();
    tree.readdir(folder, Cookie(499_999_000), &mut |entry| {
        seen.push(entry.attr.ino);
        if seen.len() == 10 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    // Half of the files lie in the root; two entries of each listing are the dots.
    assert_eq!(seen[0], Ino(2 * (500_000_000 + 499_999_000 - 2) + 2));
    assert!(seen.windows(2).all(|w| w[1].0 == w[0].0 + 2));
}
