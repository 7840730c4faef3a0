//! Where messages go: standard error while somebody may be looking, then the system log (on Windows that of events) or a
//! file.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::shown::one_line;
use crate::units::civil_day;

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
        let text = one_line(&text);
        // A message that cannot be written has nowhere else to go.
        if let Some(file) = &self.file {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = file.write_all(format!("{} {:5} {text}\n", now(), record.level()).as_bytes());
        } else if self.background.load(Ordering::Relaxed) {
            system_log(record.level(), &text);
        } else {
            let _ = io::stderr().write_all(format!("seedfs: {text}\n").as_bytes());
        }
    }

    fn flush(&self) {}
}

#[cfg(unix)]
fn system_log(level: Level, text: &str) {
    let priority = match level {
        Level::Error => libc::LOG_ERR,
        Level::Warn => libc::LOG_WARNING,
        Level::Info => libc::LOG_INFO,
        Level::Debug | Level::Trace => libc::LOG_DEBUG,
    };
    static OPEN: std::sync::Once = std::sync::Once::new();
    // SAFETY: the name lives as long as the program.
    OPEN.call_once(|| unsafe { libc::openlog(c"seedfs".as_ptr(), libc::LOG_PID, libc::LOG_DAEMON) });
    if let Ok(text) = std::ffi::CString::new(text.replace('\0', "")) {
        // SAFETY: the format takes one string, and gets one that is ended by NUL.
        unsafe { libc::syslog(priority, c"%s".as_ptr(), text.as_ptr()) };
    }
}

/// The application log of the event viewer, which shows the text behind a remark that the source is not registered.
#[cfg(windows)]
fn system_log(level: Level, text: &str) {
    use windows_sys::Win32::System::EventLog::{
        DeregisterEventSource, EVENTLOG_ERROR_TYPE, EVENTLOG_INFORMATION_TYPE, EVENTLOG_WARNING_TYPE,
        RegisterEventSourceW, ReportEventW,
    };
    let kind = match level {
        Level::Error => EVENTLOG_ERROR_TYPE,
        Level::Warn => EVENTLOG_WARNING_TYPE,
        Level::Info | Level::Debug | Level::Trace => EVENTLOG_INFORMATION_TYPE,
    };
    let text: Vec<u16> = text.encode_utf16().filter(|&unit| unit != 0).chain(Some(0)).collect();
    let texts = [text.as_ptr()];
    // SAFETY: the name and the text end with NUL, and the array holds as many texts as it says.
    unsafe {
        let source = RegisterEventSourceW(std::ptr::null(), windows_sys::core::w!("seedfs"));
        if source.is_null() {
            return;
        }
        let (nobody, no_data) = (std::ptr::null_mut(), std::ptr::null());
        ReportEventW(source, kind, 0, 0, nobody, 1, 0, texts.as_ptr(), no_data);
        DeregisterEventSource(source);
    }
}

/// The time as `2026-01-31T23:59:59Z`.
fn now() -> String {
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let (day, second) = (seconds / 86_400, seconds % 86_400);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", civil_day(day.cast_signed()))
}
