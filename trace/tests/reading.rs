//! Runs are found, events ordered, calls chosen and shown.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod common;

use common::{PID, Writer, list, text};
use std::path::Path;
use trace::outline::{Row, Selection, call_text, outline};
use trace::{Frames, OpenError, Recording, Runs};
use wire::{Kind, Record, Term};

#[test]
fn events_of_several_rings_merge_by_time_then_ring_then_place() {
    let mut writer = Writer::new("merge");
    let data = |ring: u64, ticks: &[u64]| {
        let mut data = Vec::new();
        for (n, ticks) in ticks.iter().enumerate() {
            let node = common::id(ring * 10 + n as u64);
            let record = Record { kind: Kind::Mark, flags: 0, argc: 0, node, ticks: *ticks, pid: PID, payload: &[] };
            record.write_to(&mut data);
        }
        data
    };
    writer.rings.extend([(3, data(3, &[5, 9])), (1, data(1, &[5, 5, 7])), (2, data(2, &[4]))]);
    let recording = Recording::open(&writer.finish()).unwrap();
    let order: Vec<u64> = recording.events().iter().map(|event| recording.record(*event).node.raw()).collect();
    assert_eq!(order, [20, 10, 11, 30, 12, 31]);
}

/// The system's clock is set forward, then back, while a recording runs: time in it goes
/// by the monotonic clock, and nothing is said to have happened at another moment.
#[test]
fn a_clock_that_is_set_moves_no_event() {
    let events = |steps: [i64; 3]| {
        let mut writer = Writer::new("clock");
        for (n, step) in steps.into_iter().enumerate() {
            let system = 1_790_000_000_000_000_000_i64 + step * 1_000_000_000;
            let payload = [writer.now as i64 + 1_000, system].map(i64::to_le_bytes).concat();
            writer.record(Kind::Clock, 0, 0, 0, &payload);
            writer.record(Kind::Mark, n as u64 + 1, PID, 0, &[]);
        }
        let recording = Recording::open(&writer.finish()).unwrap();
        assert_eq!(recording.findings().len(), 0);
        let marks = recording.events().iter().filter(|event| recording.record(**event).kind == Kind::Mark);
        let moments: Vec<_> = marks.map(|event| recording.clock().since_start(event.ticks)).collect();
        (moments, recording.span_ns(), recording.clock().started_system_ns())
    };
    let steady = events([0, 0, 0]);
    assert_eq!(steady.0, [2_000, 4_000, 6_000]);
    assert_eq!(events([0, 3600, -7200]), steady);
}

#[test]
fn runs_are_found_by_path_id_prefix_and_last() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("found/.elixir_scope/runs");
    let folders = ["aa11", "aa22", "bb33"].map(|name| {
        let dir = Writer::at(&root.join(name)).finish();
        let json = std::fs::read_to_string(dir.join("run.json")).unwrap();
        // The middle one is the youngest.
        let started = if name == "aa22" { "1999" } else { "1790" };
        let json = json.replace("abab", name).replace("1790", started);
        std::fs::write(dir.join("run.json"), json).unwrap();
        dir
    });
    let runs = Runs::near(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("found"));
    let check = |wanted: &str, found: usize| assert_eq!(runs.resolve(wanted).unwrap(), folders[found].as_path());
    assert_eq!(runs.list().unwrap().len(), 3);
    check("last", 1);
    check("aa11", 0);
    check("b", 2);
    check(&folders[1].to_string_lossy(), 1);
    assert!(matches!(runs.resolve("aa"), Err(OpenError::Ambiguous(_, 2, _))));
    assert!(matches!(runs.resolve("cc"), Err(OpenError::Unknown(..))));
    assert!(matches!(runs.resolve(""), Err(OpenError::Unknown(..))));
    let none = Path::new(env!("CARGO_TARGET_TMPDIR")).join("none");
    std::fs::create_dir_all(&none).unwrap();
    assert!(matches!(Runs::near(&none).resolve("last"), Err(OpenError::Empty(_))));
}

#[test]
fn of_several_names_of_a_process_the_last_counts() {
    let mut writer = Writer::new("names");
    writer.event(Kind::Mark, 0, PID, &[]);
    writer.name_process(PID, "first");
    writer.name_process(PID, "second");
    let recording = Recording::open(&writer.finish()).unwrap();
    assert_eq!(recording.names().process(PID), Some("second"));
    assert_eq!(recording.names().pid(PID), "#PID<0.142.0>");
}

/// a(1) calls b(2), which calls c(3); then a(4) alone; in another process c(5).
fn nested() -> (Recording, Frames) {
    let mut writer = Writer::new("nested");
    let [a, b, c] = ["a", "b", "c"].map(|name| writer.function("Mod", name, "wn", "lib/mod.ex", 1));
    for (n, function) in [a, b, c].into_iter().enumerate() {
        writer.enter(function, PID, &[Term::Int(n as i64 + 1)]);
    }
    [c, b, a].into_iter().for_each(|function| writer.leave(function, PID, &[]));
    for (n, function, pid) in [(4, a, PID), (5, c, PID + 16)] {
        writer.enter(function, pid, &[Term::Int(n)]);
        writer.leave(function, pid, &[]);
    }
    writer.name_process(PID + 16, "Elixir.Shop.Worker");
    let recording = Recording::open(&writer.finish()).unwrap();
    let frames = Frames::build(&recording);
    (recording, frames)
}

#[test]
fn a_selection_shows_what_it_names_and_counts_the_rest() {
    let (recording, frames) = nested();
    let all = Selection::default();
    let check = |selection: &Selection, shown: &[&str], more: u64| {
        let outline = outline(&recording, &frames, selection);
        let line = |row: &Row| match *row {
            Row::Call { frame, indent } => {
                Some(format!("{}{}", " ".repeat(indent as usize), call_text(&recording, frames.get(frame), 80)))
            }
            Row::Deeper { indent, calls } => Some(format!("{}+{calls}", " ".repeat(indent as usize))),
            _ => None,
        };
        assert_eq!(outline.rows.iter().filter_map(line).collect::<Vec<_>>(), shown);
        assert_eq!(outline.more, more);
    };
    let with = |change: fn(&mut Selection)| {
        let mut selection = all.clone();
        change(&mut selection);
        selection
    };
    check(&all, &["Mod.a(1)", " Mod.b(2)", "  Mod.c(3)", "Mod.a(4)", "Mod.c(5)"], 0);
    check(&with(|s| s.pid = Some("<0.143.0>".into())), &["Mod.c(5)"], 0);
    check(&with(|s| s.pid = Some("Shop.Worker".into())), &["Mod.c(5)"], 0);
    check(&with(|s| s.function = Some("Mod.b/1".into())), &["Mod.b(2)", " Mod.c(3)"], 0);
    check(&with(|s| s.function = Some("Mod.c".into())), &["Mod.c(3)", "Mod.c(5)"], 0);
    check(&with(|s| s.depth = Some(1)), &["Mod.a(1)", " +2", "Mod.a(4)", "Mod.c(5)"], 0);
    check(&with(|s| s.limit = 2), &["Mod.a(1)", " Mod.b(2)"], 3);
    check(&with(|s| (s.from_ns, s.to_ns) = (Some(7_000), Some(8_500))), &["Mod.a(4)"], 0);
}

#[test]
fn calls_read_as_they_were_captured() {
    let check = |label: &str, terms: &[Term], printed: &str| {
        let mut writer = Writer::new("call");
        let function = writer.function("Shop.Feed", "parse", label, "lib/feed.ex", 1);
        writer.enter(function, PID, terms);
        let recording = Recording::open(&writer.finish()).unwrap();
        assert_eq!(call_text(&recording, Frames::build(&recording).get(0), 80), printed);
    };
    let one = || Term::Int(1);
    check("", &[], "Shop.Feed.parse()");
    check("wsku,wn", &[text("a"), one()], r#"Shop.Feed.parse("a", 1)"#);
    check("wsku,s_opts", &[text("a")], r#"Shop.Feed.parse("a", _opts)"#);
    check("pkind,prest,wacc", &[one(), text("x"), list(vec![])], r#"Shop.Feed.parse(<<…>> kind=1, rest="x", acc=[])"#);
    check("s<<kind>>,pkind,s_", &[one()], "Shop.Feed.parse(<<…>> kind=1, _)");
    check("wacc,pkind", &[one(), one()], "Shop.Feed.parse(acc=1, <<…>> kind=1)");
    check("wn", &[one(), one()], "Shop.Feed.parse(1, 1)");
}
