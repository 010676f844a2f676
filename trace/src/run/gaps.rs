//! What rings say they lost, what was recycled, and segments that are not there.

use super::{Finding, Segment};
use serde::Serialize;
use wire::run::Keep;
use wire::segment::{CONTROL_RING, SUMMED_AT};

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

/// A sum over all rings; what damaged files claim does not overflow.
pub fn sum(rings: &[RingTotals], count: impl Fn(&RingTotals) -> u64) -> u64 {
    rings.iter().map(count).fold(0, u64::saturating_add)
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
            ring.missing_segments = ring.missing_segments.saturating_add(header.ordinal.saturating_sub(next));
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

/// Leaves out segments that are present twice: of copies, the one that has more stays.
pub(super) fn drop_copies(segments: &mut Vec<Segment>, findings: &mut Vec<Finding>) {
    let key = |segment: &Segment| (segment.names, segment.header.ring, segment.header.ordinal);
    segments.sort_by(|a, b| {
        key(a).cmp(&key(b)).then_with(|| b.data.len().cmp(&a.data.len())).then_with(|| a.file.cmp(&b.file))
    });
    let mut last: Option<(_, String)> = None;
    segments.retain(|segment| match &last {
        Some((known, file)) if *known == key(segment) => {
            let problem = format!("has the same ring and ordinal as {file}; it was left out");
            findings.push(Finding::at(&segment.file, 40, problem, "remove the copy"));
            false
        }
        _ => {
            last = Some((key(segment), segment.file.clone()));
            true
        }
    });
}

/// Reports what nothing vouches for though its writer had the time to.
pub(super) fn check_sums(segments: &[Segment], findings: &mut Vec<Finding>) {
    let finished = |segment: &Segment| segment.header.ring == CONTROL_RING && segment.counters.sealed;
    if !segments.iter().any(finished) {
        return;
    }
    for segment in segments {
        if segment.sums.is_none() && segment.header.minor >= SUMS_SINCE && !segment.data.is_empty() {
            let problem = format!("has no checksums: nothing vouches for its {} bytes", segment.data.len());
            let advice = "events that make no sense are left out; copy the run again from where it was recorded";
            findings.push(Finding::at(&segment.file, SUMMED_AT as u64, problem, advice));
        }
    }
}

/// The minor version since which recordings that are finished have sums.
const SUMS_SINCE: u16 = 1;

/// Reports segments that are absent between others, or before others where nothing is
/// recycled.
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
        if next > last + 1 {
            findings.push(absent(after, next - last - 1));
        }
    }
}

fn absent(segment: &Segment, count: u64) -> Finding {
    let problem = format!("{count} segments before it are absent");
    Finding::file(&segment.file, problem, "copy the whole folder of the run again")
}
