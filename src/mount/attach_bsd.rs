//! Making and removing the mount itself, where it is not Linux: fuser mounts.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use fuser::{Config, Filesystem, MountOption, Session};

use super::options::MountOptions;
use super::signals::Life;
use super::{MountError, memory};

/// A mount of this process.
#[derive(Debug)]
pub(super) struct Attached(PathBuf);

/// Mounts and shakes hands with the kernel; `None` when a signal came first.
pub(super) fn connect<F: Filesystem>(
    adapter: F,
    point: &Path,
    source: &str,
    options: &MountOptions,
    mut config: Config,
    life: &Life,
) -> Result<Option<Session<F>>, MountError> {
    config.mount_options = vec![
        if options.writable { MountOption::RW } else { MountOption::RO },
        // A comma would end the value (fuser#424).
        MountOption::FSName(source.replace(',', ";")),
        MountOption::Subtype(options.subtype.clone()),
        MountOption::DefaultPermissions,
    ];
    config.mount_options.extend((!options.exec).then_some(MountOption::NoExec));
    memory::prepare(point, life.code_when_cut_short());
    life.begin(|| match Session::new(adapter, point, &config) {
        Ok(session) => {
            memory::mounted();
            Ok((session, Attached(point.to_owned())))
        }
        Err(error) => Err(MountError::Refused(format!("{error}; is FUSE installed and loaded?"))),
    })
}

/// The kernel removes what nobody serves.
pub(super) fn remove_dead(_: &Path) {}

impl Attached {
    /// Read-ahead is the kernel's own affair here.
    pub(super) fn raise_read_ahead(&self) {}

    /// The kernel ends the connection by itself.
    pub(super) fn guard(&self) -> Option<()> {
        None
    }

    /// Where it is.
    pub(super) fn point(&self) -> &Path {
        &self.0
    }

    /// Removes the mount, also while it is busy.
    pub(super) fn detach(&self) {
        if let Ok(point) = CString::new(self.0.as_os_str().as_bytes()) {
            // SAFETY: the pointer is to a string ended by NUL that outlives the call.
            unsafe { libc::unmount(point.as_ptr(), libc::MNT_FORCE) };
        }
    }
}
