//! What a file has become: its life up to a generation, summed up.

use super::life::{Event, Happening};
use super::rates::Churn;
use crate::dataset::layout::Section;
use crate::dataset::spec::Times;
use crate::edition::MAX_EDITS;

/// Permission bits that files change to.
const MODES: [u16; 6] = [0o644, 0o600, 0o664, 0o640, 0o660, 0o755];

const DAY: i64 = 86_400;

/// A file after some generations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    pub(super) is_deleted: bool,
    /// How often all of its bytes were replaced.
    pub(super) replaced: u32,
    /// A draw for its size since then.
    pub(super) size_draw: u64,
    /// Edits since it was made or replaced.
    pub(super) edits: u32,
    pub(super) renames: u32,
    pub(super) mode: u16,
    pub(super) mtime: i64,
    pub(super) ctime: i64,
    /// When its name last changed or went away, if it did.
    pub(super) name_time: Option<i64>,
}

/// Seconds since 1970 of a moment within a generation, by a draw: later than all of the generation before.
pub(super) fn moment(times: &Times, churn: &Churn, generation: u64, when: u64) -> i64 {
    let length = i64::from(churn.every) * DAY;
    let within = ((u128::from(when) * u128::from(length.unsigned_abs())) >> 64) as i64;
    let start =
        times.to.saturating_add(i64::try_from(generation.saturating_sub(1)).unwrap_or(i64::MAX).saturating_mul(length));
    start.saturating_add(within)
}

/// Whether a kind of event counts for a file of a section: names of one file and what is compared with something else
/// keep what makes them so.
pub(super) fn concerns(section: Section, event: Event) -> bool {
    let is_change = matches!(event, Event::Modified | Event::Replaced);
    match section {
        Section::Single | Section::Duplicates | Section::Empty => true,
        Section::HardLinks => is_change || matches!(event, Event::Touched | Event::Chmod),
        Section::Near | Section::Sparse => !is_change,
        Section::Symlink(_) => false,
    }
}

/// Whether files of a section move.
pub(super) fn moves(section: Section) -> bool {
    concerns(section, Event::Renamed)
}

impl State {
    pub(super) fn new(mode: u16, mtime: i64) -> Self {
        Self {
            is_deleted: false,
            replaced: 0,
            size_draw: 0,
            edits: 0,
            renames: 0,
            mode,
            mtime,
            ctime: mtime,
            name_time: None,
        }
    }

    /// Takes in what happened at a moment.
    pub(super) fn add(&mut self, happening: Happening, time: i64, rotate: bool) {
        let event = match happening.event {
            Event::Modified | Event::Replaced if rotate && self.renames > 0 => return,
            // There are no more editions.
            Event::Modified if self.edits == MAX_EDITS => Event::Replaced,
            event => event,
        };
        self.ctime = time;
        match event {
            Event::Modified => self.edits += 1,
            Event::Replaced => {
                (self.replaced, self.edits, self.size_draw) = (self.replaced + 1, 0, happening.detail);
            }
            Event::Chmod => self.mode = other_mode(self.mode, happening.detail),
            Event::Renamed => self.renames += 1,
            Event::Deleted => self.is_deleted = true,
            Event::Touched => {}
        }
        match event {
            Event::Modified | Event::Replaced | Event::Touched => self.mtime = time,
            Event::Renamed | Event::Deleted => self.name_time = Some(time),
            Event::Chmod => {}
        }
    }
}

/// Permission bits by a draw, never those that it had.
fn other_mode(mode: u16, draw: u64) -> u16 {
    let at = (draw % MODES.len() as u64) as usize;
    if MODES[at] == mode { MODES[(at + 1) % MODES.len()] } else { MODES[at] }
}
