//! Directories as the kernel lists them, entry by entry, from any place.

use std::ffi::CStr;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::Path;

/// One directory entry as the kernel hands it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: Vec<u8>,
    pub ino: u64,
    pub d_type: u8,
    /// Where the listing goes on behind it.
    pub cookie: i64,
}

/// The entries of one getdents64 call with a buffer of `size` bytes.
pub fn getdents(dir: &File, size: usize) -> Vec<Entry> {
    let mut buffer = vec![0u64; size / 8];
    // SAFETY: the buffer is as long as said, and aligned for the records that the kernel writes.
    let n = unsafe { libc::syscall(libc::SYS_getdents64, dir.as_raw_fd(), buffer.as_mut_ptr(), size) };
    assert!(n >= 0, "{}", std::io::Error::last_os_error());
    let bytes: Vec<u8> = buffer.iter().flat_map(|word| word.to_ne_bytes()).take(n as usize).collect();
    let mut rest = &bytes[..];
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let length = u16::from_ne_bytes([rest[16], rest[17]]) as usize;
        let name = CStr::from_bytes_until_nul(&rest[19..length]).unwrap().to_bytes().to_vec();
        let number = |at: usize| u64::from_ne_bytes(rest[at..at + 8].try_into().unwrap());
        entries.push(Entry { name, ino: number(0), d_type: rest[18], cookie: number(8) as i64 });
        rest = &rest[length..];
    }
    entries
}

/// The whole listing, by calls with a buffer of `size` bytes.
pub fn listing(path: &Path, size: usize) -> Vec<Entry> {
    let dir = File::open(path).unwrap();
    let mut all = Vec::new();
    loop {
        let more = getdents(&dir, size);
        if more.is_empty() {
            return all;
        }
        all.extend(more);
    }
}

pub fn seek(dir: &File, cookie: i64) {
    // SAFETY: a plain system call on a descriptor that is open.
    assert_eq!(unsafe { libc::lseek(dir.as_raw_fd(), cookie, libc::SEEK_SET) }, cookie);
}
