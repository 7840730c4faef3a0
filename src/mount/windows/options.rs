//! The `-o` options of a mount on Windows: a pure function from text to [`MountOptions`].
//!
//! Of options that contradict each other the last one counts. Options of Unix that have no meaning here are refused.

use std::path::PathBuf;

use super::values::{OptionError, Refusal, damage, generation, path, seed, split, threads};
use crate::damage::Spec;

/// Everything that decides how a mount is made, but for the dataset and the place.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MountOptions {
    /// Seed that overrides the dataset's.
    pub seed: Option<u64>,
    /// File with the words that text is made of.
    pub corpus: Option<PathBuf>,
    /// Generation of the dataset that is shown.
    pub generation: u64,
    /// Whether all up to that one are shown side by side.
    pub snapshots: bool,
    /// How listed files are wrong on purpose.
    pub damage: Option<Spec>,
    /// Whether names that are not listed stay unresolved.
    pub listed_only: bool,
    /// Where messages go in the background; the system's log of events when absent.
    pub log_file: Option<PathBuf>,
    /// Label of the volume, 1 to 32 UTF-16 units; the dataset's name when absent.
    pub label: Option<String>,
    /// Threads that answer requests, 1 to 64; left to WinFsp when absent.
    pub threads: Option<usize>,
    /// Whether to stay in the foreground.
    pub foreground: bool,
    /// Whether this is the process in the background, which reports its start on standard output.
    pub reporting: bool,
    /// How much to say: 0 warnings, 1 more, 2 every failed request, 3 everything.
    pub verbosity: u8,
}

impl MountOptions {
    /// Applies the text of one `-o`: options separated by commas; a backslash before a comma makes it a part of the
    /// value, and so do double quotes around a value.
    ///
    /// # Errors
    /// The first option that is unknown or has an unusable value.
    pub fn apply(&mut self, text: &str) -> Result<(), OptionError> {
        for option in split(text) {
            let reason = match self.apply_one(&option) {
                Ok(()) => continue,
                Err(Refusal::Unknown) => "not an option on Windows; see seedfs mount --help",
                Err(Refusal::Because(reason)) => reason,
            };
            return Err(OptionError { option, reason });
        }
        Ok(())
    }

    fn apply_one(&mut self, option: &str) -> Result<(), Refusal> {
        let Some((key, value)) = option.split_once('=') else {
            return self.apply_flag(option);
        };
        match key {
            "seed" => self.seed = Some(seed(value)?),
            "generation" => self.generation = generation(value)?,
            "damage" => self.damage = Some(damage(value)?),
            "corpus" => self.corpus = Some(path(value)?),
            "log_file" => self.log_file = Some(path(value)?),
            "label" => self.label = Some(label(value)?),
            "threads" => self.threads = Some(threads(value)?),
            _ => return Err(Refusal::Unknown),
        }
        Ok(())
    }

    fn apply_flag(&mut self, key: &str) -> Result<(), Refusal> {
        match key {
            "" | "ro" => {}
            "listed_only" => self.listed_only = true,
            "snapshots" => self.snapshots = true,
            "seed" | "generation" | "damage" | "corpus" | "log_file" | "label" | "threads" => {
                return Err(Refusal::Because("needs a value, as in option=value"));
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(())
    }
}

fn label(value: &str) -> Result<String, Refusal> {
    let length = value.encode_utf16().count();
    if (1..=32).contains(&length) && !value.chars().any(char::is_control) {
        Ok(value.to_owned())
    } else {
        Err(Refusal::Because("must have 1 to 32 characters"))
    }
}
