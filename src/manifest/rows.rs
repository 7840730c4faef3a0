//! The rows of a manifest: an entry of the listing and a digest become text.

use std::io::Write;
use std::ops::Range;

use super::{Algorithm, Digest, Manifest};
use crate::Recipe;
use crate::listing::{Row, push_mtree_header};

/// How a manifest is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// What sha256sum(1), b3sum(1), md5sum(1) and xxhsum(1) check with `-c`: a line for each file, none for directories.
    /// SHA-256 and MD5 have the identity of the dataset in a comment before these.
    Sums,
    /// mtree(5), with full paths: what bsdtar(1) and mtree(8) read. The identity of the dataset is a comment.
    Mtree,
    /// A JSON object a line: all that `seedfs ls` tells, and the digest under the name of its hash function.
    Jsonl,
}

impl Manifest<'_> {
    /// Appends the rows of these entries, with what precedes all rows before entry 0. `digest` hashes a file.
    ///
    /// # Errors
    /// The first one of `digest`.
    pub(super) fn push_rows<E>(
        &self,
        entries: Range<u64>,
        text: &mut Vec<u8>,
        mut digest: impl FnMut(&Recipe) -> Result<Digest, E>,
    ) -> Result<(), E> {
        if entries.start == 0 {
            self.push_header(text);
        }
        self.at.walk(entries, |entry, path| {
            let row = Row::new(&self.at, entry, path);
            let digest = row.recipe.as_ref().map(&mut digest).transpose()?;
            self.push_row(&row, digest, text);
            Ok(())
        })
    }

    /// Appends what precedes all rows.
    pub(super) fn push_header(&self, text: &mut Vec<u8>) {
        let comment = || format!("# seedfs dataset {}\n", self.at.dataset().spec().identity());
        match (self.format, self.algorithm) {
            (Format::Mtree, _) => push_mtree_header(&self.at, &comment(), text),
            // b3sum refuses comments, xxhsum warns of them.
            (Format::Sums, Algorithm::Sha256 | Algorithm::Md5) => text.extend_from_slice(comment().as_bytes()),
            (Format::Sums | Format::Jsonl, _) => {}
        }
    }

    /// Appends the row of one entry, if it has one.
    pub(super) fn push_row(&self, row: &Row<'_>, digest: Option<Digest>, text: &mut Vec<u8>) {
        let name = self.algorithm.name();
        // Writing to memory does not fail.
        let _ = match (self.format, digest) {
            (Format::Sums, None) => return,
            (Format::Sums, Some(digest)) => return push_sum(self.algorithm, row.path, digest, text),
            (Format::Mtree, digest) => {
                row.push_mtree(text);
                digest.map_or(Ok(()), |digest| write!(text, " {name}digest={digest}"))
            }
            (Format::Jsonl, digest) => {
                row.push_json(text);
                // One more field, before the brace that ends the object.
                text.pop();
                match digest {
                    Some(digest) => write!(text, ",\"{name}\":\"{digest}\"}}"),
                    None => write!(text, ",\"{name}\":null}}"),
                }
            }
        };
        text.push(b'\n');
    }
}

/// Appends a line as the program that checks it would have written it.
///
/// A name with a newline or the like has backslashes in it, and one before the line says so. xxhsum writes XXH3 only
/// with the name in parentheses: without them it would take it for another function of 64 bits.
pub fn push_sum(algorithm: Algorithm, path: &[u8], digest: Digest, out: &mut Vec<u8>) {
    let line_start = out.len();
    // Writing to memory does not fail.
    let escaped = if algorithm == Algorithm::Xxh3 {
        out.extend_from_slice(b"XXH3 (");
        let escaped = push_escaped(algorithm, path, out);
        let _ = write!(out, ") = {digest}");
        escaped
    } else {
        let _ = write!(out, "{digest}  ");
        push_escaped(algorithm, path, out)
    };
    out.push(b'\n');
    if escaped {
        out.insert(line_start, b'\\');
    }
}

/// Appends a path, with its special characters escaped; says whether there were any.
fn push_escaped(algorithm: Algorithm, path: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    for &byte in path {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            // The other programs take a carriage return before the end of a line for a part of it; b3sum takes it as it
            // is, and knows no escape for it.
            b'\r' if algorithm != Algorithm::Blake3 => out.extend_from_slice(b"\\r"),
            _ => out.push(byte),
        }
    }
    out.len() - start > path.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(algorithm: Algorithm, path: &[u8]) -> String {
        let mut out = b"before\n".to_vec();
        push_sum(algorithm, path, Digest::filled(algorithm, 0xab), &mut out);
        let text = String::from_utf8(out).unwrap().replace(&"ab".repeat(algorithm.digest_len()), "HASH");
        text.strip_prefix("before\n").unwrap().to_owned()
    }

    #[test]
    fn a_line_is_escaped_where_its_name_needs_it() {
        for (path, expected) in [
            (" a b/*c", "HASH   a b/*c\n"),
            ("new\nline", "\\HASH  new\\nline\n"),
            ("a\\b", "\\HASH  a\\\\b\n"),
            ("a\rb\r", "\\HASH  a\\rb\\r\n"),
        ] {
            assert_eq!(sum(Algorithm::Sha256, path.as_bytes()), expected);
            assert_eq!(sum(Algorithm::Md5, path.as_bytes()), expected);
        }
        assert_eq!(sum(Algorithm::Blake3, b"a\rb"), "HASH  a\rb\n");
        assert_eq!(sum(Algorithm::Blake3, b"a\r\n\\"), "\\HASH  a\r\\n\\\\\n");
        assert_eq!(sum(Algorithm::Xxh3, b"a b"), "XXH3 (a b) = HASH\n");
        assert_eq!(sum(Algorithm::Xxh3, b"a\nb"), "\\XXH3 (a\\nb) = HASH\n");
    }
}
