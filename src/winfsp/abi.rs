//! The structures of WinFsp 2.x in memory, as far as a read-only file system meets them.

use std::ffi::c_void;
use std::mem::{offset_of, size_of};

/// Outcome of a call: negative for errors.
pub(super) type NtStatus = i32;
/// UTF-16 text that ends with NUL.
pub(super) type Wide = *const u16;
/// The library's file system.
pub(super) type Fs = *mut FileSystem;
/// What an open handle is to us.
pub(super) type Context = *mut c_void;

/// Longest volume label in UTF-16 units.
pub(super) const MAX_LABEL: usize = 32;
/// Longest name in a directory, in UTF-16 units.
pub(super) const MAX_NAME: usize = 255;
/// Longest path that the driver takes back as the true spelling, in bytes.
pub(super) const MAX_PATH_BYTES: usize = 2048;

/// How a volume behaves.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct VolumeParams {
    pub(super) version: u16,
    pub(super) sector_size: u16,
    pub(super) sectors_per_allocation_unit: u16,
    pub(super) max_component_length: u16,
    pub(super) volume_creation_time: u64,
    pub(super) volume_serial_number: u32,
    pub(super) transact_timeout: u32,
    pub(super) irp_timeout: u32,
    pub(super) irp_capacity: u32,
    pub(super) file_info_timeout: u32,
    pub(super) flags: u32,
    pub(super) prefix: [u16; 192],
    pub(super) file_system_name: [u16; 16],
    pub(super) further_flags: u32,
    pub(super) further_timeouts: [u32; 6],
    pub(super) fsext_control_code: u32,
    pub(super) reserved: [u64; 2],
}

/// Bits of [`VolumeParams::flags`].
pub(super) mod flag {
    pub(in super::super) const CASE_PRESERVED_NAMES: u32 = 1 << 1;
    pub(in super::super) const UNICODE_ON_DISK: u32 = 1 << 2;
    pub(in super::super) const PERSISTENT_ACLS: u32 = 1 << 3;
    pub(in super::super) const REPARSE_POINTS: u32 = 1 << 4;
    pub(in super::super) const READ_ONLY_VOLUME: u32 = 1 << 9;
    pub(in super::super) const POST_CLEANUP_WHEN_MODIFIED_ONLY: u32 = 1 << 10;
    pub(in super::super) const PASS_QUERY_DIRECTORY_FILE_NAME: u32 = 1 << 13;
    /// Contexts belong to handles, not to files.
    pub(in super::super) const FILE_CONTEXT_IS_USER_CONTEXT_2: u32 = 1 << 16;
}

/// Attributes of a file.
#[repr(C)]
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(super) struct FileInfo {
    pub(super) file_attributes: u32,
    pub(super) reparse_tag: u32,
    pub(super) allocation_size: u64,
    pub(super) file_size: u64,
    pub(super) creation_time: u64,
    pub(super) last_access_time: u64,
    pub(super) last_write_time: u64,
    pub(super) change_time: u64,
    pub(super) index_number: u64,
    pub(super) hard_links: u32,
    pub(super) ea_size: u32,
}

/// What opening really fills: its attributes come first.
#[repr(C)]
pub(super) struct OpenFileInfo {
    pub(super) file_info: FileInfo,
    /// Room for the path in its true spelling.
    pub(super) normalized_name: *mut u16,
    /// Bytes of that room, then of the path.
    pub(super) normalized_name_size: u16,
}

/// Totals of a volume.
#[repr(C)]
pub(super) struct VolumeInfo {
    pub(super) total_size: u64,
    pub(super) free_size: u64,
    /// In bytes.
    pub(super) volume_label_length: u16,
    pub(super) volume_label: [u16; MAX_LABEL],
}

/// An entry of a listing.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct DirInfo {
    /// Bytes in use: those before the name, and those of the name.
    pub(super) size: u16,
    pub(super) file_info: FileInfo,
    pub(super) padding: [u8; 24],
    pub(super) name: [u16; MAX_NAME],
}

/// Bytes of an entry before its name.
pub(super) const DIR_INFO_HEADER: usize = 104;

/// The start of the library's own structure; more follows.
#[repr(C)]
pub(super) struct FileSystem {
    pub(super) version: u16,
    pub(super) user_context: *mut c_void,
    pub(super) volume_name: [u16; 256],
    pub(super) volume_handle: *mut c_void,
    pub(super) guards: [usize; 2],
    pub(super) operations: [usize; 22],
    pub(super) interface: *const Interface,
    pub(super) dispatcher_thread: *mut c_void,
    pub(super) dispatcher_thread_count: u32,
    pub(super) dispatcher_result: NtStatus,
    pub(super) mount_point: *mut u16,
}

/// The request and the answer that a thread of the library is working on.
#[repr(C)]
pub(super) struct OperationContext {
    pub(super) request: *const OpenRequest,
    pub(super) response: *mut OpenedResponse,
}

/// The start of a request that opens a file.
#[repr(C)]
pub(super) struct OpenRequest {
    pub(super) header: [u64; 2],
    /// What to do with a file that is there, in the upper eight bits; below, the options.
    pub(super) disposition_and_options: u32,
    pub(super) file_attributes: u32,
    pub(super) security_descriptor: [u16; 2],
    pub(super) allocation_size: u64,
    pub(super) access_token: u64,
    /// The rights that were asked for.
    pub(super) desired_access: u32,
}

/// The start of the answer to a request that opens a file.
#[repr(C)]
pub(super) struct OpenedResponse {
    pub(super) header: [u64; 3],
    pub(super) user_contexts: [u64; 2],
    pub(super) granted_access: u32,
    pub(super) security_descriptor: [u16; 2],
    pub(super) file_info: FileInfo,
    pub(super) file_name: [u16; 2],
    pub(super) flags: u32,
}

/// Bit of [`OpenedResponse::flags`]: reads pass by the cache.
pub(super) const DISABLE_CACHE: u32 = 1;

/// Outcome of resolving links.
#[repr(C)]
pub(super) struct IoStatusBlock {
    pub(super) status: usize,
    pub(super) information: usize,
}

/// A request that has the file system as its first argument and that is refused whatever the others are: in the calling
/// convention of 64-bit Windows they are the caller's affair.
pub(super) type Refused = Option<unsafe extern "C" fn(Fs) -> NtStatus>;
type Unused = Option<unsafe extern "C" fn()>;

/// Tells what a path's link is; [`super::library::Library::resolve_reparse_points`] calls it.
pub(super) type ReparsePointByName =
    unsafe extern "C" fn(Fs, *mut c_void, Wide, u8, *mut c_void, *mut usize) -> NtStatus;

/// What the library calls, on any of its threads.
#[repr(C)]
pub(super) struct Interface {
    pub(super) get_volume_info: Option<unsafe extern "C" fn(Fs, *mut VolumeInfo) -> NtStatus>,
    pub(super) set_volume_label: Refused,
    pub(super) get_security_by_name:
        Option<unsafe extern "C" fn(Fs, Wide, *mut u32, *mut c_void, *mut usize) -> NtStatus>,
    pub(super) create: Refused,
    pub(super) open: Option<unsafe extern "C" fn(Fs, Wide, u32, u32, *mut Context, *mut FileInfo) -> NtStatus>,
    pub(super) overwrite: Refused,
    pub(super) cleanup: Option<unsafe extern "C" fn(Fs, Context, Wide, u32)>,
    pub(super) close: Option<unsafe extern "C" fn(Fs, Context)>,
    pub(super) read: Option<unsafe extern "C" fn(Fs, Context, *mut c_void, u64, u32, *mut u32) -> NtStatus>,
    pub(super) write: Refused,
    pub(super) flush: Refused,
    pub(super) get_file_info: Option<unsafe extern "C" fn(Fs, Context, *mut FileInfo) -> NtStatus>,
    pub(super) set_basic_info: Refused,
    pub(super) set_file_size: Refused,
    pub(super) can_delete: Refused,
    pub(super) rename: Refused,
    pub(super) get_security: Option<unsafe extern "C" fn(Fs, Context, *mut c_void, *mut usize) -> NtStatus>,
    pub(super) set_security: Refused,
    pub(super) read_directory:
        Option<unsafe extern "C" fn(Fs, Context, Wide, Wide, *mut c_void, u32, *mut u32) -> NtStatus>,
    pub(super) resolve_reparse_points:
        Option<unsafe extern "C" fn(Fs, Wide, u32, u8, *mut IoStatusBlock, *mut c_void, *mut usize) -> NtStatus>,
    pub(super) get_reparse_point: Option<unsafe extern "C" fn(Fs, Context, Wide, *mut c_void, *mut usize) -> NtStatus>,
    pub(super) set_reparse_point: Refused,
    pub(super) delete_reparse_point: Refused,
    pub(super) get_stream_info: Unused,
    pub(super) get_dir_info_by_name: Option<unsafe extern "C" fn(Fs, Context, Wide, *mut DirInfo) -> NtStatus>,
    pub(super) control: Unused,
    pub(super) set_delete: Refused,
    pub(super) create_ex: Refused,
    pub(super) overwrite_ex: Refused,
    pub(super) get_ea: Unused,
    pub(super) set_ea: Refused,
    pub(super) obsolete: Unused,
    pub(super) dispatcher_stopped: Option<unsafe extern "C" fn(Fs, u8)>,
    pub(super) reserved: [Unused; 31],
}

/// The sizes and places that the library has them at; pointers have 8 bytes on every platform that matters here.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<VolumeParams>() == 504);
    assert!(offset_of!(VolumeParams, flags) == 36 && offset_of!(VolumeParams, further_flags) == 456);
    assert!(size_of::<FileInfo>() == 72);
    assert!(offset_of!(OpenFileInfo, normalized_name) == 72 && offset_of!(OpenFileInfo, normalized_name_size) == 80);
    assert!(size_of::<VolumeInfo>() == 88);
    assert!(offset_of!(DirInfo, file_info) == 8 && offset_of!(DirInfo, name) == DIR_INFO_HEADER);
    assert!(size_of::<DirInfo>() >= DIR_INFO_HEADER + 2 * MAX_NAME);
    assert!(offset_of!(FileSystem, user_context) == 8 && offset_of!(FileSystem, interface) == 728);
    assert!(offset_of!(FileSystem, mount_point) == 752);
    assert!(offset_of!(OpenRequest, allocation_size) == 32 && offset_of!(OpenRequest, desired_access) == 48);
    assert!(offset_of!(OpenedResponse, file_info) == 48 && offset_of!(OpenedResponse, flags) == 124);
    assert!(size_of::<Interface>() == 64 * size_of::<usize>());
    assert!(offset_of!(Interface, dispatcher_stopped) == 32 * size_of::<usize>());
};

#[cfg(all(windows, not(target_pointer_width = "64")))]
compile_error!("seedfs needs a 64-bit Windows: the layout of WinFsp's structures is known for that alone");
