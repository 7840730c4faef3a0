//! However a file is read, it is the same file.

mod common;

use std::io::{BufRead, Cursor, Read, Seek, SeekFrom};

use common::content::{KINDS, bytes, file, kind};
use proptest::prelude::*;
use proptest::sample::select;
use seedfs::content::{Corpus, Stream, SyntheticFile};
use seedfs::edition::{Edit, Profile};
use seedfs::recipe::Recipe;

/// Offsets where blocks, pages, chunks and units begin and end, and the last ones of all.
fn offset() -> impl Strategy<Value = u64> {
    let borders =
        select(vec![0, 512, 1000, 4096, 8192, 1 << 20, 3 << 20, 256 << 20, 1 << 36, 1 << 52, i64::MAX as u64]);
    prop_oneof![
        (borders, 0u64..300).prop_map(|(border, before)| border.saturating_sub(before)),
        0..(i64::MAX as u64) - 100_000,
    ]
    .prop_map(|offset| offset.min(i64::MAX as u64 - 100_000))
}

proptest! {
    #[test]
    fn any_split_equals_one_pass(
        kind_name in select(&KINDS[..]), seed: u64, offset in offset(),
        sizes in prop::collection::vec(prop_oneof![0usize..40, 0usize..6000], 1..12),
    ) {
        let whole = bytes(kind_name, seed, offset, sizes.iter().sum());
        let mut at = 0;
        for size in sizes {
            prop_assert!(bytes(kind_name, seed, offset + at as u64, size) == whole[at..at + size], "{} at {}", size, at);
            at += size;
        }
    }

    #[test]
    fn any_order_of_reads_by_any_number_of_threads_equals_one_pass(
        kind_name in select(&KINDS[..]), seed: u64, offset in offset(), piece in 1usize..5000, threads in 1usize..5,
        order in Just((0..16usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let corpus = Corpus::builtin();
        let stream = Stream::new(kind(kind_name), seed, &corpus);
        let mut whole = vec![0; 16 * piece];
        stream.fill(offset, &mut whole);
        std::thread::scope(|scope| {
            for share in order.chunks(16usize.div_ceil(threads)) {
                let (stream, whole) = (&stream, &whole);
                scope.spawn(move || for &part in share {
                    let mut out = vec![0; piece];
                    stream.fill(offset + (part * piece) as u64, &mut out);
                    assert!(out == whole[part * piece..][..piece], "part {part}");
                });
            }
        });
    }

    #[test]
    fn a_longer_file_starts_with_the_shorter_one(
        kind_name in select(&KINDS[..]), seed: u64, short in 0u64..20_000, more in 0u64..20_000,
    ) {
        let read = |size| {
            let mut all = Vec::new();
            file(kind_name, seed, size).read_to_end(&mut all).map(|_| all)
        };
        let (short_file, long_file) = (read(short)?, read(short + more)?);
        prop_assert_eq!(short_file.len() as u64, short);
        prop_assert!(long_file.starts_with(&short_file));
        prop_assert!(long_file == bytes(kind_name, seed, 0, (short + more) as usize));
    }

    /// The model is a cursor over the same bytes; both see the same calls.
    #[test]
    fn a_file_behaves_as_its_bytes_in_memory_do(
        kind_name in select(&KINDS[..]), seed: u64, size in prop_oneof![0u64..10, 0u64..30_000],
        calls in prop::collection::vec(call(), 1..40),
    ) {
        let mut synthetic = file(kind_name, seed, size);
        let mut model = Cursor::new(bytes(kind_name, seed, 0, size as usize));
        for call in calls {
            prop_assert_eq!(call.run(&mut synthetic), call.run(&mut model), "{:?}", call);
            prop_assert_eq!(synthetic.stream_position()?, model.position());
        }
        let mut at = vec![0; 777];
        let offset = model.position();
        let len = synthetic.read_at(offset, &mut at);
        let start = (offset as usize).min(model.get_ref().len());
        let expected = &model.get_ref()[start..];
        prop_assert!(at[..len] == expected[..expected.len().min(777)]);
        prop_assert_eq!(synthetic.stream_position()?, offset, "read_at leaves the position alone");
    }
}

#[derive(Debug, Clone)]
enum Call {
    Read(usize),
    Line,
    Seek(SeekFrom),
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        3 => prop_oneof![0usize..200, 0usize..10_000].prop_map(Call::Read),
        1 => Just(Call::Line),
        1 => (0u64..40_000).prop_map(|to| Call::Seek(SeekFrom::Start(to))),
        1 => (-9000i64..9000).prop_map(|by| Call::Seek(SeekFrom::Current(by))),
        1 => (-31_000i64..100).prop_map(|by| Call::Seek(SeekFrom::End(by))),
    ]
}

impl Call {
    /// What a caller can see of it.
    fn run(&self, file: &mut (impl BufRead + Seek)) -> Result<Vec<u8>, std::io::ErrorKind> {
        let seen = match self {
            Call::Read(len) => {
                let mut buf = vec![0; *len];
                file.read(&mut buf).map(|len| buf[..len].to_vec())
            }
            Call::Line => {
                let mut line = Vec::new();
                file.read_until(b'\n', &mut line).map(|_| line)
            }
            Call::Seek(to) => file.seek(*to).map(|position| position.to_le_bytes().to_vec()),
        };
        seen.map_err(|error| error.kind())
    }
}

#[test]
fn the_largest_file_reads_to_its_last_byte_and_not_further() {
    for kind_name in KINDS {
        let mut file = file(kind_name, 3, i64::MAX as u64);
        assert_eq!(file.seek(SeekFrom::End(-5000)).unwrap(), i64::MAX as u64 - 5000);
        let mut end = Vec::new();
        file.read_to_end(&mut end).unwrap();
        assert!(end == bytes(kind_name, 3, i64::MAX as u64 - 5000, 5000), "{kind_name}");
        assert_eq!(file.read_at(u64::MAX, &mut [0; 10]), 0);
        assert_eq!(file.seek(SeekFrom::Current(1)).unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
    }
}

/// The engine promises no panic where a last page or unit reaches beyond the end.
#[test]
fn reads_may_reach_beyond_the_last_offset() {
    for kind_name in KINDS {
        let whole = bytes(kind_name, u64::MAX, i64::MAX as u64, 9000);
        assert!(whole[1..] == bytes(kind_name, u64::MAX, 1 << 63, 8999), "{kind_name}");
    }
}

#[test]
fn editions_are_the_same_in_short_reads_and_long_ones() {
    let drawn = Profile::ALL.into_iter().filter_map(|profile| profile.edition(30));
    for edition in Edit::ALL.map(Edit::edition).into_iter().chain(drawn) {
        let recipe = Recipe { kind: kind("text"), seed: 5, size: 40_000, edition };
        let mut file = SyntheticFile::with_builtin(recipe).unwrap();
        let mut whole = vec![0; file.len() as usize];
        assert_eq!(file.read_at(0, &mut whole), whole.len());
        let mut short = Vec::new();
        while let Ok(n @ 1..) = file.by_ref().take(7).read_to_end(&mut short) {
            assert!(n <= 7);
        }
        assert!(short == whole, "{recipe}");
    }
}
