//! What is agreed with the kernel when a mount starts.

use fuser::{InitFlags, KernelConfig};
use log::{debug, info};

use super::{ReadDirPlus, Settings};

/// Requests that the kernel may have waiting for read-ahead.
const MAX_BACKGROUND: u16 = 64;

/// The same where requests wait for a device that is not there: as many as keep one busy whose first byte takes a tenth
/// of a second. With less, the readers of one file would also wait for requests of others.
const MAX_DELAYED: u16 = 4096;

/// Most bytes of a request when reads go through the page cache. Eight requests fill a read-ahead window of 1 MiB: while
/// one is generated the one before is being copied, and each is small enough to stay in a core's own cache. Programs
/// that read with O_DIRECT get their large reads in parts that several threads make at once.
const CACHED_REQUEST: u32 = 128 << 10;

/// The same where the page cache is bypassed: one part after the other, so that fewer are better.
///
/// Making the next part of a reader in order, by the thread that has just answered, while the program looks at the one
/// before does not pay: another thread is handed the next request, and fetches what was made from the first one's
/// cache. Parts of 1 MiB then come at 0.64 times the speed, at 0.61 times for two readers at once. It gains 1.5 times
/// with one thread in all, which leaves everybody else waiting.
const DIRECT_REQUEST: u32 = 1 << 20;

/// Asks for the capabilities that this kernel has, and for its limits.
pub(super) fn negotiate(config: &mut KernelConfig, settings: &Settings) {
    for flag in wanted(settings.readdirplus).iter() {
        if config.add_capabilities(flag).is_err() {
            debug!("this kernel has no {flag:?}");
        }
    }
    // The kernel proposes its own limit (128 KiB unless the administrator raised it); asking for more is refused.
    if let Err(limit) = config.set_max_readahead(u32::MAX) {
        let _ = config.set_max_readahead(limit);
    }
    let is_delayed = settings.storage.is_some() || settings.faults;
    let _ = config.set_max_background(if is_delayed { MAX_DELAYED } else { MAX_BACKGROUND });
    // The library derives the size of all requests from that of writes.
    // A device counts requests: what a program reads at once is one, as far as possible.
    let is_large = settings.direct_io || settings.storage.is_some();
    let _ = config.set_max_write(if is_large { DIRECT_REQUEST } else { CACHED_REQUEST });
    info!("connected, protocol {}", config.kernel_abi());
}

/// The capabilities asked for, beyond the library's own (asynchronous reads, large requests).
fn wanted(readdirplus: ReadDirPlus) -> InitFlags {
    let always = InitFlags::FUSE_PARALLEL_DIROPS
        | InitFlags::FUSE_NO_OPEN_SUPPORT
        | InitFlags::FUSE_NO_OPENDIR_SUPPORT
        | InitFlags::FUSE_ASYNC_DIO
        | InitFlags::FUSE_DIRECT_IO_ALLOW_MMAP
        | InitFlags::FUSE_EXPORT_SUPPORT
        | InitFlags::FUSE_CACHE_SYMLINKS
        // Without it the pages of the control files would be read once and kept: opening sends no message that could
        // say otherwise. For all other files it costs one look at a valid attribute.
        | InitFlags::FUSE_AUTO_INVAL_DATA;
    always
        | match readdirplus {
            ReadDirPlus::Always => InitFlags::FUSE_DO_READDIRPLUS,
            ReadDirPlus::Auto => InitFlags::FUSE_DO_READDIRPLUS | InitFlags::FUSE_READDIRPLUS_AUTO,
            ReadDirPlus::Never => InitFlags::empty(),
        }
}
