//! A dataset as it is in one generation.

use std::borrow::Cow;

use super::life::Happening;
use super::state::{State, concerns, moment, moves};
use super::{GenerationError, SEED_BITS};
use crate::dataset::draw::unit;
use crate::dataset::layout::Section;
use crate::dataset::{Dataset, File, Listed, Stratum, pick};
use crate::edition::Profile;
use crate::name;
use crate::recipe::Recipe;

/// One generation of a dataset. Cheap to make and to copy.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    pub(super) dataset: &'a Dataset,
    pub(super) generation: u64,
}

impl Dataset {
    /// The dataset as it is in a generation.
    ///
    /// # Errors
    /// [`GenerationError`] if there is no such generation.
    pub fn at(&self, generation: u64) -> Result<At<'_>, GenerationError> {
        self.generations.check(self.shape.files(), generation)?;
        Ok(At { dataset: self, generation })
    }

    /// The dataset as it was made.
    pub fn at_start(&self) -> At<'_> {
        At { dataset: self, generation: 0 }
    }
}

impl<'a> At<'a> {
    /// The dataset.
    pub fn dataset(&self) -> &'a Dataset {
        self.dataset
    }

    /// Steps since it was made.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// All indices that were ever given to files lie below this one.
    pub fn indices(&self) -> u64 {
        self.first_created() + self.dataset.generations.created.flow.until(self.generation)
    }

    /// About how many of them are there, from the rates alone; exact for generation 0.
    pub fn expected_files(&self) -> u64 {
        let files = self.first_created();
        if self.generation == 0 {
            return files;
        }
        let churn = &self.dataset.spec.churn;
        let stays = 1.0 - f64::from(churn.deleted.millionths()) / 1e6;
        let left = libm::pow(stays, self.generation as f64);
        let created = (self.indices() - files) as f64;
        // Those created in a generation are as many as those in any other.
        let steps = self.generation as f64;
        let created_left = if stays < 1.0 { created / steps * (1.0 - left) / (1.0 - stays) } else { created };
        (files as f64 * left + created_left) as u64
    }

    /// About how many bytes they have together; for generation 0 as [`Dataset::total_bytes`].
    pub fn expected_bytes(&self) -> u64 {
        let bytes = self.dataset.total_bytes();
        match self.first_created() {
            0 => bytes,
            files => (u128::from(bytes) * u128::from(self.expected_files()) / u128::from(files)) as u64,
        }
    }

    /// Index of the first file that is created after generation 0.
    pub(super) fn first_created(&self) -> u64 {
        self.dataset.shape.files()
    }

    /// What file `index` is; `None` where it is deleted or not yet created.
    #[inline]
    pub fn entry(&self, index: u64) -> Option<Listed<'a>> {
        if self.generation == 0 {
            return (index < self.first_created()).then(|| self.dataset.entry(index));
        }
        self.look(index).filter(|(_, state)| state.is_none_or(|state| !state.is_deleted)).map(|(entry, _)| entry)
    }

    /// What file `index` is, or last was: who has a deleted file open still reads it. `None` where it is not yet
    /// created.
    pub fn entry_or_last(&self, index: u64) -> Option<Listed<'a>> {
        self.look(index).map(|(entry, _)| entry)
    }

    /// A file as it has become, and how.
    pub(super) fn look(&self, index: u64) -> Option<(Listed<'a>, Option<State>)> {
        let (entry, born) = self.made(index)?;
        match entry {
            Listed::File(file) if self.generation > 0 => {
                let state = self.state(index, &file, born);
                Some((Listed::File(self.changed(index, file, &state)), Some(state)))
            }
            entry => Some((entry, None)),
        }
    }

    /// A file as it was when it appeared, and the generation of that.
    fn made(&self, index: u64) -> Option<(Listed<'a>, u64)> {
        let Some(number) = index.checked_sub(self.first_created()) else {
            return Some((self.dataset.entry(index), 0));
        };
        let flow = &self.dataset.generations.created.flow;
        (number < flow.until(self.generation)).then(|| {
            let born = flow.generation_of(number);
            (Listed::File(self.created(number)), born)
        })
    }

    /// A file that is created later, as it is then: of any type, with a size of its own.
    fn created(&self, number: u64) -> File<'a> {
        let generations = &self.dataset.generations;
        let index = self.first_created() + number;
        let stratum = self.created_stratum(number);
        let size = stratum.size(generations.created_type.unit(2 * number + 1), self.dataset.scale);
        let seed = self.dataset.first_seed.wrapping_add(index);
        let recipe = Recipe { kind: stratum.kind, seed, size, edition: 0 };
        let tail = Cow::Borrowed(stratum.tail.as_str());
        let file = self.dataset.file_with(index, index, recipe, None, tail, Section::Single);
        let time = self.creation_time(number);
        File { mtime: time, ctime: time, ..file }
    }

    /// When a file was created, in seconds since 1970.
    pub(super) fn creation_time(&self, number: u64) -> i64 {
        let Dataset { spec, generations, .. } = self.dataset;
        let born = generations.created.flow.generation_of(number);
        moment(&spec.times, &spec.churn, born, generations.flow_time.at(2 * number))
    }

    fn created_stratum(&self, number: u64) -> &'a Stratum {
        let strata = &self.dataset.strata;
        let total = strata.iter().map(|stratum| stratum.weight).sum();
        let mut left = self.dataset.generations.created_type.below(2 * number, total);
        let fits = |stratum: &&Stratum| match left.checked_sub(stratum.weight) {
            None => true,
            Some(rest) => {
                left = rest;
                false
            }
        };
        strata.iter().find(fits).unwrap_or(&strata[0])
    }

    /// What a file's life up to this generation has made of it.
    pub(super) fn state(&self, index: u64, file: &File<'_>, born: u64) -> State {
        let Dataset { spec, generations, .. } = self.dataset;
        let mut state = State::new(file.mode, file.mtime);
        // Names of one file have one life.
        let is_linked = file.section == Section::HardLinks;
        let draws = generations.life.child(if is_linked { file.inode } else { index });
        let life = generations.chances.life(draws, born, !is_linked);
        for happening in life.take_while(|happening| happening.generation <= self.generation) {
            let Happening { generation, event, when, .. } = happening;
            if concerns(file.section, event) {
                state.add(happening, moment(&spec.times, &spec.churn, generation, when), spec.churn.rotate);
            }
        }
        state
    }

    fn changed(&self, index: u64, file: File<'a>, state: &State) -> File<'a> {
        let mut recipe = file.recipe;
        if state.replaced > 0 {
            // By its own index: what replaces one of several equal files replaces no other.
            let first = self.dataset.first_seed.wrapping_add(file.inode);
            recipe.seed = first.wrapping_add(u64::from(state.replaced) << SEED_BITS);
            recipe.size = self.replaced_size(index, state.size_draw);
        }
        if state.edits > 0 {
            // As many edits as there are editions, at most.
            recipe.edition = self.profile(&file).edition(state.edits).unwrap_or(0);
        }
        let moved = if moves(file.section) { self.last_move(index).map(|number| self.move_time(number)) } else { None };
        File {
            size: recipe.bytes(),
            recipe,
            renames: state.renames,
            mode: state.mode,
            mtime: state.mtime,
            ctime: moved.map_or(state.ctime, |moved| moved.max(state.ctime)),
            ..file
        }
    }

    /// Size of a file since all of its bytes were replaced.
    fn replaced_size(&self, index: u64, draw: u64) -> u64 {
        let stratum = match index.checked_sub(self.first_created()) {
            Some(number) => self.created_stratum(number),
            None => &self.dataset.strata[self.dataset.place(index).cell.stratum],
        };
        stratum.size(unit(draw), self.dataset.scale)
    }

    /// The profile of a file's edits: the same for files of equal bytes.
    fn profile(&self, file: &File<'_>) -> Profile {
        let origin = file.named.0.wrapping_sub(self.dataset.first_seed);
        pick(&self.dataset.spec.churn.edits, self.dataset.generations.profile, origin).unwrap_or(Profile::Mixed)
    }

    /// The last move that took a file of generation 0 to another folder than it was in.
    pub(super) fn last_move(&self, index: u64) -> Option<u64> {
        let moves = &self.dataset.generations.moves;
        let until = moves.flow.until(self.generation);
        if until == 0 || index >= self.first_created() {
            return None;
        }
        let last = moves.last_of(index, until)?;
        let came_from =
            moves.before(last).map_or_else(|| self.dataset.shape.folder_of(index), |number| moves.target_of(number));
        // Only the first of several may lead to where the file is, unless there is one folder only.
        (came_from != moves.target_of(last)).then_some(last)
    }

    /// When a move took place, in seconds since 1970.
    pub(super) fn move_time(&self, number: u64) -> i64 {
        let Dataset { spec, generations, .. } = self.dataset;
        let generation = generations.moves.flow.generation_of(number);
        moment(&spec.times, &spec.churn, generation, generations.flow_time.at(2 * number + 1))
    }

    /// The folder that a file lies in.
    pub fn folder_of(&self, index: u64) -> u64 {
        match index.checked_sub(self.first_created()) {
            Some(number) => self.dataset.generations.created.folder_of(number),
            None => self.moved_to(index).unwrap_or_else(|| self.dataset.shape.folder_of(index)),
        }
    }

    /// The folder that a file of generation 0 has moved to, if it moves at all.
    pub(super) fn moved_to(&self, index: u64) -> Option<u64> {
        let moves_made = &self.dataset.generations.moves;
        let until = moves_made.flow.until(self.generation);
        let last = if until == 0 { None } else { moves_made.last_of(index, until) }?;
        let section =
            if self.dataset.only_size.is_some() { Section::Single } else { self.dataset.place(index).cell.section };
        moves(section).then(|| moves_made.target_of(last))
    }

    /// The index of the entry with exactly this name, if there is one.
    pub fn index_named(&self, name: &[u8]) -> Option<u64> {
        let index = self.dataset.index_behind(name, self.indices())?;
        let mut canonical = Vec::with_capacity(name::MAX_NAME);
        self.entry(index)?.write_name(&mut canonical);
        (canonical == name).then_some(index)
    }

    /// The entry that a folder lists under a name.
    pub fn index_in(&self, folder: u64, name: &[u8]) -> Option<u64> {
        self.index_named(name).filter(|&index| self.folder_of(index) == folder)
    }

    /// Appends the path of entry `index` from the root; only its folder's, if it is not there.
    pub fn write_path(&self, index: u64, out: &mut Vec<u8>) {
        self.dataset.write_folder_path(self.folder_of(index), out);
        if let Some(entry) = self.entry(index) {
            entry.write_name(out);
        }
    }

    /// Index of the entry at a path from the root; `None` for folders and for what is not listed.
    pub fn index_at_path(&self, path: &[u8]) -> Option<u64> {
        let (folders, name) = match path.iter().rposition(|&b| b == b'/') {
            Some(slash) => (&path[..slash], &path[slash + 1..]),
            None => (&path[..0], path),
        };
        self.index_in(self.dataset.folder_at_path(folders)?, name)
    }
}
