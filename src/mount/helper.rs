//! fusermount3, the program that may mount for ordinary users.

use std::ffi::CStr;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::MountError;
use super::options::{Access, MountOptions};

/// Where fusermount3 may be when PATH does not say: PATH first, both names, both directories.
const PROGRAMS: [&str; 6] =
    ["fusermount3", "/usr/bin/fusermount3", "/bin/fusermount3", "fusermount", "/usr/bin/fusermount", "/bin/fusermount"];

/// Mounts through fusermount3, which sends back the connection to the kernel.
///
/// With auto_unmount it stays behind and unmounts when this process ends: the socket is kept open for it.
pub(super) fn attach(point: &Path, source: &str, options: &MountOptions) -> Result<OwnedFd, MountError> {
    // SAFETY: no preconditions; cannot fail.
    if options.auto_unmount && options.access == Access::Owner && unsafe { libc::geteuid() } != 0 {
        // It runs as root, which may not look at another user's mount, and would leave it dead.
        return Err(MountError::Refused(
            "auto_unmount works for ordinary users only with allow_other or allow_root".to_owned(),
        ));
    }
    let (ours, theirs) = UnixStream::pair().map_err(|error| MountError::Refused(error.to_string()))?;
    let mut child = spawn(theirs, point, &helper_options(source, options))?;
    match receive_descriptor(&ours) {
        Ok(device) if options.auto_unmount => {
            std::mem::forget(ours);
            Ok(device)
        }
        Ok(device) => {
            drop(ours);
            // It has done its work; how it ends is of no consequence.
            let _ = child.wait();
            Ok(device)
        }
        Err(_) => Err(explain(child)),
    }
}

fn spawn(socket: UnixStream, point: &Path, options: &str) -> Result<Child, MountError> {
    let socket = OwnedFd::from(socket);
    for program in PROGRAMS {
        let stdin = socket.try_clone().map_err(|error| MountError::Refused(error.to_string()))?;
        let child = Command::new(program)
            .args(["-o", options, "--"])
            .arg(point)
            // The socket is its standard input: no descriptor needs to be made inheritable.
            .env("_FUSE_COMMFD", "0")
            .stdin(stdin)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        match child {
            Ok(child) => return Ok(child),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(MountError::Refused(format!("{program}: {error}"))),
        }
    }
    Err(MountError::Refused(
        "fusermount3 not found; install it with: apt-get install fuse3 (dnf, apk, pacman alike), or mount as root"
            .to_owned(),
    ))
}

/// What fusermount3 said, and what to do about it.
fn explain(mut child: Child) -> MountError {
    let mut said = Vec::new();
    if let Some(stderr) = &mut child.stderr {
        let _ = stderr.take(64 << 10).read_to_end(&mut said);
    }
    let _ = child.wait();
    let said = String::from_utf8_lossy(&said);
    let said = said.trim().lines().next_back().unwrap_or("fusermount3 said nothing");
    let advice = if said.contains("user_allow_other") {
        "; root can permit it with a line user_allow_other in /etc/fuse.conf"
    } else if said.contains("/dev/fuse: Permission denied") {
        "; root can open it to everybody, as udev does, with: chmod 666 /dev/fuse"
    } else if said.contains("/dev/fuse") || said.contains("modprobe") {
        "; load the kernel's module with: modprobe fuse (in a container: --device /dev/fuse)"
    } else if said.contains("Operation not permitted") {
        "; fusermount3 must belong to root and be set-user-id, and a container needs the right to mount"
    } else {
        ""
    };
    MountError::Refused(format!("{said}{advice}"))
}

fn helper_options(source: &str, options: &MountOptions) -> String {
    let either = |yes: bool, name: &'static str, no: &'static str| if yes { name } else { no };
    let mut list = vec![
        either(options.writable, "rw", "ro").to_owned(),
        either(options.dev, "dev", "nodev").to_owned(),
        either(options.suid, "suid", "nosuid").to_owned(),
        either(options.exec, "exec", "noexec").to_owned(),
        either(options.atime, "atime", "noatime").to_owned(),
        "default_permissions".to_owned(),
        format!("fsname={}", escape(source)),
        format!("subtype={}", options.subtype),
    ];
    list.extend((options.access != Access::Owner).then(|| "allow_other".to_owned()));
    list.extend(options.auto_unmount.then(|| "auto_unmount".to_owned()));
    list.extend(options.contexts.iter().map(|(name, label)| format!("{name}={}", escape(label))));
    list.join(",")
}

/// fusermount3 takes a backslash for "the next character is no separator".
fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace(',', "\\,")
}

/// Receives the one descriptor that fusermount3 sends.
fn receive_descriptor(socket: &UnixStream) -> io::Result<OwnedFd> {
    let mut byte = 0u8;
    let mut part = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
    // Aligned as a control message header, and large enough for one descriptor.
    let mut control = [0u64; 8];
    // SAFETY: all-zero is a valid msghdr: null pointers with zero lengths.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = size_of_val(&control) as _;
    loop {
        // SAFETY: the message points to buffers of the lengths it states, which outlive the call.
        let count = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, libc::MSG_CMSG_CLOEXEC) };
        match count {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            1.. => break,
            _ => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
        }
    }
    // SAFETY: the kernel filled in the message; CMSG_FIRSTHDR is null when there is no whole header.
    let header = unsafe { libc::CMSG_FIRSTHDR(&raw const message).as_ref() };
    let Some(header) = header.filter(|h| h.cmsg_level == libc::SOL_SOCKET && h.cmsg_type == libc::SCM_RIGHTS) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    // SAFETY: a message of rights carries at least one descriptor behind its header.
    let descriptor: RawFd = unsafe { libc::CMSG_DATA(header).cast::<RawFd>().read_unaligned() };
    // SAFETY: the kernel has just made this descriptor for this process; nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Runs fusermount3 on a mount point.
///
/// # Errors
/// What it said, or that it is not installed.
pub(crate) fn fusermount(arguments: &[&str], point: &Path) -> Result<(), String> {
    for program in PROGRAMS {
        match Command::new(program).args(arguments).arg("--").arg(point).stdin(Stdio::null()).output() {
            Ok(output) if output.status.success() => return Ok(()),
            Ok(output) => return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("{program}: {error}")),
        }
    }
    Err("fusermount3 not found; install it with: apt-get install fuse3".to_owned())
}

/// Unmounts lazily by fusermount3, without memory or descriptors of this process's own; says whether that went well.
pub(super) fn unmount_with_nothing(point: &CStr) -> bool {
    let words = [c"fusermount3".as_ptr(), c"-uqz".as_ptr(), c"--".as_ptr(), point.as_ptr(), std::ptr::null()];
    let nothing = [std::ptr::null()];
    // SAFETY: the child sets its limit and becomes another program, or ends; all pointers are to texts ended by NUL, the
    // lists end in a null pointer, and numbers are written to values of this frame.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            // A limit that stops this process would stop that one as well.
            let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) == 0 {
                limit.rlim_cur = limit.rlim_max;
                libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
            }
            for program in [c"/usr/bin/fusermount3", c"/bin/fusermount3"] {
                libc::execve(program.as_ptr(), words.as_ptr(), nothing.as_ptr());
            }
            libc::_exit(127);
        }
        let mut status = 0;
        libc::waitpid(child, &raw mut status, 0) == child && libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_in_values_are_escaped() {
        let text = helper_options("files=1M,size=4k\\", &MountOptions::default());
        assert_eq!(
            text,
            "ro,nodev,nosuid,exec,noatime,default_permissions,fsname=files=1M\\,size=4k\\\\,subtype=seedfs"
        );
    }

    #[test]
    fn a_descriptor_arrives_or_the_end_does() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        drop(theirs);
        assert_eq!(receive_descriptor(&ours).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        io::Write::write_all(&mut theirs, b"x").unwrap();
        assert_eq!(receive_descriptor(&ours).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
