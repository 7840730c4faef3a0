//! The texts behind `-o`, taken apart, and the values that mean the same on every platform.

use std::path::PathBuf;

use crate::damage::Spec;
use crate::dataset::generation::MAX_GENERATION;
use crate::units::{NumberError, parse_decimal, parse_seed};

/// Most threads that can be asked for: each keeps a buffer.
const MAX_THREADS: u64 = 64;

/// An option that cannot be honoured. Shown, it is one line that names the option, the reason and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("-o {option}: {reason}")]
pub struct OptionError {
    /// The option as given.
    pub option: String,
    /// Why, and what to do.
    pub reason: &'static str,
}

/// Why one option cannot be honoured.
pub(super) enum Refusal {
    /// There is none of this name.
    Unknown,
    /// Its value, or the option itself.
    Because(&'static str),
}

/// Cuts at commas that are neither escaped nor inside a quoted value, and takes escapes and quotes away. On Windows,
/// where paths are full of backslashes, they escape commas alone.
pub(super) fn split(text: &str) -> Vec<String> {
    let mut options = Vec::new();
    let mut option = String::new();
    let mut quoted = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' if cfg!(windows) && rest.peek() != Some(&',') => option.push('\\'),
            '\\' => option.push(rest.next().unwrap_or('\\')),
            '"' if quoted && rest.peek().is_none_or(|&next| next == ',') => quoted = false,
            '"' if !quoted && option.ends_with('=') && !option[..option.len() - 1].contains('=') => quoted = true,
            ',' if !quoted => options.push(std::mem::take(&mut option)),
            _ => option.push(c),
        }
    }
    options.push(option);
    options
}

/// A generation of a dataset.
pub(super) fn generation(value: &str) -> Result<u64, Refusal> {
    let number = parse_decimal(value.as_bytes()).ok().filter(|&number| number <= MAX_GENERATION);
    number.ok_or(Refusal::Because("not a generation; give a whole number from 0 to 999999"))
}

/// What [`Spec`] reads.
pub(super) fn damage(value: &str) -> Result<Spec, Refusal> {
    value
        .parse()
        .map_err(|_| Refusal::Because("not a damage such as flip:1e-6\\,zero:1e-6\\,seed=7; see seedfs damage --help"))
}

/// A seed, decimal or hexadecimal.
pub(super) fn seed(value: &str) -> Result<u64, Refusal> {
    parse_seed(value.as_bytes()).map_err(|error| match error {
        NumberError::TooLarge => Refusal::Because("too large; a seed is at most 18446744073709551615"),
        NumberError::Malformed => Refusal::Because("not a seed; give a decimal number, or a hexadecimal one behind 0x"),
    })
}

/// Name of a file.
pub(super) fn path(value: &str) -> Result<PathBuf, Refusal> {
    if value.is_empty() { Err(Refusal::Because("needs the name of a file")) } else { Ok(value.into()) }
}

/// Threads, 1 to 64.
pub(super) fn threads(value: &str) -> Result<usize, Refusal> {
    match parse_decimal(value.as_bytes()) {
        Ok(count @ 1..=MAX_THREADS) => Ok(count as usize),
        _ => Err(Refusal::Because("must be a number from 1 to 64")),
    }
}
