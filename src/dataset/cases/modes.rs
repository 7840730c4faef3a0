//! All permission bits, with those that change who runs a program.

use super::build::{Builder, Run, RunOf, SIZE};
use super::tags::Tag;

/// Permission bits of directories, each with a file in it.
const DIRECTORIES: [u16; 9] = [0o000, 0o111, 0o222, 0o333, 0o444, 0o700, 0o1777, 0o2755, 0o7777];

/// Owners that are not whoever mounts: root, and the largest numbers that mean somebody.
const OWNERS: [(u32, u32); 4] = [(0, 0), (65_534, 65_534), (65_536, 65_536), (4_294_967_294, 4_294_967_294)];

pub(super) fn add(builder: &mut Builder) {
    let top = builder.begin(Tag::Modes);
    let all = builder.directory(top, &b"all"[..], "a tool must read what it may, and report the rest");
    builder.directories[all].run = Some(Run {
        of: RunOf::Modes,
        stem: "mode",
        count: 0o10000,
        size: 16,
        expect: "a tool must keep all twelve bits or say which it drops, and report what it may not read",
    });
    for mode in DIRECTORIES {
        let expect =
            "a tool must keep the bits, set them after it has written the entries, and report what it may not list";
        let directory = builder.directory(top, format!("directory-{mode:04o}").into_bytes(), expect);
        builder.directories[directory].mode = mode;
        builder.file(directory, &b"inside"[..], SIZE, "a tool must report it as out of reach where it is");
    }
    for (user, group) in OWNERS {
        let expect = "a tool must keep the numbers of its owner, or say that it may not";
        let item = builder.file(top, format!("owner-{user}").into_bytes(), SIZE, expect);
        item.owner = Some((user, group));
    }
    for (name, mode) in [("setuid", 0o4755), ("setgid", 0o2755), ("setgid-locking", 0o2644), ("sticky", 0o1644)] {
        let expect = "a tool must keep the bit or drop it with a word, and must never add it";
        builder.file(top, name.as_bytes(), SIZE, expect).mode = mode;
    }
}
