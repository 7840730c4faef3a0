//! Hard links by the thousand, symbolic links in circles.

use super::build::{Builder, Name, Place, Run, RunOf, SIZE, What};
use super::tags::Tag;

/// Names of one file: one more than 1,024, and the most that some scanners were ever tried with.
const HARD_LINKS: [u64; 2] = [1025, 2911];

/// Links that lead to one another, one by one: Linux follows 40.
const CHAIN: usize = 41;

pub(super) fn add(builder: &mut Builder) {
    let top = builder.begin(Tag::Links);
    add_hard_links(builder, top);
    add_symlinks(builder, top);
}

fn add_hard_links(builder: &mut Builder, top: usize) {
    for count in HARD_LINKS {
        let directory = builder.directory(
            top,
            format!("hard-{count}").into_bytes(),
            "a tool must take all its entries for names of one file, and copy its bytes once",
        );
        builder.directories[directory].run = Some(Run {
            of: RunOf::Names,
            stem: "name",
            count,
            size: SIZE,
            expect: "a tool must count its bytes once, and keep it one file with the others",
        });
    }
    let expect = "a tool must know it again as a name of one file in another directory";
    let near = builder.directory(top, &b"near"[..], "a tool must remember files across directories");
    let far = builder.directory(top, &b"far"[..], "a tool must remember files across directories");
    builder.file(near, &b"first"[..], SIZE, expect);
    for name in [&b"second"[..], b"third"] {
        let first = What::NameOf(Place { directory: near, item: 0 });
        builder.item(far, Name::Plain(name.into()), first, expect);
    }
}

fn add_symlinks(builder: &mut Builder, top: usize) {
    let circle = "a tool must keep the link, and must not follow it without end";
    let directory = builder.directory(top, &b"symbolic"[..], "a tool must copy links as links");
    builder.symlink(directory, &b"to-itself"[..], &b"to-itself"[..], circle);
    builder.symlink(directory, &b"ping"[..], &b"pong"[..], circle);
    builder.symlink(directory, &b"pong"[..], &b"ping"[..], circle);
    builder.symlink(directory, &b"to-own-directory"[..], &b"."[..], circle);
    builder.symlink(directory, &b"to-directory-above"[..], &b".."[..], circle);
    builder.symlink(directory, &b"to-directory"[..], &b"../near"[..], "a tool must not count what is in it twice");
    let file = "a tool must not take it for another copy of the file";
    builder.symlink(directory, &b"to-name"[..], &b"../far/second"[..], file);
    builder.symlink(directory, &b"by-detours"[..], &b"./..//symbolic/../far/./third"[..], file);
    let dangling = "a tool must keep a link to nothing, and must not fail at it";
    builder.symlink(directory, &b"dangling"[..], &b"no-such-file"[..], dangling);
    builder.symlink(directory, &b"dangling-absolute"[..], &b"/no-such-directory/no-such-file"[..], dangling);
    builder.symlink(directory, &b"through-a-file"[..], &b"../far/second/below"[..], dangling);
    let bytes = "a tool must keep every byte of the target";
    builder.symlink(directory, &b"newline-in-target"[..], &b"no\nsuch\nfile"[..], bytes);
    builder.symlink(directory, &b"target-no-utf-8"[..], &b"no-such-\xff\xfe"[..], bytes);
    builder.symlink(directory, &b"arrow-in-target"[..], &b"a -> b"[..], bytes);
    builder.symlink(directory, &b"longest-target"[..], vec![b'x'; 4095], bytes);
    let chain = "a tool must follow as far as the system does, and report where it stops";
    for link in 1..=CHAIN {
        let target = if link == CHAIN { "../far/third".into() } else { format!("chain-{}", link + 1) };
        builder.symlink(directory, format!("chain-{link}").into_bytes(), target.into_bytes(), chain);
    }
}
