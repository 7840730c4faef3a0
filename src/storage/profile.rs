//! Devices as their makers describe them.

use std::num::NonZeroU64;
use std::str::FromStr;

use super::{Curve, Seek, Spec};

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;
const MB: u64 = 1_000_000;

/// A kind of device. The figures are round ones from the middle of what data sheets of such devices say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    /// A hard disk for servers, 3.5 inches, 7,200 revolutions a minute: average seek 8.5 ms, average rotational latency
    /// 4.2 ms, sustained transfer 250 MB/s, a track of 2 MiB in its buffer. Requests are served in the order they come.
    Hdd,
    /// A SATA solid state disk: 560 MB/s, 98,000 random reads a second at queue depth 32, 12,500 at queue depth 1.
    Ssd,
    /// An NVMe solid state disk on four lanes of PCIe 4: 7,000 MB/s, 1,000,000 random reads a second, 22,000 at queue
    /// depth 1.
    Nvme,
    /// An LTO-9 tape, loaded and at its beginning: 400 MB/s, 50 s on the average from one file to another.
    Tape,
    /// An object store in the cloud, as the guidelines for Amazon S3 describe it: the first byte after 100 to 200 ms, 90
    /// MB/s for each request, 5,500 requests a second, reached over a network of 10 Gbit/s.
    S3,
}

impl Disk {
    /// All of them.
    pub const ALL: [Disk; 5] = [Disk::Hdd, Disk::Ssd, Disk::Nvme, Disk::Tape, Disk::S3];

    /// Its name, as an option has it.
    pub fn name(self) -> &'static str {
        match self {
            Disk::Hdd => "hdd",
            Disk::Ssd => "ssd",
            Disk::Nvme => "nvme",
            Disk::Tape => "tape",
            Disk::S3 => "s3",
        }
    }

    /// What it can do.
    pub fn spec(self) -> Spec {
        let some = NonZeroU64::new;
        match self {
            Disk::Hdd => Spec {
                bandwidth: some(250 * MB),
                parallel: some(1),
                seek: Some(Seek {
                    // Between places anywhere the root of the distance is 8/15 of the longest on the average.
                    shortest: MILLISECOND,
                    longest: 15 * MILLISECOND,
                    curve: Curve::Root,
                    revolution: SECOND / 120,
                    buffer: 2 << 20,
                }),
                ..Spec::default()
            },
            Disk::Ssd => Spec {
                latency: 70 * MICROSECOND,
                jitter: 10 * MICROSECOND,
                bandwidth: some(560 * MB),
                iops: some(98_000),
                parallel: some(32),
                ..Spec::default()
            },
            Disk::Nvme => Spec {
                latency: 40 * MICROSECOND,
                jitter: 5 * MICROSECOND,
                bandwidth: some(7_000 * MB),
                iops: some(1_000_000),
                parallel: some(128),
                ..Spec::default()
            },
            Disk::Tape => Spec {
                bandwidth: some(400 * MB),
                parallel: some(1),
                seek: Some(Seek {
                    // Between places anywhere the distance is a third of the longest on the average.
                    shortest: 2 * SECOND,
                    longest: 146 * SECOND,
                    curve: Curve::Linear,
                    revolution: 0,
                    buffer: 256 << 20,
                }),
                ..Spec::default()
            },
            Disk::S3 => Spec {
                latency: 100 * MILLISECOND,
                jitter: 25 * MILLISECOND,
                bandwidth: some(1_250 * MB),
                stream: some(90 * MB),
                iops: some(5_500),
                ..Spec::default()
            },
        }
    }
}

/// A name that is none of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be hdd, ssd, nvme, tape or s3")]
pub struct UnknownDisk;

impl FromStr for Disk {
    type Err = UnknownDisk;

    fn from_str(text: &str) -> Result<Self, UnknownDisk> {
        Disk::ALL.into_iter().find(|disk| disk.name() == text).ok_or(UnknownDisk)
    }
}
