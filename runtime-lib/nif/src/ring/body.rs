//! What is longer than an event may be: a body, cut into records.
//!
//! It is encoded beside the segment, since its length is not known before.

use super::{Ring, bump, with_ring};
use crate::encode::{self, Encoder, Env, RawTerm, SLACK};
use crate::session::Session;
use std::sync::atomic::Ordering;
use std::time::Duration;
use wire::segment::TRUNCATED_AT;
use wire::{FLAG_OMITTED, FLAG_TRUNCATED, FLAG_WITHHELD, Kind};

/// Bytes of a body in one record: a segment of any size has room for some of them.
const PART: usize = 16 * 1024;
/// Two varints, of which each counts fewer bytes than a body may have.
const MOST_SIZES: usize = 10;

/// A body to be written.
pub struct Body {
    /// What it is.
    pub kind: Kind,
    /// Word 1 of its records.
    pub number: u64,
    /// The local process it is of.
    pub about: RawTerm,
    /// Its time, in ticks, as that of an event: see [`super::Detail::at`].
    pub at: u64,
    /// Bytes it may have; at most 2^31.
    pub room: usize,
    /// Parts that may be compared for it.
    pub fuel: u64,
    /// Whether the calling thread is one that may be kept: then a segment is waited for,
    /// and a state that does not fit is noted, without its content.
    pub may_wait: bool,
}

/// How long a segment is waited for, in turns of the thread that makes them.
const TURNS: u32 = 10;
const TURN: Duration = Duration::from_millis(1);

/// What became of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There was nothing to write.
    Nothing,
    /// So many bytes were written.
    Written(u64),
    /// It did not fit, or took too long.
    TooLarge,
    /// The recording had no room.
    Lost,
}

/// Writes what `fill` encodes, unless it gives false.
///
/// # Safety
/// `env` is that of the running call, to which the terms belong that `fill` encodes.
pub unsafe fn emit_body(
    env: Env,
    session: &'static Session,
    body: &Body,
    fill: impl FnOnce(&mut Encoder<'_>) -> bool,
) -> Outcome {
    let mut outcome = Outcome::Lost;
    // SAFETY: by the caller's promise; `fill` writes no event.
    unsafe { with_ring(session, |ring| outcome = ring.body(env, body, fill)) };
    outcome
}

/// Writes that there is a body whose content is not wanted; whether there was room.
///
/// # Safety
/// `env` is that of the running call.
pub unsafe fn withhold_body(env: Env, session: &'static Session, body: &Body) -> bool {
    let mut is_written = false;
    // SAFETY: by the caller's promise; the work writes no other event.
    unsafe {
        with_ring(session, |ring| {
            ring.see(env, body.about);
            is_written = ring.part(body, FLAG_OMITTED | FLAG_WITHHELD, &[], 0);
        });
    }
    is_written
}

impl Ring {
    /// # Safety
    /// As [`emit_body`].
    unsafe fn body(&mut self, env: Env, body: &Body, fill: impl FnOnce(&mut Encoder<'_>) -> bool) -> Outcome {
        self.see(env, body.about);
        let mut space = vec![0; body.room + SLACK];
        let mut encoder = Encoder::whole(env, &mut space, body.fuel, &mut self.atoms);
        let is_wanted = fill(&mut encoder);
        let (len, is_full) = (encoder.len(), encoder.is_full());
        let flags = if encoder.truncated { FLAG_TRUNCATED } else { 0 };
        if !self.atoms.unnamed.is_empty() {
            self.names.of_atoms(&mut self.atoms);
        }
        let is_last_try = body.may_wait && body.kind == Kind::State;
        match (is_wanted, is_full) {
            (_, true) if !is_last_try => Outcome::TooLarge,
            (_, true) if self.part(body, FLAG_OMITTED, &[], 0) => Outcome::TooLarge,
            (_, true) => Outcome::Lost,
            (false, false) => Outcome::Nothing,
            (true, false) => self.parts(body, flags, &space[..len]),
        }
    }

    fn parts(&mut self, body: &Body, flags: u8, bytes: &[u8]) -> Outcome {
        for at in (0..bytes.len()).step_by(PART) {
            if !self.part(body, flags, bytes, at) {
                return Outcome::Lost;
            }
        }
        Outcome::Written(bytes.len() as u64)
    }

    /// Writes the part that begins at `at`; false when there is no room.
    fn part(&mut self, body: &Body, flags: u8, bytes: &[u8], at: usize) -> bool {
        let part = &bytes[at..(at + PART).min(bytes.len())];
        let room = part.len() + MOST_SIZES;
        if !self.data.has_room(room) && !self.turn_or_wait(room, body.may_wait) {
            // What a recording no longer waits for is not lost.
            if !self.is_over() {
                self.lose();
            }
            return false;
        }
        let mut payload = Vec::with_capacity(room);
        if flags & FLAG_OMITTED == 0 {
            wire::varint::write(&mut payload, bytes.len() as u64);
            wire::varint::write(&mut payload, at as u64);
            payload.extend_from_slice(part);
        }
        let Some(segment) = self.data.segment() else { return false };
        if !segment.record(body.kind, flags, [body.number, body.at, encode::bits(body.about)], &payload) {
            return false;
        }
        if flags != 0 && flags & FLAG_WITHHELD == 0 {
            segment.store(TRUNCATED_AT, bump(&self.counters.truncated, 1));
        }
        bump(&self.counters.events, 1);
        bump(&self.counters.bytes, wire::record::record_len(payload.len()) as u64);
        true
    }

    // A large state takes segments faster than they are made. It may take so long that the
    // recording ends meanwhile: a segment begun then would be behind the last of its sums.
    fn turn_or_wait(&mut self, room: usize, may_wait: bool) -> bool {
        let turns = if may_wait { TURNS } else { 0 };
        let mut turn = || !self.is_over() && self.turn(room);
        turn()
            || (0..turns).any(|_| {
                std::thread::sleep(TURN);
                turn()
            })
    }

    fn is_over(&self) -> bool {
        self.session.stopping.load(Ordering::Acquire)
    }
}
