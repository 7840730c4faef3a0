//! A time that is set on what is restored is the one that it has, to the nanosecond, also before 1970.
#![cfg(unix)]

mod common;

use std::fs::File;
use std::time::{Duration, UNIX_EPOCH};

use common::sink::SinkMount;

#[test]
fn times_are_kept_to_the_nanosecond() {
    let Some(sink) = SinkMount::start(&[]) else { return };
    let path = sink.join("s7-0");
    let file = File::create(&path).unwrap();
    for distance in [Duration::new(0, 1), Duration::new(1, 0), Duration::new(5, 750_000_000), Duration::new(1 << 33, 9)]
    {
        for time in [UNIX_EPOCH - distance, UNIX_EPOCH + distance] {
            file.set_modified(time).unwrap();
            assert_eq!(path.metadata().unwrap().modified().unwrap(), time, "{distance:?}");
        }
    }
}
