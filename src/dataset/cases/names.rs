//! Names that are hard to print, quote, compare or store.

use super::build::{Builder, SIZE};
use super::tags::Tag;

/// Stems before a recipe, so that the bytes follow from the name as well.
const STEMS: [(&str, &[&[u8]]); 8] = [
    (
        "a tool must write its list so that the name is not torn: escaped, or ended by NUL",
        &[b"new\nline", b"\nleading newline", b"tab\tstop", b"carriage\rreturn", b"next\xc2\x85line"],
    ),
    (
        "a tool must quote the name, and must not let a shell read it",
        &[
            b"single'quote",
            b"double\"quote",
            b"back`tick`",
            b"$(touch pwned)",
            b"$HOME",
            b"semi;colon",
            b"amp&ersand",
            b"pipe|pipe",
            b"great>er",
            b"less<er",
            b"bang!bang",
            b"hash # hash",
            b"\\backslash\\n",
            b"paren(thesis)",
        ],
    ),
    (
        "a tool must take the name as it is, and must not expand it",
        &[b"star*star", b"question?mark", b"[set]", b"{a,b}", b"~tilde", b"%s%n%00%2f", b"&amp;&lt;", b"host:path"],
    ),
    (
        "a tool must take the name for a file: put ./ or -- before it",
        &[b"-rf", b"--help", b"--", b"-0", b"@list", b"=1+1", b"+x"],
    ),
    ("a tool must keep the separators of its output apart from those in the name", &[b"com,ma", b"a  b", b" leading"]),
    (
        "a tool must keep the bytes of the name, whatever order they are shown in",
        &[
            "שלום".as_bytes(),
            "مرحبا".as_bytes(),
            "abc\u{202e}gpj.exe".as_bytes(),
            "\u{2067}isolated\u{2069}".as_bytes(),
            "z\u{0335}\u{0321}\u{031b}a\u{0300}\u{0316}l\u{0334}g\u{0322}o\u{0489}".as_bytes(),
        ],
    ),
    (
        "a tool must keep characters that cannot be seen",
        &[
            "\u{feff}byte order mark".as_bytes(),
            "zero\u{200b}width".as_bytes(),
            "join\u{200d}er".as_bytes(),
            "👩\u{200d}👩\u{200d}👧".as_bytes(),
            "line\u{2028}separator".as_bytes(),
            "no\u{a0}break".as_bytes(),
            "non\u{ffff}character".as_bytes(),
            "last\u{10ffff}".as_bytes(),
            "private\u{e000}".as_bytes(),
            "replaced\u{fffd}".as_bytes(),
        ],
    ),
    (
        "a tool must keep bytes that are no UTF-8, and must not replace them",
        &[
            b"lone\xff",
            b"latin-1-\xe9t\xe9",
            b"overlong-\xc0\xaf",
            b"surrogate-\xed\xa0\x80",
            b"cut-\xe2\x82",
            b"continuation-\x80",
            b"beyond-\xf4\x90\x80\x80",
            b"five-\xf8\x88\x80\x80\x80",
        ],
    ),
];

/// Whole names.
const PLAIN: [(&str, &[&[u8]]); 8] = [
    (
        "a tool must keep every byte of the name, those at its end too",
        &[b"trailing newline\n", b"\n", b" ", b"trailing space ", b"trailing dot.", b"trailing tab\t", b"\\", b"\r"],
    ),
    (
        "a tool must take the name for a file, not for an option, a home or a directory",
        &[b"-", b"-rf", b"--", b"~", b"~root", b"*", b"?", b"...", b"....", b"..a", b". .", b"$", b"!", b"#", b"%"],
    ),
    ("a tool must not pass over it because it is hidden", &[b".hidden", b"._resource", b".DS_Store"]),
    (
        "a tool must keep it, or say that Windows reserves it",
        &[
            b"con",
            b"CON",
            b"prn",
            b"aux",
            b"aux.tar.gz",
            b"nul",
            b"nul.txt",
            b"com1",
            b"COM1.log",
            b"lpt9",
            "com¹".as_bytes(),
            b"conin$",
            b"con .txt",
            b"a:b",
            b"a:stream:$DATA",
            b"*?<>|\"",
            b"c:\\dir\\file",
        ],
    ),
    (
        "a tool must keep names apart that differ in case only, or say which of them it kept",
        &[
            b"README",
            b"readme",
            b"ReadMe",
            "straße".as_bytes(),
            b"strasse",
            b"STRASSE",
            b"i",
            b"I",
            "ı".as_bytes(),
            "İ".as_bytes(),
            "σ".as_bytes(),
            "ς".as_bytes(),
            "Σ".as_bytes(),
        ],
    ),
    (
        "a tool must keep names apart that differ in their normal form only, or say which of them it kept",
        &[
            "caf\u{e9}".as_bytes(),
            "cafe\u{301}".as_bytes(),
            "\u{c5}ngstrom".as_bytes(),
            "\u{212b}ngstrom".as_bytes(),
            "A\u{30a}ngstrom".as_bytes(),
            "\u{ac00}".as_bytes(),
            "\u{1100}\u{1161}".as_bytes(),
            "\u{fb01}le".as_bytes(),
            b"file",
        ],
    ),
    (
        "a tool must keep names apart that only look alike",
        &[
            b"paypal",
            "p\u{430}ypal".as_bytes(),
            b"coop",
            "co\u{ad}op".as_bytes(),
            "❤".as_bytes(),
            "❤\u{fe0f}".as_bytes(),
        ],
    ),
    (
        "a tool must not run what it reads",
        &[b"'; drop table files;--", b"<script>alert(1)", b"=cmd|' '!A0", b"`id`", b"x;id"],
    ),
];

const LONGEST: &str = "a tool must keep all 255 bytes, and add no suffix that does not fit";

/// Directories whose own names are odd, with a file in each.
const DIRECTORIES: [&[u8]; 6] = [b"new\nline", b"-r", b"space at end ", b"\xff", b"**", b"lpt1"];

pub(super) fn add(builder: &mut Builder) {
    let top = builder.begin(Tag::Names);
    for (expect, stems) in STEMS {
        for &stem in stems {
            builder.file(top, stem, SIZE, expect);
        }
    }
    builder.file(top, &b""[..], SIZE, "a tool must take a recipe without anything before it but _");
    for byte in (0x01..0x20u8).chain([0x7f]) {
        let stem = [b"control-", &[byte][..]].concat();
        builder.file(top, stem, SIZE, "a tool must not send control characters to a terminal");
    }
    for (expect, names) in PLAIN {
        for &name in names {
            builder.plain(top, name, expect);
        }
    }
    let cut = |text: &str| text.as_bytes().iter().copied().cycle().take(255).collect::<Vec<u8>>();
    for text in ["a", "é", "€", "🦀", "b.", " c"] {
        builder.plain(top, cut(text), LONGEST);
    }
    for name in DIRECTORIES {
        let directory = builder.directory(top, name, "a tool must go into it by exactly this name");
        builder.file(directory, &b"inside"[..], SIZE, "a tool must reach it");
    }
    for name in [&b"twin-a"[..], b"twin-b"] {
        let directory = builder.directory(top, name, "a tool must keep it apart from its twin");
        let expect = "a tool must keep it apart from the file of the same name and size in the other directory";
        builder.plain(directory, &b"same-name.bin"[..], expect);
    }
}
