//! When less was recorded than everything: then an absence says nothing.

use super::NONE;
use crate::Recording;
use crate::value::Value;
use wire::{FLAG_WITHHELD, Kind, Record};

/// What the recording has said so far of what it leaves out.
pub(super) struct Narrowed {
    is_narrow: bool,
    last: u32,
}

impl Default for Narrowed {
    fn default() -> Self {
        Self { is_narrow: false, last: NONE }
    }
}

impl Narrowed {
    /// Notes a change of what is recorded.
    pub(super) fn note(&mut self, number: u32, record: &Record<'_>, recording: &Recording) {
        self.last = number;
        if record.kind == Kind::Level {
            let level = Value::read_all(record.payload, recording.names()).into_iter().next();
            self.is_narrow = level != Some(Value::Atom("values".to_owned()));
        }
    }

    /// Whether something of a frame may be missing at this event of its, though it is
    /// what usually follows. A change is told once it holds, so events shortly before
    /// may follow it already.
    pub(super) fn since(&self, enter: u32, record: &Record<'_>) -> bool {
        self.is_narrow || record.flags & FLAG_WITHHELD != 0 || (self.last != NONE && enter < self.last)
    }
}
