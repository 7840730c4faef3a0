//! Random reads of random files in every way that Linux offers, each compared with the library: read, pread, readv,
//! preadv2, mmap, O_DIRECT, splice, sendfile, with advice and forgetting in between, from several threads.
//!
//! `SEEDFS_READS` is how many, `SEEDFS_SEED` which ones.
#![cfg(target_os = "linux")]

mod common;

use std::fs::File;
use std::io::{PipeReader, PipeWriter, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::ptr::null_mut;

use common::draws::{Draws, operations};
use common::mount::Mounted;
use seedfs::content::SyntheticFile;

/// Longest read.
const MOST: usize = 200_000;

/// Bytes that a pipe holds.
const PIPE: usize = 64 << 10;

const PAGE: u64 = 4096;

/// Of each kind, of sizes around pages, requests and what 32 and 53 bits can count, and the largest.
const UNLISTED: [&str; 24] = [
    "s1-3000001",
    "s2-3000001-text",
    "s3-3000001-stamp",
    "s4-3000001-zero",
    "s5-3000001-classic",
    "s6-3000001-chunks",
    "s7-3000001-c60",
    "s8-3000001-d25",
    "s9-3000001-c60d25u1m",
    "s10-1",
    "s11-4095",
    "s12-4096",
    "s13-4097",
    "s14-131071",
    "s15-131073-text",
    "s16-1048576",
    "s17-300000-e3",
    "s18-3000000-text-e40",
    "s19-4294967297",
    "s20-9007199254740993-stamp",
    "s21-9223372036854775807",
    "s22-9223372036854775807-c60",
    "s23-1PiB-d25",
    "s24-0",
];

/// One file, open in two ways, and what it must hold.
struct Subject {
    name: String,
    size: u64,
    core: SyntheticFile,
    cached: File,
    direct: File,
}

impl Subject {
    fn open(root: &Path, name: &str) -> Self {
        let direct = File::options().read(true).custom_flags(libc::O_DIRECT).open(root.join(name)).unwrap();
        let cached = File::open(root.join(name)).unwrap();
        let size = cached.metadata().unwrap().len();
        Self { name: name.to_owned(), size, core: SyntheticFile::open(name).unwrap(), cached, direct }
    }

    /// The bytes that a read of this range must give.
    fn expected(&self, offset: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        let n = self.core.read_at(offset, &mut bytes);
        bytes.truncate(n);
        bytes
    }

    /// Anywhere, but often near the start, the end, and powers of two; sometimes behind the end.
    fn offset(&self, draws: &mut Draws) -> u64 {
        let near = |place: u64, draws: &mut Draws| (place + draws.below(10_000)).saturating_sub(5_000);
        let offset = match draws.below(8) {
            0 => draws.below(10_000),
            1 | 2 => near(self.size, draws),
            3 => near(1 << draws.below(63), draws),
            4 => draws.below(self.size / PAGE + 1) * PAGE,
            _ => draws.below(self.size + 1),
        };
        // Linux has no offsets above this, nor reads that would go there.
        offset.min(i64::MAX as u64 - MOST as u64)
    }
}

/// What a way of reading works with besides the file.
struct Desk {
    buffer: Vec<u8>,
    pipe: (PipeReader, PipeWriter),
}

type Way = fn(&Subject, u64, usize, &mut Desk) -> Vec<u8>;

/// All SAFETY below: descriptors are open for the call, and buffers are as long as is said.
const WAYS: [(&str, Way); 8] = [
    ("pread", |file, offset, length, desk| pread(&file.cached, offset, &mut desk.buffer[..length])),
    ("lseek and read", |file, offset, length, desk| {
        let descriptor = file.cached.as_raw_fd();
        // SAFETY: see above.
        let n = unsafe {
            assert_eq!(libc::lseek(descriptor, offset as i64, libc::SEEK_SET), offset as i64);
            libc::read(descriptor, desk.buffer.as_mut_ptr().cast(), length)
        };
        taken(&desk.buffer, n)
    }),
    ("preadv", preadv),
    ("preadv2 without waiting", no_wait),
    ("mmap", mapped),
    ("O_DIRECT", |file, offset, length, desk| pread(&file.direct, offset, &mut desk.buffer[..length])),
    ("splice", spliced),
    ("sendfile", sent),
];

fn taken(buffer: &[u8], n: isize) -> Vec<u8> {
    assert!(n >= 0, "{}", std::io::Error::last_os_error());
    buffer[..n as usize].to_vec()
}

fn pread(file: &File, offset: u64, buffer: &mut [u8]) -> Vec<u8> {
    // SAFETY: see WAYS.
    let n = unsafe { libc::pread(file.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len(), offset as i64) };
    taken(buffer, n)
}

/// Pieces of odd lengths, empty ones among them.
fn preadv(file: &Subject, offset: u64, length: usize, desk: &mut Desk) -> Vec<u8> {
    let (mut rest, mut pieces) = (&mut desk.buffer[..length], Vec::new());
    for part in [0, 1, 4095, 0, 17, 8192, 511, 65_536, usize::MAX] {
        let (piece, behind) = rest.split_at_mut(part.min(rest.len()));
        pieces.push(libc::iovec { iov_base: piece.as_mut_ptr().cast(), iov_len: piece.len() });
        rest = behind;
    }
    let count = pieces.len() as i32;
    // SAFETY: see WAYS; the pieces are parts of the buffer.
    let n = unsafe { libc::preadv(file.cached.as_raw_fd(), pieces.as_ptr(), count, offset as i64) };
    taken(&desk.buffer, n)
}

/// What is in the cache already, and the rest by an ordinary read.
fn no_wait(file: &Subject, offset: u64, length: usize, desk: &mut Desk) -> Vec<u8> {
    let piece = libc::iovec { iov_base: desk.buffer.as_mut_ptr().cast(), iov_len: length };
    let descriptor = file.cached.as_raw_fd();
    // SAFETY: see WAYS.
    let n = unsafe { libc::preadv2(descriptor, &raw const piece, 1, offset as i64, libc::RWF_NOWAIT) };
    let found = if n < 0 {
        let error = std::io::Error::last_os_error().raw_os_error();
        assert!(matches!(error, Some(libc::EAGAIN | libc::EOPNOTSUPP)), "{error:?}");
        0
    } else {
        n as usize
    };
    let rest = pread(&file.cached, offset + found as u64, &mut desk.buffer[found..length]);
    [&desk.buffer[..found], &rest].concat()
}

fn mapped(file: &Subject, offset: u64, length: usize, _: &mut Desk) -> Vec<u8> {
    // Pages behind the end may be mapped but not touched.
    let length = length.min(file.size.saturating_sub(offset) as usize);
    if length == 0 {
        return vec![];
    }
    let skip = (offset % PAGE) as usize;
    let flags = if offset & PAGE == 0 { libc::MAP_SHARED } else { libc::MAP_PRIVATE };
    // SAFETY: a fresh read-only map of what does not change, unmapped below when nobody looks at it any more.
    unsafe {
        let (from, descriptor) = ((offset - skip as u64) as i64, file.cached.as_raw_fd());
        let address = libc::mmap(null_mut(), skip + length, libc::PROT_READ, flags, descriptor, from);
        assert_ne!(address, libc::MAP_FAILED, "{}", std::io::Error::last_os_error());
        let bytes = std::slice::from_raw_parts(address.cast::<u8>().add(skip), length).to_vec();
        assert_eq!(libc::munmap(address, skip + length), 0);
        bytes
    }
}

/// Empties a pipe that `step` has put bytes into, until it puts no more.
fn through_pipe(length: usize, desk: &mut Desk, mut step: impl FnMut(i32, usize) -> isize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        let n = step(desk.pipe.1.as_raw_fd(), (length - bytes.len()).min(PIPE));
        assert!(n >= 0, "{}", std::io::Error::last_os_error());
        if n == 0 {
            break;
        }
        let start = bytes.len();
        bytes.resize(start + n as usize, 0);
        desk.pipe.0.read_exact(&mut bytes[start..]).unwrap();
    }
    bytes
}

fn spliced(file: &Subject, offset: u64, length: usize, desk: &mut Desk) -> Vec<u8> {
    let mut from = offset as i64;
    // The pages that a pipe holds count, not their bytes: from an odd offset one more than the bytes need.
    through_pipe(length, desk, |pipe, room| {
        let room = room.min(PIPE - PAGE as usize);
        // SAFETY: see WAYS.
        unsafe { libc::splice(file.cached.as_raw_fd(), &raw mut from, pipe, null_mut(), room, 0) }
    })
}

fn sent(file: &Subject, offset: u64, length: usize, desk: &mut Desk) -> Vec<u8> {
    let mut from = offset as i64;
    through_pipe(length, desk, |pipe, room| {
        let room = room.min(PIPE - PAGE as usize);
        // SAFETY: see WAYS.
        unsafe { libc::sendfile(pipe, file.cached.as_raw_fd(), &raw mut from, room) }
    })
}

/// Advice, or a dropped cache: nothing that may change a byte.
fn disturb(file: &Subject, draws: &mut Draws) {
    let advice = *draws.pick(&[
        libc::POSIX_FADV_DONTNEED,
        libc::POSIX_FADV_WILLNEED,
        libc::POSIX_FADV_RANDOM,
        libc::POSIX_FADV_NORMAL,
    ]);
    let offset = file.offset(draws) as i64;
    // SAFETY: see WAYS.
    assert_eq!(unsafe { libc::posix_fadvise(file.cached.as_raw_fd(), offset, 1 << 20, advice) }, 0);
    if draws.below(200) == 0 && common::is_root() {
        std::fs::write("/proc/sys/vm/drop_caches", "3").unwrap();
    }
}

/// Makes so many reads and returns how many bytes were compared.
fn reads(root: &Path, names: &[String], count: u64, mut draws: Draws) -> u64 {
    let files: Vec<Subject> = names.iter().map(|name| Subject::open(root, name)).collect();
    let mut desk = Desk { buffer: vec![0; MOST], pipe: std::io::pipe().unwrap() };
    let mut compared = 0;
    for number in 0..count {
        let file = draws.pick(&files);
        let (way, read) = draws.pick(&WAYS);
        let offset = file.offset(&mut draws);
        // Mostly short ones.
        let longest = 1 << (draws.below(17) + 1);
        let length = draws.below(longest) as usize;
        let found = read(file, offset, length, &mut desk);
        let expected = file.expected(offset, length);
        assert!(
            found == expected,
            "read {number}: {way} of {} at {offset}, {length} bytes: {} bytes, {} expected, the first wrong one is {:?}",
            file.name,
            found.len(),
            expected.len(),
            found.iter().zip(&expected).position(|(a, b)| a != b)
        );
        compared += found.len() as u64;
        if draws.below(50) == 0 {
            disturb(file, &mut draws);
        }
    }
    compared
}

#[test]
fn each_read_gives_the_bytes_of_the_library() {
    let (draws, count) = (Draws::seeded(0xF5), operations("SEEDFS_READS", 24_000));
    let tree = "files=40,dirs=0,kind=mixed,size=lognormal:11,2";
    for (share, options) in [(3, "ro"), (1, "prefetch=0,readdirplus=never"), (1, "direct_io"), (1, "threads=1")] {
        let Some(mount) = Mounted::start(&[tree, "-o", options]) else { return };
        let listed = std::fs::read_dir(mount.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let names: Vec<String> = UNLISTED.iter().map(|&name| name.to_owned()).chain(listed).collect();
        assert_eq!(names.len(), 64);
        let compared: u64 = std::thread::scope(|scope| {
            let reader = |thread| {
                let (names, root, draws) = (&names, mount.path(), draws.of_thread(thread));
                scope.spawn(move || reads(root, names, count * share / 6 / 4, draws))
            };
            let readers: Vec<_> = (0..4).map(reader).collect();
            readers.into_iter().map(|reader| reader.join().unwrap()).sum()
        });
        println!("{options}: {} reads, {compared} bytes", count * share / 6);
        assert!(compared > 0);
        mount.unmount();
    }
}
