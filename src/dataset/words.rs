//! The built-in words that names are made of. Their order is part of the format.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_distinct_sorted_and_canonical() {
        for words in [&FILES[..], &FOLDERS[..]] {
            assert!(words.windows(2).all(|w| w[0] < w[1]));
            assert!(words.iter().all(|w| w.bytes().all(|b| b.is_ascii_lowercase()) && w.len() >= 3));
        }
    }
}
