//! HUP, INT, QUIT and TERM: they unmount, at any moment of a mount's life.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use log::{info, warn};

use super::attach::Attached;
#[cfg(target_os = "linux")]
use super::guard;
use super::{memory, mountpoint};

/// What makes the daemon unmount and end.
const ENDING: [libc::c_int; 4] = [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM];

/// How long readers of a busy mount may go on after it left the tree.
const GRACE: Duration = Duration::from_millis(900);

/// Where a mount is in its life, known to the thread that serves and the one that waits for signals.
///
/// The lock is held while mounting: a signal finds either no mount, and none will be made, or one that it can remove.
#[derive(Debug)]
pub(super) struct Life {
    stage: Mutex<Stage>,
    /// Exit code where a signal ends the process before its work is done.
    cut_short: u8,
}

#[derive(Debug, Default)]
struct Stage {
    mount: Option<Attached>,
    interrupted: bool,
    finishing: bool,
}

impl Life {
    /// `cut_short` is the exit code where a signal ends the process before its work is done.
    pub(super) fn new(cut_short: u8) -> Self {
        Self { stage: Mutex::default(), cut_short }
    }

    /// Nothing is served any more; what is left to do ends by itself, and a signal must not hurry it.
    pub(super) fn finish(&self) {
        self.lock().finishing = true;
        memory::unmounted();
    }

    /// Mounts unless a signal came first, which is `Ok(None)`.
    pub(super) fn begin<T, E>(&self, mount: impl FnOnce() -> Result<(T, Attached), E>) -> Result<Option<T>, E> {
        let mut stage = self.lock();
        if stage.interrupted {
            return Ok(None);
        }
        let (connection, attached) = mount()?;
        stage.mount = Some(attached);
        Ok(Some(connection))
    }

    /// Removes the mount if there is one.
    pub(super) fn end(&self) {
        if let Some(mount) = self.lock().mount.take() {
            mount.detach();
        }
    }

    /// Removes the mount if it is still there although nobody serves it any more, as after an abort. After an unmount
    /// there may be another one in its place already, with the same number in the mount table: the kernel gives numbers
    /// out again at once.
    pub(super) fn clear_away(&self) {
        if let Some(mount) = self.lock().mount.take()
            && mountpoint::is_dead(mount.point())
        {
            mount.detach();
        }
    }

    /// Whether a signal has come.
    pub(super) fn interrupted(&self) -> bool {
        self.lock().interrupted
    }

    /// Runs a call on the mount, if there is one.
    pub(super) fn with_mount(&self, call: impl FnOnce(&Attached)) {
        if let Some(mount) = &self.lock().mount {
            call(mount);
        }
    }

    fn interrupt(&self) {
        let mut stage = self.lock();
        stage.interrupted = true;
        if let Some(mount) = stage.mount.take() {
            mount.detach();
            memory::unmounted();
        }
    }

    /// Exit code where the process ends before its work is done.
    pub(super) fn code_when_cut_short(&self) -> u8 {
        self.cut_short
    }

    fn lock(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Holds the signals back until somebody waits for them. Before any thread: threads inherit it.
pub(super) fn block() {
    change_mask(libc::SIG_BLOCK);
    // A parent or a log reader that went away is an error to handle, not a reason to die with the mount in place.
    // SAFETY: ignoring a signal installs no handler.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}

/// Lets them through again.
pub(super) fn unblock() {
    change_mask(libc::SIG_UNBLOCK);
}

fn change_mask(how: libc::c_int) {
    let set = ending_set();
    // SAFETY: the set is initialised; a null pointer means that the old mask is not wanted.
    unsafe { libc::pthread_sigmask(how, &raw const set, std::ptr::null_mut()) };
}

fn ending_set() -> libc::sigset_t {
    // SAFETY: an all-zero set is plain data, and sigemptyset initialises it as the platform wants.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        for signal in ENDING {
            libc::sigaddset(&raw mut set, signal);
        }
        set
    }
}

/// Has every signal in [`ENDING`] handled by `handler`, which may only do what is safe in a signal handler.
pub(super) fn handle(handler: extern "C" fn(libc::c_int)) {
    for signal in ENDING {
        // SAFETY: the handler has the type of one; the caller vouches for what it does.
        unsafe { libc::signal(signal, handler as *const () as libc::sighandler_t) };
    }
}

/// Starts the thread that waits for the signals.
///
/// # Errors
/// No thread could be made.
pub(super) fn watch(life: Arc<Life>) -> io::Result<()> {
    std::thread::Builder::new().name("seedfs-signals".to_owned()).spawn(move || {
        let signal = wait();
        info!("signal {signal}: unmounting");
        life.interrupt();
        // Usually the serving threads see the end and the process is gone before this.
        if wait_for(GRACE) {
            info!("second signal: ending at once");
        } else if life.lock().finishing {
            wait();
            info!("second signal: ending at once");
        } else {
            warn!("the mount was busy: programs that still use it get errors from now on");
        }
        // A thread that waits for an answer of this process keeps it from ending.
        #[cfg(target_os = "linux")]
        guard::abort();
        std::process::exit(life.cut_short.into());
    })?;
    Ok(())
}

fn wait() -> libc::c_int {
    let set = ending_set();
    loop {
        let mut signal = 0;
        // SAFETY: both pointers are to initialised values of this frame.
        if unsafe { libc::sigwait(&raw const set, &raw mut signal) } == 0 {
            return signal;
        }
    }
}

/// Whether another signal came within the time.
#[cfg(not(target_vendor = "apple"))]
fn wait_for(time: Duration) -> bool {
    let set = ending_set();
    let time = libc::timespec { tv_sec: time.as_secs() as _, tv_nsec: time.subsec_nanos() as _ };
    // SAFETY: the pointers are to initialised values of this frame; null means that details are not wanted.
    unsafe { libc::sigtimedwait(&raw const set, std::ptr::null_mut(), &raw const time) > 0 }
}

#[cfg(target_vendor = "apple")]
fn wait_for(time: Duration) -> bool {
    std::thread::sleep(time);
    false
}
