//! The life of a sink: that of a mount, with a verdict at its end.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use log::{error, info, warn};

use super::signals::Life;
use super::{Access, MountError, MountOptions, Source, Stay, prepare, printable, serve, to_background};
use crate::fuse::SinkAdapter;
use crate::sink::{Report, Sink};

/// What the type in the mount table has behind `fuse.`: it tells sinks from other mounts, also when they are dead.
pub const SINK_SUBTYPE: &str = "seedfs-sink";

/// Exit code where nobody can say how the restore ended.
pub const UNDECIDED: u8 = 3;

/// What a sink is told beside the options of every mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkOptions {
    /// Where the final report goes.
    pub report: Option<PathBuf>,
    /// Most paths that reports list.
    pub listed: usize,
    /// What the mount table shows as source.
    pub source: String,
    /// The dataset's text, if one is demanded.
    pub dataset: Option<String>,
}

/// Mounts a sink on the directory `point` and serves it until it is unmounted; `make` makes it, for the user and group
/// that it is given, in the process that serves.
///
/// As with [`super::run`] the process forks unless the options ask for the foreground; then there is no report for the
/// one that returns first.
///
/// # Errors
/// See [`MountError`]; the report file that cannot be written is one.
pub fn run_sink(
    sink: Sink,
    owner: (u32, u32),
    point: &Path,
    options: &MountOptions,
    sink_options: &SinkOptions,
) -> Result<Option<Report>, MountError> {
    // Emptied at once, so that no earlier verdict is taken for this one's; and opened before the directory changes.
    let file = sink_options.report.as_deref().map(|path| {
        File::create(path)
            .map_err(|error| MountError::Failed(format!("{}: cannot report there: {error}", path.display())))
    });
    let file = file.transpose()?;
    let options = MountOptions { writable: true, subtype: SINK_SUBTYPE.to_owned(), ..options.clone() };
    let point = prepare(point, &options)?;
    let reporter = match to_background(&point, &options)? {
        Stay::Here(reporter) => reporter,
        Stay::Done(outcome) => return outcome.map(|()| None),
    };
    let source = options.fsname.clone().unwrap_or_else(|| printable(&sink_options.source));
    let adapter = SinkAdapter::new(Arc::new(sink), owner, sink_options.listed, sink_options.dataset.clone())
        .ask_at_root(options.access == Access::OwnerAndRoot);
    let verdict = adapter.verdict();
    // After a failure there is nothing to judge: perhaps it was never mounted.
    let source = Source { dataset: &source, identity: None, seed: 0 };
    serve(adapter, &point, source, &options, reporter, Life::new(UNDECIDED), |_| None)?;
    let report = verdict.give();
    if report.perfect {
        info!("{}: {}", point.display(), report.summary());
    } else {
        warn!("{}: {}", point.display(), report.summary());
    }
    if let Some(mut file) = file
        && let Err(cause) = file.write_all(report.to_json().as_bytes())
    {
        error!("cannot write the report: {cause}");
        return Err(MountError::Failed(format!("cannot write the report: {cause}")));
    }
    Ok(Some(report))
}
