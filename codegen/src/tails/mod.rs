//! Which tail calls may be wrapped: those that lie on no cycle of the project's
//! tail-call graph, as far as anybody can tell.
//!
//! A wrapped tail call is no tail call: its caller's frame stays until it comes
//! back. That costs memory without bound only where tail calls may lead from the
//! callee to the caller again, so these are the calls that must not be wrapped,
//! and so are those from which a path of tail calls leads to a call that only the
//! program knows (`fun.(x)`, `apply`, a callback), or that may have been replaced
//! (`defoverridable`, `@before_compile`, a `use` of an unknown module).
//!
//! [`Facts`] are what one file says, without positions; [`TailGraph`] is what
//! they say together.

mod facts;
mod graph;
mod walk;

pub use facts::facts;
pub use graph::TailGraph;

use crate::FunctionName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What one file says of its functions' tail calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Its functions, each once, in order.
    pub functions: Vec<FunctionFacts>,
    /// The macros it defines.
    pub macros: BTreeSet<FunctionName>,
    /// Names it calls that are functions if the project defines them as such, and
    /// else may be macros.
    pub asked: BTreeSet<FunctionName>,
    /// What it calls inside of anonymous functions.
    pub detached: BTreeSet<FunctionName>,
}

/// What the text says of one function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FunctionFacts {
    /// Its name.
    pub name: FunctionName,
    /// How its clauses end.
    pub tails: Tails,
}

/// The tail calls of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tails {
    /// What it calls in tail position, functions of Elixir and Erlang aside. What
    /// the project does not define as a function may lead anywhere.
    pub calls: BTreeSet<FunctionName>,
    /// Whether it also ends in a call that only the program knows, or may have
    /// clauses that the text does not show.
    pub unknown: bool,
}
