//! What an inode number stands for.
//!
//! | inode | what |
//! |---|---|
//! | 2i + 1 | folder i, 1 being the root |
//! | 2j + 2 | file j |
//! | 2^50 … | hand-made cases |
//! | 2^51 … | the control directory and its files |
//! | 2^52 … | names that are not listed, while somebody refers to them |
//!
//! All stay below 2^53, so that programs which keep numbers as doubles do not confuse them. Where generations are shown
//! side by side, generation g has the numbers of its folders and files above (g + 1) · 2^b, b being the bits that the
//! largest of them needs, and 1 is the directory that holds them. Cases do not change, and are left out there.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Tree;
use super::cases::Cases;
use super::control::ControlFile;
use crate::dataset::cases::Node as CaseNode;
use crate::dataset::{At, Dataset, GenerationError};
use crate::recipe::Recipe;
use crate::vfs::{FsError, Ino, Result};

/// From here on, inode numbers are not those of folders and files.
pub(super) const CASES: u64 = 1 << 50;
pub(super) const CONTROL: u64 = 1 << 51;
pub(super) const ON_DEMAND: u64 = 1 << 52;

/// Which generations a tree shows.
#[derive(Debug)]
pub(super) enum Shown {
    /// One of them, which may change.
    One(AtomicU64),
    /// The first ones side by side.
    All {
        /// How many.
        count: u64,
        /// Bits of the inode numbers within each.
        bits: u32,
    },
}

/// What an inode number stands for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Node<'a> {
    /// The directory that holds all generations.
    Snapshots,
    Folder(At<'a>, u64),
    /// A file or symbolic link of the dataset.
    Listed(At<'a>, u64),
    OnDemand(Recipe),
    /// A case that is a directory.
    CaseDirectory(u64),
    Case(u64),
    ControlDirectory,
    Control(ControlFile),
}

/// Whether an inode is the control directory or one of its files.
pub fn is_control(ino: Ino) -> bool {
    (CONTROL..ON_DEMAND).contains(&ino.0)
}

/// Whether an inode is that of a name that is not listed.
pub fn is_unlisted(ino: Ino) -> bool {
    ino.0 >= ON_DEMAND
}

/// Inode of a folder.
pub fn folder_ino(folder: u64) -> Ino {
    Ino(2 * folder + 1)
}

/// Inode of a listed file.
pub fn file_ino(file: u64) -> Ino {
    Ino(2 * file + 2)
}

impl Shown {
    /// One generation.
    ///
    /// # Errors
    /// There is no such generation.
    pub(super) fn one(dataset: &Dataset, generation: u64) -> std::result::Result<Self, GenerationError> {
        dataset.at(generation).map(|at| Shown::One(AtomicU64::new(at.generation())))
    }

    /// The generations up to and with one.
    ///
    /// # Errors
    /// There is no such generation, or there are too many files for as many inode numbers.
    pub(super) fn all(dataset: &Dataset, last: u64) -> std::result::Result<Self, GenerationError> {
        let at = dataset.at(last)?;
        let largest = folder_ino(dataset.shape().folders()).max(file_ino(at.indices()));
        let bits = u64::BITS - largest.0.leading_zeros();
        match (last + 2).checked_shl(bits) {
            Some(behind) if behind >> bits == last + 2 && behind <= CASES => Ok(Shown::All { count: last + 1, bits }),
            _ => Err(GenerationError::TooMany(last)),
        }
    }
}

impl Shown {
    /// How many generations there are to be seen.
    pub(super) fn count(&self) -> u64 {
        match self {
            Shown::One(_) => 1,
            Shown::All { count, .. } => *count,
        }
    }
}

impl Tree {
    /// A generation that is shown, by its number. All that are shown exist.
    pub(super) fn at(&self, generation: u64) -> At<'_> {
        self.dataset.at(generation).unwrap_or_else(|_| self.dataset.at_start())
    }

    /// The newest generation that is shown.
    pub(super) fn newest(&self) -> At<'_> {
        match &self.shown {
            Shown::One(generation) => self.at(generation.load(Ordering::Acquire)),
            Shown::All { count, .. } => self.at(count - 1),
        }
    }

    /// The inode of a folder or file of a generation, from its number within that.
    #[inline]
    pub(super) fn ino(&self, at: &At<'_>, within: Ino) -> Ino {
        match self.shown {
            Shown::One(_) => within,
            Shown::All { bits, .. } => Ino(((at.generation() + 1) << bits) + within.0),
        }
    }

    pub(super) fn node(&self, ino: Ino) -> Result<Node<'_>> {
        let node = match ino.0 {
            0 => return Err(FsError::Stale),
            number @ ON_DEMAND.. => self.on_demand.recipe(number - ON_DEMAND).map(Node::OnDemand),
            CONTROL => Some(Node::ControlDirectory),
            number @ CONTROL.. => {
                ControlFile::ALL.get((number - CONTROL - 1) as usize).map(|&file| Node::Control(file))
            }
            number @ CASES.. => self.case_node(number - CASES),
            number => self.listed_node(number),
        };
        node.ok_or(FsError::Stale)
    }

    fn listed_node(&self, number: u64) -> Option<Node<'_>> {
        match self.shown {
            Shown::One(_) => node_within(self.newest(), number),
            Shown::All { .. } if number == Ino::ROOT.0 => Some(Node::Snapshots),
            Shown::All { count, bits } => {
                let generation = (number >> bits).checked_sub(1).filter(|&generation| generation < count)?;
                node_within(self.at(generation), number & ((1 << bits) - 1))
            }
        }
    }

    fn case_node(&self, number: u64) -> Option<Node<'_>> {
        let case = self.cases().case(number).filter(|case| case.inode == number)?;
        Some(if case.node == CaseNode::Directory { Node::CaseDirectory(number) } else { Node::Case(number) })
    }

    /// The cases as the platform has them.
    pub(super) fn cases(&self) -> Cases<'_> {
        Cases { catalogue: self.dataset.cases(), platform: self.platform }
    }

    /// Whether the directory of all cases is in the root.
    pub(super) fn shows_cases(&self) -> bool {
        matches!(self.shown, Shown::One(_)) && !self.dataset.cases().is_empty()
    }

    pub(super) fn directory(&self, ino: Ino) -> Result<Node<'_>> {
        match self.node(ino)? {
            node @ (Node::Snapshots | Node::Folder(..) | Node::CaseDirectory(_) | Node::ControlDirectory) => Ok(node),
            _ => Err(FsError::NotDirectory),
        }
    }
}

/// What a number stands for within a generation.
fn node_within(at: At<'_>, number: u64) -> Option<Node<'_>> {
    if number % 2 == 1 {
        return Some(number / 2).filter(|&i| i < at.dataset().shape().folders()).map(|i| Node::Folder(at, i));
    }
    // Numbers of files are even and above 0.
    (number / 2).checked_sub(1).filter(|&j| j < at.indices()).map(|j| Node::Listed(at, j))
}
