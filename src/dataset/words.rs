//! Words and extensions that names are made of. Their order is part of the format.

use crate::name::needs_kind;
use crate::recipe::{Kind, Mixed};

/// First words of file names.
pub(super) const FILES: [&str; 64] = [
    "agenda", "album", "annex", "archive", "balance", "banner", "bill", "brief", "budget", "card", "cast", "chapter",
    "chart", "claim", "config", "copy", "cover", "data", "deed", "design", "diary", "draft", "essay", "export", "form",
    "garden", "guide", "holiday", "index", "invoice", "journal", "label", "lecture", "ledger", "letter", "list", "log",
    "manual", "map", "memo", "menu", "minutes", "model", "notes", "offer", "order", "page", "photo", "plan", "poster",
    "print", "quote", "recipe", "record", "report", "review", "scan", "score", "sketch", "survey", "table", "thesis",
    "ticket", "voice",
];

/// Words of folder names.
pub(super) const FOLDERS: [&str; 32] = [
    "accounts", "archive", "assets", "backup", "books", "clients", "courses", "drafts", "events", "family", "finance",
    "games", "house", "images", "inbox", "library", "media", "music", "office", "papers", "photos", "private",
    "projects", "public", "research", "scans", "shared", "sources", "studio", "team", "travel", "work",
];

/// One row of a table of file types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileType {
    /// Its share, relative to the other rows.
    pub(super) weight: u32,
    /// Extension without the dot, or none.
    pub(super) ext: Option<&'static str>,
    /// Kind of the contents.
    pub(super) kind: Kind,
    /// Whether names give the kind, because the extension means another.
    pub(super) with_kind: bool,
}

impl FileType {
    fn new(weight: u32, ext: Option<&'static str>, kind: Kind) -> Self {
        Self { weight, ext, kind, with_kind: needs_kind(kind, ext.map(str::as_bytes)) }
    }
}

/// A home directory's types in rough proportion, every kind of content among them.
pub(super) fn mixed_types() -> Vec<FileType> {
    let mixed = |compress, dedupe, unit| Kind::Mixed(Mixed::new(compress, dedupe, unit).expect("a valid dial"));
    [
        (70, None, Kind::Random),
        (170, Some("jpg"), Kind::Random),
        (60, Some("png"), Kind::Random),
        (70, Some("mp3"), Kind::Random),
        (80, Some("pdf"), mixed(20, 0, 4096)),
        (60, Some("doc"), mixed(60, 0, 4096)),
        (40, Some("zip"), Kind::Random),
        (90, Some("txt"), Kind::Text),
        (50, Some("md"), Kind::Text),
        (60, Some("html"), Kind::Text),
        (60, Some("json"), Kind::Text),
        (40, Some("csv"), Kind::Text),
        (40, Some("log"), Kind::Text),
        (60, Some("c"), Kind::Text),
        (50, Some("py"), Kind::Text),
        (40, Some("db"), mixed(50, 25, 4096)),
        (20, Some("img"), mixed(60, 25, 4096)),
        (15, Some("raw"), Kind::Stamp),
        (10, Some("swap"), Kind::Zero),
        (8, Some("old"), Kind::Classic),
        (7, Some("dat"), Kind::Chunks),
    ]
    .map(|(weight, ext, kind)| FileType::new(weight, ext, kind))
    .into()
}

/// The single type of a dataset whose files are all of one kind.
pub(super) fn single_type(kind: Kind) -> Vec<FileType> {
    let ext = if kind == Kind::Text { "txt" } else { "bin" };
    vec![FileType::new(1, Some(ext), kind)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_distinct_sorted_and_canonical() {
        for words in [&FILES[..], &FOLDERS[..]] {
            assert!(words.windows(2).all(|w| w[0] < w[1]));
            assert!(words.iter().all(|w| w.bytes().all(|b| b.is_ascii_lowercase()) && w.len() >= 3));
        }
        assert_eq!(mixed_types().iter().map(|t| t.weight).sum::<u32>(), 1100);
    }
}
