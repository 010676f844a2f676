//! The ring of a thread: the chain of segments that only this thread writes.
//!
//! A NIF call never moves to another thread, so a ring found through
//! thread-local storage has one writer and needs no lock.

use crate::clock;
use crate::contexts;
use crate::encode::{self, Atoms, Encoder, Env, RawTerm};
use crate::segment::Segment;
use crate::session::{Counters, Session, Store};
use rustler::sys::{ErlNifPid, enif_make_pid, enif_self, enif_send};
use std::cell::Cell;
use std::mem::MaybeUninit;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use wire::node_id::SECRET;
use wire::record::{CONTEXT_BYTES, FLAG_CONTEXT};
use wire::segment::{LOST_BYTES_AT, LOST_EVENTS_AT, TRUNCATED_AT};
use wire::{FLAG_OMITTED, FLAG_TRUNCATED, Kind, RECORD_HEADER};

/// The running recording, or null.
pub static ACTIVE: AtomicPtr<Session> = AtomicPtr::new(null_mut());

const PIDS: usize = 1024;
const CONTEXTS: usize = 64;

struct Ring {
    session: &'static Session,
    number: u32,
    data: Option<Segment>,
    names: Option<Segment>,
    ordinals: [u64; 2],
    counters: &'static Counters,
    atoms: Atoms,
    pids: Box<[u64]>,
    /// Contexts that the segment names, each in its slot.
    contexts: [u64; CONTEXTS],
}

thread_local! {
    // A plain pointer: no destructor runs when a scheduler thread ends, and the
    // check for one costs nothing. A ring is freed when its thread first writes
    // into the next recording.
    static RING: Cell<(*const Session, *mut Ring)> = const { Cell::new((null(), null_mut())) };
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
pub unsafe fn emit(env: Env, session: &'static Session, kind: Kind, node: u64, terms: &[RawTerm]) {
    let mut own = MaybeUninit::<ErlNifPid>::uninit();
    // SAFETY: the place is valid, and initialised unless the call gives null.
    let pid = unsafe {
        if enif_self(env, own.as_mut_ptr()).is_null() {
            return;
        }
        own.assume_init()
    };
    // SAFETY: `env` and `terms` by the caller's promise.
    unsafe { with_ring(session, |ring| ring.event(env, kind, node, pid_term(env, pid), true, terms)) }
}

/// Writes an event about the process `about`.
///
/// # Safety
/// As [`emit`]; `about` is a process's term.
pub unsafe fn emit_about(env: Env, session: &'static Session, kind: Kind, about: RawTerm, terms: &[RawTerm]) {
    // SAFETY: by the caller's promise.
    unsafe { with_ring(session, |ring| ring.event(env, kind, 0, about, false, terms)) }
}

/// Names the process `about`.
///
/// # Safety
/// As [`emit_about`].
pub unsafe fn name_process(session: &'static Session, about: RawTerm, text: &[u8]) {
    // SAFETY: by the caller's promise.
    unsafe { with_ring(session, |ring| ring.name(Kind::NameProcess, 0, encode::bits(about), text)) }
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
) {
    // The recorder watches who lives and does something.
    let is_news = !matches!((kind, variant), (Kind::Exit, _) | (Kind::Register, wire::record::REGISTERED_BEFORE));
    // SAFETY: by the caller's promise.
    unsafe { with_ring(session, |ring| ring.event(env, kind, variant, about, is_news, terms)) }
}

/// Writes what the VM tells of a message, of which only the outline is kept.
///
/// # Safety
/// As [`emit_told`].
pub unsafe fn emit_outlined(
    env: Env,
    session: &'static Session,
    kind: Kind,
    variant: u64,
    about: RawTerm,
    terms: &[RawTerm],
) {
    // SAFETY: by the caller's promise.
    unsafe {
        with_ring(session, |ring| {
            let context = if contexts::are_used() { ring.context(env, about) } else { 0 };
            let about = About { kind, node: variant, pid: about, is_news: true, context, outlined: true };
            ring.write(env, about, terms);
        });
    }
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

fn pid_term(env: Env, pid: ErlNifPid) -> RawTerm {
    // SAFETY: only reads the pid; the environment is not looked at.
    unsafe { enif_make_pid(env, pid) }
}

/// # Safety
/// Not re-entrant: `work` must not write another event.
#[inline(always)]
unsafe fn with_ring(session: &'static Session, work: impl FnOnce(&mut Ring)) {
    let (of, ring) = RING.get();
    let ring = if std::ptr::eq(of, session) { ring } else { attach(session) };
    // SAFETY: the ring is this thread's alone, `work` is not re-entrant, and
    // `attach` made it from a leaked box.
    if let Some(ring) = unsafe { ring.as_mut() } {
        work(ring);
    }
}

#[cold]
fn attach(session: &'static Session) -> *mut Ring {
    let (number, counters) = session.attach();
    let ring = Ring {
        session,
        number,
        data: None,
        names: None,
        ordinals: [0; 2],
        counters,
        atoms: Atoms::new(&session.secrets),
        pids: vec![0; PIDS].into_boxed_slice(),
        contexts: [0; CONTEXTS],
    };
    let ring = Box::into_raw(Box::new(ring));
    let (_, old) = RING.replace((session, ring));
    if !old.is_null() {
        // SAFETY: the pointer came from a box, only this thread knew it, and it
        // forgot it just now; no work on it is running, as this is not re-entrant.
        drop(unsafe { Box::from_raw(old) });
    }
    ring
}

/// What an event is, of whom, and on whose behalf.
struct About {
    kind: Kind,
    node: u64,
    pid: RawTerm,
    /// Whether the recorder shall know of the process.
    is_news: bool,
    context: u64,
    /// Only the outline of what follows the first term is kept.
    outlined: bool,
}

impl Ring {
    /// # Safety
    /// `env` is that of the running call; `terms` belong to it.
    #[inline(always)]
    unsafe fn event(&mut self, env: Env, kind: Kind, node: u64, pid: RawTerm, is_news: bool, terms: &[RawTerm]) {
        // SAFETY: by the caller's promise, here and below.
        let context = if contexts::are_used() { unsafe { self.context(env, pid) } } else { 0 };
        let about = About { kind, node, pid, is_news, context, outlined: false };
        unsafe { self.write(env, about, terms) };
    }

    /// The number of the context of the process, which the segment names.
    ///
    /// # Safety
    /// As [`Ring::event`].
    unsafe fn context(&mut self, env: Env, pid: RawTerm) -> u64 {
        // SAFETY: by the caller's promise.
        let Some(context) = (unsafe { contexts::of(env, pid) }) else { return 0 };
        let slot = context.number as usize % CONTEXTS;
        if self.contexts[slot] != context.number {
            let about =
                About { kind: Kind::Context, node: 0, pid, is_news: false, context: context.number, outlined: false };
            // SAFETY: as above; its terms are the process's.
            unsafe { self.write(env, about, &[context.id, context.metadata]) };
            self.contexts[slot] = context.number;
        }
        context.number
    }

    /// # Safety
    /// As [`Ring::event`].
    #[inline(always)]
    unsafe fn write(&mut self, env: Env, about: About, terms: &[RawTerm]) {
        let ticks = clock::ticks(self.session.clock.kind);
        let before = if about.context == 0 { 0 } else { CONTEXT_BYTES };
        let limit = before + if terms.is_empty() { 0 } else { self.session.limits.payload };
        if !self.data.as_ref().is_some_and(|segment| segment.has_room(limit)) && !self.turn(limit) {
            return self.lose();
        }
        if about.is_news {
            self.see(env, about.pid);
        }
        let (mut len, mut flags) = (0, 0);
        if !terms.is_empty() {
            // SAFETY: by the caller's promise.
            (len, flags) = unsafe { self.payload(env, &about, before, terms) };
            // A reader that sees the event finds its atoms named.
            if !self.atoms.unnamed.is_empty() {
                self.name_atoms();
            }
        }
        let Some(segment) = &mut self.data else { return };
        if flags != 0 {
            segment.store(TRUNCATED_AT, bump(&self.counters.truncated, 1));
        }
        if before > 0 {
            segment.payload_space(before).copy_from_slice(&about.context.to_le_bytes());
            (len, flags) = (len + before, flags | FLAG_CONTEXT);
        }
        let first = wire::record::first_word(about.kind, flags, terms.len() as u8, len);
        segment.publish([first, about.node & !SECRET, ticks, encode::bits(about.pid)], len);
        bump(&self.counters.events, 1);
        bump(&self.counters.bytes, wire::record::record_len(len) as u64);
    }

    /// Encodes the terms, `before` bytes after the next record's header: length and flags.
    ///
    /// # Safety
    /// As [`Ring::event`]; the segment has room for a payload.
    #[inline(always)]
    unsafe fn payload(&mut self, env: Env, about: &About, before: usize, terms: &[RawTerm]) -> (usize, u8) {
        let Some(segment) = &mut self.data else { return (0, FLAG_OMITTED) };
        let (kind, limits) = (about.kind, &self.session.limits);
        let space = &mut segment.payload_space(before + limits.payload)[before..];
        let mut encoder = Encoder::new(env, space, limits.items, limits.bytes, &mut self.atoms)
            .of_failure(matches!(kind, Kind::Caught | Kind::Exit | Kind::Raised));
        let mut first = 0;
        for (n, &term) in terms.iter().enumerate() {
            if about.node & SECRET != 0 {
                encoder.secret();
                continue;
            }
            // SAFETY: by the caller's promise.
            unsafe { if about.outlined && n > 0 { encoder.outline(term) } else { encoder.term(term, limits.depth) } }
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
            bump(&counters.unfiled_events, 1);
            bump(&counters.unfiled_bytes, bytes);
            return;
        };
        segment.store(LOST_EVENTS_AT, bump(&counters.lost_events, 1));
        segment.store(LOST_BYTES_AT, bump(&counters.lost_bytes, bytes));
    }

    #[cold]
    fn name_atoms(&mut self) {
        while let Some((index, text)) = self.atoms.unnamed.pop() {
            self.name(Kind::NameAtom, index, 0, &text);
        }
    }

    #[cold]
    fn name(&mut self, kind: Kind, key: u64, pid: u64, text: &[u8]) {
        let text = &text[..text.len().min(1024)];
        if !self.names.as_ref().is_some_and(|segment| segment.has_room(text.len())) {
            let Some(mut next) = self.session.claim(Store::Names) else { return self.lose() };
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
    }

    /// Tells the recorder about a process this ring has not seen. The cache is
    /// direct-mapped: a process may be told twice, never missed.
    #[inline(always)]
    fn see(&mut self, env: Env, pid: RawTerm) {
        let word = encode::bits(pid);
        let slot = (word >> 4) as usize % PIDS;
        if self.pids[slot] != word {
            self.pids[slot] = word;
            self.tell(env, pid);
        }
    }

    #[cold]
    fn tell(&self, env: Env, pid: RawTerm) {
        // SAFETY: by the running call, in the middle of its event.
        unsafe { tell_recorder(env, self.session, pid) };
    }
}

/// Adds to a counter that only this thread writes; gives the new value.
#[inline(always)]
fn bump(counter: &AtomicU64, by: u64) -> u64 {
    let value = counter.load(Ordering::Relaxed) + by;
    counter.store(value, Ordering::Relaxed);
    value
}

/// Counts a panic and switches capture off, unless that has happened meanwhile.
#[cold]
pub fn panicked(session: &'static Session) {
    let this = std::ptr::from_ref(session).cast_mut();
    let _ = ACTIVE.compare_exchange(this, null_mut(), Ordering::AcqRel, Ordering::Relaxed);
    // A ring without a segment cannot say so, and may be of an earlier recording.
    let (of, ring) = RING.get();
    // SAFETY: the ring is this thread's alone; the work that panicked is over.
    match unsafe { ring.as_mut() }.filter(|_| std::ptr::eq(of, session)) {
        Some(Ring { data: Some(segment), counters, .. }) => {
            segment.store(wire::segment::PANICS_AT, bump(&counters.panics, 1));
        }
        _ => {
            session.unfiled_panics.fetch_add(1, Ordering::Relaxed);
        }
    }
}
