//! What the tree of a sink is made of: small for each finished file, and more for those that are being written.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::evidence::{Context, Evidence, Judgement};
use crate::recipe::Recipe;
use crate::vfs::Time;

/// Place of a node in the table; inode numbers are one more.
pub(super) type NodeId = u32;

/// Place of a name in the table.
pub(super) type NameId = u32;

/// What a node is, to the outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeType {
    /// A directory.
    Directory,
    /// A regular file.
    Regular,
    /// A symbolic link.
    Symlink,
    /// A pipe, socket or device, which a sink keeps but cannot use.
    Special(Special),
}

/// A node without contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Special {
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A character device and its number.
    Char(u32),
    /// A block device and its number.
    Block(u32),
}

/// An inode.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) body: Body,
    pub(super) xattrs: Option<Box<Xattrs>>,
    pub(super) seconds: i64,
    pub(super) nanoseconds: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) perm: u16,
    /// Set when its only name was found to be right in everything, unset with any change.
    pub(super) is_judged: bool,
    /// Names; 0 once they are all removed.
    pub(super) names: u32,
    /// The name that it was last given, which may be another's by now.
    pub(super) last_name: NameId,
    /// References that the adapter has not given back; stays at the largest number once there.
    pub(super) references: u32,
}

/// Names and values of extended attributes.
pub(super) type Xattrs = Vec<(Box<[u8]>, Box<[u8]>)>;

/// What a node holds.
#[derive(Debug)]
pub(super) enum Body {
    /// A file whose bytes are all known to be those of a recipe.
    Whole(Recipe),
    /// Any other file.
    Flight(Arc<Flight>),
    Directory(Box<Directory>),
    Symlink(Box<[u8]>),
    Special(Special),
}

/// A directory's part of the tree.
#[derive(Debug, Default)]
pub(super) struct Directory {
    /// Its own name; absent for the root, and once it is removed.
    pub(super) name: Option<NameId>,
    /// The names in it: their numbers are the order of listings.
    pub(super) children: BTreeSet<NameId>,
    pub(super) subdirectories: u32,
}

/// What a file is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Subject {
    pub(super) recipe: Option<Recipe>,
    /// Whether that is demanded by a name it has, not guessed from a temporary one.
    pub(super) firm: bool,
}

/// A file that is being written, or that is not what it must be.
#[derive(Debug, Default)]
pub(super) struct Flight {
    /// That of the evidence, to be read without waiting for a comparison.
    size: AtomicU64,
    /// Handles that may write.
    pub(super) writers: AtomicU32,
    /// May be ahead of the evidence, which follows before it is next used.
    subject: Mutex<Subject>,
    evidence: Mutex<Evidence>,
}

impl Flight {
    pub(super) fn new(evidence: Evidence, subject: Subject) -> Self {
        Self {
            size: AtomicU64::new(evidence.size()),
            writers: AtomicU32::new(0),
            subject: Mutex::new(subject),
            evidence: Mutex::new(evidence),
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.size.load(Ordering::Relaxed)
    }

    /// Has the file compared with something else from now on.
    pub(super) fn follow(&self, subject: Subject) {
        *lock(&self.subject) = subject;
    }

    /// Works on the evidence, brought up to date first: without a name that says anything the old basis remains.
    /// Returns whether the basis is demanded by a name, beside what the work returns.
    pub(super) fn with<T>(&self, context: &Context<'_>, work: impl FnOnce(&mut Evidence) -> T) -> (T, bool) {
        let mut evidence = lock(&self.evidence);
        let subject = *lock(&self.subject);
        if let Some(recipe) = subject.recipe {
            evidence.rebase(context, recipe);
        }
        let result = work(&mut evidence);
        self.size.store(evidence.size(), Ordering::Relaxed);
        (result, subject.firm)
    }

    /// Judges the file by a recipe, which may be another than that of its last name.
    pub(super) fn judge(&self, context: &Context<'_>, demanded: &Recipe) -> Judgement {
        let judge = |evidence: &mut Evidence| {
            // Of several names with different demands each is judged in turn; what is known follows.
            evidence.rebase(context, *demanded);
            evidence.judge(context)
        };
        self.with(context, judge).0
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Node {
    pub(super) fn new(body: Body, perm: u16, owner: (u32, u32)) -> Self {
        let now = now();
        Self {
            body,
            xattrs: None,
            seconds: now.seconds,
            nanoseconds: now.nanoseconds,
            uid: owner.0,
            gid: owner.1,
            perm: perm & 0o7777,
            is_judged: false,
            names: 0,
            last_name: NameId::MAX,
            references: 0,
        }
    }

    pub(super) fn node_type(&self) -> NodeType {
        match &self.body {
            Body::Whole(_) | Body::Flight(_) => NodeType::Regular,
            Body::Directory(_) => NodeType::Directory,
            Body::Symlink(_) => NodeType::Symlink,
            Body::Special(special) => NodeType::Special(*special),
        }
    }

    pub(super) fn size(&self) -> u64 {
        match &self.body {
            Body::Whole(recipe) => recipe.bytes(),
            Body::Flight(flight) => flight.size(),
            Body::Directory(_) => 4096,
            Body::Symlink(target) => target.len() as u64,
            Body::Special(_) => 0,
        }
    }

    /// Keeps no more of a file than its recipe, if that is all there is to know and nobody may write to it. `known` are
    /// the references to it besides the node's own that are the caller's: whoever holds another one may be about to
    /// write, and would write to what is no longer looked at. New ones are made under the lock that the caller holds.
    pub(super) fn shrink(&mut self, context: &Context<'_>, known: usize) {
        if let Body::Flight(flight) = &self.body
            && flight.writers.load(Ordering::Relaxed) == 0
            && Arc::strong_count(flight) <= known + 1
            && let (Some(recipe), true) = flight.with(context, |evidence| evidence.is_whole())
        {
            self.body = Body::Whole(recipe);
        }
    }

    /// Its contents or names have changed just now.
    pub(super) fn touch(&mut self) {
        self.set_time(now());
    }

    pub(super) fn set_time(&mut self, time: Time) {
        (self.seconds, self.nanoseconds) = (time.seconds, time.nanoseconds);
        self.is_judged = false;
    }
}

/// The time of day.
pub(super) fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time { seconds: since.as_secs() as i64, nanoseconds: since.subsec_nanos() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_small() {
        assert!(size_of::<Node>() <= 72, "{}", size_of::<Node>());
    }
}
