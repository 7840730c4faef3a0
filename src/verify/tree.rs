//! Compares a restored tree with a dataset.

use std::cell::LazyCell;
use std::ops::{ControlFlow, Range};
use std::path::Path;

use super::bytes::Buffers;
use super::disk::Disk;
use super::explain::Others;
use super::finding::What;
use super::judge::{Judge, PIECE, Part, Verdict, is_absence, parts};
use super::order::in_order;
use super::report::{Outcome, Report, Summary};
use super::{Options, VerifyError, Visit, Watch};
use crate::content::Corpus;
use crate::dataset::cases::{DIRECTORY as CASES, Node, Platform};
use crate::dataset::{At, Entry, FIRST_CASE, Listed};
use crate::edition::Tables;
use crate::listing::Row;
use crate::name;
use crate::recipe::Recipe;

/// Paths that are handed to a thread at a time, and bytes after which it is enough.
const BATCH: usize = 64;
const BATCH_BYTES: u64 = 4 << 20;

/// Files near by that a file may have been confused with.
const NEIGHBOURS: usize = 4096;

/// Generations back that a file may have been left in.
const GENERATIONS: u64 = 64;

/// Compares the tree below `root` with a generation of a dataset. The root itself is not judged, only what is in it.
///
/// Findings come in the order of the listing, those of what is missing, renamed or too much behind all others unless
/// [`Options::renames`] is off or the shard is a part.
///
/// # Errors
/// [`VerifyError::Root`] if there is no directory at `root`, [`VerifyError::Visit`] for the first one of `visit`.
pub fn verify_tree(
    at: &At<'_>,
    corpus: &Corpus,
    root: &Path,
    options: &Options,
    watch: &dyn Watch,
    visit: Visit<'_>,
) -> Result<Summary, VerifyError> {
    std::fs::read_dir(root).map_err(|error| VerifyError::Root { path: root.to_owned(), error })?;
    let disk = Disk::new(root);
    let judge = Judge { disk: &disk, corpus, tables: Tables::default(), options };
    let entries = options.shard.range(at.dataset().entries());
    let is_whole = entries == (0..at.dataset().entries());
    let mut report = Report::new(options, options.renames && options.extra && is_whole, visit);
    in_order(
        options.threads,
        |add| Walk { at: *at, disk: &disk, options, batch: Vec::new(), bytes: 0, add }.walk(entries),
        Buffers::new,
        |buffers, batch| {
            let outcome = work(&judge, at, batch, buffers);
            watch.done(outcome.entries, outcome.bytes);
            outcome
        },
        |outcome| report.take(outcome),
    )
    .map_err(VerifyError::Visit)?;
    let resolve = |renames: &mut super::renames::Renames| renames.resolve(&disk, corpus, |path| recipe_at(at, path));
    report.finish(resolve).map_err(VerifyError::Visit)
}

/// Something to do for a thread.
enum Job<'a> {
    Judge(Entry<'a>, Vec<u8>, Part),
    Say(Vec<u8>, Verdict),
}

/// Hands out what is to be judged, and says what is too much.
struct Walk<'w, 'a> {
    at: At<'a>,
    disk: &'w Disk,
    options: &'w Options,
    batch: Vec<Job<'a>>,
    bytes: u64,
    add: &'w mut dyn FnMut(Vec<Job<'a>>) -> ControlFlow<()>,
}

/// Nobody wants more.
struct Over;

impl<'a> Walk<'_, 'a> {
    fn walk(mut self, entries: Range<u64>) {
        let at = self.at;
        let all = |walk: &mut Self| {
            if entries.start == 0 && !entries.is_empty() {
                walk.scan(&Entry::Folder(0), b"")?;
            }
            at.walk(entries, |entry, path| walk.entry(entry, path))?;
            walk.flush()
        };
        // Who takes the work says by itself why it stopped.
        let _ = all(&mut self);
    }

    fn entry(&mut self, entry: Entry<'a>, path: &[u8]) -> Result<(), Over> {
        if let Entry::Case(case) = &entry
            && self.at.dataset().cases().left_out(Platform::HERE, case.number).is_some()
        {
            // No tree on this platform has it.
            return Ok(());
        }
        let recipe = match &entry {
            Entry::Listed(_, Listed::File(file)) => Some(file.recipe),
            Entry::Case(case) => case.recipe(),
            _ => None,
        };
        let mut bytes = recipe.map_or(0, |recipe| recipe.bytes());
        if bytes > PIECE {
            // What is not there needs no parts.
            bytes = bytes.min(self.disk.look(path).map_or(0, |facts| facts.size));
        }
        for part in parts(bytes, recipe.as_ref()) {
            let len = part.range.end - part.range.start;
            self.push(Job::Judge(entry.clone(), path.to_vec(), part), len)?;
        }
        self.scan(&entry, path)
    }

    /// Says what is in a directory and should not be there.
    fn scan(&mut self, entry: &Entry<'_>, path: &[u8]) -> Result<(), Over> {
        let is_directory = match entry {
            Entry::Folder(_) => true,
            Entry::Case(case) => case.node == Node::Directory,
            Entry::Listed(..) => false,
        };
        if !is_directory || !self.options.extra {
            return Ok(());
        }
        // Behind a symbolic link is another tree; the root may be one.
        if !path.is_empty() && !self.disk.look(path).is_ok_and(|facts| facts.file_type == "directory") {
            return Ok(());
        }
        let at = self.at;
        self.list(path, |name| is_demanded(&at, entry, name))
    }

    /// Says what is in a directory but for what is known, and what is in directories in it.
    fn list(&mut self, path: &[u8], is_known: impl Fn(&[u8]) -> bool) -> Result<(), Over> {
        let mut directories = vec![path.to_vec()];
        while let Some(directory) = directories.pop() {
            let (disk, mut outcome) = (self.disk, Ok(()));
            let is_top = directory == path;
            let listed = disk.list(&directory, |name, file_type| {
                if outcome.is_err() || is_top && is_known(name) {
                    return;
                }
                let path = below(&directory, name);
                let lower = name.to_ascii_lowercase();
                if is_top && is_known(&lower) && is_in_other_case(disk, &path, &below(&directory, &lower)) {
                    outcome = self.say(path, What::Renamed { from: below(&directory, &lower) });
                    return;
                }
                if file_type == "directory" {
                    directories.push(path.clone());
                }
                outcome = self.say(path, What::Extra);
            });
            outcome?;
            match listed {
                Err(error) if !is_absence(&error) => {
                    self.say(directory, What::Unreadable { error: error.to_string() })?
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn say(&mut self, path: Vec<u8>, what: What) -> Result<(), Over> {
        self.push(Job::Say(path, Verdict { whats: vec![what], ..Verdict::default() }), 0)
    }

    fn push(&mut self, job: Job<'a>, bytes: u64) -> Result<(), Over> {
        self.batch.push(job);
        self.bytes = self.bytes.saturating_add(bytes);
        if self.batch.len() >= BATCH || self.bytes >= BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Over> {
        self.bytes = 0;
        match (self.add)(std::mem::take(&mut self.batch)) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Over),
        }
    }
}

pub(super) fn below(directory: &[u8], name: &[u8]) -> Vec<u8> {
    if directory.is_empty() || directory.ends_with(b"/") {
        [directory, name].concat()
    } else {
        [directory, b"/", name].concat()
    }
}

/// Whether two names that differ in case alone are one: the contents are judged by the one that is demanded, which
/// leads there as well. Elsewhere than on these systems they may be two, and hard links.
fn is_in_other_case(disk: &Disk, name: &[u8], demanded: &[u8]) -> bool {
    let look = |path| disk.look(path).ok();
    Platform::HERE != Platform::Unix
        && look(name).zip(look(demanded)).is_some_and(|(one, other)| one.is_same_file(&other) == Some(true))
}

/// Whether a directory of the dataset holds something of this name.
fn is_demanded(at: &At<'_>, directory: &Entry<'_>, name: &[u8]) -> bool {
    let dataset = at.dataset();
    match directory {
        Entry::Folder(folder) => {
            (*folder == 0 && name == CASES && !dataset.cases().is_empty())
                || (name::parse(name).is_err() && dataset.folder_named(*folder, name).is_some())
                || at.index_in(*folder, name).is_some()
        }
        Entry::Case(case) => {
            let number = dataset.cases().find(case.number, name);
            number.is_some_and(|number| dataset.cases().contains(number))
        }
        Entry::Listed(..) => false,
    }
}

fn work(judge: &Judge<'_>, at: &At<'_>, batch: Vec<Job<'_>>, buffers: &mut Buffers) -> Outcome {
    let mut outcome = Outcome::default();
    for job in batch {
        let (path, verdict) = match job {
            Job::Say(path, verdict) => (path, verdict),
            Job::Judge(entry, path, part) => {
                outcome.entries += u64::from(part.is_first);
                outcome.bytes += part.range.end - part.range.start;
                let verdict = judge_entry(judge, at, &entry, &path, &part, buffers);
                (path, verdict)
            }
        };
        if !verdict.is_clean() {
            outcome.paths.push((path, verdict));
        }
    }
    outcome
}

fn judge_entry(
    judge: &Judge<'_>,
    at: &At<'_>,
    entry: &Entry<'_>,
    path: &[u8],
    part: &Part,
    buffers: &mut Buffers,
) -> Verdict {
    let index = match entry {
        Entry::Listed(index, Listed::File(_)) => Some(*index),
        _ => None,
    };
    let older = LazyCell::new(|| index.map_or(Vec::new(), |index| older(at, index)));
    let around = LazyCell::new(|| index.map_or(Vec::new(), |index| around(at, index)));
    let row = Row::new(at, entry.clone(), path);
    let others = Others { older: &older, around: &around };
    judge.judge(&row, first_name(at, entry).as_deref(), part, others, buffers)
}

/// The first name of the file that this is a further one of.
fn first_name(at: &At<'_>, entry: &Entry<'_>) -> Option<Vec<u8>> {
    let mut path = Vec::new();
    match entry {
        Entry::Listed(index, Listed::File(file)) if file.inode != *index => at.write_path(file.inode, &mut path),
        Entry::Case(case) if case.inode != case.number && case.recipe().is_some() => {
            at.dataset().cases().write_path(case.inode, &mut path);
        }
        _ => return None,
    }
    Some(path)
}

/// What a file was in earlier generations, the later ones first.
fn older(at: &At<'_>, index: u64) -> Vec<Recipe> {
    let mut recipes = Vec::new();
    let now = recipe(at, index);
    let back = at.generation().saturating_sub(GENERATIONS);
    for generation in (back..at.generation()).rev().chain((back > 0).then_some(0)) {
        let before = at.dataset().at(generation).ok().and_then(|at| recipe(&at, index));
        if let Some(before) = before.filter(|before| Some(*before) != now && !recipes.contains(before)) {
            recipes.push(before);
        }
    }
    recipes
}

/// The files of the same folder, and those of indices near by.
fn around(at: &At<'_>, index: u64) -> Vec<Recipe> {
    let mut recipes = Vec::new();
    let _ = at.list(at.folder_of(index), 0, &mut |_, other, entry| {
        if let Listed::File(file) = entry
            && other != index
        {
            recipes.push(file.recipe);
        }
        if recipes.len() < NEIGHBOURS / 2 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let margin = (NEIGHBOURS - recipes.len()) as u64 / 2;
    let indices = index.saturating_sub(margin)..index.saturating_add(margin).min(at.indices());
    recipes.extend(indices.filter(|&other| other != index).filter_map(|other| recipe(at, other)));
    recipes
}

fn recipe(at: &At<'_>, index: u64) -> Option<Recipe> {
    match at.entry(index)? {
        Listed::File(file) => Some(file.recipe),
        Listed::Symlink(_) => None,
    }
}

/// The recipe of the file at a path.
fn recipe_at(at: &At<'_>, path: &[u8]) -> Option<Recipe> {
    match at.dataset().cases().number_at_path(path) {
        Some(number) => at.dataset().case_at(FIRST_CASE + number)?.recipe(),
        None => recipe(at, at.index_at_path(path)?),
    }
}
