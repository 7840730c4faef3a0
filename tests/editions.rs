//! Drawn editions: what edits do, and that piece tables are what doing them to bytes gives.

mod common;

use std::collections::HashSet;
use std::io::Read;
use std::ops::Range;

use common::content::{KINDS, kind};
use proptest::prelude::*;
use proptest::sample::select;
use seedfs::Kind;
use seedfs::content::{Corpus, Stream, SyntheticFile};
use seedfs::dataset::draw::{Draws, Purpose};
use seedfs::edition::{self, Change, Edit, EditKind, EditionError, MAX_EDITS, PieceTable, Profile, Shared, Tables};
use seedfs::recipe::Recipe;
use seedfs::units::MAX_SIZE;

/// A byte and where it comes from: seed of the stream, whether it is turned, and its offset there.
type Tagged = (u8, (u64, bool, u64));

fn recipe(kind_name: &str, seed: u64, size: u64, profile: Profile, edits: u32) -> Recipe {
    Recipe { kind: kind(kind_name), seed, size, edition: profile.edition(edits).unwrap() }
}

fn bytes(recipe: &Recipe) -> Vec<u8> {
    let mut all = Vec::new();
    SyntheticFile::with_builtin(*recipe).unwrap().read_to_end(&mut all).unwrap();
    all
}

fn stream(kind: Kind, seed: u64, range: Range<u64>) -> impl Iterator<Item = Tagged> {
    let mut bytes = vec![0; (range.end - range.start) as usize];
    Stream::new(kind, seed, &Corpus::builtin()).fill(range.start, &mut bytes);
    bytes.into_iter().zip(range).map(move |(byte, offset)| (byte, (seed, false, offset)))
}

/// Every edition up to `edits`, by doing to a vector what the edits are said to do.
fn by_hand(recipe: &Recipe, profile: Profile, edits: u32) -> Vec<Vec<Tagged>> {
    let new_kind = match recipe.kind {
        Kind::Zero => Kind::Random,
        Kind::Mixed(mixed) if mixed.compress() == 100 => Kind::Random,
        kind => kind,
    };
    let mut editions = vec![stream(recipe.kind, recipe.seed, 0..recipe.size).collect::<Vec<_>>()];
    for number in 1..=edits {
        let edition = profile.edition(number).unwrap();
        let Change { kind, offset, len } = edition::last_edit(&Recipe { edition, ..*recipe }).unwrap().unwrap();
        let draw = ((profile as u64) << 32) + 8 * u64::from(number) + 4;
        let seed = Draws::new(recipe.seed, Purpose::Edit).at(draw);
        let new = stream(new_kind, seed, offset..offset + len);
        let (at, end) = (offset as usize, (offset + len) as usize);
        let mut all = editions[editions.len() - 1].clone();
        match kind {
            EditKind::Overwrite => {
                let (byte, (seed, turned, place)) = all[at];
                all.splice(at..end, new);
                all[at] = (!byte, (seed, !turned, place));
            }
            EditKind::Insert => drop(all.splice(at..at, new)),
            EditKind::Append => {
                assert_eq!(at, all.len());
                all.extend(new);
            }
            EditKind::Delete => drop(all.drain(at..end)),
            EditKind::Truncate => {
                assert_eq!(end, all.len());
                all.truncate(at);
            }
        }
        editions.push(all);
    }
    editions
}

fn values(tagged: &[Tagged]) -> Vec<u8> {
    tagged.iter().map(|(byte, _)| *byte).collect()
}

fn any_profile() -> impl Strategy<Value = Profile> {
    select(&Profile::ALL[..])
}

fn any_size() -> impl Strategy<Value = u64> {
    prop_oneof![0u64..4, 0u64..300, 0u64..20_000]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn editions_are_what_their_edits_make_of_the_bytes(
        kind_name in select(&KINDS[..]), seed: u64, size in any_size(), profile in any_profile(), edits in 1u32..90,
    ) {
        let plain = recipe(kind_name, seed, size, profile, 0);
        for (number, tagged) in by_hand(&plain, profile, edits).iter().enumerate() {
            let recipe = Recipe { edition: profile.edition(number as u32).unwrap(), ..plain };
            prop_assert_eq!(recipe.file_size(), Ok(tagged.len() as u64), "{}", recipe);
            prop_assert!(bytes(&recipe) == values(tagged), "{}", recipe);
            let mut offsets = Vec::new();
            for piece in PieceTable::new(&recipe).unwrap().pieces() {
                let tag = |offset| (piece.source.seed, piece.source.complement, offset);
                offsets.extend((piece.offset..piece.offset + piece.len).map(tag));
            }
            prop_assert!(offsets.iter().eq(tagged.iter().map(|(_, tag)| tag)), "{}", recipe);
        }
    }

    #[test]
    fn shared_bytes_are_those_of_the_same_origin(
        kind_name in select(vec!["random", "text", "stamp", "d25"]), seed: u64, size in any_size(),
        profile in any_profile(), (old, new) in (0u32..60, 0u32..60),
    ) {
        let plain = recipe(kind_name, seed, size, profile, 0);
        let editions = by_hand(&plain, profile, old.max(new));
        let tags: HashSet<_> = editions[old as usize].iter().map(|(_, tag)| tag).collect();
        let is_new: Vec<bool> = editions[new as usize].iter().map(|(_, tag)| !tags.contains(tag)).collect();
        let new_bytes = is_new.iter().filter(|&&is_new| is_new).count() as u64;
        let of = |edits| Recipe { edition: profile.edition(edits).unwrap(), ..plain };
        let (old, new) = (of(old), of(new));
        let shared_bytes = is_new.len() as u64 - new_bytes;
        prop_assert_eq!(edition::shared(&old, &new), Ok(Shared { shared_bytes, new_bytes }));
        let mut marked = vec![false; is_new.len()];
        for range in edition::new_ranges(&old, &new).unwrap() {
            marked[range.start as usize..range.end as usize].fill(true);
        }
        prop_assert_eq!(marked, is_new);
    }

    #[test]
    fn any_split_of_reads_equals_one_pass(
        kind_name in select(&KINDS[..]), seed: u64, size in any_size(), profile in any_profile(), edits in 1u32..500,
        lens in prop::collection::vec(prop_oneof![1usize..40, 1usize..6000], 1..12), offset in 0u64..30_000,
    ) {
        let recipe = recipe(kind_name, seed, size, profile, edits);
        let whole = bytes(&recipe);
        let (corpus, tables) = (Corpus::builtin(), Tables::default());
        let file = SyntheticFile::with_builtin(recipe).unwrap();
        let mut at = offset;
        for len in lens {
            let from = whole.len().min(at as usize);
            let expected = &whole[from..whole.len().min(from + len)];
            let (mut one, mut other) = (vec![0; len], vec![0; len]);
            prop_assert_eq!(tables.fill(&recipe, &corpus, at, &mut one), Ok(expected.len()));
            prop_assert_eq!(file.read_at(at, &mut other), expected.len());
            prop_assert!(one[..expected.len()] == *expected && other[..expected.len()] == *expected);
            at += expected.len() as u64;
        }
    }

    #[test]
    fn no_number_does_harm(seed: u64, size in 0..=MAX_SIZE, edition: u32, other: u32) {
        let recipe = Recipe { kind: Kind::Random, seed, size, edition };
        let known = Edit::of_edition(edition).is_some() || Profile::of_edition(edition).is_some() || edition == 0;
        prop_assert_eq!(recipe.file_size() == Err(EditionError::Unknown(edition)), !known);
        prop_assert_eq!(PieceTable::new(&recipe).map(|table| table.size()), recipe.file_size());
        let mut buf = [0; 64];
        let _ = recipe.fill(&Corpus::builtin(), size / 2, &mut buf);
        let _ = edition::shared(&recipe, &Recipe { edition: other % 5000, ..recipe });
    }

    #[test]
    fn the_largest_files_have_editions(
        seed: u64, below in prop_oneof![0u64..4, 0u64..1 << 22, 0..MAX_SIZE], profile in any_profile(),
        edits in 1..=MAX_EDITS,
    ) {
        let size = MAX_SIZE - below;
        let new = recipe("random", seed, size, profile, edits);
        let table = PieceTable::new(&new).unwrap();
        prop_assert_eq!(Ok(table.size()), new.file_size());
        prop_assert!(table.size() <= MAX_SIZE);
        let Shared { shared_bytes, new_bytes } = edition::shared(&Recipe { edition: 0, ..new }, &new).unwrap();
        prop_assert_eq!(shared_bytes + new_bytes, table.size());
        let of_edition_0: u64 = table
            .pieces()
            .filter(|piece| piece.source.seed == seed && !piece.source.complement)
            .map(|piece| piece.len)
            .sum();
        prop_assert_eq!(shared_bytes, of_edition_0);
        let mut end = [0; 100];
        prop_assert_eq!(new.fill(&Corpus::builtin(), table.size().saturating_sub(100), &mut end), Ok(end.len().min(table.size() as usize)));
    }
}

#[test]
fn each_edition_differs_from_the_one_before() {
    for kind_name in KINDS {
        for (profile, size) in Profile::ALL.into_iter().zip([1, 0, 300, 5000]) {
            let mut before = bytes(&recipe(kind_name, 9, size, profile, 0));
            for edits in 1..200 {
                let recipe = recipe(kind_name, 9, size, profile, edits);
                let after = bytes(&recipe);
                assert!(after != before, "{recipe}");
                assert!(!after.is_empty(), "{recipe}");
                before = after;
            }
        }
    }
}

#[test]
fn profiles_draw_the_edits_they_are_named_after() {
    let count = |profile: Profile, size| {
        let mut counts = [0; 5];
        for edits in 1..=MAX_EDITS {
            let change = edition::last_edit(&recipe("random", 3, size, profile, edits)).unwrap().unwrap();
            counts[EditKind::ALL.iter().position(|kind| *kind == change.kind).unwrap()] += 1;
        }
        counts.map(|count| (f64::from(count) / f64::from(MAX_EDITS) * 100.0).round() as u32)
    };
    assert_eq!(count(Profile::Append, 5000), [0, 0, 100, 0, 0]);
    assert_eq!(count(Profile::Overwrite, 5000), [100, 0, 0, 0, 0]);
    for (profile, percents) in [(Profile::Mixed, [35, 20, 25, 15, 5]), (Profile::Revise, [40, 35, 0, 25, 0])] {
        for (counted, percent) in count(profile, 1 << 40).into_iter().zip(percents) {
            assert!(counted.abs_diff(percent) <= 2 && (counted == 0) == (percent == 0), "{profile:?}");
        }
    }
}

#[test]
fn lengths_are_up_to_half_of_the_file_and_below_a_mebibyte() {
    for size in [2, 3, 4, 100, 5000, 1 << 40] {
        let lens = (0..2000)
            .map(|seed| edition::last_edit(&recipe("random", seed, size, Profile::Mixed, 1)).unwrap().unwrap().len);
        let (least, most) = lens.fold((u64::MAX, 0), |(least, most), len| (least.min(len), most.max(len)));
        assert_eq!(least, 1, "{size}");
        assert!(most <= (size / 2).min((1 << 20) - 1) && most > (size / 2).min(1 << 20) / 3, "{size}: {most}");
    }
}

#[test]
fn the_most_edits_make_tables_of_less_than_a_mebibyte() {
    for profile in Profile::ALL {
        for size in [1, 20_000, 1 << 40] {
            let table = PieceTable::new(&recipe("random", 3, size, profile, MAX_EDITS)).unwrap();
            // Three more pieces for an edit, of 24 bytes each.
            assert!(table.pieces().len() <= 3 * MAX_EDITS as usize + 1, "{profile:?}");
        }
    }
}

#[test]
fn recipes_of_different_files_share_what_their_streams_share() {
    let of = |seed, size| recipe("text", seed, size, Profile::Mixed, 0);
    let counts = |old, new| edition::shared(&old, &new).map(|shared| (shared.shared_bytes, shared.new_bytes));
    assert_eq!(counts(of(1, 1000), of(1, 1500)), Ok((1000, 500)));
    assert_eq!(counts(of(1, 1500), of(1, 1000)), Ok((1000, 0)));
    assert_eq!(counts(of(1, 1000), of(2, 1000)), Ok((0, 1000)));
    let zeros = |seed| recipe("zero", seed, 1 << 62, Profile::Mixed, 0);
    assert_eq!(counts(zeros(1), zeros(2)), Ok((1 << 62, 0)));
    let aimed = Recipe { edition: Edit::Middle.edition(), ..of(1, 1000) };
    assert_eq!(counts(of(1, 1000), aimed), Ok((999, 1)));
    assert_eq!(edition::last_edit(&aimed), Ok(Some(Change { kind: EditKind::Overwrite, offset: 500, len: 1 })));
    assert_eq!(edition::last_edit(&of(1, 1000)), Ok(None));
}

#[test]
fn kept_tables_stay_within_their_bound_whoever_reads() {
    const LIMIT: usize = 2000;
    let (tables, corpus) = (Tables::with_limit(LIMIT), Corpus::builtin());
    std::thread::scope(|scope| {
        for thread in 0..8u64 {
            let (tables, corpus) = (&tables, &corpus);
            scope.spawn(move || {
                for i in 0..600u64 {
                    let edits = (1 + (i * 7 + thread * 13) % 300) as u32;
                    let profile = Profile::ALL[(i % 4) as usize];
                    let recipe = recipe("random", i % 5, 40_000, profile, edits);
                    let (mut one, mut other) = ([0; 300], [0; 300]);
                    let offset = 37 * i;
                    assert_eq!(
                        tables.fill(&recipe, corpus, offset, &mut one),
                        recipe.fill(corpus, offset, &mut other),
                    );
                    assert!(one == other, "{recipe}");
                    assert!(tables.pieces() <= LIMIT);
                }
            });
        }
    });
    assert!(tables.pieces() > 0, "some are kept");
    let deepest = recipe("random", 1, 1 << 40, Profile::Overwrite, MAX_EDITS);
    let before = tables.pieces();
    assert!(tables.get(&deepest).unwrap().pieces().len() > LIMIT);
    assert_eq!(tables.pieces(), before, "a table above the limit drives out no other");
}
