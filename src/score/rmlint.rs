//! Reports of `rmlint -o json:FILE`: an array with a header, one object for each path, and a footer.
//!
//! Files of a group follow each other with the same size and the same checksum (none at all where a group has only names
//! of one file). An original begins a group, unless the `twins` of the group so far are not complete: a group may have
//! several originals. Empty files are no duplicates to it but of a type of their own, and make one group here.
//! Directories of equal files are left out: without `-D` there are none.

use serde::Deserialize;

use super::json::Bytes;
use super::report::{Paths, ReportError};

#[derive(Deserialize)]
struct Entry<'a> {
    description: Option<serde::de::IgnoredAny>,
    #[serde(rename = "type", borrow)]
    kind: Option<Bytes<'a>>,
    #[serde(borrow)]
    path: Option<Bytes<'a>>,
    #[serde(borrow)]
    checksum: Option<Bytes<'a>>,
    size: Option<u64>,
    twins: Option<u64>,
    #[serde(default)]
    is_original: bool,
}

/// The group that entries are added to, and what they have in common.
struct Open<'a> {
    checksum: Option<Bytes<'a>>,
    size: Option<u64>,
    twins: u64,
    paths: Paths<'a>,
}

impl<'a> Open<'a> {
    fn takes(&self, entry: &Entry<'a>) -> bool {
        let is_complete = self.paths.len() as u64 >= self.twins;
        self.size == entry.size && self.checksum == entry.checksum && !(entry.is_original && is_complete)
    }
}

/// Reads a report.
pub(super) fn read(report: &[u8]) -> Result<Vec<Paths<'_>>, ReportError> {
    let entries: Vec<Entry<'_>> = serde_json::from_slice(report)?;
    if entries.first().is_none_or(|header| header.description.is_none()) {
        return Err(ReportError::new(1, "no header of rmlint; write the report with rmlint -o json:FILE"));
    }
    let mut empty = Vec::new();
    let mut groups: Vec<Open<'_>> = Vec::new();
    for mut entry in entries {
        let Some(path) = entry.path.take() else { continue };
        match entry.kind.as_ref().map(|kind| &*kind.0) {
            Some(b"emptyfile") => empty.push(path.0),
            Some(b"duplicate_file") => match groups.last_mut() {
                Some(open) if open.takes(&entry) => open.paths.push(path.0),
                _ => groups.push(Open {
                    twins: entry.twins.unwrap_or(0),
                    checksum: entry.checksum,
                    size: entry.size,
                    paths: vec![path.0],
                }),
            },
            _ => {}
        }
    }
    let groups = groups.into_iter().map(|group| group.paths);
    Ok(groups.chain([empty]).filter(|group| !group.is_empty()).collect())
}
