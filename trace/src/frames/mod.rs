//! Frames: one for each activation of a function, derived from its events.
//!
//! `enter` opens a frame, `leave` closes the nearest open frame of the site's
//! clause, `tail` closes it and hands its place to the next `enter`, if that is
//! the function the call names and nothing happened in between. Whatever else
//! happens in a clause's own code shows that its frame is the innermost one. Frames
//! above it were unwound by an exception: exactly at this event where a handler
//! says what it `caught`, and else *by inference*, which they say. So is a frame
//! that ended in its `after` without a value. An event whose site is detached (in
//! an anonymous function, which anybody may call, in any process) shows nothing.
//!
//! What cannot be seen is not guessed: an `enter` between an exception and the
//! first event of the function that rescued it appears inside the unwound
//! frame, and a handler in the same clause as a frame it unwound is taken for
//! that frame's own.

mod build;
mod callee;
mod doubt;
mod narrowed;
mod stack;

use crate::Recording;
use wire::{FLAG_OMITTED, FLAG_WITHHELD, Kind, Record};

const NONE: u32 = u32::MAX;

/// How a frame ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Closing {
    /// Not before the recording's end: still running, or killed with the VM. Or nobody saw
    /// it end, since calls were left out for a while: then it is inferred.
    Open,
    /// It returned.
    Returned,
    /// Its last act was a call that took its place.
    Tail,
    /// An exception unwound it, whether an error, an exit or a throw.
    Raised,
    /// Its process ended.
    Exited,
}

impl Closing {
    /// Every way, in order.
    pub const ALL: [Self; 5] = [Self::Open, Self::Returned, Self::Tail, Self::Raised, Self::Exited];

    /// Lower-case name, as commands print it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Returned => "returned",
            Self::Tail => "tail",
            Self::Raised => "raised",
            Self::Exited => "exited",
        }
    }
}

/// One activation of a function. Numbers refer to [`Frames::all`],
/// [`Frames::processes`] and [`Recording::events`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The event that opened it.
    pub enter: u32,
    /// The clause that was entered, in [`Recording::sites`].
    pub clause: u32,
    /// Its process.
    pub process: u32,
    /// Open frames below it; tail calls do not count.
    pub depth: u32,
    /// How it ended.
    pub closing: Closing,
    /// Whether an exception that no handler told of ended it: a frame below, or its
    /// own `after`, showed life later. Of one that returned, whether an exception may have
    /// ended it just as well: what would say so was not recorded at the time. Of an open frame, whether its end may be among
    /// the events that a flight recorder has recycled, or that were not recorded.
    pub inferred: bool,
    /// Equal for frames of the same function.
    pub function: u32,
    close: u32,
    parent: u32,
    tail_of: u32,
    last: u32,
    result: u32,
}

impl Frame {
    /// The event that closed it, or that showed it was gone.
    pub fn close(&self) -> Option<u32> {
        some(self.close)
    }

    /// The frame that called it, as far as recorded.
    pub fn parent(&self) -> Option<u32> {
        some(self.parent)
    }

    /// The frame whose place it took, when entered directly after a tail call.
    pub fn tail_of(&self) -> Option<u32> {
        some(self.tail_of)
    }

    /// The last frame that took its place, itself if none did.
    pub fn last(&self) -> u32 {
        self.last
    }
}

fn some(number: u32) -> Option<u32> {
    (number != NONE).then_some(number)
}

// Without a map, a body's value cannot be told from any other: then no value
// does not mean nil.
fn is_known(recording: &Recording, record: &Record<'_>) -> bool {
    recording.site_of(record).is_some_and(|site| recording.sites().get(site).kind.is_some())
}

/// What a frame returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// The value's encoded term.
    Value(&'a [u8]),
    /// `nil`, by construction.
    Nil,
    /// A value that was too large to record.
    Omitted,
    /// A value that the level of detail left out.
    Withheld,
    /// No return was seen.
    Unknown,
}

/// Something that happened within a call: a branch, a value, variables, what a
/// handler caught, or what the VM told of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detail {
    /// Its event.
    pub event: u32,
    frame: u32,
}

impl Detail {
    /// The innermost frame that was open in the process, as far as recorded.
    pub fn frame(&self) -> Option<u32> {
        some(self.frame)
    }
}

/// A process of the recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// The VM's term.
    pub pid: u64,
    /// Its frames in the order of entry: each is followed by those it called.
    pub frames: Vec<u32>,
    /// Its events.
    pub events: u64,
    /// Number of its first event.
    pub first: u32,
    /// Number of its last event.
    pub last: u32,
    /// What happened within its frames, in order.
    pub details: Vec<Detail>,
    /// Ends of frames that began before the recording, or whose beginning was lost.
    pub orphans: Vec<u32>,
    exit: u32,
}

impl Process {
    /// The event that says it ended.
    pub fn exit(&self) -> Option<u32> {
        some(self.exit)
    }
}

/// Every frame of a recording.
#[derive(Clone, Debug, Default)]
pub struct Frames {
    all: Vec<Frame>,
    processes: Vec<Process>,
}

impl Frames {
    /// Derives the frames, in one pass over the events.
    pub fn build(recording: &Recording) -> Self {
        build::build(recording)
    }

    /// The frames in the order of entry.
    pub fn all(&self) -> &[Frame] {
        &self.all
    }

    /// The frame with this number.
    pub fn get(&self, number: u32) -> &Frame {
        &self.all[number as usize]
    }

    /// The processes in the order of their first event.
    pub fn processes(&self) -> &[Process] {
        &self.processes
    }

    /// What a frame returned; for a tail call, what its last successor did.
    pub fn outcome<'a>(&self, recording: &'a Recording, frame: &Frame) -> Outcome<'a> {
        let last = self.get(frame.last);
        if last.closing != Closing::Returned {
            return Outcome::Unknown;
        }
        let Some(event) = some(last.result) else { return Outcome::Unknown };
        let record = recording.record_at(event);
        match (record.flags & FLAG_OMITTED != 0, record.flags & FLAG_WITHHELD != 0) {
            (true, true) => Outcome::Withheld,
            (true, false) => Outcome::Omitted,
            _ if !record.payload.is_empty() => Outcome::Value(record.payload),
            _ if record.argc == 0 && record.kind == Kind::Leave && is_known(recording, &record) => Outcome::Nil,
            _ => Outcome::Unknown,
        }
    }

    /// Ticks at which a frame began and ended: the recording's end for open
    /// ones, the event that showed it for inferred ones.
    pub fn ticks(&self, recording: &Recording, frame: &Frame) -> (u64, u64) {
        let at = |event: u32| recording.events()[event as usize].ticks;
        (at(frame.enter), frame.close().map_or_else(|| recording.last_ticks(), at))
    }

    /// What ended a frame that was raised, where a handler told: kind, reason, stack.
    pub fn exception_record<'a>(&self, recording: &'a Recording, frame: &Frame) -> Option<Record<'a>> {
        let event = frame.close().filter(|_| frame.closing == Closing::Raised && !frame.inferred)?;
        Some(recording.record_at(event))
    }

    /// The reason a process ended with, as recorded.
    pub fn exit_record<'a>(&self, recording: &'a Recording, process: &Process) -> Option<Record<'a>> {
        process.exit().map(|event| recording.record_at(event))
    }
}
