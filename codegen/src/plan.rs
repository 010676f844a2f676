//! What to put where: the whole of what `instrument` is asked to do.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use wire::{NodeId, Point, SecretNames, Strength, TermLimits};

/// The plan for one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EditPlan {
    /// The clauses that get probes, by id. A clause that is not named stays clean.
    pub clauses: BTreeMap<NodeId, Strength>,
    /// Limits of what the probes of clauses pass, where they have any.
    pub limits: BTreeMap<NodeId, TermLimits>,
    /// Where variables are captured. All are of this file.
    pub points: Vec<Point>,
    /// The module that probes call.
    pub sink: Sink,
    /// What secrets are called; a module may name more.
    pub secrets: SecretNames,
}

impl EditPlan {
    /// The same strength for all of these clauses.
    pub fn uniform(clauses: impl IntoIterator<Item = NodeId>, strength: Strength) -> Self {
        Self { clauses: clauses.into_iter().map(|id| (id, strength)).collect(), ..Self::default() }
    }
}

/// The module that probes call, as a bare atom, which no alias or import can
/// give another meaning.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sink(String);

impl Default for Sink {
    fn default() -> Self {
        Self(":scope_probe".into())
    }
}

impl Sink {
    /// The module of this name: `my_sink`, `:my_sink` or `My.Sink`.
    pub fn new(name: &str) -> Option<Self> {
        let name = name.strip_prefix(':').unwrap_or(name);
        let is_part = |part: &str| {
            let mut chars = part.chars();
            chars.next().is_some_and(|c| c.is_ascii_alphabetic())
                && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        let is_alias = name.starts_with(|c: char| c.is_ascii_uppercase());
        match () {
            () if !name.split('.').all(is_part) => None,
            () if is_alias => Some(Self(format!(":\"Elixir.{}\"", name.strip_prefix("Elixir.").unwrap_or(name)))),
            () if name.contains('.') => None,
            () => Some(Self(format!(":{name}"))),
        }
    }

    /// Whether it is the module of this full name.
    pub fn is(&self, module: &str) -> bool {
        Self::new(module).is_some_and(|named| named == *self)
    }

    /// The atom, as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A function by its full name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FunctionName {
    /// The module's full name; an Erlang module's has its colon.
    pub module: String,
    /// Its name in it.
    pub name: String,
    /// Its arity.
    pub arity: u32,
}

impl FunctionName {
    /// `module.name/arity`.
    pub fn new(module: &str, name: &str, arity: u32) -> Self {
        Self { module: module.to_owned(), name: name.to_owned(), arity }
    }
}

/// What a file's text cannot say of the project around it. An empty one is right
/// for every project, and has fewer probes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Surroundings {
    /// Functions of the project that this file may call, and that are no macros.
    pub functions: BTreeSet<FunctionName>,
    /// Tail calls, as caller and callee, that lie on no cycle of the project's
    /// tail-call graph: these may be wrapped.
    pub bounded: BTreeSet<(FunctionName, FunctionName)>,
    /// Functions that this file calls in anonymous functions, and from which no
    /// path of tail calls leads to a call that only the program knows.
    pub returning: BTreeSet<FunctionName>,
}

#[cfg(test)]
mod tests {
    use super::Sink;

    #[test]
    fn a_sink_is_named_by_an_atom() {
        let check = |name: &str, atom: Option<&str>| assert_eq!(Sink::new(name).as_ref().map(Sink::as_str), atom);
        check("my_sink", Some(":my_sink"));
        check(":my_sink", Some(":my_sink"));
        check("My.Sink", Some(":\"Elixir.My.Sink\""));
        check("Elixir.My.Sink", Some(":\"Elixir.My.Sink\""));
        for wrong in ["", ":", "My.", "a.b", "a b", "My.9", "x)"] {
            check(wrong, None);
        }
    }
}
