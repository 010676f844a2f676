//! What went wrong: exceptions that handlers caught, and processes that crashed.

use crate::outline::exit_reason;
use crate::value::inspect;
use crate::{Frames, Recording, Value};
use serde::Serialize;
use std::collections::BTreeMap;
use wire::Kind;

/// Columns of an error's name.
const WIDEST: usize = 60;

/// An error, and how often it happened.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ErrorCount {
    /// `error`, `exit` or `throw` of what a handler caught; `crash` of a process's end.
    pub kind: String,
    /// The exception's module, else what was raised, thrown or exited with, cut short.
    pub name: String,
    /// The function whose handler caught it; of a process, its name; or empty.
    pub place: String,
    /// How often.
    pub count: u64,
}

/// Every error, the most frequent first.
pub(super) fn errors(recording: &Recording, frames: &Frames) -> Vec<ErrorCount> {
    let mut counts = BTreeMap::<(String, String, String), u64>::new();
    let crashes = frames.processes().iter().filter_map(|process| {
        let reason = exit_reason(recording, frames, process).filter(|reason| !is_orderly(reason))?;
        let place = recording.names().process(process.pid).unwrap_or_default();
        Some(("crash".to_owned(), name(&reason), place.to_owned()))
    });
    for error in caught(recording).chain(crashes) {
        *counts.entry(error).or_default() += 1;
    }
    let described = counts.into_iter().map(|((kind, name, place), count)| ErrorCount { kind, name, place, count });
    let mut errors: Vec<_> = described.collect();
    // Stable: equal counts stay in the order of their names.
    errors.sort_by_key(|error| std::cmp::Reverse(error.count));
    errors
}

fn caught(recording: &Recording) -> impl Iterator<Item = (String, String, String)> {
    let records = recording.events().iter().map(|event| recording.record(*event));
    records.filter(|record| record.kind == Kind::Caught).map(|record| {
        let sites = recording.sites();
        let place = recording.site_of(&record).map_or("", |site| sites.function(sites.get(site)));
        let mut terms = Value::read_all(record.payload, recording.names()).into_iter();
        let kind = terms.next().map_or_else(|| ":error".to_owned(), |kind| inspect(&kind, WIDEST));
        let name = terms.next().map_or_else(|| "(not recorded)".to_owned(), |reason| name(&reason));
        (kind.trim_start_matches(':').to_owned(), name, place.to_owned())
    })
}

fn name(reason: &Value) -> String {
    match reason {
        // A reason and the stack where it arose.
        Value::Tuple(pair, 2) if matches!(pair.get(1), Some(Value::List(..))) => name(&pair[0]),
        reason => reason.module().map_or_else(|| inspect(reason, WIDEST), str::to_owned),
    }
}

/// Whether a process that ends so ends as it was asked to.
fn is_orderly(reason: &Value) -> bool {
    match reason {
        Value::Atom(text) => text == "normal" || text == "shutdown",
        Value::Tuple(items, 2) => matches!(items.first(), Some(Value::Atom(text)) if text == "shutdown"),
        _ => false,
    }
}
