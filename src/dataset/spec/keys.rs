//! The keys of a dataset: one table for TOML documents, inline text and the documentation.

use super::{CorpusSpec, Dirs, Draft, Groups, MAX_COUNT, MAX_GROUP, Share, TypeSpec};
use crate::dataset::cases::Tags;
use crate::dataset::shape::Spread;
use crate::dataset::size::SizeDistribution;
use crate::dataset::types::mixed_types;
use crate::edition::{Edit, Profile};
use crate::recipe::Kind;
use crate::units::{NumberError, parse_count, parse_decimal, parse_seed, parse_size};

/// A value as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Text, a number, or true or false.
    One(String),
    /// An array of these.
    Many(Vec<String>),
}

impl Value {
    fn one(&self) -> Result<&str, String> {
        match self {
            Value::One(text) => Ok(text),
            Value::Many(_) => Err("must be one value, no array".into()),
        }
    }

    fn many(&self) -> &[String] {
        match self {
            Value::One(text) => std::slice::from_ref(text),
            Value::Many(texts) => texts,
        }
    }
}

/// One key, and how its value changes a spec. Errors end a sentence about the value.
pub(super) struct Key {
    /// With the name of its table before a dot.
    pub(super) name: &'static str,
    pub(super) set: fn(&mut Draft, &Value) -> Result<(), String>,
}

const fn key(name: &'static str, set: fn(&mut Draft, &Value) -> Result<(), String>) -> Key {
    Key { name, set }
}

/// All keys but `extends` and `types`.
pub(super) const KEYS: [Key; 48] = [
    key("description", |_, v| v.one().map(|_| ())),
    key("format", |_, v| match v.one()?.parse() {
        Ok(crate::FORMAT_VERSION) => Ok(()),
        _ => Err(format!("is not the format version of this program, which is {}", crate::FORMAT_VERSION)),
    }),
    key("seed", |d, v| {
        d.spec.seed =
            parse_seed(v.one()?.as_bytes()).map_err(|e| format!("{e} (a seed is a whole number from 0 to 2^64-1)"))?;
        Ok(())
    }),
    key("files", |d, v| {
        (d.spec.files, d.layer.files) = (count(v.one()?)?, true);
        Ok(())
    }),
    key("dirs", |d, v| d.set_dirs("dirs", Dirs::Count(count(v.one()?)?))),
    key("files_per_dir", |d, v| {
        d.set_dirs("files_per_dir", Dirs::FilesEach(fraction(v.one()?, 1, 1_000_000_000_000)?))
    }),
    key("bytes", |d, v| {
        let bytes = parse_size(v.one()?.as_bytes()).map_err(|e| format!("{e} (sizes look like 500GB, 10TiB)"))?;
        if bytes == 0 {
            return Err("must be at least 1; for empty files use empty=100%".into());
        }
        (d.spec.bytes, d.layer.bytes) = (Some(bytes), true);
        Ok(())
    }),
    key("fanout", |d, v| match count(v.one()?)? {
        0 => Err("must be at least 1".into()),
        fanout => {
            d.spec.fanout = fanout;
            Ok(())
        }
    }),
    key("spread", |d, v| {
        d.spec.spread = match v.one()? {
            "even" => Spread::Even,
            "varied" => Spread::Varied,
            _ => return Err("must be even or varied".into()),
        };
        Ok(())
    }),
    key("size", |d, v| {
        d.spec.size = SizeDistribution::parse(v.one()?)?;
        // Sizes that are asked for hold for all types.
        d.spec.types.iter_mut().for_each(|row| row.size = None);
        Ok(())
    }),
    key("kind", |d, v| {
        d.spec.types = match v.one()? {
            "mixed" => mixed_types(),
            text => vec![single_type(text.parse().map_err(|e| format!("{e}, or mixed"))?)],
        };
        Ok(())
    }),
    key("empty", |d, v| set(&mut d.spec.empty, Share::parse(v.one()?))),
    key("sparse", |d, v| set(&mut d.spec.sparse, Share::parse(v.one()?))),
    key("duplicates.share", |d, v| set(&mut d.spec.duplicates.share, Share::parse(v.one()?))),
    key("duplicates.groups", |d, v| set(&mut d.spec.duplicates.sizes, groups(v.one()?))),
    key("hardlinks.share", |d, v| set(&mut d.spec.hardlinks.share, Share::parse(v.one()?))),
    key("hardlinks.groups", |d, v| set(&mut d.spec.hardlinks.sizes, groups(v.one()?))),
    key("near.share", |d, v| set(&mut d.spec.near.share, Share::parse(v.one()?))),
    key("near.edits", |d, v| set(&mut d.spec.near.edits, edits(v.many()))),
    key("symlinks.share", |d, v| set(&mut d.spec.symlinks.share, Share::parse(v.one()?))),
    key("symlinks.relative", |d, v| set(&mut d.spec.symlinks.relative, weight(v.one()?, 0))),
    key("symlinks.absolute", |d, v| set(&mut d.spec.symlinks.absolute, weight(v.one()?, 0))),
    key("symlinks.dangling", |d, v| set(&mut d.spec.symlinks.dangling, weight(v.one()?, 0))),
    key("symlinks.loops", |d, v| set(&mut d.spec.symlinks.loops, weight(v.one()?, 0))),
    key("symlinks.root", |d, v| match v.one()?.trim_end_matches('/') {
        root if v.one()?.starts_with('/') && root.len() <= 1000 && !root.contains('\0') => {
            d.spec.symlinks.root = root.into();
            Ok(())
        }
        _ => Err("must be an absolute path of at most 1000 bytes".into()),
    }),
    key("cases", |d, v| {
        let tags = if v.many().is_empty() { Ok(Tags::NONE) } else { Tags::parse(&v.many().join("+")) };
        set(&mut d.spec.cases, tags)
    }),
    key("permissions.files", |d, v| {
        set(&mut d.spec.permissions.files, weighted(v.one()?).and_then(|rows| rows.into_iter().map(mode_row).collect()))
    }),
    key("permissions.dirs", |d, v| set(&mut d.spec.permissions.dirs, mode(v.one()?))),
    key("permissions.owners", |d, v| match v.one()? {
        "" => set(&mut d.spec.permissions.owners, Ok(Vec::new())),
        text => set(
            &mut d.spec.permissions.owners,
            weighted(text).and_then(|rows| rows.into_iter().map(owner_row).collect()),
        ),
    }),
    key("times.from", |d, v| set(&mut d.spec.times.from, day(v.one()?))),
    key("times.to", |d, v| set(&mut d.spec.times.to, day(v.one()?))),
    key("times.recent", |d, v| set(&mut d.spec.times.recent, truth(v.one()?))),
    key("names.files", |d, v| set(&mut d.spec.names.files, words(v.many(), false))),
    key("names.dirs", |d, v| set(&mut d.spec.names.dirs, words(v.many(), true))),
    key("churn.every", |d, v| {
        d.spec.churn.every = match parse_decimal(v.one()?.as_bytes()) {
            Ok(days @ 1..=3660) => days as u32,
            _ => return Err("must be a whole number of days from 1 to 3660".into()),
        };
        Ok(())
    }),
    key("churn.created", |d, v| set(&mut d.spec.churn.created, Share::parse(v.one()?))),
    key("churn.deleted", |d, v| set(&mut d.spec.churn.deleted, Share::parse(v.one()?))),
    key("churn.renamed", |d, v| set(&mut d.spec.churn.renamed, Share::parse(v.one()?))),
    key("churn.moved", |d, v| set(&mut d.spec.churn.moved, Share::parse(v.one()?))),
    key("churn.modified", |d, v| set(&mut d.spec.churn.modified, Share::parse(v.one()?))),
    key("churn.again", |d, v| set(&mut d.spec.churn.again, Share::parse(v.one()?))),
    key("churn.replaced", |d, v| set(&mut d.spec.churn.replaced, Share::parse(v.one()?))),
    key("churn.touched", |d, v| set(&mut d.spec.churn.touched, Share::parse(v.one()?))),
    key("churn.chmod", |d, v| set(&mut d.spec.churn.chmod, Share::parse(v.one()?))),
    key("churn.rotate", |d, v| set(&mut d.spec.churn.rotate, truth(v.one()?))),
    key("churn.edits", |d, v| {
        set(&mut d.spec.churn.edits, weighted(v.one()?).and_then(|rows| rows.into_iter().map(profile_row).collect()))
    }),
    key("corpus.path", |d, v| {
        let path = d.directory.join(v.one()?);
        d.spec.corpus = Some(CorpusSpec { path, sha256: None });
        Ok(())
    }),
    key("corpus.sha256", |d, v| corpus_digest(d, v.one()?)),
];

/// Keys of the rows of the table of types.
const TYPE_KEYS: [&str; 4] = ["ext", "kind", "weight", "size"];

/// The names of all keys of a document, those in a table with its name before a dot.
pub fn key_names() -> impl Iterator<Item = String> {
    let plain = ["extends"].into_iter().chain(KEYS.iter().map(|key| key.name)).map(str::to_owned);
    plain.chain(TYPE_KEYS.map(|key| format!("types.{key}")))
}

/// How messages about keys that there are not begin.
pub(super) const NO_SUCH_KEY: &str = "no such key";

/// What is said about a key that there is not.
pub(super) fn unknown() -> String {
    let names: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
    format!("{NO_SUCH_KEY}; keys are extends, {}, types", names.join(", "))
}

/// Whether keys stand in a table of this name.
pub(super) fn is_table(name: &str) -> bool {
    KEYS.iter().any(|key| key.name.split_once('.').is_some_and(|(table, _)| table == name))
}

/// The digest belongs to the corpus whose path comes before it, as it does in the order of their names.
fn corpus_digest(draft: &mut Draft, text: &str) -> Result<(), String> {
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err("must be a SHA-256 of 64 hexadecimal digits".into());
    }
    match &mut draft.spec.corpus {
        Some(corpus) => {
            corpus.sha256 = Some(text.to_ascii_lowercase());
            Ok(())
        }
        None => Err("has no corpus.path before it".into()),
    }
}

fn set<T>(place: &mut T, value: Result<T, String>) -> Result<(), String> {
    *place = value?;
    Ok(())
}

fn count(text: &str) -> Result<u64, String> {
    match parse_count(text.as_bytes()) {
        Ok(n) if n <= MAX_COUNT => Ok(n),
        Ok(_) => Err("is above the limit of 2^40".into()),
        Err(e) => Err(format!("{e} (counts look like 1500, 10k, 1M)")),
    }
}

/// A number with up to six decimals, in millionths.
fn fraction(text: &str, min: u64, max: u64) -> Result<u64, String> {
    crate::units::parse_fraction(text.as_bytes(), 6).filter(|n| (min..=max).contains(n)).ok_or_else(|| {
        format!("must be a number from {} to {} with at most 6 decimals", min as f64 / 1e6, max / 1_000_000)
    })
}

/// The largest weight.
const MAX_WEIGHT: u64 = 1_000_000;

pub(super) fn weight(text: &str, min: u64) -> Result<u32, String> {
    match parse_decimal(text.as_bytes()) {
        Ok(n) if (min..=MAX_WEIGHT).contains(&n) => Ok(n as u32),
        _ => Err(format!("must be a whole number from {min} to {MAX_WEIGHT}")),
    }
}

/// `60*2+40*3`: values and their weights; a value alone has the weight 1.
fn weighted(text: &str) -> Result<Vec<(&str, u32)>, String> {
    text.split('+')
        .map(|part| match part.split_once('*') {
            Some((w, value)) => Ok((value, weight(w, 1).map_err(|why| format!("has a weight that {why}"))?)),
            None => Ok((part, 1)),
        })
        .collect()
}

fn groups(text: &str) -> Result<Vec<(u64, u32)>, String> {
    let mut sizes = Vec::new();
    for (value, weight) in weighted(text)? {
        match parse_count(value.as_bytes()) {
            Ok(size) if (2..=MAX_GROUP).contains(&size) && sizes.iter().all(|&(s, _)| s != size) => {
                sizes.push((size, weight));
            }
            _ => return Err("must be sizes of groups from 2 to 2^32, each once, with weights: 60*2+40*3".into()),
        }
    }
    // The order does not matter, so there is but one.
    sizes.sort_unstable();
    Ok(sizes)
}

/// Group sizes as they are written.
pub(super) fn groups_text(groups: &Groups) -> String {
    let rows: Vec<String> = groups.sizes.iter().map(|(size, weight)| format!("{weight}*{size}")).collect();
    rows.join("+")
}

fn edits(texts: &[String]) -> Result<Vec<Edit>, String> {
    if let [all] = texts
        && all == "all"
    {
        return Ok(Edit::ALL.into());
    }
    let mut edits = Vec::new();
    for text in texts {
        match Edit::ALL.into_iter().find(|edit| edit.name() == text) {
            Some(edit) if !edits.contains(&edit) => edits.push(edit),
            _ => {
                let names = Edit::ALL.map(Edit::name).join(", ");
                return Err(format!("must be some of {names}, each once, or all; not {text:?}"));
            }
        }
    }
    Ok(edits)
}

fn truth(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "must be true or false".into())
}

fn profile_row((text, weight): (&str, u32)) -> Result<(Profile, u32), String> {
    let profile = Profile::ALL.into_iter().find(|profile| profile.name() == text);
    profile.map(|profile| (profile, weight)).ok_or_else(|| {
        "must be mixed, append, overwrite or revise, or several with weights as in 60*append+40*mixed".into()
    })
}

fn mode(text: &str) -> Result<u16, String> {
    u16::from_str_radix(text, 8)
        .ok()
        .filter(|&mode| mode <= 0o7777 && text.len() <= 5)
        .ok_or_else(|| "must be permission bits in octal, such as 644".into())
}

fn mode_row((text, weight): (&str, u32)) -> Result<(u16, u32), String> {
    Ok((mode(text)?, weight))
}

fn owner_row((text, weight): (&str, u32)) -> Result<((u32, u32), u32), String> {
    let number = |text: &str| parse_decimal(text.as_bytes()).ok().and_then(|n| u32::try_from(n).ok());
    let pair = text.split_once(':').and_then(|(user, group)| number(user).zip(number(group)));
    pair.map(|pair| (pair, weight))
        .ok_or_else(|| "must be numbers of users and groups, such as 90*1000:1000+10*0:0".into())
}

/// Seconds since 1970 of the start of a day such as 2024-12-31, years 1970 to 2400.
fn day(text: &str) -> Result<i64, String> {
    let wrong = || "must be a day from 1970-01-01 to 2400-12-31".to_string();
    let parts: Vec<i64> = text.splitn(3, '-').filter_map(|part| part.parse().ok()).collect();
    match parts[..] {
        [year @ 1970..=2400, month @ 1..=12, day @ 1..=31] if text.len() == 10 && day <= days_of(year, month) => {
            Ok(crate::units::days_since_1970(year, month, day) * 86_400)
        }
        _ => Err(wrong()),
    }
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Whether names can be made of a word: what is made of it must tell files, links and folders apart, and the members of
/// a group.
pub(in crate::dataset) fn is_word(word: &str, of_folders: bool) -> bool {
    let is_recipe = |name: String| crate::name::parse(name.as_bytes()).is_ok();
    let of_one_kind = match of_folders {
        true => !word.ends_with("-link") && !is_recipe(format!("{word}-0")),
        false => !ends_in_number(word) && !is_recipe(format!("{word}-link-0")),
    };
    (1..=150).contains(&word.len()) && !word.contains(['/', '\0']) && of_one_kind
}

/// Words of names.
fn words(texts: &[String], of_folders: bool) -> Result<Vec<String>, String> {
    if texts.is_empty() || texts.len() > 10_000 {
        return Err("must be 1 to 10000 words".into());
    }
    match texts.iter().find(|word| !is_word(word, of_folders)) {
        None => Ok(texts.to_vec()),
        Some(word) if of_folders => Err(format!(
            "has {word:?}; words of folders have 1 to 150 bytes and no slash, and do not end in -link or like s42"
        )),
        Some(word) => Err(format!(
            "has {word:?}; words of files have 1 to 150 bytes and no slash, do not end like -2, and hold no recipe"
        )),
    }
}

/// Whether a dash and a number end it, as they do behind the word where a file is not the first of its group.
fn ends_in_number(word: &str) -> bool {
    word.rsplit_once('-').is_some_and(|(_, number)| parse_decimal(number.as_bytes()) != Err(NumberError::Malformed))
}

/// The single type of a dataset whose files are all of one kind.
pub(super) fn single_type(kind: Kind) -> TypeSpec {
    let ext = if kind == Kind::Text { "txt" } else { "bin" };
    TypeSpec { weight: 1, ext: Some(ext.into()), kind, size: None }
}

/// The keys of one row of the table of types.
pub(super) fn set_type(row: &mut TypeSpec, key: &str, text: &str) -> Result<(), String> {
    match key {
        "ext" if text.is_empty() => row.ext = None,
        "ext" => {
            let fits = text.len() <= 16 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
            if !fits {
                return Err("must be at most 16 lower-case letters and digits, without the dot".into());
            }
            row.ext = Some(text.into());
        }
        "kind" => row.kind = text.parse().map_err(|e: crate::recipe::KindError| e.to_string())?,
        "weight" => row.weight = weight(text, 1)?,
        "size" => row.size = Some(SizeDistribution::parse(text)?),
        _ => return Err(format!("{NO_SUCH_KEY}; keys of a type are {}", TYPE_KEYS.join(", "))),
    }
    Ok(())
}
