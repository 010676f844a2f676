//! Versions of a process's state: rows, what breaks them, and what callbacks returned.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod common;

use common::{PID, Writer, list, map, text, tuple};
use trace::states::{Change, Source, Step, Unknown, external, processes};
use trace::{Frames, History, Recording};
use wire::record::{BEGINS, OF_PROCESS, WIDER};
use wire::{FLAG_OMITTED, FLAG_WITHHELD, Kind, Record, Term, state, varint};

/// A version in parts of `part` bytes; its moment, in ns from the start.
fn version(writer: &mut Writer, kind: Kind, number: u64, body: &[u8], part: usize) -> i64 {
    let now = writer.now;
    for (n, bytes) in body.chunks(part).enumerate() {
        let mut payload = Vec::new();
        varint::write(&mut payload, body.len() as u64);
        varint::write(&mut payload, (n * part) as u64);
        payload.extend_from_slice(bytes);
        writer.now = now;
        writer.record(kind, number, PID, 0, &payload);
    }
    writer.now as i64 - 1_000
}

fn whole(writer: &mut Writer, number: u64, term: &Term) -> i64 {
    let mut body = Vec::new();
    term.write_to(&mut body);
    version(writer, Kind::State, number, &body, 5)
}

fn difference(writer: &mut Writer, number: u64, body: &[u8]) -> i64 {
    version(writer, Kind::StateDelta, number, body, 16)
}

/// A version without its content.
fn omitted(writer: &mut Writer, number: u64, flags: u8) -> i64 {
    writer.now += 1_000;
    let (kind, node) = (Kind::State, common::id(number));
    let record = Record { kind, flags, argc: 0, context: 0, node, ticks: writer.now, pid: PID, payload: &[] };
    record.write_to(writer.rings.entry(1).or_default());
    writer.now as i64 - 1_000
}

/// A level that begins and holds; when.
fn level(writer: &mut Writer, name: &str) -> (i64, i64) {
    let terms = [writer.atom(name), writer.atom("test")];
    writer.event(Kind::Level, BEGINS, PID + 16, &terms);
    let begins = writer.now as i64 - 1_000;
    writer.event(Kind::Level, 0, PID + 16, &terms);
    (begins, writer.now as i64 - 1_000)
}

fn read(writer: &Writer) -> Recording {
    Recording::open(&writer.finish()).unwrap()
}

fn numbers(of: &[i64]) -> Term {
    list(of.iter().map(|n| Term::Int(*n)).collect())
}

// The tuple `{1, [10, 20, 30], "text"}`, which gets 2, `[5, 20, 30]`, `"te!t"`.
fn start() -> Term {
    tuple(vec![Term::Int(1), numbers(&[10, 20, 30]), text("text")])
}

const STEP: &[u8] = &[
    state::TUPLE,
    3,
    0,
    2, // the first element is 2
    0,
    state::LIST,
    1,
    1,
    0,
    5,
    1,
    0, // one element in front, which is 5; behind it, what is after one
    0,
    state::BINARY,
    2,
    1,
    1,
    b'!', //
];

#[test]
fn a_row_is_read_at_each_moment() {
    let mut writer = Writer::new("states");
    let first = whole(&mut writer, 1, &start());
    let second = difference(&mut writer, 2, STEP);
    let third = difference(&mut writer, 3, &[state::TUPLE, 1, 1, 7]);
    let snapshot = whole(&mut writer, 0, &Term::Int(4));
    let recording = read(&writer);
    let history = History::of(&recording, PID, None);
    let after = tuple(vec![Term::Int(2), numbers(&[5, 20, 30]), text("te!t")]);
    let at = |ns| history.at(ns).map(|known| known.term);
    assert_eq!(at(first - 1), Err(Unknown::Before));
    assert_eq!(at(first), Ok(start()));
    assert_eq!(at(second - 1), Ok(start()));
    assert_eq!(at(second), Ok(after.clone()));
    assert_eq!(at(third), Ok(tuple(vec![Term::Int(2), Term::Int(7), text("te!t")])));
    assert_eq!(at(snapshot + 9), Ok(Term::Int(4)));
    assert_eq!(processes(&recording, "0.142.0").len(), 1);

    let mut changes = Vec::new();
    history.changes(|version, change| changes.push((version.source, change)));
    assert_eq!(changes[0], (Source::Whole, Ok(vec![])));
    let change = |path, before, after| Change { path, before: Some(before), after: Some(after) };
    let told = vec![
        change(vec![Step::Element(0)], Term::Int(1), Term::Int(2)),
        change(vec![Step::Element(1), Step::Item(0)], Term::Int(10), Term::Int(5)),
        change(vec![Step::Element(2)], text("text"), text("te!t")),
    ];
    assert_eq!(changes[1], (Source::Difference, Ok(told)));
    assert_eq!(changes[3].1.as_ref().unwrap().len(), 1);
}

#[test]
fn what_breaks_a_row_is_said() {
    let mut writer = Writer::new("broken");
    let orphan = difference(&mut writer, 7, &[state::SAME]);
    whole(&mut writer, 8, &Term::Int(1));
    let lost = difference(&mut writer, 10, &[2]);
    let behind = difference(&mut writer, 11, &[3]);
    let again = whole(&mut writer, 1, &Term::Int(5));
    let damaged = difference(&mut writer, 2, &[state::TUPLE, 1, 0, 7]);
    omitted(&mut writer, 1, FLAG_OMITTED);
    let recording = read(&writer);
    let history = History::of(&recording, PID, None);
    let at = |ns| history.at(ns).map(|known| (known.term, known.uncertain));
    assert_eq!(at(orphan), Err(Unknown::NoBase));
    assert_eq!(at(lost - 1), Ok((Term::Int(1), true)));
    assert_eq!(at(lost), Err(Unknown::NoBase));
    assert_eq!(at(behind), Err(Unknown::NoBase));
    assert_eq!(at(again), Ok((Term::Int(5), false)));
    assert_eq!(at(damaged), Err(Unknown::Damaged));
    assert_eq!(at(i64::MAX), Err(Unknown::TooLarge));
    // Nobody sees a state that was built on what is not there.
    let mut shown = 0;
    history.changes(|_, change| shown += u32::from(change.is_ok()));
    assert_eq!(shown, 2);
}

#[test]
fn what_the_level_left_out_is_not_known() {
    let mut writer = Writer::new("withheld");
    let first = whole(&mut writer, 1, &Term::Int(1));
    level(&mut writer, "branches");
    let changed = omitted(&mut writer, 2, FLAG_OMITTED | FLAG_WITHHELD);
    level(&mut writer, "values");
    let again = whole(&mut writer, 3, &Term::Int(3));
    let recording = read(&writer);
    let history = History::of(&recording, PID, None);
    let at = |ns| history.at(ns).map(|known| (known.term, known.uncertain));
    assert_eq!(at(first), Ok((Term::Int(1), false)));
    assert_eq!(at(changed - 1), Ok((Term::Int(1), false)), "each change is noted");
    assert_eq!(at(changed), Err(Unknown::Withheld));
    assert_eq!(at(again - 1), Err(Unknown::Withheld));
    assert_eq!(at(again), Ok((Term::Int(3), false)));
}

/// Between two versions: a change of what is recorded, and the number of the second one.
fn between(number: u64, change: impl Fn(&mut Writer) -> (i64, i64)) -> [Result<Term, Unknown>; 4] {
    let mut writer = Writer::new("unrecorded");
    whole(&mut writer, 1, &Term::Int(1));
    let (begins, holds) = change(&mut writer);
    level(&mut writer, "values");
    let second = whole(&mut writer, number, &Term::Int(2));
    let recording = read(&writer);
    let history = History::of(&recording, PID, None);
    [begins - 1, begins, holds, second].map(|ns| history.at(ns).map(|known| known.term))
}

#[test]
fn where_changes_were_not_recorded_no_old_state_is_a_newer_one() {
    let (old, new, unknown) = (Ok(Term::Int(1)), Ok(Term::Int(2)), Err(Unknown::Unrecorded));
    let seen = [old.clone(), old.clone(), old.clone(), new.clone()];
    let gap = [old, unknown.clone(), unknown, new];
    let off = |writer: &mut Writer| level(writer, "off");
    assert_eq!(between(3, off), gap);
    assert_eq!(between(2, off), seen, "the next number says that nothing changed");
    assert_eq!(between(3, |writer| level(writer, "boundaries")), seen);
    let switch = |variant, pid| {
        move |writer: &mut Writer| {
            writer.event(Kind::Switch, variant, pid, &[]);
            (writer.now as i64 - 1_000, writer.now as i64 - 1_000)
        }
    };
    assert_eq!([BEGINS, 0].map(|variant| between(3, switch(variant, PID + 16))), [gap.clone(), gap.clone()]);
    assert_eq!(between(3, switch(OF_PROCESS, PID)), gap);
    assert_eq!(between(3, switch(OF_PROCESS, PID + 16)), seen);
    assert_eq!(between(3, switch(WIDER, PID + 16)), seen);
}

#[test]
fn a_version_told_while_the_level_went_is_true_for_that_moment_alone() {
    let mut writer = Writer::new("going");
    let off = [writer.atom("off"), writer.atom("test")];
    writer.event(Kind::Level, BEGINS, PID + 16, &off);
    let told = whole(&mut writer, 1, &Term::Int(1));
    writer.event(Kind::Level, 0, PID + 16, &off);
    let recording = read(&writer);
    let history = History::of(&recording, PID, None);
    let at = |ns| history.at(ns).map(|known| known.term);
    assert_eq!((at(told), at(told + 1)), (Ok(Term::Int(1)), Err(Unknown::Unrecorded)));
}

#[test]
fn who_ended_before_has_the_last_of_its_states() {
    let mut writer = Writer::new("ended");
    whole(&mut writer, 1, &Term::Int(1));
    writer.exit(PID, Term::Int(0));
    level(&mut writer, "off");
    let recording = read(&writer);
    let known = History::of(&recording, PID, None).at(i64::MAX);
    assert_eq!(known.map(|known| known.term), Ok(Term::Int(1)));
}

#[test]
fn a_version_that_was_being_written_is_not_one() {
    let mut writer = Writer::new("killed");
    whole(&mut writer, 1, &Term::Int(1));
    let long: Vec<u8> = vec![wire::term::TUPLE, 3, 3, 1, 2, 3];
    version(&mut writer, Kind::State, 2, &long, 4);
    let ring = writer.rings.get_mut(&1).unwrap();
    ring.truncate(ring.len() - 40);
    let history_of = |recording: &Recording| {
        let history = History::of(recording, PID, None);
        history.at(i64::MAX).map(|known| known.term)
    };
    assert_eq!(history_of(&read(&writer)), Err(Unknown::Incomplete));
}

#[test]
fn callbacks_that_were_recorded_whole_give_versions() {
    let mut writer = Writer::new("returned");
    let call = writer.function("Elixir.Shop.Server", "handle_call", "request,from,state", "lib/server.ex", 3);
    let other = writer.function("Elixir.Shop.Server", "total", "items", "lib/server.ex", 9);
    let state = map(vec![(Term::Int(1), text("one"))]);
    let (reply, ok) = (writer.atom("reply"), writer.atom("ok"));
    writer.enter(call, PID, &[]);
    writer.enter(other, PID, &[]);
    writer.leave(other, PID, &[tuple(vec![reply.clone(), ok.clone(), Term::Int(0)])]);
    writer.leave(call, PID, &[tuple(vec![reply.clone(), ok.clone(), state.clone()])]);
    writer.enter(call, PID, &[]);
    let cut = Term::Map { pairs: vec![], size: 9 };
    writer.leave(call, PID, &[tuple(vec![reply, ok, cut])]);
    let recording = read(&writer);
    let history = History::of(&recording, PID, Some(&Frames::build(&recording)));
    let states: Vec<_> = (0..history.versions().len()).map(|n| history.state(n)).collect();
    assert_eq!(states, [Ok(state), Err(Unknown::Cut)]);
}

#[test]
fn a_state_machine_keeps_its_state_s_name() {
    let mut writer = Writer::new("machine");
    let init = writer.function("Elixir.Door", "init", "data", "lib/door.ex", 3);
    let open = writer.function("Elixir.Door", "open", "type,event,data", "lib/door.ex", 9);
    let [ok, keep, name] = ["ok", "keep_state", "open"].map(|text| writer.atom(text));
    writer.enter(init, PID, &[]);
    writer.leave(init, PID, &[tuple(vec![ok, name.clone(), list(vec![])])]);
    writer.enter(open, PID, &[]);
    writer.leave(open, PID, &[tuple(vec![keep, Term::Int(2)])]);
    let recording = read(&writer);
    let history = History::of(&recording, PID, Some(&Frames::build(&recording)));
    let states: Vec<_> = (0..history.versions().len()).map(|n| history.state(n).unwrap()).collect();
    assert_eq!(states, [tuple(vec![name.clone(), list(vec![])]), tuple(vec![name, Term::Int(2)])]);
}

#[test]
fn states_become_external_terms() {
    let mut writer = Writer::new("external");
    let atom = writer.atom("größe");
    let recording = read(&writer);
    let names = recording.names();
    let check = |term: &Term, bytes: &[u8]| {
        assert_eq!(external(term, names, |pid| names.number(pid)), [&[131], bytes].concat());
    };
    check(&Term::Int(-1), &[98, 255, 255, 255, 255]);
    check(&Term::Int(1 << 40), &[110, 8, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
    check(&atom, &[&[118, 0, 7][..], "größe".as_bytes()].concat());
    check(&numbers(&[]), &[106]);
    check(&tuple(vec![text("a")]), &[105, 0, 0, 0, 1, 109, 0, 0, 0, 1, b'a']);
    let secret = Term::Opaque { kind: wire::term::OPAQUE_SECRET, size: 0 };
    check(&secret, &[&[104, 2, 118, 0, 12][..], b"elixir_scope", &[118, 0, 8], b"redacted"].concat());
}
