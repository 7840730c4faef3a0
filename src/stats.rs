//! What a mount has been asked for so far: counters that cost one relaxed addition a request.

use std::fmt::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// A name in a directory.
    Lookup,
    /// Inodes that the kernel dropped, one for each message or part of a batch.
    Forget,
    /// Attributes.
    GetAttr,
    /// Target of a symbolic link.
    ReadLink,
    /// A file opened; none are seen while opening needs no message.
    Open,
    /// Bytes of a file.
    Read,
    /// Names of a directory.
    ReadDir,
    /// Names and attributes of a directory.
    ReadDirPlus,
    /// Totals.
    StatFs,
    /// Value of an extended attribute.
    GetXattr,
    /// Names of extended attributes.
    ListXattr,
    /// Data or hole behind an offset.
    Seek,
    /// Permission check.
    Access,
    /// A change, refused.
    Change,
    /// Anything else.
    Other,
}

impl Op {
    /// Every kind of request, in the order of the report.
    pub const ALL: [Op; 15] = [
        Op::Lookup,
        Op::Forget,
        Op::GetAttr,
        Op::ReadLink,
        Op::Open,
        Op::Read,
        Op::ReadDir,
        Op::ReadDirPlus,
        Op::StatFs,
        Op::GetXattr,
        Op::ListXattr,
        Op::Seek,
        Op::Access,
        Op::Change,
        Op::Other,
    ];

    /// Its name in reports and messages.
    pub fn name(self) -> &'static str {
        match self {
            Op::Lookup => "lookup",
            Op::Forget => "forget",
            Op::GetAttr => "getattr",
            Op::ReadLink => "readlink",
            Op::Open => "open",
            Op::Read => "read",
            Op::ReadDir => "readdir",
            Op::ReadDirPlus => "readdirplus",
            Op::StatFs => "statfs",
            Op::GetXattr => "getxattr",
            Op::ListXattr => "listxattr",
            Op::Seek => "lseek",
            Op::Access => "access",
            Op::Change => "change",
            Op::Other => "other",
        }
    }
}

/// On a cache line of its own: threads that count different things must not slow each other down.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Counter(AtomicU64);

impl Counter {
    fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counters of one mount, from its start.
///
/// ```
/// use seedfs::stats::{Counters, Op};
/// let counters = Counters::default();
/// counters.count(Op::Read);
/// counters.add_read_bytes(4096);
/// assert!(counters.prometheus().contains("seedfs_requests_total{op=\"read\"} 1\n"));
/// ```
#[derive(Debug, Default)]
pub struct Counters {
    requests: [Counter; Op::ALL.len()],
    read_bytes: Counter,
    prefetched_bytes: Counter,
    lookup_misses: Counter,
    panics: Counter,
    device: OnceLock<Device>,
}

/// Counters of a device that is not there.
#[derive(Debug, Default)]
struct Device {
    reads: Counter,
    /// Nanoseconds.
    wait: Counter,
}

impl Counters {
    /// Counts a request.
    pub fn count(&self, op: Op) {
        self.requests[op as usize].add(1);
    }

    /// Counts bytes of file contents handed out.
    pub fn add_read_bytes(&self, bytes: u64) {
        self.read_bytes.add(bytes);
    }

    /// Counts bytes of file contents handed out before they were asked for.
    pub fn add_prefetched_bytes(&self, bytes: u64) {
        self.prefetched_bytes.add(bytes);
    }

    /// Counts a lookup that found nothing.
    pub fn count_miss(&self) {
        self.lookup_misses.add(1);
    }

    /// Counts a request that ended in a defect of the program.
    pub fn count_panic(&self) {
        self.panics.add(1);
    }

    /// There is a device that reads wait for: what is counted of it is reported from now on.
    pub fn expect_device(&self) {
        self.device.get_or_init(Device::default);
    }

    /// Counts a read that a device which is not there has done, and the nanoseconds for which it waited for it.
    pub fn count_device_read(&self, wait: u64) {
        let device = self.device.get_or_init(Device::default);
        device.reads.add(1);
        device.wait.add(wait);
    }

    /// Reads that a device which is not there has done so far, and the nanoseconds for which they waited for it together;
    /// `None` where there is no such device.
    pub fn device_reads(&self) -> Option<(u64, u64)> {
        self.device.get().map(|device| (device.reads.get(), device.wait.get()))
    }

    /// Requests of one kind so far.
    pub fn requests(&self, op: Op) -> u64 {
        self.requests[op as usize].get()
    }

    /// Bytes of file contents handed out so far.
    pub fn read_bytes(&self) -> u64 {
        self.read_bytes.get()
    }

    /// Bytes of file contents handed out so far before they were asked for.
    pub fn prefetched_bytes(&self) -> u64 {
        self.prefetched_bytes.get()
    }

    /// Lookups that found nothing so far.
    pub fn misses(&self) -> u64 {
        self.lookup_misses.get()
    }

    /// Requests that ended in a defect of the program so far.
    pub fn panics(&self) -> u64 {
        self.panics.get()
    }

    /// All counters in the text format of Prometheus.
    pub fn prometheus(&self) -> String {
        let mut out = String::with_capacity(2048);
        header(&mut out, "seedfs_requests_total", "Requests from the kernel.");
        for op in Op::ALL {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "seedfs_requests_total{{op=\"{}\"}} {}", op.name(), self.requests(op));
        }
        for (name, help, value) in [
            ("seedfs_read_bytes_total", "Bytes of file contents that the kernel asked for.", self.read_bytes()),
            (
                "seedfs_prefetched_bytes_total",
                "Bytes of file contents pushed before they were asked for.",
                self.prefetched_bytes(),
            ),
            ("seedfs_lookup_misses_total", "Lookups of names that do not exist.", self.misses()),
            ("seedfs_panics_total", "Requests answered with an I/O error because of a defect.", self.panics()),
        ] {
            header(&mut out, name, help);
            let _ = writeln!(out, "{name} {value}");
        }
        if let Some((reads, wait)) = self.device_reads() {
            let name = "seedfs_device_reads_total";
            header(&mut out, name, "Reads that the emulated device has done.");
            let _ = writeln!(out, "{name} {reads}");
            let name = "seedfs_device_wait_seconds_total";
            header(&mut out, name, "Time that these reads waited for it.");
            let _ = writeln!(out, "{name} {}.{:09}", wait / 1_000_000_000, wait % 1_000_000_000);
        }
        out
    }
}

fn header(out: &mut String, name: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} counter");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_place() {
        let counters = Counters::default();
        for (i, op) in Op::ALL.into_iter().enumerate() {
            assert_eq!(op as usize, i);
            for _ in 0..=i {
                counters.count(op);
            }
        }
        for (i, op) in Op::ALL.into_iter().enumerate() {
            assert_eq!(counters.requests(op), i as u64 + 1);
        }
    }

    #[test]
    fn report_has_help_type_and_value_of_each() {
        let counters = Counters::default();
        counters.count(Op::Lookup);
        counters.count_miss();
        counters.add_read_bytes(7);
        let text = counters.prometheus();
        assert!(text.starts_with("# HELP seedfs_requests_total "));
        assert!(text.contains("\n# TYPE seedfs_requests_total counter\n"));
        assert!(text.contains("seedfs_requests_total{op=\"lookup\"} 1\n"));
        assert!(text.contains("seedfs_read_bytes_total 7\n"));
        assert!(text.contains("seedfs_lookup_misses_total 1\n"));
        assert_eq!(text.matches("# TYPE").count(), 5);
    }

    #[test]
    fn a_device_is_reported_where_there_is_one() {
        let counters = Counters::default();
        assert!(counters.device_reads().is_none() && !counters.prometheus().contains("device"));
        counters.expect_device();
        assert!(counters.prometheus().contains("\nseedfs_device_wait_seconds_total 0.000000000\n"));
        counters.count_device_read(1_500_000_000);
        counters.count_device_read(7);
        counters.expect_device();
        assert_eq!(counters.device_reads(), Some((2, 1_500_000_007)));
        let text = counters.prometheus();
        assert!(text.contains("\n# TYPE seedfs_device_reads_total counter\nseedfs_device_reads_total 2\n"));
        assert!(text.ends_with("\nseedfs_device_wait_seconds_total 1.500000007\n"));
    }
}
