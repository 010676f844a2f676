//! Compact terms: the payload of events.
//!
//! One tag byte, then the content. A `size` or `kept` is a varint: seven bits a byte, the
//! lowest first, the high bit set on all but the last, ten bytes at most ([`crate::varint`]).
//! What was cut to a limit keeps its original size; where `kept` is less than `size`, the
//! first ones were kept.
//!
//! | tag | term | content |
//! |---|---|---|
//! | 00–3f | integer | none: the tag is its value |
//! | 40 | integer of 64 bits | varint *v*: *v*/2 if even, −(*v*+1)/2 if odd |
//! | 41 | atom | varint: the VM's index, which a record of kind 16 names |
//! | 42 | local process | 8 bytes: the VM's term, read by the segment's [`PidLayout`] |
//! | 43 | `[]` | |
//! | 44 | float | 8 bytes, IEEE 754, little endian |
//! | 45 | binary | size in bytes, kept, the kept bytes |
//! | 46 | bit string | size in bits, its bytes; of the last one the high bits count, the others are anything |
//! | 47 | tuple | size, kept, the kept elements |
//! | 48 | proper list | kept, the elements |
//! | 49 | improper list | kept, the elements, the tail |
//! | 4a | list of which only the beginning was kept | kept, the elements; how many follow is not known |
//! | 4b | map | size, kept, the kept keys and values by turns |
//! | 4c | any other term | length, its external term format (`erl_ext_dist`), which begins with 131 |
//! | 4d | a term left out | one byte, size: 0 too deep or unknown, 1 tuple of that size, 2 non-empty list, 3 map of that size, 4 a secret, of which nothing was written |
//!
//! Big integers, references, ports, functions and processes of other nodes have no compact
//! form. A tag beyond these belongs to a later minor version: how long its content is cannot
//! be known, so it ends what can be read of the payload. Terms nest at most [`MAX_DEPTH`]
//! deep.
//!
//! [`PidLayout`]: crate::segment::PidLayout

use crate::varint;

/// Tag of an integer: zigzag varint.
pub const INT: u8 = 0x40;
/// Tag of an atom: varint index.
pub const ATOM: u8 = 0x41;
/// Tag of a local process: 8 bytes.
pub const PID: u8 = 0x42;
/// Tag of the empty list.
pub const NIL: u8 = 0x43;
/// Tag of a float: 8 bytes.
pub const FLOAT: u8 = 0x44;
/// Tag of a binary: varint length, varint kept, the kept bytes.
pub const BINARY: u8 = 0x45;
/// Tag of a bit string: varint bits, then the bytes.
pub const BITS: u8 = 0x46;
/// Tag of a tuple: varint size, varint kept, the kept elements.
pub const TUPLE: u8 = 0x47;
/// Tag of a proper list: varint kept, the kept elements.
pub const LIST: u8 = 0x48;
/// Tag of an improper list: varint kept, the elements, the tail.
pub const IMPROPER: u8 = 0x49;
/// Tag of a list that goes on after what was kept: varint kept, the elements.
pub const LIST_CUT: u8 = 0x4a;
/// Tag of a map: varint size, varint kept, then keys and values by turns.
pub const MAP: u8 = 0x4b;
/// Tag of an external term: varint length, the bytes with their version byte.
pub const EXTERNAL: u8 = 0x4c;
/// Tag of a term left out: one byte [`OPAQUE_TERM`]…, varint original size.
pub const OPAQUE: u8 = 0x4d;
/// Integers below this are their own tag.
pub const INLINE_INTS: u8 = 0x40;

/// Depth at which the decoder gives up, against forged input.
pub const MAX_DEPTH: usize = 64;

/// Opaque: a term too deep or of unknown type.
pub const OPAQUE_TERM: u8 = 0;
/// Opaque: a tuple of the given size.
pub const OPAQUE_TUPLE: u8 = 1;
/// Opaque: a non-empty list.
pub const OPAQUE_LIST: u8 = 2;
/// Opaque: a map of the given size.
pub const OPAQUE_MAP: u8 = 3;
/// Opaque: a secret, of which nothing was written; the size is zero.
pub const OPAQUE_SECRET: u8 = 4;

/// A decoded term. `size` is the original's where it can exceed what was kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// An integer that fits 64 bits.
    Int(i64),
    /// An atom, by the VM's index.
    Atom(u64),
    /// A local process, as the VM's term.
    Pid(u64),
    /// A float.
    Float(f64),
    /// A binary and its original length in bytes.
    Binary {
        /// The bytes that were kept.
        bytes: Vec<u8>,
        /// The original length.
        size: u64,
    },
    /// A bit string of this many bits.
    Bits {
        /// The bytes, the last one partly used.
        bytes: Vec<u8>,
        /// The number of bits.
        bits: u64,
    },
    /// A tuple.
    Tuple {
        /// The elements that were kept.
        items: Vec<Term>,
        /// The original number.
        size: u64,
    },
    /// A list.
    List {
        /// The elements that were kept.
        items: Vec<Term>,
        /// What follows them.
        tail: Tail,
    },
    /// A map.
    Map {
        /// The associations that were kept, in the VM's order.
        pairs: Vec<(Term, Term)>,
        /// The original number.
        size: u64,
    },
    /// Erlang's external term format, version byte included.
    External(Vec<u8>),
    /// A term left out, of this kind ([`OPAQUE_TERM`]…) and size.
    Opaque {
        /// One of the `OPAQUE_*` constants.
        kind: u8,
        /// The original's size, where the kind has one.
        size: u64,
    },
}

/// The end of a list.
#[derive(Clone, Debug, PartialEq)]
pub enum Tail {
    /// `[]`
    Proper,
    /// Any other term.
    Improper(Box<Term>),
    /// Cut here; how much is missing is unknown.
    Cut,
}

/// Why bytes are not a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TermError {
    /// The bytes end inside a term.
    #[error("the term ends early")]
    Short,
    /// A tag this version does not know.
    #[error("unknown term tag {0:#04x}")]
    Tag(u8),
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("the term is nested deeper than {MAX_DEPTH}")]
    Depth,
}

impl Term {
    /// Reads one term from the front of `bytes` and moves it past.
    ///
    /// # Errors
    /// When the bytes are not a whole term.
    pub fn read(bytes: &mut &[u8]) -> Result<Self, TermError> {
        read_nested(bytes, 0)
    }

    /// Moves `bytes` past a term without keeping it.
    ///
    /// # Errors
    /// As [`Term::read`].
    pub fn skip(bytes: &mut &[u8]) -> Result<(), TermError> {
        skip(bytes, 0)
    }

    /// Appends the term.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Int(n) => match u8::try_from(*n) {
                Ok(small) if small < INLINE_INTS => out.push(small),
                _ => tagged(out, INT, &[varint::zigzag(*n)]),
            },
            Self::Atom(index) => tagged(out, ATOM, &[*index]),
            Self::Pid(term) => with_bytes(out, PID, &[], &term.to_le_bytes()),
            Self::Float(float) => with_bytes(out, FLOAT, &[], &float.to_bits().to_le_bytes()),
            Self::Binary { bytes, size } => with_bytes(out, BINARY, &[*size, bytes.len() as u64], bytes),
            Self::Bits { bytes, bits } => with_bytes(out, BITS, &[*bits], bytes),
            Self::Tuple { items, size } => with_items(out, TUPLE, &[*size, items.len() as u64], items),
            Self::List { items, tail } if items.is_empty() && *tail == Tail::Proper => out.push(NIL),
            Self::List { items, tail } => {
                let tag = match tail {
                    Tail::Proper => LIST,
                    Tail::Improper(_) => IMPROPER,
                    Tail::Cut => LIST_CUT,
                };
                with_items(out, tag, &[items.len() as u64], items);
                if let Tail::Improper(last) = tail {
                    last.write_to(out);
                }
            }
            Self::Map { pairs, size } => {
                tagged(out, MAP, &[*size, pairs.len() as u64]);
                for (key, value) in pairs {
                    key.write_to(out);
                    value.write_to(out);
                }
            }
            Self::External(bytes) => with_bytes(out, EXTERNAL, &[bytes.len() as u64], bytes),
            Self::Opaque { kind, size } => {
                out.extend_from_slice(&[OPAQUE, *kind]);
                varint::write(out, *size);
            }
        }
    }
}

fn tagged(out: &mut Vec<u8>, tag: u8, sizes: &[u64]) {
    out.push(tag);
    for size in sizes {
        varint::write(out, *size);
    }
}

fn with_bytes(out: &mut Vec<u8>, tag: u8, sizes: &[u64], bytes: &[u8]) {
    tagged(out, tag, sizes);
    out.extend_from_slice(bytes);
}

fn with_items(out: &mut Vec<u8>, tag: u8, sizes: &[u64], items: &[Term]) {
    tagged(out, tag, sizes);
    for item in items {
        item.write_to(out);
    }
}

pub(crate) fn read_nested(bytes: &mut &[u8], depth: usize) -> Result<Term, TermError> {
    if depth > MAX_DEPTH {
        return Err(TermError::Depth);
    }
    let tag = take(bytes, 1)?[0];
    Ok(match tag {
        small if small < INLINE_INTS => Term::Int(i64::from(small)),
        INT => Term::Int(varint::unzigzag(size(bytes)?)),
        ATOM => Term::Atom(size(bytes)?),
        PID => Term::Pid(word(bytes)?),
        NIL => Term::List { items: Vec::new(), tail: Tail::Proper },
        FLOAT => Term::Float(f64::from_bits(word(bytes)?)),
        BINARY => {
            let (size, kept) = (size(bytes)?, size(bytes)?);
            Term::Binary { bytes: take(bytes, kept)?.to_vec(), size }
        }
        BITS => {
            let bits = size(bytes)?;
            Term::Bits { bytes: take(bytes, bits.div_ceil(8))?.to_vec(), bits }
        }
        TUPLE => Term::Tuple { size: size(bytes)?, items: items(bytes, depth)? },
        LIST => Term::List { items: items(bytes, depth)?, tail: Tail::Proper },
        LIST_CUT => Term::List { items: items(bytes, depth)?, tail: Tail::Cut },
        IMPROPER => {
            let items = items(bytes, depth)?;
            Term::List { items, tail: Tail::Improper(Box::new(read_nested(bytes, depth + 1)?)) }
        }
        MAP => {
            let (size, kept) = (size(bytes)?, size(bytes)?);
            let mut pairs = Vec::with_capacity(plausible(kept, bytes));
            for _ in 0..kept {
                pairs.push((read_nested(bytes, depth + 1)?, read_nested(bytes, depth + 1)?));
            }
            Term::Map { pairs, size }
        }
        EXTERNAL => {
            let len = size(bytes)?;
            Term::External(take(bytes, len)?.to_vec())
        }
        OPAQUE => Term::Opaque { kind: take(bytes, 1)?[0], size: size(bytes)? },
        other => return Err(TermError::Tag(other)),
    })
}

fn items(bytes: &mut &[u8], depth: usize) -> Result<Vec<Term>, TermError> {
    let kept = size(bytes)?;
    let mut items = Vec::with_capacity(plausible(kept, bytes));
    for _ in 0..kept {
        items.push(read_nested(bytes, depth + 1)?);
    }
    Ok(items)
}

fn skip(bytes: &mut &[u8], depth: usize) -> Result<(), TermError> {
    if depth > MAX_DEPTH {
        return Err(TermError::Depth);
    }
    let tag = take(bytes, 1)?[0];
    match tag {
        // A value, or the original's size, before what was kept.
        INT | ATOM | BINARY | TUPLE | MAP => _ = size(bytes)?,
        OPAQUE => _ = (take(bytes, 1)?, size(bytes)?),
        _ => {}
    }
    let (content, below) = match tag {
        small if small < INLINE_INTS => (0, 0),
        INT | ATOM | NIL | OPAQUE => (0, 0),
        PID | FLOAT => (8, 0),
        BINARY | EXTERNAL => (size(bytes)?, 0),
        BITS => (size(bytes)?.div_ceil(8), 0),
        TUPLE | LIST | LIST_CUT => (0, size(bytes)?),
        IMPROPER => (0, size(bytes)?.saturating_add(1)),
        MAP => (0, size(bytes)?.saturating_mul(2)),
        other => return Err(TermError::Tag(other)),
    };
    take(bytes, content)?;
    (0..below).try_for_each(|_| skip(bytes, depth + 1))
}

// Each element takes at least a byte: a forged count must not allocate.
fn plausible(count: u64, bytes: &[u8]) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX).min(bytes.len())
}

fn size(bytes: &mut &[u8]) -> Result<u64, TermError> {
    varint::read(bytes).ok_or(TermError::Short)
}

fn word(bytes: &mut &[u8]) -> Result<u64, TermError> {
    let mut word = [0; 8];
    word.copy_from_slice(take(bytes, 8)?);
    Ok(u64::from_le_bytes(word))
}

pub(crate) fn take<'a>(bytes: &mut &'a [u8], len: u64) -> Result<&'a [u8], TermError> {
    let len = usize::try_from(len).map_err(|_| TermError::Short)?;
    let (front, rest) = bytes.split_at_checked(len).ok_or(TermError::Short)?;
    *bytes = rest;
    Ok(front)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Vec<Term> {
        let list = |items, tail| Term::List { items, tail };
        vec![
            Term::Int(0),
            Term::Int(63),
            Term::Int(64),
            Term::Int(-1),
            Term::Int(i64::MIN),
            Term::Atom(1234),
            Term::Pid(0xdead_beef_0003),
            Term::Float(-0.5),
            Term::Binary { bytes: b"abc".to_vec(), size: 3000 },
            Term::Bits { bytes: vec![0xf0], bits: 5 },
            Term::Tuple { items: vec![Term::Int(1), Term::Atom(2)], size: 9 },
            list(vec![], Tail::Proper),
            list(vec![Term::Int(1)], Tail::Cut),
            list(vec![Term::Int(1)], Tail::Improper(Box::new(Term::Int(2)))),
            Term::Map { pairs: vec![(Term::Int(1), Term::Int(2))], size: 1 },
            Term::External(vec![131, 97, 1]),
            Term::Opaque { kind: OPAQUE_MAP, size: 40 },
            Term::Opaque { kind: OPAQUE_SECRET, size: 0 },
        ]
    }

    #[test]
    fn terms_round_trip() {
        for term in samples() {
            let mut out = Vec::new();
            term.write_to(&mut out);
            let mut rest = out.as_slice();
            assert_eq!(Term::read(&mut rest), Ok(term));
            assert!(rest.is_empty());
            let mut rest = out.as_slice();
            assert_eq!((Term::skip(&mut rest), rest), (Ok(()), &[][..]));
            for end in 0..out.len() {
                assert_eq!(Term::skip(&mut &out[..end]).err(), Term::read(&mut &out[..end]).err());
                assert!(Term::read(&mut &out[..end]).is_err());
            }
        }
    }

    #[test]
    fn forged_nesting_and_counts_are_refused_without_allocating() {
        let deep = [LIST, 1].repeat(1000);
        assert_eq!(Term::read(&mut deep.as_slice()), Err(TermError::Depth));
        assert_eq!(Term::skip(&mut deep.as_slice()), Err(TermError::Depth));
        let huge = [LIST, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
        assert_eq!(Term::read(&mut huge.as_slice()), Err(TermError::Short));
    }
}
