//! What of a recording is written at the moment, decided before anything is encoded.
//!
//! A session has one [`Control`] word, which is zero while everything is written at full
//! detail: all that probes ask then. Else they come here. It must never know who changes
//! the word, or why.

use crate::encode::{Env, RawTerm};
use crate::ring::{self, Detail};
use crate::session::Session;
use std::sync::atomic::{AtomicU64, Ordering};
use wire::{FLAG_WITHHELD, Kind};

/// How much is written. Each level is a step cheaper than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// Every event, with its values.
    Values = 0,
    /// Calls and branches without values; what handlers caught, and marks, with theirs.
    Branches = 1,
    /// Calls, and that a handler caught, without values; marks with theirs.
    Boundaries = 2,
    /// Nothing but the ends of processes.
    Off = 3,
}

impl Level {
    /// Every level, the fullest first.
    pub const ALL: [Self; 4] = [Self::Values, Self::Branches, Self::Boundaries, Self::Off];

    /// The level that the user calls so.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }

    /// Lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Values => "values",
            Self::Branches => "branches",
            Self::Boundaries => "boundaries",
            Self::Off => "off",
        }
    }

    const fn from_bits(bits: u64) -> Self {
        Self::ALL[(bits & LEVEL) as usize]
    }

    /// Of an event of this kind, how many of `terms` are written; `None`: not the event.
    const fn kept(self, kind: Kind, terms: usize) -> Option<usize> {
        use Kind::{Bind, Branch, Caught, Exit, GcEnd, GcStart, In, Locals, Mark, Out, Receive, Send};
        match (self, kind) {
            (Self::Values, _) | (_, Exit) => Some(terms),
            (Self::Off, _) => None,
            (_, Mark) | (Self::Branches, Caught) => Some(terms),
            (_, Bind | Locals) | (Self::Boundaries, Branch | GcStart | GcEnd | In | Out) => None,
            // Who sent it stays.
            (_, Send | Receive) => Some(1),
            (_, kind) => Some(if kind.is_told() { terms } else { 0 }),
        }
    }
}

/// Bits of the control word that are the level.
const LEVEL: u64 = 3;

/// The control word of a session.
#[derive(Default)]
pub struct Control(AtomicU64);

impl Control {
    /// Whether everything is written at full detail.
    #[inline(always)]
    pub fn is_open(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    /// The level of the whole recording.
    pub fn level(&self) -> Level {
        Level::from_bits(self.0.load(Ordering::Relaxed))
    }

    /// Changes the level; gives the one before.
    pub fn set_level(&self, level: Level) -> Level {
        let set = |word| Some(word & !LEVEL | level as u64);
        let before = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, set);
        Level::from_bits(before.unwrap_or_default())
    }
}

/// Writes an event of the calling process, or what is wanted of it.
///
/// # Safety
/// As [`ring::emit`].
#[inline(never)]
pub unsafe fn emit(env: Env, session: &'static Session, kind: Kind, node: u64, terms: &[RawTerm]) {
    let level = session.control.level();
    let Some(kept) = level.kept(kind, terms.len()) else { return };
    // SAFETY: by the caller's promise.
    unsafe { ring::emit(env, session, kind, node, terms, detail(session, level, kept)) };
}

/// How an event that the VM tells of is written; `None`: not at all.
pub fn told(session: &'static Session, kind: Kind, terms: usize) -> Option<Detail> {
    let level = session.control.level();
    level.kept(kind, terms).map(|kept| detail(session, level, kept))
}

fn detail(session: &'static Session, level: Level, kept: usize) -> Detail {
    let flags = if level == Level::Values { 0 } else { FLAG_WITHHELD };
    Detail { limits: &session.limits, kept, flags }
}
