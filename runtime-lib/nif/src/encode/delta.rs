//! How a term differs from an older one of the same process, as `wire::state` has it.
//!
//! Parts that both share are the same words, and are not looked at: what is written, and
//! the time it takes, is that of the change. Where words differ, contents are compared.

use super::lists::{self, Cells};
use super::maps::{self, Part, Shape};
use super::{Atoms, Encoder, Env, NIL, RawTerm, bits, enif_term_type, tags};
use crate::binary;
use rustler::sys::*;
use wire::{state, term as tag};

/// A binary is told by its ends when these save so many bytes.
const WORTH_A_JOINT: usize = 16;

impl<'a> Encoder<'a> {
    /// An encoder that leaves out nothing but what is nested too deep, and that gives up
    /// when it has compared `fuel` parts.
    pub fn whole(env: Env, space: &'a mut [u8], fuel: u64, atoms: &'a mut Atoms) -> Self {
        Self { items: u32::MAX, fuel, ..Self::new(env, space, 0, u32::MAX, atoms) }
    }

    /// Writes a term that [`Encoder::delta`] can go on from; true.
    ///
    /// # Safety
    /// As [`Encoder::term`].
    pub unsafe fn state(&mut self, term: RawTerm, depth: u32) -> bool {
        // SAFETY: by the caller's promise.
        unsafe { self.term(term, depth) };
        true
    }

    /// Writes a list of any length.
    ///
    /// # Safety
    /// As [`Encoder::term`].
    pub(super) unsafe fn whole_list(&mut self, list: RawTerm, depth: u32) {
        let mut cells = ListCells { env: self.env, rest: list };
        // Each element takes a byte, at least.
        let room = self.space.len() - self.len;
        let count = cells.by_ref().take(room).count();
        if count == room {
            self.full = true;
            return;
        }
        let is_proper = cells.end() == NIL;
        if count == 0 {
            return self.byte(tag::NIL);
        }
        self.byte(if is_proper { tag::LIST } else { tag::IMPROPER });
        self.varint(count as u64);
        for (_, element) in (ListCells { env: self.env, rest: list }) {
            if self.full {
                return;
            }
            // SAFETY: by the caller's promise.
            unsafe { self.term(maps::term(element), depth - 1) };
        }
        if !is_proper {
            // SAFETY: as above.
            unsafe { self.term(cells.rest, depth - 1) };
        }
    }

    /// Writes how `new` differs from `old`; whether it does not.
    ///
    /// # Safety
    /// As [`Encoder::term`], of both.
    pub unsafe fn delta(&mut self, old: RawTerm, new: RawTerm, depth: u32) -> bool {
        if bits(old) == bits(new) {
            return self.same();
        }
        self.spend(1);
        if self.full {
            return false;
        }
        // SAFETY: by the caller's promise, here and in the arms.
        unsafe {
            let kind = enif_term_type(self.env, new);
            if depth == 0 || kind != enif_term_type(self.env, old) {
                return self.another(new, depth);
            }
            match kind {
                2 => self.binary_delta(old, new, depth),
                3 => self.float_delta(old, new, depth),
                6 => self.list_delta(old, new, depth),
                7 => self.map_delta(old, new, depth),
                11 => self.tuple_delta(old, new, depth),
                // What a function captured has no bound: it is not compared.
                4 => self.another(new, depth),
                _ if enif_is_identical(old, new) != 0 => self.same(),
                _ => self.another(new, depth),
            }
        }
    }

    fn same(&mut self) -> bool {
        self.byte(state::SAME);
        true
    }

    unsafe fn another(&mut self, new: RawTerm, depth: u32) -> bool {
        // SAFETY: by the caller's promise.
        unsafe { self.term(new, depth) };
        false
    }

    fn spend(&mut self, parts: u64) {
        self.fuel = self.fuel.saturating_sub(parts);
        self.full |= self.fuel == 0;
    }

    /// Puts what is known only now before what was written since `start`.
    fn insert(&mut self, start: usize, tag: u8, sizes: &[u64]) {
        let end = self.len;
        self.byte(tag);
        sizes.iter().for_each(|size| self.varint(*size));
        if !self.full {
            self.space[start..self.len].rotate_right(self.len - end);
        }
    }

    unsafe fn float_delta(&mut self, old: RawTerm, new: RawTerm, depth: u32) -> bool {
        let (mut before, mut after) = (0.0f64, 0.0f64);
        // SAFETY: both are floats; the places are valid.
        unsafe {
            enif_get_double(self.env, old, &mut before);
            enif_get_double(self.env, new, &mut after);
            if before.to_bits() == after.to_bits() { self.same() } else { self.another(new, depth) }
        }
    }

    unsafe fn binary_delta(&mut self, old: RawTerm, new: RawTerm, depth: u32) -> bool {
        let layout = tags().binaries;
        // SAFETY: both are bit strings; their bytes live as long as the call.
        unsafe {
            let (Some((left, before)), Some((right, after))) =
                (binary::place(self.env, layout, old), binary::place(self.env, layout, new))
            else {
                let is_same = enif_is_identical(old, new) != 0;
                return if is_same { self.same() } else { self.another(new, depth) };
            };
            if before == 0 || after == 0 {
                return if before == after { self.same() } else { self.another(new, depth) };
            }
            self.spend((before.min(after) / 64) as u64);
            // What was appended to lies where it lay.
            let least = before.min(after);
            let (prefix, suffix) = if left == right {
                (least, 0)
            } else {
                ends(std::slice::from_raw_parts(left, before), std::slice::from_raw_parts(right, after))
            };
            if prefix == before && prefix == after {
                return self.same();
            }
            if prefix + suffix < WORTH_A_JOINT {
                return self.another(new, depth);
            }
            self.byte(state::BINARY);
            let middle = after - prefix - suffix;
            [prefix, suffix, middle].into_iter().for_each(|size| self.varint(size as u64));
            self.raw(std::slice::from_raw_parts(right.add(prefix), middle));
        }
        false
    }

    unsafe fn tuple_delta(&mut self, old: RawTerm, new: RawTerm, depth: u32) -> bool {
        // SAFETY: by the caller's promise: both are tuples.
        let (before, after) = unsafe { (elements(self.env, old), elements(self.env, new)) };
        // A name and what it names go together; so does a call with its arguments.
        // SAFETY: by the caller's promise.
        let hides = match *after {
            [name, _] => before.len() == 2 && bits(before[0]) != bits(name) || unsafe { self.names_secret(name) },
            // SAFETY: as above.
            [_, _, _] | [_, _, _, _] => unsafe { self.arguments_at(after) }.is_some(),
            _ => false,
        };
        if before.len() != after.len() || hides {
            // SAFETY: as above.
            return unsafe { self.another(new, depth) };
        }
        self.spend((after.len() / 8) as u64);
        let start = self.len;
        let both = before.iter().zip(after).map(|(old, new)| (bits(*old), bits(*new)));
        // SAFETY: as above.
        let changed = unsafe { self.changes(both, usize::MAX, depth) };
        if changed == 0 {
            self.len = start;
            return self.same();
        }
        self.insert(start, state::TUPLE, &[changed]);
        false
    }

    /// Writes those elements that differ, or that have no old one: `kept` and beyond.
    unsafe fn changes(&mut self, both: impl Iterator<Item = (u64, u64)>, kept: usize, depth: u32) -> u64 {
        let (mut count, mut unchanged) = (0, 0);
        for (n, (old, new)) in both.enumerate() {
            if self.full {
                break;
            }
            let (old, start) = ((n < kept).then_some(old), self.len);
            let is_same = old == Some(new) || {
                self.varint(unchanged);
                // SAFETY: by the caller's promise.
                unsafe {
                    match old {
                        Some(old) => self.delta(maps::term(old), maps::term(new), depth - 1),
                        None => self.another(maps::term(new), depth - 1),
                    }
                }
            };
            if is_same {
                self.len = start;
                unchanged += 1;
            } else {
                (count, unchanged) = (count + 1, 0);
            }
        }
        count
    }

    unsafe fn list_delta(&mut self, old: RawTerm, new: RawTerm, depth: u32) -> bool {
        if bits(old) == NIL || bits(new) == NIL {
            // SAFETY: by the caller's promise.
            return unsafe { self.another(new, depth) };
        }
        let mut before = ListCells { env: self.env, rest: old };
        let mut after = ListCells { env: self.env, rest: new };
        // To read a cell is a part of comparing.
        let most = usize::try_from(self.fuel / 2).unwrap_or(usize::MAX);
        let Some((plan, olds, news)) = lists::compare(&mut before, &mut after, most) else {
            self.full = true;
            return false;
        };
        self.spend((olds.len() + news.len()) as u64 / 8);
        let start = self.len;
        let both = (0..plan.front).map(|n| (olds.get(n).copied().unwrap_or(0), news[n]));
        // SAFETY: by the caller's promise.
        let changed = unsafe { self.changes(both, plan.after.min(olds.len()), depth) };
        let Some(kept) = plan.kept else {
            if changed == 0 && plan.front == plan.after {
                self.len = start;
                return self.same();
            }
            self.insert(start, state::LIST, &[plan.front as u64, changed]);
            self.varint(plan.after as u64);
            self.byte(0);
            return false;
        };
        self.insert(start, state::LIST, &[plan.front as u64, changed]);
        let back = &news[plan.front + kept..];
        [plan.after, kept + 1, back.len()].into_iter().for_each(|size| self.varint(size as u64));
        // SAFETY: by the caller's promise.
        unsafe {
            back.iter().for_each(|element| self.term(maps::term(*element), depth - 1));
            self.term(after.rest, depth - 1);
        }
        false
    }

    unsafe fn map_delta(&mut self, old: RawTerm, new: RawTerm, depth: u32) -> bool {
        let start = self.len;
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
                self.len = start;
                return self.same();
            }
            self.insert(start, state::MAP, &[tally.changed]);
            let (start, mut removed) = (self.len, 0);
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
        let end = self.len;
        self.varint(count);
        if !self.full {
            self.space[start..self.len].rotate_right(self.len - end);
        }
    }

    /// Writes a key whose value is not the old one.
    unsafe fn association(&mut self, key: RawTerm, old: Option<RawTerm>, new: RawTerm, depth: u32, tally: &mut Tally) {
        if self.full || old.is_some_and(|old| bits(old) == bits(new)) {
            return;
        }
        let start = self.len;
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
            self.len = start;
        } else {
            tally.changed += 1;
        }
    }

    /// Writes the associations of `new` that `old`, the part at its place, has not.
    unsafe fn changed_parts(&mut self, old: Option<Part>, new: Part, depth: u32, tally: &mut Tally) {
        if old == Some(new) || self.full {
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
                (_, None) => self.full = true,
            }
        }
    }

    /// Writes the keys of `old` that `new`, the part at its place, has not.
    unsafe fn removed_parts(&mut self, old: Part, new: Option<Part>, depth: u32, removed: &mut u64) {
        if Some(old) == new || self.full {
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
                (None, _) => self.full = true,
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

/// The cells of a list of a running call.
struct ListCells {
    env: Env,
    rest: RawTerm,
}

impl Iterator for ListCells {
    type Item = (u64, u64);

    fn next(&mut self) -> Option<(u64, u64)> {
        let (mut head, mut tail) = (RawTerm::default(), RawTerm::default());
        // SAFETY: whoever made this promised that the term is of a running call; the
        // places are written when the call says so.
        let is_cell = unsafe { enif_get_list_cell(self.env, self.rest, &mut head, &mut tail) } != 0;
        is_cell.then(|| (bits(std::mem::replace(&mut self.rest, tail)), bits(head)))
    }
}

impl Cells for ListCells {
    fn end(&self) -> u64 {
        bits(self.rest)
    }
}

/// How many bytes both begin with, and end with behind these.
fn ends(old: &[u8], new: &[u8]) -> (usize, usize) {
    let prefix = common(old.chunks(64).zip(new.chunks(64)), old.iter().zip(new));
    let (old, new) = (&old[prefix..], &new[prefix..]);
    let suffix = common(old.rchunks(64).zip(new.rchunks(64)), old.iter().rev().zip(new.iter().rev()));
    (prefix, suffix)
}

// By chunks of 64 bytes first, which is fast.
fn common<'a>(
    chunks: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    bytes: impl Iterator<Item = (&'a u8, &'a u8)>,
) -> usize {
    let whole = chunks.take_while(|(left, right)| left.len() == 64 && left == right).count() * 64;
    whole + bytes.skip(whole).take_while(|(left, right)| left == right).count()
}

unsafe fn elements<'t>(env: Env, tuple: RawTerm) -> &'t [RawTerm] {
    let (mut arity, mut elements) = (0, std::ptr::null());
    // SAFETY: by the caller's promise, a tuple; an empty one's pointer need not be valid.
    unsafe {
        match enif_get_tuple(env, tuple, &mut arity, &mut elements) != 0 && arity > 0 {
            true => std::slice::from_raw_parts(elements, arity as usize),
            false => &[],
        }
    }
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

#[cfg(test)]
mod tests {
    use super::ends;

    #[test]
    fn ends_never_overlap() {
        let long = vec![7u8; 1000];
        let mut other = long.clone();
        other[500] = 8;
        assert_eq!(ends(&long, &other), (500, 499));
        assert_eq!(ends(&long, &long[..900]), (900, 0));
        assert_eq!(ends(b"abab", b"ab"), (2, 0));
        assert_eq!(ends(b"xab", b"yab"), (0, 2));
        assert_eq!(ends(b"", b"a"), (0, 0));
    }
}
