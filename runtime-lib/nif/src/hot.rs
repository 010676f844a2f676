//! The functions that probes call: raw, one per arity, each guarded.
//!
//! Whatever happens inside, a probe gives back what the program expects.

use crate::clock;
use crate::encode::{self, Env, RawTerm, bits};
use crate::filter::{self, Level};
use crate::limited;
use crate::ring;
use crate::session::Session;
use crate::words::term;
use rustler::codegen_runtime::{c_char, c_int, c_uint, inventory};
use std::sync::atomic::{AtomicU64, Ordering};
use wire::Kind;

/// The atoms `ok`, `nil`, `false`, `args`: atoms are never collected. Set when the library
/// loads, before any probe can be called.
pub static ATOMS: [AtomicU64; 4] = [const { AtomicU64::new(0) }; 4];

#[inline(always)]
fn atom(which: usize) -> RawTerm {
    term(ATOMS[which].load(Ordering::Relaxed))
}

fn ok() -> RawTerm {
    atom(0)
}

/// `nil`
pub fn nil() -> RawTerm {
    atom(1)
}

/// The field of an exception that has the arguments of a call.
pub fn args() -> RawTerm {
    atom(3)
}

fn is_falsy(term: RawTerm) -> bool {
    bits(term) == bits(nil()) || bits(term) == bits(atom(2))
}

/// Records an event of kind `kind`; arguments after the id are the payload.
///
/// # Safety
/// The VM calls with its environment and `argc` arguments at `argv`, here and below.
#[inline(always)]
unsafe fn record(env: Env, argc: c_int, argv: *const RawTerm, kind: Kind, with_payload: bool) {
    let Some(session) = ring::active() else { return };
    if session.control.level() == Level::Off {
        return;
    }
    // SAFETY: by the VM's call; the environment and the terms are its own.
    ring::guarded(session, move || unsafe { write(session, env, argc, argv, kind, with_payload) });
}

/// # Safety
/// As [`record`].
#[inline(always)]
unsafe fn write(
    session: &'static Session,
    env: Env,
    argc: c_int,
    argv: *const RawTerm,
    kind: Kind,
    with_payload: bool,
) {
    let then = session.control.in_force();
    // SAFETY: by the VM's call.
    unsafe {
        let Some((node, payload)) = event(env, argc, argv, with_payload) else {
            return limited::write(session, env, argc, argv, kind, with_payload);
        };
        let at = clock::ticks(session.clock.kind);
        if session.control.is_open_since(then) {
            ring::emit_all(env, session, kind, node, payload, at);
        } else {
            filter::emit(env, session, kind, node, payload);
        }
    }
}

/// The node and the payload, unless the first argument is no id.
#[inline(always)]
unsafe fn event<'a>(env: Env, argc: c_int, argv: *const RawTerm, with_payload: bool) -> Option<(u64, &'a [RawTerm])> {
    // SAFETY: the VM gives `argc` terms at `argv`, which live as long as the call.
    let (id, payload) = unsafe { std::slice::from_raw_parts(argv, argc as usize) }.split_first()?;
    // SAFETY: by the VM's call.
    let node = unsafe { encode::node_id(env, *id) }?;
    #[cfg(feature = "panic-test")]
    crate::panic_test::probe(node);
    Some((node, if with_payload { payload } else { &[] }))
}

/// A function of the VM's C interface.
pub type Raw = unsafe extern "C" fn(Env, c_int, *const RawTerm) -> RawTerm;

/// # Safety
/// Called by the VM with the arity it is registered with, here and below.
unsafe extern "C" fn enter(env: Env, argc: c_int, argv: *const RawTerm) -> RawTerm {
    // SAFETY: by the VM's call.
    unsafe { record(env, argc, argv, Kind::Enter, true) };
    ok()
}

unsafe extern "C" fn branch(env: Env, argc: c_int, argv: *const RawTerm) -> RawTerm {
    // SAFETY: by the VM's call.
    unsafe { record(env, argc, argv, Kind::Branch, false) };
    nil()
}

unsafe extern "C" fn caught(env: Env, argc: c_int, argv: *const RawTerm) -> RawTerm {
    // SAFETY: by the VM's call.
    unsafe { record(env, argc, argv, Kind::Caught, true) };
    ok()
}

unsafe extern "C" fn leave_nil(env: Env, argc: c_int, argv: *const RawTerm) -> RawTerm {
    // SAFETY: by the VM's call.
    unsafe { record(env, argc, argv, Kind::Leave, false) };
    nil()
}

unsafe extern "C" fn leave(env: Env, argc: c_int, argv: *const RawTerm) -> RawTerm {
    // SAFETY: by the VM's call, with two arguments.
    unsafe {
        record(env, argc, argv, Kind::Leave, true);
        *argv.add(1)
    }
}

unsafe extern "C" fn leave_falsy(env: Env, argc: c_int, argv: *const RawTerm) -> RawTerm {
    // SAFETY: by the VM's call, with two arguments.
    unsafe {
        let value = *argv.add(1);
        if is_falsy(value) {
            record(env, argc, argv, Kind::Leave, true);
        }
        value
    }
}

unsafe extern "C" fn leave_truthy(env: Env, argc: c_int, argv: *const RawTerm) -> RawTerm {
    // SAFETY: by the VM's call, with two arguments.
    unsafe {
        let value = *argv.add(1);
        if !is_falsy(value) {
            record(env, argc, argv, Kind::Leave, true);
        }
        value
    }
}

unsafe extern "C" fn bind(env: Env, argc: c_int, argv: *const RawTerm) -> RawTerm {
    // SAFETY: by the VM's call, with two arguments.
    unsafe {
        record(env, argc, argv, Kind::Bind, true);
        *argv.add(1)
    }
}

unsafe extern "C" fn tail(env: Env, argc: c_int, argv: *const RawTerm) -> RawTerm {
    // SAFETY: by the VM's call, with one or two arguments.
    unsafe {
        record(env, argc, argv, Kind::Tail, false);
        if argc == 2 { *argv.add(1) } else { ok() }
    }
}

unsafe extern "C" fn locals(env: Env, argc: c_int, argv: *const RawTerm) -> RawTerm {
    // SAFETY: by the VM's call.
    unsafe { record(env, argc, argv, Kind::Locals, true) };
    ok()
}

unsafe extern "C" fn mark(env: Env, argc: c_int, argv: *const RawTerm) -> RawTerm {
    // SAFETY: by the VM's call.
    unsafe { record(env, argc, argv, Kind::Mark, true) };
    ok()
}

/// Does nothing: what calling a NIF costs.
unsafe extern "C" fn nop(_env: Env, _argc: c_int, _argv: *const RawTerm) -> RawTerm {
    ok()
}

/// What the VM is told of a function.
pub const fn nif(name: &'static std::ffi::CStr, arity: c_uint, function: Raw) -> rustler::Nif {
    rustler::Nif { name: name.as_ptr().cast::<c_char>(), arity, flags: 0, raw_func: function }
}

macro_rules! register {
    ($($name:literal / $arity:literal => $function:path;)*) => {
        $(inventory::submit! { nif($name, $arity, $function) })*
    };
}

register! {
    c"enter" / 1 => enter;
    c"enter" / 2 => enter;
    c"enter" / 3 => enter;
    c"enter" / 4 => enter;
    c"enter" / 5 => enter;
    c"enter" / 6 => enter;
    c"enter" / 7 => enter;
    c"enter" / 8 => enter;
    c"enter" / 9 => enter;
    c"enter" / 10 => enter;
    c"enter" / 11 => enter;
    c"branch" / 1 => branch;
    c"caught" / 4 => caught;
    c"leave" / 1 => leave_nil;
    c"leave" / 2 => leave;
    c"leave_falsy" / 2 => leave_falsy;
    c"leave_truthy" / 2 => leave_truthy;
    c"bind" / 2 => bind;
    c"tail" / 1 => tail;
    c"tail" / 2 => tail;
    c"locals" / 1 => locals;
    c"locals" / 2 => locals;
    c"locals" / 3 => locals;
    c"locals" / 4 => locals;
    c"locals" / 5 => locals;
    c"locals" / 6 => locals;
    c"locals" / 7 => locals;
    c"locals" / 8 => locals;
    c"locals" / 9 => locals;
    c"locals" / 10 => locals;
    c"locals" / 11 => locals;
    c"mark" / 3 => mark;
    c"nop" / 0 => nop;
}
