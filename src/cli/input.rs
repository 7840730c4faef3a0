//! What several commands read from their arguments: datasets, corpora, sizes.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::content::Corpus;
use crate::dataset::{Dataset, Spec};
use crate::shard::Shard;
use crate::units::{parse_seed, parse_size};

use super::error::CliError;

/// The dataset of this text (`demo` when there is none), with its seed replaced where one is given.
pub(crate) fn dataset(text: Option<&str>, seed: Option<u64>) -> Result<Dataset, CliError> {
    let mut spec = Spec::parse(text.unwrap_or("demo")).map_err(|e| CliError::usage(e.to_string()))?;
    spec.seed = seed.unwrap_or(spec.seed);
    Ok(Dataset::new(spec))
}

/// The corpus in this file, or the built-in one.
pub(crate) fn corpus(path: Option<&Path>) -> Result<Arc<Corpus>, CliError> {
    let Some(path) = path else { return Ok(Corpus::builtin()) };
    let wrong = |why: &dyn std::fmt::Display| CliError::usage(format!("corpus {}: {why}", path.display()));
    let mut bytes = Vec::new();
    File::open(path)
        // One byte more than is allowed, so that a device without end is refused instead of read.
        .and_then(|file| file.take(Corpus::MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|e| wrong(&format!("{e}; name a readable text file")))?;
    Ok(Arc::new(Corpus::parse(bytes).map_err(|e| wrong(&e))?))
}

/// Value parser for sizes and offsets on the command line.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    parse_size(text.as_bytes()).map_err(|e| format!("it {e}; write 4096, 64KiB or 1GB"))
}

/// Value parser for seeds on the command line.
pub(crate) fn seed(text: &str) -> Result<u64, String> {
    parse_seed(text.as_bytes()).map_err(|e| format!("it {e}; a seed is a whole number from 0 to 2^64-1"))
}

/// Value parser for parts of a whole on the command line.
pub(crate) fn shard(text: &str) -> Result<Shard, String> {
    text.parse().map_err(|e| format!("it {e}"))
}
