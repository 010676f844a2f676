//! How this VM lays out its terms: looked at once, and compared with what it says.

use super::{Env, External, NIL, RawTerm, TAG_ATOM, TAG_PID, TAG_SMALL, bits, heap, maps};
use crate::binary::{self, Layout};
use rustler::sys::enif_make_int64;
use std::ptr::from_ref;
use std::sync::atomic::{AtomicPtr, Ordering};
use wire::segment::PidLayout;

/// What the tag bits of this VM's terms mean, checked when the library loads.
#[derive(Clone, Copy, Debug)]
pub struct Tags {
    /// Immediates can be decoded without the VM.
    pub immediates: bool,
    /// How a process's number and serial are read from its term.
    pub pids: PidLayout,
    /// Where a binary's bytes are.
    pub binaries: Layout,
    /// Lists, tuples and small maps can be read without the VM.
    pub heap: bool,
}

static UNKNOWN: Tags = Tags { immediates: false, pids: PidLayout::Unknown, binaries: Layout::Unknown, heap: false };

static TAGS: AtomicPtr<Tags> = AtomicPtr::new(from_ref(&UNKNOWN).cast_mut());

/// The result of the self-check; before it, nothing is assumed.
#[inline(always)]
pub fn tags() -> &'static Tags {
    // SAFETY: a static, or what [`check_tags`] leaked; nobody writes there.
    unsafe { &*TAGS.load(Ordering::Acquire) }
}

/// Compares our reading of immediates with the VM's, whose process table has room
/// for `processes`.
///
/// # Safety
/// `env` is the environment of a running call; `atom`, `pid`, and the `binaries`
/// are such terms.
pub unsafe fn check_tags(env: Env, atom: RawTerm, pid: RawTerm, empty: RawTerm, binaries: &[RawTerm], processes: u64) {
    // SAFETY: `env` is valid, by the caller's promise.
    let smalls = [0i64, 1, -1, 12_345, -(1 << 59), (1 << 59) - 1].iter().all(|&value| unsafe {
        let word = bits(enif_make_int64(env, value));
        word & 0xf == TAG_SMALL && (word as i64) >> 4 == value
    });
    let others = bits(atom) & 0x3f == TAG_ATOM && bits(pid) & 0xf == TAG_PID && bits(empty) == NIL;
    // SAFETY: as above.
    let named = unsafe { pid_from_external(env, pid) };
    let agrees = |layout: &PidLayout| others && named.is_some() && layout.parts(bits(pid)) == named;
    let pids = PidLayout::candidates(processes).into_iter().find(agrees).unwrap_or_default();
    // SAFETY: as above.
    let (binaries, heap) = unsafe { (binary::check(env, binaries), heap::agrees(env)) };
    let immediates = smalls && others;
    set(Tags { immediates, pids, binaries, heap: heap && immediates });
    // SAFETY: as above.
    unsafe { maps::check(env) };
}

// What was found first stays: a VM does not change.
fn set(tags: Tags) {
    if from_ref(self::tags()) == &raw const UNKNOWN {
        TAGS.store(Box::leak(Box::new(tags)), Ordering::Release);
    }
}

/// Number and serial, as the external term format has them (NEW_PID_EXT: 131,
/// 88, the node, then number, serial, creation, 4 bytes each).
unsafe fn pid_from_external(env: Env, pid: RawTerm) -> Option<(u64, u64)> {
    // SAFETY: `env` and `pid` are valid, by the caller's promise.
    let bytes = unsafe { External::of(env, pid) }?;
    let fields = bytes.as_slice().len().checked_sub(12).map(|at| &bytes.as_slice()[at..])?;
    let field = |n: usize| fields[n * 4..n * 4 + 4].iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
    Some((field(0), field(1)))
}
