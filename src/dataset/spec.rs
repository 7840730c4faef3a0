//! What a dataset is asked to be: inline text such as `files=1M,size=4KiB`, or a preset's name.

use std::fmt;

use super::shape::Spread;
use super::size::SizeDistribution;
use crate::recipe::Kind;
use crate::units::{parse_count, parse_decimal, parse_seed};

/// Most files, and most folders, of a dataset: 2^40.
pub const MAX_COUNT: u64 = 1 << 40;

/// The values that decide a whole tree. [`fmt::Display`] writes the inline text that reads back as the same values.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// Decides everything that is drawn; 0 unless given.
    pub seed: u64,
    /// Files, 0 to [`MAX_COUNT`].
    pub files: u64,
    /// Folders below the root, 0 to [`MAX_COUNT`].
    pub dirs: u64,
    /// Most subfolders of a folder, from 2.
    pub fanout: u64,
    /// How the files are spread over the folders.
    pub spread: Spread,
    /// Sizes of the files that are not empty.
    pub size: SizeDistribution,
    /// Files that are empty, in millionths.
    pub empty: u32,
    /// Kinds of the files.
    pub kind: KindChoice,
}

/// Which kinds of content the files have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KindChoice {
    /// All the same.
    Only(Kind),
    /// A built-in mixture of extensions, all kinds among them.
    Mixed,
}

/// Why a dataset was refused. The message names the key and says what it takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SpecError(String);

impl Default for Spec {
    fn default() -> Self {
        Self {
            seed: 0,
            files: 1000,
            dirs: 10,
            fanout: 10,
            spread: Spread::Even,
            size: SizeDistribution::Fixed(4096),
            empty: 0,
            kind: KindChoice::Only(Kind::Random),
        }
    }
}

impl Spec {
    /// The built-in tree used when none is given: about 1,000 files of all kinds, some 64 MiB.
    pub fn demo() -> Self {
        Self {
            dirs: 120,
            fanout: 5,
            spread: Spread::Varied,
            size: SizeDistribution::LogNormal { mu: 9.2, sigma: 2.0 },
            empty: 20_000,
            kind: KindChoice::Mixed,
            ..Self::default()
        }
    }

    /// Reads `demo`, or `key=value` pairs separated by commas.
    ///
    /// # Errors
    /// The first key or value that is wrong, with what it takes.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        match text {
            "demo" => Ok(Self::demo()),
            _ if text.contains('=') => parse_inline(text),
            _ => Err(SpecError(format!(
                "{text}: neither a command nor a dataset; use demo, or inline text such as files=1M,size=4KiB"
            ))),
        }
    }
}

/// A key of the inline text, and how its value changes the spec. Errors end a sentence about the value.
type Key = (&'static str, fn(&mut Spec, &str) -> Result<(), String>);

const KEYS: [Key; 8] = [
    ("seed", |spec, v| {
        let _: () = spec.seed = seed(v)?;
        Ok(())
    }),
    ("files", |spec, v| {
        let _: () = spec.files = count(v)?;
        Ok(())
    }),
    ("dirs", |spec, v| {
        let _: () = spec.dirs = count(v)?;
        Ok(())
    }),
    ("fanout", |spec, v| match count(v)? {
        fanout @ 2.. => {
            let _: () = spec.fanout = fanout;
            Ok(())
        }
        _ => Err("must be at least 2".into()),
    }),
    ("spread", |spec, v| {
        spec.spread = match v {
            "even" => Spread::Even,
            "varied" => Spread::Varied,
            _ => return Err("must be even or varied".into()),
        };
        Ok(())
    }),
    ("size", |spec, v| {
        let _: () = spec.size = SizeDistribution::parse(v)?;
        Ok(())
    }),
    ("empty", |spec, v| {
        let _: () = spec.empty = percent(v)?;
        Ok(())
    }),
    ("kind", |spec, v| {
        spec.kind = match v {
            "mixed" => KindChoice::Mixed,
            _ => KindChoice::Only(v.parse().map_err(|e| format!("{e}, or mixed"))?),
        };
        Ok(())
    }),
];

fn parse_inline(text: &str) -> Result<Spec, SpecError> {
    let mut spec = Spec::default();
    let mut given = Vec::new();
    for (key, value) in pairs(text)? {
        let Some((name, set)) = KEYS.iter().find(|(name, _)| *name == key) else {
            return Err(SpecError(format!(
                "{key}={value}: no such key; keys are {}",
                KEYS.map(|(name, _)| name).join(", ")
            )));
        };
        if given.contains(name) {
            return Err(SpecError(format!("{key}: given twice; keep one")));
        }
        given.push(name);
        set(&mut spec, value).map_err(|why| SpecError(format!("{key}={value}: {why}")))?;
    }
    if !given.contains(&"dirs") {
        spec.dirs = spec.files / 100;
    }
    Ok(spec)
}

/// Splits at commas; a part without `=` belongs to the value before it, as in `size=lognormal:9,3`.
fn pairs(text: &str) -> Result<Vec<(&str, &str)>, SpecError> {
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    let mut start = 0;
    for part in text.split(',') {
        let end = start + part.len();
        match (part.split_once('='), pairs.last_mut()) {
            (Some((key, _)), _) => pairs.push((key, &text[start + key.len() + 1..end])),
            (None, Some((_, value))) => {
                // The value is a slice of `text`, so it can be extended in place to the end of this part.
                let value_start = value.as_ptr() as usize - text.as_ptr() as usize;
                *value = &text[value_start..end];
            }
            (None, None) => return Err(SpecError(format!("{part}: no key=value pair; write files=1M,size=4KiB"))),
        }
        start = end + 1;
    }
    Ok(pairs)
}

fn seed(text: &str) -> Result<u64, String> {
    parse_seed(text.as_bytes()).map_err(|e| format!("{e} (a seed is a whole number from 0 to 2^64-1)"))
}

fn count(text: &str) -> Result<u64, String> {
    match parse_count(text.as_bytes()) {
        Ok(n) if n <= MAX_COUNT => Ok(n),
        Ok(_) => Err("is above the limit of 2^40".into()),
        Err(e) => Err(format!("{e} (counts look like 1500, 10k, 1M)")),
    }
}

/// A percentage with up to four decimals, in millionths.
fn percent(text: &str) -> Result<u32, String> {
    let wrong = || "must be a percentage from 0 to 100 with at most 4 decimals".to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if fraction.len() > 4 {
        return Err(wrong());
    }
    let digits = |s: &str| parse_decimal(s.as_bytes()).map_err(|_| wrong());
    let scale = 10u64.pow(4 - fraction.len() as u32);
    let millionths = digits(whole)?.saturating_mul(10_000).saturating_add(digits(fraction)? * scale);
    if millionths <= 1_000_000 { Ok(millionths as u32) } else { Err(wrong()) }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, files, dirs, fanout, size, .. } = self;
        let spread = self.spread_name();
        let (empty, kind) = (self.empty_percent(), self.kind_name());
        write!(
            f,
            "seed={seed},files={files},dirs={dirs},fanout={fanout},spread={spread},size={size},empty={empty},kind={kind}"
        )
    }
}

impl Spec {
    /// The spec as a TOML document of the same keys and values.
    pub fn to_toml(&self) -> String {
        let Self { files, dirs, fanout, size, .. } = self;
        // TOML integers end at 2^63-1, so the seed is a string.
        format!(
            "seed = \"{}\"\nfiles = {files}\ndirs = {dirs}\nfanout = {fanout}\nspread = \"{}\"\nsize = \"{size}\"\nempty = \"{}\"\nkind = \"{}\"\n",
            self.seed,
            self.spread_name(),
            self.empty_percent(),
            self.kind_name()
        )
    }

    fn spread_name(&self) -> &'static str {
        match self.spread {
            Spread::Even => "even",
            Spread::Varied => "varied",
        }
    }

    fn kind_name(&self) -> String {
        match self.kind {
            KindChoice::Only(kind) => kind.to_string(),
            KindChoice::Mixed => "mixed".into(),
        }
    }

    fn empty_percent(&self) -> String {
        let (whole, fraction) = (self.empty / 10_000, self.empty % 10_000);
        if fraction == 0 { whole.to_string() } else { format!("{whole}.{fraction:04}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_text_sets_what_it_names_and_leaves_the_rest() {
        let spec = Spec::parse("files=1M,size=lognormal:9.314,3.187,kind=c60d25,seed=0x2a").unwrap();
        assert_eq!((spec.files, spec.dirs, spec.seed), (1_000_000, 10_000, 42));
        assert_eq!(spec.size, SizeDistribution::LogNormal { mu: 9.314, sigma: 3.187 });
        assert_eq!(spec.kind_name(), "c60d25");
    }

    #[test]
    fn specs_are_read_as_they_are_written() {
        for text in [
            "demo",
            "files=0",
            "files=5,dirs=0,empty=1.7",
            "size=uniform:1KiB-1MiB,spread=varied,fanout=3",
            "empty=0.0001",
        ] {
            let spec = Spec::parse(text).unwrap();
            assert_eq!(Spec::parse(&spec.to_string()), Ok(spec));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, says) in [
            ("nowhere", "neither a command nor a dataset"),
            ("files=1M,colour=red", "colour=red: no such key; keys are seed, files, dirs"),
            ("files=abc", "files=abc: is not a number"),
            ("files=2T", "files=2T: is above the limit of 2^40"),
            ("fanout=1", "fanout=1: must be at least 2"),
            ("files=1,files=2", "files: given twice"),
            ("size=9EiB", "is too large"),
            ("kind=noise", "is no kind of content"),
            ("empty=101", "must be a percentage"),
            ("4,files=1", "4: no key=value pair"),
            ("seed=-1", "a seed is a whole number"),
            ("spread=odd", "even or varied"),
        ] {
            let error = Spec::parse(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
