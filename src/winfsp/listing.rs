//! Listings by the name of the last entry that was seen.

use std::ops::ControlFlow;

use super::abi::{DirInfo, NtStatus};
use super::resolve::shown;
use super::translate::{asked_name, code, file_info, fill_entry, shown_name};
use crate::vfs::{Cookie, FsError, Ino, Vfs};

/// Where a listing goes on behind the entry `marker`, or where it starts. Never scans.
///
/// # Errors
/// The code for a name that is not listed.
pub(super) fn behind<V: Vfs>(vfs: &V, dir: Ino, marker: Option<&[u16]>) -> Result<Cookie, NtStatus> {
    let Some(marker) = marker else { return Ok(Cookie::START) };
    let name = asked_name(marker)?;
    match vfs.position(dir, name.as_bytes()) {
        // The driver hands back what it was given, programs may write it otherwise.
        Err(FsError::NotFound) => vfs.spelling(dir, name.as_bytes()).and_then(|name| vfs.position(dir, &name)),
        found => found,
    }
    .map_err(code)
}

/// Hands the entries behind `from` to `add` until there are no more, or until it has no room; whether there are no more.
/// The root shows neither itself nor what is above.
///
/// # Errors
/// The code for what is no directory.
pub(super) fn list<V: Vfs>(
    vfs: &V,
    dir: Ino,
    from: Cookie,
    mut add: impl FnMut(&DirInfo) -> bool,
) -> Result<bool, NtStatus> {
    // SAFETY: all-zero is a valid entry: numbers alone.
    let mut info: DirInfo = unsafe { std::mem::zeroed() };
    let mut complete = true;
    let listed = vfs.readdir(dir, from, &mut |entry| {
        if dir == Ino::ROOT && matches!(entry.name, b"." | b"..") {
            return ControlFlow::Continue(());
        }
        let Some(name) = shown_name(entry.name) else { return ControlFlow::Continue(()) };
        let Some(leads_to_directory) = shown(vfs, dir, &entry.attr) else { return ControlFlow::Continue(()) };
        fill_entry(&mut info, name, file_info(&entry.attr, leads_to_directory));
        complete = add(&info);
        if complete { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    listed.map_err(code)?;
    Ok(complete)
}
