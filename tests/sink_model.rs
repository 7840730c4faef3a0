//! The judging core of a sink against a naive one that keeps every byte: what it calls right is right, whatever was done
//! to the file; and what is right it calls so, within the documented limits.

use std::ops::ControlFlow;

use proptest::prelude::*;
use seedfs::content::Corpus;
use seedfs::expected::{Demand, Expected, What};
use seedfs::recipe::{Kind, Recipe};
use seedfs::sink::{Change, Class, NodeType, Report, Rules, Sink, Target};
use seedfs::vfs::Ino;

/// Files `a` and `b` of a flat tree, and nothing else.
#[derive(Debug)]
struct Two([Recipe; 2]);

const NAMES: [&[u8]; 2] = [b"a", b"b"];

/// Names that a file may have while it is written: two that are demanded, one that leads to a demanded one, one that
/// says nothing.
const ALL_NAMES: [&[u8]; 4] = [b"a", b"b", b".a.XXXXXX", b"unknown"];

impl Expected for Two {
    fn demand(&self, path: &[u8]) -> Option<Demand> {
        let place = NAMES.iter().position(|name| *name == path)?;
        let what = What::File { recipe: self.0[place], links: None };
        Some(Demand { number: Some(place as u64), what, perm: None, mtime: None, owner: None })
    }

    fn total(&self) -> Option<u64> {
        Some(2)
    }

    fn visit(&self, visit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) {
        let _ = NAMES.iter().try_for_each(|name| visit(name));
    }

    fn write_name(&self, number: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(NAMES[number as usize]);
    }

    fn write_path(&self, number: u64, out: &mut Vec<u8>) {
        self.write_name(number, out);
    }

    fn neighbours(&self, _: &[u8]) -> Vec<Recipe> {
        self.0.to_vec()
    }
}

fn bytes(recipe: &Recipe) -> Vec<u8> {
    let mut bytes = vec![0; recipe.bytes() as usize];
    recipe.fill(&Corpus::builtin(), 0, &mut bytes).unwrap();
    bytes
}

/// One thing that is done to a file.
#[derive(Debug, Clone)]
enum Step {
    /// Writes bytes of the first or second file, zeros, or others, from one offset of the source to another.
    Write {
        source: usize,
        from: usize,
        to: usize,
        len: usize,
    },
    /// All of a file in pieces of this size, forwards or backwards.
    Fill {
        source: usize,
        piece: usize,
        backwards: bool,
    },
    Truncate(usize),
    Punch {
        at: usize,
        len: usize,
    },
    Rename(usize),
    /// Closes and opens.
    Reopen,
    /// A report in between, which remembers what it found.
    Report,
}

fn steps(size: usize) -> impl Strategy<Value = Vec<Step>> {
    let at = 0..size + 100;
    let len = prop_oneof![0..200usize, Just(4096), Just(size / 3)];
    let write = (0..4usize, at.clone(), at.clone(), len.clone(), any::<bool>())
        .prop_map(|(source, from, to, len, same)| Step::Write { source, from: if same { to } else { from }, to, len });
    let fill = (0..2usize, prop_oneof![Just(100usize), Just(4096), Just(1 << 20)], any::<bool>())
        .prop_map(move |(source, piece, backwards)| Step::Fill { source, piece: piece.max(size / 200), backwards });
    let step = prop_oneof![
        6 => write,
        3 => fill,
        1 => prop_oneof![0..size + 100, Just(0), Just(size)].prop_map(Step::Truncate),
        1 => (at, len).prop_map(|(at, len)| Step::Punch { at, len }),
        3 => (0..ALL_NAMES.len()).prop_map(Step::Rename),
        1 => Just(Step::Reopen),
        1 => Just(Step::Report),
    ];
    proptest::collection::vec(step, 1..14)
}

/// A sink with one file, and the file as it would be on a disk.
struct Pair {
    sink: Sink,
    ino: Ino,
    name: usize,
    disk: Vec<u8>,
    sources: [Vec<u8>; 2],
}

impl Pair {
    fn new(recipes: [Recipe; 2], name: usize) -> Self {
        let sink = Sink::new(Box::new(Two(recipes)), Corpus::builtin(), Rules::default(), (0, 0));
        let ino = sink.mknod(Ino::ROOT, ALL_NAMES[name], NodeType::Regular, 0o644, (0, 0)).unwrap().ino;
        sink.open(ino).unwrap();
        Self { sink, ino, name, disk: Vec::new(), sources: recipes.map(|recipe| bytes(&recipe)) }
    }

    fn write(&mut self, at: usize, data: &[u8]) {
        self.sink.write(self.ino, at as u64, data).unwrap();
        if !data.is_empty() {
            self.disk.resize(self.disk.len().max(at + data.len()), 0);
            self.disk[at..at + data.len()].copy_from_slice(data);
        }
    }

    fn run(&mut self, step: &Step) {
        match *step {
            Step::Write { source, from, to, len } => {
                let data: Vec<u8> = match source {
                    0 | 1 => self.sources[source].iter().skip(from).take(len).copied().collect(),
                    2 => vec![0; len],
                    _ => (0..len).map(|place| (place * 7 + from) as u8).collect(),
                };
                self.write(to, &data);
            }
            Step::Fill { source, piece, backwards } => {
                let data = self.sources[source].clone();
                let mut starts: Vec<usize> = (0..data.len()).step_by(piece).collect();
                if backwards {
                    starts.reverse();
                }
                for start in starts {
                    self.write(start, &data[start..data.len().min(start + piece)]);
                }
            }
            Step::Truncate(size) => {
                let change = Change { size: Some(size as u64), ..Change::default() };
                self.sink.setattr(self.ino, change).unwrap();
                self.disk.resize(size, 0);
            }
            Step::Punch { at, len } => {
                self.sink.allocate(self.ino, at as u64, len as u64, false, true).unwrap();
                let end = (at + len).min(self.disk.len());
                self.disk[at.min(end)..end].fill(0);
            }
            Step::Rename(name) => {
                let target = (Ino::ROOT, ALL_NAMES[name]);
                self.sink.rename((Ino::ROOT, ALL_NAMES[self.name]), target, Target::Replace).unwrap();
                self.name = name;
            }
            Step::Reopen => {
                self.sink.release(self.ino);
                self.sink.open(self.ino).unwrap();
            }
            Step::Report => drop(self.report()),
        }
    }

    fn report(&self) -> Report {
        self.sink.report(10, true)
    }

    /// Reading gives what was written, or nothing.
    fn check_reads(&self) -> bool {
        assert_eq!(self.sink.getattr(self.ino).unwrap().size, self.disk.len() as u64);
        let mut all_known = true;
        for start in (0..self.disk.len()).step_by(4096) {
            let mut buf = [0; 4096];
            match self.sink.read(self.ino, start as u64, &mut buf) {
                Ok(len) => assert!(buf[..len] == self.disk[start..self.disk.len().min(start + 4096)], "{start}"),
                Err(_) => all_known = false,
            }
        }
        all_known
    }
}

fn recipe(kind: Kind, seed: u64, size: usize) -> Recipe {
    Recipe { kind, seed, size: size as u64, edition: 0 }
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![Just("random"), Just("text"), Just("zero"), Just("c100"), Just("c90"), Just("stamp")]
        .prop_map(|kind| kind.parse().unwrap())
}

/// What the report says about the file, compared with its bytes. `all_decided` says that nothing may be left open.
fn check(pair: &mut Pair, all_decided: bool) -> Result<(), TestCaseError> {
    pair.sink.release(pair.ino);
    for (name, text) in NAMES.into_iter().enumerate() {
        pair.run(&Step::Rename(name));
        let report = pair.report();
        let right = pair.disk == pair.sources[name];
        prop_assert!(!report.perfect, "one of two files is missing");
        prop_assert_eq!(report.counts.missing, 1);
        if report.counts.complete == 1 {
            prop_assert!(right, "called complete");
        } else {
            prop_assert_eq!(report.counts.incomplete + report.counts.mismatched, 1);
            prop_assert!(!(right && all_decided), "right, but called {:?}", report.list);
            let fault = report.list.iter().find(|item| item.class != Class::Missing);
            prop_assert!(fault.is_some_and(|item| item.path.as_bytes() == text));
        }
        let again = pair.report();
        prop_assert_eq!(again.counts, report.counts);
    }
    let all_known = pair.check_reads();
    prop_assert!(all_known || !all_decided);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Small files stay in memory where they are not what is demanded, so that nothing is ever left open.
    #[test]
    fn small_files_are_always_decided(
        kinds in (kinds(), kinds()), sizes in (0usize..6000, 0usize..6000), name in 0..ALL_NAMES.len(),
        steps in steps(5000),
    ) {
        let mut pair = Pair::new([recipe(kinds.0, 1, sizes.0), recipe(kinds.1, 2, sizes.1)], name);
        for step in &steps {
            pair.run(step);
        }
        check(&mut pair, true)?;
    }

    /// Of large ones digests remain, which a later write may spoil: then they are not complete, and never falsely so.
    #[test]
    fn large_files_are_never_falsely_complete(
        kinds in (kinds(), kinds()), size in 300_000usize..3_000_000, same: bool, name in 0..ALL_NAMES.len(),
        steps in steps(1_000_000),
    ) {
        let other = if same { size } else { size / 2 };
        let mut pair = Pair::new([recipe(kinds.0, 1, size), recipe(kinds.1, 2, other)], name);
        for step in &steps {
            pair.run(step);
        }
        check(&mut pair, false)?;
    }

    /// Whatever was there before: a file that is then written whole, under any name and in any order of large pieces, is
    /// decided.
    #[test]
    fn a_file_written_whole_is_decided(
        kind in kinds(), size in 1usize..3_000_000, name in 0..ALL_NAMES.len(), steps in steps(500_000),
        piece in 8192usize..1_500_000, backwards: bool, emptied: bool,
    ) {
        let mut pair = Pair::new([recipe(kind, 1, size), recipe(Kind::Random, 2, 1000)], name);
        for step in &steps {
            pair.run(step);
        }
        pair.run(&Step::Truncate(if emptied { 0 } else { size }));
        pair.run(&Step::Fill { source: 0, piece, backwards });
        pair.run(&Step::Rename(0));
        let report = pair.report();
        prop_assert_eq!(report.counts.complete, 1, "{:?}", report.list);
    }
}

#[test]
fn too_many_pieces_are_not_proved_until_the_file_is_written_in_fewer() {
    let size = 4_000_000;
    let mut pair = Pair::new([recipe(Kind::Random, 1, size), recipe(Kind::Random, 2, 10)], 0);
    for at in (0..size).step_by(200) {
        let data = pair.sources[0][at..at + 100].to_vec();
        pair.write(at, &data);
    }
    let report = pair.report();
    assert_eq!((report.counts.complete, report.counts.incomplete), (0, 1), "{:?}", report.list);
    for at in (100..size).step_by(200) {
        let data = pair.sources[0][at..at + 100].to_vec();
        pair.write(at, &data);
    }
    assert_eq!(pair.report().counts.complete, 0, "some pieces were left out");
    pair.run(&Step::Fill { source: 0, piece: 50_000, backwards: false });
    assert_eq!(pair.report().counts.complete, 1);
}

/// A report that is made while a file is being written must not make a later one forget what was written meanwhile.
#[test]
fn reports_beside_writers_never_hide_a_wrong_byte() {
    let size = 50_000;
    for round in 0..200u64 {
        let pair = Pair::new([recipe(Kind::Random, 1, size), recipe(Kind::Random, 2, 0)], 0);
        pair.sink.mknod(Ino::ROOT, b"b", NodeType::Regular, 0o644, (0, 0)).unwrap();
        pair.sink.write(pair.ino, 0, &pair.sources[0]).unwrap();
        pair.sink.release(pair.ino);
        assert!(pair.sink.report(1, false).perfect);
        std::thread::scope(|scope| {
            let sink = &pair.sink;
            scope.spawn(move || {
                for _ in 0..20 {
                    sink.report(1, false);
                }
            });
            // With a handle, and without one.
            if round % 2 == 0 {
                sink.open(pair.ino).unwrap();
                sink.write(pair.ino, round * 100, &[pair.sources[0][round as usize * 100] ^ 1]).unwrap();
                sink.release(pair.ino);
            } else {
                let change = Change { size: Some(size as u64 - 1), ..Change::default() };
                sink.setattr(pair.ino, change).unwrap();
            }
        });
        assert!(!pair.report().perfect, "round {round}");
    }
}
