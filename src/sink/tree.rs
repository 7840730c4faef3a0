//! Nodes and names together: the part of a sink behind its one lock.

use std::sync::Arc;

use super::SinkError;
use super::names::{Name, Names};
use super::node::{Body, Directory, Flight, NameId, Node, NodeId};
use crate::expected::Expected;

/// The root directory's node.
pub(super) const ROOT: NodeId = 0;

/// All nodes and their names.
#[derive(Debug)]
pub(super) struct Nodes {
    nodes: Vec<Option<Node>>,
    free: Vec<NodeId>,
    pub(super) names: Names,
    /// Bytes of all extended attributes.
    pub(super) xattr_bytes: usize,
}

impl Nodes {
    pub(super) fn new(root: Node) -> Self {
        Self { nodes: vec![Some(root)], free: Vec::new(), names: Names::default(), xattr_bytes: 0 }
    }

    pub(super) fn get(&self, id: NodeId) -> Result<&Node, SinkError> {
        self.nodes.get(id as usize).and_then(Option::as_ref).ok_or(SinkError::Stale)
    }

    pub(super) fn get_mut(&mut self, id: NodeId) -> Result<&mut Node, SinkError> {
        self.nodes.get_mut(id as usize).and_then(Option::as_mut).ok_or(SinkError::Stale)
    }

    pub(super) fn directory(&self, id: NodeId) -> Result<&Directory, SinkError> {
        match &self.get(id)?.body {
            Body::Directory(directory) => Ok(directory),
            _ => Err(SinkError::NotDirectory),
        }
    }

    pub(super) fn directory_mut(&mut self, id: NodeId) -> Result<&mut Directory, SinkError> {
        match &mut self.get_mut(id)?.body {
            Body::Directory(directory) => Ok(directory),
            _ => Err(SinkError::NotDirectory),
        }
    }

    pub(super) fn insert(&mut self, node: Node) -> Result<NodeId, SinkError> {
        if let Some(id) = self.free.pop() {
            self.nodes[id as usize] = Some(node);
            return Ok(id);
        }
        let id = NodeId::try_from(self.nodes.len()).map_err(|_| SinkError::Full)?;
        self.nodes.push(Some(node));
        Ok(id)
    }

    /// Frees a node that has neither names nor references.
    pub(super) fn sweep(&mut self, id: NodeId) {
        let is_unused = |node: &Node| node.names == 0 && node.references == 0 && id != ROOT;
        if self.get(id).is_ok_and(is_unused)
            && let Some(node) = self.nodes[id as usize].take()
        {
            self.xattr_bytes -= xattr_bytes(&node);
            self.free.push(id);
        }
    }

    /// The file that is or will be written to, with the recipe that all of it is known to have, if so.
    pub(super) fn flight(&self, id: NodeId) -> Result<Result<Arc<Flight>, crate::Recipe>, SinkError> {
        match &self.get(id)?.body {
            Body::Flight(flight) => Ok(Ok(flight.clone())),
            Body::Whole(recipe) => Ok(Err(*recipe)),
            Body::Directory(_) => Err(SinkError::IsDirectory),
            Body::Symlink(_) | Body::Special(_) => Err(SinkError::Invalid),
        }
    }

    /// Gives a node one name more.
    pub(super) fn attach(
        &mut self,
        expected: &dyn Expected,
        directory: NodeId,
        text: &[u8],
        node: NodeId,
    ) -> Result<NameId, SinkError> {
        self.directory(directory)?;
        let mut path = self.path_of(expected, directory);
        push_part(&mut path, text);
        let number = expected.demand(&path).and_then(|demand| demand.number);
        let id = self.names.add(expected, directory, text, node, number).ok_or(SinkError::Full)?;
        let is_directory = matches!(self.get(node)?.body, Body::Directory(_));
        let parent = self.directory_mut(directory)?;
        parent.children.insert(id);
        parent.subdirectories += u32::from(is_directory);
        self.get_mut(directory)?.touch();
        let node = self.get_mut(node)?;
        node.names = node.names.saturating_add(1);
        node.is_judged = false;
        node.last_name = id;
        if let Body::Directory(directory) = &mut node.body {
            directory.name = Some(id);
        }
        Ok(id)
    }

    /// Takes a name away. The node stays until it is swept.
    pub(super) fn detach(&mut self, id: NameId) -> Option<Name> {
        let name = self.names.remove(id)?;
        let is_directory = self.get(name.node).is_ok_and(|node| matches!(node.body, Body::Directory(_)));
        if let Ok(parent) = self.directory_mut(name.directory) {
            parent.children.remove(&id);
            parent.subdirectories -= u32::from(is_directory);
        }
        if let Ok(parent) = self.get_mut(name.directory) {
            parent.touch();
        }
        if let Ok(node) = self.get_mut(name.node) {
            node.names = node.names.saturating_sub(1);
            node.is_judged = false;
            if let Body::Directory(directory) = &mut node.body {
                directory.name = None;
            }
        }
        Some(name)
    }

    /// The name that a node was last given, if it still has it.
    pub(super) fn name_of(&self, id: NodeId) -> Option<NameId> {
        let name = self.get(id).ok()?.last_name;
        self.names.get(name).filter(|name| name.node == id).map(|_| name)
    }

    /// The path of a directory from the root, without slashes at its ends; empty for the root and for what is removed.
    pub(super) fn path_of(&self, expected: &dyn Expected, directory: NodeId) -> Vec<u8> {
        self.directory(directory).ok().and_then(|d| d.name).map_or_else(Vec::new, |name| self.path(expected, name))
    }

    /// The path of a name from the root.
    pub(super) fn path(&self, expected: &dyn Expected, name: NameId) -> Vec<u8> {
        let mut chain = Vec::new();
        let mut next = Some(name);
        while let Some(id) = next
            && let Some(name) = self.names.get(id)
        {
            chain.push(name);
            next = self.directory(name.directory).ok().and_then(|directory| directory.name);
        }
        let mut path = Vec::new();
        for (place, name) in chain.iter().rev().enumerate() {
            if place > 0 {
                path.push(b'/');
            }
            name.write(expected, &mut path);
        }
        path
    }

    /// The name at a path from the root.
    pub(super) fn at_path(&self, expected: &dyn Expected, path: &[u8]) -> Option<NameId> {
        let mut directory = ROOT;
        let mut found = None;
        for part in path.split(|&b| b == b'/') {
            let id = self.names.find(expected, directory, part)?;
            directory = self.names.get(id)?.node;
            found = Some(id);
        }
        found
    }

    /// Whether a directory is another or lies somewhere below it.
    pub(super) fn is_within(&self, directory: NodeId, above: NodeId) -> bool {
        let mut at = directory;
        while at != above {
            let name = self.directory(at).ok().and_then(|directory| directory.name);
            match name.and_then(|name| self.names.get(name)) {
                Some(name) => at = name.directory,
                None => return false,
            }
        }
        true
    }

    /// All names below a directory.
    pub(super) fn below(&self, directory: NodeId) -> Vec<NameId> {
        let mut found: Vec<NameId> = Vec::new();
        let mut left = vec![directory];
        while let Some(next) = left.pop() {
            let Ok(directory) = self.directory(next) else { continue };
            for &child in &directory.children {
                found.push(child);
                left.extend(self.names.get(child).map(|name| name.node));
            }
        }
        found
    }
}

/// Appends a part to a path.
pub(super) fn push_part(path: &mut Vec<u8>, part: &[u8]) {
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(part);
}

/// Bytes of a node's extended attributes.
pub(super) fn xattr_bytes(node: &Node) -> usize {
    let pairs = node.xattrs.iter().flat_map(|pairs| pairs.iter());
    pairs.map(|(name, value)| name.len() + value.len()).sum()
}
