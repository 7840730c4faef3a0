//! A file system to restore into that keeps no file data: what is written is compared at once with what the name, or a
//! dataset, demands, and only the verdict is kept.
//!
//! | part | what it knows |
//! |---|---|
//! | names, nodes | the tree that was made so far, some 130 bytes for each finished file |
//! | evidence | which bytes of a file are known to be what |
//! | [`Report`] | what is complete, incomplete, wrong, missing or too much |
//!
//! All calls may come from several threads at once. One lock guards the tree, one more each file that is being written:
//! bytes are compared outside the first.

mod change;
mod data;
mod evidence;
mod names;
mod node;
mod report;
mod standing;
mod temporary;
mod tree;
mod types;
mod xattr;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

pub use change::Target;
pub use node::{NodeType, Special};
pub use report::{Class, Counts, Item, Report};
pub use types::{Attr, Change, Result, Rules, SinkError};

use crate::content::Corpus;
use crate::expected::{Expected, What};
use crate::name::MAX_NAME;
use crate::vfs::{Cookie, Ino, Time};
use evidence::{Budget, Context};
use node::{Body, Node, NodeId, Subject, lock};
use tree::{Nodes, ROOT, push_part};

/// Bytes of files with names that say nothing which are kept in memory, all files together, to be judged later.
const RAW_BYTES: u64 = 64 << 20;

/// Longest target of a symbolic link in bytes.
const MAX_TARGET: usize = 4095;

/// Takes name, number, type and cookie of the entries of a listing until it breaks.
pub type Emit<'a> = dyn FnMut(&[u8], Ino, NodeType, Cookie) -> ControlFlow<()> + 'a;

/// A writable tree that stores no file data.
#[derive(Debug)]
pub struct Sink {
    expected: Box<dyn Expected>,
    corpus: Arc<Corpus>,
    rules: Rules,
    nodes: Mutex<Nodes>,
    budget: Arc<Budget>,
    written: AtomicU64,
    wrong: AtomicU64,
    /// Whether something went wrong inside: then nothing can be called perfect.
    is_distrusted: AtomicBool,
}

impl Sink {
    /// An empty tree whose root belongs to `owner`.
    pub fn new(expected: Box<dyn Expected>, corpus: Arc<Corpus>, rules: Rules, owner: (u32, u32)) -> Self {
        let mut root = Node::new(Body::Directory(Box::default()), 0o755, owner);
        // Never removed.
        root.references = u32::MAX;
        Self {
            expected,
            corpus,
            rules,
            nodes: Mutex::new(Nodes::new(root)),
            budget: Budget::new(RAW_BYTES),
            written: AtomicU64::new(0),
            wrong: AtomicU64::new(0),
            is_distrusted: AtomicBool::new(false),
        }
    }

    /// Bytes that were written, and how many writes among them had wrong ones at the time.
    pub fn written(&self) -> (u64, u64) {
        (self.written.load(Ordering::Relaxed), self.wrong.load(Ordering::Relaxed))
    }

    /// Takes note of a defect: a call that was not ended. No report says "perfect" from now on.
    pub fn distrust(&self) {
        self.is_distrusted.store(true, Ordering::Relaxed);
    }

    fn nodes(&self) -> MutexGuard<'_, Nodes> {
        lock(&self.nodes)
    }

    fn expected(&self) -> &dyn Expected {
        &*self.expected
    }

    /// Hands to `work` what comparisons need; `path` tells where to look for contents that were confused.
    fn with_context<T>(&self, path: &[u8], work: impl FnOnce(&Context<'_>) -> T) -> T {
        let others = || self.expected.neighbours(path);
        work(&Context { corpus: &self.corpus, budget: &self.budget, others: &others })
    }

    /// What a file at a path is compared with: what is demanded there, or behind the temporary name it has.
    fn subject(&self, path: &[u8]) -> Subject {
        let recipe = |path: &[u8]| match self.expected.demand(path)?.what {
            What::File { recipe, .. } => Some(recipe),
            _ => None,
        };
        if let Some(recipe) = recipe(path) {
            return Subject { recipe: Some(recipe), firm: true };
        }
        let (parent, name) = split(path);
        let candidates = temporary::final_names(name).into_iter();
        let guessed = candidates.map(|candidate| {
            let mut path = parent.to_vec();
            push_part(&mut path, candidate);
            recipe(&path)
        });
        Subject { recipe: guessed.flatten().next(), firm: false }
    }

    /// Attributes of a node.
    ///
    /// # Errors
    /// [`SinkError::Stale`].
    pub fn getattr(&self, ino: Ino) -> Result<Attr> {
        attr(&self.nodes(), node_id(ino)?)
    }

    /// Finds a name. Each success counts as one reference, given back by [`Sink::forget`]; so does each call that makes a
    /// name.
    ///
    /// # Errors
    /// [`SinkError::NotFound`], [`SinkError::NotDirectory`].
    pub fn lookup(&self, dir: Ino, name: &[u8]) -> Result<Attr> {
        let mut nodes = self.nodes();
        let dir = node_id(dir)?;
        nodes.directory(dir)?;
        let found = nodes.names.find(self.expected(), dir, name).and_then(|id| nodes.names.get(id));
        let node = found.ok_or(SinkError::NotFound)?.node;
        refer(&mut nodes, node)
    }

    /// Gives back references; a node that has no names either is gone.
    pub fn forget(&self, ino: Ino, count: u64) {
        let mut nodes = self.nodes();
        let Ok(id) = node_id(ino) else { return };
        let Ok(node) = nodes.get_mut(id) else { return };
        if node.references < u32::MAX {
            node.references = node.references.saturating_sub(u32::try_from(count).unwrap_or(u32::MAX));
            nodes.sweep(id);
        }
    }

    /// The directory above; the root is its own.
    ///
    /// # Errors
    /// [`SinkError::NotDirectory`] for files, [`SinkError::Stale`].
    pub fn parent(&self, dir: Ino) -> Result<Ino> {
        let nodes = self.nodes();
        let name = nodes.directory(node_id(dir)?)?.name.and_then(|name| nodes.names.get(name));
        Ok(ino(name.map_or(ROOT, |name| name.directory)))
    }

    /// Calls `emit` with name, number, type and cookie of the entries behind `from`, until it breaks: an entry that it
    /// broke on counts as not taken. `.` and `..` are the adapter's.
    ///
    /// # Errors
    /// [`SinkError::NotDirectory`], [`SinkError::Stale`].
    pub fn readdir(&self, dir: Ino, from: Cookie, emit: &mut Emit<'_>) -> Result<()> {
        let nodes = self.nodes();
        // Behind a name means: from the next number on.
        let first = u32::try_from(from.0).map_err(|_| SinkError::Invalid)?;
        let mut text = Vec::new();
        for &id in nodes.directory(node_id(dir)?)?.children.range(first..) {
            let Some(name) = nodes.names.get(id) else { continue };
            text.clear();
            name.write(self.expected(), &mut text);
            let node_type = nodes.get(name.node)?.node_type();
            if emit(&text, ino(name.node), node_type, Cookie(u64::from(id) + 1)).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Target of a symbolic link.
    ///
    /// # Errors
    /// [`SinkError::Invalid`] for what is none, [`SinkError::Stale`].
    pub fn readlink(&self, ino: Ino) -> Result<Vec<u8>> {
        match &self.nodes().get(node_id(ino)?)?.body {
            Body::Symlink(target) => Ok(target.to_vec()),
            _ => Err(SinkError::Invalid),
        }
    }

    /// Makes a file, pipe, socket or device.
    ///
    /// # Errors
    /// [`SinkError::Exists`], [`SinkError::NotDirectory`], [`SinkError::NameTooLong`], [`SinkError::Full`],
    /// [`SinkError::Invalid`] for directories and links, which have calls of their own.
    pub fn mknod(&self, dir: Ino, name: &[u8], what: NodeType, perm: u16, owner: (u32, u32)) -> Result<Attr> {
        let mut nodes = self.nodes();
        let body = match what {
            NodeType::Regular => {
                let mut path = nodes.path_of(self.expected(), node_id(dir)?);
                push_part(&mut path, name);
                let flight = node::Flight::new(evidence::Evidence::default(), self.subject(&path));
                Body::Flight(Arc::new(flight))
            }
            NodeType::Special(special) => Body::Special(special),
            NodeType::Directory | NodeType::Symlink => return Err(SinkError::Invalid),
        };
        self.make(&mut nodes, dir, name, Node::new(body, perm, owner))
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// Those of [`Sink::mknod`].
    pub fn mkdir(&self, dir: Ino, name: &[u8], perm: u16, owner: (u32, u32)) -> Result<Attr> {
        let mut nodes = self.nodes();
        let inherited = nodes.get(node_id(dir)?)?.perm & SET_GROUP;
        let body = Body::Directory(Box::default());
        self.make(&mut nodes, dir, name, Node::new(body, perm | inherited, owner))
    }

    /// Makes a symbolic link.
    ///
    /// # Errors
    /// Those of [`Sink::mknod`].
    pub fn symlink(&self, dir: Ino, name: &[u8], target: &[u8], owner: (u32, u32)) -> Result<Attr> {
        if target.len() > MAX_TARGET {
            return Err(SinkError::NameTooLong);
        }
        self.make(&mut self.nodes(), dir, name, Node::new(Body::Symlink(target.into()), 0o777, owner))
    }

    fn make(&self, nodes: &mut Nodes, dir: Ino, name: &[u8], mut node: Node) -> Result<Attr> {
        let dir = node_id(dir)?;
        self.check_free(nodes, dir, name)?;
        let above = nodes.get(dir)?;
        if above.perm & SET_GROUP != 0 {
            node.gid = above.gid;
        }
        let id = nodes.insert(node)?;
        if let Err(error) = nodes.attach(self.expected(), dir, name, id) {
            nodes.sweep(id);
            return Err(error);
        }
        refer(nodes, id)
    }

    /// Whether a name can be made here.
    fn check_free(&self, nodes: &Nodes, dir: NodeId, name: &[u8]) -> Result<()> {
        let is_removed = dir != ROOT && nodes.directory(dir)?.name.is_none();
        nodes.directory(dir)?;
        match name {
            _ if is_removed => Err(SinkError::NotFound),
            _ if name.len() > MAX_NAME => Err(SinkError::NameTooLong),
            b"" | b"." | b".." => Err(SinkError::Exists),
            _ if nodes.names.find(self.expected(), dir, name).is_some() => Err(SinkError::Exists),
            _ => Ok(()),
        }
    }
}

/// The bit that hands a directory's group on to what is made in it.
const SET_GROUP: u16 = 0o2000;

fn node_id(ino: Ino) -> Result<NodeId> {
    let id = ino.0.checked_sub(1).and_then(|id| NodeId::try_from(id).ok());
    id.ok_or(SinkError::Stale)
}

fn ino(node: NodeId) -> Ino {
    Ino(u64::from(node) + 1)
}

/// Counts a reference, and returns the attributes that go with it.
fn refer(nodes: &mut Nodes, id: NodeId) -> Result<Attr> {
    let node = nodes.get_mut(id)?;
    node.references = node.references.saturating_add(1);
    attr(nodes, id)
}

fn attr(nodes: &Nodes, id: NodeId) -> Result<Attr> {
    let node = nodes.get(id)?;
    let nlink = match &node.body {
        Body::Directory(directory) => directory.subdirectories.saturating_add(2),
        _ => node.names,
    };
    Ok(Attr {
        ino: ino(id),
        node_type: node.node_type(),
        size: node.size(),
        perm: node.perm,
        owner: (node.uid, node.gid),
        nlink,
        mtime: Time { seconds: node.seconds, nanoseconds: node.nanoseconds },
    })
}

/// A path's directory and last part.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|&b| b == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (&path[..0], path),
    }
}
