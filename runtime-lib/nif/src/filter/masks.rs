//! For 64-bit keys, which traces name them: a table that is read in place and never
//! changes.

/// Open addressing over a power of two, at most half full.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Masks {
    slots: Box<[(u64, u32)]>,
}

const EMPTY: u64 = u64::MAX;

impl Masks {
    /// The traces, as bits, of each key; a key may come more than once.
    pub fn of(named: &[(u64, u32)]) -> Self {
        if named.is_empty() {
            return Self::default();
        }
        let mut slots = vec![(EMPTY, 0); (named.len() * 2).next_power_of_two()].into_boxed_slice();
        for &(key, mask) in named.iter().filter(|(key, _)| *key != EMPTY) {
            let mut at = start(key, slots.len());
            while ![key, EMPTY].contains(&slots[at].0) {
                at = (at + 1) % slots.len();
            }
            slots[at] = (key, slots[at].1 | mask);
        }
        Self { slots }
    }

    /// The traces that name the key.
    #[inline]
    pub fn get(&self, key: u64) -> u32 {
        if self.slots.is_empty() {
            return 0;
        }
        let mut at = start(key, self.slots.len());
        // Half of the slots are empty, so this ends.
        loop {
            match self.slots[at] {
                (found, mask) if found == key => return mask,
                (EMPTY, _) => return 0,
                _ => at = (at + 1) & (self.slots.len() - 1),
            }
        }
    }
}

// Node ids are hashes, processes are not.
#[inline]
fn start(key: u64, slots: usize) -> usize {
    mix(key) as usize & (slots - 1)
}

/// Spreads the bits of a key over the word (splitmix64's finalizer).
#[inline]
pub const fn mix(key: u64) -> u64 {
    let key = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let key = (key ^ (key >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    key ^ (key >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_the_traces_that_name_it() {
        assert_eq!(Masks::of(&[]).get(7), 0);
        let keys: Vec<_> = (0..1000u64).map(|n| (n * 16 + 3, 1 << (n % 3))).collect();
        let twice: Vec<_> = keys.iter().chain(&keys).copied().chain([(3, 8), (EMPTY, 1)]).collect();
        let masks = Masks::of(&twice);
        assert_eq!(masks.get(3), 1 | 8);
        for (key, mask) in &keys[1..] {
            assert_eq!(masks.get(*key), *mask);
            assert_eq!(masks.get(key + 1), 0);
        }
        assert_eq!(masks.get(EMPTY), 0);
    }
}
