//! Terms with their names resolved, and their text as Elixir prints it.

mod atom;
mod etf;
mod float;
mod inspect;
mod structs;

use std::borrow::Cow;
use wire::term::Tail;
use wire::{Term, TermError};

pub use atom::atom_text;
pub use inspect::inspect;

/// Where the texts of atoms and processes come from.
pub trait AtomNames {
    /// An atom's text, by the VM's index.
    fn atom(&self, index: u64) -> Option<&str>;
    /// A process as Elixir prints it, by the VM's term.
    fn pid(&self, term: u64) -> String;
}

/// A term that can be shown without any table beside it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// An atom's text.
    Atom(String),
    /// Shown as it stands: processes, references, functions, big integers.
    Verbatim(String),
    /// Bits; `bits` counts those in the last byte (8: a binary), `size` is the
    /// original's length in bytes.
    Bits {
        /// The bytes that were kept.
        bytes: Vec<u8>,
        /// Bits of the last byte that count, 1 to 8.
        bits: u8,
        /// The original length in bytes.
        size: u64,
    },
    /// A tuple and its original size.
    Tuple(Vec<Value>, u64),
    /// A list and its end.
    List(Vec<Value>, End),
    /// A map and its original size.
    Map(Vec<(Value, Value)>, u64),
    /// A term that was left out: what it was, in words.
    Absent(Cow<'static, str>),
}

/// The end of a list.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// `[]`
    Proper,
    /// Any other term.
    Improper(Box<Value>),
    /// More elements than were kept.
    Cut,
}

impl Value {
    /// Reads the next term of a payload.
    ///
    /// # Errors
    /// When the bytes are not a whole term.
    pub fn read(bytes: &mut &[u8], names: &impl AtomNames) -> Result<Self, TermError> {
        Term::read(bytes).map(|term| Self::from_term(term, names))
    }

    /// Every term of a payload; damage becomes the last value.
    pub fn read_all(mut bytes: &[u8], names: &impl AtomNames) -> Vec<Self> {
        let mut values = Vec::new();
        while !bytes.is_empty() {
            match Self::read(&mut bytes, names) {
                Ok(value) => values.push(value),
                Err(error) => {
                    values.push(Self::Absent(format!("unreadable: {error}").into()));
                    break;
                }
            }
        }
        values
    }

    /// The module of a struct.
    pub fn module(&self) -> Option<&str> {
        match self {
            Self::Map(pairs, _) => structs::module(pairs),
            _ => None,
        }
    }

    /// A binary that was kept whole.
    pub fn text(text: &str) -> Self {
        Self::Bits { bytes: text.as_bytes().to_vec(), bits: 8, size: text.len() as u64 }
    }

    /// Resolves a decoded term. Terms nest at most [`wire::term::MAX_DEPTH`] deep.
    pub fn from_term(term: Term, names: &impl AtomNames) -> Self {
        let each = |items: Vec<Term>| items.into_iter().map(|item| Self::from_term(item, names)).collect();
        match term {
            Term::Int(n) => Self::Int(n),
            Term::Atom(index) => match names.atom(index) {
                Some(text) if Some(text) == wire::redact::ATOM.strip_prefix(':') => Self::redacted(),
                Some(text) => Self::Atom(text.to_owned()),
                None => Self::Absent(format!("atom {index}, unnamed").into()),
            },
            Term::Pid(term) => Self::Verbatim(names.pid(term)),
            Term::Float(float) => Self::Float(float),
            Term::Binary { bytes, size } => Self::Bits { bytes, bits: 8, size },
            Term::Bits { bytes, bits } => {
                let size = bytes.len() as u64;
                Self::Bits { bytes, bits: if bits % 8 == 0 { 8 } else { (bits % 8) as u8 }, size }
            }
            Term::Tuple { items, size } => Self::Tuple(each(items), size),
            Term::List { items, tail } => Self::List(
                each(items),
                match tail {
                    Tail::Proper => End::Proper,
                    Tail::Cut => End::Cut,
                    Tail::Improper(last) => End::Improper(Box::new(Self::from_term(*last, names))),
                },
            ),
            Term::Map { pairs, size } => {
                let resolve = |(key, value)| (Self::from_term(key, names), Self::from_term(value, names));
                Self::Map(pairs.into_iter().map(resolve).collect(), size)
            }
            Term::External(bytes) => etf::decode(&bytes).unwrap_or(Self::Absent("external term".into())),
            Term::Opaque { kind, size } => Self::opaque(kind, size),
        }
    }

    fn redacted() -> Self {
        Self::Verbatim("[redacted]".into())
    }

    fn opaque(kind: u8, size: u64) -> Self {
        if kind == wire::term::OPAQUE_SECRET {
            return Self::redacted();
        }
        Self::Absent(match kind {
            wire::term::OPAQUE_TUPLE => format!("tuple of {size}").into(),
            wire::term::OPAQUE_LIST => "list".into(),
            wire::term::OPAQUE_MAP => format!("map of {size}").into(),
            _ => "term".into(),
        })
    }
}
