//! A reported group taken apart by content, and why its parts are not equal.

use std::borrow::Cow;
use std::fmt;

use super::Options;
use crate::truth::{Fact, Trap};

/// A path of a reported group, and what is known of it.
pub(super) struct Member<'a> {
    pub(super) fact: Fact,
    /// Place in the reported group.
    pub(super) at: usize,
    /// Relative to the root.
    pub(super) path: Cow<'a, [u8]>,
    /// Whether this file (with hard links: this name) was not reported before.
    pub(super) is_new: bool,
}

/// The files of a reported group that have the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// Their [`Fact::content`].
    pub content: u64,
    /// Size of each in bytes.
    pub size: u64,
    /// Files that count: names of one file once, unless hard links count.
    pub files: u64,
    /// Those of them that were not reported in an earlier group.
    pub new: u64,
    /// Some of their paths, in the order of the report.
    pub paths: Vec<Vec<u8>>,
    /// Why they are not equal to those of the first class; `None` for the first one.
    pub reason: Option<Reason>,
}

/// Why two contents are not equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// One is a near-duplicate of the other.
    Near(Trap),
    /// Both are near-duplicates of a third.
    BothNear(Trap, Trap),
    /// Sizes in bytes.
    Sizes(u64, u64),
    /// Nothing but the size is equal.
    Unrelated,
}

/// As a clause about two files.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Near(trap) => trap.fmt(f),
            Reason::BothNear(one, other) => write!(f, "both made from a third: one {one}, the other {other}"),
            Reason::Sizes(one, other) => write!(f, "sizes differ: {one} and {other} bytes"),
            Reason::Unrelated => f.write_str("nothing equal but the size"),
        }
    }
}

impl Reason {
    fn between(one: &Fact, other: &Fact) -> Self {
        let is_near = |near: &Fact, base: &Fact| near.base == base.content;
        match (one.trap, other.trap) {
            (_, Some(trap)) if is_near(other, one) => Reason::Near(trap),
            (Some(trap), _) if is_near(one, other) => Reason::Near(trap),
            (Some(first), Some(second)) if one.base == other.base => Reason::BothNear(first, second),
            _ if one.size != other.size => Reason::Sizes(one.size, other.size),
            _ => Reason::Unrelated,
        }
    }
}

/// The members by content: the most frequent content first, and otherwise the order of the report.
pub(super) fn classes(members: &mut [Member<'_>], options: Options) -> Vec<Class> {
    // A file that was not reported before comes as the first of its names.
    members.sort_by_key(|member| (member.fact.content, member.fact.ino, member.at));
    let mut classes = Vec::new();
    for class in members.chunk_by(|one, other| one.fact.content == other.fact.content) {
        let is_same_file = |one: &Member<'_>, other: &Member<'_>| !options.hard_links && one.fact.ino == other.fact.ino;
        let mut files: Vec<&Member<'_>> = class.chunk_by(is_same_file).map(|names| &names[0]).collect();
        files.sort_by_key(|file| file.at);
        let first = files[0];
        classes.push((
            first,
            Class {
                content: first.fact.content,
                size: first.fact.size,
                files: files.len() as u64,
                new: files.iter().filter(|file| file.is_new).count() as u64,
                paths: files.iter().take(options.shown).map(|file| file.path.to_vec()).collect(),
                reason: None,
            },
        ));
    }
    classes.sort_by_key(|(first, class)| (std::cmp::Reverse(class.files), first.at));
    let Some(&(most, _)) = classes.first() else { return Vec::new() };
    let reason = |first: &Member<'_>| (first.at != most.at).then(|| Reason::between(&most.fact, &first.fact));
    classes.into_iter().map(|(first, class)| Class { reason: reason(first), ..class }).collect()
}
