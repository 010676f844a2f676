//! Functions without probes, whose calls the VM told of.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod common;

use common::{PID, Writer, tuple};
use trace::outline::{DetailView, FrameView, Row, Selection, outline};
use trace::{Closing, Frames, Messages, Recording};
use wire::record::{NO_END, WITH_MESSAGE};
use wire::{Kind, Term};

fn mfa(writer: &mut Writer, module: &str, name: &str, arity: i64) -> Term {
    tuple(vec![writer.atom(module), writer.atom(name), Term::Int(arity)])
}

fn told(writer: &mut Writer, kind: Kind, variant: u64, name: &str, terms: &[Term]) {
    let terms = [&[mfa(writer, "Elixir.Enum", name, 1)], terms].concat();
    writer.event(kind, variant, PID, &terms);
}

/// Each frame as `function(arguments) ending`, with its depth.
fn shown(recording: &Recording, frames: &Frames) -> Vec<String> {
    let line = |number| {
        let view = FrameView::new(recording, frames, number);
        let values = |text: &Option<String>| text.clone().unwrap_or_else(|| "?".into());
        let arguments: Vec<_> = view.args.iter().map(|argument| values(&argument.value)).collect();
        let end = match (view.closing, view.exception) {
            (Closing::Returned, _) => values(&view.result),
            (closing, Some(exception)) => format!("{} {}: {}", closing.name(), exception.kind, exception.reason),
            (closing, None) => format!("{}{}", closing.name(), if view.inferred { "?" } else { "" }),
        };
        format!("{}{}({}) {end}", "  ".repeat(view.depth as usize), view.function, arguments.join(", "))
    };
    (0..frames.all().len() as u32).map(line).collect()
}

#[test]
fn calls_and_their_ends_are_frames() {
    let mut writer = Writer::new("called");
    let f = writer.function("M", "f", "wx", "lib/m.ex", 1);
    let (error, reason) = (writer.atom("error"), writer.atom("badarg"));
    told(&mut writer, Kind::Call, 0, "map", &[Term::Int(7)]);
    writer.enter(f, PID, &[Term::Int(8)]);
    told(&mut writer, Kind::Call, 0, "sum", &[]);
    told(&mut writer, Kind::Returned, 0, "sum", &[Term::Int(3)]);
    writer.leave(f, PID, &[Term::Int(4)]);
    told(&mut writer, Kind::Returned, 0, "map", &[Term::Int(5)]);
    told(&mut writer, Kind::Call, 0, "map", &[Term::Int(9)]);
    writer.enter(f, PID, &[Term::Int(10)]);
    told(&mut writer, Kind::Raised, 0, "map", &[error, reason]);
    let lists = mfa(&mut writer, "lists", "seq", 2);
    writer.event(Kind::Call, 0, PID, &[lists]);
    let recording = Recording::open(&writer.finish()).unwrap();
    let expected = [
        "Enum.map/1(7) 5",
        "  M.f/1(8) 4",
        "    Enum.sum/1() 3",
        "Enum.map/1(9) raised error: :badarg",
        "  M.f/1(10) raised error: :badarg",
        ":lists.seq/2() open",
    ];
    assert_eq!(shown(&recording, &Frames::build(&recording)), expected);
    assert!(recording.sites().unresolved().is_empty());
}

#[test]
fn a_call_whose_function_cannot_be_read_is_no_frame() {
    let mut writer = Writer::new("unreadable");
    for kind in [Kind::Call, Kind::Returned, Kind::Raised] {
        writer.event(kind, 0, PID, &[Term::Int(1), Term::Int(2), Term::Int(3)]);
    }
    told(&mut writer, Kind::Call, 0, "map", &[Term::Int(7)]);
    let recording = Recording::open(&writer.finish()).unwrap();
    assert_eq!(shown(&recording, &Frames::build(&recording)), ["Enum.map/1(7) open"]);
}

#[test]
fn a_call_without_an_end_holds_nothing() {
    let mut writer = Writer::new("endless");
    let f = writer.function("M", "f", "", "lib/m.ex", 1);
    told(&mut writer, Kind::Call, NO_END, "map", &[Term::Int(7)]);
    writer.enter(f, PID, &[]);
    writer.leave(f, PID, &[Term::Int(4)]);
    told(&mut writer, Kind::Call, NO_END, "map", &[Term::Int(8)]);
    told(&mut writer, Kind::Returned, 0, "sum", &[Term::Int(3)]);
    let recording = Recording::open(&writer.finish()).unwrap();
    let frames = Frames::build(&recording);
    assert_eq!(shown(&recording, &frames), ["Enum.map/1(7) open?", "M.f/0() 4", "Enum.map/1(8) open?"]);
    assert_eq!(frames.processes()[0].orphans.len(), 1, "an end whose call was not told");
}

#[test]
fn what_a_match_specification_said_stands_within_the_call() {
    let mut writer = Writer::new("said");
    told(&mut writer, Kind::Call, WITH_MESSAGE, "map", &[Term::Int(7), Term::Int(42)]);
    told(&mut writer, Kind::Call, WITH_MESSAGE | NO_END, "sum", &[Term::Int(43)]);
    let recording = Recording::open(&writer.finish()).unwrap();
    let frames = Frames::build(&recording);
    assert_eq!(shown(&recording, &frames), ["Enum.map/1(7) open", "  Enum.sum/1() open?"]);
    let selection = Selection { told: false, ..Selection::default() };
    let rows = outline(&recording, &frames, &selection).rows;
    let process = &frames.processes()[0];
    let said: Vec<_> = rows
        .iter()
        .filter_map(|row| match row {
            Row::Detail { detail, .. } => Some(&process.details[*detail as usize]),
            _ => None,
        })
        .map(|detail| DetailView::new(&recording, &Messages::default(), process, detail))
        .map(|view| (view.kind, view.frame, view.values[0].value.clone()))
        .collect();
    assert_eq!(said, [("said", Some(0), "42".to_owned()), ("said", Some(1), "43".to_owned())]);
}
