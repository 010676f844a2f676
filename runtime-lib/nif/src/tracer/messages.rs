//! Messages: most of what the VM tells, and each of them twice.
//!
//! `trace_send/5` and `trace_receive/5` are OTP's too: where a tracer has them, the VM asks
//! it for nothing else of these events. Nothing that is known of them beforehand is looked
//! for here, and the options are read where they lie.

use super::{OUTLINES, RawEnv, WORDS, is_recorder, option};
use crate::clock;
use crate::encode::{RawTerm, bits};
use crate::filter;
use crate::hot::nif;
use crate::ring;
use rustler::codegen_runtime::{c_int, inventory};
use std::sync::atomic::Ordering;
use wire::Kind;
use wire::record::NO_SUCH_PROCESS;

/// `trace_send(tag, state, sender, message, #{extra => receiver})`.
///
/// # Safety
/// Called by the VM with its arity, here and below.
unsafe extern "C" fn trace_send(env: RawEnv, _argc: c_int, argv: *const RawTerm) -> RawTerm {
    // SAFETY: by the VM's call.
    unsafe { message::<true>(env, argv) }
}

/// `trace_receive(tag, state, receiver, message, #{match_spec_result => sender})`.
unsafe extern "C" fn trace_receive(env: RawEnv, _argc: c_int, argv: *const RawTerm) -> RawTerm {
    // SAFETY: by the VM's call.
    unsafe { message::<false>(env, argv) }
}

/// # Safety
/// By the VM's call, with five arguments.
#[inline(always)]
unsafe fn message<const IS_SEND: bool>(env: RawEnv, argv: *const RawTerm) -> RawTerm {
    let kind = if IS_SEND { Kind::Send } else { Kind::Receive };
    let Some(words) = WORDS.get() else { return RawTerm::default() };
    let Some(session) = ring::active() else { return words.ok };
    ring::guarded(session, move || {
        #[cfg(feature = "panic-test")]
        crate::panic_test::told(kind);
        // SAFETY: by the caller's promise.
        let [tag, _, tracee, message, options] = unsafe { *argv.cast::<[RawTerm; 5]>() };
        let (key, ordinary) = if IS_SEND { (words.extra, words.send) } else { (words.said, words.receive) };
        // SAFETY: by the VM's call.
        let peer = unsafe { option(env, options, key) }.unwrap_or(words.undefined);
        if IS_SEND && is_recorder(peer) {
            return;
        }
        let terms = [peer, message];
        let variant = if bits(tag) == bits(ordinary) { 0 } else { NO_SUCH_PROCESS };
        let (then, outlined) = (session.control.in_force(), OUTLINES.load(Ordering::Relaxed));
        let at = clock::ticks(session.clock.kind);
        // SAFETY: by the VM's call, here and in the branches; only processes are traced.
        unsafe {
            if outlined || !session.control.is_open_since(then) {
                return filter::emit_told(env, session, kind, variant, tracee, &terms, outlined);
            }
            ring::emit_all_of(env, session, kind, variant, tracee, &terms, at);
        }
    });
    words.ok
}

inventory::submit! { nif(c"trace_send", 5, trace_send) }
inventory::submit! { nif(c"trace_receive", 5, trace_receive) }
