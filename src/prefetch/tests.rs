//! Readers of all kinds, and what is pushed for them.

use super::stream::{GAP, LEAD, START};
use super::walk::{STEPS, WINDOW};
use super::*;

const REQUEST: u64 = 128 << 10;
const BATCH: u64 = 8 << 20;
const FILE: Ino = Ino(2);

/// All chunks that are planned now.
fn chunks(planner: &mut Planner) -> Vec<Chunk> {
    std::iter::from_fn(|| planner.next_chunk()).collect()
}

/// Reads in order from one offset to another; whether any request led to a push.
fn read(planner: &mut Planner, ino: Ino, from: u64, to: u64) -> bool {
    let mut pushed = false;
    for offset in (from..to).step_by(REQUEST as usize) {
        pushed |= planner.on_read(ino, offset, REQUEST, || None);
    }
    pushed
}

/// The one hole in consecutive chunks, and where they end.
fn gap_and_end(chunks: &[Chunk]) -> (u64, u64) {
    let holes: Vec<u64> = chunks
        .windows(2)
        .filter(|pair| pair[0].offset + pair[0].len != pair[1].offset)
        .map(|pair| pair[0].offset + pair[0].len)
        .collect();
    assert_eq!(holes.len(), 1, "{holes:?}");
    let last = chunks.last().unwrap();
    (holes[0], last.offset + last.len)
}

#[test]
fn a_sequential_reader_gets_one_batch_with_a_gap_in_its_middle() {
    let mut planner = Planner::new(BATCH);
    assert!(read(&mut planner, FILE, 0, START));
    let chunks = chunks(&mut planner);
    assert_eq!(chunks[0].offset, START + LEAD);
    assert_eq!(chunks.iter().map(|c| c.len).sum::<u64>(), BATCH - GAP);
    assert_eq!(gap_and_end(&chunks), (START + LEAD + BATCH / 2, START + LEAD + BATCH));
}

#[test]
fn only_a_reader_that_follows_gets_more() {
    let mut planner = Planner::new(BATCH);
    read(&mut planner, FILE, 0, START);
    let (gap, end) = gap_and_end(&chunks(&mut planner));
    assert_eq!(planner.next_chunk(), None, "nothing without a further request");
    assert!(planner.on_read(FILE, gap, GAP, || None));
    let more = chunks(&mut planner);
    assert_eq!(more[0].offset, end);
    assert_eq!(gap_and_end(&more), (end + BATCH / 2, end + BATCH));
}

#[test]
fn requests_out_of_order_still_count_as_sequential() {
    let mut planner = Planner::new(BATCH);
    let mut pushed = false;
    for pair in 0..START / REQUEST / 2 {
        pushed |= planner.on_read(FILE, (2 * pair + 1) * REQUEST, REQUEST, || None);
        pushed |= planner.on_read(FILE, 2 * pair * REQUEST, REQUEST, || None);
    }
    assert!(pushed);
}

#[test]
fn random_readers_get_nothing() {
    let mut planner = Planner::new(BATCH);
    for i in 0..10_000u64 {
        let offset = crate::dataset::draw::mix(i) % (1 << 40);
        assert!(!planner.on_read(FILE, offset, 4096, || None));
    }
    assert_eq!(planner.next_chunk(), None);
}

#[test]
fn what_a_fast_reader_asks_for_itself_is_not_pushed() {
    let mut planner = Planner::new(BATCH);
    read(&mut planner, FILE, 0, START);
    read(&mut planner, FILE, START, 3 * START);
    let first = planner.next_chunk().unwrap();
    // It overtook the plan, which then started anew a little ahead of it.
    assert_eq!(first.offset, 2 * START + REQUEST + LEAD);
}

#[test]
fn a_jump_ends_the_plan() {
    let mut planner = Planner::new(BATCH);
    read(&mut planner, FILE, 0, START);
    assert!(!planner.on_read(FILE, 1 << 40, REQUEST, || None));
    assert_eq!(planner.next_chunk(), None);
    assert!(read(&mut planner, FILE, 1 << 40, (1 << 40) + START), "and a new run starts a new one");
}

#[test]
fn files_take_turns_and_can_be_stopped() {
    let mut planner = Planner::new(BATCH);
    read(&mut planner, Ino(2), 0, START);
    read(&mut planner, Ino(4), 0, START);
    let order: Vec<u64> = (0..4).map(|_| planner.next_chunk().unwrap().ino.0).collect();
    assert_eq!(order, [2, 4, 2, 4]);
    let chunk = Chunk { ino: Ino(2), offset: 0, len: 2, source: Source::Reader(Ino(2)) };
    planner.report(&chunk, Outcome::Pushed(1));
    assert!(chunks(&mut planner).iter().all(|chunk| chunk.ino == Ino(4)));
}

#[test]
fn hostile_offsets_do_not_overflow() {
    let mut planner = Planner::new(u64::MAX);
    for offset in [0, u64::MAX, u64::MAX - 5, 1 << 63] {
        for _ in 0..3 {
            planner.on_read(FILE, offset, 2 << 20, || None);
            planner.next_chunk();
        }
    }
}

const SIBLINGS: Siblings = Siblings { first: Ino(100), step: 2, count: 5000 };

/// Reads the small file at a position of the directory.
fn open(planner: &mut Planner, position: u64) -> bool {
    planner.on_read(Ino(100 + 2 * position), 0, 4096, || Some(SIBLINGS))
}

fn positions(chunks: &[Chunk]) -> Vec<u64> {
    assert!(chunks.iter().all(|chunk| chunk.offset == 0));
    chunks.iter().map(|chunk| (chunk.ino.0 - 100) / 2).collect()
}

#[test]
fn files_opened_in_order_bring_the_next_ones_with_a_gap() {
    let mut planner = Planner::new(64 << 20);
    let steps = u64::from(STEPS);
    // The first one is near nothing.
    assert!((0..steps).all(|position| !open(&mut planner, position)));
    assert!(open(&mut planner, steps));
    let start = steps + 1;
    let gap = start + WINDOW / 2;
    let expected: Vec<u64> = (start..start + WINDOW).filter(|&p| p != gap).collect();
    assert_eq!(positions(&chunks(&mut planner)), expected);

    assert!(open(&mut planner, gap), "the gap is read: somebody follows");
    let more = positions(&chunks(&mut planner));
    assert_eq!((more[0], more.len() as u64), (start + WINDOW, WINDOW - 1));
}

#[test]
fn the_end_of_the_directory_is_not_passed() {
    let mut planner = Planner::new(BATCH);
    for position in 4988..4995 {
        open(&mut planner, position);
    }
    assert_eq!(positions(&chunks(&mut planner)), [4995, 4996, 4997, 4998, 4999]);
    assert!(!open(&mut planner, 4999));
}

#[test]
fn files_opened_in_any_other_order_bring_nothing() {
    let mut planner = Planner::new(BATCH);
    for i in 0..3000u64 {
        assert!(!open(&mut planner, crate::dataset::draw::mix(i) % 5000 / 10 * 10));
    }
    assert!((0..100).rev().all(|position| !open(&mut planner, position)));
}

#[test]
fn a_reader_that_skips_most_files_gets_one_window_at_most() {
    let mut planner = Planner::new(BATCH);
    for position in 0..=u64::from(STEPS) + 1 {
        open(&mut planner, position);
    }
    assert!(!chunks(&mut planner).is_empty());
    assert!((0..5000).step_by(50).all(|position| !open(&mut planner, position)));
}

#[test]
fn files_that_are_asked_for_all_the_same_are_pushed_ever_less() {
    let mut planner = Planner::new(BATCH);
    let mut pushed = 0;
    for position in 0..5000 {
        open(&mut planner, position);
        pushed += chunks(&mut planner).len();
    }
    // A window after 6 steps, 12, 24 and so on.
    assert!((1000..4500).contains(&pushed), "{pushed}");
}

#[test]
fn a_small_batch_makes_a_small_window() {
    let mut planner = Planner::new(1 << 20);
    for position in 0..=u64::from(STEPS) {
        open(&mut planner, position);
    }
    assert_eq!(chunks(&mut planner).len(), 15);
}

#[test]
fn one_directory_is_pushed_after_the_other() {
    let mut planner = Planner::new(BATCH);
    let siblings = |first| Siblings { first: Ino(first), step: 2, count: 10 };
    for first in [1000, 5000] {
        (0..3).for_each(|i| {
            planner.on_read(Ino(first + 2 * i), 0, 4096, || Some(siblings(first)));
        });
    }
    let order: Vec<bool> = chunks(&mut planner).iter().map(|chunk| chunk.ino < Ino(5000)).collect();
    assert!(order.is_sorted_by_key(|first| !first), "{order:?}");
    assert!(order.contains(&true) && order.contains(&false));
}

#[test]
fn a_walk_that_is_refused_stops() {
    let mut planner = Planner::new(BATCH);
    for position in 0..=u64::from(STEPS) + 1 {
        open(&mut planner, position);
    }
    let chunk = planner.next_chunk().unwrap();
    planner.report(&chunk, Outcome::Pushed(4096));
    let chunk = planner.next_chunk().unwrap();
    planner.report(&chunk, Outcome::Refused);
    assert_eq!(planner.next_chunk(), None);
}
