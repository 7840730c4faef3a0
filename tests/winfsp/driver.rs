//! A stand-in for WinFsp's driver in the test's own process. The real library is loaded, three of its imports are pointed
//! here, and its real threads are fed with requests as the driver would send them.

use std::collections::{HashMap, VecDeque};
use std::ffi::{CStr, c_void};
use std::sync::{Condvar, Mutex, MutexGuard, Once, OnceLock, PoisonError};
use std::time::Duration;

use windows_sys::Win32::Foundation::{ERROR_INVALID_FUNCTION, ERROR_OPERATION_ABORTED, HANDLE, HMODULE, SetLastError};
use windows_sys::Win32::System::Diagnostics::Debug::{IMAGE_DIRECTORY_ENTRY_IMPORT, IMAGE_NT_HEADERS64};
use windows_sys::Win32::System::LibraryLoader::GetModuleHandleW;
use windows_sys::Win32::System::Memory::{PAGE_READWRITE, VirtualProtect};
use windows_sys::Win32::System::SystemServices::{IMAGE_DOS_HEADER, IMAGE_IMPORT_DESCRIPTOR};
use windows_sys::Win32::System::Threading::CreateEventW;
use windows_sys::core::w;

/// How long an answer may take before the test is given up.
const LIMIT: Duration = Duration::from_secs(60);

/// What the volume is made by, before its parameters.
const DEVICE: &str = "\\\\?\\GLOBALROOT\\Device\\WinFsp.";

/// Control codes of the driver.
const fn control_code(letter: u8) -> u32 {
    (9 << 16) | ((0x800 + letter as u32) << 2)
}
const VOLUME_NAME: u32 = control_code(b'N');
const TRANSACT: u32 = control_code(b'T');
const STOP: u32 = control_code(b'S');
const STOP_OLD: u32 = control_code(b's');

#[derive(Default)]
struct Driver {
    /// The volume's handle, 0 for none.
    handle: usize,
    params: Vec<u8>,
    requests: VecDeque<Vec<u8>>,
    answers: HashMap<u64, Vec<u8>>,
    last: u64,
    stopped: bool,
    drives: Vec<(u32, String)>,
}

static DRIVER: Mutex<Option<Driver>> = Mutex::new(None);
static CHANGED: Condvar = Condvar::new();
static REAL_CREATE_FILE: OnceLock<usize> = OnceLock::new();

fn lock() -> MutexGuard<'static, Option<Driver>> {
    DRIVER.lock().unwrap_or_else(PoisonError::into_inner)
}

fn with<T>(change: impl FnOnce(&mut Driver) -> T) -> T {
    let result = change(lock().get_or_insert_default());
    CHANGED.notify_all();
    result
}

/// The 504 bytes that the volume was made with.
pub fn volume_params() -> Vec<u8> {
    with(|driver| driver.params.clone())
}

/// What happened to drives so far: flags and name; flag 2 takes one away.
pub fn drives() -> Vec<(u32, String)> {
    with(|driver| driver.drives.clone())
}

/// Ends the volume as the driver does when it is taken out of the system.
pub fn end_volume() {
    with(|driver| driver.stopped = true);
}

/// Sends one request, and waits for its answer.
pub fn ask(mut request: Vec<u8>) -> Vec<u8> {
    let number = with(|driver| {
        driver.last += 1;
        request[8..16].copy_from_slice(&driver.last.to_le_bytes());
        driver.requests.push_back(request);
        driver.last
    });
    let mut driver = lock();
    loop {
        if let Some(answer) = driver.get_or_insert_default().answers.remove(&number) {
            return answer;
        }
        let (again, waited) = CHANGED.wait_timeout(driver, LIMIT).unwrap_or_else(PoisonError::into_inner);
        assert!(!waited.timed_out(), "no answer from the library");
        driver = again;
    }
}

/// Puts the stand-in between the loaded library and the system, once.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let name = if cfg!(target_arch = "aarch64") { w!("winfsp-a64.dll") } else { w!("winfsp-x64.dll") };
        // SAFETY: the name ends with NUL; the functions have the types of what they replace.
        unsafe {
            let library = GetModuleHandleW(name);
            assert!(!library.is_null(), "the library is not loaded");
            let real = replace(library, "CreateFileW", create_file as *const () as usize);
            REAL_CREATE_FILE.set(real).unwrap();
            replace(library, "DeviceIoControl", device_io_control as *const () as usize);
            replace(library, "DefineDosDeviceW", define_dos_device as *const () as usize);
        }
    });
}

/// Points a module's import at `to`, and returns what it pointed at.
unsafe fn replace(module: HMODULE, name: &str, to: usize) -> usize {
    // SAFETY: the image of a loaded module starts with these headers, which tell where its imports are.
    unsafe {
        let image = module as *const u8;
        let headers = image.add((*image.cast::<IMAGE_DOS_HEADER>()).e_lfanew as usize).cast::<IMAGE_NT_HEADERS64>();
        let imports = (*headers).OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT as usize];
        let mut library = image.add(imports.VirtualAddress as usize).cast::<IMAGE_IMPORT_DESCRIPTOR>();
        while (*library).Name != 0 {
            let mut entry = image.add((*library).Anonymous.OriginalFirstThunk as usize).cast::<u64>();
            let mut slot = image.add((*library).FirstThunk as usize).cast_mut().cast::<usize>();
            while *entry != 0 {
                let by_name = *entry >> 63 == 0;
                if by_name && CStr::from_ptr(image.add(*entry as usize + 2).cast()).to_bytes() == name.as_bytes() {
                    let mut before = 0;
                    assert_ne!(VirtualProtect(slot.cast(), 8, PAGE_READWRITE, &raw mut before), 0);
                    return std::mem::replace(&mut *slot, to);
                }
                (entry, slot) = (entry.add(1), slot.add(1));
            }
            library = library.add(1);
        }
    }
    panic!("{name} is not imported");
}

/// Text that ends with NUL.
unsafe fn text(start: *const u16) -> Vec<u16> {
    // SAFETY: the caller vouches for the end.
    (0..).map(|at| unsafe { *start.add(at) }).take_while(|&unit| unit != 0).collect()
}

type CreateFile = unsafe extern "system" fn(*const u16, u32, u32, *const c_void, u32, u32, HANDLE) -> HANDLE;

unsafe extern "system" fn create_file(
    path: *const u16,
    access: u32,
    share: u32,
    security: *const c_void,
    how: u32,
    flags: u32,
    template: HANDLE,
) -> HANDLE {
    // SAFETY: paths end with NUL.
    let name = unsafe { text(path) };
    if !String::from_utf16_lossy(&name).starts_with(DEVICE) {
        // SAFETY: it is what the import pointed at.
        unsafe {
            let real: CreateFile = std::mem::transmute(*REAL_CREATE_FILE.get().unwrap());
            return real(path, access, share, security, how, flags, template);
        }
    }
    // SAFETY: a handle of any kind, so that closing it works.
    let handle = unsafe { CreateEventW(std::ptr::null(), 1, 0, std::ptr::null()) };
    with(|driver| {
        let drives = std::mem::take(&mut driver.drives);
        *driver = Driver { handle: handle as usize, drives, ..Driver::default() };
        // Each byte of the parameters is a character of its own.
        driver.params = name.iter().filter(|unit| *unit & 0xff00 == 0xf000).map(|&unit| unit as u8).collect();
    });
    handle
}

unsafe extern "system" fn device_io_control(
    handle: HANDLE,
    code: u32,
    input: *const c_void,
    input_size: u32,
    output: *mut c_void,
    output_size: u32,
    done: *mut u32,
    _: *mut c_void,
) -> i32 {
    let fail = |error| {
        // SAFETY: no preconditions.
        unsafe { SetLastError(error) };
        0
    };
    let put = |bytes: &[u8]| {
        assert!(bytes.len() <= output_size as usize);
        // SAFETY: the room was just checked.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), output.cast(), bytes.len());
            *done = bytes.len() as u32;
        }
        1
    };
    if with(|driver| driver.handle) != handle as usize {
        return fail(ERROR_INVALID_FUNCTION);
    }
    match code {
        VOLUME_NAME => {
            put(&"\\Device\\Volume{stand-in}\0".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>())
        }
        STOP | STOP_OLD => {
            end_volume();
            put(&[])
        }
        TRANSACT => {
            if input_size > 0 {
                // SAFETY: the library's own buffer, of that size.
                let answer = unsafe { std::slice::from_raw_parts(input.cast::<u8>(), input_size as usize) }.to_vec();
                let number = u64::from_le_bytes(answer[8..16].try_into().unwrap());
                with(|driver| driver.answers.insert(number, answer));
            }
            if output.is_null() {
                return put(&[]);
            }
            match next_request() {
                Some(request) => put(&request),
                None => fail(ERROR_OPERATION_ABORTED),
            }
        }
        _ => fail(ERROR_INVALID_FUNCTION),
    }
}

/// The next request, or nothing once the volume has ended.
fn next_request() -> Option<Vec<u8>> {
    let mut driver = lock();
    loop {
        let state = driver.get_or_insert_default();
        if state.stopped {
            return None;
        }
        if let Some(request) = state.requests.pop_front() {
            return Some(request);
        }
        driver = CHANGED.wait(driver).unwrap_or_else(PoisonError::into_inner);
    }
}

unsafe extern "system" fn define_dos_device(flags: u32, name: *const u16, _: *const u16) -> i32 {
    // SAFETY: names end with NUL.
    let name = String::from_utf16_lossy(&unsafe { text(name) });
    with(|driver| driver.drives.push((flags, name)));
    1
}

/// Forgets the last volume, so that the next one is seen to come.
pub fn forget_volume() {
    with(|driver| driver.params.clear());
}
