//! What a device can do, and what of it a user asks for.

use std::num::NonZeroU64;

use super::Disk;
use crate::units::{parse_count, parse_size, parse_time};

/// Longest time that can be asked for: an hour, in nanoseconds.
const LONGEST: u64 = 3_600_000_000_000;

/// What a device can do. Times are in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spec {
    /// Least time of every read, beside those for reaching and for transferring the bytes.
    pub latency: u64,
    /// Mean of the time by which it varies, always upwards, with a long tail.
    pub jitter: u64,
    /// Bytes a second of all reads together; unlimited when absent.
    pub bandwidth: Option<NonZeroU64>,
    /// Bytes a second of one read; unlimited when absent.
    pub stream: Option<NonZeroU64>,
    /// Reads a second; unlimited when absent.
    pub iops: Option<NonZeroU64>,
    /// Reads that are worked on at a time; unlimited when absent.
    pub parallel: Option<NonZeroU64>,
    /// What it takes to reach another place, where that takes time.
    pub seek: Option<Seek>,
}

/// How the time of a seek grows with its distance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// With the square root, as that of an arm that speeds up and slows down.
    Root,
    /// In proportion, as that of a tape which is wound.
    Linear,
}

/// What it takes to reach another place. Times are in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seek {
    /// Time of the shortest way.
    pub shortest: u64,
    /// Time of the way from one end to the other.
    pub longest: u64,
    /// How it is in between.
    pub curve: Curve,
    /// Time of a revolution, any part of which passes until the bytes come round; 0 where nothing turns.
    pub revolution: u64,
    /// Bytes kept of those that passed last. A read from there takes no new way, and up to so many bytes ahead the
    /// device reads over what lies between.
    pub buffer: u64,
}

/// What a user asks for: a kind of device, and what is to be different.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asked {
    /// The kind of device.
    pub disk: Option<Disk>,
    /// See [`Spec::latency`].
    pub latency: Option<u64>,
    /// See [`Spec::jitter`].
    pub jitter: Option<u64>,
    /// See [`Spec::bandwidth`].
    pub bandwidth: Option<NonZeroU64>,
    /// See [`Spec::iops`].
    pub iops: Option<NonZeroU64>,
}

impl Asked {
    /// The device; `None` when nothing is asked for.
    ///
    /// ```
    /// use seedfs::storage::{Asked, Disk};
    /// let spec = Asked { disk: Some(Disk::Ssd), latency: Some(1_000_000), ..Asked::default() }.spec().unwrap();
    /// assert_eq!((spec.latency, spec.iops), (1_000_000, Disk::Ssd.spec().iops));
    /// assert_eq!(Asked::default().spec(), None);
    /// ```
    pub fn spec(&self) -> Option<Spec> {
        if *self == Self::default() {
            return None;
        }
        let profile = self.disk.map_or_else(Spec::default, Disk::spec);
        let bandwidth = self.bandwidth.or(profile.bandwidth);
        Some(Spec {
            latency: self.latency.unwrap_or(profile.latency),
            jitter: self.jitter.unwrap_or(profile.jitter),
            bandwidth,
            // Who gives the speed of the device means that of each read as well.
            stream: profile.stream.filter(|_| self.bandwidth.is_none()),
            iops: self.iops.or(profile.iops),
            ..profile
        })
    }

    /// The same with what another one asks for, which counts more.
    pub fn overridden_by(self, other: Self) -> Self {
        Self {
            disk: other.disk.or(self.disk),
            latency: other.latency.or(self.latency),
            jitter: other.jitter.or(self.jitter),
            bandwidth: other.bandwidth.or(self.bandwidth),
            iops: other.iops.or(self.iops),
        }
    }
}

/// A latency: from 1 µs to an hour.
///
/// # Errors
/// What it must be, as the end of a sentence about it.
pub fn parse_latency(text: &str) -> Result<u64, &'static str> {
    let time = parse_time(text.as_bytes()).filter(|time| (1_000..=LONGEST).contains(time));
    time.ok_or("must be a time from 1us to 1h, such as 8ms")
}

/// A jitter: up to an hour, 0 included.
///
/// # Errors
/// What it must be, as the end of a sentence about it.
pub fn parse_jitter(text: &str) -> Result<u64, &'static str> {
    let time = parse_time(text.as_bytes()).or((text == "0").then_some(0)).filter(|&time| time <= LONGEST);
    time.ok_or("must be a time up to 1h, such as 500us, or 0")
}

/// A bandwidth: a size from 1 KiB to 1 TiB, for each second.
///
/// # Errors
/// What it must be, as the end of a sentence about it.
pub fn parse_bandwidth(text: &str) -> Result<NonZeroU64, &'static str> {
    let bytes = parse_size(text.as_bytes()).ok().filter(|bytes| (1 << 10..=1 << 40).contains(bytes));
    bytes.and_then(NonZeroU64::new).ok_or("must be bytes a second, from 1k to 1T, such as 150M or 150MB")
}

/// Reads a second: from 1 to 10 million.
///
/// # Errors
/// What it must be, as the end of a sentence about it.
pub fn parse_iops(text: &str) -> Result<NonZeroU64, &'static str> {
    let count = parse_count(text.as_bytes()).ok().filter(|count| (1..=10_000_000).contains(count));
    count.and_then(NonZeroU64::new).ok_or("must be requests a second, a number from 1 to 10M, such as 120")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_by_itself_counts_more_than_the_profile() {
        let asked = Asked { disk: Some(Disk::S3), bandwidth: NonZeroU64::new(7), jitter: Some(0), ..Asked::default() };
        let (spec, profile) = (asked.spec().unwrap(), Disk::S3.spec());
        assert_eq!((spec.bandwidth, spec.stream, spec.jitter), (NonZeroU64::new(7), None, 0));
        assert_eq!((spec.latency, spec.iops, spec.parallel), (profile.latency, profile.iops, profile.parallel));
    }

    #[test]
    fn a_device_without_a_profile_does_only_what_is_asked_for() {
        let asked = Asked { latency: Some(8), ..Asked::default() };
        assert_eq!(asked.spec(), Some(Spec { latency: 8, ..Spec::default() }));
    }

    #[test]
    fn figures_without_sense_are_refused() {
        assert_eq!((parse_latency("8ms"), parse_jitter("0")), (Ok(8_000_000), Ok(0)));
        assert_eq!(
            (parse_bandwidth("150M").map(u64::from), parse_iops("10k").map(u64::from)),
            (Ok(150 << 20), Ok(10_000))
        );
        assert_eq!(parse_bandwidth("150MB").map(u64::from), Ok(150_000_000));
        for text in ["", "0", "0ms", "8", "-8ms", "999ns", "2h", "8ms ", "1e3s", "99999999999999999999h"] {
            assert!(parse_latency(text).is_err(), "{text}");
        }
        assert!(parse_jitter("2h").is_err() && parse_jitter("5").is_err());
        for text in ["", "0", "1023", "2T", "150M/s", "fast", "99999999999999999999"] {
            assert!(parse_bandwidth(text).is_err(), "{text}");
        }
        for text in ["", "0", "11M", "1.5", "-1"] {
            assert!(parse_iops(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_later_of_two_counts() {
        let first = Asked { latency: Some(8), jitter: Some(1), ..Asked::default() };
        let both = first.overridden_by(Asked { latency: Some(9), disk: Some(Disk::Hdd), ..Asked::default() });
        assert_eq!((both.latency, both.jitter, both.disk), (Some(9), Some(1), Some(Disk::Hdd)));
    }
}
