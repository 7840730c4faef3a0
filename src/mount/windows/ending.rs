//! What ends a mount: an event of the system with a name made of the place, and the console.

use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use windows_sys::Win32::Foundation::{CloseHandle, ERROR_ACCESS_DENIED, ERROR_FILE_NOT_FOUND, HANDLE, WAIT_OBJECT_0};
use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, CTRL_C_EVENT, SetConsoleCtrlHandler};
use windows_sys::Win32::System::Threading::{
    CreateEventW, EVENT_MODIFY_STATE, INFINITE, OpenEventW, SetEvent, WaitForMultipleObjects, WaitForSingleObject,
};

use super::MountError;
use super::place::Place;

/// How long a console that is closed waits for the end of the mount; the system waits for five seconds.
const GRACE: Duration = Duration::from_millis(4500);

/// How long [`end`] waits for a mount to go.
const LIMIT: Duration = Duration::from_secs(10);

/// An event of the system: once set, it stays so.
#[derive(Debug)]
struct Event(HANDLE);

// SAFETY: handles of events may be used by any thread.
unsafe impl Send for Event {}
// SAFETY: as above.
unsafe impl Sync for Event {}

impl Event {
    fn new(name: Option<&[u16]>) -> io::Result<Self> {
        let name = name.map_or(std::ptr::null(), <[u16]>::as_ptr);
        // SAFETY: the name ends with NUL; nobody else inherits the handle.
        let handle = unsafe { CreateEventW(std::ptr::null(), 1, 0, name) };
        if handle.is_null() { Err(io::Error::last_os_error()) } else { Ok(Self(handle)) }
    }

    fn open(name: &[u16]) -> io::Result<Self> {
        // SAFETY: the name ends with NUL.
        let handle = unsafe { OpenEventW(EVENT_MODIFY_STATE, 0, name.as_ptr()) };
        if handle.is_null() { Err(io::Error::last_os_error()) } else { Ok(Self(handle)) }
    }

    fn set(&self) {
        // SAFETY: the handle is open as long as this lives.
        unsafe { SetEvent(self.0) };
    }

    fn wait(&self, time: Duration) {
        // SAFETY: the handle is open as long as this lives.
        unsafe { WaitForSingleObject(self.0, time.as_millis() as u32) };
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: opened by this, closed once.
        unsafe { CloseHandle(self.0) };
    }
}

/// Ctrl-C, Ctrl-Break (which WinFsp's launcher sends), a console that is closed, log-off and shutdown.
#[derive(Debug, Clone)]
pub(super) struct Console {
    asked: Arc<Event>,
    done: Arc<Event>,
}

/// The one of the process: a console calls a function without any context.
static CONSOLE: OnceLock<Console> = OnceLock::new();

impl Console {
    /// Hears of the console from now on. A process has one mount at a time that this is for: the first.
    pub(super) fn watch() -> Result<Self, MountError> {
        let failed = |error: io::Error| MountError::Failed(format!("cannot watch the console: {error}"));
        let made = Self {
            asked: Arc::new(Event::new(None).map_err(failed)?),
            done: Arc::new(Event::new(None).map_err(failed)?),
        };
        if CONSOLE.set(made.clone()).is_ok() {
            // SAFETY: the function is one of the type, and lives as long as the program.
            if unsafe { SetConsoleCtrlHandler(Some(on_console), 1) } == 0 {
                return Err(failed(io::Error::last_os_error()));
            }
        }
        Ok(made)
    }

    /// Asks for the end.
    pub(super) fn ask(&self) {
        self.asked.set();
    }

    /// The mount is gone: a console that waits for that may go as well.
    pub(super) fn done(&self) {
        self.done.set();
    }
}

/// Called on a thread of its own. The process is killed when this returns for anything but the two keys.
unsafe extern "system" fn on_console(event: u32) -> i32 {
    let Some(console) = CONSOLE.get() else { return 0 };
    console.ask();
    if event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT {
        console.done.wait(GRACE);
    }
    1
}

/// What can end one mount.
#[derive(Debug)]
pub(super) struct Ending {
    named: Event,
    asked: Arc<Event>,
}

impl Ending {
    /// Makes the event that [`end`] finds by the place.
    pub(super) fn new(place: &str, console: &Console) -> Result<Self, MountError> {
        let failed = |error: String| MountError::Failed(format!("cannot make the event that ends the mount: {error}"));
        let place = Place::parse(Path::new(place)).map_err(failed)?;
        let named = Event::new(Some(&name(&place))).map_err(|error| failed(error.to_string()))?;
        Ok(Self { named, asked: console.asked.clone() })
    }

    /// Waits for the end, and tells what it was.
    pub(super) fn wait(&self) -> &'static str {
        let handles = [self.named.0, self.asked.0];
        // SAFETY: the handles are open as long as this lives.
        match unsafe { WaitForMultipleObjects(2, handles.as_ptr(), 0, INFINITE) } {
            WAIT_OBJECT_0 => "seedfs umount",
            _ => "the console or the driver",
        }
    }
}

/// Name of the event for a place, seen by all sessions, ended by NUL. A digest: names must not hold backslashes.
fn name(place: &Place) -> Vec<u16> {
    let digest = blake3::hash(place.key().as_bytes()).to_hex();
    format!("Global\\seedfs-{}\0", &digest[..32]).encode_utf16().collect()
}

/// Why a mount did not end. Shown, it is one line with the next step.
#[derive(Debug, thiserror::Error)]
pub enum EndError {
    /// None of ours is there.
    #[error("is no seedfs mount; \"net use\" and \"mountvol\" show other drives")]
    NoMount,
    /// Another user's.
    #[error("belongs to another user; end it as that user or as an administrator")]
    Refused,
    /// It takes too long.
    #[error("is still mounted; end its process in the task manager")]
    Stays,
    /// The text names no place.
    #[error("{0}")]
    Place(String),
    /// Something failed that should not.
    #[error("cannot unmount: {0}")]
    Failed(io::Error),
}

/// Ends the mount at a place, of whatever process, and waits until it is gone.
///
/// # Errors
/// See [`EndError`].
pub fn end(place: &Path) -> Result<(), EndError> {
    let place = Place::parse(place).map_err(EndError::Place)?;
    let name = name(&place);
    match Event::open(&name) {
        Ok(event) => event.set(),
        Err(error) => {
            return Err(match error.raw_os_error().map(i32::cast_unsigned) {
                Some(ERROR_FILE_NOT_FOUND) => EndError::NoMount,
                Some(ERROR_ACCESS_DENIED) => EndError::Refused,
                _ => EndError::Failed(error),
            });
        }
    }
    let start = Instant::now();
    while start.elapsed() < LIMIT {
        // The mount's process lets go of the name last.
        if Event::open(&name).is_err() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Err(EndError::Stays)
}
