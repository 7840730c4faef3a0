//! Bytes as records, whoever made them.

use std::io::{self, BufReader, Read};

use super::{
    CODE, END, FOLLOWS, Header, LOST, Last, MAGIC, MAX_DATASET, MAX_IDENTITY, MAX_PATH, MAX_READ, NAME, OPS, Record,
    SAME, SPECIAL, VERSION, unzigzag,
};
use crate::observe::Event;
use crate::stats::Op;
use crate::vfs::Ino;

/// Why a trace cannot be read, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The file cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("is no trace; seedfs mount --trace FILE writes one")]
    NoTrace,
    /// It ends within its header.
    #[error("is a trace without a request: it ends within its header; trace again")]
    NoHeader,
    /// A later program wrote it.
    #[error("is a trace of version {0}, and this program reads version {VERSION}; use the one that wrote it")]
    Version(u64),
    /// What no program writes.
    #[error("is damaged at byte {at}: {what}")]
    Damaged {
        /// Bytes before the record.
        at: u64,
        /// What is wrong.
        what: &'static str,
    },
}

/// Reads a trace record by record.
#[derive(Debug)]
pub struct Reader<R> {
    input: BufReader<R>,
    header: Header,
    last: Last,
    /// Bytes read so far.
    position: u64,
    complete: bool,
}

/// How reading a part of a record ends early.
enum Stop {
    /// The file ends within it.
    Cut,
    Failed(io::Error),
    Wrong(&'static str),
}

impl<R: Read> Reader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// The file is no trace, or one of another version, or ends within its header.
    pub fn new(input: R) -> Result<Self, TraceError> {
        let input = BufReader::with_capacity(1 << 16, input);
        let mut reader = Self { input, header: Header::default(), last: Last::default(), position: 0, complete: false };
        let mut magic = [0; MAGIC.len()];
        match reader.fill(&mut magic) {
            Ok(()) if magic == MAGIC => {}
            Ok(()) | Err(Stop::Cut) => return Err(TraceError::NoTrace),
            Err(stop) => return Err(reader.failure(0, stop)),
        }
        let version = reader.number().map_err(|stop| reader.failure(0, stop))?;
        if version != VERSION {
            return Err(TraceError::Version(version));
        }
        reader.header = reader.read_header().map_err(|stop| reader.failure(0, stop))?;
        Ok(reader)
    }

    fn failure(&self, at: u64, stop: Stop) -> TraceError {
        match stop {
            Stop::Cut => TraceError::NoHeader,
            Stop::Failed(error) => TraceError::Io(error),
            Stop::Wrong(what) => TraceError::Damaged { at, what },
        }
    }

    /// What the trace is of.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Whether the end was reached that a mount writes when it is unmounted.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// The next record; `None` at the end, also at one where the file was cut, within a record or not.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged.
    pub fn next_record(&mut self) -> Result<Option<Record>, TraceError> {
        if self.complete {
            return Ok(None);
        }
        let at = self.position;
        match self.record() {
            Ok(record) => {
                self.complete = matches!(record, Record::End { .. });
                Ok(Some(record))
            }
            Err(Stop::Cut) => Ok(None),
            Err(stop) => Err(self.failure(at, stop)),
        }
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Stop> {
        self.input.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Stop::Cut,
            _ => Stop::Failed(error),
        })?;
        self.position += bytes.len() as u64;
        Ok(())
    }

    fn byte(&mut self) -> Result<u8, Stop> {
        let mut byte = [0];
        self.fill(&mut byte)?;
        Ok(byte[0])
    }

    fn number(&mut self) -> Result<u64, Stop> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Stop::Wrong("a number is too large"))
    }

    /// Grows with what there is, not with what the length says.
    fn bytes(&mut self, most: u64) -> Result<Vec<u8>, Stop> {
        let len = self.number()?;
        if len > most {
            return Err(Stop::Wrong("a text is too long"));
        }
        let mut bytes = Vec::new();
        self.input.by_ref().take(len).read_to_end(&mut bytes).map_err(Stop::Failed)?;
        self.position += bytes.len() as u64;
        if (bytes.len() as u64) < len { Err(Stop::Cut) } else { Ok(bytes) }
    }

    fn text(&mut self, most: u64) -> Result<String, Stop> {
        String::from_utf8(self.bytes(most)?).map_err(|_| Stop::Wrong("a text is not UTF-8"))
    }

    fn read_header(&mut self) -> Result<Header, Stop> {
        let start = self.number()?;
        let generation = self.number()?;
        let snapshots = match self.number()? {
            0 => false,
            1 => true,
            _ => return Err(Stop::Wrong("a mark is neither 0 nor 1")),
        };
        Ok(Header {
            start,
            generation,
            snapshots,
            identity: self.text(MAX_IDENTITY)?,
            dataset: self.text(MAX_DATASET)?,
        })
    }

    fn record(&mut self) -> Result<Record, Stop> {
        let tag = self.byte()?;
        match tag & CODE {
            NAME | LOST | END if tag & !CODE != 0 => Err(Stop::Wrong("a record has marks that it cannot have")),
            NAME => Ok(Record::Name { ino: self.number()?, path: self.bytes(MAX_PATH)? }),
            LOST => Ok(Record::Lost { at: self.time()?, count: self.number()? }),
            END => Ok(Record::End { at: self.time()? }),
            code => match OPS.get(usize::from(code)) {
                Some(&op) => self.request(op, tag).map(Record::Request),
                None => Err(Stop::Wrong("a record is of no known kind")),
            },
        }
    }

    fn time(&mut self) -> Result<u64, Stop> {
        let passed = self.number()?;
        self.last.at = self.last.at.checked_add(passed).ok_or(Stop::Wrong("a time is too late"))?;
        Ok(self.last.at)
    }

    fn request(&mut self, op: Op, tag: u8) -> Result<Event, Stop> {
        let at = self.time()?;
        let same = tag & SAME != 0;
        if !same {
            self.last.ino = self.last.ino.wrapping_add(unzigzag(self.number()?));
        }
        let plain = Event::plain(at, op, Ino(self.last.ino), true);
        if op != Op::Read {
            let wrong = Stop::Wrong("a record has marks that it cannot have");
            return if tag & FOLLOWS != 0 { Err(wrong) } else { Ok(Event { ok: tag & SPECIAL == 0, ..plain }) };
        }
        let offset = match (same, tag & FOLLOWS != 0) {
            (true, true) => self.last.end,
            (true, false) => self.last.end.wrapping_add(unzigzag(self.number()?)),
            (false, false) => self.number()?,
            (false, true) => return Err(Stop::Wrong("a record has marks that it cannot have")),
        };
        let (len, missing) = match tag & SPECIAL != 0 {
            true => (self.last.len, 1),
            false => (self.length()?, self.number()?),
        };
        let count = match missing.checked_sub(1) {
            None => 0,
            Some(missing) => match u64::from(len).checked_sub(missing) {
                Some(count) => count as u32,
                None => return Err(Stop::Wrong("a read missed more than it asked for")),
            },
        };
        self.last.len = len;
        self.last.end = offset.wrapping_add(count.into());
        Ok(Event { ok: missing > 0, offset, len, count, ..plain })
    }

    fn length(&mut self) -> Result<u32, Stop> {
        let len = u32::try_from(self.number()?).ok().filter(|&len| len <= MAX_READ);
        len.ok_or(Stop::Wrong("a read is too long"))
    }
}
