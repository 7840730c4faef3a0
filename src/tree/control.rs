//! The control directory `.seedfs`: never listed in the root, found by name, a listing of its own.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::FORMAT_VERSION;
use crate::dataset::Dataset;
use crate::vfs::Time;

/// Name of the directory in the root.
pub(super) const DIRECTORY: &[u8] = b".seedfs";

/// One of its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ControlFile {
    /// The complete dataset.
    Dataset,
    /// Number of the generation that is shown, and the way to another.
    Generation,
    /// Counters, in Prometheus' text format: new at each look.
    Stats,
    /// Program and format version.
    Version,
}

impl ControlFile {
    pub(super) const ALL: [ControlFile; 4] =
        [ControlFile::Dataset, ControlFile::Generation, ControlFile::Stats, ControlFile::Version];

    pub(super) fn name(self) -> &'static str {
        match self {
            ControlFile::Dataset => "dataset.toml",
            ControlFile::Generation => "generation",
            ControlFile::Stats => "stats",
            ControlFile::Version => "version",
        }
    }
}

/// Writes the current counters.
pub type StatsSource = Box<dyn Fn() -> String + Send + Sync>;

/// Contents of the control files.
pub(super) struct Control {
    dataset: Arc<str>,
    version: Arc<str>,
    source: StatsSource,
    /// The counters as they were at the last look at their attributes: their size was promised then.
    stats: Mutex<Arc<str>>,
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").finish_non_exhaustive()
    }
}

impl Control {
    pub(super) fn new(dataset: &Dataset, source: StatsSource) -> Self {
        let spec = dataset.spec();
        let dataset = format!(
            "# A copy of this file mounts the same tree elsewhere: seedfs mount COPY.toml MOUNTPOINT\n# identity: {}\n{}",
            spec.identity(),
            spec.to_toml()
        );
        let version = format!("seedfs {}\nformat {FORMAT_VERSION}\n", env!("CARGO_PKG_VERSION"));
        Self { dataset: dataset.into(), version: version.into(), source, stats: Mutex::new("".into()) }
    }

    /// The contents, those of the counters as last measured by [`Control::look`]; `generation` is the one that is shown.
    pub(super) fn contents(&self, file: ControlFile, generation: u64) -> Arc<str> {
        match file {
            ControlFile::Generation => format!("{generation}\n").into(),
            ControlFile::Dataset => self.dataset.clone(),
            ControlFile::Version => self.version.clone(),
            ControlFile::Stats => self.stats.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// Size for the attributes, and the time for those of files that change by themselves; the counters are taken anew,
    /// and what `more` gives added to them.
    pub(super) fn look(
        &self,
        file: ControlFile,
        more: impl FnOnce() -> String,
        generation: u64,
    ) -> (u64, Option<Time>) {
        if file == ControlFile::Stats {
            let text = (self.source)() + &more();
            *self.stats.lock().unwrap_or_else(PoisonError::into_inner) = text.into();
        }
        let changes = matches!(file, ControlFile::Stats | ControlFile::Generation);
        (self.contents(file, generation).len() as u64, changes.then(now))
    }
}

fn now() -> Time {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time { seconds: now.as_secs() as i64, nanoseconds: now.subsec_nanos() }
}
