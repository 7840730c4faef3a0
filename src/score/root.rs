//! Where the mount was when the scanner ran: what stands before the paths of the dataset.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::dataset::cases::Platform;
use crate::fold::same;

/// The directory that a dataset was mounted on, as a report names it: the empty path for the working directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    path: Vec<u8>,
    /// Whether it is the same in any case.
    folds: bool,
}

/// Paths whose directories are tried, and of each the outermost ones that are.
const TRIED: (usize, usize) = (4, 64);
/// Paths that each of these directories is tried on.
const SAMPLE: usize = 256;

impl Root {
    /// A directory as a scanner on this platform may write it: `.`, `mnt/`, `/mnt/x`.
    pub fn new(path: &[u8]) -> Self {
        Self::on(Platform::HERE, path)
    }

    /// A directory as a scanner on a platform may write it, such as `X:\` or `c:\mnt\x` on Windows, where its case makes no
    /// difference.
    pub fn on(platform: Platform, path: &[u8]) -> Self {
        Self::plain(&platform.with_slashes(path), platform)
    }

    fn plain(path: &[u8], platform: Platform) -> Self {
        Self { path: plain(path).into_owned(), folds: platform.folds_case() }
    }

    /// The directory below which the most of these paths are known; of several the outermost, below which a path has
    /// the most to say. `None` where no path is known below any.
    pub fn find<'a>(paths: impl Iterator<Item = &'a [u8]>, is_known: &dyn Fn(&[u8]) -> bool) -> Option<Self> {
        let sample: Vec<Cow<'_, [u8]>> = paths.take(SAMPLE).map(plain).collect();
        let directories = sample.iter().take(TRIED.0).flat_map(|path| directories(path).take(TRIED.1));
        let mut best = None;
        let mut seen = HashSet::new();
        for directory in directories.filter(|directory| seen.insert(*directory)) {
            let root = Self::plain(directory, Platform::HERE);
            let known = sample.iter().filter(|path| root.below(path).is_some_and(is_known)).count();
            if known > best.as_ref().map_or(0, |&(most, _)| most) {
                best = Some((known, root));
            }
        }
        best.map(|(_, root)| root)
    }

    /// The path, with slashes, relative to this directory, if it lies below it.
    pub fn relative<'a>(&self, path: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        match plain(path) {
            Cow::Borrowed(path) => self.below(path).map(Cow::Borrowed),
            Cow::Owned(path) => self.below(&path).map(|path| Cow::Owned(path.to_vec())),
        }
    }

    fn below<'a>(&self, path: &'a [u8]) -> Option<&'a [u8]> {
        let (start, rest) = path.split_at_checked(self.path.len())?;
        if start != self.path && !(self.folds && same(start, &self.path)) {
            return None;
        }
        match &self.path[..] {
            b"" => (!rest.starts_with(b"/")).then_some(rest),
            b"/" => Some(rest),
            _ => rest.strip_prefix(b"/"),
        }
    }
}

/// The directories that a path lies in, from the outermost: `""` and `mnt` of `mnt/x`, `/` and `/mnt` of `/mnt/x`.
fn directories(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let first = if path.starts_with(b"/") { &path[..1] } else { &path[..0] };
    let slashes = path.iter().enumerate().skip(1).filter(|&(_, &b)| b == b'/');
    std::iter::once(first).chain(slashes.map(|(at, _)| &path[..at]))
}

/// The path without empty parts, parts of one dot, and a slash at its end.
fn plain(path: &[u8]) -> Cow<'_, [u8]> {
    let is_odd = |part: &[u8]| part.is_empty() || part == b".";
    let parts = || path.split(|&b| b == b'/');
    let skipped = usize::from(path.starts_with(b"/"));
    if path.starts_with(b"./") && !parts().skip(1).any(is_odd) {
        return Cow::Borrowed(&path[2..]);
    }
    if !parts().skip(skipped).any(is_odd) {
        return Cow::Borrowed(path);
    }
    let mut out = path[..skipped].to_vec();
    for part in parts().filter(|part| !is_odd(part)) {
        if out.len() > skipped {
            out.push(b'/');
        }
        out.extend_from_slice(part);
    }
    Cow::Owned(out)
}
