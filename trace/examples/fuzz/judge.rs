//! Reads a run with everything that reads runs, and says whether what it shows is true.

use super::corpus::Truth;
use std::collections::BTreeSet;
use std::path::Path;
use trace::outline::{Report, Selection, outline};
use trace::run::Segment;
use trace::{Frames, Messages, Recording, Stats, Value};
use wire::{Kind, Record};

/// Its ring, and everything that a record says.
pub type Written = (u32, Kind, u8, u8, [u64; 4], Vec<u8>);

/// What came of one execution.
pub enum Verdict {
    /// It was read, with so many findings; of what nothing vouches for, so many events
    /// are not those that were written.
    Read {
        /// What was found to be wrong.
        findings: usize,
        /// Changed events that nobody could have known to be.
        unverifiable: u64,
    },
    /// It could not be read as a whole, and that was said.
    Refused,
    /// Something that must not happen; its first line says what.
    Failed(String),
}

/// Reads the run in `dir`, and compares with what is true unless it was forged.
pub fn read(dir: &Path, truth: Option<&Truth>) -> Verdict {
    let recording = match Recording::open(dir) {
        Ok(recording) => recording,
        Err(error) if error.to_string().is_empty() => return Verdict::Failed("an error without words".into()),
        Err(_) => return Verdict::Refused,
    };
    let _ = trace::run::summarize(dir);
    show(&recording);
    let findings = recording.findings().len();
    let Some(truth) = truth else { return Verdict::Read { findings, unverifiable: 0 } };
    compare(&recording, truth).map_or_else(Verdict::Failed, |unverifiable| Verdict::Read { findings, unverifiable })
}

/// Shows everything there is.
fn show(recording: &Recording) {
    let frames = Frames::build(recording);
    let messages = Messages::of(recording);
    let few = Selection { depth: Some(2), limit: 10, ..Selection::default() };
    for selection in [Selection::default(), few] {
        let outline = outline(recording, &frames, &selection);
        let report = Report { recording, frames: &frames, messages: &messages, outline: &outline };
        serde_json::to_writer(std::io::sink(), &report).unwrap();
    }
    serde_json::to_writer(std::io::sink(), &Stats::of(recording, &frames)).unwrap();
    for event in recording.events() {
        for value in Value::read_all(recording.record(*event).payload, recording.names()) {
            trace::value::inspect(&value, 80);
        }
    }
}

/// How many events are not those that were written though nothing vouches for them.
fn compare(recording: &Recording, truth: &Truth) -> Result<u64, String> {
    let mut unverifiable = 0;
    let mut seen = BTreeSet::new();
    for event in recording.events() {
        let record = recording.record(*event);
        let segment = segment(recording, &record);
        let written = written(segment, &record);
        let is_true = truth.events.contains(&written) && seen.insert(written.clone());
        if !is_true && is_vouched_for(segment, &record) {
            return Err(format!("an event that was not written so, or once\n{written:?}\n{:?}", recording.findings()));
        }
        unverifiable += u64::from(!is_true);
    }
    if truth.is_summed && unverifiable > 0 && recording.findings().is_empty() {
        return Err("what was vouched for is changed, and nothing is said".into());
    }
    tables(recording, truth)?;
    Ok(unverifiable)
}

/// Names and nodes are what they were, or missing.
fn tables(recording: &Recording, truth: &Truth) -> Result<(), String> {
    if let Some(wrong) = sites(recording).difference(&truth.sites).next() {
        return Err(format!("a node that was not in the map\n{wrong}"));
    }
    if !truth.is_summed || !recording.segments().iter().filter(|segment| segment.names).all(|one| one.sums.is_some()) {
        return Ok(());
    }
    if let Some(wrong) = atoms(recording).difference(&truth.atoms).next() {
        return Err(format!("an atom that was not named so\n{wrong:?}"));
    }
    let pids: BTreeSet<u64> = truth.processes.iter().map(|(pid, _)| *pid).collect();
    let named = pids.iter().filter_map(|pid| Some((*pid, recording.names().process(*pid)?.to_owned())));
    match named.into_iter().find(|name| !truth.processes.contains(name)) {
        Some(wrong) => Err(format!("a process that was not called so\n{wrong:?}")),
        None => Ok(()),
    }
}

fn segment<'a>(recording: &'a Recording, record: &Record<'_>) -> &'a Segment {
    let place = record.payload.as_ptr();
    let holds = |one: &&Segment| {
        let range = one.data.as_ptr_range();
        range.start < place && place <= range.end
    };
    recording.segments().iter().find(holds).unwrap()
}

fn is_vouched_for(segment: &Segment, record: &Record<'_>) -> bool {
    let at = record.payload.as_ptr() as usize - segment.data.as_ptr() as usize;
    segment.sums.as_ref().is_some_and(|sums| at <= sums.summed() && segment.data.len() >= sums.summed())
}

fn written(segment: &Segment, record: &Record<'_>) -> Written {
    let Record { kind, flags, argc, context, node, ticks, pid, payload } = *record;
    (segment.header.ring, kind, flags, argc, [context, node.raw(), ticks, pid], payload.to_vec())
}

/// Every event that a recording shows.
pub fn shown(recording: &Recording) -> impl Iterator<Item = Written> {
    let written = |record: Record<'_>| written(segment(recording, &record), &record);
    recording.events().iter().map(move |event| written(recording.record(*event)))
}

/// The texts of atoms.
pub fn atoms(recording: &Recording) -> BTreeSet<(u64, String)> {
    recording.names().atoms().into_iter().map(|(index, text)| (index, text.to_owned())).collect()
}

/// What the maps say of nodes.
pub fn sites(recording: &Recording) -> BTreeSet<String> {
    let sites = recording.sites();
    let known = sites.iter().take(sites.known());
    known
        .map(|site| {
            let (function, file, label) = (sites.function(site), sites.file(site), sites.label(site));
            format!("{} {:?} {function} {file} {} {label}", site.id, site.kind, site.line)
        })
        .collect()
}
