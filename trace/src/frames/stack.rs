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
