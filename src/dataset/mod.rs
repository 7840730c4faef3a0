//! Datasets: trees of files in closed form. Any folder or file is reached by arithmetic on its index, so a dataset of
//! 10^12 files takes no more memory than one of ten, and is ready at once.

pub mod draw;
pub mod shape;
pub mod size;
pub mod spec;
mod walk;
mod words;

use std::ops::Range;
use std::sync::OnceLock;

use crate::name;
use crate::recipe::Recipe;
use draw::{Draws, Purpose, mix};
use shape::Shape;
pub use spec::{Spec, SpecError};
pub use walk::Entry;
use words::FileType;

/// A spec made ready: what lies where, and what it is called.
#[derive(Debug)]
pub struct Dataset {
    spec: Spec,
    shape: Shape,
    types: Vec<FileType>,
    total_weight: u32,
    first_seed: u64,
    draws: FileDraws,
    total_bytes: OnceLock<u64>,
}

/// The streams that a file or folder draws from.
#[derive(Debug)]
struct FileDraws {
    size: Draws,
    empty: Draws,
    file_type: Draws,
    word: Draws,
    time: Draws,
    folder_word: Draws,
    folder_time: Draws,
}

/// A file of a dataset: its recipe, and the parts of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    /// What decides its bytes.
    pub recipe: Recipe,
    /// Word before the recipe.
    pub stem: &'static str,
    /// Extension without the dot.
    pub ext: Option<&'static str>,
    /// Seconds since 1970 of its last change.
    pub mtime: i64,
    /// Whether its name gives the kind, because the extension means another.
    with_kind: bool,
}

impl File {
    /// Appends its name.
    pub fn write_name(&self, out: &mut Vec<u8>) {
        let ext = self.ext.map(str::as_bytes);
        name::write_parts(out, Some(self.stem.as_bytes()), &self.recipe, self.with_kind, ext);
    }
}

/// Times of last change lie in these ten years: 2015-01-01 to 2025-01-01, in seconds since 1970.
const TIMES: Range<i64> = 1_420_070_400..1_735_689_600;

fn time(draws: Draws, index: u64) -> i64 {
    TIMES.start + draws.below(index, TIMES.end.abs_diff(TIMES.start)) as i64
}

/// Time of last change of a file that is named but not listed, in seconds since 1970: its seed decides.
pub fn on_demand_time(recipe: &Recipe) -> i64 {
    time(Draws::new(0, Purpose::OnDemandTime), recipe.seed)
}

impl Dataset {
    /// Takes no time and little memory, whatever the number of files.
    pub fn new(spec: Spec) -> Self {
        let draws = |purpose| Draws::new(spec.seed, purpose);
        let types = match spec.kind {
            spec::KindChoice::Only(kind) => words::single_type(kind),
            spec::KindChoice::Mixed => words::mixed_types(),
        };
        Self {
            shape: Shape::new(spec.dirs + 1, spec.fanout, spec.files, spec.spread, draws(Purpose::FolderWeight)),
            total_weight: types.iter().map(|t| t.weight).sum(),
            types,
            first_seed: mix(spec.seed),
            draws: FileDraws {
                size: draws(Purpose::Size),
                empty: draws(Purpose::Empty),
                file_type: draws(Purpose::Type),
                word: draws(Purpose::FileWord),
                time: draws(Purpose::FileTime),
                folder_word: draws(Purpose::FolderWord),
                folder_time: draws(Purpose::FolderTime),
            },
            total_bytes: OnceLock::new(),
            spec,
        }
    }

    /// What it was made from.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Which folder holds what.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// File `index`, which must be below [`Shape::files`].
    #[inline]
    pub fn file(&self, index: u64) -> File {
        let file_type = self.file_type(index);
        let seed = self.first_seed.wrapping_add(index);
        let recipe = Recipe { kind: file_type.kind, seed, size: self.size(index), edition: 0 };
        let word = self.draws.word.below(index, words::FILES.len() as u64);
        let FileType { ext, with_kind, .. } = *file_type;
        File { recipe, stem: words::FILES[word as usize], ext, mtime: time(self.draws.time, index), with_kind }
    }

    /// Size of file `index` in bytes.
    #[inline]
    pub fn size(&self, index: u64) -> u64 {
        let is_empty = self.spec.empty > 0 && self.draws.empty.below(index, 1_000_000) < self.spec.empty.into();
        if is_empty { 0 } else { self.spec.size.size(self.draws.size, index) }
    }

    fn file_type(&self, index: u64) -> &FileType {
        let mut draw = self.draws.file_type.below(index, self.total_weight.into()) as u32;
        for row in &self.types {
            match draw.checked_sub(row.weight) {
                None => return row,
                Some(rest) => draw = rest,
            }
        }
        &self.types[0]
    }

    /// Index of the listed file with exactly this name, whose recipe asks for `seed`: the seed gives the index, and the
    /// name of that file is then compared.
    pub fn file_named(&self, name: &[u8], seed: u64) -> Option<u64> {
        let index = seed.wrapping_sub(self.first_seed);
        if index >= self.shape.files() {
            return None;
        }
        let mut canonical = Vec::with_capacity(name::MAX_NAME);
        self.file(index).write_name(&mut canonical);
        (canonical == name).then_some(index)
    }

    /// Appends the name of a folder other than the root: a word and its place among its parent's folders.
    pub fn write_folder_name(&self, folder: u64, out: &mut Vec<u8>) {
        let word = self.draws.folder_word.below(folder, words::FOLDERS.len() as u64);
        out.extend_from_slice(words::FOLDERS[word as usize].as_bytes());
        out.push(b'-');
        name::push_decimal(out, self.shape.ordinal(folder));
    }

    /// The subfolder of `parent` with this name: its number gives the index, and its name is then compared.
    pub fn folder_named(&self, parent: u64, name: &[u8]) -> Option<u64> {
        let dash = name.iter().rposition(|&b| b == b'-')?;
        let ordinal = crate::units::parse_decimal(&name[dash + 1..]).ok()?;
        let children = self.shape.children(parent);
        let folder = children.start.checked_add(ordinal).filter(|f| children.contains(f))?;
        let mut canonical = Vec::with_capacity(name::MAX_NAME);
        self.write_folder_name(folder, &mut canonical);
        (canonical == name).then_some(folder)
    }

    /// Seconds since 1970 of a folder's last change.
    pub fn folder_time(&self, folder: u64) -> i64 {
        time(self.draws.folder_time, folder)
    }

    /// Appends the path of a folder from the root, with a slash behind each part; nothing for the root.
    pub fn write_folder_path(&self, folder: u64, out: &mut Vec<u8>) {
        let mut chain: Vec<u64> = std::iter::successors(Some(folder), |&f| self.shape.parent(f)).collect();
        chain.pop();
        for &part in chain.iter().rev() {
            self.write_folder_name(part, out);
            out.push(b'/');
        }
    }

    /// Bytes of all files: exact up to 65,536 files, beyond that as many times the mean of the first 65,536. Computed
    /// once, in a few milliseconds.
    pub fn total_bytes(&self) -> u64 {
        *self.total_bytes.get_or_init(|| {
            let files = self.shape.files();
            let sample = files.min(1 << 16);
            let sum: u128 = (0..sample).map(|i| u128::from(self.size(i))).sum();
            u64::try_from(sum * u128::from(files) / u128::from(sample.max(1))).unwrap_or(u64::MAX)
        })
    }
}
