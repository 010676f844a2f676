//! What the VM tells: messages, and what becomes of processes.
//!
//! `enabled/3` and `trace/5` are OTP's `erl_tracer` behaviour, of which `messages` has the
//! rest. The VM calls them on the thread on which something happens, be it a scheduler, a
//! dirty or another one, and perhaps with the process locked: nothing here waits, or asks
//! the VM for more than what the behaviour's own example does. The ring is the calling
//! thread's own.
//!
//! The recording is kept out of itself: the recorder is never traced, and what it is sent is
//! passed over. That a process was seen it is told in the middle of an event, on a ring that
//! must not be entered again, and where the process is traced the VM tells of that message.

mod messages;

use crate::calls;
use crate::clock;
use crate::encode::{Env as RawEnv, RawTerm, bits, tags};
use crate::filter;
use crate::hot::nif;
use crate::ring;
use crate::words;
use rustler::codegen_runtime::{c_int, inventory};
use rustler::sys::enif_get_map_value;
use rustler::types::atom::Atom;
use rustler::{Encoder as _, Env, LocalPid, NifResult, Term};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use wire::Kind;
use wire::record::REGISTERED_BEFORE;

/// The VM's tag of an event that [`trace`] is told of, what it is here, and the record's variant.
const TAGS: [(&str, Kind, u64); 22] = [
    ("in", Kind::In, 0),
    ("out", Kind::Out, 0),
    ("in_exiting", Kind::In, 1),
    ("out_exiting", Kind::Out, 1),
    ("out_exited", Kind::Out, 1),
    ("gc_minor_start", Kind::GcStart, 0),
    ("gc_minor_end", Kind::GcEnd, 0),
    ("gc_major_start", Kind::GcStart, 1),
    ("gc_major_end", Kind::GcEnd, 1),
    ("gc_max_heap_size", Kind::GcEnd, 1),
    ("spawn", Kind::Spawn, 0),
    ("spawned", Kind::Spawned, 0),
    ("exit", Kind::Exit, 0),
    ("link", Kind::Link, 0),
    ("unlink", Kind::Unlink, 0),
    ("getting_linked", Kind::Link, 1),
    ("getting_unlinked", Kind::Unlink, 1),
    ("register", Kind::Register, 0),
    ("unregister", Kind::Unregister, 0),
    ("call", Kind::Call, 0),
    ("return_from", Kind::Returned, 0),
    ("exception_from", Kind::Raised, 0),
];

/// Atoms, which are never collected.
struct Words {
    trace: RawTerm,
    discard: RawTerm,
    remove: RawTerm,
    ok: RawTerm,
    undefined: RawTerm,
    trace_status: RawTerm,
    extra: RawTerm,
    said: RawTerm,
    call: RawTerm,
    send: RawTerm,
    receive: RawTerm,
    tags: [u64; TAGS.len()],
}

static WORDS: OnceLock<Words> = OnceLock::new();

/// The state that tracing processes have now, as a term; 0: none.
static STATE: AtomicU64 = AtomicU64::new(0);

/// Remembers the atoms.
///
/// # Errors
/// When the VM has no room for them.
pub fn load(env: Env<'_>) -> NifResult<()> {
    let atom = |name: &str| Atom::from_str(env, name).map(|atom| atom.to_term(env).as_c_arg());
    let mut tags = [0; TAGS.len()];
    for (tag, (name, ..)) in tags.iter_mut().zip(TAGS) {
        *tag = bits(atom(name)?);
    }
    // A second load, by a reloaded module, finds them set.
    let _ = WORDS.set(Words {
        trace: atom("trace")?,
        discard: atom("discard")?,
        remove: atom("remove")?,
        ok: atom("ok")?,
        undefined: atom("undefined")?,
        trace_status: atom("trace_status")?,
        extra: atom("extra")?,
        said: atom("match_spec_result")?,
        call: atom("call")?,
        send: atom("send")?,
        receive: atom("receive")?,
        tags,
    });
    Ok(())
}

/// The recorder's term, which is not asked for at each event.
static RECORDER: AtomicU64 = AtomicU64::new(0);

/// Of messages, whether only the outline is kept.
static OUTLINES: AtomicBool = AtomicBool::new(false);

/// Whether of messages only the outline is kept, from the next one on.
#[rustler::nif]
fn trace_outlines(only: bool) -> bool {
    OUTLINES.swap(only, Ordering::AcqRel)
}

/// Lets processes that are traced with this state, a small integer, be recorded; called
/// by the recorder.
#[rustler::nif]
fn trace_on(env: Env<'_>, state: Term<'_>) -> bool {
    RECORDER.store(bits(env.pid().encode(env).as_c_arg()), Ordering::Release);
    STATE.store(bits(state.as_c_arg()), Ordering::Release);
    true
}

/// What is still traced is discarded, and its tracing removed.
#[rustler::nif]
fn trace_off() -> bool {
    STATE.swap(0, Ordering::AcqRel) != 0
}

/// Notes the name that a process had before anything was traced.
#[rustler::nif]
fn note_register(env: Env<'_>, pid: LocalPid, name: Atom) -> bool {
    let Some(session) = ring::active() else { return false };
    let (pid, name) = (pid.encode(env), name.to_term(env).as_c_arg());
    ring::guarded(session, || {
        let at = clock::ticks(session.clock.kind);
        let (env, detail) = (env.as_c_arg(), ring::Detail::full(session, at, &[name]));
        // SAFETY: the environment and the terms are this call's.
        unsafe { ring::emit_told(env, session, Kind::Register, REGISTERED_BEFORE, pid.as_c_arg(), &[name], detail) };
    });
    true
}

/// `enabled(tag, state, tracee)`.
///
/// # Safety
/// Called by the VM with its arity, here and below.
unsafe extern "C" fn enabled(_env: RawEnv, _argc: c_int, argv: *const RawTerm) -> RawTerm {
    let Some(words) = WORDS.get() else { return RawTerm::default() };
    // SAFETY: by the VM's call, with three arguments.
    let (tag, state, tracee) = unsafe { (*argv, *argv.add(1), *argv.add(2)) };
    let is_ours = bits(state) == STATE.load(Ordering::Acquire) && ring::active().is_some() && !is_recorder(tracee);
    match (is_ours, bits(tag) == bits(words.trace_status)) {
        (false, true) => words.remove,
        (true, false) if bits(tag) == bits(words.call) && !calls::may_tell() => words.discard,
        (true, _) => words.trace,
        (false, false) => words.discard,
    }
}

/// `trace(tag, state, tracee, what, options)`.
unsafe extern "C" fn trace(env: RawEnv, _argc: c_int, argv: *const RawTerm) -> RawTerm {
    let Some(words) = WORDS.get() else { return RawTerm::default() };
    let Some(session) = ring::active() else { return words.ok };
    let work = || {
        // SAFETY: by the VM's call, with five arguments.
        let [tag, _, tracee, what, options] = unsafe { *argv.cast::<[RawTerm; 5]>() };
        let Some(which) = words.tags.iter().position(|word| *word == bits(tag)) else { return };
        let (_, kind, variant) = TAGS[which];
        #[cfg(feature = "panic-test")]
        crate::panic_test::told(kind);
        // SAFETY: by the VM's call, here and below.
        let option = |key| unsafe { option(env, options, key) };
        let extra = || option(words.extra).unwrap_or(words.undefined);
        let (pair, single) = match kind {
            Kind::Call => return unsafe { calls::call(env, session, tracee, what, option(words.said)) },
            Kind::Returned | Kind::Raised => return unsafe { calls::end(env, session, kind, tracee, what, extra()) },
            Kind::Spawn | Kind::Spawned => ([what, extra()], None),
            _ => ([what; 2], Some([what])),
        };
        let terms = single.as_ref().map_or(&pair[..], |single| &single[..]);
        // SAFETY: by the VM's call; only processes are traced.
        unsafe { filter::emit_told(env, session, kind, variant, tracee, terms, false) };
    };
    ring::guarded(session, work);
    words.ok
}

/// # Safety
/// `env` and `options`, a map, are the running call's.
#[inline(always)]
unsafe fn option(env: RawEnv, options: RawTerm, key: RawTerm) -> Option<RawTerm> {
    if !tags().heap {
        // SAFETY: by the caller's promise.
        return unsafe { asked_option(env, options, key) };
    }
    // SAFETY: by the caller's promise; the words are laid out as we read them.
    let (keys, values) = unsafe { words::small_map(options) }?;
    keys.iter().zip(values).find_map(|(&one, &value)| (bits(one) == bits(key)).then_some(value))
}

/// # Safety
/// As [`option`].
#[cold]
unsafe fn asked_option(env: RawEnv, options: RawTerm, key: RawTerm) -> Option<RawTerm> {
    let mut value = RawTerm::default();
    // SAFETY: by the caller's promise; the place is written when the call says so.
    (unsafe { enif_get_map_value(env, options, key, &mut value) } != 0).then_some(value)
}

fn is_recorder(term: RawTerm) -> bool {
    bits(term) == RECORDER.load(Ordering::Relaxed)
}

inventory::submit! { nif(c"enabled", 3, enabled) }
inventory::submit! { nif(c"trace", 5, trace) }
