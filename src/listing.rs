//! One row of a listing, as programs read it: what is known of a file or directory without its bytes.

use std::io::Write;

use serde::Serialize;

use crate::Recipe;
use crate::dataset::{Dataset, Entry};
use crate::tree::{file_ino, folder_ino};

/// A file or directory of a dataset, as a mount shows it.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Path from the root, without a slash at either end; empty for the root.
    pub path: &'a [u8],
    /// `file` or `directory`.
    pub file_type: &'static str,
    /// Inode number.
    pub ino: u64,
    /// Permission bits, at most 0o7777.
    pub mode: u16,
    /// Hard links.
    pub nlink: u64,
    /// Seconds since 1970 of the last change.
    pub mtime: i64,
    /// What decides the bytes of a file; only files have one.
    pub recipe: Option<Recipe>,
}

/// The fields of a row in JSON. Those that only files have are null for directories.
#[derive(Debug, Serialize)]
struct Json<'a> {
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_percent: Option<String>,
    r#type: &'static str,
    ino: u64,
    mode: String,
    mtime: i64,
    size: Option<u64>,
    kind: Option<String>,
    seed: Option<u64>,
    edition: Option<u32>,
}

impl<'a> Row<'a> {
    /// What is known of an entry of the listing.
    pub fn new(dataset: &Dataset, entry: Entry<'_>, path: &'a [u8]) -> Self {
        match entry {
            Entry::Folder(folder) => {
                let subfolders = dataset.shape().children(folder);
                Self {
                    path,
                    file_type: "directory",
                    ino: folder_ino(folder).0,
                    mode: 0o755,
                    nlink: 2 + (subfolders.end - subfolders.start),
                    mtime: dataset.folder_time(folder),
                    recipe: None,
                }
            }
            Entry::File(index, file) => Self {
                path,
                file_type: "file",
                ino: file_ino(index).0,
                mode: 0o644,
                nlink: 1,
                mtime: file.mtime,
                recipe: Some(file.recipe),
            },
        }
    }

    /// Appends the row as a JSON object, without a newline.
    ///
    /// A path that is not UTF-8 stands there twice: in `path` with U+FFFD for what JSON cannot hold, and in
    /// `path_percent` with every byte but `A-Z a-z 0-9 . _ ~ - /` as `%XX`, which loses nothing.
    pub fn push_json(&self, out: &mut Vec<u8>) {
        let path = String::from_utf8_lossy(self.path);
        let json = Json {
            path: &path,
            path_percent: str::from_utf8(self.path).is_err().then(|| percent(self.path)),
            r#type: self.file_type,
            ino: self.ino,
            mode: format!("{:o}", self.mode),
            mtime: self.mtime,
            size: self.recipe.map(|r| r.size),
            kind: self.recipe.map(|r| r.kind.to_string()),
            seed: self.recipe.map(|r| r.seed),
            edition: self.recipe.map(|r| r.edition),
        };
        // Writing to memory does not fail.
        let _ = serde_json::to_writer(out, &json);
    }

    /// Appends the row as mtree(5) writes it, with the full path, without a newline.
    ///
    /// Owners are left out: a mount belongs to whoever mounts.
    pub fn push_mtree(&self, out: &mut Vec<u8>) {
        out.push(b'.');
        if !self.path.is_empty() {
            out.push(b'/');
            push_mtree_name(self.path, out);
        }
        let kind = if self.recipe.is_some() { "file" } else { "dir" };
        let Self { mode, nlink, mtime, .. } = self;
        // Writing to memory does not fail.
        let _ = write!(out, " type={kind} mode={mode:04o} nlink={nlink}");
        if let Some(recipe) = self.recipe {
            let _ = write!(out, " size={}", recipe.size);
        }
        let _ = write!(out, " time={mtime}.0");
    }
}

/// Appends what precedes the rows of an mtree specification: the line by which programs know it, and the root.
pub fn push_mtree_header(dataset: &Dataset, out: &mut Vec<u8>) {
    out.extend_from_slice(b"#mtree\n");
    Row::new(dataset, Entry::Folder(0), b"").push_mtree(out);
    out.push(b'\n');
}

/// All but the plainest characters as a backslash and three octal digits, which every reader of mtree understands.
fn push_mtree_name(name: &[u8], out: &mut Vec<u8>) {
    for &byte in name {
        if byte.is_ascii_alphanumeric() || b"./_-+,:@%".contains(&byte) {
            out.push(byte);
        } else {
            out.extend_from_slice(&[b'\\', b'0' + (byte >> 6), b'0' + (byte >> 3 & 7), b'0' + (byte & 7)]);
        }
    }
}

fn percent(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len() * 3);
    for &byte in path {
        if byte.is_ascii_alphanumeric() || b"._~-/".contains(&byte) {
            text.push(byte.into());
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Spec;

    /// A file with this path, whatever a dataset would call it.
    fn row(path: &[u8]) -> Row<'_> {
        let recipe = Recipe { kind: crate::Kind::Text, seed: 7, size: 5, edition: 0 };
        Row { path, file_type: "file", ino: 2, mode: 0o644, nlink: 1, mtime: 1_600_000_000, recipe: Some(recipe) }
    }

    fn json(path: &[u8]) -> serde_json::Value {
        let mut out = Vec::new();
        row(path).push_json(&mut out);
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn json_holds_every_path() {
        assert_eq!(json(b"a/\xc3\xa4\n\"")["path"], "a/ä\n\"");
        assert!(json("ä".as_bytes()).get("path_percent").is_none());
        let odd = json(b"a/\xff%20 b~_-.c");
        assert_eq!(odd["path"], "a/\u{fffd}%20 b~_-.c");
        assert_eq!(odd["path_percent"], "a/%FF%2520%20b~_-.c");
    }

    #[test]
    fn mtree_takes_all_bytes_of_a_name() {
        let mut out = Vec::new();
        row(b"a/new\nline #\\\xff").push_mtree(&mut out);
        let expected = r"./a/new\012line\040\043\134\377 type=file mode=0644 nlink=1 size=5 time=1600000000.0";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn the_root_precedes_an_mtree() {
        let dataset = Dataset::new(Spec::parse("files=3,dirs=4,fanout=3").unwrap());
        let mut out = Vec::new();
        push_mtree_header(&dataset, &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("#mtree\n. type=dir mode=0755 nlink=5 time="), "{text}");
    }
}
