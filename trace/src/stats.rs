//! Numbers about a recording.

mod errors;
mod times;

pub use errors::ErrorCount;
pub use times::FunctionTime;

use crate::outline::ProcessView;
use crate::run::{self, RingTotals, RunState, ring_totals};
use crate::{Closing, Finding, Frames, Messages, Recording, messages};
use serde::Serialize;
use std::collections::BTreeMap;
use wire::{FLAG_OMITTED, FLAG_TRUNCATED, FLAG_WITHHELD, Kind};

/// Numbers about a recording: sorted, and equal for equal recordings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stats {
    /// The run's id, when known.
    pub run: Option<String>,
    /// What was recorded, when known.
    pub app: Option<String>,
    /// How far the run got.
    pub state: RunState,
    /// Why the recording ended before the program did.
    pub failure: Option<String>,
    /// From the recording's start to its last event.
    pub span_ns: u64,
    /// Before this moment (ns since the start) events were recycled: see
    /// [`Recording::whole_from`].
    pub whole_from_ns: Option<i64>,
    /// Events present.
    pub events: u64,
    /// Their bytes.
    pub event_bytes: u64,
    /// Average bytes of an event.
    pub bytes_per_event: f64,
    /// Bytes of the tables of names.
    pub name_bytes: u64,
    /// Atoms with a name.
    pub atoms: u64,
    /// By kind of event, most first.
    pub kinds: Vec<Count>,
    /// By module, most events first.
    pub modules: Vec<Count>,
    /// By function, most calls first.
    pub functions: Vec<Count>,
    /// What calls took by function, the most time of its own first.
    pub times: Vec<FunctionTime>,
    /// Exceptions that were caught and processes that crashed, most first.
    pub errors: Vec<ErrorCount>,
    /// By process, most events first.
    pub processes: Vec<ProcessView>,
    /// How calls ended, most first.
    pub closings: Vec<Count>,
    /// Ends of calls whose beginning was not recorded.
    pub orphans: u64,
    /// Messages that the VM told of.
    pub messages: messages::Counts,
    /// By ring.
    pub rings: Vec<RingTotals>,
    /// Segments absent between others.
    pub missing_segments: u64,
    /// Segments overwritten by the flight recorder.
    pub recycled_segments: u64,
    /// Events that writers had to drop.
    pub lost_events: u64,
    /// Bytes those would have taken.
    pub lost_bytes: u64,
    /// Events present with a payload that was cut.
    pub truncated: u64,
    /// Events present with a payload that was left out.
    pub omitted: u64,
    /// Panics caught in probes.
    pub panics: u64,
    /// Node ids that no map knows, in hexadecimal.
    pub unresolved_nodes: Vec<String>,
    /// Faults in the files.
    pub findings: Vec<Finding>,
}

/// A name, and how often it occurs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// What is counted.
    pub name: String,
    /// Events, or calls where calls are counted.
    pub count: u64,
    /// Bytes of the events.
    pub bytes: u64,
}

#[derive(Default)]
struct Tally {
    kinds: BTreeMap<&'static str, (u64, u64)>,
    sites: Vec<(u64, u64)>,
    bytes: u64,
    truncated: u64,
    omitted: u64,
}

impl Stats {
    /// Counts.
    pub fn of(recording: &Recording, frames: &Frames) -> Self {
        let tally = tally(recording);
        let rings = ring_totals(recording.segments());
        let events = recording.events().len() as u64;
        let sum = |field: fn(&RingTotals) -> u64| run::sum(&rings, field);
        let name_bytes = recording.segments().iter().filter(|s| s.names).map(|s| s.data.len() as u64).sum();
        Self {
            run: recording.info().map(|info| info.id.clone()),
            app: recording.info().map(|info| info.app.clone()),
            state: recording.state(),
            failure: recording.info().and_then(|info| info.failure.clone()),
            span_ns: recording.span_ns(),
            whole_from_ns: recording.whole_from_ns(),
            events,
            event_bytes: tally.bytes,
            bytes_per_event: if events == 0 { 0.0 } else { tally.bytes as f64 / events as f64 },
            name_bytes,
            atoms: recording.names().atom_count() as u64,
            kinds: sorted(tally.kinds.iter().map(|(name, counts)| ((*name).to_owned(), *counts))),
            modules: modules(recording, &tally),
            functions: functions(recording, frames),
            times: times::times(recording, frames),
            errors: errors::errors(recording, frames),
            processes: processes(recording, frames),
            closings: closings(frames),
            orphans: frames.processes().iter().map(|process| process.orphans.len() as u64).sum(),
            messages: Messages::of(recording).counts(),
            missing_segments: sum(|ring| ring.missing_segments),
            recycled_segments: sum(|ring| ring.recycled_segments),
            lost_events: sum(|ring| ring.lost_events),
            lost_bytes: sum(|ring| ring.lost_bytes),
            truncated: tally.truncated,
            omitted: tally.omitted,
            panics: sum(|ring| ring.panics),
            unresolved_nodes: recording.sites().unresolved().iter().map(|id| format!("{id:015x}")).collect(),
            findings: recording.findings().to_vec(),
            rings,
        }
    }
}

fn tally(recording: &Recording) -> Tally {
    let mut tally = Tally { sites: vec![(0, 0); recording.sites().iter().len()], ..Tally::default() };
    let mut kinds = [(0u64, 0u64); 256];
    for event in recording.events() {
        let record = recording.record(*event);
        let bytes = record.extent() as u64;
        tally.bytes += bytes;
        tally.truncated += u64::from(record.flags & FLAG_TRUNCATED != 0);
        tally.omitted += u64::from(record.flags & (FLAG_OMITTED | FLAG_WITHHELD) == FLAG_OMITTED);
        add(&mut kinds[record.kind as usize], bytes);
        if let Some(site) = recording.site_of(&record) {
            add(&mut tally.sites[site as usize], bytes);
        }
    }
    let counted = Kind::ALL.into_iter().map(|kind| (kind.name(), kinds[kind as usize]));
    tally.kinds = counted.filter(|(_, (count, _))| *count > 0).collect();
    tally
}

fn add(entry: &mut (u64, u64), bytes: u64) {
    entry.0 += 1;
    entry.1 += bytes;
}

fn modules(recording: &Recording, tally: &Tally) -> Vec<Count> {
    let mut modules = BTreeMap::<&str, (u64, u64)>::new();
    for (site, counts) in recording.sites().iter().zip(&tally.sites) {
        let name = recording.sites().module(site);
        let entry = modules.entry(if name.is_empty() { "(unknown)" } else { name }).or_default();
        entry.0 += counts.0;
        entry.1 += counts.1;
    }
    sorted(modules.into_iter().filter(|(_, counts)| counts.0 > 0).map(|(name, counts)| (name.to_owned(), counts)))
}

fn functions(recording: &Recording, frames: &Frames) -> Vec<Count> {
    let mut by_clause = vec![(0, 0); recording.sites().iter().len()];
    for frame in frames.all() {
        let record = recording.record_at(frame.enter);
        add(&mut by_clause[frame.clause as usize], record.extent() as u64);
    }
    let mut functions = BTreeMap::<&str, (u64, u64)>::new();
    for (site, counts) in recording.sites().iter().zip(&by_clause) {
        let entry = functions.entry(recording.sites().function(site)).or_default();
        entry.0 += counts.0;
        entry.1 += counts.1;
    }
    sorted(functions.into_iter().filter(|(_, counts)| counts.0 > 0).map(|(name, counts)| (name.to_owned(), counts)))
}

fn processes(recording: &Recording, frames: &Frames) -> Vec<ProcessView> {
    let views = frames.processes().iter().map(|process| ProcessView::new(recording, frames, process));
    let mut views: Vec<_> = views.collect();
    // Stable: equal ones stay in the order of their first event.
    views.sort_by_key(|view| std::cmp::Reverse(view.events));
    views
}

fn closings(frames: &Frames) -> Vec<Count> {
    let count = |closing| frames.all().iter().filter(|frame| frame.closing == closing).count() as u64;
    let counts = Closing::ALL.into_iter().map(|closing| (closing.name().to_owned(), (count(closing), 0)));
    sorted(counts.filter(|(_, (count, _))| *count > 0))
}

fn sorted(counts: impl Iterator<Item = (String, (u64, u64))>) -> Vec<Count> {
    let mut counts: Vec<_> = counts.map(|(name, (count, bytes))| Count { name, count, bytes }).collect();
    counts.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    counts
}
