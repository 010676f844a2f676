//! What a tail call calls, as far as the text says: a reader of the events must
//! not take the next function that is entered for it.

use crate::resolve::Scope;
use syntax::views::Match;
use syntax::{Call, Clause, SyntaxKind, SyntaxNode, Target};

/// `Module.name/arity` of a function of the module itself or of one that is
/// written out, as written; `name/arity` where only that is known; empty where
/// the callee is a value. A default makes the function's arity larger.
pub fn label(node: &SyntaxNode, scope: &Scope<'_>) -> String {
    let piped = || {
        let right = node.last_child().filter(|_| node.kind() == SyntaxKind::BINARY_OPERATOR)?;
        Some((right, 1))
    };
    let (node, before) = piped().unwrap_or_else(|| (node.clone(), 0));
    let Some(call) = Call::cast(&node) else {
        let is_name = node.kind() == SyntaxKind::IDENTIFIER;
        return if is_name { local(&node.text().to_string(), before, scope) } else { String::new() };
    };
    let arity = call.arity() + before;
    match call.target() {
        Target::Local(name) => local(&name, arity, scope),
        Target::Remote(left, name) => remote(&left, &name, arity, scope),
        Target::Anonymous(_) | Target::Other => String::new(),
    }
}

fn local(name: &str, arity: usize, scope: &Scope<'_>) -> String {
    let module = scope.module().filter(|_| scope.defines(name));
    match (name, module) {
        (_, Some(module)) => format!("{module}.{name}/{arity}"),
        ("apply" | "super" | "then", None) => String::new(),
        (_, None) => format!("{name}/{arity}"),
    }
}

fn remote(left: &SyntaxNode, name: &str, arity: usize, scope: &Scope<'_>) -> String {
    let written = left.text().to_string();
    let module = match left.kind() {
        _ if name == "apply" => return String::new(),
        SyntaxKind::ALIAS if scope.is_renamed(&written) => None,
        SyntaxKind::ALIAS => Some(written.strip_prefix("Elixir.").unwrap_or(&written)),
        SyntaxKind::ATOM => Some(written.as_str()),
        SyntaxKind::IDENTIFIER if written == "__MODULE__" => scope.module(),
        _ => None,
    };
    module.map_or_else(|| format!("{name}/{arity}"), |module| format!("{module}.{name}/{arity}"))
}

/// Whether some pattern of the clause binds the name that `node` is; else it
/// is a call without parentheses.
pub fn is_variable(node: &SyntaxNode, clause: &Clause) -> bool {
    let name = node.text().to_string();
    let whole = clause.call.node();
    let binds = |other: SyntaxNode| {
        let place = other.ancestors().take_while(|outer| outer != whole);
        let in_head = clause.arguments.iter().any(|argument| argument.text_range().contains_range(other.text_range()));
        in_head || place.zip(other.ancestors().skip(1)).any(|(inner, outer)| is_pattern(&inner, &outer))
    };
    let same = |other: &SyntaxNode| other.kind() == SyntaxKind::IDENTIFIER && other.text() == name.as_str();
    whole.descendants().filter(same).any(binds)
}

/// Whether `node` is a variable that the clause binds to a reference it makes. The
/// compiler follows it to the `receive` that waits for it, also through the function
/// that returns it, but through no probe.
pub fn is_made_reference(node: &SyntaxNode, clause: &Clause, scope: &Scope<'_>) -> bool {
    let name = node.text().to_string();
    let binds = |matched: &Match| matched.pattern().is_some_and(|pattern| pattern.text() == name.as_str());
    let makes = |value: SyntaxNode| Call::cast(&value).is_some_and(|call| scope.makes_reference(&call));
    let matches = clause.call.node().descendants().filter_map(|node| Match::cast(&node));
    node.kind() == SyntaxKind::IDENTIFIER && matches.filter(binds).filter_map(|matched| matched.value()).any(makes)
}

/// Whether what stands below `inner` may be bound by `outer`.
fn is_pattern(inner: &SyntaxNode, outer: &SyntaxNode) -> bool {
    let is_left = outer.first_child().as_ref() == Some(inner);
    let matches = |kind| matches!(kind, SyntaxKind::T_EQUAL | SyntaxKind::T_LESS_MINUS);
    is_left
        && match outer.kind() {
            SyntaxKind::STAB_CLAUSE => true,
            SyntaxKind::BINARY_OPERATOR => outer.children_with_tokens().any(|child| matches(child.kind())),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use wire::{NodeId, NodeKind, Strength};

    #[track_caller]
    fn check(body: &str, callee: &str) {
        let head =
            "defmodule A do\n  alias Shop.Payments\n  alias Shop.Carts, as: C\n  import M\n  def own(x, y \\\\ 1)";
        let source = format!("{head}, do: {body}\nend\n");
        let parse = syntax::parse(source.as_bytes());
        let id = |node: &syntax::SyntaxNode| {
            let range = node.text_range();
            let place = u64::from(u32::from(range.start())) << 32 | u64::from(u32::from(range.end())) << 16;
            NodeId::from_raw(place | node.kind() as u64)
        };
        let clause = syntax::modules(&parse.root())[0].clauses().remove(0);
        let plan = crate::EditPlan::uniform([id(clause.call.node()).unwrap()], Strength::Boundaries);
        let out = crate::instrument(&parse, &id, &plan, &Default::default()).unwrap();
        let tail = out.sites.iter().find(|site| site.kind == NodeKind::TailCall);
        assert_eq!(tail.map(|site| site.label.as_str()), Some(callee), "{}", out.text);
    }

    #[test]
    fn tail_calls_are_labelled_with_what_they_call() {
        check("own(x)", "A.own/1");
        check("own x, 2", "A.own/2");
        check("x |> own(1)", "A.own/2");
        check("own", "A.own/0");
        check("if x, do: own, else: own", "A.own/0");
        check("(z = own; own)", "A.own/0");
        check("__MODULE__.own(x, y)", "A.own/2");
        check("Payments.charge(x, in: y, at: 1)", "Payments.charge/2");
        check("Elixir.Shop.Payments.charge()", "Shop.Payments.charge/0");
        check("x |> Payments.charge()", "Payments.charge/1");
        check("C.open(x)", "open/1");
        check(":shop_server.stop(x)", ":shop_server.stop/1");
        check("x.stop(y)", "stop/1");
        check("imported(x)", "imported/1");
        check("x |> imported", "imported/1");
        for value in ["x.(y)", "x |> y.()", "apply(x, y)", "Kernel.apply(x, :f, y)", "then(x, y)"] {
            check(value, "");
        }
    }
}
