//! What one file says: its functions, how they end, what it asks of others.

use super::walk::clause_tails;
use super::{Facts, FunctionFacts, Tails};
use crate::resolve::{Callee, End, Names, Scope, end_of, is_detached};
use crate::{FunctionName, Surroundings};
use std::collections::{BTreeMap, BTreeSet};
use syntax::views::Attribute;
use syntax::{Call, Clause, Module, Parse, SyntaxKind, SyntaxNode, modules};

/// What stands in a module's body and leaves its functions as they are written.
/// `def` and its kin are, where they define a plain name.
const HARMLESS: &[&str] = &[
    "alias",
    "defdelegate",
    "defexception",
    "defguard",
    "defguardp",
    "defimpl",
    "defmacro",
    "defmacrop",
    "defmodule",
    "defprotocol",
    "defstruct",
    "import",
    "require",
];

/// Attributes that let others add or replace functions.
const HOOKS: &[&str] = &["after_verify", "before_compile", "on_definition"];

/// What the file says. A file with syntax errors says what can be read.
pub fn facts(parse: &Parse) -> Facts {
    let root = parse.root();
    let names = Names::of(&root);
    let around = Surroundings::default();
    let mut out = Facts::default();
    let mut functions = BTreeMap::<FunctionName, Tails>::new();
    for module in modules(&root) {
        let scope = Scope::of(&module, &names, &around);
        asks(&module, &scope, &mut out);
        let Some(name) = &module.name else { continue };
        let named = |(function, arity): (String, u32)| FunctionName::new(name, &function, arity);
        out.macros.extend(scope.own_macros().map(named));
        let tails = module_tails(&module, &scope);
        for (function, tails) in scope.own_functions().map(named).map(|name| (name.clone(), tails(&name))) {
            merge(functions.entry(function).or_default(), tails);
        }
    }
    out.functions = functions.into_iter().map(|(name, tails)| FunctionFacts { name, tails }).collect();
    out
}

fn merge(into: &mut Tails, more: Tails) {
    into.calls.extend(more.calls);
    into.unknown |= more.unknown;
}

/// The tail calls of each function of a module.
fn module_tails(module: &Module, scope: &Scope<'_>) -> impl Fn(&FunctionName) -> Tails {
    let is_open = module.definer != "defmodule" && module.definer != "defimpl"
        || module.statements().iter().any(|statement| opens(statement, scope));
    let mut written = BTreeMap::<(String, u32), Tails>::new();
    for clause in module.clauses().iter().filter(|clause| clause.kind.is_function()) {
        // A function has fewer arguments than 2³².
        let key = (clause.name.clone(), clause.arity() as u32);
        merge(written.entry(key).or_default(), clause_tails(clause, scope));
    }
    let defaults = default_tails(&written, scope);
    move |name| {
        let key = (name.name.clone(), name.arity);
        let tails = written.get(&key).or_else(|| defaults.get(&key)).cloned();
        // What has no body here is delegated, or generated.
        let mut tails = tails.unwrap_or(Tails { unknown: true, ..Tails::default() });
        tails.unknown |= is_open;
        tails
    }
}

/// A function that defaults give goes on to the one that is written.
fn default_tails(written: &BTreeMap<(String, u32), Tails>, scope: &Scope<'_>) -> BTreeMap<(String, u32), Tails> {
    let mut out = BTreeMap::new();
    for (name, arity) in scope.own_functions().filter(|key| !written.contains_key(key)) {
        let larger = written.keys().filter(|(other, other_arity)| *other == name && *other_arity > arity);
        let calls = larger.map(|(name, arity)| scope.own_name(name, *arity)).collect::<BTreeSet<_>>();
        if !calls.is_empty() {
            out.insert((name, arity), Tails { calls, unknown: false });
        }
    }
    out
}

/// Whether a statement of a module's body may add to its functions, or replace them.
fn opens(statement: &SyntaxNode, scope: &Scope<'_>) -> bool {
    if let Some(attribute) = Attribute::cast(statement) {
        return attribute.name().is_none_or(|name| HOOKS.contains(&name.as_str()));
    }
    let Some(call) = Call::cast(statement) else { return statement.kind() == SyntaxKind::IDENTIFIER };
    match call.local_name().as_deref() {
        Some("use") => scope.may_be_anything(call.range().end()),
        Some("def" | "defp") => Clause::cast(statement).is_none() && syntax::definition_head(&call).is_none(),
        Some(name) => !HARMLESS.contains(&name),
        None => !matches!(scope.callee(&call, 0), Callee::Function(_)),
    }
}

/// What a module's calls ask of the project.
fn asks(module: &Module, scope: &Scope<'_>, out: &mut Facts) {
    for clause in module.clauses() {
        for call in clause.call.node().descendants().filter_map(|node| Call::cast(&node)) {
            let piped = crate::resolve::piped(&call);
            let named = match scope.callee(&call, piped) {
                Callee::Unknown => {
                    let candidates = scope.candidates(&call, piped);
                    out.asked.extend(candidates.iter().cloned());
                    candidates
                }
                Callee::Function(name) if end_of(&name) == End::Elsewhere => vec![name],
                _ => continue,
            };
            if is_detached(call.node()) {
                out.detached.extend(named);
            }
        }
    }
}

#[cfg(test)]
mod tests;
