//! What the calls of a mount share: counting, messages, panics, and what they copy to the library.

use std::ffi::c_void;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use log::{debug, error, trace};

use super::abi::{DISABLE_CACHE, MAX_PATH_BYTES, NtStatus, OpenFileInfo, OpenRequest};
use super::library::Library;
use super::resolve::Found;
use super::translate::{code, file_info, reparse_data, shown_target, status};
use crate::stats::{Counters, Op};
use crate::vfs::{FsError, Ino, Vfs, panic_text};

/// What all calls of one mount share.
pub(super) struct Host<V> {
    pub(super) library: Library,
    pub(super) vfs: V,
    pub(super) counters: Arc<Counters>,
    /// Who may do what, with anything.
    pub(super) security: Vec<u8>,
    pub(super) label: Vec<u16>,
    /// Called when the driver ends the volume by itself.
    pub(super) ended: Box<dyn Fn() + Send + Sync>,
}

/// What a request is about, in messages.
#[derive(Clone, Copy)]
pub(super) enum Subject<'a> {
    Path(&'a [u16]),
    Inode(Ino),
    Volume,
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Path(path) => write!(f, "{:?}", String::from_utf16_lossy(path)),
            Subject::Inode(ino) => write!(f, "inode {}", ino.0),
            Subject::Volume => f.write_str("the volume"),
        }
    }
}

/// An open file. Its reference is given back when it is closed.
pub(super) struct Handle {
    pub(super) ino: Ino,
    /// Whether it is a symbolic link to a directory.
    pub(super) leads_to_directory: bool,
}

impl<V: Vfs> Host<V> {
    /// Runs one request: counts it, and turns a panic into an error.
    pub(super) fn serve(
        &self,
        op: Op,
        subject: Subject<'_>,
        call: impl FnOnce() -> Result<NtStatus, NtStatus>,
    ) -> NtStatus {
        self.counters.count(op);
        match catch_unwind(AssertUnwindSafe(call)) {
            Ok(Ok(status)) => {
                trace!("{} of {subject}", op.name());
                status
            }
            Ok(Err(status)) => {
                debug!("{} of {subject}: NTSTATUS {status:#010x}", op.name());
                status
            }
            Err(payload) => {
                self.counters.count_panic();
                let text = panic_text(payload.as_ref());
                error!("{} of {subject}: defect, answered with STATUS_INTERNAL_ERROR: {text}", op.name());
                status::INTERNAL_ERROR
            }
        }
    }

    /// Runs a request that asks for a name, and counts it if there is none.
    pub(super) fn serve_name(&self, name: &[u16], call: impl FnOnce() -> Result<NtStatus, NtStatus>) -> NtStatus {
        let outcome = self.serve(Op::Lookup, Subject::Path(name), call);
        if matches!(outcome, status::OBJECT_NAME_NOT_FOUND | status::OBJECT_PATH_NOT_FOUND) {
            self.counters.count_miss();
        }
        outcome
    }

    /// Copies the security descriptor, and tells its size. Both pointers may be null.
    ///
    /// # Safety
    /// `buffer` has room for `*size` bytes unless one of them is null.
    pub(super) unsafe fn copy_security(&self, buffer: *mut c_void, size: *mut usize) -> Result<NtStatus, NtStatus> {
        if size.is_null() {
            return Ok(status::SUCCESS);
        }
        // SAFETY: not null, and the caller vouches for it.
        let room = std::mem::replace(unsafe { &mut *size }, self.security.len());
        if self.security.len() > room {
            return Err(status::BUFFER_OVERFLOW);
        }
        if !buffer.is_null() {
            // SAFETY: the room was just checked.
            unsafe { std::ptr::copy_nonoverlapping(self.security.as_ptr(), buffer.cast(), self.security.len()) };
        }
        Ok(status::SUCCESS)
    }

    /// The reparse data of a symbolic link, into a buffer unless that is null.
    ///
    /// # Safety
    /// `buffer` has room for `*size` bytes unless it is null.
    pub(super) unsafe fn copy_target(
        &self,
        ino: Ino,
        buffer: *mut c_void,
        size: *mut usize,
    ) -> Result<NtStatus, NtStatus> {
        let target = match self.vfs.readlink(ino) {
            Err(FsError::Invalid) => return Err(status::NOT_A_REPARSE_POINT),
            target => target.map_err(code)?,
        };
        let data = reparse_data(shown_target(&target).ok_or(status::NOT_A_REPARSE_POINT)?);
        if buffer.is_null() {
            return Ok(status::SUCCESS);
        }
        // SAFETY: where there is a buffer there is its size, and the caller vouches for both.
        unsafe {
            if data.len() > *size {
                return Err(status::BUFFER_TOO_SMALL);
            }
            std::ptr::copy_nonoverlapping(data.as_ptr(), buffer.cast(), data.len());
            *size = data.len();
        }
        Ok(status::SUCCESS)
    }

    /// The request to open that this thread works on.
    ///
    /// # Safety
    /// It works on one, until the answer is given.
    pub(super) unsafe fn open_request(&self) -> Option<&OpenRequest> {
        // SAFETY: on the library's threads there is a context, or none, and its request is one to open.
        unsafe { (self.library.operation_context)().as_ref()?.request.as_ref() }
    }

    /// Fills what opening returns.
    ///
    /// # Safety
    /// `out` is what the library hands to open, on one of its threads.
    pub(super) unsafe fn opened(&self, asked: &[u16], found: &Found<'_, V>, out: *mut OpenFileInfo) {
        // SAFETY: the caller vouches for it.
        let out = unsafe { &mut *out };
        out.file_info = file_info(&found.attr, found.leads_to_directory);
        let bytes = 2 * found.path.len();
        // The driver takes nothing back that differs in more than case, or is too long; it then upper-cases names.
        if found.path.len() == asked.len() && bytes <= MAX_PATH_BYTES.min(out.normalized_name_size.into()) {
            // SAFETY: the room was just checked.
            unsafe { std::ptr::copy_nonoverlapping(found.path.as_ptr(), out.normalized_name, found.path.len()) };
            out.normalized_name_size = bytes as u16;
        }
        if found.attr.volatile {
            // SAFETY: on the library's threads there is a context, or none, and the answer is to a request to open.
            unsafe {
                let context = (self.library.operation_context)();
                if let Some(response) = context.as_ref().and_then(|context| context.response.as_mut()) {
                    response.flags |= DISABLE_CACHE;
                }
            }
        }
    }
}
