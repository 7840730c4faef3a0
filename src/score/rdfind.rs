//! The `results.txt` of `rdfind`: two lines of header, one line a file with its kind of duplicate, six numbers and its
//! path, and a last line. The first file of a group says so. A path that holds line ends goes on in the next lines.

use std::borrow::Cow;

use super::report::{Paths, ReportError};

const HEADER: &[u8] = b"# Automatically generated\n# duptype id depth size device inode priority name\n";
const END: &[u8] = b"# end of file\n";

/// Reads a report.
pub(super) fn read(report: &[u8]) -> Result<Vec<Paths<'_>>, ReportError> {
    let Some(body) = report.strip_prefix(HEADER) else {
        return Err(ReportError::new(1, "no header of rdfind; name the results.txt that rdfind wrote"));
    };
    let Some(body) = body.strip_suffix(END) else {
        return Err(error_at(report, report.len(), "cut off: the line \"# end of file\" is missing"));
    };
    let mut groups: Vec<Paths<'_>> = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let wrong = |why| error_at(report, HEADER.len() + body.len() - rest.len(), why);
        let Some((is_first, path)) = record(rest) else {
            return Err(wrong("no line of rdfind: a type, six numbers and a path belong here"));
        };
        let (path, behind) = path_and_rest(path);
        match groups.last_mut() {
            Some(group) if !is_first => group.push(Cow::Borrowed(path)),
            None if !is_first => return Err(wrong("a group without its first file")),
            _ => groups.push(vec![Cow::Borrowed(path)]),
        }
        rest = behind;
    }
    Ok(groups)
}

fn error_at(report: &[u8], offset: usize, why: &str) -> ReportError {
    let line = 1 + report[..offset].iter().filter(|&&b| b == b'\n').count();
    ReportError::new(line as u64, why)
}

/// Whether the line at the start of `text` is the first file of a group, and the text from its path on; `None` where no
/// line of a report starts.
fn record(text: &[u8]) -> Option<(bool, &[u8])> {
    if !text.starts_with(b"DUPTYPE_") {
        return None;
    }
    let line = text.split(|&b| b == b'\n').next()?;
    let mut fields = line.splitn(8, |&b| b == b' ');
    let is_first = fields.next()? == b"DUPTYPE_FIRST_OCCURRENCE";
    let is_number = |field: &[u8]| {
        let digits = field.strip_prefix(b"-").unwrap_or(field);
        !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
    };
    for _ in 0..6 {
        fields.next().filter(|field| is_number(field))?;
    }
    let path = fields.next()?;
    Some((is_first, &text[line.len() - path.len()..]))
}

/// The path at the start of `text`, which ends where the next record starts, and the text from there on.
fn path_and_rest(text: &[u8]) -> (&[u8], &[u8]) {
    let mut ends = text.iter().enumerate().filter(|&(_, &b)| b == b'\n').map(|(at, _)| at);
    let end = ends.find(|&at| at + 1 == text.len() || record(&text[at + 1..]).is_some());
    end.map_or((text, &[]), |at| (&text[..at], &text[at + 1..]))
}
