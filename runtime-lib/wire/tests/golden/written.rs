//! What the current version writes.

use super::terms::{self, proper, text, tuple};
use std::collections::BTreeMap;
use wire::record::{NO_END, NO_SUCH_PROCESS, REGISTERED_BEFORE, WITH_MESSAGE};
use wire::run::{Keep, RunMap};
use wire::segment::*;
use wire::sums::TABLE_AT;
use wire::{
    FLAG_OMITTED, FLAG_TRUNCATED, FLAG_WITHHELD, Kind, MapBuilder, NodeEntry, NodeId, NodeKind, NodeMap, Plan,
    PlannedClause, Reason, Record, Refusal, RunInfo, Strength, Sums, Term, TermLimits,
};

/// The index of the atom `ok`.
pub const OK: u64 = 900;
/// A process, as OTP 27 has it.
pub const PID: u64 = 0x2f83;
const ERROR: u64 = 901;
const SHOP: u64 = 902;
const RUN: [u8; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const CLAUSE: u64 = (1 << 59) - 1000;
const OPENED: u64 = 1_000_000;

/// Every file, by its path.
pub fn all() -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for (run, parts) in [("flight", flight()), ("whole", whole()), ("bare", bare())] {
        files.extend(parts.into_iter().map(|(name, bytes)| (format!("{run}/{name}"), bytes)));
    }
    files
}

/// A flight recorder's run, with everything there is.
fn flight() -> Vec<(&'static str, Vec<u8>)> {
    let ring = |ring| SegmentHeader { ring, ..header(CLOCK_TSC, PidLayout::Turned(20)) };
    let later = SegmentHeader { ordinal: 7, ..ring(5) };
    let open = Counters { lost: [5, 160], panics: 1, is_sealed: false, ..Default::default() };
    vec![
        ("names-all.seg", segment(&ring(1), &names(), Counters::default())),
        ("nodes-golden.esmap", map()),
        ("plan.json", plan()),
        ("ring-control.seg", segment(&ring(CONTROL_RING), &clocks(), Counters::default())),
        ("ring-empty.seg", segment(&ring(4), &[], Counters { is_sealed: false, ..Default::default() })),
        ("ring-flags.seg", segment(&ring(3), &flags(), Counters { truncated: 3, ..Default::default() })),
        ("ring-kinds.seg", segment(&ring(1), &kinds(), Counters::default())),
        ("ring-open.seg", segment(&ring(6), &kinds(), open)),
        ("ring-recycled.seg", recycled(&segment(&later, &flags(), Counters::default()))),
        ("ring-spare.seg", spare(&segment(&ring(2), &kinds(), Counters::default()))),
        ("ring-terms.seg", segment(&ring(2), &terms(), Counters::default())),
        ("ring-unused.seg", vec![0; SEGMENT_HEADER + 64]),
        ("run.json", run(Keep::Newest, Some("the disk is \"full\""))),
    ]
}

/// A whole recording by the monotonic clock, of OTP 25.
fn whole() -> Vec<(&'static str, Vec<u8>)> {
    let header = header(CLOCK_MONOTONIC, PidLayout::Narrow);
    vec![
        ("ring-control.seg", segment(&header, &clocks(), Counters::default())),
        ("ring-one.seg", segment(&SegmentHeader { ring: 1, ..header }, &kinds(), Counters::default())),
        ("run.json", run(Keep::All, None)),
    ]
}

/// A segment without the rest of its run, whose writer could not tell processes apart.
fn bare() -> Vec<(&'static str, Vec<u8>)> {
    let header = SegmentHeader { ring: 1, ..header(CLOCK_MONOTONIC, PidLayout::Unknown) };
    vec![("ring-raw.seg", segment(&header, &kinds(), Counters::default()))]
}

fn header(clock: u32, pid_layout: PidLayout) -> SegmentHeader {
    let ticks_per_second = if clock == CLOCK_TSC { 2_500_000_000 } else { 1_000_000_000 };
    SegmentHeader {
        run: RUN,
        clock,
        ticks: OPENED,
        monotonic_ns: 400_000,
        system_ns: 1_790_000_000_000_000_000,
        ticks_per_second,
        pid_layout,
        ..Default::default()
    }
}

struct Counters {
    lost: [u64; 2],
    truncated: u64,
    panics: u64,
    is_sealed: bool,
}

impl Default for Counters {
    fn default() -> Self {
        Self { lost: [0; 2], truncated: 0, panics: 0, is_sealed: true }
    }
}

fn segment(header: &SegmentHeader, data: &[u8], counters: Counters) -> Vec<u8> {
    let capacity = data.len().next_multiple_of(4096).max(4096);
    let mut bytes = vec![0; SEGMENT_HEADER];
    bytes[..104].copy_from_slice(&SegmentHeader { capacity: capacity as u64, ..*header }.encode());
    let [events, lost] = counters.lost;
    let words = [
        (CURSOR_AT, data.len() as u64),
        (LOST_EVENTS_AT, events),
        (LOST_BYTES_AT, lost),
        (TRUNCATED_AT, counters.truncated),
        (PANICS_AT, counters.panics),
        (SEALED_AT, u64::from(counters.is_sealed)),
    ];
    words.iter().for_each(|(at, word)| bytes[*at..at + 8].copy_from_slice(&word.to_le_bytes()));
    let sums = Sums::of(data, capacity).filter(|_| counters.is_sealed);
    if let Some((head, table)) = sums.map(|sums| sums.encode()) {
        bytes[SUMMED_AT..SUMMED_AT + 16].copy_from_slice(&head);
        bytes[TABLE_AT..TABLE_AT + table.len()].copy_from_slice(&table);
    }
    bytes.extend_from_slice(data);
    bytes
}

/// Behind the cursor stands what was written before.
fn recycled(segment: &[u8]) -> Vec<u8> {
    [segment, &kinds()].concat()
}

/// What was recycled and stands ready.
fn spare(segment: &[u8]) -> Vec<u8> {
    let mut bytes = segment.to_vec();
    for at in [0, CURSOR_AT, SEALED_AT, SUMMED_AT] {
        bytes[at..at + 8].fill(0);
    }
    bytes
}

fn record(out: &mut Vec<u8>, kind: Kind, flags: u8, argc: usize, words: [u64; 2], payload: &[u8]) {
    record_in(0, out, kind, flags, argc, words, payload);
}

fn record_in(context: u64, out: &mut Vec<u8>, kind: Kind, flags: u8, argc: usize, words: [u64; 2], payload: &[u8]) {
    let ticks = OPENED + 1000 + out.len() as u64;
    let [node, pid] = words;
    let node = NodeId::from_raw(node).unwrap();
    Record { kind, flags, argc: argc as u8, context, node, ticks, pid, payload }.write_to(out);
}

fn event(out: &mut Vec<u8>, kind: Kind, node: u64, terms: &[Term]) {
    let mut payload = Vec::new();
    terms.iter().for_each(|term| term.write_to(&mut payload));
    record(out, kind, 0, terms.len(), [node, PID], &payload);
}

/// An event of each kind: its word 1 and its terms.
fn samples() -> Vec<(Kind, u64, Vec<Term>)> {
    use Kind::*;
    let call = |n| tuple(vec![Term::Atom(SHOP), Term::Atom(OK), n]);
    let (pid, args) = (|| Term::Pid(PID + 128), || proper(vec![Term::Int(1)]));
    let sizes = || proper(vec![tuple(vec![Term::Atom(OK), Term::Int(233)])]);
    vec![
        (Enter, CLAUSE, vec![Term::Int(1), text("sku")]),
        (Branch, CLAUSE + 3, vec![]),
        (Bind, CLAUSE + 4, vec![Term::Int(7)]),
        (Locals, CLAUSE + 6, vec![Term::Int(7), Term::Atom(OK)]),
        (Caught, CLAUSE + 5, vec![Term::Atom(ERROR), Term::Atom(OK), proper(vec![])]),
        (Leave, CLAUSE + 1, vec![Term::Atom(OK)]),
        (Leave, CLAUSE + 1, vec![]),
        (Enter, CLAUSE, vec![Term::Int(2), text("last")]),
        (Tail, CLAUSE + 2, vec![]),
        (Mark, 0, vec![text("here"), Term::Int(3)]),
        (Level, 1, vec![Term::Atom(OK), Term::Atom(ERROR)]),
        (Switch, 0, vec![Term::Atom(OK), Term::Atom(SHOP)]),
        (Spawn, 0, vec![pid(), call(args())]),
        (Spawned, 0, vec![pid(), call(args())]),
        (Link, 0, vec![pid()]),
        (Link, 1, vec![pid()]),
        (Register, 0, vec![Term::Atom(SHOP)]),
        (Register, REGISTERED_BEFORE, vec![Term::Atom(SHOP)]),
        (Send, 0, vec![pid(), text("hello")]),
        (Send, NO_SUCH_PROCESS, vec![Term::Atom(SHOP), text("hello")]),
        (Receive, 0, vec![pid(), text("hello")]),
        (GcStart, 0, vec![sizes()]),
        (GcEnd, 1, vec![sizes()]),
        (Out, 0, vec![call(Term::Int(2))]),
        (In, 1, vec![Term::Int(0)]),
        (Unregister, 0, vec![Term::Atom(SHOP)]),
        (Unlink, 1, vec![pid()]),
        (Call, WITH_MESSAGE, vec![call(Term::Int(1)), Term::Int(5), text("said")]),
        (Call, NO_END, vec![call(Term::Int(0))]),
        (Returned, 0, vec![call(Term::Int(1)), Term::Int(6)]),
        (Raised, 0, vec![call(Term::Int(1)), Term::Atom(ERROR), Term::Atom(OK)]),
        (Exit, 0, vec![Term::Atom(OK)]),
        (Exit, 0, vec![]),
    ]
}

fn kinds() -> Vec<u8> {
    let mut out = Vec::new();
    samples().iter().for_each(|(kind, node, terms)| event(&mut out, *kind, *node, terms));
    // A version of a state in two parts, and a difference: the same, but for one element.
    let whole = [terms::tuple(vec![Term::Int(1), Term::Int(2)])];
    let mut body = Vec::new();
    whole.iter().for_each(|term| term.write_to(&mut body));
    for (kind, number, at, part) in [
        (Kind::State, 1, 0, &body[..2]),
        (Kind::State, 1, 2, &body[2..]),
        (Kind::StateDelta, 2, 0, &[wire::state::TUPLE, 1, 1, 7][..]),
    ] {
        let total = if kind == Kind::State { body.len() } else { part.len() };
        let mut payload = vec![total as u8, at];
        payload.extend_from_slice(part);
        record(&mut out, kind, 0, 0, [number, PID], &payload);
    }
    let mut payload = Vec::new();
    [text("request 17"), Term::Int(1)].iter().for_each(|term| term.write_to(&mut payload));
    record_in(9, &mut out, Kind::Context, 0, 2, [0, PID], &payload);
    record_in(9, &mut out, Kind::Tail, 0, 0, [CLAUSE + 2, PID], &[]);
    out
}

fn terms() -> Vec<u8> {
    let mut out = Vec::new();
    terms::all().into_iter().for_each(|term| event(&mut out, Kind::Bind, CLAUSE + 4, &[term]));
    out
}

fn flags() -> Vec<u8> {
    let (mut out, mut cut) = (Vec::new(), Vec::new());
    Term::Binary { bytes: b"beginning".to_vec(), size: 70_000 }.write_to(&mut cut);
    record(&mut out, Kind::Enter, FLAG_TRUNCATED, 1, [CLAUSE, PID], &cut);
    // The padding holds whatever was there.
    *out.last_mut().unwrap() = 0xee;
    record(&mut out, Kind::Enter, FLAG_OMITTED, 2, [CLAUSE, PID], &[]);
    record(&mut out, Kind::Enter, FLAG_OMITTED | FLAG_WITHHELD, 2, [CLAUSE, PID], &[]);
    let mut to = Vec::new();
    Term::Pid(PID).write_to(&mut to);
    record(&mut out, Kind::Send, FLAG_OMITTED, 2, [0, PID], &to);
    record(&mut out, Kind::State, FLAG_OMITTED, 0, [1, PID], &[]);
    record(&mut out, Kind::State, FLAG_OMITTED | FLAG_WITHHELD, 0, [2, PID], &[]);
    out
}

fn names() -> Vec<u8> {
    let mut out = Vec::new();
    for (index, text) in [(OK, "ok"), (ERROR, "error"), (SHOP, "Elixir.Shop"), (1 << 40, "größe"), (903, "")] {
        record(&mut out, Kind::NameAtom, 0, 0, [index, 0], text.as_bytes());
    }
    record(&mut out, Kind::NameProcess, 0, 0, [0, PID], b"Elixir.Shop.Cart");
    record(&mut out, Kind::NameProcess, 0, 0, [0, PID + 128], b"");
    out
}

fn clocks() -> Vec<u8> {
    let mut out = Vec::new();
    for n in 1..=2u64 {
        let clocks = [400_000 + n * 1_000_000, 1_790_000_000_000_000_000 + n * 1_000_100];
        let payload: Vec<u8> = clocks.iter().flat_map(|ns| ns.to_le_bytes()).collect();
        let node = NodeId::from_raw(0).unwrap();
        let ticks = OPENED + n * 2_500_000;
        Record { kind: Kind::Clock, flags: 0, argc: 0, context: 0, node, ticks, pid: 0, payload: &payload }
            .write_to(&mut out);
    }
    out
}

/// A map with a node of each kind.
pub fn map() -> Vec<u8> {
    use NodeKind::*;
    let node = |n: u64, kind, label| NodeEntry {
        id: NodeId::from_raw(CLAUSE + n).unwrap(),
        parent: (n > 0).then(|| NodeId::from_raw(CLAUSE).unwrap()),
        module: "Shop.Größe",
        name: "add",
        arity: 2,
        kind,
        file: "lib/shop/größe.ex",
        label,
        line: 3 + n as u32,
        column: 5,
        end_line: 3 + n as u32 + u32::from(n == 0) * 9,
        end_column: 30,
    };
    let nodes = [
        node(0, Clause, "wn\x1fwsku\x1fs_"),
        node(1, Value, ""),
        node(2, TailCall, "Shop.Cart.add/3"),
        node(3, Branch, ""),
        node(4, Bound, "total"),
        node(5, Handler, wire::map::PASSING),
        node(6, Point, "a\x1fb"),
        node(7, BodyValue, ""),
        node(8, Node, "put"),
        node(9, Branch, "\x1e"),
    ];
    let mut builder = MapBuilder::default();
    nodes.iter().for_each(|node| builder.add(node).unwrap());
    builder.finish().unwrap()
}

fn run(keep: Keep, failure: Option<&str>) -> Vec<u8> {
    let digest = NodeMap::open(map()).unwrap().digest();
    let info = RunInfo {
        format: wire::run::FORMAT,
        id: RUN.iter().map(|byte| format!("{byte:02x}")).collect(),
        started_ns: 1_790_000_000_000_000_000,
        os_pid: 4242,
        otp: "27".into(),
        elixir: "1.18.4".into(),
        app: "größe".into(),
        keep,
        maps: if keep == Keep::Newest { vec![RunMap { file: "nodes-golden.esmap".into(), digest }] } else { vec![] },
        failure: failure.map(str::to_owned),
    };
    serde_json::to_vec_pretty(&info).unwrap()
}

fn plan() -> Vec<u8> {
    let clause = |strength, reason, limits| PlannedClause {
        node: CLAUSE,
        function: "Shop.Größe.add/2".into(),
        file: "lib/shop/größe.ex".into(),
        line: 3,
        strength,
        reason,
        limits,
    };
    let refusal =
        |whole_file| Refusal { file: "lib/a.ex".into(), line: 1, why: "it has no \"probe\"".into(), whole_file };
    let plan = Plan {
        format: wire::plan::FORMAT,
        clauses: vec![
            clause(Strength::Boundaries, Reason::NamedFunction, TermLimits::default()),
            clause(Strength::Branches, Reason::Rule(1), TermLimits { depth: 3, ..TermLimits::default() }),
            clause(Strength::Values, Reason::Rule(2), TermLimits::from([1, 2, 8, 64])),
        ],
        refusals: vec![refusal(true), refusal(false)],
    };
    serde_json::to_vec_pretty(&plan).unwrap()
}
