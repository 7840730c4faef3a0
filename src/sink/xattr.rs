//! Extended attributes: kept, within bounds, and not judged.

use super::node::Xattrs;
use super::tree::xattr_bytes;
use super::{Result, Sink, SinkError, node_id};
use crate::vfs::Ino;

/// Most bytes of all attributes of a node, names included.
const MOST_OF_NODE: usize = 64 << 10;

/// The same of all nodes.
const MOST_OF_ALL: usize = 64 << 20;

impl Sink {
    /// Sets an attribute. `fresh` says whether it must be new (`Some(true)`), must not be, or either.
    ///
    /// # Errors
    /// [`SinkError::Full`] beyond 64 KiB a node or 64 MiB in all, [`SinkError::Exists`], [`SinkError::NoAttribute`],
    /// [`SinkError::Unsupported`] for access control lists, [`SinkError::Stale`].
    pub fn setxattr(&self, ino: Ino, name: &[u8], value: &[u8], fresh: Option<bool>) -> Result<()> {
        check(name)?;
        let mut nodes = self.nodes();
        let id = node_id(ino)?;
        let node = nodes.get(id)?;
        let known = find(node.xattrs.as_deref(), name);
        match (fresh, known) {
            (Some(true), Some(_)) => return Err(SinkError::Exists),
            (Some(false), None) => return Err(SinkError::NoAttribute),
            _ => {}
        }
        let before = known.map_or(0, |old| name.len() + old.len());
        let grown = name.len() + value.len();
        if xattr_bytes(node) - before + grown > MOST_OF_NODE || nodes.xattr_bytes - before + grown > MOST_OF_ALL {
            return Err(SinkError::Full);
        }
        nodes.xattr_bytes = nodes.xattr_bytes - before + grown;
        let pairs = nodes.get_mut(id)?.xattrs.get_or_insert_default();
        pairs.retain(|(known, _)| **known != *name);
        pairs.push((name.into(), value.into()));
        Ok(())
    }

    /// Value of an attribute.
    ///
    /// # Errors
    /// [`SinkError::NoAttribute`], [`SinkError::Unsupported`], [`SinkError::Stale`].
    pub fn getxattr(&self, ino: Ino, name: &[u8]) -> Result<Vec<u8>> {
        check(name)?;
        let nodes = self.nodes();
        let value = find(nodes.get(node_id(ino)?)?.xattrs.as_deref(), name);
        value.map(<[u8]>::to_vec).ok_or(SinkError::NoAttribute)
    }

    /// Names of all attributes.
    ///
    /// # Errors
    /// [`SinkError::Stale`].
    pub fn listxattr(&self, ino: Ino) -> Result<Vec<Vec<u8>>> {
        let nodes = self.nodes();
        let pairs = nodes.get(node_id(ino)?)?.xattrs.iter().flat_map(|pairs| pairs.iter());
        Ok(pairs.map(|(name, _)| name.to_vec()).collect())
    }

    /// Removes an attribute.
    ///
    /// # Errors
    /// [`SinkError::NoAttribute`], [`SinkError::Stale`].
    pub fn removexattr(&self, ino: Ino, name: &[u8]) -> Result<()> {
        let mut nodes = self.nodes();
        let node = nodes.get_mut(node_id(ino)?)?;
        let value = find(node.xattrs.as_deref(), name).ok_or(SinkError::NoAttribute)?;
        let bytes = name.len() + value.len();
        if let Some(pairs) = &mut node.xattrs {
            pairs.retain(|(known, _)| **known != *name);
        }
        nodes.xattr_bytes -= bytes;
        Ok(())
    }
}

/// Programs that are refused lists of access rights set permission bits instead; the kernel would do so itself for a
/// file system that knows them.
fn check(name: &[u8]) -> Result<()> {
    if name.starts_with(b"system.") { Err(SinkError::Unsupported) } else { Ok(()) }
}

fn find<'a>(pairs: Option<&'a Xattrs>, name: &[u8]) -> Option<&'a [u8]> {
    pairs?.iter().find(|(known, _)| **known == *name).map(|(_, value)| &**value)
}
