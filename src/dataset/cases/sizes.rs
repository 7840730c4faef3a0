//! Sizes around the powers of two: those that can be read, and those where reading does not end.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::build::{Builder, Name, What};
use super::tags::Tag;
use crate::recipe::Kind;
use crate::units::MAX_SIZE;

/// Files from this exponent on are holes, so that programs that know holes are done at once.
const HOLES_FROM: u32 = 17;

/// Sizes one below, at, and one above these powers of two, up to the largest there is.
fn around(exponents: RangeInclusive<u32>) -> BTreeSet<u64> {
    exponents
        .flat_map(|exponent| [(1 << exponent) - 1, 1 << exponent, (1 << exponent) + 1])
        .filter(|&n| n <= MAX_SIZE)
        .collect()
}

fn add_holes(builder: &mut Builder, directory: usize, sizes: BTreeSet<u64>, expect: &'static str) {
    for size in sizes {
        let name = Name::Recipe(b"hole"[..].into(), "img");
        builder.item(directory, name, What::File(Kind::Zero, size), expect);
    }
}

pub(super) fn add(builder: &mut Builder) {
    let top = builder.begin(Tag::Sizes);
    for name in [&b"empty-a"[..], b"empty-b"] {
        let expect = "a tool must keep a file without bytes; all such files are equal";
        builder.file(top, name, 0, expect);
    }
    for size in around(0..=HOLES_FROM - 1).into_iter().filter(|&size| size > 0) {
        builder.file(top, &b"size"[..], size, "a tool must keep the size to the byte");
    }
    let expect = "a tool must keep the size to the byte, in more than 32 bits, and should keep the hole";
    let known = around(0..=HOLES_FROM - 1);
    add_holes(builder, top, &around(HOLES_FROM..=32) - &known, expect);
}

pub(super) fn add_huge(builder: &mut Builder) {
    let top = builder.begin(Tag::Huge);
    let known = around(0..=32);
    let expect = "a tool must refuse it or keep its size: reading it to its end takes hours to centuries";
    add_holes(builder, top, &around(33..=63) - &known, expect);
    let expect = "a tool must reach its last byte by seeking: no part of it is a hole";
    for size in [(1 << 40) + 1, MAX_SIZE] {
        builder.file(top, &b"written"[..], size, expect);
    }
}
