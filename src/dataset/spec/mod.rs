//! What a dataset is asked to be. It is written as a TOML document, as inline text such as `files=1M,size=4KiB`, or as
//! the name of a preset; here are the values themselves.

mod canonical;
mod document;
mod inline;
mod keys;
pub(super) use keys::is_word;
pub use keys::key_names;
pub mod presets;

use std::path::PathBuf;

use super::cases::Tags;
use super::generation::Churn;
use super::layout::Layout;
use super::shape::Spread;
use super::size::{SizeDistribution, Sizes};
use super::types::strata;
use super::{totals, words};
use crate::edition::Edit;
use crate::recipe::Kind;
use crate::units::{parse_fraction, write_fraction};

/// Most files, and most folders, of a dataset: 2^40.
pub const MAX_COUNT: u64 = 1 << 40;

/// Most types of files.
pub const MAX_TYPES: usize = 1000;

/// Most files of a group of duplicates or hard links.
pub const MAX_GROUP: u64 = 1 << 32;

/// The values that decide a whole tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// Decides everything that is drawn; 0 unless given.
    pub seed: u64,
    /// Names of files in all: regular files, further hard links and symbolic links, 0 to [`MAX_COUNT`].
    pub files: u64,
    /// Folders below the root.
    pub dirs: Dirs,
    /// Bytes of all files that the sizes are scaled to, 1 to 2^63 − 1; `None` for sizes as they come.
    pub bytes: Option<u64>,
    /// Most subfolders of a folder, from 1; with 1, at most 10,000 folders.
    pub fanout: u64,
    /// How the files are spread over the folders.
    pub spread: Spread,
    /// Sizes of the files whose type has none of its own.
    pub size: SizeDistribution,
    /// Empty files.
    pub empty: Share,
    /// Types of the files, at least one.
    pub types: Vec<TypeSpec>,
    /// Files with the bytes of another one.
    pub duplicates: Groups,
    /// Further names of a file.
    pub hardlinks: Groups,
    /// Near-duplicates.
    pub near: Near,
    /// Files of zeros beside a hole of the same size: 1,024 at most.
    pub sparse: Share,
    /// Symbolic links.
    pub symlinks: Symlinks,
    /// Hand-made cases beside the files: they count neither as files nor as bytes that were asked for.
    pub cases: Tags,
    /// Permissions and owners.
    pub permissions: Permissions,
    /// Times of last change.
    pub times: Times,
    /// What names are made of.
    pub names: Names,
    /// What happens from one generation to the next.
    pub churn: Churn,
    /// Text that contents are made of, if not the built-in one.
    pub corpus: Option<CorpusSpec>,
}

/// How many folders there are below the root.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Dirs {
    /// So many, 0 to [`MAX_COUNT`].
    Count(u64),
    /// One for so many files, in millionths, at least one millionth; rounded down.
    FilesEach(u64),
}

/// A part of all files, in millionths: 0 to 1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share(u32);

/// One row of the table of types.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeSpec {
    /// Its share, relative to the other rows: 1 to 1,000,000.
    pub weight: u32,
    /// Extension without the dot, or none.
    pub ext: Option<String>,
    /// Kind of the contents.
    pub kind: Kind,
    /// Sizes, if not those of the dataset.
    pub size: Option<SizeDistribution>,
}

/// Groups of equal files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    /// Files beyond the first of each group, of all files.
    pub share: Share,
    /// Files of a group, from 2 to [`MAX_GROUP`], and how many groups there are of that size relative to the others.
    pub sizes: Vec<(u64, u32)>,
}

/// Near-duplicates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Near {
    /// Near-duplicates, of all files.
    pub share: Share,
    /// Edits that are made of each file that has any.
    pub edits: Vec<Edit>,
}

/// Symbolic links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symlinks {
    /// Of all files.
    pub share: Share,
    /// How many are relative, relative to the other kinds.
    pub relative: u32,
    /// How many are absolute.
    pub absolute: u32,
    /// How many point to nothing.
    pub dangling: u32,
    /// How many point to themselves or to their own directory.
    pub loops: u32,
    /// Where absolute links take the tree to be mounted: no slash at the end.
    pub root: String,
}

/// Permissions and owners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permissions {
    /// Permission bits of files and their weights, at least one row.
    pub files: Vec<(u16, u32)>,
    /// Permission bits of directories.
    pub dirs: u16,
    /// User and group numbers and their weights; none for whoever mounts.
    pub owners: Vec<((u32, u32), u32)>,
}

/// Times of last change, in seconds since 1970, whole days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// The first.
    pub from: i64,
    /// Behind the last.
    pub to: i64,
    /// Whether later times are likelier: the square of a uniform draw is counted back from the end.
    pub recent: bool,
}

/// Words that names begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Of files: at least one.
    pub files: Vec<String>,
    /// Of folders: at least one.
    pub dirs: Vec<String>,
}

/// A corpus of the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorpusSpec {
    /// The file. Reading it is the caller's part.
    pub path: PathBuf,
    /// SHA-256 of its bytes in lower-case hexadecimal. Whoever reads the file compares it, or fills it in.
    pub sha256: Option<String>,
}

/// Why a dataset was refused. The message names the key and says what it takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SpecError(String);

impl SpecError {
    pub(super) fn new(message: String) -> Self {
        Self(message)
    }
}

impl Share {
    /// A part in millionths, if it is not more than all.
    pub fn from_millionths(millionths: u64) -> Option<Self> {
        u32::try_from(millionths).ok().filter(|&n| n <= 1_000_000).map(Self)
    }

    /// In millionths.
    pub fn millionths(self) -> u32 {
        self.0
    }

    /// So much of a number, rounded to the nearest.
    pub fn of(self, number: u64) -> u64 {
        ((u128::from(number) * u128::from(self.0) + 500_000) / 1_000_000) as u64
    }

    /// Reads a percentage with up to four decimals: `1.7%`, or `1.7`.
    ///
    /// # Errors
    /// What it takes, as the end of a sentence about the value.
    pub fn parse(text: &str) -> Result<Self, String> {
        parse_fraction(text.trim_end_matches('%').as_bytes(), 4)
            .and_then(Self::from_millionths)
            .ok_or_else(|| "must be a percentage from 0 to 100 with at most 4 decimals".into())
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}%", write_fraction(self.0.into(), 4))
    }
}

impl Spec {
    /// Folders below the root.
    pub fn dir_count(&self) -> u64 {
        match self.dirs {
            Dirs::Count(dirs) => dirs,
            Dirs::FilesEach(each) => {
                let dirs = u128::from(self.files) * 1_000_000 / u128::from(each.max(1));
                u64::try_from(dirs).unwrap_or(MAX_COUNT).min(MAX_COUNT)
            }
        }
    }
}

impl Default for Times {
    /// 2015 to 2024.
    fn default() -> Self {
        Self { from: 1_420_070_400, to: 1_735_689_600, recent: false }
    }
}

impl Default for Spec {
    fn default() -> Self {
        let groups = Groups { share: Share(0), sizes: vec![(2, 1)] };
        Self {
            seed: 0,
            files: 1000,
            dirs: Dirs::FilesEach(100_000_000),
            bytes: None,
            fanout: 10,
            spread: Spread::Even,
            size: Sizes::Fixed(4096).into(),
            empty: Share(0),
            types: vec![keys::single_type(Kind::Random)],
            duplicates: groups.clone(),
            hardlinks: groups,
            near: Near { share: Share(0), edits: Edit::ALL.into() },
            sparse: Share(0),
            symlinks: Symlinks {
                share: Share(0),
                relative: 1,
                absolute: 0,
                dangling: 0,
                loops: 0,
                root: "/mnt/seedfs".into(),
            },
            cases: Tags::NONE,
            permissions: Permissions { files: vec![(0o644, 1)], dirs: 0o755, owners: Vec::new() },
            times: Times::default(),
            names: Names {
                files: words::FILES.map(str::to_owned).into(),
                dirs: words::FOLDERS.map(str::to_owned).into(),
            },
            churn: Churn::default(),
            corpus: None,
        }
    }
}

/// A spec while it is put together, layer by layer: what is extended, the document, the inline text.
#[derive(Debug, Default)]
struct Draft {
    spec: Spec,
    /// Whether the number of files follows from the bytes that were asked for.
    files_from_bytes: bool,
    /// What the present layer has set so far.
    layer: Layer,
    /// Where relative paths start.
    directory: PathBuf,
}

#[derive(Debug, Default)]
struct Layer {
    files: bool,
    bytes: bool,
    /// The key that says how many folders there are.
    folders: Option<&'static str>,
}

impl Draft {
    /// Takes the number of folders from one of the two keys that say it.
    fn set_dirs(&mut self, key: &'static str, dirs: Dirs) -> Result<(), String> {
        if let Some(other) = self.layer.folders.replace(key) {
            return Err(format!("says how many folders there are, and so does {other}; keep one"));
        }
        self.spec.dirs = dirs;
        Ok(())
    }

    /// Bytes alone ask for as many files as they take; together with files they scale the sizes.
    fn end_layer(&mut self) {
        let layer = std::mem::take(&mut self.layer);
        self.files_from_bytes = !layer.files && (layer.bytes || self.files_from_bytes);
    }

    /// Checks what concerns several values at once, and works out the number of files if need be.
    fn finish(self) -> Result<Spec, SpecError> {
        let mut spec = self.spec;
        if let (true, Some(bytes)) = (self.files_from_bytes, spec.bytes) {
            spec.files = totals::files_for(&spec, bytes)?;
            // The sizes stay as they were asked for.
            spec.bytes = None;
        }
        let wrong = |why: &str| Err(SpecError::new(why.into()));
        if spec.fanout == 1 && spec.dir_count() > MAX_CHAIN {
            return wrong("fanout=1: makes one long chain of folders, at most 10000; ask for fewer dirs");
        }
        if spec.times.from >= spec.times.to {
            return wrong("times.from: must be before times.to");
        }
        if spec.near.share != Share(0) && spec.near.edits.is_empty() {
            return wrong("near.edits: must name at least one edit");
        }
        let links = &spec.symlinks;
        if links.share != Share(0) && links.relative + links.absolute + links.dangling + links.loops == 0 {
            return wrong("symlinks: at least one of relative, absolute, dangling, loops must be above 0");
        }
        if spec.churn.chances().iter().sum::<u64>() > 1_000_000 {
            return wrong("churn: modified, touched, renamed, chmod and deleted together must not be above 100 %");
        }
        Layout::new(&spec, &strata(&spec))?;
        Ok(spec)
    }
}

/// Folders below the root where each has one subfolder at most.
const MAX_CHAIN: u64 = 10_000;
