//! Standard output without a buffer in between, where a reader that goes away ends the program quietly.

use std::fs::File;
use std::io::{self, Write};
use std::mem::ManuallyDrop;

use super::error::CliError;

/// Standard output.
///
/// Blocks go straight to the descriptor: the standard library's own handle would look for line ends in gigabytes.
pub(crate) struct Output(Inner);

#[cfg(unix)]
type Inner = ManuallyDrop<File>;

/// A console takes characters, which the standard library makes of the bytes.
#[cfg(windows)]
enum Inner {
    Bytes(ManuallyDrop<File>),
    Console(io::Stdout),
}

impl Output {
    #[cfg(unix)]
    pub(crate) fn stdout() -> Self {
        use std::os::fd::FromRawFd;
        // SAFETY: descriptor 1 is open (the runtime sees to that at start-up) and, never dropped, stays so.
        let file = unsafe { File::from_raw_fd(libc::STDOUT_FILENO) };
        widen_pipe();
        Self(ManuallyDrop::new(file))
    }

    #[cfg(windows)]
    pub(crate) fn stdout() -> Self {
        use std::io::IsTerminal;
        use std::os::windows::io::{AsRawHandle, FromRawHandle};
        let stdout = io::stdout();
        let handle = stdout.as_raw_handle();
        // A program without a console has no handle, and what it prints goes nowhere.
        if handle.is_null() || stdout.is_terminal() {
            return Self(Inner::Console(stdout));
        }
        // SAFETY: the handle of standard output is open and, never dropped, stays so.
        Self(Inner::Bytes(ManuallyDrop::new(unsafe { File::from_raw_handle(handle) })))
    }

    #[cfg(unix)]
    fn inner(&mut self) -> &mut dyn Write {
        &mut *self.0
    }

    #[cfg(windows)]
    fn inner(&mut self) -> &mut dyn Write {
        match &mut self.0 {
            Inner::Bytes(file) => &mut **file,
            Inner::Console(stdout) => stdout,
        }
    }
}

impl Write for Output {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let result = self.inner().write(buf);
        if result.as_ref().is_err_and(has_no_reader) {
            end_like_a_broken_pipe();
        }
        result
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner().flush()
    }
}

#[cfg(unix)]
fn has_no_reader(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// A pipe with a name, as some shells connect programs with, has an error of its own.
#[cfg(windows)]
fn has_no_reader(error: &io::Error) -> bool {
    use windows_sys::Win32::Foundation::ERROR_PIPE_NOT_CONNECTED;
    error.kind() == io::ErrorKind::BrokenPipe || error.raw_os_error() == Some(ERROR_PIPE_NOT_CONNECTED.cast_signed())
}

/// A megabyte between writer and reader instead of 64 KiB halves the switches between them; a refusal does no harm.
#[cfg(target_os = "linux")]
fn widen_pipe() {
    // SAFETY: fcntl with an integer argument touches no memory; on anything but a pipe it only fails.
    unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_SETPIPE_SZ, 1 << 20) };
}

#[cfg(all(unix, not(target_os = "linux")))]
fn widen_pipe() {}

/// Writes all of a text to standard output.
///
/// # Errors
/// It cannot be written, for any reason but that its reader has gone away: that ends the program.
pub(crate) fn print(text: &str) -> Result<(), CliError> {
    Output::stdout().write_all(text.as_bytes()).map_err(|error| CliError::output(&error))
}

/// As the shell expects of a filter whose reader has left: no message, and the exit code of a death by SIGPIPE.
fn end_like_a_broken_pipe() -> ! {
    std::process::exit(141)
}
