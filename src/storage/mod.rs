//! Storage that is not there: how long a disk, a tape or an object store would take for each read.
//!
//! A [`Spec`] says what the device can do, a [`Model`] tells when a read that comes now would be done, and a [`Queue`]
//! keeps what is not yet due. The model has no clock of its own: the same reads at the same moments are done at the same
//! moments again.

mod model;
mod place;
mod profile;
mod queue;
mod spec;

pub use model::{Access, Model};
pub use place::Layout;
pub use profile::{Disk, UnknownDisk};
pub use queue::Queue;
pub use spec::{Asked, Curve, Seek, Spec, parse_bandwidth, parse_iops, parse_jitter, parse_latency};
