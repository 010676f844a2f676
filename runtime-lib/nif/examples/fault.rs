//! A library of another's with a fault, which `cargo xtask check crash` loads into a VM
//! that records: what was recorded must be there after it.
#![allow(unsafe_code, reason = "the fault is what this is for")]

/// Ends the VM.
#[rustler::nif]
fn fault() -> u64 {
    let nowhere = std::ptr::without_provenance::<u64>(8);
    // SAFETY: none: nothing is mapped there, so the VM gets a SIGSEGV.
    unsafe { nowhere.read_volatile() }
}

rustler::init!("Elixir.Program.Fault");
