//! Sites with limits of their own, which a project's plan sets.
//!
//! Owns: what their probes pass in place of an id (`wire::limits` has the table). All
//! others pass a small integer and never come here. It must never know plans, nor whose
//! limits hold where several are set: that is `filter`'s.

use crate::encode::{self, Env, RawTerm};
use crate::filter;
use crate::limits::AskedLimits;
use crate::session::Session;
use rustler::sys::enif_get_tuple;
use std::ffi::c_int;
use wire::Kind;
use wire::limits::RANGES;

const ELEMENTS: usize = 1 + RANGES.len();

/// Writes what is wanted of an event whose first argument is no id: one of a site
/// with limits of its own. What is no such site either is no event.
///
/// # Safety
/// By the VM's call: `env` is its environment, and `argc` arguments stand at `argv`.
#[cold]
#[inline(never)]
pub unsafe fn write(
    session: &'static Session,
    env: Env,
    argc: c_int,
    argv: *const RawTerm,
    kind: Kind,
    with_payload: bool,
) {
    // SAFETY: by the VM's call; the terms live as long as it.
    let arguments = unsafe { std::slice::from_raw_parts(argv, usize::try_from(argc).unwrap_or(0)) };
    let Some((site, payload)) = arguments.split_first() else { return };
    // SAFETY: by the VM's call, here and below.
    let Some((node, asked)) = (unsafe { site_of(env, *site) }) else { return };
    let payload = if with_payload { payload } else { &[] };
    unsafe { filter::emit_within(asked, env, session, kind, node, payload) };
}

/// The node and the limits.
///
/// # Safety
/// `env` is that of a running call and `term` belongs to it.
unsafe fn site_of(env: Env, term: RawTerm) -> Option<(u64, AskedLimits)> {
    let (mut arity, mut elements) = (0 as c_int, std::ptr::null::<RawTerm>());
    // SAFETY: by the caller's promise. The places are valid; the elements are read when the
    // VM says that there are so many.
    unsafe {
        if enif_get_tuple(env, term, &mut arity, &mut elements) == 0 || arity != ELEMENTS as c_int {
            return None;
        }
        let [id, limits @ ..] = *elements.cast::<[RawTerm; ELEMENTS]>();
        let mut asked = AskedLimits::default();
        for (limit, place) in limits.into_iter().zip(&mut asked) {
            // Small integers, as ids are: none of these is asked of the VM.
            *place = encode::node_id(env, limit)?;
        }
        Some((encode::node_id(env, id)?, asked))
    }
}
