//! What calls took, by function.

use crate::{Closing, Frames, Recording};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a function's calls took, of those whose end is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FunctionTime {
    /// `Module.name/arity`, or `#` and the node id when unknown.
    pub function: String,
    /// Calls with a known end.
    pub calls: u64,
    /// What they took without the calls they made, as far as those were recorded: in
    /// the function's own code, in code without probes, and waiting.
    pub own_ns: u64,
    /// What the longest one took, with the calls it made.
    pub longest_ns: u64,
    /// When that one began, in ns from the recording's start.
    pub longest_at_ns: i64,
    /// Its process.
    pub longest_pid: String,
}

/// By function, the most time of its own first.
pub(super) fn times(recording: &Recording, frames: &Frames) -> Vec<FunctionTime> {
    let own = own_times(recording, frames);
    // With the frame of its longest call.
    let mut functions = BTreeMap::<u32, (FunctionTime, u32)>::new();
    for (number, frame) in frames.all().iter().enumerate() {
        let Some(took) = took(recording, frames, number as u32) else { continue };
        let (time, longest) = functions.entry(frame.function).or_insert((FunctionTime::default(), number as u32));
        time.calls += 1;
        time.own_ns += own[number];
        if took > time.longest_ns {
            (time.longest_ns, *longest) = (took, number as u32);
        }
    }
    let described = functions.into_values().map(|(time, longest)| described(recording, frames, time, longest));
    let mut times: Vec<_> = described.collect();
    times.sort_by(|a, b| b.own_ns.cmp(&a.own_ns).then_with(|| a.function.cmp(&b.function)));
    times
}

/// Of each frame, what it took less what its callees took.
fn own_times(recording: &Recording, frames: &Frames) -> Vec<u64> {
    let length = |frame| {
        let (from, to) = frames.ticks(recording, frame);
        recording.clock().between(from, to)
    };
    let mut own: Vec<u64> = frames.all().iter().map(length).collect();
    for frame in frames.all() {
        if let Some(parent) = frame.parent() {
            let parent = &mut own[parent as usize];
            *parent = parent.saturating_sub(length(frame));
        }
    }
    own
}

/// How long a frame was open; none if its end was not seen.
fn took(recording: &Recording, frames: &Frames, number: u32) -> Option<u64> {
    let frame = frames.get(number);
    let (from, to) = frames.ticks(recording, frame);
    (frame.closing != Closing::Open && !frame.inferred).then(|| recording.clock().between(from, to))
}

fn described(recording: &Recording, frames: &Frames, time: FunctionTime, longest: u32) -> FunctionTime {
    let frame = frames.get(longest);
    let process = &frames.processes()[frame.process as usize];
    FunctionTime {
        function: recording.sites().function(recording.sites().get(frame.clause)).to_owned(),
        longest_at_ns: recording.clock().since_start(frames.ticks(recording, frame).0),
        longest_pid: recording.names().pid(process.pid),
        ..time
    }
}
