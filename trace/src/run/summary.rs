//! One line about a run, for lists.

use super::{OpenError, Recording, RunState, ring_totals, sum};
use serde::Serialize;
use std::path::Path;

/// What a list of runs says about one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunSummary {
    /// The run's id, or its folder's name when run.json is unreadable.
    pub id: String,
    /// The run's folder.
    pub path: String,
    /// What was recorded.
    pub app: Option<String>,
    /// When it started, in ns since 1970.
    pub started_ns: Option<u64>,
    /// From the recording's start to its last event.
    pub duration_ns: u64,
    /// Events present.
    pub events: u64,
    /// Bytes of events and names present.
    pub bytes: u64,
    /// How far it got.
    pub state: RunState,
    /// Events the writer had to drop.
    pub lost_events: u64,
    /// Number of faults in its files.
    pub findings: usize,
}

/// Reads a run and says what is in it.
///
/// # Errors
/// When the folder cannot be read at all.
pub fn summarize(dir: &Path) -> Result<RunSummary, OpenError> {
    let recording = Recording::open(dir)?;
    let info = recording.info();
    let folder = dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let rings = ring_totals(recording.segments());
    Ok(RunSummary {
        id: info.map_or(folder, |info| info.id.clone()),
        path: dir.display().to_string(),
        app: info.map(|info| info.app.clone()),
        started_ns: info.map(|info| info.started_ns).or_else(|| recording.clock().started_system_ns()),
        duration_ns: recording.span_ns(),
        events: recording.events().len() as u64,
        bytes: recording.segments().iter().map(|segment| segment.data.len() as u64).sum(),
        state: recording.state(),
        lost_events: sum(&rings, |ring| ring.lost_events),
        findings: recording.findings().len(),
    })
}

impl Recording {
    /// How far the run got.
    pub fn state(&self) -> RunState {
        RunState::of(self.dir(), self.segments(), self.info().map(|info| (info.os_pid, info.started_ns)))
    }

    /// Nanoseconds from the recording's start to its last event.
    pub fn span_ns(&self) -> u64 {
        u64::try_from(self.clock().since_start(self.last_ticks())).unwrap_or(0)
    }
    /// [`Recording::whole_from`] in nanoseconds since the recording's start.
    pub fn whole_from_ns(&self) -> Option<i64> {
        self.whole_from().map(|ticks| self.clock().since_start(ticks))
    }
}
