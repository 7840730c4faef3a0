//! A mount exported by a server of NFS: what a client lists and reads is what the mount has, after the kernel has dropped
//! its caches as well, and after the daemon and the server were started anew.
//!
//! The server is nfs-ganesha, which opens all files by handle; the client is that of libnfs. Both run as ordinary
//! programs.
#![cfg(target_os = "linux")]

mod common;

use std::collections::BTreeSet;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::mount::{Foreground, is_mounted, unmount, wait_until};
use common::run::{have, succeed, tool};
use tempfile::TempDir;

const TREE: &str = "files=300,dirs=20,fanout=4,kind=mixed,size=lognormal:10,2,seed=3";

/// A server of its own, on a port of its own.
struct Server {
    child: Child,
    port: u16,
    dir: TempDir,
}

impl Server {
    fn start(export: &Path) -> Self {
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (port, dir) = (free(), tempfile::tempdir().unwrap());
        let config = format!(
            "NFS_CORE_PARAM {{ NFS_Protocols = 4; NFS_Port = {port}; MNT_Port = {}; Enable_NLM = false; \
             Enable_RQUOTA = false; Bind_addr = 127.0.0.1; }}\n\
             NFSV4 {{ Graceless = true; RecoveryBackend = fs; RecoveryRoot = \"{top}/recovery\"; Only_Numeric_Owners = true; }}\n\
             EXPORT {{ Export_Id = 1; Path = \"{}\"; Pseudo = /x; Access_Type = RO; Squash = No_Root_Squash; SecType = sys; \
             Protocols = 4; Filesystem_id = 7.7; FSAL {{ Name = VFS; }} }}\n",
            free(),
            export.display(),
            top = dir.path().display()
        );
        std::fs::create_dir(dir.path().join("recovery")).unwrap();
        std::fs::write(dir.path().join("config"), config).unwrap();
        let mut command = Command::new("ganesha.nfsd");
        command.args(["-F", "-f", "config", "-L", "log", "-p", "pid"]).current_dir(dir.path());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let server = Self { child, port, dir };
        let there = wait_until(Duration::from_secs(30), || TcpStream::connect(("127.0.0.1", port)).is_ok());
        assert!(there, "no server: {}", server.log());
        server
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    fn url(&self, path: &str) -> String {
        format!("nfs://127.0.0.1/x/{path}?version=4&nfsport={}", self.port)
    }

    /// Type, size and path of everything below the root, as a client sees it.
    fn listing(&self) -> BTreeSet<(char, u64, String)> {
        let printed = succeed(Command::new("nfs-ls").args(["-R", &self.url("")]));
        let row = |line: &str| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let kind = line.chars().next().unwrap();
            (kind, if kind == 'd' { 0 } else { fields[4].parse().unwrap() }, fields[5].to_owned())
        };
        printed.lines().map(row).collect()
    }

    fn bytes(&self, path: &str) -> Vec<u8> {
        let output = Command::new("nfs-cat").arg(self.url(path)).output().unwrap();
        assert!(output.status.success(), "{path}: {output:?}\n{}", self.log());
        output.stdout
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SAFETY: the child has not been waited for, so the number is its own.
        unsafe { libc::kill(self.child.id() as i32, libc::SIGTERM) };
        if !wait_until(Duration::from_secs(10), || !matches!(self.child.try_wait(), Ok(None))) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if std::thread::panicking() {
            eprintln!("log of the server:\n{}", self.log());
        }
    }
}

/// The same listing from the mount itself.
fn expected(root: &Path) -> BTreeSet<(char, u64, String)> {
    let printed = tool(root, "find", &[".", "-mindepth", "1"]);
    let row = |path: &str| {
        let metadata = std::fs::symlink_metadata(root.join(path)).unwrap();
        let path = path.strip_prefix("./").unwrap().to_owned();
        if metadata.is_dir() { ('d', 0, path) } else { ('-', metadata.size(), path) }
    };
    printed.lines().map(row).collect()
}

fn expect_same(server: &Server, root: &Path) {
    let listed = expected(root);
    assert!(listed.len() > 300);
    assert_eq!(server.listing(), listed);
    let files: Vec<&str> = listed.iter().filter(|row| row.0 == '-').map(|row| row.2.as_str()).collect();
    for path in files.iter().step_by(9).chain(&["s42-3000001", "s43-100000-text"]) {
        assert!(server.bytes(path) == std::fs::read(root.join(path)).unwrap(), "{path}");
    }
}

#[test]
#[ignore = "needs a server of NFS"]
fn exported_it_is_the_same() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    if !common::is_root() {
        skip!("only root may export");
    }
    if !have(&["ganesha.nfsd", "nfs-ls", "nfs-cat"]) {
        return;
    }
    let mut mount = Foreground::with_dataset(TREE, &["-o", "allow_other"]);
    let server = Server::start(mount.path());
    expect_same(&server, mount.path());
    for caches in ["1", "2", "3"] {
        std::fs::write("/proc/sys/vm/drop_caches", caches).unwrap();
        expect_same(&server, mount.path());
    }
    drop(server);
    mount.signal(libc::SIGKILL);
    mount.wait();
    assert!(unmount(mount.path()) && !is_mounted(mount.path()));
    let again = Foreground::with_dataset(TREE, &["-o", "allow_other"]);
    let server = Server::start(again.path());
    expect_same(&server, again.path());
    drop(server);
}
