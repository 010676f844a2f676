//! Where things change hands between threads, one of which must never wait.
//!
//! Owns: a place for one thing, and a pile of many. It must never know what they
//! are. Both are lock-free: whoever is stopped halfway stops nobody else.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

/// A place for one thing.
pub struct Slot<T>(AtomicPtr<T>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(AtomicPtr::new(null_mut()))
    }
}

impl<T: Send> Slot<T> {
    /// What is there.
    pub fn take(&self) -> Option<Box<T>> {
        let taken = self.0.swap(null_mut(), Ordering::AcqRel);
        // SAFETY: only `put` puts pointers here, from `Box::into_raw`; the swap
        // gives each to exactly one taker.
        (!taken.is_null()).then(|| unsafe { Box::from_raw(taken) })
    }

    /// Puts something there; gives back what was there before.
    pub fn put(&self, thing: Box<T>) -> Option<Box<T>> {
        let before = self.0.swap(Box::into_raw(thing), Ordering::AcqRel);
        // SAFETY: as in `take`.
        (!before.is_null()).then(|| unsafe { Box::from_raw(before) })
    }

    /// Whether nothing was there a moment ago.
    pub fn is_empty(&self) -> bool {
        self.0.load(Ordering::Acquire).is_null()
    }
}

/// A pile that any thread adds to, and that is taken as a whole.
pub struct Pile<T>(AtomicPtr<Layer<T>>);

struct Layer<T> {
    thing: T,
    below: *mut Layer<T>,
}

impl<T> Default for Pile<T> {
    fn default() -> Self {
        Self(AtomicPtr::new(null_mut()))
    }
}

impl<T: Send> Pile<T> {
    /// Adds a thing on top.
    pub fn add(&self, thing: T) {
        let mut below = self.0.load(Ordering::Relaxed);
        let layer = Box::into_raw(Box::new(Layer { thing, below }));
        while let Err(now) = self.0.compare_exchange_weak(below, layer, Ordering::Release, Ordering::Relaxed) {
            below = now;
            // SAFETY: the layer came from a box just now, and is this thread's alone
            // until the exchange succeeds.
            unsafe { (*layer).below = below };
        }
    }

    /// Everything, in the order in which it was added.
    pub fn take(&self) -> Vec<T> {
        let mut all = Vec::new();
        // Each addition is a read-modify-write, so this swap sees what every one
        // of them released, not only the last.
        let mut top = self.0.swap(null_mut(), Ordering::Acquire);
        while !top.is_null() {
            // SAFETY: only `add` makes layers, from boxes; the swap gave the whole
            // pile to this call alone. Nobody follows `below` of a pile that is
            // shared, so that no layer is looked at after it was freed.
            let layer = *unsafe { Box::from_raw(top) };
            all.push(layer.thing);
            top = layer.below;
        }
        all.reverse();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    #[test]
    fn a_slot_gives_each_thing_once() {
        let slot = Slot::default();
        assert!(slot.is_empty() && slot.take().is_none());
        assert!(slot.put(Box::new(1)).is_none());
        assert_eq!(slot.put(Box::new(2)).as_deref(), Some(&1));
        assert_eq!((slot.is_empty(), slot.take().as_deref(), slot.is_empty()), (false, Some(&2), true));
    }

    #[test]
    fn a_pile_keeps_the_order_of_each_thread_and_loses_nothing() {
        let (pile, done) = (Arc::new(Pile::default()), Arc::new(AtomicBool::new(false)));
        let each = if cfg!(miri) { 50 } else { 20_000 };
        let add = |thread: usize| {
            let pile = Arc::clone(&pile);
            std::thread::spawn(move || (0..each).for_each(|n| pile.add(Box::new((thread, n)))))
        };
        let threads: Vec<_> = (0..3).map(add).collect();
        let taker = {
            let (pile, done) = (Arc::clone(&pile), Arc::clone(&done));
            std::thread::spawn(move || {
                let mut seen = Vec::new();
                while !done.load(Ordering::Acquire) {
                    seen.extend(pile.take());
                }
                seen.extend(pile.take());
                seen
            })
        };
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        done.store(true, Ordering::Release);
        let seen = taker.join().unwrap();
        for thread in 0..3 {
            let own: Vec<_> = seen.iter().filter(|thing| thing.0 == thread).map(|thing| thing.1).collect();
            assert_eq!(own, (0..each).collect::<Vec<_>>());
        }
    }
}
