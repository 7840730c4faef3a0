//! Datasets on one line: `files=1M,size=4KiB`, `home`, `home,files=10k`, `my.toml,seed=3`.

use std::path::PathBuf;

use super::keys::Value;
use super::{Draft, Spec, SpecError};

/// Keys of the inline text that stand for the share of a table.
const TABLES: [&str; 4] = ["duplicates", "hardlinks", "near", "symlinks"];

/// Keys that take lists.
const LISTS: [&str; 4] = ["near.edits", "cases", "names.files", "names.dirs"];

impl Spec {
    /// Reads a TOML document that extends none, such as [`Spec::to_toml`] makes, whoever wrote it; `name` stands in
    /// messages.
    ///
    /// # Errors
    /// The first key or value that is wrong, with what it takes.
    pub fn from_document(text: &str, name: &str) -> Result<Self, SpecError> {
        Draft::from_text(text, name)?.finish()
    }

    /// Reads a preset's name, the path of a TOML document, or `key=value` pairs separated by commas; pairs behind a
    /// name or path override what it says.
    ///
    /// # Errors
    /// The first key or value that is wrong, with what it takes.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        let (base, pairs) = match text.split_once(',') {
            _ if text.ends_with(".toml") => (Some(text), ""),
            Some((base, rest)) if !base.contains('=') => (Some(base), rest),
            None if !text.contains('=') => (Some(text), ""),
            _ => (None, text),
        };
        let mut draft = match base {
            Some(base) => Draft::from_base(base)?,
            None => Draft::default(),
        };
        // Paths on the command line start where the program runs.
        draft.directory = PathBuf::new();
        apply(&mut draft, pairs)?;
        draft.end_layer();
        draft.finish()
    }
}

fn apply(draft: &mut Draft, text: &str) -> Result<(), SpecError> {
    let mut given = Vec::new();
    for (key, value) in pairs(text)? {
        let name = if TABLES.contains(&key) { format!("{key}.share") } else { key.to_owned() };
        if given.contains(&key) {
            return Err(SpecError::new(format!("{key}: given twice; keep one")));
        }
        given.push(key);
        draft.set(&name, &written(&name, value)).map_err(|why| SpecError::new(format!("{key}={value}: {why}")))?;
    }
    Ok(())
}

/// A value as a document has it: keys that take lists have their items separated by commas.
fn written(name: &str, value: &str) -> Value {
    match value.contains(',') && LISTS.contains(&name) {
        true => Value::Many(value.split(',').map(str::to_owned).collect()),
        false => Value::One(value.to_owned()),
    }
}

/// Splits at commas; a part without `=` belongs to the value before it, as in `size=lognormal:9,3`.
fn pairs(text: &str) -> Result<Vec<(&str, &str)>, SpecError> {
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    let mut start = 0;
    for part in text.split(',').filter(|_| !text.is_empty()) {
        let end = start + part.len();
        match (part.split_once('='), pairs.last_mut()) {
            (Some((key, _)), _) => pairs.push((key, &text[start + key.len() + 1..end])),
            (None, Some((_, value))) => {
                // The value is a slice of `text`, so it can be extended in place to the end of this part.
                let value_start = value.as_ptr() as usize - text.as_ptr() as usize;
                *value = &text[value_start..end];
            }
            (None, None) => {
                return Err(SpecError::new(format!("{part}: no key=value pair; write files=1M,size=4KiB")));
            }
        }
        start = end + 1;
    }
    Ok(pairs)
}
