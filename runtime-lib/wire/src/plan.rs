//! The plan: which sites get which probes, and why.
//!
//! `plan.json` is one JSON object with the keys of [`Plan`]:
//!
//! | key | value |
//! |---|---|
//! | `format` | 1; plans before there was a number do not have it |
//! | `clauses` | list of objects: `node` (id, an integer below 2⁵⁹), `function`, `file` (texts), `line` (from 1), `strength` (`"boundaries"`, `"branches"` or `"values"`), `reason` (`"named_function"` or `{"rule": number from 1}`), and where its rule sets any, `limits` (object of integers: `depth`, `items`, `binary_bytes`, `payload_bytes`) |
//! | `refusals` | list of objects: `file` (text), `line` (from 1), `why` (text), `whole_file` (whether nothing of the file has probes) |
//!
//! A reader passes over keys that it does not know.

use crate::TermLimits;
use serde::{Deserialize, Serialize};

/// The format of `plan.json` that this version writes.
pub const FORMAT: u32 = 1;

/// How much is recorded of a clause. Each strength has the probes of those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// `enter`, `leave`, `tail`, and `caught` in handlers.
    #[default]
    Boundaries,
    /// `branch` in every clause of every branching form.
    Branches,
    /// `bind` around what is matched, and around results of calls and statements.
    Values,
}

/// What somebody wants to see, before a planner looks at it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// For every function that no rule names.
    pub strength: Strength,
    /// The last rule that names a function decides.
    pub rules: Vec<Rule>,
    /// Places at which variables are captured, whatever the strength.
    pub points: Vec<Point>,
}

/// A strength for some functions, and limits of what is written of their values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// `Module`, `Module.name` or `Module.name/arity`; `*` stands for any text, so
    /// that `Module.*` is the module's functions and all modules below it.
    pub functions: String,
    /// None leaves them clean.
    pub strength: Option<Strength>,
    /// What is not set is as the recording has it.
    #[serde(default)]
    pub limits: TermLimits,
}

/// "At this line, capture these variables, if this holds."
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Path relative to the project's root.
    pub file: String,
    /// Line of the statement before which they are captured, from 1.
    pub line: u32,
    /// Names of variables, at most ten.
    pub capture: Vec<String>,
    /// A guard: an expression of variables, literals and what guards may call.
    #[serde(default, rename = "if")]
    pub condition: Option<String>,
    /// What is not set is as the function's rule has it.
    #[serde(default)]
    pub limits: TermLimits,
}

/// What a planner decided for one application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of the file: [`FORMAT`].
    #[serde(default)]
    pub format: u32,
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
    /// How much is recorded.
    pub strength: Strength,
    /// Which rule chose it.
    pub reason: Reason,
    /// Limits of its values.
    #[serde(default, skip_serializing_if = "TermLimits::are_unset")]
    pub limits: TermLimits,
}

/// Why a clause is instrumented, or left clean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Every named function is, that no rule of the plan names.
    NamedFunction,
    /// The rule of the plan with this number, from 1.
    Rule(u32),
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
