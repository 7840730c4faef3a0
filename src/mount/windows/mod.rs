//! The life of a mount on Windows: options, start in the background, messages, end.
//!
//! It ends by `seedfs umount`, by Ctrl-C, Ctrl-Break, the end of its console or of the session, or with the driver. All
//! of these are an ordinary end; a process that is killed takes its volume along.

mod background;
mod ending;
#[path = "../error.rs"]
mod error;
#[path = "../log.rs"]
pub mod log;
mod options;
mod place;
#[path = "../values.rs"]
mod values;

use std::path::Path;
use std::sync::Arc;

use ::log::{info, warn};

pub use background::in_background;
pub use ending::{EndError, end};
pub use error::{MountError, Source};
pub use options::MountOptions;
pub use values::OptionError;

use crate::stats::Counters;
use crate::vfs::Vfs;
use crate::winfsp::{Mount, StartError, Volume};
use background::Reporter;
use ending::{Console, Ending};
use place::Place;

/// Label of volumes whose dataset has no short name.
const DEFAULT_LABEL: &str = "seedfs";

/// Mounts `vfs` on `place` and serves it until it is unmounted: a drive such as `X:`, `*` for the next one that is free,
/// or a directory that does not exist yet.
///
/// # Errors
/// See [`MountError`]; a mount that was unmounted or ended in any other way is none.
pub fn run<V: Vfs>(
    vfs: V,
    counters: Arc<Counters>,
    source: Source<'_>,
    place: &Path,
    options: &MountOptions,
) -> Result<(), MountError> {
    let reporter = options.reporting.then_some(Reporter);
    let outcome = start(vfs, counters, source, place, options);
    let (mount, ending, console) = match (outcome, reporter) {
        (Ok(running), None) => running,
        (Ok(running), Some(reporter)) => {
            if let Err(error) = reporter.ready() {
                return Err(MountError::Failed(format!("nobody waits for the mount any more: {error}")));
            }
            running
        }
        (Err(error), None) => return Err(error),
        (Err(error), Some(reporter)) => reporter.failed(&error),
    };
    let place = mount.place();
    match source.identity {
        Some(identity) => info!("{} is mounted on {place}, identity {identity}", source.dataset),
        None => info!("{} is mounted on {place}", source.dataset),
    }
    let why = ending.wait();
    info!("{why}: unmounting");
    drop(mount);
    info!("{place} is unmounted");
    // Who asked for the end waits until the name of the ending is gone, or the console is let go.
    drop(ending);
    console.done();
    Ok(())
}

/// A mount, and what ends it.
type Running<V> = (Mount<V>, Ending, Console);

fn start<V: Vfs>(
    vfs: V,
    counters: Arc<Counters>,
    source: Source<'_>,
    place: &Path,
    options: &MountOptions,
) -> Result<Running<V>, MountError> {
    let refuse = |reason: String| MountError::Point { point: place.to_owned(), reason };
    let at = Place::parse(place).and_then(Place::check).map_err(refuse)?;
    let file = options.log_file.as_deref().map(|path| {
        log::open(path).map_err(|error| MountError::Failed(format!("{}: cannot log there: {error}", path.display())))
    });
    log::init(options.verbosity, file.transpose()?);
    if options.reporting {
        log::to_background();
    }
    log::log_panics();
    let console = Console::watch()?;
    let ended = console.clone();
    let label = options.label.as_deref().unwrap_or_else(|| label(source.dataset));
    let volume = Volume {
        label,
        serial: serial(source.identity.unwrap_or(source.dataset)),
        threads: options.threads.unwrap_or(0) as u32,
        ended: Box::new(move || {
            warn!("the driver has ended the volume");
            ended.ask();
        }),
    };
    let mount = Mount::start(vfs, counters, at.text().as_deref(), volume).map_err(|error| match error {
        StartError::Library(_) | StartError::Driver(_) => MountError::Refused(error.to_string()),
        StartError::PlaceTaken | StartError::Place(_) => refuse(error.to_string()),
        StartError::Failed(..) => MountError::Failed(error.to_string()),
    })?;
    let ending = Ending::new(&mount.place(), &console)?;
    if options.reporting {
        background::leave_directory();
    }
    Ok((mount, ending, console))
}

/// The dataset's name as the volume's label, if it can be one.
fn label(dataset: &str) -> &str {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ' ');
    if !dataset.is_empty() && dataset.len() <= 32 && dataset.chars().all(plain) { dataset } else { DEFAULT_LABEL }
}

/// The same number for the same dataset, so that programs which keep indexes know the volume again.
fn serial(identity: &str) -> u32 {
    xxhash_rust::xxh3::xxh3_64(identity.as_bytes()) as u32
}
