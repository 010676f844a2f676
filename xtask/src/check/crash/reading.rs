//! What the reader finds of a program's events, held against what was acknowledged.

use super::program::Batch;
use super::{Keep, require};
use crate::{Failure, shell};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// More writers than this write in rounds, one after the other.
const CROWD: usize = 1000;

/// What may be missing, beside what is counted as lost.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// Nothing: no fault may be found in the files.
    Nothing,
    /// Events of segments that somebody removed, if the reader says that they are absent.
    Segments,
    /// The sums of segments, which a folder that turned read-only does not take.
    Sums,
}

impl Absent {
    /// What the reader says of it.
    const fn finding(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Segments => Some("absent"),
            Self::Sums => Some("has no checksums"),
        }
    }
}

/// Sums of a row of the table.
#[derive(Default)]
pub struct Tally {
    pub acknowledged: usize,
    pub read: usize,
    /// Events that are counted as lost.
    pub lost_events: u64,
    /// Places where segments are absent, and the reader says so.
    pub absent: usize,
    /// How it came about, where that depends on the system.
    pub how: &'static str,
}

impl Tally {
    pub fn add(&mut self, other: &Self) {
        self.acknowledged += other.acknowledged;
        self.read += other.read;
        self.lost_events += other.lost_events;
        self.absent += other.absent;
        self.how = other.how;
    }

    /// What is missing, and known to be.
    pub fn gaps(&self) -> String {
        let parts = [(self.lost_events, "lost events"), (self.absent as u64, "absent segments")];
        let parts: Vec<_> = parts.iter().filter(|part| part.0 > 0).map(|(n, what)| format!("{n} {what}")).collect();
        let gaps = if parts.is_empty() { "none".into() } else { parts.join(", ") };
        format!("{gaps}{}", self.how)
    }
}

/// One recording, as `trace show` has it.
pub struct Reading {
    report: Value,
}

impl Reading {
    pub fn of(folder: &Path, options: &[&str]) -> Result<Self, Failure> {
        let folder = folder.display().to_string();
        let mut arguments = vec!["trace", "show", &folder, "--limit", "1000000", "--format", "json"];
        arguments.extend(options);
        // Its exit code says whether it finds a fault, as the report does.
        let output = shell::output(&mut shell::command(shell::elixirscope(), &shell::root(), &arguments))?;
        let report = serde_json::from_slice(&output.stdout)
            .map_err(|error| Failure::CouldNotRun(format!("trace show gives no JSON: {error}")))?;
        Ok(Self { report })
    }

    /// How far the recording got.
    pub fn state(&self) -> String {
        self.report["state"].as_str().unwrap_or_default().to_owned()
    }

    /// From the first event that is read to the last one.
    pub fn seconds(&self) -> f64 {
        let moments: Vec<_> = self.whole("details", "at_ns").filter_map(|event| event["at_ns"].as_f64()).collect();
        let (first, last) = moments.iter().fold((f64::MAX, f64::MIN), |(a, b), at| (a.min(*at), b.max(*at)));
        (last - first) / 1e9
    }

    pub fn lost_events(&self) -> u64 {
        self.report["lost_events"].as_u64().unwrap_or(0)
    }

    /// Elements of a list, from when on the recording is whole: what a thread wrote into
    /// a segment that it never filled may be older.
    pub fn whole<'a>(&'a self, list: &str, at: &'static str) -> impl Iterator<Item = &'a Value> {
        let from = self.report["whole_from_ns"].as_i64().unwrap_or(i64::MIN);
        let all = self.report[list].as_array().into_iter().flatten();
        all.filter(move |one| one[at].as_i64().is_some_and(|moment| moment >= from))
    }

    /// # Errors
    /// When a fault is found that is not `allowed`. Else how many are.
    pub fn faults(&self, allowed: Absent) -> Result<usize, Failure> {
        let faults = self.report["findings"].as_array().map_or(&[][..], Vec::as_slice);
        let is_allowed = |fault: &&Value| {
            let problem = fault["problem"].as_str().unwrap_or_default();
            allowed.finding().is_some_and(|text| problem.contains(text))
        };
        if let Some(other) = faults.iter().find(|fault| !is_allowed(fault)) {
            return Err(Failure::Failed(format!("the reader finds {other}")));
        }
        Ok(if allowed == Absent::Segments { faults.len() } else { 0 })
    }

    /// The numbers of each writer's events, each of which is as it was written.
    fn written(&self) -> Result<BTreeMap<u64, Vec<u64>>, Failure> {
        let mut written = BTreeMap::<u64, Vec<u64>>::new();
        for event in self.whole("details", "at_ns").filter(|event| event["kind"] == "mark") {
            let text = event["values"][1]["value"].as_str().unwrap_or_default();
            let (writer, n) = whole_event(text).ok_or_else(|| Failure::Failed(format!("a torn event: {text:.100}")))?;
            written.entry(writer).or_default().push(n);
        }
        Ok(written)
    }
}

/// `{writer, n, n * 7919 + writer, padding}`, with the padding that `n` has.
fn whole_event(text: &str) -> Option<(u64, u64)> {
    let mut parts = text.strip_prefix('{')?.strip_suffix("\"}")?.splitn(4, ", ");
    let mut number = || parts.next()?.replace('_', "").parse::<u64>().ok();
    let (writer, n, check) = (number()?, number()?, number()?);
    let padding = parts.next()?.strip_prefix('"')?;
    let is_whole = check == n * 7919 + writer
        && padding.len() as u64 == n * 37 % 3_800
        && padding.bytes().all(|byte| byte == b'x');
    is_whole.then_some((writer, n))
}

/// The folder of the only recording below `runs`.
pub fn only_run(runs: &Path) -> Result<PathBuf, Failure> {
    let folders = std::fs::read_dir(runs).into_iter().flatten().flatten();
    let only = folders.map(|entry| entry.path()).find(|path| path.is_dir());
    only.ok_or_else(|| Failure::Failed(format!("nothing was recorded in {}", runs.display())))
}

/// Every acknowledged event is there, whole and in order; what is missing is marked.
pub fn judge(folder: &Path, acknowledged: &[Batch], keep: Keep, absent: Absent) -> Result<Tally, Failure> {
    let reading = Reading::of(folder, &["--detail", "values"])?;
    let written = reading.written()?;
    let tally = Tally {
        acknowledged: acknowledged.iter().map(|(_, from, to)| (to - from + 1) as usize).sum(),
        read: written.values().map(Vec::len).sum(),
        lost_events: reading.lost_events(),
        absent: reading.faults(absent)?,
        how: "",
    };
    let is_gap_known = tally.absent > 0;
    let mut unmarked = 0;
    for (writer, events) in &written {
        let ordered = events.windows(2).all(|pair| pair[0] < pair[1]);
        require(ordered, || format!("events of writer {writer} are there twice, or in another order"))?;
        let own: BTreeSet<_> =
            acknowledged.iter().filter(|one| one.0 == *writer).flat_map(|one| one.1..=one.2).collect();
        let missing = missing(events, &own, keep);
        let acknowledged = missing.iter().find(|n| own.contains(n));
        require(acknowledged.is_none() || is_gap_known, || {
            let (first, last) = (events.first().unwrap_or(&0), events.last().unwrap_or(&0));
            let (from, to) = (missing[0], missing[missing.len() - 1]);
            format!(
                "writer {writer}: of its events {from} to {to}, acknowledged ones are not there; {first} to {last} are"
            )
        })?;
        unmarked += missing.len() as u64;
    }
    require(unmarked <= tally.lost_events || is_gap_known, || {
        format!("{unmarked} events are missing, {} are counted as lost", tally.lost_events)
    })?;
    let newest = acknowledged.iter().rev().take(if keep == Keep::All { usize::MAX } else { 1 });
    for (writer, _, last) in newest {
        let is_there = written.get(writer).is_some_and(|events| events.last() >= Some(last));
        // Many writers, in rounds, are ahead of what is heard of them: what is heard last
        // may be recycled, if what is there came later.
        let is_later = |(other, events): (&u64, &Vec<u64>)| events.last().map(|n| (n, other)) > Some((last, writer));
        let is_there = is_there || written.len() > CROWD && written.iter().any(is_later);
        require(is_there || is_gap_known, || format!("writer {writer}: nothing is there from event {last} on"))?;
    }
    Ok(tally)
}

/// The events of a writer that are not there: up to the last that is there or was
/// acknowledged, and from the first one on; of a flight recorder, from the first that is
/// there.
fn missing(events: &[u64], acknowledged: &BTreeSet<u64>, keep: Keep) -> Vec<u64> {
    let first = if keep == Keep::All { 1 } else { events.first().copied().unwrap_or(1) };
    let last = events.last().max(acknowledged.last()).copied().unwrap_or(0);
    let there: BTreeSet<_> = events.iter().collect();
    (first..=last).filter(|n| !there.contains(n)).collect()
}
