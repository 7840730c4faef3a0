//! `seedfs stats`: what has been read of a mount so far.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::draw::Canvas;
use super::error::{CliError, FAILURE};
use super::figures::{bytes, count, counted, span};
use super::observed::Sheet;
use super::output::Output;
use super::picture::clipped;
use crate::observe::{Observed, Report};
use crate::shown::one_line;

/// Exit code for what is no mount.
const NO_MOUNT: u8 = 10;

/// Most bytes of the text of counters: some hundred times what a mount writes.
const MAX_TEXT: u64 = 4 << 20;

const AFTER_HELP: &str = "\
Only what reaches the program is seen: what the kernel has in its page cache is read without a request, and its
read-ahead makes requests larger than the reads of programs. With seedfs mount -o observe,direct_io every read is seen
as it was made.

Examples:
  seedfs mount --observe home /mnt/home
  restic backup /mnt/home
  seedfs stats /mnt/home
  seedfs stats --json /mnt/home | jq .amplification
  cat /mnt/home/.seedfs/stats          the same for Prometheus

Exit codes: 0 shown, 1 failed, 2 usage, 10 not a seedfs mount.";

/// Show what has been read of a mount so far
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Directory that a dataset is mounted on
    mountpoint: PathBuf,

    /// Write everything as one JSON object
    #[arg(long)]
    json: bool,
}

/// What JSON tells: the counters, and what follows from them.
#[derive(Serialize)]
pub(crate) struct Json<T> {
    #[serde(flatten)]
    figures: T,
    amplification: Option<f64>,
    sequential: Option<f64>,
    in_listing_order: Option<f64>,
}

impl<T: Serialize> Json<T> {
    pub(crate) fn new(figures: T, observed: Option<&Observed>) -> Self {
        Self {
            figures,
            amplification: observed.and_then(Observed::amplification),
            sequential: observed.and_then(Observed::sequential),
            in_listing_order: observed.and_then(Observed::in_listing_order),
        }
    }

    pub(crate) fn to_text(&self) -> Result<String, CliError> {
        let json = serde_json::to_string_pretty(self).map_err(|e| CliError::new(FAILURE, e.to_string()))?;
        Ok(json + "\n")
    }
}

/// Prints the counters of a mount.
///
/// # Errors
/// Exit code 10 for what is no mount of a dataset, 1 where its counters cannot be read.
pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let report = read(&args.mountpoint)?;
    let text = match args.json {
        true => Json::new(&report, report.observed.as_ref()).to_text()?,
        false => draw(&report),
    };
    Output::stdout().write_all(text.as_bytes()).map_err(|e| CliError::output(&e))
}

fn read(point: &Path) -> Result<Report, CliError> {
    let failed = |code, why: String| CliError::new(code, format!("{}: {why}", point.display()));
    // Not grown step by step: each step would be a read of its own.
    let mut text = Vec::with_capacity(1 << 16);
    File::open(point.join(".seedfs").join("stats"))
        .and_then(|file| file.take(MAX_TEXT).read_to_end(&mut text))
        .map_err(|error| {
            no_counters(point, &error).unwrap_or_else(|| failed(FAILURE, format!("no counters: {error}")))
        })?;
    Report::parse(&String::from_utf8_lossy(&text)).map_err(|why| failed(NO_MOUNT, why.to_string()))
}

/// What a missing file of counters means, if that is clear.
fn no_counters(point: &Path, error: &io::Error) -> Option<CliError> {
    let dead =
        |error: &io::Error| matches!(error.kind(), io::ErrorKind::NotConnected | io::ErrorKind::ConnectionAborted);
    let why = match (error.kind(), std::fs::metadata(point)) {
        _ if dead(error) => dead_mount(point),
        (_, Err(gone)) if gone.kind() == io::ErrorKind::NotFound => {
            "does not exist; name a directory that a dataset is mounted on".into()
        }
        (io::ErrorKind::NotFound | io::ErrorKind::NotADirectory, _) => {
            "is no seedfs mount; name the directory that a dataset is mounted on".into()
        }
        _ => return None,
    };
    Some(CliError::new(NO_MOUNT, format!("{}: {why}", point.display())))
}

#[cfg(unix)]
fn dead_mount(point: &Path) -> String {
    crate::mount::mountpoint::dead(point)
}

#[cfg(not(unix))]
fn dead_mount(point: &Path) -> String {
    format!("is a dead mount; remove it with: seedfs umount {}", point.display())
}

fn draw(report: &Report) -> String {
    let mut sheet = Sheet::new(Canvas::of_environment());
    sheet.requests(report.observed.as_ref().map_or(&report.requests, |observed| &observed.requests));
    for (what, number) in [
        ("handed out", bytes(report.read_bytes.into())),
        ("pushed ahead", bytes(report.prefetched_bytes.into())),
        ("missed names", count(report.lookup_misses)),
    ] {
        sheet.line(format_args!("{what:<12} {number:>12}"));
    }
    for (fault, &reads) in &report.faulted_reads {
        let what = clipped(&one_line(fault), 12);
        sheet.line(format_args!("{what:<12} {:>12} met this fault", counted(reads, "read")));
    }
    if let Some(device) = report.device {
        let (reads, wait) = (counted(device.reads, "read"), span(device.wait_nanoseconds / 1000));
        sheet.line(format_args!("{:<12} {reads:>12} waited {wait} in total", "device"));
    }
    if report.panics > 0 {
        let defects = counted(report.panics, "request");
        sheet.line(format_args!(
            "{defects} met a defect of the program and got an error; please report what its log says"
        ));
    }
    sheet.line(format_args!(""));
    match &report.observed {
        Some(observed) => {
            sheet.observed(observed);
            if let Some(trace) = &observed.trace {
                let state = if trace.failed { ", and could not be written further; the log says why" } else { "" };
                let (requests, size) = (counted(trace.requests, "request"), bytes(trace.bytes.into()));
                sheet.line(format_args!("Trace of {requests}, {size}{state}"));
            }
        }
        None => {
            sheet.line(format_args!("Which files and bytes were read, and in which order, is not observed here;"));
            sheet.line(format_args!("mount with --observe to see that: seedfs mount --observe DATASET MOUNTPOINT"));
        }
    }
    sheet.finish()
}
