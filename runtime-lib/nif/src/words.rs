//! The VM's words: what the bits of a term say, and where the words are that it points to.
//!
//! Owns: the layout of `erl_term.h`, which `binary`, `encode/heap` and `encode/maps` read
//! terms by. It must never know whether this VM keeps to it: each of them compares its
//! reading with the VM's at start, and asks the VM if they differ.

use rustler::sys::{ErlNifEnv, ErlNifTerm};

/// The VM's environment of a call.
pub type Env = *mut ErlNifEnv;
/// A term of the VM.
pub type RawTerm = ErlNifTerm;

/// The low two bits of a term that is no immediate.
pub const PRIMARY: u64 = 0x3;
/// Of those, a list's cell: two words.
pub const CELL: u64 = 0x1;
/// Of those, any other term with words of its own, the first of which is a header.
pub const BOXED: u64 = 0x2;
/// The low bits of a pointer.
const POINTER: u64 = 0x7;
/// The bits of a header that say what follows.
pub const SUBTAG: u64 = 0x3c;
/// A header's subtag: so many elements of a tuple.
pub const TUPLE: u64 = 0;
/// Where a header has the number of words that follow.
pub const ARITY_AT: u32 = 6;

// erl_map.h: the header of `flatmap_t`, MAP_HEADER_FLATMAP.
const SMALL_MAP: u64 = 0x13c;

/// The word that a term is.
#[inline(always)]
pub fn bits(term: RawTerm) -> u64 {
    // SAFETY: rustler declares the term as transparent over one word.
    unsafe { std::mem::transmute::<RawTerm, usize>(term) as u64 }
}

/// The term that a word is.
#[inline(always)]
pub fn term(word: u64) -> RawTerm {
    // SAFETY: as above.
    unsafe { std::mem::transmute::<usize, RawTerm>(word as usize) }
}

/// Whether a term has no words but its own.
#[inline(always)]
pub fn is_immediate(term: RawTerm) -> bool {
    bits(term) & PRIMARY == PRIMARY
}

/// Where the words are that a word points to, if it points to any.
#[inline(always)]
pub fn target(word: u64) -> *const u64 {
    (word & !POINTER) as *const u64
}

/// The words of a boxed term; the first is its header.
#[inline(always)]
pub fn boxed(term: RawTerm) -> Option<*const u64> {
    (bits(term) & PRIMARY == BOXED).then(|| target(bits(term)))
}

/// The keys of a small map, and as many values.
///
/// # Safety
/// The VM lays out maps as `encode/heap` expects, and `term` is of a running call, as
/// long as which the parts live.
#[inline(always)]
pub unsafe fn small_map<'a>(term: RawTerm) -> Option<(&'a [RawTerm], &'a [RawTerm])> {
    let words = boxed(term)?;
    // SAFETY: by the caller's promise: the first word is a header, behind that of a small
    // map their number, a tuple of the keys, and the values.
    unsafe {
        if *words != SMALL_MAP {
            return None;
        }
        let (size, keys) = (*words.add(1), target(*words.add(2)));
        Some((terms(keys.add(1), size), terms(words.add(3), size)))
    }
}

/// So many terms.
///
/// # Safety
/// They stand there.
#[inline(always)]
pub unsafe fn terms<'a>(first: *const u64, len: u64) -> &'a [RawTerm] {
    // SAFETY: by the caller's promise; a term is transparent over one word.
    unsafe { std::slice::from_raw_parts(first.cast(), len as usize) }
}
