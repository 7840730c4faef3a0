//! What is found wrong with a path, in words and in JSON.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value, json};

use super::explain::Run;
use crate::recipe::Recipe;
use crate::verdict::Cause;
use crate::vfs::Device;

/// A path and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// From the root of the tree; as given, where names alone decide.
    pub path: Vec<u8>,
    /// What is wrong.
    pub what: What,
}

/// What is wrong with a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It is not there.
    Missing,
    /// It should not be there.
    Extra,
    /// It has the bytes of a file that is missing; or its name differs in case from the one that leads to it.
    Renamed {
        /// The path that it should have.
        from: Vec<u8>,
    },
    /// It is something else.
    Type {
        /// What it is.
        found: &'static str,
        /// What it should be.
        demanded: &'static str,
    },
    /// It ends early.
    Truncated {
        /// Bytes that are there.
        found: u64,
        /// Bytes that should be.
        demanded: u64,
    },
    /// It goes on behind its end.
    Longer {
        /// Bytes that are there.
        found: u64,
        /// Bytes that should be.
        demanded: u64,
    },
    /// It is, as a whole, what it once was.
    Older {
        /// What it is.
        found: Recipe,
        /// What it should be.
        demanded: Recipe,
    },
    /// Wrong bytes.
    Bytes(Run),
    /// Further runs of wrong bytes.
    More {
        /// How many.
        runs: u64,
    },
    /// Other permission bits.
    Mode {
        /// Those that it has.
        found: u16,
        /// Those that it should have.
        demanded: u16,
    },
    /// Another time of last change.
    Time {
        /// Seconds since 1970.
        found: i64,
        /// Seconds since 1970.
        demanded: i64,
    },
    /// Another user or group.
    Owner {
        /// User and group.
        found: (u32, u32),
        /// User and group.
        demanded: (u32, u32),
    },
    /// A symbolic link to elsewhere.
    Target {
        /// Where it leads.
        found: Vec<u8>,
        /// Where it should lead.
        demanded: Vec<u8>,
    },
    /// Another device.
    Device {
        /// Its numbers.
        found: Option<Device>,
        /// Those that it should have.
        demanded: Option<Device>,
    },
    /// A file of its own, where another name of a file should be.
    NotLinked {
        /// The first name of that file.
        first: Vec<u8>,
    },
    /// More names than it should have.
    Names {
        /// How many.
        found: u64,
        /// How many it should have.
        demanded: u64,
    },
    /// Bytes were written where a hole should be.
    Filled {
        /// The first of them.
        offset: u64,
    },
    /// Bytes that could not be read.
    UnreadableBytes {
        /// The first of them.
        offset: u64,
        /// How many.
        len: u64,
        /// Why.
        error: String,
    },
    /// It could not be looked at.
    Unreadable {
        /// Why.
        error: String,
    },
    /// Its name says nothing, and nothing else does. No difference.
    NotJudged,
}

impl What {
    /// One word for it, that of its class in JSON.
    pub fn class(&self) -> &'static str {
        match self {
            What::Missing => "missing",
            What::Extra => "extra",
            What::Renamed { .. } => "renamed",
            What::Type { .. } => "type",
            What::Truncated { .. } => "truncated",
            What::Longer { .. } => "longer",
            What::Older { .. } => "older",
            What::Bytes(_) => "bytes",
            What::More { .. } => "more",
            What::Mode { .. } => "mode",
            What::Time { .. } => "mtime",
            What::Owner { .. } => "owner",
            What::Target { .. } => "target",
            What::Device { .. } => "device",
            What::NotLinked { .. } | What::Names { .. } => "links",
            What::Filled { .. } => "holes",
            What::UnreadableBytes { .. } | What::Unreadable { .. } => "unreadable",
            What::NotJudged => "not judged",
        }
    }

    /// Whether it says that something could not be read, so that nobody knows.
    pub fn is_unreadable(&self) -> bool {
        matches!(self, What::UnreadableBytes { .. } | What::Unreadable { .. })
    }

    /// Adds what there is besides the class to a JSON object.
    fn push_json(&self, out: &mut Map<String, Value>) {
        let mut pair = |found: Value, demanded: Value| {
            out.insert("found".into(), found);
            out.insert("demanded".into(), demanded);
        };
        match self {
            What::Missing | What::Extra | What::NotJudged => {}
            What::Renamed { from: path } | What::NotLinked { first: path } => {
                let key = if matches!(self, What::Renamed { .. }) { "from" } else { "first" };
                out.insert(key.into(), lossy(path).into());
            }
            What::Type { found, demanded } => pair((*found).into(), (*demanded).into()),
            What::Truncated { found, demanded } | What::Longer { found, demanded } => {
                pair((*found).into(), (*demanded).into());
            }
            What::Names { found, demanded } => pair((*found).into(), (*demanded).into()),
            What::Older { found, demanded } => pair(found.to_string().into(), demanded.to_string().into()),
            What::Bytes(run) => push_run(run, out),
            What::More { runs } => _ = out.insert("runs".into(), (*runs).into()),
            What::Mode { found, demanded } => pair(format!("{found:o}").into(), format!("{demanded:o}").into()),
            What::Time { found, demanded } => pair((*found).into(), (*demanded).into()),
            What::Owner { found, demanded } => pair(json!([found.0, found.1]), json!([demanded.0, demanded.1])),
            What::Target { found, demanded } => pair(lossy(found).into(), lossy(demanded).into()),
            What::Device { found, demanded } => {
                let numbers = |device: &Option<Device>| json!(device.map(|device| [device.major, device.minor]));
                pair(numbers(found), numbers(demanded));
            }
            What::Filled { offset } => _ = out.insert("offset".into(), (*offset).into()),
            What::UnreadableBytes { offset, len, error } => {
                out.insert("offset".into(), (*offset).into());
                out.insert("length".into(), (*len).into());
                out.insert("error".into(), error.as_str().into());
            }
            What::Unreadable { error } => _ = out.insert("error".into(), error.as_str().into()),
        }
    }
}

fn push_run(run: &Run, out: &mut Map<String, Value>) {
    let Run { difference, count } = run;
    let mut put = |key: &str, value: Value| _ = out.insert(key.into(), value);
    put("offset", difference.offset.into());
    put("length", difference.len.into());
    put("count", (*count).into());
    let cause = match difference.cause {
        Cause::Zeros => "zeros",
        Cause::Flipped { bits } => {
            put("bits", bits.into());
            "flipped"
        }
        Cause::Moved { from } => {
            put("from", from.into());
            "moved"
        }
        Cause::Stamped { seed, offset } => {
            put("seed", seed.into());
            put("from", offset.into());
            "stamped"
        }
        Cause::File(recipe) => {
            put("recipe", recipe.to_string().into());
            "file"
        }
        Cause::Edition(edition) => {
            put("edition", edition.into());
            "edition"
        }
        Cause::Behind => "behind",
        Cause::Unknown | Cause::Unexplained => "unknown",
    };
    put("cause", cause.into());
}

impl Finding {
    /// One JSON object, without a newline. Bytes of paths that are no UTF-8 are replaced.
    pub fn to_json(&self) -> String {
        let mut out = Map::new();
        out.insert("path".into(), lossy(&self.path).into());
        out.insert("class".into(), self.what.class().into());
        self.what.push_json(&mut out);
        Value::Object(out).to_string()
    }
}

impl fmt::Display for Finding {
    /// `PATH: what`, on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", Shown(&self.path), self.what)
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Missing => f.write_str("missing"),
            What::Extra => f.write_str("extra"),
            What::Renamed { from } => write!(f, "renamed, should be {}", Shown(from)),
            What::Type { found, demanded } => write!(f, "is a {found}, should be a {demanded}"),
            What::Truncated { found, demanded } => write!(f, "truncated: {found} of {demanded} bytes"),
            What::Longer { found, demanded } => write!(f, "too long: {found} bytes instead of {demanded}"),
            What::Older { found, demanded } if found.seed == demanded.seed && found.kind == demanded.kind => {
                write!(f, "older: edition {}, should be edition {}", found.edition, demanded.edition)
            }
            What::Older { found, demanded } => write!(f, "older: has {found}, should have {demanded}"),
            What::Bytes(run) => run.fmt(f),
            What::More { runs: 1 } => f.write_str("and 1 more run of wrong bytes"),
            What::More { runs } => write!(f, "and {runs} more runs of wrong bytes"),
            What::Mode { found, demanded } => write!(f, "mode {found:04o}, should be {demanded:04o}"),
            What::Time { found, demanded } => write!(f, "mtime {found}, should be {demanded}"),
            What::Owner { found, demanded } => {
                write!(f, "owner {}:{}, should be {}:{}", found.0, found.1, demanded.0, demanded.1)
            }
            What::Target { found, demanded } => {
                write!(f, "leads to {}, should lead to {}", Shown(found), Shown(demanded))
            }
            What::Device { found, demanded } => {
                let numbers =
                    |device: &Option<Device>| device.map_or("none".into(), |d| format!("{}:{}", d.major, d.minor));
                write!(f, "device {}, should be {}", numbers(found), numbers(demanded))
            }
            What::NotLinked { first } => write!(f, "no hard link to {}", Shown(first)),
            What::Names { found, demanded } => write!(f, "{found} hard links, should have {demanded}"),
            What::Filled { offset } => write!(f, "bytes from offset {offset} where a hole should be"),
            What::UnreadableBytes { offset, len, error } => {
                let plural = if *len == 1 { "byte" } else { "bytes" };
                write!(f, "{len} {plural} from offset {offset}: unreadable: {error}")
            }
            What::Unreadable { error } => write!(f, "unreadable: {error}"),
            What::NotJudged => f.write_str("not judged"),
        }
    }
}

fn lossy(path: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(path)
}

/// A path on one line.
struct Shown<'a>(&'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        lossy(self.0).chars().try_for_each(|c| f.write_char(if c.is_control() { '?' } else { c }))
    }
}
