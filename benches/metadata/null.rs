//! The least a FUSE file system can do about names: a tree of the same shape as the dataset beside it, each name and
//! number by trivial arithmetic, each size and time a constant.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use fuser::{
    Errno, FileAttr, FileHandle, Filesystem, Generation, INodeNo, InitFlags, KernelConfig, LockOwner, OpenFlags,
    ReplyAttr, ReplyData, ReplyDirectory, ReplyDirectoryPlus, ReplyEntry, ReplyOpen, Request,
};

use crate::common::null::{FOREVER, config, directory, file};

const SIZE: usize = 4096;
const FANOUT: u64 = 10;
/// As long as the names that it is compared with; the digits are filled in.
const FILE: &[u8] = b"invoice_s00000000000000000000-4096.bin";
const FILE_DIGITS: std::ops::Range<usize> = 20..28;
const FOLDER: &[u8] = b"folder-00000000";
const FOLDER_DIGITS: std::ops::Range<usize> = 7..15;

/// Folder `i` is inode 2i + 1 and holds the folders from 10i + 1 on and the files from `per_folder` · i on; file `j` is
/// inode 2j + 2.
struct Null {
    files: u64,
    folders: u64,
    per_folder: u64,
    plus: InitFlags,
    buffer: [u8; SIZE],
}

/// Serves `files` files in `folders` folders until it is unmounted, with the settings that seedfs uses.
pub(crate) fn serve(dir: &Path, files: u64, folders: u64, readdirplus: &str) -> io::Result<()> {
    let plus = match readdirplus {
        "always" => InitFlags::FUSE_DO_READDIRPLUS,
        "auto" => InitFlags::FUSE_DO_READDIRPLUS | InitFlags::FUSE_READDIRPLUS_AUTO,
        _ => InitFlags::empty(),
    };
    let null = Null { files, folders, per_folder: files.div_ceil(folders), plus, buffer: [0x5A; SIZE] };
    fuser::Session::new(null, dir, &config()?)?.run()
}

fn folder_ino(folder: u64) -> u64 {
    2 * folder + 1
}

fn file_ino(file: u64) -> u64 {
    2 * file + 2
}

/// Eight hexadecimal digits.
fn write_digits(out: &mut [u8], value: u64) {
    for (i, digit) in out.iter_mut().rev().enumerate() {
        *digit = b"0123456789abcdef"[(value >> (4 * i)) as usize & 15];
    }
}

fn read_digits(text: Option<&[u8]>) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(text?).ok()?, 16).ok()
}

fn attr(ino: u64) -> FileAttr {
    if ino.is_multiple_of(2) { file(ino, SIZE as u64) } else { directory(ino) }
}

impl Null {
    /// Calls `emit` with inode, offset behind it and name of the entries from `offset` on until it says "full".
    fn list(&self, dir: INodeNo, offset: u64, mut emit: impl FnMut(u64, u64, &OsStr) -> bool) {
        let folder = dir.0 / 2;
        let first = (folder * FANOUT + 1).min(self.folders);
        let count = (first + FANOUT).min(self.folders) - first;
        let (mut file_name, mut folder_name) = (FILE.to_vec(), FOLDER.to_vec());
        let files = (folder * self.per_folder).min(self.files)..((folder + 1) * self.per_folder).min(self.files);
        let end = 2 + count + (files.end - files.start);
        for at in offset..end {
            let full = match at {
                0 => emit(dir.0, 1, OsStr::new(".")),
                1 => emit(1, 2, OsStr::new("..")),
                _ if at - 2 < count => {
                    write_digits(&mut folder_name[FOLDER_DIGITS], first + at - 2);
                    emit(folder_ino(first + at - 2), at + 1, OsStr::from_bytes(&folder_name))
                }
                _ => {
                    let file = files.start + at - 2 - count;
                    write_digits(&mut file_name[FILE_DIGITS], file);
                    emit(file_ino(file), at + 1, OsStr::from_bytes(&file_name))
                }
            };
            if full {
                return;
            }
        }
    }
}

impl Filesystem for Null {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
        let flags = InitFlags::FUSE_PARALLEL_DIROPS
            | InitFlags::FUSE_NO_OPEN_SUPPORT
            | InitFlags::FUSE_NO_OPENDIR_SUPPORT
            | InitFlags::FUSE_ASYNC_DIO
            | InitFlags::FUSE_DIRECT_IO_ALLOW_MMAP
            | InitFlags::FUSE_EXPORT_SUPPORT
            | InitFlags::FUSE_CACHE_SYMLINKS
            | InitFlags::FUSE_AUTO_INVAL_DATA
            | self.plus;
        for flag in flags.iter() {
            let _ = config.add_capabilities(flag);
        }
        let _ = config.set_max_background(64);
        let _ = config.set_max_write(128 << 10);
        Ok(())
    }

    fn lookup(&self, _: &Request, _: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let name = name.as_bytes();
        let ino = match name.len() {
            n if n == FILE.len() => read_digits(name.get(FILE_DIGITS)).map(file_ino),
            n if n == FOLDER.len() => read_digits(name.get(FOLDER_DIGITS)).map(folder_ino),
            _ => None,
        };
        match ino {
            Some(ino) => reply.entry(&FOREVER, &attr(ino), Generation(0)),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        reply.attr(&FOREVER, &attr(ino.0));
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        reply.error(Errno::ENOSYS);
    }

    fn opendir(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        reply.error(Errno::ENOSYS);
    }

    fn read(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let rest = self.buffer.get(offset as usize..).unwrap_or_default();
        reply.data(&rest[..rest.len().min(size as usize)]);
    }

    fn readdir(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        self.list(ino, offset, |ino, next, name| reply.add(INodeNo(ino), next, attr(ino).kind, name));
        reply.ok();
    }

    fn readdirplus(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectoryPlus) {
        self.list(ino, offset, |ino, next, name| {
            reply.add(INodeNo(ino), next, name, &FOREVER, &attr(ino), Generation(0))
        });
        reply.ok();
    }
}
