//! What a recording, or a trace of it, may take.

use std::time::Duration;
use wire::limits::RANGES;

/// What happens when the recording has all the bytes it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The recording ends: everything up to then is kept.
    All,
    /// The oldest segments are recycled, and those whose newest event is older than this.
    Newest(Duration),
}

/// Limits of terms as somebody asks for them, in the order of [`RANGES`]; 0 leaves one to
/// others.
pub type AskedLimits = [u64; RANGES.len()];

/// The user's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Data bytes of a segment.
    pub segment_bytes: usize,
    /// Bytes of all segments, those that stand ready too.
    pub max_bytes: u64,
    /// Which events stay.
    pub keep: Keep,
    /// Nesting of terms.
    pub depth: u32,
    /// Elements of a container.
    pub items: u32,
    /// Bytes of a binary.
    pub bytes: u32,
    /// Bytes of a record's payload.
    pub payload: usize,
}

impl Limits {
    /// These, with other limits of terms: depth, items, bytes of a binary, bytes of a
    /// payload, as far as the format allows. 0 leaves one as it is.
    pub fn with_terms(self, asked: AskedLimits) -> Self {
        let own = [self.depth, self.items, self.bytes, self.payload as u32];
        let [depth, items, bytes, payload] = std::array::from_fn(|at| match (asked[at], RANGES[at]) {
            (0, _) => own[at],
            (limit, (_, least, most)) => limit.clamp(least.into(), most.into()) as u32,
        });
        Self { depth, items, bytes, payload: payload as usize, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Limits =
        Limits { segment_bytes: 0, max_bytes: 0, keep: Keep::All, depth: 0, items: 0, bytes: 0, payload: 0 };

    #[test]
    fn what_is_asked_for_is_what_the_format_allows() {
        let terms = |limits: Limits| [limits.depth, limits.items, limits.bytes, limits.payload as u32];
        let usual = NONE.with_terms([8, 64, 512, 4096]);
        assert_eq!(terms(usual), [8, 64, 512, 4096]);
        assert_eq!(terms(usual.with_terms([1, 0, 8, 0])), [1, 64, 8, 4096], "the others stay");
        assert_eq!(terms(usual.with_terms([u64::MAX; 4])), RANGES.map(|(_, _, most)| most));
        assert_eq!(terms(usual.with_terms([1; 4])), RANGES.map(|(_, least, _)| least));
    }
}
