//! Which names a flight recorder goes on needing.
//!
//! Any event that is left may refer to any atom, so atoms stay, each once: the VM's
//! table bounds them. Processes come and go, and so do their names, after their events.

use crate::segment::Segment;
use std::collections::BTreeMap;
use wire::{Kind, Record};

/// The records of `segments` that are still needed: the last name of each atom and of
/// each process, but not those of a process that `is_gone`, given its term and when it
/// was named.
pub fn needed(segments: &[Segment], is_gone: impl Fn(u64, u64) -> bool) -> Vec<Record<'_>> {
    let mut needed = BTreeMap::<_, Record<'_>>::new();
    for segment in segments {
        let mut rest = segment.data();
        while let Ok((record, after)) = Record::read_from(rest) {
            rest = after;
            let key = (record.kind as u8, record.node.raw(), record.pid);
            let is_newest = needed.get(&key).is_none_or(|other| other.ticks <= record.ticks);
            if is_newest && !(record.kind == Kind::NameProcess && is_gone(record.pid, record.ticks)) {
                needed.insert(key, record);
            }
        }
    }
    needed.into_values().collect()
}

/// The records as bytes, in parts of at most `bytes` each.
pub fn packed(records: Vec<Record<'_>>, bytes: usize) -> Vec<Vec<u8>> {
    let mut parts = Vec::<Vec<u8>>::new();
    for record in records {
        let is_full = |part: &Vec<u8>| part.len() + wire::record::record_len(record.payload.len()) > bytes;
        if parts.last().is_none_or(is_full) {
            parts.push(Vec::new());
        }
        parts.last_mut().into_iter().for_each(|part| record.write_to(part));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::SegmentHeader;

    #[test]
    fn atoms_stay_and_processes_go_after_their_events() {
        let path = std::env::temp_dir().join(format!("escope-names-{}.seg", std::process::id()));
        let mut segment = Segment::create(&path, 4096).unwrap();
        segment.open(&SegmentHeader::default(), [0; 4]);
        let mut name = |kind, index, ticks, pid| {
            segment.record(kind, 0, [index, ticks, pid], b"x");
        };
        name(Kind::NameAtom, 7, 1, 0);
        name(Kind::NameProcess, 0, 2, 50);
        name(Kind::NameProcess, 0, 3, 51);
        name(Kind::NameAtom, 7, 4, 0);
        name(Kind::NameProcess, 0, 9, 51);
        // Process 50 ended at 5; 51 did at 6, and its number was given again.
        let gone = |pid, named| named <= if pid == 50 { 5 } else { 6 };
        let segments = [segment];
        let left = needed(&segments, gone);
        let kept: Vec<_> = left.iter().map(|r| (r.kind, r.ticks)).collect();
        assert_eq!(kept, [(Kind::NameAtom, 4), (Kind::NameProcess, 9)]);
        let parts = [79, 80].map(|bytes| packed(left.clone(), bytes).iter().map(Vec::len).collect::<Vec<_>>());
        assert_eq!(parts, [vec![40, 40], vec![80]]);
        std::fs::remove_file(path).unwrap();
    }
}
