//! Calls that the VM tells of: their terms, and the guard of hot functions.
//!
//! A traced function may be called a million times a second. So each tracing has a number
//! of calls that it may tell of, in all and within a second. When one is used up nothing
//! more is told ([`may_tell`]), and the recorder is sent why, once: it takes the trace
//! patterns back, after which a call costs what it costs untraced. How calls end that were
//! told is told always.

use crate::clock;
use crate::encode::{Env, RawTerm};
use crate::filter;
use crate::ring;
use crate::session::Session;
use rustler::codegen_runtime::c_int;
use rustler::sys::{enif_get_list_cell, enif_get_tuple, enif_get_uint64, enif_make_tuple_from_array, enif_make_uint64};
use rustler::types::atom::Atom;
use std::sync::atomic::{AtomicU64, Ordering};
use wire::Kind;
use wire::record::WITH_MESSAGE;

mod atoms {
    rustler::atoms! { max, per_second }
}

/// Arguments that a record has room for in its count of terms.
const MOST_ARGUMENTS: usize = 250;

/// What every traced call changes: on cache lines of its own, since all probes read what
/// would stand beside it.
#[repr(align(128))]
struct Used {
    left: AtomicU64,
    /// Above the low half the second, in that half the calls told within it.
    window: AtomicU64,
}

static USED: Used = Used { left: AtomicU64::new(0), window: AtomicU64::new(0) };
static PER_SECOND: AtomicU64 = AtomicU64::new(0);

/// Lets so many calls be told, in all and within a second.
#[rustler::nif]
fn calls_on(most: u64, per_second: u64) -> bool {
    PER_SECOND.store(per_second.min(u64::from(u32::MAX)), Ordering::Relaxed);
    USED.window.store(0, Ordering::Relaxed);
    USED.left.store(most, Ordering::Release);
    true
}

/// Lets none be told; how many might still have been.
#[rustler::nif]
fn calls_off() -> u64 {
    USED.left.swap(0, Ordering::AcqRel)
}

/// Whether calls are told now.
pub fn may_tell() -> bool {
    USED.left.load(Ordering::Acquire) > 0
}

/// Counts a call; none when it may not be told, and why this is the last one that is.
fn count(session: &Session) -> Option<Option<Atom>> {
    let second = clock::ticks(session.clock.kind) / session.clock.ticks_per_second.max(1);
    let within = |window: u64| if window >> 32 == second & 0xffff_ffff { window + 1 } else { second << 32 | 1 };
    let before = USED.window.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |window| Some(within(window)));
    let told = within(before.unwrap_or_else(|same| same)) & 0xffff_ffff;
    let left = USED.left.fetch_update(Ordering::AcqRel, Ordering::Relaxed, |left| left.checked_sub(1)).ok()?;
    if left == 1 {
        return Some(Some(atoms::max()));
    }
    // Whoever takes what is left says so.
    let is_rate = told >= PER_SECOND.load(Ordering::Relaxed) && USED.left.swap(0, Ordering::AcqRel) > 0;
    Some(is_rate.then(atoms::per_second))
}

/// Writes a call: `what` is `{module, function, arguments}`, `said` what its match
/// specification said: its variant, and with [`WITH_MESSAGE`] a term.
///
/// # Safety
/// As [`ring::emit_told`]; the VM made `what`.
pub unsafe fn call(env: Env, session: &'static Session, caller: RawTerm, what: RawTerm, said: Option<RawTerm>) {
    let Some(last) = count(session) else { return };
    // SAFETY: by the caller's promise, here and below.
    let Some(&[module, function, arguments]) = (unsafe { tuple(env, what) }) else { return };
    let mut terms = [RawTerm::default(); MOST_ARGUMENTS + 2];
    let (mut count, mut rest, mut next) = (0, arguments, RawTerm::default());
    // SAFETY: the places are valid, and written when the call says so.
    while count < MOST_ARGUMENTS && unsafe { enif_get_list_cell(env, rest, &mut terms[count + 1], &mut next) } != 0 {
        (rest, count) = (next, count + 1);
    }
    // SAFETY: the terms belong to the call.
    terms[0] = unsafe { mfa(env, module, function, arguments, count) };
    let (variant, message) = unsafe { variant(env, said) };
    let mut len = count + 1;
    if let Some(message) = message {
        terms[len] = message;
        len += 1;
    }
    let terms = &terms[..len];
    // SAFETY: by the caller's promise.
    unsafe { filter::emit_told(env, session, Kind::Call, variant, caller, terms, false) };
    if let Some(why) = last {
        // SAFETY: by the caller's promise; an atom is of every environment.
        unsafe { ring::tell_recorder(env, session, why.as_c_arg()) };
    }
}

/// Writes how a call ended: `mfa` is `{module, function, arity}`, `end` a value, or of an
/// exception `{class, reason}`.
///
/// # Safety
/// As [`call`].
pub unsafe fn end(env: Env, session: &'static Session, kind: Kind, caller: RawTerm, mfa: RawTerm, end: RawTerm) {
    // SAFETY: by the caller's promise.
    let raised = if kind == Kind::Raised { unsafe { tuple(env, end) } } else { None };
    let terms = match raised {
        Some(&[class, reason]) => &[mfa, class, reason][..],
        _ => &[mfa, end],
    };
    // SAFETY: by the caller's promise.
    unsafe { filter::emit_told(env, session, kind, 0, caller, terms, false) };
}

/// # Safety
/// The terms belong to the call that `env` is of.
unsafe fn mfa(env: Env, module: RawTerm, function: RawTerm, arguments: RawTerm, count: usize) -> RawTerm {
    let mut arity = 0;
    // SAFETY: the place is valid. The VM gives the arity alone where that was asked for.
    unsafe {
        if enif_get_uint64(env, arguments, &mut arity) == 0 {
            arity = count as u64;
        }
        let parts = [module, function, enif_make_uint64(env, arity)];
        enif_make_tuple_from_array(env, parts.as_ptr(), 3)
    }
}

/// # Safety
/// As [`mfa`].
unsafe fn variant(env: Env, said: Option<RawTerm>) -> (u64, Option<RawTerm>) {
    // SAFETY: by the caller's promise; the place is valid.
    unsafe {
        let Some(&[variant, message]) = said.and_then(|said| tuple(env, said)) else { return (0, None) };
        let mut known = 0;
        enif_get_uint64(env, variant, &mut known);
        (known, (known & WITH_MESSAGE != 0).then_some(message))
    }
}

/// # Safety
/// As [`mfa`]; the elements live as long as the call.
unsafe fn tuple<'a>(env: Env, term: RawTerm) -> Option<&'a [RawTerm]> {
    let (mut arity, mut elements) = (0 as c_int, std::ptr::null());
    // SAFETY: the places are valid, and written when the call says so.
    unsafe {
        if enif_get_tuple(env, term, &mut arity, &mut elements) == 0 || arity <= 0 {
            return None;
        }
        Some(std::slice::from_raw_parts(elements, arity as usize))
    }
}
