//! One row of a listing, as programs read it: what is known of a file or directory without its bytes.

use std::borrow::Cow;
use std::io::Write;

use serde::Serialize;

use crate::Recipe;
use crate::dataset::cases::{Case, Node, Tag};
use crate::dataset::{At, Entry, Listed};
use crate::tree::{case_ino, file_ino, folder_ino};
use crate::vfs::{Device, Ino, Time};

/// An entry of a dataset, as a mount shows it.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// Path from the root, without a slash at either end; empty for the root.
    pub path: &'a [u8],
    /// `file`, `directory`, `symlink`, `fifo`, `socket`, `char` or `block`.
    pub file_type: &'static str,
    /// Inode number.
    pub ino: u64,
    /// Permission bits, at most 0o7777.
    pub mode: u16,
    /// Hard links.
    pub nlink: u64,
    /// User and group numbers, where the tree names some.
    pub owner: Option<(u32, u32)>,
    /// The last change.
    pub mtime: Time,
    /// Bytes of a file.
    pub size: Option<u64>,
    /// Target of a symbolic link.
    pub target: Option<Vec<u8>>,
    /// What decides the bytes of a file; only files have one.
    pub recipe: Option<Recipe>,
    /// Numbers of a device.
    pub device: Option<Device>,
    /// Tag of a hand-made case, and what a program that meets it must do.
    pub case: Option<(&'static str, String)>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    mtime_ns: Option<u32>,
    size: Option<u64>,
    kind: Option<String>,
    seed: Option<u64>,
    edition: Option<u32>,
    target: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_percent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<[u32; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expect: Option<&'a str>,
}

impl<'a> Row<'a> {
    /// What is known of an entry of the listing.
    pub fn new(at: &At<'_>, entry: Entry<'_>, path: &'a [u8]) -> Self {
        match entry {
            Entry::Folder(folder) => Self::of_folder(at, folder, path),
            Entry::Listed(_, Listed::File(file)) => Self {
                mode: file.mode,
                nlink: file.links,
                owner: file.owner,
                size: Some(file.size),
                recipe: Some(file.recipe),
                ..Self::plain(path, "file", file_ino(file.inode), Time::of(file.mtime))
            },
            Entry::Listed(_, Listed::Symlink(link)) => Self {
                mode: 0o777,
                target: Some(at.dataset().link_target(&link)),
                ..Self::plain(path, "symlink", file_ino(link.index), Time::of(link.mtime))
            },
            Entry::Case(case) => Self::of_case(at, &case, path),
        }
    }

    /// What is the same for most entries.
    fn plain(path: &'a [u8], file_type: &'static str, ino: Ino, mtime: Time) -> Self {
        Self {
            path,
            file_type,
            ino: ino.0,
            mode: 0o644,
            nlink: 1,
            owner: None,
            mtime,
            size: None,
            target: None,
            recipe: None,
            device: None,
            case: None,
        }
    }

    fn of_case(at: &At<'_>, case: &Case<'_>, path: &'a [u8]) -> Self {
        let (file_type, device, target) = match case.node {
            Node::Directory => ("directory", None, None),
            Node::File(_) => ("file", None, None),
            Node::Symlink(target) => ("symlink", None, Some(target.to_vec())),
            Node::Fifo => ("fifo", None, None),
            Node::Socket => ("socket", None, None),
            Node::CharDevice(device) => ("char", Some(device), None),
            Node::BlockDevice(device) => ("block", Some(device), None),
        };
        Self {
            mode: case.mode,
            nlink: case.links,
            owner: case.owner,
            size: case.recipe().map(|recipe| recipe.bytes()),
            recipe: case.recipe(),
            target,
            device,
            case: Some((case.tag.map_or("cases", Tag::name), at.dataset().cases().expectation(case))),
            ..Self::plain(path, file_type, case_ino(case.inode), case.mtime)
        }
    }

    fn of_folder(at: &At<'_>, folder: u64, path: &'a [u8]) -> Self {
        let dataset = at.dataset();
        Self {
            mode: dataset.folder_mode(),
            nlink: 2 + dataset.subdirectories(folder),
            ..Self::plain(path, "directory", folder_ino(folder), Time::of(at.folder_time(folder)))
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
            mtime: self.mtime.seconds,
            mtime_ns: (self.mtime.nanoseconds > 0).then_some(self.mtime.nanoseconds),
            size: self.size,
            kind: self.recipe.map(|r| r.kind.to_string()),
            seed: self.recipe.map(|r| r.seed),
            edition: self.recipe.map(|r| r.edition),
            target: target.map(String::from_utf8_lossy),
            target_percent: target.filter(|target| str::from_utf8(target).is_err()).map(percent),
            device: self.device.map(|device| [device.major, device.minor]),
            case: self.case.as_ref().map(|&(tag, _)| tag),
            expect: self.case.as_ref().map(|(_, expect)| expect.as_str()),
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
        // Behind the dot stands a number of nanoseconds.
        let _ = match mtime.nanoseconds {
            0 => write!(out, " time={}.0", mtime.seconds),
            nanoseconds => write!(out, " time={}.{nanoseconds:09}", mtime.seconds),
        };
        if let Some(Device { major, minor }) = self.device {
            let _ = write!(out, " device=native,{major},{minor}");
        }
        if let Some(target) = &self.target {
            out.extend_from_slice(b" link=");
            push_mtree_name(target, out);
        }
    }
}

/// Appends what precedes the rows of an mtree specification: the line by which programs know it, a comment that starts
/// with a number sign and ends with a line feed, if any, and the root.
pub fn push_mtree_header(at: &At<'_>, comment: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"#mtree\n");
    out.extend_from_slice(comment.as_bytes());
    Row::new(at, Entry::Folder(0), b"").push_mtree(out);
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
    use crate::dataset::{Dataset, Spec};

    /// A file with this path, whatever a dataset would call it.
    fn row(path: &[u8]) -> Row<'_> {
        let recipe = Recipe { kind: crate::Kind::Text, seed: 7, size: 5, edition: 0 };
        Row { size: Some(5), recipe: Some(recipe), ..Row::plain(path, "file", Ino(2), Time::of(1_600_000_000)) }
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
        push_mtree_header(&dataset.at_start(), "", &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("#mtree\n. type=dir mode=0755 nlink=5 time="), "{text}");
    }
}
