//! Reports of `jdupes -r`: lines as `fdupes` writes them; the same with NUL for the end of a line (`-0`), which is
//! exact; and JSON (`-j`) with `matchSets`, each with its `fileList`.

use std::borrow::Cow;

use serde::Deserialize;

use super::json::Bytes;
use super::lines::Lines;
use super::report::{Paths, Report, ReportError};

#[derive(Deserialize)]
struct Json<'a> {
    #[serde(rename = "matchSets", borrow)]
    match_sets: Vec<MatchSet<'a>>,
}

#[derive(Deserialize)]
struct MatchSet<'a> {
    #[serde(rename = "fileList", borrow)]
    file_list: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(rename = "filePath", borrow)]
    file_path: Bytes<'a>,
}

/// Reads a report; JSON is told by its opening brace and the white space or quotation mark behind it.
pub(super) fn read(report: &[u8]) -> Result<Report<'_>, ReportError> {
    if let [b'{', b'"' | b' ' | b'\n' | b'\r' | b'\t' | b'}', ..] = report.trim_ascii_start() {
        let json: Json<'_> = serde_json::from_slice(report)?;
        let paths =
            |set: MatchSet<'_>| set.file_list.into_iter().map(|entry| entry.file_path.0.into_owned().into()).collect();
        return Ok(Report::Groups(json.match_sets.into_iter().map(paths).collect()));
    }
    if report.contains(&0) {
        return Ok(Report::Groups(separated_by_nul(report)));
    }
    Ok(Report::Lines(Lines::new(report)))
}

/// A NUL behind each path and one more behind each group.
fn separated_by_nul(report: &[u8]) -> Vec<Paths<'_>> {
    let paths: Paths<'_> = report.split(|&b| b == 0).map(Cow::Borrowed).collect();
    let groups = paths.split(|path| path.is_empty()).filter(|group| !group.is_empty());
    groups.map(<[_]>::to_vec).collect()
}
