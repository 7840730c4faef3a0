//! Deliberate damage: a tree whose files are wrong in places that are known, to try what claims to find such.
//!
//! Where is decided in closed form, by `scatter`.
//!
//! Two damages never touch: a block between them is whole, so each can be told from the next. Of a file that ends early, what is left may be damaged as well.

mod list;
mod spec;

use std::ops::Range;

pub use list::{Damaged, each};
pub use spec::{Spec, SpecError};

use crate::dataset::draw::{Draws, Purpose};
use crate::recipe::{Kind, Recipe};
use crate::scatter::{self, Hit, Scatter, Stretch};
use crate::vfs::{FsError, Result};

/// Bytes of a block.
pub const BLOCK: u64 = scatter::BLOCK;

/// What is wrong at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// One bit of a byte is the other.
    Flip {
        /// Number of the bit, 0 for the lowest.
        bit: u8,
    },
    /// Zeros instead.
    Zero,
    /// Two blocks of 4 KiB, each with the bytes of the other.
    Swap,
    /// It cannot be read: input/output error.
    Eio,
    /// Nothing is there: the file ends early.
    Truncate,
}

impl Fault {
    /// Name, as in a [`Spec`].
    pub fn name(self) -> &'static str {
        match self {
            Fault::Flip { .. } => "flip",
            Fault::Zero => "zero",
            Fault::Swap => "swap",
            Fault::Eio => "eio",
            Fault::Truncate => "truncate",
        }
    }
}

/// A damage of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damage {
    /// What it is.
    pub fault: Fault,
    /// First byte that it concerns.
    pub offset: u64,
    /// Bytes that it concerns, at least 1.
    pub len: u64,
}

impl Damage {
    fn end(&self) -> u64 {
        self.offset + self.len
    }
}

/// The damage of a whole tree.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    spec: Spec,
    draws: Draws,
    scatter: Scatter,
}

/// The damage of one file.
#[derive(Debug, Clone, Copy)]
pub struct FileDamage<'a> {
    plan: &'a Plan,
    draws: Draws,
    /// Bytes of the file as it should be.
    whole: u64,
    /// Bytes that are left of it.
    size: u64,
    /// Holes have no blocks that could be damaged.
    is_hole: bool,
}

impl Plan {
    /// The damage that is asked for.
    pub fn new(spec: Spec) -> Self {
        // A stream that no dataset uses, even if the seeds are equal: there is no file of that number.
        let draws = Draws::new(spec.seed, Purpose::Life).child(u64::MAX);
        Self { draws, scatter: Scatter::new(spec.per_block()), spec }
    }

    /// What was asked for.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The damage of the file with this index and recipe. The same blocks of it are damaged whatever the recipe, as far
    /// as it has them.
    pub fn of(&self, file: u64, recipe: &Recipe) -> FileDamage<'_> {
        let draws = self.draws.child(file);
        let whole = recipe.bytes();
        let is_cut = whole > 0 && draws.unit(0) < self.spec.truncate;
        let size = if is_cut { BLOCK * draws.below(1, whole.div_ceil(BLOCK)) } else { whole };
        FileDamage { plan: self, draws, whole, size, is_hole: recipe.kind == Kind::Zero && recipe.edition == 0 }
    }

    /// What happens to a block, by a number from 0 to the sum of the rates.
    fn fault(&self, at: f64) -> Fault {
        let Spec { flip, zero, swap, .. } = self.spec;
        match () {
            () if at < flip => Fault::Flip { bit: 0 },
            () if at < flip + zero => Fault::Zero,
            () if at < flip + zero + swap => Fault::Swap,
            () => Fault::Eio,
        }
    }
}

impl FileDamage<'_> {
    /// Bytes that can be asked for: fewer than the file should have if it ends early.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// How the file ends early, if it does.
    pub fn truncation(&self) -> Option<Damage> {
        let len = self.whole - self.size;
        (len > 0).then_some(Damage { fault: Fault::Truncate, offset: self.size, len })
    }

    /// The damages that touch a range of its bytes, in the order of their offsets; a truncation is none of them.
    pub fn within(&self, bytes: Range<u64>) -> impl Iterator<Item = Damage> {
        let end = if self.is_hole { 0 } else { bytes.end.min(self.size) };
        let stretches = self.plan.scatter.stretches(self.draws, bytes.start..end, self.size);
        let all = stretches.flat_map(move |stretch| Damages { file: self, stretch });
        all.skip_while(move |damage| damage.end() <= bytes.start).take_while(move |damage| damage.offset < end)
    }

    /// Fills `buf` with the bytes that the damaged file has from `offset` on, and returns how many there are. `fill` does
    /// so for the file as it should be.
    ///
    /// # Errors
    /// [`FsError::Io`] if one of the bytes cannot be read, and those of `fill`.
    pub fn read(&self, offset: u64, buf: &mut [u8], fill: impl Fn(u64, &mut [u8]) -> Result<usize>) -> Result<usize> {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let len = left.min(buf.len());
        let range = offset..offset.saturating_add(len as u64);
        if self.within(range.clone()).any(|damage| damage.fault == Fault::Eio) {
            return Err(FsError::Io);
        }
        let len = fill(offset, &mut buf[..len])?;
        for damage in self.within(range.clone()) {
            // Within the buffer, as the damage touches the range.
            let place = |at: u64| (at.clamp(offset, offset + len as u64) - offset) as usize;
            match damage.fault {
                Fault::Flip { bit } => buf[place(damage.offset)] ^= 1 << bit,
                Fault::Swap => {
                    let middle = damage.offset + BLOCK;
                    let (first, second) = (place(damage.offset)..place(middle), place(middle)..place(damage.end()));
                    fill(offset + first.start as u64 + BLOCK, &mut buf[first])?;
                    fill((offset + second.start as u64).saturating_sub(BLOCK), &mut buf[second])?;
                }
                Fault::Zero | Fault::Eio | Fault::Truncate => buf[place(damage.offset)..place(damage.end())].fill(0),
            }
        }
        Ok(len)
    }
}

/// The damages of a stretch, one after the other.
struct Damages<'a> {
    file: &'a FileDamage<'a>,
    stretch: Stretch,
}

impl Damages<'_> {
    /// What a hit does, if anything.
    fn damage(&mut self, hit: Hit) -> Option<Damage> {
        let offset = hit.block * BLOCK;
        let len = BLOCK.min(self.file.size - offset);
        match self.file.plan.fault(hit.what) {
            Fault::Flip { .. } => {
                let place = self.stretch.draws().below(hit.detail, len * 8);
                let fault = Fault::Flip { bit: (place % 8) as u8 };
                Some(Damage { fault, offset: offset + place / 8, len: 1 })
            }
            // Without a whole block behind it, or at the end of a stretch, nothing can change places.
            Fault::Swap if offset + 2 * BLOCK > self.file.size || !hit.has_next => None,
            Fault::Swap => {
                self.stretch.take_next();
                Some(Damage { fault: Fault::Swap, offset, len: 2 * BLOCK })
            }
            fault => Some(Damage { fault, offset, len }),
        }
    }
}

impl Iterator for Damages<'_> {
    type Item = Damage;

    fn next(&mut self) -> Option<Damage> {
        loop {
            let hit = self.stretch.next()?;
            if let Some(damage) = self.damage(hit) {
                return Some(damage);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn recipe(size: u64) -> Recipe {
        Recipe { kind: Kind::Random, seed: 7, size, edition: 0 }
    }

    fn plan(text: &str) -> Plan {
        Plan::new(text.parse().unwrap())
    }

    /// Bytes that tell their place.
    fn fill(offset: u64, buf: &mut [u8]) -> Result<usize> {
        for (at, byte) in (offset..).zip(buf.iter_mut()) {
            *byte = (at / BLOCK + at) as u8;
        }
        Ok(buf.len())
    }

    #[test]
    fn each_kind_comes_at_its_rate() {
        let plan = plan("flip:0.01,zero:0.02,swap:0.03,eio:0.005,truncate:0.25,seed=3");
        let mut counts = [0u32; 5];
        const BLOCKS: u64 = 100;
        for file in 0..20_000 {
            let damage = plan.of(file, &recipe(BLOCKS * BLOCK));
            counts[4] += u32::from(damage.truncation().is_some());
            for damage in damage.within(0..u64::MAX) {
                counts[match damage.fault {
                    Fault::Flip { .. } => 0,
                    Fault::Zero => 1,
                    Fault::Swap => 2,
                    Fault::Eio => 3,
                    Fault::Truncate => unreachable!("no block's"),
                }] += 1;
            }
        }
        // An eighth of all blocks is cut off, and some stay whole for those beside them.
        let expected = [1.0, 2.0, 3.0, 0.5].map(|percent| 20_000.0 * percent * 0.875);
        for (count, expected) in counts.iter().zip(expected) {
            assert!((0.85..1.02).contains(&(f64::from(*count) / expected)), "{counts:?}");
        }
        assert!((4_700..5_300).contains(&counts[4]), "{counts:?}");
    }

    #[test]
    fn a_stretch_has_a_few_damages_and_the_largest_file_is_reached_at_once() {
        for rate in ["1", "0.3", "1e-3", "1e-9", "1e-300"] {
            let plan = plan(&format!("flip:{rate}"));
            let damage = plan.of(5, &recipe(crate::units::MAX_SIZE));
            let far = 1u64 << 62;
            assert!(damage.within(far..far + (1 << 20)).count() <= 256);
            let stretch = plan.scatter.stretch(damage.draws, 0, damage.size);
            assert!(stretch.take(200).count() < 64, "{rate}");
        }
        assert_eq!(plan("truncate:1").of(5, &recipe(1 << 40)).within(0..1 << 40).count(), 0);
    }

    proptest! {
        #[test]
        fn damages_lie_inside_and_never_touch(size in 0u64..2_000_000, seed: u64, file in 0u64..1000) {
            let plan = plan(&format!("flip:0.2,zero:0.2,swap:0.2,eio:0.2,truncate:0.3,seed={seed}"));
            let damage = plan.of(file, &recipe(size));
            let all: Vec<Damage> = damage.within(0..size).collect();
            prop_assert!(all.windows(2).all(|pair| pair[0].end().div_ceil(BLOCK) < pair[1].offset / BLOCK));
            prop_assert!(all.iter().all(|one| one.len > 0 && one.end() <= damage.size()));
            prop_assert!(damage.truncation().is_none_or(|cut| cut.end() == size && cut.offset % BLOCK == 0));
        }

        #[test]
        fn any_part_reads_as_the_part_of_the_whole(
            size in 1u64..200_000, seed: u64, offset in 0u64..220_000, len in 0usize..100_000,
        ) {
            let plan = plan(&format!("flip:0.2,zero:0.2,swap:0.2,truncate:0.3,seed={seed}"));
            let damage = plan.of(9, &recipe(size));
            let mut whole = vec![0; size as usize + 10];
            let n = damage.read(0, &mut whole, fill).unwrap();
            prop_assert_eq!(n as u64, damage.size());
            let mut part = vec![0; len];
            let m = damage.read(offset, &mut part, fill).unwrap();
            let from = n.min(offset as usize);
            prop_assert_eq!(&part[..m], &whole[from..n.min(from + len)]);
        }

        #[test]
        fn what_differs_is_what_is_told(size in 1u64..200_000, seed: u64) {
            let plan = plan(&format!("flip:0.1,zero:0.1,swap:0.1,seed={seed}"));
            let damage = plan.of(9, &recipe(size));
            let (mut good, mut bad) = (vec![0; size as usize], vec![0; size as usize]);
            fill(0, &mut good).unwrap();
            damage.read(0, &mut bad, fill).unwrap();
            for one in damage.within(0..size) {
                let range = one.offset as usize..one.end() as usize;
                prop_assert!(good[range.clone()] != bad[range.clone()]);
                good[range.clone()].copy_from_slice(&bad[range]);
            }
            prop_assert!(good == bad);
        }
    }

    #[test]
    fn bytes_that_cannot_be_read_fail_reads_that_touch_them() {
        let plan = plan("eio:0.1,seed=4");
        let damage = plan.of(1, &recipe(1 << 20));
        let broken = damage.within(0..1 << 20).next().unwrap();
        let mut buf = [0; 512];
        assert_eq!(damage.read(broken.offset, &mut buf, fill), Err(FsError::Io));
        assert_eq!(damage.read(broken.end() - 1, &mut buf, fill), Err(FsError::Io));
        assert_eq!(damage.read(broken.end(), &mut buf, fill), Ok(512));
        assert_eq!(damage.read(broken.offset.saturating_sub(512), &mut buf, fill).is_ok(), broken.offset > 0);
    }
}
