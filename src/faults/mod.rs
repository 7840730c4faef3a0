//! Faults of a device, on purpose: reads that fail, hang or end early, in places that are known.
//!
//! The bytes themselves are right wherever they arrive; what makes them wrong is [`crate::damage`]. Where is decided as
//! there, by `scatter`, and by the number of a file in the listing alone: the same blocks in every generation,
//! as far as the file has them.

mod list;
mod spec;

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use lru::LruCache;

pub use list::{Faulty, each};
pub use spec::{Spec, SpecError};

use crate::dataset::draw::{Draws, Purpose};
use crate::recipe::{Kind, Recipe};
use crate::scatter::{BLOCK, Hit, Scatter, Stretch};
use crate::vfs::Delivery;

/// Most blocks that are remembered for having failed once. Beyond that the one that is longest ago may fail again.
const MOST_REMEMBERED: usize = 1 << 18;

/// What a device does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// A read that touches the block fails.
    Eio,
    /// The first read that gets as far as the block fails; those behind it do not.
    EioOnce,
    /// A read that touches the block is answered late, or never.
    Hang,
    /// A read from before this byte ends there, although the file goes on.
    Short,
}

impl Effect {
    /// All of them, in the order of reports.
    pub const ALL: [Effect; 4] = [Effect::Eio, Effect::EioOnce, Effect::Hang, Effect::Short];

    /// Name, as in a [`Spec`].
    pub fn name(self) -> &'static str {
        match self {
            Effect::Eio => "eio",
            Effect::EioOnce => "eio-once",
            Effect::Hang => "hang",
            Effect::Short => "short",
        }
    }
}

/// A fault of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// What happens.
    pub effect: Effect,
    /// First byte that it concerns: that of a block, or the one before which reads end.
    pub offset: u64,
    /// Bytes that it concerns, at least 1: up to the end of the block or of the file.
    pub len: u64,
}

/// The faults of a whole tree.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    spec: Spec,
    draws: Draws,
    scatter: Scatter,
}

impl Plan {
    /// The faults that are asked for.
    pub fn new(spec: Spec) -> Self {
        // A stream that neither a dataset nor damage uses, even if the seeds are equal: there is no file of that number.
        let draws = Draws::new(spec.seed, Purpose::Life).child(u64::MAX - 1);
        Self { draws, scatter: Scatter::new(spec.per_block()), spec }
    }

    /// What was asked for.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The faults that a range of bytes of a file touches, in the order of their offsets: by the file's number in the
    /// listing. Holes have none.
    pub fn within(&self, file: u64, recipe: &Recipe, bytes: Range<u64>) -> impl Iterator<Item = Fault> {
        let is_hole = recipe.kind == Kind::Zero && recipe.edition == 0;
        let size = if is_hole { 0 } else { recipe.bytes() };
        let range = bytes.start..bytes.end.min(size);
        let spec = self.spec;
        let stretches = self.scatter.stretches(self.draws.child(file), range.clone(), size);
        let all = stretches.flat_map(move |stretch| stretch.map(move |hit| fault(&spec, &stretch, hit, size)));
        all.skip_while(move |fault| fault.offset + fault.len <= range.start)
            .take_while(move |fault| fault.offset < range.end)
    }
}

/// What a hit does to a file of so many bytes.
fn fault(spec: &Spec, stretch: &Stretch, hit: Hit, size: u64) -> Fault {
    let offset = hit.block * BLOCK;
    let len = BLOCK.min(size - offset);
    match spec.effect(hit.what) {
        Effect::Short if len > 1 => {
            // Never before the first byte of the block: a read from there gets something, and the next one goes on.
            let skipped = 1 + stretch.draws().below(hit.detail, len - 1);
            Fault { effect: Effect::Short, offset: offset + skipped, len: len - skipped }
        }
        effect => Fault { effect, offset, len },
    }
}

/// The faults of a tree that is read, with what is remembered of them.
#[derive(Debug)]
pub struct Faults {
    plan: Plan,
    /// Blocks that have failed once, by the number of the file.
    failed: Mutex<LruCache<(u64, u64), ()>>,
    /// Reads that met each effect.
    met: [AtomicU64; Effect::ALL.len()],
}

impl Faults {
    /// None has happened yet.
    pub fn new(plan: Plan) -> Self {
        Self { plan, failed: Mutex::new(LruCache::unbounded()), met: Default::default() }
    }

    /// What becomes of a read of some bytes of a file. It takes place by this.
    pub fn meet(&self, file: u64, recipe: &Recipe, bytes: Range<u64>) -> Delivery {
        let mut delivery = Delivery::of(&bytes);
        for fault in self.plan.within(file, recipe, bytes.clone()) {
            match fault.effect {
                // However many such blocks it touches, it waits once.
                Effect::Hang if delivery.hold == 0 => delivery.hold = self.plan.spec.hold,
                Effect::Short if fault.offset > bytes.start => delivery.end = fault.offset,
                Effect::Eio => delivery.fails = true,
                Effect::EioOnce if self.is_first(file, fault.offset / BLOCK) => delivery.fails = true,
                Effect::Hang | Effect::Short | Effect::EioOnce => continue,
            }
            self.met[fault.effect as usize].fetch_add(1, Ordering::Relaxed);
            if fault.effect != Effect::Hang {
                break;
            }
        }
        delivery
    }

    /// Reads that met an effect so far. One that hangs and then fails or ends early has met two.
    pub fn met(&self, effect: Effect) -> u64 {
        self.met[effect as usize].load(Ordering::Relaxed)
    }

    /// Whether a block has not failed before; from now on it has.
    fn is_first(&self, file: u64, block: u64) -> bool {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = failed.put((file, block), ()).is_none();
        if failed.len() > MOST_REMEMBERED {
            failed.pop_lru();
        }
        is_first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: u64 = 3;

    fn recipe() -> Recipe {
        Recipe { kind: Kind::Random, seed: 7, size: 4 << 20, edition: 0 }
    }

    #[test]
    fn each_effect_has_its_own_place() {
        assert!(Effect::ALL.into_iter().enumerate().all(|(at, effect)| effect as usize == at));
    }

    #[test]
    fn a_read_counts_once_for_each_effect_that_it_meets() {
        let plan = Plan::new("hang:0.2:5s,eio:0.05,short:0.05,seed=8".parse().unwrap());
        let faults = Faults::new(plan);
        let all: Vec<Fault> = plan.within(FILE, &recipe(), 0..4 << 20).collect();
        let last = all.iter().position(|fault| fault.effect != Effect::Hang).unwrap();
        assert!(last > 1, "no two blocks that hang come first: {all:?}");
        let delivery = faults.meet(FILE, &recipe(), 0..4 << 20);
        assert_eq!((delivery.hold, delivery.fails), (5_000_000_000, all[last].effect == Effect::Eio));
        for effect in Effect::ALL {
            let expected = effect == Effect::Hang || effect == all[last].effect;
            assert_eq!(faults.met(effect), u64::from(expected), "{effect:?}");
        }
    }

    #[test]
    fn a_block_that_fails_once_is_met_once() {
        let faults = Faults::new(Plan::new("eio-once:0.5,seed=1".parse().unwrap()));
        let first = faults.plan.within(FILE, &recipe(), 0..4 << 20).next().unwrap();
        let bytes = first.offset..first.offset + first.len;
        assert!(faults.meet(FILE, &recipe(), bytes.clone()).fails);
        assert_eq!(faults.meet(FILE, &recipe(), bytes.clone()), Delivery::of(&bytes));
        assert_eq!(faults.met(Effect::EioOnce), 1);
    }
}
