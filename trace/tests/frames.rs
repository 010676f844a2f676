//! Frames against programs whose truth is known, because they were generated.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod common;

use common::{FIRST_PLACE, PID, Writer};
use trace::{Closing, Frames, Recording};
use wire::{Kind, NodeKind, Term};

/// What must be read back of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Call {
    pid: u64,
    argument: i64,
    depth: u32,
    parent: Option<usize>,
    tail_of: Option<usize>,
    closing: Closing,
    inferred: bool,
    result: Option<i64>,
}

/// A small generator of numbers (SplitMix64), so that failures repeat.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }
}

/// A process that runs a random program, one step at a time.
struct Machine {
    pid: u64,
    /// Calls that are running, outermost first, with their functions.
    stack: Vec<(usize, u64)>,
    /// The call that ended with a tail call, what it called, and whether the map
    /// names that.
    tail: Option<(usize, u64, bool)>,
    ended: bool,
}

fn step(machine: &mut Machine, random: &mut Random, writer: &mut Writer, functions: &[u64], truth: &mut Vec<Call>) {
    let pid = machine.pid;
    let is_deep = machine.stack.len() > 12;
    match random.below(20) {
        _ if machine.tail.is_some() || machine.stack.is_empty() => enter(machine, random, writer, functions, truth),
        0..=8 if !is_deep => enter(machine, random, writer, functions, truth),
        9..=13 => {
            let Some((call, function)) = machine.stack.pop() else { return };
            leave(random, writer, function, pid, &mut truth[call]);
        }
        14..=16 => {
            let Some((call, function)) = machine.stack.pop() else { return };
            let callee = functions[random.below(functions.len() as u64) as usize];
            truth[call].closing = Closing::Tail;
            let is_named = random.below(4) > 0;
            machine.tail = Some((call, callee, is_named));
            if is_named { writer.tail_to(function, callee, pid) } else { writer.tail(function, pid) }
        }
        17..=18 => raise(machine, random, writer, truth),
        19 if random.below(6) == 0 => {
            writer.exit(pid, Term::Int(7));
            machine.stack.drain(..).for_each(|(call, _)| truth[call].closing = Closing::Exited);
            machine.ended = true;
        }
        _ => noise(machine, random, writer, functions),
    }
}

fn enter(machine: &mut Machine, random: &mut Random, writer: &mut Writer, functions: &[u64], truth: &mut Vec<Call>) {
    // Half of what tail calls call has no probes, and calls something else.
    let tail = machine.tail.take();
    let other = functions[random.below(functions.len() as u64) as usize];
    let function = tail.filter(|_| random.below(2) == 0).map_or(other, |(_, callee, _)| callee);
    let followed = tail.filter(|(_, callee, is_named)| *callee == function && *is_named);
    let argument = truth.len() as i64;
    writer.enter(function, machine.pid, &[Term::Int(argument)]);
    truth.push(Call {
        pid: machine.pid,
        argument,
        depth: machine.stack.len() as u32,
        parent: machine.stack.last().map(|(call, _)| *call),
        tail_of: followed.map(|(call, ..)| call),
        closing: Closing::Open,
        inferred: false,
        result: None,
    });
    machine.stack.push((truth.len() - 1, function));
}

fn has_after(function: u64) -> bool {
    (function / 16).is_multiple_of(2)
}

// -1 stands for nil. In a function with `after`, no value means an exception.
fn leave(random: &mut Random, writer: &mut Writer, function: u64, pid: u64, call: &mut Call) {
    let value = random.below(1000) as i64;
    let has_after = has_after(function);
    call.closing = Closing::Returned;
    call.result = Some(value);
    match random.below(3) {
        0 if has_after => (call.closing, call.inferred, call.result) = (Closing::Raised, true, None),
        0 => call.result = Some(-1),
        _ if has_after => writer.body(function, pid, Term::Int(value)),
        _ => return writer.leave(function, pid, &[Term::Int(value)]),
    }
    writer.leave(function, pid, &[]);
}

// Further sites of each function.
const BRANCH: u64 = 0;
const DETACHED: u64 = 1;
const BOUND: u64 = 2;
const HANDLER: u64 = 3;
const PASSING: u64 = 4;

fn add_places(writer: &mut Writer, function: u64) {
    writer.place(function, NodeKind::Branch, "");
    writer.place(function, NodeKind::Branch, "\x1e");
    writer.place(function, NodeKind::Bound, "x");
    writer.place(function, NodeKind::Handler, "");
    writer.place(function, NodeKind::Handler, wire::map::PASSING);
}

fn place(function: u64, which: u64) -> u64 {
    FIRST_PLACE + (function / 16 - 1) * 5 + which
}

// Events that end no call: of the innermost one's own code, or of any anonymous
// function.
fn noise(machine: &Machine, random: &mut Random, writer: &mut Writer, functions: &[u64]) {
    let any = functions[random.below(functions.len() as u64) as usize];
    match machine.stack.last() {
        Some((_, function)) if random.below(2) == 0 => {
            writer.event(Kind::Bind, place(*function, BOUND), machine.pid, &[Term::Int(-7)]);
        }
        _ => writer.event(Kind::Branch, place(any, DETACHED), machine.pid, &[]),
    }
}

// An exception that some outer call rescues; it says so, goes on, passes it on, or
// returns. No call between may be of the rescuer's function: that cannot be told
// from its own return.
fn raise(machine: &mut Machine, random: &mut Random, writer: &mut Writer, truth: &mut [Call]) {
    let candidates: Vec<usize> = (0..machine.stack.len())
        .filter(|&n| machine.stack[n + 1..].iter().all(|(_, function)| *function != machine.stack[n].1))
        .collect();
    let rescuer = candidates[random.below(candidates.len() as u64) as usize];
    let how = random.below(4);
    let is_told = how < 2;
    for (call, _) in machine.stack.drain(rescuer + 1..) {
        (truth[call].closing, truth[call].inferred) = (Closing::Raised, !is_told);
    }
    let (call, function) = machine.stack[rescuer];
    match how {
        0 => return writer.caught(place(function, HANDLER), machine.pid, "error", Term::Int(1)),
        1 => {
            writer.caught(place(function, PASSING), machine.pid, "exit", Term::Int(1));
            truth[call].closing = Closing::Raised;
        }
        2 => return writer.event(Kind::Branch, place(function, BRANCH), machine.pid, &[]),
        _ => leave(random, writer, function, machine.pid, &mut truth[call]),
    }
    machine.stack.pop();
}

fn program(seed: u64) -> (Writer, Vec<Call>) {
    let mut random = Random(seed);
    let mut writer = Writer::new("program");
    let names = ["a", "b", "c", "d", "e", "f"];
    let mut functions = Vec::new();
    for name in names {
        let function = writer.function("Program", name, "wn", "lib/p.ex", 1);
        if has_after(function) {
            writer.with_after();
        }
        add_places(&mut writer, function);
        functions.push(function);
    }
    let mut truth = Vec::new();
    let mut machines: Vec<Machine> =
        (0..3).map(|n| Machine { pid: PID + (n << 4), stack: Vec::new(), tail: None, ended: false }).collect();
    for _ in 0..random.below(400) {
        let machine = &mut machines[random.below(3) as usize];
        if !machine.ended {
            writer.ring = random.below(4) as u32;
            step(machine, &mut random, &mut writer, &functions, &mut truth);
        }
    }
    // A tail call's result is what came of its last successor.
    for call in (0..truth.len()).rev() {
        if let Some(before) = truth[call].tail_of {
            truth[before].result = truth[call].result;
        }
    }
    (writer, truth)
}

fn read_back(recording: &Recording, frames: &Frames) -> Vec<Call> {
    let int = |value: Option<trace::Value>| match value {
        Some(trace::Value::Int(n)) => Some(n),
        Some(trace::Value::Atom(nil)) if nil == "nil" => Some(-1),
        _ => None,
    };
    let call = |frame: &trace::Frame| {
        let record = recording.record_at(frame.enter);
        Call {
            pid: record.pid,
            argument: int(trace::Value::read_all(record.payload, recording.names()).pop()).unwrap(),
            depth: frame.depth,
            parent: frame.parent().map(|n| n as usize),
            tail_of: frame.tail_of().map(|n| n as usize),
            closing: frame.closing,
            inferred: frame.inferred,
            result: int(trace::outline::result(recording, frames, frame)),
        }
    };
    frames.all().iter().map(call).collect()
}

#[test]
fn random_programs_are_read_back_as_they_ran() {
    for seed in 0..300 {
        let (writer, truth) = program(seed);
        let dir = writer.finish();
        let recording = Recording::open(&dir).unwrap();
        assert_eq!(recording.findings(), []);
        let frames = Frames::build(&recording);
        assert_eq!(read_back(&recording, &frames), truth, "seed {seed}");
        std::fs::remove_dir_all(dir).unwrap();
    }
}

fn frames_of(writer: &Writer) -> (Recording, Frames) {
    let recording = Recording::open(&writer.finish()).unwrap();
    let frames = Frames::build(&recording);
    (recording, frames)
}

#[test]
fn a_million_deep_recursion_and_a_million_orphans_take_linear_time() {
    const DEEP: i64 = 1_000_000;
    let mut writer = Writer::new("deep");
    let (down, other) =
        (writer.function("Deep", "down", "wn", "lib/d.ex", 1), writer.function("Deep", "o", "", "lib/d.ex", 9));
    (0..DEEP).for_each(|n| writer.enter(down, PID, &[Term::Int(n)]));
    (0..DEEP).for_each(|_| writer.leave(other, PID, &[]));
    (0..DEEP).for_each(|_| writer.leave(down, PID, &[]));
    let (_, frames) = frames_of(&writer);
    assert!(frames.all().iter().all(|frame| frame.closing == Closing::Returned));
    assert_eq!(frames.all().last().map(|frame| frame.depth), Some(DEEP as u32 - 1));
    assert_eq!(frames.processes()[0].orphans.len(), DEEP as usize);
}

#[test]
fn a_million_turns_of_a_loop_share_one_result() {
    let mut writer = Writer::new("loop");
    let turn = writer.function("Loop", "turn", "wn", "lib/l.ex", 1);
    for n in 0..1_000_000 {
        writer.enter(turn, PID, &[Term::Int(n)]);
        if n < 999_999 { writer.tail_to(turn, turn, PID) } else { writer.leave(turn, PID, &[Term::Int(42)]) }
    }
    let (recording, frames) = frames_of(&writer);
    let results = [0, 500_000, 999_999].map(|n| trace::outline::result(&recording, &frames, frames.get(n)));
    assert!(results.iter().all(|result| *result == Some(trace::Value::Int(42))));
    let selection = trace::outline::Selection { fold: true, ..Default::default() };
    let outline = trace::outline::outline(&recording, &frames, &selection);
    assert_eq!((outline.rows.len(), outline.shown, outline.more), (5, 3, 0));
    assert!(outline.rows.contains(&trace::outline::Row::Folded { indent: 0, turns: 999_997, inside: 0 }));
}

#[test]
fn an_event_between_breaks_the_succession_of_a_tail_call() {
    let mut writer = Writer::new("broken-tail");
    let [a, b] = ["a", "b"].map(|name| writer.function("M", name, "", "lib/m.ex", 1));
    writer.enter(a, PID, &[]);
    writer.enter(b, PID, &[]);
    writer.tail_to(b, b, PID);
    writer.leave(a, PID, &[Term::Int(1)]);
    writer.enter(b, PID, &[]);
    let (recording, frames) = frames_of(&writer);
    assert_eq!(frames.get(2).tail_of(), None);
    assert_eq!(trace::outline::result(&recording, &frames, frames.get(1)), None);
}

#[test]
fn what_code_without_probes_calls_is_not_the_callee() {
    let mut writer = Writer::new("unprobed-callee");
    let [a, b, c] = ["a", "b", "c"].map(|name| writer.function("M", name, "", "lib/m.ex", 1));
    // a ends by calling c, of which this process has no event; then b runs.
    writer.enter(a, PID, &[]);
    writer.tail_to(a, c, PID);
    writer.enter(b, PID, &[]);
    writer.leave(b, PID, &[Term::Int(1)]);
    // a ends by calling b, which is there.
    writer.enter(a, PID, &[]);
    writer.tail_to(a, b, PID);
    writer.enter(b, PID, &[]);
    writer.leave(b, PID, &[Term::Int(2)]);
    let (recording, frames) = frames_of(&writer);
    let result = |n| trace::outline::result(&recording, &frames, frames.get(n));
    assert_eq!([0, 2].map(result), [None, Some(trace::Value::Int(2))]);
    assert_eq!([1, 3].map(|n| frames.get(n).tail_of()), [None, Some(2)]);
    assert_eq!(trace::outline::callee(&recording, frames.get(0)), Some("M.c/0"));
}

#[test]
fn an_after_without_a_value_follows_an_exception() {
    let mut writer = Writer::new("after");
    let a = writer.function("M", "a", "", "lib/m.ex", 1);
    writer.with_after();
    let b = writer.function("M", "b", "", "lib/m.ex", 9);
    for body in [Some(Term::Int(1)), None] {
        writer.enter(a, PID, &[]);
        writer.enter(b, PID, &[]);
        if let Some(value) = body {
            writer.leave(b, PID, &[]);
            writer.body(a, PID, value);
        }
        writer.leave(a, PID, &[]);
    }
    let (recording, frames) = frames_of(&writer);
    let closings: Vec<_> = frames.all().iter().map(|frame| frame.closing).collect();
    assert_eq!(closings, [Closing::Returned, Closing::Returned, Closing::Raised, Closing::Raised]);
    let result = |n| trace::outline::result(&recording, &frames, frames.get(n));
    assert_eq!([0, 2].map(result), [Some(trace::Value::Int(1)), None]);
}

#[test]
fn without_a_map_frames_still_nest() {
    let mut writer = Writer::new("mapless");
    let [a, b] = ["a", "b"].map(|name| writer.function("M", name, "", "lib/m.ex", 1));
    writer.enter(a, PID, &[]);
    writer.enter(b, PID, &[]);
    writer.leave(b, PID, &[]);
    writer.leave(a, PID, &[]);
    let dir = writer.finish();
    std::fs::remove_file(dir.join("nodes-shop.esmap")).unwrap();
    let recording = Recording::open(&dir).unwrap();
    let frames = Frames::build(&recording);
    assert_eq!(recording.findings().len(), 1);
    assert_eq!(
        frames.all().iter().map(|frame| (frame.depth, frame.closing)).collect::<Vec<_>>(),
        [(0, Closing::Returned), (1, Closing::Returned)]
    );
    assert_eq!(recording.sites().unresolved().len(), 4);
    assert_eq!(trace::outline::result(&recording, &frames, frames.get(0)), None, "nil only where the map says so");
}
