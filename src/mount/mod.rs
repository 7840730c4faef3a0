//! The life of a mount: options, start in the background, signals, messages, end.
//!
//! Whatever ends it (umount, fusermount3 -u, an abort through fusectl, a signal), the process ends with success and leaves
//! no dead mount behind.

pub mod advance;
#[cfg(target_os = "linux")]
mod attach;
#[cfg(not(target_os = "linux"))]
#[path = "attach_bsd.rs"]
mod attach;
mod daemon;
mod error;
#[cfg(target_os = "linux")]
mod guard;
#[cfg(target_os = "linux")]
pub(crate) mod helper;
pub mod log;
pub mod memory;
pub(crate) mod mountpoint;
mod options;
mod signals;
mod sink;
#[cfg(target_os = "linux")]
pub mod table;
mod trace;
mod values;

use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::log::{error, info, warn};
use fuser::{Filesystem, Notifier, Session, SessionACL};

pub use error::{MountError, Source};
pub use options::{Access, MountOptions};
pub use sink::{SINK_SUBTYPE, SinkOptions, UNDECIDED, run_sink};
pub use values::OptionError;

use crate::fuse::{FuseAdapter, Ownership, Pusher, Settings, Storage};
use crate::observe::{Observer, Watching};
use crate::stats::Counters;
use crate::vfs::Vfs;
use daemon::{Reporter, Side};
use signals::Life;

/// Most threads without being asked: more do not make the kernel's queue faster.
const MAX_DEFAULT_THREADS: usize = 8;

/// Most bytes of a dataset's text that the mount table shows.
const MAX_SOURCE: usize = 1024;

/// Mounts `vfs` on the directory `point` and serves it until it is unmounted, telling `observer` of all requests.
///
/// Unless the options ask for the foreground, the process forks: the caller's returns as soon as the mount works, another
/// one serves, and returns from this call when the mount is gone. So this must be called before any thread is started.
///
/// # Errors
/// See [`MountError`]; a mount that was unmounted or ended by a signal is none.
pub fn run<V: Vfs>(
    vfs: V,
    counters: Arc<Counters>,
    observer: Option<Arc<Observer>>,
    source: Source<'_>,
    point: &Path,
    options: &MountOptions,
) -> Result<(), MountError> {
    let point = prepare(point, options)?;
    let trace = options.trace.as_deref().map(|path| trace::start(path, observer.as_deref())).transpose()?;
    let reporter = match to_background(&point, options)? {
        Stay::Here(reporter) => reporter,
        Stay::Done(outcome) => return outcome,
    };
    let shown = options.fsname.clone().unwrap_or_else(|| printable(source.dataset));
    let settings = settings(options, source.seed);
    let mut adapter = FuseAdapter::new(vfs, counters, settings).observed_by(observer.clone());
    // Before the first read can come.
    let threads = options.threads.unwrap_or_else(default_threads);
    let _workers = match adapter.delays().map(|delays| delays.start(threads)).transpose() {
        Ok(workers) => workers,
        Err(error) => {
            let error = MountError::Failed(format!("cannot start a thread: {error}"));
            match reporter {
                None => return Err(error),
                Some(reporter) => reporter.failed(&error),
            }
        }
    };
    // Weak: who is observed holds the observer.
    let vfs = Arc::downgrade(adapter.vfs());
    let paths = Box::new(move |ino| vfs.upgrade()?.path(ino));
    // Until nothing is served any more.
    let mut _watching: Option<Watching> = None;
    let (prefetch, advancer) = (adapter.prefetch(), adapter.advancer());
    let push = |kernel: Notifier| {
        if let Err(error) = advancer.start(kernel.clone()) {
            warn!("the generation cannot be changed: cannot start a thread: {error}");
        }
        let out = trace.map(|file| Box::new(file) as Box<dyn std::io::Write + Send>);
        match observer.map(|observer| observer.start(paths, out)).transpose() {
            Ok(watching) => _watching = watching,
            Err(error) => warn!("no trace: cannot start a thread: {error}"),
        }
        prefetch.map(|prefetch| prefetch.start(kernel))
    };
    serve(adapter, &point, Source { dataset: &shown, ..source }, options, reporter, Life::new(0), push)
}

/// To be done before anything else, and before any thread exists. Returns the mount point as it is from anywhere.
fn prepare(point: &Path, options: &MountOptions) -> Result<PathBuf, MountError> {
    signals::block();
    give_memory_back();
    let point = mountpoint::check(point)?;
    memory::check(threads(options))?;
    let file = options.log_file.as_deref().map(|path| {
        log::open(path).map_err(|error| MountError::Failed(format!("{}: cannot log there: {error}", path.display())))
    });
    let file = file.transpose()?;
    if let Some(file) = &file {
        memory::log_to(file.as_raw_fd());
    }
    log::init(options.verbosity, file);
    Ok(point)
}

/// Whether this process is the one that serves.
enum Stay {
    /// It is, and reports its start to another one if it is in the background.
    Here(Option<Reporter>),
    /// Another one does, or failed to.
    Done(Result<(), MountError>),
}

fn to_background(point: &Path, options: &MountOptions) -> Result<Stay, MountError> {
    let reporter = if options.foreground {
        None
    } else {
        match daemon::fork(|| attach::remove_dead(point))? {
            Side::Parent(outcome) => return Ok(Stay::Done(outcome)),
            Side::Daemon(reporter) => Some(reporter),
        }
    };
    log::log_panics();
    Ok(Stay::Here(reporter))
}

/// From here on, in the background, failures go to the parent. `push` starts what runs beside the session.
fn serve<F: Filesystem>(
    adapter: F,
    point: &Path,
    source: Source<'_>,
    options: &MountOptions,
    reporter: Option<Reporter>,
    life: Life,
    push: impl FnOnce(Notifier) -> Option<std::io::Result<Pusher>>,
) -> Result<(), MountError> {
    let life = Arc::new(life);
    let session = match start(adapter, point, source.dataset, options, &life) {
        Ok(Some(session)) => session,
        // A signal before the mount worked: in the foreground that is an ordinary end.
        Ok(None) => match reporter {
            None => return Ok(()),
            Some(reporter) => reporter.failed(&MountError::Failed("interrupted by a signal while mounting".to_owned())),
        },
        Err(error) => match reporter {
            None => return Err(error),
            Some(reporter) => reporter.failed(&error),
        },
    };
    if let Some(reporter) = reporter {
        log::to_background();
        if let Err(error) = reporter.ready() {
            life.end();
            return Err(MountError::Failed(format!("nobody waits for the mount any more: {error}")));
        }
    }
    match source.identity {
        Some(identity) => info!("{} is mounted on {}, identity {identity}", source.dataset, point.display()),
        None => info!("{} is mounted on {}", source.dataset, point.display()),
    }
    let pusher = push(session.notifier());
    if let Some(Err(error)) = &pusher {
        warn!("no prefetching: cannot start a thread: {error}");
    }
    // Until the pushing is over.
    let mut _guard = None;
    if let Some(Ok(_)) = &pusher {
        life.with_mount(|mount| _guard = mount.guard());
    }
    let outcome = session.run();
    drop(pusher);
    life.finish();
    life.clear_away();
    match outcome {
        Err(cause) if !life.interrupted() && !is_end(&cause) => {
            error!("{}: serving ended: {cause}", point.display());
            Err(MountError::Failed(format!("{}: serving ended: {cause}", point.display())))
        }
        _ => {
            info!("{} is unmounted", point.display());
            Ok(())
        }
    }
}

/// Whether this is how the kernel says that the connection is gone to who was taking a request from it at that moment;
/// to all others it says so with ENODEV, which is no error to begin with.
fn is_end(cause: &std::io::Error) -> bool {
    cause.raw_os_error() == Some(libc::ECONNABORTED)
}

/// Mounts and shakes hands with the kernel; `None` when a signal came before that was done.
fn start<F: Filesystem>(
    adapter: F,
    point: &Path,
    source: &str,
    options: &MountOptions,
    life: &Arc<Life>,
) -> Result<Option<Session<F>>, MountError> {
    signals::watch(life.clone()).map_err(|error| MountError::Failed(format!("cannot start a thread: {error}")))?;
    let mut config = fuser::Config::default();
    config.n_threads = Some(threads(options));
    config.acl = match options.access {
        Access::Owner => SessionACL::Owner,
        Access::OwnerAndRoot => SessionACL::RootAndOwner,
        Access::Everybody => SessionACL::All,
    };
    match attach::connect(adapter, point, source, options, config, life) {
        Ok(session) => {
            life.with_mount(attach::Attached::raise_read_ahead);
            Ok(session)
        }
        Err(_) if life.interrupted() => Ok(None),
        Err(error) => {
            life.end();
            Err(error)
        }
    }
}

/// `seed` decides what a device leaves to chance.
fn settings(options: &MountOptions, seed: u64) -> Settings {
    // SAFETY: these calls have no preconditions and cannot fail.
    let mounter = unsafe { (libc::getuid(), libc::getgid()) };
    Settings {
        ownership: Ownership {
            uid: options.uid,
            gid: options.gid,
            mounter,
            file_mask: options.fmask.unwrap_or(options.umask),
            dir_mask: options.dmask.unwrap_or(options.umask),
        },
        // Through the page cache a read that ends early would make the file end there, for good.
        direct_io: options.direct_io || options.faults.is_some_and(|faults| faults.short > 0.0),
        xattr: options.xattr,
        readdirplus: options.readdirplus,
        opendir_message: options.auto_unmount,
        prefetch: options.prefetch_bytes(),
        ask_at_root: options.access == Access::OwnerAndRoot,
        storage: options.storage.spec().map(|spec| Storage { spec, seed }),
        faults: options.faults.is_some(),
    }
}

/// Makes the allocator return what large tables took as soon as they shrink. By itself glibc raises the size from which
/// it does so, up to 32 MiB, each time such a block is freed. Where address space is limited, all threads share one heap:
/// glibc reserves 64 MiB for each further one.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn give_memory_back() {
    let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: the calls change numbers inside the allocator, of which there is no other user yet, and write to a value of
    // this frame.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 128 << 10);
        if libc::getrlimit(libc::RLIMIT_AS, &raw mut limit) == 0 && limit.rlim_cur != libc::RLIM_INFINITY {
            libc::mallopt(libc::M_ARENA_MAX, 1);
        }
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_memory_back() {}

/// How many threads answer requests.
fn threads(options: &MountOptions) -> usize {
    options.threads.unwrap_or_else(default_threads)
}

/// As many as processors; fuser serves with one thread where it is not Linux.
fn default_threads() -> usize {
    if !cfg!(target_os = "linux") {
        return 1;
    }
    std::thread::available_parallelism().map_or(1, |count| count.get().min(MAX_DEFAULT_THREADS))
}

/// A dataset's text as the mount table can show it: one line, of bounded length.
fn printable(text: &str) -> String {
    let mut end = text.len().min(MAX_SOURCE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let shown: String = text[..end].chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    if shown.is_empty() { "seedfs".to_owned() } else { shown }
}
