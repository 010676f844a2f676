//! What happens within calls: which call it belongs to, what it shows of others.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod common;

use common::{PID, Writer, text};
use trace::outline::{DetailView, Outline, Row, Selection, outline};
use trace::{Closing, Frames, Messages, Recording};
use wire::map::{DETACHED, PASSING};
use wire::{Kind, NodeKind, Strength, Term};

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

/// By detail of the first process: the call that it happened in.
fn owners(frames: &Frames) -> Vec<Option<u32>> {
    frames.processes()[0].details.iter().map(trace::Detail::frame).collect()
}

fn functions(writer: &mut Writer) -> [u64; 3] {
    ["f", "g", "h"].map(|name| writer.function("M", name, "", "lib/m.ex", 1))
}

fn detached(label: &str) -> String {
    format!("{DETACHED}{label}")
}

#[test]
fn what_happens_in_a_call_shows_that_those_above_are_gone() {
    let sites = [(NodeKind::Branch, Kind::Branch), (NodeKind::Bound, Kind::Bind), (NodeKind::Point, Kind::Locals)];
    for (node, kind) in sites {
        let mut writer = Writer::new("alive");
        let [f, g, h] = functions(&mut writer);
        let place = writer.place(f, node, "x");
        [f, g, h].into_iter().for_each(|function| writer.enter(function, PID, &[]));
        writer.event(kind, place, PID, &[Term::Int(1)]);
        writer.leave(f, PID, &[]);
        let (_, frames) = read(&writer);
        let raised = (Closing::Raised, true);
        assert_eq!(endings(&frames), [(Closing::Returned, false), raised, raised]);
        assert_eq!([1, 2].map(|n| frames.get(n).close()), [Some(3); 2]);
        assert_eq!(owners(&frames), [Some(0)]);
    }
}

#[test]
fn an_anonymous_function_shows_nothing() {
    let mut writer = Writer::new("detached");
    let [f, g, h] = functions(&mut writer);
    let branch = writer.place(f, NodeKind::Branch, &detached(""));
    let handler = writer.place(f, NodeKind::Handler, &detached(""));
    [f, g].into_iter().for_each(|function| writer.enter(function, PID, &[]));
    // Called by g, while h is open and when it is not.
    writer.event(Kind::Branch, branch, PID, &[]);
    writer.enter(h, PID, &[]);
    writer.caught(handler, PID, "error", Term::Int(1));
    [h, g, f].into_iter().for_each(|function| writer.leave(function, PID, &[]));
    // Called when f has ended, and in a process without a call.
    writer.event(Kind::Branch, branch, PID, &[]);
    writer.event(Kind::Branch, branch, PID + 16, &[]);
    let (recording, frames) = read(&writer);
    assert_eq!(endings(&frames), [(Closing::Returned, false); 3]);
    assert_eq!(owners(&frames), [Some(1), Some(2), None]);
    assert_eq!(frames.processes()[1].details[0].frame(), None);
    let site = recording.sites().get(recording.sites().find(branch).unwrap());
    assert_eq!((site.detached, recording.sites().label(site)), (true, ""));
}

#[test]
fn a_handler_tells_what_ended_the_calls_above() {
    let mut writer = Writer::new("caught");
    let [f, g, h] = functions(&mut writer);
    let handler = writer.place(f, NodeKind::Handler, "");
    [f, g, h].into_iter().for_each(|function| writer.enter(function, PID, &[]));
    writer.caught(handler, PID, "throw", text("ball"));
    writer.leave(f, PID, &[]);
    let (recording, frames) = read(&writer);
    assert_eq!(endings(&frames), [(Closing::Returned, false), (Closing::Raised, false), (Closing::Raised, false)]);
    let exception = |n| trace::outline::exception(&recording, &frames, frames.get(n));
    assert_eq!(exception(0), None);
    let thrown = exception(2).unwrap();
    assert_eq!((thrown.kind.as_str(), thrown.reason.as_str()), ("throw", "\"ball\""));
}

#[test]
fn a_callback_that_lets_an_exception_pass_ends_with_it() {
    let mut writer = Writer::new("passing");
    let [f, g, _] = functions(&mut writer);
    let passing = writer.place(f, NodeKind::Handler, PASSING);
    [f, g].into_iter().for_each(|function| writer.enter(function, PID, &[]));
    writer.caught(passing, PID, "exit", Term::Int(1));
    writer.enter(g, PID, &[]);
    writer.exit(PID, Term::Int(1));
    let (_, frames) = read(&writer);
    let raised = (Closing::Raised, false);
    assert_eq!(endings(&frames), [raised, raised, (Closing::Exited, false)]);
    assert_eq!(frames.get(2).depth, 0);
}

#[test]
fn a_value_within_a_body_is_not_the_bodys() {
    let mut writer = Writer::new("bound");
    let f = writer.function("M", "f", "", "lib/m.ex", 1);
    writer.with_after();
    let bound = writer.place(f, NodeKind::Bound, "x");
    for body in [Some(Term::Int(2)), None] {
        writer.enter(f, PID, &[]);
        writer.event(Kind::Bind, bound, PID, &[Term::Int(1)]);
        body.into_iter().for_each(|value| writer.body(f, PID, value));
        writer.event(Kind::Bind, bound, PID, &[Term::Int(3)]);
        writer.leave(f, PID, &[]);
    }
    let (recording, frames) = read(&writer);
    assert_eq!(endings(&frames), [(Closing::Returned, false), (Closing::Raised, true)]);
    let result = |n| trace::outline::result(&recording, &frames, frames.get(n));
    assert_eq!([0, 1].map(result), [Some(trace::Value::Int(2)), None]);
    assert_eq!(owners(&frames), [Some(0), Some(0), Some(1), Some(1)]);
}

/// f calls g between two branches; a value in g; a point in f; then another process.
fn told() -> (Recording, Frames) {
    let mut writer = Writer::new("told");
    let [f, g, _] = functions(&mut writer);
    let branch = writer.place(f, NodeKind::Branch, "{:ok, x}");
    let bound = writer.place(g, NodeKind::Bound, "M.h/0");
    let point = writer.place(f, NodeKind::Point, "a\x1fb");
    let handler = writer.place(f, NodeKind::Handler, "");
    let elsewhere = writer.place(f, NodeKind::Bound, &detached("y"));
    writer.enter(f, PID, &[]);
    writer.event(Kind::Branch, branch, PID, &[]);
    writer.enter(g, PID, &[]);
    writer.event(Kind::Bind, bound, PID, &[Term::Int(5)]);
    writer.caught(handler, PID, "error", Term::Int(9));
    writer.event(Kind::Locals, point, PID, &[Term::Int(6), text("b")]);
    writer.leave(f, PID, &[]);
    writer.event(Kind::Bind, elsewhere, PID + 16, &[Term::Int(8)]);
    read(&writer)
}

fn kinds(frames: &Frames, recording: &Recording, outline: &Outline) -> Vec<(&'static str, u32)> {
    let row = |row: &Row| match *row {
        Row::Process(_) => ("process", 0),
        Row::Call { indent, .. } => ("call", indent),
        Row::Detail { process, detail, indent } => {
            let process = &frames.processes()[process as usize];
            (DetailView::new(recording, &Messages::default(), process, &process.details[detail as usize]).kind, indent)
        }
        _ => ("other", 0),
    };
    outline.rows.iter().map(row).collect()
}

#[test]
fn details_stand_between_the_calls_when_asked_for() {
    let (recording, frames) = told();
    let shown = |selection: Selection| kinds(&frames, &recording, &outline(&recording, &frames, &selection));
    let calls = [("process", 0), ("call", 0), ("call", 1), ("locals", 1)];
    assert_eq!(shown(Selection { detail: Strength::Boundaries, ..Default::default() }), calls);
    let branches = [("process", 0), ("call", 0), ("branch", 1), ("call", 1), ("caught", 1), ("locals", 1)];
    assert_eq!(shown(Selection { detail: Strength::Branches, ..Default::default() }), branches);
    let mut values = branches.to_vec();
    values.insert(4, ("bind", 2));
    values.extend([("process", 0), ("bind", 0)]);
    assert_eq!(shown(Selection::default()), values);
    let deep = [("process", 0), ("call", 0), ("other", 0), ("branch", 1), ("caught", 1), ("locals", 1)];
    assert_eq!(shown(Selection { depth: Some(1), ..Default::default() })[..6], deep);
    assert_eq!(
        shown(Selection { function: Some("M.g".into()), ..Default::default() }),
        [("process", 0), ("call", 0), ("bind", 1)]
    );
    assert_eq!(shown(Selection { to_ns: Some(3_000), ..Default::default() }), values[..4], "in time");
}

#[test]
fn details_have_names_values_and_places() {
    let (recording, frames) = told();
    let process = &frames.processes()[0];
    let views: Vec<_> = process
        .details
        .iter()
        .map(|detail| DetailView::new(&recording, &Messages::default(), process, detail))
        .collect();
    let values = |n: usize| -> Vec<_> { views[n].values.iter().map(|v| (v.name.as_str(), v.value.as_str())).collect() };
    assert_eq!((views[0].label.as_str(), views[0].file.as_str(), views[0].line), ("{:ok, x}", "lib/m.ex", 2));
    assert_eq!(values(1), [("M.h/0", "5")]);
    assert_eq!(views[2].exception.as_ref().map(|e| (e.kind.as_str(), e.reason.as_str())), Some(("error", "9")));
    assert_eq!(values(3), [("a", "6"), ("b", "\"b\"")]);
    let report = outline(&recording, &frames, &Selection::default());
    let report = trace::outline::Report {
        recording: &recording,
        frames: &frames,
        messages: &Messages::default(),
        outline: &report,
    };
    let json: serde_json::Value = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
    let kinds: Vec<_> = json["details"].as_array().unwrap().iter().map(|detail| detail["kind"].clone()).collect();
    assert_eq!(kinds, ["branch", "bind", "caught", "locals", "bind"]);
    assert_eq!(json["frames"][1]["exception"]["reason"], "9");
    let counted: Vec<_> = trace::Stats::of(&recording, &frames).kinds.into_iter().map(|k| (k.name, k.count)).collect();
    let count = |name: &str| counted.iter().find(|(kind, _)| kind == name).map(|(_, count)| *count);
    assert_eq!(["branch", "bind", "caught", "locals"].map(count), [Some(1), Some(2), Some(1), Some(1)]);
}

#[test]
fn a_mark_stands_in_the_innermost_call_and_ends_none() {
    let mut writer = Writer::new("mark");
    let [f, g, _] = functions(&mut writer);
    writer.enter(f, PID, &[]);
    writer.enter(g, PID, &[]);
    let name = writer.atom("here");
    writer.event(Kind::Mark, 0, PID, &[name, Term::Int(1)]);
    writer.leave(g, PID, &[]);
    let (recording, frames) = read(&writer);
    assert_eq!(owners(&frames), [Some(1)]);
    assert_eq!(endings(&frames), [(Closing::Open, false), (Closing::Returned, false)]);
    let process = &frames.processes()[0];
    let view = DetailView::new(&recording, &Messages::default(), process, &process.details[0]);
    let values: Vec<_> = view.values.iter().map(|value| value.value.as_str()).collect();
    assert_eq!((view.kind, values), ("mark", vec![":here", "1"]));
}
