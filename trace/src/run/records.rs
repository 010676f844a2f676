//! Walks the records of a segment and finds its way past damage.

use super::Finding;
use wire::segment::SEGMENT_HEADER;
use wire::{RECORD_HEADER, Record, RecordError};

const CHAIN: usize = 3;
const REPORTED: usize = 16;

/// Calls `visit(offset, record)` for each readable record of `data`.
///
/// Behind damage the walk goes on where three records in a row (or the rest of
/// the data) make sense: valid, and not earlier than what was read before.
pub(super) fn walk<'a>(
    file: &str,
    data: &'a [u8],
    findings: &mut Vec<Finding>,
    mut visit: impl FnMut(u64, &Record<'a>),
) {
    let (mut rest, mut ticks, mut damaged) = (data, 0, 0usize);
    while !rest.is_empty() {
        let offset = data.len() - rest.len();
        match Record::read_from(rest) {
            Ok((record, after)) => {
                visit(offset as u64, &record);
                ticks = record.ticks;
                rest = after;
            }
            Err(error) => {
                let skipped = resume(rest, ticks).unwrap_or(rest.len());
                damaged += 1;
                if damaged <= REPORTED {
                    findings.push(damage(file, offset, error, skipped, skipped == rest.len()));
                }
                rest = &rest[skipped..];
            }
        }
    }
    if damaged > REPORTED {
        let problem = format!("{} more damaged places", damaged - REPORTED);
        findings.push(Finding::file(file, problem, "treat this segment as unreliable"));
    }
}

fn damage(file: &str, offset: usize, error: RecordError, skipped: usize, to_end: bool) -> Finding {
    let extent = if to_end { "up to the end" } else { "before the next sound record" };
    let problem = format!("{error}; {skipped} bytes {extent} were skipped");
    let advice = "events here are missing, so frames nearby may be closed by inference; record again if it matters";
    Finding::at(file, (SEGMENT_HEADER + offset) as u64, problem, advice)
}

fn resume(rest: &[u8], ticks: u64) -> Option<usize> {
    (8..rest.len().saturating_sub(RECORD_HEADER - 1)).step_by(8).find(|&skip| makes_sense(&rest[skip..], ticks))
}

fn makes_sense(mut rest: &[u8], mut ticks: u64) -> bool {
    for _ in 0..CHAIN {
        match Record::read_from(rest) {
            Ok((record, after)) if record.ticks >= ticks && sound(&record) => {
                ticks = record.ticks;
                rest = after;
            }
            _ => return false,
        }
        if rest.is_empty() {
            return true;
        }
    }
    true
}

fn sound(record: &Record<'_>) -> bool {
    let flags = wire::FLAG_OMITTED | wire::FLAG_TRUNCATED | wire::FLAG_WITHHELD;
    let is_whole = record.flags & wire::FLAG_OMITTED == 0;
    record.flags & !flags == 0 && (!is_whole || usize::from(record.argc) <= record.payload.len())
}
