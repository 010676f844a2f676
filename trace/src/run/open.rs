//! A recording, read whole: its events in order, and what they refer to.

use super::called::{self, Called};
use super::info::read_info;
use super::{Clock, Contexts, Finding, Names, Segment, SiteIndex, Sites, names, records, segments};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use wire::run::{FORMAT, Keep};
use wire::{Kind, NodeId, Record, RunInfo};

/// Why a recording cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder is missing or cannot be listed.
    #[error("cannot read {0}: {1}; give the folder of runs (--dir, ELIXIRSCOPE_DIR) or a run's own")]
    Folder(PathBuf, std::io::Error),
    /// A folder without run.json and without segments.
    #[error("{0} holds no recording (neither run.json nor segments)")]
    NotARun(PathBuf),
    /// No run at all.
    #[error("no run is recorded under {0}; ELIXIRSCOPE_RECORD=1 records one")]
    Empty(PathBuf),
    /// No run has this id.
    #[error("no run named {0:?} under {1}; `trace ls` lists them")]
    Unknown(String, PathBuf),
    /// Several runs' ids start so.
    #[error("{0:?} is the start of {1} run ids under {2}; write more digits, or the folder")]
    Ambiguous(String, usize, PathBuf),
    /// Recorded in a way that this version does not know.
    #[error(
        "{0} is of run format {1}, this version reads {FORMAT}; upgrade elixirscope to the version that recorded it"
    )]
    Later(PathBuf, u64),
    /// More events than the reader's indices can count.
    #[error("the recording has more than 2^32 events or 2^24 segments; split it")]
    TooLarge,
}

/// Where an event lies, and when it happened; ordered by time, then ring, then
/// place in the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// Clock ticks.
    pub ticks: u64,
    // Segment number (they are sorted by ring and ordinal) above 40 bits of offset.
    at: u64,
}

const OFFSET_BITS: u32 = 40;
const ATTEMPTS: usize = 3;

/// One run, read up to what was published when it was opened.
#[derive(Debug)]
pub struct Recording {
    dir: PathBuf,
    info: Option<RunInfo>,
    findings: Vec<Finding>,
    segments: Vec<Segment>,
    events: Vec<Event>,
    names: Names,
    sites: Sites,
    called: Called,
    contexts: Contexts,
    clock: Clock,
}

impl Recording {
    /// Reads the run in `dir`. Damage does not fail: see [`Recording::findings`].
    ///
    /// # Errors
    /// When there is nothing to read, or more than fits.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let mut findings = Vec::new();
        let _held = hold(dir);
        let info = read_info(dir, &mut findings)?;
        let mut segments =
            read_segments(dir, info.as_ref(), &mut findings).map_err(|e| OpenError::Folder(dir.to_owned(), e))?;
        if info.is_none() && segments.is_empty() {
            return Err(OpenError::NotARun(dir.to_owned()));
        }
        if segments.is_empty() && findings.is_empty() {
            let advice = "the recording failed to start, or was copied without them: copy the whole folder again";
            findings.push(Finding::file("ring-*.seg", "there are no segments", advice));
        }
        let keep = info.as_ref().map_or(Keep::Newest, |info| info.keep);
        super::gaps::drop_copies(&mut segments, &mut findings);
        super::gaps::check_order(&segments, keep, &mut findings);
        super::gaps::check_sums(&segments, &mut findings);
        let sites = Sites::load(dir, info.as_ref(), &mut findings);
        let names = Names::new(segments.first().map(|segment| segment.header.pid_layout).unwrap_or_default());
        let clock = Clock::new(&segments);
        let dir = dir.to_owned();
        let mut recording = Self {
            dir,
            info,
            findings,
            segments,
            events: Vec::new(),
            names,
            sites,
            called: Called::default(),
            contexts: Contexts::default(),
            clock,
        };
        recording.read_records()?;
        recording.check_names();
        Ok(recording)
    }

    // Each ring names what it refers to, so that without any names none were copied.
    fn check_names(&mut self) {
        let has_names = self.segments.iter().any(|segment| segment.names);
        let refers = |event: &Event| {
            let record = self.record(*event);
            let has_terms = !matches!(record.kind, Kind::Clock | Kind::State | Kind::StateDelta);
            has_terms && names::mentions_atom(record.payload)
        };
        if !has_names && self.events.iter().any(refers) {
            let advice = "atoms are shown by number; copy the run again from where it was recorded";
            self.findings.push(Finding::file("names-*.seg", "there are no names", advice));
        }
    }

    fn read_records(&mut self) -> Result<(), OpenError> {
        if self.segments.len() >= 1 << (64 - OFFSET_BITS) {
            return Err(OpenError::TooLarge);
        }
        let Self { segments, events, names, sites, called, contexts, clock, findings, .. } = self;
        // The commonest record has 32 to 48 bytes.
        events.reserve(segments.iter().map(|segment| segment.data.len() / 44).sum());
        let mut last = u64::MAX; // no id has 64 bits
        let mut named = Vec::new();
        for (number, segment) in segments.iter().enumerate() {
            records::walk(segment, findings, |offset, record| {
                if !segment.names {
                    events.push(Event { ticks: record.ticks, at: (number as u64) << OFFSET_BITS | offset });
                }
                match record.kind {
                    Kind::NameAtom | Kind::NameProcess => names.record(record),
                    Kind::Clock => clock.calibrate(record),
                    Kind::Context => named.push(*record),
                    kind if called::is_of_function(kind) => called.note(record),
                    kind if has_site(kind) && record.node.raw() != last => {
                        last = record.node.raw();
                        sites.resolve(last);
                    }
                    _ => {}
                }
            });
        }
        if u32::try_from(events.len()).map_or(true, |n| n == u32::MAX) {
            return Err(OpenError::TooLarge);
        }
        clock.finish();
        called.finish(names, sites);
        named.iter().for_each(|record| contexts.name(record, names));
        // Stable, and made of sorted runs (one a ring): merges in linear time.
        events.sort();
        Ok(())
    }

    /// The run's folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What run.json says, if it is readable.
    pub fn info(&self) -> Option<&RunInfo> {
        self.info.as_ref()
    }

    /// What is wrong with the files; empty when all is well.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The segments, in the order of `(names, ring, ordinal)`.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The events of all rings, in order.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// An event's record.
    pub fn record(&self, event: Event) -> Record<'_> {
        self.try_record(event).unwrap_or(UNREADABLE)
    }

    fn try_record(&self, event: Event) -> Option<Record<'_>> {
        let segment = self.segments.get((event.at >> OFFSET_BITS) as usize)?;
        let offset = (event.at & ((1 << OFFSET_BITS) - 1)) as usize;
        Some(Record::read_from(segment.data.get(offset..)?).ok()?.0)
    }

    /// The record of the event with this number.
    pub fn record_at(&self, number: u32) -> Record<'_> {
        self.record(self.events[number as usize])
    }

    /// The site of a record, for kinds that have one: its node, or the function that the
    /// VM told of.
    pub fn site_of(&self, record: &Record<'_>) -> Option<SiteIndex> {
        if has_site(record.kind) { self.sites.find(record.node.raw()) } else { self.called.site(record) }
    }

    /// What contexts are called.
    pub fn contexts(&self) -> &Contexts {
        &self.contexts
    }

    /// Atoms and processes by name.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Nodes by id.
    pub fn sites(&self) -> &Sites {
        &self.sites
    }

    /// Time.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Ticks from which on nothing was recycled: before, events of some threads are
    /// missing, and so perhaps the beginning or the end of what happened then. `None`
    /// when the recording has its beginning.
    pub fn whole_from(&self) -> Option<u64> {
        super::gaps::whole_from(&self.segments)
    }

    /// Ticks of the last event, or of the recording's start.
    pub fn last_ticks(&self) -> u64 {
        let opened = self.segments.iter().map(|segment| segment.header.ticks).min();
        self.events.last().map(|event| event.ticks).or(opened).unwrap_or(0)
    }
}

// Only reached for an event of another recording.
const UNREADABLE: Record<'static> = Record {
    kind: Kind::Mark,
    flags: wire::FLAG_OMITTED,
    argc: 0,
    context: 0,
    node: match NodeId::from_raw(0) {
        Some(id) => id,
        None => unreachable!(),
    },
    ticks: 0,
    pid: 0,
    payload: &[],
};

/// Whether records of this kind stand at a node of the source.
pub(crate) const fn has_site(kind: Kind) -> bool {
    use Kind::{Bind, Branch, Caught, Enter, Leave, Locals, Tail};
    matches!(kind, Enter | Leave | Tail | Branch | Bind | Caught | Locals)
}

// A flight recorder rewrites its names now and then. Should those that were listed be
// gone, the next listing has them.
fn read_segments(dir: &Path, info: Option<&RunInfo>, findings: &mut Vec<Finding>) -> io::Result<Vec<Segment>> {
    let mut attempts = 0..ATTEMPTS;
    loop {
        let before = findings.len();
        let mut segments = segments::headers(dir, findings)?;
        reject_foreign(&mut segments, info, findings);
        if segments::load(dir, &mut segments, findings) || attempts.next().is_none() {
            return Ok(segments);
        }
        findings.truncate(before);
    }
}

// Whoever removes old recordings leaves this one alone until the file is dropped. That
// it cannot be held is no reason not to read: the folder may be somebody else's copy.
fn hold(dir: &Path) -> Option<File> {
    let file = File::open(dir.join("lock")).ok()?;
    file.try_lock_shared().ok()?;
    Some(file)
}

// Without run.json, the run is the one that most segments belong to.
fn reject_foreign(segments: &mut Vec<Segment>, info: Option<&RunInfo>, findings: &mut Vec<Finding>) {
    let named = info.map(|info| info.id.to_ascii_lowercase());
    let Some(expected) = named.or_else(|| commonest(segments)) else { return };
    segments.retain(|segment| {
        let run = hex(&segment.header.run);
        let ours = run == expected;
        if !ours {
            let problem = format!("belongs to run {run}, not to {expected}; it was left out");
            findings.push(Finding::at(&segment.file, 16, problem, "move it back into its own run's folder"));
        }
        ours
    });
}

fn commonest(segments: &[Segment]) -> Option<String> {
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for segment in segments {
        *counts.entry(hex(&segment.header.run)).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(run, _)| run)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
