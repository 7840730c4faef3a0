//! A file system to restore into, written to in whatever way.

use std::collections::HashMap;
use std::ops::ControlFlow;

use arbitrary::{Result, Unstructured};
use seedfs::content::Corpus;
use seedfs::dataset::{Dataset, Spec};
use seedfs::expected::{ByDataset, ByName, Expected};
use seedfs::sink::{Change, NodeType, Rules, Sink, SinkError, Special, Target};
use seedfs::units::MAX_SIZE;
use seedfs::vfs::{Cookie, Ino, Seek, Time};
use seedfs::{Recipe, name};

use super::hostile;

/// Most calls of an input.
const CALLS: usize = 60;

/// What is demanded: by names alone, or by a small dataset.
const DATASET: &str = "files=20,dirs=3,fanout=2,size=uniform:0-6000,hardlinks=20%,symlinks=10%,empty=10%,cases=names";

/// A sink, and what is demanded of it.
pub fn sink(u: &mut Unstructured<'_>) -> Result<(Sink, Vec<Vec<u8>>)> {
    let [strict, ignore_extra, metadata, by_name] = u.arbitrary()?;
    let rules = Rules { strict, ignore_extra, metadata };
    let mut names =
        [&b"a"[..], b"b", b"s7-100", b"s7-100-e1", b".s7-100.Ab12Cd", b"s9-9000-zero", b"s1-8EB", b"", b"."];
    names.sort_unstable();
    let mut names: Vec<Vec<u8>> = names.map(<[u8]>::to_vec).into();
    let expected: Box<dyn Expected> = if by_name {
        Box::new(ByName)
    } else {
        let dataset = Dataset::new(Spec::parse(DATASET).expect("a good text")).expect("a good spec");
        let by_dataset = ByDataset::new(dataset, 0).expect("the first generation");
        by_dataset.visit(&mut |path| {
            names.extend(path.rsplit(|&byte| byte == b'/').next().map(<[u8]>::to_vec));
            ControlFlow::Continue(())
        });
        Box::new(by_dataset)
    };
    Ok((Sink::new(expected, Corpus::builtin(), rules, (0, 0)), names))
}

/// A change of a file's bytes.
#[derive(Debug, Clone)]
enum Edit {
    Write(u64, Vec<u8>),
    Zeros(u64, u64),
    Truncate(u64),
}

/// What a file should hold, as the list of what was done to it.
#[derive(Debug, Default)]
struct Disk {
    size: u64,
    edits: Vec<Edit>,
}

impl Disk {
    fn write(&mut self, offset: u64, data: &[u8]) {
        if !data.is_empty() {
            self.size = self.size.max(offset + data.len() as u64);
            self.edits.push(Edit::Write(offset, data.to_vec()));
        }
    }

    fn truncate(&mut self, size: u64) {
        self.size = size;
        self.edits.push(Edit::Truncate(size));
    }

    fn read(&self, offset: u64, len: usize) -> Vec<u8> {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut window = vec![0; len.min(left)];
        let end = offset.saturating_add(window.len() as u64);
        for edit in &self.edits {
            let (from, to) = match edit {
                Edit::Write(at, data) => (*at, at + data.len() as u64),
                Edit::Zeros(from, to) => (*from, *to),
                Edit::Truncate(size) => (*size, u64::MAX),
            };
            for at in from.max(offset)..to.min(end).max(from.max(offset)) {
                window[(at - offset) as usize] = match edit {
                    Edit::Write(start, data) => data[(at - start) as usize],
                    _ => 0,
                };
            }
        }
        window
    }
}

struct Writer {
    sink: Sink,
    names: Vec<Vec<u8>>,
    known: Vec<u64>,
    cookies: Vec<u64>,
    disks: HashMap<Ino, Disk>,
    held: HashMap<Ino, u64>,
    opened: Vec<Ino>,
}

/// A sink, and calls to it. What can be read is what was written; a report adds up; nothing is left behind.
pub fn run(data: &[u8]) {
    let u = &mut Unstructured::new(data);
    let Ok((sink, names)) = sink(u) else { return };
    let mut writer = Writer {
        sink,
        names,
        known: vec![1],
        cookies: vec![0, 1, u32::MAX.into()],
        disks: HashMap::new(),
        held: HashMap::new(),
        opened: Vec::new(),
    };
    for _ in 0..CALLS {
        if u.is_empty() || writer.call(u).is_err() {
            break;
        }
    }
    for &ino in &writer.opened {
        writer.sink.release(ino);
    }
    writer.report(5);
    for (&ino, &count) in &writer.held {
        writer.sink.forget(ino, count);
    }
    writer.report(0);
}

impl Writer {
    fn ino(&self, u: &mut Unstructured<'_>) -> Result<Ino> {
        if u.ratio(7, 8)? { u.choose(&self.known).copied().map(Ino) } else { hostile::number(u, &self.known).map(Ino) }
    }

    fn name(&self, u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
        Ok(match u.int_in_range(0..=7u8)? {
            0 => u.arbitrary::<&[u8]>()?.iter().map(|&b| if b == b'/' || b == 0 { b'_' } else { b }).collect(),
            1 => {
                let mut out = Vec::new();
                name::write_canonical(&mut out, None, &hostile::recipe(u)?, None);
                out
            }
            _ => u.choose(&self.names)?.clone(),
        })
    }

    fn call(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let ino = self.ino(u)?;
        match u.int_in_range(0..=15u8)? {
            0 | 1 => self.make(u, ino)?,
            2..=4 => self.write(u, ino)?,
            5 => {
                let size = hostile::number(u, &[4096, MAX_SIZE])?;
                let is_shared = self.sink.setattr(ino, Change { size: Some(size), ..Change::default() });
                assert!(is_shared.is_err() || size <= MAX_SIZE);
                if is_shared.is_ok() {
                    self.disk(ino).truncate(size);
                }
            }
            6 => self.allocate(u, ino)?,
            7 | 8 => self.read(u, ino)?,
            9 => {
                let (name, to) = (self.name(u)?, (self.ino(u)?, self.name(u)?));
                let target = *u.choose(&[Target::Replace, Target::Keep, Target::Exchange])?;
                let _ = self.sink.rename((ino, &name), (to.0, &to.1), target);
            }
            10 => {
                let name = self.name(u)?;
                let _ = if u.arbitrary()? { self.sink.unlink(ino, &name) } else { self.sink.rmdir(ino, &name) };
            }
            11 => {
                let (dir, name) = (self.ino(u)?, self.name(u)?);
                let linked = self.sink.link(ino, dir, &name);
                self.hold(linked);
            }
            12 => self.list(u, ino)?,
            13 => {
                let found = self.sink.lookup(ino, &self.name(u)?);
                self.hold(found);
                self.forget(u)?;
            }
            14 => {
                if u.arbitrary()? {
                    self.sink.release(ino);
                } else if self.sink.open(ino).is_ok() {
                    self.opened.push(ino);
                }
                if u.ratio(1, 4)? {
                    self.report(u.int_in_range(0..=3)?);
                }
            }
            _ => self.attributes(u, ino)?,
        }
        Ok(())
    }

    fn disk(&mut self, ino: Ino) -> &mut Disk {
        self.disks.entry(ino).or_default()
    }

    fn hold(&mut self, found: seedfs::sink::Result<seedfs::sink::Attr>) {
        if let Ok(attr) = found {
            self.known.push(attr.ino.0);
            *self.held.entry(attr.ino).or_default() += 1;
        }
    }

    fn make(&mut self, u: &mut Unstructured<'_>, dir: Ino) -> Result<()> {
        let name = self.name(u)?;
        let owner = (u.arbitrary()?, u.arbitrary()?);
        let perm = u.arbitrary()?;
        let made = match u.int_in_range(0..=5u8)? {
            0 => self.sink.mkdir(dir, &name, perm, owner),
            1 => self.sink.symlink(dir, &name, u.arbitrary()?, owner),
            2 => {
                let special =
                    *u.choose(&[Special::Fifo, Special::Socket, Special::Char(7), Special::Block(u32::MAX)])?;
                self.sink.mknod(dir, &name, NodeType::Special(special), perm, owner)
            }
            _ => self.sink.mknod(dir, &name, NodeType::Regular, perm, owner),
        };
        if let Ok(attr) = &made {
            // Numbers are used again.
            self.disks.remove(&attr.ino);
        }
        self.hold(made);
        Ok(())
    }

    /// Bytes of a recipe, from there or from elsewhere, or any.
    fn write(&mut self, u: &mut Unstructured<'_>, ino: Ino) -> Result<()> {
        let offset = hostile::number(u, &[0, 100, 4096, MAX_SIZE])?;
        let data = if u.ratio(1, 3)? {
            u.arbitrary::<&[u8]>()?.to_vec()
        } else {
            let name = u.choose(&self.names)?;
            let recipe = name::parse(name).map_or(Recipe { size: 100, ..hostile::recipe(u)? }, |name| name.recipe);
            let mut data = vec![0; hostile::length(u)?];
            let from = if u.ratio(7, 8)? { offset } else { hostile::number(u, &[offset])? };
            let len = recipe.fill(&Corpus::builtin(), from, &mut data).unwrap_or(0);
            data.truncate(len);
            data
        };
        let is_possible = offset.checked_add(data.len() as u64).is_some_and(|end| end <= MAX_SIZE);
        let before = self.sink.written().0;
        let written = self.sink.write(ino, offset, &data);
        match written {
            // Refused bytes count as written.
            Ok(()) | Err(SinkError::Refused) => {
                assert!(is_possible);
                assert_eq!(self.sink.written().0, before + data.len() as u64);
                self.disk(ino).write(offset, &data);
            }
            Err(error) => assert!(!is_possible || error != SinkError::TooLarge),
        }
        Ok(())
    }

    fn allocate(&mut self, u: &mut Unstructured<'_>, ino: Ino) -> Result<()> {
        let (offset, len) = (hostile::number(u, &[4096, MAX_SIZE])?, hostile::number(u, &[4096, MAX_SIZE])?);
        let (extend, zero) = u.arbitrary()?;
        if self.sink.allocate(ino, offset, len, extend, zero).is_ok() {
            let end = offset + len;
            let disk = self.disk(ino);
            if zero {
                disk.edits.push(Edit::Zeros(offset, end.min(disk.size).max(offset)));
            }
            if extend && end > disk.size {
                disk.truncate(end);
            }
        }
        Ok(())
    }

    fn read(&mut self, u: &mut Unstructured<'_>, ino: Ino) -> Result<()> {
        let size = self.sink.getattr(ino).map_or(0, |attr| attr.size);
        let offset = hostile::number(u, &[size, 0])?;
        let mut buf = vec![0xa5; hostile::length(u)?];
        let read = self.sink.read(ino, offset, &mut buf);
        let is_file = self.sink.getattr(ino).is_ok_and(|attr| attr.node_type == NodeType::Regular);
        assert!(read.is_err() || is_file);
        if let Ok(count) = read {
            let right = self.disk(ino).read(offset, buf.len());
            assert!(buf[..count] == right, "{count} bytes of {} at {offset} are others", right.len());
            assert_eq!(self.disk(ino).size, size);
        }
        for what in [Seek::Data, Seek::Hole] {
            if let Ok(Some(found)) = self.sink.seek(ino, offset, what) {
                assert!((offset..=size).contains(&found), "{what:?} from {offset} leads to {found} of {size}");
            }
        }
        let _ = self.sink.readlink(ino);
        let _ = self.sink.parent(ino);
        Ok(())
    }

    fn list(&mut self, u: &mut Unstructured<'_>, dir: Ino) -> Result<()> {
        let from = hostile::number(u, &self.cookies)?;
        let mut taken = Vec::new();
        let listed = self.sink.readdir(dir, Cookie(from), &mut |name, ino, _, next| {
            assert!(next.0 > from && taken.last().is_none_or(|&(_, _, before)| before < next.0));
            taken.push((name.to_vec(), ino, next.0));
            ControlFlow::Continue(())
        });
        assert!(listed.is_ok() || taken.is_empty());
        for (name, ino, next) in taken {
            let found = self.sink.lookup(dir, &name).expect("is listed");
            assert_eq!(found.ino, ino);
            self.hold(Ok(found));
            self.cookies.push(next);
        }
        Ok(())
    }

    fn forget(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let ino = self.ino(u)?;
        let count = hostile::number(u, &[1])?;
        self.sink.forget(ino, count);
        let left = self.held.get(&ino).map_or(0, |held| held.saturating_sub(count));
        if left == 0 {
            self.held.remove(&ino);
        } else {
            self.held.insert(ino, left);
            assert!(self.sink.getattr(ino).is_ok(), "gone while somebody refers to it");
        }
        Ok(())
    }

    fn attributes(&mut self, u: &mut Unstructured<'_>, ino: Ino) -> Result<()> {
        let mtime = Time { seconds: u.arbitrary()?, nanoseconds: u.int_in_range(0..=999_999_999)? };
        let change = Change {
            perm: u.arbitrary()?,
            uid: u.arbitrary()?,
            gid: u.arbitrary()?,
            size: None,
            mtime: u.arbitrary::<bool>()?.then_some(mtime),
        };
        if let Ok(attr) = self.sink.setattr(ino, change) {
            assert!(attr.perm <= 0o7777 && attr.size <= MAX_SIZE, "{attr:?}");
        }
        let (name, value) = (u.arbitrary::<&[u8]>()?, u.arbitrary::<&[u8]>()?);
        if self.sink.setxattr(ino, name, value, u.arbitrary()?).is_ok() {
            assert_eq!(self.sink.getxattr(ino, name), Ok(value.to_vec()));
            assert!(self.sink.listxattr(ino).is_ok_and(|names| names.contains(&name.to_vec())));
        }
        if u.arbitrary()? {
            let _ = self.sink.removexattr(ino, name);
            assert_eq!(self.sink.getxattr(ino, name).ok(), None);
        }
        let _ = self.sink.drop_privileges(ino);
        Ok(())
    }

    fn report(&self, most: usize) {
        let report = self.sink.report(most, false);
        assert!(report.list.len() <= most && !report.is_final);
        let counts = report.counts;
        let faults = counts.incomplete + counts.mismatched + counts.missing;
        assert!(!report.perfect || faults == 0, "{report:?}");
        assert_eq!(report.written_bytes, self.sink.written().0);
        assert_eq!(self.sink.report(most, false), report, "the same report is another the second time");
    }
}
