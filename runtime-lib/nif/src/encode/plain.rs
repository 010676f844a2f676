//! Texts that a ring has found to name no secret.
//!
//! An atom is judged once; a text has no number to remember it by. But the keys of a
//! program's maps are few, and comparing one with what was judged before takes a third
//! of the time that judging it takes.

const SLOTS: usize = 64;
/// Bytes of a text that is remembered; its length stands behind them.
const LONGEST: usize = 31;

/// A small direct-mapped cache. No text is in it that was not judged.
pub struct PlainTexts(Box<[[u8; LONGEST + 1]; SLOTS]>);

impl Default for PlainTexts {
    fn default() -> Self {
        // An empty text is never asked for: a slot of zeroes is free.
        Self(Box::new([[0; LONGEST + 1]; SLOTS]))
    }
}

impl PlainTexts {
    /// Whether `is_secret` says so of the text, now or before.
    pub fn check(&mut self, text: &[u8], is_secret: impl FnOnce(&[u8]) -> bool) -> bool {
        if text.is_empty() || text.len() > LONGEST {
            return is_secret(text);
        }
        let mut entry = [0; LONGEST + 1];
        entry[..text.len()].copy_from_slice(text);
        entry[LONGEST] = text.len() as u8;
        let slot = &mut self.0[slot(&entry)];
        if *slot == entry {
            return false;
        }
        let secret = is_secret(text);
        if !secret {
            *slot = entry;
        }
        secret
    }
}

/// The highest bits of a product depend on all bytes.
fn slot(entry: &[u8; LONGEST + 1]) -> usize {
    let mut mixed = 0u64;
    for word in entry.chunks_exact(8) {
        let word = word.iter().rev().fold(0, |all, &byte| all << 8 | u64::from(byte));
        mixed = (mixed ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    (mixed >> (u64::BITS - SLOTS.ilog2())) as usize
}
