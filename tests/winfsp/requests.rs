//! Requests as the driver sends them, and what the answers hold.

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::Security::{DuplicateToken, SecurityImpersonation, TOKEN_DUPLICATE, TOKEN_QUERY};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

use super::driver;

/// Kinds of requests.
pub mod kind {
    pub const CREATE: u32 = 1;
    pub const OVERWRITE: u32 = 2;
    pub const CLEANUP: u32 = 3;
    pub const CLOSE: u32 = 4;
    pub const READ: u32 = 5;
    pub const WRITE: u32 = 6;
    pub const QUERY_INFORMATION: u32 = 7;
    pub const SET_INFORMATION: u32 = 8;
    pub const SET_EA: u32 = 10;
    pub const FLUSH_BUFFERS: u32 = 11;
    pub const QUERY_VOLUME: u32 = 12;
    pub const SET_VOLUME: u32 = 13;
    pub const QUERY_DIRECTORY: u32 = 14;
    pub const FILE_SYSTEM_CONTROL: u32 = 15;
    pub const QUERY_SECURITY: u32 = 19;
    pub const SET_SECURITY: u32 = 20;
}

/// What may come back.
pub mod code {
    pub const REPARSE: u32 = 0x104;
    pub const INVALID_DEVICE_REQUEST: u32 = 0xC000_0010;
    pub const END_OF_FILE: u32 = 0xC000_0011;
    pub const ACCESS_DENIED: u32 = 0xC000_0022;
    pub const OBJECT_NAME_INVALID: u32 = 0xC000_0033;
    pub const OBJECT_NAME_NOT_FOUND: u32 = 0xC000_0034;
    pub const OBJECT_PATH_NOT_FOUND: u32 = 0xC000_003A;
    pub const MEDIA_WRITE_PROTECTED: u32 = 0xC000_00A2;
    pub const FILE_IS_A_DIRECTORY: u32 = 0xC000_00BA;
    pub const INTERNAL_ERROR: u32 = 0xC000_00E5;
    pub const NOT_A_DIRECTORY: u32 = 0xC000_0103;
    pub const NOT_A_REPARSE_POINT: u32 = 0xC000_0275;
}

pub const FILE_OPEN: u32 = 1;
pub const FILE_CREATE: u32 = 2;
pub const FILE_OPEN_IF: u32 = 3;
pub const FILE_OVERWRITE: u32 = 4;
pub const FILE_OVERWRITE_IF: u32 = 5;
pub const FILE_SUPERSEDE: u32 = 0;

pub const FILE_DIRECTORY_FILE: u32 = 0x1;
pub const FILE_NON_DIRECTORY_FILE: u32 = 0x40;
pub const FILE_DELETE_ON_CLOSE: u32 = 0x1000;
pub const FILE_OPEN_REPARSE_POINT: u32 = 0x20_0000;

pub const READ_DATA: u32 = 0x1;
pub const MAXIMUM_ALLOWED: u32 = 0x200_0000;

pub const SYMLINK: u32 = 0xA000_000C;

const REQUEST_BUFFER: usize = 88;
const RESPONSE_BUFFER: usize = 128;

pub fn number<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().unwrap()
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(number(bytes, at))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(number(bytes, at))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(number(bytes, at))
}

pub fn utf16(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
    String::from_utf16(&units).unwrap()
}

/// UTF-16 bytes that end with NUL.
pub fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().chain(Some(0)).flat_map(u16::to_le_bytes).collect()
}

/// An answer.
pub struct Answer(Vec<u8>);

impl Answer {
    pub fn information(&self) -> u32 {
        u32_at(&self.0, 16)
    }

    pub fn status(&self) -> u32 {
        u32_at(&self.0, 20)
    }

    /// What depends on the kind.
    fn body(&self) -> &[u8] {
        &self.0[24..]
    }

    /// The bytes that a place and a size in the body stand for.
    fn buffer(&self, at: usize) -> &[u8] {
        let (start, size) = (u16_at(self.body(), at), u16_at(self.body(), at + 2));
        &self.0[RESPONSE_BUFFER + usize::from(start)..][..size.into()]
    }

    fn ok(self) -> Result<Self, u32> {
        if self.status() == 0 { Ok(self) } else { Err(self.status()) }
    }
}

/// Sends a request: fields at their places behind the header, a file name's size, and the bytes behind it all.
pub fn send(kind: u32, fields: &[(usize, &[u8])], name_size: usize, tail: &[u8]) -> Answer {
    let mut request = vec![0u8; REQUEST_BUFFER + tail.len()];
    let size = request.len() as u16;
    request[2..4].copy_from_slice(&size.to_le_bytes());
    request[4..8].copy_from_slice(&kind.to_le_bytes());
    for (at, bytes) in fields {
        request[16 + at..][..bytes.len()].copy_from_slice(bytes);
    }
    request[82..84].copy_from_slice(&(name_size as u16).to_le_bytes());
    request[REQUEST_BUFFER..].copy_from_slice(tail);
    Answer(driver::ask(request))
}

/// A token that access can be checked with: the test's own.
fn token() -> u64 {
    static TOKEN: std::sync::OnceLock<u64> = std::sync::OnceLock::new();
    *TOKEN.get_or_init(|| {
        let (mut own, mut copy): (HANDLE, HANDLE) = (std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: the pointers are to handles of this frame.
        unsafe {
            assert_ne!(OpenProcessToken(GetCurrentProcess(), TOKEN_DUPLICATE | TOKEN_QUERY, &raw mut own), 0);
            assert_ne!(DuplicateToken(own, SecurityImpersonation, &raw mut copy), 0);
        }
        copy as u64 & 0xffff_ffff
    })
}

/// An open file.
#[derive(Debug, Clone)]
pub struct Open {
    pub context: [u8; 16],
    pub granted: u32,
    pub info: Info,
    /// The path in its own spelling; empty where it was not told.
    pub name: String,
    /// Whether reads pass by the cache.
    pub uncached: bool,
}

/// Attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    pub attributes: u32,
    pub tag: u32,
    pub allocation: u64,
    pub size: u64,
    pub written: u64,
    pub ino: u64,
}

fn info(bytes: &[u8]) -> Info {
    Info {
        attributes: u32_at(bytes, 0),
        tag: u32_at(bytes, 4),
        allocation: u64_at(bytes, 8),
        size: u64_at(bytes, 16),
        written: u64_at(bytes, 40),
        ino: u64_at(bytes, 56),
    }
}

/// How a file is opened.
#[derive(Debug, Clone, Copy)]
pub struct How {
    pub disposition: u32,
    pub options: u32,
    pub access: u32,
    /// By a program, whose access is checked; else by the kernel, whose is not.
    pub user: bool,
}

impl How {
    pub const READ: How = How { disposition: FILE_OPEN, options: 0, access: READ_DATA, user: true };
    pub const DIRECTORY: How = How { options: FILE_DIRECTORY_FILE, ..How::READ };
    pub const LINK: How = How { options: FILE_OPEN_REPARSE_POINT, ..How::READ };
}

/// Opens a file, and follows no link.
pub fn create(path: &str, how: How) -> Answer {
    let name = wide(path);
    // No privilege to pass by the checks of the directories on the way.
    let flags = u32::from(how.user);
    let fields: [(usize, &[u8]); 5] = [
        (0, &((how.disposition << 24) | how.options).to_le_bytes()),
        (24, &token().to_le_bytes()),
        (32, &how.access.to_le_bytes()),
        (40, &7u32.to_le_bytes()),
        (48, &flags.to_le_bytes()),
    ];
    send(kind::CREATE, &fields, name.len(), &name)
}

/// Opens a file as the system does, following links.
pub fn open_as(path: &str, how: How) -> Result<Open, u32> {
    let mut path = path.to_owned();
    for _ in 0..8 {
        let answer = create(&path, how);
        if answer.status() == code::REPARSE {
            path = target(&answer);
            continue;
        }
        let answer = answer.ok()?;
        let body = answer.body();
        return Ok(Open {
            context: number(body, 0),
            granted: u32_at(body, 16),
            info: info(&body[24..]),
            name: utf16(answer.buffer(96)),
            uncached: u32_at(body, 100) & 1 == 1,
        });
    }
    panic!("{path}: links without an end");
}

/// The path that links lead to.
pub fn target(answer: &Answer) -> String {
    assert_eq!((answer.status(), answer.information()), (code::REPARSE, SYMLINK));
    symlink(answer.buffer(0))
}

/// The target in the data of a symbolic link.
pub fn symlink(data: &[u8]) -> String {
    assert_eq!((u32_at(data, 0), usize::from(u16_at(data, 4)) + 8), (SYMLINK, data.len()));
    assert_eq!(u32_at(data, 16), 1, "relative");
    let (start, length) = (usize::from(u16_at(data, 8)), usize::from(u16_at(data, 10)));
    assert_eq!((start, length), (u16_at(data, 12).into(), u16_at(data, 14).into()), "both names");
    utf16(&data[20 + start..][..length])
}

pub fn open(path: &str) -> Result<Open, u32> {
    open_as(path, How::READ)
}

impl Open {
    /// Reads at an offset; bytes, or the code.
    pub fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, u32> {
        let mut buffer = vec![0u8; length];
        let fields: [(usize, &[u8]); 4] = [
            (0, &self.context),
            (16, &(buffer.as_mut_ptr() as u64).to_le_bytes()),
            (24, &offset.to_le_bytes()),
            (32, &(length as u32).to_le_bytes()),
        ];
        let answer = send(kind::READ, &fields, 0, &[]).ok()?;
        buffer.truncate(answer.information() as usize);
        Ok(buffer)
    }

    pub fn info(&self) -> Result<Info, u32> {
        Ok(info(send(kind::QUERY_INFORMATION, &[(0, &self.context)], 0, &[]).ok()?.body()))
    }

    /// The security descriptor.
    pub fn security(&self) -> Result<Vec<u8>, u32> {
        Ok(send(kind::QUERY_SECURITY, &[(0, &self.context)], 0, &[]).ok()?.buffer(0).to_vec())
    }

    /// The data of the reparse point.
    pub fn reparse_data(&self) -> Result<Vec<u8>, u32> {
        let fields: [(usize, &[u8]); 2] = [(0, &self.context), (16, &0x9_00A8u32.to_le_bytes())];
        Ok(send(kind::FILE_SYSTEM_CONTROL, &fields, 2, &wide("\\")).ok()?.buffer(0).to_vec())
    }

    /// One piece of a listing: the entries, and whether there are no more.
    pub fn list(&self, marker: Option<&str>, room: usize) -> Result<(Vec<Entry>, bool), u32> {
        self.query(None, marker, room)
    }

    /// The one entry of a name.
    pub fn find(&self, name: &str) -> Result<Option<Entry>, u32> {
        let (mut entries, complete) = self.query(Some(name), None, 4096)?;
        assert!(complete && entries.len() < 2, "{name}");
        Ok(entries.pop())
    }

    /// All names, in pieces of this size.
    pub fn names(&self, room: usize) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        loop {
            let (entries, complete) = self.list(names.last().map(String::as_str), room).unwrap();
            assert!(complete || !entries.is_empty(), "no progress behind {:?}", names.last());
            names.extend(entries.into_iter().map(|entry| entry.name));
            if complete {
                return names;
            }
        }
    }

    fn query(&self, name: Option<&str>, marker: Option<&str>, room: usize) -> Result<(Vec<Entry>, bool), u32> {
        let mut buffer = vec![0u64; room.div_ceil(8)];
        let mut tail = Vec::new();
        let mut place = |text: Option<&str>| -> [u8; 4] {
            let Some(text) = text else { return [0; 4] };
            let start = tail.len() as u16;
            tail.extend(wide(text));
            let size = tail.len() as u16 - start;
            [start.to_le_bytes(), size.to_le_bytes()].concat().try_into().unwrap()
        };
        let (pattern, marker) = (place(name), place(marker));
        let bits = 2 * u32::from(name.is_some());
        let fields: [(usize, &[u8]); 6] = [
            (0, &self.context),
            (16, &(buffer.as_mut_ptr() as u64).to_le_bytes()),
            (24, &(room as u32).to_le_bytes()),
            (28, &pattern),
            (32, &marker),
            (36, &bits.to_le_bytes()),
        ];
        let answer = send(kind::QUERY_DIRECTORY, &fields, 0, &tail).ok()?;
        let bytes: Vec<u8> = buffer.iter().flat_map(|word| word.to_le_bytes()).collect();
        Ok(entries(&bytes[..answer.information() as usize]))
    }

    pub fn close(self) {
        send(kind::CLEANUP, &[(0, &self.context)], 0, &[]);
        assert_eq!(send(kind::CLOSE, &[(0, &self.context)], 0, &[]).status(), 0);
    }
}

/// An entry of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub info: Info,
}

/// The entries in a buffer, each at a multiple of eight bytes, and whether the mark of the end follows.
fn entries(mut bytes: &[u8]) -> (Vec<Entry>, bool) {
    let mut entries = Vec::new();
    while bytes.len() >= 2 {
        let size = usize::from(u16_at(bytes, 0));
        if size == 0 {
            return (entries, true);
        }
        entries.push(Entry { name: utf16(&bytes[104..size]), info: info(&bytes[8..]) });
        bytes = &bytes[size.next_multiple_of(8).min(bytes.len())..];
    }
    (entries, false)
}

/// Total and free bytes, and the label.
pub fn volume() -> Result<(u64, u64, String), u32> {
    let answer = send(kind::QUERY_VOLUME, &[], 0, &[]).ok()?;
    let body = answer.body();
    let label = utf16(&body[18..][..u16_at(body, 16).into()]);
    Ok((u64_at(body, 0), u64_at(body, 8), label))
}
