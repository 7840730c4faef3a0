//! The bytes of a trace: a golden vector, whatever is written reads back, whatever is read does no harm.

use proptest::prelude::*;
use seedfs::observe::{Event, Place};
use seedfs::stats::Op;
use seedfs::trace::{Header, MAGIC, Reader, Record, Summary, TraceError, Writer};
use seedfs::vfs::Ino;

const PAGE: &str = include_str!("../man/seedfs-trace.5");

fn read(at: u64, ino: u64, offset: u64, len: u32, count: u32) -> Record {
    Record::Request(Event { offset, len, count, ..Event::plain(at, Op::Read, Ino(ino), true) })
}

fn write(header: &Header, records: &[Record]) -> Vec<u8> {
    let (mut writer, mut bytes) = (Writer::default(), Vec::new());
    writer.header(header, &mut bytes);
    for record in records {
        match record {
            Record::Request(event) => writer.request(event, &mut bytes),
            Record::Name { ino, path } => writer.name(*ino, path, &mut bytes),
            Record::Lost { at, count } => writer.lost(*at, *count, &mut bytes),
            Record::End { at } => writer.end(*at, &mut bytes),
        }
    }
    bytes
}

/// Everything up to the end, and how that was.
fn records(bytes: &[u8]) -> Result<(Vec<Record>, bool), TraceError> {
    let mut reader = Reader::new(bytes)?;
    let mut records = Vec::new();
    while let Some(record) = reader.next_record()? {
        records.push(record);
    }
    Ok((records, reader.is_complete()))
}

/// The example of the page, and what it says.
fn example() -> (Header, Vec<Record>) {
    let header = Header {
        start: 1_700_000_000_000_000_000,
        generation: 3,
        snapshots: false,
        identity: "id".into(),
        dataset: "files = 9\n".into(),
    };
    let failed = Event::plain(65, Op::Lookup, Ino(1), false);
    let records = vec![
        Record::Request(Event::plain(5, Op::Open, Ino(4), true)),
        read(20, 4, 0, 131_072, 131_072),
        read(30, 4, 131_072, 131_072, 131_072),
        read(45, 4, 262_144, 131_072, 100),
        Record::Request(failed),
        Record::Name { ino: (1 << 52) + 1, path: b"s1-9".to_vec() },
        read(70, (1 << 52) + 1, 4, 4096, 5),
        Record::Lost { at: 400, count: 300 },
        Record::End { at: 1000 },
    ];
    (header, records)
}

#[test]
fn the_example_of_the_page_is_what_is_written() {
    let (header, expected) = example();
    let bytes = write(&header, &expected);
    let lines = PAGE.lines().skip_while(|line| *line != ".Sh EXAMPLES").skip_while(|line| !line.starts_with(".Bd"));
    let shown: String =
        lines.skip(1).take_while(|line| *line != ".Ed").map(|line| line.split('#').next().unwrap()).collect();
    let shown = shown.replace(' ', "");
    let written: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(shown, written);
    let mut reader = Reader::new(&bytes[..]).unwrap();
    assert_eq!(*reader.header(), header);
    assert_eq!(reader.next_record().unwrap().as_ref(), expected.first());
    assert_eq!(records(&bytes).unwrap(), (expected, true));
}

#[test]
fn a_reader_in_order_takes_three_bytes_a_request() {
    let reads: Vec<Record> = (0..1000).map(|n| read(n * 300, 2, n * 131_072, 131_072, 131_072)).collect();
    let header = Header::default();
    let bytes = write(&header, &reads).len() - write(&header, &[]).len();
    assert!(bytes <= 3 * 1000 + 8, "{bytes}");
}

fn header() -> impl Strategy<Value = Header> {
    (any::<u64>(), any::<u64>(), any::<bool>(), ".{0,20}", ".{0,60}").prop_map(
        |(start, generation, snapshots, identity, dataset)| Header { start, generation, snapshots, identity, dataset },
    )
}

fn record() -> impl Strategy<Value = Record> {
    let op = proptest::sample::select(Op::ALL.to_vec());
    let number = prop_oneof![0u64..300, any::<u64>()];
    let request = (op, number.clone(), number, 0u32..=64 << 20, any::<u32>(), any::<bool>()).prop_map(
        |(op, ino, offset, len, missing, ok)| {
            let plain = Event::plain(0, op, Ino(ino), ok);
            let count = if ok { len - missing % (len + 1) } else { 0 };
            Record::Request(if op == Op::Read { Event { offset, len, count, ..plain } } else { plain })
        },
    );
    prop_oneof![
        20 => request,
        1 => (any::<u64>(), proptest::collection::vec(any::<u8>(), 0..40)).prop_map(|(ino, path)| Record::Name { ino, path }),
        1 => any::<u64>().prop_map(|count| Record::Lost { at: 0, count }),
    ]
}

/// Records with times that go on, and an end.
fn whole() -> impl Strategy<Value = Vec<Record>> {
    (proptest::collection::vec((record(), 0u64..1 << 40), 0..60), any::<bool>()).prop_map(|(rows, ended)| {
        let mut now = 0;
        let mut records: Vec<Record> = Vec::new();
        for (mut record, passed) in rows {
            now += passed;
            match &mut record {
                Record::Request(event) => event.at = now,
                Record::Lost { at, .. } | Record::End { at } => *at = now,
                Record::Name { .. } => {}
            }
            records.push(record);
        }
        records.extend(ended.then_some(Record::End { at: now }));
        records
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back(header in header(), expected in whole()) {
        let bytes = write(&header, &expected);
        let reader = Reader::new(&bytes[..]).unwrap();
        prop_assert_eq!(reader.header(), &header);
        let ended = matches!(expected.last(), Some(Record::End { .. }));
        prop_assert_eq!(records(&bytes).unwrap(), (expected, ended));
    }

    #[test]
    fn a_file_that_was_cut_behind_its_header_reads_up_to_there(expected in whole(), cut: proptest::sample::Index) {
        let bytes = write(&Header::default(), &expected);
        let head = write(&Header::default(), &[]).len();
        let cut = cut.index(bytes.len() + 1);
        match records(&bytes[..cut]) {
            Ok((found, complete)) => {
                prop_assert!(cut >= head);
                prop_assert_eq!(&found[..], &expected[..found.len()]);
                prop_assert_eq!(complete, found.len() == expected.len() && matches!(expected.last(), Some(Record::End { .. })));
                // Nothing that was there in full is missing.
                let next = write(&Header::default(), &expected[..(found.len() + 1).min(expected.len())]).len();
                prop_assert!(found.len() == expected.len() || cut < next);
            }
            Err(error) => {
                let expected = match error {
                    TraceError::NoTrace => 0..MAGIC.len(),
                    _ => MAGIC.len()..head,
                };
                prop_assert!(expected.contains(&cut), "{error} at {cut}");
            }
        }
    }

    #[test]
    fn garbage_behind_a_header_does_no_harm(garbage: Vec<u8>, expected in whole(), at: proptest::sample::Index) {
        let mut bytes = write(&Header::default(), &expected);
        let head = write(&Header::default(), &[]).len();
        let at = head + at.index(bytes.len() - head + 1);
        bytes.splice(at.., garbage);
        let summary = Summary::read(Reader::new(&bytes[..]).unwrap()).unwrap();
        summary.observed(|_| None);
    }

    #[test]
    fn garbage_alone_is_no_trace(garbage: Vec<u8>) {
        prop_assume!(!garbage.starts_with(b"SEEDFSTR"));
        prop_assert!(matches!(records(&garbage), Err(TraceError::NoTrace)));
    }
}

#[test]
fn numbers_that_nobody_writes_are_refused() {
    let head = write(&Header::default(), &[]);
    let with = |bytes: &[u8]| records(&[&head[..], bytes].concat());
    // A time of 2^64, a read of 2^63 bytes, one that missed more than it asked for, an unknown kind, marks on an end.
    let wrong: [&[u8]; 5] = [
        &[2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0],
        &[5, 0, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1, 1],
        &[5, 0, 0, 0, 4, 6],
        &[20, 0, 0],
        &[0x20 | 29, 0],
    ];
    for bytes in wrong {
        assert!(matches!(with(bytes), Err(TraceError::Damaged { at, .. }) if at == head.len() as u64), "{bytes:?}");
    }
    // A path of 2^60 bytes that the file does not have.
    assert!(with(&[31, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]).is_err());
    let mut later = head.clone();
    later[8] = 2;
    assert!(records(&later).unwrap_err().to_string().contains("version 2"));
}

#[test]
fn a_summary_knows_names_that_came_twice_as_one_file() {
    let ino = |n: u64| (1 << 52) + n;
    let name = |n| Record::Name { ino: ino(n), path: b"dir/s1-9".to_vec() };
    let bytes = write(
        &Header { start: 5_000_000_000, ..Header::default() },
        &[name(0), read(10, ino(0), 0, 9, 9), name(7), read(20, ino(7), 0, 9, 9), Record::End { at: 50 }],
    );
    let summary = Summary::read(Reader::new(&bytes[..]).unwrap()).unwrap();
    assert_eq!((summary.duration, summary.requests, summary.complete), (50, 2, true));
    let observed = summary.observed(|_| None);
    assert_eq!(observed.touched(Place::Unlisted).files, 1);
    assert_eq!(observed.amplification(), Some(2.0));
    assert_eq!((observed.top[0].path.as_str(), observed.top.len()), ("dir/s1-9", 1));
    assert_eq!(observed.first_access, Some(5000));
}
