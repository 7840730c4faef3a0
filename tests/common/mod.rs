//! What the tests share. Each test program uses a part of it.
#![allow(dead_code, unreachable_pub, unused_imports)]

pub mod cases;
pub mod content;
#[cfg(target_os = "linux")]
pub mod dents;
pub mod draws;
pub mod figures;
#[cfg(unix)]
pub mod mount;
pub mod run;
#[cfg(unix)]
pub mod sink;
pub mod testfs;
#[cfg(unix)]
pub mod users;
pub mod verify;

/// Skips a test aloud, or fails where skipping is not allowed.
#[macro_export]
macro_rules! skip {
    ($($reason:tt)*) => {{
        $crate::common::run::skipped(&format!($($reason)*));
        return;
    }};
}

#[cfg(unix)]
pub fn is_root() -> bool {
    // SAFETY: no preconditions.
    unsafe { libc::geteuid() == 0 }
}

/// Why nothing can be mounted here, if so.
#[cfg(unix)]
pub fn no_fuse() -> Option<&'static str> {
    if !std::path::Path::new("/dev/fuse").exists() {
        return Some("no /dev/fuse");
    }
    if let Err(error) = std::fs::OpenOptions::new().read(true).write(true).open("/dev/fuse") {
        eprintln!("/dev/fuse: {error}");
        return Some("/dev/fuse cannot be opened");
    }
    let helper = std::process::Command::new("fusermount3").arg("-V").output().is_ok();
    (!is_root() && !helper).then_some("neither root nor fusermount3")
}

/// Calls a function of the C library and returns its error code, 0 for success.
#[cfg(unix)]
pub fn code(result: impl TryInto<i64>) -> i32 {
    match result.try_into() {
        Ok(-1) => std::io::Error::last_os_error().raw_os_error().unwrap_or(-1),
        _ => 0,
    }
}

#[cfg(unix)]
pub fn c_path(path: impl AsRef<std::path::Path>) -> std::ffi::CString {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::CString::new(path.as_ref().as_os_str().as_bytes()).unwrap()
}
