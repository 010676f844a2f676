//! What is read of recordings that left something out for a while.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod common;

use common::{PID, Writer, id};
use trace::outline::{DetailView, FrameView};
use trace::{Closing, Frames, Messages, Recording};
use wire::record::{BEGINS, OF_PROCESS, WIDER};
use wire::{FLAG_OMITTED, FLAG_WITHHELD, Kind, Record, Term};

fn read(writer: &Writer) -> (Recording, Frames) {
    let recording = Recording::open(&writer.finish()).unwrap();
    assert_eq!(recording.findings(), []);
    let frames = Frames::build(&recording);
    (recording, frames)
}

/// By call: how it ended, and whether that is inferred.
fn endings(frames: &Frames) -> Vec<(Closing, bool)> {
    frames.all().iter().map(|frame| (frame.closing, frame.inferred)).collect()
}

fn level(writer: &mut Writer, name: &str) {
    let terms = [writer.atom(name), writer.atom("user")];
    writer.event(Kind::Level, BEGINS, PID + 16, &terms);
    writer.event(Kind::Level, 0, PID + 16, &terms);
}

/// Some calls are not recorded from here on, and others are.
fn switch(writer: &mut Writer) {
    writer.event(Kind::Switch, BEGINS, PID + 16, &[]);
    writer.event(Kind::Switch, 0, PID + 16, &[]);
}

/// By call: the call that it was made in.
fn parents(frames: &Frames) -> Vec<Option<u32>> {
    frames.all().iter().map(trace::Frame::parent).collect()
}

/// An event whose values were withheld.
fn bare(writer: &mut Writer, kind: Kind, node: u64, argc: u8) {
    writer.now += 1_000;
    let flags = FLAG_WITHHELD | if argc > 0 { FLAG_OMITTED } else { 0 };
    let record = Record { kind, flags, argc, node: id(node), ticks: writer.now, pid: PID, payload: &[] };
    record.write_to(writer.rings.entry(writer.ring).or_default());
}

fn with_after(writer: &mut Writer) -> u64 {
    let function = writer.function("M", "f", "wx", "lib/m.ex", 1);
    writer.with_after();
    function
}

#[test]
fn values_that_were_withheld_are_said_to_be() {
    let mut writer = Writer::new("withheld");
    let function = writer.function("M", "f", "wx", "lib/m.ex", 1);
    level(&mut writer, "boundaries");
    bare(&mut writer, Kind::Enter, function, 1);
    bare(&mut writer, Kind::Leave, function + 1, 1);
    bare(&mut writer, Kind::Enter, function, 1);
    bare(&mut writer, Kind::Leave, function + 1, 0);
    let (recording, frames) = read(&writer);
    assert_eq!(endings(&frames), [(Closing::Returned, false); 2]);
    let view = |n| FrameView::new(&recording, &frames, n);
    assert_eq!(view(0).result.as_deref(), Some("…(not recorded)"));
    assert_eq!(view(0).args[0].value.as_deref(), Some("…(not recorded)"));
    assert_eq!(view(1).result.as_deref(), Some("nil"), "by construction");
    let process = &frames.processes()[0];
    let told = DetailView::new(&recording, &Messages::default(), process, &process.details[0]);
    assert_eq!((told.kind, told.values[0].value.as_str()), ("level", ":boundaries"));
    assert_eq!(trace::Stats::of(&recording, &frames).omitted, 0, "nothing was too large");
}

#[test]
fn a_value_that_was_not_recorded_is_no_exception() {
    let uncertain = [(Closing::Returned, true)];
    // The level is lower all the time; lowered before the value; raised after it.
    let cases: [fn(&mut Writer, u64); 3] = [
        |writer, f| {
            level(writer, "branches");
            bare(writer, Kind::Enter, f, 1);
            bare(writer, Kind::Leave, f + 1, 0);
        },
        |writer, f| {
            writer.enter(f, PID, &[Term::Int(1)]);
            level(writer, "branches");
            writer.leave(f, PID, &[]);
        },
        |writer, f| {
            level(writer, "branches");
            bare(writer, Kind::Enter, f, 1);
            level(writer, "values");
            writer.leave(f, PID, &[]);
        },
    ];
    for case in cases {
        let mut writer = Writer::new("uncertain");
        let function = with_after(&mut writer);
        case(&mut writer, function);
        let (_, frames) = read(&writer);
        assert_eq!(endings(&frames), uncertain);
    }
    let mut writer = Writer::new("certain");
    let function = with_after(&mut writer);
    level(&mut writer, "branches");
    level(&mut writer, "values");
    writer.enter(function, PID, &[Term::Int(1)]);
    writer.leave(function, PID, &[]);
    assert_eq!(endings(&read(&writer).1), [(Closing::Raised, true)]);
}

#[test]
fn what_was_open_when_calls_were_left_out_is_in_doubt() {
    let changes: [fn(&mut Writer); 3] = [
        |writer| {
            level(writer, "off");
            level(writer, "values");
        },
        switch,
        |writer| writer.event(Kind::Switch, OF_PROCESS, PID, &[]),
    ];
    for change in changes {
        let mut writer = Writer::new("doubt");
        let [f, g, h] = ["f", "g", "h"].map(|name| writer.function("M", name, "", "lib/m.ex", 1));
        // The ends of g and, in the end, of f are not recorded.
        writer.enter(f, PID, &[]);
        writer.enter(g, PID, &[]);
        change(&mut writer);
        writer.leave(f, PID, &[]);
        writer.enter(f, PID, &[]);
        change(&mut writer);
        writer.enter(h, PID, &[]);
        writer.leave(h, PID, &[]);
        let (_, frames) = read(&writer);
        let (unseen, returned) = ((Closing::Open, true), (Closing::Returned, false));
        assert_eq!(endings(&frames), [returned, unseen, unseen, returned]);
        assert_eq!(parents(&frames), [None, Some(0), None, None], "nothing is put into f");
    }
}

#[test]
fn what_shows_life_is_not_in_doubt() {
    let mut writer = Writer::new("alive");
    let [f, g, h] = ["f", "g", "h"].map(|name| writer.function("M", name, "", "lib/m.ex", 1));
    writer.enter(f, PID, &[]);
    writer.enter(g, PID, &[]);
    switch(&mut writer);
    writer.leave(g, PID, &[]);
    writer.enter(h, PID, &[]);
    writer.leave(h, PID, &[]);
    writer.leave(f, PID, &[]);
    let (_, frames) = read(&writer);
    assert_eq!(endings(&frames), [(Closing::Returned, false); 3]);
    assert_eq!(parents(&frames), [None, Some(0), Some(0)]);
}

#[test]
fn changes_that_leave_no_call_out_doubt_nothing() {
    let changes: [fn(&mut Writer); 3] = [
        |writer| level(writer, "boundaries"),
        |writer| writer.event(Kind::Switch, WIDER, PID + 16, &[]),
        // Of another process.
        |writer| writer.event(Kind::Switch, OF_PROCESS, PID + 32, &[]),
    ];
    for change in changes {
        let mut writer = Writer::new("certain");
        let [f, g] = ["f", "g"].map(|name| writer.function("M", name, "", "lib/m.ex", 1));
        writer.enter(f, PID, &[]);
        change(&mut writer);
        writer.enter(g, PID, &[]);
        writer.leave(f, PID, &[]);
        let (_, frames) = read(&writer);
        assert_eq!(endings(&frames), [(Closing::Returned, false), (Closing::Raised, true)]);
        assert_eq!(parents(&frames), [None, Some(0)]);
    }
}

#[test]
fn during_a_change_a_call_may_end_unseen() {
    let mut writer = Writer::new("changing");
    let [f, g] = ["f", "g"].map(|name| writer.function("M", name, "", "lib/m.ex", 1));
    writer.event(Kind::Switch, BEGINS, PID + 16, &[]);
    writer.enter(f, PID, &[]);
    writer.enter(g, PID, &[]);
    writer.leave(f, PID, &[]);
    writer.event(Kind::Switch, 0, PID + 16, &[]);
    writer.enter(f, PID, &[]);
    writer.exit(PID, Term::Int(1));
    let (_, frames) = read(&writer);
    assert_eq!(endings(&frames), [(Closing::Returned, false), (Closing::Open, true), (Closing::Exited, false)]);
}
