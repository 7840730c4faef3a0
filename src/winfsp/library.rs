//! WinFsp's library, found through the registry and bound at run time: nothing of WinFsp is needed to build, and a
//! machine without it still runs the commands that need none.

use std::ffi::c_void;
use std::fmt;

use windows_sys::Win32::Foundation::{ERROR_SUCCESS, HMODULE};
use windows_sys::Win32::System::LibraryLoader::{
    GetProcAddress, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR, LOAD_LIBRARY_SEARCH_SYSTEM32, LoadLibraryExW,
};
use windows_sys::Win32::System::Registry::{HKEY_LOCAL_MACHINE, RRF_RT_REG_SZ, RRF_SUBKEY_WOW6432KEY, RegGetValueW};
use windows_sys::core::{s, w};

use super::abi::{
    DirInfo, Fs, Interface, IoStatusBlock, NtStatus, OperationContext, ReparsePointByName, VolumeParams, Wide,
};

/// The library's file below the directory of installation.
#[cfg(target_arch = "aarch64")]
const FILE: &str = "bin\\winfsp-a64.dll";
#[cfg(not(target_arch = "aarch64"))]
const FILE: &str = "bin\\winfsp-x64.dll";

/// The version of WinFsp that works: its structures are those of this major version, and only from it on does the
/// library tell when the driver ends a volume by itself.
const MAJOR: u16 = 2;

/// Longest path of the installation, in UTF-16 units.
const MAX_INSTALL_DIR: usize = 1024;

/// A version of WinFsp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// The structures in memory are the same as long as this is.
    pub major: u16,
    /// Grows with what is added.
    pub minor: u16,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Why WinFsp cannot be used. Shown, it is one line with the next step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LibraryError {
    /// The registry does not know it.
    #[error("WinFsp is not installed; install it from https://winfsp.dev/rel/")]
    NotInstalled,
    /// Its library cannot be loaded.
    #[error("{path}: cannot load WinFsp: {reason}; install it again from https://winfsp.dev/rel/")]
    Unloadable {
        /// Where the registry says that it is.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// Its library has not what is needed.
    #[error("{path}: no WinFsp 2: it lacks {function}; install WinFsp 2 from https://winfsp.dev/rel/")]
    Incomplete {
        /// Where the library is.
        path: String,
        /// The first function that is missing.
        function: &'static str,
    },
    /// It is another major version.
    #[error("WinFsp {found} is installed, but 2.x is needed; install that from https://winfsp.dev/rel/")]
    OtherVersion {
        /// What is installed.
        found: Version,
    },
}

/// The functions that are used.
#[derive(Clone, Copy)]
pub(super) struct Library {
    pub(super) create: unsafe extern "C" fn(Wide, *const VolumeParams, *const Interface, *mut Fs) -> NtStatus,
    pub(super) delete: unsafe extern "C" fn(Fs),
    pub(super) set_mount_point: unsafe extern "C" fn(Fs, Wide) -> NtStatus,
    pub(super) start_dispatcher: unsafe extern "C" fn(Fs, u32) -> NtStatus,
    pub(super) stop_dispatcher: unsafe extern "C" fn(Fs),
    pub(super) add_dir_info: unsafe extern "C" fn(*const DirInfo, *mut c_void, u32, *mut u32) -> u8,
    pub(super) resolve_reparse_points: unsafe extern "C" fn(
        Fs,
        ReparsePointByName,
        *mut c_void,
        Wide,
        u32,
        u8,
        *mut IoStatusBlock,
        *mut c_void,
        *mut usize,
    ) -> NtStatus,
    pub(super) operation_context: unsafe extern "C" fn() -> *mut OperationContext,
}

/// The version of WinFsp that is installed.
///
/// # Errors
/// See [`LibraryError`]; another major version than is needed is one.
pub fn version() -> Result<Version, LibraryError> {
    load().map(|(_, version)| version)
}

/// Loads the library, which stays loaded, and checks its version.
///
/// # Errors
/// See [`LibraryError`].
pub(super) fn load() -> Result<(Library, Version), LibraryError> {
    let path = path().ok_or(LibraryError::NotInstalled)?;
    let shown = || String::from_utf16_lossy(&path[..path.len() - 1]);
    // A full path, and its own directory and the system's for what it needs in turn: never a bare name, which the
    // current directory could answer.
    let flags = LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_SYSTEM32;
    // SAFETY: the path ends with NUL.
    let module = unsafe { LoadLibraryExW(path.as_ptr(), std::ptr::null_mut(), flags) };
    if module.is_null() {
        let reason = std::io::Error::last_os_error().to_string();
        return Err(LibraryError::Unloadable { path: shown(), reason });
    }
    let (library, number) = bind(module).map_err(|function| LibraryError::Incomplete { path: shown(), function })?;
    let version = Version { major: (number >> 16) as u16, minor: number as u16 };
    if version.major == MAJOR { Ok((library, version)) } else { Err(LibraryError::OtherVersion { found: version }) }
}

/// Full path of the library, ended by NUL.
fn path() -> Option<Vec<u16>> {
    let mut directory = [0u16; MAX_INSTALL_DIR];
    let mut bytes = size_of_val(&directory) as u32;
    // SAFETY: `bytes` is the size of the buffer; the texts end with NUL.
    let outcome = unsafe {
        RegGetValueW(
            HKEY_LOCAL_MACHINE,
            w!("SOFTWARE\\WinFsp"),
            w!("InstallDir"),
            RRF_RT_REG_SZ | RRF_SUBKEY_WOW6432KEY,
            std::ptr::null_mut(),
            directory.as_mut_ptr().cast(),
            &raw mut bytes,
        )
    };
    let length = directory.iter().position(|&unit| unit == 0).filter(|&length| length > 0)?;
    if outcome != ERROR_SUCCESS {
        return None;
    }
    let mut path = directory[..length].to_vec();
    if path.last() != Some(&u16::from(b'\\')) {
        path.push(u16::from(b'\\'));
    }
    path.extend(FILE.encode_utf16().chain(Some(0)));
    Some(path)
}

/// The functions of a library and its version number, or the name of the first that is missing.
fn bind(module: HMODULE) -> Result<(Library, u32), &'static str> {
    macro_rules! function {
        ($name:literal as $type:ty) => {{
            // SAFETY: the name ends with NUL.
            let found = unsafe { GetProcAddress(module, s!($name)) }.ok_or($name)?;
            // SAFETY: the type is what WinFsp declares for this name.
            unsafe { std::mem::transmute::<unsafe extern "system" fn() -> isize, $type>(found) }
        }};
    }
    let version = function!("FspVersion" as unsafe extern "C" fn(*mut u32) -> NtStatus);
    let mut number = 0;
    // SAFETY: the pointer is to a number of this frame.
    if unsafe { version(&raw mut number) } < 0 {
        return Err("FspVersion");
    }
    let library = Library {
        create: function!("FspFileSystemCreate" as unsafe extern "C" fn(_, _, _, _) -> _),
        delete: function!("FspFileSystemDelete" as unsafe extern "C" fn(_)),
        set_mount_point: function!("FspFileSystemSetMountPoint" as unsafe extern "C" fn(_, _) -> _),
        start_dispatcher: function!("FspFileSystemStartDispatcher" as unsafe extern "C" fn(_, _) -> _),
        stop_dispatcher: function!("FspFileSystemStopDispatcher" as unsafe extern "C" fn(_)),
        add_dir_info: function!("FspFileSystemAddDirInfo" as unsafe extern "C" fn(_, _, _, _) -> _),
        resolve_reparse_points: function!(
            "FspFileSystemResolveReparsePoints" as unsafe extern "C" fn(_, _, _, _, _, _, _, _, _) -> _
        ),
        operation_context: function!("FspFileSystemGetOperationContext" as unsafe extern "C" fn() -> _),
    };
    Ok((library, number))
}
