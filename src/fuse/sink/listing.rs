//! Listings of directories.

use std::ffi::OsStr;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;

use fuser::{FileType as FuseType, INodeNo, ReplyDirectory};

use super::control::Control;
use super::{SinkAdapter, fuse_type, ino};
use crate::vfs::{Cookie, Ino};

/// Cookies of `.` and `..` stand before those of the sink.
const ENTRIES_BEFORE: u64 = 2;

impl SinkAdapter {
    pub(super) fn list(&self, dir: INodeNo, from: u64, reply: &mut ReplyDirectory) -> crate::sink::Result<()> {
        let is_control = Control::place(dir).is_some();
        let above = if is_control { Ino::ROOT } else { self.sink.parent(ino(dir))? };
        let both = [(".", dir), ("..", INodeNo(above.0))];
        for (place, (name, node)) in (0..).zip(both).skip_while(|&(place, _)| place < from) {
            if reply.add(node, place + 1, FuseType::Directory, name) {
                return Ok(());
            }
        }
        let from = from.saturating_sub(ENTRIES_BEFORE);
        if is_control {
            for (place, (name, found)) in (0..).zip(self.control.entries()).skip_while(|&(place, _)| place < from) {
                if reply.add(found.ino, place + 1 + ENTRIES_BEFORE, found.kind, name) {
                    break;
                }
            }
            return Ok(());
        }
        self.sink.readdir(ino(dir), Cookie(from), &mut |name, node, node_type, next| {
            let next = next.0 + ENTRIES_BEFORE;
            let full = reply.add(INodeNo(node.0), next, fuse_type(node_type), OsStr::from_bytes(name));
            if full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    }
}
