//! One of several equal parts of a listing, so that N machines together do exactly the whole.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::units::parse_decimal;

/// Most parts that something is split into: 2^32.
pub const MAX_SHARDS: u64 = 1 << 32;

/// Part `I` of `N`, written `I/N`, counted from 1.
///
/// Parts are consecutive, and their lengths differ by one at most: they are balanced by entries, not by bytes, for that
/// is what arithmetic reaches without looking at each file. Where sizes vary, more parts than machines even that out.
///
/// ```
/// use seedfs::shard::Shard;
///
/// let ranges: Vec<_> = ["1/3", "2/3", "3/3"].map(|text| text.parse::<Shard>().unwrap().range(10)).into();
/// assert_eq!(ranges, [0..4, 4..7, 7..10]);
/// assert!("0/3".parse::<Shard>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 1 to `count`.
    index: u64,
    /// From 1 to [`MAX_SHARDS`].
    count: u64,
}

/// Why a shard was refused: the end of a sentence about its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// Not two numbers with a slash between them.
    #[error("is not of the form I/N, such as 1/8 for the first of eight parts")]
    Malformed,
    /// A part that is not among 1 to N.
    #[error("names a part that is not among 1 to N; parts are counted from 1")]
    Index,
    /// No parts at all, or more than [`MAX_SHARDS`].
    #[error("splits into a number of parts that is not among 1 to {MAX_SHARDS} (2^32)")]
    Count,
}

impl Shard {
    /// The only part of one: everything.
    pub const WHOLE: Self = Self { index: 1, count: 1 };

    /// Part `index`, from 1, of `count`.
    ///
    /// # Errors
    /// [`ShardError::Count`] for a count outside 1 to 2^32, [`ShardError::Index`] for an index outside 1 to `count`.
    pub fn new(index: u64, count: u64) -> Result<Self, ShardError> {
        match () {
            () if !(1..=MAX_SHARDS).contains(&count) => Err(ShardError::Count),
            () if !(1..=count).contains(&index) => Err(ShardError::Index),
            () => Ok(Self { index, count }),
        }
    }

    /// Which of `total` things, counted from 0, belong to this part. The first part of anything has the first thing.
    pub fn range(&self, total: u64) -> Range<u64> {
        // At most `total`, as `index` is at most `count`.
        let end_of = |index: u64| (u128::from(total) * u128::from(index)).div_ceil(self.count.into()) as u64;
        end_of(self.index - 1)..end_of(self.index)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let (index, count) = text.split_once('/').ok_or(ShardError::Malformed)?;
        let number = |text: &str| match parse_decimal(text.as_bytes()) {
            Err(crate::units::NumberError::Malformed) => Err(ShardError::Malformed),
            // Too large for a part as well as for their number.
            other => Ok(other.unwrap_or(u64::MAX)),
        };
        Self::new(number(index)?, number(count)?)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parts_are_the_whole_in_order_and_balanced(total in 0u64..=1 << 42, count in 1u64..300) {
            let mut end = 0;
            for index in 1..=count {
                let range = Shard::new(index, count).unwrap().range(total);
                prop_assert_eq!(range.start, end);
                let length = range.end - range.start;
                prop_assert!((total / count..=total.div_ceil(count)).contains(&length));
                end = range.end;
            }
            prop_assert_eq!(end, total);
        }

        #[test]
        fn neighbours_meet_among_very_many(total: u64, count in 2u64..=MAX_SHARDS, at: u64) {
            let index = 1 + at % (count - 1);
            let range = |index| Shard::new(index, count).unwrap().range(total);
            prop_assert_eq!(range(index).end, range(index + 1).start);
            prop_assert_eq!((range(1).start, range(count).end), (0, total));
            prop_assert_eq!(range(1).is_empty(), total == 0);
        }

        #[test]
        fn it_is_read_as_it_is_written(count in 1u64..=MAX_SHARDS, at: u64) {
            let shard = Shard::new(1 + at % count, count).unwrap();
            prop_assert_eq!(shard.to_string().parse(), Ok(shard));
        }

        #[test]
        fn reading_never_panics(text: String) {
            let _ = text.parse::<Shard>();
        }
    }

    #[test]
    fn what_is_no_part_is_refused_with_the_reason() {
        for text in ["", "/", "1", "1/", "/2", "a/b", "1/2/3", "-1/2", "1 /2", "1/2 ", "+1/2"] {
            assert_eq!(text.parse::<Shard>(), Err(ShardError::Malformed), "{text}");
        }
        for text in ["0/3", "4/3", "99999999999999999999999/3"] {
            assert_eq!(text.parse::<Shard>(), Err(ShardError::Index), "{text}");
        }
        for text in ["1/0", "0/0", "1/4294967297", "1/99999999999999999999999"] {
            assert_eq!(text.parse::<Shard>(), Err(ShardError::Count), "{text}");
        }
        assert_eq!("4294967296/4294967296".parse::<Shard>().unwrap().range(5), 5..5);
    }
}
