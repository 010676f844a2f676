//! A term of each tag, and at the edges of its content.

use wire::Term;
use wire::term::{OPAQUE_LIST, OPAQUE_MAP, OPAQUE_SECRET, OPAQUE_TERM, OPAQUE_TUPLE, Tail};

pub fn text(text: &str) -> Term {
    Term::Binary { bytes: text.as_bytes().to_vec(), size: text.len() as u64 }
}

pub fn tuple(items: Vec<Term>) -> Term {
    Term::Tuple { size: items.len() as u64, items }
}

pub fn proper(items: Vec<Term>) -> Term {
    list(items, Tail::Proper)
}

fn list(items: Vec<Term>, tail: Tail) -> Term {
    Term::List { items, tail }
}

/// What a record of each of these shows.
pub fn all() -> Vec<Term> {
    let ints = [0, 63, 64, -1, 127, 8191, -8192, i64::MAX, i64::MIN].map(Term::Int);
    let opaque = [(OPAQUE_TERM, 0), (OPAQUE_TUPLE, 300), (OPAQUE_LIST, 0), (OPAQUE_MAP, 40), (OPAQUE_SECRET, 0)];
    let mut terms = ints.to_vec();
    terms.extend([
        Term::Atom(super::written::OK),
        Term::Pid(super::written::PID),
        proper(vec![]),
        Term::Float(1.5),
        Term::Float(-0.0),
        text("größe"),
        text(""),
        Term::Binary { bytes: b"kept".to_vec(), size: 3000 },
        Term::Bits { bytes: vec![0b1010_0000], bits: 3 },
        Term::Bits { bytes: vec![255, 128], bits: 9 },
        tuple(vec![]),
        tuple(vec![Term::Atom(super::written::OK), tuple(vec![Term::Int(1)])]),
        Term::Tuple { items: vec![Term::Int(1)], size: 200 },
        proper(vec![Term::Int(1), Term::Int(2)]),
        list(vec![Term::Int(1)], Tail::Improper(Box::new(Term::Int(2)))),
        list(vec![Term::Int(1)], Tail::Cut),
        Term::Map { pairs: vec![], size: 0 },
        Term::Map { pairs: vec![(Term::Atom(super::written::OK), text("v"))], size: 1 },
        Term::Map { pairs: vec![(Term::Int(1), Term::Int(2))], size: 90 },
        // 2⁶⁴, as OTP writes it.
        Term::External(vec![131, 110, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
    ]);
    terms.extend(opaque.map(|(kind, size)| Term::Opaque { kind, size }));
    terms
}
