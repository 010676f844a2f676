//! The terms of an event, into a record's payload.

use super::Detail;
use crate::encode::{Atoms, Encoder, Env, LONGEST, RawTerm, SLACK, Space, tags};
use crate::session::Limits;
use crate::words;
use wire::node_id::SECRET;
use wire::{FLAG_OMITTED, FLAG_TRUNCATED, Kind};

/// Writes the terms of an event of the site `node` into `space`: length and flags.
///
/// # Safety
/// `env` is that of the running call; `terms` belong to it.
#[inline(always)]
pub unsafe fn write(
    env: Env,
    space: &mut [u8],
    kind: Kind,
    node: u64,
    terms: &[RawTerm],
    Detail { limits, outlined, .. }: Detail<'_>,
    atoms: &mut Atoms,
) -> (usize, u8) {
    // A message is its second term, and seldom of one word.
    let may_be_short = !kind.is_told() || terms.last().is_none_or(|&term| words::is_immediate(term));
    if node & SECRET == 0 && !outlined && may_be_short {
        // SAFETY: by the caller's promise.
        if let Some(len) = unsafe { immediates(env, space, terms, atoms) } {
            return (len, 0);
        }
    }
    // SAFETY: as above.
    unsafe { encoded(env, space, kind, node, terms, (limits, outlined), atoms) }
}

/// Writes terms none of which needs memory but its word, if these are such and surely fit. Most
/// events' are, and an encoder with its limits takes longer to make than they to write.
#[inline(always)]
unsafe fn immediates(env: Env, space: &mut [u8], terms: &[RawTerm], atoms: &mut Atoms) -> Option<usize> {
    if !tags().immediates || terms.len() * LONGEST + SLACK > space.len() {
        return None;
    }
    // SAFETY: there is room, as just seen.
    let mut space = unsafe { Space::roomy(space) };
    for &term in terms {
        // SAFETY: by the caller's promise; immediates are read so.
        if !unsafe { space.immediate(env, atoms, term) } {
            return None;
        }
    }
    Some(space.len())
}

/// Writes any terms, within their limits.
#[inline(never)]
unsafe fn encoded(
    env: Env,
    space: &mut [u8],
    kind: Kind,
    node: u64,
    terms: &[RawTerm],
    (limits, outlined): (&Limits, bool),
    atoms: &mut Atoms,
) -> (usize, u8) {
    let mut encoder = Encoder::new(env, space, limits.items, limits.bytes, atoms)
        .of_failure(matches!(kind, Kind::Caught | Kind::Exit | Kind::Raised));
    let mut first = 0;
    for (n, &term) in terms.iter().enumerate() {
        if node & SECRET != 0 {
            encoder.secret();
            continue;
        }
        // SAFETY: by the caller's promise.
        unsafe { if outlined && n > 0 { encoder.outline(term) } else { encoder.term(term, limits.depth) } };
        if n == 0 && !encoder.is_full() {
            first = encoder.len();
        }
    }
    match (encoder.is_full(), encoder.truncated) {
        // Who sent it is known even of a message that does not fit.
        (true, _) if kind.is_told() => (first, FLAG_OMITTED),
        (true, _) => (0, FLAG_OMITTED),
        (false, true) => (encoder.len(), FLAG_TRUNCATED),
        (false, false) => (encoder.len(), 0),
    }
}
