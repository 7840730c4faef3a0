//! Files that exist only by name.
//!
//! A seedfs file is a pure function. Its [`Recipe`] (kind of content, seed, size, edition) decides every byte; the file
//! name carries the recipe; nothing is stored. Reading at any offset costs the same as reading at 0, and the same name
//! gives the same bytes on every machine: in a mounted tree, from the command line, and from this library.
//!
//! The modules follow a path on its way to bytes:
//!
//! ```text
//! path ──name──▶ recipe ──tree──▶ inode ──offset──▶ content ──▶ bytes
//! ```
//!
//! | module | what it knows |
//! |---|---|
//! | [`name`], [`recipe`], [`units`] | the grammar of names, and what a name asks for |
//! | [`fold`] | names that differ in case only |
//! | [`edition`] | a file after changes, as pieces of streams, and what two editions share |
//! | [`content`] | the bytes of each kind, and [`SyntheticFile`], which programs read like a file |
//! | [`dataset`] | trees of files in closed form, and what becomes of them: node ↔ index arithmetic, no memory per file |
//! | [`listing`], [`manifest`], [`shard`] | the rows of a listing, with digests, whole or in parts |
//! | [`summary`], [`dedupe`] | a dataset in numbers, and what deduplication saves: expected, and counted |
//! | [`diff`] | what happened from one of its generations to another |
//! | [`truth`] | which of its files are equal, and which only look as if they were |
//! | [`score`] | what a duplicate scanner reported, compared with that |
//! | [`expected`], [`verdict`] | what a restored tree must be, and what is wrong with bytes that are not |
//! | [`verify`] | a restored tree on a disk, compared with that |
//! | [`sink`] | a tree to restore into, which compares what is written and stores nothing |
//! | [`damage`] | trees that are wrong on purpose, in places that are known |
//! | [`faults`] | reads that fail, hang or end early, in places that are known |
//! | [`storage`] | how long a disk, a tape or an object store would take for each read |
//! | [`vfs`] | the neutral file system, in no platform's terms |
//! | [`tree`] | a dataset and on-demand names as that file system |
//! | [`prefetch`] | what to generate before it is asked for |
//! | [`stats`] | counters of what was asked |
//! | [`observe`], [`trace`] | what a client does: figures in bounded memory, and every request in a file |
#![cfg_attr(unix, doc = "| [`fuse`], [`mount`] | the neutral file system in FUSE's terms, and the life of a mount |")]
#![cfg_attr(
    windows,
    doc = "| [`winfsp`], [`mount`] | the neutral file system in WinFsp's terms, and the life of a mount |"
)]
//!
//! # Layers, and where a third platform goes
//!
//! ```text
//! cli ─▶ mount ─▶ adapter (fuse, winfsp) ─▶ vfs::Vfs ◀─ tree ─▶ dataset, name, content, …
//! ```
//!
//! Everything from [`vfs`] on to the right is the core: it knows no platform's types, calls or codes. An adapter knows one
//! kernel and decides nothing: it turns a request into a call of [`vfs::Vfs`] and the result into a reply. One for FSKit,
//! or an NFS server, is a module beside the others and has to say no more than
//!
//! - how names are written there: bytes as they come, or another encoding, with [`vfs::Vfs::spelling`] where case makes no
//!   difference;
//! - which code each [`vfs::FsError`] is, in one place, and how [`vfs::Attr`] is told; that nothing can be written it says
//!   itself, of every call that would change something;
//! - how a listing goes on: by [`vfs::Cookie`], or by the last name through [`vfs::Vfs::position`], never by a scan;
//! - when a reference that [`vfs::Vfs::lookup`] took is given back. Listed inodes need none: their numbers mean the same
//!   after a restart, so they will do as file handles;
//! - that a panic ends one request and not the mount, and is counted, as all requests are, in [`stats::Counters`].
//!
//! The life of its mounts (options, background, signals, messages) belongs to `mount`, which has a part for each family of
//! systems, and the command line to `cli`.
//!
//! # A file without a mount
//!
//! ```
//! use std::io::{Read, Seek, SeekFrom};
//!
//! let mut file = seedfs::SyntheticFile::open("holiday_s7-3MiB.jpg")?;
//! let mut first = [0; 16];
//! file.read_exact(&mut first)?;
//!
//! // The same bytes again, from any offset.
//! let mut again = [0; 8];
//! file.seek(SeekFrom::Start(8))?;
//! file.read_exact(&mut again)?;
//! assert_eq!(again, first[8..]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A tree without memory
//!
//! ```
//! use seedfs::dataset::{Dataset, Spec};
//!
//! let dataset = Dataset::new(Spec::parse("files=1G,size=lognormal:9.314,3.187")?)?;
//! let mut name = Vec::new();
//! dataset.entry(999_999_999).write_name(&mut name);
//! assert!(name.ends_with(b".bin"));
//! # Ok::<(), seedfs::dataset::SpecError>(())
//! ```

#[doc(hidden)]
pub mod cli;
pub mod content;
pub mod damage;
pub mod dataset;
pub mod dedupe;
pub mod diff;
pub mod edition;
pub mod expected;
pub mod faults;
pub mod fold;
#[cfg(unix)]
pub mod fuse;
pub mod listing;
pub mod manifest;
#[cfg(any(unix, windows))]
#[cfg_attr(windows, path = "mount/windows/mod.rs")]
pub mod mount;
pub mod name;
pub mod observe;
pub mod prefetch;
pub mod recipe;
mod scatter;
pub mod score;
pub mod shard;
mod shown;
pub mod sink;
pub mod stats;
pub mod storage;
pub mod summary;
pub mod trace;
pub mod tree;
pub mod truth;
pub mod units;
pub mod verdict;
pub mod verify;
pub mod vfs;
#[cfg(any(windows, test))]
pub mod winfsp;

pub use content::SyntheticFile;
pub use recipe::{FORMAT_VERSION, Kind, Recipe};
