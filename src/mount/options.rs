//! The `-o` options of a mount: a pure function from text to [`MountOptions`].
//!
//! Of options that contradict each other the last one counts, as with mount(8). Whether the mount is read-only is not
//! for them to say: that of a dataset is, that of a sink is not.

use std::path::PathBuf;

use super::values::{OptionError, Refusal, damage, generation, path, seed, split, threads};
use crate::damage::Spec;
use crate::faults;
use crate::fuse::ReadDirPlus;
use crate::storage::{self, Asked, Disk, UnknownDisk};
use crate::units::{parse_decimal, parse_size};

/// Who may use the mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// The user who mounted.
    #[default]
    Owner,
    /// That user and root.
    OwnerAndRoot,
    /// Everybody, as far as the permission bits let them.
    Everybody,
}

/// Bytes pushed ahead unless told: some milliseconds of reading, little beside the memory of any machine.
const DEFAULT_PREFETCH: u64 = 32 << 20;

/// What may be asked for instead.
const PREFETCH: std::ops::RangeInclusive<u64> = 1 << 20..=1 << 30;

/// Everything that decides how a mount is made, but for the dataset and the place.
#[derive(Debug, Clone, PartialEq)]
pub struct MountOptions {
    /// Owner of all files; the mounting user when absent.
    pub uid: Option<u32>,
    /// Group of all files; the mounting user's when absent.
    pub gid: Option<u32>,
    /// Permission bits that everything loses, at most 0o7777.
    pub umask: u16,
    /// The same for files alone, instead of `umask`.
    pub fmask: Option<u16>,
    /// The same for directories alone, instead of `umask`.
    pub dmask: Option<u16>,
    /// Seed that overrides the dataset's.
    pub seed: Option<u64>,
    /// File with the words that text is made of.
    pub corpus: Option<PathBuf>,
    /// Generation of the dataset that is shown.
    pub generation: u64,
    /// Whether all up to that one are shown side by side.
    pub snapshots: bool,
    /// How listed files are wrong on purpose.
    pub damage: Option<Spec>,
    /// The device that reads seem to come from.
    pub storage: Asked,
    /// How reads of listed files go wrong on purpose.
    pub faults: Option<faults::Spec>,
    /// Whether names that are not listed stay unresolved.
    pub listed_only: bool,
    /// Where messages go in the background; the system log when absent.
    pub log_file: Option<PathBuf>,
    /// Whether reads bypass the page cache.
    pub direct_io: bool,
    /// Bytes pushed into the page cache ahead of each sequential reader: 0 for none, else 1 MiB to 1 GiB.
    /// Unless asked for, [`MountOptions::prefetch_bytes`].
    pub prefetch: Option<u64>,
    /// Whether what clients do is observed.
    pub observe: bool,
    /// File that every request is written to, which observes as well.
    pub trace: Option<PathBuf>,
    /// Whether listings carry attributes.
    pub readdirplus: ReadDirPlus,
    /// Whether extended attributes are served.
    pub xattr: bool,
    /// Threads that answer requests, 1 to 64; by the number of processors when absent.
    pub threads: Option<usize>,
    /// Whether device files would work.
    pub dev: bool,
    /// Whether set-user-id bits would work.
    pub suid: bool,
    /// Whether programs may be run.
    pub exec: bool,
    /// Whether reading asks for new access times.
    pub atime: bool,
    /// Who may use the mount.
    pub access: Access,
    /// Whether it can be written to; no option asks for this.
    pub writable: bool,
    /// Whether fusermount3 watches over the daemon and unmounts if it dies.
    pub auto_unmount: bool,
    /// What the mount table shows as source; the dataset when absent.
    pub fsname: Option<String>,
    /// The part of the type in the mount table behind `fuse.`.
    pub subtype: String,
    /// Labels for the kernel's security module: `context`, `fscontext`, `defcontext`, `rootcontext`.
    pub contexts: Vec<(String, String)>,
    /// Whether to stay in the foreground.
    pub foreground: bool,
    /// How much to say: 0 warnings, 1 more, 2 every failed request, 3 everything.
    pub verbosity: u8,
}

impl Default for MountOptions {
    fn default() -> Self {
        Self {
            uid: None,
            gid: None,
            umask: 0,
            fmask: None,
            dmask: None,
            seed: None,
            corpus: None,
            generation: 0,
            snapshots: false,
            damage: None,
            storage: Asked::default(),
            faults: None,
            listed_only: false,
            log_file: None,
            direct_io: false,
            prefetch: None,
            observe: false,
            trace: None,
            readdirplus: ReadDirPlus::default(),
            xattr: true,
            threads: None,
            dev: false,
            suid: false,
            exec: true,
            atime: false,
            access: Access::default(),
            writable: false,
            auto_unmount: false,
            fsname: None,
            subtype: "seedfs".to_owned(),
            contexts: Vec::new(),
            foreground: false,
            verbosity: 0,
        }
    }
}

/// Longest source that the mount table shows, in bytes: the kernel takes less than a page for all options together.
const MAX_FSNAME: usize = 1024;

impl MountOptions {
    /// Whether what clients do is observed.
    pub fn observes(&self) -> bool {
        self.observe || self.trace.is_some()
    }

    /// Bytes pushed into the page cache: unless asked for, nothing where somebody observes, since what was pushed is
    /// read unseen.
    pub fn prefetch_bytes(&self) -> u64 {
        self.prefetch.unwrap_or(if self.observes() { 0 } else { DEFAULT_PREFETCH })
    }

    /// Applies the text of one `-o`: options separated by commas; a backslash takes the next character as it is, and
    /// double quotes around a value keep its commas. With `sloppy`, unknown options are passed over.
    ///
    /// # Errors
    /// The first option that is unknown or has an unusable value.
    pub fn apply(&mut self, text: &str, sloppy: bool) -> Result<(), OptionError> {
        for option in split(text) {
            match self.apply_one(&option) {
                Err(Refusal::Unknown) if sloppy => {}
                Err(Refusal::Unknown) => {
                    return Err(OptionError { option, reason: "unknown option; see seedfs mount --help" });
                }
                Err(Refusal::Because(reason)) => return Err(OptionError { option, reason }),
                Ok(()) => {}
            }
        }
        Ok(())
    }

    fn apply_one(&mut self, option: &str) -> Result<(), Refusal> {
        match option.split_once('=') {
            Some((key, value)) => self.apply_value(key, value),
            None => self.apply_flag(option),
        }
    }

    fn apply_flag(&mut self, key: &str) -> Result<(), Refusal> {
        match key {
            // Said by fstab and mount(8), of no meaning here, or true anyway.
            ""
            | "ro"
            | "rw"
            | "auto"
            | "noauto"
            | "user"
            | "nouser"
            | "users"
            | "owner"
            | "group"
            | "_netdev"
            | "nofail"
            | "sync"
            | "async"
            | "dirsync"
            | "relatime"
            | "norelatime"
            | "strictatime"
            | "nostrictatime"
            | "diratime"
            | "nodiratime"
            | "lazytime"
            | "nolazytime"
            | "default_permissions" => {}
            "defaults" => {}
            _ if key.starts_with("x-") || key.starts_with("X-") => {}
            "dev" | "nodev" => self.dev = key == "dev",
            "suid" | "nosuid" => self.suid = key == "suid",
            "exec" | "noexec" => self.exec = key == "exec",
            "atime" | "noatime" => self.atime = key == "atime",
            "allow_other" => self.access = Access::Everybody,
            "allow_root" => self.access = Access::OwnerAndRoot,
            "auto_unmount" => self.auto_unmount = true,
            "listed_only" => self.listed_only = true,
            "snapshots" => self.snapshots = true,
            "direct_io" => self.direct_io = true,
            "observe" => self.observe = true,
            "noxattr" => self.xattr = false,
            "remount" => {
                return Err(Refusal::Because("a mount cannot be changed; unmount it and mount it again"));
            }
            // Those of `apply_value`.
            "uid" | "gid" | "umask" | "fmask" | "dmask" | "seed" | "generation" | "damage" | "corpus" | "log_file"
            | "disk" | "latency" | "jitter" | "bandwidth" | "iops" | "fault" | "prefetch" | "trace" | "readdirplus"
            | "threads" | "fsname" | "subtype" | "context" | "fscontext" | "defcontext" | "rootcontext" => {
                return Err(Refusal::Because("needs a value, as in option=value"));
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(())
    }

    fn apply_value(&mut self, key: &str, value: &str) -> Result<(), Refusal> {
        match key {
            _ if key.starts_with("x-") || key.starts_with("X-") => {}
            // What mount(8) adds for a user's own mount.
            "user" => {}
            "uid" => self.uid = Some(id(value)?),
            "gid" => self.gid = Some(id(value)?),
            "umask" => self.umask = mask(value)?,
            "fmask" => self.fmask = Some(mask(value)?),
            "dmask" => self.dmask = Some(mask(value)?),
            "seed" => self.seed = Some(seed(value)?),
            "generation" => self.generation = generation(value)?,
            "damage" => self.damage = Some(damage(value)?),
            "disk" => self.storage.disk = Some(disk(value)?),
            "latency" => self.storage.latency = Some(storage::parse_latency(value).map_err(Refusal::Because)?),
            "jitter" => self.storage.jitter = Some(storage::parse_jitter(value).map_err(Refusal::Because)?),
            "bandwidth" => self.storage.bandwidth = Some(storage::parse_bandwidth(value).map_err(Refusal::Because)?),
            "iops" => self.storage.iops = Some(storage::parse_iops(value).map_err(Refusal::Because)?),
            "fault" => self.faults = Some(fault(value)?),
            "corpus" => self.corpus = Some(path(value)?),
            "log_file" => self.log_file = Some(path(value)?),
            "prefetch" => self.prefetch = Some(prefetch(value)?),
            "trace" => self.trace = Some(path(value)?),
            "readdirplus" => self.readdirplus = readdirplus(value)?,
            "threads" => self.threads = Some(threads(value)?),
            "fsname" => self.fsname = Some(fsname(value)?),
            "subtype" => self.subtype = subtype(value)?,
            "context" | "fscontext" | "defcontext" | "rootcontext" => {
                let value = context(value)?;
                self.contexts.retain(|(known, _)| known != key);
                self.contexts.push((key.to_owned(), value));
            }
            "" => return Err(Refusal::Unknown),
            // Known without a value, or not at all.
            _ => {
                MountOptions::default().apply_flag(key)?;
                return Err(Refusal::Because("takes no value"));
            }
        }
        Ok(())
    }
}

fn id(value: &str) -> Result<u32, Refusal> {
    // The largest number means "nobody in particular" to the system calls.
    match parse_decimal(value.as_bytes()).map(u32::try_from) {
        Ok(Ok(id)) if id != u32::MAX => Ok(id),
        _ => Err(Refusal::Because("not a number from 0 to 4294967294; id -u NAME prints one")),
    }
}

fn mask(value: &str) -> Result<u16, Refusal> {
    let octal = !value.is_empty() && value.len() <= 5 && value.bytes().all(|b| matches!(b, b'0'..=b'7'));
    match u16::from_str_radix(value, 8) {
        Ok(mask) if octal && mask <= 0o7777 => Ok(mask),
        _ => Err(Refusal::Because("not an octal mask such as 022")),
    }
}

fn disk(value: &str) -> Result<Disk, Refusal> {
    value.parse().map_err(|UnknownDisk| Refusal::Because("must be hdd, ssd, nvme, tape or s3"))
}

fn fault(value: &str) -> Result<faults::Spec, Refusal> {
    value
        .parse()
        .map_err(|_| Refusal::Because("not a fault such as eio:1e-6\\,hang:1e-6:5s\\,seed=7; see seedfs faults --help"))
}

fn prefetch(value: &str) -> Result<u64, Refusal> {
    match parse_size(value.as_bytes()) {
        Ok(bytes) if bytes == 0 || PREFETCH.contains(&bytes) => Ok(bytes),
        _ => Err(Refusal::Because("must be 0, or a size from 1MiB to 1GiB")),
    }
}

fn readdirplus(value: &str) -> Result<ReadDirPlus, Refusal> {
    match value {
        "always" => Ok(ReadDirPlus::Always),
        "auto" => Ok(ReadDirPlus::Auto),
        "never" => Ok(ReadDirPlus::Never),
        _ => Err(Refusal::Because("must be always, auto or never")),
    }
}

fn fsname(value: &str) -> Result<String, Refusal> {
    if value.is_empty() || value.len() > MAX_FSNAME {
        return Err(Refusal::Because("must have 1 to 1024 bytes"));
    }
    if value.chars().any(char::is_control) {
        return Err(Refusal::Because("must not hold control characters"));
    }
    Ok(value.to_owned())
}

fn subtype(value: &str) -> Result<String, Refusal> {
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'+');
    if value.is_empty() || value.len() > 64 || !value.bytes().all(good) {
        return Err(Refusal::Because("must have 1 to 64 letters, digits, or any of _ - . +"));
    }
    Ok(value.to_owned())
}

/// Goes to the kernel between quotes, so that its commas are its own (fuser#424 lets them become options).
fn context(value: &str) -> Result<String, Refusal> {
    if value.is_empty() || value.len() > 1024 || value.chars().any(|c| c == '"' || c.is_control()) {
        return Err(Refusal::Because("must be a label without quotes and control characters"));
    }
    Ok(value.to_owned())
}
