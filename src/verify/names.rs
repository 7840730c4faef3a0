//! Compares files with what their names say.

use std::cell::LazyCell;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use super::bytes::Buffers;
use super::disk::{Disk, given};
use super::explain::Others;
use super::finding::What;
use super::judge::{Judge, PIECE, Part, Verdict, parts};
use super::order::in_order;
use super::report::{Outcome, Report, Summary};
use super::tree::below;
use super::{Options, VerifyError, Visit, Watch};
use crate::content::Corpus;
use crate::edition::Tables;
use crate::expected::{ByName, Expected, What as Expects};
use crate::recipe::Recipe;
use crate::shard::Shard;

/// Names in the same directory that a file may have been confused with.
const NEIGHBOURS: usize = 4096;

/// Editions back that a file may have been left in.
const EDITIONS: u32 = 64;

/// Compares files with what their names say, and those in directories and all directories below. What has a name that
/// says nothing is not judged; symbolic links are followed only where they are given.
///
/// To which part a file belongs follows from its path below the directory that was given, so that parts are the same
/// wherever that is.
///
/// # Errors
/// [`VerifyError::Visit`] for the first one of `visit`.
pub fn verify_names(
    paths: &[PathBuf],
    corpus: &Corpus,
    options: &Options,
    watch: &dyn Watch,
    visit: Visit<'_>,
) -> Result<Summary, VerifyError> {
    let disk = Disk::new(Path::new(""));
    let judge = Judge { disk: &disk, corpus, tables: Tables::default(), options };
    let mut report = Report::new(options, false, visit);
    in_order(
        options.threads,
        |add| {
            let mut walk = Walk { disk: &disk, shard: options.shard, watch, add };
            let _ = paths.iter().try_for_each(|path| walk.path(path));
        },
        Buffers::new,
        |buffers, job| {
            let outcome = work(&judge, job, buffers);
            watch.done(outcome.entries, outcome.bytes);
            outcome
        },
        |outcome| report.take(outcome),
    )
    .map_err(VerifyError::Visit)?;
    report.finish(|_| Vec::new()).map_err(VerifyError::Visit)
}

enum Job {
    Judge(Vec<u8>, Recipe, Part),
    Say(Vec<u8>, What),
}

/// Hands out the files to be judged.
struct Walk<'w> {
    disk: &'w Disk,
    shard: Shard,
    watch: &'w dyn Watch,
    add: &'w mut dyn FnMut(Job) -> ControlFlow<()>,
}

impl Walk<'_> {
    /// A path as it was given.
    fn path(&mut self, path: &Path) -> ControlFlow<()> {
        let bytes = &given(path)[..];
        match std::fs::metadata(path).map(|there| there.file_type()) {
            Ok(there) if there.is_dir() => self.directory(bytes),
            Ok(there) => {
                let name = path.file_name().map_or(bytes, |name| name.as_encoded_bytes());
                self.entry(bytes.to_vec(), name, there.is_file())
            }
            Err(error) if is_in(self.shard, bytes) => {
                (self.add)(Job::Say(bytes.to_vec(), What::Unreadable { error: error.to_string() }))
            }
            Err(_) => ControlFlow::Continue(()),
        }
    }

    fn directory(&mut self, top: &[u8]) -> ControlFlow<()> {
        let mut directories = vec![top.to_vec()];
        while let Some(directory) = directories.pop() {
            let (disk, mut outcome) = (self.disk, ControlFlow::Continue(()));
            let listed = disk.list(&directory, |name, file_type| {
                if outcome.is_break() {
                    return;
                }
                let path = below(&directory, name);
                if file_type == "directory" {
                    directories.push(path);
                } else {
                    let relative = path[top.len()..].to_vec();
                    outcome = self.entry(path, &relative, file_type == "file");
                }
            });
            outcome?;
            if let Err(error) = listed
                && is_in(self.shard, &directory[top.len()..])
            {
                (self.add)(Job::Say(directory, What::Unreadable { error: error.to_string() }))?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Something that is no directory; `relative` is what decides to which part it belongs.
    fn entry(&mut self, path: Vec<u8>, relative: &[u8], is_file: bool) -> ControlFlow<()> {
        if !is_in(self.shard, relative) {
            return ControlFlow::Continue(());
        }
        let Some(recipe) = recipe(&path).filter(|_| is_file) else {
            return (self.add)(Job::Say(path, What::NotJudged));
        };
        let mut bytes = recipe.bytes();
        if bytes > PIECE {
            // What is not there needs no parts.
            let there = self.disk.open(&path).and_then(|file| file.metadata());
            bytes = bytes.min(there.map_or(0, |there| there.len()));
        }
        self.watch.found(1, bytes);
        for part in parts(bytes, Some(&recipe)) {
            (self.add)(Job::Judge(path.clone(), recipe, part))?;
        }
        ControlFlow::Continue(())
    }
}

/// Whether a path belongs to a part of the whole.
fn is_in(shard: Shard, path: &[u8]) -> bool {
    const PLACES: u64 = 1 << 32;
    let start = path.iter().position(|&byte| byte != b'/').unwrap_or(path.len());
    shard.range(PLACES).contains(&(xxh3_64(&path[start..]) % PLACES))
}

/// What the name at the end of a path says.
fn recipe(path: &[u8]) -> Option<Recipe> {
    match ByName.demand(path)?.what {
        Expects::File { recipe, .. } => Some(recipe),
        Expects::Directory | Expects::Symlink(_) | Expects::Special(_) => None,
    }
}

fn work(judge: &Judge<'_>, job: Job, buffers: &mut Buffers) -> Outcome {
    match job {
        Job::Say(path, what) => {
            Outcome { paths: vec![(path, Verdict { whats: vec![what], ..Verdict::default() })], ..Outcome::default() }
        }
        Job::Judge(path, recipe, part) => {
            let older = LazyCell::new(|| older(&recipe));
            let around = LazyCell::new(|| around(judge.disk, &path, &recipe));
            let others = Others { older: &older, around: &around };
            let verdict = judge.judge_named(&path, &recipe, &part, others, buffers);
            let paths = if verdict.is_clean() { Vec::new() } else { vec![(path, verdict)] };
            Outcome { entries: part.is_first.into(), bytes: part.range.end - part.range.start, paths }
        }
    }
}

/// Editions before the one of a recipe, the later ones first.
fn older(recipe: &Recipe) -> Vec<Recipe> {
    let before = (recipe.edition.saturating_sub(EDITIONS)..recipe.edition).rev();
    let all = before.chain((recipe.edition > EDITIONS).then_some(0));
    all.map(|edition| Recipe { edition, ..*recipe }).filter(|older| older.file_size().is_ok()).collect()
}

/// What the names beside a file say.
fn around(disk: &Disk, path: &[u8], own: &Recipe) -> Vec<Recipe> {
    let directory = match path.iter().rposition(|&byte| byte == b'/') {
        Some(0) => &b"/"[..],
        Some(slash) => &path[..slash],
        None => b".",
    };
    let mut recipes = Vec::new();
    // A directory that cannot be listed has no names to offer.
    let _ = disk.list(directory, |name, _| {
        if recipes.len() < NEIGHBOURS {
            recipes.extend(recipe(name).filter(|recipe| recipe != own));
        }
    });
    recipes
}
