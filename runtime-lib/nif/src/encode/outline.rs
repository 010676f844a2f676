//! What a term is and how large, and nothing of what it says: a message whose content is
//! not to be kept. An atom is a tag, and stays: alone, or first in a tuple.

use super::{Encoder, RawTerm, bits, enif_term_type};
use crate::binary;
use rustler::sys::{enif_get_map_size, enif_get_tuple};
use std::ffi::c_int;
use wire::term as tag;

// ErlNifTermType
const ATOM: c_int = 1;
const BITSTRING: c_int = 2;
const LIST: c_int = 6;
const MAP: c_int = 7;
const TUPLE: c_int = 11;

impl Encoder<'_> {
    /// Writes the outline of a term; whatever has a content is cut.
    ///
    /// # Safety
    /// As [`Encoder::term`].
    pub unsafe fn outline(&mut self, term: RawTerm) {
        // SAFETY: by the caller's promise, here and in the arms.
        unsafe {
            match enif_term_type(self.env, term) {
                ATOM => self.atom(term),
                LIST if bits(term) == super::NIL => self.space.byte(tag::NIL),
                LIST => self.opaque(tag::OPAQUE_LIST, 0),
                MAP => self.outline_of_map(term),
                TUPLE => self.outline_of_tuple(term),
                BITSTRING => self.outline_of_bits(term),
                _ => self.opaque(tag::OPAQUE_TERM, 0),
            }
        }
    }

    unsafe fn outline_of_map(&mut self, term: RawTerm) {
        let mut size = 0;
        // SAFETY: the place is valid; by the caller's promise.
        unsafe { enif_get_map_size(self.env, term, &mut size) };
        self.opaque(tag::OPAQUE_MAP, size as u64);
    }

    unsafe fn outline_of_bits(&mut self, term: RawTerm) {
        // SAFETY: by the caller's promise: it is a bit string.
        let size = unsafe { binary::filled(super::tags().binaries, term) };
        self.truncated = true;
        self.space.byte(tag::BINARY);
        self.space.varint(size.unwrap_or(0) as u64);
        self.space.varint(0);
    }

    unsafe fn outline_of_tuple(&mut self, term: RawTerm) {
        let (mut arity, mut elements) = (0 as c_int, std::ptr::null::<RawTerm>());
        // SAFETY: the places are valid, and written when the call says so; of a tuple that
        // has one, the first element may be read.
        unsafe {
            enif_get_tuple(self.env, term, &mut arity, &mut elements);
            let size = u64::try_from(arity).unwrap_or(0);
            if size == 0 || enif_term_type(self.env, *elements) != ATOM {
                return self.opaque(tag::OPAQUE_TUPLE, size);
            }
            self.truncated |= size > 1;
            self.space.byte(tag::TUPLE);
            self.space.varint(size);
            self.space.varint(1);
            self.atom(*elements);
        }
    }
}
