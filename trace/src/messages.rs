//! Which send a message was received from.
//!
//! The VM tells of both ends of a message, each in its own process, and nothing that
//! names the message. What one process sends another arrives in the order in which it was
//! sent, so the first send that has the same content and was not paired yet is the one.
//! Sends before it never arrived, or one of their events was lost: those stay alone, and
//! nothing after them is paired wrongly. A send to an alias does not say whose it is, nor
//! does one to a name that was taken before its registration was recorded: it is found by
//! its sender and content.

use crate::Recording;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::collections::VecDeque;
use std::hash::BuildHasher as _;
use wire::record::NO_SUCH_PROCESS;
use wire::{FLAG_OMITTED, Kind, Record, Term};

/// The ends of messages that were found to belong together.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    pairs: FxHashMap<u32, u32>,
    counts: Counts,
}

/// How many messages there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Sends.
    pub sent: u64,
    /// Receives.
    pub received: u64,
    /// Receives whose send is there.
    pub paired: u64,
}

#[derive(Default)]
struct Pairing {
    // Sends that wait for their other end, oldest first.
    waiting: FxHashMap<Way, VecDeque<u32>>,
    // The last paired send from one process to another.
    last: FxHashMap<(u64, u64), u32>,
    registered: FxHashMap<u64, u64>,
    messages: Messages,
}

/// From whom, to whom ([`UNKNOWN`]: not known), and the digest of what.
type Way = (u64, u64, u64);

const UNKNOWN: u64 = 0;

impl Messages {
    /// Pairs, in one pass over the events.
    pub fn of(recording: &Recording) -> Self {
        let mut pairing = Pairing::default();
        for (number, event) in recording.events().iter().enumerate() {
            let record = recording.record(*event);
            match record.kind {
                Kind::Send => pairing.send(number as u32, &record),
                Kind::Receive => pairing.receive(number as u32, &record, recording),
                Kind::Register | Kind::Unregister => pairing.register(&record),
                _ => {}
            }
        }
        pairing.messages
    }

    /// The other end of the message whose send or receive this event is.
    pub fn other_end(&self, event: u32) -> Option<u32> {
        self.pairs.get(&event).copied()
    }

    /// How many there are.
    pub fn counts(&self) -> Counts {
        self.counts
    }
}

impl Pairing {
    fn register(&mut self, record: &Record<'_>) {
        let Some(Term::Atom(name)) = first(record).map(|(name, _)| name) else { return };
        if record.kind == Kind::Register {
            self.registered.insert(name, record.pid);
        } else {
            self.registered.remove(&name);
        }
    }

    fn send(&mut self, event: u32, record: &Record<'_>) {
        self.messages.counts.sent += 1;
        let to = match first(record) {
            Some((Term::Pid(to), _)) => to,
            Some((Term::Atom(name), _)) => self.registered.get(&name).copied().unwrap_or(UNKNOWN),
            _ => UNKNOWN,
        };
        if record.node.raw() != NO_SUCH_PROCESS {
            self.waiting.entry((record.pid, to, digest(record))).or_default().push_back(event);
        }
    }

    fn receive(&mut self, event: u32, record: &Record<'_>, recording: &Recording) {
        self.messages.counts.received += 1;
        let Some((Term::Pid(from), _)) = first(record) else { return };
        let mut take = |to| {
            let way = (from, to, digest(record));
            let queue = self.waiting.get_mut(&way)?;
            let arrived = if to == UNKNOWN { None } else { self.last.get(&(from, to)) };
            while arrived.is_some_and(|last| queue.front().is_some_and(|send| send < last)) {
                queue.pop_front();
            }
            let is_it = |send: &u32| content(&recording.record_at(*send)) == content(record);
            let send = if queue.front().is_some_and(is_it) { queue.pop_front() } else { None };
            if queue.is_empty() {
                self.waiting.remove(&way);
            }
            send
        };
        let Some(send) = take(record.pid).or_else(|| take(UNKNOWN)) else { return };
        self.last.insert((from, record.pid), send);
        self.messages.counts.paired += 1;
        self.messages.pairs.insert(send, event);
        self.messages.pairs.insert(event, send);
    }
}

/// The first term of a payload, and what stands behind it.
fn first<'a>(record: &Record<'a>) -> Option<(Term, &'a [u8])> {
    let mut rest = record.payload;
    Term::read(&mut rest).ok().map(|term| (term, rest))
}

// Both ends were written by the same rules, so equal messages are equal bytes.
fn content<'a>(record: &Record<'a>) -> (u8, &'a [u8]) {
    (record.flags & FLAG_OMITTED, first(record).map_or(&[][..], |(_, content)| content))
}

fn digest(record: &Record<'_>) -> u64 {
    FxBuildHasher.hash_one(content(record))
}
