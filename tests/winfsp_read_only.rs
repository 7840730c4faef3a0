//! Nothing can be changed: by programs, whose access is checked, and by the kernel, whose is not.
#![cfg(windows)]

mod winfsp;

use seedfs::stats::Op;
use winfsp::mounted;
use winfsp::requests::{
    self, FILE_CREATE, FILE_DELETE_ON_CLOSE, FILE_OPEN_IF, FILE_OVERWRITE, FILE_OVERWRITE_IF, FILE_SUPERSEDE, How,
    MAXIMUM_ALLOWED, code, kind, open, open_as, send, wide,
};
use winfsp::testfs::TestFs;

/// Each right that lets a program change something, and the generic ones.
const WRITING: [u32; 10] = [0x2, 0x4, 0x10, 0x40, 0x100, 0x1_0000, 0x4_0000, 0x8_0000, 0x4000_0000, 0x1000_0000];

const REFUSED: [u32; 2] = [code::ACCESS_DENIED, code::MEDIA_WRITE_PROTECTED];

#[test]
fn programs_get_no_right_to_write() {
    let Some(_mounted) = mounted(TestFs::default()) else { return };
    for path in ["\\a.txt", "\\dir", "\\"] {
        // The system has made the generic rights into the others by then.
        for &access in &WRITING[..8] {
            let refused = open_as(path, How { access, ..How::READ }).unwrap_err();
            // By the library, or where privileges let it pass, by the adapter.
            assert!(REFUSED.contains(&refused), "{path} {access:#x}: {refused:#x}");
        }
        let everything = open_as(path, How { access: MAXIMUM_ALLOWED, ..How::READ }).unwrap();
        // Read and run. What privileges add above (an administrator may take a file over) is refused when it is used.
        assert_eq!(everything.granted & 0xffff, 0x00a9, "{path}");
        everything.close();
        let how = How { options: FILE_DELETE_ON_CLOSE, ..How::READ };
        assert!(REFUSED.contains(&open_as(path, how).unwrap_err()), "{path}");
    }
}

#[test]
fn the_kernel_gets_none_either() {
    let Some(mounted) = mounted(TestFs::default()) else { return };
    let kernel = How { user: false, ..How::READ };
    for access in &WRITING {
        let refused = open_as("\\a.txt", How { access: *access, ..kernel }).unwrap_err();
        assert_eq!(refused, code::MEDIA_WRITE_PROTECTED, "{access:#x}");
    }
    let refused = open_as("\\a.txt", How { options: FILE_DELETE_ON_CLOSE, ..kernel }).unwrap_err();
    assert_eq!(refused, code::MEDIA_WRITE_PROTECTED);
    open_as("\\a.txt", kernel).unwrap().close();
    assert_eq!(mounted.counters.panics(), 0);
}

#[test]
fn nothing_is_made_or_replaced() {
    let Some(_mounted) = mounted(TestFs::default()) else { return };
    for disposition in [FILE_CREATE, FILE_OPEN_IF, FILE_OVERWRITE_IF, FILE_SUPERSEDE] {
        for user in [true, false] {
            let how = How { disposition, user, ..How::READ };
            let refused = open_as("\\dir\\new", how).unwrap_err();
            assert!(REFUSED.contains(&refused), "{disposition} {refused:#x}");
        }
    }
    for disposition in [FILE_OVERWRITE, FILE_OVERWRITE_IF, FILE_SUPERSEDE] {
        for user in [true, false] {
            let how = How { disposition, user, ..How::READ };
            let refused = open_as("\\a.txt", how).unwrap_err();
            assert!(REFUSED.contains(&refused), "{disposition} {refused:#x}");
        }
    }
    open_as("\\a.txt", How { disposition: FILE_OPEN_IF, ..How::READ }).unwrap().close();
    open("\\dir\\new").unwrap_err();
}

#[test]
fn every_change_is_refused() {
    let Some(mounted) = mounted(TestFs::default()) else { return };
    let file = open("\\a.txt").unwrap();
    let context = file.context;
    // The library itself closes a file that cannot be overwritten.
    let overwritten = open("\\a.txt").unwrap().context;
    let name = wide("\\a.txt");
    let other = wide("\\b.txt");
    let both = [name.as_slice(), other.as_slice()].concat();
    let new_name = [(name.len() as u16).to_le_bytes(), (other.len() as u16).to_le_bytes()].concat();
    let mut data = *b"data";
    let address = (data.as_mut_ptr() as u64).to_le_bytes();
    let class = |number: u32| number.to_le_bytes();
    let ea_size = [0, 0, 16, 0];
    let write = send(
        kind::WRITE,
        &[(0, &context), (16, &address), (24, &0u64.to_le_bytes()), (32, &4u32.to_le_bytes())],
        0,
        &[],
    );
    let set = |number: u32, fields: &[(usize, &[u8])], tail: &[u8]| {
        let class = class(number);
        let all = [&[(0, &context[..]), (16, &class[..])], fields].concat();
        send(kind::SET_INFORMATION, &all, name.len(), tail)
    };
    let control = |number: u32| {
        let buffer = [(name.len() as u16).to_le_bytes(), 8u16.to_le_bytes()].concat();
        let fields: [(usize, &[u8]); 3] = [(0, &context), (16, &class(number)), (20, &buffer)];
        send(kind::FILE_SYSTEM_CONTROL, &fields, name.len(), &[name.as_slice(), &[0; 8]].concat())
    };
    let answers = [
        ("write", write),
        ("overwrite", send(kind::OVERWRITE, &[(0, &overwritten)], 0, &[])),
        ("flush", send(kind::FLUSH_BUFFERS, &[(0, &context)], 0, &[])),
        ("times and attributes", set(4, &[(24, &0x80u32.to_le_bytes())], &name)),
        ("size", set(20, &[(24, &3u64.to_le_bytes())], &name)),
        ("allocation", set(19, &[(24, &0u64.to_le_bytes())], &name)),
        ("delete", set(13, &[(24, &1u32.to_le_bytes())], &name)),
        ("delete, newer", set(64, &[(24, &1u32.to_le_bytes())], &name)),
        ("rename", set(10, &[(24, &new_name)], &both)),
        ("rename, newer", set(65, &[(24, &new_name)], &both)),
        ("extended attributes", send(kind::SET_EA, &[(0, &context), (16, &ea_size)], 0, &[0; 16])),
        ("label", send(kind::SET_VOLUME, &[(0, &class(2))], 0, &wide("new"))),
        ("security", send(kind::SET_SECURITY, &[(0, &context), (16, &class(4))], 0, &[0; 32])),
        ("set link", control(0x9_00A4)),
        ("delete link", control(0x9_00AC)),
    ];
    let count = answers.len() as u64;
    for (what, answer) in answers {
        assert_eq!(answer.status(), code::MEDIA_WRITE_PROTECTED, "{what}");
    }
    assert_eq!(mounted.counters.requests(Op::Change), count);
    // Harmless: the end of a handle that a program wanted to delete its file with.
    assert_eq!(send(kind::CLEANUP, &[(0, &context), (16, &1u32.to_le_bytes())], name.len(), &name).status(), 0);
    assert_eq!(file.read(0, 10).unwrap(), b"hello\n");
    file.close();
    open("\\a.txt").unwrap().close();
}

#[test]
fn everybody_may_read_and_run() {
    let Some(_mounted) = mounted(TestFs::default()) else { return };
    let file = open("\\a.txt").unwrap();
    let descriptor = file.security().unwrap();
    // Self-relative, with a list of who may what, protected from what is above: read and run in every entry.
    let control = u16::from_le_bytes(requests::number(&descriptor, 2));
    assert_eq!(control & 0x9004, 0x9004, "{control:#x}");
    let list = u32::from_le_bytes(requests::number(&descriptor, 16)) as usize;
    let count = u16::from_le_bytes(requests::number(&descriptor, list + 4));
    let mut entry = list + 8;
    let mut who = Vec::new();
    for _ in 0..count {
        let size = u16::from_le_bytes(requests::number(&descriptor, entry + 2)) as usize;
        assert_eq!(u32::from_le_bytes(requests::number(&descriptor, entry + 4)), 0x0012_00a9);
        who.push(descriptor[entry + 8..entry + size].to_vec());
        entry += size;
    }
    // The owner's rights, S-1-3-4, and everybody, S-1-1-0.
    assert_eq!(who, [[1, 1, 0, 0, 0, 0, 0, 3, 4, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]]);
    file.close();
}
