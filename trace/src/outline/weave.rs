//! Calls and what happened within them, in the order in which it happened.

use super::{Row, Selection, detail, select};
use crate::{Detail, Frames, Recording};

/// The rows of a process's calls with those of its details between them.
pub(super) fn weave(
    calls: &[Row],
    process: u32,
    recording: &Recording,
    frames: &Frames,
    selection: &Selection,
) -> Vec<Row> {
    let details = &frames.processes()[process as usize].details;
    let shown: Vec<(u32, u32)> = calls.iter().filter_map(call).collect();
    let row = |number: usize| {
        let indent = indent(&details[number], &shown, recording, selection)?;
        Some(Row::Detail { process, detail: number as u32, indent })
    };
    let (mut rows, mut next) = (Vec::with_capacity(calls.len()), 0);
    for row_of_call in calls {
        if let Some((frame, _)) = call(row_of_call) {
            let enter = frames.get(frame).enter;
            let before = details[next..].partition_point(|detail| detail.event < enter);
            rows.extend((next..next + before).filter_map(row));
            next += before;
        }
        rows.push(*row_of_call);
    }
    rows.extend((next..details.len()).filter_map(row));
    rows
}

fn call(row: &Row) -> Option<(u32, u32)> {
    if let Row::Call { frame, indent } = *row { Some((frame, indent)) } else { None }
}

// None: not to be shown. Outside of all calls only where no function was asked for.
fn indent(detail: &Detail, shown: &[(u32, u32)], recording: &Recording, selection: &Selection) -> Option<u32> {
    let record = recording.record_at(detail.event);
    let at = recording.clock().since_start(record.ticks);
    let in_time = selection.from_ns.is_none_or(|from| at >= from) && selection.to_ns.is_none_or(|to| at <= to);
    let within = select::is_within(recording, detail.event, selection);
    if !in_time || !within || !detail::is_shown(record.kind, selection.detail, selection.told) {
        return None;
    }
    let outside = selection.function.is_none().then_some(0);
    match detail.frame() {
        None => outside,
        Some(frame) => match shown.binary_search_by_key(&frame, |call| call.0) {
            Ok(at) => Some(shown[at].1 + 1),
            // The call around it may be of another context.
            Err(_) => outside.filter(|_| selection.context.is_some()),
        },
    }
}
