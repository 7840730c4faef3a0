//! Names and paths of a dataset: written from indices, and taken apart to find the index again.

use super::cases::Platform;
use super::spec::is_word;
use super::{At, Dataset, FIRST_CASE};
use crate::fold::{fold, same};
use crate::name;

/// A word that makes names which a platform does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} has {word:?}, which makes names that {platform} does not have: {why}; choose other words", platform = .platform.name())]
pub struct WordError {
    /// `names.files` or `names.dirs`.
    pub key: &'static str,
    /// The word.
    pub word: String,
    /// Where it cannot be used.
    pub platform: Platform,
    /// Why, as a clause about such a name.
    pub why: &'static str,
}

impl Dataset {
    /// Whether all names of folders, files and links are allowed and different on a platform; all but words that a
    /// dataset brings along are. Hand-made cases have their own rule, [`left_out`](super::cases::Catalogue::left_out).
    ///
    /// # Errors
    /// The first word that makes other names.
    pub fn check_words(&self, platform: Platform) -> Result<(), WordError> {
        for (key, words, of_folders) in
            [("names.files", &self.spec.names.files, false), ("names.dirs", &self.spec.names.dirs, true)]
        {
            let why = |word: &String| {
                // What follows a word is plain, so one name is as good as another.
                let forbidden = platform.forbids(format!("{word}-0").as_bytes());
                let is_mistaken = platform.folds_case() && !is_word(&word.to_ascii_lowercase(), of_folders);
                forbidden.or(is_mistaken.then_some("is that of something else in another case"))
            };
            if let Some((word, why)) = words.iter().find_map(|word| Some((word, why(word)?))) {
                return Err(WordError { key, word: word.clone(), platform, why });
            }
        }
        Ok(())
    }

    /// The index of the entry with exactly this name, if it is one that has an index.
    pub fn index_named(&self, name: &[u8]) -> Option<u64> {
        self.at_start().index_named(name)
    }

    /// The only index below `end` whose entry may have this name: the seed in a file's name gives that of the first of
    /// its group, the number before the seed its place in the group; the number in the name of a symbolic link is its
    /// index.
    pub(super) fn index_behind(&self, name: &[u8], end: u64) -> Option<u64> {
        let Ok(parsed) = name::parse(name) else {
            return trailing_number(name).filter(|&index| index < self.shape.files());
        };
        let first = parsed.recipe.seed.wrapping_sub(self.first_seed);
        if first >= end {
            return None;
        }
        match parsed.stem.and_then(trailing_number) {
            Some(member) if self.only_size.is_none() && first < self.shape.files() => {
                let place = self.place(first);
                let is_member = member < place.cell.members && place.member == 0;
                Some(if is_member { self.index_at(&place, member) } else { first })
            }
            _ => Some(first),
        }
    }

    /// Appends the name of a folder other than the root: a word and its place among its parent's folders.
    pub fn write_folder_name(&self, folder: u64, out: &mut Vec<u8>) {
        let words = &self.spec.names.dirs;
        let word = self.draws.folder_word.below(folder, words.len() as u64);
        out.extend_from_slice(words[word as usize].as_bytes());
        out.push(b'-');
        name::push_decimal(out, self.shape.ordinal(folder));
    }

    /// The subfolder of `parent` with this name: its number gives the index, and its name is then compared.
    pub fn folder_named(&self, parent: u64, name: &[u8]) -> Option<u64> {
        let ordinal = trailing_number(name)?;
        let children = self.shape.children(parent);
        let folder = children.start.checked_add(ordinal).filter(|f| children.contains(f))?;
        let mut canonical = Vec::with_capacity(name::MAX_NAME);
        self.write_folder_name(folder, &mut canonical);
        (canonical == name).then_some(folder)
    }

    /// The subfolder of `parent` with this name, written in any case.
    pub fn folder_in_any_case(&self, parent: u64, name: &[u8]) -> Option<u64> {
        let children = self.shape.children(parent);
        let folder = children.start.checked_add(trailing_number(name)?).filter(|f| children.contains(f))?;
        let mut own = Vec::with_capacity(name::MAX_NAME);
        self.write_folder_name(folder, &mut own);
        same(&own, name).then_some(folder)
    }

    /// Appends the path of entry `index` from the root; indices from [`FIRST_CASE`] on are those of cases.
    pub fn write_path(&self, index: u64, out: &mut Vec<u8>) {
        if let Some(number) = index.checked_sub(FIRST_CASE) {
            return self.cases.write_path(number, out);
        }
        self.at_start().write_path(index, out);
    }

    /// Index of the entry at a path from the root, for a case from [`FIRST_CASE`] on; `None` for folders and for what is
    /// not listed.
    pub fn index_at_path(&self, path: &[u8]) -> Option<u64> {
        match self.cases.number_at_path(path) {
            Some(number) => Some(FIRST_CASE + number),
            None => self.at_start().index_at_path(path),
        }
    }

    /// The folder at a path from the root.
    pub fn folder_at_path(&self, path: &[u8]) -> Option<u64> {
        let parts = path.split(|&b| b == b'/').filter(|part| !part.is_empty());
        parts.into_iter().try_fold(0, |folder, part| self.folder_named(folder, part))
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
}

impl At<'_> {
    /// The entry that a folder lists under this name, written in any case.
    pub fn index_in_any_case(&self, folder: u64, name: &[u8]) -> Option<u64> {
        // What tells the index is digits and small letters.
        let name = fold(name);
        let index = self.dataset().index_behind(&name, self.indices())?;
        let mut own = Vec::with_capacity(name::MAX_NAME);
        self.entry(index).filter(|_| self.folder_of(index) == folder)?.write_name(&mut own);
        (fold(&own) == name).then_some(index)
    }
}

/// The decimal number behind the last dash.
fn trailing_number(text: &[u8]) -> Option<u64> {
    let dash = text.iter().rposition(|&b| b == b'-')?;
    crate::units::parse_decimal(&text[dash + 1..]).ok()
}
