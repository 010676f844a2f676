//! Which clauses deserve a probe, and why.
//!
//! Owns: the rules. It must never know: generated text, files, networks.
//! Every named function deserves one, unless a rule of the request says otherwise.
//!
//! ```
//! let db = db::Database::default();
//! let text = b"defmodule A do\n  def f(x), do: x\n  defmacro m, do: 1\nend".to_vec();
//! let file = db::SourceFile::new(&db, "lib/a.ex".into(), text);
//! let request = wire::Request::default();
//! let chosen: Vec<_> = planner::choose(db::clauses(&db, file), &request).map(|it| it.clause.function()).collect();
//! assert_eq!(chosen, ["A.f/1"]);
//! ```

pub mod glob;

use db::ClauseInfo;
use wire::{Reason, Request, Rule, Strength, TermLimits};

/// What was decided about the clause of a named function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen<'a> {
    /// The clause.
    pub clause: &'a ClauseInfo,
    /// How much is recorded of it; none leaves it clean.
    pub strength: Option<Strength>,
    /// How much of its values.
    pub limits: TermLimits,
    /// The rule that decided.
    pub reason: Reason,
}

/// Decides about every clause of a named function.
pub fn choose<'a>(clauses: &'a [ClauseInfo], request: &'a Request) -> impl Iterator<Item = Chosen<'a>> {
    clauses.iter().filter(|clause| clause.kind.is_function()).map(|clause| {
        match naming(clause, &request.rules).last() {
            Some((number, &Rule { strength, limits, .. })) => {
                Chosen { clause, strength, limits, reason: Reason::Rule(number) }
            }
            None => {
                let (strength, limits) = (Some(request.strength), TermLimits::default());
                Chosen { clause, strength, limits, reason: Reason::NamedFunction }
            }
        }
    })
}

/// The rules that name the clause's function, each with its number, from 1.
pub fn naming<'a>(clause: &'a ClauseInfo, rules: &'a [Rule]) -> impl Iterator<Item = (u32, &'a Rule)> {
    (1..).zip(rules).filter(|(_, rule)| names(&rule.functions, clause))
}

fn names(pattern: &str, clause: &ClauseInfo) -> bool {
    let named = || format!("{}.{}", clause.module, clause.name);
    glob::matches(pattern, &clause.module)
        || glob::matches(pattern, &named())
        || glob::matches(pattern, &clause.function())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &[u8] = b"
        defmodule Shop do
          def start(x), do: x
          defmodule Ledger do
            def post(a, b), do: {a, b}
            def post(a), do: a
            defmacro m, do: 1
          end
        end";

    /// What the rules, each a pattern and a strength, make of each function.
    #[track_caller]
    fn check(rules: &[(&str, Option<Strength>)], expected: &[(&str, Option<Strength>, Reason)]) {
        let db = db::Database::default();
        let file = db::SourceFile::new(&db, "lib/a.ex".into(), SOURCE.to_vec());
        let rule = |(functions, strength): &(&str, Option<Strength>)| Rule {
            functions: (*functions).to_owned(),
            strength: *strength,
            limits: TermLimits::default(),
        };
        let request = Request { rules: rules.iter().map(rule).collect(), ..Request::default() };
        let mut found: Vec<_> = choose(db::clauses(&db, file), &request)
            .map(|chosen| (chosen.clause.function(), chosen.strength, chosen.reason))
            .collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        let found: Vec<_> = found.iter().map(|(name, strength, why)| (name.as_str(), *strength, *why)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_last_rule_that_names_a_function_decides() {
        use Reason::{NamedFunction, Rule};
        let (low, high) = (Some(Strength::Boundaries), Some(Strength::Values));
        let [one, two, start] = ["Shop.Ledger.post/1", "Shop.Ledger.post/2", "Shop.start/1"];
        check(&[], &[(one, low, NamedFunction), (two, low, NamedFunction), (start, low, NamedFunction)]);
        check(&[("Shop", None)], &[(one, low, NamedFunction), (two, low, NamedFunction), (start, None, Rule(1))]);
        check(&[("Shop.*", high)], &[(one, high, Rule(1)), (two, high, Rule(1)), (start, high, Rule(1))]);
        check(
            &[("Shop.*", None), ("Shop.Ledger.post/2", high), ("*.start", low)],
            &[(one, None, Rule(1)), (two, high, Rule(2)), (start, low, Rule(3))],
        );
        check(
            &[("Shop.Ledger.post", high), ("*", None)],
            &[(one, None, Rule(2)), (two, None, Rule(2)), (start, None, Rule(2))],
        );
    }

    #[test]
    fn the_rule_that_decides_sets_the_limits() {
        let limits = |depth| TermLimits { depth, ..TermLimits::default() };
        let rule = |functions: &str, depth| Rule {
            functions: functions.to_owned(),
            strength: Some(Strength::Values),
            limits: limits(depth),
        };
        let rules = vec![rule("Shop.*", 1), rule("Shop.Ledger.post/1", 0), rule("Shop.Ledger.post/2", 2)];
        let request = Request { rules, ..Request::default() };
        let db = db::Database::default();
        let file = db::SourceFile::new(&db, "lib/a.ex".into(), SOURCE.to_vec());
        let mut found: Vec<_> =
            choose(db::clauses(&db, file), &request).map(|one| (one.clause.function(), one.limits)).collect();
        found.sort();
        let expected = [("Shop.Ledger.post/1", 0), ("Shop.Ledger.post/2", 2), ("Shop.start/1", 1)];
        assert_eq!(found, expected.map(|(name, depth)| (name.to_owned(), limits(depth))));
    }
}
