//! Long loops: chains of tail calls of one function to itself.

use super::select::Chosen;
use crate::Frames;

/// Turns shown at a loop's start; one more is shown at its end.
const HEAD: usize = 2;
/// Fewer turns than this are not worth a line that says they are left out.
const WORTH: usize = 3;

/// A stretch of calls to leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fold {
    /// First call left out.
    pub(super) from: usize,
    /// First call after it that is shown.
    pub(super) to: usize,
    /// Turns of the loop in between; the other calls were made by them.
    pub(super) turns: u64,
}

/// The stretches to leave out, by their start; those inside others may appear.
pub(super) fn folds(frames: &Frames, chosen: &[Chosen]) -> Vec<Fold> {
    let next = successors(frames, chosen);
    let mut is_turn = vec![false; chosen.len()];
    let mut folds = Vec::new();
    for head in 0..chosen.len() {
        if is_turn[head] {
            continue;
        }
        let mut turns = vec![head];
        let mut at = head;
        while let Some(turn) = next[at] {
            at = turn as usize;
            is_turn[at] = true;
            turns.push(at);
        }
        if turns.len() > HEAD + WORTH {
            let (from, to) = (turns[HEAD], turns[turns.len() - 1]);
            folds.push(Fold { from, to, turns: (turns.len() - 1 - HEAD) as u64 });
        }
    }
    folds.sort_unstable_by_key(|fold| fold.from);
    folds
}

// By position: the position of the next turn of the same function.
fn successors(frames: &Frames, chosen: &[Chosen]) -> Vec<Option<u32>> {
    let mut next = vec![None; chosen.len()];
    for (at, call) in chosen.iter().enumerate() {
        let frame = frames.get(call.frame);
        let Some(before) = frame.tail_of() else { continue };
        let Ok(position) = chosen.binary_search_by_key(&before, |call| call.frame) else { continue };
        if frames.get(before).function == frame.function {
            next[position] = Some(at as u32);
        }
    }
    next
}
