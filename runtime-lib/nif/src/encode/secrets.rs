//! What is left out because it may be secret.
//!
//! * The value of an association, or the second of two elements, whose first part is
//!   a secret's name: maps, structs, keyword lists, lists of headers.
//! * The arguments of a call that failed. They stand in stack traces and in reasons
//!   of exits, where they have no names: all of them are left out.
//!
//! The decision is made before the value is looked at: a payload that does not fit is
//! given up after it was written, and what was written stays in the file.

use super::{Encoder, RawTerm, TAG_ATOM, binary, bits, enif_term_type};
use crate::{hot, words};
use rustler::sys::*;
use std::ffi::c_uint;
use wire::term as tag;

// ErlNifTermType
const ATOM: i32 = 1;
const BITSTRING: i32 = 2;
const FUNCTION: i32 = 4;

impl Encoder<'_> {
    /// Writes a name and what it names, or so it may be.
    ///
    /// # Safety
    /// As [`Encoder::term`].
    #[inline(always)]
    pub(super) unsafe fn pair(&mut self, name: RawTerm, value: RawTerm, depth: u32) {
        // SAFETY: by the caller's promise. The name comes first: so it is known.
        unsafe {
            self.part(name, depth);
            if self.is_secret(name) {
                self.secret();
            } else if self.failed && self.hides_pair(name, value) {
                self.arguments(value);
            } else {
                self.part(value, depth);
            }
        }
    }

    /// Writes the first `kept` elements of a frame of a stack trace, or of a call that
    /// a process failed in, without the call's arguments; false when it is neither.
    ///
    /// # Safety
    /// As [`Encoder::term`].
    pub(super) unsafe fn call(&mut self, elements: &[RawTerm], kept: usize, depth: u32) -> bool {
        // SAFETY: by the caller's promise, here and below.
        let Some(at) = (unsafe { self.arguments_at(elements) }) else { return false };
        for (n, &element) in elements[..kept].iter().enumerate() {
            unsafe { if n == at { self.arguments(element) } else { self.part(element, depth) } };
        }
        true
    }

    /// Where a frame of a stack trace, or a call that failed, has the arguments that are
    /// left out.
    ///
    /// # Safety
    /// As [`Encoder::term`].
    pub(super) unsafe fn arguments_at(&self, elements: &[RawTerm]) -> Option<usize> {
        // SAFETY: by the caller's promise, here and below.
        let at = match *elements {
            [module, function, _] if self.failed && unsafe { self.is(ATOM, module) && self.is(ATOM, function) } => 2,
            [function, _, place] if unsafe { self.is(FUNCTION, function) && self.is_place(place) } => 1,
            [module, function, _, place]
                if unsafe { self.is(ATOM, module) && self.is(ATOM, function) && self.is_place(place) } =>
            {
                2
            }
            _ => return None,
        };
        let is_empty = unsafe { self.count(elements[at]) }.is_none_or(|count| count == 0);
        (!is_empty && !self.atoms.names().is_empty()).then_some(at)
    }

    /// Whether a name, written or not, says that its value is secret.
    ///
    /// # Safety
    /// As [`Encoder::term`].
    pub(super) unsafe fn names_secret(&mut self, name: RawTerm) -> bool {
        // SAFETY: by the caller's promise.
        unsafe {
            if self.is(ATOM, name) {
                self.atoms.see(self.env, bits(name) >> 6, name);
            }
            self.is_secret(name)
        }
    }

    /// A name that was written says that its value is secret.
    #[inline(always)]
    unsafe fn is_secret(&mut self, name: RawTerm) -> bool {
        let word = bits(name);
        // SAFETY: by the caller's promise.
        unsafe {
            match self.tags.immediates {
                true if word & 0x3f == TAG_ATOM => self.atoms.is_secret(self.env, word >> 6, name),
                true if words::boxed(name).is_none() => false,
                _ => self.is_secret_asked(name),
            }
        }
    }

    unsafe fn is_secret_asked(&mut self, name: RawTerm) -> bool {
        if self.atoms.names().is_empty() {
            return false;
        }
        // SAFETY: by the caller's promise; the bytes live as long as the call.
        unsafe {
            match enif_term_type(self.env, name) {
                ATOM => self.atoms.is_secret(self.env, bits(name) >> 6, name),
                BITSTRING => {
                    let place = binary::place(self.env, self.tags.binaries, name);
                    place.is_some_and(|(data, size)| {
                        size > 0 && self.atoms.is_secret_name(std::slice::from_raw_parts(data, size))
                    })
                }
                _ => false,
            }
        }
    }

    /// `args: […]` of an exception, or a function and what it was called with.
    unsafe fn hides_pair(&self, name: RawTerm, value: RawTerm) -> bool {
        // SAFETY: by the caller's promise.
        unsafe {
            (bits(name) == bits(hot::args()) || self.is(FUNCTION, name))
                && !self.atoms.names().is_empty()
                && self.count(value).is_some_and(|count| count > 0)
        }
    }

    /// As many marks as there are arguments.
    unsafe fn arguments(&mut self, list: RawTerm) {
        // SAFETY: by the caller's promise.
        let count = unsafe { self.count(list) }.unwrap_or(0);
        let kept = count.min(self.items);
        self.space.byte(if kept < count { tag::LIST_CUT } else { tag::LIST });
        self.space.varint(u64::from(kept));
        for _ in 0..kept {
            self.secret();
        }
    }

    /// Writes that a term was left out.
    #[inline(never)]
    pub fn secret(&mut self) {
        self.space.byte(tag::OPAQUE);
        self.space.byte(tag::OPAQUE_SECRET);
        self.space.byte(0);
    }

    unsafe fn is(&self, kind: i32, term: RawTerm) -> bool {
        let word = bits(term);
        match self.tags.immediates {
            true if kind == ATOM => word & 0x3f == TAG_ATOM,
            // SAFETY: by the caller's promise.
            _ => unsafe { enif_term_type(self.env, term) == kind },
        }
    }

    /// `[]`, or a list whose first element has two parts and begins with an atom.
    unsafe fn is_place(&self, term: RawTerm) -> bool {
        let (mut head, mut tail) = (RawTerm::default(), RawTerm::default());
        let (mut arity, mut elements) = (0, std::ptr::null());
        // SAFETY: by the caller's promise; what the VM writes is read when it says so.
        unsafe {
            if enif_get_list_cell(self.env, term, &mut head, &mut tail) == 0 {
                return enif_is_empty_list(self.env, term) != 0;
            }
            enif_get_tuple(self.env, head, &mut arity, &mut elements) != 0 && arity == 2 && self.is(ATOM, *elements)
        }
    }

    /// The length of a proper list.
    unsafe fn count(&self, list: RawTerm) -> Option<u32> {
        let mut count: c_uint = 0;
        // SAFETY: the place is valid, and written when the call says so.
        (unsafe { enif_get_list_length(self.env, list, &mut count) } != 0).then_some(count)
    }
}
