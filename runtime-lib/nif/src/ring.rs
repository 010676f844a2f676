//! The ring of a thread: the chain of segments that only this thread writes.
//!
//! A NIF call never moves to another thread, so a ring found through
//! thread-local storage has one writer and needs no lock.

mod body;

pub use body::{Body, Outcome, emit_body};

use crate::clock;
use crate::contexts;
use crate::encode::{self, Atoms, Encoder, Env, RawTerm, SLACK};
use crate::latency::{Histogram, Sampler};
use crate::segment::Segment;
use crate::session::{Counters, Limits, Session, Store};
use rustler::sys::{ErlNifPid, enif_get_local_pid, enif_make_pid, enif_self, enif_send};
use std::cell::Cell;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use wire::node_id::SECRET;
use wire::record::{CONTEXT_BYTES, FLAG_CONTEXT};
use wire::segment::{LOST_BYTES_AT, LOST_EVENTS_AT, TRUNCATED_AT};
use wire::{FLAG_OMITTED, FLAG_TRUNCATED, FLAG_WITHHELD, Kind, RECORD_HEADER};

/// The running recording, or null.
pub static ACTIVE: AtomicPtr<Session> = AtomicPtr::new(null_mut());

const PIDS: usize = 1024;
const CONTEXTS: usize = 64;
// erl_term.h: the low four bits of an immediate, and those of a local process.
const LOW_BITS: u64 = 0xf;
const LOCAL_PID: u64 = 0x3;

struct Ring {
    session: &'static Session,
    number: u32,
    data: Option<Segment>,
    names: Option<Segment>,
    ordinals: [u64; 2],
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
pub struct Detail {
    /// The limits of its terms.
    pub limits: &'static Limits,
    /// How many of its terms are written: all, or some of the first ones.
    pub kept: usize,
    /// 0, or [`FLAG_WITHHELD`].
    pub flags: u8,
    /// Whether of what follows the first term only the outline is kept.
    pub outlined: bool,
    /// The event's time, in ticks. It is taken before what is wanted is looked at: so what
    /// bears a later time than a change was decided behind it, however long the thread
    /// waited in between.
    pub at: u64,
}

impl Detail {
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

/// Writes one event of the calling process.
///
/// # Safety
/// `env` is that of the running call, on a scheduler thread; `terms` belong to it.
#[inline(always)]
pub unsafe fn emit(env: Env, session: &'static Session, kind: Kind, node: u64, terms: &[RawTerm], detail: Detail) {
    // SAFETY: by the caller's promise.
    let Some(pid) = (unsafe { own_pid(env) }) else { return };
    // SAFETY: `env` and `terms` by the caller's promise. The ring is this thread's alone,
    // and no other event is written while it is used.
    unsafe {
        // No closure: two callers of one are reason enough not to inline it.
        let Some(ring) = own_ring(session).as_mut() else { return };
        ring.event(env, kind, node, (pid_term(env, pid), Some(pid)), terms, detail);
    }
}

/// The calling process.
///
/// # Safety
/// `env` is that of the running call.
#[inline(always)]
pub unsafe fn own_pid(env: Env) -> Option<ErlNifPid> {
    let mut own = MaybeUninit::<ErlNifPid>::uninit();
    // SAFETY: the place is valid, and initialised unless the call gives null.
    unsafe { (!enif_self(env, own.as_mut_ptr()).is_null()).then(|| own.assume_init()) }
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
    unsafe { with_ring(session, |ring| ring.event(env, kind, variant, (about, None), terms, detail)) }
}

/// Names the process `about`.
///
/// # Safety
/// As [`emit_about`].
pub unsafe fn name_process(session: &'static Session, about: RawTerm, text: &[u8]) {
    // SAFETY: by the caller's promise.
    unsafe {
        with_ring(session, |ring| {
            if !ring.name(Kind::NameProcess, 0, encode::bits(about), text) {
                ring.lose();
            }
        });
    }
}

/// Writes what the VM tells of the process `about`; `node` is the variant.
///
/// # Safety
/// `env` is that of the running call, on any thread of the VM; `about` is a local
/// process's term; `terms` belong to the call.
#[inline(always)]
pub unsafe fn emit_told(
    env: Env,
    session: &'static Session,
    kind: Kind,
    variant: u64,
    about: RawTerm,
    terms: &[RawTerm],
    detail: Detail,
) {
    // The recorder watches who lives and does something.
    let is_news = !matches!((kind, variant), (Kind::Exit, _) | (Kind::Register, wire::record::REGISTERED_BEFORE));
    let own = if is_news { local_pid(env, about) } else { None };
    // SAFETY: by the caller's promise. The ring is this thread's alone, and no other event
    // is written while it is used.
    unsafe {
        // No closure, as in [`emit`].
        let Some(ring) = own_ring(session).as_mut() else { return };
        ring.event(env, kind, variant, (about, own), terms, detail);
    }
}

#[inline(always)]
fn local_pid(env: Env, term: RawTerm) -> Option<ErlNifPid> {
    if encode::tags().immediates && encode::bits(term) & LOW_BITS == LOCAL_PID {
        // SAFETY: erl_nif.h: it has the process's term, and nothing else.
        return Some(unsafe { std::mem::transmute::<RawTerm, ErlNifPid>(term) });
    }
    let mut pid = MaybeUninit::<ErlNifPid>::uninit();
    // SAFETY: the place is valid, and initialised when the call says so.
    unsafe { (enif_get_local_pid(env, term, pid.as_mut_ptr()) != 0).then(|| pid.assume_init()) }
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

/// The term of a local process.
pub fn pid_term(env: Env, pid: ErlNifPid) -> RawTerm {
    // SAFETY: only reads the pid; the environment is not looked at.
    unsafe { enif_make_pid(env, pid) }
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
        number,
        data: None,
        names: None,
        ordinals: [0; 2],
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
    /// The process as the recorder is told of it, if it is.
    own: Option<ErlNifPid>,
    context: u64,
}

impl Ring {
    /// `own` is the process as the recorder is told of it, if it is.
    ///
    /// # Safety
    /// `env` is that of the running call; `terms` belong to it.
    #[inline(always)]
    unsafe fn event(
        &mut self,
        env: Env,
        kind: Kind,
        node: u64,
        (pid, own): (RawTerm, Option<ErlNifPid>),
        terms: &[RawTerm],
        detail: Detail,
    ) {
        // SAFETY: by the caller's promise, here and below.
        let context = if contexts::are_used() { unsafe { self.context(env, pid, detail.at) } } else { 0 };
        unsafe { self.write(env, About { kind, node, pid, own, context }, terms, detail) };
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
            let about = About { kind: Kind::Context, node: 0, pid, own: None, context: context.number };
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
    unsafe fn write(&mut self, env: Env, about: About, terms: &[RawTerm], detail: Detail) {
        let About { kind, node, pid, own, context } = about;
        let mut ticks = detail.at;
        let before = if context == 0 { 0 } else { CONTEXT_BYTES };
        let limit = before + if detail.kept == 0 { 0 } else { detail.limits.payload + SLACK };
        if !self.data.as_ref().is_some_and(|segment| segment.has_room(limit)) {
            if !self.turn(limit) {
                return self.lose();
            }
            // No event is older than its segment.
            ticks = clock::ticks(self.session.clock.kind);
        }
        if let Some(own) = own {
            self.see(env, own, pid);
        }
        let (mut len, mut flags) = (0, detail.flags);
        if detail.kept > 0 {
            let kept = terms.get(..detail.kept).unwrap_or(terms);
            // SAFETY: by the caller's promise.
            let written = unsafe { self.payload(env, &about, before, kept, detail) };
            (len, flags) = (written.0, written.1 | detail.flags);
            // A reader that sees the event finds its atoms named.
            if !self.atoms.unnamed.is_empty() {
                self.name_atoms();
            }
        }
        #[cfg(feature = "panic-test")]
        crate::panic_test::event(node);
        let Some(segment) = &mut self.data else { return };
        if detail.kept < terms.len() {
            flags |= FLAG_OMITTED;
        } else if flags & !FLAG_WITHHELD != 0 {
            segment.store(TRUNCATED_AT, bump(&self.counters.truncated, 1));
        }
        if before > 0 {
            segment.payload_space(before).copy_from_slice(&context.to_le_bytes());
            (len, flags) = (len + before, flags | FLAG_CONTEXT);
        }
        let first = wire::record::first_word(kind, flags, terms.len() as u8, len);
        segment.publish([first, node & !SECRET, ticks, encode::bits(pid)], len);
        bump(&self.counters.events, 1);
        bump(&self.counters.bytes, wire::record::record_len(len) as u64);
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

    /// Encodes the terms, `before` bytes after the next record's header: length and flags.
    ///
    /// # Safety
    /// As [`Ring::event`]; the segment has room for a payload.
    #[inline(always)]
    unsafe fn payload(
        &mut self,
        env: Env,
        about: &About,
        before: usize,
        terms: &[RawTerm],
        Detail { limits, outlined, .. }: Detail,
    ) -> (usize, u8) {
        let Some(segment) = &mut self.data else { return (0, FLAG_OMITTED) };
        let kind = about.kind;
        let space = &mut segment.payload_space(before + limits.payload + SLACK)[before..];
        let mut encoder = Encoder::new(env, space, limits.items, limits.bytes, &mut self.atoms)
            .of_failure(matches!(kind, Kind::Caught | Kind::Exit | Kind::Raised));
        let mut first = 0;
        for (n, &term) in terms.iter().enumerate() {
            if about.node & SECRET != 0 {
                encoder.secret();
                continue;
            }
            // SAFETY: by the caller's promise.
            unsafe { if outlined && n > 0 { encoder.outline(term) } else { encoder.term(term, limits.depth) } };
            if n == 0 && !encoder.full {
                first = encoder.len();
            }
        }
        match (encoder.full, encoder.truncated) {
            // Who sent it is known even of a message that does not fit.
            (true, _) if kind.is_told() => (first, FLAG_OMITTED),
            (true, _) => (0, FLAG_OMITTED),
            (false, true) => (encoder.len(), FLAG_TRUNCATED),
            (false, false) => (encoder.len(), 0),
        }
    }

    /// Goes on in the next segment; false when there is none.
    #[cold]
    fn turn(&mut self, room: usize) -> bool {
        let Some(mut next) = self.session.claim(Store::Data).filter(|segment| segment.has_room(room)) else {
            return false;
        };
        next.open(&self.session.header(self.number, self.ordinals[0], next.capacity()), self.counters.header());
        self.ordinals[0] += 1;
        self.counters.turned();
        self.contexts = [0; CONTEXTS];
        if let Some(mut full) = self.data.replace(next) {
            full.seal();
            self.session.retire(full, Store::Data);
        }
        true
    }

    #[cold]
    fn lose(&mut self) {
        // What the payload would have taken is not known: nothing was encoded.
        let (counters, bytes) = (self.counters, RECORD_HEADER as u64);
        let Some(segment) = &mut self.data else {
            return self.session.note_unfiled([1, bytes, 0]);
        };
        segment.store(LOST_EVENTS_AT, bump(&counters.lost_events, 1));
        segment.store(LOST_BYTES_AT, bump(&counters.lost_bytes, bytes));
    }

    #[cold]
    fn name_atoms(&mut self) {
        while let Some((index, text)) = self.atoms.unnamed.pop() {
            // Without room now, the next event tries again: an atom is met for the first
            // time but once.
            if !self.name(Kind::NameAtom, index, 0, &text) {
                return self.atoms.unnamed.push((index, text));
            }
        }
    }

    /// Whether there was room.
    #[cold]
    fn name(&mut self, kind: Kind, key: u64, pid: u64, text: &[u8]) -> bool {
        let text = &text[..text.len().min(1024)];
        if !self.names.as_ref().is_some_and(|segment| segment.has_room(text.len())) {
            let Some(mut next) = self.session.claim(Store::Names) else { return false };
            next.open(&self.session.header(self.number, self.ordinals[1], next.capacity()), [0; 4]);
            self.ordinals[1] += 1;
            if let Some(mut full) = self.names.replace(next) {
                full.seal();
                self.session.retire(full, Store::Names);
            }
        }
        let ticks = clock::ticks(self.session.clock.kind);
        if let Some(segment) = &mut self.names {
            segment.payload_space(text.len()).copy_from_slice(text);
            segment.publish([wire::record::first_word(kind, 0, 0, text.len()), key, ticks, pid], text.len());
        }
        true
    }

    /// Tells the recorder about a process this ring has not seen. The cache is
    /// direct-mapped: a process may be told twice, never missed.
    #[inline(always)]
    fn see(&mut self, env: Env, own: ErlNifPid, pid: RawTerm) {
        let pid = encode::bits(pid);
        let slot = (pid >> 4) as usize % PIDS;
        if self.pids[slot] != pid {
            self.pids[slot] = pid;
            self.tell(env, own);
        }
    }

    #[cold]
    fn tell(&self, env: Env, own: ErlNifPid) {
        // SAFETY: by the running call, in the middle of its event.
        unsafe { tell_recorder(env, self.session, pid_term(env, own)) };
    }
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
    match unsafe { RING.get().as_mut() }.filter(|_| own) {
        Some(Ring { data: Some(segment), counters, .. }) => {
            segment.store(wire::segment::PANICS_AT, bump(&counters.panics, 1));
        }
        _ => session.note_unfiled([0, 0, 1]),
    }
}
