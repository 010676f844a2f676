//! Terms in the compact encoding, straight into a segment.

mod atoms;
mod delta;
mod heap;
mod lists;
mod maps;
mod outline;
mod plain;
mod secrets;
mod short;
mod space;
mod tags;

pub use crate::words::{Env, RawTerm, bits};
pub use atoms::Atoms;
pub use space::{LONGEST, SLACK, Space};
pub use tags::{Tags, check_tags, tags};

use crate::binary;
use heap::Boxed;
use rustler::sys::*;
use short::are_short;
use std::ffi::c_int;
use std::mem::MaybeUninit;
use wire::node_id::SECRET;
use wire::term as tag;

unsafe extern "C" {
    // As an integer, not as rustler's enum: newer VMs may add types.
    fn enif_term_type(env: Env, term: RawTerm) -> c_int;
}

// erts/emulator/beam/erl_term.h: the low four bits of immediates.
const TAG_PID: u64 = 0x3;
/// The low four bits of a small integer.
pub const TAG_SMALL: u64 = 0xf;
const TAG_ATOM: u64 = 0x0b;
const NIL: u64 = 0x3b;

/// A term in Erlang's external format, released when dropped.
struct External(ErlNifBinary);

impl External {
    unsafe fn of(env: Env, term: RawTerm) -> Option<Self> {
        let mut binary = MaybeUninit::<ErlNifBinary>::uninit();
        // SAFETY: the place is valid, and initialised when the call says so.
        unsafe { (enif_term_to_binary(env, term, binary.as_mut_ptr()) != 0).then(|| Self(binary.assume_init())) }
    }

    fn as_slice(&self) -> &[u8] {
        // SAFETY: the VM gave `size` bytes at `data`, which live until released.
        unsafe { std::slice::from_raw_parts(self.0.data, self.0.size) }
    }
}

impl Drop for External {
    fn drop(&mut self) {
        // SAFETY: the binary is ours and released once.
        unsafe { enif_release_binary(&mut self.0) }
    }
}

/// A non-negative integer below 2^59, or such a one and [`wire::node_id::SECRET`].
///
/// # Safety
/// `env` is that of a running call and `term` belongs to it.
#[inline(always)]
pub unsafe fn node_id(env: Env, term: RawTerm) -> Option<u64> {
    let word = bits(term);
    if tags().immediates && word & 0xf == TAG_SMALL {
        // Of a negative one, the highest bit is set.
        return Some(word >> 4).filter(|node| node & SECRET == 0);
    }
    let mut node = 0;
    // SAFETY: the place is valid; what is no such integer is not written.
    let known = unsafe { enif_get_uint64(env, term, &mut node) } != 0;
    (known && node < SECRET << 1).then_some(node)
}

/// An atom's text.
///
/// # Safety
/// `env` is valid and `atom` an atom.
pub unsafe fn atom_text(env: Env, atom: RawTerm) -> Option<Vec<u8>> {
    // The C interface of OTP 25 gives Latin-1 only; the external format, UTF-8.
    // SAFETY: by the caller's promise.
    let external = unsafe { External::of(env, atom) }?;
    match external.as_slice() {
        // SMALL_ATOM_UTF8_EXT, ATOM_UTF8_EXT
        [131, 119, _, text @ ..] | [131, 118, _, _, text @ ..] => Some(text.to_vec()),
        // ATOM_EXT, SMALL_ATOM_EXT: Latin-1
        [131, 100, _, _, text @ ..] | [131, 115, _, text @ ..] => {
            Some(text.iter().map(|&byte| char::from(byte)).collect::<String>().into_bytes())
        }
        _ => None,
    }
}

/// Counts that are written before they are known take one byte.
const COUNT_IN_A_BYTE: u32 = 127;
/// Writes terms into a space, within limits.
pub struct Encoder<'a> {
    env: Env,
    tags: &'static Tags,
    space: Space<'a>,
    items: u32,
    bytes: u32,
    /// Something was cut.
    pub truncated: bool,
    /// The terms say how something failed.
    failed: bool,
    /// How much more may be compared.
    fuel: u64,
    atoms: &'a mut Atoms,
}

impl<'a> Encoder<'a> {
    /// An encoder for `space`, the last [`SLACK`] bytes of which are not to be used.
    pub fn new(env: Env, space: &'a mut [u8], items: u32, bytes: u32, atoms: &'a mut Atoms) -> Self {
        let (space, items) = (Space::new(space), items.min(COUNT_IN_A_BYTE));
        Self { env, tags: tags(), space, items, bytes, truncated: false, failed: false, fuel: 0, atoms }
    }

    /// Whether the terms say how something failed: then the arguments of calls are
    /// left out, wherever they stand.
    pub fn of_failure(self, failed: bool) -> Self {
        Self { failed, ..self }
    }

    /// Bytes written.
    pub fn len(&self) -> usize {
        self.space.len
    }

    /// Whether the space was too small.
    pub fn is_full(&self) -> bool {
        self.space.full
    }

    #[inline(always)]
    unsafe fn atom(&mut self, term: RawTerm) {
        // SAFETY: by the caller's promise: an atom of the running call.
        unsafe { self.space.atom(self.env, self.atoms, term) };
    }

    /// Writes one term.
    ///
    /// # Safety
    /// The environment is that of a running call, and `term` belongs to it.
    #[inline]
    pub unsafe fn term(&mut self, term: RawTerm, depth: u32) {
        // SAFETY: by the caller's promise.
        unsafe { self.part(term, depth) };
        self.space.may_begin();
    }

    /// Writes a term or a part of one.
    #[inline(always)]
    unsafe fn part(&mut self, term: RawTerm, depth: u32) {
        if !self.space.may_begin() {
            return;
        }
        // SAFETY: by the caller's promise.
        if self.tags.immediates && unsafe { self.space.immediate(self.env, self.atoms, term) } {
            return;
        }
        // SAFETY: by the caller's promise.
        unsafe { self.compound(term, depth) }
    }

    /// What is no immediate, or may be.
    #[inline(never)]
    unsafe fn compound(&mut self, term: RawTerm, depth: u32) {
        // SAFETY: by the caller's promise, here and in the arms.
        unsafe {
            if self.tags.heap {
                match heap::boxed(term) {
                    _ if heap::cell(term).is_some() => return self.list(term, depth),
                    Boxed::Tuple(elements) => return self.elements(elements, depth),
                    Boxed::Map(keys, values) => return self.pairs(keys, values, depth),
                    Boxed::Other => {}
                }
            }
            match enif_term_type(self.env, term) {
                1 => self.atom(term),
                2 => self.binary(term),
                3 => self.float(term),
                5 => self.integer(term),
                6 => self.list(term, depth),
                7 => self.map(term, depth),
                8 => self.process(term),
                11 => self.tuple(term, depth),
                // A function's environment has no bound: it is not serialised.
                4 => self.opaque(tag::OPAQUE_TERM, 0),
                _ => self.external(term),
            }
        }
    }

    fn opaque(&mut self, kind: u8, size: u64) {
        self.truncated = true;
        self.space.byte(tag::OPAQUE);
        self.space.byte(kind);
        self.space.varint(size);
    }

    unsafe fn external(&mut self, term: RawTerm) {
        // SAFETY: by the caller's promise.
        match unsafe { External::of(self.env, term) } {
            Some(bytes) if bytes.as_slice().len() <= self.bytes as usize => {
                self.space.byte(tag::EXTERNAL);
                self.space.varint(bytes.as_slice().len() as u64);
                self.space.raw(bytes.as_slice());
            }
            other => self.opaque(tag::OPAQUE_TERM, other.map_or(0, |bytes| bytes.as_slice().len() as u64)),
        }
    }

    unsafe fn process(&mut self, term: RawTerm) {
        let mut pid = MaybeUninit::<ErlNifPid>::uninit();
        // SAFETY: the place is valid; only the answer is used.
        if unsafe { enif_get_local_pid(self.env, term, pid.as_mut_ptr()) } != 0 {
            self.space.pid(term);
        } else {
            // SAFETY: by the caller's promise.
            unsafe { self.external(term) }
        }
    }

    unsafe fn integer(&mut self, term: RawTerm) {
        let mut value = 0i64;
        // SAFETY: the place is valid, and written when the call says so.
        if unsafe { enif_get_int64(self.env, term, &mut value) } != 0 {
            self.space.int(value);
        } else {
            // SAFETY: by the caller's promise.
            unsafe { self.external(term) }
        }
    }

    unsafe fn float(&mut self, term: RawTerm) {
        let mut value = 0.0;
        // SAFETY: the place is valid, and written when the call says so.
        if unsafe { enif_get_double(self.env, term, &mut value) } != 0 {
            self.space.byte(tag::FLOAT);
            self.space.raw(&value.to_bits().to_le_bytes());
        } else {
            self.opaque(tag::OPAQUE_TERM, 0);
        }
    }

    unsafe fn binary(&mut self, term: RawTerm) {
        let layout = self.tags.binaries;
        // SAFETY: by the caller's promise; the VM said that it is a bit string. The
        // bytes live, and stay where they are, as long as the call.
        let place = unsafe { binary::place(self.env, layout, term) };
        match place {
            Some((data, size)) => {
                let kept = size.min(self.bytes as usize);
                self.truncated |= kept < size;
                self.space.byte(tag::BINARY);
                self.space.varint(size as u64);
                self.space.varint(kept as u64);
                // SAFETY: `kept` is at most the binary's size; an empty binary's
                // pointer need not be valid, so it is not used.
                self.space.raw(if kept == 0 { &[] } else { unsafe { std::slice::from_raw_parts(data, kept) } });
            }
            // SAFETY: by the caller's promise; the VM said that it is a bit string.
            None => unsafe {
                match binary::filled(layout, term) {
                    // Known to be too long: it is not serialised to find that out. A
                    // loop over the bits of a megabyte would do so for each of them.
                    Some(size) if size > self.bytes as usize => self.opaque(tag::OPAQUE_TERM, size as u64),
                    _ => self.external(term),
                }
            },
        }
    }

    unsafe fn tuple(&mut self, term: RawTerm, depth: u32) {
        let (mut arity, mut elements) = (0 as c_int, std::ptr::null());
        // SAFETY: the places are valid, and written when the call says so.
        if unsafe { enif_get_tuple(self.env, term, &mut arity, &mut elements) } == 0 {
            return self.opaque(tag::OPAQUE_TERM, 0);
        }
        let size = usize::try_from(arity).unwrap_or(0);
        // SAFETY: the VM gave `arity` elements; an empty tuple's pointer need not be valid.
        unsafe { self.elements(if size == 0 { &[] } else { std::slice::from_raw_parts(elements, size) }, depth) }
    }

    unsafe fn elements(&mut self, elements: &[RawTerm], depth: u32) {
        let size = elements.len();
        if depth == 0 && size > 0 {
            return self.opaque(tag::OPAQUE_TUPLE, size as u64);
        }
        let kept = size.min(self.items as usize);
        self.truncated |= kept < size;
        self.space.tagged(tag::TUPLE, size as u64);
        self.space.varint(kept as u64);
        let kept = &elements[..kept];
        // SAFETY: by the caller's promise.
        unsafe {
            match (elements, kept) {
                (_, &[name, value]) if size == 2 => self.pair(name, value, depth - 1),
                ([_, _, _] | [_, _, _, _], _) if self.call(elements, kept.len(), depth - 1) => {}
                _ => kept.iter().for_each(|&element| self.part(element, depth - 1)),
            }
        }
    }

    unsafe fn list(&mut self, term: RawTerm, depth: u32) {
        if depth == 0 {
            // An empty list (of a VM whose tags are unknown) has no cell.
            // SAFETY: by the caller's promise.
            let is_empty = unsafe { self.cell(term).is_none() };
            return if is_empty { self.space.byte(tag::NIL) } else { self.opaque(tag::OPAQUE_LIST, 0) };
        }
        if self.items > COUNT_IN_A_BYTE {
            // SAFETY: by the caller's promise.
            return unsafe { self.whole_list(term, depth) };
        }
        let start = self.space.len;
        self.space.byte(tag::LIST);
        self.space.byte(0);
        let (mut rest, mut kept) = (term, 0);
        // SAFETY: by the caller's promise, here and below.
        while kept < self.items
            && let Some((head, tail)) = unsafe { self.cell(rest) }
        {
            unsafe { self.part(head, depth - 1) };
            rest = tail;
            kept += 1;
        }
        let (more, is_list) = unsafe { (self.cell(rest).is_some(), enif_is_list(self.env, rest) != 0) };
        let kind = match (more, is_list) {
            (true, _) => tag::LIST_CUT,
            (false, true) if kept == 0 => tag::NIL,
            (false, true) => tag::LIST,
            (false, false) => tag::IMPROPER,
        };
        self.truncated |= more;
        if kind == tag::NIL {
            self.space.len = start;
            return self.space.byte(tag::NIL);
        }
        if let Some(place) = self.space.bytes.get_mut(start..start + 2) {
            place.copy_from_slice(&[kind, kept as u8]);
        }
        if kind == tag::IMPROPER {
            unsafe { self.part(rest, depth - 1) };
        }
    }

    #[inline(always)]
    unsafe fn cell(&self, list: RawTerm) -> Option<(RawTerm, RawTerm)> {
        // SAFETY: by the caller's promise.
        if self.tags.heap { unsafe { heap::cell(list) } } else { unsafe { self.asked_cell(list) } }
    }

    unsafe fn asked_cell(&self, list: RawTerm) -> Option<(RawTerm, RawTerm)> {
        let (mut head, mut tail) = (RawTerm::default(), RawTerm::default());
        // SAFETY: the places are valid, and written when the call says so.
        (unsafe { enif_get_list_cell(self.env, list, &mut head, &mut tail) } != 0).then_some((head, tail))
    }

    /// Begins a map of so many keys; how many are kept, if any are looked at.
    fn map_begins(&mut self, size: usize, depth: u32) -> Option<usize> {
        if depth == 0 && size > 0 {
            self.opaque(tag::OPAQUE_MAP, size as u64);
            return None;
        }
        let kept = size.min(self.items as usize);
        self.truncated |= kept < size;
        self.space.tagged(tag::MAP, size as u64);
        self.space.varint(kept as u64);
        Some(kept)
    }

    unsafe fn pairs(&mut self, keys: &[RawTerm], values: &[RawTerm], depth: u32) {
        let Some(kept) = self.map_begins(keys.len(), depth) else { return };
        // SAFETY: by the caller's promise, here and below.
        let short = if are_short(values) { unsafe { self.short_pairs(&keys[..kept], values) } } else { 0 };
        for (&key, &value) in keys[short..kept].iter().zip(&values[short..]) {
            unsafe { self.pair(key, value, depth - 1) };
        }
    }

    unsafe fn map(&mut self, term: RawTerm, depth: u32) {
        let mut size = 0;
        let mut iterator = MaybeUninit::<ErlNifMapIterator>::uninit();
        // SAFETY: the place is valid, and written when the call says so.
        unsafe { enif_get_map_size(self.env, term, &mut size) };
        let Some(kept) = self.map_begins(size, depth) else { return };
        let head = ErlNifMapIteratorEntry::ERL_NIF_MAP_ITERATOR_HEAD;
        // SAFETY: the iterator is initialised when created says so, walked at
        // most `size` steps, and destroyed once.
        unsafe {
            if enif_map_iterator_create(self.env, term, iterator.as_mut_ptr(), head) == 0 {
                return;
            }
            for _ in 0..kept {
                if self.space.full {
                    break;
                }
                let (mut key, mut value) = (RawTerm::default(), RawTerm::default());
                enif_map_iterator_get_pair(self.env, iterator.as_mut_ptr(), &mut key, &mut value);
                self.pair(key, value, depth - 1);
                enif_map_iterator_next(self.env, iterator.as_mut_ptr());
            }
            enif_map_iterator_destroy(self.env, iterator.as_mut_ptr());
        }
    }
}
