//! Frames and processes as plain data with stable keys, for machines.

use super::detail::left_out;
use crate::frames::Outcome;
use crate::value::{Value, inspect};
use crate::{Closing, Frame, Frames, Process, Recording};
use serde::Serialize;
use wire::Record;
use wire::map::capture;

/// Beyond this many characters, a value in machine-readable output is cut.
pub(super) const WIDEST: usize = 10_000;

/// One argument of a call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Argument {
    /// The variable, or the pattern when nothing was captured.
    pub name: String,
    /// Whether the value is a part of the argument, which was taken apart.
    pub part: bool,
    /// The value as Elixir prints it; `null` when it was not captured.
    pub value: Option<String>,
    /// The value itself.
    #[serde(skip)]
    pub term: Option<Value>,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FrameView {
    /// Its number in the recording.
    pub id: u32,
    /// The process.
    pub pid: String,
    /// The number of the call that made it.
    pub parent: Option<u32>,
    /// The number of the call whose place it took by a tail call.
    pub tail_of: Option<u32>,
    /// Open calls below it.
    pub depth: u32,
    /// `Module.name/arity`, or `#` and the node id when unknown.
    pub function: String,
    /// The captured arguments.
    pub args: Vec<Argument>,
    /// Path relative to the project's root; empty when unknown.
    pub file: String,
    /// Line, from 1; 0 when unknown.
    pub line: u32,
    /// When it began, in ns from the recording's start.
    pub start_ns: i64,
    /// How long it took, at most where the end is inferred, at least where it is open.
    pub duration_ns: u64,
    /// How it ended.
    pub closing: Closing,
    /// What it called last, for a tail call whose callee the source names.
    pub tail_to: Option<String>,
    /// Whether its end was inferred from later events, or may have been recycled.
    pub inferred: bool,
    /// What it returned; for a tail call, what its last successor did.
    pub result: Option<String>,
    /// The reason its process ended with, if that ended it.
    pub exit_reason: Option<String>,
    /// The exception that ended it, where a handler told.
    pub exception: Option<Exception>,
}

/// What a handler caught.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exception {
    /// `error`, `exit` or `throw`, as Elixir prints atoms, without the colon.
    pub kind: String,
    /// What was raised, thrown or exited with, as Elixir prints it.
    pub reason: String,
    /// The same.
    #[serde(skip)]
    pub term: Value,
}

impl FrameView {
    /// Describes a frame.
    pub fn new(recording: &Recording, frames: &Frames, id: u32) -> Self {
        let frame = frames.get(id);
        let (sites, clock) = (recording.sites(), recording.clock());
        let site = sites.get(frame.clause);
        let (began, ended) = frames.ticks(recording, frame);
        let process = &frames.processes()[frame.process as usize];
        let exit = || exit_reason(recording, frames, process).map(|reason| inspect(&reason, WIDEST));
        let mut args = arguments(recording, frame);
        for arg in &mut args {
            arg.value = arg.term.as_ref().map(|term| inspect(term, WIDEST));
        }
        Self {
            id,
            pid: recording.names().pid(process.pid),
            parent: frame.parent(),
            tail_of: frame.tail_of(),
            depth: frame.depth,
            function: sites.function(site).to_owned(),
            args,
            file: sites.file(site).to_owned(),
            line: site.line,
            start_ns: clock.since_start(began),
            duration_ns: clock.between(began, ended),
            closing: frame.closing,
            tail_to: callee(recording, frame).map(str::to_owned),
            inferred: frame.inferred,
            result: result(recording, frames, frame).map(|value| inspect(&value, WIDEST)),
            exit_reason: if frame.closing == Closing::Exited { exit() } else { None },
            exception: exception(recording, frames, frame),
        }
    }
}

/// A process.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProcessView {
    /// As Elixir prints it.
    pub pid: String,
    /// Its registered name or label.
    pub name: Option<String>,
    /// Its events.
    pub events: u64,
    /// Its calls.
    pub calls: u64,
    /// Ends of calls whose beginning was not recorded.
    pub orphans: u64,
    /// When its first event happened, in ns from the recording's start.
    pub start_ns: i64,
    /// When its last event happened, in ns from the recording's start.
    pub end_ns: i64,
    /// Whether its end was recorded.
    pub ended: bool,
    /// The reason it ended with; none where it ended before it could be watched.
    pub exit_reason: Option<String>,
    /// The reason itself.
    #[serde(skip)]
    pub reason: Option<Value>,
}

impl ProcessView {
    /// Describes a process.
    pub fn new(recording: &Recording, frames: &Frames, process: &Process) -> Self {
        let at = |event: u32| recording.clock().since_start(recording.events()[event as usize].ticks);
        let reason = exit_reason(recording, frames, process);
        Self {
            pid: recording.names().pid(process.pid),
            name: recording.names().process(process.pid).map(str::to_owned),
            events: process.events,
            calls: process.frames.len() as u64,
            orphans: process.orphans.len() as u64,
            start_ns: at(process.first),
            end_ns: at(process.last),
            ended: process.exit().is_some(),
            exit_reason: reason.as_ref().map(|reason| inspect(reason, WIDEST)),
            reason,
        }
    }
}

/// What a frame returned, if a return was seen.
pub fn result(recording: &Recording, frames: &Frames, frame: &Frame) -> Option<Value> {
    match frames.outcome(recording, frame) {
        Outcome::Value(payload) => Value::read_all(payload, recording.names()).into_iter().next(),
        Outcome::Nil => Some(Value::Atom("nil".to_owned())),
        Outcome::Omitted => Some(Value::Absent("too large".into())),
        Outcome::Withheld => Some(Value::Absent("not recorded".into())),
        Outcome::Unknown => None,
    }
}

/// The exception that ended a frame, where a handler told.
pub fn exception(recording: &Recording, frames: &Frames, frame: &Frame) -> Option<Exception> {
    frames.exception_record(recording, frame).map(|record| caught(recording, &record))
}

/// The exception of a handler's event.
pub(super) fn caught(recording: &Recording, record: &Record<'_>) -> Exception {
    let mut terms = Value::read_all(record.payload, recording.names()).into_iter();
    let kind = terms.next().map(|kind| inspect(&kind, WIDEST)).unwrap_or_default();
    let term = terms.next().unwrap_or(left_out(record));
    Exception { kind: kind.trim_start_matches(':').to_owned(), reason: inspect(&term, WIDEST), term }
}

/// What a frame that ended by a tail call called, as far as the source says.
pub fn callee<'a>(recording: &'a Recording, frame: &Frame) -> Option<&'a str> {
    let event = frame.close().filter(|_| frame.closing == Closing::Tail)?;
    let site = recording.site_of(&recording.record_at(event))?;
    let callee = recording.sites().callee(recording.sites().get(site));
    (!callee.is_empty()).then_some(callee)
}

/// The reason a process ended with; none where the recording does not know it.
pub fn exit_reason(recording: &Recording, frames: &Frames, process: &Process) -> Option<Value> {
    let record = frames.exit_record(recording, process)?;
    let reason = Value::read_all(record.payload, recording.names()).into_iter().next()?;
    // What a monitor says of a process that was gone before it was watched.
    (reason != Value::Atom("noproc".to_owned())).then_some(reason)
}

/// The arguments of a frame's call, as its clause captured them.
pub(super) fn arguments(recording: &Recording, frame: &Frame) -> Vec<Argument> {
    let record = recording.record_at(frame.enter);
    let sites = recording.sites();
    let label = sites.label(sites.get(frame.clause));
    let mut terms = if record.flags & wire::FLAG_OMITTED == 0 {
        Value::read_all(record.payload, recording.names()).into_iter()
    } else {
        vec![left_out(&record); usize::from(record.argc)].into_iter()
    };
    let mut arguments = Vec::new();
    for piece in label.split(capture::SEPARATOR).filter(|piece| !piece.is_empty()) {
        let mut chars = piece.chars();
        let kind = chars.next().unwrap_or(capture::SKIPPED);
        let term = if kind == capture::SKIPPED { None } else { terms.next() };
        let name = chars.as_str().to_owned();
        arguments.push(Argument { name, part: kind == capture::PART, value: None, term });
    }
    // More terms than the map knows of: shown, since they were recorded.
    arguments.extend(terms.map(|term| Argument { name: String::new(), part: false, value: None, term: Some(term) }));
    arguments
}
