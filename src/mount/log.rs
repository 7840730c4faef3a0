//! Where messages go: standard error while somebody may be looking, then the system log or a file.

use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use log::{Level, LevelFilter, Log, Metadata, Record};

struct Logger {
    filter: env_logger::Logger,
    file: Option<Mutex<File>>,
    background: AtomicBool,
}

static LOGGER: OnceLock<Logger> = OnceLock::new();

/// Opens a log file for appending.
///
/// # Errors
/// Those of opening.
pub(super) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// Starts logging to `file`, or to standard error. RUST_LOG wins over `verbosity`: 0 warnings, 1 what happens, 2 failed
/// requests, 3 every request. Does nothing the second time, or where a program has a logger of its own.
pub fn init(verbosity: u8, file: Option<File>) {
    let (own, library) = match verbosity {
        0 => (LevelFilter::Warn, LevelFilter::Error),
        1 => (LevelFilter::Info, LevelFilter::Warn),
        2 => (LevelFilter::Debug, LevelFilter::Warn),
        _ => (LevelFilter::Trace, LevelFilter::Debug),
    };
    let filter =
        env_logger::Builder::new().filter_level(own).filter_module("fuser", library).parse_env("RUST_LOG").build();
    let level = filter.filter();
    if let Some(file) = &file {
        super::memory::log_to(file.as_raw_fd());
    }
    let logger = Logger { filter, file: file.map(Mutex::new), background: AtomicBool::new(false) };
    if LOGGER.set(logger).is_ok() && LOGGER.get().is_some_and(|logger| log::set_logger(logger).is_ok()) {
        log::set_max_level(level);
    }
}

/// From now on there is no standard error: the system log takes over unless there is a file.
pub(super) fn to_background() {
    if let Some(logger) = LOGGER.get() {
        logger.background.store(true, Ordering::Relaxed);
    }
}

/// Logs a panic's place and message: the default goes to standard error, which a daemon does not have.
pub(super) fn log_panics() {
    std::panic::set_hook(Box::new(|info| log::error!("defect: {info}")));
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.filter.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if !self.filter.matches(record) {
            return;
        }
        let text = record.args().to_string().replace('\n', " ");
        // A message that cannot be written has nowhere else to go.
        if let Some(file) = &self.file {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = file.write_all(format!("{} {:5} {text}\n", now(), record.level()).as_bytes());
        } else if self.background.load(Ordering::Relaxed) {
            syslog(record.level(), &text);
        } else {
            let _ = io::stderr().write_all(format!("seedfs: {text}\n").as_bytes());
        }
    }

    fn flush(&self) {}
}

fn syslog(level: Level, text: &str) {
    let priority = match level {
        Level::Error => libc::LOG_ERR,
        Level::Warn => libc::LOG_WARNING,
        Level::Info => libc::LOG_INFO,
        Level::Debug | Level::Trace => libc::LOG_DEBUG,
    };
    static OPEN: std::sync::Once = std::sync::Once::new();
    // SAFETY: the name lives as long as the program.
    OPEN.call_once(|| unsafe { libc::openlog(c"seedfs".as_ptr(), libc::LOG_PID, libc::LOG_DAEMON) });
    if let Ok(text) = CString::new(text.replace('\0', "")) {
        // SAFETY: the format takes one string, and gets one that is ended by NUL.
        unsafe { libc::syslog(priority, c"%s".as_ptr(), text.as_ptr()) };
    }
}

/// The time as `2026-01-31T23:59:59Z`.
fn now() -> String {
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    // SAFETY: all-zero is a valid tm: numbers and a null pointer.
    let mut parts: libc::tm = unsafe { std::mem::zeroed() };
    let seconds = seconds as libc::time_t;
    // SAFETY: both pointers are to initialised values of this frame.
    unsafe { libc::gmtime_r(&raw const seconds, &raw mut parts) };
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        parts.tm_year + 1900,
        parts.tm_mon + 1,
        parts.tm_mday,
        parts.tm_hour,
        parts.tm_min,
        parts.tm_sec
    )
}
