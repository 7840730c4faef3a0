//! What is observed, against a naive model that remembers everything.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proptest::prelude::*;
use seedfs::observe::{Event, Observed, Picture, Place, Report, SizeClass, Step, TopFile, Touched};
use seedfs::stats::{Counters, Op};
use seedfs::trace::Totals;
use seedfs::vfs::Ino;

/// Inodes of names that are not listed start here.
const UNLISTED: u64 = 1 << 52;

fn read(at: u64, ino: u64, offset: u64, count: u32) -> Event {
    Event { offset, len: count, count, ..Event::plain(at, Op::Read, Ino(ino), true) }
}

/// Requests about a few files, some of them reads, some failed.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let file = prop_oneof![2u64..12, UNLISTED..UNLISTED + 4];
    let op = prop_oneof![4 => Just(Op::Read), 1 => Just(Op::Open), 1 => Just(Op::GetAttr)];
    let one = (file, op, 0u64..40_000, 0u32..20_000, 0u32..3, any::<bool>());
    proptest::collection::vec(one, 0..150).prop_map(|rows| {
        let event = |(at, (ino, op, offset, len, short, ok)): (usize, (u64, Op, u64, u32, u32, bool))| {
            let plain = Event::plain(at as u64 * 1000, op, Ino(ino), ok);
            if op == Op::Read {
                Event { offset, len, count: if ok { len >> short } else { 0 }, ..plain }
            } else {
                plain
            }
        };
        rows.into_iter().enumerate().map(event).collect()
    })
}

/// Everything, byte by byte.
#[derive(Default)]
struct Model {
    files: BTreeSet<u64>,
    bytes: BTreeSet<(u64, u64)>,
    read: BTreeMap<u64, u64>,
    ends: HashMap<u64, u64>,
    steps: [u64; 4],
    order: Vec<u64>,
}

impl Model {
    fn add(&mut self, event: &Event) {
        if !event.ok || !matches!(event.op, Op::Read | Op::Open) {
            return;
        }
        if self.files.insert(event.ino.0) && event.ino.0 < UNLISTED {
            self.order.push(event.ino.0);
        }
        if event.op == Op::Read {
            let end = event.offset + u64::from(event.count);
            self.bytes.extend((event.offset..end).map(|byte| (event.ino.0, byte)));
            *self.read.entry(event.ino.0).or_default() += u64::from(event.count);
            let step = match self.ends.insert(event.ino.0, end) {
                None => Step::First,
                Some(before) if before == event.offset => Step::Next,
                Some(before) if before < event.offset => Step::Ahead,
                Some(_) => Step::Back,
            };
            self.steps[step as usize] += 1;
        }
    }

    fn touched(&self, place: Place) -> Touched {
        let here = |ino: &u64| (*ino >= UNLISTED) == (place == Place::Unlisted);
        Touched {
            files: self.files.iter().filter(|ino| here(ino)).count() as u64,
            bytes: self.bytes.iter().filter(|(ino, _)| here(ino)).count() as u64,
            read_bytes: self.read.iter().filter(|(ino, _)| here(ino)).map(|(_, bytes)| bytes).sum(),
        }
    }
}

proptest! {
    #[test]
    fn all_figures_are_exact_while_there_are_few(events in events()) {
        let (mut picture, mut model) = (Picture::default(), Model::default());
        for event in &events {
            let before = model.bytes.len();
            model.add(event);
            prop_assert_eq!(picture.add(event), Some((model.bytes.len() - before) as u64));
        }
        let observed = Observed::of(&picture, 0, |_| None);
        prop_assert!(observed.files_exact && observed.bytes_exact);
        for place in Place::ALL {
            prop_assert_eq!(observed.touched(place), model.touched(place));
        }
        for step in Step::ALL {
            prop_assert_eq!(observed.steps[step.name()], model.steps[step as usize]);
        }
        let forward = model.order.windows(2).filter(|pair| pair[0] < pair[1]).count() as u64;
        let all = model.order.len().saturating_sub(1) as u64;
        prop_assert_eq!((observed.files_forward, observed.files_backward), (forward, all - forward));
        let reads: u64 = observed.sizes.iter().map(|class| class.reads).sum();
        prop_assert_eq!(reads, model.steps.iter().sum::<u64>());
        let mut top: Vec<u64> = model.read.values().copied().collect();
        top.sort_by_key(|&bytes| std::cmp::Reverse(bytes));
        let shown: Vec<u64> = observed.top.iter().map(|file| file.bytes).collect();
        prop_assert_eq!(&shown[..], &top[..top.len().min(10)]);
    }

    /// Limits so low that nearly all is estimated; what is estimated never leaves what is possible.
    #[test]
    fn estimates_stay_within_what_is_possible(events in events(), extents in 0usize..4, sample in 1usize..20) {
        let (mut picture, mut model) = (Picture::with_limits(extents, sample, 2), Model::default());
        for event in &events {
            picture.add(event);
            model.add(event);
            for place in Place::ALL {
                let (bytes, truth) = (picture.bytes(place), model.touched(place));
                prop_assert!(bytes.count <= truth.read_bytes);
                prop_assert!(!bytes.exact || bytes.count == truth.bytes);
                let files = picture.files(place);
                prop_assert!(!files.exact || files.count == truth.files);
            }
        }
    }
}

#[test]
fn many_files_and_bytes_are_estimated_within_two_percent() {
    let mut picture = Picture::default();
    let files = 500_000u64;
    for index in 0..files {
        // In no order, and each twice.
        let ino = 2 * (index * 7_919 % files) + 2;
        let count = 1 + (ino % 10_000) as u32;
        for _ in 0..2 {
            picture.add(&read(index, ino, 0, count));
        }
    }
    let truth: u64 = (0..files).map(|index| 1 + (2 * index + 2) % 10_000).sum();
    let (found, bytes) = (picture.files(Place::Listed), picture.bytes(Place::Listed));
    assert!(!found.exact && !bytes.exact);
    for (estimate, truth) in [(found.count, files), (bytes.count, truth)] {
        let error = estimate as f64 / truth as f64 - 1.0;
        assert!(error.abs() < 0.02, "{estimate} for {truth}");
    }
    assert_eq!(picture.files(Place::Unlisted).count, 0);
}

#[test]
fn one_long_reader_takes_no_memory_and_stays_exact() {
    let mut picture = Picture::default();
    for request in 0..200_000u64 {
        picture.add(&read(request, 2, request * 4096, 4096));
    }
    let bytes = picture.bytes(Place::Listed);
    assert!(bytes.exact);
    assert_eq!(bytes.count, 200_000 * 4096);
    let observed = Observed::of(&picture, 0, |_| None);
    assert_eq!((observed.sequential(), observed.amplification()), (Some(1.0), Some(1.0)));
}

#[test]
fn offsets_at_the_end_of_the_largest_file_do_not_overflow() {
    let mut picture = Picture::default();
    for offset in [u64::MAX, u64::MAX - 1, i64::MAX as u64, 0] {
        picture.add(&read(0, 2, offset, u32::MAX >> 8));
    }
    assert!(picture.bytes(Place::Listed).count > 0);
}

/// Figures of any size, with paths of any characters.
fn observed() -> impl Strategy<Value = Observed> {
    // JSON and Prometheus alike hold integers exactly up to 2^53.
    let number = || 0u64..1 << 53;
    let touched =
        (number(), number(), number()).prop_map(|(files, bytes, read_bytes)| Touched { files, bytes, read_bytes });
    let top = proptest::collection::btree_map("[^\r]{1,20}", (number(), number()), 0..5);
    let trace = proptest::option::of((number(), number(), number(), any::<bool>()));
    let sizes = proptest::collection::vec(0u64..1 << 40, 13);
    let times = proptest::option::of((0u64..1 << 42, 0u64..1 << 42));
    (touched.clone(), touched, any::<(bool, bool)>(), top, trace, sizes, times, [number(), number(), number()])
        .prop_map(
            |(listed, unlisted, (files_exact, bytes_exact), top, trace, sizes, times, [forward, backward, dropped])| {
                let limits = seedfs::observe::SIZE_LIMITS.into_iter().map(Some).chain([None]);
                Observed {
                    requests: [("read".to_owned(), backward)].into(),
                    first_access: times.map(|times| times.0),
                    last_access: times.map(|times| times.1),
                    touched: [("listed".to_owned(), listed), ("unlisted".to_owned(), unlisted)].into(),
                    files_exact,
                    bytes_exact,
                    listed_files: Some(listed.files),
                    listed_bytes: Some(listed.bytes),
                    steps: Step::ALL.into_iter().map(|step| (step.name().to_owned(), forward)).collect(),
                    files_forward: forward,
                    files_backward: backward,
                    sizes: limits.zip(sizes).map(|(up_to, reads)| SizeClass { up_to, reads }).collect(),
                    asked_bytes: dropped,
                    top: top.into_iter().map(|(path, (bytes, over))| TopFile { path, bytes, over }).collect(),
                    dropped,
                    trace: trace.map(|(requests, bytes, lost, failed)| Totals { requests, bytes, lost, failed }),
                    ..Observed::default()
                }
            },
        )
}

proptest! {
    #[test]
    fn the_text_of_the_counters_reads_back_as_what_was_written(observed in observed()) {
        let counters = Counters::default();
        counters.count(Op::Read);
        let report = Report::parse(&(counters.prometheus() + &observed.prometheus())).unwrap();
        prop_assert_eq!(report.requests["read"], 1);
        prop_assert_eq!(report.observed, Some(observed));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text: String) {
        let _ = Report::parse(&text);
    }

    #[test]
    fn nor_does_one_that_looks_like_counters(
        rows in proptest::collection::vec(
            ("(seedfs_(requests_total|read_size_bytes_bucket|top_file_bytes(_over)?|touched_files|access_time_seconds|listed_bytes))",
             "(\\{[a-z]{0,2}=?\"?[a-z\\\\\"n]{0,5}\"?\\}?)?", " ?", "(-?[0-9]{0,25}(\\.[0-9]{0,3})?|NaN|\\+Inf|1e999)"),
            0..30,
        ),
    ) {
        let text: String = rows.into_iter().map(|(name, label, space, value)| format!("{name}{label}{space}{value}\n")).collect();
        if let Ok(report) = Report::parse(&text) {
            report.observed.map(|observed| (observed.amplification(), observed.sequential(), observed.prometheus()));
        }
    }
}

#[test]
fn what_is_no_report_is_told() {
    for text in ["", "hello\n", "up 1\n", "seedfs_requests_total"] {
        assert_eq!(Report::parse(text).unwrap_err().to_string(), "holds no counters of a mount");
    }
    let sink = "# HELP seedfs_sink_paths x\nseedfs_sink_paths{state=\"complete\"} 1\n";
    assert!(Report::parse(sink).unwrap_err().to_string().starts_with("is a sink"));
    let plain = Report::parse(&Counters::default().prometheus()).unwrap();
    assert_eq!(plain.observed, None);
}
