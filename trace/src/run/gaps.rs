//! What rings say they lost, and segments that are not there.

use super::{Finding, Segment};
use serde::Serialize;

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

/// Reports segments that are absent between others, or present twice.
pub(super) fn check_order(segments: &[Segment], findings: &mut Vec<Finding>) {
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
            let problem = format!("{} segments before it are absent", next - last - 1);
            findings.push(Finding::file(&after.file, problem, "copy the whole folder of the run again"));
        }
    }
}
