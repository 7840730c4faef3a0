//! What a dataset is, in numbers, without listing it: counts, histograms, types, duplicates, what deduplication and
//! compression may be expected to save.
//!
//! Within each cell of the layout the sizes never fall, so bisection tells how many files lie below a size; and the
//! tree is complete, so depths are arithmetic. A summary of 10^12 files comes as fast as one of a thousand.
//!
//! ```
//! use seedfs::dataset::{Dataset, Spec};
//! use seedfs::summary::Summary;
//!
//! let dataset = Dataset::new(Spec::parse("files=1T,size=lognormal:9,2,duplicates=10")?)?;
//! let summary = Summary::of(&dataset);
//! assert_eq!(summary.duplicates.copies, 100_000_000_000);
//! assert_eq!(summary.sizes.histogram.iter().map(|bin| bin.files).sum::<u64>(), 1_000_000_000_000);
//! # Ok::<(), seedfs::dataset::SpecError>(())
//! ```

mod cells;
mod duplicates;
mod expected;
mod folders;
mod kinds;
mod sizes;

use serde::Serialize;

use crate::dataset::Dataset;
use crate::dataset::cases::Platform;
use crate::dataset::layout::{LinkKind, Section};
use cells::CellView;
pub use duplicates::{DuplicateSummary, NearSummary};
pub use expected::{Blocks, Expected, Saving};
pub use folders::{FolderBin, FolderSummary, Level};
pub use kinds::{TypeSummary, kept};
pub use sizes::{SizeBin, SizeSummary};

/// A dataset in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// What tells it apart from other datasets: 64 hexadecimal digits.
    pub identity: String,
    /// Its seed.
    pub seed: u64,
    /// How many there are of everything. Exact.
    pub counts: Counts,
    /// How large the files are.
    pub sizes: SizeSummary,
    /// Levels of the tree, from the root down. Exact.
    pub depth: Vec<Level>,
    /// Entries of a folder.
    pub folders: FolderSummary,
    /// Extensions and kinds, those with the most bytes first.
    pub types: Vec<TypeSummary>,
    /// Files of equal bytes.
    pub duplicates: DuplicateSummary,
    /// What may be saved.
    pub expected: Expected,
}

/// How many there are of everything in a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Names other than those of folders: regular files, hard links, symbolic links.
    pub entries: u64,
    /// Regular files, several names of one counted once.
    pub files: u64,
    /// Files without bytes, among these.
    pub empty: u64,
    /// Further names of regular files.
    pub hard_links: u64,
    /// Symbolic links.
    pub symlinks: SymlinkCounts,
    /// Folders below the root.
    pub folders: u64,
    /// Inodes: files, symbolic links, folders and the root.
    pub inodes: u64,
    /// Hand-made cases beside all these that this platform can have, which no other figure takes in.
    pub cases: u64,
}

/// Symbolic links by where they point.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SymlinkCounts {
    /// To another entry, by a relative path.
    pub relative: u64,
    /// To another entry, by an absolute path.
    pub absolute: u64,
    /// To nothing.
    pub dangling: u64,
    /// To themselves, or to the directory that they lie in.
    pub loops: u64,
}

impl SymlinkCounts {
    /// All of them.
    pub fn sum(&self) -> u64 {
        self.relative + self.absolute + self.dangling + self.loops
    }

    fn of(&mut self, kind: LinkKind) -> &mut u64 {
        match kind {
            LinkKind::Relative => &mut self.relative,
            LinkKind::Absolute => &mut self.absolute,
            LinkKind::Dangling => &mut self.dangling,
            LinkKind::Loop => &mut self.loops,
        }
    }
}

impl Summary {
    /// The summary with blocks of the usual sizes.
    pub fn of(dataset: &Dataset) -> Self {
        Self::with_blocks(dataset, Blocks::default())
    }

    /// The summary, with savings expected for these blocks. Milliseconds for a usual dataset of any number of files; it
    /// takes time for each type, distribution and size of groups.
    pub fn with_blocks(dataset: &Dataset, blocks: Blocks) -> Self {
        let mut sizes = sizes::SizeCounter::new();
        let mut types = kinds::TypeCounter::default();
        let mut duplicates = duplicates::DuplicateCounter::new(dataset);
        let mut remains = expected::Remains::new(blocks);
        let (mut hard_links, mut symlinks) = (0, SymlinkCounts::default());
        for cell in dataset.layout().cells() {
            match cell.section {
                Section::Symlink(kind) => *symlinks.of(kind) += cell.groups,
                Section::HardLinks => hard_links += cell.groups * (cell.members - 1),
                _ => {}
            }
            let view = CellView::new(dataset, cell);
            sizes.add(&view);
            types.add(&view);
            duplicates.add(dataset, &view);
            remains.add(dataset, &view);
        }
        let shape = dataset.shape();
        let (files, empty, bytes) = (sizes.files(), sizes.empty(), sizes.bytes());
        let types = types.finish();
        let (duplicates, zeros) = duplicates.finish();
        let (fixed, chunks) = remains.finish(&zeros);
        Self {
            identity: dataset.spec().identity(),
            seed: dataset.spec().seed,
            counts: Counts {
                entries: shape.files(),
                files,
                empty,
                hard_links,
                inodes: files + symlinks.sum() + shape.folders(),
                symlinks,
                folders: shape.folders() - 1,
                cases: dataset.cases().len_on(Platform::HERE),
            },
            sizes: sizes.finish(dataset),
            depth: folders::levels(shape),
            folders: folders::folders(dataset),
            expected: Expected {
                compression: Saving::new(bytes, types.iter().map(|row| row.compressed).sum()),
                whole_file: Saving::new(bytes, bytes.saturating_sub(duplicates.bytes)),
                fixed_block: blocks.fixed,
                fixed: Saving::new(bytes, fixed),
                chunk_average: blocks.average,
                content_defined: Saving::new(bytes, chunks),
            },
            types,
            duplicates,
        }
    }
}
