//! Names that change: links, renames, removals; and attributes.

use super::node::{Body, NameId, NodeId};
use super::tree::Nodes;
use super::{Attr, Change, Result, Sink, SinkError, attr, ino, node_id, refer};
use crate::vfs::Ino;

/// What happens to a name that is renamed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// It is replaced.
    Replace,
    /// There must be none.
    Keep,
    /// It gets the other's name.
    Exchange,
}

impl Sink {
    /// Gives a file one name more.
    ///
    /// # Errors
    /// [`SinkError::Exists`], [`SinkError::Invalid`] for directories, [`SinkError::NotDirectory`],
    /// [`SinkError::NameTooLong`], [`SinkError::Full`], [`SinkError::Stale`].
    pub fn link(&self, ino: Ino, dir: Ino, name: &[u8]) -> Result<Attr> {
        let mut nodes = self.nodes();
        let (id, dir) = (node_id(ino)?, node_id(dir)?);
        if matches!(nodes.get(id)?.body, Body::Directory(_)) {
            return Err(SinkError::Invalid);
        }
        self.check_free(&nodes, dir, name)?;
        let added = nodes.attach(self.expected(), dir, name, id)?;
        self.follow(&nodes, added);
        refer(&mut nodes, id)
    }

    /// Removes a name that is no directory's.
    ///
    /// # Errors
    /// [`SinkError::NotFound`], [`SinkError::IsDirectory`], [`SinkError::NotDirectory`].
    pub fn unlink(&self, dir: Ino, name: &[u8]) -> Result<()> {
        let mut nodes = self.nodes();
        let (name, node) = self.find(&nodes, node_id(dir)?, name)?;
        if matches!(nodes.get(node)?.body, Body::Directory(_)) {
            return Err(SinkError::IsDirectory);
        }
        nodes.detach(name);
        nodes.sweep(node);
        Ok(())
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// [`SinkError::NotFound`], [`SinkError::NotEmpty`], [`SinkError::NotDirectory`].
    pub fn rmdir(&self, dir: Ino, name: &[u8]) -> Result<()> {
        let mut nodes = self.nodes();
        let (name, node) = self.find(&nodes, node_id(dir)?, name)?;
        if !nodes.directory(node)?.children.is_empty() {
            return Err(SinkError::NotEmpty);
        }
        nodes.detach(name);
        nodes.sweep(node);
        Ok(())
    }

    /// Gives a node another name. What is known of a file's bytes stays, and is judged by the new name.
    ///
    /// # Errors
    /// Those of rename(2): [`SinkError::NotFound`], [`SinkError::Exists`], [`SinkError::IsDirectory`],
    /// [`SinkError::NotDirectory`], [`SinkError::NotEmpty`], [`SinkError::Invalid`] for a directory that would come to
    /// lie in itself.
    pub fn rename(&self, from: (Ino, &[u8]), to: (Ino, &[u8]), target: Target) -> Result<()> {
        for moved in self.rename_only(from, to, target)? {
            self.settle_unopened(ino(moved));
        }
        Ok(())
    }

    /// Returns the nodes with new names.
    fn rename_only(&self, from: (Ino, &[u8]), to: (Ino, &[u8]), target: Target) -> Result<Vec<NodeId>> {
        let mut nodes = self.nodes();
        let (from_dir, to_dir) = (node_id(from.0)?, node_id(to.0)?);
        let (old, node) = self.find(&nodes, from_dir, from.1)?;
        let taken = match self.find(&nodes, to_dir, to.1) {
            Ok(taken) => Some(taken),
            Err(SinkError::NotFound) => None,
            Err(error) => return Err(error),
        };
        let is_directory = |nodes: &Nodes, id| nodes.get(id).is_ok_and(|node| matches!(node.body, Body::Directory(_)));
        if is_directory(&nodes, node) && nodes.is_within(to_dir, node) {
            return Err(SinkError::Invalid);
        }
        match (taken, target) {
            (None, Target::Exchange) => return Err(SinkError::NotFound),
            (Some(_), Target::Keep) => return Err(SinkError::Exists),
            (Some((_, other)), _) if other == node => return Ok(Vec::new()),
            (Some((name, other)), Target::Exchange) => {
                if is_directory(&nodes, other) && nodes.is_within(from_dir, other) {
                    return Err(SinkError::Invalid);
                }
                nodes.detach(name);
                nodes.detach(old);
                self.place(&mut nodes, from_dir, from.1, other)?;
                self.place(&mut nodes, to_dir, to.1, node)?;
                return Ok(vec![node, other]);
            }
            (Some((name, other)), Target::Replace) => {
                match (is_directory(&nodes, node), is_directory(&nodes, other)) {
                    (true, false) => return Err(SinkError::NotDirectory),
                    (false, true) => return Err(SinkError::IsDirectory),
                    (true, true) if !nodes.directory(other)?.children.is_empty() => return Err(SinkError::NotEmpty),
                    _ => {}
                }
                nodes.detach(name);
                nodes.sweep(other);
            }
            (None, _) => self.check_free(&nodes, to_dir, to.1)?,
        }
        nodes.detach(old);
        self.place(&mut nodes, to_dir, to.1, node)?;
        Ok(vec![node])
    }

    /// Gives a node a name that is free, and has what changed with it judged anew.
    fn place(&self, nodes: &mut Nodes, dir: NodeId, name: &[u8], node: NodeId) -> Result<()> {
        let added = nodes.attach(self.expected(), dir, name, node)?;
        self.follow(nodes, added);
        for id in nodes.below(node) {
            if let Some(name) = nodes.names.get_mut(id) {
                name.is_judged = false;
            }
            self.follow(nodes, id);
        }
        Ok(())
    }

    /// Has a file compared with what a name demands from now on.
    fn follow(&self, nodes: &Nodes, name: NameId) {
        if let Some(node) = nodes.names.get(name).and_then(|name| nodes.get(name.node).ok())
            && let Body::Flight(flight) = &node.body
        {
            flight.follow(self.subject(&nodes.path(self.expected(), name)));
        }
    }

    fn find(&self, nodes: &Nodes, dir: NodeId, name: &[u8]) -> Result<(NameId, NodeId)> {
        nodes.directory(dir)?;
        let id = nodes.names.find(self.expected(), dir, name).ok_or(SinkError::NotFound)?;
        nodes.names.get(id).map(|name| (id, name.node)).ok_or(SinkError::NotFound)
    }

    /// Takes set-user-id and set-group-id bits away, as a write by an ordinary user does.
    ///
    /// # Errors
    /// [`SinkError::Stale`].
    pub fn drop_privileges(&self, ino: Ino) -> Result<()> {
        let mut nodes = self.nodes();
        let node = nodes.get_mut(node_id(ino)?)?;
        node.perm &= !0o6000;
        node.is_judged = false;
        Ok(())
    }

    /// Changes attributes and returns them all. A change of owner takes set-user-id and set-group-id bits away, as it
    /// does everywhere.
    ///
    /// # Errors
    /// [`SinkError::Stale`], and those of [`Sink::truncate`].
    pub fn setattr(&self, ino: Ino, change: Change) -> Result<Attr> {
        if let Some(size) = change.size {
            self.truncate(ino, size)?;
            self.settle_unopened(ino);
        }
        let mut nodes = self.nodes();
        let id = node_id(ino)?;
        let node = nodes.get_mut(id)?;
        if change.uid.is_some() || change.gid.is_some() {
            node.uid = change.uid.unwrap_or(node.uid);
            node.gid = change.gid.unwrap_or(node.gid);
            if matches!(node.body, Body::Whole(_) | Body::Flight(_)) {
                node.perm &= !0o6000;
            }
        }
        if let Some(perm) = change.perm {
            node.perm = perm & 0o7777;
        }
        if let Some(time) = change.mtime {
            node.set_time(time);
        }
        node.is_judged = false;
        attr(&nodes, id)
    }
}
