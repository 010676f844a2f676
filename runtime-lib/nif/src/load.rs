//! How the VM takes this library up, hands it on, and lets it go.
//!
//! Each instance of the module `ElixirScope.Native` that has the library holds it. A newer
//! instance takes it over together with the recording that runs; another build of the
//! library never does, since it has statics of its own: it must wait until the recording
//! of this one was ended, which happens when the last instance is purged. The code stays
//! mapped even then (`-z nodelete`), because a thread may stand in it.
//!
//! It must never know what a recording is.

use crate::control;
use rustler::codegen_runtime::{
    ErlNifEntry, ErlNifEnv, ErlNifTerm, c_int, c_void, handle_nif_init_call, internal_write_symbols, inventory,
};
use std::panic::catch_unwind;
use std::ptr::from_ref;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What the module expects of the functions: counted up when arguments change their
/// meaning, there and here. The system may give a new module the old library.
pub const CONTRACT: u64 = 2;

/// Instances of the module that have the library. Its address says which library it is.
static HOLDERS: AtomicUsize = AtomicUsize::new(0);

struct Entry(ErlNifEntry);

// SAFETY: the pointers are to what is leaked or static, and nobody writes there.
unsafe impl Send for Entry {}
// SAFETY: as above.
unsafe impl Sync for Entry {}

/// The VM asks at every attempt to load.
#[unsafe(no_mangle)]
extern "C" fn nif_init() -> *const ErlNifEntry {
    static ENTRY: OnceLock<Entry> = OnceLock::new();
    // SAFETY: the VM loads one library at a time, and this process is the VM.
    unsafe { internal_write_symbols() };
    &raw const ENTRY.get_or_init(entry).0
}

fn entry() -> Entry {
    let functions: Vec<_> = inventory::iter::<rustler::Nif>().map(rustler::Nif::get_def).collect();
    let mut entry = ErlNifEntry::new(c"Elixir.ElixirScope.Native", functions.leak(), load);
    entry.upgrade = Some(upgrade);
    entry.unload = Some(unload);
    Entry(entry)
}

/// # Safety
/// Called by the VM, here and below: with valid places for the private data.
unsafe extern "C" fn load(env: *mut ErlNifEnv, private: *mut *mut c_void, contract: ErlNifTerm) -> c_int {
    // SAFETY: by the VM's call; the environment lives as long.
    let refused = unsafe {
        let life = ();
        let terms = rustler::Env::new_init_env(&life, env);
        handle_nif_init_call(control::load, terms, rustler::Term::new(terms, contract))
    };
    if refused == 0 {
        hold(private);
    }
    refused
}

unsafe extern "C" fn upgrade(
    env: *mut ErlNifEnv,
    private: *mut *mut c_void,
    old: *mut *mut c_void,
    contract: ErlNifTerm,
) -> c_int {
    // SAFETY: by the VM's call.
    let is_this = unsafe { *old } == identity();
    // SAFETY: by the VM's call.
    if is_this { unsafe { load(env, private, contract) } } else { 1 }
}

unsafe extern "C" fn unload(_env: *mut ErlNifEnv, _private: *mut c_void) {
    if HOLDERS.fetch_sub(1, Ordering::AcqRel) == 1 {
        // Nobody is left to be told.
        let _ = catch_unwind(control::end);
    }
}

fn hold(private: *mut *mut c_void) {
    HOLDERS.fetch_add(1, Ordering::AcqRel);
    // SAFETY: the VM gives a valid place.
    unsafe { *private = identity() };
}

fn identity() -> *mut c_void {
    from_ref(&HOLDERS).cast_mut().cast()
}
