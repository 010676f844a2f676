//! Which clauses deserve a probe, and why.
//!
//! Owns: the rules. It must never know: generated text, files, networks.
//! For now there is one rule: every named function.
//!
//! ```
//! let db = db::Database::default();
//! let text = b"defmodule A do\n  def f(x), do: x\n  defmacro m, do: 1\nend".to_vec();
//! let file = db::SourceFile::new(&db, "lib/a.ex".into(), text);
//! let request = wire::Request::default();
//! let chosen: Vec<_> = planner::choose(db::clauses(&db, file), &request).map(|it| it.clause.function()).collect();
//! assert_eq!(chosen, ["A.f/1"]);
//! ```

use db::ClauseInfo;
use wire::{Reason, Request, Strength};

/// A clause that gets probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen<'a> {
    /// The clause.
    pub clause: &'a ClauseInfo,
    /// How much is recorded of it.
    pub strength: Strength,
    /// The rule that chose it.
    pub reason: Reason,
}

/// The clauses to instrument.
pub fn choose<'a>(clauses: &'a [ClauseInfo], request: &'a Request) -> impl Iterator<Item = Chosen<'a>> {
    let strength = request.strength;
    let functions = clauses.iter().filter(|clause| clause.kind.is_function());
    functions.map(move |clause| Chosen { clause, strength, reason: Reason::NamedFunction })
}
