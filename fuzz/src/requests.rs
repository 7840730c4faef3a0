//! Requests to a tree through the neutral file system, with whatever numbers and names.

use std::collections::HashMap;
use std::ops::ControlFlow;

use arbitrary::{Result, Unstructured};
use seedfs::content::Corpus;
use seedfs::damage::Plan;
use seedfs::dataset::{Dataset, Spec};
use seedfs::tree::{RECIPE_ATTRIBUTE, Tree, case_ino, file_ino, folder_ino};
use seedfs::units::MAX_SIZE;
use seedfs::vfs::{Attr, Cookie, FileType, FsError, Ino, Seek, Vfs};
use seedfs::{SyntheticFile, name};

use super::hostile;

/// Trees of every make: the last ones are as large as there can be.
pub const DATASETS: [&str; 8] = [
    "files=0,dirs=0",
    "files=30,dirs=5,fanout=2,kind=mixed,size=uniform:0-9000",
    "files=200,dirs=8,spread=varied,duplicates=10%,hardlinks=10%,near=5%,symlinks=5%,empty=2%,sparse=2%,cases=all",
    "files=40,dirs=6,churn.created=10%,churn.deleted=10%,churn.renamed=10%,churn.moved=10%,churn.modified=20%",
    "files=3000,dirs=1,size=20000,kind=text",
    "files=9,dirs=40,fanout=1,size=1EiB",
    "files=1000000000000,dirs=1000000000,spread=varied,size=lognormal:20,5,kind=mixed",
    "files=1099511627776,dirs=1099511627776,hardlinks=20%,near=5%,symlinks=10%,size=pareto:8EB,0.1",
];

/// Most requests of an input.
const REQUESTS: usize = 60;

/// Entries taken from one listing.
const TAKEN: usize = 30;

/// A tree of one of the datasets: a generation of it or several. Tells whether it is damaged.
pub fn tree(u: &mut Unstructured<'_>) -> Result<(Tree, bool)> {
    let mut spec = Spec::parse(u.choose(&DATASETS)?).expect("a good text");
    spec.seed = hostile::number(u, &[])?;
    let listed_only = u.ratio(1, 4)?;
    let new = |spec: &Spec| {
        let dataset = Dataset::new(spec.clone()).expect("a good spec");
        Tree::new(dataset, Corpus::builtin(), listed_only, Box::new(|| "some 1\n".into()))
    };
    let generation = match hostile::number(u, &[3, 1_000_000])? {
        // A listing looks at every file that was ever created there: late generations take long.
        generation @ ..1_000_000 => generation % 300,
        beyond => beyond,
    };
    let shown = match u.int_in_range(0..=3u8)? {
        0 => new(&spec).at_generation(generation),
        1 => new(&spec).with_snapshots(generation),
        _ => Ok(new(&spec)),
    };
    let tree = shown.unwrap_or_else(|_| new(&spec));
    let damage = "flip:0.1,zero:0.1,swap:0.1,eio:0.1,truncate:0.1".parse().expect("a good text");
    let is_damaged = u.ratio(1, 4)?;
    Ok((tree.with_damage(is_damaged.then(|| Plan::new(damage))), is_damaged))
}

/// What the tree has told so far.
struct Asker {
    tree: Tree,
    is_damaged: bool,
    /// Numbers that are, or were, of something.
    known: Vec<u64>,
    names: Vec<Vec<u8>>,
    cookies: Vec<u64>,
    /// References to names that are not listed.
    held: HashMap<Ino, u64>,
}

/// A tree, and requests to it.
pub fn run(data: &[u8]) {
    let u = &mut Unstructured::new(data);
    let Ok((tree, is_damaged)) = tree(u) else { return };
    let files = tree.dataset().shape().files();
    let known =
        vec![1, file_ino(0).0, file_ino(files).0, folder_ino(1).0, case_ino(0).0, case_ino(5).0, 1 << 51, 1 << 52];
    let names = [&b".seedfs"[..], b".", b"..", b"cases", b"stats", b"generation", b"gen-000001"].map(<[u8]>::to_vec);
    let mut asker =
        Asker { tree, is_damaged, known, names: names.into(), cookies: vec![0, 2, 1 << 50], held: HashMap::new() };
    for _ in 0..REQUESTS {
        if u.is_empty() || asker.ask(u).is_err() {
            break;
        }
    }
    for (ino, count) in asker.held {
        asker.tree.forget(ino, count);
    }
    assert_eq!(asker.tree.on_demand_inodes(), 0, "references are left");
}

impl Asker {
    fn ino(&self, u: &mut Unstructured<'_>) -> Result<Ino> {
        if u.ratio(3, 4)? { u.choose(&self.known).copied().map(Ino) } else { hostile::number(u, &self.known).map(Ino) }
    }

    fn name(&self, u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
        Ok(match u.int_in_range(0..=3u8)? {
            0 => u.arbitrary::<&[u8]>()?.to_vec(),
            1 => {
                let mut out = Vec::new();
                let stem = u.arbitrary::<Option<&[u8]>>()?;
                let ext: Option<&[u8]> = [None, Some(&b"txt"[..]), Some(b"bin")][u.choose_index(3)?];
                name::write_canonical(&mut out, stem, &hostile::recipe(u)?, ext);
                out
            }
            _ => u.choose(&self.names)?.clone(),
        })
    }

    fn ask(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let ino = self.ino(u)?;
        match u.int_in_range(0..=9u8)? {
            0 | 1 => {
                let name = self.name(u)?;
                self.look_up(ino, &name);
            }
            2 => self.forget(u, ino)?,
            3 | 4 => self.list(u, ino)?,
            5 | 6 => {
                let size = self.tree.getattr(ino).map_or(0, |attr| attr.size);
                let offset = hostile::number(u, &[size, 4096])?;
                self.read(ino, offset, hostile::length(u)?);
            }
            7 => {
                let offset = hostile::number(u, &[0, 4096])?;
                self.seek(ino, offset);
            }
            8 => self.look_around(ino, &self.name(u)?),
            _ => {
                let generation = u.arbitrary::<bool>()?.then(|| hostile::number(u, &[0, 1_000_000])).transpose()?;
                self.advance(ino, generation);
            }
        }
        Ok(())
    }

    fn look_up(&mut self, dir: Ino, name: &[u8]) {
        let Ok(attr) = self.tree.lookup(dir, name) else { return };
        check_attr(&attr);
        self.known.push(attr.ino.0);
        let held = self.held.entry(attr.ino).or_default();
        *held += 1;
        let again = self.tree.getattr(attr.ino).expect("was just found");
        assert!(attr.volatile || again == attr, "{again:?} is not {attr:?}");
    }

    fn forget(&mut self, u: &mut Unstructured<'_>, ino: Ino) -> Result<()> {
        // More than there are is no harm, and less keeps the rest.
        let count = hostile::number(u, &[1])?;
        self.tree.forget(ino, count);
        let left = self.held.get(&ino).map_or(0, |held| held.saturating_sub(count));
        match left {
            0 => _ = self.held.remove(&ino),
            left => _ = self.held.insert(ino, left),
        }
        let on_demand = self.held.keys().filter(|ino| ino.0 >= 1 << 52).count();
        assert_eq!(self.tree.on_demand_inodes(), on_demand);
        assert!(self.held.keys().all(|&ino| ino.0 < 1 << 52 || self.tree.getattr(ino).is_ok()), "{ino:?} took others");
        Ok(())
    }

    fn take(&self, dir: Ino, from: u64, most: usize) -> seedfs::vfs::Result<Vec<(Vec<u8>, Attr, u64)>> {
        let mut taken = Vec::new();
        self.tree.readdir(dir, Cookie(from), &mut |entry| {
            if taken.len() == most {
                return ControlFlow::Break(());
            }
            taken.push((entry.name.to_vec(), entry.attr, entry.next.0));
            ControlFlow::Continue(())
        })?;
        Ok(taken)
    }

    fn list(&mut self, u: &mut Unstructured<'_>, dir: Ino) -> Result<()> {
        let from = hostile::number(u, &self.cookies)?;
        let Ok(taken) = self.take(dir, from, TAKEN) else { return Ok(()) };
        let mut behind = from;
        for (name, attr, next) in &taken {
            assert!(*next > behind && *next < 1 << 63, "cookie {next} behind {behind}");
            behind = *next;
            check_attr(attr);
            assert!(!name.is_empty() && name.len() <= 255 && !name.contains(&b'/') && !name.contains(&0));
            assert_eq!(self.tree.position(dir, name), Ok(Cookie(*next)), "{:?}", name.escape_ascii().to_string());
            let found = match &name[..] {
                b"." | b".." => self.tree.getattr(attr.ino),
                _ => self.tree.lookup(dir, name),
            };
            let found = found.unwrap_or_else(|error| panic!("{:?}: {error}", name.escape_ascii().to_string()));
            assert!(found == *attr || attr.volatile, "{found:?} is listed as {attr:?}");
        }
        // A listing goes on where any of its entries ended.
        if !taken.is_empty() {
            let at = u.choose_index(taken.len())?;
            let rest = self.take(dir, taken[at].2, TAKEN - at - 1).expect("was just listed");
            assert!(rest.iter().zip(&taken[at + 1..]).all(|(a, b)| (&a.0, a.2) == (&b.0, b.2)));
            assert_eq!(rest.len(), taken.len() - at - 1);
        }
        for (name, attr, next) in taken.into_iter().step_by(5) {
            self.known.push(attr.ino.0);
            self.names.push(name);
            self.cookies.push(next);
        }
        Ok(())
    }

    /// Bytes are those of the recipe that the tree tells, made without it.
    fn read(&self, ino: Ino, offset: u64, len: usize) {
        let mut buf = vec![0xa5; len];
        let result = self.tree.read(ino, offset, &mut buf);
        let Ok(attr) = self.tree.getattr(ino) else {
            assert!(result.is_err());
            return;
        };
        match result {
            Ok(count) => {
                let left = usize::try_from(attr.size.saturating_sub(offset)).unwrap_or(usize::MAX);
                assert!(attr.file_type == FileType::Regular && count == len.min(left), "{count} bytes of {attr:?}");
                assert!(buf[count..].iter().all(|&byte| byte == 0xa5), "writes behind the end");
                let Ok(recipe) = self.tree.getxattr(ino, RECIPE_ATTRIBUTE.as_bytes()) else { return };
                let recipe = name::parse(&recipe).expect("a recipe is a name").recipe;
                let file = SyntheticFile::with_builtin(recipe).expect("a file");
                let mut right = vec![0; count];
                if self.is_damaged {
                    return assert!(attr.size <= file.len());
                }
                assert_eq!((file.len(), file.read_at(offset, &mut right)), (attr.size, count));
                assert!(buf[..count] == right, "other bytes of {recipe:?} at {offset}");
            }
            Err(FsError::Io) => assert!(self.is_damaged),
            Err(error) => {
                assert_eq!(error == FsError::IsDirectory, attr.file_type == FileType::Directory, "{error}");
                assert!(attr.file_type != FileType::Regular, "{error}");
            }
        }
    }

    fn seek(&self, ino: Ino, offset: u64) {
        for what in [Seek::Data, Seek::Hole] {
            if let Ok(found) = self.tree.seek(ino, offset, what) {
                let size = self.tree.getattr(ino).expect("was just found").size;
                assert!(offset < size && (offset..=size).contains(&found));
            }
        }
    }

    fn look_around(&self, ino: Ino, name: &[u8]) {
        let attr = self.tree.getattr(ino);
        if let Ok(attr) = &attr {
            check_attr(attr);
        }
        if let Ok(parent) = self.tree.parent(ino) {
            let parent = self.tree.getattr(parent).expect("a directory has one above");
            assert_eq!(parent.file_type, FileType::Directory);
        }
        if let Ok(target) = self.tree.readlink(ino) {
            assert_eq!(attr.map(|attr| attr.size), Ok(target.len() as u64));
        }
        for names in [self.tree.siblings(ino), self.tree.files(ino)].into_iter().flatten() {
            assert!(names.count >= 1 && names.step >= 1 && names.range().start() <= names.range().end());
            assert!(names.position(ino) < names.count || self.tree.files(ino) == Some(names));
        }
        let _ = self.tree.spelling(ino, name);
        let _ = self.tree.position(ino, name);
        let _ = self.tree.getxattr(ino, name);
        let _ = self.tree.listxattr(ino);
        let totals = self.tree.statfs();
        assert!(totals.inodes >= 1);
    }

    fn advance(&mut self, ino: Ino, generation: Option<u64>) {
        // What changes is told file by file: too many of them take too long here.
        if self.tree.dataset().shape().files() > 5000 {
            return;
        }
        let mut told = 0u32;
        if self
            .tree
            .advance(ino, generation.map(|number| if number < 1_000_000 { number % 300 } else { number }), &mut |_| {
                told += 1
            })
            .is_ok()
        {
            self.cookies.truncate(3);
        }
    }
}

fn check_attr(attr: &Attr) {
    assert!(attr.ino.0 > 0 && attr.ino.0 < 1 << 53 && attr.size <= MAX_SIZE && attr.perm <= 0o7777, "{attr:?}");
    assert!(attr.nlink >= 1 && attr.blocks <= attr.size.div_ceil(512), "{attr:?}");
    assert!(attr.mtime.nanoseconds < 1_000_000_000);
}
