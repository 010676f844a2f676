//! Makes right what checks the content, as somebody would who wants to be believed.

use super::edit::Files;
use wire::segment::{CURSOR_AT, MAX_HEADER, SEGMENT_HEADER, SUMMED_AT};
use wire::sums::TABLE_AT;
use wire::{SegmentHeader, Sums};

/// Corrects every file that is not what it was.
pub fn forge(before: &Files, files: &mut Files) {
    for (name, bytes) in files.iter_mut() {
        if before.get(name) == Some(bytes) {
            continue;
        }
        if name.ends_with(".seg") {
            segment(bytes);
        } else if name.ends_with(".esmap") && bytes.len() >= wire::map::HEADER {
            let digest = blake3::hash(&bytes[wire::map::HEADER..]);
            bytes[32..48].copy_from_slice(&digest.as_bytes()[..16]);
        }
    }
}

fn segment(bytes: &mut [u8]) {
    if bytes.len() < SEGMENT_HEADER {
        return;
    }
    let sum = fnv1a(&bytes[..96]);
    bytes[96..104].copy_from_slice(&sum.to_le_bytes());
    let Ok((header, counters)) = SegmentHeader::decode(bytes) else { return };
    let start = header.length.min(MAX_HEADER) as usize;
    let held = bytes.len().saturating_sub(start) as u64;
    let cursor = counters.cursor.min(held) as usize & !7;
    if bytes[SUMMED_AT..SUMMED_AT + 16].iter().all(|byte| *byte == 0) {
        return;
    }
    bytes[CURSOR_AT..CURSOR_AT + 8].copy_from_slice(&(cursor as u64).to_le_bytes());
    let data = bytes.get(start..start + cursor).unwrap_or_default();
    let Some((head, table)) = Sums::of(data, header.capacity as usize).map(|sums| sums.encode()) else { return };
    bytes[SUMMED_AT..SUMMED_AT + 16].copy_from_slice(&head);
    bytes[TABLE_AT..TABLE_AT + table.len()].copy_from_slice(&table);
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}
