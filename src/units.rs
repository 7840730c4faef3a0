//! Numbers as people write them: sizes in bytes with binary or decimal units, and plain counts.

/// Largest file size, in bytes: what a signed 64-bit file offset can still reach.
pub const MAX_SIZE: u64 = i64::MAX as u64;

/// Why a number was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not digits followed by an optional known unit.
    #[error("is not a number with an optional unit")]
    Malformed,
    /// Beyond the range that the caller allows.
    #[error("is too large")]
    TooLarge,
}

/// Decimal digits only, nothing else; overflow is [`NumberError::TooLarge`].
pub fn parse_decimal(text: &[u8]) -> Result<u64, NumberError> {
    parse_radix(text, 10)
}

/// Digits of a base, either case, at least one.
fn parse_radix(text: &[u8], radix: u32) -> Result<u64, NumberError> {
    if text.is_empty() {
        return Err(NumberError::Malformed);
    }
    let mut value = 0u64;
    let mut overflow = false;
    for &byte in text {
        let digit = (byte as char).to_digit(radix).ok_or(NumberError::Malformed)?;
        match value.checked_mul(radix.into()).and_then(|v| v.checked_add(digit.into())) {
            Some(v) => value = v,
            None => overflow = true,
        }
    }
    if overflow { Err(NumberError::TooLarge) } else { Ok(value) }
}

/// A seed from 0 to 2^64 − 1: decimal, or hexadecimal behind `0x`.
///
/// # Errors
/// [`NumberError::TooLarge`] beyond that, [`NumberError::Malformed`] for anything else.
pub fn parse_seed(text: &[u8]) -> Result<u64, NumberError> {
    match text.strip_prefix(b"0x") {
        Some(hex) => parse_radix(hex, 16),
        None => parse_decimal(text),
    }
}

/// A size in bytes: `4096`, `4k`, `4KiB` (powers of 1,024), `4kB` (powers of 1,000), in either case.
///
/// # Errors
/// [`NumberError::TooLarge`] beyond [`MAX_SIZE`] (2^63 − 1), [`NumberError::Malformed`] for anything else.
pub fn parse_size(text: &[u8]) -> Result<u64, NumberError> {
    let (value, unit) = split_unit(text)?;
    let bytes = u128::from(value) * u128::from(size_unit(unit).ok_or(NumberError::Malformed)?);
    u64::try_from(bytes).ok().filter(|&b| b <= MAX_SIZE).ok_or(NumberError::TooLarge)
}

/// A count of things: `1500`, `10k`, `1M`, `2G`, `1T`. The letters are powers of 1,000.
///
/// # Errors
/// [`NumberError::TooLarge`] beyond 2^64 − 1, [`NumberError::Malformed`] for anything else.
pub fn parse_count(text: &[u8]) -> Result<u64, NumberError> {
    let (value, unit) = split_unit(text)?;
    let factor = match unit {
        b"" => 1,
        [letter] => 1000u64.pow(power(*letter).filter(|&p| p <= 4).ok_or(NumberError::Malformed)?),
        _ => return Err(NumberError::Malformed),
    };
    value.checked_mul(factor).ok_or(NumberError::TooLarge)
}

/// A number with up to `decimals` digits behind its point, at most 12, in units of 10^-decimals; `None` for anything
/// else, and beyond 2^64 − 1 units.
///
/// ```
/// assert_eq!(seedfs::units::parse_fraction(b"1.7", 4), Some(17_000));
/// ```
pub fn parse_fraction(text: &[u8], decimals: u32) -> Option<u64> {
    let mut halves = text.splitn(2, |&b| b == b'.');
    let whole = parse_decimal(halves.next()?).ok()?;
    let fraction = halves.next().unwrap_or(b"0");
    let missing = decimals.checked_sub(u32::try_from(fraction.len()).ok()?).or((fraction == b"0").then_some(0))?;
    let unit = 10u64.checked_pow(decimals)?;
    whole.checked_mul(unit)?.checked_add(parse_decimal(fraction).ok()?.checked_mul(10u64.checked_pow(missing)?)?)
}

/// Writes what [`parse_fraction`] reads, without needless zeros.
pub fn write_fraction(units: u64, decimals: u32) -> String {
    let unit = 10u64.pow(decimals);
    let (whole, fraction) = (units / unit, units % unit);
    if fraction == 0 {
        return whole.to_string();
    }
    let digits = format!("{whole}.{fraction:0width$}", width = decimals as usize);
    digits.trim_end_matches('0').to_string()
}

/// Units of time and their nanoseconds, the longest first.
const TIME_UNITS: [(&str, u64); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// A time in nanoseconds: `8ms`, `500us`, `1.5s`, with the units h, m, s, ms, us and ns; `None` for anything else, for
/// parts of nanoseconds, and beyond 2^64 − 1.
///
/// ```
/// assert_eq!(seedfs::units::parse_time(b"1.5ms"), Some(1_500_000));
/// ```
pub fn parse_time(text: &[u8]) -> Option<u64> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    let (number, unit) = text.split_at(digits);
    let (_, factor) = TIME_UNITS.iter().find(|(name, _)| name.as_bytes() == unit)?;
    let (whole, fraction) = match number.iter().position(|&b| b == b'.') {
        Some(point) => (&number[..point], &number[point + 1..]),
        None => (number, &b"0"[..]),
    };
    let scale = 10u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part = u128::from(parse_decimal(fraction).ok()?) * u128::from(*factor);
    if part % u128::from(scale) != 0 {
        return None;
    }
    let part = u64::try_from(part / u128::from(scale)).ok()?;
    parse_decimal(whole).ok()?.checked_mul(*factor)?.checked_add(part)
}

/// Writes what [`parse_time`] reads: a whole number of the longest unit that it is one of.
pub fn write_time(nanoseconds: u64) -> String {
    let fits = |&&(_, factor): &&(&str, u64)| nanoseconds > 0 && nanoseconds.is_multiple_of(factor);
    let (unit, factor) = TIME_UNITS.iter().find(fits).unwrap_or(&("s", 1));
    format!("{}{unit}", nanoseconds / factor)
}

/// A size for people: the largest binary unit that keeps at least one whole digit, one decimal.
///
/// ```
/// assert_eq!(seedfs::units::human_size(1536), "1.5 KiB");
/// ```
pub fn human_size(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let step = (bytes.max(1).ilog2() / 10) as usize;
    if step == 0 {
        return format!("{bytes} B");
    }
    let tenths = (u128::from(bytes) * 10) >> (10 * step);
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[step])
}

/// Days from 1970-01-01 to a day of the Gregorian calendar; month and day count from 1.
pub fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    // Years start in March, so that the leap day is their last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days_before_year = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days_before_month = (153 * month + 2) / 5;
    // From the start of March in the year 0.
    days_before_year + days_before_month + day - 1 - 719_468
}

/// A day as `2024-12-31`, counted from 1970-01-01.
pub fn civil_day(days: i64) -> String {
    // A year that is too late by one at most, then its months in order.
    let mut year = 1971 + days.div_euclid(365);
    while days_since_1970(year, 1, 1) > days {
        year -= 1;
    }
    let month = (1..=12).rev().find(|&month| days_since_1970(year, month, 1) <= days).unwrap_or(1);
    format!("{year:04}-{month:02}-{:02}", days - days_since_1970(year, month, 1) + 1)
}

fn split_unit(text: &[u8]) -> Result<(u64, &[u8]), NumberError> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, unit) = text.split_at(digits);
    Ok((parse_decimal(number)?, unit))
}

/// Bytes per unit, `None` for an unknown one.
fn size_unit(unit: &[u8]) -> Option<u64> {
    let (base, letter) = match unit {
        b"" => return Some(1),
        [letter] => (1024u64, letter),
        [letter, b'b' | b'B'] => (1000, letter),
        [letter, b'i' | b'I', b'b' | b'B'] => (1024, letter),
        _ => return None,
    };
    Some(base.pow(power(*letter)?))
}

fn power(letter: u8) -> Option<u32> {
    b"kmgtpe".iter().position(|&l| l == letter.to_ascii_lowercase()).map(|i| i as u32 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_in_binary_and_decimal_units_of_either_case() {
        for (text, bytes) in [
            ("0", 0),
            ("20480", 20480),
            ("4k", 4096),
            ("4K", 4096),
            ("1GiB", 1 << 30),
            ("1gib", 1 << 30),
            ("3MB", 3_000_000),
            ("7e", 7 << 60),
            ("9223372036854775807", MAX_SIZE),
        ] {
            assert_eq!(parse_size(text.as_bytes()), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn sizes_out_of_range_or_malformed_are_told_apart() {
        for text in ["8e", "9223372036854775808", "99999999999999999999999", "10EB"] {
            assert_eq!(parse_size(text.as_bytes()), Err(NumberError::TooLarge), "{text}");
        }
        for text in ["", "k", "-1", "1.5k", "4ki", "4b", "4kk", "4 k", "4z", "+4"] {
            assert_eq!(parse_size(text.as_bytes()), Err(NumberError::Malformed), "{text}");
        }
    }

    #[test]
    fn counts_use_powers_of_a_thousand() {
        assert_eq!(parse_count(b"1M"), Ok(1_000_000));
        assert_eq!(parse_count(b"2t"), Ok(2_000_000_000_000));
        assert_eq!(parse_count(b"1MiB"), Err(NumberError::Malformed));
        assert_eq!(parse_count(b"1p"), Err(NumberError::Malformed));
        assert_eq!(parse_count(b"99999999999999999T"), Err(NumberError::TooLarge));
    }

    #[test]
    fn days_count_as_the_calendar_does() {
        for (day, text) in [(0, "1970-01-01"), (59, "1970-03-01"), (11_016, "2000-02-29"), (19_723, "2024-01-01")] {
            assert_eq!(civil_day(day), text);
        }
        let days: Vec<i64> = (0..160_000).filter(|&day| civil_day(day).ends_with("-02-29")).collect();
        assert_eq!(days.len(), 106, "leap years from 1972 to 2408 but 2100, 2200 and 2300");
        for day in (0..160_000).step_by(17) {
            let parts: Vec<i64> = civil_day(day).split('-').map(|part| part.parse().unwrap()).collect();
            assert_eq!(days_since_1970(parts[0], parts[1], parts[2]), day);
        }
    }

    #[test]
    fn fractions_are_read_as_they_are_written() {
        for (text, units) in [("0", 0), ("1", 10_000), ("1.7", 17_000), ("0.0001", 1), ("100", 1_000_000)] {
            assert_eq!(parse_fraction(text.as_bytes(), 4), Some(units), "{text}");
            assert_eq!(write_fraction(units, 4), text);
        }
        for text in ["", ".", "1.", ".5", "1.00001", "1,5", "-1", "1e3", "99999999999999999999", "1844674407370955.17"]
        {
            assert_eq!(parse_fraction(text.as_bytes(), 4), None, "{text}");
        }
    }

    #[test]
    fn times_are_read_as_they_are_written() {
        for (text, nanoseconds) in [
            ("0s", 0),
            ("1ns", 1),
            ("500us", 500_000),
            ("8ms", 8_000_000),
            ("1500ms", 1_500_000_000),
            ("90s", 90_000_000_000),
            ("1h", 3_600_000_000_000),
        ] {
            assert_eq!((parse_time(text.as_bytes()), write_time(nanoseconds).as_str()), (Some(nanoseconds), text));
        }
        assert_eq!(parse_time(b"1.5s"), Some(1_500_000_000));
        assert_eq!(parse_time(b"0.000001ms"), Some(1));
        for text in ["", "8", "ms", ".5s", "1.s", "1.0000001us", "-1s", "8 ms", "8MS", "1.5.5s", "99999999999h", "1e3s"]
        {
            assert_eq!(parse_time(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn human_sizes_keep_one_decimal() {
        for (bytes, text) in [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (MAX_SIZE, "7.9 EiB")] {
            assert_eq!(human_size(bytes), text);
        }
    }
}
