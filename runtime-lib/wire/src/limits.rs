//! How much of a site's values is written, where a plan says so: what its probes pass.
//!
//! The probe of such a site passes a tuple in place of its id. That is a literal of the
//! instrumented module, so the limits are loaded, replaced and shipped with the code that
//! they are for, and no other probe pays for them.
//!
//! | element | what | from | to |
//! |---|---|---|---|
//! | 1 | the node id | 0 | 2⁵⁹ − 1 |
//! | 2 | nesting of a term | 1 | 32 |
//! | 3 | elements of a container | 1 | 127 |
//! | 4 | bytes of a binary | 1 | 65 536 |
//! | 5 | bytes of an event's payload | 64 | 32 768 |
//!
//! 0 in place of a limit leaves it to the recording.

use crate::NodeId;
use serde::{Deserialize, Serialize};

/// What limits are called, in their order, and the least and the most that each can be.
/// A segment of any size has room for the largest payload.
pub const RANGES: [(&str, u32, u32); 4] =
    [("depth", 1, 32), ("items", 1, 127), ("binary_bytes", 1, 65_536), ("payload_bytes", 64, 32_768)];

/// Limits of terms, as far as somebody sets them; 0 leaves one to others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TermLimits {
    /// Nesting.
    #[serde(skip_serializing_if = "is_unset")]
    pub depth: u32,
    /// Elements of a container.
    #[serde(skip_serializing_if = "is_unset")]
    pub items: u32,
    /// Bytes of a binary.
    #[serde(skip_serializing_if = "is_unset")]
    pub binary_bytes: u32,
    /// Bytes of all terms of an event.
    #[serde(skip_serializing_if = "is_unset")]
    pub payload_bytes: u32,
}

fn is_unset(limit: &u32) -> bool {
    *limit == 0
}

impl From<[u32; 4]> for TermLimits {
    fn from([depth, items, binary_bytes, payload_bytes]: [u32; 4]) -> Self {
        Self { depth, items, binary_bytes, payload_bytes }
    }
}

impl From<TermLimits> for [u32; 4] {
    fn from(limits: TermLimits) -> Self {
        [limits.depth, limits.items, limits.binary_bytes, limits.payload_bytes]
    }
}

impl TermLimits {
    /// Whether none is set.
    pub fn are_unset(&self) -> bool {
        *self == Self::default()
    }

    /// These, and those of `others` that are not set here.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        let (own, others): ([u32; 4], [u32; 4]) = (self.into(), others.into());
        Self::from(std::array::from_fn(|at| if own[at] == 0 { others[at] } else { own[at] }))
    }

    /// What a probe passes as the id of a site with these limits, as Elixir writes it.
    pub fn literal(self, id: NodeId) -> String {
        if self.are_unset() {
            return id.to_string();
        }
        let [depth, items, binary_bytes, payload_bytes] = self.into();
        format!("{{{id}, {depth}, {items}, {binary_bytes}, {payload_bytes}}}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_without_limits_passes_its_id_alone() {
        let id = NodeId::from_raw(7).unwrap();
        let some = TermLimits { depth: 1, payload_bytes: 64, ..TermLimits::default() };
        assert_eq!(TermLimits::default().literal(id), "7");
        assert_eq!(some.literal(id), "{7, 1, 0, 0, 64}");
        let more = TermLimits { depth: 9, items: 3, ..TermLimits::default() };
        assert_eq!(some.or(more).literal(id), "{7, 1, 3, 0, 64}");
    }
}
