//! How one name of a sink stands to what is demanded at its path.

use super::evidence::Judgement;
use super::node::{Body, NameId, Node, NodeType};
use super::tree::Nodes;
use super::{Class, Sink, Special};
use crate::expected::{Demand, Links, What};
use crate::recipe::Recipe;
use crate::verdict::{self, Cause};
use crate::vfs::FileType;

/// What a name was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nobody demands anything of it.
    Ignored,
    /// What is demanded; with the attributes that are not, if any.
    Right(Option<String>),
    /// Not what is demanded, and why.
    Fault(Class, String),
}

impl Sink {
    /// Judges a name. What is found right is remembered, and files of which nothing more need be known shrink.
    pub(super) fn stand(&self, nodes: &mut Nodes, id: NameId) -> Standing {
        let Some(name) = nodes.names.get(id) else { return Standing::Ignored };
        let node_id = name.node;
        let Ok(node) = nodes.get(node_id) else { return Standing::Ignored };
        // One name and one node vouch for each other; of several names each would have to be asked.
        if name.is_judged && node.is_judged && node.names == 1 {
            return Standing::Right(None);
        }
        let path = nodes.path(self.expected(), id);
        let Some(demand) = self.expected.demand(&path) else { return self.undemanded(node) };
        let standing = self.judge(nodes, node, &path, &demand);
        if matches!(standing, Standing::Right(_))
            && let Ok(node) = nodes.get_mut(node_id)
        {
            self.with_context(&path, |context| node.shrink(context, 0));
            // What may still be written to must be judged again, even if nothing tells of a change: a write that has
            // announced itself before may be noted after this.
            let is_settled = standing == Standing::Right(None) && !matches!(node.body, Body::Flight(_));
            node.is_judged = is_settled;
            if let Some(name) = nodes.names.get_mut(id) {
                name.is_judged = is_settled;
            }
        }
        standing
    }

    fn undemanded(&self, node: &Node) -> Standing {
        if self.expected.total().is_some() {
            return Standing::Fault(Class::Extra, format!("{}, not in the dataset", type_name(node.node_type())));
        }
        match node.node_type() {
            NodeType::Regular => {
                Standing::Fault(Class::Extra, "a file whose name does not say what it holds".to_owned())
            }
            _ => Standing::Ignored,
        }
    }

    fn judge(&self, nodes: &Nodes, node: &Node, path: &[u8], demand: &Demand) -> Standing {
        let fault = match (&demand.what, &node.body) {
            (What::Directory, Body::Directory(_)) => None,
            (What::Symlink(target), Body::Symlink(found)) => (**target != **found).then(|| {
                let shown = |target: &[u8]| String::from_utf8_lossy(target).into_owned();
                (Class::Mismatched, format!("points to {}, not to {}", shown(found), shown(target)))
            }),
            (What::File { recipe, links }, Body::Whole(_) | Body::Flight(_)) => {
                let fault = self.judge_bytes(node, path, recipe);
                fault.or_else(|| links.and_then(|links| self.judge_links(nodes, node, links)))
            }
            (What::Special(kind), _) if special_type(node.node_type()) == Some(*kind) => None,
            (what, _) => {
                let demanded = match what {
                    What::Directory => "a directory",
                    What::File { .. } => "a file",
                    What::Symlink(_) => "a symbolic link",
                    What::Special(FileType::Fifo) => "a named pipe",
                    What::Special(FileType::Socket) => "a socket",
                    What::Special(_) => "a device",
                };
                Some((Class::Mismatched, format!("{}, not {demanded}", type_name(node.node_type()))))
            }
        };
        match fault {
            Some((class, reason)) => Standing::Fault(class, reason),
            None => Standing::Right(attributes(node, demand)),
        }
    }

    fn judge_bytes(&self, node: &Node, path: &[u8], recipe: &Recipe) -> Option<(Class, String)> {
        let judgement = match &node.body {
            Body::Whole(whole) if whole == recipe => Judgement::Complete,
            Body::Whole(whole) if whole.bytes() == recipe.bytes() && verdict::same_bytes(whole, recipe) => {
                Judgement::Complete
            }
            Body::Whole(whole) => {
                // As a file that was renamed: all of its bytes are known.
                let flight = super::node::Flight::new(super::evidence::Evidence::of(*whole), Default::default());
                self.with_context(path, |context| flight.judge(context, recipe))
            }
            Body::Flight(flight) => self.with_context(path, |context| flight.judge(context, recipe)),
            _ => return None,
        };
        match judgement {
            Judgement::Complete => None,
            Judgement::Incomplete(lack) => Some((Class::Incomplete, lack.to_string())),
            Judgement::Wrong(difference)
                if difference.cause == Cause::Behind && difference.offset == recipe.bytes() =>
            {
                Some((Class::Mismatched, format!("{} bytes behind its end at {}", difference.len, difference.offset)))
            }
            Judgement::Wrong(difference) => Some((Class::Mismatched, difference.to_string())),
        }
    }

    /// Whether the names of one file, and no others, share a node.
    fn judge_links(&self, nodes: &Nodes, node: &Node, links: Links) -> Option<(Class, String)> {
        if u64::from(node.names) > links.count {
            let reason = format!("is linked to {} names, not to {}", node.names, links.count);
            return Some((Class::Mismatched, reason));
        }
        if links.count == 1 {
            return None;
        }
        let mut first = Vec::new();
        self.expected.write_path(links.first, &mut first);
        let found = nodes.at_path(self.expected(), &first).and_then(|name| nodes.names.get(name));
        let found = found.and_then(|name| nodes.get(name.node).ok())?;
        (!std::ptr::eq(found, node))
            .then(|| (Class::Mismatched, format!("is not linked to {}", String::from_utf8_lossy(&first))))
    }
}

/// What of a node's attributes is not as demanded.
fn attributes(node: &Node, demand: &Demand) -> Option<String> {
    let mut wrong = Vec::new();
    if let Some(perm) = demand.perm.filter(|&perm| perm != node.perm) {
        wrong.push(format!("permissions {:04o}, not {perm:04o}", node.perm));
    }
    if let Some(mtime) = demand.mtime.filter(|&mtime| mtime != node.seconds) {
        wrong.push(format!("time {}, not {mtime}", node.seconds));
    }
    if let Some((uid, gid)) = demand.owner.filter(|&owner| owner != (node.uid, node.gid)) {
        wrong.push(format!("owner {}:{}, not {uid}:{gid}", node.uid, node.gid));
    }
    (!wrong.is_empty()).then(|| wrong.join("; "))
}

fn type_name(node_type: NodeType) -> &'static str {
    match node_type {
        NodeType::Directory => "a directory",
        NodeType::Regular => "a file",
        NodeType::Symlink => "a symbolic link",
        NodeType::Special(Special::Fifo) => "a named pipe",
        NodeType::Special(Special::Socket) => "a socket",
        NodeType::Special(Special::Char(_) | Special::Block(_)) => "a device",
    }
}

/// The type of a pipe, socket or device.
fn special_type(node: NodeType) -> Option<FileType> {
    match node {
        NodeType::Special(Special::Fifo) => Some(FileType::Fifo),
        NodeType::Special(Special::Socket) => Some(FileType::Socket),
        NodeType::Special(Special::Char(_)) => Some(FileType::CharDevice),
        NodeType::Special(Special::Block(_)) => Some(FileType::BlockDevice),
        NodeType::Directory | NodeType::Regular | NodeType::Symlink => None,
    }
}
