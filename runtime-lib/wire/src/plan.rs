//! The plan: which sites get which probes, and why.

use serde::{Deserialize, Serialize};

/// What a planner decided for one application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Clauses to instrument, sorted by file, then line.
    pub clauses: Vec<PlannedClause>,
    /// Clauses and files left clean, and the reason for each.
    pub refusals: Vec<Refusal>,
}

/// One clause of a named function that gets `enter`, `leave` and `tail`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedClause {
    /// The clause's node id.
    pub node: u64,
    /// `Module.name/arity`.
    pub function: String,
    /// Path relative to the project's root.
    pub file: String,
    /// Line of the clause's head, from 1.
    pub line: u32,
    /// Which rule chose it.
    pub reason: Reason,
}

/// Why a clause is instrumented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The first rule: every named function.
    NamedFunction,
}

/// Something left clean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Path relative to the project's root.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// What was met.
    pub why: String,
    /// Whether the whole file stays clean.
    pub whole_file: bool,
}
