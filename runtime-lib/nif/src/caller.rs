//! The process that runs a call.
//!
//! Owns: where an environment has its process. It must never know what is recorded of one.

use crate::encode::{Env, RawTerm, tags};
use crate::words::{bits, term};
use rustler::sys::{ErlNifPid, enif_make_pid, enif_self};
use std::mem::MaybeUninit;

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
    // SAFETY: by the caller's promise; [`agrees`] said that it stands there.
    if tags().caller { unsafe { structure(env).map(|words| term(*words)) } } else { unsafe { asked(env) } }
}

unsafe fn asked(env: Env) -> Option<RawTerm> {
    let mut own = MaybeUninit::<ErlNifPid>::uninit();
    // SAFETY: the place is valid, and initialised unless the call gives null.
    unsafe { (!enif_self(env, own.as_mut_ptr()).is_null()).then(|| enif_make_pid(env, own.assume_init())) }
}

/// Whether the calling process is read as the VM says.
///
/// # Safety
/// `env` is that of a running call of a process.
pub unsafe fn agrees(env: Env) -> bool {
    // SAFETY: by the caller's promise.
    unsafe { structure(env).is_some_and(|words| asked(env).is_some_and(|own| *words == bits(own))) }
}
