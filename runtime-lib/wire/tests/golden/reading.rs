//! What the files of a version read as.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use wire::segment::{CURSOR_AT, PidLayout, SegmentCounters};
use wire::sums::Stretch;
use wire::{Kind, NodeMap, Plan, Record, RunInfo, SegmentHeader, Sums, Term};

/// Every file, one below the other.
pub fn of(files: &BTreeMap<String, Vec<u8>>) -> String {
    let mut out = String::new();
    for (name, bytes) in files {
        let read = match name.rsplit_once('.').unwrap().1 {
            "seg" => segment(bytes),
            "esmap" => map(bytes),
            _ if name.ends_with("/run.json") => format!("{:#?}\n", serde_json::from_slice::<RunInfo>(bytes).unwrap()),
            _ => format!("{:#?}\n", serde_json::from_slice::<Plan>(bytes).unwrap()),
        };
        writeln!(out, "# {name}\n{read}").unwrap();
    }
    out
}

fn map(bytes: &[u8]) -> String {
    let map = NodeMap::open(bytes).unwrap();
    map.iter().fold(format!("digest {}\n", map.digest()), |out, node| out + &format!("{node:?}\n"))
}

/// A segment, as far as `wire` reads it.
pub fn segment(bytes: &[u8]) -> String {
    if bytes[..8] == [0; 8] && bytes[CURSOR_AT..CURSOR_AT + 8] == [0; 8] {
        return "stands ready\n".into();
    }
    match SegmentHeader::decode(bytes) {
        Ok((header, counters)) => opened(bytes, &header, &counters),
        Err(error) => format!("{error}\n"),
    }
}

fn opened(bytes: &[u8], header: &SegmentHeader, counters: &SegmentCounters) -> String {
    let data = &bytes[header.length as usize..][..counters.cursor as usize];
    let sums = Sums::read(bytes).unwrap();
    let stretches = sums.map_or_else(|| vec![Stretch::Unsummed(0..data.len())], |sums| sums.stretches(data));
    let mut out = format!("{header:?}\n{counters:?}\n{stretches:?}\n");
    let mut at = 0;
    while let Some(length) = wire::record::extent(&data[at..]) {
        match Record::read_from(&data[at..]) {
            Ok((record, _)) => write!(out, "{at}:{}", self::record(&record, header.pid_layout)).unwrap(),
            Err(error) => write!(out, "{at}: {error}").unwrap(),
        }
        out.push('\n');
        at += length;
    }
    assert_eq!(at, data.len(), "{out}");
    out
}

fn record(record: &Record<'_>, layout: PidLayout) -> String {
    let Record { kind, flags, argc, context, node, ticks, pid, payload } = *record;
    let process = layout.parts(pid).map_or(format!("{pid:#x}"), |(number, serial)| format!("<0.{number}.{serial}>"));
    let mut out = format!(" {} node {node} ticks {ticks} process {process} flags {flags} terms {argc}", kind.name());
    if context != 0 {
        write!(out, " context {context}").unwrap();
    }
    if matches!(kind, Kind::NameAtom | Kind::NameProcess) {
        write!(out, " {:?}", std::str::from_utf8(payload).unwrap()).unwrap();
    } else if matches!(kind, Kind::Clock | Kind::State | Kind::StateDelta) {
        write!(out, " {payload:02x?}").unwrap();
    } else {
        let mut rest = payload;
        while let Some(tag) = rest.first() {
            write!(out, "\n      tag {tag:02x} {:?}", Term::read(&mut rest).unwrap()).unwrap();
        }
    }
    out
}
