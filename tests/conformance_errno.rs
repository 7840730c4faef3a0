//! Calls with the path of something that there is, that there is not, or that no path can be: each with its error.
//!
//! The rows are those of POSIX and Linux for a file system that is read-only, for listed and for unlisted files, through
//! the page cache and past it. Descriptors have a table of their own in `conformance_descriptors.rs`.
#![cfg(target_os = "linux")]

mod common;

use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::ptr::{null, null_mut};

use common::mount::Mounted;
use common::{c_path, code};
use libc::{
    AT_FDCWD, EACCES, EEXIST, EINVAL, EISDIR, ELOOP, ENAMETOOLONG, ENODATA, ENOENT, ENOTDIR, ENOTEMPTY, ERANGE, EROFS,
    F_OK, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_PATH, O_RDONLY, O_RDWR, O_TMPFILE, O_TRUNC, O_WRONLY, R_OK, W_OK,
    X_OK,
};

/// Something of each type that a row may name as `{file}` and so on.
struct World {
    root: PathBuf,
    names: Vec<(&'static str, String)>,
}

/// The calls of a row, each giving -1 and errno where it fails.
struct Calls<'a>(&'a World);

type Row = (&'static str, i32, fn(&Calls<'_>) -> i64);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    // Paths that do not lead anywhere, by the call that is made with them.
    ("stat of a file", 0, |c| c.stat("{file}")),
    ("stat of a directory", 0, |c| c.stat("{dir}")),
    ("stat of a link to a file", 0, |c| c.stat("{link}")),
    ("lstat of a link to nothing", 0, |c| c.lstat("{dangling}")),
    ("lstat of a link to itself", 0, |c| c.lstat("{loop}")),
    ("stat of a link to nothing", ENOENT, |c| c.stat("{dangling}")),
    ("stat of a link to itself", ELOOP, |c| c.stat("{loop}")),
    ("stat of a missing name", ENOENT, |c| c.stat("missing")),
    ("stat of a name in a missing directory", ENOENT, |c| c.stat("missing/x")),
    ("stat of a name below a file", ENOTDIR, |c| c.stat("{file}/x")),
    ("stat of a recipe below a file", ENOTDIR, |c| c.stat("{file}/s1-1k")),
    ("stat of a file as a directory", ENOTDIR, |c| c.stat("{file}/")),
    ("stat of a file's dot", ENOTDIR, |c| c.stat("{file}/.")),
    ("stat of a directory with a slash", 0, |c| c.stat("{dir}/")),
    ("stat of a directory's dot-dot", 0, |c| c.stat("{dir}/..")),
    ("stat of the root's dot-dot", 0, |c| c.stat("..")),
    ("stat through a link to a file", ENOTDIR, |c| c.stat("{link}/x")),
    ("stat through a link to itself", ELOOP, |c| c.stat("{loop}/x")),
    ("stat of a name of 255 bytes", ENOENT, |c| c.stat("{255}")),
    ("stat of a recipe of 255 bytes", 0, |c| c.stat("{255 recipe}")),
    ("stat of a name of 256 bytes", ENAMETOOLONG, |c| c.stat("{256}")),
    ("stat through a name of 256 bytes", ENAMETOOLONG, |c| c.stat("{256}/x")),
    ("stat of a path of 4,095 bytes", 0, |c| c.stat("{4095}")),
    ("stat of a path of 4,096 bytes", ENAMETOOLONG, |c| c.stat("{4096}")),
    ("stat of an empty path", ENOENT, |c| c.raw_stat(c"")),
    ("stat of a recipe that is too large", ENOENT, |c| c.stat("s1-9223372036854775808")),
    ("stat of the largest recipe", 0, |c| c.stat("s1-9223372036854775807")),
    ("statfs of a file", 0, |c| c.statfs("{file}")),
    ("statfs of a missing name", ENOENT, |c| c.statfs("missing")),
    ("statfs of a name below a file", ENOTDIR, |c| c.statfs("{file}/x")),
    ("statx with unknown flags", EINVAL, |c| c.statx("{file}", 0x4000_0000)),
    ("statx that forces a sync", 0, |c| c.statx("{file}", libc::AT_STATX_FORCE_SYNC)),
    // Access.
    ("access to a file, to see it", 0, |c| c.access("{file}", F_OK)),
    ("access to a file, to read", 0, |c| c.access("{file}", R_OK)),
    ("access to a directory, to read and search", 0, |c| c.access("{dir}", R_OK | X_OK)),
    ("access to a file, to write", EROFS, |c| c.access("{file}", W_OK)),
    ("access to a directory, to write", EROFS, |c| c.access("{dir}", W_OK)),
    ("access to a file, to execute", EACCES, |c| c.access("{file}", X_OK)),
    ("access to a missing name", ENOENT, |c| c.access("missing", W_OK)),
    ("access with a mode that is none", EINVAL, |c| c.access("{file}", 0o70)),
    // Opening.
    ("open a file", 0, |c| c.open("{file}", O_RDONLY)),
    ("open a directory", 0, |c| c.open("{dir}", O_RDONLY | O_DIRECTORY)),
    ("open a missing name", ENOENT, |c| c.open("missing", O_RDONLY)),
    ("open a file as a directory", ENOTDIR, |c| c.open("{file}", O_RDONLY | O_DIRECTORY)),
    ("open a link to a file as a directory", ENOTDIR, |c| c.open("{link}", O_RDONLY | O_DIRECTORY)),
    ("open a link itself", ELOOP, |c| c.open("{link}", O_RDONLY | O_NOFOLLOW)),
    ("open a link as a path", 0, |c| c.open("{link}", O_PATH | O_NOFOLLOW)),
    ("open a link to nothing", ENOENT, |c| c.open("{dangling}", O_RDONLY)),
    ("open a link to itself", ELOOP, |c| c.open("{loop}", O_RDONLY)),
    ("open a name below a file", ENOTDIR, |c| c.open("{file}/x", O_RDONLY)),
    ("open a name of 256 bytes", ENAMETOOLONG, |c| c.open("{256}", O_RDONLY)),
    ("open for writing", EROFS, |c| c.open("{file}", O_WRONLY)),
    ("open for both", EROFS, |c| c.open("{file}", O_RDWR)),
    ("open and truncate", EROFS, |c| c.open("{file}", O_RDONLY | O_TRUNC)),
    ("open a directory for writing", EISDIR, |c| c.open("{dir}", O_WRONLY)),
    ("create a new name", EROFS, |c| c.open("missing", O_RDONLY | O_CREAT)),
    ("create what is there", 0, |c| c.open("{file}", O_RDONLY | O_CREAT)),
    ("create what must not be there", EEXIST, |c| c.open("{file}", O_RDONLY | O_CREAT | O_EXCL)),
    ("create a directory's name", EISDIR, |c| c.open("{dir}", O_RDONLY | O_CREAT)),
    ("create in a missing directory", ENOENT, |c| c.open("missing/x", O_RDONLY | O_CREAT)),
    ("create below a file", ENOTDIR, |c| c.open("{file}/x", O_RDONLY | O_CREAT)),
    ("create a name of 256 bytes", ENAMETOOLONG, |c| c.open("{256}", O_RDONLY | O_CREAT)),
    ("create through a link to nothing", EROFS, |c| c.open("{dangling}", O_RDONLY | O_CREAT)),
    ("a file without a name", EROFS, |c| c.open("{dir}", O_TMPFILE | O_RDWR)),
    // Links.
    ("readlink of a link", 0, |c| c.readlink("{link}", 4096)),
    ("readlink of a link to itself", 0, |c| c.readlink("{loop}", 4096)),
    ("readlink into one byte", 0, |c| c.readlink("{link}", 1)),
    ("readlink into no bytes", EINVAL, |c| c.readlink("{link}", 0)),
    ("readlink of a file", EINVAL, |c| c.readlink("{file}", 4096)),
    ("readlink of a directory", EINVAL, |c| c.readlink("{dir}", 4096)),
    ("readlink of a missing name", ENOENT, |c| c.readlink("missing", 4096)),
    ("readlink below a file", ENOTDIR, |c| c.readlink("{file}/x", 4096)),
    // Changes, which fail for their first reason.
    ("mkdir", EROFS, |c| c.mkdir("missing")),
    ("mkdir over a file", EEXIST, |c| c.mkdir("{file}")),
    ("mkdir over a directory", EEXIST, |c| c.mkdir("{dir}")),
    ("mkdir over a link to nothing", EEXIST, |c| c.mkdir("{dangling}")),
    ("mkdir of the root's dot", EEXIST, |c| c.mkdir(".")),
    ("mkdir in a missing directory", ENOENT, |c| c.mkdir("missing/x")),
    ("mkdir below a file", ENOTDIR, |c| c.mkdir("{file}/x")),
    ("mkdir of a name of 256 bytes", ENAMETOOLONG, |c| c.mkdir("{256}")),
    ("mkdir through a link to itself", ELOOP, |c| c.mkdir("{loop}/x")),
    ("mkfifo", EROFS, |c| c.mknod("missing", libc::S_IFIFO)),
    ("mkfifo over a file", EEXIST, |c| c.mknod("{file}", libc::S_IFIFO)),
    ("mkfifo below a file", ENOTDIR, |c| c.mknod("{file}/x", libc::S_IFIFO)),
    ("bind a socket", EROFS, |c| c.bind("missing")),
    ("symlink", EROFS, |c| c.symlink("missing")),
    ("symlink over a file", EEXIST, |c| c.symlink("{file}")),
    ("symlink in a missing directory", ENOENT, |c| c.symlink("missing/x")),
    ("symlink of a name of 256 bytes", ENAMETOOLONG, |c| c.symlink("{256}")),
    ("link", EROFS, |c| c.link("{file}", "missing")),
    ("link of a missing name", ENOENT, |c| c.link("missing", "missing2")),
    ("link over a file", EEXIST, |c| c.link("{file}", "{file2}")),
    ("link into a missing directory", ENOENT, |c| c.link("{file}", "missing/x")),
    ("link below a file", ENOTDIR, |c| c.link("{file}", "{file2}/x")),
    ("unlink", EROFS, |c| c.unlink("{file}")),
    ("unlink of a link", EROFS, |c| c.unlink("{link}")),
    ("unlink of a directory", EROFS, |c| c.unlink("{dir}")),
    ("unlink below a file", ENOTDIR, |c| c.unlink("{file}/x")),
    ("unlink in a missing directory", ENOENT, |c| c.unlink("missing/x")),
    ("rmdir", EROFS, |c| c.rmdir("{dir}")),
    ("rmdir of a file", EROFS, |c| c.rmdir("{file}")),
    ("rmdir of a dot", EINVAL, |c| c.rmdir("{dir}/.")),
    ("rmdir of a dot-dot", ENOTEMPTY, |c| c.rmdir("{dir}/..")),
    ("rmdir below a file", ENOTDIR, |c| c.rmdir("{file}/x")),
    ("rename", EROFS, |c| c.rename("{file}", "missing")),
    ("rename over a file", EROFS, |c| c.rename("{file}", "{file2}")),
    ("rename to itself", EROFS, |c| c.rename("{file}", "{file}")),
    ("rename of a directory into itself", EROFS, |c| c.rename("{dir}", "{dir}/x")),
    ("rename from a missing directory", ENOENT, |c| c.rename("missing/x", "x")),
    ("rename from below a file", ENOTDIR, |c| c.rename("{file}/x", "x")),
    ("truncate", EROFS, |c| c.truncate("{file}", 0)),
    ("truncate of a directory", EISDIR, |c| c.truncate("{dir}", 0)),
    ("truncate of a missing name", ENOENT, |c| c.truncate("missing", 0)),
    ("truncate to less than nothing", EINVAL, |c| c.truncate("{file}", -1)),
    ("chmod", EROFS, |c| c.chmod("{file}")),
    ("chmod of a directory", EROFS, |c| c.chmod("{dir}")),
    ("chmod of a missing name", ENOENT, |c| c.chmod("missing")),
    ("chmod below a file", ENOTDIR, |c| c.chmod("{file}/x")),
    ("chmod of a link to itself", ELOOP, |c| c.chmod("{loop}")),
    ("chown", EROFS, |c| c.chown("{file}")),
    ("chown of a link to nothing", ENOENT, |c| c.chown("{dangling}")),
    ("lchown of a link to nothing", EROFS, |c| c.lchown("{dangling}")),
    ("utimes", EROFS, |c| c.utimes("{file}")),
    ("utimes of a missing name", ENOENT, |c| c.utimes("missing")),
    // Attributes.
    ("getxattr", 0, |c| c.getxattr("{file}", c"user.seedfs.recipe", 256)),
    ("getxattr of one that is not there", ENODATA, |c| c.getxattr("{file}", c"user.none", 256)),
    ("getxattr of a directory", ENODATA, |c| c.getxattr("{dir}", c"user.seedfs.recipe", 256)),
    ("getxattr into too few bytes", ERANGE, |c| c.getxattr("{file}", c"user.seedfs.recipe", 1)),
    ("getxattr without a name", ERANGE, |c| c.getxattr("{file}", c"", 256)),
    ("getxattr of a missing name", ENOENT, |c| c.getxattr("missing", c"user.seedfs.recipe", 256)),
    ("listxattr into too few bytes", ERANGE, |c| c.listxattr("{file}", 1)),
    ("listxattr of a directory", 0, |c| c.listxattr("{dir}", 0)),
    ("setxattr", EROFS, |c| c.setxattr("{file}")),
    ("setxattr of a missing name", ENOENT, |c| c.setxattr("missing")),
    ("removexattr", EROFS, |c| c.removexattr("{file}")),
    // The rest.
    ("chdir to a file", ENOTDIR, |c| c.chdir("{file}")),
    ("chdir to a missing name", ENOENT, |c| c.chdir("missing")),
    ("execute a file that is no program", EACCES, |c| c.execute("{file}")),
    ("execute a directory", EACCES, |c| c.execute("{dir}")),
    ("execute a missing name", ENOENT, |c| c.execute("missing")),
    ("watch a file", 0, |c| c.watch("{file}")),
    ("watch a missing name", ENOENT, |c| c.watch("missing")),
    ("a handle of a file", 0, |c| c.handle("{file}")),
    ("a handle of a missing name", ENOENT, |c| c.handle("missing")),
];

impl World {
    fn of(root: &Path, unlisted: bool) -> Self {
        let all: Vec<PathBuf> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
        let find = |what: &dyn Fn(&Path) -> bool| {
            let path = all.iter().find(|path| what(path)).expect("the dataset has one of each in its root");
            path.file_name().unwrap().to_str().unwrap().to_owned()
        };
        let is_link = |path: &Path| path.is_symlink();
        let fails = |path: &Path, error| std::fs::metadata(path).is_err_and(|e| e.raw_os_error() == Some(error));
        let file = find(&|path| !is_link(path) && path.is_file());
        let file2 = find(&|path| !is_link(path) && path.is_file() && !path.ends_with(&file));
        let (file, file2) = if unlisted { ("s77-5000".into(), "s78-5000.txt".into()) } else { (file, file2) };
        let x = |count: usize| "x".repeat(count);
        let dir = find(&|path| !is_link(path) && path.is_dir());
        let fill = |total: usize| {
            let left = total - root.as_os_str().len() - 1 - dir.len();
            format!("{dir}{}{}", if left % 2 == 1 { "/" } else { "" }, "/.".repeat(left / 2))
        };
        let names = vec![
            ("{file}", file),
            ("{file2}", file2),
            ("{4095}", fill(4095)),
            ("{4096}", fill(4096)),
            ("{dir}", dir),
            ("{link}", find(&|path| is_link(path) && path.is_file())),
            ("{dangling}", find(&|path| is_link(path) && fails(path, ENOENT))),
            ("{loop}", find(&|path| is_link(path) && fails(path, ELOOP))),
            ("{255}", x(255)),
            ("{256}", x(256)),
            ("{255 recipe}", format!("{}_s1-1k", x(249))),
        ];
        Self { root: root.to_owned(), names }
    }

    fn at(&self, path: &str) -> CString {
        let path = self.names.iter().fold(path.to_owned(), |path, (token, name)| path.replace(token, name));
        assert!(!path.contains('{'), "{path}: no such token");
        c_path(format!("{}/{path}", self.root.display()))
    }
}

/// One call each. SAFETY of all of them: every path ends in NUL and outlives the call, every buffer has the length that
/// is stated, and nothing of this process is changed by a call that succeeds.
#[rustfmt::skip]
impl Calls<'_> {
    fn at(&self, path: &str) -> CString { self.0.at(path) }

    fn stat(&self, path: &str) -> i64 { self.raw_stat(&self.at(path)) }
    fn raw_stat(&self, path: &std::ffi::CStr) -> i64 {
        // SAFETY: see above; all-zero is plain data.
        unsafe { libc::stat(path.as_ptr(), &mut std::mem::zeroed()).into() }
    }
    fn lstat(&self, path: &str) -> i64 {
        // SAFETY: as for stat.
        unsafe { libc::lstat(self.at(path).as_ptr(), &mut std::mem::zeroed()).into() }
    }
    fn statfs(&self, path: &str) -> i64 {
        // SAFETY: as for stat.
        unsafe { libc::statfs(self.at(path).as_ptr(), &mut std::mem::zeroed()).into() }
    }
    fn statx(&self, path: &str, flags: i32) -> i64 {
        // SAFETY: as for stat.
        unsafe { libc::statx(AT_FDCWD, self.at(path).as_ptr(), flags, libc::STATX_ALL, &mut std::mem::zeroed()).into() }
    }
    fn open(&self, path: &str, flags: i32) -> i64 {
        // SAFETY: see above; what was opened is closed.
        unsafe {
            let descriptor = libc::open(self.at(path).as_ptr(), flags, 0o600);
            if descriptor >= 0 { libc::close(descriptor); }
            descriptor.into()
        }
    }
    fn readlink(&self, path: &str, room: usize) -> i64 {
        let mut bytes = vec![0; room];
        // SAFETY: see above.
        unsafe { libc::readlink(self.at(path).as_ptr(), bytes.as_mut_ptr(), room) as i64 }
    }
    fn bind(&self, path: &str) -> i64 {
        use std::os::unix::ffi::OsStrExt;
        let path = self.at(path);
        let bound = std::os::unix::net::UnixListener::bind(std::ffi::OsStr::from_bytes(path.to_bytes()));
        bound.map_or_else(|error| set_errno(error.raw_os_error().unwrap()), |_| 0)
    }
    fn execute(&self, path: &str) -> i64 {
        use std::os::unix::ffi::OsStrExt;
        let path = self.at(path);
        let started = std::process::Command::new(std::ffi::OsStr::from_bytes(path.to_bytes())).status();
        started.map_or_else(|error| set_errno(error.raw_os_error().unwrap()), |_| 0)
    }
    fn watch(&self, path: &str) -> i64 {
        // SAFETY: see above; the watch ends with its descriptor.
        unsafe {
            let watcher = libc::inotify_init1(0);
            assert!(watcher >= 0);
            let watch = libc::inotify_add_watch(watcher, self.at(path).as_ptr(), libc::IN_ACCESS);
            let error = code(watch);
            libc::close(watcher);
            if watch < 0 { set_errno(error) } else { 0 }
        }
    }
    fn handle(&self, path: &str) -> i64 {
        let (mut handle, mut id) = ([0u32; 34], 0);
        handle[0] = 128;
        // SAFETY: see above; the handle says how much room is behind its head of eight bytes.
        unsafe {
            libc::syscall(libc::SYS_name_to_handle_at, AT_FDCWD, self.at(path).as_ptr(), handle.as_mut_ptr(), &raw mut id, 0)
        }
    }
}

/// Leaves an error where [`code`] looks for it.
fn set_errno(error: i32) -> i64 {
    // SAFETY: the place of this thread's errno.
    unsafe { *libc::__errno_location() = error };
    -1
}

/// Calls that take a path and little else.
macro_rules! path_calls {
    ($($name:ident($path:ident $(, $more:ident: $type:ty)*) $call:expr;)*) => { impl Calls<'_> { $(
        fn $name(&self, $path: &str $(, $more: $type)*) -> i64 {
            let $path = self.at($path);
            // SAFETY: see above.
            (unsafe { $call }) as i64
        }
    )* } };
}

path_calls! {
    access(path, mode: i32) libc::access(path.as_ptr(), mode);
    mkdir(path) libc::mkdir(path.as_ptr(), 0o755);
    mknod(path, format: u32) libc::mknod(path.as_ptr(), format | 0o644, 0);
    symlink(path) libc::symlink(c"x".as_ptr(), path.as_ptr());
    unlink(path) libc::unlink(path.as_ptr());
    rmdir(path) libc::rmdir(path.as_ptr());
    truncate(path, size: i64) libc::truncate(path.as_ptr(), size);
    chmod(path) libc::chmod(path.as_ptr(), 0o600);
    chown(path) libc::chown(path.as_ptr(), 1, 1);
    lchown(path) libc::lchown(path.as_ptr(), 1, 1);
    utimes(path) libc::utimes(path.as_ptr(), null());
    getxattr(path, name: &std::ffi::CStr, room: usize)
        libc::getxattr(path.as_ptr(), name.as_ptr(), vec![0u8; room].as_mut_ptr().cast(), room);
    listxattr(path, room: usize) libc::listxattr(path.as_ptr(), vec![0i8; room].as_mut_ptr().cast(), room);
    setxattr(path) libc::setxattr(path.as_ptr(), c"user.x".as_ptr(), null_mut::<u8>().cast(), 0, 0);
    removexattr(path) libc::removexattr(path.as_ptr(), c"user.seedfs.recipe".as_ptr());
    chdir(path) libc::chdir(path.as_ptr());
}

impl Calls<'_> {
    fn link(&self, from: &str, to: &str) -> i64 {
        // SAFETY: see above.
        unsafe { libc::link(self.at(from).as_ptr(), self.at(to).as_ptr()).into() }
    }

    fn rename(&self, from: &str, to: &str) -> i64 {
        // SAFETY: see above.
        unsafe { libc::rename(self.at(from).as_ptr(), self.at(to).as_ptr()).into() }
    }
}

#[test]
fn each_call_has_its_error() {
    let tree = "files=300,dirs=8,fanout=8,symlinks.share=40%,symlinks.dangling=1,symlinks.loops=1,seed=11";
    for option in ["ro", "direct_io"] {
        let Some(mount) = Mounted::start(&[tree, "-o", option]) else { return };
        for unlisted in [false, true] {
            let world = World::of(mount.path(), unlisted);
            let wrong = ROWS.iter().filter_map(|(name, expected, call)| {
                let found = code(call(&Calls(&world)));
                (found != *expected).then(|| format!("{name}: {found}, not {expected}"))
            });
            let wrong: Vec<String> = wrong.collect();
            assert!(wrong.is_empty(), "{option}, unlisted {unlisted}:\n{}", wrong.join("\n"));
        }
        mount.unmount();
    }
    println!("{} rows", ROWS.len());
}
