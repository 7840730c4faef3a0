//! What `seedfs mount` takes where FUSE serves it, besides what every platform has.

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::cli::input;
use crate::faults;
use crate::mount::{self, MountError, MountOptions, OptionError, Source};
use crate::observe::Observer;
use crate::stats::Counters;
use crate::storage::{self, Asked, Disk};
use crate::trace::Header;
use crate::tree::Tree;

/// What is said where no mount point is named.
pub(super) const NO_PLACE: &str = "no mount point; name an existing directory, as in seedfs mount demo DIR";

pub(super) const AFTER_HELP: &str = "\
Arguments:
  DATASET     preset, or text such as files=1M,size=4KiB; demo if absent
  MOUNTPOINT  existing directory

Options behind -o, separated by commas; of contradicting ones the last counts:
  seed=N corpus=FILE listed_only log_file=FILE generation=G snapshots   as the long options
  damage=SPEC                      as --damage; with \\, instead of its commas
  disk=NAME latency=TIME jitter=TIME bandwidth=SIZE iops=N   as the long options
  fault=SPEC                       as --fault; with \\, instead of its commas
  uid=N gid=N                      owner and group of all files
  umask=M fmask=M dmask=M          permissions taken from all, files, directories (octal)
  allow_other allow_root           who may use the mount besides its owner
  direct_io                        reads bypass the page cache
  prefetch=SIZE                    bytes generated ahead of each sequential reader; 0 for none
  observe trace=FILE               as the long options
  readdirplus=always|auto|never    whether listings carry attributes
  noxattr                          no extended attributes
  threads=N                        threads that answer requests, 1 to 64
  auto_unmount                     unmount if the daemon dies
  fsname=TEXT subtype=NAME         what the mount table shows
  context=LABEL                    SELinux label (also fscontext, defcontext, rootcontext)
  [no]dev [no]suid [no]exec [no]atime

Examples:
  seedfs mount /mnt/demo
  seedfs mount files=1M,size=4KiB /mnt/many --seed 7
  seedfs mount demo ~/demo -f -v -o umask=022,noexec
  seedfs mount home /mnt/slow --disk hdd
  seedfs mount home /mnt/slow --latency 8ms --bandwidth 150M --fault eio:1e-6
  sha256sum /mnt/demo/s42-1GiB
  seedfs mount --trace demo.trace demo ~/demo; fclones group ~/demo; seedfs umount ~/demo
  seedfs trace demo.trace
  seedfs umount /mnt/demo

In /etc/fstab:
  demo  /mnt/demo  fuse.seedfs  ro,nofail,allow_other  0 0

Exit codes: 0 mounted or unmounted, 1 failed, 2 usage, 10 bad mount point, 11 no FUSE or mount refused.";

/// Options of this platform.
#[derive(Debug, clap::Args)]
pub(super) struct Extra {
    /// Answer requests one at a time
    #[arg(short, long)]
    single_thread: bool,

    /// Answer reads as this device would
    #[arg(long, value_name = "NAME", value_parser = disk())]
    disk: Option<Disk>,

    /// Answer no read of a file before this time has passed, such as 8ms
    #[arg(long, value_name = "TIME", value_parser = latency)]
    latency: Option<u64>,

    /// Let that time vary upwards, by this on the average
    #[arg(long, value_name = "TIME", value_parser = jitter)]
    jitter: Option<u64>,

    /// Read no more bytes a second than this, such as 150M
    #[arg(long, value_name = "SIZE", value_parser = bandwidth)]
    bandwidth: Option<NonZeroU64>,

    /// Answer no more reads a second than this
    #[arg(long, value_name = "N", value_parser = iops)]
    iops: Option<NonZeroU64>,

    /// Let reads of listed files fail, hang or end early, in the places that seedfs faults lists
    #[arg(long, value_name = "SPEC", value_parser = input::fault)]
    fault: Option<faults::Spec>,

    /// Let seedfs stats tell what clients do: files, bytes, order; without prefetching, unless asked for
    #[arg(long)]
    observe: bool,

    /// Write every request to a file for seedfs trace; implies --observe
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,

    /// Pass over unknown options, as mount -s asks for
    #[arg(long, hide = true)]
    sloppy: bool,

    /// Check everything, mount nothing, as mount -f asks for
    #[arg(long, hide = true)]
    fake: bool,
}

impl Extra {
    /// Applies the text of one `-o`.
    pub(super) fn apply_text(&self, text: &str, options: &mut MountOptions) -> Result<(), OptionError> {
        options.apply(text, self.sloppy)
    }

    /// Adds these options, which win over those behind `-o`.
    pub(super) fn apply(&self, options: &mut MountOptions) {
        let Self { disk, latency, jitter, bandwidth, iops, .. } = *self;
        options.storage = options.storage.overridden_by(Asked { disk, latency, jitter, bandwidth, iops });
        options.faults = self.fault.or(options.faults);
        options.observe |= self.observe;
        options.trace = self.trace.clone().or(options.trace.take());
        if self.single_thread {
            options.threads = Some(1);
        }
    }

    /// Mounts, unless that was only to be tried.
    pub(super) fn run(
        &self,
        tree: Tree,
        counters: Arc<Counters>,
        dataset: &str,
        point: &Path,
        options: &MountOptions,
    ) -> Result<(), MountError> {
        let observer = observer(&tree, options);
        let tree = tree.with_faults(options.faults.map(faults::Plan::new)).with_observer(observer.clone());
        let spec = tree.dataset().spec();
        let (identity, seed) = (spec.identity(), spec.seed);
        if self.fake {
            return Ok(());
        }
        let source = Source { dataset, identity: Some(&identity), seed };
        mount::run(tree, counters, observer, source, point, options)
    }
}

/// What is told of all requests, if the options ask for it.
fn observer(tree: &Tree, options: &MountOptions) -> Option<Arc<Observer>> {
    let spec = tree.dataset().spec();
    let header = |start| Header {
        start,
        generation: options.generation,
        snapshots: options.snapshots,
        identity: spec.identity(),
        dataset: spec.to_toml(),
    };
    options.observes().then(|| Arc::new(Observer::new(options.trace.is_some().then_some(header))))
}

/// Value parser for devices on the command line; shells complete their names.
fn disk() -> impl TypedValueParser<Value = Disk> {
    PossibleValuesParser::new(Disk::ALL.map(Disk::name)).try_map(|name| name.parse::<Disk>())
}

/// Value parser for latencies on the command line.
fn latency(text: &str) -> Result<u64, String> {
    storage::parse_latency(text).map_err(|e| format!("it {e}"))
}

/// Value parser for the variation of latencies on the command line.
fn jitter(text: &str) -> Result<u64, String> {
    storage::parse_jitter(text).map_err(|e| format!("it {e}"))
}

/// Value parser for bytes a second on the command line.
fn bandwidth(text: &str) -> Result<NonZeroU64, String> {
    storage::parse_bandwidth(text).map_err(|e| format!("it {e}"))
}

/// Value parser for requests a second on the command line.
fn iops(text: &str) -> Result<NonZeroU64, String> {
    storage::parse_iops(text).map_err(|e| format!("it {e}"))
}
