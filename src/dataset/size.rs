//! Sizes of files: a mixture of simple distributions, each given by its quantile function.

use std::fmt;

use super::normal;
use crate::units::{MAX_SIZE, parse_fraction, parse_size, write_fraction};

// The x87 unit of older processors computes with 80 bits, which would change sizes, names and so bytes.
#[cfg(all(target_arch = "x86", not(target_feature = "sse2")))]
compile_error!("seedfs needs SSE2 on x86: without it floating-point results, and so file sizes, differ");

/// Most parts of a mixture.
const MAX_PARTS: usize = 64;

/// How the sizes of files are distributed, in bytes: one simple distribution, or several with weights.
#[derive(Debug, Clone, PartialEq)]
pub struct SizeDistribution {
    /// At least one; weights in millionths, at least one millionth.
    parts: Vec<(u64, Sizes)>,
}

/// A simple distribution of sizes in bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sizes {
    /// All the same.
    Fixed(u64),
    /// Every size from the first to the second is equally likely.
    Uniform(u64, u64),
    /// The natural logarithm of the size is normal; µ from 0 to 43, σ from 0 to 10.
    LogNormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// A heavy tail: of the sizes, all at least `min`, a part of (min / x)^alpha is above x. α from 0.1 to 100.
    Pareto {
        /// Smallest size.
        min: u64,
        /// How fast the tail falls.
        alpha: f64,
    },
}

impl Sizes {
    /// The size that a part `u` of all sizes stays below, `u` strictly between 0 and 1: from 0 to [`MAX_SIZE`], never
    /// falling as `u` grows.
    #[inline]
    pub fn quantile(&self, u: f64) -> u64 {
        // A float beyond the range saturates in its cast.
        match *self {
            Sizes::Fixed(size) => size,
            Sizes::Uniform(low, high) => {
                let range = (high - low) as f64 + 1.0;
                low.saturating_add((u * range) as u64).min(high)
            }
            Sizes::LogNormal { mu, sigma } => (libm::exp(mu + sigma * normal::quantile(u)) as u64).min(MAX_SIZE),
            Sizes::Pareto { min, alpha } => {
                let factor = libm::exp(-libm::log(1.0 - u) / alpha);
                ((min as f64 * factor) as u64).clamp(min, MAX_SIZE)
            }
        }
    }

    /// The smallest size that may come out.
    pub fn min(&self) -> u64 {
        match *self {
            Sizes::Fixed(size) => size,
            Sizes::Uniform(low, _) => low,
            Sizes::LogNormal { .. } => 0,
            Sizes::Pareto { min, .. } => min,
        }
    }

    /// Whether the distribution is a model of reality, whose smallest sizes may be rounded up, and no exact demand.
    pub fn is_model(&self) -> bool {
        matches!(self, Sizes::LogNormal { .. } | Sizes::Pareto { .. })
    }

    fn parse(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None => Ok(Sizes::Fixed(bytes(text)?)),
            Some(("uniform", range)) => {
                let (low, high) = range.split_once('-').ok_or("needs two sizes, as in uniform:1KiB-1MiB")?;
                let (low, high) = (bytes(low)?, bytes(high)?);
                if low > high {
                    return Err("has its smaller size behind the larger one".into());
                }
                Ok(Sizes::Uniform(low, high))
            }
            Some(("lognormal", numbers)) => {
                let (mu, sigma) = numbers.split_once(',').ok_or("needs mu and sigma, as in lognormal:9.314,3.187")?;
                Ok(Sizes::LogNormal { mu: float("mu", mu, 0.0, 43.0)?, sigma: float("sigma", sigma, 0.0, 10.0)? })
            }
            Some(("pareto", numbers)) => {
                let (min, alpha) = numbers.split_once(',').ok_or("needs a size and alpha, as in pareto:512MiB,0.91")?;
                Ok(Sizes::Pareto { min: bytes(min)?, alpha: float("alpha", alpha, 0.1, 100.0)? })
            }
            Some(_) => {
                Err("is no distribution; use a size, uniform:LOW-HIGH, lognormal:MU,SIGMA or pareto:MIN,ALPHA".into())
            }
        }
    }
}

impl From<Sizes> for SizeDistribution {
    fn from(sizes: Sizes) -> Self {
        Self { parts: vec![(1_000_000, sizes)] }
    }
}

impl SizeDistribution {
    /// The simple distributions and their weights, which are relative to one another.
    pub fn parts(&self) -> &[(u64, Sizes)] {
        &self.parts
    }

    /// Reads `4KiB`, `uniform:1KiB-1MiB`, `lognormal:9.314,3.187`, `pareto:512MiB,0.91`, or several of these with
    /// weights: `90*lognormal:9,2+10*pareto:1MiB,1.1`.
    ///
    /// # Errors
    /// What is wrong, as the end of a sentence about the value.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        for part in text.split('+') {
            let (weight, sizes) = part.split_once('*').unwrap_or(("1", part));
            let weight = match parse_fraction(weight.as_bytes(), 6) {
                Some(weight @ 1..=1_000_000_000_000) => weight,
                _ => return Err(format!("has the weight {weight:?}; weights are from 0.000001 to 1000000")),
            };
            parts.push((weight, Sizes::parse(sizes)?));
        }
        if parts.len() > MAX_PARTS {
            return Err(format!("has more than {MAX_PARTS} parts"));
        }
        if let [(weight, _)] = &mut parts[..] {
            *weight = 1_000_000;
        }
        Ok(Self { parts })
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sizes::Fixed(size) => write!(f, "{size}"),
            Sizes::Uniform(low, high) => write!(f, "uniform:{low}-{high}"),
            Sizes::LogNormal { mu, sigma } => write!(f, "lognormal:{mu},{sigma}"),
            Sizes::Pareto { min, alpha } => write!(f, "pareto:{min},{alpha}"),
        }
    }
}

impl fmt::Display for SizeDistribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [(_, sizes)] = &self.parts[..] {
            return sizes.fmt(f);
        }
        for (i, (weight, sizes)) in self.parts.iter().enumerate() {
            write!(f, "{}{}*{sizes}", if i > 0 { "+" } else { "" }, write_fraction(*weight, 6))?;
        }
        Ok(())
    }
}

fn bytes(text: &str) -> Result<u64, String> {
    parse_size(text.as_bytes()).map_err(|e| format!("holds {text:?}, which {e} (sizes look like 4096, 64KiB, 1MB)"))
}

fn float(what: &str, text: &str, min: f64, max: f64) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(x) if (min..=max).contains(&x) => Ok(x),
        _ => Err(format!("needs a {what} from {min} to {max}, not {text:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(text: &str) -> Sizes {
        SizeDistribution::parse(text).unwrap().parts[0].1
    }

    /// Sizes at evenly spaced ranks.
    fn ranks(sizes: Sizes, n: u32) -> impl Iterator<Item = u64> {
        (0..n).map(move |i| sizes.quantile((f64::from(i) + 0.5) / f64::from(n)))
    }

    #[test]
    fn a_lognormal_has_the_mean_and_spread_it_was_asked_for() {
        let logs: Vec<f64> = ranks(sizes("lognormal:9.314,3.187"), 200_000).map(|s| (s as f64 + 0.5).ln()).collect();
        let mean = logs.iter().sum::<f64>() / logs.len() as f64;
        let deviation = (logs.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / logs.len() as f64).sqrt();
        assert!((mean - 9.314).abs() < 0.01 && (deviation - 3.187).abs() < 0.02, "{mean} {deviation}");
    }

    #[test]
    fn a_pareto_tail_falls_as_it_was_asked_to() {
        let sizes = sizes("pareto:1MiB,0.91");
        for factor in [2.0f64, 10.0, 100.0] {
            let above = ranks(sizes, 100_000).filter(|&s| s as f64 > factor * f64::from(1 << 20)).count();
            assert!((above as f64 / 1e5 - factor.powf(-0.91)).abs() < 1e-4, "{factor}: {above}");
        }
        assert!(ranks(sizes, 1000).all(|s| s >= 1 << 20));
    }

    #[test]
    fn uniform_sizes_reach_both_ends_and_no_further() {
        let mut seen = [0; 4];
        ranks(sizes("uniform:10-13"), 4000).for_each(|s| seen[s as usize - 10] += 1);
        assert_eq!(seen, [1000; 4]);
        assert!(ranks(Sizes::Uniform(0, MAX_SIZE), 1000).all(|s| s <= MAX_SIZE));
    }

    #[test]
    fn sizes_never_fall_along_their_ranks_and_saturate() {
        for text in ["lognormal:43,10", "pareto:8EB,0.1", "uniform:0-5", "7"] {
            let all: Vec<u64> = ranks(sizes(text), 10_000).collect();
            assert!(all.is_sorted() && all.iter().all(|&s| s <= MAX_SIZE), "{text}");
        }
        assert_eq!(ranks(sizes("lognormal:43,10"), 1000).max(), Some(MAX_SIZE));
    }

    #[test]
    fn distributions_are_read_as_they_are_written() {
        for text in [
            "4096",
            "uniform:1024-1048576",
            "lognormal:9.314,3.187",
            "pareto:536870912,0.91",
            "0.99994*lognormal:9.48,2.4566+0.00006*pareto:536870912,0.91",
            "50*4096+30.5*65536",
        ] {
            assert_eq!(SizeDistribution::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "4x",
            "uniform:1",
            "uniform:2-1",
            "lognormal:1",
            "lognormal:x,1",
            "lognormal:44,1",
            "lognormal:1,nan",
            "pareto:1KiB,0",
            "zipf:1",
            "9EiB",
            "0*4096",
            "4096+",
            "0.0000001*1+2",
        ] {
            assert!(SizeDistribution::parse(text).is_err(), "{text}");
        }
    }
}
