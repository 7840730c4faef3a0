//! Times at the limits of file systems and formats.

use super::build::{Builder, SIZE};
use super::tags::Tag;
use crate::vfs::Time;

const KEEP: &str = "a tool must keep the time, or say that it cannot";
const NANOSECONDS: &str = "a tool must keep the nanoseconds, or say that it rounds";
const FAR: &str = "a tool must not fail at a year that its calendar does not know";

/// What it stands for, seconds since 1970, nanoseconds.
const TIMES: [(&str, i64, u32, &str); 33] = [
    ("far-past", -1_000_000_000_000, 0, FAR),
    ("year-1", -62_135_596_800, 0, FAR),
    ("before-1601-ntfs", -11_644_473_601, 0, KEEP),
    ("1601-ntfs", -11_644_473_600, 0, KEEP),
    ("before-1901-32-bits", -2_147_483_649, 0, KEEP),
    ("1901-32-bits", -2_147_483_648, 0, KEEP),
    ("1969-one-second-and-a-half-before", -2, 500_000_000, NANOSECONDS),
    ("1969-last-second", -1, 0, KEEP),
    ("1969-last-nanosecond", -1, 999_999_999, NANOSECONDS),
    ("1970", 0, 0, "a tool must not take it for no time at all"),
    ("1970-first-nanosecond", 0, 1, NANOSECONDS),
    ("1980-fat", 315_532_800, 0, KEEP),
    ("2001-one-nanosecond", 1_000_000_000, 1, NANOSECONDS),
    ("2001-microsecond", 1_000_000_000, 1_000, NANOSECONDS),
    ("2001-tenth-of-microsecond", 1_000_000_000, 100, NANOSECONDS),
    ("2001-last-nanosecond", 1_000_000_000, 999_999_999, NANOSECONDS),
    ("2017-leap-second-before", 1_483_228_799, 999_999_999, NANOSECONDS),
    ("2038-last-32-bits", 2_147_483_647, 999_999_999, KEEP),
    ("2038-first-beyond-32-bits", 2_147_483_648, 0, KEEP),
    ("2106-last-unsigned", 4_294_967_295, 0, KEEP),
    ("2106-first-beyond-unsigned", 4_294_967_296, 0, KEEP),
    ("2107-last-fat", 4_354_819_198, 0, KEEP),
    ("2242-last-tar-octal", 8_589_934_591, 0, KEEP),
    ("2242-first-beyond-tar-octal", 8_589_934_592, 0, KEEP),
    ("2262-last-nanoseconds-in-64-bits", 9_223_372_036, 854_775_807, NANOSECONDS),
    ("2262-first-beyond-nanoseconds", 9_223_372_036, 854_775_808, NANOSECONDS),
    ("2446-last-ext4", 15_032_385_535, 999_999_999, KEEP),
    ("2446-first-beyond-ext4", 15_032_385_536, 0, KEEP),
    ("2486-last-xfs", 16_299_260_424, 0, KEEP),
    ("9999-last-second", 253_402_300_799, 999_999_999, FAR),
    ("10000", 253_402_300_800, 0, FAR),
    ("36812", 1_099_511_627_776, 0, FAR),
    ("far-future", 9_007_199_254_740_993, 1, "a tool must not keep seconds as a double, which this one does not fit"),
];

pub(super) fn add(builder: &mut Builder) {
    let top = builder.begin(Tag::Times);
    for (stem, seconds, nanoseconds, expect) in TIMES {
        builder.file(top, stem.as_bytes(), SIZE, expect).mtime = Time { seconds, nanoseconds };
    }
    let directory =
        builder.directory(top, &b"directory"[..], "a tool must set the time of a directory after its entries");
    builder.directories[directory].mtime = Time { seconds: -86_400, nanoseconds: 123_456_789 };
    builder.file(directory, &b"inside"[..], SIZE, KEEP);
    let link = "a tool must keep the time of the link itself, or say that it cannot";
    builder.symlink(top, &b"link"[..], &b"directory"[..], link);
    if let Some(item) = builder.directories[top].items.last_mut() {
        item.mtime = Time { seconds: 4_294_967_296, nanoseconds: 5 };
    }
}
