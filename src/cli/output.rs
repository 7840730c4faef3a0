//! Standard output without a buffer in between, where a reader that goes away ends the program quietly.

use std::io::{self, Write};

/// Standard output.
///
/// Blocks go straight to the descriptor: the standard library's own handle would look for line ends in gigabytes.
pub(crate) struct Output {
    #[cfg(unix)]
    file: std::mem::ManuallyDrop<std::fs::File>,
    #[cfg(not(unix))]
    stdout: io::Stdout,
}

impl Output {
    #[cfg(unix)]
    pub(crate) fn stdout() -> Self {
        use std::os::fd::FromRawFd;
        // SAFETY: descriptor 1 is open (the runtime sees to that at start-up) and, never dropped, stays so.
        let file = unsafe { std::fs::File::from_raw_fd(libc::STDOUT_FILENO) };
        widen_pipe();
        Self { file: std::mem::ManuallyDrop::new(file) }
    }

    #[cfg(not(unix))]
    pub(crate) fn stdout() -> Self {
        Self { stdout: io::stdout() }
    }

    fn inner(&mut self) -> &mut impl Write {
        #[cfg(unix)]
        return &mut *self.file;
        #[cfg(not(unix))]
        return &mut self.stdout;
    }
}

impl Write for Output {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let result = self.inner().write(buf);
        if result.as_ref().is_err_and(|e| e.kind() == io::ErrorKind::BrokenPipe) {
            end_like_a_broken_pipe();
        }
        result
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner().flush()
    }
}

/// A megabyte between writer and reader instead of 64 KiB halves the switches between them; a refusal does no harm.
#[cfg(target_os = "linux")]
fn widen_pipe() {
    // SAFETY: fcntl with an integer argument touches no memory; on anything but a pipe it only fails.
    unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_SETPIPE_SZ, 1 << 20) };
}

#[cfg(all(unix, not(target_os = "linux")))]
fn widen_pipe() {}

/// As the shell expects of a filter whose reader has left: no message, and the exit code of a death by SIGPIPE.
fn end_like_a_broken_pipe() -> ! {
    std::process::exit(141)
}
