//! Which context a process is in: what its sequential trace token says.
//!
//! The VM carries the token of a process with each message it sends, and to each process
//! it spawns; whoever takes a message has the message's token from then on. So the label of
//! a token, `{:elixir_scope, number, id, metadata}`, says on whose behalf code runs, and no
//! event need tell of it. But no function of the C interface gives the token. It is read
//! where the VM keeps it, in the process's own structure: the place is found by looking
//! for what becomes the token when one is set, and was none and is none again when there
//! is none ([`seek`]). Where it is not found, no event has a context.

use crate::caller;
use crate::encode::{Env as RawEnv, RawTerm, TAG_SMALL, bits, tags};
use rustler::Env;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

mod atoms {
    rustler::atoms! { elixir_scope }
}

/// A context as a token's label has it.
#[derive(Clone, Copy)]
pub struct Context {
    /// Of at most 59 bits, and not 0.
    pub number: u64,
    /// What it is called.
    pub id: RawTerm,
    /// What else is known of it.
    pub metadata: RawTerm,
}

/// Words of a process's structure that are looked through; it has more.
const WORDS: usize = 64;
/// The empty list: no token.
const NONE: u64 = 0x3b;

static FOUND: AtomicUsize = AtomicUsize::new(0);
static USED: AtomicBool = AtomicBool::new(false);
/// The place of the token while contexts are used; 0: they are not, or it was not found.
static PLACE: AtomicUsize = AtomicUsize::new(0);
static CANDIDATES: Mutex<Vec<usize>> = Mutex::new(Vec::new());

/// Looks for the token's place, in three calls by one process: without a token, with
/// one whose number this is, and without again. Whether it may be, and at last is, found.
#[rustler::nif]
fn seek_token(env: Env<'_>, step: u32, number: u64) -> bool {
    let mut candidates = CANDIDATES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if step == 0 {
        *candidates = (1..WORDS).collect();
        FOUND.store(0, Ordering::Release);
    }
    // SAFETY: the environment is this call's, of a process that runs.
    let Some(process) = (unsafe { caller::structure(env.as_c_arg()) }).filter(|_| tags().immediates) else {
        return false;
    };
    candidates.retain(|&place| {
        // SAFETY: the structure has more words than are looked at. What is no empty list
        // was one in the first step, so it is a place of terms, of the process that runs.
        unsafe {
            let word = *process.add(place);
            if step == 1 { label(word).is_some_and(|found| found.number == number) } else { word == NONE }
        }
    });
    if step == 2
        && let [place] = candidates[..]
    {
        FOUND.store(place, Ordering::Release);
        use_found();
    }
    !candidates.is_empty()
}

/// From here on events may have contexts: whether the token's place is found.
pub fn want() -> bool {
    USED.store(true, Ordering::SeqCst);
    use_found();
    FOUND.load(Ordering::Acquire) != 0
}

fn use_found() {
    if USED.load(Ordering::Acquire) {
        PLACE.store(FOUND.load(Ordering::Acquire), Ordering::Release);
    }
}

/// Whether anybody asked for contexts.
pub fn are_wanted() -> bool {
    USED.load(Ordering::SeqCst)
}

/// Whether there can be a context.
#[inline(always)]
pub fn are_used() -> bool {
    PLACE.load(Ordering::Relaxed) != 0
}

/// The context of the process `about`, if it is the one that runs the call.
///
/// # Safety
/// `env` is that of the running call; its terms are used only as long as it runs.
#[inline]
pub unsafe fn of(env: RawEnv, about: RawTerm) -> Option<Context> {
    // SAFETY: by the caller's promise. The process runs, so that nobody changes its token;
    // a call for another process, or for none, has another number in its structure.
    unsafe {
        let process = caller::structure(env)?;
        if *process != bits(about) {
            return None;
        }
        match *process.add(PLACE.load(Ordering::Relaxed)) {
            NONE => None,
            token => label(token),
        }
    }
}

/// What the label of a token says, if it is ours.
///
/// # Safety
/// `token` is a term of a process that runs.
unsafe fn label(token: u64) -> Option<Context> {
    // SAFETY: by the caller's promise, and that of `tuple`.
    unsafe {
        let [_, label, _, _, _] = tuple::<5>(token)?;
        let [tag, number, id, metadata] = tuple::<4>(bits(label))?;
        let is_ours = bits(tag) == bits(atoms::elixir_scope().as_c_arg());
        let is_number = bits(number) & 0xf == TAG_SMALL && bits(number) >> 63 == 0;
        (is_ours && is_number).then_some(Context { number: bits(number) >> 4, id, metadata })
    }
}

/// The elements of a tuple of this size (erl_term.h: a boxed pointer to a header of the
/// size above six bits of zeroes).
///
/// # Safety
/// `term` is one of a process that runs.
unsafe fn tuple<const N: usize>(term: u64) -> Option<[RawTerm; N]> {
    if term & 0x3 != 0x2 {
        return None;
    }
    let words = (term & !0x7) as *const u64;
    // SAFETY: what a boxed term points to begins with a header, and what the header of a
    // tuple counts follows it.
    unsafe { (*words == (N as u64) << 6).then(|| *words.add(1).cast::<[RawTerm; N]>()) }
}
