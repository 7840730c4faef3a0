//! A progress bar for commands that take long: files, bytes, rate and the time that is left.

use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// Drawn on standard error, removed at the end. Any thread may report.
pub(crate) struct Progress {
    bar: ProgressBar,
    entries: Arc<AtomicU64>,
}

const TEMPLATE: &str =
    "{wide_bar} {percent:>3}%  {entries} files and directories  {binary_bytes}  {binary_bytes_per_sec}  {eta} left";

impl Progress {
    /// For this many files and directories with this many bytes in all, which may be an estimate. `results_elsewhere`
    /// says that the results go to a file of their own. Shown only where somebody looks: with standard error on a
    /// terminal, and the results neither on it nor in a pipe.
    pub(crate) fn new(entries: u64, bytes: u64, results_elsewhere: bool) -> Self {
        let shown = io::stderr().is_terminal() && (results_elsewhere || stdout_is_kept());
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let count = Arc::new(AtomicU64::new(0));
        let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
        let shown_count = count.clone();
        let style = style.with_key("entries", move |_: &ProgressState, text: &mut dyn fmt::Write| {
            let _ = write!(text, "{}", HumanCount(shown_count.load(Ordering::Relaxed)));
        });
        // A byte for each entry, so that a tree of empty files gets on as well.
        let bar = ProgressBar::with_draw_target(Some(bytes.saturating_add(entries)), target).with_style(style);
        Self { bar, entries: count }
    }

    /// What was done in an earlier run: it counts, but not for the rate.
    pub(crate) fn skip(&self, entries: u64, bytes: u64) {
        self.add(entries, bytes);
        self.bar.reset_eta();
    }

    /// There is this much more to do than was known.
    pub(crate) fn expect(&self, entries: u64, bytes: u64) {
        self.bar.inc_length(bytes.saturating_add(entries));
    }

    /// Runs what writes to the terminal, with the bar out of the way.
    pub(crate) fn suspended<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    /// This much more has been done.
    pub(crate) fn add(&self, entries: u64, bytes: u64) {
        self.entries.fetch_add(entries, Ordering::Relaxed);
        self.bar.inc(bytes.saturating_add(entries));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Whether standard output is a file: nothing else draws on the terminal then.
#[cfg(unix)]
fn stdout_is_kept() -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::FileTypeExt;
    let kind = io::stdout().as_fd().try_clone_to_owned().and_then(|fd| std::fs::File::from(fd).metadata());
    kind.is_ok_and(|metadata| !metadata.file_type().is_fifo()) && !io::stdout().is_terminal()
}

#[cfg(windows)]
fn stdout_is_kept() -> bool {
    use std::os::windows::io::AsRawHandle;
    use windows_sys::Win32::Storage::FileSystem::{FILE_TYPE_PIPE, GetFileType};
    let stdout = io::stdout();
    // SAFETY: any value may be asked for; what is no handle has no type.
    let file_type = unsafe { GetFileType(stdout.as_raw_handle()) };
    file_type != FILE_TYPE_PIPE && !stdout.is_terminal()
}
