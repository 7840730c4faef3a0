//! The end of the connection to the kernel, brought about from outside the threads that serve it.
//!
//! A thread that pushes into the page cache may wait for a page that a reader's request has locked. Nothing but the
//! answer to that request releases it, not even SIGKILL. Once the threads that answer are gone, the process could not
//! end, the connection would stay, and readers would wait for ever. Ending the connection through fusectl answers all
//! requests with an error; so this process does it before it ends in a hurry, and a small process of its own does it when
//! this one was killed.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{IntoRawFd, RawFd};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicI32, Ordering};

use super::table::TableEntry;

/// The connection's switch in fusectl, open until the process ends; -1 without one.
static SWITCH: AtomicI32 = AtomicI32::new(-1);

/// Ends the connection, if a guard was ever set. Allocates nothing and takes no lock.
pub(super) fn abort() {
    press(SWITCH.load(Ordering::Acquire));
}

fn press(switch: RawFd) {
    if switch >= 0 {
        // SAFETY: the buffer is as long as stated. A connection that has ended already is no error.
        unsafe { libc::write(switch, b"1".as_ptr().cast(), 1) };
    }
}

/// Opens the switch of this mount's connection. The descriptor means this very connection for good, also once its number
/// is another one's.
///
/// # Errors
/// There is no fusectl, or it belongs to somebody else.
pub(super) fn open(entry: &TableEntry) -> io::Result<File> {
    let number = connection(&entry.device).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
    OpenOptions::new().write(true).open(format!("/sys/fs/fuse/connections/{number}/abort"))
}

/// The kernel's number of a device, which fusectl calls its directories by.
fn connection(device: &str) -> Option<u64> {
    let (major, minor) = device.split_once(':')?;
    Some(major.parse::<u32>().ok().map(u64::from)? << 20 | minor.parse::<u32>().ok().map(u64::from)?)
}

/// The process that stands by; dropped, it ends.
#[derive(Debug)]
pub(super) struct Guard(libc::pid_t);

impl Guard {
    /// Starts it. To be called by the thread that lives as long as the mount: the guard acts as soon as that one is gone.
    ///
    /// # Errors
    /// No process could be made.
    pub(super) fn start(switch: File) -> io::Result<Self> {
        let switch = switch.into_raw_fd();
        SWITCH.store(switch, Ordering::Release);
        // SAFETY: no preconditions; cannot fail.
        let parent = unsafe { libc::getpid() };
        // SAFETY: there may be other threads, whose locks the child inherits as they are. It calls nothing that takes one.
        match unsafe { libc::fork() } {
            -1 => Err(io::Error::last_os_error()),
            0 => stand_by(switch, parent),
            pid => Ok(Self(pid)),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // SAFETY: a child that was not waited for, so the number is its own; null means that its status is not wanted.
        unsafe {
            libc::kill(self.0, libc::SIGKILL);
            libc::waitpid(self.0, null_mut(), 0);
        }
    }
}

/// Waits for the end of the process that is guarded. Calls only what is safe in a signal handler.
fn stand_by(switch: RawFd, parent: libc::pid_t) -> ! {
    // Unlike the ordinary signals nobody sends this one by chance.
    let signal = libc::SIGRTMIN();
    // SAFETY: the pointers are to values of this frame, and paths and names end in NUL. An all-zero set is plain data, which
    // sigfillset and sigemptyset initialise. No thread but this one is in the process.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut set);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const set, null_mut());
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, signal);
        // Not among those whom a terminal or a shell ends together with the process that is guarded, be it by name.
        libc::setsid();
        libc::prctl(libc::PR_SET_NAME, c"fuse-guard".as_ptr());
        libc::chdir(c"/".as_ptr());
        // Nothing else may be held: with the connection itself in hand it would never end.
        if libc::dup2(switch, 0) != 0 || libc::syscall(libc::SYS_close_range, 1, libc::c_uint::MAX, 0) != 0 {
            libc::_exit(1);
        }
        libc::prctl(libc::PR_SET_PDEATHSIG, signal);
        // It may have died before that call.
        if libc::getppid() == parent {
            while libc::sigwaitinfo(&raw const set, null_mut()) < 0 {}
        }
        press(0);
        libc::_exit(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_called_by_the_number_of_its_device() {
        assert_eq!(connection("0:45"), Some(45));
        assert_eq!(connection("0:300"), Some(300));
        assert_eq!(connection("259:7"), Some(259 << 20 | 7));
        for garbage in ["", "0", "0:", ":1", "a:1", "0:-1", "1:99999999999"] {
            assert_eq!(connection(garbage), None, "{garbage}");
        }
    }
}
