//! Directories with no, one and very many entries.

use super::build::{Builder, Run, RunOf};
use super::tags::Tag;

/// Entries of each directory that has any.
const COUNTS: [u64; 3] = [1, 65_536, 1_000_000];

pub(super) fn add(builder: &mut Builder) {
    let top = builder.begin(Tag::Directories);
    builder.directory(top, &b"entries-0"[..], "a tool must keep an empty directory");
    for count in COUNTS {
        let expect = "a tool must list every entry once, in memory and time that grow no faster than their number";
        let directory = builder.directory(top, format!("entries-{count}").into_bytes(), expect);
        builder.directories[directory].run = Some(Run {
            of: RunOf::Files,
            stem: "n",
            count,
            // The fewest bytes with which files of different seeds are sure to differ: no group of duplicates.
            size: 16,
            expect: "a tool must keep it, one among many",
        });
    }
}
