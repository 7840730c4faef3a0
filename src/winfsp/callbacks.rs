//! What the library calls: each call is converted, handed to the file system, and its outcome converted back.

use std::ffi::c_void;
use std::marker::PhantomData;

use super::abi::{Context, DirInfo, FileInfo, Fs, Interface, IoStatusBlock, NtStatus, OpenRequest, VolumeInfo, Wide};
use super::host::{Handle, Host, Subject};
use super::listing;
use super::resolve::{Reference, Resolved, child, resolve};
use super::translate::{asked_name, code, file_info, fill_entry, status};
use crate::stats::Op;
use crate::vfs::{FileType, Vfs};

/// Rights of which each lets a program change something: contents, attributes, children, the file's being, its security,
/// and the general ones to write and to do everything.
const WRITE_ACCESS: u32 = 0x2 | 0x4 | 0x10 | 0x40 | 0x100 | 0x1_0000 | 0x4_0000 | 0x8_0000 | 0x4000_0000 | 0x1000_0000;
/// As much as there is.
const MAXIMUM_ALLOWED: u32 = 0x200_0000;

/// What may be done with a file that is there, but for opening it.
const FILE_SUPERSEDE: u32 = 0;
const FILE_OVERWRITE: u32 = 4;
const FILE_OVERWRITE_IF: u32 = 5;
const FILE_DIRECTORY_FILE: u32 = 0x1;
const FILE_NON_DIRECTORY_FILE: u32 = 0x40;
const FILE_DELETE_ON_CLOSE: u32 = 0x1000;

/// Whether opening asks for more than reading. Who asks for as much as there is may get more than that from the driver,
/// and is told when it makes use of it.
fn would_change(options: u32, granted: u32, request: Option<&OpenRequest>) -> bool {
    let desired = request.map_or(granted, |request| request.desired_access);
    let disposition = request.map(|request| request.disposition_and_options >> 24);
    desired & WRITE_ACCESS != 0
        || (granted & WRITE_ACCESS != 0 && desired & MAXIMUM_ALLOWED == 0)
        || options & FILE_DELETE_ON_CLOSE != 0
        || matches!(disposition, Some(FILE_SUPERSEDE | FILE_OVERWRITE | FILE_OVERWRITE_IF))
}

/// The calls of one kind of file system, each of them in the form that the library wants.
pub(super) struct Calls<V>(PhantomData<V>);

/// Text that ends with NUL.
///
/// # Safety
/// It does, and outlives what is returned.
unsafe fn text<'a>(start: Wide) -> &'a [u16] {
    // SAFETY: the caller vouches for the end.
    let length = (0..).take_while(|&at| unsafe { *start.add(at) } != 0).count();
    // SAFETY: these units were just read.
    unsafe { std::slice::from_raw_parts(start, length) }
}

/// The host of a file system that was made with one.
///
/// # Safety
/// It was, and the host lives as long as callbacks come.
unsafe fn host<'a, V>(fs: Fs) -> &'a Host<V> {
    // SAFETY: the caller vouches for it.
    unsafe { &*(*fs).user_context.cast::<Host<V>>() }
}

/// The handle that opening made.
///
/// # Safety
/// It did, and it is not closed yet.
unsafe fn handle<'a>(context: Context) -> &'a Handle {
    // SAFETY: the caller vouches for it.
    unsafe { &*context.cast::<Handle>() }
}

// SAFETY of all calls: the library hands over its own valid pointers, the host as the file system's context, and what
// opening made as the context of a handle, until that is closed.
#[allow(clippy::undocumented_unsafe_blocks)] // said once, for all of them
impl<V: Vfs> Calls<V> {
    pub(super) fn interface() -> Interface {
        // SAFETY: all-zero is a valid interface: absent functions alone.
        let mut calls: Interface = unsafe { std::mem::zeroed() };
        for refused in [
            &mut calls.set_volume_label,
            // The library refuses to open anything where creating and overwriting are absent.
            &mut calls.create,
            &mut calls.create_ex,
            &mut calls.overwrite,
            &mut calls.overwrite_ex,
            &mut calls.write,
            &mut calls.flush,
            &mut calls.set_basic_info,
            &mut calls.set_file_size,
            &mut calls.can_delete,
            &mut calls.set_delete,
            &mut calls.rename,
            &mut calls.set_security,
            &mut calls.set_reparse_point,
            &mut calls.delete_reparse_point,
            &mut calls.set_ea,
        ] {
            *refused = Some(Self::refuse);
        }
        calls.get_volume_info = Some(Self::get_volume_info);
        calls.get_security_by_name = Some(Self::get_security_by_name);
        calls.open = Some(Self::open);
        calls.cleanup = Some(Self::cleanup);
        calls.close = Some(Self::close);
        calls.read = Some(Self::read);
        calls.get_file_info = Some(Self::get_file_info);
        calls.get_security = Some(Self::get_security);
        calls.read_directory = Some(Self::read_directory);
        calls.resolve_reparse_points = Some(Self::resolve_reparse_points);
        calls.get_reparse_point = Some(Self::get_reparse_point);
        calls.get_dir_info_by_name = Some(Self::get_dir_info_by_name);
        calls.dispatcher_stopped = Some(Self::dispatcher_stopped);
        calls
    }

    unsafe extern "C" fn refuse(fs: Fs) -> NtStatus {
        let host = unsafe { host::<V>(fs) };
        host.serve(Op::Change, Subject::Volume, || Err(status::MEDIA_WRITE_PROTECTED))
    }

    unsafe extern "C" fn get_volume_info(fs: Fs, out: *mut VolumeInfo) -> NtStatus {
        let host = unsafe { host::<V>(fs) };
        host.serve(Op::StatFs, Subject::Volume, || {
            let out = unsafe { &mut *out };
            out.total_size = host.vfs.statfs().bytes;
            out.free_size = 0;
            out.volume_label_length = (2 * host.label.len()) as u16;
            out.volume_label[..host.label.len()].copy_from_slice(&host.label);
            Ok(status::SUCCESS)
        })
    }

    unsafe extern "C" fn get_security_by_name(
        fs: Fs,
        path: Wide,
        attributes: *mut u32,
        security: *mut c_void,
        size: *mut usize,
    ) -> NtStatus {
        let host = unsafe { host::<V>(fs) };
        let path = unsafe { text(path) };
        host.serve_name(path, || {
            let (shown, outcome) = match resolve(&host.vfs, path)? {
                Resolved::Found(found) => {
                    (file_info(&found.attr, found.leads_to_directory).file_attributes, status::SUCCESS)
                }
                Resolved::Link(place) => (place, status::REPARSE),
            };
            if let Some(attributes) = unsafe { attributes.as_mut() } {
                *attributes = shown;
            }
            if outcome == status::REPARSE {
                return Ok(outcome);
            }
            unsafe { host.copy_security(security, size) }
        })
    }

    unsafe extern "C" fn open(
        fs: Fs,
        path: Wide,
        options: u32,
        granted: u32,
        context: *mut Context,
        out: *mut FileInfo,
    ) -> NtStatus {
        let host = unsafe { host::<V>(fs) };
        let path = unsafe { text(path) };
        host.serve(Op::Open, Subject::Path(path), || {
            if would_change(options, granted, unsafe { host.open_request() }) {
                return Err(status::MEDIA_WRITE_PROTECTED);
            }
            let Resolved::Found(found) = resolve(&host.vfs, path)? else {
                // Links on the way were resolved by the access check, which the driver leaves out for the kernel alone.
                return Err(status::OBJECT_PATH_NOT_FOUND);
            };
            let is_directory = found.attr.file_type == FileType::Directory || found.leads_to_directory;
            if options & FILE_DIRECTORY_FILE != 0 && !is_directory {
                return Err(status::NOT_A_DIRECTORY);
            }
            if options & FILE_NON_DIRECTORY_FILE != 0 && is_directory {
                return Err(status::FILE_IS_A_DIRECTORY);
            }
            unsafe { host.opened(path, &found, out.cast()) };
            let handle = Handle { leads_to_directory: found.leads_to_directory, ino: found.reference.keep() };
            unsafe { *context = Box::into_raw(Box::new(handle)).cast() };
            Ok(status::SUCCESS)
        })
    }

    /// Sent for what was changed, which is nothing.
    unsafe extern "C" fn cleanup(fs: Fs, _: Context, _: Wide, _: u32) {
        unsafe { host::<V>(fs) }.counters.count(Op::Other);
    }

    unsafe extern "C" fn close(fs: Fs, context: Context) {
        let host = unsafe { host::<V>(fs) };
        // There is no answer that could carry an error.
        let handle = unsafe { Box::from_raw(context.cast::<Handle>()) };
        let _ = host.serve(Op::Forget, Subject::Inode(handle.ino), || {
            drop(Reference::taken_over(&host.vfs, handle.ino));
            Ok(status::SUCCESS)
        });
    }

    unsafe extern "C" fn read(
        fs: Fs,
        context: Context,
        buffer: *mut c_void,
        offset: u64,
        length: u32,
        done: *mut u32,
    ) -> NtStatus {
        let host = unsafe { host::<V>(fs) };
        let ino = unsafe { handle(context) }.ino;
        host.serve(Op::Read, Subject::Inode(ino), || {
            let buffer = unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), length as usize) };
            let count = host.vfs.read(ino, offset, buffer).map_err(code)?.min(buffer.len());
            if count == 0 {
                return Err(status::END_OF_FILE);
            }
            host.counters.add_read_bytes(count as u64);
            unsafe { *done = count as u32 };
            Ok(status::SUCCESS)
        })
    }

    unsafe extern "C" fn get_file_info(fs: Fs, context: Context, out: *mut FileInfo) -> NtStatus {
        let host = unsafe { host::<V>(fs) };
        let handle = unsafe { handle(context) };
        host.serve(Op::GetAttr, Subject::Inode(handle.ino), || {
            let attr = host.vfs.getattr(handle.ino).map_err(code)?;
            unsafe { *out = file_info(&attr, handle.leads_to_directory) };
            Ok(status::SUCCESS)
        })
    }

    unsafe extern "C" fn get_security(fs: Fs, context: Context, buffer: *mut c_void, size: *mut usize) -> NtStatus {
        let host = unsafe { host::<V>(fs) };
        let subject = Subject::Inode(unsafe { handle(context) }.ino);
        host.serve(Op::Access, subject, || unsafe { host.copy_security(buffer, size) })
    }

    /// The driver matches patterns itself.
    unsafe extern "C" fn read_directory(
        fs: Fs,
        context: Context,
        _: Wide,
        marker: Wide,
        buffer: *mut c_void,
        length: u32,
        done: *mut u32,
    ) -> NtStatus {
        let host = unsafe { host::<V>(fs) };
        let dir = unsafe { handle(context) }.ino;
        host.serve(Op::ReadDirPlus, Subject::Inode(dir), || {
            let marker = if marker.is_null() { None } else { Some(unsafe { text(marker) }) };
            let from = listing::behind(&host.vfs, dir, marker)?;
            let add = |entry: *const DirInfo| unsafe { (host.library.add_dir_info)(entry, buffer, length, done) } != 0;
            if listing::list(&host.vfs, dir, from, |entry| add(entry))? {
                add(std::ptr::null());
            }
            Ok(status::SUCCESS)
        })
    }

    unsafe extern "C" fn get_dir_info_by_name(fs: Fs, context: Context, name: Wide, out: *mut DirInfo) -> NtStatus {
        let host = unsafe { host::<V>(fs) };
        let units = unsafe { text(name) };
        host.serve_name(units, || {
            let (vfs, dir) = (&host.vfs, unsafe { handle(context) }.ino);
            let out = unsafe { &mut *out };
            let itself = match String::from_utf16(units).as_deref() {
                Ok(".") => Some((".", vfs.getattr(dir))),
                Ok("..") => Some(("..", vfs.parent(dir).and_then(|parent| vfs.getattr(parent)))),
                _ => None,
            };
            if let Some((name, attr)) = itself {
                fill_entry(out, name, file_info(&attr.map_err(code)?, false));
                return Ok(status::SUCCESS);
            }
            // A name that there cannot be is none that is there.
            let name = asked_name(units).map_err(|_| status::OBJECT_NAME_NOT_FOUND)?;
            let found = child(vfs, dir, &name)?;
            fill_entry(out, &found.name, file_info(&found.attr, found.leads_to_directory));
            Ok(status::SUCCESS)
        })
    }

    unsafe extern "C" fn get_reparse_point(
        fs: Fs,
        context: Context,
        _: Wide,
        buffer: *mut c_void,
        size: *mut usize,
    ) -> NtStatus {
        let host = unsafe { host::<V>(fs) };
        let ino = unsafe { handle(context) }.ino;
        host.serve(Op::ReadLink, Subject::Inode(ino), || unsafe { host.copy_target(ino, buffer, size) })
    }

    unsafe extern "C" fn resolve_reparse_points(
        fs: Fs,
        path: Wide,
        place: u32,
        last_too: u8,
        outcome: *mut IoStatusBlock,
        buffer: *mut c_void,
        size: *mut usize,
    ) -> NtStatus {
        let library = &unsafe { host::<V>(fs) }.library;
        let by_name = Self::reparse_point_by_name;
        let no_context = std::ptr::null_mut();
        unsafe {
            (library.resolve_reparse_points)(fs, by_name, no_context, path, place, last_too, outcome, buffer, size)
        }
    }

    /// Whether a path is a symbolic link, and to what. The library asks while it resolves a path.
    unsafe extern "C" fn reparse_point_by_name(
        fs: Fs,
        _: *mut c_void,
        path: Wide,
        _: u8,
        buffer: *mut c_void,
        size: *mut usize,
    ) -> NtStatus {
        let host = unsafe { host::<V>(fs) };
        let path = unsafe { text(path) };
        host.serve(Op::ReadLink, Subject::Path(path), || match resolve(&host.vfs, path)? {
            Resolved::Found(found) => unsafe { host.copy_target(found.attr.ino, buffer, size) },
            Resolved::Link(_) => Err(status::OBJECT_PATH_NOT_FOUND),
        })
    }

    /// The last call of all. `normally` is whether we stopped it.
    unsafe extern "C" fn dispatcher_stopped(fs: Fs, normally: u8) {
        let host = unsafe { host::<V>(fs) };
        if normally == 0 {
            let _ = host.serve(Op::Other, Subject::Volume, || {
                (host.ended)();
                Ok(status::SUCCESS)
            });
        }
    }
}
