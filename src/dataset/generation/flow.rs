//! Files that appear and files that move: at a steady rate, numbered, and found from either side by arithmetic.

use crate::dataset::draw::{Draws, Purpose};
use crate::dataset::permutation::Permutation;
use crate::dataset::spec::Share;

/// Something that is done to a number of things in each generation, rounded so that the sum is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flow {
    things: u64,
    millionths: u64,
}

const MILLION: u128 = 1_000_000;

impl Flow {
    fn new(things: u64, share: Share) -> Self {
        Self { things, millionths: share.millionths().into() }
    }

    /// How many times it was done up to and in a generation.
    #[inline]
    pub(super) fn until(&self, generation: u64) -> u64 {
        let times = u128::from(self.things) * u128::from(self.millionths) * u128::from(generation) / MILLION;
        u64::try_from(times).unwrap_or(u64::MAX)
    }

    /// The generation in which it is done for the time `number`, counted from 0.
    #[inline]
    pub(super) fn generation_of(&self, number: u64) -> u64 {
        let rate = (u128::from(self.things) * u128::from(self.millionths)).max(1);
        ((u128::from(number) + 1) * MILLION).div_ceil(rate) as u64
    }
}

/// Where the files lie that appear after generation 0: each round of them fills all folders, in a scattered order.
#[derive(Debug)]
pub(super) struct Created {
    pub(super) flow: Flow,
    folders: u64,
    order: Permutation,
}

impl Created {
    pub(super) fn new(files: u64, folders: u64, share: Share, seed: u64) -> Self {
        let order = Permutation::new(folders, Draws::new(seed, Purpose::CreatedFolder));
        Self { flow: Flow::new(files, share), folders, order }
    }

    /// The folder of created file `number`.
    pub(super) fn folder_of(&self, number: u64) -> u64 {
        self.order.forward(number % self.folders)
    }

    /// The numbers of those in a folder, in their order, from the `skip`th on, endlessly.
    pub(super) fn in_folder(&self, folder: u64, skip: u64) -> impl Iterator<Item = u64> {
        let first = self.order.backward(folder).saturating_add(self.folders.saturating_mul(skip));
        (0..).map_while(move |round: u64| first.checked_add(round.checked_mul(self.folders)?))
    }

    /// How many files of its folder were created before this one.
    pub(super) fn round_of(&self, number: u64) -> u64 {
        number / self.folders
    }
}

/// Which files of generation 0 move where: each round takes every file once, in a scattered order, and fills all folders
/// alike, in an order that is turned from round to round where it would lead a file to the same folder again.
#[derive(Debug)]
pub(super) struct Moves {
    pub(super) flow: Flow,
    files: u64,
    folders: u64,
    /// By how much the order of the folders is turned in each round: 0 or 1.
    turn: u64,
    file_order: Permutation,
    folder_order: Permutation,
}

impl Moves {
    pub(super) fn new(files: u64, folders: u64, share: Share, seed: u64) -> Self {
        Self {
            flow: Flow::new(files, share),
            files,
            folders,
            turn: u64::from(!(files + 1).is_multiple_of(folders)),
            file_order: Permutation::new(files, Draws::new(seed, Purpose::MovedFile)),
            folder_order: Permutation::new(folders, Draws::new(seed, Purpose::MovedFolder)),
        }
    }

    /// The file that a move takes.
    pub(super) fn file_of(&self, number: u64) -> u64 {
        self.file_order.forward(number % self.files)
    }

    /// The folder that a move leads to.
    pub(super) fn target_of(&self, number: u64) -> u64 {
        self.folder_order.forward(self.turned(number) % self.folders)
    }

    /// The last of the first `until` moves that took a file.
    pub(super) fn last_of(&self, file: u64, until: u64) -> Option<u64> {
        let first = self.file_order.backward(file);
        let rounds = until.checked_sub(first + 1)? / self.files;
        Some(first + rounds * self.files)
    }

    /// The first of the first `until` moves that took a file.
    pub(super) fn first_of(&self, file: u64, until: u64) -> Option<u64> {
        Some(self.file_order.backward(file)).filter(|&number| number < until)
    }

    /// The move of the same file before this one.
    pub(super) fn before(&self, number: u64) -> Option<u64> {
        number.checked_sub(self.files)
    }

    /// Of the moves from `start` to `end`, those that lead to a folder, in their order.
    pub(super) fn leading_to(&self, folder: u64, start: u64, end: u64) -> impl Iterator<Item = u64> {
        let place = self.folder_order.backward(folder);
        let (from, to) = (self.turned(start), if start < end { self.turned(end - 1) + 1 } else { 0 });
        let ahead = (place + self.folders - from % self.folders) % self.folders;
        let step = usize::try_from(self.folders).unwrap_or(usize::MAX);
        (from + ahead..to).step_by(step).filter_map(|turned| self.unturned(turned))
    }

    /// The last move before `until` that led to a folder.
    pub(super) fn last_into(&self, folder: u64, until: u64) -> Option<u64> {
        let place = self.folder_order.backward(folder);
        let last = self.turned(until.checked_sub(1)?);
        let behind = (last % self.folders + self.folders - place) % self.folders;
        let nearest = last.checked_sub(behind)?;
        // Of two in a row only one can be left out, unless all are.
        self.unturned(nearest).or_else(|| self.unturned(nearest.checked_sub(self.folders)?))
    }

    /// A move's number with the turn added for each round before: what its folder is worked out from.
    fn turned(&self, number: u64) -> u64 {
        number + self.turn * (number / self.files)
    }

    /// The move with such a number; where rounds are turned there is none for the last of each.
    fn unturned(&self, turned: u64) -> Option<u64> {
        let length = self.files + self.turn;
        let (round, place) = (turned / length, turned % length);
        (place < self.files).then_some(round * self.files + place)
    }

    /// The last moves that may have led to each folder: one for every file.
    pub(super) fn window(&self, until: u64) -> u64 {
        until.saturating_sub(self.files)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn share(millionths: u64) -> Share {
        Share::from_millionths(millionths).unwrap()
    }

    proptest! {
        #[test]
        fn what_flows_is_counted_and_dated_alike(things in 0u64..1 << 40, millionths in 0u64..=1_000_000, g in 1u64..1000) {
            let flow = Flow::new(things, share(millionths));
            prop_assert!(flow.until(g) >= flow.until(g - 1));
            if flow.until(g) > flow.until(g - 1) {
                prop_assert_eq!(flow.generation_of(flow.until(g) - 1), g);
                prop_assert_eq!(flow.generation_of(flow.until(g - 1)), g);
            }
        }

        #[test]
        fn created_files_are_found_in_their_folders(folders in 1u64..500, seed: u64) {
            let created = Created::new(1000, folders, share(10_000), seed);
            for number in 0..700 {
                let folder = created.folder_of(number);
                let mut there = created.in_folder(folder, created.round_of(number));
                prop_assert_eq!(there.next(), Some(number));
            }
        }

        #[test]
        fn moved_files_are_found_from_either_side(
            files in 1u64..80, folders in 1u64..90, seed: u64, until in 0u64..400, back in 0u64..160,
        ) {
            let moves = Moves::new(files, folders, share(10_000), seed);
            for file in 0..files {
                let expected = (0..until).rev().find(|&number| moves.file_of(number) == file);
                prop_assert_eq!(moves.last_of(file, until), expected);
                let first = moves.file_order.backward(file);
                prop_assert!(folders == 1 || moves.target_of(first) != moves.target_of(first + files));
            }
            let start = until.saturating_sub(back.min(2 * files));
            for folder in 0..folders {
                let expected: Vec<u64> = (start..until).filter(|&number| moves.target_of(number) == folder).collect();
                prop_assert_eq!(moves.leading_to(folder, start, until).collect::<Vec<_>>(), expected);
                let last = (0..until).rev().find(|&number| moves.target_of(number) == folder);
                prop_assert_eq!(moves.last_into(folder, until), last);
            }
        }
    }
}
