//! Going to the background: the command returns when the mount works, and says why when it does not.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicI32, Ordering};

use super::{MountError, memory, signals};

/// Which of the two processes this is.
pub(super) enum Side {
    /// The one that the user started, with the outcome of the start.
    Parent(Result<(), MountError>),
    /// The one that serves.
    Daemon(Reporter),
}

/// How the daemon tells its parent about the start. A message is an exit code and a text; nothing at all means that the
/// daemon died.
pub(super) struct Reporter {
    parent: UnixStream,
    /// What takes the place of the terminal, opened while there are descriptors. Without a /dev there is none, and FUSE
    /// will be missed first.
    null: io::Result<File>,
}

/// Process that signals are handed on to.
static DAEMON: AtomicI32 = AtomicI32::new(0);

/// Splits into parent and daemon; the parent waits for the daemon's report. To be called before any thread exists, with
/// the signals blocked. `on_death` cleans up behind a daemon that was killed before it could report.
pub(super) fn fork(on_death: impl FnOnce()) -> Result<Side, MountError> {
    let failed = |error: io::Error| MountError::Failed(format!("cannot go to the background: {error}"));
    let null = match File::options().read(true).write(true).open("/dev/null") {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        null => null,
    };
    let (receiver, sender) = UnixStream::pair().map_err(failed)?;
    // SAFETY: there is one thread, so the child is a whole process that may do everything.
    match unsafe { libc::fork() } {
        -1 => Err(failed(io::Error::last_os_error())),
        0 => {
            drop(receiver);
            // A session of its own: the terminal's signals reach the parent alone, which hands them on once.
            // SAFETY: no preconditions; a process just forked leads no group, so it cannot fail.
            unsafe { libc::setsid() };
            std::env::set_current_dir("/").map_err(failed)?;
            memory::report_to(sender.as_raw_fd());
            Ok(Side::Daemon(Reporter { parent: sender, null }))
        }
        pid => {
            drop(sender);
            DAEMON.store(pid, Ordering::Relaxed);
            signals::handle(hand_on);
            signals::unblock();
            Ok(Side::Parent(wait(receiver, pid, on_death)))
        }
    }
}

extern "C" fn hand_on(signal: libc::c_int) {
    // SAFETY: kill is safe in a signal handler. The parent reaps its child only just before it ends.
    unsafe { libc::kill(DAEMON.load(Ordering::Relaxed), signal) };
}

fn wait(mut receiver: UnixStream, pid: libc::pid_t, on_death: impl FnOnce()) -> Result<(), MountError> {
    let mut report = Vec::new();
    // Interrupted reads are taken up again by the library.
    let _ = receiver.read_to_end(&mut report);
    match report.split_first() {
        Some((0, _)) => Ok(()),
        Some((&code, text)) => {
            reap(pid);
            Err(MountError::Daemon { code, text: String::from_utf8_lossy(text).into_owned() })
        }
        None => {
            let status = reap(pid);
            on_death();
            let how = if libc::WIFSIGNALED(status) {
                format!("killed by signal {}", libc::WTERMSIG(status))
            } else {
                format!("exit code {}", libc::WEXITSTATUS(status))
            };
            Err(MountError::Failed(format!("the background process ended while starting: {how}")))
        }
    }
}

/// Waits for the end of a child that is about to end.
fn reap(pid: libc::pid_t) -> libc::c_int {
    let mut status = 0;
    // SAFETY: the pointer is to an initialised value of this frame.
    unsafe { libc::waitpid(pid, &raw mut status, 0) };
    status
}

impl Reporter {
    /// Lets go of the terminal and reports that the mount works.
    ///
    /// # Errors
    /// The parent is gone: nobody learns of the mount, so it should not stay.
    pub(super) fn ready(mut self) -> io::Result<()> {
        memory::report_to(-1);
        let null = self.null?;
        for stream in 0..3 {
            // SAFETY: both descriptors are open: the library opens missing standard streams at the start.
            if unsafe { libc::dup2(null.as_raw_fd(), stream) } < 0 {
                return Err(io::Error::last_os_error());
            }
        }
        self.parent.write_all(&[0])
    }

    /// Reports that there will be no mount, and ends this process.
    pub(super) fn failed(mut self, error: &MountError) -> ! {
        let code = error.exit_code();
        let mut report = vec![code];
        report.extend_from_slice(error.to_string().as_bytes());
        // If the parent is gone, nobody is left to tell.
        let _ = self.parent.write_all(&report);
        std::process::exit(code.into())
    }
}
