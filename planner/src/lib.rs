//! Which clauses deserve a probe, and why.
//!
//! Owns: the rules. It must never know: generated text, files, networks.
//! For now there is one rule: every named function.
//!
//! ```
//! let db = db::Database::default();
//! let text = b"defmodule A do\n  def f(x), do: x\n  defmacro m, do: 1\nend".to_vec();
//! let file = db::SourceFile::new(&db, "lib/a.ex".into(), text);
//! let chosen: Vec<_> = planner::choose(db::clauses(&db, file)).map(|(clause, _)| clause.function()).collect();
//! assert_eq!(chosen, ["A.f/1"]);
//! ```

use db::ClauseInfo;
use wire::Reason;

/// The clauses to instrument, each with the rule that chose it.
pub fn choose(clauses: &[ClauseInfo]) -> impl Iterator<Item = (&ClauseInfo, Reason)> {
    clauses.iter().filter(|clause| clause.kind.is_function()).map(|clause| (clause, Reason::NamedFunction))
}
