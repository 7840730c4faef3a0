//! Paths longer than programs may name at once.

use super::build::{Builder, SIZE};
use super::tags::Tag;

/// Directories with names of 255 bytes: from the seventeenth on a path has more than the 4,096 bytes of PATH_MAX.
const LONG_LEVELS: usize = 20;

/// Directories with names of one byte: paths of more than 1,000 bytes.
const SHORT_LEVELS: usize = 600;

pub(super) fn add(builder: &mut Builder) {
    let top = builder.begin(Tag::Paths);
    let expect = "a tool must reach it step by step: its path has more bytes than a system call takes";
    let mut parent = builder.directory(top, &b"long"[..], "a tool must go down by relative steps");
    for level in 1..=LONG_LEVELS {
        parent = builder.directory(parent, format!("{level:-<255}").into_bytes(), expect);
        builder.file(parent, &b"file"[..], SIZE, expect);
    }
    let expect = "a tool must go down to the end without running out of stack or open files";
    let mut parent = builder.directory(top, &b"levels"[..], expect);
    for _ in 0..SHORT_LEVELS {
        parent = builder.directory(parent, &b"d"[..], expect);
    }
    builder.file(parent, &b"bottom"[..], SIZE, expect);
}
