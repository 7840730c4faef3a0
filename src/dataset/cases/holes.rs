//! Holes beside zeros that were written: equal bytes, different room.

use super::build::{Builder, Name, What};
use super::tags::Tag;
use crate::recipe::{Kind, Mixed};

/// Below, at and above what file systems allocate at a time.
const SIZES: [u64; 9] = [511, 512, 4095, 4096, 4097, 65_537, 1 << 20, (1 << 20) + 1, 16 << 20];

pub(super) fn add(builder: &mut Builder) {
    let top = builder.begin(Tag::Holes);
    for size in SIZES {
        for (stem, kind, expect) in [
            (&b"hole"[..], Kind::Zero, "a tool should keep the hole; its bytes equal those of the zeros beside it"),
            (b"zeros", Kind::Mixed(Mixed::ZEROS), "a tool must not take it for different from the hole beside it"),
            (b"bytes", Kind::Random, "a tool must not take it for equal to the hole of the same size"),
        ] {
            builder.item(top, Name::Recipe(stem.into(), "img"), What::File(kind, size), expect);
        }
    }
}
