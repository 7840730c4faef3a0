//! When a device that is not there would be done with a read: by a clock that the tests turn.

use std::num::NonZeroU64;

use proptest::prelude::*;
use seedfs::storage::{Access, Asked, Disk, Layout, Model, Seek, Spec};

const US: u64 = 1_000;
const MS: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;
const SPAN: u64 = 1 << 40;

fn rate(number: u64) -> Option<NonZeroU64> {
    NonZeroU64::new(number)
}

fn access(start: u64, len: u64) -> Access {
    Access { start, len, span: SPAN }
}

/// Numbers that look like chance.
fn scattered(i: u64) -> u64 {
    let z = i.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Keeps `depth` reads under way, each followed by the next `think` nanoseconds after it is done, and returns the
/// moments at which `count` of them are done, in order.
fn keep_busy(model: &mut Model, depth: usize, think: u64, count: u64, read: impl Fn(u64) -> Access) -> Vec<u64> {
    let mut comes = vec![0; depth];
    let mut done = Vec::new();
    for i in 0..count {
        let next = comes.iter_mut().min().unwrap();
        let end = model.arrive(*next, read(i));
        assert!(end >= *next, "done before it came");
        done.push(end);
        *next = end + think;
    }
    done.sort_unstable();
    done
}

/// Reads a second over all but the first and last tenth of them, where not all readers are busy.
fn reads_a_second(done: &[u64]) -> f64 {
    let (first, last) = (done.len() / 10, done.len() * 9 / 10);
    (last - first) as f64 * SECOND as f64 / (done[last] - done[first]) as f64
}

fn assert_near(found: f64, expected: f64, part: f64) {
    assert!((found / expected - 1.0).abs() < part, "{found} instead of {expected}");
}

#[test]
fn the_latency_is_exact_however_many_come_at_once() {
    let mut model = Model::new(Spec { latency: 8 * MS, ..Spec::default() }, 1);
    for i in 0..1000 {
        assert_eq!(model.arrive(i * 10, access(scattered(i), 4096)), i * 10 + 8 * MS);
    }
}

#[test]
fn bandwidth_is_shared_by_all_and_reached_by_one() {
    for bandwidth in [1_000, 150 << 20, 7_000_000_000] {
        for (depth, think) in [(1, 0), (1, 300 * US), (4, 100 * US), (64, 2 * MS)] {
            let mut model = Model::new(Spec { bandwidth: rate(bandwidth), ..Spec::default() }, 1);
            let len = (bandwidth / 100).clamp(1, 1 << 30);
            let done = keep_busy(&mut model, depth, think, 3000, |i| access(scattered(i), len));
            assert_near(reads_a_second(&done), bandwidth as f64 / len as f64, 0.001);
        }
    }
}

#[test]
fn a_reader_that_takes_its_time_saves_nothing_up() {
    let mut model = Model::new(Spec { bandwidth: rate(1_000_000), ..Spec::default() }, 1);
    // 10 ms of the line each.
    assert_eq!(model.arrive(0, access(0, 10_000)), 10 * MS);
    assert_eq!(model.arrive(13 * MS, access(0, 10_000)), 20 * MS);
    assert_eq!(model.arrive(500 * MS, access(0, 10_000)), 510 * MS);
    assert_eq!(model.arrive(501 * MS, access(0, 10_000)), 520 * MS);
}

#[test]
fn requests_a_second_are_exact_whatever_the_number() {
    for iops in [1, 3, 120, 7_777, 98_000, 9_999_991] {
        for depth in [1, 8, 32] {
            let mut model = Model::new(Spec { iops: rate(iops), ..Spec::default() }, 1);
            let done = keep_busy(&mut model, depth, 20.min(SECOND / iops / 2), 50_000, |i| access(scattered(i), 4096));
            assert_near(reads_a_second(&done), iops as f64, 0.001);
        }
    }
}

#[test]
fn a_latency_bounds_what_one_reader_gets_and_not_what_many_do() {
    let spec = Spec { latency: 8 * MS, bandwidth: rate(150 << 20), ..Spec::default() };
    let one = keep_busy(&mut Model::new(spec, 1), 1, 0, 1000, |i| access(i << 20, 1 << 20));
    assert_near(reads_a_second(&one), 1e9 / (8e6 + 1e9 / 150.0), 0.001);
    let many = keep_busy(&mut Model::new(spec, 1), 8, 0, 1000, |i| access(i << 20, 1 << 20));
    assert_near(reads_a_second(&many), 150.0, 0.001);
}

#[test]
fn jitter_only_ever_adds_and_keeps_its_mean() {
    let spec = Spec { latency: MS, jitter: 2 * MS, ..Spec::default() };
    let mut model = Model::new(spec, 7);
    let times: Vec<u64> = (0..200_000).map(|i| model.arrive(i * MS, access(0, 1)) - i * MS).collect();
    assert!(times.iter().all(|&time| time >= MS));
    assert_near(times.iter().sum::<u64>() as f64 / times.len() as f64, 3.0 * MS as f64, 0.03);
    assert!(times.iter().max().unwrap() > &(30 * MS), "no long tail");
    let again = |seed| -> Vec<u64> {
        let mut model = Model::new(spec, seed);
        (0..100).map(|i| model.arrive(i * MS, access(0, 1)) - i * MS).collect()
    };
    assert_eq!(again(7), times[..100]);
    assert_ne!(again(8), times[..100]);
}

fn profile(disk: Disk) -> Model {
    Model::new(disk.spec(), 3)
}

#[test]
fn a_hard_disk_reads_on_at_full_speed_and_seeks_for_the_rest() {
    let onwards = keep_busy(&mut profile(Disk::Hdd), 1, 200 * US, 2000, |i| access(i << 20, 1 << 20));
    assert_near(reads_a_second(&onwards) * f64::from(1 << 20), 250e6, 0.01);
    // Seek 8.5 ms and half a revolution on the average, one read at a time whatever is asked for.
    for depth in [1, 16] {
        let anywhere = keep_busy(&mut profile(Disk::Hdd), depth, 50 * US, 20_000, |i| {
            access(scattered(i) % (SPAN / 4096) * 4096, 4096)
        });
        assert_near(reads_a_second(&anywhere), 1000.0 / (8.47 + 4.17 + 0.02), 0.02);
    }
}

#[test]
fn a_hard_disk_does_not_mind_the_order_of_what_lies_together() {
    // Parts of a large read that were handed to several threads come in any order.
    let order = [1, 0, 3, 2, 5, 7, 6, 4];
    let done = keep_busy(&mut profile(Disk::Hdd), 8, 0, 8000, |i| {
        let block = i / 8 * 8 + order[(i % 8) as usize];
        access(block << 17, 1 << 17)
    });
    assert_near(reads_a_second(&done) * f64::from(1 << 17), 250e6, 0.01);
}

#[test]
fn the_nearer_on_a_hard_disk_the_sooner() {
    let mean = |distance: u64| {
        let mut model = profile(Disk::Hdd);
        let mut sum = 0;
        for i in 0..2000 {
            let now = i * SECOND;
            // There and back.
            sum += model.arrive(now, access(SPAN / 4 + i % 2 * distance, 4096)) - now;
        }
        sum / 2000
    };
    let means = [16 << 20, SPAN / 1000, SPAN / 10, SPAN / 2].map(mean);
    assert!(means.is_sorted(), "{means:?}");
    assert!((5 * MS..6 * MS).contains(&means[0]) && means[3] > 14 * MS, "{means:?}");
}

#[test]
fn files_in_the_order_of_their_listing_are_read_without_a_seek() {
    let layout = Layout::new(10_000, 10_000 * 65_536);
    let read = |number: u64| {
        let extent = layout.listed(number, 65_536);
        Access { start: extent.start, len: extent.size, span: extent.span }
    };
    let in_order = keep_busy(&mut profile(Disk::Hdd), 1, 100 * US, 5000, read);
    let in_any = keep_busy(&mut profile(Disk::Hdd), 1, 100 * US, 5000, |i| read(scattered(i) % 10_000));
    assert_near(reads_a_second(&in_order) * 65_536.0, 250e6, 0.02);
    assert!(reads_a_second(&in_any) * 20.0 < reads_a_second(&in_order));
}

#[test]
fn a_tape_is_quick_only_onwards() {
    let onwards = keep_busy(&mut profile(Disk::Tape), 1, 100 * US, 2000, |i| access(i << 20, 1 << 20));
    assert_near(reads_a_second(&onwards) * f64::from(1 << 20), 400e6, 0.01);
    let anywhere = keep_busy(&mut profile(Disk::Tape), 1, 0, 5000, |i| access(scattered(i) % SPAN, 4096));
    assert_near(1.0 / reads_a_second(&anywhere), 50.0, 0.03);
}

#[test]
fn solid_state_disks_and_object_stores_do_much_at_a_time() {
    let random = |disk: Disk, depth| {
        reads_a_second(&keep_busy(&mut profile(disk), depth, 0, 40_000, |i| access(scattered(i) % SPAN, 4096)))
    };
    assert_near(random(Disk::Ssd, 1), 1e9 / (80e3 + 4096.0 / 0.56), 0.02);
    assert_near(random(Disk::Ssd, 32), 98_000.0, 0.01);
    assert_near(random(Disk::Nvme, 1), 1e9 / (45e3 + 4096.0 / 7.0), 0.02);
    assert_near(random(Disk::Nvme, 128), 1_000_000.0, 0.01);
    assert_near(random(Disk::S3, 1), 1.0 / 0.125, 0.02);
    assert_near(random(Disk::S3, 100), 100.0 / 0.125, 0.02);
    assert_near(random(Disk::S3, 1000), 5_500.0, 0.01);
    // One object at 90 MB/s, many at what the network lets through.
    let large = |depth| keep_busy(&mut profile(Disk::S3), depth, 0, 2000, |i| access(scattered(i) % SPAN, 100 << 20));
    assert_near(reads_a_second(&large(1)), 1.0 / (0.125 + f64::from(100 << 20) / 90e6), 0.01);
    assert_near(reads_a_second(&large(64)) * f64::from(100 << 20), 1.25e9, 0.01);
}

proptest! {
    #[test]
    fn no_rate_is_ever_exceeded(
        bandwidth in 1u64..1 << 40, iops in 1u64..10_000_000, parallel in 1u64..200, latency in 0u64..MS,
        reads in prop::collection::vec((0u64..20 * MS, 0u64..SPAN, 1u64..1 << 20), 1..300),
    ) {
        let spec = Spec {
            latency, jitter: latency, bandwidth: rate(bandwidth), iops: rate(iops), parallel: rate(parallel),
            ..Spec::default()
        };
        let mut model = Model::new(spec, 5);
        let (mut now, mut done) = (0, Vec::new());
        for (pause, start, len) in reads {
            now += pause;
            let end = model.arrive(now, access(start, len));
            prop_assert!(end >= now + latency);
            done.push((end, len));
        }
        done.sort_unstable();
        let (mut bytes, mut count) = (0u128, 0u128);
        for (end, len) in done {
            bytes += u128::from(len);
            count += 1;
            prop_assert!((bytes - 1) * u128::from(SECOND) <= u128::from(bandwidth) * u128::from(end + 1));
            // What was missed by less than the grace of 10 ms may be made up for.
            prop_assert!((count - 1) * u128::from(SECOND) <= u128::from(iops) * u128::from(end + 10 * MS + 1));
        }
    }

    #[test]
    fn numbers_of_any_size_do_no_harm(
        latency: u64, jitter: u64, bandwidth: u64, stream: u64, iops: u64, parallel: u64, shortest: u64, longest: u64,
        revolution: u64, buffer: u64, seed: u64, reads in prop::collection::vec(any::<(u64, u64, u64, u64)>(), 1..40),
    ) {
        let curve = if seed % 2 == 0 { seedfs::storage::Curve::Root } else { seedfs::storage::Curve::Linear };
        let seek = (seed % 3 > 0).then_some(Seek { shortest, longest, curve, revolution, buffer });
        let spec = Spec {
            latency, jitter, bandwidth: rate(bandwidth), stream: rate(stream), iops: rate(iops), seek,
            parallel: rate(parallel % 100),
        };
        let (mut model, mut again) = (Model::new(spec, seed), Model::new(spec, seed));
        for (now, start, len, span) in reads {
            let read = Access { start, len, span };
            let done = model.arrive(now, read);
            prop_assert!(done >= now);
            prop_assert_eq!(done, again.arrive(now, read));
        }
    }

    #[test]
    fn a_device_that_does_one_thing_at_a_time_is_done_in_order(
        reads in prop::collection::vec((0u64..30 * MS, 0u64..SPAN, 1u64..1 << 20), 1..100), tape: bool,
    ) {
        let mut model = profile(if tape { Disk::Tape } else { Disk::Hdd });
        let (mut now, mut last) = (0, 0);
        for (pause, start, len) in reads {
            now += pause;
            let done = model.arrive(now, access(start, len));
            prop_assert!(done >= last);
            last = done;
        }
    }
}

#[test]
fn every_profile_is_found_by_its_name() {
    for disk in Disk::ALL {
        assert_eq!(disk.name().parse(), Ok(disk));
        let asked = Asked { disk: Some(disk), ..Asked::default() };
        assert_eq!(asked.spec(), Some(disk.spec()));
    }
    assert!("floppy".parse::<Disk>().is_err());
}
