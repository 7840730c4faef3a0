//! `seedfs umount`: removes a mount of this program, and of no other. Of a sink it brings the verdict.

#[cfg(target_os = "linux")]
mod verdict;

use std::path::{Path, PathBuf};

use super::error::CliError;
use crate::mount::mountpoint::quoted;

const AFTER_HELP: &str = "\
Examples:
  seedfs umount /mnt/demo
  seedfs umount --lazy /mnt/demo    although programs use it
  seedfs umount /mnt/sink           of a sink: prints what is wrong

Exit codes: 0 unmounted, 1 busy or failed, 2 usage, 10 not a seedfs mount.
Of a sink: 0 the restore is perfect, 1 it is not, 2 usage, 3 nobody can say, or not unmounted.";

/// Unmount a directory that shows a dataset
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Directory that a dataset is mounted on
    mountpoint: PathBuf,

    /// Remove it from the tree at once; programs that use it may go on until they close their files
    #[arg(short, long)]
    lazy: bool,

    /// Print the report of a sink as JSON
    #[arg(long)]
    json: bool,
}

/// Unmounts, and returns when the mount is gone.
///
/// # Errors
/// Exit code 10 for what is no seedfs mount, 1 for one that is busy or cannot be removed. Of a sink 1 for a restore that
/// is not perfect, 3 for one of which that is not known.
pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    platform::run(args)
}

fn failed(point: &Path, code: u8, reason: &str) -> CliError {
    CliError::new(code, format!("{}: {reason}", point.display()))
}

fn busy(point: &Path) -> CliError {
    let quoted = quoted(point);
    let reason = format!("is busy; fuser -vm {quoted} shows who uses it, seedfs umount --lazy {quoted} does not wait");
    failed(point, 1, &reason)
}

#[cfg(target_os = "linux")]
mod platform {
    use std::ffi::CString;
    use std::io;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    use super::verdict::Verdict;
    use super::{Args, CliError, busy, failed};
    use crate::cli::output::print;
    use crate::mount::UNDECIDED;
    use crate::mount::helper::fusermount;
    use crate::mount::table::{self, TableEntry};

    /// Programs that look at every new mount, such as desktop indexers, keep it busy for a moment.
    const PATIENCE: Duration = Duration::from_millis(500);

    /// How long the kernel may take to remove what it agreed to remove.
    const LIMIT: Duration = Duration::from_secs(5);

    pub(super) fn run(args: &Args) -> Result<(), CliError> {
        let point = &args.mountpoint;
        let entry = find(point)?;
        if !entry.is_sink() {
            return remove(point, &entry, args.lazy);
        }
        let verdict = Verdict::ask(&entry.point);
        remove(point, &entry, args.lazy).map_err(|error| CliError::new(UNDECIDED, error.to_string()))?;
        let undecided = |why: std::io::Error| {
            failed(point, UNDECIDED, &format!("is unmounted, but how the restore ended is not known: {why}"))
        };
        let limit = args.lazy.then_some(LIMIT);
        let report = verdict.and_then(|verdict| verdict.wait(limit)).map_err(undecided)?;
        // Who does not get the verdict must not take another exit code for it.
        print(&if args.json { report.to_json() } else { report.to_text() })
            .map_err(|error| CliError::new(UNDECIDED, error.to_string()))?;
        if report.perfect { Ok(()) } else { Err(failed(point, 1, "the restore is not perfect")) }
    }

    /// Unmounts, and waits until the mount is gone.
    fn remove(point: &Path, entry: &TableEntry, lazy: bool) -> Result<(), CliError> {
        let start = Instant::now();
        loop {
            match unmount(&entry.point, lazy) {
                Ok(()) => break,
                Err(Problem::Busy) if start.elapsed() < PATIENCE => sleep(Duration::from_millis(50)),
                Err(Problem::Busy) => return Err(busy(point)),
                Err(Problem::Other(reason)) => return Err(failed(point, 1, &format!("cannot unmount: {reason}"))),
            }
        }
        while start.elapsed() < LIMIT {
            if !table::read().is_ok_and(|table| table.iter().any(|now| now.id == entry.id)) {
                return Ok(());
            }
            sleep(Duration::from_millis(10));
        }
        Err(failed(point, 1, "is still mounted"))
    }

    /// The seedfs mount at a place, without touching it: a dead mount answers nothing.
    fn find(point: &Path) -> Result<TableEntry, CliError> {
        let unread = |error: io::Error| failed(point, 1, &format!("cannot read the mount table: {error}"));
        let mut found = table::untouched(point).map_err(unread)?;
        if found.is_none() {
            let path =
                point.canonicalize().map_err(|error| failed(point, 10, &format!("is no seedfs mount: {error}")))?;
            found = table::topmost(&path).map_err(unread)?;
        }
        match found {
            Some(entry) if entry.is_seedfs() => Ok(entry),
            Some(entry) => Err(failed(point, 10, &format!("is no seedfs mount but {}; use umount", entry.fs_type))),
            None => Err(failed(point, 10, "is not mounted; grep seedfs /proc/self/mounts shows what is")),
        }
    }

    enum Problem {
        Busy,
        Other(String),
    }

    /// umount2(2), or fusermount3 where only that may.
    fn unmount(point: &Path, lazy: bool) -> Result<(), Problem> {
        let path = CString::new(point.as_os_str().as_bytes()).map_err(|error| Problem::Other(error.to_string()))?;
        let flags = libc::UMOUNT_NOFOLLOW | if lazy { libc::MNT_DETACH } else { 0 };
        // SAFETY: the pointer is to a string ended by NUL that outlives the call.
        if unsafe { libc::umount2(path.as_ptr(), flags) } == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EBUSY) => Err(Problem::Busy),
            Some(libc::EPERM) => {
                let arguments: &[&str] = if lazy { &["-u", "-z"] } else { &["-u"] };
                fusermount(arguments, point)
                    .map_err(|said| if said.contains("busy") { Problem::Busy } else { Problem::Other(said) })
            }
            _ => Err(Problem::Other(error.to_string())),
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::process::Command;

    use super::{Args, CliError, busy, failed};

    pub(super) fn run(args: &Args) -> Result<(), CliError> {
        let point = &args.mountpoint;
        let output = Command::new("umount").args(args.lazy.then_some("-f")).arg(point).output();
        match output {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr);
                if said.contains("busy") { Err(busy(point)) } else { Err(failed(point, 1, said.trim())) }
            }
            Err(error) => Err(failed(point, 1, &format!("cannot run umount: {error}"))),
        }
    }
}
