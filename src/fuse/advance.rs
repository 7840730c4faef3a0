//! Moves a live mount on to another generation, and tells the kernel what it may no longer keep.
//!
//! From a thread of its own: the kernel waits for requests under way before it forgets a name or a page, and a thread
//! that answers requests would wait for its own answer.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use fuser::{Errno, INodeNo, Notifier, ReplyIoctl};
use log::{error, info};

use super::errno;
use super::push::Watch;
use crate::vfs::{Ino, Stale, Vfs};

/// Number of the ioctl by which a mount is moved on, `_IOWR('S', 1, uint64_t)`: the generation to go to, or
/// [`NEXT`]; it answers with the one that is shown then.
pub const ADVANCE: u32 = 3 << 30 | 8 << 16 | (b'S' as u32) << 8 | 1;

/// Asks for the next generation.
pub const NEXT: u64 = u64::MAX;

/// An ioctl that waits for its answer.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) ino: Ino,
    pub(super) generation: Option<u64>,
    pub(super) reply: ReplyIoctl,
}

impl Order {
    /// What an ioctl asks for.
    ///
    /// # Errors
    /// `ENOTTY` for any other ioctl.
    pub(super) fn parse(command: u32, data: &[u8]) -> Result<Option<u64>, Errno> {
        let generation = data.try_into().ok().filter(|_| command == ADVANCE).map(u64::from_ne_bytes);
        match generation.ok_or(Errno::ENOTTY)? {
            NEXT => Ok(None),
            generation => Ok(Some(generation)),
        }
    }
}

/// The means of moving a mount on, taken from an adapter before it goes into its session.
#[derive(Debug)]
pub struct Advancer<V> {
    vfs: Arc<V>,
    watch: Option<Arc<Watch>>,
    orders: Receiver<Order>,
}

impl<V: Vfs> Advancer<V> {
    pub(super) fn new(vfs: Arc<V>, watch: Option<Arc<Watch>>) -> (Self, Sender<Order>) {
        let (sender, orders) = channel();
        (Self { vfs, watch, orders }, sender)
    }

    /// Starts a thread that carries orders out, as long as the adapter lives.
    ///
    /// # Errors
    /// No thread could be started.
    pub fn start(self, kernel: Notifier) -> io::Result<()> {
        let work = move || {
            for order in &self.orders {
                self.carry_out(order, &kernel);
            }
        };
        std::thread::Builder::new().name("advance".into()).spawn(work).map(|_| ())
    }

    fn carry_out(&self, order: Order, kernel: &Notifier) {
        let mut told = 0u64;
        let mut tell = |stale: Stale<'_>| {
            told += 1;
            // What the kernel does not know it need not forget.
            let _ = match stale {
                Stale::Inode(ino) => kernel.inval_inode(INodeNo(ino.0), 0, 0),
                Stale::Name(dir, name) => kernel.inval_entry(INodeNo(dir.0), OsStr::from_bytes(name)),
            };
        };
        let mut advance = || {
            let call = || self.vfs.advance(order.ino, order.generation, &mut tell);
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(call))
        };
        // Nothing of the generation before may be pushed behind the kernel's back.
        let outcome = match &self.watch {
            Some(watch) => watch.pause(advance),
            None => advance(),
        };
        match outcome {
            Ok(Ok(generation)) => {
                info!("generation {generation} from now on; {told} names and inodes are no longer kept");
                order.reply.ioctl(0, &generation.to_ne_bytes());
            }
            Ok(Err(error)) => order.reply.error(errno(error)),
            Err(_) => {
                error!("advancing: defect, answered with EIO");
                order.reply.error(Errno::EIO);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_one_ioctl_is_understood() {
        assert_eq!(ADVANCE, 0xC008_5301);
        assert_eq!(Order::parse(ADVANCE, &7u64.to_ne_bytes()).ok(), Some(Some(7)));
        assert_eq!(Order::parse(ADVANCE, &NEXT.to_ne_bytes()).ok(), Some(None));
        assert!(Order::parse(ADVANCE, &[0; 4]).is_err());
        assert!(Order::parse(0x5401, &[0; 8]).is_err());
    }
}
