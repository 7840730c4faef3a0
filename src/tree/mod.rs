//! The tree that is mounted: a dataset's files by arithmetic, any other valid name on demand, hand-made cases, and the
//! control directory.

mod attr;
mod cases;
mod control;
mod names;
mod node;
mod on_demand;
mod paths;
mod spelling;

use std::convert::Infallible;
use std::ops::{ControlFlow, Range};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use crate::content::Corpus;
use crate::damage::{FileDamage, Plan};
use crate::dataset::cases::{Node as CaseNode, Platform};
use crate::dataset::{Dataset, GenerationError, Listed};
use crate::diff::Diff;
use crate::edition::Tables;
use crate::faults::{Faults, Plan as FaultPlan};
use crate::observe::Observer;
use crate::recipe::Recipe;
use crate::storage::Layout;
use crate::vfs::{Attr, Cookie, Delivery, Entry, Extent, FsError, Ino, Result, Seek, Siblings, Stale, StatFs, Vfs};
use attr::is_hole;
pub use cases::case_ino;
pub use control::StatsSource;
use control::{Control, ControlFile};
use names::{ENTRIES_BEFORE, cookie_behind};
use node::{Node, ON_DEMAND, Shown};
pub use node::{file_ino, folder_ino, is_control, is_unlisted};
use on_demand::OnDemand;

/// The extended attribute that tells a file's recipe in full.
pub const RECIPE_ATTRIBUTE: &str = "user.seedfs.recipe";

/// Takes the entries of a listing until it breaks.
type Emit<'a> = dyn FnMut(Entry<'_>) -> ControlFlow<()> + 'a;

/// A dataset as a file system.
#[derive(Debug)]
pub struct Tree {
    dataset: Dataset,
    shown: Shown,
    corpus: Arc<Corpus>,
    listed_only: bool,
    on_demand: OnDemand,
    tables: Tables,
    control: Control,
    advancing: Mutex<()>,
    damage: Option<Plan>,
    platform: Platform,
    faults: Option<Faults>,
    observer: Option<Arc<Observer>>,
}

impl Tree {
    /// The dataset as it was made. `listed_only` hides every name that the dataset does not list. `stats` writes what
    /// `.seedfs/stats` shows.
    pub fn new(dataset: Dataset, corpus: Arc<Corpus>, listed_only: bool, stats: StatsSource) -> Self {
        let control = Control::new(&dataset, stats);
        let shown = Shown::One(0.into());
        Self {
            dataset,
            shown,
            corpus,
            listed_only,
            on_demand: OnDemand::default(),
            tables: Tables::default(),
            control,
            advancing: Mutex::new(()),
            damage: None,
            platform: Platform::HERE,
            faults: None,
            observer: None,
        }
    }

    /// The same with another generation of the dataset.
    ///
    /// # Errors
    /// There is no such generation.
    pub fn at_generation(mut self, generation: u64) -> std::result::Result<Self, GenerationError> {
        self.shown = Shown::one(&self.dataset, generation)?;
        Ok(self)
    }

    /// The same with directories `gen-000000`, `gen-000001` and so on in the root, one for each generation up to and
    /// with the last one.
    ///
    /// # Errors
    /// There is no such generation, or there are too many files for as many inode numbers.
    pub fn with_snapshots(mut self, last: u64) -> std::result::Result<Self, GenerationError> {
        self.shown = Shown::all(&self.dataset, last)?;
        Ok(self)
    }

    /// The same with listed files that are wrong on purpose. Cases and names that are not listed stay as they are.
    pub fn with_damage(mut self, plan: Option<Plan>) -> Self {
        self.damage = plan;
        self
    }

    /// The same as another platform than [`Platform::HERE`] shows it: hand-made cases that it cannot have are neither
    /// found nor listed. Whether it has all other names, [`Dataset::check_words`] tells.
    pub fn on_platform(mut self, platform: Platform) -> Self {
        self.platform = platform;
        self
    }

    /// The same with reads of listed files that fail, hang or end early on purpose.
    pub fn with_faults(mut self, plan: Option<FaultPlan>) -> Self {
        self.faults = plan.map(Faults::new);
        self
    }

    /// The same with what is observed among the counters.
    pub fn with_observer(mut self, observer: Option<Arc<Observer>>) -> Self {
        self.observer = observer;
        self
    }

    /// The damage of a listed file.
    fn damage_of(&self, file: u64, recipe: &Recipe) -> Option<FileDamage<'_>> {
        self.damage.as_ref().map(|plan| plan.of(file, recipe))
    }

    /// The dataset that is shown.
    pub fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// Unlisted names that are referred to at this moment.
    pub fn on_demand_inodes(&self) -> usize {
        self.on_demand.len()
    }

    /// The recipe of a regular file with contents of its own.
    fn recipe(&self, node: Node<'_>) -> Option<Recipe> {
        match node {
            Node::Listed(at, index) => match at.entry_or_last(index)? {
                // The further names of a file have its inode; numbers of their own stand for nothing.
                Listed::File(file) => (file.inode == index).then_some(file.recipe),
                Listed::Symlink(_) => None,
            },
            Node::OnDemand(recipe) => Some(recipe),
            Node::Case(number) => self.dataset.cases().case(number)?.recipe(),
            _ => None,
        }
    }
}

/// Tells of every inode that has changed, and of every name that came or went, with the directories that list them. A
/// directory's time may change without a name: by files that came and went in between, and moves that led nowhere.
fn tell_stale(diff: &Diff<'_>, stale: &mut dyn FnMut(Stale<'_>)) {
    let mut name = Vec::new();
    let Ok(()) = diff.each(0..diff.indices(), |difference| {
        let sides = [&difference.before, &difference.after];
        let names_changed = match sides {
            [Some(old), Some(new)] => old.folder != new.folder || old.file.renames != new.file.renames,
            _ => true,
        };
        for side in sides.into_iter().flatten() {
            stale(Stale::Inode(file_ino(side.file.inode)));
            if names_changed {
                name.clear();
                side.file.write_name(&mut name);
                stale(Stale::Name(folder_ino(side.folder), &name));
                stale(Stale::Inode(folder_ino(side.folder)));
            }
        }
        Ok::<(), Infallible>(())
    });
    diff.before.each_changed_folder(&diff.after, &mut |folder| stale(Stale::Inode(folder_ino(folder))));
}

impl Vfs for Tree {
    fn statfs(&self) -> StatFs {
        let folders = self.dataset.shape().folders();
        let generations = match &self.shown {
            Shown::One(generation) => {
                let generation = generation.load(Ordering::Acquire);
                generation..generation + 1
            }
            Shown::All { count, .. } => 0..*count,
        };
        let mut sum = StatFs { bytes: 0, inodes: 0 };
        for at in generations.map(|generation| self.at(generation)) {
            sum.bytes = sum.bytes.saturating_add(at.expected_bytes());
            sum.inodes = sum.inodes.saturating_add(folders + at.expected_files());
        }
        if self.shows_cases() {
            let cases = self.dataset.cases();
            sum.inodes = sum.inodes.saturating_add(cases.len_on(self.platform));
            sum.bytes = sum.bytes.saturating_sub(cases.total_bytes() - cases.total_bytes_on(self.platform));
        }
        sum
    }

    fn getattr(&self, ino: Ino) -> Result<Attr> {
        self.attr(ino, self.node(ino)?)
    }

    fn lookup(&self, dir: Ino, name: &[u8]) -> Result<Attr> {
        self.lookup_name(dir, name)
    }

    fn spelling(&self, dir: Ino, name: &[u8]) -> Result<Vec<u8>> {
        self.spelled(dir, name)
    }

    fn forget(&self, ino: Ino, count: u64) {
        if let Some(number) = ino.0.checked_sub(ON_DEMAND) {
            self.on_demand.release(number, count);
        }
    }

    fn parent(&self, dir: Ino) -> Result<Ino> {
        match self.directory(dir)? {
            Node::Folder(at, folder) => {
                let parent = self.dataset.shape().parent(folder);
                Ok(parent.map_or(Ino::ROOT, |parent| self.ino(&at, folder_ino(parent))))
            }
            Node::CaseDirectory(number) => Ok(self.dataset.cases().parent(number).map_or(Ino::ROOT, case_ino)),
            _ => Ok(Ino::ROOT),
        }
    }

    fn read(&self, ino: Ino, offset: u64, buf: &mut [u8]) -> Result<usize> {
        let node = self.node(ino)?;
        if let Node::Control(file) = node {
            let contents = self.control.contents(file, self.newest().generation());
            let rest = contents.as_bytes().get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or_default();
            let n = rest.len().min(buf.len());
            buf[..n].copy_from_slice(&rest[..n]);
            return Ok(n);
        }
        let recipe = self.recipe(node).ok_or(if matches!(node, Node::Listed(..) | Node::Case(_)) {
            FsError::Invalid
        } else {
            FsError::IsDirectory
        })?;
        // Only recipes that are files become nodes.
        let fill =
            |offset, buf: &mut [u8]| self.tables.fill(&recipe, &self.corpus, offset, buf).map_err(|_| FsError::Stale);
        match node {
            Node::Listed(_, file) => match self.damage_of(file, &recipe) {
                Some(damage) => damage.read(offset, buf, fill),
                None => fill(offset, buf),
            },
            _ => fill(offset, buf),
        }
    }

    fn extent(&self, ino: Ino) -> Option<Extent> {
        let node = self.node(ino).ok()?;
        let recipe = self.recipe(node).filter(|recipe| !is_hole(recipe))?;
        let layout = Layout::new(self.dataset.shape().files(), self.dataset.total_bytes());
        Some(match node {
            Node::Listed(_, file) => {
                let size = self.damage_of(file, &recipe).map_or(recipe.bytes(), |damage| damage.size());
                layout.listed(file, size)
            }
            Node::OnDemand(_) => layout.unlisted(recipe.seed, recipe.bytes()),
            _ => layout.unlisted(ino.0, recipe.bytes()),
        })
    }

    fn deliver(&self, ino: Ino, bytes: Range<u64>) -> Delivery {
        match (&self.faults, self.node(ino)) {
            (Some(faults), Ok(node @ Node::Listed(_, file))) => match self.recipe(node) {
                Some(recipe) => faults.meet(file, &recipe, bytes),
                None => Delivery::of(&bytes),
            },
            _ => Delivery::of(&bytes),
        }
    }

    fn seek(&self, ino: Ino, offset: u64, what: Seek) -> Result<u64> {
        let node = self.node(ino)?;
        let size = match node {
            Node::Snapshots | Node::Folder(..) | Node::CaseDirectory(_) | Node::ControlDirectory => {
                return Err(FsError::IsDirectory);
            }
            _ => self.attr(ino, node)?.size,
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
                0 => (b".", self.attr(dir, node)?),
                _ => (b"..", self.getattr(self.parent(dir)?)?),
            };
            if emit(Entry { name, attr, next: Cookie(position + 1) }).is_break() {
                return Ok(());
            }
        }
        // Whether the listing was broken off is no matter here.
        let _ = self.list(node, from.0.saturating_sub(ENTRIES_BEFORE), emit);
        Ok(())
    }

    fn position(&self, dir: Ino, name: &[u8]) -> Result<Cookie> {
        let node = self.directory(dir)?;
        match name {
            b"." => Ok(Cookie(1)),
            b".." => Ok(Cookie(2)),
            _ => self.index_in(node, name).map(cookie_behind).ok_or(FsError::NotFound),
        }
    }

    fn path(&self, ino: Ino) -> Option<Vec<u8>> {
        self.path_of(ino)
    }

    fn siblings(&self, ino: Ino) -> Option<Siblings> {
        let (at, index) = match self.node(ino) {
            Ok(Node::Listed(at, index)) => (at, index),
            Ok(Node::Case(number)) => return cases::siblings(self.dataset.cases().run_around(number)),
            _ => return None,
        };
        let folder = at.folder_of(index);
        let is_home = self.dataset.shape().files_of(folder).contains(&index);
        if is_home { self.files(self.ino(&at, folder_ino(folder))) } else { None }
    }

    /// Files that were deleted or moved away since generation 0 are among them.
    fn files(&self, dir: Ino) -> Option<Siblings> {
        let (at, folder) = match self.node(dir) {
            Ok(Node::Folder(at, folder)) => (at, folder),
            Ok(Node::CaseDirectory(number)) => return cases::siblings(self.dataset.cases().run_of(number)),
            _ => return None,
        };
        let files = self.dataset.shape().files_of(folder);
        let count = files.end - files.start;
        (count > 0).then(|| Siblings { first: self.ino(&at, file_ino(files.start)), step: 2, count })
    }

    fn readlink(&self, ino: Ino) -> Result<Vec<u8>> {
        match self.node(ino)? {
            Node::Listed(at, index) => match at.entry_or_last(index) {
                Some(Listed::Symlink(link)) => Ok(self.dataset.link_target(&link)),
                _ => Err(FsError::Invalid),
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

    fn advance(&self, ino: Ino, generation: Option<u64>, stale: &mut dyn FnMut(Stale<'_>)) -> Result<u64> {
        if !matches!(self.node(ino)?, Node::Control(ControlFile::Generation)) {
            return Err(FsError::NoCommand);
        }
        let Shown::One(shown) = &self.shown else { return Err(FsError::Unsupported) };
        let _one_at_a_time = self.advancing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.newest();
        let to = generation.unwrap_or(before.generation() + 1);
        let after = self.dataset.at(to).map_err(|_| FsError::Invalid)?;
        shown.store(to, Ordering::Release);
        tell_stale(&Diff { before, after }, stale);
        Ok(to)
    }
}
