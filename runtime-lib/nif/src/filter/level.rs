//! How much of an event is written.

use wire::Kind;

/// How much is written. Each level is a step cheaper than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// Every event, with its values.
    Values = 0,
    /// Calls, branches and that a state changed, without values; what handlers caught, and
    /// marks, with theirs.
    Branches = 1,
    /// Calls, that a handler caught and that a state changed, without values; marks with
    /// theirs.
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

    /// The level of the two lowest bits.
    pub const fn from_bits(bits: u64) -> Self {
        Self::ALL[(bits & 3) as usize]
    }

    /// Of an event of this kind, how many of `terms` are written; `None`: not the event.
    pub const fn kept(self, kind: Kind, terms: usize) -> Option<usize> {
        use Kind::{
            Bind, Branch, Call, Caught, Exit, GcEnd, GcStart, In, Locals, Mark, Out, Raised, Receive, Returned, Send,
        };
        match (self, kind) {
            (Self::Values, _) | (_, Exit) => Some(terms),
            (Self::Off, _) => None,
            (_, Mark) | (Self::Branches, Caught) => Some(terms),
            (_, Bind | Locals) | (Self::Boundaries, Branch | GcStart | GcEnd | In | Out) => None,
            // Who sent it stays, and what was called.
            (_, Send | Receive | Call | Returned | Raised) => Some(1),
            (_, kind) => Some(if kind.is_told() { terms } else { 0 }),
        }
    }
}
