//! Values that a program is most likely to stumble over, drawn from an input.

use arbitrary::{Result, Unstructured};
use seedfs::recipe::Mixed;
use seedfs::{Kind, Recipe};

/// A number: small, close to one of `near`, close to a power of two, close to the largest ones, or any.
pub fn number(u: &mut Unstructured<'_>, near: &[u64]) -> Result<u64> {
    let by = u.arbitrary::<i8>()?.into();
    Ok(match u.int_in_range(0..=7u8)? {
        0 | 1 => u.arbitrary::<u8>()?.into(),
        2 => u.arbitrary::<u16>()?.into(),
        3 | 4 if !near.is_empty() => u.choose(near)?.wrapping_add_signed(by),
        5 => (1u64 << u.int_in_range(0..=63u8)?).wrapping_add_signed(by),
        6 => u64::from(by.unsigned_abs() as u8).wrapping_neg(),
        _ => u.arbitrary()?,
    })
}

/// A number of bytes to read or write at once.
pub fn length(u: &mut Unstructured<'_>) -> Result<usize> {
    Ok(match u.int_in_range(0..=3u8)? {
        0 => u.int_in_range(0..=16usize)?,
        1 => *u.choose(&[511, 512, 513, 999, 1000, 1001, 4095, 4096, 4097, 16_384])?,
        _ => u.int_in_range(0..=20_000usize)?,
    })
}

/// Any kind of content.
pub fn kind(u: &mut Unstructured<'_>) -> Result<Kind> {
    Ok(match u.int_in_range(0..=7u8)? {
        0 => Kind::Random,
        1 => Kind::Text,
        2 => Kind::Stamp,
        3 => Kind::Zero,
        4 => Kind::Classic,
        5 => Kind::Chunks,
        _ => {
            let (compress, dedupe) = (u.int_in_range(0..=100)?, u.int_in_range(0..=100)?);
            let unit = 1 << u.int_in_range(9..=54u8)?;
            Kind::Mixed(Mixed::new(compress, dedupe, unit).expect("within its ranges"))
        }
    })
}

/// A recipe, which need not stand for a file: editions are of any number.
pub fn recipe(u: &mut Unstructured<'_>) -> Result<Recipe> {
    let size = number(u, &[1000, 4096, 16_384, 1 << 20, 1 << 40])? & seedfs::units::MAX_SIZE;
    let edition = match u.arbitrary::<u8>()? {
        0..=127 => 0,
        128..=191 => u.int_in_range(0..=3u32)? * 1_000_000_000 + u.int_in_range(0..=80)?,
        192..=247 => u.int_in_range(3_999_999_999..=4_000_000_011)?,
        // Takes milliseconds to make.
        248 => u.int_in_range(0..=3u32)? * 1_000_000_000 + u.int_in_range(4000..=4097)?,
        _ => u.arbitrary()?,
    };
    Ok(Recipe { kind: kind(u)?, seed: number(u, &[])?, size, edition })
}
