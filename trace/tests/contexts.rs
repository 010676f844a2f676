//! On whose behalf things happened.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod common;

use common::{PID, Writer, map, text, tuple};
use trace::outline::{FrameView, Row, Selection, correlation, outline};
use trace::{Frames, Recording};
use wire::{Kind, Term};

const OTHER: u64 = PID + 16;

/// `f` calls `g` in context 7, which calls `h` in 8 and again in 7; another process is in 7.
fn recording() -> Recording {
    let mut writer = Writer::new("contexts");
    let [f, g, h] = ["f", "g", "h"].map(|name| writer.function("M", name, "", "lib/m.ex", 1));
    let user = map(vec![(writer.atom("user"), Term::Int(3))]);
    writer.enter(f, PID, &[]);
    writer.context = 7;
    writer.event(Kind::Context, 0, PID, &[text("request-1"), user]);
    writer.event(Kind::Mark, 0, PID, &[Term::Int(1), Term::Int(2)]);
    writer.enter(g, PID, &[]);
    writer.context = 8;
    let id = writer.atom("odd");
    writer.event(Kind::Context, 0, PID, &[tuple(vec![id, Term::Int(2)]), map(vec![])]);
    writer.enter(h, PID, &[]);
    writer.leave(h, PID, &[]);
    writer.context = 7;
    writer.enter(h, PID, &[]);
    writer.leave(h, PID, &[]);
    writer.leave(g, PID, &[]);
    writer.enter(f, OTHER, &[]);
    writer.context = 9;
    writer.enter(g, OTHER, &[]);
    writer.context = 0;
    writer.leave(f, PID, &[]);
    Recording::open(&writer.finish()).unwrap()
}

#[test]
fn each_event_has_the_id_of_its_context() {
    let recording = recording();
    let frames = Frames::build(&recording);
    let ids: Vec<_> = (0..6).map(|frame| FrameView::new(&recording, &frames, frame).correlation).collect();
    let texts: Vec<_> = ids.iter().map(|id| id.as_deref().unwrap_or("-")).collect();
    assert_eq!(texts, ["-", "request-1", "{:odd, 2}", "request-1", "request-1", "#000000000000009"]);
    assert_eq!(correlation(&recording, 2).as_deref(), Some("request-1"));
    let contexts = recording.contexts();
    assert_eq!([contexts.find("request-1"), contexts.find("#9"), contexts.find("no")], [Some(7), Some(9), None]);
}

#[test]
fn one_is_shown_whoever_worked_for_it() {
    let recording = recording();
    let frames = Frames::build(&recording);
    let context = recording.contexts().find("request-1");
    let rows = outline(&recording, &frames, &Selection { context, ..Selection::default() }).rows;
    let call = |frame, indent| Row::Call { frame, indent };
    let expected = [
        Row::Process(0),
        Row::Detail { process: 0, detail: 0, indent: 0 },
        call(1, 0),
        call(3, 1),
        Row::Process(1),
        call(4, 0),
    ];
    assert_eq!(rows, expected);
}
