//! A tracer that does nothing: what the VM's own part of tracing costs.
//!
//! `cargo xtask bench capture` loads it beside the capture library.

use rustler::{Atom, Term};

mod atoms {
    rustler::atoms! { ok, trace }
}

#[rustler::nif]
fn enabled(_tag: Term<'_>, _state: Term<'_>, _tracee: Term<'_>) -> Atom {
    atoms::trace()
}

#[rustler::nif]
fn trace(_tag: Term<'_>, _state: Term<'_>, _tracee: Term<'_>, _what: Term<'_>, _options: Term<'_>) -> Atom {
    atoms::ok()
}

rustler::init!("Elixir.Bench.NoTracer");
