//! What an interrupted run has left of a manifest, which is where the next one goes on.

use std::num::NonZero;
use std::sync::LazyLock;

use seedfs::content::Corpus;
use seedfs::dataset::{Dataset, Spec};
use seedfs::manifest::{Algorithm, Format, Manifest};
use seedfs::shard::Shard;

const DATASET: &str = "files=12,dirs=2,size=uniform:0-300,hardlinks=20%,symlinks=10%,cases=names";

static TREE: LazyLock<Dataset> =
    LazyLock::new(|| Dataset::new(Spec::parse(DATASET).expect("a good text")).expect("a good spec"));

/// One of the manifests of the tree, and its text.
struct Whole {
    manifest: Manifest<'static>,
    text: Vec<u8>,
}

static MANIFESTS: LazyLock<Vec<Whole>> = LazyLock::new(|| {
    let all = Algorithm::ALL
        .into_iter()
        .flat_map(|algorithm| [Format::Sums, Format::Mtree, Format::Jsonl].map(|format| (algorithm, format)));
    let shards = [Shard::WHOLE, Shard::new(2, 3).expect("one of three")];
    all.flat_map(|(algorithm, format)| shards.map(|shard| (algorithm, format, shard)))
        .filter_map(|(algorithm, format, shard)| {
            let manifest = Manifest::new(TREE.at_start(), Corpus::builtin(), algorithm, format, shard).ok()?;
            let mut text = Vec::new();
            manifest.write(0, NonZero::<usize>::MIN, &mut text, &|_, _| ()).expect("memory takes all");
            Some(Whole { manifest, text })
        })
        .collect()
});

/// The first bytes choose the manifest, how much of it is there, and how much of that is cut away again; the rest stands
/// behind. What is taken for a beginning of the manifest is one, but for digits of digests before the last one.
pub fn run(data: &[u8]) {
    let Some(([which, kept_high, kept_low, cut], rest)) = data.split_first_chunk() else { return };
    let Whole { manifest, text } = &MANIFESTS[usize::from(*which) % MANIFESTS.len()];
    let kept = usize::from(u16::from_be_bytes([*kept_high, *kept_low])).min(text.len());
    let mut existing = text[..kept.saturating_sub(usize::from(*cut))].to_vec();
    existing.extend_from_slice(rest);
    match manifest.resume(&existing[..]) {
        Ok(point) => {
            let bytes = usize::try_from(point.bytes).expect("of a small text");
            assert!(bytes <= existing.len() && bytes <= text.len());
            assert!(bytes == 0 || text[bytes - 1] == b'\n', "goes on within a row");
            let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            let pairs = existing[..bytes].iter().zip(text);
            assert!(pairs.into_iter().all(|(&a, &b)| a == b || (is_digit(a) && is_digit(b))), "takes other rows");
            let mut behind = Vec::new();
            manifest.write(point.entry, NonZero::<usize>::MIN, &mut behind, &|_, _| ()).expect("memory takes all");
            // The header is the one thing that comes before entry 0 and is written with it.
            assert!(
                text[bytes..] == behind[..] || (point.entry <= 1 && behind == *text),
                "does not go on where it ended"
            );
        }
        Err(error) => {
            assert!(!text.starts_with(&existing), "refuses its own beginning: {error}");
            assert!(!error.to_string().is_empty());
        }
    }
}
