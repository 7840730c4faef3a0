//! Datasets: trees of files in closed form. Any folder or file is reached by arithmetic on its index, so a dataset of
//! 10^12 files takes no more memory than one of ten, and is ready at once.
//!
//! *index → position → place → recipe*: a permutation scatters the files over the positions of a [`layout`], whose
//! sections say what belongs together; the way back leads from the seed in a name to the index.

pub mod cases;
pub mod draw;
mod entry;
pub mod generation;
pub mod layout;
mod links;
mod names;
mod normal;
pub mod permutation;
pub mod shape;
pub mod size;
pub mod spec;
mod totals;
pub mod truth;
mod types;
mod walk;
mod words;

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::edition::Edit;
use crate::recipe::{Kind, Mixed, Recipe};
use cases::{Case, Catalogue};
use draw::{Draws, Purpose, mix};
pub use entry::{File, Listed, Symlink};
use generation::Generations;
pub use generation::{At, GenerationError};
use layout::{Cell, Layout, Place, Section};
pub use names::WordError;
use permutation::Permutation;
use shape::Shape;
pub use spec::{Spec, SpecError};
pub use types::Stratum;
pub use walk::Entry;
use walk::FolderPath;

/// Index of case 0: where files and cases are numbered alike, those of files are below.
pub const FIRST_CASE: u64 = spec::MAX_COUNT;

/// A spec made ready: what lies where, and what it is called.
#[derive(Debug)]
pub struct Dataset {
    spec: Spec,
    shape: Shape,
    strata: Vec<Stratum>,
    layout: Layout,
    positions: Permutation,
    /// What all sizes are multiplied by.
    scale: Option<f64>,
    /// The size of all files, where they are all alike and positions do not matter.
    only_size: Option<u64>,
    first_seed: u64,
    draws: FileDraws,
    /// Added up when first asked for.
    total_bytes: OnceLock<u64>,
    generations: Generations,
    cases: Catalogue,
}

/// The streams that a file or folder draws from.
#[derive(Debug)]
struct FileDraws {
    word: Draws,
    time: Draws,
    mode: Draws,
    owner: Draws,
    link_target: Draws,
    folder_word: Draws,
    folder_time: Draws,
}

/// Seconds of a time of last change, from the spec's range.
fn time(times: &spec::Times, draws: Draws, index: u64) -> i64 {
    let span = times.from.abs_diff(times.to);
    if !times.recent {
        return times.from + draws.below(index, span) as i64;
    }
    let draw = u128::from(draws.at(index));
    let square = (draw * draw) >> 64;
    times.to - 1 - ((square * u128::from(span)) >> 64) as i64
}

/// Time of last change of a file that is named but not listed, in seconds since 1970: its seed decides.
pub fn on_demand_time(recipe: &Recipe) -> i64 {
    time(&spec::Times::default(), Draws::new(0, Purpose::OnDemandTime), recipe.seed)
}

/// One of several weighted values, by a draw.
fn pick<T: Copy>(rows: &[(T, u32)], draws: Draws, index: u64) -> Option<T> {
    if let [(value, _)] = rows {
        return Some(*value);
    }
    let total = rows.iter().map(|&(_, weight)| u64::from(weight)).sum();
    let mut left = draws.below(index, total);
    for &(value, weight) in rows {
        match left.checked_sub(weight.into()) {
            None => return Some(value),
            Some(rest) => left = rest,
        }
    }
    None
}

impl Dataset {
    /// Takes some milliseconds at most and little memory, whatever the number of files, unless `bytes` stands beside
    /// `files`: sizes are then scaled, which takes up to 0.1 s for 10^12 files of dozens of types.
    ///
    /// # Errors
    /// The shares add up to more than all files, or the bytes that were asked for cannot be reached.
    pub fn new(spec: Spec) -> Result<Self, SpecError> {
        let draws = |purpose| Draws::new(spec.seed, purpose);
        let strata = types::strata(&spec);
        let layout = Layout::new(&spec, &strata)?;
        let scale = spec.bytes.map(|bytes| totals::scale_to(&layout, &strata, bytes)).transpose()?;
        let only_size = match &strata[..] {
            [stratum] if layout.is_uniform() && matches!(stratum.sizes, size::Sizes::Fixed(1..)) => {
                Some(stratum.size(0.5, scale))
            }
            _ => None,
        };
        let first_seed = mix(spec.seed);
        let cases = Catalogue::new(spec.cases, first_seed);
        Ok(Self {
            generations: Generations::new(&spec, spec.dir_count() + 1),
            shape: Shape::new(spec.dir_count() + 1, spec.fanout, spec.files, spec.spread, draws(Purpose::FolderWeight)),
            positions: Permutation::new(spec.files, draws(Purpose::Position)),
            total_bytes: OnceLock::new(),
            cases,
            only_size,
            scale,
            strata,
            layout,
            first_seed,
            draws: FileDraws {
                word: draws(Purpose::FileWord),
                time: draws(Purpose::FileTime),
                mode: draws(Purpose::Mode),
                owner: draws(Purpose::Owner),
                link_target: draws(Purpose::LinkTarget),
                folder_word: draws(Purpose::FolderWord),
                folder_time: draws(Purpose::FolderTime),
            },
            spec,
        })
    }

    /// What it was made from.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Which folder holds what.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Which files belong together.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The types of files that the layout's cells refer to.
    pub fn strata(&self) -> &[Stratum] {
        &self.strata
    }

    /// What all sizes are multiplied by, where a total was asked for.
    pub fn scale(&self) -> Option<f64> {
        self.scale
    }

    /// Hand-made cases beside the files.
    pub fn cases(&self) -> &Catalogue {
        &self.cases
    }

    /// The case of an index from [`FIRST_CASE`] on, if it is one.
    pub fn case_at(&self, index: u64) -> Option<Case<'_>> {
        self.cases.case(index.checked_sub(FIRST_CASE)?)
    }

    /// The index that tells whether two names are those of one file: that of its first name. `None` for symbolic links
    /// and whatever else is no regular file.
    pub fn file_index(&self, index: u64) -> Option<u64> {
        if index >= FIRST_CASE {
            let case = self.case_at(index)?;
            return case.recipe().map(|_| FIRST_CASE + case.inode);
        }
        match self.entry(index) {
            Listed::File(file) => Some(file.inode),
            Listed::Symlink(_) => None,
        }
    }

    /// Bytes of all files and cases, at most 2^63 − 1, names of one file counted once: exact up to some thousand files,
    /// beyond that to much better than 1 %. The first call adds them up, which takes up to 0.1 s for 10^12 files of
    /// dozens of types.
    pub fn total_bytes(&self) -> u64 {
        *self.total_bytes.get_or_init(|| {
            let sum = totals::total(&self.layout, &self.strata, self.scale) as u64;
            sum.saturating_add(totals::inserted(&self.layout, &self.spec.near.edits))
                .saturating_add(self.cases.total_bytes())
                .min(crate::units::MAX_SIZE)
        })
    }

    /// Size of edition 0 of the files of a group, in bytes.
    pub fn group_size(&self, cell: &Cell, group: u64) -> u64 {
        totals::group_size(cell, &self.strata[cell.stratum], group, self.scale)
    }

    /// The place of file `index`, which must be below [`Shape::files`].
    #[inline]
    pub fn place(&self, index: u64) -> Place<'_> {
        self.layout.place(self.positions.forward(index))
    }

    /// The index of a file of a group.
    pub fn index_at(&self, place: &Place<'_>, member: u64) -> u64 {
        self.positions.backward(place.position_of(member))
    }

    /// What file `index` is, which must be below [`Shape::files`].
    #[inline]
    pub fn entry(&self, index: u64) -> Listed<'_> {
        if let Some(size) = self.only_size {
            let recipe =
                Recipe { kind: self.strata[0].kind, seed: self.first_seed.wrapping_add(index), size, edition: 0 };
            return Listed::File(self.file_with(
                index,
                index,
                recipe,
                None,
                Cow::Borrowed(&self.strata[0].tail),
                Section::Single,
            ));
        }
        let place = self.place(index);
        match place.cell.section {
            Section::Symlink(kind) => Listed::Symlink(Symlink {
                kind,
                index,
                stem: self.stem(index),
                mtime: time(&self.spec.times, self.draws.time, index),
            }),
            _ => Listed::File(self.file_at(index, &place)),
        }
    }

    /// The file at a place that is no symbolic link's.
    #[inline]
    fn file_at(&self, index: u64, place: &Place<'_>) -> File<'_> {
        let (cell, stratum) = (place.cell, &self.strata[place.cell.stratum]);
        let origin = if place.member == 0 { index } else { self.index_at(place, 0) };
        let seed = self.first_seed.wrapping_add(origin);
        let size = self.group_size(cell, place.group);
        let mut recipe = Recipe { kind: stratum.kind, seed, size, edition: 0 };
        let mut tail = Cow::Borrowed(stratum.tail.as_str());
        match cell.section {
            Section::Near => {
                recipe.edition = layout::edit_of(&self.spec.near.edits, place.member).map_or(0, Edit::edition);
            }
            Section::Sparse => recipe.kind = if place.member == 0 { Kind::Zero } else { zeros() },
            _ => {}
        }
        if recipe.edition != 0 || recipe.kind != stratum.kind {
            tail = Cow::Owned(types::tail(&recipe, stratum.ext.as_deref()));
        }
        let number = (cell.members > 1 && place.member > 0).then_some(place.member);
        // Names of one file share everything but the name.
        let inode = if cell.section == Section::HardLinks { origin } else { index };
        let file = self.file_with(index, inode, recipe, number, tail, cell.section);
        let links = if cell.section == Section::HardLinks { cell.members } else { 1 };
        File { links, ..file }
    }

    #[inline]
    fn file_with<'a>(
        &'a self,
        index: u64,
        inode: u64,
        recipe: Recipe,
        number: Option<u64>,
        tail: Cow<'a, str>,
        section: Section,
    ) -> File<'a> {
        let mtime = time(&self.spec.times, self.draws.time, inode);
        File {
            size: recipe.bytes(),
            recipe,
            inode,
            links: 1,
            stem: self.stem(index),
            renames: 0,
            number,
            mtime,
            ctime: mtime,
            mode: pick(&self.spec.permissions.files, self.draws.mode, inode).unwrap_or(0o644),
            owner: pick(&self.spec.permissions.owners, self.draws.owner, inode),
            named: (recipe.seed, recipe.size),
            tail,
            section,
        }
    }

    #[inline]
    fn stem(&self, index: u64) -> &str {
        let words = &self.spec.names.files;
        &words[self.draws.word.below(index, words.len() as u64) as usize]
    }

    /// Seconds since 1970 of a folder's last change.
    pub fn folder_time(&self, folder: u64) -> i64 {
        time(&self.spec.times, self.draws.folder_time, folder)
    }

    /// Directories in a folder: its subfolders, and in the root that of the cases, if there are some.
    pub fn subdirectories(&self, folder: u64) -> u64 {
        let children = self.shape.children(folder);
        children.end - children.start + u64::from(folder == 0 && !self.cases.is_empty())
    }

    /// Permission bits of folders.
    pub fn folder_mode(&self) -> u16 {
        self.spec.permissions.dirs
    }
}

/// Zeros that are written out: a compressible file with nothing left.
fn zeros() -> Kind {
    Kind::Mixed(Mixed::ZEROS)
}
