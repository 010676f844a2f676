//! What a recording, or a trace of it, may take.

use std::time::Duration;

/// What happens when the recording has all the bytes it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The recording ends: everything up to then is kept.
    All,
    /// The oldest segments are recycled, and those whose newest event is older than this.
    Newest(Duration),
}

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
    /// Other limits of terms: depth, items, bytes of a binary, bytes of a payload; as far as
    /// the format allows.
    pub fn with_terms(self, [depth, items, bytes, payload]: [u64; 4]) -> Self {
        Self {
            depth: depth.clamp(1, 32) as u32,
            items: items.min(127) as u32,
            bytes: bytes.min(65_536) as u32,
            payload: payload.clamp(64, 32_768) as usize,
            ..self
        }
    }
}
