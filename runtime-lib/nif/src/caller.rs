//! The process that runs a call.
//!
//! Owns: where an environment has its process. It must never know what is recorded of one.

use crate::words::{Env, RawTerm, bits, term};
use rustler::sys::{ErlNifPid, enif_make_pid, enif_self};
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether [`own`] reads the process and does not ask the VM.
static IS_READ: AtomicBool = AtomicBool::new(false);

/// The structure of the process that runs a call; its first word is the process's term.
///
/// # Safety
/// `env` is that of the running call.
#[inline(always)]
pub unsafe fn structure(env: Env) -> Option<*const u64> {
    // SAFETY: global.h, `enif_environment_t`: the module's pointer, then the process's. In
    // calls without a process, it is that of an empty structure of the same kind.
    let process = unsafe { *env.cast::<*const u64>().add(1) };
    (!process.is_null()).then_some(process)
}

/// The calling process.
///
/// # Safety
/// `env` is that of a running call of a process.
#[inline(always)]
pub unsafe fn own(env: Env) -> Option<RawTerm> {
    // SAFETY: by the caller's promise; [`check`] found it there.
    if IS_READ.load(Ordering::Relaxed) {
        unsafe { structure(env).map(|words| term(*words)) }
    } else {
        unsafe { asked(env) }
    }
}

unsafe fn asked(env: Env) -> Option<RawTerm> {
    let mut own = MaybeUninit::<ErlNifPid>::uninit();
    // SAFETY: the place is valid, and initialised unless the call gives null.
    unsafe { (!enif_self(env, own.as_mut_ptr()).is_null()).then(|| enif_make_pid(env, own.assume_init())) }
}

/// Reads the calling process from here on, if that is what the VM says.
///
/// # Safety
/// `env` is that of a running call of a process.
pub unsafe fn check(env: Env) {
    // SAFETY: by the caller's promise.
    let agrees = unsafe { structure(env).is_some_and(|words| asked(env).is_some_and(|own| *words == bits(own))) };
    IS_READ.store(agrees, Ordering::Relaxed);
}
