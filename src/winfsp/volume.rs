//! The life of a volume: made, given a place, served, removed.

use std::io;
use std::ptr::null_mut;
use std::sync::Arc;

use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Authorization::{
    ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::core::w;

use super::abi::{Fs, Interface, MAX_LABEL, MAX_NAME, NtStatus, VolumeParams, flag};
use super::callbacks::Calls;
use super::host::Host;
use super::library::{self, LibraryError};
use super::translate::{SECTOR, UNIT, filetime, status};
use crate::stats::Counters;
use crate::vfs::{Ino, Vfs};

/// Administrators own everything; everybody may read and run, nobody write: not even the owner (S-1-3-4), who could
/// otherwise change the rights.
const SECURITY: *const u16 = w!("O:BAG:BAD:P(A;;FRFX;;;S-1-3-4)(A;;FRFX;;;WD)");

/// What a volume is to be like.
pub struct Volume<'a> {
    /// Shown beside the drive's letter; what is behind 32 UTF-16 units is cut off.
    pub label: &'a str,
    /// Programs tell volumes apart by it.
    pub serial: u32,
    /// Threads that answer requests; 0 leaves it to WinFsp.
    pub threads: u32,
    /// Called when the driver ends the volume by itself, on one of its threads; it must not drop the mount.
    pub ended: Box<dyn Fn() + Send + Sync>,
}

/// Why there is no mount. Shown, it is one line with the cause and the next step.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// WinFsp cannot be used.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// The place is taken.
    #[error("is in use; name another drive, or * for the next one that is free")]
    PlaceTaken,
    /// The place cannot be mounted on.
    #[error("WinFsp cannot mount there: NTSTATUS {0:#010x}; name a drive, or a new directory on an NTFS volume")]
    Place(NtStatus),
    /// The driver does not make a volume.
    #[error(
        "WinFsp's driver makes no volume: NTSTATUS {0:#010x}; \
         does \"sc query WinFsp\" show it? else install it again from https://winfsp.dev/rel/"
    )]
    Driver(NtStatus),
    /// Something failed that should not.
    #[error("{0}: {1}")]
    Failed(&'static str, io::Error),
}

/// A volume that is being served; dropping it unmounts.
pub struct Mount<V: Vfs> {
    fs: Fs,
    host: *mut Host<V>,
    interface: *mut Interface,
}

// SAFETY: the pointers are owned here and used by the drop and by reads of what does not change; the file system behind
// them is Send and Sync.
unsafe impl<V: Vfs> Send for Mount<V> {}
// SAFETY: as above.
unsafe impl<V: Vfs> Sync for Mount<V> {}

impl<V: Vfs> Mount<V> {
    /// Mounts `vfs` on a drive such as `X:`, on a directory that does not exist yet, or on the next free drive, and
    /// serves it.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(vfs: V, counters: Arc<Counters>, place: Option<&str>, volume: Volume<'_>) -> Result<Self, StartError> {
        let (library, _) = library::load()?;
        let params = params(&vfs, volume.serial);
        let label = volume.label.encode_utf16().take(MAX_LABEL).collect();
        let host = Host { library, vfs, counters, security: security()?, label, ended: volume.ended };
        let mut mount = Self {
            fs: null_mut(),
            host: Box::into_raw(Box::new(host)),
            interface: Box::into_raw(Box::new(Calls::<V>::interface())),
        };
        // SAFETY: what the pointers are to lives until the mount is dropped, which undoes all of this.
        unsafe {
            let made = (library.create)(w!("WinFsp.Disk"), &raw const params, mount.interface, &raw mut mount.fs);
            if made < 0 {
                mount.fs = null_mut();
                return Err(StartError::Driver(made));
            }
            (*mount.fs).user_context = mount.host.cast();
        }
        mount.set_place(place)?;
        // SAFETY: the file system is complete.
        let started = unsafe { (library.start_dispatcher)(mount.fs, volume.threads) };
        if started < 0 { Err(StartError::Driver(started)) } else { Ok(mount) }
    }

    fn set_place(&self, place: Option<&str>) -> Result<(), StartError> {
        let place: Option<Vec<u16>> = place.map(|place| place.encode_utf16().chain(Some(0)).collect());
        let text = place.as_ref().map_or(std::ptr::null(), |place| place.as_ptr());
        // SAFETY: the text ends with NUL, and the library copies it.
        match unsafe { ((*self.host).library.set_mount_point)(self.fs, text) } {
            0.. => Ok(()),
            status::OBJECT_NAME_COLLISION => Err(StartError::PlaceTaken),
            other => Err(StartError::Place(other)),
        }
    }

    /// Where it is: what was asked for, or the drive that was free.
    pub fn place(&self) -> String {
        // SAFETY: the library keeps the text, which ends with NUL, as long as the volume has a place.
        unsafe {
            let start = (*self.fs).mount_point;
            if start.is_null() {
                return String::new();
            }
            let length = (0..).take_while(|&at| *start.add(at) != 0).count();
            String::from_utf16_lossy(std::slice::from_raw_parts(start, length))
        }
    }
}

impl<V: Vfs> Drop for Mount<V> {
    fn drop(&mut self) {
        // SAFETY: made by `start`. No call comes once the dispatcher has stopped, and only then their host goes.
        unsafe {
            let library = (*self.host).library;
            if !self.fs.is_null() {
                (library.stop_dispatcher)(self.fs);
                // The place goes with it.
                (library.delete)(self.fs);
            }
            drop(Box::from_raw(self.interface));
            drop(Box::from_raw(self.host));
        }
    }
}

fn params<V: Vfs>(vfs: &V, serial: u32) -> VolumeParams {
    // SAFETY: all-zero is a valid volume: numbers alone.
    let mut params: VolumeParams = unsafe { std::mem::zeroed() };
    params.version = size_of::<VolumeParams>() as u16;
    params.sector_size = SECTOR;
    params.sectors_per_allocation_unit = (UNIT / u64::from(SECTOR)) as u16;
    params.max_component_length = MAX_NAME as u16;
    params.volume_creation_time = vfs.getattr(Ino::ROOT).map_or(0, |root| filetime(root.mtime));
    params.volume_serial_number = serial;
    // For ever, which also turns the cache of contents on.
    params.file_info_timeout = u32::MAX;
    params.flags = flag::CASE_PRESERVED_NAMES
        | flag::UNICODE_ON_DISK
        | flag::PERSISTENT_ACLS
        | flag::REPARSE_POINTS
        | flag::READ_ONLY_VOLUME
        | flag::POST_CLEANUP_WHEN_MODIFIED_ONLY
        | flag::PASS_QUERY_DIRECTORY_FILE_NAME
        | flag::FILE_CONTEXT_IS_USER_CONTEXT_2;
    for (to, from) in params.file_system_name.iter_mut().zip("seedfs".encode_utf16()) {
        *to = from;
    }
    params
}

/// The security descriptor of everything, as bytes that point nowhere.
fn security() -> Result<Vec<u8>, StartError> {
    let mut descriptor = null_mut();
    let mut size = 0;
    // SAFETY: the pointers are to variables of this frame; the block that the system made is freed once copied.
    unsafe {
        if ConvertStringSecurityDescriptorToSecurityDescriptorW(
            SECURITY,
            SDDL_REVISION_1,
            &raw mut descriptor,
            &raw mut size,
        ) == 0
        {
            return Err(StartError::Failed("cannot make a security descriptor", io::Error::last_os_error()));
        }
        let bytes = std::slice::from_raw_parts(descriptor.cast::<u8>(), size as usize).to_vec();
        LocalFree(descriptor);
        Ok(bytes)
    }
}
