//! The versions of one process, in order.

use super::derived;
use super::tree::{Change, Notes, Tree};
use super::unrecorded::Unrecorded;
use crate::outline::is_process;
use crate::{Frames, Recording};
use std::collections::BTreeMap;
use wire::state::{Delta, Part};
use wire::{FLAG_OMITTED, FLAG_TRUNCATED, FLAG_WITHHELD, Kind, Record, Term};

/// Where a version comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The process told it whole: it begins a row.
    Whole,
    /// The process told what differs from the version before.
    Difference,
    /// Somebody asked for it.
    Snapshot,
    /// A callback returned it.
    Returned,
}

impl Source {
    /// Lower-case name, as commands print it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Difference => "difference",
            Self::Snapshot => "snapshot",
            Self::Returned => "returned",
        }
    }
}

/// A version of the state, or the place of one.
#[derive(Clone, Debug)]
pub struct Version {
    /// When it was told.
    pub ticks: u64,
    /// Where it comes from.
    pub source: Source,
    /// Its number in the row; 0 for what belongs to none.
    pub number: u64,
    /// Bytes that tell it.
    pub bytes: u64,
    /// Whether something was left out of it, because it is nested too deep or cannot be
    /// told.
    pub truncated: bool,
    /// What is wrong with it, if it is not all there.
    pub fault: Option<Unknown>,
    body: Body,
}

#[derive(Clone, Debug)]
enum Body {
    /// The event it begins with, and how many records it has.
    Records(u32, u32),
    /// What was found in another event.
    Found(Term),
}

/// Why a state is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// No version is that old.
    #[error("no version of its state is recorded from then or before")]
    Before,
    /// The version it differs from is not there.
    #[error("the version that it differs from was recycled or lost")]
    NoBase,
    /// It exceeded its limit.
    #[error("the state was larger than enable_time_travel's :max_bytes")]
    TooLarge,
    /// It was told while values were left out.
    #[error("the state changed, and the level of detail left out into what")]
    Withheld,
    /// Since the last version it may have changed unseen.
    #[error("its states were not recorded for a while: the detail was off, or other traces began or ended")]
    Unrecorded,
    /// A part of it is missing.
    #[error("not all of the version was written")]
    Incomplete,
    /// It does not decode, or does not fit the one before.
    #[error("the version is damaged")]
    Damaged,
    /// A callback's value that was not recorded whole.
    #[error("the callback's value was not recorded whole; enable_time_travel tells states of any size")]
    Cut,
}

/// A state that is known.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its version, a number in [`History::versions`].
    pub version: usize,
    /// The state.
    pub term: Term,
    /// Whether versions behind it may be missing, so that it may be too old.
    pub uncertain: bool,
}

/// The processes that are called `wanted` (`#PID<0.142.0>`, `0.142.0` or a name), each
/// with the ticks of its first event, in the order of these.
pub fn processes(recording: &Recording, wanted: &str) -> Vec<(u64, u64)> {
    let mut first = BTreeMap::<u64, u64>::new();
    for event in recording.events() {
        let record = recording.record(*event);
        if !matches!(record.kind, Kind::Clock | Kind::NameAtom | Kind::NameProcess) {
            first.entry(record.pid).or_insert(record.ticks);
        }
    }
    let mut found: Vec<_> = first.into_iter().filter(|(pid, _)| is_process(recording, *pid, wanted)).collect();
    found.sort_by_key(|(_, ticks)| *ticks);
    found
}

/// All versions of a process.
pub struct History<'r> {
    recording: &'r Recording,
    versions: Vec<Version>,
    unrecorded: Unrecorded,
    ended: Option<u64>,
}

impl<'r> History<'r> {
    /// The versions of a process, given by the VM's term. `frames` are those of the
    /// recording, if versions shall be derived.
    pub fn of(recording: &'r Recording, pid: u64, frames: Option<&Frames>) -> Self {
        let (mut versions, mut unrecorded, mut ended) = (Vec::<Version>::new(), Unrecorded::of(pid), None);
        for (number, event) in (0u32..).zip(recording.events()) {
            let record = recording.record(*event);
            match record.kind {
                Kind::State | Kind::StateDelta if record.pid == pid => add(&mut versions, number, &record),
                Kind::Level | Kind::Switch => unrecorded.note(&record, recording),
                Kind::Exit if record.pid == pid => ended = Some(record.ticks),
                _ => {}
            }
        }
        let mut history = Self { recording, versions, unrecorded, ended };
        history.find_faults();
        if let Some(frames) = frames.filter(|_| history.versions.iter().all(|version| version.number == 0)) {
            history.versions.extend(derived::versions(recording, frames, pid));
            history.versions.sort_by_key(|version| version.ticks);
        }
        history
    }

    /// The versions in order.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// Before which moment, in ns from the start, the process did nothing more after `ns`
    /// than to tell its state: what an event led to is in the version before then.
    pub fn settled(&self, pid: u64, ns: i64) -> i64 {
        let clock = self.recording.clock();
        let after = self.recording.events().partition_point(|event| clock.since_start(event.ticks) <= ns);
        let is_next = |record: &Record<'_>| record.pid == pid && !matches!(record.kind, Kind::State | Kind::StateDelta);
        let mut rest = self.recording.events()[after..].iter().map(|event| self.recording.record(*event));
        rest.find(is_next).map_or(i64::MAX, |record| clock.since_start(record.ticks) - 1)
    }

    /// Ticks at which the process ended.
    pub fn ended(&self) -> Option<u64> {
        self.ended
    }

    fn find_faults(&mut self) {
        let mut last = 0; // the number of the last version of a row that is known
        for n in 0..self.versions.len() {
            let version = &mut self.versions[n];
            let Body::Records(event, _) = version.body else { continue };
            let total = Part::read(self.recording.record_at(event).payload).map_or(0, |part| part.total);
            if version.fault.is_none() && version.bytes != total {
                version.fault = Some(Unknown::Incomplete);
            }
            if version.source == Source::Difference && version.fault.is_none() && version.number != last + 1 {
                version.fault = Some(Unknown::NoBase);
            }
            if version.source != Source::Snapshot {
                last = if version.fault.is_none() { version.number } else { u64::MAX - 1 };
            }
        }
    }

    /// The state at a moment, in ns from the recording's start: that of the last version
    /// until then, unless it may have changed unseen.
    ///
    /// # Errors
    /// When it is not known.
    pub fn at(&self, ns: i64) -> Result<Known, Unknown> {
        let clock = self.recording.clock();
        let version = self.versions.partition_point(|version| clock.since_start(version.ticks) <= ns);
        let version = version.checked_sub(1).ok_or(Unknown::Before)?;
        let term = self.state(version)?;
        let (ticks, goes_on) = (self.versions[version].ticks, self.goes_on_after(version));
        let ns = self.ended.map_or(ns, |ended| ns.min(clock.since_start(ended)));
        if goes_on != Some(true) && self.unrecorded.is_between(ticks, ns, |ticks| clock.since_start(ticks)) {
            return Err(Unknown::Unrecorded);
        }
        let recycled = || self.recording.whole_from().is_some_and(|whole| ticks < whole);
        Ok(Known { version, term, uncertain: !goes_on.unwrap_or_else(|| !recycled()) })
    }

    // Whether the next version of a row has this one's next number. Else those between are
    // lost, or nobody observed the process for a while.
    fn goes_on_after(&self, version: usize) -> Option<bool> {
        let is_of_row = |version: &&Version| version.number > 0;
        let this = self.versions[..=version].iter().rev().find(is_of_row);
        let next = self.versions[version + 1..].iter().find(is_of_row);
        this.zip(next).map(|(this, next)| next.number == this.number + 1)
    }

    /// The state of a version.
    ///
    /// # Errors
    /// When it is not known.
    pub fn state(&self, version: usize) -> Result<Term, Unknown> {
        let alone = |version: &Version| matches!(version.source, Source::Snapshot | Source::Returned);
        if let Some(fault) = self.versions[version].fault {
            return Err(fault);
        }
        if alone(&self.versions[version]) {
            return self.whole(version);
        }
        let is_base = |n: &usize| self.versions[*n].source == Source::Whole;
        let base = (0..=version).rev().find(is_base).ok_or(Unknown::NoBase)?;
        let mut tree = Tree::new(self.whole(base)?);
        for n in base + 1..=version {
            if self.versions[n].source == Source::Difference {
                self.step(n, &mut tree, None)?;
            }
        }
        Ok(tree.term())
    }

    fn whole(&self, version: usize) -> Result<Term, Unknown> {
        let version = &self.versions[version];
        if let Body::Found(term) = &version.body {
            return Ok(term.clone());
        }
        let body = self.body(version)?;
        Term::read(&mut body.as_slice()).map_err(|_| Unknown::Damaged)
    }

    fn step(&self, version: usize, tree: &mut Tree, notes: Notes<'_>) -> Result<(), Unknown> {
        let body = self.body(&self.versions[version])?;
        let delta = Delta::read(&body).map_err(|_| Unknown::Damaged)?;
        tree.apply(delta, &mut Vec::new(), notes).map_err(|_| Unknown::Damaged)
    }

    fn body(&self, version: &Version) -> Result<Vec<u8>, Unknown> {
        let Body::Records(event, records) = version.body else { return Ok(Vec::new()) };
        let mut body = Vec::with_capacity(usize::try_from(version.bytes).unwrap_or(0));
        let first = self.recording.record_at(event);
        let rest = self.recording.events()[event as usize..].iter().map(|event| self.recording.record(*event));
        let own = rest.filter(|record| (record.kind, record.pid, record.node) == (first.kind, first.pid, first.node));
        for record in own.take(records as usize) {
            body.extend_from_slice(Part::read(record.payload).ok_or(Unknown::Damaged)?.bytes);
        }
        Ok(body)
    }

    /// Visits the versions in order, each with what it changed of the one before: nothing
    /// of the first that is known, all of what follows one that is not.
    pub fn changes(&self, mut visit: impl FnMut(&Version, Result<Vec<Change>, Unknown>)) {
        let (mut row, mut shown): (Option<Tree>, Option<Term>) = (None, None);
        for (n, version) in self.versions.iter().enumerate() {
            let changes = match (version.fault, version.source, &mut row) {
                (Some(fault), _, _) => Err(fault),
                (None, Source::Difference, Some(tree)) => {
                    let mut notes = Vec::new();
                    shown = None;
                    self.step(n, tree, Some(&mut notes)).map(|()| notes)
                }
                (None, Source::Difference, None) => Err(Unknown::NoBase),
                (None, source, _) => self.whole(n).map(|term| {
                    let before = shown.take().or_else(|| row.as_ref().map(Tree::term));
                    let changes = before.map(|before| super::compare(&before, &term)).unwrap_or_default();
                    if source == Source::Whole {
                        row = Some(Tree::new(term.clone()));
                    }
                    shown = Some(term);
                    changes
                }),
            };
            if changes.is_err() && version.number > 0 {
                (row, shown) = (None, None);
            }
            visit(version, changes);
        }
    }
}

fn add(versions: &mut Vec<Version>, event: u32, record: &Record<'_>) {
    let source = match (record.kind, record.node.raw()) {
        (Kind::StateDelta, _) => Source::Difference,
        (_, 0) => Source::Snapshot,
        _ => Source::Whole,
    };
    let part = Part::read(record.payload);
    let bytes = part.map_or(0, |part| part.bytes.len() as u64);
    if let (Some(part), Some(last)) = (part, versions.last_mut()) {
        let continues = (last.source, last.number, last.ticks) == (source, record.node.raw(), record.ticks);
        if continues && part.offset > 0 {
            let in_order = last.fault.is_none() && part.offset == last.bytes;
            last.fault = if in_order { last.fault } else { Some(Unknown::Incomplete) };
            last.bytes += bytes;
            if let Body::Records(_, records) = &mut last.body {
                *records += 1;
            }
            return;
        }
    }
    let fault = match part {
        _ if record.flags & FLAG_WITHHELD != 0 => Some(Unknown::Withheld),
        _ if record.flags & FLAG_OMITTED != 0 => Some(Unknown::TooLarge),
        None => Some(Unknown::Damaged),
        Some(part) if part.offset > 0 => Some(Unknown::Incomplete),
        Some(_) => None,
    };
    let truncated = record.flags & FLAG_TRUNCATED != 0;
    let (ticks, number, body) = (record.ticks, record.node.raw(), Body::Records(event, 1));
    versions.push(Version { ticks, source, number, bytes, truncated, fault, body });
}

impl Version {
    /// A version that a callback returned.
    pub(super) fn returned(ticks: u64, state: Term, fault: Option<Unknown>) -> Self {
        let body = Body::Found(state);
        Self { ticks, source: Source::Returned, number: 0, bytes: 0, truncated: false, fault, body }
    }
}
