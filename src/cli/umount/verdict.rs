//! The last word of a sink: asked for before it is unmounted, given when nothing can be written any more.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use crate::sink::Report;

/// Most bytes of a report.
const MAX_REPORT: u64 = 1 << 30;

/// A connection that the daemon keeps until it ends.
pub(super) struct Verdict(UnixStream);

impl Verdict {
    /// Has the daemon of the sink mounted here connect to this process. Does not make the mount busy.
    ///
    /// # Errors
    /// The daemon is dead, or its control directory is closed to this user.
    pub(super) fn ask(point: &Path) -> io::Result<Self> {
        let mut random = [0; 16];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut random)?;
        let name = format!("seedfs-umount-{:032x}", u128::from_ne_bytes(random));
        let listener = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
        listener.set_nonblocking(true)?;
        let control = point.join(".seedfs");
        let owner = std::fs::metadata(&control)?.uid();
        OpenOptions::new().write(true).open(control.join("notify"))?.write_all(name.as_bytes())?;
        // It connected before it answered the write. Others can read the name and be faster, but not be its user.
        loop {
            let (stream, _) = listener.accept()?;
            if [Some(owner), Some(0)].contains(&peer(&stream)) {
                stream.set_nonblocking(false)?;
                return Ok(Self(stream));
            }
        }
    }

    /// Waits for the report, for ever unless a limit is given.
    ///
    /// # Errors
    /// The daemon ended without one, or it did not come in time.
    pub(super) fn wait(self, limit: Option<Duration>) -> io::Result<Report> {
        self.0.set_read_timeout(limit)?;
        let mut text = Vec::new();
        self.0.take(MAX_REPORT).read_to_end(&mut text)?;
        let report: Report = serde_json::from_slice(&text).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        if report.is_final { Ok(report) } else { Err(io::ErrorKind::InvalidData.into()) }
    }
}

/// The user at the other end.
fn peer(stream: &UnixStream) -> Option<u32> {
    let mut found = libc::ucred { pid: 0, uid: u32::MAX, gid: u32::MAX };
    let mut len = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: both pointers are to initialised values of this frame, and the length is that of the first.
    let result = unsafe {
        libc::getsockopt(stream.as_raw_fd(), libc::SOL_SOCKET, libc::SO_PEERCRED, (&raw mut found).cast(), &raw mut len)
    };
    (result == 0).then_some(found.uid)
}
