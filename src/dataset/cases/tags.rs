//! Tags of cases, by which a dataset selects them.

use std::fmt;

/// What a case is about. Each tag has a directory of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tag {
    /// Names that are hard to print, quote, compare or store.
    Names,
    /// Paths longer than programs may name at once.
    Paths,
    /// Hard links by the thousand, symbolic links in circles.
    Links,
    /// Sizes around the powers of two up to 2^32.
    Sizes,
    /// Sizes around the powers of two from 2^33 to 2^63 − 1: reading them does not end.
    Huge,
    /// Holes beside zeros that were written.
    Holes,
    /// Times at the limits of file systems and formats, with nanoseconds.
    Times,
    /// All permission bits.
    Modes,
    /// FIFOs, sockets and device nodes.
    Special,
    /// Directories with 0, 1, 65,536 and 1,000,000 entries.
    Directories,
}

impl Tag {
    /// All of them, in the order of their listing.
    pub const ALL: [Self; 10] = [
        Self::Names,
        Self::Paths,
        Self::Links,
        Self::Sizes,
        Self::Huge,
        Self::Holes,
        Self::Times,
        Self::Modes,
        Self::Special,
        Self::Directories,
    ];

    /// As datasets spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Names => "names",
            Self::Paths => "paths",
            Self::Links => "links",
            Self::Sizes => "sizes",
            Self::Huge => "huge",
            Self::Holes => "holes",
            Self::Times => "times",
            Self::Modes => "modes",
            Self::Special => "special",
            Self::Directories => "directories",
        }
    }
}

/// A set of tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tags(u16);

impl Tags {
    /// No tags.
    pub const NONE: Self = Self(0);

    /// All tags.
    pub const ALL: Self = Self((1 << Tag::ALL.len()) - 1);

    /// Whether there is no tag in it.
    pub fn is_empty(self) -> bool {
        self == Self::NONE
    }

    /// Whether a tag is in it.
    pub fn contains(self, tag: Tag) -> bool {
        self.0 & Self::of(tag).0 != 0
    }

    fn of(tag: Tag) -> Self {
        Self(1 << tag as u16)
    }

    /// Reads tags with `+` between them, `all` or `none` for many of them at once, and tags to leave out behind a `-`:
    /// `names+links`, `all-huge`.
    ///
    /// # Errors
    /// What it takes, as the end of a sentence about the value.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut tags = Self::NONE;
        for part in text.split('+') {
            let mut names = part.split('-');
            tags.0 |= Self::named(names.next().unwrap_or_default())?.0;
            for name in names {
                tags.0 &= !Self::named(name)?.0;
            }
        }
        Ok(tags)
    }

    fn named(name: &str) -> Result<Self, String> {
        match name {
            "all" => Ok(Self::ALL),
            "none" => Ok(Self::NONE),
            _ => Tag::ALL.into_iter().find(|tag| tag.name() == name).map(Self::of).ok_or_else(|| {
                let names = Tag::ALL.map(Tag::name).join(", ");
                format!("must be all, none or some of {names}, such as names+links or all-huge; not {name:?}")
            }),
        }
    }
}

/// Tag by tag, as [`Tags::parse`] reads it; later versions may know more of them than `all` once meant.
impl fmt::Display for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Tag::ALL.into_iter().filter(|&tag| self.contains(tag)).map(Tag::name).collect();
        if names.is_empty() { f.write_str("none") } else { f.write_str(&names.join("+")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_as_they_are_written() {
        for (text, written) in [
            ("none", "none"),
            ("names", "names"),
            ("sizes+names", "names+sizes"),
            ("all-huge-directories", "names+paths+links+sizes+holes+times+modes+special"),
            ("all-huge+huge", "names+paths+links+sizes+huge+holes+times+modes+special+directories"),
            ("names-names", "none"),
        ] {
            let tags = Tags::parse(text).unwrap();
            assert_eq!(tags.to_string(), written, "{text}");
            assert_eq!(Tags::parse(written), Ok(tags));
        }
        assert_eq!(Tags::parse("all"), Ok(Tags::ALL));
    }

    #[test]
    fn what_is_no_tag_is_named() {
        for (text, wrong) in [("", ""), ("nam", "nam"), ("names+", ""), ("all-big", "big"), ("Names", "Names")] {
            let why = Tags::parse(text).unwrap_err();
            assert!(why.ends_with(&format!("not {wrong:?}")), "{text}: {why}");
        }
    }
}
