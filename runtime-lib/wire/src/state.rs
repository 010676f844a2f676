//! Versions of a process's state: whole terms, and differences from the version before.
//!
//! A version is one body, cut into the payloads of records in a row, all of one process,
//! one kind and one version number (word 1), with equal ticks. A version is known when
//! all its bytes are there. Each payload:
//!
//! | content | |
//! |---|---|
//! | varint | bytes of the whole body |
//! | varint | where in it this part begins |
//! | bytes | the part |
//!
//! The body of a [`Kind::State`](crate::Kind::State) is one [term](crate::term). Number 0
//! stands alone: somebody asked for it. Any other begins a row of versions, which
//! [`Kind::StateDelta`](crate::Kind::StateDelta) goes on with: number *n* is told as a
//! difference from *n* − 1 of the same process. Where that is not known, neither are the
//! versions up to the next whole one. A version that exceeds its limit has no body: one
//! record, [`FLAG_OMITTED`](crate::FLAG_OMITTED), whose payload is empty. So has one whose
//! content the level of detail left out ([`FLAG_WITHHELD`](crate::FLAG_WITHHELD) beside
//! it), whatever its number; the next one of its row is whole. At level `off` nothing is
//! written of a state that changed, and a number of the row is passed over.
//!
//! # A difference
//!
//! One of these, or a term, which is then the new one. Terms in it hold no differences.
//!
//! | tag | content | the new term |
//! |---|---|---|
//! | 0x60 | | is the old one |
//! | 0x61 tuple | changes | the old tuple with these elements changed |
//! | 0x62 map | varint count, for each a key and a difference; varint count, removed keys | the old map without the latter, then with the former; a new key has a term |
//! | 0x63 list | varint *front*, changes, varint *after*, varint *kept*; if *kept* is not 0, varint count, that many terms, and a term | the first *front* elements, which are the old ones with the changes (one without an old one always changed); then of the old list's elements after the first *after* all that follow, or, if *kept* is not 0, *kept* − 1 of them, the terms, and the last term as the end (`[]`, or what ends an improper list) |
//! | 0x64 binary | varint *a*, varint *b*, varint length, bytes | the old one's first *a* bytes, these, the old one's last *b* bytes |
//!
//! Changes are a varint count, then for each a varint, the number of unchanged elements
//! before it, and a difference.

use crate::term::{MAX_DEPTH, Term, TermError, read_nested, take};
use crate::varint;

/// The old term.
pub const SAME: u8 = 0x60;
/// A tuple of the same size.
pub const TUPLE: u8 = 0x61;
/// A map.
pub const MAP: u8 = 0x62;
/// A list.
pub const LIST: u8 = 0x63;
/// A binary.
pub const BINARY: u8 = 0x64;

/// One record's share of a version's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// Bytes of the whole body.
    pub total: u64,
    /// Where this part begins.
    pub offset: u64,
    /// The part.
    pub bytes: &'a [u8],
}

impl<'a> Part<'a> {
    /// Reads a payload; `None` when it is damaged.
    pub fn read(mut payload: &'a [u8]) -> Option<Self> {
        let (total, offset) = (varint::read(&mut payload)?, varint::read(&mut payload)?);
        let end = offset.checked_add(payload.len() as u64)?;
        (end <= total).then_some(Self { total, offset, bytes: payload })
    }
}

/// Elements that changed, each with its place.
pub type Changes = Vec<(u64, Delta)>;

/// How a term differs from an older one.
#[derive(Clone, Debug, PartialEq)]
pub enum Delta {
    /// Not at all.
    Same,
    /// It is another one.
    New(Term),
    /// A tuple with other elements at these places.
    Tuple(Changes),
    /// A map.
    Map {
        /// Keys whose values changed or are new.
        changed: Vec<(Term, Delta)>,
        /// Keys that are gone; they go first.
        removed: Vec<Term>,
    },
    /// A list.
    List {
        /// How many elements come first.
        front: u64,
        /// Which of them are not the old one of the same place.
        changed: Changes,
        /// How many of the old list's elements are passed over for what follows.
        after: u64,
        /// What follows them: the rest of the old list, unless it is cut.
        cut: Option<Cut>,
    },
    /// A binary that shares a beginning and an end with the old one.
    Binary {
        /// Bytes of the beginning.
        prefix: u64,
        /// Bytes of the end.
        suffix: u64,
        /// What stands between them.
        middle: Vec<u8>,
    },
}

/// The new end of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// How many more of the old list's elements stay.
    pub kept: u64,
    /// The elements behind them.
    pub back: Vec<Term>,
    /// `[]`, or what ends an improper list.
    pub end: Term,
}

impl Delta {
    /// Reads a body.
    ///
    /// # Errors
    /// When the bytes are not exactly one difference.
    pub fn read(mut bytes: &[u8]) -> Result<Self, TermError> {
        let delta = read(&mut bytes, 0)?;
        if bytes.is_empty() { Ok(delta) } else { Err(TermError::Tag(bytes[0])) }
    }
}

fn read(bytes: &mut &[u8], depth: usize) -> Result<Delta, TermError> {
    if depth > MAX_DEPTH {
        return Err(TermError::Depth);
    }
    let Some((&tag @ SAME..=BINARY, rest)) = bytes.split_first() else {
        return Ok(Delta::New(read_nested(bytes, depth)?));
    };
    *bytes = rest;
    Ok(match tag {
        TUPLE => Delta::Tuple(changes(bytes, depth)?),
        MAP => {
            let changed = each(bytes, |bytes| Ok((read_nested(bytes, depth + 1)?, read(bytes, depth + 1)?)))?;
            let removed = each(bytes, |bytes| read_nested(bytes, depth + 1))?;
            Delta::Map { changed, removed }
        }
        LIST => {
            let (front, changed, after) = (size(bytes)?, changes(bytes, depth)?, size(bytes)?);
            Delta::List { front, changed, after, cut: cut(bytes, depth)? }
        }
        BINARY => {
            let (prefix, suffix, len) = (size(bytes)?, size(bytes)?, size(bytes)?);
            Delta::Binary { prefix, suffix, middle: take(bytes, len)?.to_vec() }
        }
        _ => Delta::Same,
    })
}

fn changes(bytes: &mut &[u8], depth: usize) -> Result<Changes, TermError> {
    let mut next = 0u64;
    each(bytes, |bytes| {
        let place = next.checked_add(size(bytes)?).ok_or(TermError::Short)?;
        next = place.checked_add(1).ok_or(TermError::Short)?;
        Ok((place, read(bytes, depth + 1)?))
    })
}

fn cut(bytes: &mut &[u8], depth: usize) -> Result<Option<Cut>, TermError> {
    let Some(kept) = size(bytes)?.checked_sub(1) else { return Ok(None) };
    let back = each(bytes, |bytes| read_nested(bytes, depth + 1))?;
    Ok(Some(Cut { kept, back, end: read_nested(bytes, depth + 1)? }))
}

// Collected one by one: a forged count fails before it allocates.
fn each<T>(bytes: &mut &[u8], mut read: impl FnMut(&mut &[u8]) -> Result<T, TermError>) -> Result<Vec<T>, TermError> {
    (0..size(bytes)?).map(|_| read(bytes)).collect()
}

fn size(bytes: &mut &[u8]) -> Result<u64, TermError> {
    varint::read(bytes).ok_or(TermError::Short)
}

#[cfg(test)]
mod tests {
    use super::*;

    // A map in which the fourth element of the tuple at key 2 is a list that lost its
    // first two elements and got a 9, the text at key 3 grew, and key 1 is gone.
    const BYTES: &[u8] = &[MAP, 2, 2, TUPLE, 1, 3, LIST, 1, 1, 0, 9, 2, 0, 3, BINARY, 2, 1, 1, b'x', 1, 1];

    #[test]
    fn each_form_is_read_as_documented() {
        let list = Delta::List { front: 1, changed: vec![(0, Delta::New(Term::Int(9)))], after: 2, cut: None };
        let text = Delta::Binary { prefix: 2, suffix: 1, middle: b"x".to_vec() };
        let changed = vec![(Term::Int(2), Delta::Tuple(vec![(3, list)])), (Term::Int(3), text)];
        assert_eq!(Delta::read(BYTES), Ok(Delta::Map { changed, removed: vec![Term::Int(1)] }));
        let cut = Some(Cut { kept: 1, back: vec![Term::Int(8)], end: Term::Int(5) });
        assert_eq!(
            Delta::read(&[LIST, 0, 0, 3, 2, 1, 8, 5]),
            Ok(Delta::List { front: 0, changed: vec![], after: 3, cut })
        );
        assert_eq!(Delta::read(&[SAME]), Ok(Delta::Same));
        assert_eq!(Delta::read(&[7]), Ok(Delta::New(Term::Int(7))));
    }

    #[test]
    fn cut_long_or_forged_bytes_are_errors() {
        for end in 0..BYTES.len() {
            assert!(Delta::read(&BYTES[..end]).is_err(), "cut at {end}");
        }
        assert!(Delta::read(&[BYTES, &[0]].concat()).is_err());
        assert_eq!(Delta::read(&[TUPLE, 1, 0].repeat(1000)), Err(TermError::Depth));
        assert!(Delta::read(&[TUPLE, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]).is_err());
        assert_eq!(Delta::read(&[MAP, 1, SAME, 0]), Err(TermError::Tag(SAME)));
    }

    #[test]
    fn parts_say_where_they_belong() {
        assert_eq!(Part::read(&[5, 3, 8, 9]), Some(Part { total: 5, offset: 3, bytes: &[8, 9] }));
        assert_eq!(Part::read(&[5, 4, 8, 9]), None);
        assert_eq!(Part::read(&[5]), None);
    }
}
