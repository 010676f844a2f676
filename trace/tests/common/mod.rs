//! Writes run folders as the capture path does, through `wire`.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]
#![allow(dead_code, reason = "each test binary uses a part")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use wire::run::{Keep, RunMap};
use wire::segment::{CURSOR_AT, LOST_EVENTS_AT, SEALED_AT, SEGMENT_HEADER, SUMMED_AT, SegmentHeader};
use wire::sums::TABLE_AT;
use wire::{Kind, MapBuilder, NodeEntry, NodeId, NodeKind, Record, RunInfo, Sums, Term};

pub const RUN: [u8; 16] = [0xab; 16];
pub const FIRST_PLACE: u64 = 1 << 20;
pub const PID: u64 = 142 << 4 | 3;

/// A function of one clause: `enter` at its id, `leave` at +1, `tail` at +2 (to
/// a function unknown), the value of its body at +3 if it has an `after`, the
/// tail calls of the run's first functions from +4 on.
#[derive(Clone)]
pub struct Function {
    pub id: u64,
    pub module: &'static str,
    pub name: &'static str,
    pub arity: u8,
    pub label: String,
    pub file: &'static str,
    pub line: u32,
    pub after: bool,
}

/// Another site of a function.
#[derive(Clone)]
pub struct Place {
    pub id: u64,
    pub function: u64,
    pub kind: NodeKind,
    pub label: String,
}

/// A run being written.
pub struct Writer {
    pub dir: PathBuf,
    pub rings: BTreeMap<u32, Vec<u8>>,
    pub names: Vec<u8>,
    pub functions: Vec<Function>,
    pub places: Vec<Place>,
    pub now: u64,
    pub ring: u32,
    pub sealed: bool,
    /// Whether segments have sums; those without are of the version before.
    pub sums: bool,
    pub lost: u64,
    pub os_pid: u64,
    pub keep: Keep,
    /// The context of the events to come; 0: none.
    pub context: u64,
    atoms: BTreeMap<String, u64>,
}

pub fn id(raw: u64) -> NodeId {
    NodeId::from_raw(raw).unwrap()
}

impl Function {
    fn entry<'a>(&'a self, node: u64, kind: NodeKind, label: &'a str, below: u32) -> NodeEntry<'a> {
        let line = self.line + below;
        NodeEntry {
            id: id(node),
            parent: (node != self.id).then(|| id(self.id)),
            module: self.module,
            name: self.name,
            arity: self.arity,
            kind,
            file: self.file,
            label,
            line,
            column: 3,
            end_line: line,
            end_column: 9,
        }
    }
}

impl Writer {
    /// A folder of its own under the target's temporary directory.
    pub fn new(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let unique = format!("{name}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self::at(&Path::new(option_env!("CARGO_TARGET_TMPDIR").unwrap_or("target")).join("runs").join(unique))
    }

    pub fn at(dir: &Path) -> Self {
        let _ = std::fs::remove_dir_all(dir);
        std::fs::create_dir_all(dir).unwrap();
        Self {
            dir: dir.to_owned(),
            rings: BTreeMap::new(),
            names: Vec::new(),
            functions: Vec::new(),
            places: Vec::new(),
            now: 1_000,
            ring: 1,
            sealed: true,
            sums: true,
            lost: 0,
            os_pid: u64::from(u32::MAX) - 1,
            keep: Keep::All,
            context: 0,
            atoms: BTreeMap::new(),
        }
    }

    /// `label` as in the node map, with `,` between its parts.
    pub fn function(
        &mut self,
        module: &'static str,
        name: &'static str,
        label: &str,
        file: &'static str,
        line: u32,
    ) -> u64 {
        let id = (self.functions.len() as u64 + 1) * 16;
        let arity = label.split(',').filter(|part| !part.is_empty()).count() as u8;
        let label = label.replace(',', "\x1f");
        self.functions.push(Function { id, module, name, arity, label, file, line, after: false });
        id
    }

    /// Gives the last function an `after`.
    pub fn with_after(&mut self) {
        self.functions.last_mut().unwrap().after = true;
    }

    /// A site of the function; `label` as in the node map. Ids count from
    /// [`FIRST_PLACE`].
    pub fn place(&mut self, function: u64, kind: NodeKind, label: &str) -> u64 {
        let id = FIRST_PLACE + self.places.len() as u64;
        self.places.push(Place { id, function, kind, label: label.to_owned() });
        id
    }

    pub fn record(&mut self, kind: Kind, node: u64, pid: u64, argc: u8, payload: &[u8]) {
        self.now += 1_000;
        let record =
            Record { kind, flags: 0, argc, context: self.context, node: id(node), ticks: self.now, pid, payload };
        record.write_to(self.rings.entry(self.ring).or_default());
    }

    pub fn event(&mut self, kind: Kind, node: u64, pid: u64, terms: &[Term]) {
        let mut payload = Vec::new();
        terms.iter().for_each(|term| term.write_to(&mut payload));
        self.record(kind, node, pid, terms.len() as u8, &payload);
    }

    pub fn enter(&mut self, function: u64, pid: u64, terms: &[Term]) {
        self.event(Kind::Enter, function, pid, terms);
    }

    pub fn leave(&mut self, function: u64, pid: u64, terms: &[Term]) {
        self.event(Kind::Leave, function + 1, pid, terms);
    }

    pub fn tail(&mut self, function: u64, pid: u64) {
        self.event(Kind::Tail, function + 2, pid, &[]);
    }

    /// A tail call of `callee`, one of the first functions.
    pub fn tail_to(&mut self, function: u64, callee: u64, pid: u64) {
        self.event(Kind::Tail, function + 3 + callee / 16, pid, &[]);
    }

    pub fn body(&mut self, function: u64, pid: u64, term: Term) {
        self.event(Kind::Bind, function + 3, pid, &[term]);
    }

    pub fn exit(&mut self, pid: u64, reason: Term) {
        self.event(Kind::Exit, 0, pid, &[reason]);
    }

    pub fn atom(&mut self, text: &str) -> Term {
        let next = self.atoms.len() as u64 + 100;
        let index = *self.atoms.entry(text.to_owned()).or_insert(next);
        if index == next {
            let record = Record {
                kind: Kind::NameAtom,
                flags: 0,
                argc: 0,
                context: 0,
                node: id(index),
                ticks: 0,
                pid: 0,
                payload: text.as_bytes(),
            };
            record.write_to(&mut self.names);
        }
        Term::Atom(index)
    }

    pub fn name_process(&mut self, pid: u64, name: &str) {
        self.now += 1_000;
        let (kind, payload) = (Kind::NameProcess, name.as_bytes());
        let record = Record { kind, flags: 0, argc: 0, node: id(0), ticks: self.now, pid, context: 0, payload };
        record.write_to(&mut self.names);
    }

    /// Everything that a handler says of an exception.
    pub fn caught(&mut self, place: u64, pid: u64, kind: &str, reason: Term) {
        let terms = [self.atom(kind), reason, list(Vec::new())];
        self.event(Kind::Caught, place, pid, &terms);
    }

    pub fn map(&self) -> Vec<u8> {
        let mut builder = MapBuilder::default();
        for function in &self.functions {
            let mut nodes = vec![
                (0, NodeKind::Clause, function.label.clone()),
                (1, NodeKind::Value, String::new()),
                (2, NodeKind::TailCall, String::new()),
            ];
            nodes.extend(function.after.then(|| (3, NodeKind::BodyValue, String::new())));
            for (n, callee) in self.functions.iter().take(12).enumerate() {
                let name = format!("{}.{}/{}", callee.module, callee.name, callee.arity);
                nodes.push((n as u64 + 4, NodeKind::TailCall, name));
            }
            for (n, kind, label) in &nodes {
                builder.add(&function.entry(function.id + n, *kind, label, *n as u32)).unwrap();
            }
            for place in self.places.iter().filter(|place| place.function == function.id) {
                builder.add(&function.entry(place.id, place.kind, &place.label, 1)).unwrap();
            }
        }
        builder.finish().unwrap()
    }

    /// Writes everything; the folder.
    pub fn finish(&self) -> PathBuf {
        for (ring, data) in &self.rings {
            let file = format!("ring-{ring:03}-000000.seg");
            std::fs::write(self.dir.join(file), self.segment(*ring, 0, data)).unwrap();
        }
        std::fs::write(self.dir.join("names-000-000000.seg"), self.segment(0, 0, &self.names)).unwrap();
        let map = self.map();
        let digest = wire::NodeMap::open(map.as_slice()).unwrap().digest();
        std::fs::write(self.dir.join("nodes-shop.esmap"), map).unwrap();
        let info = RunInfo {
            format: 1,
            id: "ab".repeat(16),
            started_ns: 1_790_000_000_000_000_000,
            os_pid: self.os_pid,
            otp: "25".into(),
            elixir: "1.14.0".into(),
            app: "shop".into(),
            keep: self.keep,
            maps: vec![RunMap { file: "nodes-shop.esmap".into(), digest }],
            failure: None,
        };
        std::fs::write(self.dir.join("run.json"), serde_json::to_vec_pretty(&info).unwrap()).unwrap();
        self.dir.clone()
    }

    pub fn segment(&self, ring: u32, ordinal: u64, data: &[u8]) -> Vec<u8> {
        let header = SegmentHeader {
            minor: u16::from(self.sums),
            run: RUN,
            ring,
            ordinal,
            capacity: data.len().next_multiple_of(4096).max(4096) as u64,
            ticks: 1_000,
            monotonic_ns: 1_000,
            system_ns: 1_790_000_000_000_000_000,
            ticks_per_second: 1_000_000_000,
            pid_layout: wire::segment::PidLayout::Narrow,
            ..Default::default()
        };
        let mut bytes = vec![0; SEGMENT_HEADER];
        bytes[..104].copy_from_slice(&header.encode());
        bytes[CURSOR_AT..CURSOR_AT + 8].copy_from_slice(&(data.len() as u64).to_le_bytes());
        bytes[LOST_EVENTS_AT..LOST_EVENTS_AT + 8].copy_from_slice(&self.lost.to_le_bytes());
        bytes[SEALED_AT] = u8::from(self.sealed);
        if let Some((head, table)) =
            Sums::of(data, header.capacity as usize).filter(|_| self.sums).map(|sums| sums.encode())
        {
            bytes[SUMMED_AT..SUMMED_AT + 16].copy_from_slice(&head);
            bytes[TABLE_AT..TABLE_AT + table.len()].copy_from_slice(&table);
        }
        bytes.extend_from_slice(data);
        bytes.resize(SEGMENT_HEADER + header.capacity as usize, 0);
        bytes
    }
}

pub fn text(text: &str) -> Term {
    Term::Binary { bytes: text.as_bytes().to_vec(), size: text.len() as u64 }
}

pub fn tuple(items: Vec<Term>) -> Term {
    Term::Tuple { size: items.len() as u64, items }
}

pub fn list(items: Vec<Term>) -> Term {
    Term::List { items, tail: wire::term::Tail::Proper }
}

pub fn map(pairs: Vec<(Term, Term)>) -> Term {
    Term::Map { size: pairs.len() as u64, pairs }
}
