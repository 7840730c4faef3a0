//! Records as bytes.

use super::{
    END, FOLLOWS, Header, LOST, Last, MAGIC, MAX_DATASET, MAX_IDENTITY, MAX_PATH, MAX_READ, NAME, SAME, SPECIAL,
    VERSION, code, zigzag,
};
use crate::observe::Event;
use crate::stats::Op;

/// Writes a trace to memory.
#[derive(Debug, Default)]
pub struct Writer {
    last: Last,
}

fn number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// A length and so many bytes, cut off behind `most`.
fn bytes(bytes: &[u8], most: u64, out: &mut Vec<u8>) {
    let bytes = &bytes[..bytes.len().min(most as usize)];
    number(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

impl Writer {
    /// Appends a header, and starts anew.
    pub fn header(&mut self, header: &Header, out: &mut Vec<u8>) {
        *self = Self::default();
        out.extend_from_slice(&MAGIC);
        for value in [VERSION, header.start, header.generation, header.snapshots.into()] {
            number(value, out);
        }
        bytes(header.identity.as_bytes(), MAX_IDENTITY, out);
        bytes(header.dataset.as_bytes(), MAX_DATASET, out);
    }

    /// The time since the last record; a clock never goes back.
    fn time(&mut self, at: u64, out: &mut Vec<u8>) {
        number(at.saturating_sub(self.last.at), out);
        self.last.at = self.last.at.max(at);
    }

    /// Appends a request.
    pub fn request(&mut self, event: &Event, out: &mut Vec<u8>) {
        let before = self.last;
        let same = event.ino.0 == before.ino;
        let mut tag = code(event.op) | if same { SAME } else { 0 };
        let (len, count) = (event.len.min(MAX_READ), event.count.min(event.len).min(MAX_READ));
        let usual = event.ok && len == before.len && count == len;
        let follows = same && event.offset == before.end;
        match event.op {
            Op::Read => {
                tag |= if follows { FOLLOWS } else { 0 };
                tag |= if usual { SPECIAL } else { 0 };
            }
            _ => tag |= if event.ok { 0 } else { SPECIAL },
        }
        out.push(tag);
        self.time(event.at, out);
        if !same {
            number(zigzag(event.ino.0.wrapping_sub(before.ino)), out);
            self.last.ino = event.ino.0;
        }
        if event.op != Op::Read {
            return;
        }
        match (same, follows) {
            (_, true) => {}
            (true, false) => number(zigzag(event.offset.wrapping_sub(before.end)), out),
            (false, false) => number(event.offset, out),
        }
        if !usual {
            number(len.into(), out);
            number(if event.ok { 1 + u64::from(len - count) } else { 0 }, out);
        }
        self.last.len = len;
        self.last.end = event.offset.wrapping_add(if event.ok { count.into() } else { 0 });
    }

    /// Appends the path of a file.
    pub fn name(&mut self, ino: u64, path: &[u8], out: &mut Vec<u8>) {
        out.push(NAME);
        number(ino, out);
        bytes(path, MAX_PATH, out);
    }

    /// Appends that requests are missing.
    pub fn lost(&mut self, at: u64, count: u64, out: &mut Vec<u8>) {
        out.push(LOST);
        self.time(at, out);
        number(count, out);
    }

    /// Appends the end.
    pub fn end(&mut self, at: u64, out: &mut Vec<u8>) {
        out.push(END);
        self.time(at, out);
    }
}
