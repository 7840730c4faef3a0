//! Files and directories of Windows.
//!
//! Every path goes to the system in its verbatim form, `\\?\C:\…`: as long as it likes, and with names that the shell
//! would read otherwise, such as those that end in a dot. Elsewhere paths are bytes with slashes; a name that is no
//! Unicode has its lone surrogates in three bytes each, as the standard library encodes them.

use std::ffi::{OsStr, OsString};
use std::fs::{File, FileType};
use std::io;
use std::os::windows::ffi::OsStringExt;
use std::os::windows::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::os::windows::io::AsRawHandle;
use std::path::{Component, Path, PathBuf, Prefix};

use windows_sys::Win32::Foundation::{ERROR_MORE_DATA, HANDLE};
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT, FILE_ID_INFO, FileIdInfo,
    GetFileInformationByHandle, GetFileInformationByHandleEx,
};
use windows_sys::Win32::System::IO::DeviceIoControl;
use windows_sys::Win32::System::Ioctl::{FILE_ALLOCATED_RANGE_BUFFER, FSCTL_QUERY_ALLOCATED_RANGES};

use super::Facts;

/// A path that the system takes.
pub(super) struct Reached(PathBuf);

impl Reached {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

/// A root as it is joined with paths.
pub(super) fn root(path: &Path) -> PathBuf {
    verbatim(path).unwrap_or_else(|_| path.to_owned())
}

pub(super) fn reach(root: &Path, path: &[u8]) -> io::Result<Reached> {
    let path = PathBuf::from(os(path).ok_or(io::ErrorKind::InvalidFilename)?);
    Ok(Reached(match path.components().next() {
        None => root.to_owned(),
        Some(Component::Prefix(_) | Component::RootDir) => verbatim(&path)?,
        Some(_) => root.join(path),
    }))
}

/// A path in the form that the system takes as it is.
fn verbatim(path: &Path) -> io::Result<PathBuf> {
    let is_start = |part: &Component<'_>| matches!(part, Component::Prefix(_) | Component::RootDir);
    let start: PathBuf = path.components().take_while(is_start).collect();
    // Where the path leaves it open, the working directory of the drive decides.
    let start = std::path::absolute(if start.as_os_str().is_empty() { Path::new(".") } else { &start })?;
    let Some(Component::Prefix(prefix)) = start.components().next() else { return Ok(path.to_owned()) };
    let mut full = match prefix.kind() {
        Prefix::Disk(letter) => OsString::from(format!(r"\\?\{}:\", char::from(letter))),
        Prefix::UNC(server, share) => [r"\\?\UNC\".as_ref(), server, r"\".as_ref(), share].into_iter().collect(),
        // Verbatim already, or a device.
        _ => return Ok(path.to_owned()),
    };
    if !full.as_encoded_bytes().ends_with(b"\\") {
        full.push(r"\");
    }
    let mut full = PathBuf::from(full);
    full.extend(start.components().skip_while(is_start));
    full.extend(path.components().skip_while(is_start));
    Ok(full)
}

/// The name or path of these bytes; `None` if Windows can have no such name.
fn os(path: &[u8]) -> Option<OsString> {
    let (mut units, mut odd) = (Vec::with_capacity(path.len()), Vec::new());
    for chunk in path.utf8_chunks() {
        if !odd.is_empty() && !chunk.valid().is_empty() {
            return None;
        }
        units
            .extend(chunk.valid().encode_utf16().map(|unit| if unit == u16::from(b'/') { b'\\'.into() } else { unit }));
        odd.extend_from_slice(chunk.invalid());
        if let [0xED, high @ 0xA0..=0xBF, low @ 0x80..=0xBF] = odd[..] {
            units.push(0xD000 | (u16::from(high & 0x3F) << 6) | u16::from(low & 0x3F));
            odd.clear();
        }
    }
    odd.is_empty().then(|| OsString::from_wide(&units))
}

/// A path as somebody gave it.
pub(in crate::verify) fn given(path: &Path) -> Vec<u8> {
    let mut bytes = slashed(path.as_os_str());
    if let [_, b':'] = bytes[..] {
        // With a slash behind it, the root would be meant.
        bytes.push(b'.');
    }
    bytes
}

/// A path as the system gave it.
pub(super) fn bytes(path: PathBuf) -> Vec<u8> {
    slashed(path.as_os_str())
}

fn slashed(path: &OsStr) -> Vec<u8> {
    path.as_encoded_bytes().iter().map(|&byte| if byte == b'\\' { b'/' } else { byte }).collect()
}

pub(super) fn type_name(file_type: FileType) -> &'static str {
    match () {
        () if file_type.is_dir() => "directory",
        () if file_type.is_symlink() => "symlink",
        () => "file",
    }
}

pub(super) fn facts(path: &Path) -> io::Result<Facts> {
    let flags = FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT;
    let file = File::options().access_mode(0).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    let known = by_handle(&file);
    Ok(Facts {
        file_type: type_name(metadata.file_type()),
        size: metadata.len(),
        mtime: unix_seconds(metadata.last_write_time()),
        mode: None,
        owner: None,
        device: None,
        id: wide_id(&file).or_else(|| id(known.as_ref()?)),
        names: known.map_or(1, |known| known.nNumberOfLinks.into()),
    })
}

/// Seconds since 1970 of a time in steps of 100 ns since 1601.
fn unix_seconds(time: u64) -> i64 {
    (time / 10_000_000) as i64 - 11_644_473_600
}

fn by_handle(file: &File) -> Option<BY_HANDLE_FILE_INFORMATION> {
    let mut known = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open, and the structure is the one that the call fills.
    let done = unsafe { GetFileInformationByHandle(handle(file), &mut known) };
    (done != 0).then_some(known)
}

/// Number of the volume, and of the file in it: file systems without such numbers have 0.
fn id(known: &BY_HANDLE_FILE_INFORMATION) -> Option<(u64, u128)> {
    let index = (u128::from(known.nFileIndexHigh) << 32) | u128::from(known.nFileIndexLow);
    (index != 0).then_some((known.dwVolumeSerialNumber.into(), index))
}

/// The same, where the file system has more than 64 bits for it.
fn wide_id(file: &File) -> Option<(u64, u128)> {
    let mut known = FILE_ID_INFO::default();
    let (place, len) = ((&raw mut known).cast(), size_of_val(&known) as u32);
    // SAFETY: the handle is open, and the structure is the one of this class and as long as is told.
    let done = unsafe { GetFileInformationByHandleEx(handle(file), FileIdInfo, place, len) };
    let index = u128::from_le_bytes(known.FileId.Identifier);
    (done != 0 && index != 0).then_some((known.VolumeSerialNumber, index))
}

fn handle(file: &File) -> HANDLE {
    file.as_raw_handle()
}

/// Reads at an offset.
pub(in crate::verify) fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    file.seek_read(buf, offset)
}

/// The first byte at or behind an offset that lies in no hole; `None` if there is none. Where the system does not know,
/// everything is data.
pub(in crate::verify) fn next_data(file: &File, offset: u64) -> Option<u64> {
    let start = i64::try_from(offset).ok()?;
    let asked = FILE_ALLOCATED_RANGE_BUFFER { FileOffset: start, Length: i64::MAX - start };
    let (mut first, mut len) = (FILE_ALLOCATED_RANGE_BUFFER::default(), 0);
    let size = size_of::<FILE_ALLOCATED_RANGE_BUFFER>() as u32;
    // SAFETY: the handle is open, and both buffers are as long as is told.
    let done = unsafe {
        DeviceIoControl(
            handle(file),
            FSCTL_QUERY_ALLOCATED_RANGES,
            (&raw const asked).cast(),
            size,
            (&raw mut first).cast(),
            size,
            &mut len,
            std::ptr::null_mut(),
        )
    };
    // There are more ranges than the one that fits.
    let is_more = || io::Error::last_os_error().raw_os_error() == Some(ERROR_MORE_DATA.cast_signed());
    match done != 0 || is_more() {
        true if len < size => None,
        true => Some(offset.max(first.FileOffset.cast_unsigned())),
        false => Some(offset),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(path: &str) -> String {
        verbatim(Path::new(path)).unwrap().into_os_string().into_string().unwrap()
    }

    #[test]
    fn paths_are_told_as_they_are() {
        assert_eq!(full(r"C:\a/b."), r"\\?\C:\a\b.");
        assert_eq!(full(r"c:/a/./b/../c "), r"\\?\C:\a\c ");
        assert_eq!(full(r"\\server\share\a"), r"\\?\UNC\server\share\a");
        assert_eq!(full(r"\\?\C:\a\.."), r"\\?\C:\a\..");
        let here = std::env::current_dir().unwrap();
        assert_eq!(full("NUL"), format!(r"\\?\{}\NUL", here.display()));
        assert_eq!(full("."), format!(r"\\?\{}", here.display()));
        assert_eq!(given(Path::new("C:")), b"C:.");
    }

    #[test]
    fn names_that_are_no_unicode_stay_what_they_are() {
        for units in [&[0x61, 0xD800, 0x62][..], &[0xDC00, 0xD800], &[0xD83D, 0xDE00, 0xDFFF], &[0xE9]] {
            let name = OsString::from_wide(units);
            assert_eq!(os(name.as_encoded_bytes()), Some(name));
        }
        assert_eq!(os(b"a/b").unwrap(), r"a\b");
        for wrong in [&b"\xFF"[..], b"\xED\xA0", b"\xEDa\xA0\x80", b"\xC0\x80"] {
            assert_eq!(os(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn seconds_are_rounded_down() {
        assert_eq!(unix_seconds(116_444_736_000_000_000), 0);
        assert_eq!(unix_seconds(116_444_735_999_999_999), -1);
        assert_eq!(unix_seconds(132_537_600_000_000_000), 1_609_286_400);
    }
}
