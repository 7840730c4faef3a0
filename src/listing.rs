//! One row of a listing, as programs read it: what is known of a file or directory without its bytes.

use std::borrow::Cow;
use std::io::Write;

use serde::Serialize;

use crate::Recipe;
use crate::dataset::{Dataset, Entry, Listed};
use crate::tree::{file_ino, folder_ino};

/// An entry of a dataset, as a mount shows it.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// Path from the root, without a slash at either end; empty for the root.
    pub path: &'a [u8],
    /// `file`, `directory` or `symlink`.
    pub file_type: &'static str,
    /// Inode number.
    pub ino: u64,
    /// Permission bits, at most 0o7777.
    pub mode: u16,
    /// Hard links.
    pub nlink: u64,
    /// User and group numbers, where the tree names some.
    pub owner: Option<(u32, u32)>,
    /// Seconds since 1970 of the last change.
    pub mtime: i64,
    /// Bytes of a file.
    pub size: Option<u64>,
    /// Target of a symbolic link.
    pub target: Option<Vec<u8>>,
    /// What decides the bytes of a file; only files have one.
    pub recipe: Option<Recipe>,
}

/// The fields of a row in JSON. Those that its type has not are null; so are those of an owner where the tree names none.
#[derive(Debug, Serialize)]
struct Json<'a> {
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_percent: Option<String>,
    r#type: &'static str,
    ino: u64,
    mode: String,
    nlink: u64,
    uid: Option<u32>,
    gid: Option<u32>,
    mtime: i64,
    size: Option<u64>,
    kind: Option<String>,
    seed: Option<u64>,
    edition: Option<u32>,
    target: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_percent: Option<String>,
}

impl<'a> Row<'a> {
    /// What is known of an entry of the listing.
    pub fn new(dataset: &Dataset, entry: Entry<'_>, path: &'a [u8]) -> Self {
        match entry {
            Entry::Folder(folder) => Self::of_folder(dataset, folder, path),
            Entry::Listed(_, Listed::File(file)) => Self {
                path,
                file_type: "file",
                ino: file_ino(file.inode).0,
                mode: file.mode,
                nlink: file.links,
                owner: file.owner,
                mtime: file.mtime,
                size: Some(file.size),
                target: None,
                recipe: Some(file.recipe),
            },
            Entry::Listed(_, Listed::Symlink(link)) => Self {
                path,
                file_type: "symlink",
                ino: file_ino(link.index).0,
                mode: 0o777,
                nlink: 1,
                owner: None,
                mtime: link.mtime,
                size: None,
                target: Some(dataset.link_target(&link)),
                recipe: None,
            },
        }
    }

    fn of_folder(dataset: &Dataset, folder: u64, path: &'a [u8]) -> Self {
        let subfolders = dataset.shape().children(folder);
        Self {
            path,
            file_type: "directory",
            ino: folder_ino(folder).0,
            mode: dataset.folder_mode(),
            nlink: 2 + (subfolders.end - subfolders.start),
            owner: None,
            mtime: dataset.folder_time(folder),
            size: None,
            target: None,
            recipe: None,
        }
    }

    /// Appends the row as a JSON object, without a newline.
    ///
    /// A path that is not UTF-8 stands there twice: in `path` with U+FFFD for what JSON cannot hold, and in
    /// `path_percent` with every byte but `A-Z a-z 0-9 . _ ~ - /` as `%XX`, which loses nothing.
    pub fn push_json(&self, out: &mut Vec<u8>) {
        let path = String::from_utf8_lossy(self.path);
        let target = self.target.as_deref();
        let json = Json {
            path: &path,
            path_percent: str::from_utf8(self.path).is_err().then(|| percent(self.path)),
            r#type: self.file_type,
            ino: self.ino,
            mode: format!("{:o}", self.mode),
            nlink: self.nlink,
            uid: self.owner.map(|(uid, _)| uid),
            gid: self.owner.map(|(_, gid)| gid),
            mtime: self.mtime,
            size: self.size,
            kind: self.recipe.map(|r| r.kind.to_string()),
            seed: self.recipe.map(|r| r.seed),
            edition: self.recipe.map(|r| r.edition),
            target: target.map(String::from_utf8_lossy),
            target_percent: target.filter(|target| str::from_utf8(target).is_err()).map(percent),
        };
        // Writing to memory does not fail.
        let _ = serde_json::to_writer(out, &json);
    }

    /// Appends the row as mtree(5) writes it, with the full path, without a newline.
    ///
    /// Owners that the tree does not name are left out: they are those of whoever mounts.
    pub fn push_mtree(&self, out: &mut Vec<u8>) {
        out.push(b'.');
        if !self.path.is_empty() {
            out.push(b'/');
            push_mtree_name(self.path, out);
        }
        let kind = match self.file_type {
            "directory" => "dir",
            "symlink" => "link",
            other => other,
        };
        let Self { mode, nlink, mtime, .. } = self;
        // Writing to memory does not fail.
        let _ = write!(out, " type={kind} mode={mode:04o} nlink={nlink}");
        if let Some((uid, gid)) = self.owner {
            let _ = write!(out, " uid={uid} gid={gid}");
        }
        if let Some(size) = self.size {
            let _ = write!(out, " size={size}");
        }
        let _ = write!(out, " time={mtime}.0");
        if let Some(target) = &self.target {
            out.extend_from_slice(b" link=");
            push_mtree_name(target, out);
        }
    }
}

/// Appends what precedes the rows of an mtree specification: the line by which programs know it, a comment that starts
/// with a number sign and ends with a line feed, if any, and the root.
pub fn push_mtree_header(dataset: &Dataset, comment: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"#mtree\n");
    out.extend_from_slice(comment.as_bytes());
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
        Row {
            path,
            file_type: "file",
            ino: 2,
            mode: 0o644,
            nlink: 1,
            owner: None,
            mtime: 1_600_000_000,
            size: Some(5),
            target: None,
            recipe: Some(recipe),
        }
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
        let dataset = Dataset::new(Spec::parse("files=3,dirs=4,fanout=3").unwrap()).unwrap();
        let mut out = Vec::new();
        push_mtree_header(&dataset, "", &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("#mtree\n. type=dir mode=0755 nlink=5 time="), "{text}");
    }
}
