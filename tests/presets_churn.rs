//! The churn of presets: what is measured from one generation to the next is what they ask for.

use std::convert::Infallible;

use seedfs::dataset::spec::presets::NAMES;
use seedfs::dataset::{At, Dataset, Entry, Listed, Spec};
use seedfs::diff::{Diff, Totals, What};

fn dataset(text: &str) -> Dataset {
    Dataset::new(Spec::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))).unwrap()
}

fn totals(dataset: &Dataset, from: u64, to: u64) -> Totals {
    let diff = Diff { before: dataset.at(from).unwrap(), after: dataset.at(to).unwrap() };
    let mut totals = Totals::default();
    let Ok(()) = diff.each(0..u64::MAX, |difference| {
        totals.add(&difference);
        Ok::<(), Infallible>(())
    });
    totals
}

fn files(at: &At<'_>) -> u64 {
    let mut files = 0;
    let Ok(()) = at.walk(0..u64::MAX, |entry, _| {
        files += u64::from(matches!(entry, Entry::Listed(_, Listed::File(_))));
        Ok::<(), Infallible>(())
    });
    files
}

#[test]
fn rates_are_those_that_are_asked_for() {
    const FILES: u64 = 100_000;
    for preset in NAMES {
        // Of one kind and size, so that nothing is left out: what is equal or linked changes less.
        let whole = dataset(preset);
        let churn = whole.spec().churn.clone();
        let plain = "cases=none,duplicates=0,hardlinks=0,near=0,sparse=0,empty=0,symlinks=0,kind=random,size=4096";
        let dataset = dataset(&format!("{preset},files={FILES},{plain},churn.rotate=false"));
        let totals = totals(&dataset, 1, 2);
        let share = |share: seedfs::dataset::spec::Share| f64::from(share.millionths()) / 1e6;
        // What was changed in the first step and is again takes the place of all else.
        let again = share(churn.modified) * share(churn.again);
        let left = 1.0 - share(churn.deleted) + share(churn.created);
        let modified = again + (1.0 - again) * share(churn.modified);
        let by_chance = |part: f64| (1.0 - again) * part;
        let count = |what: &[What]| what.iter().map(|&what| totals.happened[what as usize]).sum::<u64>() as f64;
        let changes = [What::Appended, What::Overwritten, What::Inserted, What::Shortened, What::Edited];
        for (name, measured, expected) in [
            ("created", count(&[What::Created]), share(churn.created)),
            ("deleted", count(&[What::Deleted]), by_chance(share(churn.deleted)) * left),
            ("renamed", count(&[What::Renamed]), by_chance(share(churn.renamed)) * left),
            ("edited", count(&changes), modified * (1.0 - share(churn.replaced)) * left),
            ("replaced", count(&[What::Replaced]), modified * share(churn.replaced) * left),
            ("touched", count(&[What::Touched]), by_chance(share(churn.touched)) * left),
            ("mode", count(&[What::Mode]), by_chance(share(churn.chmod)) * left),
            // Not those that are deleted by then, or lead to the folder that the file is in.
            ("moved", count(&[What::Moved]), share(churn.moved) * (1.0 - 2.0 * share(churn.deleted))),
        ] {
            let expected = expected * FILES as f64;
            // Five standard deviations, and something for what is left out above.
            let off = 5.0 * expected.sqrt() + 0.02 * expected;
            assert!((measured - expected).abs() <= off, "{preset}: {name} {measured}, expected {expected}");
        }
    }
}

#[test]
fn the_churn_of_a_home_is_that_of_the_study() {
    let churn = dataset("home").spec().churn.clone();
    assert_eq!(churn, Spec::default().churn, "the defaults are those of a home");
    let share = |share: seedfs::dataset::spec::Share| share.millionths();
    assert_eq!((share(churn.created), share(churn.deleted)), (40_000, 5_000));
    assert_eq!((churn.every, share(churn.modified), share(churn.again)), (7, 1_400, 360_000));
}

#[test]
fn the_number_of_logs_stays() {
    let dataset = dataset("logs");
    let start = files(&dataset.at_start()) as f64;
    for generation in 1..=50 {
        let now = files(&dataset.at(generation).unwrap()) as f64;
        assert!((now / start - 1.0).abs() < 0.1, "{now} files in generation {generation}, {start} at the start");
    }
}

#[test]
fn logs_only_grow_until_they_are_turned_over() {
    let totals = totals(&dataset("logs"), 4, 5);
    let happened = |what: What| totals.happened[what as usize];
    assert!(happened(What::Appended) > 500, "{totals:?}");
    assert!(happened(What::Renamed) > 100, "{totals:?}");
    for what in [What::Overwritten, What::Inserted, What::Shortened, What::Edited, What::Moved] {
        assert_eq!(happened(what), 0, "{what:?}");
    }
}

#[test]
fn a_third_of_the_images_is_written_to_day_after_day() {
    let dataset = dataset("vm,files=2000");
    let totals = totals(&dataset, 20, 21);
    let changed = totals.happened[What::Overwritten as usize] as f64 / files(&dataset.at(20).unwrap()) as f64;
    assert!((0.28..0.42).contains(&changed), "{changed}");
    assert!(totals.new_bytes < dataset.total_bytes() / 100, "in place, and little of each: {totals:?}");
}

#[test]
fn demo_and_torture_show_every_kind_of_change_in_two_steps() {
    for preset in ["demo", "torture,cases=none"] {
        let dataset = dataset(preset);
        let (first, second) = (totals(&dataset, 0, 1), totals(&dataset, 1, 2));
        for what in What::ALL {
            // Several edits of one file, which takes several steps.
            if what != What::Edited {
                let happened = first.happened[what as usize] + second.happened[what as usize];
                assert!(happened > 0, "{preset}: {what:?}");
            }
        }
    }
}
