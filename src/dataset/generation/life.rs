//! The life of one file: what happens to it, generation by generation.
//!
//! Something happens to a file with the same chance in each generation, so the gaps between are geometric, and drawn as
//! wholes: a file's state at generation 500 takes as many steps as it has had changes, mostly none. A file that was
//! changed is changed again in the next generation with a chance of its own, as Tarasov et al. (2012) found that files
//! are.

use super::rates::Churn;
use crate::dataset::draw::Draws;

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// Some of its bytes are others.
    Modified,
    /// All of its bytes are others.
    Replaced,
    /// Its time is newer.
    Touched,
    /// Its name is another.
    Renamed,
    /// Its permission bits are others.
    Chmod,
    /// It is gone.
    Deleted,
}

/// An event, with two draws for what else is to be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Happening {
    pub(super) generation: u64,
    pub(super) event: Event,
    /// When, within the generation.
    pub(super) when: u64,
    /// What else the event needs.
    pub(super) detail: u64,
}

/// The chances of a dataset, made ready.
#[derive(Debug, Clone)]
pub(super) struct Chances {
    /// Millionths of each kind of event: modified, touched, renamed, permissions changed, deleted.
    each: [u64; 5],
    total: u64,
    /// Natural logarithm of the chance that nothing happens in a generation.
    ln_nothing: f64,
    again: u64,
    replaced: u64,
}

const MILLION: u64 = 1_000_000;

/// Draws that belong to one event.
const DRAWS: u64 = 8;

impl Chances {
    pub(super) fn new(churn: &Churn) -> Self {
        let each = churn.chances();
        let total = each.iter().sum::<u64>().min(MILLION);
        Self {
            each,
            total,
            ln_nothing: libm::log((MILLION - total) as f64 / MILLION as f64),
            again: churn.again.millionths().into(),
            replaced: churn.replaced.millionths().into(),
        }
    }

    /// Generations until something happens: at least 1; from a draw.
    fn gap(&self, unit: f64) -> u64 {
        // The chance of k or more generations is that of nothing in k - 1. A float beyond the range saturates.
        1 + (libm::log(unit) / self.ln_nothing) as u64
    }

    fn event(&self, draw: u64) -> Event {
        let mut left = draw;
        let kinds = [Event::Modified, Event::Touched, Event::Renamed, Event::Chmod];
        for (event, chance) in kinds.into_iter().zip(self.each) {
            if left < chance {
                return event;
            }
            left -= chance;
        }
        Event::Deleted
    }

    /// All that happens to a file that appeared in generation `born`; being deleted ends it if the file is `mortal`.
    pub(super) fn life(&self, draws: Draws, born: u64, mortal: bool) -> Life<'_> {
        let is_over = self.total == 0;
        Life { chances: self, draws, generation: born, number: 0, mortal, is_modified: false, is_over }
    }
}

/// The events of a file in their order, at most one in a generation.
#[derive(Debug, Clone)]
pub(super) struct Life<'a> {
    chances: &'a Chances,
    draws: Draws,
    /// Of the last event.
    generation: u64,
    /// Events so far.
    number: u64,
    mortal: bool,
    /// Whether the last event changed its bytes.
    is_modified: bool,
    is_over: bool,
}

impl Iterator for Life<'_> {
    type Item = Happening;

    #[inline]
    fn next(&mut self) -> Option<Happening> {
        if self.is_over {
            return None;
        }
        let Self { chances, draws, .. } = *self;
        let first = self.number * DRAWS;
        let is_again = self.is_modified && draws.below(first + 4, MILLION) < chances.again;
        let (gap, event) = if is_again {
            (1, Event::Modified)
        } else {
            (chances.gap(draws.unit(first)), chances.event(draws.below(first + 1, chances.total)))
        };
        self.generation = self.generation.saturating_add(gap);
        self.number += 1;
        self.is_modified = event == Event::Modified;
        self.is_over = self.mortal && event == Event::Deleted;
        let is_replaced = self.is_modified && draws.below(first + 5, MILLION) < chances.replaced;
        Some(Happening {
            generation: self.generation,
            event: if is_replaced { Event::Replaced } else { event },
            when: draws.at(first + 2),
            detail: draws.at(first + 3),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::draw::Purpose;
    use crate::dataset::spec::Share;

    fn churn(modified: u64, again: u64, deleted: u64) -> Churn {
        let share = |n| Share::from_millionths(n).unwrap();
        let none = share(0);
        let (modified, again, deleted) = (share(modified), share(again), share(deleted));
        Churn { modified, again, deleted, renamed: none, touched: none, chmod: none, ..Churn::default() }
    }

    fn lives(churn: &Churn, generations: u64) -> Vec<Vec<Happening>> {
        let chances = Chances::new(churn);
        let draws = Draws::new(7, Purpose::Life);
        let life =
            |file| chances.life(draws.child(file), 0, true).take_while(|h| h.generation <= generations).collect();
        (0..20_000).map(life).collect()
    }

    #[test]
    fn files_are_deleted_at_the_rate_that_is_asked_for() {
        let gone = lives(&churn(0, 0, 5_000), 100).iter().filter(|life| !life.is_empty()).count() as f64;
        // 1 - 0.995^100 of the files, with a standard deviation of 69.
        assert!((gone - 7_884.0).abs() < 300.0, "{gone}");
    }

    #[test]
    fn a_third_of_the_modified_files_is_modified_again() {
        let lives = lives(&churn(1_400, 360_000, 0), 200);
        let all: Vec<&Happening> = lives.iter().flatten().filter(|h| h.generation < 200).collect();
        let pairs = lives.iter().flat_map(|life| life.windows(2));
        let again = pairs.filter(|pair| pair[1].generation == pair[0].generation + 1).count() as f64;
        let share = again / all.len() as f64;
        assert!((0.34..0.38).contains(&share), "{share} of {}", all.len());
        let replaced = all.iter().filter(|h| h.event == Event::Replaced).count() as f64 / all.len() as f64;
        assert!((0.08..0.12).contains(&replaced), "{replaced}");
    }

    #[test]
    fn at_most_one_thing_happens_in_a_generation_and_nothing_after_the_end() {
        for life in lives(&churn(300_000, 500_000, 50_000), 300) {
            assert!(
                life.windows(2).all(|pair| pair[0].generation < pair[1].generation && pair[0].event != Event::Deleted)
            );
        }
    }

    #[test]
    fn certainty_and_impossibility() {
        assert!(lives(&churn(0, 0, 0), u64::MAX).iter().all(Vec::is_empty));
        for life in lives(&churn(1_000_000, 0, 0), 10) {
            assert!(life.iter().map(|h| h.generation).eq(1..=10));
        }
    }
}
