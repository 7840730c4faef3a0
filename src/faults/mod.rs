//! Faults of a device, on purpose: reads that fail, hang or end early, in places that are known.
//!
//! The bytes themselves are right wherever they arrive; what makes them wrong is [`crate::damage`]. Where is decided as
//! there, by `scatter`, and by the number of a file in the listing alone: the same blocks in every generation,
//! as far as the file has them.

mod list;
mod spec;

use std::ops::Range;
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
}

impl Faults {
    /// None has happened yet.
    pub fn new(plan: Plan) -> Self {
        Self { plan, failed: Mutex::new(LruCache::unbounded()) }
    }

    /// What becomes of a read of some bytes of a file. It takes place by this.
    pub fn meet(&self, file: u64, recipe: &Recipe, bytes: Range<u64>) -> Delivery {
        let mut delivery = Delivery::of(&bytes);
        for fault in self.plan.within(file, recipe, bytes.clone()) {
            match fault.effect {
                Effect::Hang => delivery.hold = self.plan.spec.hold,
                Effect::Short if fault.offset > bytes.start => {
                    delivery.end = fault.offset;
                    break;
                }
                Effect::Eio => {
                    delivery.fails = true;
                    break;
                }
                Effect::EioOnce if self.is_first(file, fault.offset / BLOCK) => {
                    delivery.fails = true;
                    break;
                }
                Effect::Short | Effect::EioOnce => {}
            }
        }
        delivery
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
