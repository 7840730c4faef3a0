//! What the folders of a generation hold.

use std::ops::{ControlFlow, Range};

use super::At;
use super::state::moves;
use crate::dataset::{Dataset, Entry, FolderPath, Listed};

/// Places in a folder's listing: files of generation 0 that were dealt to it come first, then those created there, then
/// those moved there. What is no longer there leaves its place empty, so places stay from generation to generation.
const CREATED: u64 = 1 << 50;
const MOVED: u64 = 1 << 51;

/// A place in a folder's listing, what is there, and its index.
pub(crate) type Visit<'v, 'a> = dyn FnMut(u64, u64, Listed<'a>) -> ControlFlow<()> + 'v;

impl<'a> At<'a> {
    /// Calls `visit` with the entries of a folder other than its subfolders, those before place `from` left out.
    /// Places are below 2^53.
    pub fn list(&self, folder: u64, from: u64, visit: &mut Visit<'_, 'a>) -> ControlFlow<()> {
        let files = self.dataset.shape.files_of(folder);
        for index in files.start.saturating_add(from.min(CREATED))..files.end {
            if let Some(entry) = self.entry_at_home(index, folder) {
                visit(index - files.start, index, entry)?;
            }
        }
        if self.generation == 0 {
            return ControlFlow::Continue(());
        }
        for number in self.created_in(folder, from) {
            let index = self.first_created() + number;
            if let Some(entry) = self.entry(index) {
                visit(CREATED + self.dataset.generations.created.round_of(number), index, entry)?;
            }
        }
        for number in self.moved_into(folder, from) {
            let index = self.dataset.generations.moves.file_of(number);
            if self.is_guest(index, folder)
                && let Some(entry) = self.entry(index)
            {
                visit(MOVED + number, index, entry)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// The place of an entry in the listing of a folder that holds it.
    pub fn place_in(&self, folder: u64, index: u64) -> u64 {
        let home = self.dataset.shape.files_of(folder);
        if home.contains(&index) {
            return index - home.start;
        }
        let generations = &self.dataset.generations;
        match index.checked_sub(self.first_created()) {
            Some(number) => CREATED + generations.created.round_of(number),
            None => {
                MOVED + generations.moves.last_of(index, generations.moves.flow.until(self.generation)).unwrap_or(0)
            }
        }
    }

    /// A file of generation 0, if it still lies in the folder that it was dealt to.
    fn entry_at_home(&self, index: u64, folder: u64) -> Option<Listed<'a>> {
        self.entry(index).filter(|_| self.generation == 0 || self.moved_to(index).is_none_or(|to| to == folder))
    }

    /// Whether a file that was moved to a folder counts as moved there: it moves at all, and was not dealt to it.
    fn is_guest(&self, index: u64, folder: u64) -> bool {
        !self.dataset.shape.files_of(folder).contains(&index) && self.moved_to(index) == Some(folder)
    }

    /// Numbers of the files created in a folder so far, from a place on.
    fn created_in(&self, folder: u64, from: u64) -> impl Iterator<Item = u64> {
        let created = &self.dataset.generations.created;
        let until = if from < MOVED { created.flow.until(self.generation) } else { 0 };
        created.in_folder(folder, from.saturating_sub(CREATED)).take_while(move |&number| number < until)
    }

    /// Numbers of the moves, the last of each file, that led to a folder, from a place on.
    fn moved_into(&self, folder: u64, from: u64) -> impl Iterator<Item = u64> {
        let moves = &self.dataset.generations.moves;
        let until = moves.flow.until(self.generation);
        let start = moves.window(until).max(from.saturating_sub(MOVED));
        // Any place may be asked for. Without files there are no moves, and nothing to count them by.
        (start < until).then(|| moves.leading_to(folder, start, until)).into_iter().flatten()
    }

    /// Seconds since 1970 of a folder's last change: of the names in it. Takes a look at all that is or was in it, unless
    /// it was asked for lately.
    pub fn folder_time(&self, folder: u64) -> i64 {
        let start = self.dataset.folder_time(folder);
        if self.generation == 0 {
            return start;
        }
        self.dataset.generations.folder_time(folder, self.generation, || start.max(self.last_change(folder)))
    }

    /// Calls `visit` with each folder that has another time in another generation of the same dataset, some of them more
    /// than once where there are more folders than files. Looks at all that is or was in the folders.
    pub fn each_changed_folder(&self, other: &At<'_>, visit: &mut dyn FnMut(u64)) {
        let mut look = |folder| {
            if self.folder_time(folder) != other.folder_time(folder) {
                visit(folder);
            }
        };
        let Dataset { shape, generations, .. } = self.dataset;
        let indices = self.indices().max(other.indices());
        if shape.folders() <= indices {
            return (0..shape.folders()).for_each(look);
        }
        // Of so many folders only those in which something is, was, or was moved to.
        let mut last = None;
        for index in 0..indices {
            let home = match index.checked_sub(self.first_created()) {
                Some(number) => generations.created.folder_of(number),
                None => shape.folder_of(index),
            };
            if last.replace(home) != Some(home) {
                look(home);
            }
        }
        let moves = &generations.moves;
        let untils = [self, other].map(|at| moves.flow.until(at.generation));
        let [first, second] = untils.map(|until| moves.window(until));
        (first.min(second)..untils[0].max(untils[1])).for_each(|number| look(moves.target_of(number)));
    }

    /// When a name in a folder last changed. Moves of what is gone, or stays where it is, count as well: no matter.
    fn last_change(&self, folder: u64) -> i64 {
        let generations = &self.dataset.generations;
        let until = generations.moves.flow.until(self.generation);
        let mut newest = i64::MIN;
        let mut take = |time: Option<i64>| newest = newest.max(time.unwrap_or(i64::MIN));
        for index in self.dataset.shape.files_of(folder) {
            let Some((entry, Some(state))) = self.look(index) else { continue };
            take(state.name_time);
            if let Listed::File(file) = entry
                && until > 0
                && moves(file.section)
            {
                take(generations.moves.first_of(index, until).map(|number| self.move_time(number)));
            }
        }
        for number in self.created_in(folder, 0) {
            let Some((_, Some(state))) = self.look(self.first_created() + number) else { continue };
            take(state.name_time);
            take(Some(self.creation_time(number)));
        }
        for number in self.moved_into(folder, 0) {
            take(self.look(generations.moves.file_of(number)).and_then(|(_, state)| state?.name_time));
        }
        // The last move to here, and the last of a file that was moved to here and then on.
        if until > 0 {
            take(generations.moves.last_into(folder, until).map(|number| self.move_time(number)));
            let onward = generations.moves.last_into(folder, generations.moves.window(until));
            take(onward.map(|number| self.move_time(number + self.first_created())));
        }
        newest
    }

    /// Calls `visit` with each entry of a part of the listing and its path from the root, folder by folder, as
    /// [`super::super::Dataset::walk`] does. Parts are counted by the entries of generation 0; what came into a folder
    /// later belongs to the last of its entries.
    ///
    /// # Errors
    /// The first one of `visit`, which ends the walk.
    pub fn walk<E>(
        &self,
        entries: Range<u64>,
        mut visit: impl FnMut(Entry<'a>, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.walk_numbered(entries, |_, entry, path| visit(entry, path))
    }

    /// The same, telling also the number by which each entry is counted; numbers do not fall.
    ///
    /// # Errors
    /// The first one of `visit`, which ends the walk.
    pub fn walk_numbered<E>(
        &self,
        entries: Range<u64>,
        mut visit: impl FnMut(u64, Entry<'a>, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        // The root, entry 0, is not visited.
        let mut number = entries.start.max(1);
        let shape = self.dataset.shape.entries();
        if self.generation > 0 && entries.start < shape {
            self.walk_generation(entries.start..entries.end.min(shape), &mut visit)?;
            number = shape;
        }
        let rest = if self.generation > 0 { number.max(shape) } else { entries.start }..entries.end;
        self.dataset.walk(rest, |entry, path| {
            number += 1;
            visit(number - 1, entry, path)
        })
    }

    /// The part of a walk that is not empty and before the cases, in a generation other than 0.
    fn walk_generation<E>(
        &self,
        entries: Range<u64>,
        visit: &mut impl FnMut(u64, Entry<'a>, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let shape = &self.dataset.shape;
        let (mut folder, mut place) = shape.locate(entries.start);
        let mut left = entries.end - entries.start;
        // Of the folder's own entry.
        let mut number = entries.start - place;
        let mut path = FolderPath::default();
        while left > 0 {
            path.turn_to(self.dataset, folder);
            if place == 0
                && let Some((_slash, name)) = path.bytes.split_last()
            {
                visit(number, Entry::Folder(folder), name)?;
            }
            let files = shape.files_of(folder);
            // Places of the listing are those of the walk less one, which is the folder's own.
            let (own, from) = (files.end - files.start + 1, place.saturating_sub(1));
            let behind = own.min(place + left);
            let is_whole = behind == own;
            let folder_len = path.bytes.len();
            let mut outcome = Ok(());
            let _ = self.list(folder, from, &mut |slot, index, entry| {
                if slot + 1 >= behind && !is_whole {
                    return ControlFlow::Break(());
                }
                entry.write_name(&mut path.bytes);
                outcome = visit(number + (slot + 1).min(own - 1), Entry::Listed(index, entry), &path.bytes);
                path.bytes.truncate(folder_len);
                if outcome.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            outcome?;
            left -= behind - place;
            (folder, place, number) = (folder + 1, 0, number + own);
        }
        Ok(())
    }
}
