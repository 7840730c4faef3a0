//! How the modules of the tags describe their cases.

use std::borrow::Cow;

use super::Device;
use super::tags::Tag;
use crate::recipe::Kind;
use crate::vfs::Time;

/// Bytes of a file whose size does not matter.
pub(super) const SIZE: u64 = 100;

/// 2020-01-01: the time of what has none of its own.
pub(super) const PLAIN_TIME: Time = Time { seconds: 1_577_836_800, nanoseconds: 0 };

/// Text or bytes that may have been put together.
pub(super) type Bytes = Cow<'static, [u8]>;

/// What an entry of a directory is called.
#[derive(Debug)]
pub(super) enum Name {
    /// This, and nothing else.
    Plain(Bytes),
    /// This, the recipe, and an extension.
    Recipe(Bytes, &'static str),
}

/// What an entry of a directory is.
#[derive(Debug)]
pub(super) enum What {
    /// A regular file.
    File(Kind, u64),
    /// A symbolic link to this.
    Symlink(Bytes),
    Fifo,
    Socket,
    CharDevice(Device),
    BlockDevice(Device),
    /// A further name of the entry at this place.
    NameOf(Place),
}

/// A directory, and which of its items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) directory: usize,
    pub(super) item: usize,
}

/// An entry of a directory, other than a directory.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) name: Name,
    pub(super) what: What,
    pub(super) mode: u16,
    pub(super) owner: Option<(u32, u32)>,
    pub(super) mtime: Time,
    pub(super) expect: &'static str,
    /// Names in all.
    pub(super) links: u64,
}

/// Entries of one directory that follow from their number: `stem-0_s…` and so on, behind its items.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) of: RunOf,
    pub(super) stem: &'static str,
    pub(super) count: u64,
    /// Bytes of each: at least 16, so that all are different.
    pub(super) size: u64,
    pub(super) expect: &'static str,
}

/// What the entries of a run have of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunOf {
    /// Their contents.
    Files,
    /// Their contents, and their number as permission bits.
    Modes,
    /// Nothing: they are names of one file.
    Names,
}

/// A directory of cases.
#[derive(Debug)]
pub(super) struct Directory {
    /// Number of the directory itself; those of its items and of its run follow.
    pub(super) first: u64,
    pub(super) tag: Option<Tag>,
    /// The directory above; the topmost is its own.
    pub(super) parent: usize,
    pub(super) name: Bytes,
    pub(super) mode: u16,
    pub(super) mtime: Time,
    pub(super) expect: &'static str,
    /// Directories in it, in order.
    pub(super) directories: Vec<usize>,
    pub(super) items: Vec<Item>,
    pub(super) run: Option<Run>,
}

impl Directory {
    /// Entries that are no directories.
    pub(super) fn entries(&self) -> u64 {
        self.items.len() as u64 + self.run.as_ref().map_or(0, |run| run.count)
    }
}

/// Directories while they are put together: each is complete before the next tag begins.
#[derive(Debug)]
pub(super) struct Builder {
    pub(super) directories: Vec<Directory>,
    tag: Option<Tag>,
}

impl Builder {
    /// With nothing but the directory of all cases.
    pub(super) fn new(name: &'static [u8]) -> Self {
        let mut builder = Self { directories: Vec::new(), tag: None };
        builder.directory(0, name, "a tool must come to an end, and name what it left out");
        builder
    }

    /// Begins a tag with its directory, which is returned.
    pub(super) fn begin(&mut self, tag: Tag) -> usize {
        self.tag = Some(tag);
        self.directory(0, tag.name().as_bytes(), "a tool must list it like any directory")
    }

    /// Adds a directory.
    pub(super) fn directory(&mut self, parent: usize, name: impl Into<Bytes>, expect: &'static str) -> usize {
        let at = self.directories.len();
        self.directories.push(Directory {
            first: 0,
            tag: self.tag,
            parent,
            name: name.into(),
            mode: 0o755,
            mtime: PLAIN_TIME,
            expect,
            directories: Vec::new(),
            items: Vec::new(),
            run: None,
        });
        if at != parent {
            self.directories[parent].directories.push(at);
        }
        at
    }

    /// Adds an entry, plain in all but name and type, and returns it for changes.
    pub(super) fn item(&mut self, directory: usize, name: Name, what: What, expect: &'static str) -> &mut Item {
        let mode = if matches!(what, What::Symlink(_)) { 0o777 } else { 0o644 };
        let items = &mut self.directories[directory].items;
        let at = items.len();
        items.push(Item { name, what, mode, owner: None, mtime: PLAIN_TIME, expect, links: 1 });
        &mut items[at]
    }

    /// Adds a file of random bytes with its recipe in its name.
    pub(super) fn file(
        &mut self,
        directory: usize,
        stem: impl Into<Bytes>,
        size: u64,
        expect: &'static str,
    ) -> &mut Item {
        self.item(directory, Name::Recipe(stem.into(), "bin"), What::File(Kind::Random, size), expect)
    }

    /// Adds a file of random bytes with just this name.
    pub(super) fn plain(&mut self, directory: usize, name: impl Into<Bytes>, expect: &'static str) -> &mut Item {
        self.item(directory, Name::Plain(name.into()), What::File(Kind::Random, SIZE), expect)
    }

    /// Adds a symbolic link.
    pub(super) fn symlink(
        &mut self,
        directory: usize,
        name: impl Into<Bytes>,
        target: impl Into<Bytes>,
        expect: &'static str,
    ) {
        self.item(directory, Name::Plain(name.into()), What::Symlink(target.into()), expect);
    }

    /// Numbers the entries, directory by directory, and counts the names of each file.
    pub(super) fn finish(mut self) -> Vec<Directory> {
        let mut next = 0;
        let mut names = Vec::new();
        for directory in &mut self.directories {
            directory.first = next;
            next += 1 + directory.entries();
            names.extend(directory.items.iter().filter_map(|item| match item.what {
                What::NameOf(place) => Some(place),
                _ => None,
            }));
        }
        for place in names {
            if let Some(item) = self.directories[place.directory].items.get_mut(place.item) {
                item.links += 1;
            }
        }
        self.directories
    }
}
