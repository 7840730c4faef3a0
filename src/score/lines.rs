//! Reports of one path a line, with an empty line behind each group: paths that hold line ends are not told from others.

use std::borrow::Cow;

use super::report::Paths;

/// A report in lines.
#[derive(Debug)]
pub struct Lines<'a>(&'a [u8]);

/// Most lines that one path is put together from: a name has at most 255 bytes, and few of them are line ends.
const MOST_JOINED: usize = 32;

impl<'a> Lines<'a> {
    pub(super) fn new(report: &'a [u8]) -> Self {
        Self(report)
    }

    /// Lines that may be paths or their beginnings.
    pub(super) fn paths(&self) -> impl Iterator<Item = &'a [u8]> {
        self.0.split(|&b| b == b'\n').filter(|line| !line.is_empty() && !is_size(line))
    }

    /// The groups. A line that is no known path is joined with the next ones, empty ones among them, where that makes
    /// a known path of it.
    pub(super) fn groups(&self, is_known: &dyn Fn(&[u8]) -> bool) -> Vec<Paths<'a>> {
        let mut groups = Vec::new();
        let mut group = Paths::new();
        let mut rest = self.0;
        while !rest.is_empty() {
            let line = &rest[..line_end(rest, 0)];
            let mut used = line.len();
            if line.is_empty() {
                groups.extend(Some(std::mem::take(&mut group)).filter(|group| !group.is_empty()));
            } else if !(group.is_empty() && is_size(line)) {
                let path = if is_known(line) { line } else { joined(rest, is_known).unwrap_or(line) };
                used = path.len();
                group.push(Cow::Borrowed(path));
            }
            rest = rest.get(used + 1..).unwrap_or_default();
        }
        groups.extend(Some(group).filter(|group| !group.is_empty()));
        groups
    }
}

/// Place of the line end at or behind `from`, or the end of the text.
fn line_end(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len())
}

/// The shortest known path that is made of the first lines of `text`, at least two of them.
fn joined<'a>(text: &'a [u8], is_known: &dyn Fn(&[u8]) -> bool) -> Option<&'a [u8]> {
    let mut end = line_end(text, 0);
    for _ in 1..MOST_JOINED {
        if end >= text.len() {
            break;
        }
        end = line_end(text, end + 1);
        if is_known(&text[..end]) {
            return Some(&text[..end]);
        }
    }
    None
}

/// Whether a line is what option `-S` puts before a group: `4096 bytes each:`.
fn is_size(line: &[u8]) -> bool {
    let text = line.strip_suffix(b" bytes each:").or_else(|| line.strip_suffix(b" byte each:"));
    text.is_some_and(|digits| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
}
