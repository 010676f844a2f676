//! How a map differs from an older one.
//!
//! Of large maps, the parts of the trie that both share are passed over. The order in
//! which keys come is that of the trie, or the VM's.

use crate::encode::maps::{self, Part, Shape};
use crate::encode::{Encoder, Env, RawTerm, bits};
use rustler::sys::*;
use wire::state;

impl Encoder<'_> {
    /// # Safety
    /// As [`Encoder::delta`], of two maps.
    pub(super) unsafe fn map_delta(&mut self, old: RawTerm, new: RawTerm, depth: u32) -> bool {
        let start = self.space.len;
        // SAFETY: by the caller's promise: both are maps, here and below.
        unsafe {
            let (before, after) = (size(self.env, old), size(self.env, new));
            let tries = maps::trie(old).zip(maps::trie(new));
            let mut tally = Tally::default();
            match tries {
                Some((old, new)) => self.changed_parts(Some(old), new, depth, &mut tally),
                None => maps::each_pair(self.env, new, |key, value| {
                    let found = lookup(self.env, old, key);
                    self.association(key, found, value, depth, &mut tally);
                }),
            }
            // As many are gone as the sizes say.
            if tally.changed == 0 && before == after {
                self.space.len = start;
                return self.same();
            }
            self.insert(start, state::MAP, &[tally.changed]);
            let (start, mut removed) = (self.space.len, 0);
            if before + tally.added != after {
                match tries {
                    Some((old, new)) => self.removed_parts(old, Some(new), depth, &mut removed),
                    None => maps::each_pair(self.env, old, |key, _| {
                        if lookup(self.env, new, key).is_none() {
                            self.term(key, depth - 1);
                            removed += 1;
                        }
                    }),
                }
            }
            self.insert_count(start, removed);
        }
        false
    }

    fn insert_count(&mut self, start: usize, count: u64) {
        let end = self.space.len;
        self.space.varint(count);
        if !self.space.full {
            self.space.bytes[start..self.space.len].rotate_right(self.space.len - end);
        }
    }

    /// Writes a key whose value is not the old one.
    unsafe fn association(&mut self, key: RawTerm, old: Option<RawTerm>, new: RawTerm, depth: u32, tally: &mut Tally) {
        if self.space.full || old.is_some_and(|old| bits(old) == bits(new)) {
            return;
        }
        let start = self.space.len;
        // SAFETY: by the caller's promise.
        let is_same = unsafe {
            match old {
                None => {
                    self.pair(key, new, depth - 1);
                    tally.added += 1;
                    false
                }
                Some(old) => {
                    self.term(key, depth - 1);
                    if self.names_secret(key) {
                        self.secret();
                        false
                    } else {
                        self.delta(old, new, depth - 1)
                    }
                }
            }
        };
        if is_same {
            self.space.len = start;
        } else {
            tally.changed += 1;
        }
    }

    /// Writes the associations of `new` that `old`, the part at its place, has not.
    unsafe fn changed_parts(&mut self, old: Option<Part>, new: Part, depth: u32, tally: &mut Tally) {
        if old == Some(new) || self.space.full {
            return;
        }
        self.spend(1);
        // SAFETY: by the caller's promise, here and below.
        unsafe {
            match (old.and_then(|old| old.shape()), new.shape()) {
                (_, Some(Shape::Leaf(key, value))) => {
                    let found = old.and_then(|old| self.find(old, key));
                    self.association(key, found, value, depth, tally);
                }
                (Some(Shape::Node(before)), Some(Shape::Node(after))) => {
                    for slot in 0..after.slots() {
                        let Some(part) = after.slot(slot) else { continue };
                        self.changed_parts(before.slot(slot), part, depth, tally);
                    }
                }
                (_, Some(Shape::Node(after))) => {
                    after.parts().for_each(|part| self.changed_parts(old, part, depth, tally));
                }
                (_, None) => self.space.full = true,
            }
        }
    }

    /// Writes the keys of `old` that `new`, the part at its place, has not.
    unsafe fn removed_parts(&mut self, old: Part, new: Option<Part>, depth: u32, removed: &mut u64) {
        if Some(old) == new || self.space.full {
            return;
        }
        self.spend(1);
        // SAFETY: by the caller's promise, here and below.
        unsafe {
            match (old.shape(), new.and_then(|new| new.shape())) {
                (Some(Shape::Leaf(key, _)), _) => {
                    if new.and_then(|new| self.find(new, key)).is_none() {
                        self.term(key, depth - 1);
                        *removed += 1;
                    }
                }
                (Some(Shape::Node(before)), Some(Shape::Node(after))) => {
                    for slot in 0..before.slots() {
                        let Some(part) = before.slot(slot) else { continue };
                        self.removed_parts(part, after.slot(slot), depth, removed);
                    }
                }
                (Some(Shape::Node(before)), _) => {
                    before.parts().for_each(|part| self.removed_parts(part, new, depth, removed));
                }
                (None, _) => self.space.full = true,
            }
        }
    }

    /// The value of a key somewhere in a part.
    unsafe fn find(&mut self, part: Part, key: RawTerm) -> Option<RawTerm> {
        self.spend(1);
        // SAFETY: by the caller's promise.
        unsafe {
            match part.shape()? {
                Shape::Leaf(other, value) => {
                    let is_key = bits(other) == bits(key) || enif_is_identical(other, key) != 0;
                    is_key.then_some(value)
                }
                Shape::Node(node) => node.parts().find_map(|part| self.find(part, key)),
            }
        }
    }
}

/// What was written of a map's changes.
#[derive(Default)]
struct Tally {
    changed: u64,
    added: u64,
}

unsafe fn size(env: Env, map: RawTerm) -> u64 {
    let mut size = 0;
    // SAFETY: by the caller's promise; the place is valid.
    unsafe { enif_get_map_size(env, map, &mut size) };
    size as u64
}

unsafe fn lookup(env: Env, map: RawTerm, key: RawTerm) -> Option<RawTerm> {
    let mut value = RawTerm::default();
    // SAFETY: by the caller's promise; the place is written when the call says so.
    (unsafe { enif_get_map_value(env, map, key, &mut value) } != 0).then_some(value)
}
