//! The tree that is mounted: a dataset's files by arithmetic, any other valid name on demand, hand-made
//! cases, and the control directory.
//!
//! | inode | what |
//! |---|---|
//! | 2i + 1 | folder i, 1 being the root |
//! | 2j + 2 | file j |
//! | 2^50 … | hand-made cases |
//! | 2^51 … | the control directory and its files |
//! | 2^52 … | names that are not listed, while somebody refers to them |
//!
//! All stay below 2^53, so that programs which keep numbers as doubles do not confuse them.

mod attr;
mod cases;
mod control;
mod on_demand;

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::content::Corpus;
use crate::dataset::cases::{DIRECTORY as CASES_DIRECTORY, Node as CaseNode};
use crate::dataset::{Dataset, Listed, Symlink, on_demand_time};
use crate::name;
use crate::recipe::Recipe;
use crate::vfs::{Attr, Cookie, Entry, FileType, FsError, Ino, Result, Seek, Siblings, StatFs, Time, Vfs};
use attr::{directory_attr, is_hole, listed_file_attr, plain, regular};
pub use cases::case_ino;
pub use control::StatsSource;
use control::{Control, ControlFile};
use on_demand::OnDemand;

const CASES: u64 = 1 << 50;
const CONTROL: u64 = 1 << 51;
const ON_DEMAND: u64 = 1 << 52;

/// The extended attribute that tells a file's recipe in full.
pub const RECIPE_ATTRIBUTE: &str = "user.seedfs.recipe";

/// `.` and `..`.
const ENTRIES_BEFORE: u64 = 2;

/// Takes the entries of a listing until it breaks.
type Emit<'a> = dyn FnMut(Entry<'_>) -> ControlFlow<()> + 'a;

/// A dataset as a file system.
#[derive(Debug)]
pub struct Tree {
    dataset: Dataset,
    corpus: Arc<Corpus>,
    listed_only: bool,
    on_demand: OnDemand,
    control: Control,
}

/// What an inode number stands for.
#[derive(Debug, Clone, Copy)]
enum Node {
    Folder(u64),
    /// A file or symbolic link of the dataset.
    Listed(u64),
    OnDemand(Recipe),
    /// A case that is a directory.
    CaseDirectory(u64),
    Case(u64),
    ControlDirectory,
    Control(ControlFile),
}

impl Tree {
    /// `listed_only` hides every name that the dataset does not list. `stats` writes what `.seedfs/stats` shows.
    pub fn new(dataset: Dataset, corpus: Arc<Corpus>, listed_only: bool, stats: StatsSource) -> Self {
        let control = Control::new(&dataset, stats);
        Self { dataset, corpus, listed_only, on_demand: OnDemand::default(), control }
    }

    /// The dataset that is shown.
    pub fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// Unlisted names that are referred to at this moment.
    pub fn on_demand_inodes(&self) -> usize {
        self.on_demand.len()
    }

    fn node(&self, ino: Ino) -> Result<Node> {
        let node = match ino.0 {
            0 => return Err(FsError::Stale),
            number @ ON_DEMAND.. => self.on_demand.recipe(number - ON_DEMAND).map(Node::OnDemand),
            CONTROL => Some(Node::ControlDirectory),
            number @ CONTROL.. => {
                ControlFile::ALL.get((number - CONTROL - 1) as usize).map(|&file| Node::Control(file))
            }
            number @ CASES.. => self.case_node(number - CASES),
            number if number % 2 == 1 => {
                Some(number / 2).filter(|&i| i < self.dataset.shape().folders()).map(Node::Folder)
            }
            number => Some(number / 2 - 1).filter(|&j| j < self.dataset.shape().files()).map(Node::Listed),
        };
        node.ok_or(FsError::Stale)
    }

    fn case_node(&self, number: u64) -> Option<Node> {
        let case = self.dataset.cases().case(number).filter(|case| case.inode == number)?;
        Some(if case.node == CaseNode::Directory { Node::CaseDirectory(number) } else { Node::Case(number) })
    }

    fn directory(&self, ino: Ino) -> Result<Node> {
        match self.node(ino)? {
            node @ (Node::Folder(_) | Node::CaseDirectory(_) | Node::ControlDirectory) => Ok(node),
            _ => Err(FsError::NotDirectory),
        }
    }

    fn attr(&self, ino: Ino, node: Node) -> Attr {
        let mode = self.dataset.folder_mode();
        match node {
            Node::Folder(folder) => {
                directory_attr(ino, self.dataset.subdirectories(folder), mode, self.dataset.folder_time(folder))
            }
            Node::CaseDirectory(number) | Node::Case(number) => match self.dataset.cases().case(number) {
                Some(case) => cases::attr(&case),
                None => plain(ino, FileType::Regular),
            },
            Node::Listed(index) => self.listed_attr(&self.dataset.entry(index)),
            Node::OnDemand(recipe) => regular(ino, &recipe, recipe.bytes(), on_demand_time(&recipe)),
            Node::ControlDirectory => directory_attr(ino, 0, mode, self.dataset.folder_time(0)),
            Node::Control(file) => self.control_attr(ino, file),
        }
    }

    fn control_attr(&self, ino: Ino, file: ControlFile) -> Attr {
        let (size, time) = self.control.look(file, self.on_demand.len());
        let mtime = time.unwrap_or(Time::of(self.dataset.folder_time(0)));
        let blocks = size.div_ceil(512);
        Attr { size, blocks, perm: 0o444, mtime, volatile: time.is_some(), ..plain(ino, FileType::Regular) }
    }

    #[inline]
    fn listed_attr(&self, entry: &Listed<'_>) -> Attr {
        match entry {
            Listed::File(file) => listed_file_attr(file),
            Listed::Symlink(link) => self.link_attr(link),
        }
    }

    fn link_attr(&self, link: &Symlink<'_>) -> Attr {
        let size = self.dataset.link_target(link).len() as u64;
        Attr { size, perm: 0o777, mtime: Time::of(link.mtime), ..plain(file_ino(link.index), FileType::Symlink) }
    }

    /// The recipe of a regular file with contents of its own.
    fn recipe(&self, node: Node) -> Option<Recipe> {
        match node {
            Node::Listed(index) => match self.dataset.entry(index) {
                // The further names of a file have its inode; numbers of their own stand for nothing.
                Listed::File(file) => (file.inode == index).then_some(file.recipe),
                Listed::Symlink(_) => None,
            },
            Node::OnDemand(recipe) => Some(recipe),
            Node::Case(number) => self.dataset.cases().case(number)?.recipe(),
            _ => None,
        }
    }

    fn lookup_in_folder(&self, dir: Ino, folder: u64, name: &[u8]) -> Result<Attr> {
        if dir == Ino::ROOT && name == control::DIRECTORY {
            return Ok(self.attr(Ino(CONTROL), Node::ControlDirectory));
        }
        if dir == Ino::ROOT
            && name == CASES_DIRECTORY
            && let Some(top) = self.dataset.cases().case(0)
        {
            return Ok(cases::attr(&top));
        }
        // No folder's or link's name is a recipe.
        let parsed = name::parse(name);
        if parsed.is_err()
            && let Some(child) = self.dataset.folder_named(folder, name)
        {
            return Ok(self.attr(folder_ino(child), Node::Folder(child)));
        }
        if let Some(index) = self.listed_in(folder, name) {
            return Ok(self.listed_attr(&self.dataset.entry(index)));
        }
        self.lookup_on_demand(dir, name, parsed.map_err(|_| FsError::NotFound)?.recipe)
    }

    fn lookup_on_demand(&self, dir: Ino, name: &[u8], recipe: Recipe) -> Result<Attr> {
        if self.listed_only || recipe.file_size().is_err() {
            return Err(FsError::NotFound);
        }
        let number = self.on_demand.acquire(dir, name, recipe);
        Ok(self.attr(Ino(ON_DEMAND + number), Node::OnDemand(recipe)))
    }

    /// The file or symbolic link that a folder lists under a name.
    fn listed_in(&self, folder: u64, name: &[u8]) -> Option<u64> {
        let index = self.dataset.index_named(name)?;
        self.dataset.shape().files_of(folder).contains(&index).then_some(index)
    }

    /// Lists a folder's entries but `.` and `..`, those before `index` left out: subfolders first, then files.
    fn list_folder(&self, folder: u64, index: u64, emit: &mut Emit<'_>) -> ControlFlow<()> {
        let shape = self.dataset.shape();
        let (folders, files) = (shape.children(folder), shape.files_of(folder));
        let count = folders.end - folders.start;
        let mut name = Vec::with_capacity(name::MAX_NAME);
        for child in folders.start.saturating_add(index)..folders.end {
            name.clear();
            self.dataset.write_folder_name(child, &mut name);
            let attr = self.attr(folder_ino(child), Node::Folder(child));
            emit(Entry { name: &name, attr, next: cookie_behind(child - folders.start) })?;
        }
        for file in files.start.saturating_add(index.saturating_sub(count))..files.end {
            name.clear();
            let entry = self.dataset.entry(file);
            entry.write_name(&mut name);
            let next = cookie_behind(count + (file - files.start));
            emit(Entry { name: &name, attr: self.listed_attr(&entry), next })?;
        }
        let listed = count + (files.end - files.start);
        if folder == 0 && index <= listed {
            cases::list_top(self.dataset.cases(), listed, emit)?;
        }
        ControlFlow::Continue(())
    }

    fn list_control(&self, index: u64, emit: &mut Emit<'_>) -> ControlFlow<()> {
        for (i, file) in (0..).zip(ControlFile::ALL).skip_while(|&(i, _)| i < index) {
            let attr = self.attr(control_ino(file), Node::Control(file));
            emit(Entry { name: file.name().as_bytes(), attr, next: cookie_behind(i) })?;
        }
        ControlFlow::Continue(())
    }
}

impl Vfs for Tree {
    fn statfs(&self) -> StatFs {
        let shape = self.dataset.shape();
        StatFs {
            bytes: self.dataset.total_bytes(),
            inodes: shape.folders() + shape.files() + self.dataset.cases().len(),
        }
    }

    fn getattr(&self, ino: Ino) -> Result<Attr> {
        Ok(self.attr(ino, self.node(ino)?))
    }

    fn lookup(&self, dir: Ino, name: &[u8]) -> Result<Attr> {
        let node = self.directory(dir)?;
        if name.len() > name::MAX_NAME {
            return Err(FsError::NameTooLong);
        }
        match node {
            Node::Folder(folder) => return self.lookup_in_folder(dir, folder, name),
            Node::CaseDirectory(number) => {
                return match cases::find(self.dataset.cases(), number, name) {
                    Some(case) => Ok(cases::attr(&case)),
                    None => self.lookup_on_demand(dir, name, name::parse(name).map_err(|_| FsError::NotFound)?.recipe),
                };
            }
            _ => {}
        }
        let file = ControlFile::ALL.into_iter().find(|f| f.name().as_bytes() == name).ok_or(FsError::NotFound)?;
        Ok(self.attr(control_ino(file), Node::Control(file)))
    }

    fn forget(&self, ino: Ino, count: u64) {
        if let Some(number) = ino.0.checked_sub(ON_DEMAND) {
            self.on_demand.release(number, count);
        }
    }

    fn parent(&self, dir: Ino) -> Result<Ino> {
        match self.directory(dir)? {
            Node::Folder(folder) => Ok(self.dataset.shape().parent(folder).map_or(Ino::ROOT, folder_ino)),
            Node::CaseDirectory(number) => Ok(self.dataset.cases().parent(number).map_or(Ino::ROOT, case_ino)),
            _ => Ok(Ino::ROOT),
        }
    }

    fn read(&self, ino: Ino, offset: u64, buf: &mut [u8]) -> Result<usize> {
        let node = self.node(ino)?;
        if let Node::Control(file) = node {
            let contents = self.control.contents(file);
            let rest = contents.as_bytes().get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or_default();
            let n = rest.len().min(buf.len());
            buf[..n].copy_from_slice(&rest[..n]);
            return Ok(n);
        }
        let recipe = self.recipe(node).ok_or(if matches!(node, Node::Listed(_) | Node::Case(_)) {
            FsError::Invalid
        } else {
            FsError::IsDirectory
        })?;
        // Only recipes that are files become nodes.
        recipe.fill(&self.corpus, offset, buf).map_err(|_| FsError::Stale)
    }

    fn seek(&self, ino: Ino, offset: u64, what: Seek) -> Result<u64> {
        let node = self.node(ino)?;
        let size = match node {
            Node::Folder(_) | Node::CaseDirectory(_) | Node::ControlDirectory => return Err(FsError::IsDirectory),
            _ => self.attr(ino, node).size,
        };
        if offset >= size {
            return Err(FsError::NoMoreData);
        }
        let hole = self.recipe(node).is_some_and(|r| is_hole(&r));
        match (what, hole) {
            (Seek::Data, true) => Err(FsError::NoMoreData),
            (Seek::Data, false) | (Seek::Hole, true) => Ok(offset),
            (Seek::Hole, false) => Ok(size),
        }
    }

    fn readdir(&self, dir: Ino, from: Cookie, emit: &mut Emit<'_>) -> Result<()> {
        let node = self.directory(dir)?;
        for position in from.0..ENTRIES_BEFORE {
            let (name, attr): (&[u8], _) = match position {
                0 => (b".", self.attr(dir, node)),
                _ => (b"..", self.getattr(self.parent(dir)?)?),
            };
            if emit(Entry { name, attr, next: Cookie(position + 1) }).is_break() {
                return Ok(());
            }
        }
        let index = from.0.saturating_sub(ENTRIES_BEFORE);
        // Whether the listing was broken off is no matter here.
        let _ = match node {
            Node::Folder(folder) => self.list_folder(folder, index, emit),
            Node::CaseDirectory(number) => cases::list(self.dataset.cases(), number, index, emit),
            _ => self.list_control(index, emit),
        };
        Ok(())
    }

    fn position(&self, dir: Ino, name: &[u8]) -> Result<Cookie> {
        let node = self.directory(dir)?;
        let index = match (node, name) {
            (_, b".") => return Ok(Cookie(1)),
            (_, b"..") => return Ok(Cookie(2)),
            (Node::Folder(folder), _) => self.index_in_folder(folder, name),
            (Node::CaseDirectory(number), _) => cases::index(self.dataset.cases(), number, name),
            _ => ControlFile::ALL.iter().position(|f| f.name().as_bytes() == name).map(|i| i as u64),
        };
        index.map(cookie_behind).ok_or(FsError::NotFound)
    }

    fn siblings(&self, ino: Ino) -> Option<Siblings> {
        match self.node(ino) {
            Ok(Node::Listed(file)) => self.files(folder_ino(self.dataset.shape().folder_of(file))),
            Ok(Node::Case(number)) => cases::siblings(self.dataset.cases().run_around(number)),
            _ => None,
        }
    }

    fn files(&self, dir: Ino) -> Option<Siblings> {
        let folder = match self.node(dir) {
            Ok(Node::Folder(folder)) => folder,
            Ok(Node::CaseDirectory(number)) => return cases::siblings(self.dataset.cases().run_of(number)),
            _ => return None,
        };
        let files = self.dataset.shape().files_of(folder);
        let count = files.end - files.start;
        (count > 0).then(|| Siblings { first: file_ino(files.start), step: 2, count })
    }

    fn readlink(&self, ino: Ino) -> Result<Vec<u8>> {
        match self.node(ino)? {
            Node::Listed(index) => match self.dataset.entry(index) {
                Listed::Symlink(link) => Ok(self.dataset.link_target(&link)),
                Listed::File(_) => Err(FsError::Invalid),
            },
            Node::Case(number) => match self.dataset.cases().case(number).map(|case| case.node) {
                Some(CaseNode::Symlink(target)) => Ok(target.to_vec()),
                _ => Err(FsError::Invalid),
            },
            _ => Err(FsError::Invalid),
        }
    }

    fn listxattr(&self, ino: Ino) -> Result<&'static [&'static str]> {
        Ok(if self.recipe(self.node(ino)?).is_some() { &[RECIPE_ATTRIBUTE] } else { &[] })
    }

    fn getxattr(&self, ino: Ino, name: &[u8]) -> Result<Vec<u8>> {
        match self.recipe(self.node(ino)?) {
            Some(recipe) if name == RECIPE_ATTRIBUTE.as_bytes() => Ok(recipe.to_string().into_bytes()),
            _ => Err(FsError::NoAttribute),
        }
    }
}

impl Tree {
    /// Place of a listed name among a folder's entries, `.` and `..` not counted.
    fn index_in_folder(&self, folder: u64, name: &[u8]) -> Option<u64> {
        let shape = self.dataset.shape();
        let folders = shape.children(folder);
        if folder == 0 && name == CASES_DIRECTORY && !self.dataset.cases().is_empty() {
            let files = shape.files_of(folder);
            return Some(folders.end - folders.start + (files.end - files.start));
        }
        if name::parse(name).is_err()
            && let Some(child) = self.dataset.folder_named(folder, name)
        {
            return Some(child - folders.start);
        }
        let index = self.listed_in(folder, name)?;
        Some(folders.end - folders.start + (index - shape.files_of(folder).start))
    }
}

/// Inode of a folder.
pub fn folder_ino(folder: u64) -> Ino {
    Ino(2 * folder + 1)
}

/// Inode of a listed file.
pub fn file_ino(file: u64) -> Ino {
    Ino(2 * file + 2)
}

/// The cookie behind entry `index` of a directory, `.` and `..` not counted.
fn cookie_behind(index: u64) -> Cookie {
    Cookie(ENTRIES_BEFORE + index + 1)
}

fn control_ino(file: ControlFile) -> Ino {
    Ino(CONTROL + 1 + file as u64)
}
