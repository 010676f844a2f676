//! How a term differs from an older one of the same process, as `wire::state` has it.
//!
//! Parts that both share are the same words, and are not looked at: what is written, and
//! the time it takes, is that of the change. Where words differ, contents are compared.

mod associations;

use super::lists::{self, Cells};
use super::{Atoms, Encoder, Env, NIL, RawTerm, bits, enif_term_type};
use crate::binary;
use crate::words;
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
        let room = self.space.bytes.len() - self.space.len;
        let count = cells.by_ref().take(room).count();
        if count == room {
            self.space.full = true;
            return;
        }
        let is_proper = cells.end() == NIL;
        if count == 0 {
            return self.space.byte(tag::NIL);
        }
        self.space.byte(if is_proper { tag::LIST } else { tag::IMPROPER });
        self.space.varint(count as u64);
        for (_, element) in (ListCells { env: self.env, rest: list }) {
            if self.space.full {
                return;
            }
            // SAFETY: by the caller's promise.
            unsafe { self.term(words::term(element), depth - 1) };
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
        if self.space.full {
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
        self.space.byte(state::SAME);
        true
    }

    unsafe fn another(&mut self, new: RawTerm, depth: u32) -> bool {
        // SAFETY: by the caller's promise.
        unsafe { self.term(new, depth) };
        false
    }

    fn spend(&mut self, parts: u64) {
        self.fuel = self.fuel.saturating_sub(parts);
        self.space.full |= self.fuel == 0;
    }

    /// Puts what is known only now before what was written since `start`.
    fn insert(&mut self, start: usize, tag: u8, sizes: &[u64]) {
        let end = self.space.len;
        self.space.byte(tag);
        sizes.iter().for_each(|size| self.space.varint(*size));
        if !self.space.full {
            self.space.bytes[start..self.space.len].rotate_right(self.space.len - end);
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
        let layout = self.tags.binaries;
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
            self.space.byte(state::BINARY);
            let middle = after - prefix - suffix;
            [prefix, suffix, middle].into_iter().for_each(|size| self.space.varint(size as u64));
            self.space.raw(std::slice::from_raw_parts(right.add(prefix), middle));
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
        let start = self.space.len;
        let both = before.iter().zip(after).map(|(old, new)| (bits(*old), bits(*new)));
        // SAFETY: as above.
        let changed = unsafe { self.changes(both, usize::MAX, depth) };
        if changed == 0 {
            self.space.len = start;
            return self.same();
        }
        self.insert(start, state::TUPLE, &[changed]);
        false
    }

    /// Writes those elements that differ, or that have no old one: `kept` and beyond.
    unsafe fn changes(&mut self, both: impl Iterator<Item = (u64, u64)>, kept: usize, depth: u32) -> u64 {
        let (mut count, mut unchanged) = (0, 0);
        for (n, (old, new)) in both.enumerate() {
            if self.space.full {
                break;
            }
            let (old, start) = ((n < kept).then_some(old), self.space.len);
            let is_same = old == Some(new) || {
                self.space.varint(unchanged);
                // SAFETY: by the caller's promise.
                unsafe {
                    match old {
                        Some(old) => self.delta(words::term(old), words::term(new), depth - 1),
                        None => self.another(words::term(new), depth - 1),
                    }
                }
            };
            if is_same {
                self.space.len = start;
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
            self.space.full = true;
            return false;
        };
        self.spend((olds.len() + news.len()) as u64 / 8);
        let start = self.space.len;
        let both = (0..plan.front).map(|n| (olds.get(n).copied().unwrap_or(0), news[n]));
        // SAFETY: by the caller's promise.
        let changed = unsafe { self.changes(both, plan.after.min(olds.len()), depth) };
        let Some(kept) = plan.kept else {
            if changed == 0 && plan.front == plan.after {
                self.space.len = start;
                return self.same();
            }
            self.insert(start, state::LIST, &[plan.front as u64, changed]);
            self.space.varint(plan.after as u64);
            self.space.byte(0);
            return false;
        };
        self.insert(start, state::LIST, &[plan.front as u64, changed]);
        let back = &news[plan.front + kept..];
        [plan.after, kept + 1, back.len()].into_iter().for_each(|size| self.space.varint(size as u64));
        // SAFETY: by the caller's promise.
        unsafe {
            back.iter().for_each(|element| self.term(words::term(*element), depth - 1));
            self.term(after.rest, depth - 1);
        }
        false
    }
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
