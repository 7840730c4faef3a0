//! Attributes, times, names and errors in the terms of Windows: the one place for each.

use super::abi::{DIR_INFO_HEADER, DirInfo, FileInfo, MAX_NAME, NtStatus};
use crate::vfs::{Attr, FileType, FsError, Time};

/// Codes of outcomes.
pub(super) mod status {
    use super::NtStatus;

    macro_rules! codes {
        ($($name:ident $value:literal;)*) => { $(
            pub(in super::super) const $name: NtStatus = ($value as u32).cast_signed();
        )* };
    }

    codes! {
        SUCCESS 0;
        REPARSE 0x104;
        BUFFER_OVERFLOW 0x8000_0005;
        INVALID_PARAMETER 0xC000_000D;
        INVALID_DEVICE_REQUEST 0xC000_0010;
        END_OF_FILE 0xC000_0011;
        BUFFER_TOO_SMALL 0xC000_0023;
        OBJECT_NAME_INVALID 0xC000_0033;
        OBJECT_NAME_NOT_FOUND 0xC000_0034;
        OBJECT_NAME_COLLISION 0xC000_0035;
        OBJECT_PATH_NOT_FOUND 0xC000_003A;
        NONEXISTENT_EA_ENTRY 0xC000_0051;
        FILE_INVALID 0xC000_0098;
        DEVICE_DATA_ERROR 0xC000_009C;
        MEDIA_WRITE_PROTECTED 0xC000_00A2;
        FILE_IS_A_DIRECTORY 0xC000_00BA;
        NOT_SUPPORTED 0xC000_00BB;
        INTERNAL_ERROR 0xC000_00E5;
        NOT_A_DIRECTORY 0xC000_0103;
        NOT_A_REPARSE_POINT 0xC000_0275;
    }
}

const ATTRIBUTE_DIRECTORY: u32 = 0x10;
const ATTRIBUTE_NORMAL: u32 = 0x80;
const ATTRIBUTE_REPARSE_POINT: u32 = 0x400;

/// Kind of reparse point that symbolic links are.
const TAG_SYMLINK: u32 = 0xA000_000C;
/// The link's target is a path from where the link is, or from the root of its volume.
const SYMLINK_FLAG_RELATIVE: u32 = 1;

/// Bytes of a sector.
pub(super) const SECTOR: u16 = 512;
/// Bytes that space is counted in.
pub(super) const UNIT: u64 = 4096;

/// The one place where errors of the file system become codes.
pub(super) fn code(error: FsError) -> NtStatus {
    match error {
        FsError::NotFound => status::OBJECT_NAME_NOT_FOUND,
        FsError::Stale => status::FILE_INVALID,
        FsError::NotDirectory => status::NOT_A_DIRECTORY,
        FsError::IsDirectory => status::FILE_IS_A_DIRECTORY,
        FsError::Invalid => status::INVALID_PARAMETER,
        FsError::NoMoreData => status::END_OF_FILE,
        FsError::NoAttribute => status::NONEXISTENT_EA_ENTRY,
        FsError::Unsupported => status::NOT_SUPPORTED,
        FsError::NoCommand => status::INVALID_DEVICE_REQUEST,
        // What a bad sector of a disk is to programs.
        FsError::Io => status::DEVICE_DATA_ERROR,
        FsError::NameTooLong => status::OBJECT_NAME_INVALID,
    }
}

/// Units of 100 ns since the start of 1601; the first or last of them for what lies outside.
pub(super) fn filetime(time: Time) -> u64 {
    let units = (i128::from(time.seconds) + 11_644_473_600) * 10_000_000 + i128::from(time.nanoseconds / 100);
    units.clamp(0, i128::from(i64::MAX)) as u64
}

/// Attributes as the driver wants them. `leads_to_directory` is whether a symbolic link does.
pub(super) fn file_info(attr: &Attr, leads_to_directory: bool) -> FileInfo {
    let (file_attributes, reparse_tag) = match attr.file_type {
        FileType::Directory => (ATTRIBUTE_DIRECTORY, 0),
        FileType::Symlink if leads_to_directory => (ATTRIBUTE_DIRECTORY | ATTRIBUTE_REPARSE_POINT, TAG_SYMLINK),
        FileType::Symlink => (ATTRIBUTE_REPARSE_POINT, TAG_SYMLINK),
        _ => (ATTRIBUTE_NORMAL, 0),
    };
    // Directories and links have no contents to Windows.
    let size = if attr.file_type == FileType::Regular { attr.size } else { 0 };
    let written = filetime(attr.mtime);
    FileInfo {
        file_attributes,
        reparse_tag,
        // Holes count in full: the cache manager needs room for all of the file.
        allocation_size: size.div_ceil(UNIT).saturating_mul(UNIT).min(i64::MAX as u64),
        file_size: size,
        creation_time: written,
        last_access_time: written,
        last_write_time: written,
        change_time: filetime(attr.ctime),
        index_number: attr.ino.0,
        hard_links: 0,
        ea_size: 0,
    }
}

/// Whether Windows has files of this type at all.
pub(super) fn has_type(file_type: FileType) -> bool {
    matches!(file_type, FileType::Directory | FileType::Regular | FileType::Symlink)
}

/// Whether the characters of a name may be in one on Windows.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| (c as u32) < 32 || r#"<>:"/\|?*"#.contains(c))
}

/// A name that the tree holds, where Windows can express it.
pub(super) fn shown_name(name: &[u8]) -> Option<&str> {
    str::from_utf8(name).ok().filter(|name| is_name(name) && name.encode_utf16().count() <= MAX_NAME)
}

/// A name that Windows asks for.
///
/// # Errors
/// The name cannot be one, or not one of ours.
pub(super) fn asked_name(units: &[u16]) -> Result<String, NtStatus> {
    // An unpaired surrogate is in no name of ours.
    let name = String::from_utf16(units).map_err(|_| status::OBJECT_NAME_NOT_FOUND)?;
    if is_name(&name) { Ok(name) } else { Err(status::OBJECT_NAME_INVALID) }
}

/// The components of a path, each with its place in UTF-16 units.
pub(super) fn components(path: &[u16]) -> impl Iterator<Item = (usize, &[u16])> {
    let parts = path.split(|&unit| unit == u16::from(b'\\')).scan(0, |place, part| {
        let start = *place;
        *place += part.len() + 1;
        Some((start, part))
    });
    parts.filter(|(_, part)| !part.is_empty())
}

/// Makes `info` the entry of a name that [`shown_name`] has passed.
pub(super) fn fill_entry(info: &mut DirInfo, name: &str, attributes: FileInfo) {
    let mut units = 0;
    for (to, from) in info.name.iter_mut().zip(name.encode_utf16()) {
        *to = from;
        units += 1;
    }
    info.size = (DIR_INFO_HEADER + 2 * units) as u16;
    info.file_info = attributes;
}

/// The target of a symbolic link, where Windows can express it.
pub(super) fn shown_target(target: &[u8]) -> Option<&str> {
    str::from_utf8(target).ok().filter(|target| !target.is_empty())
}

/// The data of the reparse point that leads to `target`. Both of its names are the same text, which is there once.
pub(super) fn reparse_data(target: &str) -> Vec<u8> {
    let text: Vec<u8> = target.replace('/', "\\").encode_utf16().flat_map(u16::to_le_bytes).collect();
    // Text and its place, substitute and shown, then the flags; a target of a tree is far below 64 KiB.
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    let mut data = Vec::with_capacity(20 + text.len());
    data.extend(TAG_SYMLINK.to_le_bytes());
    data.extend((12 + length).to_le_bytes());
    data.extend(0u16.to_le_bytes());
    for value in [0, length, 0, length] {
        data.extend(value.to_le_bytes());
    }
    data.extend(SYMLINK_FLAG_RELATIVE.to_le_bytes());
    data.extend(text);
    data
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vfs::Ino;

    fn attr(file_type: FileType, size: u64) -> Attr {
        Attr {
            ino: Ino(9),
            file_type,
            size,
            blocks: 0,
            perm: 0o644,
            owner: None,
            device: None,
            nlink: 1,
            mtime: Time { seconds: 1, nanoseconds: 250 },
            ctime: Time::of(2),
            volatile: false,
        }
    }

    fn wide(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn times_are_clamped_to_what_windows_can_hold() {
        assert_eq!(filetime(Time::of(0)), 116_444_736_000_000_000);
        assert_eq!(filetime(Time { seconds: 1, nanoseconds: 250 }), 116_444_736_010_000_002);
        assert_eq!(filetime(Time::of(-11_644_473_601)), 0);
        assert_eq!(filetime(Time::of(i64::MAX)), i64::MAX as u64);
        assert_eq!(filetime(Time::of(i64::MIN)), 0);
    }

    #[test]
    fn every_error_has_a_code_that_is_one() {
        for error in [
            FsError::NotFound,
            FsError::Stale,
            FsError::NotDirectory,
            FsError::IsDirectory,
            FsError::Invalid,
            FsError::NoMoreData,
            FsError::NoAttribute,
            FsError::Unsupported,
            FsError::NoCommand,
            FsError::Io,
            FsError::NameTooLong,
        ] {
            assert!(code(error) < 0, "{error:?}");
        }
        assert_eq!(status::MEDIA_WRITE_PROTECTED as u32, 0xC000_00A2);
    }

    #[test]
    fn attributes_by_type() {
        let file = file_info(&attr(FileType::Regular, 4097), false);
        assert_eq!((file.file_attributes, file.file_size, file.allocation_size), (0x80, 4097, 8192));
        assert_eq!((file.index_number, file.last_write_time), (9, 116_444_736_010_000_002));
        assert_eq!(file.change_time, 116_444_736_020_000_000);
        let directory = file_info(&attr(FileType::Directory, 4096), false);
        assert_eq!((directory.file_attributes, directory.file_size), (0x10, 0));
        let link = file_info(&attr(FileType::Symlink, 5), false);
        assert_eq!((link.file_attributes, link.reparse_tag, link.file_size), (0x400, 0xA000_000C, 0));
        assert_eq!(file_info(&attr(FileType::Symlink, 5), true).file_attributes, 0x410);
    }

    #[test]
    fn the_largest_file_stays_in_the_range_of_windows() {
        let huge = file_info(&attr(FileType::Regular, i64::MAX as u64), false);
        assert_eq!((huge.file_size, huge.allocation_size), (i64::MAX as u64, i64::MAX as u64));
    }

    #[test]
    fn components_know_their_places() {
        let path = wide("\\sub\\é😀");
        let parts: Vec<_> = components(&path).map(|(place, part)| (place, asked_name(part).unwrap())).collect();
        assert_eq!(parts, [(1, "sub".to_owned()), (5, "é😀".to_owned())]);
        assert_eq!(components(&wide("\\")).count(), 0);
        assert_eq!(components(&[]).count(), 0);
        assert_eq!(components(&wide("\\\\a\\")).count(), 1);
    }

    #[test]
    fn names_that_windows_cannot_hold() {
        for name in ["a/b_s1-2", "a:b", "a*", "a?", "a\"", "a<", "a>", "a|", "a\u{1}"] {
            assert_eq!(asked_name(&wide(name)), Err(status::OBJECT_NAME_INVALID), "{name}");
            assert_eq!(shown_name(name.as_bytes()), None, "{name}");
        }
        assert_eq!(asked_name(&[0xd800]), Err(status::OBJECT_NAME_NOT_FOUND));
        assert_eq!(shown_name(b"\xff"), None);
        assert_eq!(shown_name(&[b'x'; 256]), None);
        assert_eq!(shown_name("é".repeat(127).as_bytes()).map(str::len), Some(254));
    }

    #[test]
    fn an_entry_holds_its_name_and_size() {
        // SAFETY: all-zero is a valid entry: numbers alone.
        let mut info: DirInfo = unsafe { std::mem::zeroed() };
        fill_entry(&mut info, "é😀", file_info(&attr(FileType::Regular, 1), false));
        assert_eq!((info.size, &info.name[..4]), (104 + 6, &[0xe9, 0xd83d, 0xde00, 0][..]));
    }

    #[test]
    fn a_link_is_relative_and_has_backslashes() {
        let data = reparse_data("../a/b");
        assert_eq!(data.len(), 20 + 12);
        assert_eq!(data[..4], 0xA000_000Cu32.to_le_bytes());
        assert_eq!(data[4..8], [24, 0, 0, 0]);
        assert_eq!(data[8..20], [0, 0, 12, 0, 0, 0, 12, 0, 1, 0, 0, 0]);
        let units: Vec<u16> = data[20..].chunks(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect();
        assert_eq!(String::from_utf16(&units).unwrap(), "..\\a\\b");
    }

    proptest::proptest! {
        #[test]
        fn any_path_is_taken_apart(units: Vec<u16>) {
            for (place, part) in components(&units) {
                proptest::prop_assert_eq!(&units[place..][..part.len()], part);
                let _ = asked_name(part);
            }
        }

        #[test]
        fn any_time_has_a_place(seconds: i64, nanoseconds in 0u32..1_000_000_000) {
            let units = filetime(Time { seconds, nanoseconds });
            proptest::prop_assert!(i64::try_from(units).is_ok());
        }
    }
}
