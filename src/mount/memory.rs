//! Running out of memory: one line that says so, and no dead mount.
//!
//! By itself a program whose allocation fails aborts, with the mount in place and nobody behind it. Here the last act is
//! to unmount. Nothing in it may allocate.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU64, Ordering};

use super::MountError;
#[cfg(target_os = "linux")]
use super::guard;

/// The system's allocator, but that it ends the process in order where that one has nothing left. Of programs only: what
/// a library does then is not for it to decide.
#[derive(Debug)]
pub struct Allocator;

// SAFETY: every call is handed on as it came; what comes back is not null, or this never returns.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        or_end(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        or_end(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        or_end(unsafe { System.realloc(block, layout, size) }, size)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block, layout) }
    }
}

#[inline]
fn or_end(block: *mut u8, size: usize) -> *mut u8 {
    if block.is_null() { end(size) } else { block }
}

/// What is unmounted at the end.
struct Guarded {
    point: CString,
    /// Number of the mount in the kernel's table; 0 while it is not known.
    id: AtomicU64,
    /// Exit code of the process.
    code: u8,
}

/// Null as long as nothing is to be mounted.
static GUARDED: AtomicPtr<Guarded> = AtomicPtr::new(null_mut());

/// Whether the mount is there.
static MOUNTED: AtomicBool = AtomicBool::new(false);

/// Where the last line goes, unless somebody waits for a report.
static LINE: AtomicI32 = AtomicI32::new(libc::STDERR_FILENO);

/// Where a report goes, an exit code and a text; -1 for nowhere.
static REPORT: AtomicI32 = AtomicI32::new(-1);

/// Makes ready to remove what will be mounted; `code` is the exit code then. Once in the life of a process: the few
/// bytes for it are kept for good.
pub(super) fn prepare(point: &Path, code: u8) {
    if let Ok(point) = CString::new(point.as_os_str().as_bytes()) {
        GUARDED.store(Box::into_raw(Box::new(Guarded { point, id: AtomicU64::new(0), code })), Ordering::Release);
    }
}

/// From now on there is a mount to remove.
pub(super) fn mounted() {
    MOUNTED.store(true, Ordering::Release);
}

/// It has this number in the kernel's table.
#[cfg(target_os = "linux")]
pub(super) fn identify(id: u64) {
    // SAFETY: null, or what prepare() has leaked.
    if let Some(guarded) = unsafe { GUARDED.load(Ordering::Acquire).as_ref() } {
        guarded.id.store(id, Ordering::Release);
    }
}

/// It is removed.
pub(super) fn unmounted() {
    MOUNTED.store(false, Ordering::Release);
}

/// The last line goes to a log.
pub(super) fn log_to(descriptor: i32) {
    LINE.store(descriptor, Ordering::Release);
}

/// The last line goes to a parent that waits for a report; to nobody again with -1.
pub(super) fn report_to(descriptor: i32) {
    REPORT.store(descriptor, Ordering::Release);
}

/// Address space of one thread that serves: the library's buffer of 16 MiB, the buffer of replies, a stack.
const PER_THREAD: usize = 24 << 20;

/// What the rest of the program may come to need at once.
const FOR_ALL: usize = 16 << 20;

/// Fails where the threads could not be given their buffers, before anything is mounted.
///
/// # Errors
/// [`MountError::Failed`] with the next step.
pub(super) fn check(threads: usize) -> Result<(), MountError> {
    let size = threads * PER_THREAD + FOR_ALL;
    // SAFETY: a fresh map without access at a place of the kernel's choice, undone at once; it is counted like memory.
    let there = unsafe {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANON;
        let block = libc::mmap(null_mut(), size, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0);
        block != libc::MAP_FAILED && libc::munmap(block, size) == 0
    };
    if there {
        return Ok(());
    }
    Err(MountError::Failed(format!(
        "out of memory: {threads} threads need {} MiB of address space; raise the limit (ulimit -v), or use fewer with: -o threads=1",
        size >> 20
    )))
}

/// The last act of the process.
#[cold]
fn end(size: usize) -> ! {
    static ENDING: AtomicBool = AtomicBool::new(false);
    if ENDING.swap(true, Ordering::AcqRel) {
        // Another thread is at it; this one has nothing left to do.
        loop {
            // SAFETY: no preconditions.
            unsafe { libc::pause() };
        }
    }
    // SAFETY: null, or what prepare() has leaked.
    let guarded = unsafe { GUARDED.load(Ordering::Acquire).as_ref() };
    let code = guarded.map_or(1, |guarded| guarded.code.max(1));
    tell(size, code);
    if let Some(guarded) = guarded.filter(|_| MOUNTED.load(Ordering::Acquire)) {
        unmount(guarded);
    }
    // A thread that waits for an answer of this process keeps it from ending.
    #[cfg(target_os = "linux")]
    guard::abort();
    // SAFETY: no preconditions; handlers that might allocate are passed over.
    unsafe { libc::_exit(code.into()) }
}

fn tell(size: usize, code: u8) {
    let mut line = Line { bytes: [0; 128], len: 0 };
    let parent = REPORT.load(Ordering::Acquire);
    line.add(if parent < 0 { b"seedfs: " } else { std::slice::from_ref(&code) });
    line.add(b"out of memory: cannot get ");
    line.add_number(size);
    line.add(b" bytes; raise the limit (ulimit -v, or the container's)");
    line.add(if parent < 0 { b"\n" } else { b"" });
    let to = if parent < 0 { LINE.load(Ordering::Acquire) } else { parent };
    // SAFETY: the buffer is as long as stated. Whether anybody reads it is no matter.
    unsafe { libc::write(to, line.bytes.as_ptr().cast(), line.len) };
}

/// A text that grows in place.
struct Line {
    bytes: [u8; 128],
    len: usize,
}

impl Line {
    fn add(&mut self, text: &[u8]) {
        let room = self.bytes.len() - self.len;
        let text = &text[..text.len().min(room)];
        self.bytes[self.len..][..text.len()].copy_from_slice(text);
        self.len += text.len();
    }

    fn add_number(&mut self, mut number: usize) {
        let (mut digits, mut at) = ([0; 20], 20);
        while at == 20 || number > 0 {
            at -= 1;
            digits[at] = b'0' + (number % 10) as u8;
            number /= 10;
        }
        self.add(&digits[at..]);
    }
}

/// Only if the mount is still the one on top there.
#[cfg(target_os = "linux")]
fn unmount(guarded: &Guarded) {
    let point = guarded.point.as_ptr();
    // SAFETY: all-zero is plain data.
    let mut found: libc::statx = unsafe { std::mem::zeroed() };
    // Without a question to the daemon, which is this process.
    let flags = libc::AT_STATX_DONT_SYNC | libc::AT_SYMLINK_NOFOLLOW;
    // SAFETY: the path ends in NUL, the buffer is of the right type.
    let known = unsafe { libc::statx(libc::AT_FDCWD, point, flags, libc::STATX_MNT_ID, &raw mut found) } == 0;
    let known = known && found.stx_mask & libc::STATX_MNT_ID != 0;
    let id = guarded.id.load(Ordering::Acquire);
    if known && id != 0 && found.stx_mnt_id != id {
        return;
    }
    // SAFETY: the path ends in NUL.
    let refused = unsafe { libc::umount2(point, libc::MNT_DETACH | libc::UMOUNT_NOFOLLOW) } != 0;
    if refused {
        super::helper::unmount_with_nothing(&guarded.point);
    }
}

#[cfg(not(target_os = "linux"))]
fn unmount(guarded: &Guarded) {
    // SAFETY: the path ends in NUL.
    unsafe { libc::unmount(guarded.point.as_ptr(), libc::MNT_FORCE) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_put_together_without_memory() {
        let mut line = Line { bytes: [0; 128], len: 0 };
        for number in [0, 7, 16_781_312, usize::MAX] {
            line.add_number(number);
            line.add(b" ");
        }
        assert_eq!(&line.bytes[..line.len], b"0 7 16781312 18446744073709551615 ");
        line.add(&[b'x'; 200]);
        assert_eq!(line.len, 128);
    }

    #[test]
    fn what_can_never_be_had_is_refused_with_the_next_step() {
        assert!(check(1).is_ok());
        let message = check(1 << 30).unwrap_err().to_string();
        assert!(message.contains("out of memory") && message.contains("-o threads=1"), "{message}");
    }
}
