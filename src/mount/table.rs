//! The kernel's table of mounts, `/proc/self/mountinfo`: reading it never touches a file system that may hang.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableEntry {
    /// Number of the mount, unique while it lasts.
    pub id: u64,
    /// Device number as `major:minor`, the same wherever the file system is mounted.
    pub device: String,
    /// Where it is mounted.
    pub point: PathBuf,
    /// Type, such as `fuse.seedfs`.
    pub fs_type: String,
    /// Source, such as the dataset.
    pub source: OsString,
}

impl TableEntry {
    /// Whether it is a mount of this program.
    pub fn is_seedfs(&self) -> bool {
        self.fs_type == "fuse.seedfs" || self.is_sink()
    }

    /// Whether it is a sink of this program.
    pub fn is_sink(&self) -> bool {
        self.fs_type.strip_prefix("fuse.") == Some(super::SINK_SUBTYPE)
    }
}

/// The mounts that this process sees, older ones first.
///
/// # Errors
/// Those of reading `/proc/self/mountinfo`.
pub fn read() -> io::Result<Vec<TableEntry>> {
    Ok(parse(&std::fs::read("/proc/self/mountinfo")?))
}

/// The mount that hides all others at this place; `point` is absolute and free of symbolic links.
///
/// # Errors
/// Those of reading `/proc/self/mountinfo`.
pub fn topmost(point: &Path) -> io::Result<Option<TableEntry>> {
    Ok(read()?.into_iter().rfind(|entry| entry.point == point))
}

/// The mount that hides all others at this place, found without touching it: a dead mount answers nothing. What leads
/// there may be relative and hold symbolic links; the place itself is none, else nothing is found.
///
/// # Errors
/// Those of reading `/proc/self/mountinfo`.
pub fn untouched(point: &Path) -> io::Result<Option<TableEntry>> {
    let Some(name) = point.file_name() else { return Ok(None) };
    let parent = point.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    parent.canonicalize().map_or(Ok(None), |parent| topmost(&parent.join(name)))
}

/// Lines that are not understood are left out.
fn parse(table: &[u8]) -> Vec<TableEntry> {
    table.split(|&b| b == b'\n').filter_map(parse_line).collect()
}

/// `36 35 98:0 /root /point rw,noatime master:1 - type source options`, with any number of fields before the dash.
fn parse_line(line: &[u8]) -> Option<TableEntry> {
    let fields: Vec<&[u8]> = line.split(|&b| b == b' ').collect();
    let dash = fields.iter().skip(6).position(|field| field == b"-")? + 6;
    let text = |field: &[u8]| std::str::from_utf8(field).ok().map(str::to_owned);
    Some(TableEntry {
        id: std::str::from_utf8(fields.first()?).ok()?.parse().ok()?,
        device: text(fields.get(2)?)?,
        point: unescape(fields.get(4)?).into(),
        fs_type: text(unescape(fields.get(dash + 1)?).as_bytes())?,
        source: unescape(fields.get(dash + 2)?),
    })
}

/// Takes away the kernel's octal escapes: blank, tab, newline, backslash and hash are written as `\040` and so on.
fn unescape(field: &[u8]) -> OsString {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, tail @ ..] = rest {
        match rest {
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', tail @ ..] => {
                out.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = tail;
            }
            _ => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    OsString::from_vec(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_writes() {
        let table = b"22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw\n\
            97 22 0:45 / /mnt/a\\040b\\134 ro,nosuid master:1 propagate_from:2 - fuse.seedfs files=1M,size=4k ro\n\
            98 22 0:46 / /mnt/c ro - fuse.seedfs  ro\n";
        let entries = parse(table);
        assert_eq!(entries.len(), 3);
        assert_eq!(entries[1].point, Path::new("/mnt/a b\\"));
        assert_eq!(entries[1].device, "0:45");
        assert_eq!(entries[1].source, "files=1M,size=4k");
        assert!(entries[1].is_seedfs() && !entries[0].is_seedfs());
        assert_eq!(entries[2].source, "");
    }

    #[test]
    fn passes_over_what_it_does_not_understand() {
        assert_eq!(parse(b"\nx\n1 2 3\n1 2 3 4 5 6 7 8 9\nx 1 0:1 / / rw - a b c\n1 1 0:1 / / rw -\n"), []);
        assert_eq!(unescape(b"\\4\\04\\9\\777a\\"), "\\4\\04\\9\\777a\\");
    }

    proptest::proptest! {
        #[test]
        fn never_panics(table: Vec<u8>) {
            parse(&table);
        }
    }
}
