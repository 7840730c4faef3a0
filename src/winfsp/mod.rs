//! The neutral file system in the terms of WinFsp, the driver for file systems of Windows. Translation only.
//!
//! WinFsp - Windows File System Proxy, Copyright (C) Bill Zissimopoulos, <https://github.com/winfsp/winfsp>. It is
//! installed beside this program, whose library is bound to at run time; nothing of it is part of this program.
//!
//! **Names.** The volume is case-insensitive. A path is resolved a component at a time: its own spelling first
//! ([`Vfs::spelling`](crate::vfs::Vfs::spelling)), then the lookup; the path in its own spelling goes back to the driver.
//! What Windows has no name or no type for is neither listed nor found: names that are not UTF-8 or hold one of
//! `<>:"/\|?*` or a control character, FIFOs, sockets, devices, and symbolic links whose target is not UTF-8.
//!
//! **Symbolic links** are reparse points, always relative ones; a target that starts with a slash is taken from the root
//! of the volume. A link to a directory is marked as one, as Windows wants it.
//!
//! **Read-only** holds in three places: the volume says so, the security descriptor lets nobody write, and each request
//! that would change something gets STATUS_MEDIA_WRITE_PROTECTED, also where the driver grants more than was asked for.
//!
//! **Caches.** Nothing changes, so the driver may keep attributes, listings and contents for ever. The few files that do
//! change by themselves are opened without a cache: each open sees the contents of that moment, with their size. A
//! handle that stays open keeps the size that it was opened with.
//!
//! **References.** Each lookup of a path's component is given back at once; that of the last one, once its handle is
//! closed. Handles have contexts of their own, so two handles of one file count twice.
//!
//! A defect (panic) in the file system behind it answers one request with STATUS_INTERNAL_ERROR; the mount lives on.

// Away from Windows, where only the tests build them, much of these tables has no user.
#[cfg_attr(not(windows), allow(dead_code))]
mod abi;
#[cfg(windows)]
mod callbacks;
#[cfg(windows)]
mod host;
#[cfg(windows)]
mod library;
#[cfg_attr(not(windows), allow(dead_code))]
mod listing;
#[cfg_attr(not(windows), allow(dead_code))]
mod resolve;
#[cfg_attr(not(windows), allow(dead_code))]
mod translate;
#[cfg(windows)]
mod volume;

#[cfg(windows)]
pub use library::{LibraryError, Version, version};
#[cfg(windows)]
pub use volume::{Mount, StartError, Volume};

/// What the licence of WinFsp asks programs that use it to show.
pub const NOTICE: &str =
    "WinFsp - Windows File System Proxy, Copyright (C) Bill Zissimopoulos, https://github.com/winfsp/winfsp";
