//! Types of files: extension, kind of content, sizes.

use super::size::{SizeDistribution, Sizes};
use super::spec::{Spec, TypeSpec};
use crate::name;
use crate::recipe::{Kind, Mixed, Recipe};

/// One type with one part of its distribution of sizes.
#[derive(Debug, Clone, PartialEq)]
pub struct Stratum {
    /// Its share of the files, relative to the other strata: at least 1.
    pub weight: u64,
    /// Extension without the dot, or none.
    pub ext: Option<String>,
    /// Kind of the contents.
    pub kind: Kind,
    /// Sizes, all from one simple distribution.
    pub sizes: Sizes,
    /// Bytes that files have at least.
    pub min: u64,
    /// What follows the size in the names of such files: `.txt`, or `-c20.pdf` where the kind must be told.
    pub(super) tail: String,
}

impl Stratum {
    fn new(kind: Kind, ext: Option<&str>, sizes: Sizes, weight: u64) -> Self {
        let tail = tail(&Recipe { kind, seed: 0, size: 0, edition: 0 }, ext);
        // A model's tiny files are made large enough to be different from each other.
        let min = if sizes.is_model() { kind.distinct_size().unwrap_or(1) } else { 0 };
        Self { weight, ext: ext.map(str::to_owned), kind, sizes, min, tail }
    }

    /// Size in bytes of the file at a rank from 0 to 1, exclusive, with all sizes multiplied by `scale`.
    #[inline]
    pub fn size(&self, rank: f64, scale: Option<f64>) -> u64 {
        let size = self.sizes.quantile(rank);
        // A float beyond the range saturates in its cast.
        let size = scale.map_or(size, |scale| (size as f64 * scale) as u64);
        size.clamp(self.min, crate::units::MAX_SIZE)
    }

    /// Whether files of different seeds are certain to differ.
    pub fn is_distinct(&self, scale: Option<f64>) -> bool {
        let smallest = match scale {
            None => self.sizes.min(),
            Some(scale) => (self.sizes.min() as f64 * scale) as u64,
        };
        self.kind.distinct_size().is_some_and(|size| smallest.max(self.min) >= size)
    }
}

/// What follows the size in the canonical name of a recipe.
pub(super) fn tail(recipe: &Recipe, ext: Option<&str>) -> String {
    let mut name = Vec::new();
    let recipe = Recipe { seed: 0, size: 0, ..*recipe };
    name::write_canonical(&mut name, None, &recipe, ext.map(str::as_bytes));
    String::from_utf8_lossy(&name[b"s0-0".len()..]).into_owned()
}

/// The strata of a spec, type by type: its own types, or the one kind that it asks for.
pub(super) fn strata(spec: &Spec) -> Vec<Stratum> {
    let of_type = |row: &TypeSpec| -> Vec<Stratum> {
        let sizes: &SizeDistribution = row.size.as_ref().unwrap_or(&spec.size);
        let all: u64 = sizes.parts().iter().map(|&(weight, _)| weight).sum();
        let stratum = |&(weight, part): &(u64, Sizes)| {
            // In millionths of the type's weight.
            let weight = u128::from(row.weight) * 1_000_000 * u128::from(weight) / u128::from(all);
            Stratum::new(row.kind, row.ext.as_deref(), part, (weight as u64).max(1))
        };
        sizes.parts().iter().map(stratum).collect()
    };
    spec.types.iter().flat_map(of_type).collect()
}

/// A home directory's types in rough proportion, every kind of content among them.
pub(super) fn mixed_types() -> Vec<TypeSpec> {
    let mixed = |compress, dedupe, unit| Kind::Mixed(Mixed::new(compress, dedupe, unit).expect("a valid dial"));
    [
        (70, None, Kind::Random),
        (170, Some("jpg"), Kind::Random),
        (60, Some("png"), Kind::Random),
        (70, Some("mp3"), Kind::Random),
        (80, Some("pdf"), mixed(20, 0, 4096)),
        (60, Some("doc"), mixed(60, 0, 4096)),
        (40, Some("zip"), Kind::Random),
        (90, Some("txt"), Kind::Text),
        (50, Some("md"), Kind::Text),
        (60, Some("html"), Kind::Text),
        (60, Some("json"), Kind::Text),
        (40, Some("csv"), Kind::Text),
        (40, Some("log"), Kind::Text),
        (60, Some("c"), Kind::Text),
        (50, Some("py"), Kind::Text),
        (40, Some("db"), mixed(50, 25, 4096)),
        (20, Some("img"), mixed(60, 25, 4096)),
        (15, Some("raw"), Kind::Stamp),
        (10, Some("swap"), Kind::Zero),
        (8, Some("old"), Kind::Classic),
        (7, Some("dat"), Kind::Chunks),
    ]
    .map(|(weight, ext, kind)| TypeSpec { weight, ext: ext.map(str::to_owned), kind, size: None })
    .into()
}
