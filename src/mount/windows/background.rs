//! Going to the background: the command returns when the mount works, and says why when it does not.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::windows::process::CommandExt;
use std::process::{Command, Stdio};

use windows_sys::Win32::Foundation::{HANDLE_FLAG_INHERIT, SetHandleInformation};
use windows_sys::Win32::System::Console::{GetStdHandle, STD_ERROR_HANDLE, STD_INPUT_HANDLE, STD_OUTPUT_HANDLE};
use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, DETACHED_PROCESS};

use super::MountError;

/// Starts this program once more, without a console, with these arguments, and waits for its report. They must make it
/// call [`run`](super::run) with [`MountOptions::reporting`](super::MountOptions::reporting).
///
/// # Errors
/// What the other process reported, or that it could not be started or died.
pub fn in_background(arguments: &[OsString]) -> Result<(), MountError> {
    let failed = |error: io::Error| MountError::Failed(format!("cannot go to the background: {error}"));
    keep_handles();
    let mut child = Command::new(std::env::current_exe().map_err(failed)?)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .creation_flags(DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP)
        .spawn()
        .map_err(failed)?;
    let mut code = [0];
    let mut text = String::new();
    if let Some(mut report) = child.stdout.take() {
        match report.read_exact(&mut code) {
            Ok(()) if code[0] == 0 => return Ok(()),
            // The process ends behind such a report.
            Ok(()) => _ = report.read_to_string(&mut text),
            Err(_) => {}
        }
    }
    let status = child.wait().map_err(failed)?;
    if code[0] != 0 {
        return Err(MountError::Daemon { code: code[0], text });
    }
    Err(MountError::Failed(format!("the background process ended while starting: {status}")))
}

/// Keeps this process's streams from the other one, which would hold them open: who waits for their end must not wait
/// for the end of the mount.
fn keep_handles() {
    for stream in [STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE] {
        // SAFETY: for a stream that there is not, the call fails, which is no harm.
        unsafe { SetHandleInformation(GetStdHandle(stream), HANDLE_FLAG_INHERIT, 0) };
    }
}

/// A directory that the process is in could not be removed.
pub(super) fn leave_directory() {
    let mut root = std::env::var_os("SystemDrive").unwrap_or_else(|| "C:".into());
    root.push("\\");
    // Staying is no harm.
    let _ = std::env::set_current_dir(root);
}

/// How the process in the background tells its parent about the start, on standard output: an exit code, and a text
/// unless that is 0.
pub(super) struct Reporter;

impl Reporter {
    /// Reports that the mount works.
    ///
    /// # Errors
    /// The parent is gone: nobody learns of the mount, so it should not stay.
    pub(super) fn ready(self) -> io::Result<()> {
        let mut out = io::stdout();
        out.write_all(&[0])?;
        out.flush()
    }

    /// Reports that there will be no mount, and ends this process.
    pub(super) fn failed(self, error: &MountError) -> ! {
        let code = error.exit_code();
        let mut out = io::stdout();
        // If the parent is gone, nobody is left to tell.
        let _ = out.write_all(&[code]);
        let _ = out.write_all(error.to_string().as_bytes());
        let _ = out.flush();
        std::process::exit(code.into())
    }
}
