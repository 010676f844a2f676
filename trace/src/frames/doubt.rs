//! Frames whose end may be among what a flight recorder has recycled.
//!
//! Such a frame looks open. What its process did later would stand within it, call
//! after call, though it may have ended long before: so only what proves itself stays.

use super::{Closing, Frame, NONE, Process};
use crate::Recording;

/// Marks open frames from before the recording is whole as doubtful, unless their own
/// code ran later, and takes out of them what happened later.
pub(super) fn doubt_recycled(recording: &Recording, frames: &mut [Frame], processes: &mut [Process]) {
    let Some(whole_from) = recording.whole_from() else { return };
    let is_before = |event: u32| recording.events()[event as usize].ticks < whole_from;
    for frame in frames.iter_mut().filter(|frame| is_open(frame)) {
        frame.inferred = is_before(frame.enter);
    }
    let details = || processes.iter().flat_map(|process| &process.details);
    for detail in details().filter(|detail| !is_before(detail.event) && is_own(recording, detail.event)) {
        if let Some(frame) = detail.frame() {
            frames[frame as usize].inferred &= !is_open(&frames[frame as usize]);
        }
    }
    // Callers come first: theirs is settled.
    for number in 0..frames.len() {
        let Frame { enter, parent, .. } = frames[number];
        let parent = if is_before(enter) { parent } else { certain(frames, parent) };
        frames[number].parent = parent;
        frames[number].depth = if parent == NONE { 0 } else { frames[parent as usize].depth + 1 };
    }
    for detail in processes.iter_mut().flat_map(|process| &mut process.details) {
        if !is_before(detail.event) {
            detail.frame = certain(frames, detail.frame);
        }
    }
}

/// Whether nothing says that a frame is gone. (Where calls were left out, something may,
/// though nobody saw how it ended.)
fn is_open(frame: &Frame) -> bool {
    frame.closing == Closing::Open && frame.close == NONE
}

/// Whether an event is of the code of the frame that it was put into.
fn is_own(recording: &Recording, event: u32) -> bool {
    let site = recording.site_of(&recording.record_at(event));
    site.is_some_and(|site| !recording.sites().get(site).detached)
}

/// The innermost frame from `number` on, outwards, that is not doubtful.
fn certain(frames: &[Frame], mut number: u32) -> u32 {
    while number != NONE && is_open(&frames[number as usize]) && frames[number as usize].inferred {
        number = frames[number as usize].parent;
    }
    number
}
