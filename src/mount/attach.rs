//! Making and removing the mount itself, on Linux.
//!
//! Done here and not by fuser, because the daemon must know exactly when its mount begins to exist (a signal may come at
//! any moment) and which mount is its own (another one may have taken the place), and because fuser wants allow_other
//! for auto_unmount, cannot escape a comma (fuser#424), and unmounts in a way that a busy mount refuses (fuser#686).

use std::ffi::{CStr, CString};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use fuser::{Config, Filesystem, Session};
use log::{debug, info, warn};

use super::guard::{self, Guard};
use super::helper::{self, fusermount, unmount_with_nothing};
use super::options::{Access, MountOptions};
use super::signals::Life;
use super::{MountError, memory, mountpoint, table};

/// A mount of this process.
#[derive(Debug)]
pub(super) struct Attached {
    point: PathBuf,
    /// Its line in the table; absent when the table could not be read.
    entry: Option<table::TableEntry>,
}

/// Mounts and shakes hands with the kernel; `None` when a signal came first.
pub(super) fn connect<F: Filesystem>(
    adapter: F,
    point: &Path,
    source: &str,
    options: &MountOptions,
    config: Config,
    life: &Life,
) -> Result<Option<Session<F>>, MountError> {
    memory::prepare(point, life.code_when_cut_short());
    let Some(device) = life.begin(|| attach(point, source, options))? else {
        return Ok(None);
    };
    let session = Session::from_fd(adapter, device, config.acl, config)
        .map_err(|error| MountError::Refused(format!("the kernel did not agree: {error}")))?;
    Ok(Some(session))
}

/// Mounts and returns the connection to the kernel: directly where that is permitted, otherwise through fusermount3.
fn attach(point: &Path, source: &str, options: &MountOptions) -> Result<(OwnedFd, Attached), MountError> {
    let device = if options.auto_unmount { None } else { direct(point, source, options)? };
    let device = match device {
        Some(device) => device,
        None => helper::attach(point, source, options)?,
    };
    memory::mounted();
    let entry = topmost_fuse(point);
    if let Some(entry) = &entry {
        memory::identify(entry.id);
    }
    Ok((device, Attached { point: point.to_owned(), entry }))
}

fn topmost_fuse(point: &Path) -> Option<table::TableEntry> {
    table::topmost(point).ok().flatten().filter(|entry| entry.fs_type.starts_with("fuse"))
}

/// Removes what a process left behind that was killed while it mounted.
pub(super) fn remove_dead(point: &Path) {
    let entry = topmost_fuse(point);
    if entry.is_some() && mountpoint::is_dead(point) {
        Attached { point: point.to_owned(), entry }.detach();
    }
}

/// mount(2), or `None` where only fusermount3 may.
fn direct(point: &Path, source: &str, options: &MountOptions) -> Result<Option<OwnedFd>, MountError> {
    let device = match OpenOptions::new().read(true).write(true).open("/dev/fuse") {
        Ok(device) => device,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(None),
        Err(error) => return Err(no_device(&error)),
    };
    let fs_type = format!("fuse.{}", options.subtype);
    match sys_mount(point, source, &fs_type, flags(options), &kernel_options(&device, options)) {
        Ok(()) => Ok(Some(device.into())),
        Err(error) => match error.raw_os_error() {
            Some(libc::EPERM) => Ok(None),
            Some(libc::EBUSY) => {
                Err(MountError::Point { point: point.to_owned(), reason: format!("is busy: {error}") })
            }
            Some(libc::ENODEV) => Err(no_device(&error)),
            Some(libc::EINVAL) if !options.contexts.is_empty() => Err(MountError::Refused(format!(
                "the kernel refused the options: {error}; context= needs a running SELinux that knows the label"
            ))),
            _ => Err(MountError::Refused(format!("the kernel refused the mount: {error}"))),
        },
    }
}

fn no_device(error: &io::Error) -> MountError {
    MountError::Refused(format!(
        "/dev/fuse: {error}; load the kernel's module with: modprobe fuse (in a container: --device /dev/fuse)"
    ))
}

/// The options that travel as text.
fn kernel_options(device: &File, options: &MountOptions) -> String {
    // SAFETY: these calls have no preconditions and cannot fail.
    let (uid, gid) = unsafe { (libc::getuid(), libc::getgid()) };
    let mut text = format!("fd={},rootmode=40000,user_id={uid},group_id={gid},default_permissions", device.as_raw_fd());
    if options.access != Access::Owner {
        text.push_str(",allow_other");
    }
    for (name, label) in &options.contexts {
        text.push_str(&format!(",{name}=\"{label}\""));
    }
    text
}

fn flags(options: &MountOptions) -> libc::c_ulong {
    let mut flags = if options.writable { 0 } else { libc::MS_RDONLY };
    for (absent, flag) in [
        (!options.dev, libc::MS_NODEV),
        (!options.suid, libc::MS_NOSUID),
        (!options.exec, libc::MS_NOEXEC),
        (!options.atime, libc::MS_NOATIME),
    ] {
        flags |= if absent { flag } else { 0 };
    }
    flags
}

fn sys_mount(point: &Path, source: &str, fs_type: &str, flags: libc::c_ulong, options: &str) -> io::Result<()> {
    let source = CString::new(source)?;
    let point = CString::new(point.as_os_str().as_bytes())?;
    let fs_type = CString::new(fs_type)?;
    let options = CString::new(options)?;
    // SAFETY: all pointers are to strings ended by NUL that outlive the call.
    let result =
        unsafe { libc::mount(source.as_ptr(), point.as_ptr(), fs_type.as_ptr(), flags, options.as_ptr().cast()) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

impl Attached {
    /// After the start: requests of read-ahead as large as those of programs. Only root may set it.
    pub(super) fn raise_read_ahead(&self) {
        if let Some(entry) = &self.entry {
            let knob = format!("/sys/class/bdi/{}/read_ahead_kb", entry.device);
            if let Err(error) = std::fs::write(&knob, "1024") {
                debug!("{knob}: {error}; read-ahead stays at the kernel's default");
            }
        }
    }

    /// A process that ends the connection when this one was killed; none where fusectl is not there to do it with.
    pub(super) fn guard(&self) -> Option<Guard> {
        let switch = guard::open(self.entry.as_ref()?);
        // Opened by a number, which may be another mount's by now if this one is gone.
        let guard = switch.and_then(|switch| self.is_topmost().then(|| Guard::start(switch)).transpose());
        guard.unwrap_or_else(|error| {
            info!("no guard against a kill while pages are pushed: {error}");
            None
        })
    }

    /// Where it is.
    pub(super) fn point(&self) -> &Path {
        &self.point
    }

    /// Removes the mount if it is still there and on top; readers that keep files open do not hold it back. Never
    /// touches a mount that somebody made here since.
    pub(super) fn detach(&self) {
        if !self.is_topmost() {
            return;
        }
        info!("unmounting {}", self.point.display());
        let Ok(point) = CString::new(self.point.as_os_str().as_bytes()) else { return };
        match detach_lazily(&point) {
            Ok(()) => {}
            Err(error) if error.raw_os_error() == Some(libc::EPERM) => {
                match fusermount(&["-u", "-q", "-z"], &self.point) {
                    Err(error) if !unmount_with_nothing(&point) => {
                        warn!("{}: cannot unmount: {error}", self.point.display());
                    }
                    _ => {}
                }
            }
            // Somebody else was faster.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {}
            Err(error) => warn!("{}: cannot unmount: {error}", self.point.display()),
        }
    }

    /// Whether the mount table shows this very mount at its place.
    pub(super) fn is_topmost(&self) -> bool {
        match (&self.entry, table::topmost(&self.point)) {
            (Some(ours), Ok(Some(now))) => (ours.id, &ours.device) == (now.id, &now.device),
            // Without a table nothing can be told apart; fusermount3 refuses what is no mount of the user's.
            (None, _) | (_, Err(_)) => true,
            (Some(_), Ok(None)) => false,
        }
    }
}

fn detach_lazily(point: &CStr) -> io::Result<()> {
    // SAFETY: the pointer is to a string ended by NUL that outlives the call.
    let result = unsafe { libc::umount2(point.as_ptr(), libc::MNT_DETACH | libc::UMOUNT_NOFOLLOW) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
