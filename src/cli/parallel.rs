//! Text made in numbered parts by all cores and written in order.

use std::io::{self, Write};
use std::num::NonZero;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// Buffers of each thread: one is filled while another is written.
const BUFFERS: usize = 2;

/// Makes the parts `0..parts` with `make`, which appends a part to the buffer it is given, and writes them in order.
///
/// Thread `n` of `t` makes the parts `n`, `n + t`, … and waits for one of its few buffers to come back, so that memory
/// stays the same however many parts there are and however slow the reader is.
///
/// # Errors
/// The first one of `make` or of `output` in the order of the parts; all threads have ended by then.
pub(super) fn in_order(
    parts: u64,
    make: impl Fn(u64, &mut Vec<u8>) -> io::Result<()> + Sync,
    output: &mut impl Write,
) -> io::Result<()> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get) as u64;
    let threads = cores.min(parts);
    if threads <= 1 {
        let mut text = Vec::new();
        for part in 0..parts {
            text.clear();
            make(part, &mut text)?;
            output.write_all(&text)?;
        }
        return output.flush();
    }
    let make = &make;
    thread::scope(|scope| {
        // The receivers are dropped when this returns, also early: a thread whose buffers have nowhere to go ends.
        let lanes: Vec<Lane> = (0..threads)
            .map(|first| {
                let (full, filled) = channel();
                let (written, empty) = channel();
                scope.spawn(move || fill_lane((first..parts).step_by(threads as usize), make, &full, &empty));
                Lane { filled, written }
            })
            .collect();
        for lane in &lanes {
            (0..BUFFERS).for_each(|_| lane.give_back(Vec::new()));
        }
        for (_part, lane) in (0..parts).zip(lanes.iter().cycle()) {
            let mut text = lane.filled.recv().unwrap_or_else(|_| Err(io::Error::other("a thread has ended")))?;
            output.write_all(&text)?;
            text.clear();
            lane.give_back(text);
        }
        output.flush()
    })
}

/// The parts of one thread, as the writer sees them.
struct Lane {
    filled: Receiver<io::Result<Vec<u8>>>,
    written: Sender<Vec<u8>>,
}

impl Lane {
    fn give_back(&self, buffer: Vec<u8>) {
        // A thread that has made its last part needs no more buffers.
        let _ = self.written.send(buffer);
    }
}

/// What one thread does, until its parts are made or nobody waits for them.
fn fill_lane(
    parts: impl Iterator<Item = u64>,
    make: &impl Fn(u64, &mut Vec<u8>) -> io::Result<()>,
    full: &Sender<io::Result<Vec<u8>>>,
    empty: &Receiver<Vec<u8>>,
) {
    for part in parts {
        let Ok(mut text) = empty.recv() else { return };
        let made = make(part, &mut text);
        let failed = made.is_err();
        if full.send(made.map(|()| text)).is_err() || failed {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(part: u64, text: &mut Vec<u8>) -> io::Result<()> {
        writeln!(text, "{part}")
    }

    #[test]
    fn parts_come_in_order_whatever_their_number() {
        for parts in [0, 1, 2, 3, 1000] {
            let mut out = Vec::new();
            in_order(parts, numbered, &mut out).unwrap();
            let expected: String = (0..parts).map(|part| format!("{part}\n")).collect();
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn the_first_failure_ends_it_after_the_parts_before() {
        let make = |part, text: &mut Vec<u8>| {
            if part >= 7 { Err(io::Error::other(format!("part {part}"))) } else { numbered(part, text) }
        };
        let mut out = Vec::new();
        let error = in_order(u64::MAX, make, &mut out).unwrap_err();
        assert_eq!((error.to_string(), out), ("part 7".into(), b"0\n1\n2\n3\n4\n5\n6\n".to_vec()));
    }

    #[test]
    fn an_output_that_fails_ends_endless_work() {
        let mut short = [0; 100];
        let error = in_order(u64::MAX, numbered, &mut &mut short[..]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WriteZero);
    }
}
