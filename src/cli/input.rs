//! What several commands read from their arguments: datasets, corpora, sizes.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::content::Corpus;
use crate::damage::Spec as Damage;
use crate::dataset::spec::CorpusSpec;
use crate::dataset::{At, Dataset, Spec};
use crate::faults::Spec as Faults;
use crate::shard::Shard;
use crate::units::{parse_seed, parse_size};

use super::error::CliError;

/// The dataset of this text (`demo` when there is none), with its seed replaced where one is given. For commands that
/// make no contents: the corpus that it names is not looked at.
pub(crate) fn dataset(text: Option<&str>, seed: Option<u64>) -> Result<Dataset, CliError> {
    dataset_of(spec(text, seed)?)
}

/// Whether a word by itself is a dataset.
pub(crate) fn is_dataset(word: &OsStr) -> bool {
    word.to_str().is_some_and(|text| Spec::parse(text).is_ok())
}

fn spec(text: Option<&str>, seed: Option<u64>) -> Result<Spec, CliError> {
    let mut spec = Spec::parse(text.unwrap_or("demo")).map_err(|e| CliError::usage(e.to_string()))?;
    spec.seed = seed.unwrap_or(spec.seed);
    Ok(spec)
}

fn dataset_of(spec: Spec) -> Result<Dataset, CliError> {
    Dataset::new(spec).map_err(|e| CliError::usage(e.to_string()))
}

/// The dataset as it is in a generation.
pub(crate) fn generation(dataset: &Dataset, generation: u64) -> Result<At<'_>, CliError> {
    dataset.at(generation).map_err(|e| CliError::usage(e.to_string()))
}

/// The dataset, and the corpus that its contents are made of: the given one, else the one that the dataset names, else
/// the built-in one. The dataset then names what was read, by absolute path and digest.
pub(crate) fn dataset_and_corpus(
    text: Option<&str>,
    seed: Option<u64>,
    corpus: Option<&Path>,
) -> Result<(Dataset, Arc<Corpus>), CliError> {
    let mut spec = spec(text, seed)?;
    let named = spec.corpus.take();
    let Some(path) = corpus.or(named.as_ref().map(|corpus| corpus.path.as_path())) else {
        return Ok((dataset_of(spec)?, Corpus::builtin()));
    };
    let (loaded, digest) = load(path)?;
    let expected = named.as_ref().and_then(|corpus| corpus.sha256.as_ref()).filter(|_| corpus.is_none());
    if let Some(expected) = expected.filter(|&expected| *expected != digest) {
        let why = format!("is another file than the dataset asks for: its SHA-256 is {digest}, not {expected}");
        return Err(wrong(path, &format!("{why}; give the right one with --corpus")));
    }
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    spec.corpus = Some(CorpusSpec { path, sha256: Some(digest) });
    Ok((dataset_of(spec)?, loaded))
}

/// The corpus in this file, or the built-in one.
pub(crate) fn corpus(path: Option<&Path>) -> Result<Arc<Corpus>, CliError> {
    path.map_or_else(|| Ok(Corpus::builtin()), |path| Ok(load(path)?.0))
}

/// A corpus, and the SHA-256 of its bytes in hexadecimal.
fn load(path: &Path) -> Result<(Arc<Corpus>, String), CliError> {
    let mut bytes = Vec::new();
    File::open(path)
        // One byte more than is allowed, so that a device without end is refused instead of read.
        .and_then(|file| file.take(Corpus::MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|e| wrong(path, &format!("{e}; name a readable text file")))?;
    let digest = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((Arc::new(Corpus::parse(bytes).map_err(|e| wrong(path, &e))?), digest))
}

fn wrong(path: &Path, why: &dyn std::fmt::Display) -> CliError {
    CliError::usage(format!("corpus {}: {why}", path.display()))
}

/// Value parser for sizes and offsets on the command line.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    parse_size(text.as_bytes()).map_err(|e| format!("it {e}; write 4096, 64KiB or 1GB"))
}

/// Value parser for seeds on the command line.
pub(crate) fn seed(text: &str) -> Result<u64, String> {
    parse_seed(text.as_bytes()).map_err(|e| format!("it {e}; a seed is a whole number from 0 to 2^64-1"))
}

/// Value parser for deliberate damage on the command line.
pub(crate) fn damage(text: &str) -> Result<Damage, String> {
    text.parse().map_err(|e| format!("it {e}"))
}

/// Value parser for faults on the command line.
pub(crate) fn fault(text: &str) -> Result<Faults, String> {
    text.parse().map_err(|e| format!("it {e}"))
}

/// Value parser for parts of a whole on the command line.
pub(crate) fn shard(text: &str) -> Result<Shard, String> {
    text.parse().map_err(|e| format!("it {e}"))
}
