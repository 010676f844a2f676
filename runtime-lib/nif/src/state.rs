//! Versions of a process's state: what is written of each, and where that is done.
//!
//! Owns: when a version is told whole, when as a difference, and when on a dirty
//! scheduler. It must never know how a process is made to tell its state.
//!
//! What a process remembers between two versions is a term of its own, which this makes
//! and takes back: the state, and five numbers. So nothing is kept here, and a process
//! that dies leaves nothing behind.

use crate::caller;
use crate::clock;
use crate::encode::{Env, RawTerm, bits};
use crate::filter;
use crate::hot::{self, nif};
use crate::ring::{self, Body, Detail, Outcome};
use crate::session::{Keep, Session};
use rustler::codegen_runtime::{c_int, inventory};
use rustler::sys::*;
use std::ffi::CStr;
use wire::Kind;

/// Nesting of a state: less than a reader follows.
const DEPTH: u32 = 60;
/// What may be written, and compared, before the call moves to a dirty scheduler: some
/// tens of microseconds.
const QUICK: (usize, u64) = (16 * 1024, 20_000);
/// Least bytes of differences before a version is told whole again.
const LEAST: u64 = 4096;
/// Bytes that no state may exceed.
const MOST: usize = 64 * 1024 * 1024;
/// Of a state that is too large, one version in so many is tried.
const PATIENCE: u64 = 256;
/// A flight recorder's rows begin anew when a quarter of it was written since.
const WINDOW: u64 = 4;

/// What a process remembers of the version before.
#[derive(Clone, Copy)]
struct Last {
    state: RawTerm,
    /// The recording it was written to.
    session: u64,
    /// Its number; 0 when it could not be written.
    number: u64,
    /// Bytes of the whole version that the row began with; 0 when the content was left
    /// out. Of one that could not be written, how many more are passed over.
    whole: u64,
    /// Bytes of the differences since.
    differences: u64,
    /// How many files there were then.
    files: u64,
}

impl Last {
    /// # Safety
    /// `term` belongs to the running call that `env` is of.
    unsafe fn read(env: Env, term: RawTerm) -> Option<Self> {
        let (mut arity, mut elements) = (0, std::ptr::null());
        // SAFETY: by the caller's promise; the VM gave `arity` elements.
        let elements = unsafe {
            if enif_get_tuple(env, term, &mut arity, &mut elements) == 0 || arity != 6 {
                return None;
            }
            std::slice::from_raw_parts(elements, 6)
        };
        let mut numbers = [0; 5];
        for (number, term) in numbers.iter_mut().zip(&elements[1..]) {
            // SAFETY: as above; the place is valid.
            if unsafe { enif_get_uint64(env, *term, number) } == 0 {
                return None;
            }
        }
        let [session, number, whole, differences, files] = numbers;
        Some(Self { state: elements[0], session, number, whole, differences, files })
    }

    /// # Safety
    /// `env` is that of the running call, which the state belongs to.
    unsafe fn write(&self, env: Env) -> RawTerm {
        let numbers = [self.session, self.number, self.whole, self.differences, self.files];
        let mut terms = [self.state; 6];
        // SAFETY: by the caller's promise.
        unsafe {
            for (term, number) in terms[1..].iter_mut().zip(numbers) {
                *term = enif_make_uint64(env, number);
            }
            enif_make_tuple_from_array(env, terms.as_ptr(), terms.len() as u32)
        }
    }

    /// Whether the next version can be told by this one.
    fn is_base(&self, session: &Session) -> bool {
        self.number > 0 && self.whole > 0 && self.differences <= self.whole.max(LEAST) && !self.is_passing(session)
    }

    /// Whether a flight recorder may soon lose the whole version of this row.
    fn is_passing(&self, session: &Session) -> bool {
        let files = session.limits.max_bytes / session.limits.segment_bytes as u64;
        session.limits.keep != Keep::All && session.files() - self.files > files / WINDOW
    }
}

/// What a session is called in a term.
fn name(session: &'static Session) -> u64 {
    // Sessions are never freed, and aligned: no two share one.
    std::ptr::from_ref(session) as u64 >> 3
}

/// `version(last, state, limit)`: writes the state of the calling process; what it is to
/// remember for the next one.
///
/// # Safety
/// Called by the VM with its arity, here and below.
unsafe extern "C" fn version(env: Env, argc: c_int, argv: *const RawTerm) -> RawTerm {
    // SAFETY: by the VM's call.
    unsafe { guarded(env, argc, argv, c"version", version_later, Some(QUICK)) }
}

unsafe extern "C" fn version_later(env: Env, argc: c_int, argv: *const RawTerm) -> RawTerm {
    // SAFETY: by the VM's call.
    unsafe { guarded(env, argc, argv, c"version", version_later, None) }
}

unsafe fn guarded(
    env: Env,
    argc: c_int,
    argv: *const RawTerm,
    name: &CStr,
    later: hot::Raw,
    quick: Option<(usize, u64)>,
) -> RawTerm {
    let Some(session) = ring::active() else { return hot::nil() };
    let begun = clock::ticks(session.clock.kind);
    let mut done = None;
    ring::guarded(session, || {
        // SAFETY: by the VM's call, with three arguments.
        let [last, state, limit] = unsafe { *argv.cast::<[RawTerm; 3]>() };
        // SAFETY: the environment and the terms are the running call's.
        done = Some(unsafe { next(env, session, last, state, limit_of(env, limit), quick) });
    });
    match done {
        Some(Some(next)) => {
            if quick.is_some() {
                // SAFETY: the environment is the running call's.
                unsafe { account(env, session, begun) };
            }
            next
        }
        // SAFETY: the arguments are those of the running call, which ends with this.
        Some(None) => unsafe {
            enif_schedule_nif(env, name.as_ptr(), ERL_NIF_DIRTY_JOB_CPU_BOUND as c_int, later, argc, argv)
        },
        None => hot::nil(),
    }
}

/// Tells the scheduler how much of a time slice, a millisecond, was used.
unsafe fn account(env: Env, session: &Session, begun: u64) {
    let ticks = clock::ticks(session.clock.kind).saturating_sub(begun);
    let percent = ticks.saturating_mul(100_000) / session.clock.ticks_per_second.max(1);
    if percent > 0 {
        // SAFETY: by the caller's promise.
        unsafe { enif_consume_timeslice(env, percent.min(100) as c_int) };
    }
}

unsafe fn limit_of(env: Env, term: RawTerm) -> usize {
    let mut limit = 0;
    // SAFETY: by the caller's promise; the place is valid.
    unsafe { enif_get_uint64(env, term, &mut limit) };
    usize::try_from(limit).unwrap_or(MOST).min(MOST)
}

/// What the process is to remember; none when this is to be done on a dirty scheduler.
///
/// # Safety
/// The environment and the terms are the running call's.
unsafe fn next(
    env: Env,
    session: &'static Session,
    last: RawTerm,
    state: RawTerm,
    limit: usize,
    quick: Option<(usize, u64)>,
) -> Option<RawTerm> {
    // SAFETY: by the caller's promise, here and below.
    let last = unsafe { Last::read(env, last) }.filter(|last| last.session == name(session));
    if let Some(passed) = last.filter(|last| last.number == 0 && last.whole > 0) {
        return Some(unsafe { Last { whole: passed.whole - 1, ..passed }.write(env) });
    }
    let own = unsafe { caller::own(env) }?;
    let detail = filter::told(session, Kind::State, own, &[state]);
    let Some(Detail { at, .. }) = detail.filter(|detail| detail.kept > 0) else {
        return Some(unsafe { left_out(env, session, own, last, state, detail).write(env) });
    };
    let told = Told { about: own, at, state, limit, quick };
    if let Some(base) = last.filter(|last| last.is_base(session)) {
        match unsafe { difference(env, session, &base, &told) } {
            Some(next) => return Some(unsafe { next.write(env) }),
            None if quick.is_some() => return None,
            // Larger than the limit: then so is the state, or nearly.
            None => {}
        }
    }
    let number = last.map_or(1, |last| last.number + 1);
    let next = unsafe { whole(env, session, number, &told) }?;
    Some(unsafe { next.write(env) })
}

/// A state that is to be written.
struct Told {
    about: RawTerm,
    /// When it was decided on.
    at: u64,
    state: RawTerm,
    limit: usize,
    quick: Option<(usize, u64)>,
}

/// What is remembered of a state that is left out: if it changed, a number that no version
/// has, or one without content, and no base for the next one.
unsafe fn left_out(
    env: Env,
    session: &'static Session,
    about: RawTerm,
    last: Option<Last>,
    state: RawTerm,
    detail: Option<Detail>,
) -> Last {
    let number = match last {
        Some(same) if same.number > 0 && bits(same.state) == bits(state) => return same,
        last => last.map_or(1, |last| last.number + 1),
    };
    let next = Last { state, session: name(session), number, whole: 0, differences: 0, files: session.files() };
    let is_noted = detail.is_none_or(|Detail { at, .. }| {
        let body = Body { kind: Kind::State, number, about, at, room: 0, fuel: 0, may_wait: false };
        // SAFETY: by the caller's promise.
        unsafe { ring::withhold_body(env, session, &body) }
    });
    if is_noted { next } else { Last { number: 0, ..next } }
}

unsafe fn difference(env: Env, session: &'static Session, base: &Last, told: &Told) -> Option<Last> {
    let &Told { about, at, state, limit, quick } = told;
    let (room, fuel) = quick.unwrap_or((limit, u64::MAX));
    let number = base.number + 1;
    let body = Body { kind: Kind::StateDelta, number, about, at, room, fuel, may_wait: quick.is_none() };
    // SAFETY: by the caller's promise.
    let outcome = unsafe { ring::emit_body(env, session, &body, |encoder| !encoder.delta(base.state, state, DEPTH)) };
    match outcome {
        Outcome::Nothing => Some(Last { state, ..*base }),
        Outcome::Written(bytes) => Some(Last { state, number, differences: base.differences + bytes, ..*base }),
        Outcome::TooLarge => None,
        Outcome::Lost => Some(Last { state: hot::nil(), number: 0, whole: 0, ..*base }),
    }
}

unsafe fn whole(env: Env, session: &'static Session, number: u64, told: &Told) -> Option<Last> {
    let &Told { about, at, state, limit, quick } = told;
    let room = quick.map_or(limit, |(room, _)| room.min(limit));
    let files = session.files();
    let body = Body { kind: Kind::State, number, about, at, room, fuel: u64::MAX, may_wait: quick.is_none() };
    // SAFETY: by the caller's promise.
    let outcome = unsafe { ring::emit_body(env, session, &body, |encoder| encoder.state(state, DEPTH)) };
    let none = Last { state: hot::nil(), session: name(session), number: 0, whole: 0, differences: 0, files };
    match outcome {
        Outcome::Written(bytes) => Some(Last { state, number, whole: bytes, ..none }),
        Outcome::TooLarge if quick.is_some() => None,
        Outcome::TooLarge => Some(Last { whole: PATIENCE, ..none }),
        Outcome::Nothing | Outcome::Lost => Some(none),
    }
}

/// `snapshot(process, state, limit, changed)`: writes the state of a process, on its own;
/// the bytes that took, or `nil`. Where states are left out, `false`: then it is noted that
/// this one changed, if it did.
unsafe extern "C" fn snapshot(env: Env, _argc: c_int, argv: *const RawTerm) -> RawTerm {
    let mut answer = hot::nil();
    let Some(session) = ring::active() else { return answer };
    ring::guarded(session, || {
        // SAFETY: by the VM's call, with four arguments, here and below.
        let [about, state, limit, changed] = unsafe { *argv.cast::<[RawTerm; 4]>() };
        let detail = filter::told(session, Kind::State, about, &[state]);
        let (at, kept) = detail.map_or((0, 0), |detail| (detail.at, detail.kept));
        let room = unsafe { limit_of(env, limit) };
        let body = Body { kind: Kind::State, number: 0, about, at, room, fuel: u64::MAX, may_wait: true };
        if kept > 0 {
            let outcome = unsafe { ring::emit_body(env, session, &body, |encoder| encoder.state(state, DEPTH)) };
            if let Outcome::Written(bytes) = outcome {
                answer = unsafe { enif_make_uint64(env, bytes) };
            }
            return;
        }
        answer = unsafe { atom(env, c"false") };
        if detail.is_some() && bits(changed) == bits(unsafe { atom(env, c"true") }) {
            unsafe { ring::withhold_body(env, session, &body) };
        }
    });
    answer
}

/// # Safety
/// `env` is that of the running call.
unsafe fn atom(env: Env, name: &CStr) -> RawTerm {
    // SAFETY: by the caller's promise; the name ends with a zero.
    unsafe { enif_make_atom(env, name.as_ptr()) }
}

inventory::submit! { nif(c"version", 3, version) }
inventory::submit! { rustler::Nif { flags: ERL_NIF_DIRTY_JOB_CPU_BOUND, ..nif(c"snapshot", 4, snapshot) } }
