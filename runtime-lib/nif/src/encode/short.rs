//! Pairs of words: written without a look at the room before each, as they surely fit.
//!
//! Most maps have atoms or numbers for keys, and many such values too. It must never know
//! what is done with the pairs that have more.

use super::space::{LONGEST, Space};
use super::{Encoder, RawTerm};
use crate::words::is_immediate;

/// Fewer pairs are not worth it.
const WORTH: usize = 4;

/// Whether it is worth a try, by the looks of some values.
#[inline(always)]
pub fn are_short(values: &[RawTerm]) -> bool {
    let len = values.len();
    len >= WORTH && [1, len / 2, len - 1].into_iter().all(|at| is_immediate(values[at]))
}

impl Encoder<'_> {
    /// Writes the first pairs, as long as both parts need no memory but their words and the
    /// first names no secret: how many.
    ///
    /// # Safety
    /// As [`Encoder::term`].
    #[inline(never)]
    pub(super) unsafe fn short_pairs(&mut self, names: &[RawTerm], values: &[RawTerm]) -> usize {
        let (env, from) = (self.env, self.space.len);
        let has_room = self.space.left() >= names.len() * 2 * LONGEST;
        if !has_room || !self.tags.immediates || self.failed {
            return 0;
        }
        // SAFETY: as just seen, two immediates for each pair fit, and behind them the slack.
        let mut space = unsafe { Space::roomy(&mut self.space.bytes[from..]) };
        let (mut written, mut len) = (0, 0);
        for (&name, &value) in names.iter().zip(values) {
            // SAFETY: by the caller's promise; what is asked about has been written.
            let is_short = unsafe {
                space.immediate(env, self.atoms, name)
                    && !self.atoms.is_secret_immediate(env, name)
                    && space.immediate(env, self.atoms, value)
            };
            if !is_short {
                break;
            }
            (written, len) = (written + 1, space.len());
        }
        self.space.len = from + len;
        written
    }
}
