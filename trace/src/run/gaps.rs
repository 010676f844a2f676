//! What rings say they lost, what was recycled, and segments that are not there.

use super::{Finding, Segment};
use serde::Serialize;
use wire::run::Keep;

/// What one ring holds and what it lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RingTotals {
    /// The ring's number; 0 is the control ring.
    pub ring: u32,
    /// Segments present.
    pub segments: u64,
    /// Older segments that the flight recorder has overwritten.
    pub recycled_segments: u64,
    /// Segments absent between others.
    pub missing_segments: u64,
    /// Published bytes present.
    pub bytes: u64,
    /// Events the writer had to drop.
    pub lost_events: u64,
    /// Bytes those would have taken.
    pub lost_bytes: u64,
    /// Events whose payload was cut or left out.
    pub truncated: u64,
    /// Panics caught in probes.
    pub panics: u64,
    /// Whether the writer finished the last segment.
    pub sealed: bool,
}

/// Totals of each event ring, by number.
pub fn ring_totals(segments: &[Segment]) -> Vec<RingTotals> {
    let mut rings: Vec<RingTotals> = Vec::new();
    let mut next = 0;
    for segment in segments.iter().filter(|segment| !segment.names) {
        let (header, counters) = (&segment.header, &segment.counters);
        if rings.last().is_none_or(|last| last.ring != header.ring) {
            let ring = RingTotals { ring: header.ring, recycled_segments: header.ordinal, ..RingTotals::default() };
            rings.push(ring);
            next = header.ordinal;
        }
        if let Some(ring) = rings.last_mut() {
            ring.segments += 1;
            ring.missing_segments += header.ordinal.saturating_sub(next);
            ring.bytes += segment.data.len() as u64;
            // Counted since the ring began: the last segment knows all.
            ring.lost_events = ring.lost_events.max(counters.lost_events);
            ring.lost_bytes = ring.lost_bytes.max(counters.lost_bytes);
            ring.truncated = ring.truncated.max(counters.truncated);
            ring.panics = ring.panics.max(counters.panics);
            ring.sealed = counters.sealed;
        }
        next = header.ordinal.saturating_add(1);
    }
    rings
}

/// When the last of the rings that lack their beginning begins.
pub(super) fn whole_from(segments: &[Segment]) -> Option<u64> {
    let mut last = None;
    let first = segments.iter().filter(|segment| {
        let ring = Some((segment.names, segment.header.ring));
        !segment.names && std::mem::replace(&mut last, ring) != ring && segment.header.ordinal > 0
    });
    first.map(|segment| segment.header.ticks).max()
}

/// Reports segments that are absent between others, or before others where nothing is
/// recycled, or present twice.
pub(super) fn check_order(segments: &[Segment], keep: Keep, findings: &mut Vec<Finding>) {
    let mut known = None;
    for segment in segments {
        let ring = Some((segment.names, segment.header.ring));
        let is_first = std::mem::replace(&mut known, ring) != ring;
        if is_first && segment.header.ordinal > 0 && keep == Keep::All {
            findings.push(absent(segment, segment.header.ordinal));
        }
    }
    for pair in segments.windows(2) {
        let (before, after) = (&pair[0], &pair[1]);
        if (before.names, before.header.ring) != (after.names, after.header.ring) {
            continue;
        }
        let (last, next) = (before.header.ordinal, after.header.ordinal);
        if next == last {
            let problem = format!("has the same ring and ordinal as {}", before.file);
            findings.push(Finding::at(&after.file, 40, problem, "remove the copy: its events are shown twice"));
        } else if next != last + 1 {
            findings.push(absent(after, next - last - 1));
        }
    }
}

fn absent(segment: &Segment, count: u64) -> Finding {
    let problem = format!("{count} segments before it are absent");
    Finding::file(&segment.file, problem, "copy the whole folder of the run again")
}
