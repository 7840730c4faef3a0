//! Requests as the kernel sends them, from a socket in its place, to the adapters of trees and of sinks.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use fuser::{Config, Filesystem, Session, SessionACL};
use seedfs::fuse::{FuseAdapter, Ownership, ReadDirPlus, Settings, SinkAdapter};
use seedfs::stats::Counters;
use seedfs::tree::Tree;
use seedfs::units::MAX_SIZE;
use seedfs::vfs::{Ino, Vfs};

use super::{hostile, requests, restores};

/// Most requests of an input.
const REQUESTS: usize = 40;

/// Codes of requests in the protocol, those that have no reply left out.
mod code {
    pub(super) const LOOKUP: u32 = 1;
    pub(super) const FORGET: u32 = 2;
    pub(super) const GETATTR: u32 = 3;
    pub(super) const SETATTR: u32 = 4;
    pub(super) const READ: u32 = 15;
    pub(super) const WRITE: u32 = 16;
    pub(super) const INIT: u32 = 26;
    pub(super) const READDIR: u32 = 28;
    pub(super) const DESTROY: u32 = 38;
    pub(super) const BATCH_FORGET: u32 = 42;
    pub(super) const READDIRPLUS: u32 = 44;
}

/// Bytes before the body of a request, and of a reply.
const REQUEST_HEADER: usize = 40;
const REPLY_HEADER: usize = 16;

/// The kernel's end of a connection.
struct Kernel {
    socket: UnixDatagram,
    unique: u64,
    session: Option<JoinHandle<io::Result<()>>>,
}

impl Kernel {
    /// Connects an adapter, as mounting does.
    fn connect<F: Filesystem + Send>(adapter: F) -> Self {
        let (socket, end) = UnixDatagram::pair().expect("sockets");
        socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a time");
        let session = std::thread::spawn(move || {
            let mut config = Config::default();
            config.n_threads = Some(1);
            Session::from_fd(adapter, end.into(), SessionACL::All, config)?.run()
        });
        let mut kernel = Self { socket, unique: 0, session: Some(session) };
        let mut body = Vec::new();
        // Version, read-ahead, and all flags but the one that says that there are more of them.
        for word in [7, 40, 128 << 10, !(1u32 << 30), 0] {
            body.extend_from_slice(&word.to_ne_bytes());
        }
        body.resize(64, 0);
        assert!(kernel.ask(code::INIT, 0, &body).is_ok(), "no connection");
        kernel
    }

    fn send(&mut self, code: u32, node: u64, body: &[u8]) {
        self.unique += 1;
        let mut request = Vec::with_capacity(REQUEST_HEADER + body.len());
        request.extend_from_slice(&((REQUEST_HEADER + body.len()) as u32).to_ne_bytes());
        request.extend_from_slice(&code.to_ne_bytes());
        request.extend_from_slice(&self.unique.to_ne_bytes());
        request.extend_from_slice(&node.to_ne_bytes());
        request.resize(REQUEST_HEADER, 0);
        request.extend_from_slice(body);
        self.socket.send(&request).expect("the session has ended");
    }

    /// The answer to a request: bytes, or the number of an error.
    fn ask(&mut self, code: u32, node: u64, body: &[u8]) -> std::result::Result<Vec<u8>, i32> {
        self.send(code, node, body);
        let mut reply = vec![0; 1 << 18];
        let len = loop {
            match self.socket.recv(&mut reply) {
                // The alarm of the fuzzer.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                received => break received.unwrap_or_else(|error| panic!("no answer to {code}: {error}")),
            }
        };
        reply.truncate(len);
        assert!(len >= REPLY_HEADER && word(&reply, 0) as usize == len, "{code}: {len} bytes");
        assert_eq!(long(&reply, 8), self.unique, "the answer to another request than {code}");
        let error = word(&reply, 4) as i32;
        assert!((-4095..=0).contains(&error) && (error == 0 || len == REPLY_HEADER), "{code}: {error}");
        if error == 0 { Ok(reply.split_off(REPLY_HEADER)) } else { Err(-error) }
    }

    /// Ends the session, which must not have ended by itself.
    fn disconnect(mut self) {
        let _ = self.ask(code::DESTROY, 0, &[]);
        let ended = self.session.take().expect("runs until now").join().expect("a panic in the session");
        assert!(ended.is_ok(), "{ended:?}");
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].try_into().map(u32::from_ne_bytes).expect("four bytes")
}

fn long(bytes: &[u8], at: usize) -> u64 {
    bytes[at..at + 8].try_into().map(u64::from_ne_bytes).expect("eight bytes")
}

/// An adapter, and requests to it: each is answered, with bytes that the core has there, and nothing panics.
pub fn run(data: &[u8]) {
    let u = &mut Unstructured::new(data);
    let _ = if u.ratio(1, 2).unwrap_or(false) { serve_tree(u) } else { serve_sink(u) };
}

/// What requests are about.
struct Subject {
    known: Vec<u64>,
    names: Vec<Vec<u8>>,
}

impl Subject {
    fn node(&self, u: &mut Unstructured<'_>) -> Result<u64> {
        if u.ratio(7, 8)? { u.choose(&self.known).copied() } else { hostile::number(u, &self.known) }
    }

    /// As the kernel checks them: neither empty nor with a slash, ended by a NUL.
    fn name(&self, u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
        let mut name = if u.ratio(1, 4)? { u.arbitrary::<&[u8]>()?.to_vec() } else { u.choose(&self.names)?.clone() };
        name.retain(|&byte| byte != b'/' && byte != 0);
        name.truncate(300);
        if name.is_empty() {
            name.push(b'x');
        }
        name.push(0);
        Ok(name)
    }

    /// The body of a request: fields of fixed length that hold anything, then names or bytes where there are some.
    fn body(&self, u: &mut Unstructured<'_>, code: u32) -> Result<Vec<u8>> {
        let fixed = match code {
            3 | 14 | 17 | 27 | 20 | 30 | 34 | 37 | 41 => 16,
            4 => 88,
            8 | 35 => 16,
            9 | 12 | 13 | 21 | 22 | 23 => 8,
            15 | 28 | 44 | 16 => 40,
            18 | 29 | 25 | 46 => 24,
            31..=33 => 48,
            39 | 43 => 32,
            40 => 24,
            45 => 16,
            47 => 56,
            _ => 0,
        };
        let mut body = Vec::new();
        while body.len() < fixed {
            let value = hostile::number(u, &self.known)?;
            body.extend_from_slice(&value.to_ne_bytes());
        }
        let names = match code {
            1 | 8..=11 | 13 | 35 | 21 | 22 | 24 => 1,
            6 | 12 | 45 => 2,
            _ => 0,
        };
        for _ in 0..names {
            body.extend_from_slice(&self.name(u)?);
        }
        match code {
            // The length of a value, or of bytes to write, is what follows.
            21 => {
                let value = u.arbitrary::<&[u8]>()?;
                body[..4].copy_from_slice(&(value.len() as u32).to_ne_bytes());
                body.extend_from_slice(value);
            }
            16 => {
                let value = u.arbitrary::<&[u8]>()?;
                body[16..20].copy_from_slice(&(value.len() as u32).to_ne_bytes());
                body.extend_from_slice(value);
            }
            39 => {
                body[24..28].copy_from_slice(&8u32.to_ne_bytes());
                body.extend_from_slice(&u.arbitrary::<u64>()?.to_ne_bytes());
            }
            // The most that one request may ask for; the kernel keeps to it.
            15 | 28 | 44 => {
                let size = word(&body, 16) % (128 << 10);
                body[16..20].copy_from_slice(&size.to_ne_bytes());
            }
            4 => sane_times(&mut body),
            _ => {}
        }
        Ok(body)
    }

    /// Nodes that an answer names are asked about later.
    fn learn(&mut self, code: u32, answer: &[u8]) {
        match code {
            code::LOOKUP | 6 | 8 | 9 | 13 | 35 if answer.len() >= 8 => self.known.push(long(answer, 0)),
            code::READDIR if answer.len() >= 24 => self.known.push(long(answer, 0)),
            code::READDIRPLUS if answer.len() >= 152 => self.known.push(long(answer, 0)),
            _ => {}
        }
    }
}

/// Nanoseconds below a second, and no second that has no negative: the kernel keeps to both.
fn sane_times(body: &mut [u8]) {
    for at in [32, 40, 48] {
        let seconds = long(body, at) as i64;
        body[at..at + 8].copy_from_slice(&seconds.max(-i64::MAX).to_ne_bytes());
    }
    for at in [56, 60, 64] {
        let nanoseconds = word(body, at) % 1_000_000_000;
        body[at..at + 4].copy_from_slice(&nanoseconds.to_ne_bytes());
    }
}

/// All but those that end or begin a session, or have no answer.
const CODES: [u32; 41] = [
    1, 1, 1, 3, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 15, 15, 16, 17, 18, 20, 21, 22, 23, 24, 25, 27, 28, 28, 29,
    30, 34, 35, 39, 43, 44, 44, 45, 46, 47,
];

fn forget(u: &mut Unstructured<'_>, subject: &Subject, kernel: &mut Kernel) -> Result<()> {
    let (node, count) = (subject.node(u)?, hostile::number(u, &[1])?);
    if u.arbitrary()? {
        kernel.send(code::FORGET, node, &count.to_ne_bytes());
    } else {
        let mut body = 1u64.to_ne_bytes().to_vec();
        body.extend_from_slice(&node.to_ne_bytes());
        body.extend_from_slice(&count.to_ne_bytes());
        kernel.send(code::BATCH_FORGET, 0, &body);
    }
    Ok(())
}

fn serve_tree(u: &mut Unstructured<'_>) -> Result<()> {
    let (tree, is_damaged) = requests::tree(u)?;
    let tree = Arc::new(tree);
    let counters = Arc::new(Counters::default());
    let settings = Settings {
        ownership: Ownership { uid: u.arbitrary()?, gid: None, mounter: (0, 0), file_mask: 0o22, dir_mask: 0o7777 },
        direct_io: u.arbitrary()?,
        xattr: u.arbitrary()?,
        readdirplus: *u.choose(&[ReadDirPlus::Always, ReadDirPlus::Auto, ReadDirPlus::Never])?,
        opendir_message: u.arbitrary()?,
        prefetch: if u.arbitrary()? { 1 << 20 } else { 0 },
        ask_at_root: false,
        // Reads are answered here, in the order in which they came.
        storage: None,
        faults: false,
    };
    let mut kernel = Kernel::connect(FuseAdapter::new(tree.clone(), counters.clone(), settings));
    let mut subject = Subject { known: vec![1, 2, 3, 4, 1 << 50, 1 << 51, 1 << 52], names: Vec::new() };
    subject
        .names
        .extend([&b".seedfs"[..], b"stats", b"generation", b"s42-100", b"s1-9000.txt", b"cases"].map(Vec::from));
    for _ in 0..REQUESTS {
        if u.is_empty() || ask_tree(u, &tree, is_damaged, &mut subject, &mut kernel).is_err() {
            break;
        }
    }
    kernel.disconnect();
    assert_eq!(counters.panics(), 0);
    Ok(())
}

fn ask_tree(
    u: &mut Unstructured<'_>,
    tree: &Tree,
    is_damaged: bool,
    subject: &mut Subject,
    kernel: &mut Kernel,
) -> Result<()> {
    if u.ratio(1, 16)? {
        return forget(u, subject, kernel);
    }
    let (code, node) = (*u.choose(&CODES)?, subject.node(u)?);
    let body = subject.body(u, code)?;
    let answer = kernel.ask(code, node, &body);
    // Damage that was asked for is the one thing that cannot be read.
    assert!(answer != Err(5) || (is_damaged && code == code::READ), "an error in answer to {code}");
    // The library refuses larger offsets by itself.
    if code == code::READ && long(&body, 8) <= MAX_SIZE {
        let mut right = vec![0; word(&body, 16) as usize];
        let count = tree.read(Ino(node), long(&body, 8), &mut right);
        assert_eq!(count.is_ok(), answer.is_ok());
        if let (Ok(count), Ok(bytes)) = (count, &answer) {
            assert!(right[..count] == bytes[..], "{} bytes of inode {node} are not the {count} there are", bytes.len());
        }
    }
    if code == code::GETATTR
        && let (Ok(attr), Ok(bytes)) = (tree.getattr(Ino(node)), &answer)
    {
        assert_eq!((long(bytes, 16), long(bytes, 24)), (attr.ino.0, attr.size));
    }
    if let Ok(bytes) = answer {
        subject.learn(code, &bytes);
    }
    Ok(())
}

fn serve_sink(u: &mut Unstructured<'_>) -> Result<()> {
    let (sink, names) = restores::sink(u)?;
    let adapter = SinkAdapter::new(Arc::new(sink), (0, 0), 3, u.arbitrary::<bool>()?.then(|| "files = 3\n".to_owned()));
    let verdict = adapter.verdict();
    let mut kernel = Kernel::connect(adapter);
    let mut subject = Subject { known: vec![1, 2, 3], names };
    subject.names.extend([&b".seedfs"[..], b"report", b"report.json", b"notify"].map(Vec::from));
    for _ in 0..REQUESTS {
        if u.is_empty() || ask_sink(u, &mut subject, &mut kernel).is_err() {
            break;
        }
    }
    kernel.disconnect();
    let report = verdict.give();
    assert!(report.is_final && report.list.len() <= 3);
    Ok(())
}

fn ask_sink(u: &mut Unstructured<'_>, subject: &mut Subject, kernel: &mut Kernel) -> Result<()> {
    if u.ratio(1, 16)? {
        return forget(u, subject, kernel);
    }
    let (code, node) = (*u.choose(&CODES)?, subject.node(u)?);
    let mut body = subject.body(u, code)?;
    if code == code::WRITE && u.ratio(3, 4)? {
        // Where something else can be read again.
        let offset = long(&body, 8) % 10_000;
        body[8..16].copy_from_slice(&offset.to_ne_bytes());
    }
    let answer = kernel.ask(code, node, &body);
    if code == code::SETATTR
        && let Ok(attr) = &answer
        && word(&body, 0) & 1 << 5 != 0
        && word(&body, 0) & 1 << 8 == 0
    {
        // Last change: the seconds, and the nanoseconds behind those of the last access.
        let set = (long(&body, 40) as i64, word(&body, 60));
        assert_eq!((long(attr, 16 + 32) as i64, word(attr, 16 + 52)), set, "another time than was set");
    }
    if let Ok(bytes) = answer {
        subject.learn(code, &bytes);
    }
    Ok(())
}
