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
    /// Counters, in Prometheus' text format: new at each look.
    Stats,
    /// Program and format version.
    Version,
}

impl ControlFile {
    pub(super) const ALL: [ControlFile; 3] = [ControlFile::Dataset, ControlFile::Stats, ControlFile::Version];

    pub(super) fn name(self) -> &'static str {
        match self {
            ControlFile::Dataset => "dataset.toml",
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

    /// The contents as last measured by [`Control::look`].
    pub(super) fn contents(&self, file: ControlFile) -> Arc<str> {
        match file {
            ControlFile::Dataset => self.dataset.clone(),
            ControlFile::Version => self.version.clone(),
            ControlFile::Stats => self.stats.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// Size and time for the attributes; the counters are taken anew, and `on_demand` inodes added to them.
    pub(super) fn look(&self, file: ControlFile, on_demand: usize) -> (u64, Option<Time>) {
        if file != ControlFile::Stats {
            return (self.contents(file).len() as u64, None);
        }
        let text = (self.source)() + &on_demand_gauge(on_demand);
        let size = text.len() as u64;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = Time { seconds: now.as_secs() as i64, nanoseconds: now.subsec_nanos() };
        *self.stats.lock().unwrap_or_else(PoisonError::into_inner) = text.into();
        (size, Some(time))
    }
}

fn on_demand_gauge(count: usize) -> String {
    format!(
        "# HELP seedfs_on_demand_inodes Unlisted names that the kernel refers to at this moment.\n\
         # TYPE seedfs_on_demand_inodes gauge\nseedfs_on_demand_inodes {count}\n"
    )
}
