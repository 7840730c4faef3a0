//! What a scanner reported, as groups of paths. One parser a tool; none of them trusts a number in a report.

use std::borrow::Cow;
use std::fmt;

use super::lines::Lines;
use super::{fclones, fdupes, jdupes, rdfind, rmlint};
use crate::dataset::cases::Platform;

/// A scanner whose report can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// `fclones group -f json`.
    Fclones,
    /// `jdupes -r`, also with `-S`, with `-0`, or with `-j` for JSON.
    Jdupes,
    /// `fdupes -r`, also with `-S`.
    Fdupes,
    /// `rmlint -o json:FILE`.
    Rmlint,
    /// The `results.txt` of `rdfind`.
    Rdfind,
}

/// Paths that a scanner takes for equal, as it wrote them; from Windows with slashes.
pub type Paths<'a> = Vec<Cow<'a, [u8]>>;

/// A report that was read.
#[derive(Debug)]
pub enum Report<'a> {
    /// Groups of whole paths.
    Groups(Vec<Paths<'a>>),
    /// Lines that may be parts of paths: only the truth tells names that hold line ends from the ends of names.
    Lines(Lines<'a>),
}

/// Why a report cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ReportError {
    /// Line, from 1.
    pub line: u64,
    /// What is wrong there.
    pub why: String,
}

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl ReportError {
    pub(super) fn new(line: u64, why: impl Into<String>) -> Self {
        Self { line, why: why.into() }
    }
}

impl From<serde_json::Error> for ReportError {
    fn from(error: serde_json::Error) -> Self {
        let text = error.to_string();
        // The place stands at the end of the text as well.
        let why = text.rsplit_once(" at line ").map_or(text.as_str(), |(why, _)| why);
        Self::new(error.line().max(1) as u64, format!("column {}: {why}", error.column()))
    }
}

impl Tool {
    /// Name of the program.
    pub fn name(self) -> &'static str {
        match self {
            Tool::Fclones => "fclones",
            Tool::Jdupes => "jdupes",
            Tool::Fdupes => "fdupes",
            Tool::Rmlint => "rmlint",
            Tool::Rdfind => "rdfind",
        }
    }

    /// Reads a report that this tool wrote on this platform.
    ///
    /// # Errors
    /// The first thing in it that this tool does not write.
    pub fn read(self, report: &[u8]) -> Result<Report<'_>, ReportError> {
        self.read_from(Platform::HERE, report)
    }

    /// Reads a report that this tool wrote on a platform. On Windows lines may end in carriage returns, the text may be
    /// in UTF-16 as PowerShell writes it, and the paths get slashes; there no name holds a line end.
    ///
    /// # Errors
    /// The first thing in it that this tool does not write.
    pub fn read_from(self, platform: Platform, report: &[u8]) -> Result<Report<'_>, ReportError> {
        if platform != Platform::Windows {
            return self.parse(report);
        }
        let text = text_of_windows(report);
        let groups = self.parse(&text)?.groups(&|_| true);
        let path = |path: Cow<'_, [u8]>| Cow::Owned(platform.with_slashes(&path).into_owned());
        Ok(Report::Groups(groups.into_iter().map(|paths| paths.into_iter().map(path).collect()).collect()))
    }

    fn parse(self, report: &[u8]) -> Result<Report<'_>, ReportError> {
        match self {
            Tool::Fclones => fclones::read(report).map(Report::Groups),
            Tool::Jdupes => jdupes::read(report),
            Tool::Fdupes => Ok(Report::Lines(fdupes::read(report))),
            Tool::Rmlint => rmlint::read(report).map(Report::Groups),
            Tool::Rdfind => rdfind::read(report).map(Report::Groups),
        }
    }
}

/// A text file as UTF-8 with plain line ends. What is no UTF-16 in spite of its mark is refused by whoever reads it on.
fn text_of_windows(report: &[u8]) -> Vec<u8> {
    let mut text = match report {
        [0xff, 0xfe, units @ ..] => {
            let units = units.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
            let characters = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
            characters.collect::<String>().into_bytes()
        }
        _ => report.strip_prefix(b"\xef\xbb\xbf").unwrap_or(report).to_vec(),
    };
    // No name there holds a carriage return.
    text.retain(|&byte| byte != b'\r');
    text
}

impl<'a> Report<'a> {
    /// Beginnings of paths as they stand in the report, in its order: whole paths, or lines.
    pub fn beginnings(&self) -> Box<dyn Iterator<Item = &[u8]> + '_> {
        match self {
            Report::Groups(groups) => Box::new(groups.iter().flatten().map(AsRef::as_ref)),
            Report::Lines(lines) => Box::new(lines.paths()),
        }
    }

    /// The groups. `is_known` says of a path, as it stands in the report, whether it exists: lines that are no paths
    /// are joined to ones that are, where that is possible.
    pub fn groups(self, is_known: &dyn Fn(&[u8]) -> bool) -> Vec<Paths<'a>> {
        match self {
            Report::Groups(groups) => groups,
            Report::Lines(lines) => lines.groups(is_known),
        }
    }
}
