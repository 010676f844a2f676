//! What is kept of a file for the next process.

use crate::file_result::FileResult;
use codegen::{Facts, Surroundings};
use std::sync::Arc;

/// A file's draft, with what it was made from beside the text and the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What the file says of its functions.
    pub facts: Facts,
    /// Of what the file was told of the rest of the project.
    pub around: Digest,
    /// What became of it.
    pub result: Arc<FileResult>,
}

/// Tells [`Surroundings`] from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of what a file was told.
    pub fn of(around: &Surroundings) -> Self {
        // Sets of names have a JSON.
        Self(*blake3::hash(&serde_json::to_vec(around).unwrap_or_default()).as_bytes())
    }
}
