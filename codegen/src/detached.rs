//! The tail calls of functions without names. Such a function may call itself, or
//! whoever called it, so a call that ends it is wrapped only if it comes back
//! without a tail call that nobody knows.

use crate::resolve::{Scope, Verdict};
use crate::walk::operator;
use syntax::{Call, SyntaxKind, SyntaxNode, statements};

/// Whether a probe around `node` would take the place of a call that must stay the
/// last one of an anonymous function.
pub fn must_stay_last(node: &SyntaxNode, scope: &Scope<'_>) -> bool {
    ends_function(node) && !comes_back(node, scope)
}

/// Whether a call, or a pipe into one, comes back.
fn comes_back(node: &SyntaxNode, scope: &Scope<'_>) -> bool {
    let call = match operator(node) {
        Some((_, token, right)) if token == "|>" => Call::cast(&right),
        Some(_) => return true,
        None => Call::cast(node),
    };
    call.is_none_or(|call| matches!(scope.verdict(&call), Verdict::Wrap | Verdict::NoReturn))
}

/// Whether `node` may be the last thing that an anonymous function evaluates.
fn ends_function(node: &SyntaxNode) -> bool {
    let mut node = node.clone();
    while let Some(parent) = node.parent() {
        let is_last = match parent.kind() {
            SyntaxKind::ANONYMOUS_FUNCTION => return true,
            // A section that a form ends with, or its value in keyword form.
            SyntaxKind::BODY | SyntaxKind::BLOCK | SyntaxKind::DO_BLOCK => is_last_of(&node, &parent),
            SyntaxKind::ELSE_BLOCK | SyntaxKind::RESCUE_BLOCK | SyntaxKind::CATCH_BLOCK | SyntaxKind::AFTER_BLOCK => {
                is_last_of(&node, &parent)
            }
            SyntaxKind::STAB_CLAUSE => parent.last_child().as_ref() == Some(&node),
            SyntaxKind::PAIR => is_section(&parent),
            SyntaxKind::KEYWORDS => parent.parent().is_some_and(|outer| outer.kind() == SyntaxKind::ARGUMENTS),
            SyntaxKind::ARGUMENTS => node.kind() == SyntaxKind::KEYWORDS,
            SyntaxKind::CALL => matches!(node.kind(), SyntaxKind::ARGUMENTS | SyntaxKind::DO_BLOCK),
            SyntaxKind::BINARY_OPERATOR => {
                operator(&parent).is_some_and(|(left, token, right)| match token.as_str() {
                    "&&" | "||" | "and" | "or" | "|>" => right == node,
                    // Only a plain name always matches, and leaves the call last.
                    "=" => right == node && left.kind() == SyntaxKind::IDENTIFIER,
                    _ => false,
                })
            }
            _ => false,
        };
        if !is_last {
            return false;
        }
        node = parent;
    }
    false
}

/// Whether a statement, a clause or a section is one that a block may end with.
fn is_last_of(node: &SyntaxNode, block: &SyntaxNode) -> bool {
    let is_part = node.kind() == SyntaxKind::STAB_CLAUSE;
    let all = statements(block);
    is_part || all.last() == Some(node) || !all.contains(node)
}

/// `do: value` and its kin.
fn is_section(pair: &SyntaxNode) -> bool {
    let key = pair.first_child().map(|key| key.text().to_string()).unwrap_or_default();
    matches!(key.trim_end().trim_end_matches(':'), "do" | "else" | "rescue" | "catch" | "after")
}

#[cfg(test)]
mod tests {
    use crate::resolve::{Names, Scope};
    use syntax::Call;

    /// Whether the call of `g`, or the pipe into it, must stay last in `body`.
    #[track_caller]
    fn check(body: &str, expected: bool) {
        let source = format!("defmodule A do\ndef f(x) do\n{body}\nend\nend\n");
        let root = syntax::parse(source.as_bytes()).root();
        let names = Names::of(&root);
        let around = crate::Surroundings::default();
        let scope = Scope::of(&syntax::modules(&root)[0], &names, &around);
        let calls = root.descendants().filter_map(|node| Call::cast(&node));
        let call = calls.filter(|call| matches!(call.target(), syntax::Target::Anonymous(_))).last().unwrap();
        let node = call.node().parent().filter(|parent| syntax::views::Pipe::cast(parent).is_some());
        let node = node.filter(|_| crate::resolve::piped(&call) == 1).unwrap_or_else(|| call.node().clone());
        assert_eq!(super::must_stay_last(&node, &scope), expected, "{body}");
    }

    #[test]
    fn a_call_that_ends_an_anonymous_function_stays_last() {
        check("fn -> g.(x) end", true);
        check("fn -> g.(x)\n1 end", false);
        check("fn -> [g.(x)] end", false);
        check("fn -> h(g.(x)) end", false);
        check("fn -> x |> g.() end", true);
        check("fn -> x |> g.() |> h() end", false);
        check("fn -> if x, do: g.(x), else: 1 end", true);
        check("fn -> if g.(x), do: 1 end", false);
        check("fn -> if x do\ng.(x)\nelse\n1\nend end", true);
        check("fn -> if x do\n1\nelse\ng.(x)\nend end", true);
        check("fn -> case x do\n1 -> g.(x)\n_ -> 1\nend end", true);
        check("fn -> x && g.(x) end", true);
        check("fn -> g.(x) && x end", false);
        check("fn -> y = g.(x) end", true);
        check("fn -> {y, z} = g.(x) end", false);
        check("fn -> (g.(x)) end", true);
        check("fn -> h(a: g.(x)) end", false);
        check("g.(x)", false);
        check("if x, do: g.(x)", false);
    }
}
