//! The segments of a ring, one after the other.
//!
//! Owns: which one is written into, and how it is exchanged for one that stands ready. It
//! must never know what a record says, but for names.

use crate::clock;
use crate::encode::Atoms;
use crate::segment::{Place, Segment};
use crate::session::{Session, Store};
use wire::Kind;

/// A ring's segments of one kind.
pub struct Chain {
    session: &'static Session,
    ring: u32,
    store: Store,
    segment: Option<Box<Segment>>,
    ordinal: u64,
}

impl Chain {
    /// None yet.
    pub fn new(session: &'static Session, ring: u32, store: Store) -> Self {
        Self { session, ring, store, segment: None, ordinal: 0 }
    }

    /// The segment that is written into.
    #[inline(always)]
    pub fn segment(&mut self) -> Option<&mut Segment> {
        self.segment.as_deref_mut()
    }

    /// Where the next record goes there; none without room.
    #[inline(always)]
    pub fn place(&mut self, payload: usize) -> Option<Place<'_>> {
        self.segment()?.place(payload)
    }

    /// Whether a record with a payload of `payload` bytes fits there.
    #[inline(always)]
    pub fn has_room(&self, payload: usize) -> bool {
        self.segment.as_ref().is_some_and(|segment| segment.has_room(payload))
    }

    /// Goes on in the next segment, whose header has `counters`; false when none has room.
    #[cold]
    pub fn turn(&mut self, payload: usize, counters: [u64; 4]) -> bool {
        let Some(mut next) = self.session.claim(self.store).filter(|segment| segment.has_room(payload)) else {
            return false;
        };
        next.open(&self.session.header(self.ring, self.ordinal, next.capacity()), counters);
        self.ordinal += 1;
        if let Some(mut full) = self.segment.replace(next) {
            full.seal();
            self.session.retire(*full, self.store);
        }
        true
    }
}

/// A ring's names of atoms and processes.
pub struct Names(Chain);

impl Names {
    /// None yet.
    pub fn new(session: &'static Session, ring: u32) -> Self {
        Self(Chain::new(session, ring, Store::Names))
    }

    /// Names the atoms that were met for the first time.
    #[cold]
    pub fn of_atoms(&mut self, atoms: &mut Atoms) {
        while let Some((index, text)) = atoms.unnamed.pop() {
            // Without room now, the next event tries again: an atom is met for the first
            // time but once.
            if !self.name(Kind::NameAtom, index, 0, &text) {
                return atoms.unnamed.push((index, text));
            }
        }
    }

    /// Whether there was room.
    #[cold]
    pub fn name(&mut self, kind: Kind, key: u64, pid: u64, text: &[u8]) -> bool {
        let (Self(chain), text) = (self, &text[..text.len().min(1024)]);
        if !chain.has_room(text.len()) && !chain.turn(text.len(), [0; 4]) {
            return false;
        }
        let ticks = clock::ticks(chain.session.clock.kind);
        chain.segment().is_some_and(|segment| segment.record(kind, 0, [key, ticks, pid], text))
    }
}
