//! Versions of a process's state, and the state at a moment.
//!
//! A version was told whole, or as a difference from the one before (`wire::state`), or
//! it is derived: what a known callback returned has the new state, if that was recorded
//! whole. Derived ones count only for a process that told none in rows of its own.
//!
//! What is not known is said: before the first version, behind one that was lost or too
//! large, where the level left it out, and where the beginning of a row was recycled.

mod compare;
mod derived;
mod external;
mod history;
mod tree;
mod unrecorded;

pub use compare::compare;
pub use external::{external, list_head};
pub use history::{History, Known, Source, Unknown, Version, processes};
pub use tree::{Change, Mismatch, Step, Tree};
