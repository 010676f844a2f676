//! The ring of a thread: the chain of segments that only this thread writes.
//!
//! A NIF call never moves to another thread, so a ring found through
//! thread-local storage has one writer and needs no lock.

mod body;
mod chain;
mod payload;

pub use body::{Body, Outcome, emit_body, withhold_body};
use chain::{Chain, Names};

use crate::caller;
use crate::clock;
use crate::contexts;
use crate::encode::{self, Atoms, Env, RawTerm, SLACK};
use crate::latency::{Histogram, Sampler};
use crate::session::{Counters, Limits, Session, Store};
use rustler::sys::enif_send;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use wire::node_id::SECRET;
use wire::record::{CONTEXT_BYTES, FLAG_CONTEXT};
use wire::segment::{LOST_BYTES_AT, LOST_EVENTS_AT, PANICS_AT, TRUNCATED_AT};
use wire::{FLAG_OMITTED, FLAG_WITHHELD, Kind, RECORD_HEADER};

/// The running recording, or null.
pub static ACTIVE: AtomicPtr<Session> = AtomicPtr::new(null_mut());

const PIDS: usize = 1024;
const CONTEXTS: usize = 64;

// Apart from other threads' rings, which are written at each of their events.
#[repr(align(128))]
struct Ring {
    session: &'static Session,
    data: Chain,
    names: Names,
    counters: &'static Counters,
    latency: &'static Histogram,
    sampler: Sampler,
    atoms: Atoms,
    pids: Box<[u64; PIDS]>,
    /// Contexts that the segment names, each in its slot.
    contexts: [u64; CONTEXTS],
}

/// How much of an event is written.
#[derive(Clone, Copy)]
pub struct Detail<'a> {
    /// The limits of its terms.
    pub limits: &'a Limits,
    /// How many of its terms are written: all, or some of the first ones.
    pub kept: usize,
    /// 0, or [`FLAG_WITHHELD`].
    pub flags: u8,
    /// Whether of what follows the first term only the outline is kept.
    pub outlined: bool,
    /// The event's time, in ticks. What is wanted was the same right before it and when this
    /// was decided, however long the thread waited in between: `filter::Control::in_force`.
    pub at: u64,
}

impl Detail<'static> {
    /// All of it, within the limits of the recording.
    #[inline(always)]
    pub fn full(session: &'static Session, at: u64, terms: &[RawTerm]) -> Self {
        Self { limits: &session.limits, kept: terms.len(), flags: 0, outlined: false, at }
    }
}

thread_local! {
    // A plain pointer: no destructor runs when a scheduler thread ends, and the
    // check for one costs nothing. A ring is freed when its thread first writes
    // into the next recording.
    static RING: Cell<*mut Ring> = const { Cell::new(null_mut()) };
    static OF: Cell<*const Session> = const { Cell::new(null()) };
    // Of the thread, not of a recording: there may be many of those.
    static LATENCY: Cell<Option<&'static Histogram>> = const { Cell::new(None) };
}

/// Whether a recording runs.
#[inline(always)]
pub fn active() -> Option<&'static Session> {
    let session = ACTIVE.load(Ordering::Acquire);
    // SAFETY: sessions are leaked, so a pointer once published stays valid.
    unsafe { session.as_ref() }
}

/// Writes one event of the calling process, which is in no context, at full detail.
///
/// # Safety
/// `env` is that of the running call, on a scheduler thread; `terms` belong to it.
#[inline(always)]
pub unsafe fn emit_all(env: Env, session: &'static Session, kind: Kind, node: u64, terms: &[RawTerm], at: u64) {
    // SAFETY: by the caller's promise.
    unsafe {
        let Some(pid) = caller::own(env) else { return };
        emit_all_of(env, session, kind, node, pid, terms, at);
    }
}

/// Writes one event of the local process `pid`, which is in no context, at full detail; of
/// what the VM tells, `node` is the variant.
///
/// # Safety
/// `env` is that of the running call, on any thread of the VM; `pid` is a local process's
/// term; `terms` belong to the call.
#[inline(always)]
pub unsafe fn emit_all_of(
    env: Env,
    session: &'static Session,
    kind: Kind,
    node: u64,
    pid: RawTerm,
    terms: &[RawTerm],
    at: u64,
) {
    let detail = Detail::full(session, at, terms);
    // SAFETY: by the caller's promise; the ring is this thread's alone, and no other event
    // is written while it is used.
    unsafe {
        // No closure: two callers of one are reason enough not to inline it.
        let Some(ring) = own_ring(session).as_mut() else { return };
        ring.write(env, About { kind, node, pid, is_news: true, context: 0 }, terms, detail);
    }
}

/// Writes what is wanted of an event of the calling process.
///
/// # Safety
/// As [`emit_all`].
pub unsafe fn emit(env: Env, session: &'static Session, kind: Kind, node: u64, terms: &[RawTerm], detail: Detail<'_>) {
    // SAFETY: by the caller's promise.
    unsafe {
        let Some(pid) = caller::own(env) else { return };
        with_ring(session, |ring| ring.event(env, kind, node, (pid, true), terms, detail));
    }
}

/// Writes an event about the process `about`; `node` is the variant.
///
/// # Safety
/// As [`emit`]; `about` is a process's term.
pub unsafe fn emit_about(
    env: Env,
    session: &'static Session,
    kind: Kind,
    variant: u64,
    about: RawTerm,
    terms: &[RawTerm],
) {
    // SAFETY: by the caller's promise.
    let detail = Detail::full(session, clock::ticks(session.clock.kind), terms);
    // SAFETY: by the caller's promise.
    unsafe { with_ring(session, |ring| ring.event(env, kind, variant, (about, false), terms, detail)) }
}

/// Names the process `about`; false without room now.
///
/// # Safety
/// As [`emit_about`].
pub unsafe fn name_process(session: &'static Session, about: RawTerm, text: &[u8]) -> bool {
    let mut is_written = false;
    // SAFETY: by the caller's promise.
    unsafe {
        with_ring(session, |ring| is_written = ring.names.name(Kind::NameProcess, 0, encode::bits(about), text));
    }
    is_written
}

/// Writes what the VM tells of the process `about`; `node` is the variant.
///
/// # Safety
/// `env` is that of the running call, on any thread of the VM; `about` is a local
/// process's term; `terms` belong to the call.
pub unsafe fn emit_told(
    env: Env,
    session: &'static Session,
    kind: Kind,
    variant: u64,
    about: RawTerm,
    terms: &[RawTerm],
    detail: Detail<'_>,
) {
    // The recorder watches who lives and does something.
    let is_news = !matches!((kind, variant), (Kind::Exit, _) | (Kind::Register, wire::record::REGISTERED_BEFORE));
    // SAFETY: by the caller's promise.
    unsafe { with_ring(session, |ring| ring.event(env, kind, variant, (about, is_news), terms, detail)) }
}

/// Sends the recorder a term, in the middle of an event or behind it.
///
/// # Safety
/// `env` is that of the running call, on any thread of the VM; `term` belongs to it.
pub unsafe fn tell_recorder(env: Env, session: &Session, term: RawTerm) {
    // Where the VM traces this very message, the tracer passes it over.
    // SAFETY: `env` is that of the running call; without an environment of its own the
    // message is copied (erl_nif, enif_send). A recorder that is gone is no error here.
    unsafe { enif_send(env, &session.recorder, null_mut(), term) };
}

/// # Safety
/// Not re-entrant: `work` must not write another event.
#[inline(always)]
unsafe fn with_ring(session: &'static Session, work: impl FnOnce(&mut Ring)) {
    // SAFETY: the ring is this thread's alone, and `work` is not re-entrant.
    if let Some(ring) = unsafe { own_ring(session).as_mut() } {
        work(ring);
    }
}

/// The calling thread's ring: nobody else's, and made from a leaked box.
#[inline(always)]
fn own_ring(session: &'static Session) -> *mut Ring {
    if !std::ptr::eq(OF.get(), session) {
        attach(session);
    }
    RING.get()
}

#[cold]
fn attach(session: &'static Session) {
    let latency = latency();
    let (number, counters) = session.attach(latency);
    let ring = Ring {
        session,
        data: Chain::new(session, number, Store::Data),
        names: Names::new(session, number),
        counters,
        latency,
        sampler: Sampler::new(number),
        atoms: Atoms::new(&session.secrets),
        pids: Box::new([0; PIDS]),
        contexts: [0; CONTEXTS],
    };
    let old = RING.replace(Box::into_raw(Box::new(ring)));
    OF.set(session);
    if !old.is_null() {
        // SAFETY: the pointer came from a box, only this thread knew it, and it
        // forgot it just now; no work on it is running, as this is not re-entrant.
        drop(unsafe { Box::from_raw(old) });
    }
}

/// The thread's histogram, empty.
fn latency() -> &'static Histogram {
    let latency = LATENCY.get().unwrap_or_else(|| Box::leak(Box::default()));
    LATENCY.set(Some(latency));
    latency.clear();
    latency
}

/// What an event is, of whom, and on whose behalf.
struct About {
    kind: Kind,
    node: u64,
    pid: RawTerm,
    /// Whether the recorder is told of the process, if the ring has not seen it.
    is_news: bool,
    context: u64,
}

impl Ring {
    /// Writes an event of a process that may be in a context.
    ///
    /// # Safety
    /// `env` is that of the running call; `terms` belong to it.
    unsafe fn event(
        &mut self,
        env: Env,
        kind: Kind,
        node: u64,
        (pid, is_news): (RawTerm, bool),
        terms: &[RawTerm],
        detail: Detail<'_>,
    ) {
        // SAFETY: by the caller's promise.
        unsafe {
            let context = if contexts::are_used() { self.context(env, pid, detail.at) } else { 0 };
            self.write(env, About { kind, node, pid, is_news, context }, terms, detail);
        }
    }

    /// The number of the context of the process, which the segment names.
    ///
    /// # Safety
    /// As [`Ring::event`].
    unsafe fn context(&mut self, env: Env, pid: RawTerm, at: u64) -> u64 {
        // SAFETY: by the caller's promise.
        let Some(context) = (unsafe { contexts::of(env, pid) }) else { return 0 };
        let slot = context.number as usize % CONTEXTS;
        if self.contexts[slot] != context.number {
            let about = About { kind: Kind::Context, node: 0, pid, is_news: false, context: context.number };
            let terms = [context.id, context.metadata];
            // SAFETY: as above; its terms are the process's.
            unsafe { self.write(env, about, &terms, Detail::full(self.session, at, &terms)) };
            self.contexts[slot] = context.number;
        }
        context.number
    }

    /// # Safety
    /// As [`Ring::event`].
    #[inline(always)]
    unsafe fn write(&mut self, env: Env, about: About, terms: &[RawTerm], detail: Detail<'_>) {
        let mut ticks = detail.at;
        let before = if about.context == 0 { 0 } else { CONTEXT_BYTES };
        let limit = before + if detail.kept == 0 { 0 } else { detail.limits.payload + SLACK };
        if about.is_news {
            self.see(env, about.pid);
        }
        let mut place = match self.data.place(limit) {
            Some(place) => place,
            None => {
                self.turn(limit);
                // No event is older than its segment.
                ticks = clock::ticks(self.session.clock.kind);
                let Some(place) = self.data.place(limit) else { return self.lose() };
                place
            }
        };
        let (mut len, mut flags, counters) = (0, detail.flags, self.counters);
        if detail.kept > 0 {
            let kept = terms.get(..detail.kept).unwrap_or(terms);
            // SAFETY: by the caller's promise.
            let written = unsafe {
                payload::write(
                    env,
                    &mut place.payload()[before..],
                    about.kind,
                    about.node,
                    kept,
                    detail,
                    &mut self.atoms,
                )
            };
            (len, flags) = (written.0, flags | written.1);
            // A reader that sees the event finds its atoms named.
            if !self.atoms.unnamed.is_empty() {
                self.names.of_atoms(&mut self.atoms);
            }
        }
        #[cfg(feature = "panic-test")]
        crate::panic_test::event(about.node);
        if detail.kept < terms.len() {
            flags |= FLAG_OMITTED;
        } else if flags & !FLAG_WITHHELD != 0 {
            place.store(TRUNCATED_AT, bump(&counters.truncated, 1));
        }
        if before > 0 {
            place.payload()[..before].copy_from_slice(&about.context.to_le_bytes());
            (len, flags) = (len + before, flags | FLAG_CONTEXT);
        }
        let first = wire::record::first_word(about.kind, flags, terms.len() as u8, len);
        place.publish([first, about.node & !SECRET, ticks, encode::bits(about.pid)], len);
        bump(&counters.events, 1);
        bump(&counters.bytes, wire::record::record_len(len) as u64);
        if self.sampler.is_due() {
            self.time(detail.at);
        }
    }

    /// Notes how long the event took that began at `from`: from its time stamp until it
    /// is published.
    #[cold]
    fn time(&mut self, from: u64) {
        self.latency.add(clock::ticks(self.session.clock.kind).saturating_sub(from));
        self.sampler.again();
    }

    /// Goes on in the next segment; false when there is none.
    #[cold]
    fn turn(&mut self, room: usize) -> bool {
        let is_turned = self.data.turn(room, self.counters.header());
        if is_turned {
            self.counters.turned();
            self.contexts = [0; CONTEXTS];
        }
        is_turned
    }

    #[cold]
    fn lose(&mut self) {
        // What the payload would have taken is not known: nothing was encoded.
        let (counters, bytes) = (self.counters, RECORD_HEADER as u64);
        let Some(segment) = self.data.segment() else {
            return self.session.note_unfiled([1, bytes, 0]);
        };
        segment.store(LOST_EVENTS_AT, bump(&counters.lost_events, 1));
        segment.store(LOST_BYTES_AT, bump(&counters.lost_bytes, bytes));
    }

    /// Tells the recorder about a process this ring has not seen. The cache is
    /// direct-mapped: a process may be told twice, never missed.
    #[inline(always)]
    fn see(&mut self, env: Env, pid: RawTerm) {
        let word = encode::bits(pid);
        let slot = &mut self.pids[(word >> 4) as usize % PIDS];
        if *slot != word {
            *slot = word;
            tell(env, self.session, pid);
        }
    }
}

#[cold]
fn tell(env: Env, session: &Session, pid: RawTerm) {
    // SAFETY: by the running call, in the middle of its event.
    unsafe { tell_recorder(env, session, pid) };
}

/// Adds to a counter that only this thread writes; gives the new value.
#[inline(always)]
fn bump(counter: &AtomicU64, by: u64) -> u64 {
    let value = counter.load(Ordering::Relaxed) + by;
    counter.store(value, Ordering::Relaxed);
    value
}

/// Lets no probe begin to write into this recording, if it is the one that runs.
pub fn silence(session: &'static Session) {
    let this = std::ptr::from_ref(session).cast_mut();
    let _ = ACTIVE.compare_exchange(this, null_mut(), Ordering::AcqRel, Ordering::Relaxed);
}

/// Does what a probe or the VM asks for. A panic is counted and switches capture off.
#[inline(always)]
pub fn guarded(session: &'static Session, work: impl FnOnce()) {
    // Unwind safety: an event that was begun is not published, and is written over.
    if catch_unwind(AssertUnwindSafe(work)).is_err() {
        panicked(session);
    }
}

/// Counts a panic, and switches capture off.
#[cold]
pub fn panicked(session: &'static Session) {
    silence(session);
    // A ring without a segment cannot say so, and may be of an earlier recording.
    let own = std::ptr::eq(OF.get(), session);
    // SAFETY: the ring is this thread's alone; the work that panicked is over.
    let ring = unsafe { RING.get().as_mut() }.filter(|_| own);
    match ring.and_then(|ring| Some((ring.data.segment()?, ring.counters))) {
        Some((segment, counters)) => segment.store(PANICS_AT, bump(&counters.panics, 1)),
        None => session.note_unfiled([0, 0, 1]),
    }
}
