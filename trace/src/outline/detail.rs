//! What happened within a call, as plain data with stable keys, for machines.

use super::view::{Exception, WIDEST, caught};
use crate::value::{Value, inspect};
use crate::{Detail, Messages, Process, Recording};
use serde::Serialize;
use wire::map::capture;
use wire::{FLAG_WITHHELD, Kind, Record, Strength};

/// A branch that was taken, a value, variables, what a handler caught, a mark, or what
/// the VM told.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DetailView {
    /// The number of its event in the recording.
    pub event: u32,
    /// The number of the call in which it happened; none outside of all calls.
    pub frame: Option<u32>,
    /// The process.
    pub pid: String,
    /// When, in ns from the recording's start.
    pub at_ns: i64,
    /// `branch`, `bind`, `caught`, `locals`, `mark`, `level` or `switch`; of what the VM told, what it is.
    pub kind: &'static str,
    /// The function whose source this stands in, or `#` and the node id.
    pub function: String,
    /// Path relative to the project's root; empty when unknown.
    pub file: String,
    /// Line, from 1; 0 when unknown.
    pub line: u32,
    /// For branches, what the map calls them; else empty.
    pub label: String,
    /// Of `bind` the value, of `locals` the variables, of `mark` its name and value; of
    /// messages, the message.
    pub values: Vec<Named>,
    /// Of `caught`, what.
    pub exception: Option<Exception>,
    /// Of what the VM told: the other process, or how it was called.
    pub peer: Option<String>,
    /// Of a message, the event of its other end, where that was found.
    pub other_end: Option<u32>,
    /// Of what the VM told: what is special about it, or empty.
    pub remark: &'static str,
}

/// A value with the name that the source gives it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Named {
    /// A variable, what is called, or empty.
    pub name: String,
    /// The value as Elixir prints it.
    pub value: String,
    /// The value itself.
    #[serde(skip)]
    pub term: Value,
}

impl DetailView {
    /// Describes what happened.
    pub fn new(recording: &Recording, messages: &Messages, process: &Process, detail: &Detail) -> Self {
        let record = recording.record_at(detail.event);
        let sites = recording.sites();
        let site = recording.site_of(&record).map(|site| sites.get(site));
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let label = site.map_or("", |site| sites.label(site));
        let mut terms = Value::read_all(record.payload, recording.names());
        // Of what did not fit, the first term may be there.
        terms.resize(terms.len().max(usize::from(record.argc)), left_out(&record));
        let mut terms = terms.into_iter();
        let peer = if has_peer(record.kind) { terms.next().map(|peer| inspect(&peer, WIDEST)) } else { None };
        let mut names = label.split(capture::SEPARATOR);
        let values = terms.map(|term| named(names.next().unwrap_or_default(), term));
        Self {
            event: detail.event,
            frame: detail.frame(),
            pid: recording.names().pid(process.pid),
            at_ns: recording.clock().since_start(record.ticks),
            kind: record.kind.name(),
            function: text(site.map(|site| sites.function(site))),
            file: text(site.map(|site| sites.file(site))),
            line: site.map_or(0, |site| site.line),
            label: if record.kind == Kind::Branch { label.to_owned() } else { String::new() },
            values: if record.kind == Kind::Caught { Vec::new() } else { values.collect() },
            exception: (record.kind == Kind::Caught).then(|| caught(recording, &record)),
            peer,
            other_end: messages.other_end(detail.event),
            remark: remark(&record),
        }
    }
}

const fn has_peer(kind: Kind) -> bool {
    use Kind::{Link, Receive, Register, Send, Spawn, Spawned, Unlink, Unregister};
    matches!(kind, Send | Receive | Spawn | Spawned | Link | Unlink | Register | Unregister)
}

fn remark(record: &Record<'_>) -> &'static str {
    match (record.kind, record.node.raw()) {
        (Kind::Send, 1) => "no such process",
        (Kind::Link | Kind::Unlink, 1) => "by the other",
        (Kind::GcStart | Kind::GcEnd, 1) => "major",
        (Kind::GcStart | Kind::GcEnd, _) => "minor",
        (Kind::In | Kind::Out, 1) => "exiting",
        _ => "",
    }
}

fn named(name: &str, term: Value) -> Named {
    Named { name: name.to_owned(), value: inspect(&term, WIDEST), term }
}

/// What stands for a value that was left out.
pub(super) fn left_out(record: &Record<'_>) -> Value {
    Value::Absent(if record.flags & FLAG_WITHHELD == 0 { "too large" } else { "not recorded" }.into())
}

/// Whether details of a kind belong to what is shown of a strength. What a point
/// captured was asked for by name, as were marks, and always does, as do changes of
/// what is recorded.
pub(super) fn is_shown(kind: Kind, strength: Strength, told: bool) -> bool {
    match kind {
        kind if kind.is_told() => told,
        Kind::Locals | Kind::Mark | Kind::Level | Kind::Switch => true,
        Kind::Branch | Kind::Caught => strength >= Strength::Branches,
        _ => strength >= Strength::Values,
    }
}
