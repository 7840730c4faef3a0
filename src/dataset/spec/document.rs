//! Datasets as TOML documents. Whatever is wrong is named with its line and column.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{self, NO_SUCH_KEY, Value, set_type};
use super::{Draft, MAX_TYPES, SpecError, TypeSpec, presets};
use crate::recipe::Kind;

/// Documents that extend one another, at most.
const MAX_DEPTH: usize = 8;

/// Bytes of a document, at most.
const MAX_BYTES: u64 = 16 << 20;

impl Draft {
    /// The preset of this name, or the document at this path.
    pub(super) fn from_base(base: &str) -> Result<Self, SpecError> {
        from_base(base, Path::new(""), 0)
    }

    /// A document that extends none: it may come from anywhere, and must not reach for files here.
    pub(super) fn from_text(text: &str, name: &str) -> Result<Self, SpecError> {
        read(text, name, Path::new(""), MAX_DEPTH - 1)
    }
}

fn from_base(base: &str, directory: &Path, depth: usize) -> Result<Draft, SpecError> {
    if depth == MAX_DEPTH {
        return Err(SpecError::new(format!("{base}: extends more than {MAX_DEPTH} documents, one through the other")));
    }
    if let Some(text) = presets::text(base) {
        return read(text, base, Path::new(""), depth);
    }
    if !base.ends_with(".toml") && !base.contains(std::path::is_separator) {
        return Err(SpecError::new(format!(
            "{base}: neither a command nor a dataset; use {}, a .toml file, or inline text such as files=1M,size=4KiB",
            presets::NAMES.join(", ")
        )));
    }
    let path = directory.join(base);
    let wrong = |why: &dyn std::fmt::Display| SpecError::new(format!("{}: {why}", path.display()));
    let mut text = String::new();
    // One byte more than is allowed, so that a device without end is refused instead of read.
    File::open(&path)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_string(&mut text))
        .map_err(|e| wrong(&format!("{e}; name a dataset file")))?;
    if text.len() as u64 > MAX_BYTES {
        return Err(wrong(&"is no dataset file: larger than 16 MiB"));
    }
    read(&text, &path.display().to_string(), path.parent().unwrap_or(Path::new("")), depth)
}

/// Reads a document: what it extends, then its own keys.
fn read(text: &str, name: &str, directory: &Path, depth: usize) -> Result<Draft, SpecError> {
    let document = Document { text, name };
    let table = DeTable::parse(text).map_err(|e| document.error(e.span().map_or(0, |s| s.start), "", e.message()))?;
    let table = table.into_inner();
    let mut draft = match table.get("extends") {
        None => Draft::default(),
        Some(base) => {
            let at = base.span().start;
            let base = base.as_ref().as_str().ok_or_else(|| {
                document.error(at, "extends", "must be the name of a preset or the path of a document")
            })?;
            from_base(base, directory, depth + 1)?
        }
    };
    draft.directory = directory.to_path_buf();
    for (key, value) in &table {
        match (key.as_ref().as_ref(), value.as_ref()) {
            ("extends", _) => {}
            ("types", DeValue::Array(rows)) => draft.spec.types = document.types(rows, value.span().start)?,
            (name, DeValue::Table(_)) if !keys::is_table(name) => {
                return Err(document.error(key.span().start, name, &keys::unknown()));
            }
            (name, DeValue::Table(keys)) => {
                for (key, value) in keys {
                    document.set(&mut draft, &format!("{name}.{}", key.as_ref()), key.span().start, value)?;
                }
            }
            (name, _) => document.set(&mut draft, name, key.span().start, value)?,
        }
    }
    draft.end_layer();
    Ok(draft)
}

/// A document's text and what it is called in messages.
struct Document<'a> {
    text: &'a str,
    name: &'a str,
}

impl Document<'_> {
    fn error(&self, at: usize, key: &str, why: &str) -> SpecError {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let colon = if key.is_empty() { "" } else { ": " };
        let why = why.replace('\n', "; ");
        SpecError::new(format!("{}: line {line}, column {column}: {key}{colon}{why}", self.name))
    }

    fn set(&self, draft: &mut Draft, key: &str, at: usize, value: &Spanned<DeValue<'_>>) -> Result<(), SpecError> {
        let text = self.value(key, value)?;
        draft.set(key, &text).map_err(|why| {
            let at = if why.starts_with(NO_SUCH_KEY) { at } else { value.span().start };
            self.error(at, key, &why)
        })
    }

    fn value(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Result<Value, SpecError> {
        match value.as_ref() {
            DeValue::Array(items) => {
                let one = |item: &Spanned<DeValue<'_>>| match scalar(item.as_ref()) {
                    Some(text) => Ok(text),
                    None => Err(self.error(item.span().start, key, "must be an array of plain values")),
                };
                items.iter().map(one).collect::<Result<_, _>>().map(Value::Many)
            }
            other => scalar(other)
                .map(Value::One)
                .ok_or_else(|| self.error(value.span().start, key, "must be text, a number or an array of these")),
        }
    }

    fn types(&self, rows: &[Spanned<DeValue<'_>>], at: usize) -> Result<Vec<TypeSpec>, SpecError> {
        if rows.is_empty() || rows.len() > MAX_TYPES {
            return Err(self.error(at, "types", &format!("must have 1 to {MAX_TYPES} rows")));
        }
        rows.iter().map(|row| self.file_type(row)).collect()
    }

    fn file_type(&self, row: &Spanned<DeValue<'_>>) -> Result<TypeSpec, SpecError> {
        let Some(keys) = row.as_ref().as_table() else {
            return Err(self.error(row.span().start, "types", "must be tables with ext, kind, weight, size"));
        };
        let mut file_type = TypeSpec { weight: 1, ext: None, kind: Kind::Random, size: None };
        for (key, value) in keys {
            let Some(text) = scalar(value.as_ref()) else {
                return Err(self.error(value.span().start, key.as_ref(), "must be text or a number"));
            };
            set_type(&mut file_type, key.as_ref(), &text).map_err(|why| {
                let at = if why.starts_with(NO_SUCH_KEY) { key.span().start } else { value.span().start };
                self.error(at, &format!("types.{}", key.as_ref()), &why)
            })?;
        }
        Ok(file_type)
    }
}

/// A value that is neither array nor table, as inline text would spell it.
fn scalar(value: &DeValue<'_>) -> Option<String> {
    Some(match value {
        DeValue::String(text) => text.clone().into_owned(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(day) => day.to_string(),
        DeValue::Array(_) | DeValue::Table(_) => return None,
    })
}

impl Draft {
    /// Sets one key, with its table before a dot.
    pub(super) fn set(&mut self, name: &str, value: &Value) -> Result<(), String> {
        match keys::KEYS.iter().find(|key| key.name == name) {
            Some(key) => (key.set)(self, value),
            None => Err(keys::unknown()),
        }
    }
}
