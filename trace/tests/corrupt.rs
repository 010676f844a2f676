//! Corrupt segments: what is said of each, and that no event is shown that was not written.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod common;

use common::{PID, Writer};
use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::path::Path;
use trace::{Frames, Messages, OpenError, Recording, Stats};
use wire::segment::{CURSOR_AT, SEALED_AT, SEGMENT_HEADER, SUMMED_AT};
use wire::sums::TABLE_AT;
use wire::{Kind, SegmentHeader, Sums, Term};

/// Ring 1: two full segments of 300 events, in three blocks each.
const FIRST: &str = "ring-000001.seg";
const SECOND: &str = "ring-000002.seg";
/// Ring 2: 100 events in one block.
const OTHER: &str = "ring-000003.seg";
/// Ring 3: 100 events that a killed program was writing.
const TAIL: &str = "ring-000004.seg";
const CONTROL: &str = "ring-000000.seg";
const NAMES: &str = "names-000005.seg";
/// Bytes of each event.
const EVENT: usize = 40;
const ALL: usize = 300 + 300 + 100 + 100 + 2;

/// Everything that a record says.
type Written = (u64, Kind, u8, u8, u64, u64, Vec<u8>);

/// Writes the sound run, of a program that was killed.
fn sound(name: &str) -> Writer {
    let mut writer = Writer::new(name);
    let add = writer.function("Shop.Cart", "add", "wn", "lib/cart.ex", 3);
    let ok = writer.atom("ok");
    for (ring, events) in [(1, 600), (2, 100), (3, 100)] {
        writer.ring = ring;
        for n in 0..events / 2 {
            writer.enter(add, PID + u64::from(ring) * 16, &[Term::Int(n % 60)]);
            writer.leave(add, PID + u64::from(ring) * 16, std::slice::from_ref(&ok));
        }
    }
    writer.finish();
    for entry in fs::read_dir(&writer.dir).unwrap() {
        let path = entry.unwrap().path();
        path.extension().filter(|extension| *extension == "seg").inspect(|_| fs::remove_file(&path).unwrap());
    }
    let (ring, middle) = (&writer.rings, 300 * EVENT);
    let put = |file: &str, bytes: Vec<u8>| fs::write(writer.dir.join(file), bytes).unwrap();
    put(CONTROL, unsealed(writer.segment(0, 0, &clocks())));
    put(FIRST, writer.segment(1, 0, &ring[&1][..middle]));
    put(SECOND, writer.segment(1, 1, &ring[&1][middle..]));
    put(OTHER, writer.segment(2, 0, &ring[&2]));
    put(NAMES, writer.segment(1, 0, &writer.names));
    put(TAIL, unsealed(writer.segment(3, 0, &ring[&3])));
    writer
}

fn unsealed(mut segment: Vec<u8>) -> Vec<u8> {
    [SEALED_AT, SUMMED_AT, SUMMED_AT + 8].into_iter().for_each(|at| segment[at..at + 8].fill(0));
    segment
}

fn clocks() -> Vec<u8> {
    let mut data = Vec::new();
    for n in 1..=2u64 {
        let payload: Vec<u8> = [n * 1_000_000, n].iter().flat_map(|ns| ns.to_le_bytes()).collect();
        let (node, ticks) = (common::id(0), n * 1_000_000);
        wire::Record { kind: Kind::Clock, flags: 0, argc: 0, node, ticks, pid: 0, context: 0, payload: &payload }
            .write_to(&mut data);
    }
    data
}

fn shown(recording: &Recording) -> Vec<Written> {
    let record = |event: &trace::run::Event| {
        let r = recording.record(*event);
        (r.ticks, r.kind, r.flags, r.argc, r.node.raw(), r.pid, r.payload.to_vec())
    };
    recording.events().iter().map(record).collect()
}

/// Reads all there is to read.
fn open(dir: &Path) -> Result<Recording, OpenError> {
    let recording = Recording::open(dir)?;
    let frames = Frames::build(&recording);
    let outline = trace::outline::outline(&recording, &frames, &Default::default());
    let messages = Messages::of(&recording);
    let report =
        trace::outline::Report { recording: &recording, frames: &frames, messages: &messages, outline: &outline };
    serde_json::to_string(&report).unwrap();
    serde_json::to_string(&Stats::of(&recording, &frames)).unwrap();
    Ok(recording)
}

fn edit(dir: &Path, file: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(dir.join(file)).unwrap();
    change(&mut bytes);
    fs::write(dir.join(file), bytes).unwrap();
}

fn put(dir: &Path, file: &str, at: usize, bytes: &[u8]) {
    edit(dir, file, |data| data[at..at + bytes.len()].copy_from_slice(bytes));
}

fn flip(dir: &Path, file: &str, at: usize) {
    edit(dir, file, |data| data[at] ^= 0x10);
}

/// Where word `word` of event `number` stands in a file.
fn word(number: usize, word: usize) -> usize {
    SEGMENT_HEADER + number * EVENT + word * 8
}

fn cut(dir: &Path, file: &str, length: u64) {
    OpenOptions::new().write(true).open(dir.join(file)).unwrap().set_len(length).unwrap();
}

/// Changes the header, with a checksum that is right.
fn head(dir: &Path, file: &str, change: impl FnOnce(&mut SegmentHeader)) {
    edit(dir, file, |data| {
        let (mut header, _) = SegmentHeader::decode(data).unwrap();
        change(&mut header);
        data[..104].copy_from_slice(&header.encode());
    });
}

/// Sums anew what somebody made up.
fn sum(dir: &Path, file: &str) {
    edit(dir, file, |data| {
        let (header, counters) = SegmentHeader::decode(data).unwrap();
        let held = &data[SEGMENT_HEADER..SEGMENT_HEADER + counters.cursor as usize];
        let (head, table) = Sums::of(held, header.capacity as usize).unwrap().encode();
        data[SUMMED_AT..SUMMED_AT + 16].copy_from_slice(&head);
        data[TABLE_AT..TABLE_AT + table.len()].copy_from_slice(&table);
    });
}

fn swap(dir: &Path, one: &str, other: &str) {
    fs::rename(dir.join(one), dir.join("between")).unwrap();
    fs::rename(dir.join(other), dir.join(one)).unwrap();
    fs::rename(dir.join("between"), dir.join(other)).unwrap();
}

fn replace(dir: &Path, file: &str, make: impl FnOnce(&Path)) {
    fs::remove_file(dir.join(file)).unwrap();
    make(&dir.join(file));
}

fn link(to: &str) -> impl FnOnce(&Path) {
    move |path| std::os::unix::fs::symlink(to, path).unwrap()
}

struct Case {
    name: &'static str,
    /// How many events are missing.
    missing: usize,
    /// What some finding says; empty: there is none.
    finding: &'static str,
    damage: fn(&Path),
}

const fn case(name: &'static str, missing: usize, finding: &'static str, damage: fn(&Path)) -> Case {
    Case { name, missing, finding, damage }
}

/// Of files and headers.
const HEADERS: &[Case] = &[
    case("sound", 0, "", |_| {}),
    case("header cut", 300, "shorter than a segment header", |dir| cut(dir, FIRST, 100)),
    case("empty file", 300, "shorter than a segment header", |dir| cut(dir, FIRST, 0)),
    case("no data", 300, "the file ends 12000 bytes before", |dir| cut(dir, FIRST, 4096)),
    case("wrong magic", 300, "not a segment", |dir| flip(dir, FIRST, 3)),
    case("magic zeroed", 300, "not a segment", |dir| put(dir, FIRST, 0, &[0; 8])),
    case("header zeroed", 300, "1 segments before it are absent", |dir| put(dir, FIRST, 0, &[0; 4096])),
    case("header damaged", 300, "damaged (checksum)", |dir| flip(dir, FIRST, 57)),
    case("wrong run", 300, "belongs to run", |dir| head(dir, FIRST, |header| header.run[3] = 7)),
    case("later major version", 300, "upgrade elixirscope", |dir| put(dir, FIRST, 8, &[2])),
    case("later minor version", 0, "", |dir| head(dir, FIRST, |header| header.minor = 9)),
    case("header without length", 300, "cannot have 0 bytes", |dir| head(dir, FIRST, |header| header.length = 0)),
    case("header longer than the file", 300, "the file ends", |dir| head(dir, FIRST, |header| header.length = 1 << 20)),
    case("impossible capacity", 300, "cannot hold", |dir| head(dir, FIRST, |header| header.capacity = 1 << 40)),
    case("cursor beyond the capacity", 0, "beyond the capacity", |dir| put(dir, FIRST, CURSOR_AT, &[0xff; 8])),
    case("cursor behind the events", 0, "length field is damaged", |dir| put(dir, FIRST, CURSOR_AT, &[8, 47])),
    case("cursor before the end", 0, "before the end of what was published", |dir| {
        put(dir, FIRST, CURSOR_AT, &[40, 0])
    }),
    case("cursor within an event", 50, "the record ends early", |dir| put(dir, TAIL, CURSOR_AT, &[0xd8, 7])),
    case("cursor between two words", 51, "does not stand between records", |dir| put(dir, TAIL, CURSOR_AT, &[0xcd, 7])),
    case("cursor zeroed", 100, "", |dir| put(dir, TAIL, CURSOR_AT, &[0; 8])),
    case("sums damaged", 0, "the segment's sums are damaged", |dir| flip(dir, FIRST, SUMMED_AT)),
    case("sums zeroed in a finished run", 0, "ring-000001.seg at byte 232: has no checksums", |dir| {
        put(dir, FIRST, SUMMED_AT, &[0; 16]);
        put(dir, CONTROL, SEALED_AT, &[1]);
    }),
    case("sum of a block damaged", 103, "(checksum)", |dir| flip(dir, FIRST, TABLE_AT + 12)),
    case("first record of a block damaged", 103, "(checksum)", |dir| flip(dir, FIRST, TABLE_AT + 8)),
];

/// Of what stands in segments.
const RECORDS: &[Case] = &[
    case("zeroed page", 103, "4096 bytes are not those", |dir| put(dir, FIRST, SEGMENT_HEADER + 4096, &[0; 4096])),
    case("flipped bit in a value", 103, "not those that were written", |dir| flip(dir, FIRST, word(0, 4) + 1)),
    case("flipped bit in padding", 96, "not those that were written", |dir| flip(dir, FIRST, word(299, 4) + 7)),
    case("data of another segment", 600, "12000 bytes are not those", |dir| {
        let second = fs::read(dir.join(SECOND)).unwrap();
        let first = fs::read(dir.join(FIRST)).unwrap();
        put(dir, FIRST, SEGMENT_HEADER, &second[SEGMENT_HEADER..]);
        put(dir, SECOND, SEGMENT_HEADER, &first[SEGMENT_HEADER..]);
    }),
    case("zeroed part of the tail", 10, "400 bytes before", |dir| put(dir, TAIL, word(10, 0), &[0; 400])),
    case("record without length", 1, "length field is damaged", |dir| put(dir, TAIL, word(7, 0), &[0, 0])),
    case("record with another length", 1, "length field is damaged", |dir| put(dir, TAIL, word(7, 0), &[6])),
    case("record over others", 10, "payload is damaged", |dir| {
        put(dir, TAIL, word(7, 0), &[50, 0]);
        put(dir, TAIL, word(7, 0) + 5, &[0x70, 1]);
    }),
    case("record over the end", 1, "the record ends early", |dir| {
        put(dir, TAIL, word(99, 0), &[50, 0]);
        put(dir, TAIL, word(99, 0) + 5, &[0x70, 1]);
    }),
    case("payload longer than its record", 1, "length field is damaged", |dir| put(dir, TAIL, word(7, 0) + 5, &[60])),
    case("unknown kind in the tail", 1, "unknown record kind 99", |dir| put(dir, TAIL, word(7, 0) + 2, &[99])),
    case(
        "unknown kinds that were written",
        2,
        "2 records are of kinds that this version does not know (99, 200)",
        |dir| {
            put(dir, FIRST, word(7, 0) + 2, &[99]);
            put(dir, FIRST, word(9, 0) + 2, &[200]);
            sum(dir, FIRST);
        },
    ),
    case("unknown kinds of a later version's tail", 1, "1 records are of kinds", |dir| {
        put(dir, TAIL, word(7, 0) + 2, &[99]);
        head(dir, TAIL, |header| header.minor = 9);
    }),
    case("unknown flag", 1, "payload is damaged", |dir| put(dir, TAIL, word(7, 0) + 3, &[16])),
    case("unknown tag of a term", 1, "payload is damaged", |dir| put(dir, TAIL, word(7, 4), &[0x7f])),
    case("fewer terms than said", 1, "payload is damaged", |dir| put(dir, TAIL, word(7, 0) + 4, &[2])),
    case("node id beyond 59 bits", 1, "more than 59 bits", |dir| put(dir, TAIL, word(7, 1) + 7, &[8])),
    case("a name among events", 1, "payload is damaged", |dir| put(dir, TAIL, word(7, 0) + 2, &[17])),
    case("ticks go back", 1, "time is not between", |dir| put(dir, TAIL, word(7, 2), &[0; 8])),
    case("ticks jump ahead", 1, "time is not between", |dir| flip(dir, TAIL, word(7, 2) + 5)),
    case("ticks before the segment", 1, "time is not between", |dir| put(dir, TAIL, word(0, 2), &[1, 0, 0, 0])),
];

/// Of the folder.
const FOLDER: &[Case] = &[
    case("names missing", 0, "there are no names", |dir| fs::remove_file(dir.join(NAMES)).unwrap()),
    case("names empty", 0, "shorter than a segment header", |dir| cut(dir, NAMES, 0)),
    case("name damaged", 0, "not those that were written", |dir| flip(dir, NAMES, SEGMENT_HEADER + 32)),
    case("duplicate ordinal", 0, "same ring and ordinal as ring-000001.seg; it was left out", |dir| {
        _ = fs::copy(dir.join(FIRST), dir.join("ring-000009.seg")).unwrap();
    }),
    case("duplicate that ends early", 0, "same ring and ordinal", |dir| {
        fs::copy(dir.join(FIRST), dir.join("ring-0.seg")).unwrap();
        cut(dir, "ring-0.seg", 5000);
    }),
    case("two rings of one number", 100, "same ring and ordinal", |dir| head(dir, OTHER, |header| header.ring = 1)),
    case("missing ordinal", 300, "1 segments before it are absent", |dir| fs::remove_file(dir.join(FIRST)).unwrap()),
    case("control ring missing", 2, "", |dir| fs::remove_file(dir.join(CONTROL)).unwrap()),
    case("swapped segments", 0, "", |dir| swap(dir, FIRST, OTHER)),
    case("names under the name of events", 0, "", |dir| swap(dir, FIRST, NAMES)),
    case("file shrunk", 175, "the file ends 7000 bytes before", |dir| cut(dir, FIRST, 4096 + 5000)),
    case("file grown", 0, "", |dir| cut(dir, FIRST, 1 << 40)),
    case("huge sparse file that claims to be full", 0, "beyond the capacity", |dir| {
        cut(dir, TAIL, 1 << 40);
        put_u64(dir, TAIL, CURSOR_AT, (1 << 40) - 4096);
    }),
    case("directory instead of a file", 300, "is no file", |dir| {
        replace(dir, FIRST, |path| fs::create_dir(path).unwrap())
    }),
    case("link to itself", 300, "leads to none", |dir| replace(dir, FIRST, link(FIRST))),
    case("link to nothing", 300, "leads to none", |dir| replace(dir, FIRST, link("/nowhere"))),
    case("run.json missing", 0, "run.json: cannot be read", |dir| fs::remove_file(dir.join("run.json")).unwrap()),
    case("run.json damaged", 0, "run.json: is damaged", |dir| put(dir, "run.json", 0, b"[")),
    case("run.json a directory", 0, "run.json: cannot be read", |dir| {
        replace(dir, "run.json", |path| fs::create_dir(path).unwrap())
    }),
    case("map of a later version", 0, "upgrade elixirscope", |dir| put(dir, "nodes-shop.esmap", 8, &[3])),
    case("map shrunk", 0, "damaged (length)", |dir| cut(dir, "nodes-shop.esmap", 200)),
    case("map grown", 0, "damaged (length)", |dir| cut(dir, "nodes-shop.esmap", 1 << 40)),
];

/// In place: the file may be too large to be read.
fn put_u64(dir: &Path, file: &str, at: usize, value: u64) {
    use std::os::unix::fs::FileExt as _;
    let file = OpenOptions::new().write(true).open(dir.join(file)).unwrap();
    file.write_all_at(&value.to_le_bytes(), at as u64).unwrap();
}

/// Damages a sound run: what is missing, what is said, and that the rest was written.
fn check(case: &Case, written: &BTreeSet<Written>) {
    let dir = sound("corrupt").dir;
    (case.damage)(&dir);
    let recording = open(&dir).unwrap();
    let findings: Vec<_> = recording.findings().iter().map(ToString::to_string).collect();
    let (name, shown) = (case.name, shown(&recording));
    assert_eq!(shown.len(), shown.iter().collect::<BTreeSet<_>>().len(), "{name}: shown twice");
    let wrong: Vec<_> = shown.iter().filter(|event| !written.contains(event)).collect();
    assert_eq!(wrong, Vec::<&Written>::new(), "{name}: never written, {findings:?}");
    assert_eq!(ALL - shown.len(), case.missing, "{name}: {findings:?}");
    if case.finding.is_empty() {
        assert_eq!(findings, Vec::<String>::new(), "{name}");
    }
    assert!(case.finding.is_empty() || findings.iter().any(|text| text.contains(case.finding)), "{name}: {findings:?}");
    fs::remove_dir_all(dir).unwrap();
}

fn written() -> BTreeSet<Written> {
    let dir = sound("corrupt-sound").dir;
    let recording = open(&dir).unwrap();
    let written: BTreeSet<_> = shown(&recording).into_iter().collect();
    assert_eq!((written.len(), recording.findings()), (ALL, &[][..]));
    fs::remove_dir_all(dir).unwrap();
    written
}

#[test]
fn what_each_corruption_takes_and_what_is_said_of_it() {
    let written = written();
    for case in HEADERS.iter().chain(RECORDS).chain(FOLDER) {
        check(case, &written);
    }
}

#[test]
fn a_flipped_bit_anywhere_in_a_header_shows_no_wrong_event() {
    let (written, dir) = (written(), sound("corrupt-bits").dir);
    let whole = fs::read(dir.join(FIRST)).unwrap();
    let words = (0..104).chain(CURSOR_AT..CURSOR_AT + 8).chain(192..SUMMED_AT + 16).chain(TABLE_AT..TABLE_AT + 24);
    for (at, bit) in words.zip((0..8).cycle()) {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << bit;
        fs::write(dir.join(FIRST), damaged).unwrap();
        let recording = open(&dir).unwrap();
        assert!(shown(&recording).iter().all(|event| written.contains(event)), "byte {at}");
        // Of counters nobody knows better.
        assert!(!recording.findings().is_empty() || (192..SUMMED_AT).contains(&at), "byte {at}");
    }
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn files_without_permission_are_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = sound("corrupt-permission").dir;
    fs::set_permissions(dir.join(FIRST), fs::Permissions::from_mode(0o000)).unwrap();
    // Whoever may read everything finds nothing wrong.
    let may_read = fs::read(dir.join(FIRST)).is_ok();
    let recording = open(&dir).unwrap();
    let named = recording.findings().iter().any(|finding| finding.to_string().contains("check the file's permissions"));
    assert_eq!((named, shown(&recording).len()), if may_read { (false, ALL) } else { (true, ALL - 300) });
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn a_recording_of_a_later_format_is_refused() {
    let dir = sound("corrupt-later").dir;
    edit(&dir, "run.json", |json| {
        *json = String::from_utf8_lossy(json).replace("\"format\": 1", "\"format\": 2").into_bytes();
    });
    let error = Recording::open(&dir).unwrap_err();
    assert!(matches!(error, OpenError::Later(_, 2)) && error.to_string().contains("upgrade elixirscope"), "{error}");
    fs::remove_dir_all(dir).unwrap();
}
