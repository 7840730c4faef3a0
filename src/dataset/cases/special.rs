//! FIFOs, sockets and device nodes.

use super::Device;
use super::build::{Builder, Name, What};
use super::tags::Tag;

/// Majors above 511 cannot be registered with Linux, and major 0 is nobody's: opening these finds no device, even on a
/// mount that allows devices. The largest numbers, and small ones that are not 0:0, a whiteout of overlayfs.
const DEVICES: [(&str, Device); 3] = [
    ("largest", Device { major: 4095, minor: 1_048_575 }),
    ("large-major", Device { major: 4095, minor: 0 }),
    ("nobody", Device { major: 0, minor: 1_048_575 }),
];

pub(super) fn add(builder: &mut Builder) {
    let top = builder.begin(Tag::Special);
    let fifo = "a tool must keep or report it, and must not open it: that waits for a writer without end";
    builder.item(top, Name::Plain(b"fifo"[..].into()), What::Fifo, fifo);
    builder.item(top, Name::Plain(b"fifo-7777"[..].into()), What::Fifo, fifo).mode = 0o7777;
    builder.symlink(top, &b"link-to-fifo"[..], &b"fifo"[..], fifo);
    let socket = "a tool must pass over it with a word: nobody listens, and it cannot be opened";
    builder.item(top, Name::Plain(b"socket"[..].into()), What::Socket, socket).mode = 0o777;
    let device = "a tool must keep type and numbers or report it, and must not open it: there is no such device";
    for (name, numbers) in DEVICES {
        let name = |kind: &str| Name::Plain(format!("{kind}-{name}").into_bytes().into());
        builder.item(top, name("char"), What::CharDevice(numbers), device).mode = 0o666;
        builder.item(top, name("block"), What::BlockDevice(numbers), device).mode = 0o660;
    }
}
