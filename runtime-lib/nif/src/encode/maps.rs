//! The tries that large maps are, read in place.
//!
//! Two versions of a map share the parts that did not change, but the VM's interface has
//! no way to pass over those. So the words of the nodes are read directly, if at start
//! our reading of maps agreed with the VM's. Otherwise all keys are looked up.

use crate::words::{self, ARITY_AT, BOXED, CELL, Env, PRIMARY, RawTerm, SUBTAG, TUPLE, bits, term};
use rustler::sys::*;
use std::mem::MaybeUninit;
use std::sync::OnceLock;

// erl_map.h: a header word has the subtag, two bits of what kind of node it is, eight of
// nothing that matters here, and above them which of 16 slots are there.
const IS_MAP: u64 = 0x3c;
const KIND_AT: u32 = 6;
const SLOTS_AT: u32 = 16;
/// Slots of a node that has them all, which is laid out as a tuple.
const FULL: usize = 16;

/// A part of a trie.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Part(u64);

/// What a part is.
pub enum Shape {
    /// A key and its value.
    Leaf(RawTerm, RawTerm),
    /// More parts.
    Node(Node),
}

/// A node: some of its slots are there.
#[derive(Clone, Copy)]
pub struct Node {
    first: *const u64,
    len: usize,
    slots: u64,
}

impl Node {
    /// # Safety
    /// `words` are those of a boxed term of a running call, in a trie.
    unsafe fn at(words: *const u64) -> Option<Self> {
        // SAFETY: by the caller's promise; no word is read beyond those the header counts.
        let header = unsafe { *words };
        let slots = (header >> SLOTS_AT) & 0xffff;
        let (before, len) = match (header & SUBTAG, (header >> KIND_AT) & 3) {
            (IS_MAP, 1) => (1, slots.count_ones() as usize),
            (IS_MAP, 2) => return Some(Self { first: words.wrapping_add(2), len: FULL, slots: 0xffff }),
            (IS_MAP, 3) => (2, slots.count_ones() as usize),
            // A full node; or keys that collide, which stand side by side.
            (TUPLE, _) => {
                let len = (header >> ARITY_AT) as usize;
                let slots = u64::MAX.checked_shr(64u32.checked_sub(len as u32)?)?;
                return Some(Self { first: words.wrapping_add(1), len, slots });
            }
            _ => return None,
        };
        Some(Self { first: words.wrapping_add(before), len, slots })
    }

    /// The part in a slot.
    pub fn slot(&self, slot: usize) -> Option<Part> {
        let bit = 1u64.checked_shl(slot as u32)?;
        let place = (self.slots & (bit - 1)).count_ones() as usize;
        // SAFETY: `at` found that so many words follow, one for each slot that is there;
        // they live as long as the call.
        (self.slots & bit != 0 && place < self.len).then(|| Part(unsafe { *self.first.add(place) }))
    }

    /// How many slots there may be.
    pub fn slots(&self) -> usize {
        (u64::BITS - self.slots.leading_zeros()) as usize
    }

    /// The parts that are there.
    pub fn parts(self) -> impl Iterator<Item = Part> {
        (0..self.slots()).filter_map(move |slot| self.slot(slot))
    }
}

/// The trie of a map; none of a small map, nor where its layout is not known.
///
/// # Safety
/// `map` is a map of a running call.
pub unsafe fn trie(map: RawTerm) -> Option<Part> {
    // SAFETY: by the caller's promise.
    (KNOWN.get() == Some(&true) && unsafe { is_trie(map) }).then(|| Part(bits(map)))
}

unsafe fn is_trie(map: RawTerm) -> bool {
    // SAFETY: a boxed term's first word is a header.
    words::boxed(map).is_some_and(|words| matches!(unsafe { *words } >> KIND_AT & 3, 2 | 3))
}

impl Part {
    /// What this is; none of what is laid out in another way.
    ///
    /// # Safety
    /// The part is of a trie of the running call.
    pub unsafe fn shape(self) -> Option<Shape> {
        let words = words::target(self.0);
        // SAFETY: by the caller's promise. A cell has two words.
        unsafe {
            match self.0 & PRIMARY {
                CELL => Some(Shape::Leaf(term(*words), term(*words.add(1)))),
                BOXED => Node::at(words).map(Shape::Node),
                _ => None,
            }
        }
    }
}

/// Whether our reading of tries agrees with the VM's.
static KNOWN: OnceLock<bool> = OnceLock::new();

/// Finds out whether our reading of tries agrees with the VM's, once.
///
/// # Safety
/// `env` is that of a running call.
pub unsafe fn check(env: Env) {
    // SAFETY: by the caller's promise. A small trie has a root with slots that are not
    // there, the largest has nodes of all kinds.
    KNOWN.get_or_init(|| unsafe { [33, 60, 3000].into_iter().all(|size| agrees(env, size)) });
}

unsafe fn agrees(env: Env, size: u64) -> bool {
    // SAFETY: by the caller's promise; the arrays have `size` terms.
    unsafe {
        let terms: Vec<RawTerm> = (0..size).map(|n| enif_make_uint64(env, n * 7)).collect();
        let mut map = RawTerm::default();
        if enif_make_map_from_arrays(env, terms.as_ptr(), terms.as_ptr(), terms.len(), &mut map) == 0 || !is_trie(map) {
            return false;
        }
        let (mut ours, mut theirs) = (Vec::new(), pairs(env, map));
        let is_sound = leaves(Part(bits(map)), &mut ours, 0);
        ours.sort_unstable();
        theirs.sort_unstable();
        is_sound && ours == theirs
    }
}

unsafe fn leaves(part: Part, found: &mut Vec<[u64; 2]>, depth: u32) -> bool {
    // SAFETY: by the caller's promise.
    match unsafe { part.shape() } {
        Some(Shape::Leaf(key, value)) => found.push([bits(key), bits(value)]),
        // SAFETY: as above.
        Some(Shape::Node(node)) if depth < 16 => {
            return node.parts().all(|part| unsafe { leaves(part, found, depth + 1) });
        }
        _ => return false,
    }
    true
}

unsafe fn pairs(env: Env, map: RawTerm) -> Vec<[u64; 2]> {
    let mut all = Vec::new();
    // SAFETY: by the caller's promise.
    unsafe { each_pair(env, map, |key, value| all.push([bits(key), bits(value)])) };
    all
}

/// Visits the pairs of a map in the VM's order.
///
/// # Safety
/// `env` is that of a running call, and `map` a map of it.
pub unsafe fn each_pair(env: Env, map: RawTerm, mut visit: impl FnMut(RawTerm, RawTerm)) {
    let mut iterator = MaybeUninit::<ErlNifMapIterator>::uninit();
    let head = ErlNifMapIteratorEntry::ERL_NIF_MAP_ITERATOR_HEAD;
    let (mut key, mut value) = (RawTerm::default(), RawTerm::default());
    // SAFETY: the iterator is initialised when created says so, walked while it has a
    // pair, and destroyed once.
    unsafe {
        if enif_map_iterator_create(env, map, iterator.as_mut_ptr(), head) == 0 {
            return;
        }
        while enif_map_iterator_get_pair(env, iterator.as_mut_ptr(), &mut key, &mut value) != 0 {
            visit(key, value);
            enif_map_iterator_next(env, iterator.as_mut_ptr());
        }
        enif_map_iterator_destroy(env, iterator.as_mut_ptr());
    }
}
