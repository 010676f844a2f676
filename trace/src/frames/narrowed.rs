//! When less was recorded than everything: then an absence says nothing.
//!
//! Where calls were left out for a while, a frame that was open before may have ended
//! unseen. It is *in doubt* until something of its own, or of what it called, is seen.
//! Nothing is put into a frame in doubt, and how it ended is not said.

use super::stack::Stack;
use crate::Recording;
use crate::value::Value;
use wire::record::{BEGINS, WIDER};
use wire::{FLAG_WITHHELD, Kind, Record};

/// What the recording has said so far of what it leaves out. Numbers are of events; none
/// is before the first one.
#[derive(Default)]
pub(super) struct Narrowed {
    /// The last change.
    changed: u32,
    /// Frames from before this one may have ended unseen.
    doubt: u32,
    /// Between the two events of a change that leaves calls out.
    changing: bool,
    /// No calls are recorded.
    off: bool,
}

impl Narrowed {
    /// Notes a change of what is recorded.
    pub(super) fn note(&mut self, number: u32, record: &Record<'_>, recording: &Recording) {
        let variant = record.node.raw();
        let before = std::mem::replace(&mut self.changing, false);
        if (record.kind, variant) == (Kind::Switch, WIDER) {
            return;
        }
        self.changed = number;
        let calls = record.kind == Kind::Switch || {
            let level = Value::read_all(record.payload, recording.names()).into_iter().next();
            let was_off = std::mem::replace(&mut self.off, level == Some(Value::Atom("off".to_owned())));
            was_off || self.off || before
        };
        if calls {
            self.doubt = number;
            self.changing = variant == BEGINS;
        }
    }

    /// Whether something of a frame may be missing at this event of its, though it is
    /// what usually follows.
    pub(super) fn since(&self, enter: u32, enter_flags: u8, flags: u8) -> bool {
        (enter_flags | flags) & FLAG_WITHHELD != 0 || enter < self.changed
    }

    /// From which event on frames on this stack are not in doubt.
    pub(super) fn doubt(&self, stack: &Stack) -> u32 {
        self.doubt.max(stack.doubt)
    }

    /// Whether the innermost frame of a stack, entered at `enter`, may have ended unseen.
    pub(super) fn doubts(&self, stack: &Stack, enter: u32) -> bool {
        let doubt = self.doubt(stack);
        (self.changing || enter < doubt) && !stack.is_sure(doubt)
    }
}
