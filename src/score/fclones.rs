//! Reports of `fclones group -f json`: an object with a header, then `groups`, each with its `files`.
//!
//! Within the strings, bytes that are no printable text are written once more with backslashes: `\n`, `\r`, `\t`, `\\`,
//! `\x` and two hexadecimal digits for a byte, `\u` and six for a character.

use std::borrow::Cow;

use serde::Deserialize;

use super::json::Bytes;
use super::report::{Paths, ReportError};

#[derive(Deserialize)]
struct Report<'a> {
    #[serde(borrow)]
    groups: Vec<Group<'a>>,
}

#[derive(Deserialize)]
struct Group<'a> {
    #[serde(borrow)]
    files: Vec<Bytes<'a>>,
}

/// Reads a report.
pub(super) fn read(report: &[u8]) -> Result<Vec<Paths<'_>>, ReportError> {
    let report: Report<'_> = serde_json::from_slice(report)?;
    let path = |file: Bytes<'_>| unescaped(file.0.into_owned());
    let paths = |group: Group<'_>| group.files.into_iter().map(|file| Cow::Owned(path(file))).collect();
    Ok(report.groups.into_iter().map(paths).collect())
}

/// The path without its backslashes. What is no escape stays as it is: such a path is then unknown, and shown.
fn unescaped(path: Vec<u8>) -> Vec<u8> {
    let mut rest = &path[..];
    let mut out = Vec::new();
    while let Some(at) = rest.iter().position(|&b| b == b'\\') {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let used = unescape(rest, &mut out).unwrap_or_else(|| {
            out.push(b'\\');
            1
        });
        rest = &rest[used..];
    }
    if out.is_empty() {
        return path;
    }
    out.extend_from_slice(rest);
    out
}

/// Appends what the escape at the start of `text` stands for and returns its length; `None` where it is none.
fn unescape(text: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let hex = |digits: usize| {
        let digits = text.get(2..2 + digits).filter(|d| d.iter().all(u8::is_ascii_hexdigit))?;
        u32::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
    };
    match text.get(1)? {
        b'n' => out.push(b'\n'),
        b'r' => out.push(b'\r'),
        b't' => out.push(b'\t'),
        b'\\' => out.push(b'\\'),
        b'x' => {
            out.push(u8::try_from(hex(2)?).ok()?);
            return Some(4);
        }
        b'u' => {
            let character = char::from_u32(hex(6)?)?;
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            return Some(8);
        }
        _ => return None,
    }
    Some(2)
}
