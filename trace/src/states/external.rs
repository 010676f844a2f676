//! A state as Erlang's external term format has it, so that a program can work with it.
//!
//! What was left out is a tuple: `{:elixir_scope, :redacted}`, or `{:elixir_scope,
//! {:omitted, what, size}}`. Processes are written as of the node without a name, which
//! every node takes for its own as long as it has none.

use crate::AtomNames;
use wire::Term;
use wire::term::{OPAQUE_LIST, OPAQUE_MAP, OPAQUE_SECRET, OPAQUE_TUPLE, Tail};

/// The external format of `term`, with its version byte.
pub fn external(term: &Term, names: &impl AtomNames, pid: impl Fn(u64) -> Option<(u64, u64)>) -> Vec<u8> {
    let mut out = Writer { out: vec![131], names, pid };
    out.term(term);
    out.out
}

/// How a list of `count` terms begins, with its version byte. The terms follow, without
/// theirs, and the byte 106.
pub fn list_head(count: usize) -> Vec<u8> {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    if count == 0 { vec![131] } else { [&[131, 108][..], &count.to_be_bytes()].concat() }
}

struct Writer<'a, N, P> {
    out: Vec<u8>,
    names: &'a N,
    pid: P,
}

impl<N: AtomNames, P: Fn(u64) -> Option<(u64, u64)>> Writer<'_, N, P> {
    fn tagged(&mut self, tag: u8, size: usize) {
        self.out.push(tag);
        self.out.extend_from_slice(&u32::try_from(size).unwrap_or(u32::MAX).to_be_bytes());
    }

    fn atom(&mut self, text: &str) {
        self.out.push(118); // ATOM_UTF8_EXT
        self.out.extend_from_slice(&u16::try_from(text.len()).unwrap_or(0).to_be_bytes());
        self.out.extend_from_slice(text.as_bytes());
    }

    fn int(&mut self, value: i64) {
        if let Ok(small) = i32::try_from(value) {
            self.out.push(98); // INTEGER_EXT
            return self.out.extend_from_slice(&small.to_be_bytes());
        }
        self.out.extend_from_slice(&[110, 8, u8::from(value < 0)]); // SMALL_BIG_EXT
        self.out.extend_from_slice(&value.unsigned_abs().to_le_bytes());
    }

    fn binary(&mut self, bytes: &[u8]) {
        self.tagged(109, bytes.len());
        self.out.extend_from_slice(bytes);
    }

    fn tuple(&mut self, items: &[Term]) {
        self.tagged(105, items.len());
        items.iter().for_each(|item| self.term(item));
    }

    fn list(&mut self, items: &[Term], tail: &Tail) {
        if !items.is_empty() {
            self.tagged(108, items.len());
            items.iter().for_each(|item| self.term(item));
        }
        match tail {
            Tail::Improper(end) => self.term(end),
            Tail::Proper => self.out.push(106),
            Tail::Cut => self.omitted("list", 0),
        }
    }

    fn map(&mut self, pairs: &[(Term, Term)]) {
        self.tagged(116, pairs.len());
        for (key, value) in pairs {
            self.term(key);
            self.term(value);
        }
    }

    fn process(&mut self, term: u64) {
        let Some((number, serial)) = (self.pid)(term) else { return self.omitted("pid", 0) };
        self.out.push(88); // NEW_PID_EXT
        self.atom("nonode@nohost");
        for part in [number, serial, 0] {
            self.out.extend_from_slice(&(part as u32).to_be_bytes());
        }
    }

    fn omitted(&mut self, what: &str, size: u64) {
        self.out.extend_from_slice(&[104, 2]);
        self.atom("elixir_scope");
        self.out.extend_from_slice(&[104, 3]);
        self.atom("omitted");
        self.atom(what);
        self.int(i64::try_from(size).unwrap_or(i64::MAX));
    }

    fn term(&mut self, term: &Term) {
        match term {
            Term::Int(value) => self.int(*value),
            Term::Atom(index) => match self.names.atom(*index) {
                Some(text) => self.atom(text),
                None => self.omitted("atom", *index),
            },
            Term::Pid(term) => self.process(*term),
            Term::Float(value) => {
                self.out.push(70);
                self.out.extend_from_slice(&value.to_bits().to_be_bytes());
            }
            Term::Binary { bytes, size } if *size == bytes.len() as u64 => self.binary(bytes),
            Term::Binary { size, .. } => self.omitted("binary", *size),
            Term::Bits { bytes, bits } => {
                self.tagged(77, bytes.len());
                self.out.push(if bits % 8 == 0 { 8 } else { (bits % 8) as u8 });
                self.out.extend_from_slice(bytes);
            }
            Term::Tuple { items, size } if *size == items.len() as u64 => self.tuple(items),
            Term::Tuple { size, .. } => self.omitted("tuple", *size),
            Term::List { items, tail } => self.list(items, tail),
            Term::Map { pairs, size } if *size == pairs.len() as u64 => self.map(pairs),
            Term::Map { size, .. } => self.omitted("map", *size),
            Term::External(bytes) => self.out.extend_from_slice(bytes.strip_prefix(&[131]).unwrap_or(bytes)),
            Term::Opaque { kind: OPAQUE_SECRET, .. } => {
                self.out.extend_from_slice(&[104, 2]);
                self.atom("elixir_scope");
                self.atom("redacted");
            }
            Term::Opaque { kind, size } => self.omitted(what(*kind), *size),
        }
    }
}

fn what(kind: u8) -> &'static str {
    match kind {
        OPAQUE_TUPLE => "tuple",
        OPAQUE_LIST => "list",
        OPAQUE_MAP => "map",
        _ => "term",
    }
}
