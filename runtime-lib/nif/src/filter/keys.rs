//! What processes say of themselves while a recording runs: a number each, found by the
//! process's term.
//!
//! A process sets its own number, and what it does next finds it; other threads may look
//! while it does, and find either. A set of eight slots that is full takes no more: then
//! the process has none, and whoever asked is told.

use super::masks::mix;
use std::sync::atomic::{AtomicU64, Ordering};

const SETS: usize = 4096;
const WAYS: usize = 8;
const FREE: u64 = 0;

/// Room for some 32 000 processes.
pub struct Keys {
    slots: Box<[Slot]>,
}

#[derive(Default)]
struct Slot {
    process: AtomicU64,
    number: AtomicU64,
}

impl Default for Keys {
    fn default() -> Self {
        Self { slots: std::iter::repeat_with(Slot::default).take(SETS * WAYS).collect() }
    }
}

impl Keys {
    fn set(&self, process: u64) -> &[Slot] {
        let start = (mix(process) as usize % SETS) * WAYS;
        &self.slots[start..start + WAYS]
    }

    fn find(&self, process: u64) -> Option<&Slot> {
        self.set(process).iter().find(|slot| slot.process.load(Ordering::Acquire) == process)
    }

    /// The number of a process; 0 when it has none.
    pub fn get(&self, process: u64) -> u64 {
        self.find(process).map_or(0, |slot| slot.number.load(Ordering::Acquire))
    }

    /// Gives a process a number; 0 takes it away. False when there is no room.
    pub fn put(&self, process: u64, number: u64) -> bool {
        if let Some(slot) = self.find(process) {
            slot.number.store(number, Ordering::Release);
            if number == 0 {
                slot.process.store(FREE, Ordering::Release);
            }
            return true;
        }
        let claim =
            |slot: &&Slot| slot.process.compare_exchange(FREE, process, Ordering::AcqRel, Ordering::Relaxed).is_ok();
        let Some(slot) = (if number == 0 { None } else { self.set(process).iter().find(claim) }) else {
            return number == 0;
        };
        slot.number.store(number, Ordering::Release);
        true
    }
}

impl Keys {
    /// Takes all but these bits from the numbers of all processes.
    pub fn keep(&self, bits: u64) {
        for slot in &self.slots {
            let process = slot.process.load(Ordering::Acquire);
            if process != FREE && slot.number.fetch_and(bits, Ordering::AcqRel) & bits == 0 {
                // Another thread may give it a number just now: it loses that.
                let _ = slot.process.compare_exchange(process, FREE, Ordering::AcqRel, Ordering::Relaxed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_its_last_number_until_it_gives_it_back() {
        let keys = Keys::default();
        let process = |n: u64| n << 4 | 3;
        let kept: Vec<_> = (1..20_000).filter(|n| keys.put(process(*n), *n)).collect();
        assert!(kept.len() > 15_000);
        assert!(kept.iter().all(|n| keys.get(process(*n)) == *n));
        assert!(keys.put(process(1), 7) && keys.get(process(1)) == 7);
        assert!(kept.iter().all(|n| keys.put(process(*n), 0)));
        assert!(keys.slots.iter().all(|slot| slot.process.load(Ordering::Relaxed) == FREE));
        assert!(keys.put(process(1), 0) && keys.get(process(1)) == 0);
    }

    #[test]
    fn a_full_set_says_so() {
        let keys = Keys::default();
        let same: Vec<_> = (1u64..).filter(|n| mix(*n) as usize % SETS == 5).take(WAYS + 1).collect();
        let room: Vec<_> = same.iter().map(|process| keys.put(*process, 1)).collect();
        assert_eq!(room.iter().filter(|room| **room).count(), WAYS);
        assert_eq!(keys.get(same[WAYS]), 0);
        assert!(keys.put(same[0], 0) && keys.put(same[WAYS], 2) && keys.get(same[WAYS]) == 2);
    }
}
