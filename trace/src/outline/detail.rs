//! What happened within a call, as plain data with stable keys, for machines.

use super::view::{Exception, WIDEST, caught};
use crate::value::{Value, inspect};
use crate::{Detail, Process, Recording};
use serde::Serialize;
use wire::map::capture;
use wire::{FLAG_OMITTED, Kind, Strength};

/// A branch that was taken, a value, variables, what a handler caught, or a mark.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DetailView {
    /// The number of the call in which it happened; none outside of all calls.
    pub frame: Option<u32>,
    /// The process.
    pub pid: String,
    /// When, in ns from the recording's start.
    pub at_ns: i64,
    /// `branch`, `bind`, `caught`, `locals` or `mark`.
    pub kind: &'static str,
    /// The function whose source this stands in, or `#` and the node id.
    pub function: String,
    /// Path relative to the project's root; empty when unknown.
    pub file: String,
    /// Line, from 1; 0 when unknown.
    pub line: u32,
    /// For branches, what the map calls them; else empty.
    pub label: String,
    /// Of `bind` the value, of `locals` the variables, of `mark` its name and value.
    pub values: Vec<Named>,
    /// Of `caught`, what.
    pub exception: Option<Exception>,
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
    pub fn new(recording: &Recording, process: &Process, detail: &Detail) -> Self {
        let record = recording.record_at(detail.event);
        let sites = recording.sites();
        let site = recording.site_of(&record).map(|site| sites.get(site));
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let label = site.map_or("", |site| sites.label(site));
        let terms = if record.flags & FLAG_OMITTED == 0 {
            Value::read_all(record.payload, recording.names())
        } else {
            vec![Value::Absent("too large".into()); usize::from(record.argc)]
        };
        let mut names = label.split(capture::SEPARATOR);
        let values = terms.into_iter().map(|term| named(names.next().unwrap_or_default(), term));
        Self {
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
        }
    }
}

fn named(name: &str, term: Value) -> Named {
    Named { name: name.to_owned(), value: inspect(&term, WIDEST), term }
}

/// Whether details of a kind belong to what is shown of a strength. What a point
/// captured was asked for by name, as were marks, and always does.
pub(super) fn is_shown(kind: Kind, strength: Strength) -> bool {
    match kind {
        Kind::Locals | Kind::Mark => true,
        Kind::Branch | Kind::Caught => strength >= Strength::Branches,
        _ => strength >= Strength::Values,
    }
}
