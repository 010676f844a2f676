//! Lists, tuples and small maps, read where they lie.
//!
//! Asking the VM for each element of a list costs as much as writing it, and its iterator
//! over a small map more. So the words of such terms are read directly, if at start our
//! reading agreed with the VM's. Otherwise the VM is asked.

use crate::words::{self, ARITY_AT, CELL, Env, PRIMARY, RawTerm, SUBTAG, TUPLE, bits};
use rustler::sys::*;
use std::ffi::c_uint;

/// What a boxed term is.
pub enum Boxed<'a> {
    /// Its elements.
    Tuple(&'a [RawTerm]),
    /// The keys of a small map, and as many values.
    Map(&'a [RawTerm], &'a [RawTerm]),
    /// Anything else.
    Other,
}

/// The head and the tail of a list's cell.
///
/// # Safety
/// [`agrees`] said so of the VM, and `term` is of a running call.
#[inline(always)]
pub unsafe fn cell(term: RawTerm) -> Option<(RawTerm, RawTerm)> {
    let words: *const RawTerm = words::target(bits(term)).cast();
    // SAFETY: a cell has two words, which live as long as the call.
    (bits(term) & PRIMARY == CELL).then(|| unsafe { (*words, *words.add(1)) })
}

/// What a boxed term is, without more questions.
///
/// # Safety
/// As [`cell`]. The parts live as long as the call.
#[inline(always)]
pub unsafe fn boxed<'a>(term: RawTerm) -> Boxed<'a> {
    let Some(words) = words::boxed(term) else { return Boxed::Other };
    // SAFETY: by the caller's promise. The first word is a header; of a tuple the elements
    // follow.
    unsafe {
        let header = *words;
        if header & SUBTAG == TUPLE {
            return Boxed::Tuple(words::terms(words.add(1), header >> ARITY_AT));
        }
        words::small_map(term).map_or(Boxed::Other, |(keys, values)| Boxed::Map(keys, values))
    }
}

/// Whether our reading agrees with the VM's, on terms of each form.
///
/// # Safety
/// `env` is that of a running call.
pub unsafe fn agrees(env: Env) -> bool {
    // SAFETY: by the caller's promise.
    unsafe { agrees_on_lists(env) && [0, 1, 5].into_iter().all(|size| agrees_on(env, size)) && !is_small(env, 33) }
}

unsafe fn agrees_on_lists(env: Env) -> bool {
    // SAFETY: by the caller's promise. Words are followed only where the tag is a cell's.
    unsafe {
        let [head, tail] = [3, 4].map(|n| enif_make_uint64(env, n));
        let cell_of = |term| cell(term).map(|(head, tail)| [bits(head), bits(tail)]);
        let improper = enif_make_list_cell(env, head, tail);
        let proper = enif_make_list_cell(env, head, improper);
        cell_of(improper) == Some([bits(head), bits(tail)])
            && cell_of(proper) == Some([bits(head), bits(improper)])
            && cell(head).is_none()
    }
}

/// On a tuple and a map of `size` elements.
unsafe fn agrees_on(env: Env, size: u64) -> bool {
    // SAFETY: by the caller's promise; the arrays have `size` terms, and places are read
    // when the VM says that they were written.
    unsafe {
        let keys: Vec<_> = (0..size).map(|n| enif_make_uint64(env, n * 7)).collect();
        let values: Vec<_> = (0..size).map(|n| enif_make_uint64(env, n * 1000)).collect();
        let tuple = enif_make_tuple_from_array(env, values.as_ptr(), size as c_uint);
        let Boxed::Tuple(elements) = boxed(tuple) else { return false };
        let mut map = RawTerm::default();
        if enif_make_map_from_arrays(env, keys.as_ptr(), values.as_ptr(), values.len(), &mut map) == 0 {
            return false;
        }
        let Boxed::Map(names, named) = boxed(map) else { return false };
        let is_there = |(&key, &value): (&RawTerm, &RawTerm)| {
            let mut found = RawTerm::default();
            enif_get_map_value(env, map, key, &mut found) != 0 && bits(found) == bits(value)
        };
        words_of(elements) == words_of(&values) && names.len() == keys.len() && names.iter().zip(named).all(is_there)
    }
}

unsafe fn is_small(env: Env, size: u64) -> bool {
    // SAFETY: as above.
    unsafe {
        let terms: Vec<_> = (0..size).map(|n| enif_make_uint64(env, n)).collect();
        let mut map = RawTerm::default();
        enif_make_map_from_arrays(env, terms.as_ptr(), terms.as_ptr(), terms.len(), &mut map);
        matches!(boxed(map), Boxed::Map(..))
    }
}

fn words_of(terms: &[RawTerm]) -> Vec<u64> {
    terms.iter().map(|&term| bits(term)).collect()
}
