//! Reading back what is known.

use super::Evidence;
use super::extent::{Proof, State};
use crate::content::Corpus;
use crate::recipe::Recipe;
use crate::sink::SinkError;
use crate::verdict;

impl Evidence {
    /// Fills `buf` from `offset` on and returns the bytes there are, fewer than asked only at the end of the file.
    ///
    /// # Errors
    /// [`SinkError::Unknown`] where bytes were written that are not known.
    pub(in crate::sink) fn read(&self, corpus: &Corpus, offset: u64, buf: &mut [u8]) -> Result<usize, SinkError> {
        let rest = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let len = rest.min(buf.len());
        let buf = &mut buf[..len];
        buf.fill(0);
        let end = offset + len as u64;
        let mut known = 0;
        let first = self.extents.range(..=offset).next_back().map_or(offset, |(&start, _)| start);
        for (&start, extent) in self.extents.range(first..end.max(first)) {
            let (from, to) = (start.max(offset), extent.end.min(end));
            if from >= to {
                continue;
            }
            known += to - from;
            let part = &mut buf[(from - offset) as usize..(to - offset) as usize];
            let generated = |recipe: Option<&Recipe>, part: &mut [u8]| {
                let filled = recipe.and_then(|recipe| verdict::fill(recipe, corpus, from, part).ok());
                if filled == Some(part.len()) { Ok(()) } else { Err(SinkError::Unknown) }
            };
            match &extent.state {
                State::Same => generated(self.basis.as_ref(), part)?,
                State::Other(other) => match &other.proof {
                    Proof::Raw(raw) => part.copy_from_slice(&raw.bytes()[(from - start) as usize..][..part.len()]),
                    Proof::Of(recipe) => generated(Some(recipe), part)?,
                    Proof::Digest(_) | Proof::Lost => return Err(SinkError::Unknown),
                },
            }
        }
        if self.overflow && known < len as u64 { Err(SinkError::Unknown) } else { Ok(len) }
    }

    /// The next byte in an extent at or behind an offset, or where none is; `None` for data where there is no more.
    pub(in crate::sink) fn seek(&self, offset: u64, data: bool) -> Option<u64> {
        let mut at = offset;
        let first = self.extents.range(..=offset).next_back().map_or(offset, |(&start, _)| start);
        for (&start, extent) in self.extents.range(first..) {
            if extent.end <= at {
                continue;
            }
            if start > at {
                return Some(if data { start } else { at });
            }
            if data {
                return Some(at);
            }
            at = extent.end;
        }
        (!data).then_some(at.min(self.size))
    }
}
