//! What a later version may write is read as far as it can be, or refused in words.

use super::{reading, written};
use wire::segment::{MAJOR, MINOR, SEGMENT_HEADER, SegmentError};
use wire::{Kind, MapError, NodeMap, Record, RecordError, RunInfo, SegmentHeader};

fn segment() -> Vec<u8> {
    written::all().remove("flight/ring-terms.seg").unwrap()
}

fn with_header(bytes: &[u8], change: impl FnOnce(&mut SegmentHeader)) -> Vec<u8> {
    let (mut header, _) = SegmentHeader::decode(bytes).unwrap();
    change(&mut header);
    [&header.encode()[..], &bytes[104..]].concat()
}

/// The lines of its records.
fn records(bytes: &[u8]) -> String {
    reading::segment(bytes).split_once("\n0:").unwrap().1.to_owned()
}

#[test]
fn a_higher_minor_version_and_a_longer_header_are_read() {
    let (now, twice) = (segment(), 2 * SEGMENT_HEADER);
    let mut later = with_header(&now, |header| (header.minor, header.length) = (MINOR + 1, twice as u32));
    // A field that nobody knows yet, in a header that is longer.
    later[104..112].fill(0xaa);
    later.splice(SEGMENT_HEADER..SEGMENT_HEADER, vec![0xbb; SEGMENT_HEADER]);
    assert_eq!(records(&later), records(&now));
}

#[test]
fn a_higher_major_version_is_refused() {
    let mut later = segment();
    later[8] = MAJOR as u8 + 1;
    assert_eq!(SegmentHeader::decode(&later), Err(SegmentError::Version(MAJOR + 1)));
    let mut map = written::map();
    map[8] = 3;
    assert_eq!(NodeMap::open(map).err(), Some(MapError::Version(3)));
}

#[test]
fn a_header_of_no_possible_length_is_damage() {
    for length in [0, 8, 4097, 2 << 20] {
        let bytes = with_header(&segment(), |header| header.length = length);
        assert_eq!(SegmentHeader::decode(&bytes), Err(SegmentError::Length(length)));
    }
}

#[test]
fn a_record_of_an_unknown_kind_has_a_length() {
    let mut bytes = Vec::new();
    let node = wire::NodeId::from_raw(1).unwrap();
    for payload in [b"of a later version", &b""[..]] {
        Record { kind: Kind::Mark, flags: 0, argc: 1, node, ticks: 1, pid: 1, context: 0, payload }
            .write_to(&mut bytes);
    }
    bytes[2] = 200;
    assert_eq!(Record::read_from(&bytes), Err(RecordError::Kind(200)));
    assert_eq!(wire::record::extent(&bytes), Some(56));
    assert_eq!(Record::read_from(&bytes[56..]).map(|(record, rest)| (record.kind, rest)), Ok((Kind::Mark, &[][..])));
}

#[test]
fn unknown_flags_and_layouts_of_processes_change_nothing_else() {
    let mut bytes = segment();
    bytes[SEGMENT_HEADER + 3] |= 0xf4;
    let (record, _) = Record::read_from(&bytes[SEGMENT_HEADER..]).unwrap();
    assert_eq!((record.kind, record.flags), (Kind::Bind, 0xf4));
    let code = 9 | 3 << 8;
    assert_eq!(wire::segment::PidLayout::from_code(code), wire::segment::PidLayout::Unknown);
}

#[test]
fn keys_that_run_json_did_not_have_are_passed_over() {
    let text = String::from_utf8(written::all().remove("flight/run.json").unwrap()).unwrap();
    let known: RunInfo = serde_json::from_str(&text).unwrap();
    let later = text.replacen('{', "{\"new\": {\"a\": [1]},", 1);
    assert_eq!(serde_json::from_str::<RunInfo>(&later).unwrap(), known);
}
