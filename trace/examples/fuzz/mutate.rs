//! What is done to a run: to bytes, to files, and to what stands where.

use super::corpus::Run;
use super::edit::{Change, Edit, Mutation};
use super::random::Random;
use wire::segment::{CURSOR_AT, SEGMENT_HEADER};
use wire::{Kind, Record, SegmentHeader, Term};

/// The most edits of one mutation.
const MOST_EDITS: usize = 4;
/// Where a segment's header has something.
const FIELDS: &[(usize, usize)] = &[
    (0, 8),
    (8, 2),
    (10, 2),
    (12, 4),
    (16, 16),
    (32, 4),
    (36, 4),
    (40, 8),
    (48, 8),
    (56, 8),
    (64, 8),
    (72, 8),
    (80, 8),
    (88, 8),
    (96, 8),
    (CURSOR_AT, 8),
    (192, 8),
    (200, 8),
    (208, 8),
    (216, 8),
    (224, 8),
    (232, 8),
    (240, 4),
    (244, 4),
    (256, 4),
    (260, 4),
    (264, 8),
];
/// Where a map's header has something.
const MAP_FIELDS: &[(usize, usize)] = &[(0, 8), (8, 4), (12, 4), (16, 4), (20, 4), (24, 4), (28, 4), (32, 16)];
/// Where a record has something: the length, kind, flags, terms, payload's length, words.
const RECORD_FIELDS: &[(usize, usize)] = &[(0, 2), (2, 1), (3, 1), (4, 1), (5, 3), (8, 8), (16, 8), (24, 8), (32, 4)];

/// The mutation that follows from these numbers.
pub fn mutation(run: &Run, random: &mut Random) -> Mutation {
    let is_forged = random.one_in(2);
    let count = 1 + random.below(MOST_EDITS);
    let edits = (0..count).filter_map(|_| edit(run, random, is_forged)).collect();
    Mutation { edits, is_forged }
}

fn edit(run: &Run, random: &mut Random, is_forged: bool) -> Option<Edit> {
    let names: Vec<&String> = run.files.keys().collect();
    let file = (*random.of(&names)).clone();
    let bytes = &run.files[&file];
    let change = match random.below(if is_forged { 16 } else { 12 }) {
        0 | 1 => flip(bytes, random)?,
        2 => Change::Write(random.below(bytes.len()), (0..random.length(64)).map(|_| random.next() as u8).collect()),
        3 => Change::Write(random.below(bytes.len()), vec![0; random.length(8192)]),
        4 => copied(bytes, random)?,
        5 => Change::Resize(random.below(bytes.len() + 1)),
        6 => Change::Resize(bytes.len() + random.length(1 << 16)),
        7 => files(&names, random),
        8 | 9 => field(&file, bytes, random)?,
        10 | 11 => record_field(bytes, random)?,
        12 | 13 => payload(bytes, random)?,
        _ => Change::Replace(rearranged(bytes, random)?),
    };
    Some(Edit { file, change })
}

fn flip(bytes: &[u8], random: &mut Random) -> Option<Change> {
    let at = random.below(bytes.len());
    Some(Change::Write(at, vec![bytes.get(at)? ^ 1 << random.below(8)]))
}

fn copied(bytes: &[u8], random: &mut Random) -> Option<Change> {
    let from = random.below(bytes.len()) & if random.one_in(2) { !7 } else { !0 };
    let length = random.length(4096).min(bytes.len() - from);
    let to = random.below(bytes.len()) & if random.one_in(2) { !7 } else { !0 };
    Some(Change::Write(to, bytes.get(from..from + length)?.to_vec()))
}

fn files(names: &[&String], random: &mut Random) -> Change {
    let other = (*random.of(names)).clone();
    match random.below(4) {
        0 => Change::Remove,
        1 => Change::Copy(format!("ring-{:06}.seg", random.below(2_000_000))),
        2 => Change::Copy(other),
        _ => Change::Swap(other),
    }
}

/// Another number in a field of a header.
fn field(file: &str, bytes: &[u8], random: &mut Random) -> Option<Change> {
    let fields = if file.ends_with(".seg") { FIELDS } else { MAP_FIELDS };
    let (at, size) = *random.of(fields);
    if !file.ends_with(".seg") && !file.ends_with(".esmap") {
        return flip(bytes, random);
    }
    Some(Change::Write(at, number(bytes.get(at..at + size)?, random)))
}

/// Near what it was, or at an edge.
fn number(was: &[u8], random: &mut Random) -> Vec<u8> {
    let mut word = [0; 8];
    let size = was.len().min(8);
    word[..size].copy_from_slice(&was[..size]);
    let value = u64::from_le_bytes(word);
    let value =
        if random.one_in(2) { value.wrapping_add(random.below(33) as u64).wrapping_sub(16) } else { random.edge() };
    value.to_le_bytes()[..size].to_vec()
}

/// Where the records of a segment begin.
fn places(bytes: &[u8]) -> Vec<usize> {
    let Ok((header, counters)) = SegmentHeader::decode(bytes) else { return Vec::new() };
    let start = header.length as usize;
    let end = bytes.len().min(start.saturating_add(counters.cursor as usize));
    let Some(data) = bytes.get(start..end) else { return Vec::new() };
    wire::record::places(data).map(|at| start + at).filter(|at| *at < end).collect()
}

fn record_field(bytes: &[u8], random: &mut Random) -> Option<Change> {
    let places = places(bytes);
    let place = *places.get(random.below(places.len()))?;
    let (at, size) = *random.of(RECORD_FIELDS);
    Some(Change::Write(place + at, number(bytes.get(place + at..place + at + size)?, random)))
}

/// Other terms in a record, with the right length: as many bytes as there were.
fn payload(bytes: &[u8], random: &mut Random) -> Option<Change> {
    let places = places(bytes);
    let place = *places.get(random.below(places.len()))?;
    let (record, _) = Record::read_from(bytes.get(place..)?).ok()?;
    let mut made_up = Vec::new();
    while made_up.len() < record.payload.len() {
        match random.below(3) {
            0 => made_up
                .push(random.of(&[0x40, 0x41, 0x42, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d]).to_owned()),
            1 => wire::varint::write(&mut made_up, random.edge()),
            _ => made_up.push(random.next() as u8),
        }
    }
    made_up.truncate(record.payload.len());
    Some(Change::Write(place + wire::RECORD_HEADER, made_up))
}

/// A segment whose records are in another order, gone, doubled, or new.
fn rearranged(bytes: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let mut places = places(bytes);
    let first = *places.first()?;
    if first != SEGMENT_HEADER {
        return None;
    }
    for _ in 0..1 + random.below(8) {
        let (one, other) = (random.below(places.len()), random.below(places.len()));
        match random.below(3) {
            0 => places.swap(one, other),
            1 if places.len() > 1 => _ = places.remove(one),
            _ => places.insert(one, places[other]),
        }
    }
    let mut data = Vec::new();
    for place in places {
        let length = wire::record::extent(&bytes[place..])?;
        data.extend_from_slice(&bytes[place..place + length]);
        if random.one_in(64) {
            made_up(&mut data, random);
        }
    }
    let mut segment = bytes[..first].to_vec();
    segment[48..56].copy_from_slice(&(data.len().next_multiple_of(4096) as u64).to_le_bytes());
    segment[CURSOR_AT..CURSOR_AT + 8].copy_from_slice(&(data.len() as u64).to_le_bytes());
    segment.extend_from_slice(&data);
    Some(segment)
}

/// A record that nobody wrote, of a sound form.
fn made_up(data: &mut Vec<u8>, random: &mut Random) {
    let (mut payload, argc) = (Vec::new(), random.below(5));
    (0..argc).for_each(|_| term(random, 0).write_to(&mut payload));
    let kind = *random.of(&Kind::ALL);
    let node = wire::NodeId::from_raw(random.edge() >> 5).unwrap_or_else(|| wire::NodeId::from_raw(0).unwrap());
    let flags = random.below(4) as u8;
    let context = if random.one_in(8) { random.edge() } else { 0 };
    let (ticks, pid) = (random.edge(), random.edge());
    Record { kind, flags, argc: argc as u8, context, node, ticks, pid, payload: &payload }.write_to(data);
}

fn term(random: &mut Random, depth: usize) -> Term {
    let items = |random: &mut Random| (0..random.below(4)).map(|_| term(random, depth + 1)).collect::<Vec<_>>();
    match random.below(if depth > 60 { 5 } else { 11 }) {
        0 => Term::Int(random.edge() as i64),
        1 => Term::Atom(random.edge()),
        2 => Term::Pid(random.edge()),
        3 => Term::Float(f64::from_bits(random.edge())),
        4 => Term::Opaque { kind: random.next() as u8, size: random.edge() },
        5 => Term::Binary { bytes: vec![random.next() as u8; random.length(300)], size: random.edge() },
        6 => {
            let bytes = vec![random.next() as u8; 1 + random.below(20)];
            let bits = bytes.len() as u64 * 8 - random.below(8) as u64;
            Term::Bits { bytes, bits }
        }
        7 => Term::External((0..random.below(40)).map(|_| random.next() as u8).collect()),
        8 => Term::Tuple { items: items(random), size: random.edge() },
        9 => Term::List { items: items(random), tail: wire::term::Tail::Cut },
        _ => {
            let pairs = items(random).into_iter().map(|key| (key, Term::Int(1))).collect();
            Term::Map { pairs, size: random.edge() }
        }
    }
}
