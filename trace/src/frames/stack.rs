//! The open frames of one process.

use super::NONE;
use rustc_hash::FxHashMap;

/// A stack of frames that knows, without looking, whether a clause is on it.
#[derive(Default)]
pub(super) struct Stack {
    frames: Vec<(u32, u32)>,
    counts: FxHashMap<u32, u32>,
    /// The frame that ended by the tail call just seen, and the call's site.
    pub(super) tail: Option<(u32, u32)>,
    /// The event before which frames of this process may have ended unseen.
    pub(super) doubt: u32,
    // How many frames have shown life since that doubt came up.
    sure: (u32, usize),
}

impl Stack {
    pub(super) fn push(&mut self, frame: u32, clause: u32) {
        self.frames.push((frame, clause));
        *self.counts.entry(clause).or_default() += 1;
    }

    pub(super) fn pop(&mut self) -> Option<u32> {
        let (frame, clause) = self.frames.pop()?;
        if let Some(count) = self.counts.get_mut(&clause) {
            *count -= 1;
        }
        Some(frame)
    }

    /// The innermost frame is alive, and so are those below it, whatever happened before
    /// the event `doubt`.
    pub(super) fn confirm(&mut self, doubt: u32) {
        self.sure = (doubt, self.frames.len());
    }

    /// Whether the innermost frame has shown life since `doubt`.
    pub(super) fn is_sure(&self, doubt: u32) -> bool {
        self.sure.0 == doubt && self.frames.len() <= self.sure.1
    }

    /// The innermost open frame, `NONE` when there is none.
    pub(super) fn top(&self) -> u32 {
        self.frames.last().map_or(NONE, |(frame, _)| *frame)
    }

    pub(super) fn top_clause(&self) -> u32 {
        self.frames.last().map_or(NONE, |(_, clause)| *clause)
    }

    pub(super) fn depth(&self) -> u32 {
        self.frames.len() as u32
    }

    /// Whether a frame of this clause is open.
    pub(super) fn holds(&self, clause: u32) -> bool {
        self.top_clause() == clause || self.counts.get(&clause).is_some_and(|count| *count > 0)
    }
}
